package cpu

import "math"

// dotPair is the instruction VDPBF16PS on one lane, after Intel's manual: x and y are the bits of two bfloat16 each, whose
// products are added to s, that of the upper halves first,
//
//	s = s + x1*y1
//	s = s + x0*y0
//
// with one rounding a line, to nearest even. Subnormal numbers count as zero, in x, y and s, and as results.
func dotPair(s, x, y float32) float32 {
	a, b := math.Float32bits(x), math.Float32bits(y)
	s = flushedFMA(math.Float32frombits(a&0xffff0000), math.Float32frombits(b&0xffff0000), s)
	return flushedFMA(math.Float32frombits(a<<16), math.Float32frombits(b<<16), s)
}

// flushedFMA is s + x*y for x and y of bfloat16: in float64 the product is exact.
func flushedFMA(x, y, s float32) float32 {
	p, t := float64(flushed(x))*float64(flushed(y)), float64(flushed(s))
	sum := p + t
	// A sum that is not exact is made odd, so that rounding it once more to float32 is rounding the exact one (Boldo and
	// Melquiond, 2008).
	v := sum - p
	if e := (p - (sum - v)) + (t - v); e != 0 && math.Float64bits(sum)&1 == 0 && !math.IsInf(sum, 0) {
		if (e > 0) == (sum > 0) {
			sum = math.Float64frombits(math.Float64bits(sum) + 1)
		} else {
			sum = math.Float64frombits(math.Float64bits(sum) - 1)
		}
	}
	return flushed(float32(sum))
}

// flushed makes what is subnormal zero, with its sign.
func flushed(x float32) float32 {
	if x > -0x1p-126 && x < 0x1p-126 {
		return math.Float32frombits(math.Float32bits(x) & (1 << 31))
	}
	return x
}

// dotPairs returns x . y of pairs, with four partial sums.
func dotPairs(x, y []float32) float32 {
	var s [4]float32
	for i, v := range x {
		s[i%4] = dotPair(s[i%4], v, y[i])
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// pairSums is sums for pairs.
func (x *gemmTile[T]) pairSums() (s [2][4]T) {
	a, b := as32(x.a[:2*x.k]), as32(x.b[:4*x.k])
	for ; len(a) >= 2 && len(b) >= 4; a, b = a[2:], b[4:] {
		for i := range s {
			for j := range s[i] {
				s[i][j] = T(dotPair(float32(s[i][j]), a[i], b[j]))
			}
		}
	}
	return s
}

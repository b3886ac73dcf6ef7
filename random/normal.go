package random

import "math"

// Normal32 fills dst with elements offset, offset+1, ... of the stream k: normal of mean 0 and variance 1, computed in
// float64 from 32-bit uniforms and rounded. The largest magnitude is 6.76. All architectures give the same bits.
func Normal32(dst []float32, k Key, offset int) {
	fill4(dst, k, offset, func(x0, x1, x2, x3 uint32) (_, _, _, _ float32) {
		z0, z1 := boxMuller((float64(x0)+0.5)*0x1p-32, uint64(x1)<<32)
		z2, z3 := boxMuller((float64(x2)+0.5)*0x1p-32, uint64(x3)<<32)
		return float32(z0), float32(z1), float32(z2), float32(z3)
	})
}

// Normal64 fills dst with elements offset, offset+1, ... of the stream k: normal of mean 0 and variance 1, from a 52-bit
// radius and a 64-bit angle. The largest magnitude is 8.57. All architectures give the same bits.
func Normal64(dst []float64, k Key, offset int) { fill2(dst, k, offset, normal64) }

func normal64(a, b uint64) (z0, z1 float64) {
	return boxMuller((float64(int64(a>>12))+0.5)*0x1p-52, b)
}

// boxMuller turns a uniform u in (0, 1) and a uniform angle, in units of 2^-64 turns, into two independent normal numbers
// (Box and Muller: "A Note on the Generation of Random Normal Deviates", 1958):
//
//	sqrt(-2 log u) cos(2 pi angle), sqrt(-2 log u) sin(2 pi angle)
//
// math.Log, math.Sin and math.Cos differ in their last bit between architectures; log and cosSin here do not: they
// use only operations that IEEE 754 rounds correctly, and mulAdd's float64() forbids the compiler to fuse the two.
func boxMuller(u float64, angle uint64) (z0, z1 float64) {
	r := math.Sqrt(-2 * log(u))
	c, s := cosSin(angle)
	return r * c, r * s
}

// mulAdd returns a*b + c, rounded twice. c is converted too: it may be a product, and this is inlined.
func mulAdd(a, b, c float64) float64 { return float64(a*b) + float64(c) }

// log is the natural logarithm of a positive normal number: u = m 2^e with m in [sqrt(1/2), sqrt(2)), and log m = 2 atanh(s)
// with s = (m-1)/(m+1), |s| < 0.172, where the first term that the series leaves out is below 1e-17 s.
func log(u float64) float64 {
	const half = 0x3fe6a09e667f3bcd // bits of sqrt(1/2)
	b := math.Float64bits(u)
	e := int64(b-half) >> 52
	f := math.Float64frombits(b-uint64(e)<<52) - 1
	s := f / (2 + f)
	z := s * s
	p := mulAdd(1./21, z, 1./19)
	p = mulAdd(p, z, 1./17)
	p = mulAdd(p, z, 1./15)
	p = mulAdd(p, z, 1./13)
	p = mulAdd(p, z, 1./11)
	p = mulAdd(p, z, 1./9)
	p = mulAdd(p, z, 1./7)
	p = mulAdd(p, z, 1./5)
	p = mulAdd(p, z, 1./3)
	s *= 2
	return mulAdd(float64(e), math.Ln2, mulAdd(s, p*z, s))
}

// quarter is (cos, sin) of the multiples of a quarter turn.
var quarter = [4][2]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}

// cosSin returns the cosine and sine of angle in units of 2^-64 turns: the Taylor series at x, what is left to the nearest
// quarter turn, |x| <= pi/4, turned by that quarter. A table turns it because a branch would be a guess.
func cosSin(angle uint64) (c, s float64) {
	q := (angle + 1<<61) >> 62
	x := float64(int64(angle-q<<62)) * (2 * math.Pi * 0x1p-64)
	z := x * x

	s = mulAdd(1./355687428096000, z, -1./1307674368000) // 1/17!, -1/15!, ...
	s = mulAdd(s, z, 1./6227020800)
	s = mulAdd(s, z, -1./39916800)
	s = mulAdd(s, z, 1./362880)
	s = mulAdd(s, z, -1./5040)
	s = mulAdd(s, z, 1./120)
	s = mulAdd(s, z, -1./6)
	s = mulAdd(x, s*z, x)

	c = mulAdd(1./20922789888000, z, -1./87178291200) // 1/16!, -1/14!, ...
	c = mulAdd(c, z, 1./479001600)
	c = mulAdd(c, z, -1./3628800)
	c = mulAdd(c, z, 1./40320)
	c = mulAdd(c, z, -1./720)
	c = mulAdd(c, z, 1./24)
	c = mulAdd(c, z, -1./2)
	c = mulAdd(c, z, 1)

	t := &quarter[q&3]
	return mulAdd(c, t[0], -s*t[1]), mulAdd(s, t[0], c*t[1])
}

package cpu

import "math"

// The functions of this file are small enough for the compiler to inline into the loops of float32. They compute in
// float64, where errors of 1e-9 are as good as exact: the one rounding to float32 at the end decides the result, which is
// then within 0.63 units in the last place. Products that are added to are converted explicitly, unless a factor is a power
// of 2: this keeps the compiler from fusing the two, so that every machine computes the same bits.

// shift added to a float64 of less than 2^51 rounds it to an integer, which then is the sum's low bits.
const shift = 0x1.8p52

// far is how large an argument of the exponential the fast loops take; beyond, and for NaN, they call the slow function.
// e^far is finite in float32.
const far = 87

const expSteps = 128

// expTable holds the bits of 2^(i/expSteps), less what adding the whole of i shifted to the exponent adds.
var expTable = func() (t [expSteps]uint64) {
	for i := range t {
		t[i] = math.Float64bits(expSeries(float64(i)*(math.Ln2/expSteps))) - uint64(i)<<45
	}
	return t
}()

// expParts returns s and q with e^x = s + s q for |x| < 700, and e^x - 1 = (s - 1) + s q, which is accurate near 0 too. s is
// a power of 2^(1/128) from a table and q = e^r - 1 for the remainder |r| < 0.0028 by its Taylor series.
func expParts(x float64) (s, q float64) {
	z := float64(x*(expSteps/math.Ln2)) + shift
	k := math.Float64bits(z)
	r := float64(x) - float64((z-shift)*(math.Ln2/expSteps)) // x may be an inlined product
	s = math.Float64frombits(expTable[k%expSteps] + k<<45)
	return s, r + float64(float64(r*r)*(0.5+float64(r*(1./6))))
}

// logTable holds, for 128 intervals of [0.75, 1.5), the reciprocal of the middle and minus its logarithm. 1 is the middle
// of its interval, so that logarithms near 0 keep their relative accuracy.
var logTable = func() (t [128]struct{ inv, log float64 }) {
	for i := range t {
		lo := math.Float64frombits(logFirst + uint64(i)<<45)
		hi := math.Float64frombits(logFirst + uint64(i+1)<<45)
		t[i].inv = 2 / (lo + hi)
		if lo < 1 && 1 < hi {
			t[i].inv = 1
		}
		t[i].log = -logSeries(t[i].inv)
	}
	return t
}()

const logFirst = 0x3ff<<52 - 64<<45 - 1<<44

// logParts returns y and r with ln x = y + ln(1 + r), |r| < 0.004, for a positive normal x.
func logParts(x float64) (y, r float64) {
	b := math.Float64bits(x)
	t := b - logFirst
	e := &logTable[t>>45%128]
	return float64(float64(int64(t)>>52)*math.Ln2) + e.log, float64(math.Float64frombits(b-t>>52<<52)*e.inv) - 1
}

// logTail is ln(1 + r) for |r| < 0.004 by its Taylor series.
func logTail(r float64) float64 {
	return r - float64(float64(r*r)*(0.5-float64(r*(1./3-float64(r*0.25)))))
}

// π = pi1 + pi2, where n pi1 is exact for |n| < 2^20.
const (
	pi1    = 0x1.921fb544p1
	pi2    = math.Pi - pi1
	sinFar = 1e5
)

// sinReduce returns r = x - n π with |r| <= π/2 for the nearest n; its lowest bit, shifted to the place of the sign, says
// whether sin x is sin r or -sin r. |x| < sinFar.
func sinReduce(x float64) (r float64, sign uint64) {
	z := float64(x*(1/math.Pi)) + shift
	n := z - shift
	return (x - float64(n*pi1)) - float64(n*pi2), math.Float64bits(z) << 63
}

// cosReduce is sinReduce for cos x = sin(x + π/2).
func cosReduce(x float64) (r float64, sign uint64) {
	z := (float64(x*(1/math.Pi)) + 0.5) + shift
	n := (z - shift) - 0.5
	return (x - float64(n*pi1)) - float64(n*pi2), math.Float64bits(z) << 63
}

// sinTail is sin r for |r| <= π/2: the odd polynomial of degree 9 with the least relative error, 6e-9.
func sinTail(r float64) float64 {
	s := float64(r * r)
	p := -0.00019809601621118808 + float64(s*2.6057776426195196e-06)
	p = -0.16666659549841062 + float64(s*(0.008333066229727343+float64(s*p)))
	return r + float64(float64(r*s)*p)
}

// erfTable holds erf and its derivative at i/64, tailTable Φ(-x) and φ(x) at i/128.
var (
	erfTable = func() (t [4*64 + 1]struct{ f, df float64 }) {
		for i := range t {
			x := float64(i) / 64
			t[i].df = 2 / math.SqrtPi / expSeries(x*x)
			t[i].f = 2 * normalSeries(x*math.Sqrt2)
		}
		return t
	}()
	tailTable = func() (t [tailFar*128 + 1]struct{ f, df float64 }) {
		for i := range t {
			x := float64(i) / 128
			t[i].df = 1 / (math.Sqrt2 * math.SqrtPi) / expSeries(x*x/2)
			t[i].f = 0.5 - normalSeries(x)
		}
		return t
	}()
)

// tailFar is where tailTable ends.
const tailFar = 5

// expSeries is e^x for 0 <= x < 20 by its Taylor series, for tables.
func expSeries(x float64) float64 {
	sum, term := 1.0, 1.0
	for n := 1.0; sum+term != sum; n++ {
		term = float64(term * (x / n))
		sum += term
	}
	return sum
}

// logSeries is ln x for x near 1 by the series of 2 artanh((x - 1) / (x + 1)), for tables.
func logSeries(x float64) float64 {
	s := (x - 1) / (x + 1)
	sum, power := 0.0, s
	for n := 1.0; n < 40; n += 2 {
		sum += float64(power / n)
		power *= s * s
	}
	return 2 * sum
}

// normalSeries is Φ(x) - ½ for x >= 0 by Marsaglia's series φ(x) (x + x³/3 + x⁵/15 + ...) (2004), for tables.
func normalSeries(x float64) float64 {
	sum, term := x, x
	for n := 3.0; sum+term != sum; n += 2 {
		term = float64(term * (x * x / n))
		sum += term
	}
	return sum / (math.Sqrt2 * math.SqrtPi * expSeries(x*x/2))
}

// nearest returns the whole number i nearest to z steps, c = i/steps and d = z - c. steps is a power of 2.
func nearest(z, steps float64) (i uint64, c, d float64) {
	k := float64(z*steps) + shift
	c = (k - shift) * (1 / steps)
	return math.Float64bits(k) % 1024, c, z - c
}

// erfTail is (erf(c + d) - erf(c)) / erf'(c), |d| <= 1/128, by the Taylor series at c.
func erfTail(c, d float64) float64 {
	s := float64(c * c)
	return float64(d * (1 - float64(d*(c+float64(d*(float64((1-2*s)*(1./3))-float64(c*d*(3-2*s)*(1./6))))))))
}

// normalTail is (Φ(-c) - Φ(-c - d)) / φ(c), |d| <= 1/256, by the Taylor series at c.
func normalTail(c, d float64) float64 {
	s := float64(c * c)
	return float64(d * (1 - float64(d*(c*0.5-float64(d*(float64((s-1)*(1./6))-float64(c*d*(s-3)*(1./24))))))))
}

// densityTail is φ(c + d) / φ(c), |d| <= 1/256, by the Taylor series at c.
func densityTail(c, d float64) float64 {
	s := float64(c * c)
	return 1 - float64(d*(c-float64(d*((s-1)*0.5-float64(c*d*(s-3)*(1./6))))))
}

package random

import (
	"math"
	"slices"
	"testing"
)

// Every test here has fixed seeds. The limits are quantiles at 1e-4, so that a right sampler passes with any seed but one in
// 10,000; TestStatisticsReject shows that the same limits catch a wrong one.

// ks returns sqrt(n) times the Kolmogorov-Smirnov distance of x from the distribution function cdf; its 1 - 1e-4 quantile
// is 2.23. It sorts x.
func ks(x []float64, cdf func(float64) float64) float64 {
	slices.Sort(x)
	n, d := float64(len(x)), 0.0
	for i, v := range x {
		c := cdf(v)
		d = max(d, c-float64(i)/n, float64(i+1)/n-c)
	}
	return d * math.Sqrt(n)
}

const ksLimit = 2.23

func uniformCDF(x float64) float64 { return min(max(x, 0), 1) }
func normalCDF(x float64) float64  { return math.Erfc(-x/math.Sqrt2) / 2 }

// chiSquaredZ returns Pearson's statistic for counts with equal expectations as a standard normal deviate (Wilson and Hilferty,
// 1931); its 1 - 1e-4 quantile is 3.72.
func chiSquaredZ(counts []int) float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	want, x := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	df := float64(len(counts) - 1)
	return (math.Cbrt(x/df) - (1 - 2/(9*df))) / math.Sqrt(2/(9*df))
}

const zLimit = 3.72

// testMoments checks the first four moments of n draws: each sample mean of (x - mean)^p lies within 4 standard errors.
func testMoments(t *testing.T, name string, x []float64, mean float64, central [9]float64) {
	t.Helper()
	var sums [5]float64
	for _, v := range x {
		power := 1.0
		for p := range sums {
			sums[p] += power
			power *= v - mean
		}
	}
	for p := 1; p <= 4; p++ {
		m := sums[p] / float64(len(x))
		se := math.Sqrt((central[2*p] - central[p]*central[p]) / float64(len(x)))
		if math.Abs(m-central[p]) > 4*se {
			t.Errorf("%s: central moment %d is %v, want %v +- %v", name, p, m, central[p], se)
		}
	}
}

var (
	uniformMoments = [9]float64{1, 0, 1. / 12, 0, 1. / 80, 0, 1. / 448, 0, 1. / 2304} // 1 / ((p+1) 2^p)
	normalMoments  = [9]float64{1, 0, 1, 0, 3, 0, 15, 0, 105}
)

const draws = 1 << 17

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestUniformAndNormalDistributions(t *testing.T) {
	host := func(f func(*Generator) float64) []float64 {
		g, x := New(99), make([]float64, draws)
		for i := range x {
			x[i] = f(g)
		}
		return x
	}
	for seed := range uint64(2) {
		k := KeyAt(seed)
		for _, c := range []struct {
			name    string
			x       []float64
			cdf     func(float64) float64
			mean    float64
			moments [9]float64
		}{
			{"Uniform32", widen(drawn(Uniform32, draws, k, 0)), uniformCDF, 0.5, uniformMoments},
			{"Uniform64", drawn(Uniform64, draws, k, 0), uniformCDF, 0.5, uniformMoments},
			{"Float64", host((*Generator).Float64), uniformCDF, 0.5, uniformMoments},
			{"Normal32", widen(drawn(Normal32, draws, k, 0)), normalCDF, 0, normalMoments},
			{"Normal64", drawn(Normal64, draws, k, 0), normalCDF, 0, normalMoments},
			{"NormFloat64", host((*Generator).NormFloat64), normalCDF, 0, normalMoments},
		} {
			testMoments(t, c.name, c.x, c.mean, c.moments)
			for lag := 1; lag <= 4; lag++ {
				if r := correlation(c.x[lag:], c.x[:draws-lag], c.mean, c.moments[2]); math.Abs(r) > 4 {
					t.Errorf("seed %d: %s: correlation at lag %d is %v standard errors", seed, c.name, lag, r)
				}
			}
			if low, high := slices.Min(c.x), slices.Max(c.x); c.mean == 0.5 && (low < 0 || high >= 1) {
				t.Errorf("%s: from %v to %v", c.name, low, high)
			}
			if d := ks(c.x, c.cdf); d > ksLimit {
				t.Errorf("seed %d: %s: KS statistic %.2f, want < %v", seed, c.name, d, ksLimit)
			}
		}
	}
}

// correlation of a and b, which have the given mean and variance, in standard errors.
func correlation(a, b []float64, mean, variance float64) float64 {
	s := 0.0
	for i := range a {
		s += (a[i] - mean) * (b[i] - mean)
	}
	return s / variance / math.Sqrt(float64(len(a)))
}

// Streams whose keys are neighbours in any way are not correlated.
func TestStreamsAreIndependent(t *testing.T) {
	g := New(1)
	streams := []Key{KeyAt(0), KeyAt(1), KeyAt(2), {hi: 1}, {hi: 1 << 63}, KeyAt(1, 0), KeyAt(1, 1), g.Next(), g.Next(),
		g.Split().root, g.Split().root, g.Split().Next()}
	x := make([][]float64, len(streams))
	for i, k := range streams {
		x[i] = drawn(Uniform64, draws/4, k, 0)
	}
	for i := range x {
		for j := range i {
			if r := correlation(x[i], x[j], 0.5, 1./12); math.Abs(r) > 4 {
				t.Errorf("streams %d and %d: correlation is %v standard errors", j, i, r)
			}
		}
	}
}

// The two normals of a Box-Muller pair are independent: their angle is uniform and so is exp(-r^2/2).
func TestNormalPairs(t *testing.T) {
	z := drawn(Normal64, draws, KeyAt(4), 0)
	angle, radius := make([]float64, draws/2), make([]float64, draws/2)
	for i := range angle {
		a, b := z[2*i], z[2*i+1]
		angle[i] = math.Atan2(b, a)/(2*math.Pi) + 0.5
		radius[i] = math.Exp(-(a*a + b*b) / 2)
	}
	if d := ks(angle, uniformCDF); d > ksLimit {
		t.Errorf("angle: KS statistic %.2f", d)
	}
	if d := ks(radius, uniformCDF); d > ksLimit {
		t.Errorf("radius: KS statistic %.2f", d)
	}
}

func TestBernoulliFrequency(t *testing.T) {
	for _, p := range []float64{0.001, 0.1, 0.5, 0.8} {
		m := make([]uint8, draws)
		BernoulliMask(m, p, KeyAt(6), 0)
		ones := 0
		for _, v := range m {
			ones += int(v)
		}
		if z := (float64(ones) - draws*p) / math.Sqrt(draws*p*(1-p)); math.Abs(z) > 4 {
			t.Errorf("p=%v: %d ones of %d, %v standard errors off", p, ones, draws, z)
		}
	}
}

func TestIntegerFrequencies(t *testing.T) {
	for _, n := range []int{2, 3, 7, 100, 1000} {
		fill, host := make([]int, n), make([]int, n)
		x := make([]int64, draws)
		RandInt64(x, -5, int64(n)-5, KeyAt(2, uint64(n)), 0)
		g := New(uint64(n))
		for _, v := range x {
			fill[v+5]++
			host[g.Intn(n)]++
		}
		if z := chiSquaredZ(fill); z > zLimit {
			t.Errorf("RandInt64, %d values: chi-squared at %.2f standard deviations", n, z)
		}
		if z := chiSquaredZ(host); z > zLimit {
			t.Errorf("Intn(%d): chi-squared at %.2f standard deviations", n, z)
		}
	}
}

// For n = 3 * 2^61, without rejection one value in three is twice as likely; Intn is exact.
func TestIntnRejects(t *testing.T) {
	g, counts := New(5), make([]int, 3)
	for range draws {
		counts[g.Intn(3<<61)%3]++
	}
	if z := chiSquaredZ(counts); z > zLimit {
		t.Errorf("chi-squared at %.2f standard deviations: %v", z, counts)
	}
}

// All 120 orders of five things are equally likely, whichever way they are shuffled.
func TestPermutationFrequencies(t *testing.T) {
	fill, host := make([]int, 120), make([]int, 120)
	g := New(7)
	for i := range uint64(60000) {
		fill[rank(Permutation(5, KeyAt(7, i)))]++
		host[rank(g.Perm(5))]++
	}
	if z := chiSquaredZ(fill); z > zLimit {
		t.Errorf("Permutation: chi-squared at %.2f standard deviations", z)
	}
	if z := chiSquaredZ(host); z > zLimit {
		t.Errorf("Perm: chi-squared at %.2f standard deviations", z)
	}
}

// rank numbers the permutations of len(p) things from 0 (the Lehmer code).
func rank[T int | int64](p []T) int {
	r := 0
	for i := range p {
		smaller := 0
		for _, v := range p[i+1:] {
			if v < p[i] {
				smaller++
			}
		}
		r = r*(len(p)-i) + smaller
	}
	return r
}

// Every byte of every word is uniform.
func TestBitsAreUniform(t *testing.T) {
	x := drawn(Uint32, draws, KeyAt(12), 0)
	for position := range 4 { // of the word in its block
		for shift := 0; shift < 32; shift += 8 {
			counts := make([]int, 256)
			for i := position; i < len(x); i += 4 {
				counts[byte(x[i]>>shift)]++
			}
			if z := chiSquaredZ(counts); z > zLimit {
				t.Errorf("word %d, bits %d on: chi-squared at %.2f standard deviations", position, shift, z)
			}
		}
	}
}

// The limits reject samples that are a little wrong.
func TestStatisticsReject(t *testing.T) {
	x := drawn(Normal64, draws, KeyAt(1), 0)
	for i := range x {
		x[i] += 0.03
	}
	if d := ks(x, normalCDF); d < ksLimit {
		t.Errorf("KS accepts a mean of 0.03: %.2f", d)
	}
	x = drawn(Uniform64, draws, KeyAt(1), 0)
	for i := range x {
		x[i] *= 0.99
	}
	if d := ks(x, uniformCDF); d < ksLimit {
		t.Errorf("KS accepts [0, 0.99): %.2f", d)
	}
	counts := make([]int, 100)
	for _, v := range drawn(Uint32, draws, KeyAt(1), 0) {
		counts[v%128%100]++
	}
	if z := chiSquaredZ(counts); z < zLimit {
		t.Errorf("chi-squared accepts a remainder of 128: %.2f", z)
	}
}

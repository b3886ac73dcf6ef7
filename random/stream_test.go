package random

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

// drawEach draws one number from each of n elements' streams.
func drawEach(n int, seed uint64, f func(s *Stream) float64) []float64 {
	x, k := make([]float64, n), KeyAt(seed)
	for i := range x {
		s := k.Stream(i)
		x[i] = f(&s)
	}
	return x
}

// The continuous samplers by Kolmogorov and Smirnov's test, with the distribution functions of mathematics.
func TestStreamContinuous(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(s *Stream) float64
		cdf  func(x float64) float64
	}{
		{"uniform", (*Stream).Float64, uniformCDF},
		{"normal", (*Stream).Normal, normalCDF},
		{"second normal", func(s *Stream) float64 { s.Normal(); return s.Normal() }, normalCDF},
		{"exponential", (*Stream).Exponential, func(x float64) float64 { return -math.Expm1(-x) }},
		{"gumbel", (*Stream).Gumbel, func(x float64) float64 { return math.Exp(-math.Exp(-x)) }},
		{"gamma 0.05", func(s *Stream) float64 { return s.Gamma(0.05) }, func(x float64) float64 { return mathext.GammaIncReg(0.05, x) }},
		{"gamma 0.7", func(s *Stream) float64 { return s.Gamma(0.7) }, func(x float64) float64 { return mathext.GammaIncReg(0.7, x) }},
		{"gamma 1", func(s *Stream) float64 { return s.Gamma(1) }, func(x float64) float64 { return -math.Expm1(-x) }},
		{"gamma 6.5", func(s *Stream) float64 { return s.Gamma(6.5) }, func(x float64) float64 { return mathext.GammaIncReg(6.5, x) }},
		{"gamma 400", func(s *Stream) float64 { return s.Gamma(400) }, func(x float64) float64 { return mathext.GammaIncReg(400, x) }},
		{"log gamma 0.2", func(s *Stream) float64 { return math.Exp(s.LogGamma(0.2)) }, func(x float64) float64 { return mathext.GammaIncReg(0.2, x) }},
		{"log gamma 3", func(s *Stream) float64 { return math.Exp(s.LogGamma(3)) }, func(x float64) float64 { return mathext.GammaIncReg(3, x) }},
		{"beta 2 5", func(s *Stream) float64 { return s.Beta(2, 5) }, func(x float64) float64 { return mathext.RegIncBeta(2, 5, x) }},
		{"beta 0.4 0.3", func(s *Stream) float64 { return s.Beta(0.4, 0.3) }, func(x float64) float64 { return mathext.RegIncBeta(0.4, 0.3, x) }},
	} {
		if d := ks(drawEach(draws, 11, c.f), c.cdf); d > ksLimit {
			t.Errorf("%s: Kolmogorov-Smirnov %v, limit %v", c.name, d, ksLimit)
		}
	}
	// The test sees a shape that is off by 3%.
	if d := ks(drawEach(draws, 11, func(s *Stream) float64 { return s.Gamma(2.06) }), func(x float64) float64 { return mathext.GammaIncReg(2, x) }); d < ksLimit {
		t.Errorf("a wrong gamma passes: %v", d)
	}
}

// The discrete samplers by Pearson's test against their probabilities; cells below 20 expected draws go to the last.
func TestStreamDiscrete(t *testing.T) {
	lg := func(x float64) float64 { g, _ := math.Lgamma(x + 1); return g }
	poisson := func(rate float64) func(k float64) float64 {
		return func(k float64) float64 { return math.Exp(k*math.Log(rate) - rate - lg(k)) }
	}
	binomial := func(n, p float64) func(k float64) float64 {
		return func(k float64) float64 {
			if k > n {
				return 0
			}
			return math.Exp(lg(n) - lg(k) - lg(n-k) + k*math.Log(p) + (n-k)*math.Log1p(-p))
		}
	}
	z := func(x []float64, mass func(k float64) float64) float64 {
		most := 0.0
		for _, v := range x {
			most = max(most, v)
		}
		counts := make([]float64, int(most)+1)
		for _, v := range x {
			counts[int(v)]++
		}
		n, rest, seen, stat, cells := float64(len(x)), 1.0, 0.0, 0.0, 0.0
		for k, c := range counts {
			if want := n * mass(float64(k)); want >= 20 {
				stat += (c - want) * (c - want) / want
				cells++
				rest, seen = rest-mass(float64(k)), seen+c
			}
		}
		if want := n * rest; want >= 1 {
			stat += (n - seen - want) * (n - seen - want) / want
			cells++
		}
		df := cells - 1
		return (math.Cbrt(stat/df) - (1 - 2/(9*df))) / math.Sqrt(2/(9*df))
	}
	for name, c := range map[string]struct {
		f    func(s *Stream) int64
		mass func(k float64) float64
	}{
		"poisson 0.3":          {func(s *Stream) int64 { return s.Poisson(0.3) }, poisson(0.3)},
		"poisson 9.9":          {func(s *Stream) int64 { return s.Poisson(9.9) }, poisson(9.9)},
		"poisson 10":           {func(s *Stream) int64 { return s.Poisson(10) }, poisson(10)},
		"poisson 250":          {func(s *Stream) int64 { return s.Poisson(250) }, poisson(250)},
		"binomial 5 of 0.3":    {func(s *Stream) int64 { return s.Binomial(5, 0.3) }, binomial(5, 0.3)},
		"binomial 40 of 0.9":   {func(s *Stream) int64 { return s.Binomial(40, 0.9) }, binomial(40, 0.9)},
		"binomial 100 of 0.5":  {func(s *Stream) int64 { return s.Binomial(100, 0.5) }, binomial(100, 0.5)},
		"binomial 3000 of 0.2": {func(s *Stream) int64 { return s.Binomial(3000, 0.2) }, binomial(3000, 0.2)},
	} {
		x := drawEach(draws, 12, func(s *Stream) float64 { return float64(c.f(s)) })
		if z := z(x, c.mass); z > zLimit {
			t.Errorf("%s: chi-squared deviate %v, limit %v", name, z, zLimit)
		}
	}
	if z := z(drawEach(draws, 12, func(s *Stream) float64 { return float64(s.Poisson(12.3)) }), poisson(12)); z < zLimit {
		t.Errorf("a wrong Poisson passes: %v", z)
	}
	s := KeyAt(1).Stream(0)
	if s.Poisson(0) != 0 || s.Binomial(7, 0) != 0 || s.Binomial(7, 1) != 7 || s.Binomial(0, 0.5) != 0 {
		t.Error("certain results are not certain")
	}
}

func TestStreamsDiffer(t *testing.T) {
	k := KeyAt(3)
	seen := map[uint64]bool{}
	for i := range 1000 {
		s := k.Stream(i)
		again := k.Stream(i)
		for range 5 {
			v := s.Uint64()
			if v != again.Uint64() || seen[v] {
				t.Fatalf("element %d repeats itself or another", i)
			}
			seen[v] = true
		}
	}
	for _, i := range []int{-1, maxElement} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("element %d was accepted", i)
				}
			}()
			k.Stream(i)
		}()
	}
}

package random

import (
	"fmt"
	"math"
)

// Stream is the sequence of random numbers that belongs to one element of a key: the source of samplers that need an
// unknown count of them, such as rejection. Element i's stream depends on the key and i alone, so the order in which
// elements are drawn, and by whom, does not matter. Sampling changes it; it is for one goroutine.
//
// The methods compute in float64. Gamma, Beta, Poisson and Binomial use functions of package math whose last bit may differ
// between architectures; on one, equal keys give equal numbers. They panic on parameters outside of the ranges given, NaN and
// infinity among them.
type Stream struct {
	key         Key
	index       uint64
	next        uint64 // the second half of the last block
	half        bool
	normal      float64 // the second of the last two
	spareNormal bool
}

// maxElement keeps the blocks of one element apart from the next one's and from a Generator's.
const maxElement = 1 << 38

// Stream returns the stream of element i. It panics unless 0 <= i < 2^38.
func (k Key) Stream(i int) Stream {
	if i < 0 || i >= maxElement {
		panic(fmt.Sprintf("random: Stream: element %d is not in [0, 2^38)", i))
	}
	return Stream{key: k, index: uint64(i) << 24}
}

// Uint64 returns a uniform 64-bit number. It makes a *Stream a source for math/rand/v2.
func (s *Stream) Uint64() uint64 {
	if s.half {
		s.half = false
		return s.next
	}
	a, b := block64(s.key, s.index)
	s.index++
	s.next, s.half = b, true
	return a
}

// Float64 returns a uniform number in [0, 1), a multiple of 2^-53.
func (s *Stream) Float64() float64 { return uniform64(s.Uint64()) }

// open returns a uniform number in (0, 1).
func (s *Stream) open() float64 { return (float64(int64(s.Uint64()>>12)) + 0.5) * 0x1p-52 }

// Normal returns a number of the normal distribution of mean 0 and variance 1.
func (s *Stream) Normal() float64 {
	if s.spareNormal {
		s.spareNormal = false
		return s.normal
	}
	z, spare := normal64(s.Uint64(), s.Uint64())
	s.normal, s.spareNormal = spare, true
	return z
}

// Exponential returns a number of the exponential distribution of rate 1, −ln U.
func (s *Stream) Exponential() float64 { return -log(s.open()) }

// Gumbel returns a number of the standard Gumbel distribution, −ln(−ln U). The largest of n log-probabilities with Gumbel
// numbers added is a draw from the n (Gumbel-max).
func (s *Stream) Gumbel() float64 { return -math.Log(s.Exponential()) }

// Gamma returns a number of the gamma distribution of the given shape > 0 and rate 1 (Marsaglia and Tsang: "A Simple Method
// for Generating Gamma Variables", 2000). A shape below about 1e-3 underflows to 0 at times; LogGamma does not.
func (s *Stream) Gamma(shape float64) float64 {
	if !positive(shape) {
		refuse("Gamma: shape %v must be positive and finite", shape)
	}
	if shape < 1 {
		return math.Exp(s.LogGamma(shape))
	}
	return s.gamma(shape)
}

// LogGamma returns the logarithm of a number of the gamma distribution of the given shape > 0 and rate 1.
func (s *Stream) LogGamma(shape float64) float64 {
	if !positive(shape) {
		refuse("LogGamma: shape %v must be positive and finite", shape)
	}
	if shape < 1 { // G(a) = G(a+1) U^(1/a)
		g := s.gamma(shape + 1)
		return math.Log(g) - s.Exponential()/shape
	}
	return math.Log(s.gamma(shape))
}

// gamma is for shapes of at least 1: d(1 + cx)³ for a normal x, nearly always accepted.
func (s *Stream) gamma(shape float64) float64 {
	d := shape - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.Normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(s.open()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// Beta returns a number of the beta distribution, X/(X+Y) for gamma numbers of shapes a and b > 0.
func (s *Stream) Beta(a, b float64) float64 {
	if !positive(a) || !positive(b) {
		refuse("Beta: a = %v, b = %v must be positive and finite", a, b)
	}
	x, y := s.LogGamma(a), s.LogGamma(b)
	return 1 / (1 + math.Exp(y-x))
}

// Poisson returns a number of the Poisson distribution of mean rate in [0, 2^62]: multiplied uniforms below 10, above that the
// transformed rejection PTRS (Hörmann: "The Transformed Rejection Method for Generating Poisson Random Variables", 1993).
func (s *Stream) Poisson(rate float64) int64 {
	if !(rate >= 0 && rate <= 1<<62) {
		refuse("Poisson: rate %v must lie in [0, 2^62]", rate)
	}
	switch {
	case rate == 0:
		return 0
	case rate < 10:
		limit, k := math.Exp(-rate), int64(0)
		for p := s.open(); p > limit; p *= s.open() {
			k++
		}
		return k
	}
	logRate := math.Log(rate)
	b := 0.931 + 2.53*math.Sqrt(rate)
	a := -0.059 + 0.02483*b
	alpha, vr := 1.1239+1.1328/(b-3.4), 0.9277-3.6224/(b-2)
	for {
		u, v := s.open()-0.5, s.open()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + rate + 0.43)
		if us >= 0.07 && v <= vr {
			return int64(k)
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		g, _ := math.Lgamma(k + 1)
		if math.Log(v*alpha/(a/(us*us)+b)) <= k*logRate-rate-g {
			return int64(k)
		}
	}
}

// Binomial returns the number of successes in n >= 0 trials of probability p in [0, 1]: the waiting times between successes where few
// are expected (Devroye: "Non-Uniform Random Variate Generation", 1986, X.4.3), else the transformed rejection BTRS
// (Hörmann: "The Generation of Binomial Random Variates", 1993).
func (s *Stream) Binomial(n int64, p float64) int64 {
	if n < 0 || !(p >= 0 && p <= 1) {
		refuse("Binomial: n = %v, p = %v; n must not be negative, p lie in [0, 1]", n, p)
	}
	if p > 0.5 {
		return n - s.Binomial(n, 1-p)
	}
	nf := float64(n)
	if nf*p < 10 {
		if p == 0 {
			return 0
		}
		l, k, at := math.Log1p(-p), int64(0), 0.0
		for {
			if at += math.Floor(-s.Exponential()/l) + 1; at > nf {
				return k
			}
			k++
		}
	}
	spq := math.Sqrt(nf * p * (1 - p))
	b := 1.15 + 2.53*spq
	a := -0.0873 + 0.0248*b + 0.01*p
	c, vr := nf*p+0.5, 0.92-4.2/b
	alpha, lpq := (2.83+5.1/b)*spq, math.Log(p/(1-p))
	m := math.Floor((nf + 1) * p)
	lg := func(x float64) float64 { g, _ := math.Lgamma(x + 1); return g }
	h := lg(m) + lg(nf-m)
	for {
		u, v := s.open()-0.5, s.open()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + c)
		if us >= 0.07 && v <= vr {
			return int64(k)
		}
		if k < 0 || k > nf {
			continue
		}
		if math.Log(v*alpha/(a/(us*us)+b)) <= h-lg(k)-lg(nf-k)+(k-m)*lpq {
			return int64(k)
		}
	}
}

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat64 }

// refuse panics: with such parameters rejection might never end.
func refuse(format string, args ...any) { panic(fmt.Sprintf("random: "+format, args...)) }

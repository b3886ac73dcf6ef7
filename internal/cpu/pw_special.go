package cpu

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

func lgamma(x float64) float64 {
	y, _ := math.Lgamma(x)
	return y
}

// digamma goes up to x >= 10 by ψ(x) = ψ(x+1) − 1/x and sums the asymptotic series there (Abramowitz and Stegun, 6.3.18),
// whose first term left out is below 1e-16; below 0 it is reflected.
func digamma(x float64) float64 {
	switch {
	case x == 0:
		return math.Copysign(math.Inf(1), -x)
	case x < 0 && x == math.Floor(x):
		return math.NaN()
	case x < 0:
		return digamma(1-x) - math.Pi/math.Tan(math.Pi*(x-math.Floor(x)))
	case math.IsInf(x, 1):
		return x
	}
	y := 0.0
	for ; x < 10; x++ {
		y -= 1 / x
	}
	z := 1 / (x * x)
	return y + math.Log(x) - 0.5/x - z*(1./12-z*(1./120-z*(1./252-z*(1./240-z*(1./132-z*(691./32760-z/12))))))
}

// polygamma is the derivative number n >= 1 of digamma: (−1)^(n+1) n! ζ(n+1, x). For x < 0 ζ comes from
// the sum of 1/(x+k)^(n+1) over all whole k, ζ(n+1, x) + (−1)^(n+1) ζ(n+1, 1−x), which has period 1.
func polygamma(x float64, p Pointwise) float64 {
	n := p.S0
	switch {
	case x != x:
		return x
	case x == math.Floor(x) && x <= 0:
		if math.Mod(n, 2) == 1 {
			return math.Inf(1)
		}
		return math.NaN()
	case math.IsInf(x, 1):
		return math.Copysign(0, math.Mod(n, 2)-0.5)
	}
	sign := 1 - 2*math.Mod(n+1, 2) // (−1)^(n+1)
	var zeta float64
	if x > 0 {
		zeta = mathext.Zeta(n+1, x)
	} else {
		f := x - math.Floor(x)
		zeta = mathext.Zeta(n+1, f) + sign*(mathext.Zeta(n+1, 1-f)-mathext.Zeta(n+1, 1-x))
	}
	return sign * math.Gamma(n+1) * zeta
}

package cpu

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The functions below compute with 400 bits from series, so that neither package math nor cancellation has a say.

const precision = 400

func num(x float64) *big.Float                  { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func add(x, y *big.Float) *big.Float            { return num(0).Add(x, y) }
func sub(x, y *big.Float) *big.Float            { return num(0).Sub(x, y) }
func mul(x, y *big.Float) *big.Float            { return num(0).Mul(x, y) }
func quo(x, y *big.Float) *big.Float            { return num(0).Quo(x, y) }
func sqrt(x *big.Float) *big.Float              { return num(0).Sqrt(x) }
func half(x *big.Float) *big.Float              { return mul(x, num(0.5)) }
func scaled(x *big.Float, s float64) *big.Float { return mul(x, num(s)) }

// series sums term, term next(1), term next(1) next(2), ... until the terms no longer count.
func series(term *big.Float, next func(n float64) *big.Float) *big.Float {
	sum := num(0)
	for n := 1.0; term.Sign() != 0 && (sum.Sign() == 0 || term.MantExp(nil) > sum.MantExp(nil)-precision); n++ {
		sum = add(sum, term)
		term = mul(term, next(n))
	}
	return sum
}

// bigExp is e^x = (e^(x / 2^k))^(2^k).
func bigExp(x *big.Float) *big.Float {
	k := max(0, x.MantExp(nil)+8)
	r := num(0).SetMantExp(x, -k)
	e := series(num(1), func(n float64) *big.Float { return quo(r, num(n)) })
	for range k {
		e = mul(e, e)
	}
	return e
}

// bigLog finds y with e^y = x by Halley's iteration.
func bigLog(x *big.Float) *big.Float {
	f, _ := x.Float64()
	y := num(math.Log(f))
	for range 5 {
		e := bigExp(y)
		y = add(y, scaled(quo(sub(x, e), add(x, e)), 2))
	}
	return y
}

func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) < -300 {
		return x
	}
	return bigLog(add(num(1), x))
}

func bigExpm1(x *big.Float) *big.Float {
	return series(x, func(n float64) *big.Float { return quo(x, num(n+1)) })
}

func bigSin(x *big.Float) *big.Float {
	s := scaled(mul(x, x), -1)
	return series(x, func(n float64) *big.Float { return quo(s, num(2*n*(2*n+1))) })
}

func bigCos(x *big.Float) *big.Float {
	s := scaled(mul(x, x), -1)
	return series(num(1), func(n float64) *big.Float { return quo(s, num(2*n*(2*n-1))) })
}

// bigAtan halves the angle six times before it sums the series of x - x³/3 + ...
func bigAtan(x *big.Float) *big.Float {
	for range 6 {
		x = quo(x, add(num(1), sqrt(add(num(1), mul(x, x)))))
	}
	s := scaled(mul(x, x), -1)
	return scaled(series(x, func(n float64) *big.Float { return mul(s, quo(num(2*n-1), num(2*n+1))) }), 64)
}

func bigAsin(x *big.Float) *big.Float { return bigAtan(quo(x, sqrt(sub(num(1), mul(x, x))))) }

func bigPi() *big.Float { return scaled(bigAtan(num(1)), 4) }

// bigErf is 2/√π e^(-x²) (x + 2x³/3 + 4x⁵/15 + ...).
func bigErf(x *big.Float) *big.Float {
	s := mul(x, x)
	sum := series(x, func(n float64) *big.Float { return quo(scaled(s, 2), num(2*n+1)) })
	return quo(scaled(sum, 2), mul(sqrt(bigPi()), bigExp(s)))
}

func bigErfc(x *big.Float) *big.Float { return sub(num(1), bigErf(x)) }

func bigSinh(x *big.Float) *big.Float {
	e := bigExpm1(x)
	return half(add(e, quo(e, add(e, num(1)))))
}

func bigCosh(x *big.Float) *big.Float { return half(add(bigExp(x), bigExp(scaled(x, -1)))) }

func bigTanh(x *big.Float) *big.Float {
	e := bigExpm1(scaled(x, 2))
	return quo(e, add(e, num(2)))
}

func bigAsinh(x *big.Float) *big.Float {
	return bigLog1p(add(x, quo(mul(x, x), add(num(1), sqrt(add(num(1), mul(x, x)))))))
}

func bigSigmoid(x *big.Float) *big.Float { return quo(num(1), add(num(1), bigExp(scaled(x, -1)))) }
func bigSoftplus(x *big.Float) *big.Float {
	return bigLog1p(bigExp(x))
}
func bigNormal(x *big.Float) *big.Float {
	return half(bigErfc(scaled(quo(x, sqrt(num(2))), -1)))
}
func bigDensity(x *big.Float) *big.Float {
	return quo(bigExp(scaled(mul(x, x), -0.5)), sqrt(scaled(bigPi(), 2)))
}

// TestFloat64Accuracy compares the definitions in float64 with the mathematics, near 0 and over wide ranges.
func TestFloat64Accuracy(t *testing.T) {
	one := num(1)
	for _, c := range []struct {
		name   string
		p      Pointwise
		lo, hi float64
		f      func(x *big.Float) *big.Float
		max    float64 // error in units in the last place of a result of at least floor
		floor  float64
	}{
		{"exp", Pointwise{Code: Exp}, -700, 700, bigExp, 1, 0},
		{"expm1", Pointwise{Code: Expm1}, -30, 30, bigExpm1, 1, 0},
		{"exp2", Pointwise{Code: Exp2}, -1000, 1000, func(x *big.Float) *big.Float { return bigExp(mul(x, bigLog(num(2)))) }, 1, 0},
		{"log", Pointwise{Code: Log}, 0, 10, bigLog, 1, 0},
		{"log1p", Pointwise{Code: Log1p}, -0.99, 10, bigLog1p, 1, 0},
		{"log2", Pointwise{Code: Log2}, 0, 10, func(x *big.Float) *big.Float { return quo(bigLog(x), bigLog(num(2))) }, 2, 0},
		{"log10", Pointwise{Code: Log10}, 0, 1e6, func(x *big.Float) *big.Float { return quo(bigLog(x), bigLog(num(10))) }, 2, 0},
		{"sin", Pointwise{Code: Sin}, -50, 50, bigSin, 2, 0},
		{"cos", Pointwise{Code: Cos}, -50, 50, bigCos, 2, 0},
		{"tan", Pointwise{Code: Tan}, -20, 20, func(x *big.Float) *big.Float { return quo(bigSin(x), bigCos(x)) }, 2, 0},
		{"asin", Pointwise{Code: Asin}, -1, 1, bigAsin, 2, 0},
		{"acos", Pointwise{Code: Acos}, -1, 1, func(x *big.Float) *big.Float { return sub(half(bigPi()), bigAsin(x)) }, 2, 0.1},
		{"atan", Pointwise{Code: Atan}, -10, 10, bigAtan, 2, 0},
		{"sinh", Pointwise{Code: Sinh}, -20, 20, bigSinh, 2, 0},
		{"cosh", Pointwise{Code: Cosh}, -20, 20, bigCosh, 2, 0},
		{"tanh", Pointwise{Code: Tanh}, -10, 10, bigTanh, 2, 0},
		{"asinh", Pointwise{Code: Asinh}, -10, 10, bigAsinh, 2, 0},
		{"acosh", Pointwise{Code: Acosh}, 1, 10, func(x *big.Float) *big.Float { return bigLog(add(x, sqrt(sub(mul(x, x), one)))) }, 2, 0},
		{"atanh", Pointwise{Code: Atanh}, -1, 1, func(x *big.Float) *big.Float { return half(bigLog1p(quo(scaled(x, 2), sub(one, x)))) }, 2, 0},
		{"erf", Pointwise{Code: Erf}, -6, 6, bigErf, 1, 0},
		{"erfc", Pointwise{Code: Erfc}, -6, 9, bigErfc, 2, 0},
		{"x^0.37", Pointwise{Code: PowS, S0: 0.37}, 0, 100, func(x *big.Float) *big.Float { return bigExp(mul(num(0.37), bigLog(x))) }, 8, 0},
		{"sigmoid", Pointwise{Code: Sigmoid}, -40, 40, bigSigmoid, 2, 0},
		{"logsigmoid", Pointwise{Code: LogSigmoid}, -40, 40, func(x *big.Float) *big.Float { return scaled(bigSoftplus(scaled(x, -1)), -1) }, 2, 0},
		{"softplus", Pointwise{Code: Softplus, S0: 1, S1: 100}, -40, 40, bigSoftplus, 2, 0},
		{"elu", Pointwise{Code: ELU, S0: 1, S1: 1, S2: 1}, -40, 0, bigExpm1, 1, 0},
		{"gelu", Pointwise{Code: GELU}, -5, 5, func(x *big.Float) *big.Float { return mul(x, bigNormal(x)) }, 30, 0},
		{"silu", Pointwise{Code: SiLU}, -40, 40, func(x *big.Float) *big.Float { return mul(x, bigSigmoid(x)) }, 3, 0},
		{"mish", Pointwise{Code: Mish}, -20, 20, func(x *big.Float) *big.Float { return mul(x, bigTanh(bigSoftplus(x))) }, 3, 0},
		{"gelu grad", Pointwise{Code: GELUGrad}, -5, 5, func(x *big.Float) *big.Float { return add(bigNormal(x), mul(x, bigDensity(x))) }, 4, 1. / 64},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := rand.New(rand.NewPCG(5, 6))
			worst, at := 0.0, 0.0
			for i := range 120 {
				x := c.lo + (c.hi-c.lo)*g.Float64()
				if i%3 == 0 && c.lo <= 0 { // small ones too, of many sizes
					x *= math.Ldexp(1, -g.IntN(40))
				}
				if c.lo == 0 && c.hi == 10 && i%3 == 1 { // near 1, where logarithms vanish
					x = 1 + (g.Float64()-0.5)*math.Ldexp(1, -g.IntN(40))
				}
				in, out := []float64{x}, []float64{0}
				if isGradient(c.p.Code) {
					MapFlat(c.p, out, []float64{1}, in, nil)
				} else {
					MapFlat(c.p, out, in, nil, nil)
				}
				want := c.f(num(x))
				w, _ := want.Float64()
				_, e := math.Frexp(max(math.Abs(w), c.floor))
				d, _ := sub(num(out[0]), want).Float64()
				if u := math.Abs(d) / math.Ldexp(1, e-53); !(u <= worst) {
					worst, at = u, x
				}
			}
			t.Logf("%.2f ulp at %v", worst, at)
			if !(worst <= c.max) {
				t.Errorf("%.2f ulp at %v, more than %v", worst, at, c.max)
			}
		})
	}
}

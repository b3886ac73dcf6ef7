package cpu

import "math"

// mathematics are the functions as definitions in float64, rounded once: the loops of float64, of float32 where no faster
// one exists (fastFloat32), and the oracle of those that do.
func mathematics[T float32 | float64]() kernels[T] {
	return kernels[T]{
		FloorDiv:   binary[T](floorDiv),
		Rem:        binary[T](remainder),
		Pow:        binary[T](math.Pow),
		PowS:       unaryS[T](func(x float64, p Pointwise) float64 { return math.Pow(x, p.S0) }),
		Atan2:      binary[T](math.Atan2),
		Exp:        unary[T](math.Exp),
		Expm1:      unary[T](math.Expm1),
		Exp2:       unary[T](math.Exp2),
		Log:        unary[T](math.Log),
		Log1p:      unary[T](math.Log1p),
		Log2:       unary[T](log2),
		Log10:      unary[T](log10),
		Sin:        unary[T](math.Sin),
		Cos:        unary[T](math.Cos),
		Tan:        unary[T](math.Tan),
		Asin:       unary[T](math.Asin),
		Acos:       unary[T](math.Acos),
		Atan:       unary[T](math.Atan),
		Sinh:       unary[T](math.Sinh),
		Cosh:       unary[T](math.Cosh),
		Tanh:       unary[T](math.Tanh),
		Asinh:      unary[T](math.Asinh),
		Acosh:      unary[T](math.Acosh),
		Atanh:      unary[T](math.Atanh),
		Erf:        unary[T](math.Erf),
		Erfc:       unary[T](math.Erfc),
		Erfinv:     unary[T](math.Erfinv),
		Lgamma:     unary[T](lgamma),
		Digamma:    unary[T](digamma),
		PolygammaS: unaryS[T](polygamma),
		Sigmoid:    unary[T](sigmoid),
		LogSigmoid: unary[T](logSigmoid),
		Softplus:   unaryS[T](softplus),
		ELU:        unaryS[T](elu),
		GELU:       unary[T](gelu),
		GELUTanh:   unary[T](geluTanh),
		SiLU:       unary[T](silu),
		Mish:       unary[T](mish),

		LogSigmoidGrad: gradient[T](func(x float64, _ Pointwise) float64 { return sigmoid(-x) }),
		SoftplusGrad:   gradient[T](softplusSlope),
		ELUGrad:        gradient[T](eluSlope),
		GELUGrad:       gradient[T](func(x float64, _ Pointwise) float64 { return geluSlope(x) }),
		GELUTanhGrad:   gradient[T](func(x float64, _ Pointwise) float64 { return geluTanhSlope(x) }),
		SiLUGrad:       gradient[T](func(x float64, _ Pointwise) float64 { return siluSlope(x) }),
		MishGrad:       gradient[T](func(x float64, _ Pointwise) float64 { return mishSlope(x) }),
	}
}

func unary[T float32 | float64](f func(float64) float64) kernel[T] {
	return func(d, a, _, _ []T, _ Pointwise) {
		for i, v := range a[:len(d)] {
			d[i] = T(f(float64(v)))
		}
	}
}

func unaryS[T float32 | float64](f func(float64, Pointwise) float64) kernel[T] {
	return func(d, a, _, _ []T, p Pointwise) {
		for i, v := range a[:len(d)] {
			d[i] = T(f(float64(v), p))
		}
	}
}

func binary[T float32 | float64](f func(x, y float64) float64) kernel[T] {
	return func(d, a, b, _ []T, _ Pointwise) {
		a, b = a[:len(d)], b[:len(d)]
		for i, v := range a {
			d[i] = T(f(float64(v), float64(b[i])))
		}
	}
}

// gradient is the loop of dy slope(x).
func gradient[T float32 | float64](slope func(float64, Pointwise) float64) kernel[T] {
	return func(d, dy, x, _ []T, p Pointwise) {
		dy, x = dy[:len(d)], x[:len(d)]
		for i, v := range x {
			d[i] = T(float64(dy[i]) * slope(float64(v), p))
		}
	}
}

// floorDiv is x/y rounded down, exact where the rounded quotient would be on the wrong side of a whole number.
func floorDiv(x, y float64) float64 {
	if y == 0 {
		return x / y
	}
	r := math.Mod(x, y)
	q := (x - r) / y // whole, but for rounding
	if r != 0 && (r < 0) != (y < 0) {
		q--
	}
	if q == 0 {
		return math.Copysign(0, x/y)
	}
	return math.Round(q)
}

// remainder is x - y floorDiv(x, y); it has y's sign.
func remainder(x, y float64) float64 {
	r := math.Mod(x, y)
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

// log2 avoids adding an exponent of 1 to a logarithm near -1, which math.Log2 does just above 1.
func log2(x float64) float64 {
	if 0.7 < x && x < 1.5 {
		return math.Log(x) * (1 / math.Ln2)
	}
	return math.Log2(x)
}

// log10 is exact for powers of ten.
func log10(x float64) float64 {
	y := math.Log(x) * (1 / math.Ln10)
	if r := math.Round(y); math.Abs(r) < 309 && x == math.Pow10(int(r)) {
		return r
	}
	return y
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logSigmoid(x float64) float64 { return min(x, 0) - math.Log1p(math.Exp(-math.Abs(x))) }

func softplus(x float64, p Pointwise) float64 {
	z := x * p.S0
	if z > p.S1 {
		return x
	}
	return math.Log1p(math.Exp(z)) / p.S0
}

func softplusSlope(x float64, p Pointwise) float64 {
	z := x * p.S0
	if z > p.S1 {
		return 1
	}
	return sigmoid(z)
}

func elu(x float64, p Pointwise) float64 {
	if x <= 0 {
		return p.S0 * p.S1 * math.Expm1(x*p.S2)
	}
	return x * p.S1
}

func eluSlope(x float64, p Pointwise) float64 {
	if x <= 0 {
		return p.S0 * p.S1 * p.S2 * math.Exp(x*p.S2)
	}
	return p.S1
}

// normal is Φ(x), the distribution function of the standard normal distribution, and density φ(x), its derivative.
func normal(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func density(x float64) float64 { return math.Exp(-x*x/2) / (math.Sqrt2 * math.SqrtPi) }

func gelu(x float64) float64 { return x * normal(x) }

func geluSlope(x float64) float64 { return normal(x) + float64(x*density(x)) }

// geluArg returns z with ½ (1 + tanh(√(2/π) (x + 0.044715 x³))) = sigmoid(z), and dz/dx.
func geluArg(x float64) (z, dz float64) {
	const k = 2 * math.Sqrt2 / math.SqrtPi
	s := float64(x * x)
	return k * x * (1 + float64(0.044715*s)), k * (1 + float64(3*0.044715*s))
}

func geluTanh(x float64) float64 {
	z, _ := geluArg(x)
	return x * sigmoid(z)
}

func geluTanhSlope(x float64) float64 {
	x = min(max(x, -50), 50) // where the slope is 0 and 1, before 0 times infinity
	z, dz := geluArg(x)
	s := sigmoid(z)
	return s + float64(x*s*sigmoid(-z)*dz)
}

func silu(x float64) float64 { return x * sigmoid(x) }

func siluSlope(x float64) float64 {
	s := sigmoid(x)
	return s * (1 + float64(x*sigmoid(-x)))
}

// mishParts returns tanh(ln(1 + e^x)) = n / (n + 2) and 1 minus its square, where n = e^x (e^x + 2).
func mishParts(x float64) (t, u float64) {
	if x > 40 {
		return 1, 0
	}
	e := math.Exp(x)
	n := float64(e * (e + 2))
	t = n / (n + 2)
	return t, (1 + t) * 2 / (n + 2)
}

func mish(x float64) float64 {
	t, _ := mishParts(x)
	return x * t
}

func mishSlope(x float64) float64 {
	t, u := mishParts(x)
	return t + float64(x*u*sigmoid(x))
}

package cpu

import "math"

// arithmetic are the loops that all number types share.
func arithmetic[T Number]() kernels[T] {
	return kernels[T]{
		Add: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] + b[i]
			}
		},
		Sub: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] - b[i]
			}
		},
		Mul: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] * b[i]
			}
		},
		Max: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = max(a[i], b[i])
			}
		},
		Min: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = min(a[i], b[i])
			}
		},
		AddS: func(d, a, _, _ []T, p Pointwise) {
			s := scalar[T](p.S0)
			for i, v := range a[:len(d)] {
				d[i] = v + s
			}
		},
		RSubS: func(d, a, _, _ []T, p Pointwise) {
			s := scalar[T](p.S0)
			for i, v := range a[:len(d)] {
				d[i] = s - v
			}
		},
		MulS: func(d, a, _, _ []T, p Pointwise) {
			s := scalar[T](p.S0)
			for i, v := range a[:len(d)] {
				d[i] = v * s
			}
		},
		Clamp: func(d, a, _, _ []T, p Pointwise) {
			lo, hi := bound[T](p.S0), bound[T](p.S1)
			for i, v := range a[:len(d)] {
				d[i] = min(max(v, lo), hi)
			}
		},
		Neg: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = -v
			}
		},
		Abs: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				if v < 0 {
					v = -v
				}
				d[i] = v
			}
		},
		Sign: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(one(v > 0) - one(v < 0))
			}
		},
		ReLU: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = max(v, 0)
			}
		},
		Square: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = v * v
			}
		},
	}
}

// one is 1 for true. The compiler makes it a flag, not a branch.
func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scalar is the constant s of an arithmetic op in T; integers wrap around.
func scalar[T Number](s float64) T {
	switch any(T(0)).(type) {
	case float32, float64:
		return T(s)
	}
	return T(int64(s))
}

// bound is scalar for a bound of Clamp: integers saturate, so that infinity is no bound.
func bound[T Number](s float64) T {
	var lo, hi T
	switch hi := any(&hi).(type) {
	case *int64:
		*hi = math.MaxInt64
	case *int32:
		*hi = math.MaxInt32
	case *uint8:
		*hi = math.MaxUint8
	default:
		return T(s)
	}
	if lo--; lo > 0 { // unsigned
		lo = 0
	} else {
		lo = -hi - 1
	}
	switch {
	case s <= float64(lo):
		return lo
	case s >= float64(hi):
		return hi
	}
	return T(s)
}

// floatArithmetic are the cheap loops that integers do not have.
func floatArithmetic[T float32 | float64]() kernels[T] {
	return kernels[T]{
		Div: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] / b[i]
			}
		},
		DivS: func(d, a, _, _ []T, p Pointwise) {
			s := T(p.S0)
			for i, v := range a[:len(d)] {
				d[i] = v / s
			}
		},
		Abs: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.Abs(float64(v)))
			}
		},
		Recip: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = 1 / v
			}
		},
		Sqrt: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.Sqrt(float64(v)))
			}
		},
		Rsqrt: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(1 / math.Sqrt(float64(v)))
			}
		},
		Floor: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.Floor(float64(v)))
			}
		},
		Ceil: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.Ceil(float64(v)))
			}
		},
		Round: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.RoundToEven(float64(v)))
			}
		},
		Trunc: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = T(math.Trunc(float64(v)))
			}
		},
		LeakyReLU: func(d, a, _, _ []T, p Pointwise) {
			s := T(p.S0)
			for i, v := range a[:len(d)] {
				d[i] = max(v, 0) + T(s*min(v, 0))
			}
		},
		Hardsigmoid: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = min(max(v+3, 0), 6) / 6
			}
		},
		Hardswish: func(d, a, _, _ []T, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = v * (min(max(v+3, 0), 6) / 6)
			}
		},
		MaxGrad: func(d, dy, x, y []T, _ Pointwise) {
			dy, x, y = dy[:len(d)], x[:len(d)], y[:len(d)]
			for i, g := range dy {
				d[i] = share(g, x[i] == y[i], x[i] < y[i])
			}
		},
		MinGrad: func(d, dy, x, y []T, _ Pointwise) {
			dy, x, y = dy[:len(d)], x[:len(d)], y[:len(d)]
			for i, g := range dy {
				d[i] = share(g, x[i] == y[i], x[i] > y[i])
			}
		},
		ClampGrad: func(d, dy, x, _ []T, p Pointwise) {
			lo, hi := T(p.S0), T(p.S1)
			dy, x = dy[:len(d)], x[:len(d)]
			for i, g := range dy {
				if !(lo <= x[i] && x[i] <= hi) {
					g = 0
				}
				d[i] = g
			}
		},
		HardtanhGrad: func(d, dy, x, _ []T, p Pointwise) {
			lo, hi := T(p.S0), T(p.S1)
			dy, x = dy[:len(d)], x[:len(d)]
			for i, g := range dy {
				if x[i] <= lo || x[i] >= hi {
					g = 0
				}
				d[i] = g
			}
		},
		ReLUGrad: func(d, dy, y, _ []T, _ Pointwise) {
			dy, y = dy[:len(d)], y[:len(d)]
			for i, g := range dy {
				if y[i] <= 0 {
					g = 0
				}
				d[i] = g
			}
		},
		LeakyReLUGrad: func(d, dy, x, _ []T, p Pointwise) {
			s := T(p.S0)
			dy, x = dy[:len(d)], x[:len(d)]
			for i, g := range dy {
				if !(x[i] > 0) {
					g *= s
				}
				d[i] = g
			}
		},
		HardsigmoidGrad: func(d, dy, x, _ []T, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, g := range dy {
				if !(-3 < x[i] && x[i] < 3) {
					g = 0
				}
				d[i] = g / 6
			}
		},
		HardswishGrad: func(d, dy, x, _ []T, _ Pointwise) {
			dy, x = dy[:len(d)], x[:len(d)]
			for i, g := range dy {
				switch v := x[i]; {
				case v < -3:
					g = 0
				case v >= 3:
				default:
					g *= v/3 + 0.5
				}
				d[i] = g
			}
		},
		TanhGrad: func(d, dy, y, _ []T, _ Pointwise) {
			dy, y = dy[:len(d)], y[:len(d)]
			for i, v := range y {
				d[i] = dy[i] * (1 - T(v*v))
			}
		},
		SigmoidGrad: func(d, dy, y, _ []T, _ Pointwise) {
			dy, y = dy[:len(d)], y[:len(d)]
			for i, v := range y {
				d[i] = dy[i] * T(v*(1-v))
			}
		},
	}
}

// share is the part of a gradient that goes to one of two inputs of max or min: half of it on a tie.
func share[T float32 | float64](g T, tie, lost bool) T {
	switch {
	case tie:
		return g / 2
	case lost:
		return 0
	}
	return g
}

// integerOnly are the loops whose meaning differs for integers. Divisors are not zero and exponents not negative: the ops
// refuse those.
func integerOnly[T int64 | int32 | uint8]() kernels[T] {
	return kernels[T]{
		FloorDiv: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i, v := range a {
				q := v / b[i]
				if v%b[i] != 0 && (v < 0) != (b[i] < 0) {
					q--
				}
				d[i] = q
			}
		},
		Rem: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i, v := range a {
				r := v % b[i]
				if r != 0 && (r < 0) != (b[i] < 0) {
					r += b[i]
				}
				d[i] = r
			}
		},
		Pow: func(d, a, b, _ []T, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i, v := range a {
				d[i] = power(v, int64(b[i]))
			}
		},
		PowS: func(d, a, _, _ []T, p Pointwise) {
			n := int64(p.S0)
			for i, v := range a[:len(d)] {
				d[i] = power(v, n)
			}
		},
	}
}

// power is x^n, n >= 0, by repeated squaring.
func power[T int64 | int32 | uint8](x T, n int64) T {
	r := T(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			r *= x
		}
		x *= x
	}
	return r
}

// logical are the loops of bools, stored as bytes 0 and 1.
func logical() kernels[uint8] {
	return kernels[uint8]{
		And: func(d, a, b, _ []uint8, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] & b[i]
			}
		},
		Or: func(d, a, b, _ []uint8, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] | b[i]
			}
		},
		Xor: func(d, a, b, _ []uint8, _ Pointwise) {
			a, b = a[:len(d)], b[:len(d)]
			for i := range d {
				d[i] = a[i] ^ b[i]
			}
		},
		Not: func(d, a, _, _ []uint8, _ Pointwise) {
			for i, v := range a[:len(d)] {
				d[i] = v ^ 1
			}
		},
	}
}

func compare[T Number](code Code, d []bool, a, b []T) {
	a, b = a[:len(d)], b[:len(d)]
	switch code {
	case Eq:
		for i := range d {
			d[i] = a[i] == b[i]
		}
	case Ne:
		for i := range d {
			d[i] = a[i] != b[i]
		}
	case Lt:
		for i := range d {
			d[i] = a[i] < b[i]
		}
	case Le:
		for i := range d {
			d[i] = a[i] <= b[i]
		}
	case Gt:
		for i := range d {
			d[i] = a[i] > b[i]
		}
	case Ge:
		for i := range d {
			d[i] = a[i] >= b[i]
		}
	}
}

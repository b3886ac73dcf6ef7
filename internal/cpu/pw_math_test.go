package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// accuracies are the functions with a loop of their own for float32, with the largest error in units in the last place.
// Where the function has a zero that is not at 0, its error counts in units of a value of at least floor.
var accuracies = []struct {
	name  string
	p     Pointwise
	hot   bool
	max   float64
	floor float64
	// What differs in assembly: the largest error, or 0, and the floor, or 0.
	vector, vectorFloor float64
}{
	{"exp", Pointwise{Code: Exp}, true, 0.501, 0, 0.76, 0},
	{"expm1", Pointwise{Code: Expm1}, false, 0.51, 0, 0, 0},
	{"exp2", Pointwise{Code: Exp2}, false, 0.501, 0, 0, 0},
	{"log", Pointwise{Code: Log}, true, 0.501, 0, 0.89, 0},
	{"log2", Pointwise{Code: Log2}, false, 0.501, 0, 0, 0},
	{"log10", Pointwise{Code: Log10}, false, 0.501, 0, 0, 0},
	{"log1p", Pointwise{Code: Log1p}, false, 0.501, 0, 0, 0},
	{"sin", Pointwise{Code: Sin}, true, 0.61, 0, 0, 0},
	{"cos", Pointwise{Code: Cos}, true, 0.61, 0, 0, 0},
	{"tan", Pointwise{Code: Tan}, false, 0.63, 0, 0, 0},
	{"sinh", Pointwise{Code: Sinh}, false, 0.505, 0, 0, 0},
	{"cosh", Pointwise{Code: Cosh}, false, 0.501, 0, 0, 0},
	{"tanh", Pointwise{Code: Tanh}, true, 0.51, 0, 2.2, 0},
	{"erf", Pointwise{Code: Erf}, true, 0.505, 0, 0.53, 0},
	{"sigmoid", Pointwise{Code: Sigmoid}, true, 0.501, 0, 2.4, 0},
	{"logsigmoid", Pointwise{Code: LogSigmoid}, false, 0.501, 0, 0, 0},
	{"softplus", Pointwise{Code: Softplus, S0: 1, S1: 20}, false, 0.501, 0, 0, 0},
	{"softplus 2", Pointwise{Code: Softplus, S0: 2, S1: 5}, false, 0.501, 0, 0, 0},
	{"elu", Pointwise{Code: ELU, S0: 1, S1: 1, S2: 1}, false, 0.51, 0, 0.9, 0},
	{"selu", Pointwise{Code: ELU, S0: 1.6732632423543772, S1: 1.0507009873554805, S2: 1}, false, 0.51, 0, 1.8, 0},
	{"celu", Pointwise{Code: ELU, S0: 0.5, S1: 1, S2: 2}, false, 0.51, 0, 0.9, 0},
	{"gelu", Pointwise{Code: GELU}, true, 0.501, 0, 9, 0},
	{"gelu tanh", Pointwise{Code: GELUTanh}, true, 0.501, 0, 0, 0},
	{"silu", Pointwise{Code: SiLU}, true, 0.501, 0, 3.2, 0},
	{"mish", Pointwise{Code: Mish}, false, 0.501, 0, 0, 0},
	{"x^0.37", Pointwise{Code: PowS, S0: 0.37}, false, 0.501, 0, 0, 0},
	{"x^-3", Pointwise{Code: PowS, S0: -3}, false, 0.501, 0, 0, 0},
	{"x^3", Pointwise{Code: PowS, S0: 3}, false, 0.501, 0, 0, 0},
	{"x^-2", Pointwise{Code: PowS, S0: -2}, false, 0.501, 0, 0, 0},
	{"x^5.5", Pointwise{Code: PowS, S0: 5.5}, false, 0.501, 0, 0, 0},
	{"logsigmoid grad", Pointwise{Code: LogSigmoidGrad}, false, 0.501, 0, 2.6, 0},
	{"softplus grad", Pointwise{Code: SoftplusGrad, S0: 1, S1: 20}, false, 0.501, 0, 2.6, 0},
	{"elu grad", Pointwise{Code: ELUGrad, S0: 1.5, S1: 2, S2: 0.5}, false, 0.501, 0, 2.6, 0},
	{"gelu grad", Pointwise{Code: GELUGrad}, true, 0.501, 1. / 64, 3.5, 0.5},
	{"gelu tanh grad", Pointwise{Code: GELUTanhGrad}, true, 0.501, 1. / 64, 0, 0},
	{"silu grad", Pointwise{Code: SiLUGrad}, true, 0.501, 1. / 64, 3.5, 0.5},
	{"mish grad", Pointwise{Code: MishGrad}, false, 0.501, 1. / 64, 0, 0},
	{"relu grad", Pointwise{Code: ReLUGrad}, false, 0, 0, 0, 0},
	{"leaky relu grad", Pointwise{Code: LeakyReLUGrad, S0: 0.25}, false, 0, 0, 0, 0},
	{"clamp grad", Pointwise{Code: ClampGrad, S0: -1, S1: 2}, false, 0, 0, 0, 0},
}

// vectorError returns the largest difference of a function in assembly from the one in Go, in units of a value of at least floor.
func vectorError(code Code) (most, floor float64) {
	most = 1
	for _, c := range accuracies {
		if c.p.Code == code {
			most, floor = max(most, c.vector+c.max), max(c.floor, c.vectorFloor)
		}
	}
	return most, floor
}

// edges are added to every sample.
var edges = func() (e []float32) {
	inf := float32(math.Inf(1))
	for _, v := range []float32{0, 1, inf, math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, 1e-5, 0.5, 2, 3, 4, 5, 9.999, 10, 20, 40, 86.99, 87,
		88.72283, 88.72284, 88.8, 89.4, 103.2, 104, 128, 149, 150, 1000, 1e5, 99999.99, 3.1415927, 1.5707964, 6.2831855, 355, 1e10, 0x1p127} {
		e = append(e, v, -v, math.Nextafter32(v, inf), -math.Nextafter32(v, inf), math.Nextafter32(v, -inf))
	}
	return append(e, float32(math.NaN()), math.Float32frombits(0xffc00000))
}()

// ulps is the distance of got from want in units in the last place of a float32 near want or floor. Infinity counts as
// 2^128, the next value there would be.
func ulps(got float32, want, floor float64) float64 {
	if math.IsNaN(want) || got != got {
		if math.IsNaN(want) && got != got {
			return 0
		}
		return math.Inf(1)
	}
	g, w := min(max(float64(got), -0x1p128), 0x1p128), min(max(want, -0x1p128), 0x1p128)
	_, e := math.Frexp(max(math.Abs(w), floor))
	return math.Abs(g-w) / math.Ldexp(1, max(min(e, 128)-24, -149))
}

func isGradient(c Code) bool { return MaxGrad <= c && c < firstCostly || c >= LogSigmoidGrad }

// TestFloat32Accuracy compares the fast loops to the definitions in float64, over bit patterns from all of float32.
func TestFloat32Accuracy(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, c := range accuracies {
			most, floor, inGo := c.max, c.floor, inUse() == implGo
			if !inGo {
				most, floor = max(most, c.vector), max(floor, c.vectorFloor)
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				bits := 18
				if c.hot && !testing.Short() && !raceEnabled {
					bits = 22
					if inGo {
						bits = 20
					}
				}
				worst, at := largestError(c.p, bits, floor)
				t.Logf("%.4f ulp at %v", worst, at)
				if worst > most {
					t.Errorf("%.4f ulp at %v, more than %v", worst, at, most)
				}
			})
		}
	})
}

// largestError returns the largest error in units in the last place over 2^bits numbers from all of float32, and where it is.
func largestError(p Pointwise, bits int, floor float64) (worst float64, at float32) {
	const n = 4096
	x, y, x64, y64 := make([]float32, n), make([]float32, n), make([]float64, n), make([]float64, n)
	dy, dy64 := make([]float32, n), make([]float64, n)
	fill(dy, 1.5)
	fill(dy64, 1.5)
	check := func(n int) {
		for i, v := range x[:n] {
			x64[i] = float64(v)
		}
		if isGradient(p.Code) {
			MapFlat(p, y[:n], dy, x, nil)
			MapFlat(p, y64[:n], dy64, x64, nil)
		} else {
			MapFlat(p, y[:n], x, nil, nil)
			MapFlat(p, y64[:n], x64, nil, nil)
		}
		for i, v := range x[:n] {
			if u := ulps(y[i], y64[i], floor); u > worst {
				worst, at = u, v
			}
		}
	}
	check(copy(x, edges))
	step := uint32(1) << (32 - bits)
	for b := uint64(0); b < 1<<32; b += n * uint64(step) {
		for i := range x {
			at := uint32(b) + uint32(i)*step
			x[i] = math.Float32frombits(at + at*2654435761>>9%step)
		}
		check(n)
	}
	return worst, at
}

// TestFloat32Power compares powers of two inputs with those in float64, over numbers of all sizes, and in place.
func TestFloat32Power(t *testing.T) {
	g := rand.New(rand.NewPCG(7, 8))
	eachImpl(t, func(t *testing.T) {
		const n = 1 << 16
		x, y, d := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = float32(math.Exp(g.NormFloat64() * 20))
			y[i] = float32(g.NormFloat64() * math.Exp(g.NormFloat64()))
			switch i % 97 {
			case 0:
				x[i] = -float32(g.IntN(9))
				y[i] = float32(g.IntN(9) - 4)
			case 1:
				x[i], y[i] = edges[g.IntN(len(edges))], edges[g.IntN(len(edges))]
			}
		}
		MapFlat(Pointwise{Code: Pow}, d, x, y, nil)
		worst := 0.0
		for i, v := range d {
			u := ulps(v, math.Pow(float64(x[i]), float64(y[i])), 0)
			if worst = max(worst, u); u > 0.501 {
				t.Fatalf("%v^%v: %v is wrong by %.3f ulp", x[i], y[i], v, u)
			}
		}
		t.Logf("%.4f ulp", worst)
		MapFlat(Pointwise{Code: Pow}, x, x, y, nil)
		for i, v := range d {
			if v != x[i] && v == v {
				t.Fatalf("element %d in place is %v, want %v", i, x[i], v)
			}
		}
	})
}

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

var benchCodes = []struct {
	name string
	in   int
	p    Pointwise
}{
	{"add", 2, Pointwise{Code: Add}},
	{"mul", 2, Pointwise{Code: Mul}},
	{"div", 2, Pointwise{Code: Div}},
	{"max", 2, Pointwise{Code: Max}},
	{"addscalar", 1, Pointwise{Code: AddS, S0: 1}},
	{"divscalar", 1, Pointwise{Code: DivS, S0: 3}},
	{"clamp", 1, Pointwise{Code: Clamp, S0: -1, S1: 1}},
	{"abs", 1, Pointwise{Code: Abs}},
	{"sign", 1, Pointwise{Code: Sign}},
	{"square", 1, Pointwise{Code: Square}},
	{"sqrt", -1, Pointwise{Code: Sqrt}},
	{"rsqrt", -1, Pointwise{Code: Rsqrt}},
	{"round", 1, Pointwise{Code: Round}},
	{"relu", 1, Pointwise{Code: ReLU}},
	{"leakyrelu", 1, Pointwise{Code: LeakyReLU, S0: 0.01}},
	{"hardswish", 1, Pointwise{Code: Hardswish}},
	{"relugrad", 2, Pointwise{Code: ReLUGrad}},
	{"clampgrad", 2, Pointwise{Code: ClampGrad, S0: -1, S1: 1}},
	{"tanhgrad", 2, Pointwise{Code: TanhGrad}},
	{"exp", 1, Pointwise{Code: Exp}},
	{"expm1", 1, Pointwise{Code: Expm1}},
	{"log", -1, Pointwise{Code: Log}},
	{"log1p", -1, Pointwise{Code: Log1p}},
	{"powscalar", -1, Pointwise{Code: PowS, S0: 1.7}},
	{"pow", -2, Pointwise{Code: Pow}},
	{"sin", 1, Pointwise{Code: Sin}},
	{"cos", 1, Pointwise{Code: Cos}},
	{"exp2", 1, Pointwise{Code: Exp2}},
	{"log2", -1, Pointwise{Code: Log2}},
	{"cosh", 1, Pointwise{Code: Cosh}},
	{"cube", 1, Pointwise{Code: PowS, S0: 3}},
	{"hardsigmoid", 1, Pointwise{Code: Hardsigmoid}},
	{"hardswishgrad", 2, Pointwise{Code: HardswishGrad}},
	{"gelutanhgrad", 2, Pointwise{Code: GELUTanhGrad}},
	{"tan", 1, Pointwise{Code: Tan}},
	{"atan", 1, Pointwise{Code: Atan}},
	{"sinh", 1, Pointwise{Code: Sinh}},
	{"tanh", 1, Pointwise{Code: Tanh}},
	{"erf", 1, Pointwise{Code: Erf}},
	{"sigmoid", 1, Pointwise{Code: Sigmoid}},
	{"logsigmoid", 1, Pointwise{Code: LogSigmoid}},
	{"softplus", 1, Pointwise{Code: Softplus, S0: 1, S1: 20}},
	{"elu", 1, Pointwise{Code: ELU, S0: 1, S1: 1, S2: 1}},
	{"gelu", 1, Pointwise{Code: GELU}},
	{"gelutanh", 1, Pointwise{Code: GELUTanh}},
	{"silu", 1, Pointwise{Code: SiLU}},
	{"mish", 1, Pointwise{Code: Mish}},
	{"gelugrad", 2, Pointwise{Code: GELUGrad}},
	{"silugrad", 2, Pointwise{Code: SiLUGrad}},
	{"mishgrad", 2, Pointwise{Code: MishGrad}},
}

// normals returns n draws of the standard normal distribution, or their absolute values.
func normals(n int, positive bool) []float32 {
	g := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(g.NormFloat64())
		if positive {
			x[i] = float32(math.Abs(float64(x[i])))
		}
	}
	return x
}

// BenchmarkMap measures 1e6 float32 on one thread.
func BenchmarkMap(b *testing.B) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	const n = 1e6
	x, y, pos, d := normals(n, false), normals(n, false), normals(n, true), make([]float32, n)
	for _, c := range benchCodes {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				switch c.in {
				case 1:
					MapFlat(c.p, d, x, nil, nil)
				case 2:
					MapFlat(c.p, d, x, y, nil)
				case -1:
					MapFlat(c.p, d, pos, nil, nil)
				case -2:
					MapFlat(c.p, d, pos, y, nil)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
		})
	}
}

// BenchmarkSmall measures the overhead of a loop over 4 elements.
func BenchmarkSmall(b *testing.B) {
	x, y, d := make([]float32, 4), make([]float32, 4), make([]float32, 4)
	b.Run("flat", func(b *testing.B) {
		for b.Loop() {
			MapFlat(Pointwise{Code: Add}, d, x, y, nil)
		}
	})
	b.Run("strided", func(b *testing.B) {
		u, v := Operand[float32]{Data: x, Strides: [8]int{1, 2}}, Operand[float32]{Data: y, Strides: [8]int{2, 1}}
		for b.Loop() {
			Map(Pointwise{Code: Add}, []int{2, 2}, d, u, v)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	for _, n := range []int{64, 96, 100, 512, 1000, 1024, 2048} {
		x, d := make([]float32, n*n), make([]float32, n*n)
		for _, c := range []struct {
			name string
			st   [8]int
		}{{"straight", [8]int{n, 1}}, {"transposed", [8]int{1, n}}} {
			b.Run(fmt.Sprint(c.name, " ", n), func(b *testing.B) {
				for b.Loop() {
					Pack([]int{n, n}, d, Operand[float32]{Data: x, Strides: c.st})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n*n), "ns/element")
			})
		}
	}
}

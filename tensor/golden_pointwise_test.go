package tensor_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// goldenNumber is a JSON number, or "nan", "inf" and "-inf".
type goldenNumber float64

func (n *goldenNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = goldenNumber(v)
	return err
}

// goldenCase is a case of testdata/golden_pointwise.py, which says what its fields hold.
type goldenCase struct {
	Op          string
	Args        []float64
	In          [][]goldenNumber
	Out         []goldenNumber
	Grad, Grad2 [][]goldenNumber
}

// goldenOps are the ops by the names of testdata/golden_pointwise.py, for inputs x, y and constants a, b.
var goldenOps = map[string]func(x, y *tensor.Tensor, a, b float64) *tensor.Tensor{
	"neg":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Neg() },
	"abs":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Abs() },
	"sign":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sign() },
	"square":      func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Square() },
	"reciprocal":  func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Reciprocal() },
	"sqrt":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sqrt() },
	"rsqrt":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Rsqrt() },
	"floor":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Floor() },
	"ceil":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Ceil() },
	"round":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Round() },
	"trunc":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Trunc() },
	"exp":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Exp() },
	"expm1":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Expm1() },
	"exp2":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Exp2() },
	"log":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Log() },
	"log1p":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Log1p() },
	"log2":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Log2() },
	"log10":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Log10() },
	"sin":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sin() },
	"cos":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Cos() },
	"tan":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Tan() },
	"asin":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Asin() },
	"acos":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Acos() },
	"atan":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Atan() },
	"sinh":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sinh() },
	"cosh":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Cosh() },
	"tanh":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Tanh() },
	"asinh":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Asinh() },
	"acosh":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Acosh() },
	"atanh":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Atanh() },
	"erf":         func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Erf() },
	"erfinv":      func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Erfinv() },
	"polygamma2":  func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Polygamma(2) },
	"erfc":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Erfc() },
	"sigmoid":     func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sigmoid() },
	"logsigmoid":  func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.LogSigmoid() },
	"relu":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.ReLU() },
	"selu":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.SELU() },
	"relu6":       func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.ReLU6() },
	"hardsigmoid": func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Hardsigmoid() },
	"hardswish":   func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Hardswish() },
	"gelu":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.GELU() },
	"gelutanh":    func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.GELUTanh() },
	"silu":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.SiLU() },
	"mish":        func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Mish() },
	"softsign":    func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Softsign() },
	"tanhshrink":  func(x, _ *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Tanhshrink() },
	"softplus":    func(x, _ *tensor.Tensor, a, b float64) *tensor.Tensor { return x.Softplus(a, b) },
	"leakyrelu":   func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.LeakyReLU(a) },
	"elu":         func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.ELU(a) },
	"celu":        func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.CELU(a) },
	"hardtanh":    func(x, _ *tensor.Tensor, a, b float64) *tensor.Tensor { return x.Hardtanh(a, b) },
	"clamp":       func(x, _ *tensor.Tensor, a, b float64) *tensor.Tensor { return x.Clamp(a, b) },
	"clampmin":    func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.ClampMin(a) },
	"clampmax":    func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.ClampMax(a) },
	"powscalar":   func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.PowScalar(a) },
	"rsubscalar":  func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.RSubScalar(a) },
	"divscalar":   func(x, _ *tensor.Tensor, a, _ float64) *tensor.Tensor { return x.DivScalar(a) },
	"sub":         func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Sub(y) },
	"div":         func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Div(y) },
	"maximum":     func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Maximum(y) },
	"minimum":     func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Minimum(y) },
	"atan2":       func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Atan2(y) },
	"remainder":   func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Remainder(y) },
	"floordivide": func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.FloorDivide(y) },
	"pow":         func(x, y *tensor.Tensor, _, _ float64) *tensor.Tensor { return x.Pow(y) },
}

// TestGoldenPointwise compares results and gradients with PyTorch's, on smooth points, at kinks, zeros, infinities and NaN.
func TestGoldenPointwise(t *testing.T) {
	var cases []goldenCase
	optest.ReadGolden(t, "testdata/golden_pointwise.json", &cases)
	seen := map[string]bool{}
	for i, c := range cases {
		seen[c.Op] = true
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) { c.check(t) })
	}
	for op := range goldenOps {
		if !seen[op] {
			t.Errorf("no golden case for %s", op)
		}
	}
}

func (c *goldenCase) check(t *testing.T) {
	f := goldenOps[c.Op]
	if f == nil {
		t.Fatal("unknown op")
	}
	var x []*tensor.Tensor
	for _, v := range c.In {
		x = append(x, goldenTensor(v).RequireGrad())
	}
	args, in := append(c.Args, 0, 0), append(x, nil)
	y := f(in[0], in[1], args[0], args[1])
	c.near(t, "result", y, c.Out)
	if c.Grad == nil {
		return
	}
	n := len(c.Out)
	w, v := make([]float64, n), make([]float64, n)
	for i := range w {
		w[i], v[i] = math.Cos(float64(i)), math.Sin(float64(i)+1)
	}
	g := tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{tensor.Of(w)}, x, true, true)
	for i := range x {
		c.near(t, fmt.Sprintf("gradient %d", i), g[i], c.Grad[i])
	}
	if c.Grad2 == nil {
		return
	}
	var heads, weights []*tensor.Tensor
	for _, t := range g {
		if t != nil && t.RequiresGrad() {
			heads, weights = append(heads, t), append(weights, tensor.Of(v))
		}
	}
	g2 := make([]*tensor.Tensor, len(x))
	if len(heads) > 0 {
		g2 = tensor.Gradients(heads, weights, x, false, false)
	}
	for i := range x {
		c.near(t, fmt.Sprintf("second derivative %d", i), g2[i], c.Grad2[i])
	}
}

func goldenTensor(v []goldenNumber) *tensor.Tensor {
	f := make([]float64, len(v))
	for i, n := range v {
		f[i] = float64(n)
	}
	return tensor.Of(f)
}

// near allows 1e-13 of the value, and of 1 where PyTorch subtracts nearly equal numbers; nil is zero on both sides.
// PyTorch's 1/6 in Hardsigmoid's gradient is a float32.
func (c *goldenCase) near(t *testing.T, what string, got *tensor.Tensor, want []goldenNumber) {
	t.Helper()
	tol := 1e-13
	if c.Op == "hardsigmoid" && what != "result" {
		tol = 1e-7
	}
	g := make([]float64, len(c.Out))
	if got != nil {
		g = got.Floats()
	}
	for i, v := range g {
		w := 0.0
		if want != nil {
			w = float64(want[i])
		}
		if v != w && !(v != v && w != w) && !(math.Abs(v-w) <= tol*max(1, math.Abs(w))) {
			t.Errorf("%s: element %d (of inputs %v) is %v, want %v", what, i, c.inputs(i), v, w)
		}
	}
}

func (c *goldenCase) inputs(i int) (v []float64) {
	for _, in := range c.In {
		v = append(v, float64(in[i]))
	}
	return v
}

package tensor_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// shapeGolden is testdata/golden_shape.json; testdata/golden_shape.py says what it holds.
type shapeGolden struct {
	Cases     []shapeCase
	Promotion map[string]map[string]*string
	Halves    []struct {
		X                 goldenNumber
		Float16, BFloat16 uint16
	}
}

type shapeArray struct {
	Shape []int
	Data  []goldenNumber
	Int   bool
}

type shapeCase struct {
	Op          string
	Ints        []int
	Args        []goldenNumber
	In, Out     []shapeArray
	Grad, Grad2 [][]goldenNumber
}

func readShapeGolden(t *testing.T) (g shapeGolden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden_shape.json", &g)
	return g
}

// shapeOps are the ops by the names of testdata/golden_shape.py, for inputs x, integers n and fractions a.
var shapeOps = map[string]func(x tensors, n []int, a []float64) tensors{
	"max":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Max(n...)} },
	"min":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Min(n...)} },
	"max_along": func(x tensors, n []int, _ []float64) tensors { v, i := x[0].MaxAlong(n[0]); return tensors{v, i} },
	"min_along": func(x tensors, n []int, _ []float64) tensors { v, i := x[0].MinAlong(n[0]); return tensors{v, i} },
	"argmax":    func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].ArgMax(n[0])} },
	"argmin":    func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].ArgMin(n[0])} },
	"sum":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Sum(n...)} },
	"mean":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Mean(n...)} },
	"logsumexp": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].LogSumExp(n...)} },
	"var":       func(x tensors, n []int, a []float64) tensors { return tensors{x[0].Var(int(a[0]), n...)} },
	"std":       func(x tensors, n []int, a []float64) tensors { return tensors{x[0].Std(int(a[0]), n...)} },
	"norm":      func(x tensors, n []int, a []float64) tensors { return tensors{x[0].Norm(a[0], n...)} },
	"prod":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Prod(n...)} },
	"any":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Any(n...)} },
	"all":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].All(n...)} },
	"concat":    func(x tensors, n []int, _ []float64) tensors { return tensors{tensor.Concat(n[0], x...)} },
	"stack":     func(x tensors, n []int, _ []float64) tensors { return tensors{tensor.Stack(n[0], x...)} },
	"split":     func(x tensors, n []int, _ []float64) tensors { return x[0].Split(n[0], n[1:]...) },
	"chunk":     func(x tensors, n []int, _ []float64) tensors { return x[0].Chunk(n[0], n[1]) },
	"unbind":    func(x tensors, n []int, _ []float64) tensors { return x[0].Unbind(n[0]) },
	"flip":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Flip(n...)} },
	"roll":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Roll(n[0], n[1])} },
	"pad": func(x tensors, n []int, a []float64) tensors {
		return tensors{x[0].Pad(tensor.PadMode(n[0]), a[0], n[1:]...)}
	},
	"gather":       func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Gather(n[0], x[1])} },
	"scatter":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Scatter(n[0], x[1], x[2])} },
	"scatter_add":  func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].ScatterAdd(n[0], x[1], x[2])} },
	"index_select": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].IndexSelect(n[0], x[1])} },
	"embedding": func(x tensors, n []int, _ []float64) tensors {
		if n[0] == 99 {
			return tensors{tensor.Embedding(x[0], x[1], nil)}
		}
		padding := int64(n[0])
		return tensors{tensor.Embedding(x[0], x[1], &padding)}
	},
	"arange": func(_ tensors, _ []int, a []float64) tensors {
		return tensors{tensor.With(tensor.Float64).Arange(a[0], a[1], a[2])}
	},
	"linspace": func(_ tensors, n []int, a []float64) tensors {
		return tensors{tensor.With(tensor.Float64).Linspace(a[0], a[1], n[0])}
	},
	"eye": func(_ tensors, n []int, _ []float64) tensors { return tensors{tensor.With(tensor.Float64).Eye(n[0])} },
}

// TestGoldenShape compares results and gradients of both orders with PyTorch's, ties, zeros, NaN and empty inputs included.
func TestGoldenShape(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range readShapeGolden(t).Cases {
		seen[c.Op] = true
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) { c.check(t) })
	}
	for op := range shapeOps {
		if !seen[op] {
			t.Errorf("no golden case for %s", op)
		}
	}
}

func (c *shapeCase) check(t *testing.T) { c.checkOp(t, shapeOps[c.Op]) }

func (c *shapeCase) checkOp(t *testing.T, f func(x tensors, n []int, a []float64) tensors) {
	if f == nil {
		t.Fatal("unknown op")
	}
	var x, leaves, y, dy tensors
	for _, a := range c.In {
		in := goldenTensor(a.Data).Reshape(a.Shape...)
		if a.Int {
			in = in.To(tensor.Int64)
		} else if c.Grad != nil {
			in = in.RequireGrad()
			leaves = append(leaves, in)
		}
		x = append(x, in)
	}
	var args []float64
	for _, a := range c.Args {
		args = append(args, float64(a))
	}
	out := f(x, c.Ints, args)
	if len(out) != len(c.Out) {
		t.Fatalf("%d results, want %d", len(out), len(c.Out))
	}
	for k, o := range out {
		if o.Shape() != tensor.ShapeOf(c.Out[k].Shape...) {
			t.Errorf("result %d has shape %v, want %v", k, o.Shape(), c.Out[k].Shape)
			continue
		}
		nearGolden(t, fmt.Sprintf("result %d", k), o.Floats(), c.Out[k].Data)
		if o.DType().IsFloat() {
			y, dy = append(y, o), append(dy, waves(o, func(i int) float64 { return math.Cos(float64(i + k)) }))
		}
	}
	if c.Grad == nil {
		return
	}
	grads := func(y, dy, x tensors, again bool, want [][]goldenNumber, what string) tensors {
		g := make(tensors, len(x))
		if len(y) > 0 {
			g = tensor.Gradients(y, dy, x, again, again)
		}
		for i := range x {
			got := make([]float64, x[i].Numel())
			if g[i] != nil {
				got = g[i].Floats()
			}
			nearGolden(t, fmt.Sprintf("%s %d", what, i), got, want[i])
		}
		return g
	}
	g := grads(y, dy, leaves, c.Grad2 != nil, c.Grad, "gradient")
	if c.Grad2 == nil {
		return
	}
	var heads, weights tensors
	for _, h := range g {
		if h != nil && h.RequiresGrad() {
			heads, weights = append(heads, h), append(weights, waves(h, func(i int) float64 { return math.Sin(float64(i + 1)) }))
		}
	}
	grads(heads, weights, leaves, false, c.Grad2, "second derivative")
}

// waves returns a tensor like t with the elements f(i) in row-major order.
func waves(t *tensor.Tensor, f func(i int) float64) *tensor.Tensor {
	v := make([]float64, t.Numel())
	for i := range v {
		v[i] = f(i)
	}
	return tensor.OfShape(v, t.Shape())
}

// nearGolden allows 1e-13 of the largest finite element, of 1 where all are smaller: sums cancel. No numbers wanted are zeros.
func nearGolden(t *testing.T, what string, got []float64, want []goldenNumber) {
	t.Helper()
	if want == nil {
		want = make([]goldenNumber, len(got))
	}
	if len(got) != len(want) {
		t.Errorf("%s has %d elements, want %d", what, len(got), len(want))
		return
	}
	scale := 1.0
	for _, w := range want {
		if a := math.Abs(float64(w)); a < math.MaxFloat64 {
			scale = max(scale, a)
		}
	}
	for i, v := range got {
		if w := float64(want[i]); v != w && !(v != v && w != w) && !(math.Abs(v-w) <= 1e-13*scale) {
			t.Errorf("%s: element %d is %v, want %v", what, i, v, w)
		}
	}
}

// promotionOps2 and promotionOps1 are the ops whose results' dtypes are compared.
var promotionOps2 = map[string]func(x, y *tensor.Tensor) *tensor.Tensor{
	"promote": func(x, y *tensor.Tensor) *tensor.Tensor {
		return tensor.With(tensor.Promote(x.DType(), y.DType())).Zeros(0)
	},
	"add": (*tensor.Tensor).Add, "sub": (*tensor.Tensor).Sub, "mul": (*tensor.Tensor).Mul, "div": (*tensor.Tensor).Div, "pow": (*tensor.Tensor).Pow,
	"maximum": (*tensor.Tensor).Maximum, "minimum": (*tensor.Tensor).Minimum, "floor_divide": (*tensor.Tensor).FloorDivide,
	"remainder": (*tensor.Tensor).Remainder, "atan2": (*tensor.Tensor).Atan2,
	"eq": (*tensor.Tensor).Eq, "ne": (*tensor.Tensor).Ne, "lt": (*tensor.Tensor).Lt, "le": (*tensor.Tensor).Le, "gt": (*tensor.Tensor).Gt, "ge": (*tensor.Tensor).Ge,
	"logical_and": (*tensor.Tensor).LogicalAnd, "logical_or": (*tensor.Tensor).LogicalOr, "logical_xor": (*tensor.Tensor).LogicalXor,
	"concat": func(x, y *tensor.Tensor) *tensor.Tensor { return tensor.Concat(0, x, y) },
}

var promotionOps1 = map[string]func(x *tensor.Tensor) *tensor.Tensor{
	"add 1":     func(x *tensor.Tensor) *tensor.Tensor { return x.AddScalar(1) },
	"add 0.5":   func(x *tensor.Tensor) *tensor.Tensor { return x.AddScalar(0.5) },
	"rsub 1":    func(x *tensor.Tensor) *tensor.Tensor { return x.RSubScalar(1) },
	"mul 2":     func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(2) },
	"mul 0.5":   func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(0.5) },
	"div 2":     func(x *tensor.Tensor) *tensor.Tensor { return x.DivScalar(2) },
	"pow 2":     func(x *tensor.Tensor) *tensor.Tensor { return x.PowScalar(2) },
	"pow 0.5":   func(x *tensor.Tensor) *tensor.Tensor { return x.PowScalar(0.5) },
	"eq 1":      func(x *tensor.Tensor) *tensor.Tensor { return x.EqScalar(1) },
	"lt 0.5":    func(x *tensor.Tensor) *tensor.Tensor { return x.LtScalar(0.5) },
	"clamp":     func(x *tensor.Tensor) *tensor.Tensor { return x.Clamp(0, 1) },
	"sum":       func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() },
	"prod":      func(x *tensor.Tensor) *tensor.Tensor { return x.Prod() },
	"mean":      func(x *tensor.Tensor) *tensor.Tensor { return x.Mean() },
	"var":       func(x *tensor.Tensor) *tensor.Tensor { return x.Var(1) },
	"max":       func(x *tensor.Tensor) *tensor.Tensor { return x.Max() },
	"argmax":    func(x *tensor.Tensor) *tensor.Tensor { return x.ArgMax(0) },
	"any":       func(x *tensor.Tensor) *tensor.Tensor { return x.Any() },
	"all":       func(x *tensor.Tensor) *tensor.Tensor { return x.All() },
	"pad":       func(x *tensor.Tensor) *tensor.Tensor { return x.Pad(tensor.PadConstant, 0, 1, 0) },
	"logsumexp": func(x *tensor.Tensor) *tensor.Tensor { return x.LogSumExp() },
	"neg":       (*tensor.Tensor).Neg, "abs": (*tensor.Tensor).Abs, "sign": (*tensor.Tensor).Sign, "sqrt": (*tensor.Tensor).Sqrt, "exp": (*tensor.Tensor).Exp, "sin": (*tensor.Tensor).Sin,
	"reciprocal": (*tensor.Tensor).Reciprocal, "sigmoid": (*tensor.Tensor).Sigmoid, "floor": (*tensor.Tensor).Floor, "round": (*tensor.Tensor).Round,
	"isnan": (*tensor.Tensor).IsNaN, "logical_not": (*tensor.Tensor).LogicalNot, "square": (*tensor.Tensor).Square,
}

// TestGoldenPromotion compares the dtype of results with PyTorch's for every pair of dtypes. Where PyTorch computes in float16,
// bfloat16 or bool, an op may refuse with ErrDType and say what to convert to; where the table is silent, anything goes.
func TestGoldenPromotion(t *testing.T) {
	table := readShapeGolden(t).Promotion
	for op, results := range table {
		for pair, want := range results {
			names := strings.Fields(pair)
			var x tensors
			for _, n := range names {
				d, ok := tensor.ParseDType(n)
				if !ok {
					t.Fatalf("unknown dtype %s", n)
				}
				x = append(x, tensor.With(d).Ones(2))
			}
			var got *tensor.Tensor
			err := tensor.Catch(func() {
				switch f1, f2 := promotionOps1[op], promotionOps2[op]; {
				case len(x) == 2 && f2 != nil:
					got = f2(x[0], x[1])
				case len(x) == 1 && f1 != nil:
					got = f1(x[0])
				default:
					t.Fatalf("unknown op %s", op)
				}
			})
			common := x[0].DType()
			if len(x) == 2 {
				common = tensor.Promote(common, x[1].DType())
			}
			storage := common == tensor.Float16 || common == tensor.BFloat16 || common == tensor.Bool
			switch {
			case want == nil:
			case err != nil:
				if !storage || !errors.Is(err, tensor.ErrDType) || !strings.Contains(err.Error(), "To(tensor.Float32)") {
					t.Errorf("%s of %s: %v, want %s", op, pair, err, *want)
				}
			case got.DType().String() != *want:
				t.Errorf("%s of %s is %v, want %s", op, pair, got.DType(), *want)
			}
		}
	}
	if len(table) != len(promotionOps1)+len(promotionOps2) {
		t.Errorf("the table has %d ops, want %d", len(table), len(promotionOps1)+len(promotionOps2))
	}
}

// TestGoldenHalves compares the bits that float64 numbers become; NaN and everything else is in TestMinifloats.
func TestGoldenHalves(t *testing.T) {
	for _, c := range readShapeGolden(t).Halves {
		x := tensor.Scalar(float64(c.X))
		if got := uint16(tensor.Data[tensor.F16](x.To(tensor.Float16))[0]); got != c.Float16 {
			t.Errorf("%v as float16 is %#04x, want %#04x", c.X, got, c.Float16)
		}
		if got := uint16(tensor.Data[tensor.BF16](x.To(tensor.BFloat16))[0]); got != c.BFloat16 {
			t.Errorf("%v as bfloat16 is %#04x, want %#04x", c.X, got, c.BFloat16)
		}
	}
}

package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// alongAxis is the reference of an op that maps each row along an axis to one of the same length.
func alongAxis(axis int, f func(row []float64) []float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := in[0]
		y := optest.Array{Shape: x.Shape, Data: make([]float64, len(x.Data))}
		optest.Each(x.Shape, func(at []int) {
			if at[axis] != 0 {
				return
			}
			var row []float64
			place := append([]int{}, at...)
			for place[axis] = range x.Shape[axis] {
				row = append(row, x.At(place...))
			}
			row = f(row)
			for place[axis] = range x.Shape[axis] {
				y.Data[y.Offset(place...)] = row[place[axis]]
			}
		})
		return []optest.Array{y}
	}
}

// softmaxOf is exp(x_i) / Σ_k exp(x_k), both divided by exp(max) lest they overflow.
func softmaxOf(row []float64) []float64 {
	var r []float64
	for _, l := range logSoftmaxOf(row) {
		r = append(r, math.Exp(l))
	}
	return r
}

// logSoftmaxOf is ln softmax.
func logSoftmaxOf(row []float64) (r []float64) {
	m, sum := math.Inf(-1), 0.0
	for _, v := range row {
		m = math.Max(m, v)
	}
	for _, v := range row {
		sum += math.Exp(v - m)
	}
	for _, v := range row {
		r = append(r, v-m-math.Log(sum))
	}
	return r
}

func TestSoftmax(t *testing.T) {
	var cases []optest.Case
	add := func(name string, in tin, axis int) {
		at := axis
		if at < 0 {
			at += len(in.Shape)
		}
		cases = append(cases,
			optest.Case{Op: "tensor.softmaxOp", Name: name, In: []tin{in}, Want: alongAxis(at, softmaxOf),
				F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Softmax(axis) })},
			optest.Case{Op: "tensor.logSoftmaxOp", Name: name, In: []tin{in}, Want: alongAxis(at, logSoftmaxOf),
				F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.LogSoftmax(axis) })})
	}
	add("rows", tin{Shape: []int{4, 5}}, 1)
	add("columns", tin{Shape: []int{4, 5}}, 0)
	add("vector", tin{Shape: []int{7}}, -1)
	add("middle axis", tin{Shape: []int{2, 5, 3}}, 1)
	add("one element", tin{Shape: []int{1}}, 0)
	add("rows of one", tin{Shape: []int{3, 1}}, 1)
	add("no rows", tin{Shape: []int{0, 3}}, 1)
	add("rows of nothing", tin{Shape: []int{3, 0}}, 1)
	add("no inner", tin{Shape: []int{2, 3, 0}}, 1)
	add("long rows", tin{Shape: []int{3, 1027}}, 1)
	add("long columns", tin{Shape: []int{1027, 3}}, 0)
	add("many rows", tin{Shape: []int{301, 6}}, 1)
	add("many inner", tin{Shape: []int{2, 5, 131}}, 1)
	add("wide range", tin{Shape: []int{2, 9}, Lo: -40, Hi: 40}, 1)
	add("large values", tin{Shape: []int{3, 5}, Lo: 4090, Hi: 4096}, 1)
	optest.Run(t, cases)

	// Rows of zeros and infinities, as PyTorch computes them: a masked place has probability 0, a row of -Inf or one with +Inf
	// or NaN is NaN throughout. A difference of 1000 underflows to 0; its logarithm does not.
	rows := tin{Shape: []int{7, 3}, Values: []float64{
		-inf, 0, 0,
		-inf, -inf, 5,
		-inf, -inf, -inf,
		0, inf, 1,
		0, nan, 1,
		1000, 0, 2000,
		-1000, -1000, -1000,
	}}
	third, half := 1./3, 0.5
	table := func(data ...float64) func([]optest.Array) []optest.Array {
		return func([]optest.Array) []optest.Array { return []optest.Array{{Shape: []int{7, 3}, Data: data}} }
	}
	optest.Run(t, []optest.Case{
		{Op: "tensor.softmaxOp", Name: "special rows", In: []tin{rows}, Order: -1, F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Softmax(1) }),
			Want: table(0, half, half, 0, 0, 1, nan, nan, nan, nan, nan, nan, nan, nan, nan, 0, 0, 1, third, third, third)},
		{Op: "tensor.logSoftmaxOp", Name: "special rows", In: []tin{rows}, Order: -1, F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.LogSoftmax(1) }),
			Want: table(-inf, -math.Ln2, -math.Ln2, -inf, -inf, 0, nan, nan, nan, nan, nan, nan, nan, nan, nan, -1000, -2000, 0, -math.Log(3), -math.Log(3), -math.Log(3))},
	})
}

// TestSoftmaxMasked checks that the gradient of a row with -Inf is that of the row without, 0 at the masked place, at both
// orders: attention masks rely on it.
func TestSoftmaxMasked(t *testing.T) {
	derivatives := func(values ...float64) (g, g2 []float64) {
		x := leaf(values...)
		n := len(values)
		dy, v := tensor.Of([]float64{0.5, -1, 2, 7}[:n]), tensor.Of([]float64{3, 1, -2, 5}[:n])
		d := tensor.Gradients([]*tensor.Tensor{x.Softmax(0)}, []*tensor.Tensor{dy}, []*tensor.Tensor{x}, true, true)
		return d[0].Detach().Floats(), tensor.Gradients(d, []*tensor.Tensor{v}, []*tensor.Tensor{x}, false, false)[0].Floats()
	}
	g, g2 := derivatives(0.5, 1, -0.25)
	m, m2 := derivatives(0.5, 1, -0.25, math.Inf(-1))
	for i := range 3 {
		if g[i] != m[i] || math.Abs(g2[i]-m2[i]) > 1e-15 {
			t.Errorf("element %d: derivatives %v and %v, without the mask %v and %v", i, m[i], m2[i], g[i], g2[i])
		}
	}
	if m[3] != 0 || m2[3] != 0 {
		t.Errorf("the masked place has derivatives %v and %v", m[3], m2[3])
	}
	x := tensor.Of([]float64{-inf, 0, -800}, 3)
	wantValues(t, "masked float64", x.Softmax(0), 0, 1, 0)
	wantValues(t, "masked float32", x.To(tensor.Float32).Softmax(0), 0, 1, 0)
}

func TestSoftmaxBadArguments(t *testing.T) {
	x := tensor.Zeros(2, 3)
	for op, f := range map[string]func(x *tensor.Tensor, axis int) *tensor.Tensor{"softmax": (*tensor.Tensor).Softmax, "log_softmax": (*tensor.Tensor).LogSoftmax} {
		refuses(t, tensor.ErrAxis, op+" (2, 3): axis 2 is out of range for 2 dimensions", func() { f(x, 2) })
		wantFail(t, tensor.ErrAxis, op, func() { f(x, -3) })
		wantFail(t, tensor.ErrAxis, op, func() { f(tensor.Zeros(), 0) })
		wantFail(t, tensor.ErrDType, op, func() { f(x.To(tensor.Int64), 0) })
	}
}

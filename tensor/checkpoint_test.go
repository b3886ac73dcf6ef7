package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// each applies f to every element of an array.
func eachOf(f func(float64) float64) func(in []optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		out := optest.Array{Shape: in[0].Shape}
		for _, v := range in[0].Data {
			out.Data = append(out.Data, f(v))
		}
		return []optest.Array{out}
	}
}

func TestMadeConformance(t *testing.T) {
	square := tensor.Function{
		Name:    "square_by_hand",
		Forward: func(in tensors) []*tensor.Tensor { return tensors{in[0].Mul(in[0])} },
		VJP:     func(in, _, d []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].MulScalar(2).Mul(d[0])} },
	}
	exp := tensor.Function{ // its gradient reads the result
		Forward: func(in tensors) []*tensor.Tensor { return tensors{in[0].Exp()} },
		VJP:     func(_, out, d []*tensor.Tensor) []*tensor.Tensor { return tensors{out[0].Mul(d[0])} },
	}
	tanhExp := func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Exp().Tanh()} }
	want := eachOf(func(v float64) float64 { return math.Tanh(math.Exp(v)) })
	optest.Run(t, []optest.Case{
		{Op: "tensor.madeOp", Name: "function", In: []optest.Input{{Shape: []int{3, 5}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor { return square.Apply(in...) },
			Want: eachOf(func(v float64) float64 { return v * v })},
		{Op: "tensor.madeOp", Name: "function of its result", In: []optest.Input{{Shape: []int{7}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor { return exp.Apply(in...) }, Want: eachOf(math.Exp)},
		{Op: "tensor.madeOp", Name: "checkpoint", In: []optest.Input{{Shape: []int{4, 3}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor { return tensor.Checkpoint(tanhExp, in...) }, Want: want},
		{Op: "tensor.madeOp", Name: "empty", In: []optest.Input{{Shape: []int{0, 3}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor { return tensor.Checkpoint(tanhExp, in...) }, Want: want},
		{Op: "tensor.madeOp", Name: "nested checkpoint of a function", In: []optest.Input{{Shape: []int{5}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor {
			return tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
				return tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{exp.Apply(in...)[0].Tanh()} }, in...)
			}, in...)
		}, Want: want},
		{Op: "tensor.hookOp", Name: "same", In: []optest.Input{{Shape: []int{2, 3}}}, F: func(in []*tensor.Tensor) []*tensor.Tensor {
			return tensors{in[0].WithHook(func(g *tensor.Tensor) *tensor.Tensor { return nil }).Exp()}
		}, Want: eachOf(math.Exp)},
	})
}

// tower is a network of n layers of width d with dropout and a constant, a parameter used twice.
type tower struct {
	w       []*tensor.Param
	mask    *tensor.Tensor
	applied int
}

func newTower(n, d int) *tower {
	g := random.New(3)
	m := &tower{mask: tensor.With(tensor.Float32).Rand(g, d)}
	for range n {
		m.w = append(m.w, tensor.NewParam(tensor.Randn(g, d, d).MulScalar(1/math.Sqrt(float64(d)))))
	}
	return m
}

func (m *tower) layers(g *random.Generator, lo, hi int) func(in []*tensor.Tensor) []*tensor.Tensor {
	return func(in []*tensor.Tensor) []*tensor.Tensor {
		m.applied++
		x := in[0]
		for k := lo; k < hi; k++ {
			x = tensor.Linear(x, m.w[k].Tensor, nil).Mul(m.mask).Tanh().Dropout(0.3, g.Next())
			x = x.Add(x.ArgMax(1).To(tensor.Float32).MulScalar(0.01).Reshape(-1, 1)) // a constant that depends on data
		}
		return tensors{x.MatMul(m.w[0].Tensor)}
	}
}

func (m *tower) forward(x *tensor.Tensor, g *random.Generator, segments int, checkpointed bool) *tensor.Tensor {
	n := len(m.w)
	for k := range segments {
		f := m.layers(g, k*n/segments, (k+1)*n/segments)
		if checkpointed {
			x = tensor.Checkpoint(f, x)[0]
		} else {
			x = f(tensors{x})[0]
		}
	}
	return x.Square().Mean()
}

func TestCheckpointMatches(t *testing.T) {
	for _, scoped := range []bool{false, true} {
		var losses []float64
		var grads [][]float64
		for _, checkpointed := range []bool{false, true} {
			m := newTower(6, 9)
			x := tensor.Randn(random.New(8), 4, 9)
			step := func(s *tensor.Scope) {
				loss := m.forward(s.Enter(x), random.New(5), 3, checkpointed)
				losses = append(losses, loss.Item())
				loss.Backward()
			}
			if scoped {
				tensor.WithScope(step)
			} else {
				step(nil)
			}
			if m.applied != 3 {
				t.Errorf("the function ran %d times, want 3", m.applied)
			}
			var g []float64
			for _, w := range m.w {
				g = append(g, w.Grad().Floats()...)
			}
			grads = append(grads, g)
		}
		if losses[0] != losses[1] {
			t.Errorf("scoped %v: loss %v, with checkpoints %v", scoped, losses[0], losses[1])
		}
		for i, g := range grads[0] {
			if d := math.Abs(g - grads[1][i]); !(d <= 1e-6*math.Abs(g)+1e-9) {
				t.Fatalf("scoped %v: gradient %d is %v, with checkpoints %v", scoped, i, g, grads[1][i])
			}
		}
	}
}

func TestCheckpointSecondOrder(t *testing.T) {
	outer := tensor.Of([]float64{0.3, -0.8, 1.2})
	f := func(in []*tensor.Tensor) []*tensor.Tensor {
		scaled := in[1].Mul(outer) // recorded before the segment, and read by it
		return tensor.Checkpoint(func(x []*tensor.Tensor) []*tensor.Tensor {
			y := x[0].Sin().Mul(scaled).Mul(x[0])
			return tensors{y, x[0], y.Exp().Sum(), scaled}
		}, in[0])
	}
	in := tensors{tensor.Of([]float64{0.1, 0.7, -0.4}), tensor.Of([]float64{1.1, -0.2, 0.6})}
	if err := autograd.GradCheck(f, in, autograd.GradCheckConfig{Order: 2}); err != nil {
		t.Error(err)
	}
}

func TestCheckpointFreesMemory(t *testing.T) {
	const layers, d, n = 16, 128, 512
	peak := func(checkpointed bool) int {
		m := newTower(layers, d)
		x := tensor.Randn(random.New(8), n, d)
		var most int
		tensor.WithScope(func(s *tensor.Scope) {
			before := int(mem.ReadStats().InUse)
			loss := m.forward(s.Enter(x), random.New(5), 4, checkpointed)
			most = int(mem.ReadStats().InUse) - before // all of the activations, or the checkpoints
			loss.Backward()
		})
		return most
	}
	plain, less := peak(false), peak(true)
	if act := n * d * 4; less > 8*act || plain < 3*layers*act {
		t.Errorf("after the forward pass %d activations are in memory with checkpoints, %d without", less/act, plain/act)
	}
}

func TestCheckpointRefuses(t *testing.T) {
	w := tensor.NewParam(tensor.Of([]float64{2, 3}))
	x := leaf(1, 2)
	y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Mul(w.Tensor)} }, x)[0]
	w.CopyFrom(tensor.Zeros(2))
	wantFail(t, tensor.ErrStale, "checkpoint", func() { y.Sum().Backward() })
	wantFail(t, tensor.ErrStale, "checkpoint", func() {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
			y := in[0].Mul(w.Tensor)
			w.CopyFrom(tensor.Ones(2))
			return tensors{y}
		}, x)
	})
	tensor.WithScope(func(s *tensor.Scope) {
		var leaked *tensor.Tensor
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
			leaked = in[0].Tile(20).Exp()
			return tensors{leaked.Sum()}
		}, s.Enter(x))
		wantFail(t, tensor.ErrScope, "", func() { leaked.AddScalar(1) })
	})
	if y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Exp()} }, tensor.Ones(3))[0]; y.RequiresGrad() {
		t.Error("nothing requires grad, but the result does")
	}
}

func TestFunctionRefuses(t *testing.T) {
	f := tensor.Function{Name: "wrong", Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return in }}
	f.VJP = func(_, _, d []*tensor.Tensor) []*tensor.Tensor { return nil }
	wantFail(t, tensor.ErrGraph, "wrong", func() { f.Apply(leaf(1))[0].Sum().Backward() })
	f.VJP = func(_, _, d []*tensor.Tensor) []*tensor.Tensor { return tensors{tensor.Ones(2)} }
	wantFail(t, tensor.ErrShape, "wrong", func() { f.Apply(leaf(1))[0].Sum().Backward() })
}

func TestHook(t *testing.T) {
	x := leaf(1, 2)
	var seen []float64
	y := x.WithHook(func(g *tensor.Tensor) *tensor.Tensor {
		seen = g.Floats()
		return g.MulScalar(-0.5)
	})
	y.MulScalar(3).Add(y).Sum().Backward()
	if len(seen) != 2 || seen[0] != 4 {
		t.Errorf("the hook saw %v, want the sum 4 4", seen)
	}
	wantValues(t, "the gradient", x.Grad(), -2, -2)
	z := x.WithHook(func(g *tensor.Tensor) *tensor.Tensor { return tensor.Ones(3) })
	wantFail(t, tensor.ErrShape, "hook", func() { z.Sum().Backward() })
}

package tensor_test

import (
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type unary = func(in []*tensor.Tensor) []*tensor.Tensor

// sameGradients checks that loss and gradients of sum(f(x)) are those without Checkpoint, in a scope and outside.
func sameGradients(t *testing.T, what string, f func(check func(unary, ...*tensor.Tensor) []*tensor.Tensor, x *tensor.Tensor, w *tensor.Param) *tensor.Tensor) {
	t.Helper()
	for _, scoped := range []bool{false, true} {
		var results [][]float64
		for _, check := range []func(unary, ...*tensor.Tensor) []*tensor.Tensor{
			func(f unary, in ...*tensor.Tensor) []*tensor.Tensor { return f(in) }, tensor.Checkpoint,
		} {
			g := random.New(7)
			x := tensor.With(tensor.Float64).Randn(g, 30, 4).RequireGrad()
			w := tensor.NewParam(tensor.With(tensor.Float64).Randn(g, 30, 4))
			step := func(s *tensor.Scope) {
				y := f(check, s.Enter(x), w)
				r := []float64{y.Sum().Item()}
				err := tensor.Catch(func() { y.Square().Sum().Backward() })
				if err != nil {
					t.Errorf("%s, scoped %v: %v", what, scoped, err)
					return
				}
				for _, g := range []*tensor.Tensor{x.Grad(), w.Grad()} {
					if g == nil {
						r = append(r, 0)
						continue
					}
					r = append(r, g.Floats()...)
				}
				results = append(results, r)
			}
			if scoped {
				tensor.WithScope(step)
			} else {
				step(nil)
			}
		}
		if len(results) < 2 {
			continue
		}
		if len(results[0]) != len(results[1]) {
			t.Errorf("%s, scoped %v: gradients are missing", what, scoped)
			continue
		}
		for i, v := range results[0] {
			if d := math.Abs(v - results[1][i]); !(d <= 1e-12*math.Abs(v)+1e-12) {
				t.Errorf("%s, scoped %v: number %d is %v, with checkpoints %v", what, scoped, i, v, results[1][i])
				break
			}
		}
	}
}

type checker = func(unary, ...*tensor.Tensor) []*tensor.Tensor

func TestCheckpointEdges(t *testing.T) {
	type T = *tensor.Tensor
	sameGradients(t, "a parameter's ops on constants made from the input", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			mask := in[0].Detach().GtScalar(0).To(tensor.Float64)
			return tensors{in[0].Add(w.Mul(mask).Exp().Mul(mask))}
		}, x)[0]
	})
	sameGradients(t, "a code book", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			return tensors{w.IndexSelect(0, in[0].ArgMax(1))}
		}, x)[0]
	})
	sameGradients(t, "integer inputs", func(check checker, x T, w *tensor.Param) T {
		at := tensor.Of([]int64{0, 3, 1, 1, 0, 8, 9, 10, 11, 12})
		return check(func(in []T) []T {
			return tensors{w.IndexSelect(0, in[1].AddScalar(1)).Add(in[0].IndexSelect(0, in[1])), in[1]}
		}, x, at)[0]
	})
	sameGradients(t, "one result twice, an input, a view", func(check checker, x T, w *tensor.Param) T {
		y := check(func(in []T) []T {
			h := in[0].Exp().Mul(w.Tensor)
			return tensors{h, h, in[0], in[0].Narrow(0, 1, 2), w.Tensor, h.Transpose(0, 1), tensor.Ones(3)}
		}, x)
		return y[0].Mul(y[1]).Add(y[2]).Add(y[3].Sum()).Add(y[4]).Add(y[5].Transpose(0, 1)).Add(y[5].Square().Sum()).Add(w.Tensor)
	})
	sameGradients(t, "the same input twice", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T { return tensors{in[0].Mul(in[1].Tanh()).Mul(in[2])} }, x, x, w.Tensor)[0].Add(w.Tensor)
	})
	sameGradients(t, "a checkpoint of constants in a checkpoint", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			c := in[0].Detach().Square()
			h := check(func(in []T) []T { return tensors{in[0].Mul(w.Tensor).Tanh()} }, c)[0]
			return tensors{h.Mul(in[0]).Exp()}
		}, x)[0]
	})
	sameGradients(t, "three deep", func(check checker, x T, w *tensor.Param) T {
		h := func(in []T) []T { return tensors{in[0].Mul(w.Tensor).Tanh()} }
		h2 := func(in []T) []T { return tensors{check(h, check(h, in...)...)[0].Mul(in[0])} }
		return check(func(in []T) []T { return tensors{check(h2, check(h2, in...)...)[0].Mul(w.Tensor)} }, x)[0]
	})
	sameGradients(t, "a gradient inside", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			y := in[0].Mul(w.Tensor).Tanh()
			return tensor.Gradients(tensors{y.Sum()}, nil, tensors{in[0]}, true, true)
		}, x)[0]
	})
	sameGradients(t, "hooks", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			h := in[0].WithHook(func(g T) T { return g.MulScalar(3) }).Mul(w.WithHook(func(g T) T { return g.Tanh() })).Exp()
			return tensors{h.WithHook(func(g T) T { return g.Square() }), h}
		}, x)[0]
	})
	sameGradients(t, "a leaf of f's own", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T {
			l := in[0].Detach().Exp().RequireGrad()
			return tensors{l.Mul(in[0]).Mul(w.Tensor)}
		}, x)[0]
	})
	sameGradients(t, "no inputs", func(check checker, x T, w *tensor.Param) T {
		return check(func(in []T) []T { return tensors{w.Exp().Tanh()} })[0].Mul(x)
	})
	sameGradients(t, "no results", func(check checker, x T, w *tensor.Param) T {
		check(func(in []T) []T { in[0].Exp(); return nil }, x)
		return x.Mul(w.Tensor)
	})
}

func TestCheckpointBadResults(t *testing.T) {
	x := leaf(1, 2)
	wantFail(t, tensor.ErrGraph, "checkpoint", func() {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
			y := in[0].Exp()
			y.Sum().Backward()
			return tensors{y}
		}, x)[0].Sum().Backward()
	})
	wantFail(t, tensor.ErrValue, "checkpoint", func() {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{nil} }, x)
	})
	wantFail(t, tensor.ErrValue, "checkpoint", func() {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return in }, x, nil)
	})
	f := tensor.Function{Name: "f", Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{nil} }}
	wantFail(t, tensor.ErrValue, "f", func() { f.Apply(x) })
	wantFail(t, tensor.ErrValue, "f", func() { f.Apply(nil) })
}

func TestCheckpointPanics(t *testing.T) {
	x := tensor.Randn(random.New(1), 64, 64)
	before := settledInUse()
	tensor.WithScope(func(s *tensor.Scope) {
		x := s.Enter(x)
		x.Sum() // the scope's arena takes its first block
		in := inUse()
		func() {
			defer func() { _ = recover() }()
			tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor {
				h := in[0].Exp()
				panic(h.Exp().Sum().Item())
			}, x)
		}()
		if more := inUse() - in; more != 0 {
			t.Errorf("%d bytes are left of the function that panicked", more)
		}
	})
	wantInUse(t, "after the scope", before, 0)
}

// What Backward has used must not stay in memory for as long as the result does.
func TestCheckpointReleases(t *testing.T) {
	w := tensor.NewParam(tensor.Ones(big))
	before := settledInUse()
	loss := func() *tensor.Tensor {
		x := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Mul(w.Tensor).Exp()} }, tensor.Ones(big))[0]
		y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Tanh().Sum()} }, x)[0]
		y.Backward(w.Tensor)
		w.ZeroGrad()
		return y
	}()
	settledInUse()
	wantInUse(t, "after Backward", before, 0)
	runtime.KeepAlive(loss)
}

func TestCheckpointConcurrently(t *testing.T) {
	w := tensor.NewParam(tensor.Randn(random.New(1), 16, 16))
	f := func(in []*tensor.Tensor) []*tensor.Tensor {
		h := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].MatMul(w.Tensor).Tanh()} }, in...)[0]
		return tensors{h.MatMul(w.Tensor).Exp()}
	}
	x := tensor.Randn(random.New(2), 8, 16).RequireGrad()
	shared := tensor.Checkpoint(f, x)[0].Sum()
	want := tensor.Gradients(tensors{shared}, nil, tensors{w.Tensor, x}, false, true)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for k := range 10 {
				tensor.WithScope(func(s *tensor.Scope) {
					y := shared
					if k%2 == 0 {
						y = tensor.Checkpoint(f, s.Enter(x))[0].Sum()
					}
					got := tensor.Gradients(tensors{y}, nil, tensors{w.Tensor, x}, k%3 == 0, true)
					for i := range got {
						if d := got[i].Sub(want[i]).Detach().Abs().Max().Item(); d > 1e-5 {
							t.Errorf("the gradient is off by %v", d)
						}
					}
				})
			}
		})
	}
	wg.Wait()
}

func TestCheckpointWrt(t *testing.T) {
	x, w := leaf(1, 2), tensor.NewParam(tensor.Of([]float64{3, 4}))
	in := x.MulScalar(2)
	y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Mul(w.Tensor)} }, in)[0].Sum()
	g := tensor.Gradients(tensors{y}, nil, tensors{in}, false, true)
	wantValues(t, "the gradient of the input", g[0], 3, 4)
	y.BackwardWith(tensor.BackwardConfig{Wrt: tensors{x}, Retain: true})
	wantValues(t, "x.Grad", x.Grad(), 6, 8)
	if w.Grad() != nil {
		t.Error("w got a gradient that was not asked for")
	}
	y.Backward()
	wantValues(t, "w.Grad", w.Grad(), 2, 4)
	wantFail(t, tensor.ErrGraph, "backward", func() { y.Backward() })
}

func TestCheckpointMeta(t *testing.T) {
	w := tensor.NewParam(tensor.Ones(4, 4))
	x := tensor.Factory{DType: tensor.Float32, Device: tensor.Meta}.Zeros(3, 4)
	y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].MatMul(w.Tensor), in[0]} }, x)
	if y[0].Device() != tensor.Meta || y[0].Shape() != tensor.ShapeOf(3, 4) {
		t.Errorf("got %v", y[0])
	}
	f := tensor.Function{Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Exp()} }}
	if y := f.Apply(x)[0]; y.Device() != tensor.Meta {
		t.Errorf("got %v", y)
	}
}

func TestCheckpointAnomaly(t *testing.T) {
	tensor.DetectAnomaly(true)
	defer tensor.DetectAnomaly(false)
	x := leaf(-1)
	wantFail(t, tensor.ErrNaN, "log", func() {
		tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Log()} }, x)
	})
	x = leaf(1, 2)
	tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{in[0].Exp().Sum()} }, x)[0].Backward()
	if x.Grad() == nil {
		t.Error("no gradient")
	}
}

// A scope's part belongs to it.
func TestEnterWithinCheckpoint(t *testing.T) {
	tensor.WithScope(func(s *tensor.Scope) {
		y := tensor.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return tensors{s.Enter(in[0].Exp()).Tanh()} }, s.Enter(leaf(1, 2)))[0]
		y.Sum().Backward()
	})
}

package tensor_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/tensor"
)

const big = 1 << 20 // float32 elements of 4 MiB, a block with a mapping of its own

func inUse() int { return int(mem.ReadStats().InUse) }

// settledInUse is inUse without garbage, and leaves no idle block that could serve for a smaller one.
func settledInUse() int {
	settle()
	mem.Trim()
	return inUse()
}

func wantInUse(t *testing.T, what string, before, more int) {
	t.Helper()
	if n := (inUse() - before + 2*big) / (4 * big); n != more {
		t.Errorf("%s: %d tensors more in use, want %d", what, n, more)
	}
}

func TestScopeFrees(t *testing.T) {
	w, x := tensor.NewParam(tensor.Ones(big)), tensor.Ones(big)
	before := settledInUse()
	var y, view, tiny *tensor.Tensor
	tensor.WithScope(func(s *tensor.Scope) {
		y = s.Enter(x).Mul(w.Tensor)
		for range 5 {
			y = y.Exp().MulScalar(0.5).Materialize()
		}
		view = y.Reshape(2, -1)
		tiny = y.Narrow(0, 0, 2).MulScalar(3)
		wantInUse(t, "in the scope", before, 11)
	})
	wantInUse(t, "after the scope", before, 0)
	wantValues(t, "what entered", x.Narrow(0, 0, 1), 1)
	wantFail(t, tensor.ErrScope, "exp", func() { y.Exp() })
	wantFail(t, tensor.ErrScope, "mul", func() { w.Mul(y) })
	wantFail(t, tensor.ErrScope, "read", func() { tensor.Data[float32](view) })
	wantFail(t, tensor.ErrScope, "", func() { tiny.Floats() })
	wantFail(t, tensor.ErrScope, "", func() { view.Select(0, 1) })
	wantFail(t, tensor.ErrScope, "exp", func() { y.Detach().Exp() })
	runtime.KeepAlive(w)
}

func TestScopePanics(t *testing.T) {
	before := settledInUse()
	x := tensor.Ones(big)
	var y *tensor.Tensor
	func() {
		defer func() {
			if recover() != "stop" {
				t.Error("the panic did not pass through")
			}
		}()
		tensor.WithScope(func(s *tensor.Scope) {
			y = s.Enter(x).Exp()
			panic("stop")
		})
	}()
	wantInUse(t, "after a panic", before, 1)
	wantFail(t, tensor.ErrScope, "exp", func() { y.Exp() })
	runtime.KeepAlive(x)
}

func TestScopesMeet(t *testing.T) {
	x := tensor.Of([]float32{1, 2})
	tensor.WithScope(func(a *tensor.Scope) {
		tensor.WithScope(func(b *tensor.Scope) {
			p, q := a.Enter(x), b.Enter(x)
			wantFail(t, tensor.ErrScope, "add", func() { p.Add(q) })
			wantFail(t, tensor.ErrScope, "scope.Enter", func() { a.Enter(q) })
			wantFail(t, tensor.ErrScope, "scope.Keep", func() { a.Keep(q.Exp()) })
			wantValues(t, "kept first", p.Add(b.Keep(q.MulScalar(2))), 3, 6)
		})
		wantValues(t, "the outer scope goes on", a.Enter(x).Add(x), 2, 4)
	})
	var none *tensor.Scope
	if none.Enter(x) != x {
		t.Error("a nil scope changed what entered")
	}
	wantValues(t, "kept by a nil scope", none.Keep(x), 1, 2)
}

func TestKeep(t *testing.T) {
	before := settledInUse()
	x := tensor.Ones(big)
	var whole, again, view, entered *tensor.Tensor
	tensor.WithScope(func(s *tensor.Scope) {
		e := s.Enter(x)
		y := e.MulScalar(2)
		whole, again = s.Keep(y), s.Keep(y)
		view = s.Keep(y.MulScalar(2).Narrow(0, 1, 3)) // copied: the rest must not stay
		entered = s.Keep(e)
		wantValues(t, "the original still works", y.Narrow(0, 0, 1), 2)
	})
	wantInUse(t, "kept", before, 2)
	wantValues(t, "whole", whole.Narrow(0, 5, 1), 2)
	wantValues(t, "kept twice", again.Add(whole).Narrow(0, 5, 1), 4)
	wantValues(t, "view", view, 4, 4, 4)
	wantValues(t, "entered", entered.Narrow(0, 0, 1), 1)
	whole, again = nil, nil
	settle()
	wantInUse(t, "dropped: the garbage collector frees what was kept", before, 1)
	runtime.KeepAlive(x)
}

// Gradients of leaves survive the scope that they were computed in, and their memory is reused after ZeroGrad.
func TestGradientsLeaveTheScope(t *testing.T) {
	w, x := tensor.NewParam(tensor.Ones(big)), tensor.Full(3, big)
	before := settledInUse()
	step := func() {
		tensor.WithScope(func(s *tensor.Scope) { s.Enter(x).Mul(w.Tensor).Sum().Backward() })
	}
	step()
	wantInUse(t, "gradient", before, 1)
	wantValues(t, "gradient", w.Grad().Narrow(0, 7, 1), 3)
	step()
	wantInUse(t, "after accumulating", before, 1)
	wantValues(t, "accumulated", w.Grad().Narrow(0, 7, 1), 6)
	old := w.Grad()
	w.ZeroGrad()
	wantInUse(t, "after ZeroGrad", before, 0)
	wantFail(t, tensor.ErrScope, "exp", func() { old.Exp() })
	step()
	replaced := w.Grad()
	w.SetGrad(replaced.MulScalar(0.5))
	wantFail(t, tensor.ErrScope, "exp", func() { replaced.Exp() })
	wantValues(t, "replaced", w.Grad().Narrow(0, 7, 1), 1.5)
	w.SetGrad(w.Grad().Reshape(big)) // the same memory: nothing to free
	wantValues(t, "itself", w.Grad().Narrow(0, 7, 1), 1.5)
	w.SetGrad(nil)
	if w.Grad() != nil {
		t.Error("SetGrad(nil) left a gradient")
	}
}

// One tensor can be the gradient of several leaves, of a leaf and an inner result, or the caller's own: no ZeroGrad takes
// it from the others.
func TestSharedGradients(t *testing.T) {
	newLeaves := func() (a, b *tensor.Tensor) { return leaf(1, 2), leaf(3, 4) }
	check := func(name string, step func(s *tensor.Scope, a, b *tensor.Tensor)) {
		a, b := newLeaves()
		for i := range 3 { // accumulate into shared gradients
			tensor.WithScope(func(s *tensor.Scope) { step(s, a, b) })
			n := float64(i + 1)
			wantValues(t, name+": a.Grad", a.Grad(), n, 2*n)
			wantValues(t, name+": b.Grad", b.Grad(), n, 2*n)
		}
		a.ZeroGrad()
		wantValues(t, name+": b.Grad without a", b.Grad(), 3, 6)
	}
	c := tensor.Of([]float64{1, 2})
	check("sum", func(s *tensor.Scope, a, b *tensor.Tensor) { a.Add(b).Mul(s.Enter(c)).Sum().Backward() })
	check("seed from outside", func(s *tensor.Scope, a, b *tensor.Tensor) {
		s.Enter(c).MulScalar(0).Add(a).Add(b).BackwardWith(tensor.BackwardConfig{Grad: c})
	})
	check("seed in the scope", func(s *tensor.Scope, a, b *tensor.Tensor) {
		seed := s.Enter(c).MulScalar(1)
		s.Enter(c).MulScalar(0).Add(a).Add(b).BackwardWith(tensor.BackwardConfig{Grad: seed})
		a = leaf(0, 0)
		s.Enter(c).MulScalar(0).Add(a).BackwardWith(tensor.BackwardConfig{Grad: seed})
		a.ZeroGrad()
		wantValues(t, "the caller's seed", seed, 1, 2)
	})
	check("set", func(s *tensor.Scope, a, b *tensor.Tensor) {
		g := s.Enter(c).MulScalar(1)
		for _, l := range []*tensor.Tensor{a, b} {
			if l.Grad() != nil {
				l.SetGrad(l.Grad().Add(g))
			} else {
				l.SetGrad(g)
			}
		}
		wantValues(t, "the caller's gradient", g, 1, 2)
	})

	// A VJP may return a tensor of the forward pass as it is.
	tensor.WithScope(func(s *tensor.Scope) {
		a := leaf(1, 2)
		x := s.Enter(c).MulScalar(3)
		tensor.Apply1(bilinearOp{}, a.MulScalar(1), x).Backward()
		tensor.Apply1(bilinearOp{}, a, x).Backward()
		wantValues(t, "gradient", a.Grad(), 6, 12)
		a.ZeroGrad()
		tensor.Apply1(bilinearOp{}, a, x).Backward()
		a.ZeroGrad()
		wantValues(t, "the tensor behind a gradient", x, 3, 6)
	})
	// What was kept of a gradient stays.
	tensor.WithScope(func(s *tensor.Scope) {
		a := leaf(1, 2)
		a.Mul(s.Enter(c)).Sum().Backward()
		kept := s.Keep(s.Enter(a.Grad()))
		a.ZeroGrad()
		wantValues(t, "kept gradient", kept, 1, 2)
	})
}

// bilinearOp is the inner product for an incoming gradient of 1: its VJP returns the other input itself.
type bilinearOp struct{}

func (bilinearOp) Name() string         { return "bilinear" }
func (bilinearOp) Infer(c *tensor.Call) { c.Output(tensor.Shape{}, c.In[0].DType()) }
func (bilinearOp) Run(_ tensor.Device, c *tensor.Call) bool {
	x, y, sum := tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.X(1)), 0.0
	for i := range x {
		sum += x[i] * y[i]
	}
	tensor.Slice[float64](c.Y(0))[0] = sum
	return true
}
func (bilinearOp) Reads() tensor.Reads                 { return tensor.ReadsIn(0, 1) }
func (bilinearOp) VJP(b *tensor.Back) []*tensor.Tensor { return b.Give(b.In(1), nil) }

// Second-order gradients inside a scope.
func TestScopeCreateGraph(t *testing.T) {
	w := leaf(2, 3)
	tensor.WithScope(func(s *tensor.Scope) {
		y := s.Enter(tensor.Of([]float64{1, 10})).Mul(w).Mul(w).Mul(w).Sum()
		y.BackwardWith(tensor.BackwardConfig{CreateGraph: true})
		g := w.Grad()
		w.ZeroGrad()
		g.Sum().Backward()
	})
	wantValues(t, "second derivative", w.Grad(), 12, 180)
}

// A steady training step takes no memory from the system and leaves none behind.
func TestSteadyStep(t *testing.T) {
	w := tensor.NewParam(tensor.Ones(64, 1<<12))
	x := tensor.Ones(256, 64)
	step := func() {
		tensor.WithScope(func(s *tensor.Scope) {
			h := s.Enter(x).MatMul(w.Tensor)
			h.Mul(h).Sum().Backward()
			w.Update(func(v tensor.View) {
				tensor.Read(w.Grad(), func(g []float32) {
					for i, d := 0, tensor.Slice[float32](v); i < len(d); i++ {
						d[i] -= 1e-9 * g[i]
					}
				})
			})
			w.ZeroGrad()
		})
	}
	step()
	settle()
	step()
	before := mem.ReadStats()
	for range 5 {
		step()
	}
	after := mem.ReadStats()
	if after.Mapped != before.Mapped || after.InUse != before.InUse || after.Misses != before.Misses {
		t.Errorf("mapped %d -> %d, in use %d -> %d, misses %d -> %d", before.Mapped, after.Mapped, before.InUse, after.InUse, before.Misses, after.Misses)
	}
}

func TestScopeGoroutines(t *testing.T) {
	x := tensor.Ones(1 << 12)
	tensor.WithScope(func(s *tensor.Scope) {
		var wg sync.WaitGroup
		e := s.Enter(x)
		shared := e.MulScalar(3)
		for range 4 {
			wg.Go(func() {
				for range 50 {
					y := e.Add(shared)
					if k := s.Keep(y).Narrow(0, 1, 1).Item(); k != 4 {
						t.Errorf("kept %v, want 4", k)
					}
					s.Keep(shared)
				}
			})
		}
		wg.Wait()
	})
}

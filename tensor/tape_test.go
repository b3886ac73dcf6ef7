package tensor_test

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/tensor"
)

// wantFail checks that f panics with an *Error of the kind; op, if not empty, is the op that it names.
func wantFail(t *testing.T, kind tensor.Kind, op string, f func()) {
	t.Helper()
	err := tensor.Catch(f)
	if !errors.Is(err, kind) {
		t.Errorf("got error %v, want %q", err, kind)
		return
	}
	if e := err.(*tensor.Error); op != "" && e.Op != op {
		t.Errorf("the error names %q, want %q: %v", e.Op, op, err)
	} else if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %v", err)
	}
}

func wantValues(t *testing.T, what string, got *tensor.Tensor, want ...float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is nil, want %v", what, want)
		return
	}
	g := got.Detach().Floats()
	if len(g) != len(want) {
		t.Errorf("%s is %v, want %v", what, g, want)
		return
	}
	for i := range want {
		if g[i] != want[i] {
			t.Errorf("%s is %v, want %v", what, g, want)
			return
		}
	}
}

func leaf(v ...float64) *tensor.Tensor { return tensor.Of(v).RequireGrad() }

func TestBackwardAccumulates(t *testing.T) {
	x, y := leaf(1, 2), leaf(3, 4)
	x.Mul(y).Sum().Backward()
	wantValues(t, "x.Grad", x.Grad(), 3, 4)
	x.Mul(y).Sum().Backward()
	wantValues(t, "x.Grad after a second Backward", x.Grad(), 6, 8)
	wantValues(t, "y.Grad", y.Grad(), 2, 4)
	x.Mul(y).Sum().Backward(x)
	wantValues(t, "x.Grad, listed", x.Grad(), 9, 12)
	wantValues(t, "y.Grad, not listed", y.Grad(), 2, 4)
	x.ZeroGrad()
	if x.Grad() != nil {
		t.Error("ZeroGrad left a gradient")
	}
	s := leaf(5)
	s.Backward() // a leaf is its own result
	wantValues(t, "gradient of a leaf by itself", s.Grad(), 1)
	x.Mul(y).BackwardWith(tensor.BackwardConfig{Grad: tensor.Of([]float64{10, 100})})
	wantValues(t, "x.Grad of a vector", x.Grad(), 30, 400)
}

func TestBackwardArguments(t *testing.T) {
	x := leaf(1, 2)
	y := x.Mul(x)
	wantFail(t, tensor.ErrShape, "backward", func() { y.Backward() })
	wantFail(t, tensor.ErrShape, "backward", func() { y.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of([]float64{1})}) })
	wantFail(t, tensor.ErrShape, "backward", func() { y.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of([]float32{1, 1})}) })
	wantFail(t, tensor.ErrGraph, "backward", func() { y.Sum().Backward(y) })
	wantFail(t, tensor.ErrGraph, "backward", func() { tensor.Of([]float64{1}).Backward() })
	wantFail(t, tensor.ErrGraph, "backward", func() { y.Detach().Sum().Backward() })
	wantFail(t, tensor.ErrGraph, "set_grad", func() { y.SetGrad(x) })
	wantFail(t, tensor.ErrShape, "set_grad", func() { x.SetGrad(tensor.Of([]float64{1})) })
	wantFail(t, tensor.ErrDType, "require_grad", func() { tensor.Of([]int64{1}).RequireGrad() })
}

func TestFreedGraph(t *testing.T) {
	x := leaf(2)
	y := x.Mul(x)
	y.BackwardWith(tensor.BackwardConfig{Retain: true})
	y.Backward()
	wantValues(t, "x.Grad", x.Grad(), 8)
	wantFail(t, tensor.ErrGraph, "backward", func() { y.Backward() })
	wantFail(t, tensor.ErrGraph, "backward", func() { y.Exp().Backward() })
	wantValues(t, "x.Grad after refused passes", x.Grad(), 8)
}

// Backward to one head's parameters frees that head alone: the trunk was not walked and serves the other head.
func TestBackwardFreesWhatItWalked(t *testing.T) {
	w, a, b := leaf(2), leaf(3), leaf(5)
	trunk := w.Mul(w)
	first, second := trunk.Mul(a), trunk.Mul(b)
	first.Backward(a)
	wantValues(t, "a.Grad", a.Grad(), 4)
	second.Backward()
	wantValues(t, "b.Grad", b.Grad(), 4)
	wantValues(t, "w.Grad", w.Grad(), 20)
	wantFail(t, tensor.ErrGraph, "backward", func() { first.Backward(a) })
}

// Of two passes at once over one graph that both want to free it, one runs and one is refused.
func TestConcurrentBackwardIsRefused(t *testing.T) {
	for range 50 {
		w := leaf(2)
		x, y := leaf(1), leaf(1)
		shared := w.Mul(w)
		for range 20 {
			shared = shared.Mul(w)
		}
		var ran, refused atomic.Int32
		var wg sync.WaitGroup
		for _, v := range []*tensor.Tensor{x, y} {
			loss := shared.Mul(v)
			wg.Go(func() {
				err := tensor.Catch(func() { tensor.Gradients([]*tensor.Tensor{loss}, nil, []*tensor.Tensor{w, v}, false, false) })
				switch {
				case err == nil:
					ran.Add(1)
				case errors.Is(err, tensor.ErrGraph):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if ran.Load() != 1 || refused.Load() != 1 {
			t.Fatalf("%d passes ran and %d were refused, want 1 and 1", ran.Load(), refused.Load())
		}
	}
}

func TestCreateGraph(t *testing.T) {
	x := leaf(2)
	x.Mul(x).Mul(x).BackwardWith(tensor.BackwardConfig{CreateGraph: true})
	g := x.Grad()
	wantValues(t, "3x²", g, 12)
	if !g.RequiresGrad() {
		t.Fatal("the gradient was not recorded")
	}
	wantValues(t, "6x", tensor.Gradients([]*tensor.Tensor{g}, nil, []*tensor.Tensor{x}, false, false)[0], 12)
	x.ZeroGrad()
	x.Mul(x).Backward()
	if x.Grad().RequiresGrad() {
		t.Error("a first-order gradient was recorded")
	}
}

func TestStale(t *testing.T) {
	p, q := tensor.NewParam(tensor.Of([]float64{1, 2})), tensor.NewParam(tensor.Of([]float64{3, 4}))
	set := func(v tensor.View) { tensor.Slice[float64](v)[0] = 9 }
	loss := p.Mul(q.Tensor).Sum()
	p.Update(set)
	wantFail(t, tensor.ErrStale, "mul", func() { loss.Backward() })
	if q.Grad() != nil || p.Grad() != nil {
		t.Error("a refused pass left gradients")
	}
	viewed := p.Reshape(2, 1).Exp().Sum() // reads its own result, not p: still right
	p.Update(set)
	viewed.Backward()
	wantValues(t, "gradient by e^x", p.Grad(), math.Exp(9), math.Exp(2))
	view := p.Reshape(2, 1)
	sq := view.Mul(view).Sum() // reads a view of p
	p.Update(set)
	wantFail(t, tensor.ErrStale, "mul", func() { sq.Backward() })
	p.Mul(p.Tensor).Sum().Backward() // recorded after the update
	sum := p.Add(q.Tensor).Sum()     // reads nothing
	p.Update(set)
	sum.Backward()
}

// Recording follows the data: an op is recorded if and only if an input requires grad.
func TestRecording(t *testing.T) {
	x, c := leaf(1, 2), tensor.Of([]float64{1, 2})
	for name, tt := range map[string]struct {
		y    *tensor.Tensor
		want bool
	}{
		"constants":      {c.Mul(c).Exp(), false},
		"leaf":           {c.Mul(x), true},
		"view":           {x.Reshape(2, 1), true},
		"detached":       {x.Exp().Detach().Mul(c), false},
		"integers":       {x.To(tensor.Int64), false},
		"from integers":  {x.To(tensor.Int64).To(tensor.Float64), false},
		"lower precison": {x.To(tensor.Float32), true},
	} {
		if tt.y.RequiresGrad() != tt.want {
			t.Errorf("%s: RequiresGrad is %v", name, !tt.want)
		}
	}
	if c.RequiresGrad() {
		t.Error("RequireGrad changed its receiver")
	}
	d := x.Mul(x).Detach()
	d.Mul(x).Sum().Backward()
	wantValues(t, "gradient beside a detached factor", x.Grad(), 1, 4)
}

func TestAnomaly(t *testing.T) {
	tensor.DetectAnomaly(true)
	defer tensor.DetectAnomaly(false)
	x := tensor.Of([]float64{1, 1000})
	wantFail(t, tensor.ErrNaN, "exp", func() { x.Exp() })
	wantFail(t, tensor.ErrNaN, "mul", func() { tensor.Of([]float32{0}).Mul(tensor.Of([]float32{float32(math.Inf(1))})) })
	// The backward pass is checked too.
	y := leaf(1e300)
	z := y.MulScalar(1e-300)
	wantFail(t, tensor.ErrNaN, "mul_scalar", func() {
		z.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of([]float64{math.Inf(1)})})
	})
	tensor.DetectAnomaly(false)
	if !math.IsInf(x.Exp().Floats()[1], 1) {
		t.Error("exp(1000) is finite")
	}
}

func TestDeepGraph(t *testing.T) {
	const n = 100_000
	x := leaf(1)
	y := x
	for range n {
		y = y.Add(x)
	}
	if steps := tensor.Steps(y); len(steps) != n || steps[n-1].From[0] != n-2 {
		t.Errorf("%d steps, want %d", len(steps), n)
	}
	y.Backward()
	wantValues(t, "gradient", x.Grad(), n+1)
}

// Each op is walked once, however many paths lead to it: 2^2000 of them here.
func TestDiamonds(t *testing.T) {
	x := leaf(1)
	y := x
	for range 2000 {
		y = y.Mul(y).Sqrt().Add(y).MulScalar(0.5)
	}
	y.Backward()
	if g := x.Grad().Item(); math.Abs(g-1) > 1e-9 {
		t.Errorf("gradient %v, want 1", g)
	}
}

// A tensor used many times gets the sum of all gradients, which is accumulated in place, without touching the gradients
// that were handed around.
func TestFanOut(t *testing.T) {
	x, c := leaf(1, 2), tensor.Of([]float64{3, 5})
	h := x.MulScalar(2)
	seed := tensor.Of([]float64{1, 10})
	y := h.Add(h).Add(h).Add(h.Mul(c)).Add(h)
	y.BackwardWith(tensor.BackwardConfig{Grad: seed})
	wantValues(t, "gradient", x.Grad(), 2*(4+3), 2*10*(4+5))
	wantValues(t, "seed", seed, 1, 10)
	wantValues(t, "constant", c, 3, 5)
}

func TestGradientsOfInnerResults(t *testing.T) {
	x := leaf(2)
	a := x.Mul(x)
	b := a.MulScalar(3)
	y := a.Mul(b)
	g := tensor.Gradients([]*tensor.Tensor{y, a}, nil, []*tensor.Tensor{a, b, y, x, a}, false, true)
	wantValues(t, "by a", g[0], 12+3*4+1)
	wantValues(t, "by b", g[1], 4)
	wantValues(t, "by itself", g[2], 1)
	wantValues(t, "by x", g[3], 25*4)
	wantValues(t, "by a again", g[4], 25)
	if g := tensor.Gradients([]*tensor.Tensor{a}, nil, []*tensor.Tensor{y}, false, true); g[0] != nil {
		t.Errorf("the gradient by a later result is %v, want nil", g[0])
	}
}

// Data that no VJP reads goes as soon as nobody refers to it; data that is read stays.
func TestEarlyFree(t *testing.T) {
	const n, size = 20, 1 << 20
	used := func(step func(x *tensor.Tensor) *tensor.Tensor) uint64 {
		x := tensor.Ones(size / 4).RequireGrad()
		settle()
		before := mem.ReadStats().InUse
		y := x
		for range n {
			y = step(y)
		}
		y.Materialize()
		settle()
		after := mem.ReadStats().InUse
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.OnesLike(x)})
		runtime.KeepAlive(x)
		return (after - before) / size
	}
	if u := used(func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(2).AddScalar(1) }); u > 2 {
		t.Errorf("ops that read nothing keep %d of %d results", u, 2*n)
	}
	if u := used(func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(-0.1).Exp() }); u < n || u > n+2 {
		t.Errorf("ops that read their result keep %d of %d results, want half", u, 2*n)
	}
	if u := used(func(x *tensor.Tensor) *tensor.Tensor { return x.Mul(x) }); u < n-1 || u > n+1 {
		t.Errorf("ops that read their input keep %d of %d results", u, n)
	}
}

// settle lets the collector and the cleanups of dropped tensors run.
func settle() {
	for range 3 {
		runtime.GC()
		done := make(chan bool)
		runtime.AddCleanup(new([64]byte), func(c chan bool) { close(c) }, done)
		runtime.GC()
		<-done
	}
}

// A detached result shares the data and lets the graph go.
func TestDetachFreesTheGraph(t *testing.T) {
	x := tensor.Ones(1 << 18).RequireGrad()
	settle()
	before := mem.ReadStats().InUse
	y := x.Mul(x)
	for range 10 {
		y = y.Mul(x)
	}
	kept := y.Detach()
	y = nil
	settle()
	if after := mem.ReadStats().InUse; after > before+(1<<20)+1<<16 {
		t.Errorf("a detached result keeps %d MiB", (after-before)>>20)
	}
	wantValues(t, "kept", kept.Narrow(0, 0, 1), 1)
	runtime.KeepAlive(x)
}

// Data that is being updated is in use, even when nothing else refers to the parameter.
func TestUpdateKeepsTheDataAlive(t *testing.T) {
	const n = 1 << 20
	tensor.NewParam(tensor.Zeros(n)).Update(func(v tensor.View) {
		d := tensor.Slice[float32](v)
		settle()
		for range 4 {
			other := tensor.Ones(n)
			tensor.Read(other, func(o []float32) {
				if &o[0] == &d[0] {
					t.Error("the data was given away during Update")
				}
			})
		}
	})
}

// testOp is an op with one mistake of choice.
type testOp struct {
	tensor.AnyStrides
	mistake string
}

func (o testOp) Name() string { return "test_op" }
func (o testOp) Infer(c *tensor.Call) {
	x := c.In[0]
	if o.mistake == "view reads result" {
		c.OutputView(0, x.Shape(), x.Shape().Contiguous(), 0)
		return
	}
	c.Output(x.Shape(), x.DType())
	if c.Recording() {
		c.Save(x.Shape(), x.DType())
	}
}
func (o testOp) Run(_ tensor.Device, c *tensor.Call) bool {
	if strings.HasPrefix(o.mistake, "lower") {
		return false
	}
	if o.mistake == "numeric" {
		c.SetErr(errors.New("the matrix is singular"))
	}
	x := tensor.Slice[float64](c.X(0))
	for i, y := 0, tensor.Slice[float64](c.Y(0)); i < len(y); i++ {
		y[i] = x[i] * x[i]
	}
	return true
}
func (o testOp) Reads() tensor.Reads {
	switch o.mistake {
	case "undeclared input", "undeclared result":
		return tensor.ReadsNothing
	case "view reads result":
		return tensor.ReadsOut
	}
	return tensor.ReadsIn(0)
}
func (o testOp) VJP(b *tensor.Back) []*tensor.Tensor {
	switch o.mistake {
	case "undeclared result":
		b.Out(0)
	case "wrong shape":
		return b.Give(b.Dout(0).Sum())
	case "wrong dtype":
		return b.Give(b.Dout(0).To(tensor.Float32))
	}
	return b.Give(b.Dout(0).Mul(b.In(0)).MulScalar(2))
}
func (o testOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	y := in[0].Mul(in[0])
	switch o.mistake {
	case "lower shape":
		y = y.Sum()
	case "lower too few":
		return nil
	}
	return []*tensor.Tensor{y}
}

func TestMistakesInOps(t *testing.T) {
	for mistake, kind := range map[string]tensor.Kind{
		"undeclared input": tensor.ErrGraph, "undeclared result": tensor.ErrGraph, "wrong shape": tensor.ErrShape, "wrong dtype": tensor.ErrShape,
		"view reads result": tensor.ErrGraph, "lower shape": tensor.ErrShape, "lower too few": tensor.ErrGraph, "numeric": tensor.ErrNumeric,
	} {
		x := leaf(1, 2)
		wantFail(t, kind, "test_op", func() { tensor.Apply1(testOp{mistake: mistake}, x).Sum().Backward() })
		if x.Grad() != nil {
			t.Errorf("%s: a gradient was left", mistake)
		}
	}
	if _, err := tensor.TryApply(testOp{mistake: "numeric"}, leaf(1)); err == nil || err.Error() != "the matrix is singular" {
		t.Errorf("TryApply returned %v", err)
	}
	wantFail(t, tensor.ErrValue, "test_op", func() { tensor.Apply1(testOp{}, nil) })
}

// An op without a kernel runs as the simpler ops that it stands for, with their gradients, and is counted.
func TestFallback(t *testing.T) {
	x := leaf(3, -1)
	y := tensor.Apply1(testOp{mistake: "lower"}, x.MulScalar(2).Reshape(2, 1))
	wantValues(t, "result", y, 36, 4)
	d := tensor.Gradients([]*tensor.Tensor{y.Sum()}, nil, []*tensor.Tensor{x}, true, true)
	wantValues(t, "gradient", d[0], 24, -8)
	wantValues(t, "second derivative", tensor.Gradients([]*tensor.Tensor{d[0].Sum()}, nil, []*tensor.Tensor{x}, false, false)[0], 8, 8)
	if f := strings.Join(tensor.Fallbacks(), "\n"); !strings.Contains(f, "test_op on cpu: ") {
		t.Errorf("the fallback was not counted: %q", f)
	}
}

// watchOp is the identity; it notes whether what its VJP is given would be recorded.
type watchOp struct {
	tensor.AnyStrides
	recorded *[]bool
}

func (watchOp) Name() string         { return "watch" }
func (watchOp) Infer(c *tensor.Call) { c.Output(c.In[0].Shape(), c.In[0].DType()) }
func (watchOp) Run(_ tensor.Device, c *tensor.Call) bool {
	copy(tensor.Slice[float64](c.Y(0)), tensor.Slice[float64](c.X(0)))
	return true
}
func (watchOp) Reads() tensor.Reads { return tensor.ReadsIn(0) | tensor.ReadsOut }
func (o watchOp) VJP(b *tensor.Back) []*tensor.Tensor {
	*o.recorded = []bool{b.In(0).RequiresGrad(), b.Out(0).RequiresGrad()}
	return b.Give(b.Dout(0))
}

// A first-order pass hands VJPs detached tensors, so that nothing is recorded; with CreateGraph they get the recorded ones.
func TestVJPRecordsOnlyForCreateGraph(t *testing.T) {
	for _, create := range []bool{false, true} {
		var recorded []bool
		x := leaf(1)
		tensor.Apply1(watchOp{recorded: &recorded}, x.Exp()).BackwardWith(tensor.BackwardConfig{CreateGraph: create})
		if len(recorded) != 2 || recorded[0] != create || recorded[1] != create {
			t.Errorf("CreateGraph %v: In and Out require grad: %v", create, recorded)
		}
	}
}

// fusedOp maps (x, y) to x y² and is differentiated through its Lower.
type fusedOp struct{}

func (fusedOp) Name() string         { return "fused" }
func (fusedOp) Infer(c *tensor.Call) { c.Output(c.In[0].Shape(), c.In[0].DType()) }
func (fusedOp) Run(_ tensor.Device, c *tensor.Call) bool {
	x, y := tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.X(1))
	for i, o := 0, tensor.Slice[float64](c.Y(0)); i < len(o); i++ {
		o[i] = x[i] * y[i] * y[i]
	}
	return true
}
func (fusedOp) Reads() tensor.Reads                 { return tensor.ReadsAllIn }
func (fusedOp) VJP(b *tensor.Back) []*tensor.Tensor { return tensor.LowerVJP(b) }
func (fusedOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	return []*tensor.Tensor{in[0].Mul(in[1]).Mul(in[1])}
}

// LowerVJP counts an input that is computed from another input once, and looks no further than the op's inputs.
func TestLowerVJP(t *testing.T) {
	for _, create := range []bool{false, true} {
		x := leaf(3)
		h := x.Mul(x)
		y := tensor.Apply1(fusedOp{}, h, h.MulScalar(2)) // 4 x⁶
		g := tensor.Gradients([]*tensor.Tensor{y}, nil, []*tensor.Tensor{x}, create, create)
		wantValues(t, "24 x⁵", g[0], 24*243)
		if create {
			wantValues(t, "120 x⁴", tensor.Gradients(g, nil, []*tensor.Tensor{x}, false, false)[0], 120*81)
		}
		// The same tensor twice, a leaf and a result: x³.
		for _, v := range []*tensor.Tensor{x, x.MulScalar(1)} {
			g = tensor.Gradients([]*tensor.Tensor{tensor.Apply1(fusedOp{}, v, v)}, nil, []*tensor.Tensor{x}, create, create)
			wantValues(t, "3 x²", g[0], 27)
			if create {
				wantValues(t, "6 x", tensor.Gradients(g, nil, []*tensor.Tensor{x}, false, true)[0], 18)
			}
		}
		// Only one input is wanted; the other one's value still matters at second order.
		a, b := leaf(2), leaf(5)
		z := tensor.Apply1(fusedOp{}, a.MulScalar(1), b.MulScalar(1))
		g = tensor.Gradients([]*tensor.Tensor{z}, nil, []*tensor.Tensor{a}, create, create)
		wantValues(t, "b²", g[0], 25)
		if create {
			wantValues(t, "2b", tensor.Gradients(g, nil, []*tensor.Tensor{b}, false, false)[0], 10)
		}
	}
}

func TestSteps(t *testing.T) {
	x, c := leaf(1, 2), tensor.Of([]float64{3, 4})
	h := x.Mul(c)
	s := tensor.Steps(h.Add(h).Sum())
	if len(s) != 3 || s[0].Op.Name() != "mul" || s[1].Op.Name() != "add" || s[2].Op.Name() != "sum" {
		t.Fatalf("steps %v", s)
	}
	if !tensor.SameLeaf(s[0].Leaves[0], x) || s[0].Leaves[1] != nil || s[0].From[0] != -1 || s[1].From[0] != 0 || s[1].From[1] != 0 {
		t.Errorf("links %+v", s)
	}
	if s[0].In[1].Shape != tensor.ShapeOf(2) || s[2].Out[0].Shape.Rank() != 0 {
		t.Errorf("specs %+v", s)
	}
}

package autograd_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type tensors = []*tensor.Tensor

var f64 = tensor.With(tensor.Float64)

func wantKind(t *testing.T, kind tensor.Kind, f func()) {
	t.Helper()
	if err := tensor.Catch(f); !errors.Is(err, kind) {
		t.Errorf("got error %v, want %q", err, kind)
	}
}

// near checks that two lists of numbers agree to tol relative to the largest.
func near(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	scale := 1e-300
	for _, w := range want {
		scale = max(scale, math.Abs(w))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*scale) {
			t.Errorf("%s: element %d is %.17g, want %.17g", what, i, got[i], want[i])
			return
		}
	}
}

func TestGrad(t *testing.T) {
	x := tensor.Of([]float64{1, 2, 3}).RequireGrad()
	y := tensor.Scalar(5.0).RequireGrad()
	sq := x.Mul(x)
	loss := sq.Mul(y).Sum()
	g := autograd.Grad(tensors{loss}, tensors{x, sq, y}, autograd.GradConfig{Retain: true})
	near(t, "by a leaf", g[0].Floats(), []float64{10, 20, 30}, 0)
	near(t, "by an inner result", g[1].Floats(), []float64{5, 5, 5}, 0)
	near(t, "by a scalar", g[2].Floats(), []float64{14}, 0)
	if x.Grad() != nil || g[0].RequiresGrad() {
		t.Error("Grad wrote to a leaf or recorded its result")
	}
	g = autograd.Grad(tensors{sq, loss}, tensors{x}, autograd.GradConfig{Douts: tensors{tensor.Of([]float64{1, 0, 0}), nil}, CreateGraph: true})
	near(t, "two outputs", g[0].Floats(), []float64{12, 20, 30}, 0)
	h := autograd.Grad(tensors{g[0].Sum()}, tensors{x}, autograd.GradConfig{})
	near(t, "second derivative", h[0].Floats(), []float64{12, 10, 10}, 0)
}

func TestGradErrors(t *testing.T) {
	x, z := tensor.Of([]float64{1}).RequireGrad(), tensor.Of([]float64{1}).RequireGrad()
	y := x.Mul(x)
	wantKind(t, tensor.ErrGraph, func() { autograd.Grad(tensors{y}, tensors{z}, autograd.GradConfig{Retain: true}) })
	if g := autograd.Grad(tensors{y}, tensors{z, x}, autograd.GradConfig{AllowUnused: true, Retain: true}); g[0] != nil || g[1].Item() != 2 {
		t.Errorf("unused: %v", g)
	}
	wantKind(t, tensor.ErrGraph, func() { autograd.Grad(tensors{z.Detach()}, tensors{z}, autograd.GradConfig{}) })
	wantKind(t, tensor.ErrGraph, func() { autograd.Grad(tensors{y}, tensors{z.Detach()}, autograd.GradConfig{Retain: true}) })
	autograd.Grad(tensors{y}, tensors{x}, autograd.GradConfig{})
	wantKind(t, tensor.ErrGraph, func() { autograd.Grad(tensors{y}, tensors{x}, autograd.GradConfig{}) })
	v := tensor.Of([]float64{1, 2}).RequireGrad()
	wantKind(t, tensor.ErrShape, func() { autograd.Grad(tensors{v.Mul(v)}, tensors{v}, autograd.GradConfig{}) })
	one := tensors{tensor.Of([]float64{1})}
	f := func(in tensors) tensors { return tensors{in[0].Exp()} }
	wantKind(t, tensor.ErrShape, func() { autograd.VJP(f, tensors{v}, one) })
	wantKind(t, tensor.ErrShape, func() { autograd.JVP(f, tensors{v}, one) })
	wantKind(t, tensor.ErrValue, func() { autograd.JVP(f, tensors{v}, nil) })
	wantKind(t, tensor.ErrDType, func() { autograd.VJP(f, tensors{tensor.Of([]int64{1})}, one) })
}

// f(x, y) = (x y, sin x, 7) has the Jacobians (diag y, diag cos x, 0) and (diag x, 0, 0).
func TestProducts(t *testing.T) {
	xs, ys := []float64{0.5, -1, 2}, []float64{3, 4, -5}
	in := tensors{tensor.Of(xs), tensor.Of(ys)}
	f := func(in tensors) tensors {
		return tensors{in[0].Mul(in[1]), in[0].Sin(), tensor.Of([]float64{7})}
	}
	v := tensors{tensor.Of([]float64{1, 2, 3}), tensor.Of([]float64{-1, 1, 4}), tensor.Of([]float64{9})}
	outs, grads := autograd.VJP(f, in, v)
	_, tangents := autograd.JVP(f, in, v[:2])
	jac := autograd.Jacobian(f, in)
	var gx, gy, t0, t1, j00, j01, j10 []float64
	for i := range xs {
		v0, v1 := v[0].Floats()[i], v[1].Floats()[i]
		gx = append(gx, ys[i]*v0+math.Cos(xs[i])*v1)
		gy = append(gy, xs[i]*v0)
		t0 = append(t0, ys[i]*v0+xs[i]*v1)
		t1 = append(t1, math.Cos(xs[i])*v0)
		for k := range xs {
			d := 0.0
			if i == k {
				d = 1
			}
			j00, j01, j10 = append(j00, d*ys[i]), append(j01, d*xs[i]), append(j10, d*math.Cos(xs[i]))
		}
	}
	near(t, "value", outs[1].Floats(), []float64{math.Sin(0.5), math.Sin(-1), math.Sin(2)}, 1e-15)
	near(t, "vᵀJ by x", grads[0].Floats(), gx, 1e-15)
	near(t, "vᵀJ by y", grads[1].Floats(), gy, 1e-15)
	near(t, "Jv of f0", tangents[0].Floats(), t0, 1e-15)
	near(t, "Jv of f1", tangents[1].Floats(), t1, 1e-15)
	near(t, "Jv of a constant", tangents[2].Floats(), []float64{0}, 0)
	near(t, "∂f0/∂x", jac[0][0].Floats(), j00, 1e-15)
	near(t, "∂f0/∂y", jac[0][1].Floats(), j01, 1e-15)
	near(t, "∂f1/∂x", jac[1][0].Floats(), j10, 1e-15)
	near(t, "∂f1/∂y", jac[1][1].Floats(), make([]float64, 9), 0)
	near(t, "∂f2/∂y", jac[2][1].Floats(), make([]float64, 3), 0)
	if s := jac[0][1].Shape(); s != tensor.ShapeOf(3, 3) {
		t.Errorf("the Jacobian has shape %v", s)
	}
	for _, r := range append(append(outs, grads...), tangents...) {
		if r.RequiresGrad() {
			t.Error("a result is recorded")
		}
	}
}

// The delta equations of backpropagation (Rumelhart, Hinton and Williams, 1986), written out, give the same gradients as
// the tape: δ_i^(L) = g'(s_i^(L)) ∂J/∂y_i, δ_i^(l) = g'(s_i^(l)) Σ_j w_ij^(l+1) δ_j^(l+1), ∂J/∂w_ij^(l) = x_i^(l-1) δ_j^(l).
func TestDeltaEquations(t *testing.T) {
	const nIn, nHidden, nOut = 5, 7, 3
	g := random.New(1)
	x, target := f64.Randn(g, nIn), f64.Rand(g, nOut)
	w1, b1 := f64.Randn(g, nIn, nHidden), f64.Randn(g, nHidden)
	w2, b2 := f64.Randn(g, nHidden, nOut), f64.Randn(g, nOut)

	sigmoid := func(s float64) float64 { return 1 / (1 + math.Exp(-s)) }
	layer := func(in, w, b []float64) []float64 {
		out := append([]float64(nil), b...)
		for i, v := range in {
			for j := range out {
				out[j] += v * w[i*len(out)+j]
			}
		}
		for j, s := range out {
			out[j] = sigmoid(s)
		}
		return out
	}
	h := layer(x.Floats(), w1.Floats(), b1.Floats())
	y := layer(h, w2.Floats(), b2.Floats())
	delta2, delta1 := make([]float64, nOut), make([]float64, nHidden)
	for j := range delta2 { // J = ½ Σ (y - target)², g' = y (1 - y)
		delta2[j] = y[j] * (1 - y[j]) * (y[j] - target.Floats()[j])
	}
	for i := range delta1 {
		for j := range delta2 {
			delta1[i] += w2.Floats()[i*nOut+j] * delta2[j]
		}
		delta1[i] *= h[i] * (1 - h[i])
	}
	outer := func(a, b []float64) (m []float64) {
		for _, x := range a {
			for _, y := range b {
				m = append(m, x*y)
			}
		}
		return m
	}

	leaves := tensors{w1.RequireGrad(), b1.RequireGrad(), w2.RequireGrad(), b2.RequireGrad()}
	out := x.MatMul(leaves[0]).Add(leaves[1]).Sigmoid().MatMul(leaves[2]).Add(leaves[3]).Sigmoid()
	e := out.Sub(target)
	grads := autograd.Grad(tensors{e.Mul(e).Sum().MulScalar(0.5)}, leaves, autograd.GradConfig{})
	near(t, "∂J/∂W1", grads[0].Floats(), outer(x.Floats(), delta1), 1e-12)
	near(t, "∂J/∂b1", grads[1].Floats(), delta1, 1e-12)
	near(t, "∂J/∂W2", grads[2].Floats(), outer(h, delta2), 1e-12)
	near(t, "∂J/∂b2", grads[3].Floats(), delta2, 1e-12)
}

// XOR, which no single layer can compute (Minsky and Papert, 1969), is learnt by two from every one of 20 seeds with the
// update w ← w - α ∂J/∂w.
func TestXOR(t *testing.T) {
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	y := tensor.Of([]float64{0, 1, 1, 0}, 4, 1)
	train := func(seed uint64, hidden int) (right int) {
		g := random.New(seed)
		p := tensors{f64.Randn(g, 2, hidden), f64.Zeros(hidden), f64.Randn(g, hidden, 1), f64.Zeros(1)}
		forward := func(p tensors) *tensor.Tensor {
			return x.MatMul(p[0]).Add(p[1]).Tanh().MatMul(p[2]).Add(p[3]).Sigmoid()
		}
		for range 400 {
			for i := range p {
				p[i] = p[i].RequireGrad()
			}
			e := forward(p).Sub(y)
			grads := autograd.Grad(tensors{e.Mul(e).Sum()}, p, autograd.GradConfig{})
			for i := range p {
				p[i] = p[i].Detach().Sub(grads[i].MulScalar(0.5))
			}
		}
		for i, o := range forward(p).Floats() {
			if math.Abs(o-y.Floats()[i]) < 0.2 {
				right++
			}
		}
		return right
	}
	for seed := range uint64(20) {
		if right := train(seed, 8); right != 4 {
			t.Errorf("seed %d: %d of 4 right", seed, right)
		}
	}
	if right := train(0, 0); right == 4 {
		t.Error("the control without hidden units learnt XOR")
	}
}

// The chain rule: dz/ds = dz/dx dx/ds along a path, and the sum of that over all paths where s fans out.
func TestChainRule(t *testing.T) {
	s := tensor.Scalar(0.7).RequireGrad()
	near(t, "composition", autograd.Grad(tensors{s.Sin().Exp()}, tensors{s}, autograd.GradConfig{})[0].Floats(),
		[]float64{math.Exp(math.Sin(0.7)) * math.Cos(0.7)}, 1e-15)
	x, y := s.Sin(), s.Exp()
	near(t, "fan-out", autograd.Grad(tensors{x.Mul(y)}, tensors{s}, autograd.GradConfig{})[0].Floats(),
		[]float64{math.Cos(0.7)*math.Exp(0.7) + math.Sin(0.7)*math.Exp(0.7)}, 1e-15)
}

// 500 random graphs whose nodes are used several times agree with finite differences at both orders.
func TestRandomGraphs(t *testing.T) {
	unary := []func(x *tensor.Tensor) *tensor.Tensor{
		(*tensor.Tensor).Sin, (*tensor.Tensor).Tanh, (*tensor.Tensor).Sigmoid,
		func(x *tensor.Tensor) *tensor.Tensor { return x.MulScalar(-0.5) },
		func(x *tensor.Tensor) *tensor.Tensor { return x.Sigmoid().Log() },
		func(x *tensor.Tensor) *tensor.Tensor { return x.Tanh().Exp() },
		func(x *tensor.Tensor) *tensor.Tensor { return x.Reshape(1, 2).Sum(0) },
	}
	binary := []func(x, y *tensor.Tensor) *tensor.Tensor{
		(*tensor.Tensor).Add, (*tensor.Tensor).Sub,
		func(x, y *tensor.Tensor) *tensor.Tensor { return x.Tanh().Mul(y) },
		func(x, y *tensor.Tensor) *tensor.Tensor { return x.Div(y.Mul(y).AddScalar(1)) },
	}
	for seed := range uint64(500) {
		g := random.New(seed)
		var steps []func(v tensors) *tensor.Tensor
		used := make([]int, 12)
		shared := false
		for n := 2; n < 12; n++ {
			a, b := g.Intn(n), g.Intn(n)
			used[a]++
			if k := g.Intn(len(unary) + len(binary)); k < len(unary) {
				steps = append(steps, func(v tensors) *tensor.Tensor { return unary[k](v[a]) })
			} else {
				used[b]++
				steps = append(steps, func(v tensors) *tensor.Tensor { return binary[k-len(unary)](v[a], v[b]) })
			}
			shared = shared || used[a] > 1 || used[b] > 1
		}
		f := func(in tensors) tensors {
			v := append(tensors(nil), in...)
			for _, s := range steps {
				v = append(v, s(v))
			}
			return tensors{v[len(v)-1], v[len(v)-3]}
		}
		if !shared {
			t.Fatalf("seed %d: nothing is shared", seed)
		}
		if err := autograd.GradCheck(f, tensors{f64.Randn(g, 2), f64.Randn(g, 2)}, autograd.GradCheckConfig{}); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// Several goroutines differentiate through shared parameters and a shared recorded part at once.
func TestConcurrentGrad(t *testing.T) {
	w := tensor.NewParam(f64.Randn(random.New(1), 4, 4))
	shared := w.MatMul(w.T()).Tanh()
	want := autograd.Grad(tensors{shared.Mul(shared).Sum().Add(w.Sum())}, tensors{w.Tensor}, autograd.GradConfig{Retain: true})[0].Floats()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				loss := shared.Mul(shared).Sum().Add(w.Sum())
				g := autograd.Grad(tensors{loss}, tensors{w.Tensor}, autograd.GradConfig{Retain: true})
				near(t, "gradient", g[0].Floats(), want, 0)
				h := autograd.Grad(tensors{w.Exp().Sum()}, tensors{w.Tensor}, autograd.GradConfig{}) // a graph of its own
				near(t, "own gradient", h[0].Floats(), w.Exp().Floats(), 0)
			}
		})
	}
	wg.Wait()
}

// wrongOp is x² with a mistake in a derivative.
type wrongOp struct {
	tensor.AnyStrides
	order int
}

func (wrongOp) Name() string         { return "wrong" }
func (wrongOp) Infer(c *tensor.Call) { c.Output(c.Spec(0).Shape, c.Spec(0).DType) }
func (wrongOp) Run(_ tensor.Device, c *tensor.Call) bool {
	x := tensor.Slice[float64](c.X(0))
	for i := range tensor.Slice[float64](c.Y(0)) {
		tensor.Slice[float64](c.Y(0))[i] = x[i] * x[i]
	}
	return true
}
func (wrongOp) Reads() tensor.Reads { return tensor.ReadsIn(0) }
func (o wrongOp) VJP(b *tensor.Back) []*tensor.Tensor {
	switch o.order {
	case 1:
		return b.Give(b.Dout(0).Mul(b.In(0)).MulScalar(2.0001))
	case 2:
		return b.Give(b.Dout(0).Mul(b.In(0).Detach()).MulScalar(2))
	}
	return b.Give(b.Dout(0).Mul(b.In(0)).MulScalar(2))
}

func TestGradCheck(t *testing.T) {
	for _, n := range []int{3, 100} { // along coordinates, and in random directions
		for order := range 3 {
			f := func(in tensors) tensors {
				return tensors{tensor.Apply1(wrongOp{order: order}, in[0]).Mul(in[0]), tensor.Of([]int64{1})}
			}
			x := f64.Randn(random.New(2), n)
			err := autograd.GradCheck(f, tensors{x}, autograd.GradCheckConfig{})
			switch {
			case order == 0 && err != nil:
				t.Errorf("n=%d: a right gradient fails: %v", n, err)
			case order > 0 && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("of order %d by input 0", order))):
				t.Errorf("n=%d: a mistake of order %d gives %v", n, order, err)
			}
			if err := autograd.GradCheck(f, tensors{x}, autograd.GradCheckConfig{Order: 1}); (err != nil) != (order == 1) {
				t.Errorf("n=%d: Order 1 for a mistake of order %d gives %v", n, order, err)
			}
		}
	}
	third := func(in tensors) tensors { return tensors{in[0].Tanh().Mul(in[1].Exp())} }
	x := tensor.Of([]float32{0.1, 0.2}) // converted to float64
	if err := autograd.GradCheck(third, tensors{x, x}, autograd.GradCheckConfig{Order: 4}); err != nil {
		t.Error(err)
	}
	index := func(in tensors) tensors { return tensors{in[0].Mul(in[1].To(tensor.Float64))} }
	if err := autograd.GradCheck(index, tensors{x, tensor.Of([]int64{3})}, autograd.GradCheckConfig{}); err != nil {
		t.Error(err)
	}
	half := func(in tensors) tensors { return tensors{in[0].To(tensor.Float32)} }
	if err := autograd.GradCheck(half, tensors{x}, autograd.GradCheckConfig{}); err == nil {
		t.Error("a float32 output passes")
	}
}

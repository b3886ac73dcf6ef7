package autograd_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Rosenbrock's function (1-x)² + 100 (y-x²)² at its minimum.
func TestRosenbrockHessian(t *testing.T) {
	f := func(in tensors) *tensor.Tensor {
		x, y := in[0].Select(0, 0), in[0].Select(0, 1)
		a, b := x.RSubScalar(1), y.Sub(x.Mul(x))
		return a.Mul(a).Add(b.Mul(b).MulScalar(100))
	}
	h := autograd.Hessian(f, tensors{tensor.Of([]float64{1, 1})})
	near(t, "Hessian", h[0][0].Floats(), []float64{802, -400, -400, 200}, 1e-8/802)
	if s := h[0][0].Shape(); s != tensor.ShapeOf(2, 2) {
		t.Errorf("shape %v", s)
	}
}

// A Hessian of two inputs has four blocks; that of x·y is (0 I; I 0), and of a linear function zero.
func TestHessianBlocks(t *testing.T) {
	in := tensors{tensor.Of([]float64{1, 2}), tensor.Of([]float64{3, 4})}
	h := autograd.Hessian(func(in tensors) *tensor.Tensor { return in[0].Mul(in[1]).Sum() }, in)
	for i := range 2 {
		for j := range 2 {
			want := []float64{0, 0, 0, 0}
			if i != j {
				want = []float64{1, 0, 0, 1}
			}
			near(t, "block", h[i][j].Floats(), want, 0)
		}
	}
	linear := func(in tensors) *tensor.Tensor { return in[0].Sum() }
	near(t, "linear", autograd.Hessian(linear, in)[0][0].Floats(), make([]float64, 4), 0)
	_, hv := autograd.HVP(linear, in, in)
	near(t, "linear, times v", hv[0].Floats(), []float64{0, 0}, 0)
}

// On the loss of an MLP the Hessian is symmetric and HVP is its product with v.
func TestHVP(t *testing.T) {
	g := random.New(3)
	x, y := f64.Randn(g, 6, 3), f64.Randn(g, 6, 2)
	in := tensors{f64.Randn(g, 3, 4), f64.Randn(g, 4), f64.Randn(g, 4, 2)}
	loss := func(p tensors) *tensor.Tensor {
		e := x.MatMul(p[0]).Add(p[1]).Tanh().MatMul(p[2]).Sub(y)
		return e.Mul(e).Sum().MulScalar(1.0 / 6)
	}
	v := tensors{f64.Randn(g, 3, 4), f64.Randn(g, 4), f64.Randn(g, 4, 2)}
	h := autograd.Hessian(loss, in)
	out, hv := autograd.HVP(loss, in, v)
	near(t, "value", out.Floats(), loss(in).Floats(), 0)
	for i := range in {
		want := f64.Zeros(in[i].Numel())
		for j := range in {
			m := h[i][j].Reshape(in[i].Numel(), in[j].Numel())
			want = want.Add(m.MatMul(v[j].Flatten(0)))
			near(t, "symmetry", m.Floats(), h[j][i].Reshape(in[j].Numel(), in[i].Numel()).T().Floats(), 1e-12)
		}
		near(t, "Hv", hv[i].Floats(), want.Floats(), 1e-8)
	}
}

// One Newton step x - H⁻¹∇f reaches the minimum A⁻¹b of the quadratic ½xᵀAx - bᵀx from anywhere.
func TestNewtonStep(t *testing.T) {
	const n = 4
	g := random.New(4)
	m := f64.Randn(g, n, n)
	a := m.MatMul(m.T()).Add(f64.Eye(n)) // positive definite
	b := f64.Randn(g, n)
	f := func(in tensors) *tensor.Tensor {
		return in[0].MatMul(a).MatMul(in[0]).MulScalar(0.5).Sub(b.MatMul(in[0]))
	}
	x := f64.Randn(g, n).MulScalar(10)
	h := autograd.Hessian(f, tensors{x})[0][0]
	_, grad := autograd.VJP(func(in tensors) tensors { return tensors{f(in)} }, tensors{x}, nil)
	step := solve(h.Floats(), grad[0].Floats())
	got := x.Sub(tensor.Of(step))
	near(t, "minimum", got.Floats(), solve(a.Floats(), b.Floats()), 1e-10)
	_, grad = autograd.VJP(func(in tensors) tensors { return tensors{f(in)} }, tensors{got}, nil)
	near(t, "gradient there, plus 1", grad[0].AddScalar(1).Floats(), []float64{1, 1, 1, 1}, 1e-10)
}

// solve is Gaussian elimination; a is positive definite.
func solve(a, b []float64) []float64 {
	n := len(b)
	a, x := append([]float64(nil), a...), append([]float64(nil), b...)
	for k := range n {
		for i := k + 1; i < n; i++ {
			r := a[i*n+k] / a[k*n+k]
			for j := k; j < n; j++ {
				a[i*n+j] -= r * a[k*n+j]
			}
			x[i] -= r * x[k]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			x[i] -= a[i*n+j] * x[j]
		}
		x[i] /= a[i*n+i]
	}
	return x
}

// (r, θ, φ) -> (r sin θ cos φ, r sin θ sin φ, r cos θ)
func spherical(in tensors) tensors {
	r, theta, phi := in[0].Select(0, 0), in[0].Select(0, 1), in[0].Select(0, 2)
	return tensors{tensor.Stack(0, r.Mul(theta.Sin()).Mul(phi.Cos()), r.Mul(theta.Sin()).Mul(phi.Sin()), r.Mul(theta.Cos()))}
}

func TestSphericalJacobian(t *testing.T) {
	g := random.New(5)
	for range 20 {
		p := []float64{0.1 + 3*g.Float64(), math.Pi * g.Float64(), 2 * math.Pi * g.Float64()}
		in := tensors{tensor.Of(p)}
		j := autograd.Jacobian(spherical, in)[0][0].Floats()
		det := j[0]*(j[4]*j[8]-j[5]*j[7]) - j[1]*(j[3]*j[8]-j[5]*j[6]) + j[2]*(j[3]*j[7]-j[4]*j[6])
		near(t, "|det J|", []float64{math.Abs(det)}, []float64{p[0] * p[0] * math.Sin(p[1])}, 1e-12)
		// Forward mode gives the same Jacobian column by column.
		for c := range 3 {
			e := []float64{0, 0, 0}
			e[c] = 1
			_, column := autograd.JVP(spherical, in, tensors{tensor.Of(e)})
			near(t, "column", column[0].Floats(), []float64{j[c], j[3+c], j[6+c]}, 1e-10)
		}
	}
}

func TestEmptyJacobian(t *testing.T) {
	j := autograd.Jacobian(func(in tensors) tensors { return tensors{in[0].Narrow(0, 0, 0)} }, tensors{tensor.Of([]float64{1, 2})})
	if s := j[0][0].Shape(); s != tensor.ShapeOf(0, 2) {
		t.Errorf("shape %v", s)
	}
}

package maths

import (
	"context"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A04", Tier: catalog.Unit, Title: "Hessian matrix and Hessian-vector product", Source: "Pearlmutter 1994",
		Target: "Rosenbrock's Hessian at (1, 1) is [[802, -400], [-400, 200]] to 1e-8 and symmetric; HVP = Hv to 1e-8; Newton's step solves a quadratic at once",
		Test:   hessian,
	})
}

// Rosenbrock is (1 - x)² + 100 (y - x²)² of a tensor (2,): its minimum, 0, is at (1, 1), at the end of a bent valley.
func Rosenbrock(p *tensor.Tensor) *tensor.Tensor {
	x, y := p.Select(0, 0), p.Select(0, 1)
	return x.RSubScalar(1).Square().Add(y.Sub(x.Square()).Square().MulScalar(100))
}

func hessian(_ context.Context, c *catalog.Check) error {
	at := []*tensor.Tensor{f64([]int{2}, 1, 1)}
	h := autograd.Hessian(func(in []*tensor.Tensor) *tensor.Tensor { return Rosenbrock(in[0]) }, at)[0][0]
	c.AtMost("error of Rosenbrock's Hessian", worst(h, f64([]int{2, 2}, 802, -400, -400, 200)), 1e-8)

	// The loss of a small network by its weights.
	g := random.New(1)
	x, y := tensor.Randn(g, 5, 3).To(tensor.Float64), tensor.RandInt(g, 0, 4, 5)
	w := []*tensor.Tensor{tensor.Randn(g, 6, 3).To(tensor.Float64), tensor.Randn(g, 4, 6).To(tensor.Float64)}
	loss := func(in []*tensor.Tensor) *tensor.Tensor {
		return losses.CrossEntropy(tensor.Linear(tensor.Linear(x, in[0], nil).Tanh(), in[1], nil), y)
	}
	v := []*tensor.Tensor{tensor.Randn(g, 6, 3).To(tensor.Float64), tensor.Randn(g, 4, 6).To(tensor.Float64)}
	blocks := autograd.Hessian(loss, w)
	_, hv := autograd.HVP(loss, w, v)
	var off, skew float64
	for i, row := range blocks {
		product := tensor.Zeros(w[i].Numel()).To(tensor.Float64)
		for j, b := range row {
			m := b.Reshape(w[i].Numel(), w[j].Numel())
			product = product.Add(m.MatMul(v[j].Reshape(-1)))
			skew = max(skew, worst(m, blocks[j][i].Reshape(w[j].Numel(), w[i].Numel()).T().Contiguous()))
		}
		off = max(off, worst(product, hv[i].Reshape(-1)))
	}
	c.AtMost("|HVP - Hv| of a network's loss", off, 1e-8)
	c.AtMost("asymmetry of its Hessian", skew, 1e-12)

	// f(p) = ½ pᵀAp - bᵀp is least where Ap = b, one Newton step from anywhere.
	a, b := f64([]int{2, 2}, 3, 1, 1, 2), f64([]int{2}, 5, 5)
	quadratic := func(in []*tensor.Tensor) *tensor.Tensor {
		return in[0].Mul(a.MatMul(in[0])).Sum().MulScalar(0.5).Sub(b.Mul(in[0]).Sum())
	}
	p := []*tensor.Tensor{f64([]int{2}, -7, 11)}
	_, grad := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{quadratic(in)} }, p, nil)
	step, err := linalg.Solve(autograd.Hessian(quadratic, p)[0][0], grad[0])
	if err != nil {
		return err
	}
	c.AtMost("distance from the minimum after a Newton step", worst(p[0].Sub(step), f64([]int{2}, 1, 2)), 1e-12)
	return nil
}

package maths

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A05", Tier: catalog.Unit, Title: "Jacobian matrix",
		Target: "row i is ∂f_i/∂x; forward and reverse mode agree to 1e-10; |det J| of spherical coordinates is r² sin θ",
		Test:   jacobian,
	}, catalog.Row{
		ID: "A11", Tier: catalog.Unit, Title: "Spectral decompositions, matrix square root", Source: "Golub and Van Loan",
		Target: "‖A − UΛUᵀ‖/‖A‖ < 1e-12; sqrtm(A)² = A to 1e-10, also of singular matrices, as the FID needs it",
		Test:   spectral,
	})
}

func jacobian(_ context.Context, c *catalog.Check) error {
	// r, θ, φ to x, y, z.
	spherical := func(in []*tensor.Tensor) []*tensor.Tensor {
		r, t, p := in[0].Select(0, 0), in[0].Select(0, 1), in[0].Select(0, 2)
		return []*tensor.Tensor{tensor.Stack(0, r.Mul(t.Sin()).Mul(p.Cos()), r.Mul(t.Sin()).Mul(p.Sin()), r.Mul(t.Cos()))}
	}
	var offDet float64
	g := random.New(1)
	for range 20 {
		r, theta, phi := 0.5+2*g.Float64(), math.Pi*g.Float64(), 2*math.Pi*g.Float64()
		det, err := linalg.Det(autograd.Jacobian(spherical, []*tensor.Tensor{f64([]int{3}, r, theta, phi)})[0][0])
		if err != nil {
			return err
		}
		offDet = max(offDet, math.Abs(math.Abs(det.Item())-r*r*math.Sin(theta)))
	}
	c.AtMost("|det J| of spherical coordinates less r² sin θ", offDet, 1e-12)

	// A network from 4 numbers to 3, row by row in reverse and column by column forward.
	w, v := tensor.With(tensor.Float64).Randn(g, 6, 4), tensor.With(tensor.Float64).Randn(g, 3, 6)
	f := func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{v.MatMul(w.MatMul(in[0]).Tanh()).Sin()}
	}
	x := []*tensor.Tensor{tensor.With(tensor.Float64).Randn(g, 4)}
	j := autograd.Jacobian(f, x)[0][0]
	var columns []*tensor.Tensor
	for k := range 4 {
		e := make([]float64, 4)
		e[k] = 1
		_, column := autograd.JVP(f, x, []*tensor.Tensor{tensor.Of(e)})
		columns = append(columns, column[0])
	}
	c.AtMost("forward less reverse", worst(tensor.Stack(1, columns...), j), 1e-10)

	// f = (xy, x): row 0 is (y, x), row 1 is (1, 0).
	rows := func(in []*tensor.Tensor) []*tensor.Tensor {
		a, b := in[0].Select(0, 0), in[0].Select(0, 1)
		return []*tensor.Tensor{tensor.Stack(0, a.Mul(b), a)}
	}
	small := autograd.Jacobian(rows, []*tensor.Tensor{f64([]int{2}, 2, 3)})[0][0]
	c.Equal("∂(xy, x)/∂(x, y) at (2, 3) less [[3, 2], [1, 0]]", worst(small, f64([]int{2, 2}, 3, 2, 1, 0)), 0)
	c.Control(func() {
		c.AtLeast("its transpose, from that", worst(small.T().Contiguous(), f64([]int{2, 2}, 3, 2, 1, 0)), 1)
	})
	return nil
}

func spectral(_ context.Context, c *catalog.Check) error {
	g := random.New(1)
	f := tensor.With(tensor.Float64)
	norm := func(a *tensor.Tensor) float64 { return math.Sqrt(a.Square().Sum().Item()) }
	var eig, orthogonal, singular, root float64
	for _, n := range []int{1, 2, 5, 16, 40, 100} {
		m := f.Randn(g, n, n)
		a := m.Add(m.T())
		w, u, err := linalg.Eigh(a)
		if err != nil {
			return err
		}
		eig = max(eig, norm(a.Sub(u.Mul(w).MatMul(u.T())))/norm(a))
		orthogonal = max(orthogonal, norm(u.T().MatMul(u).Sub(f.Eye(n)))/float64(n))
		wide := f.Randn(g, n, n+3)
		left, s, right, err := linalg.SVD(wide, false)
		if err != nil {
			return err
		}
		singular = max(singular, norm(wide.Sub(left.Mul(s).MatMul(right)))/norm(wide))
		for _, rank := range []int{n, (n + 1) / 2} { // of covariances, the second singular
			b := f.Randn(g, n, rank)
			cov := b.MatMul(b.T())
			r, err := linalg.SqrtM(cov)
			if err != nil {
				return err
			}
			root = max(root, norm(r.MatMul(r).Sub(cov))/norm(cov))
		}
	}
	c.AtMost("‖A − UΛUᵀ‖/‖A‖", eig, 1e-12)
	c.AtMost("‖UᵀU − I‖/n", orthogonal, 1e-12)
	c.AtMost("‖A − U diag(s) Vᵀ‖/‖A‖", singular, 1e-12)
	c.AtMost("‖sqrtm(A)² − A‖/‖A‖", root, 1e-10)
	same, _, err := linalg.Eigh(f.Eye(5).MulScalar(3))
	if err != nil {
		return err
	}
	c.AtMost("eigenvalues of 3I less 3", worst(same, f.Full(3, 5)), 1e-14)
	r, err := linalg.SqrtM(f64([]int{2, 2}, 2, 1, 1, 2)) // eigenvalues 1 and 3
	if err != nil {
		return err
	}
	p, q := (math.Sqrt(3)+1)/2, (math.Sqrt(3)-1)/2
	c.AtMost("sqrtm of [[2, 1], [1, 2]]", worst(r, f64([]int{2, 2}, p, q, q, p)), 1e-14)
	c.Control(func() {
		elementwise := f64([]int{2, 2}, 2, 1, 1, 2).Sqrt()
		c.AtLeast("the root of each element, squared, is off by", worst(elementwise.MatMul(elementwise), f64([]int{2, 2}, 2, 1, 1, 2)), 0.5)
	})
	_, err = linalg.SqrtM(f64([]int{2, 2}, 1, 0, 0, -1))
	c.True("a matrix with a negative eigenvalue is an error", err != nil)
	_, _, err = linalg.Eigh(f64([]int{1, 1}, math.NaN()))
	c.True("NaN is an error", err != nil)
	return nil
}

package autograd

import "github.com/hadal-go/hadal/tensor"

// Jacobian returns the Jacobians of all outputs by all inputs: element [k][j] is ∂f_k/∂in[j], of f_k's shape followed by
// in[j]'s, so that for vectors row a is the gradient of output a. It runs one backward pass for each output element; JVP
// gives a column at a time where there are fewer inputs. The inputs must be floating-point; results are detached. It
// panics with ErrShape when a Jacobian would have more than tensor.MaxRank dimensions.
func Jacobian(f Func, in []*tensor.Tensor) [][]*tensor.Tensor {
	x := leaves(in)
	var j [][]*tensor.Tensor
	for _, o := range f(x) {
		j = append(j, rows(o, x))
	}
	return j
}

// Hessian returns the second derivatives of f, a single element: element [i][j] is ∂²f/∂in[i]∂in[j], of in[i]'s shape
// followed by in[j]'s. It runs one backward pass for each input element; HVP gives products with vectors in one. The inputs
// must be floating-point; results are detached. It panics with ErrShape as Jacobian does.
func Hessian(f func(in []*tensor.Tensor) *tensor.Tensor, in []*tensor.Tensor) [][]*tensor.Tensor {
	x := leaves(in)
	var h [][]*tensor.Tensor
	for _, g := range gradients([]*tensor.Tensor{f(x)}, nil, x, true, true) {
		h = append(h, rows(g, x))
	}
	return h
}

// rows returns the Jacobians of o by each of x.
func rows(o *tensor.Tensor, x []*tensor.Tensor) []*tensor.Tensor {
	parts := make([][]*tensor.Tensor, len(x))
	for a := range o.Numel() {
		e := make([]float64, o.Numel())
		e[a] = 1
		oneHot := tensor.OfShape(e, o.Shape()).To(o.DType())
		for j, g := range gradients([]*tensor.Tensor{o}, []*tensor.Tensor{oneHot}, x, false, true) {
			parts[j] = append(parts[j], g)
		}
	}
	r := make([]*tensor.Tensor, len(x))
	for j, t := range x {
		s := tensor.ShapeOf(append(o.Shape().Dims(), t.Shape().Dims()...)...)
		if len(parts[j]) == 0 {
			r[j] = tensor.With(t.DType()).FullShape(0, s)
			continue
		}
		r[j] = tensor.Stack(0, parts[j]...).ReshapeTo(s)
	}
	return r
}

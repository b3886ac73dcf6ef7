// Package autograd differentiates functions of tensors: gradients of recorded results (Grad), products with Jacobians
// from either side (VJP, JVP), whole Jacobians and Hessians, and a check of gradients against finite differences
// (GradCheck). The names are those of torch.autograd and of JAX.
//
// Unlike Backward it writes to no leaf, so several goroutines may differentiate with respect to shared parameters at the
// same time; passes that walk the same recorded ops must all Retain them.
package autograd

import "github.com/hadal-go/hadal/tensor"

// Func is a function to differentiate, of any number of tensors. It must be deterministic.
type Func = func(in []*tensor.Tensor) []*tensor.Tensor

// GradConfig are the options of Grad.
type GradConfig struct {
	Douts       []*tensor.Tensor // gradient of each output; nil, all or one: ones, for outputs of a single element
	CreateGraph bool             // record the gradients, so that they can be differentiated again; implies Retain
	Retain      bool             // keep the graph for another pass
	AllowUnused bool             // return nil for a tensor that no output depends on, instead of panicking
	ReLU        tensor.ReLURule  // what goes through rectified linear units; default the derivative
}

// Grad returns, for each tensor x of wrt, the gradient
//
//	Σ_k <∂outs[k]/∂x, douts[k]>
//
// a tensor of x's shape and dtype. wrt may hold leaves and results of recorded ops. Grad does not touch the leaves' Grad.
// It panics with ErrGraph when nothing was recorded for an output, when the graph was freed before, and when an output
// depends on no tensor of wrt without AllowUnused.
func Grad(outs, wrt []*tensor.Tensor, cfg GradConfig) []*tensor.Tensor {
	g := tensor.GradientsWith(outs, wrt, tensor.GradientsConfig{Douts: cfg.Douts, CreateGraph: cfg.CreateGraph, Retain: cfg.Retain, ReLU: cfg.ReLU})
	if cfg.AllowUnused {
		return g
	}
	for i, t := range g {
		if t == nil {
			tensor.Fail("grad", tensor.ErrGraph, []tensor.Shape{wrt[i].Shape()}, "no output depends on tensor %d; set AllowUnused if that may be", i)
		}
	}
	return g
}

// VJP returns f(in) and the vector-Jacobian product vᵀJ, one tensor for each input:
//
//	grads[j] = Σ_k <∂f_k/∂in[j], v[k]>
//
// v holds one tensor of each output's shape; nil stands for ones where all outputs are single elements. An input that f
// does not depend on gets zeros. The inputs must be floating-point; results are detached.
func VJP(f Func, in, v []*tensor.Tensor) (outs, grads []*tensor.Tensor) {
	x := leaves(in)
	outs = f(x)
	grads = gradients(outs, v, x, false, false)
	return detached(outs), grads
}

// JVP returns f(in) and the Jacobian-vector product Jv, one tensor for each output:
//
//	tangents[k] = Σ_j ∂f_k/∂in[j] v[j]
//
// the derivative of f at in along v, which holds one tensor of each input's shape. It is computed as the gradient of the
// vector-Jacobian product uᵀJ, which is linear in u, with respect to u ("double vjp", J. Townsend, 2017). The inputs must
// be floating-point; results are detached.
func JVP(f Func, in, v []*tensor.Tensor) (outs, tangents []*tensor.Tensor) {
	sameShapes("jvp", in, v)
	x := leaves(in)
	outs = f(x)
	u := make([]*tensor.Tensor, len(outs))
	for k, o := range outs {
		if u[k] = tensor.ZerosLike(o); o.DType().IsFloat() {
			u[k] = u[k].RequireGrad()
		}
	}
	var heads, along []*tensor.Tensor
	for j, g := range gradients(outs, u, x, true, true) {
		if g.RequiresGrad() {
			heads, along = append(heads, g), append(along, v[j])
		}
	}
	return detached(outs), gradients(heads, along, u, false, false)
}

// HVP returns f(in), a single element, and the product Hv of its Hessian with v, one tensor for each input:
//
//	products[i] = Σ_j ∂²f/∂in[i]∂in[j] v[j]
//
// at the cost of a few evaluations of f (B. A. Pearlmutter: "Fast Exact Multiplication by the Hessian", 1994). v holds one
// tensor of each input's shape. The inputs must be floating-point; results are detached.
func HVP(f func(in []*tensor.Tensor) *tensor.Tensor, in, v []*tensor.Tensor) (out *tensor.Tensor, products []*tensor.Tensor) {
	sameShapes("hvp", in, v)
	x := leaves(in)
	out = f(x)
	g, along := recorded(gradients([]*tensor.Tensor{out}, nil, x, true, true), v)
	return out.Detach(), gradients(g, along, x, false, false)
}

// gradients is tensor.Gradients with zeros where there is no dependence, and without outputs that nothing was recorded for.
func gradients(outs, douts, wrt []*tensor.Tensor, create, retain bool) []*tensor.Tensor {
	if douts != nil {
		sameShapes("vjp", outs, douts)
	}
	var heads, seeds []*tensor.Tensor
	for k, o := range outs {
		if !o.RequiresGrad() {
			continue
		}
		heads = append(heads, o)
		if douts != nil {
			seeds = append(seeds, douts[k])
		}
	}
	var want, r []*tensor.Tensor
	for _, w := range wrt {
		if w.RequiresGrad() {
			want = append(want, w)
		}
	}
	if len(heads) > 0 && len(want) > 0 {
		r = tensor.Gradients(heads, seeds, want, create, retain)
	}
	grads := make([]*tensor.Tensor, len(wrt))
	for i, w := range wrt {
		if w.RequiresGrad() && r != nil {
			grads[i], r = r[0], r[1:]
		}
		if grads[i] == nil {
			grads[i] = tensor.ZerosLike(w)
		}
	}
	return grads
}

// recorded returns the gradients that can be differentiated further, with their partners of v.
func recorded(g, v []*tensor.Tensor) (heads, along []*tensor.Tensor) {
	for i, t := range g {
		if t.RequiresGrad() {
			heads, along = append(heads, t), append(along, v[i])
		}
	}
	return heads, along
}

func leaves(in []*tensor.Tensor) []*tensor.Tensor {
	x := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		x[i] = t.RequireGrad()
	}
	return x
}

func detached(in []*tensor.Tensor) []*tensor.Tensor {
	x := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		x[i] = t.Detach()
	}
	return x
}

// sameShapes panics unless v has one tensor of each shape and dtype of x.
func sameShapes(op string, x, v []*tensor.Tensor) {
	if len(x) != len(v) {
		tensor.Fail(op, tensor.ErrValue, nil, "%d vectors are given for %d tensors", len(v), len(x))
	}
	for i := range x {
		if v[i] != nil && (x[i].Shape() != v[i].Shape() || x[i].DType() != v[i].DType()) {
			tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x[i].Shape(), v[i].Shape()}, "vector %d must have the tensor's shape and dtype (%v, got %v)", i, x[i].DType(), v[i].DType())
		}
	}
}

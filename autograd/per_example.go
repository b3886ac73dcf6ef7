package autograd

import "github.com/hadal-go/hadal/tensor"

// PerExample returns the gradients of each sample's loss by each of params, a tensor of shape (N, parameter's shape) for a
// batch of N samples:
//
//	grads[j][n] = ∂loss(batch[..][n:n+1])/∂params[j]
//
// loss gets the n-th sample of each tensor of the batch, with a first dimension of 1, and returns a single element. It is a
// loop over the samples, each with a forward and a backward pass: exact for every layer, including those, such as BatchNorm,
// whose batch is then one sample. A parameter that the loss does not depend on gets zeros. It writes to no leaf. It panics
// with ErrShape when the tensors of the batch are of different lengths or there are none.
func PerExample(loss func(sample []*tensor.Tensor) *tensor.Tensor, params []*tensor.Param, batch ...*tensor.Tensor) []*tensor.Tensor {
	var shapes []tensor.Shape
	for _, t := range batch {
		shapes = append(shapes, t.Shape())
	}
	for _, s := range shapes {
		if s.Rank() == 0 || s.Dim(0) != shapes[0].Dim(0) {
			tensor.Fail("per_example", tensor.ErrShape, shapes, "the tensors of a batch must have the same first dimension")
		}
	}
	if len(batch) == 0 {
		tensor.Fail("per_example", tensor.ErrShape, nil, "there is no batch")
	}
	wrt := make([]*tensor.Tensor, len(params))
	for j, p := range params {
		wrt[j] = p.Tensor
	}
	rows := make([][]*tensor.Tensor, len(params))
	for n := range batch[0].Dim(0) {
		sample := make([]*tensor.Tensor, len(batch))
		for i, t := range batch {
			sample[i] = t.Narrow(0, n, 1)
		}
		for j, g := range gradients([]*tensor.Tensor{loss(sample)}, nil, wrt, false, false) {
			rows[j] = append(rows[j], g)
		}
	}
	grads := make([]*tensor.Tensor, len(params))
	for j, r := range rows {
		if len(r) == 0 {
			grads[j] = tensor.With(wrt[j].DType()).Zeros(append([]int{0}, wrt[j].Shape().Dims()...)...)
			continue
		}
		grads[j] = tensor.Stack(0, r...)
	}
	return grads
}

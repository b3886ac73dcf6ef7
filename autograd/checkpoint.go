package autograd

import "github.com/hadal-go/hadal/tensor"

// Function is an op whose forward pass and gradient the user gives; see tensor.Function.
type Function = tensor.Function

// Checkpoint returns f(in) without keeping what f computed on the way, which Backward computes again; see
// tensor.Checkpoint.
func Checkpoint(f Func, in ...*tensor.Tensor) []*tensor.Tensor { return tensor.Checkpoint(f, in...) }

// CheckpointSequential applies the functions to x one after the other, in segments of about equal numbers of functions,
// each a Checkpoint but the last, which Backward needs first. With √n segments of n functions the memory for activations
// grows with √n. It panics with ErrValue when segments is not positive.
func CheckpointSequential(segments int, x *tensor.Tensor, fs ...func(x *tensor.Tensor) *tensor.Tensor) *tensor.Tensor {
	if segments < 1 {
		tensor.Fail("checkpoint", tensor.ErrValue, nil, "%d segments; there must be at least one", segments)
	}
	segments = min(segments, len(fs))
	for k := range segments {
		part := fs[k*len(fs)/segments : (k+1)*len(fs)/segments]
		run := func(in []*tensor.Tensor) []*tensor.Tensor {
			y := in[0]
			for _, f := range part {
				y = f(y)
			}
			return []*tensor.Tensor{y}
		}
		if k == segments-1 {
			return run([]*tensor.Tensor{x})[0]
		}
		x = Checkpoint(run, x)[0]
	}
	return x
}

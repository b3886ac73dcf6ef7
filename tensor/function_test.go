package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestNothingGiven(t *testing.T) {
	x := leaf(1, 2)
	wantFail(t, tensor.ErrValue, "hook", func() { x.WithHook(nil) })
	wantFail(t, tensor.ErrGraph, "constant", func() {
		tensor.Function{Name: "constant", Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return in }}.Apply(x)[0].Sum().Backward()
	})
	wantFail(t, tensor.ErrValue, "backward", func() { x.Sum().Backward(nil) })
	wantFail(t, tensor.ErrValue, "gradients", func() { tensor.Gradients(tensors{nil}, nil, tensors{x}, false, false) })
	wantFail(t, tensor.ErrValue, "gradients", func() { tensor.Gradients(tensors{x.Sum()}, nil, tensors{nil}, false, false) })
}

// Results of a Function may be one tensor several times, integers, or none.
func TestFunctionResults(t *testing.T) {
	x := leaf(1, -2)
	f := tensor.Function{
		Forward: func(in []*tensor.Tensor) []*tensor.Tensor {
			y := in[0].Square()
			return tensors{y, y, in[0].GtScalar(0), in[0]}
		},
		VJP: func(in, out, d []*tensor.Tensor) []*tensor.Tensor {
			return tensors{d[0].Add(d[1]).Mul(in[0]).MulScalar(2).Add(d[3])}
		},
	}
	y := f.Apply(x)
	y[0].Add(y[1].MulScalar(10)).Add(y[3].MulScalar(100)).Mul(y[2].To(tensor.Float64)).Sum().Backward()
	wantValues(t, "the gradient", x.Grad(), 122, 0)
	none := tensor.Function{Forward: func(in []*tensor.Tensor) []*tensor.Tensor { return nil }}
	if r := none.Apply(x); len(r) != 0 {
		t.Errorf("got %v", r)
	}
	if r := none.Apply(); len(r) != 0 {
		t.Errorf("got %v", r)
	}
	mixed := tensors{x.Detach()}
	tensor.Function{Forward: func([]*tensor.Tensor) []*tensor.Tensor { return mixed }, VJP: f.VJP}.Apply(x)
	if mixed[0].RequiresGrad() {
		t.Error("Apply changed the slice that Forward returned")
	}
}

package nn

import "github.com/hadal-go/hadal/tensor"

// Cast returns a copy of the module that computes in dtype d, such as tensor.BFloat16: its parameters are conversions of m's,
// recorded, so that gradients arrive in m's own parameters in their dtype. Buffers, generators and mode are m's. The copy
// holds the parameters' present values: make one for each step, and give it inputs of dtype d. It panics with ErrDType when d
// is not a floating-point type.
//
// Halves compute and accumulate in float32 inside every op, and bfloat16 has float32's range, so no scaling of the loss is
// needed: master weights in float32, activations in half the memory. Products of bfloat16 run on AVX512_BF16 where the processor has it.
func Cast[M any](m M, d tensor.DType) M {
	if !d.IsFloat() {
		tensor.Fail("nn.Cast", tensor.ErrDType, nil, "parameters are floating-point numbers; %v is not", d)
	}
	return copyModule(m, copier{
		param:  func(p *Param) *Param { return &Param{Tensor: p.To(d)} },
		buffer: func(b *Buffer) *Buffer { return b },
	})
}

// MixedPrecision is a layer that computes in another dtype than its parameters: each Forward casts them, and the input if it is
// floating-point, to Compute and the result to the parameters' dtype. It is Cast as a layer; the copy costs a walk over the
// module at each Forward.
type MixedPrecision struct {
	Layer   Layer        `name:""`
	Compute tensor.DType // such as tensor.BFloat16
}

// Forward is the layer's, computed in dtype Compute.
func (l *MixedPrecision) Forward(x *tensor.Tensor) *tensor.Tensor {
	out := tensor.Float32
	for _, p := range Params(l.Layer) {
		out = p.DType()
		break
	}
	if x.DType().IsFloat() {
		x = x.To(l.Compute)
	}
	y := Cast(l.Layer, l.Compute).Forward(x)
	if y.DType().IsFloat() {
		y = y.To(out)
	}
	return y
}

package nn

import "github.com/hadal-go/hadal/tensor"

// FuseConvBN2d returns one convolution that does what conv and then bn do when they infer, as PyTorch's fuse_conv_bn_eval: with
// s = bn.weight/√(bn.running_var + eps) for each output channel,
//
//	weight = conv.weight · s,   bias = (conv.bias − bn.running_mean) · s + bn.bias
//
// Neither layer changes, and the new one, which is for inference, owns its weights and does not train. It panics with ErrValue when
// bn is in training, since its statistics would be the batch's, and with ErrShape when its channels are not those that conv makes.
func FuseConvBN2d(conv *Conv2d, bn *BatchNorm) *Conv2d {
	l := *conv
	l.Weight, l.Bias = fuseBN("fuse_conv_bn2d", conv.Weight, conv.Bias, bn)
	return &l
}

// FuseConvBN1d is FuseConvBN2d for sequences.
func FuseConvBN1d(conv *Conv1d, bn *BatchNorm) *Conv1d {
	l := *conv
	l.Weight, l.Bias = fuseBN("fuse_conv_bn1d", conv.Weight, conv.Bias, bn)
	return &l
}

// FuseConvBN3d is FuseConvBN2d for volumes.
func FuseConvBN3d(conv *Conv3d, bn *BatchNorm) *Conv3d {
	l := *conv
	l.Weight, l.Bias = fuseBN("fuse_conv_bn3d", conv.Weight, conv.Bias, bn)
	return &l
}

// fuseBN returns the weight and bias of a layer, whose outputs are dimension 0 of weight, with what bn does to its outputs.
func fuseBN(op string, weight, bias *Param, bn *BatchNorm) (w, b *Param) {
	shapes := []tensor.Shape{weight.Shape(), bn.RunningMean.Shape()}
	if bn.Mode != Infer && !bn.Frozen {
		tensor.Fail(op, tensor.ErrValue, shapes, "the normalisation is in training; take both layers from nn.Eval")
	}
	k := weight.Dim(0)
	if bn.RunningMean.Numel() != k {
		tensor.Fail(op, tensor.ErrShape, shapes, "the layer has %d output channels, the normalisation %d", k, bn.RunningMean.Numel())
	}
	d := weight.DType()
	old := weight.Detach()
	gain, shift := affine(old, bn.Weight, bn.Bias, []int{k})
	scale := wide(bn.RunningVar.Detach()).AddScalar(bn.Eps).Rsqrt().Mul(gain.Detach())
	shift = wide(shift.Detach()).Sub(bn.RunningMean.Mul(scale))
	if bias != nil {
		shift = shift.Add(bias.Detach().Mul(scale))
	}
	dims := make([]int, weight.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = k
	w = &Param{Tensor: wide(old).Mul(scale.Reshape(dims...)).To(d)}
	return w, &Param{Tensor: shift.Detach().To(d)}
}

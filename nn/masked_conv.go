package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// MaskedConv2d is a Conv2d whose weight is multiplied by a fixed mask in every pass: y = conv2d(x, weight ⊙ mask) + bias.
// Masked weights get no gradient. Its state is PyTorch's usual weight, bias and mask of such a layer.
type MaskedConv2d struct {
	Conv2d
	Mask *Buffer // broadcasts to the weight's shape (K, C/groups, R, S)
}

// NewMaskedConv2d returns NewConv2d's layer with a mask that broadcasts to its weight's shape, (out, in/groups, kernel,
// kernel). It panics with ErrShape when the mask does not.
func NewMaskedConv2d(g *random.Generator, in, out, kernel int, mask *tensor.Tensor, cfg ConvConfig) *MaskedConv2d {
	l := &MaskedConv2d{Conv2d: *NewConv2d(g, in, out, kernel, cfg)}
	w := l.Weight.Tensor
	l.Mask = tensor.NewBuffer(mask.To(w.DType()).Expand(w.Shape().Dims()...))
	return l
}

// Forward maps x (N, C, H, W) to (N, K, OH, OW).
func (l *MaskedConv2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return l.with(x, l.Weight.Mul(l.Mask.Tensor))
}

// MaskType names the masks of PixelCNN.
type MaskType uint8

// Mask A, of a first layer, hides the pixel itself from its own channel; mask B, of later layers, does not.
const (
	MaskA MaskType = iota
	MaskB
)

// PixelCNNMask returns the mask (out, in, kernel, kernel) under which an output sees only the pixels above its own and, in
// its row, those to the left (van den Oord et al., 2016, "Pixel Recurrent Neural Networks", section 3.4). The pixel itself
// is seen channel by channel: inputs and outputs are cut into `channels` equal runs, the colours in order, and an output of
// run i sees inputs of the runs before i, under MaskB also of run i. With 1 channel MaskA hides the whole pixel and MaskB
// shows it. It panics with ErrValue when the kernel is even, a size is not positive or the runs do not divide in and out.
func PixelCNNMask(t MaskType, in, out, kernel, channels int) *tensor.Tensor {
	if kernel < 1 || kernel%2 == 0 || t > MaskB {
		tensor.Fail("pixelcnn_mask", tensor.ErrValue, nil, "kernel size %d must be odd and the type MaskA or MaskB", kernel)
	}
	if channels < 1 || in < 1 || out < 1 || in%channels != 0 || out%channels != 0 {
		tensor.Fail("pixelcnn_mask", tensor.ErrValue, nil, "%d colours do not divide %d input and %d output channels", channels, in, out)
	}
	centre := kernel * kernel / 2
	mask := make([]float32, out*in*kernel*kernel)
	for k := range out {
		for c := range in {
			m := mask[(k*in+c)*kernel*kernel:][:kernel*kernel]
			for i := range centre {
				m[i] = 1
			}
			if from, to := c*channels/in, k*channels/out; from < to || from == to && t == MaskB {
				m[centre] = 1
			}
		}
	}
	return tensor.Of(mask, out, in, kernel, kernel)
}

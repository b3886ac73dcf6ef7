package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BasicConv2d is a convolution, batch normalisation and a ReLU, y = max(0, BN(conv(x))), under torchvision's name.
type BasicConv2d struct {
	Conv *nn.Conv2d
	BN   *nn.BatchNorm
}

// Forward maps x (N, C, H, W) to (N, K, OH, OW).
func (l *BasicConv2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return l.BN.Forward(l.Conv.Forward(x)).ReLU()
}

// Inception is a block of branches side by side, whose maps are joined along the channels (C. Szegedy et al., 2015, Going deeper
// with convolutions): y = [branch0(x), branch1(x), ...]. Branches that are nil are left out.
type Inception struct {
	Branch0, Branch1, Branch2, Branch3, Branch4 nn.Layer
}

// Forward maps x (N, C, H, W) to (N, K, OH, OW), K the sum of the branches' channels.
func (l *Inception) Forward(x *tensor.Tensor) *tensor.Tensor {
	var maps []*tensor.Tensor
	for _, b := range []nn.Layer{l.Branch0, l.Branch1, l.Branch2, l.Branch3, l.Branch4} {
		if b != nil {
			maps = append(maps, b.Forward(x))
		}
	}
	return tensor.Concat(1, maps...)
}

// NewInception returns GoogLeNet's block for x (N, in, H, W): a 1 x 1 convolution to c1 channels, one to reduce3 followed by a 3 x 3
// to c3, one to reduce5 followed by another 3 x 3 to c5, and a maximum over 3 x 3 followed by a 1 x 1 to pool channels. The paper's
// third branch has 5 x 5 kernels; torchvision's published weights have 3 x 3.
func NewInception(g *random.Generator, in, c1, reduce3, c3, reduce5, c5, pool int) *Inception {
	b := &inceptionBuilder{g: g, cfg: Config{Width: 1}, in: in, eps: 1e-3}
	return b.inception(c1, reduce3, c3, reduce5, c5, pool)
}

// inceptionBuilder makes the layers of a network of the family, the first first.
type inceptionBuilder struct {
	g    *random.Generator
	cfg  Config
	in   int     // channels of the input of the layer to come
	eps  float64 // of batch normalisation
	bias bool    // of convolutions
	keep bool    // layers keep the size of their input: those of a small stem do
}

// newInceptionBuilder returns a builder at the start of a stem. The options are checked.
func newInceptionBuilder(g *random.Generator, model string, cfg Config, dropout float64) *inceptionBuilder {
	cfg = cfg.withDefaults(model, dropout)
	return &inceptionBuilder{g: g, cfg: cfg, in: cfg.Channels, eps: 1e-3, keep: cfg.Stem == SmallStem}
}

// convSpec is a convolution to be made: padded so that stride 1 keeps the size, unless it is valid.
type convSpec struct {
	out, h, w int // channels at width 1, and the kernel
	stride    int
	valid     bool
	layer     nn.Layer // in place of a convolution: one that keeps the channels
}

// conv describes a convolution with a kernel of k x k.
func conv(out, k int) convSpec { return convSpec{out: out, h: k, w: k, stride: 1} }

// convHW describes one with a kernel of h x w.
func convHW(out, h, w int) convSpec { return convSpec{out: out, h: h, w: w, stride: 1} }

// pooling puts a pooling between convolutions.
func pooling(l nn.Layer) convSpec { return convSpec{layer: l} }

func (s convSpec) by(stride int) convSpec { s.stride = stride; return s }
func (s convSpec) unpadded() convSpec     { s.valid = true; return s }
func (s convSpec) halve() convSpec        { return s.by(2).unpadded() }

// unit returns the convolution of in channels that s describes.
func (b *inceptionBuilder) unit(in int, s convSpec) *BasicConv2d {
	if b.keep {
		s.stride, s.valid = 1, false
	}
	out := b.cfg.scale(s.out)
	l := &BasicConv2d{Conv: b.conv2d(in, out, s.h, s.w), BN: nn.NewBatchNorm2d(out, nn.BatchNormConfig{Eps: b.eps})}
	if !b.bias {
		l.Conv.Bias = nil
	}
	l.Conv.Options.Stride = [2]int{s.stride, s.stride}
	if !s.valid {
		l.Conv.Options.Padding = [2]int{s.h / 2, s.w / 2}
	}
	return l
}

func (b *inceptionBuilder) conv2d(in, out, h, w int) *nn.Conv2d {
	return &nn.Conv2d{Weight: b.param(in*h*w, out, in, h, w), Bias: b.param(in*h*w, out)}
}

func (b *inceptionBuilder) linear(in, out int) *nn.Linear {
	return nn.NewLinear(b.g, in, out, nn.LinearConfig{})
}

// param returns a parameter with PyTorch's initial values.
func (b *inceptionBuilder) param(fan int, dims ...int) *nn.Param {
	return tensor.NewParam(initialize.TorchDefault(b.g, fan, dims...))
}

// chain returns convolutions one after the other.
func (b *inceptionBuilder) chain(specs ...convSpec) (layers nn.Sequential) {
	in := b.in
	for _, s := range specs {
		if s.layer != nil {
			layers = append(layers, s.layer)
			continue
		}
		layers = append(layers, b.unit(in, s))
		in = b.cfg.scale(s.out)
	}
	return layers
}

// branch is chain, and a single layer by itself.
func (b *inceptionBuilder) branch(specs ...convSpec) nn.Layer {
	if c := b.chain(specs...); len(c) > 1 {
		return c
	} else {
		return c[0]
	}
}

// conv returns the next layer, a convolution.
func (b *inceptionBuilder) conv(s convSpec) *BasicConv2d { return next(b, b.unit(b.in, s)) }

// next returns l, the next layer. Its shape rule tells how many channels it makes.
func next[L nn.Layer](b *inceptionBuilder, l L) L {
	const side = 33 // more than any kernel
	b.in = l.Forward(tensor.Factory{Device: tensor.Meta}.Zeros(2, b.in, side, side)).Dim(1)
	return l
}

// maxPool returns a maximum over 3 x 3 that halves the size, or what keeps it in a small stem.
func (b *inceptionBuilder) maxPool(ceil bool) nn.Layer {
	if b.keep {
		return nn.Identity{}
	}
	l := maxPool(3, 2, 0)
	l.Config.CeilMode = ceil
	return l
}

// maxPoolSame and avgPoolSame are the maximum and the mean over 3 x 3 around each place.
func maxPoolSame() nn.Layer { return maxPool(3, 1, 1) }

func avgPoolSame(countPadding bool) nn.Layer {
	cfg := around
	cfg.IgnorePadding = !countPadding
	return &nn.AvgPool2d{Config: cfg}
}

// around is a window of 3 x 3 around each place.
var around = tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}}

// pooledFeatures returns the mean of each map of x (N, C, H, W) after dropout: (N, C).
func pooledFeatures(x *tensor.Tensor, drop *nn.Dropout) *tensor.Tensor {
	return drop.Forward(tensor.AdaptiveAvgPool2d(x, 1, 1).Flatten(1))
}

// fromImageNet converts pictures (N, 3, H, W) that were normalised with the means and deviations of ImageNet's channels to values
// 2v - 1 of pixels v from 0 to 1, as the networks of TensorFlow's first release were trained on.
func fromImageNet(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 4 || x.Dim(1) != 3 {
		tensor.Fail("transform_input", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the pictures must be (N, 3, H, W), normalised by channel")
	}
	perChannel := func(v ...float64) *tensor.Tensor { return tensor.Of(v, 3, 1, 1).To(x.DType()) }
	return x.Mul(perChannel(0.229/0.5, 0.224/0.5, 0.225/0.5)).Add(perChannel((0.485-0.5)/0.5, (0.456-0.5)/0.5, (0.406-0.5)/0.5))
}

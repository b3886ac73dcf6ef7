package models

import (
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// UNetConfig are the options of NewUNet. Zero fields mean the published network.
type UNetConfig struct {
	Classes   int      // scores of each pixel; default 2
	Channels  int      // of the pictures; default 1
	Width     float64  // factor on the channels of every level, 64, 128, 256, 512 and 1024; default 1
	Depth     int      // times that the picture is halved; default 4
	Padded    bool     // convolutions keep the size, so that the scores are as large as the picture
	BatchNorm bool     // batch normalisation after each convolution of 3 x 3 (Ioffe and Szegedy, 2015), which then has no bias
	Bilinear  bool     // upsampling is bilinear, after a convolution of 1 x 1 that halves the channels, instead of a transposed convolution
	NoSkips   bool     // no connections from the contracting to the expanding path: an encoder and a decoder, for comparison
	Dropout   *float64 // probability at the end of the contracting path, its last two levels; default 0.5
}

// UNet is the network for segmentation of O. Ronneberger, P. Fischer and T. Brox (2015, U-Net: convolutional networks for biomedical
// image segmentation): a contracting path, at each level two convolutions of 3 x 3 with ReLU and a max pooling that halves the
// picture, and an expanding path that at each level doubles it, joins the maps of the contracting path cut to size, and convolves
// twice. A convolution of 1 x 1 makes the scores. As published it has 31,030,658 parameters, and convolutions without padding make
// scores (N, 2, 388, 388) of pictures (N, 1, 572, 572); Segment is for pictures of any size.
type UNet struct {
	Encoder []nn.Sequential // two convolutions a level, the largest maps first; the last is the bottom
	Up      []nn.Layer      // what doubles the maps, from the bottom up
	Decoder []nn.Sequential // two convolutions a level, from the bottom up
	Out     *nn.Conv2d

	padded, bilinear, noSkips bool
}

// NewUNet returns the network with weights of N(0, 2/fan-in) (He et al., 2015), as published, and biases of zero. It panics with
// ErrValue on options that are none.
func NewUNet(g *random.Generator, cfg UNetConfig) *UNet {
	c := Config{Classes: cfg.Classes, Channels: cfg.Channels, Width: cfg.Width, Dropout: cfg.Dropout}
	if c.Classes == 0 {
		c.Classes = 2
	}
	if c.Channels == 0 {
		c.Channels = 1
	}
	if cfg.Depth == 0 {
		cfg.Depth = 4
	}
	c = c.withDefaults("unet", 0.5)
	if cfg.Depth < 1 || cfg.Depth > 12 {
		tensor.Fail("unet", tensor.ErrValue, nil, "the depth, %d, must be 1 to 12", cfg.Depth)
	}
	m := &UNet{padded: cfg.Padded, bilinear: cfg.Bilinear, noSkips: cfg.NoSkips}
	padding := 0
	if cfg.Padded {
		padding = 1
	}
	twice := func(in, out int) (s nn.Sequential) {
		for _, in := range []int{in, out} {
			conv := fanInConv(g, in, out, 3, padding)
			s = append(s, conv)
			if cfg.BatchNorm {
				conv.Bias = nil
				s = append(s, nn.NewBatchNorm2d(out, nn.BatchNormConfig{}))
			}
			s = append(s, nn.ReLU{})
		}
		return s
	}
	in := c.Channels
	for i := range cfg.Depth + 1 {
		out := c.scale(64 << i)
		level := twice(in, out)
		if i >= cfg.Depth-1 {
			level = append(level, nn.NewDropout(g, *c.Dropout))
		}
		m.Encoder = append(m.Encoder, level)
		in = out
	}
	for i := cfg.Depth - 1; i >= 0; i-- {
		out := c.scale(64 << i)
		if cfg.Bilinear {
			m.Up = append(m.Up, fanInConv(g, in, out, 1, 0))
		} else {
			up := nn.NewConvTranspose2d(g, in, out, 2, nn.ConvTransposeConfig{Stride: 2})
			up.Weight.CopyFrom(initialize.Normal(g, 0, math.Sqrt(2/float64(in)), in, out, 2, 2)) // an output has one tap of each input channel
			up.Bias.CopyFrom(tensor.Zeros(out))
			m.Up = append(m.Up, up)
		}
		joined := 2 * out
		if cfg.NoSkips {
			joined = out
		}
		m.Decoder = append(m.Decoder, twice(joined, out))
		in = out
	}
	m.Out = fanInConv(g, in, c.Classes, 1, 0)
	return m
}

// Forward maps pictures (N, C, H, W) to scores (N, classes, OH, OW): with padding of the size of the picture, else
// 4·(3·2^depth − 2) less, 184 for four levels. It panics with ErrShape on sizes that cannot be halved so often; Segment pads them.
func (m *UNet) Forward(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 4 {
		tensor.Fail("unet", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W); Unsqueeze(0) makes a batch of one")
	}
	for _, side := range x.Shape().Dims()[2:] {
		if m.OutputSize(side) == 0 {
			tensor.Fail("unet", tensor.ErrShape, []tensor.Shape{x.Shape()}, "sides of %d cannot be halved %d times; the next that can is %d: pad the picture, or call Segment, which does",
				side, len(m.Up), m.nextSize(side))
		}
	}
	skips := make([]*tensor.Tensor, len(m.Up))
	for i, level := range m.Encoder {
		if i > 0 {
			x = x.MaxPool2d(2)
		}
		x = level.Forward(x)
		if i < len(skips) {
			skips[len(skips)-1-i] = x
		}
	}
	for i, up := range m.Up {
		x = up.Forward(x)
		if m.bilinear { // the convolution comes before: it is the same, at a quarter of the cost
			x = tensor.Interpolate(x, []int{2 * x.Dim(2), 2 * x.Dim(3)}, tensor.InterpolateConfig{Mode: tensor.InterpolateLinear})
		}
		if !m.noSkips {
			x = tensor.Concat(1, centre(skips[i], x.Dim(2), x.Dim(3)), x)
		}
		x = m.Decoder[i].Forward(x)
	}
	return m.Out.Forward(x)
}

// Segment maps pictures (N, C, H, W) of any size to scores (N, classes, H, W) of all their pixels: what the convolutions lack at the
// edges is mirrored, the paper's overlap-tile strategy, and the result cut. Pictures too small to be mirrored go on as their edges are.
func (m *UNet) Segment(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 4 || x.Numel() == 0 {
		tensor.Fail("unet", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W) with pixels; Unsqueeze(0) makes a batch of one")
	}
	var before, after, from [2]int
	mode := tensor.PadReflect
	for i := range 2 {
		side := x.Dim(2 + i)
		large := m.InputSize(side)
		before[i] = (large - side) / 2
		after[i] = large - side - before[i]
		from[i] = before[i] - (large-m.OutputSize(large))/2
		if after[i] >= side {
			mode = tensor.PadReplicate
		}
	}
	y := m.Forward(x.Pad(mode, 0, before[1], after[1], before[0], after[0]))
	return y.Narrow(2, from[0], x.Dim(2)).Narrow(3, from[1], x.Dim(3))
}

// OutputSize returns the side of the scores of a picture with a side of so many pixels, 0 if it does not fit: 388 for 572 in the
// published network.
func (m *UNet) OutputSize(side int) int {
	lost := 4 // by two convolutions
	if m.padded {
		lost = 0
	}
	for range m.Up {
		side -= lost
		if side < 2 || side%2 != 0 {
			return 0
		}
		side /= 2
	}
	for range m.Up {
		if side -= lost; side < 1 {
			return 0
		}
		side *= 2
	}
	return max(0, side-lost)
}

// InputSize returns the least side of a picture whose scores have a side of at least so many pixels: 572 for 388 in the published
// network.
func (m *UNet) InputSize(side int) int {
	for n := max(1, side); ; n++ {
		if m.OutputSize(n) >= max(1, side) {
			return n
		}
	}
}

// nextSize returns the least side from side on that fits.
func (m *UNet) nextSize(side int) int {
	for m.OutputSize(side) == 0 {
		side++
	}
	return side
}

// fanInConv returns a convolution with zeros around the picture, weights of N(0, 2/fan-in) (K. He et al., 2015) and biases of zero.
func fanInConv(g *random.Generator, in, out, kernel, padding int) *nn.Conv2d {
	return &nn.Conv2d{
		Weight:  tensor.NewParam(initialize.KaimingNormal(g, initialize.GainReLU, out, in, kernel, kernel)),
		Bias:    tensor.NewParam(tensor.Zeros(out)),
		Options: tensor.ConvConfig{Stride: [2]int{1, 1}, Padding: [2]int{padding, padding}},
	}
}

// centre cuts height x width elements out of the middle of maps (N, C, H, W), where the convolutions left something to cut.
func centre(x *tensor.Tensor, height, width int) *tensor.Tensor {
	return x.Narrow(2, (x.Dim(2)-height)/2, height).Narrow(3, (x.Dim(3)-width)/2, width)
}

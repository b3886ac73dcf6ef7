package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Pix2PixConfig are the options of NewPix2Pix. Zero fields mean the published generator for pictures of 256 x 256.
type Pix2PixConfig struct {
	In, Out int      // channels of the pictures given and made; default 3 and 3
	Depth   int      // times that the picture is halved; default 8
	Width   float64  // factor on the channels of every level, 64, 128, 256 and then 512; default 1
	NoSkips bool     // no connections from the encoder to the decoder: the encoder-decoder that the paper compares with
	Dropout *float64 // probability after the decoder's levels of 512 channels but the innermost, as published three; default 0.5
}

// Pix2Pix is the generator of P. Isola, J.-Y. Zhu, T. Zhou and A. A. Efros (2017, Image-to-image translation with conditional adversarial
// networks): convolutions of 4 x 4 with a stride of 2, batch normalisation and leaky ReLU down to one pixel, and transposed ones with ReLU
// back, each of which also sees the encoder's maps of its size. It maps pictures (N, in, H, W), with sides that are multiples of 2^depth,
// to (N, out, H, W) from -1 to 1. As published it has 54,413,955 parameters.
type Pix2Pix struct {
	Encoder []nn.Sequential // the largest maps first
	Decoder []nn.Sequential // the smallest maps first

	noSkips bool
}

// NewPix2Pix returns the generator with weights of N(0, 0.02²), as published. It panics with ErrValue on options that are none.
func NewPix2Pix(g *random.Generator, cfg Pix2PixConfig) *Pix2Pix {
	c := Config{Classes: cfg.Out, Channels: cfg.In, Width: cfg.Width, Dropout: cfg.Dropout}
	if c.Classes == 0 {
		c.Classes = 3
	}
	c = c.withDefaults("pix2pix", 0.5)
	if cfg.Depth == 0 {
		cfg.Depth = 8
	}
	if cfg.Depth < 2 || cfg.Depth > 12 {
		tensor.Fail("pix2pix", tensor.ErrValue, nil, "the depth, %d, must be 2 to 12", cfg.Depth)
	}
	m := &Pix2Pix{noSkips: cfg.NoSkips}
	channels := func(level int) int { return c.scale(64 << min(level, 3)) }
	in := c.Channels
	for i := range cfg.Depth {
		out := channels(i)
		outer, inner := i == 0, i == cfg.Depth-1
		var level nn.Sequential
		if !outer {
			level = append(level, leaky)
		}
		level = append(level, ganConv(g, in, out, 2, false))
		if !outer && !inner { // one pixel has no statistics
			level = append(level, ganNorm(g, out))
		}
		m.Encoder = append(m.Encoder, level)
		in = out
	}
	for i := cfg.Depth - 1; i >= 0; i-- {
		out, last := c.Classes, i == 0
		if !last {
			out = channels(i - 1)
		}
		up := nn.NewConvTranspose2d(g, in, out, 4, nn.ConvTransposeConfig{Stride: 2, Padding: 1, NoBias: !last})
		up.Weight.CopyFrom(initialize.Normal(g, 0, 0.02, in, out, 4, 4))
		level := nn.NewSequential(nn.ReLU{}, up)
		if last {
			up.Bias.CopyFrom(tensor.Zeros(out))
			level = append(level, nn.Tanh{})
		} else {
			level = append(level, ganNorm(g, out))
			if i >= 4 && i < cfg.Depth-1 {
				level = append(level, nn.NewDropout(g, *c.Dropout))
			}
		}
		m.Decoder = append(m.Decoder, level)
		if in = out; !cfg.NoSkips {
			in = 2 * out
		}
	}
	return m
}

// Forward maps pictures (N, in, H, W) to (N, out, H, W) from -1 to 1. It panics with ErrShape on sides that cannot be halved so often.
func (m *Pix2Pix) Forward(x *tensor.Tensor) *tensor.Tensor {
	if n := 1 << len(m.Encoder); x.Rank() != 4 || x.Dim(2)%n != 0 || x.Dim(3)%n != 0 {
		tensor.Fail("pix2pix", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W) with sides that are multiples of %d: pad them, or give a smaller Depth", n)
	}
	maps := make([]*tensor.Tensor, len(m.Encoder))
	for i, level := range m.Encoder {
		x = level.Forward(x)
		maps[i] = x
	}
	for i, level := range m.Decoder {
		if i > 0 && !m.noSkips {
			x = tensor.Concat(1, maps[len(maps)-1-i], x)
		}
		x = level.Forward(x)
	}
	return x
}

// PatchGANConfig are the options of NewPatchGAN. Zero fields mean the published discriminator, with a receptive field of 70 x 70.
type PatchGANConfig struct {
	Channels int     // of the picture given and the one judged together; default 6
	Layers   int     // with a stride of 2; default 3
	Width    float64 // factor on the channels of every layer, 64, 128, 256 and 512; default 1
}

// NewPatchGAN returns the discriminator of pix2pix (Isola et al., 2017), which judges patches: it maps a picture and what is claimed to
// belong to it, one after the other in the channels (N, channels, H, W), to logits (N, 1, h, w), positive for patches that look real. As
// published it has 2,768,705 parameters, and makes 30 x 30 logits of 256 x 256 pixels. It panics with ErrValue on options that are none.
func NewPatchGAN(g *random.Generator, cfg PatchGANConfig) nn.Sequential {
	c := Config{Channels: cfg.Channels, Width: cfg.Width}
	if c.Channels == 0 {
		c.Channels = 6
	}
	c = c.withDefaults("patchgan", 0)
	if cfg.Layers == 0 {
		cfg.Layers = 3
	}
	if cfg.Layers < 1 || cfg.Layers > 12 {
		tensor.Fail("patchgan", tensor.ErrValue, nil, "the number of layers, %d, must be 1 to 12", cfg.Layers)
	}
	in := c.scale(64)
	s := nn.NewSequential(ganConv(g, c.Channels, in, 2, true), leaky)
	for i := 1; i <= cfg.Layers; i++ {
		stride, out := 2, c.scale(64<<min(i, 3))
		if i == cfg.Layers {
			stride = 1
		}
		s = append(s, ganConv(g, in, out, stride, false), ganNorm(g, out), leaky)
		in = out
	}
	return append(s, ganConv(g, in, 1, 1, true))
}

var leaky = nn.LeakyReLU{Slope: new(0.2)}

// ganConv returns a convolution of 4 x 4 with weights of N(0, 0.02²) and, if wanted, a bias of zero.
func ganConv(g *random.Generator, in, out, stride int, bias bool) *nn.Conv2d {
	l := nn.NewConv2d(g, in, out, 4, nn.ConvConfig{Stride: stride, Padding: 1, NoBias: !bias})
	l.Weight.CopyFrom(initialize.Normal(g, 0, 0.02, out, in, 4, 4))
	if bias {
		l.Bias.CopyFrom(tensor.Zeros(out))
	}
	return l
}

// ganNorm returns batch normalisation with weights of N(1, 0.02²).
func ganNorm(g *random.Generator, channels int) *nn.BatchNorm {
	l := nn.NewBatchNorm2d(channels, nn.BatchNormConfig{})
	l.Weight = tensor.NewParam(initialize.Normal(g, 1, 0.02, channels))
	return l
}

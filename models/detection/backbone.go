package detection

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Backbone is the part of a detector that makes feature maps of pictures.
type Backbone interface {
	// Maps returns maps (N, C, h, w) of pictures (N, ., H, W), the largest first.
	Maps(x *tensor.Tensor) []*tensor.Tensor
	// Channels returns how many channels each map has.
	Channels() []int
	// Strides returns the distance of neighbouring places of each map, in pixels of the pictures.
	Strides() []int
}

// SmallBackboneConfig are the options of NewSmallBackbone.
type SmallBackboneConfig struct {
	Channels int  // of the pictures; 0: 3
	Width    int  // channels of the first layer; 0: 16
	NoCoarse bool // one map alone, of stride 8
}

// SmallBackbone is a network for small pictures: 3 x 3 convolutions with batch normalisation and ReLU, whose maps have strides of 8 and 16
// pixels, unless NoCoarse leaves out the second.
type SmallBackbone struct {
	Fine   nn.Sequential // to stride 8
	Coarse nn.Sequential // to stride 16
	width  int
}

// NewSmallBackbone returns the network with PyTorch's initial weights. It panics with ErrValue on a size that is not positive.
func NewSmallBackbone(g *random.Generator, cfg SmallBackboneConfig) *SmallBackbone {
	if cfg.Channels == 0 {
		cfg.Channels = 3
	}
	if cfg.Width == 0 {
		cfg.Width = 16
	}
	if cfg.Channels < 0 || cfg.Width < 0 {
		tensor.Fail("detection.NewSmallBackbone", tensor.ErrValue, nil, "%d channels and width %d must be positive", cfg.Channels, cfg.Width)
	}
	block := func(in, out, stride int) []nn.Layer {
		return []nn.Layer{nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Stride: stride, Padding: 1, NoBias: true}), nn.NewBatchNorm2d(out, nn.BatchNormConfig{}), nn.ReLU{}}
	}
	w := cfg.Width
	b := &SmallBackbone{width: w}
	for _, l := range [][]nn.Layer{block(cfg.Channels, w, 2), block(w, 2*w, 2), block(2*w, 2*w, 1), block(2*w, 4*w, 2), block(4*w, 4*w, 1)} {
		b.Fine = append(b.Fine, l...)
	}
	if !cfg.NoCoarse {
		b.Coarse = append(block(4*w, 4*w, 2), block(4*w, 4*w, 1)...)
	}
	return b
}

// Maps returns maps of strides 8 and 16, (N, 4·Width, H/8, W/8) and (N, 4·Width, H/16, W/16), sizes rounded up.
func (b *SmallBackbone) Maps(x *tensor.Tensor) []*tensor.Tensor {
	fine := b.Fine.Forward(x)
	if b.Coarse == nil {
		return []*tensor.Tensor{fine}
	}
	return []*tensor.Tensor{fine, b.Coarse.Forward(fine)}
}

// Channels returns 4·Width for each map.
func (b *SmallBackbone) Channels() []int {
	if b.Coarse == nil {
		return []int{4 * b.width}
	}
	return []int{4 * b.width, 4 * b.width}
}

// Strides returns 8 and 16.
func (b *SmallBackbone) Strides() []int { return []int{8, 16}[:len(b.Channels())] }

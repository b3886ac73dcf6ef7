package models

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// vggs are the configurations A, B, D and E of Simonyan and Zisserman's table 1: 3 x 3 convolutions in each of the five stages.
var vggs = map[int]struct {
	convs          [5]int
	params, normed int // without and with BatchNorm
}{
	11: {[5]int{1, 1, 2, 2, 2}, 132_863_336, 132_868_840},
	13: {[5]int{2, 2, 2, 2, 2}, 133_047_848, 133_053_736},
	16: {[5]int{2, 2, 3, 3, 3}, 138_357_544, 138_365_992},
	19: {[5]int{2, 2, 4, 4, 4}, 143_667_240, 143_678_248},
}

func init() {
	for depth, v := range vggs {
		Register(Entry{
			Name: fmt.Sprintf("vgg%d", depth), Title: fmt.Sprintf("VGG-%d", depth), Paper: "Simonyan and Zisserman 2015",
			Size: 224, Params: v.params, Head: "classifier.6.",
			New: func(g *random.Generator, cfg Config) Classifier { return NewVGG(g, depth, VGGConfig{Config: cfg}) },
		})
		Register(Entry{
			Name: fmt.Sprintf("vgg%d_bn", depth), Title: fmt.Sprintf("VGG-%d with batch normalisation", depth),
			Paper: "Simonyan and Zisserman 2015; Ioffe and Szegedy 2015", Size: 224, Params: v.normed, Head: "classifier.6.",
			New: func(g *random.Generator, cfg Config) Classifier {
				return NewVGG(g, depth, VGGConfig{Config: cfg, BatchNorm: true})
			},
		})
	}
}

// VGG is a deep network of small kernels (K. Simonyan and A. Zisserman, 2015, Very deep convolutional networks for large-scale image
// recognition): five stages of 3 x 3 convolutions, of 64, 128, 256, 512 and 512 channels, each followed by a 2 x 2 pooling, and three
// dense layers, fc6, fc7 and fc8. Two 3 x 3 convolutions see 5 x 5 pixels with 18/25 of the weights of one 5 x 5, three see 7 x 7 with 27/49.
type VGG struct {
	Features   nn.Sequential
	AvgPool    *nn.AdaptiveAvgPool2d
	Classifier nn.Sequential // classifier.0, .3 and .6 are fc6, fc7 and fc8
}

// VGGConfig are the options of NewVGG.
type VGGConfig struct {
	Config
	BatchNorm bool // after each convolution
}

// NewVGG returns VGG-11, -13, -16 or -19 with torchvision's parameter names and initial weights. Its pictures are (N, 3, H, W),
// normalised as NewAlexNet's, of 32 x 32 pixels or more. With a SmallStem, for pictures of any size, the poolings round sizes
// up, one mean of each channel goes into the dense layers, and these have 512 units in the place of 4096. It panics with ErrValue on
// other depths and on options that are none.
func NewVGG(g *random.Generator, depth int, cfg VGGConfig) *VGG {
	v, ok := vggs[depth]
	if !ok {
		tensor.Fail("vgg", tensor.ErrValue, nil, "there is no VGG of %d layers; choose 11, 13, 16 or 19", depth)
	}
	cfg.Config = cfg.withDefaults("vgg", 0.5)
	side, units := 7, cfg.scale(4096)
	pool := nn.NewMaxPool2d(2)
	if cfg.Stem == SmallStem {
		side, units = 1, cfg.scale(512)
		pool.Config.CeilMode = true
	}
	m, in := &VGG{AvgPool: &nn.AdaptiveAvgPool2d{H: side, W: side}}, cfg.Channels
	for stage, n := range v.convs {
		out := cfg.scale(min(64<<stage, 512))
		for range n {
			m.Features = append(m.Features, heConv(g, in, out, 3, nn.ConvConfig{Padding: 1}))
			if cfg.BatchNorm {
				m.Features = append(m.Features, nn.NewBatchNorm2d(out, nn.BatchNormConfig{}))
			}
			m.Features, in = append(m.Features, nn.ReLU{}), out
		}
		m.Features = append(m.Features, pool)
	}
	fc := func(in, out int) nn.Layer { return normalLinear(g, in, out, 0.01) }
	m.Classifier = nn.NewSequential(
		fc(in*side*side, units), nn.ReLU{}, nn.NewDropout(g, *cfg.Dropout),
		fc(units, units), nn.ReLU{}, nn.NewDropout(g, *cfg.Dropout),
		fc(units, cfg.Classes),
	)
	return m
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *VGG) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the last pooling's maps, (N, 512, h, w).
func (m *VGG) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return m.Features.Forward(x) }

// Scores maps feature maps (N, 512, h, w) to scores (N, classes).
func (m *VGG) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.Classifier.Forward(m.AvgPool.Forward(maps).Flatten(1))
}

// Codes maps pictures (N, C, H, W) to the activations of fc7 after its ReLU, (N, 4096), as AlexNet.Codes does.
func (m *VGG) Codes(x *tensor.Tensor) *tensor.Tensor {
	return m.Classifier[:5].Forward(m.AvgPool.Forward(m.FeatureMaps(x)).Flatten(1))
}

// normalLinear is nn.NewLinear with weights of N(0, std²) and without bias at the start.
func normalLinear(g *random.Generator, in, out int, std float64) *nn.Linear {
	return &nn.Linear{Weight: tensor.NewParam(initialize.Normal(g, 0, std, out, in)), Bias: tensor.NewParam(tensor.Zeros(out))}
}

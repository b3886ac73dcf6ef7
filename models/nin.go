package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "nin", Title: "Network in Network", Paper: "Lin, Chen and Yan 2014", Size: 224, Params: 7_595_176, Head: "classifier.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewNiN(g, cfg) },
	})
}

// NiN is Network in Network (M. Lin, Q. Chen and S. Yan, 2014): each convolution is followed by two of 1 x 1 with ReLU, a small dense network
// at every pixel, and the last makes a map for each class, whose mean is the class's score: there is no dense layer to over-fit.
type NiN struct {
	Features   nn.Sequential
	Classifier *nn.Conv2d // 1 x 1, to one map a class
}

// NewNiN returns the network for ImageNet as its authors published it for Caffe, but that poolings round sizes down, where Caffe's round up, for
// pictures (N, 3, H, W) of 67 x 67 pixels or more, or, with a SmallStem, the paper's for CIFAR-10, for pictures from 7 x 7 pixels on, which
// has 966,986 parameters for ten classes. Weights are of N(0, 2/fan out). It panics with ErrValue on options that are none.
func NewNiN(g *random.Generator, cfg Config) *NiN {
	cfg = cfg.withDefaults("nin", 0.5)
	m, in := new(NiN), cfg.Channels
	// block adds a convolution and 1 x 1 convolutions, to so many channels each.
	block := func(kernel, stride, padding int, channels ...int) {
		for i, c := range channels {
			o := nn.ConvConfig{}
			if i == 0 {
				o = nn.ConvConfig{Stride: stride, Padding: padding}
			} else {
				kernel = 1
			}
			m.Features = append(m.Features, heConv(g, in, cfg.scale(c), kernel, o), nn.ReLU{})
			in = cfg.scale(c)
		}
	}
	pool := func(drop bool) {
		m.Features = append(m.Features, maxPool(3, 2, 0))
		if drop {
			m.Features = append(m.Features, nn.NewDropout(g, *cfg.Dropout))
		}
	}
	if cfg.Stem == SmallStem {
		block(5, 1, 2, 192, 160, 96)
		pool(true)
		block(5, 1, 2, 192, 192, 192)
		pool(true)
		block(3, 1, 1, 192, 192)
	} else {
		block(11, 4, 0, 96, 96, 96)
		pool(false)
		block(5, 1, 2, 256, 256, 256)
		pool(false)
		block(3, 1, 1, 384, 384, 384)
		pool(true)
		block(3, 1, 1, 1024, 1024)
	}
	m.Classifier = heConv(g, in, cfg.Classes, 1, nn.ConvConfig{})
	return m
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *NiN) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the last maps before those of the classes, (N, K, h, w).
func (m *NiN) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return m.Features.Forward(x) }

// Scores maps feature maps (N, K, h, w) to scores (N, classes), the means of the classes' maps after ReLU.
func (m *NiN) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.Classifier.Forward(maps).ReLU().Mean(2, 3)
}

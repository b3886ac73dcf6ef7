package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	const paper = "LeCun, Bottou, Bengio and Haffner 1998"
	Register(Entry{
		Name: "lenet5", Title: "LeNet-5 with ReLU and max pooling, as it is mostly built today", Paper: paper, Size: 32, Params: 61_706, Head: "fc3.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewLeNet(g, LeNetConfig{Config: cfg}) },
	})
	Register(Entry{
		Name: "lenet5_original", Title: "LeNet-5 with tanh and average pooling", Paper: paper, Size: 32, Params: 61_706, Head: "fc3.",
		New: func(g *random.Generator, cfg Config) Classifier {
			return NewLeNet(g, LeNetConfig{Config: cfg, Original: true})
		},
	})
}

// LeNet is LeNet-5 (Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, 1998, Gradient-based learning applied to document recognition): two 5 x 5
// convolutions of 6 and 16 channels, each followed by a 2 x 2 pooling, and dense layers of 120, 84 and 10 units; 61,706 parameters.
//
// Each map of the second convolution sees all six of the first, where the paper's see some, poolings have no weights, and the last
// layer is dense, where the paper's measures distances to drawings of the digits.
type LeNet struct {
	Conv1, Conv2  *nn.Conv2d
	FC1, FC2, FC3 *nn.Linear
	original      bool
}

// LeNetConfig are the options of NewLeNet.
type LeNetConfig struct {
	Config        // Classes 0 means 10 and Channels 0 means 1
	Original bool // tanh and average pooling in the place of ReLU and max pooling
}

// NewLeNet returns the network for pictures (N, 1, 32, 32) or, with a SmallStem, whose first convolution pads with two zeros on every side,
// (N, 1, 28, 28). Other sizes fit too, from 16 x 16 or, with a SmallStem, 12 x 12 pixels on: the maps are averaged to 5 x 5 before the dense
// layers, which changes nothing at the first two sizes. Weights start as PyTorch's. There is no dropout. It panics with ErrValue on options that are none.
func NewLeNet(g *random.Generator, cfg LeNetConfig) *LeNet {
	if cfg.Classes == 0 {
		cfg.Classes = 10
	}
	if cfg.Channels == 0 {
		cfg.Channels = 1
	}
	cfg.Config = cfg.withDefaults("lenet5", 0)
	padding := 0
	if cfg.Stem == SmallStem {
		padding = 2
	}
	return &LeNet{
		Conv1:    nn.NewConv2d(g, cfg.Channels, cfg.scale(6), 5, nn.ConvConfig{Padding: padding}),
		Conv2:    nn.NewConv2d(g, cfg.scale(6), cfg.scale(16), 5, nn.ConvConfig{}),
		FC1:      nn.NewLinear(g, cfg.scale(16)*5*5, cfg.scale(120), nn.LinearConfig{}),
		FC2:      nn.NewLinear(g, cfg.scale(120), cfg.scale(84), nn.LinearConfig{}),
		FC3:      nn.NewLinear(g, cfg.scale(84), cfg.Classes, nn.LinearConfig{}),
		original: cfg.Original,
	}
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *LeNet) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the second pooling's maps, (N, 16, h, w).
func (m *LeNet) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	for _, conv := range []*nn.Conv2d{m.Conv1, m.Conv2} {
		if x = m.activate(conv.Forward(x)); m.original {
			x = x.AvgPool2d(2)
		} else {
			x = x.MaxPool2d(2)
		}
	}
	return x
}

// Scores maps feature maps (N, 16, h, w) to scores (N, classes).
func (m *LeNet) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.FC3.Forward(m.codes(maps))
}

// Codes maps pictures (N, C, H, W) to the activations of the last hidden layer, (N, 84).
func (m *LeNet) Codes(x *tensor.Tensor) *tensor.Tensor { return m.codes(m.FeatureMaps(x)) }

func (m *LeNet) codes(maps *tensor.Tensor) *tensor.Tensor {
	x := m.activate(m.FC1.Forward(tensor.AdaptiveAvgPool2d(maps, 5, 5).Flatten(1)))
	return m.activate(m.FC2.Forward(x))
}

func (m *LeNet) activate(x *tensor.Tensor) *tensor.Tensor {
	if m.original {
		return x.Tanh()
	}
	return x.ReLU()
}

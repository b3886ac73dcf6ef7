package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "alexnet", Title: "AlexNet in the form of one device, torchvision's", Paper: "Krizhevsky, Sutskever and Hinton 2012; Krizhevsky 2014",
		Size: 224, Params: 61_100_840, Head: "classifier.6.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewAlexNet(g, cfg) },
	})
}

// AlexNet is the network that won ImageNet 2012 (A. Krizhevsky, I. Sutskever and G. E. Hinton, 2012), in the form of one device
// without local response normalisation (A. Krizhevsky, 2014, One weird trick for parallelizing convolutional neural networks),
// which is torchvision's: five convolutions, an average pooling to 6 x 6, and three dense layers, fc6, fc7 and fc8. With 1000
// classes it has 61,100,840 parameters.
//
// Its input is pictures (N, 3, H, W) of 63 x 63 pixels or more, 224 x 224 for the weights of ImageNet, by channel (x - mean)/std
// with means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of values from 0 to 1.
type AlexNet struct {
	Features   nn.Sequential // features.0, .3, .6, .8 and .10 are the convolutions
	AvgPool    *nn.AdaptiveAvgPool2d
	Classifier nn.Sequential // classifier.1, .4 and .6 are fc6, fc7 and fc8
}

// NewAlexNet returns the network with PyTorch's initial weights. It panics with ErrValue on options that are none.
func NewAlexNet(g *random.Generator, cfg Config) *AlexNet {
	cfg = cfg.withDefaults("alexnet", 0.5)
	conv := func(in, out, kernel, stride, padding int) nn.Layer {
		return nn.NewConv2d(g, in, out, kernel, nn.ConvConfig{Stride: stride, Padding: padding})
	}
	fc := func(in, out int) nn.Layer { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
	pool := func() nn.Layer {
		return &nn.MaxPool2d{Config: tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}}}
	}
	return &AlexNet{
		Features: nn.NewSequential(
			conv(cfg.Channels, cfg.scale(64), 11, 4, 2), nn.ReLU{}, pool(),
			conv(cfg.scale(64), cfg.scale(192), 5, 1, 2), nn.ReLU{}, pool(),
			conv(cfg.scale(192), cfg.scale(384), 3, 1, 1), nn.ReLU{},
			conv(cfg.scale(384), cfg.scale(256), 3, 1, 1), nn.ReLU{},
			conv(cfg.scale(256), cfg.scale(256), 3, 1, 1), nn.ReLU{}, pool(),
		),
		AvgPool: &nn.AdaptiveAvgPool2d{H: 6, W: 6},
		Classifier: nn.NewSequential(
			nn.NewDropout(g, *cfg.Dropout), fc(cfg.scale(256)*6*6, cfg.scale(4096)), nn.ReLU{},
			nn.NewDropout(g, *cfg.Dropout), fc(cfg.scale(4096), cfg.scale(4096)), nn.ReLU{},
			fc(cfg.scale(4096), cfg.Classes),
		),
	}
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *AlexNet) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the last convolution's maps after pooling, (N, 256, h, w).
func (m *AlexNet) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return m.Features.Forward(x) }

// Scores maps feature maps (N, 256, h, w) to scores (N, classes).
func (m *AlexNet) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.Classifier.Forward(m.AvgPool.Forward(maps).Flatten(1))
}

// Codes maps pictures (N, C, H, W) to the activations of fc7 after its ReLU, (N, 4096): features for other tasks (A. S. Razavian,
// H. Azizpour, J. Sullivan and S. Carlsson, 2014, CNN features off-the-shelf). Take them from nn.Eval(m), whose Dropout passes all.
func (m *AlexNet) Codes(x *tensor.Tensor) *tensor.Tensor {
	x = m.AvgPool.Forward(m.FeatureMaps(x)).Flatten(1)
	return m.Classifier[:len(m.Classifier)-1].Forward(x)
}

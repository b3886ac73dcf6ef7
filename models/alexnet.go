package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "alexnet", Title: "AlexNet in the form of one device, torchvision's", Paper: "Krizhevsky, Sutskever and Hinton 2012; Krizhevsky 2014",
		Size: 224, Params: 61_100_840, Head: "classifier.6.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewAlexNet(g, cfg) },
	})
	Register(Entry{
		Name: "alexnet_original", Title: "AlexNet with local response normalisation and two groups, the paper's", Paper: "Krizhevsky, Sutskever and Hinton 2012",
		Size: 224, Params: 60_965_224, Head: "classifier.6.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewAlexNetOriginal(g, cfg) },
	})
}

// AlexNet is the network that won ImageNet 2012 (A. Krizhevsky, I. Sutskever and G. E. Hinton, 2012): five convolutions and three dense
// layers, fc6, fc7 and fc8. There are two forms, that of the paper and that of one device without local response normalisation and with
// fewer channels (A. Krizhevsky, 2014, One weird trick for parallelizing convolutional neural networks), which is torchvision's.
type AlexNet struct {
	Features   nn.Sequential
	AvgPool    *nn.AdaptiveAvgPool2d
	Classifier nn.Sequential // classifier.1, .4 and .6 are fc6, fc7 and fc8
}

// NewAlexNet returns the form of one device, with torchvision's parameter names and initial weights; features.0, .3, .6, .8 and .10 are
// the convolutions. With 1000 classes it has 61,100,840 parameters.
//
// Its input is pictures (N, 3, H, W) of 63 x 63 pixels or more, 224 x 224 for the weights of ImageNet, by channel (x - mean)/std
// with means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of values from 0 to 1. With a SmallStem, for pictures from 15 x 15 pixels
// on, the first convolution is 5 x 5 without stride, and 2 x 2 means of each channel go into fc6, where 6 x 6 do else. It panics with
// ErrValue on options that are none.
func NewAlexNet(g *random.Generator, cfg Config) *AlexNet {
	cfg = cfg.withDefaults("alexnet", 0.5)
	conv := func(in, out, kernel, stride, padding int) nn.Layer {
		return nn.NewConv2d(g, in, cfg.scale(out), kernel, nn.ConvConfig{Stride: stride, Padding: padding})
	}
	m := &AlexNet{
		Features: nn.NewSequential(
			conv(cfg.Channels, 64, 11, 4, 2), nn.ReLU{}, maxPool(3, 2, 0),
			conv(cfg.scale(64), 192, 5, 1, 2), nn.ReLU{}, maxPool(3, 2, 0),
			conv(cfg.scale(192), 384, 3, 1, 1), nn.ReLU{},
			conv(cfg.scale(384), 256, 3, 1, 1), nn.ReLU{},
			conv(cfg.scale(256), 256, 3, 1, 1), nn.ReLU{}, maxPool(3, 2, 0),
		),
	}
	side := 6
	if cfg.Stem == SmallStem {
		m.Features[0], side = conv(cfg.Channels, 64, 5, 1, 2), 2
	}
	m.head(g, cfg.scale(256), side, cfg, func(in, out int) nn.Layer { return nn.NewLinear(g, in, out, nn.LinearConfig{}) })
	return m
}

// NewAlexNetOriginal returns the form of the paper: convolutions of 96, 256, 384, 384 and 256 channels, the second, fourth and fifth in two
// groups, each of which was on a device of its own, and local response normalisation after the ReLU of the first two, which are features.0,
// .4, .8, .10 and .12. Weights are of N(0, 0.01²), the biases of these three and of fc6 and fc7 are 1, the others 0. With 1000 classes
// it has 60,965,224 parameters. Its input is as NewAlexNet's, in the paper less the mean picture alone. It panics with ErrValue on options that are none.
func NewAlexNetOriginal(g *random.Generator, cfg Config) *AlexNet {
	cfg = cfg.withDefaults("alexnet_original", 0.5)
	even := func(n int) int { return 2 * max(1, int(float64(n)*cfg.Width/2+0.5)) } // for two groups
	conv := func(in, out, kernel, stride, padding, groups int) nn.Layer {
		l := nn.NewConv2d(random.Shapes(), in, even(out), kernel, nn.ConvConfig{Stride: stride, Padding: padding, Groups: groups})
		l.Weight = tensor.NewParam(initialize.Normal(g, 0, 0.01, l.Weight.Shape().Dims()...))
		l.Bias = tensor.NewParam(tensor.Full(float64(groups-1), even(out)))
		return l
	}
	norm := nn.LocalResponseNorm{Size: 5, Alpha: new(5e-4), Beta: new(0.75), K: new(2.0)} // α = 1e-4 of a sum over 5
	m := &AlexNet{
		Features: nn.NewSequential(
			conv(cfg.Channels, 96, 11, 4, 2, 1), nn.ReLU{}, norm, maxPool(3, 2, 0),
			conv(even(96), 256, 5, 1, 2, 2), nn.ReLU{}, norm, maxPool(3, 2, 0),
			conv(even(256), 384, 3, 1, 1, 1), nn.ReLU{},
			conv(even(384), 384, 3, 1, 1, 2), nn.ReLU{},
			conv(even(384), 256, 3, 1, 1, 2), nn.ReLU{}, maxPool(3, 2, 0),
		),
	}
	side := 6
	if cfg.Stem == SmallStem {
		m.Features[0], side = conv(cfg.Channels, 96, 5, 1, 2, 1), 2
	}
	m.head(g, even(256), side, cfg, func(in, out int) nn.Layer { return normalLinear(g, in, out, 0.01) })
	for _, i := range []int{1, 4} {
		m.Classifier[i].(*nn.Linear).Bias.CopyFrom(tensor.Ones(cfg.scale(4096)))
	}
	return m
}

// head adds the dense layers, made by fc, on side x side means of each of so many channels.
func (m *AlexNet) head(g *random.Generator, channels, side int, cfg Config, fc func(in, out int) nn.Layer) {
	m.AvgPool = &nn.AdaptiveAvgPool2d{H: side, W: side}
	m.Classifier = nn.NewSequential(
		nn.NewDropout(g, *cfg.Dropout), fc(channels*side*side, cfg.scale(4096)), nn.ReLU{},
		nn.NewDropout(g, *cfg.Dropout), fc(cfg.scale(4096), cfg.scale(4096)), nn.ReLU{},
		fc(cfg.scale(4096), cfg.Classes),
	)
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

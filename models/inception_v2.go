package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "inception_v2", Title: "Inception-v2, the BN-Inception with which batch normalisation was introduced", Paper: "Ioffe and Szegedy 2015",
		Size: 224, Params: 11_295_240, Head: "fc.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewInceptionV2(g, cfg) },
	})
}

// InceptionV2 is BN-Inception (S. Ioffe and C. Szegedy, 2015, Batch normalization, figure 5): GoogLeNet with batch normalisation, two
// 3 x 3 convolutions in the place of each 5 x 5, means in the place of most maxima, and blocks of stride 2, 3c and 4e, in the place of
// poolings between blocks. It is what most call Inception-v2; Szegedy et al. (2016) use the name for a stage on the way to
// Inception-v3.
//
// Where the figure contradicts itself, at 4c, whose branches add up to 608 channels beside a printed 576, the branches count, as in
// the weights published for Caffe: 11,295,240 parameters with 1000 classes. The names follow torchvision's GoogLeNet.
//
// Its input is pictures (N, 3, H, W), 224 x 224 as published.
type InceptionV2 struct {
	Conv1                                                           *BasicConv2d
	MaxPool1                                                        nn.Layer
	Conv2, Conv3                                                    *BasicConv2d
	MaxPool2                                                        nn.Layer
	Inception3a, Inception3b, Inception3c                           *Inception
	Inception4a, Inception4b, Inception4c, Inception4d, Inception4e *Inception
	Inception5a, Inception5b                                        *Inception
	Dropout                                                         *nn.Dropout
	FC                                                              *nn.Linear
}

// NewInceptionV2 returns the network with PyTorch's initial weights. As published it has no dropout. The stem is as
// NewGoogLeNet's. It panics with ErrValue on options that are none.
func NewInceptionV2(g *random.Generator, cfg Config) *InceptionV2 {
	b := newInceptionBuilder(g, "inception_v2", cfg, 0)
	b.eps, b.bias = 1e-5, true
	m := &InceptionV2{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	m.Conv1 = b.conv(conv(64, 7).by(2))
	m.MaxPool1 = b.maxPool(true)
	m.Conv2 = b.conv(conv(64, 1))
	m.Conv3 = b.conv(conv(192, 3))
	m.MaxPool2 = b.maxPool(true)
	b.keep = false

	// block has branches of a 1 x 1, a 3 x 3 and a double 3 x 3 convolution, and a pooling and a projection.
	block := func(c1, reduce3, c3, reduceDouble, double int, pool nn.Layer, project int) *Inception {
		return next(b, &Inception{
			Branch1: b.branch(conv(c1, 1)),
			Branch2: b.branch(conv(reduce3, 1), conv(c3, 3)),
			Branch3: b.branch(conv(reduceDouble, 1), conv(double, 3), conv(double, 3)),
			Branch4: b.branch(pooling(pool), conv(project, 1)),
		})
	}
	halving := func(reduce3, c3, reduceDouble, double int) *Inception {
		return next(b, &Inception{
			Branch2: b.branch(conv(reduce3, 1), conv(c3, 3).by(2)),
			Branch3: b.branch(conv(reduceDouble, 1), conv(double, 3), conv(double, 3).by(2)),
			Branch4: halvingMaxPool{},
		})
	}
	avg := avgPoolSame(true)
	m.Inception3a = block(64, 64, 64, 64, 96, avg, 32)
	m.Inception3b = block(64, 64, 96, 64, 96, avg, 64)
	m.Inception3c = halving(128, 160, 64, 96)
	m.Inception4a = block(224, 64, 96, 96, 128, avg, 128)
	m.Inception4b = block(192, 96, 128, 96, 128, avg, 128)
	m.Inception4c = block(160, 128, 160, 128, 160, avg, 128)
	m.Inception4d = block(96, 128, 192, 160, 192, avg, 128)
	m.Inception4e = halving(128, 192, 192, 256)
	m.Inception5a = block(352, 192, 320, 160, 224, avg, 128)
	m.Inception5b = block(352, 192, 320, 192, 224, maxPoolSame(), 128)
	m.FC = b.linear(b.in, b.cfg.Classes)
	return m
}

// halvingMaxPool is a maximum over 3 x 3 of stride 2 that makes maps as large as a padded convolution of stride 2 does, ⌈n/2⌉. An
// even size needs no padding for it, but a last window that hangs over.
type halvingMaxPool struct{}

// Forward maps x (N, C, H, W) to (N, C, ⌈H/2⌉, ⌈W/2⌉).
func (halvingMaxPool) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.MaxPool2d(x, tensor.PoolConfig{
		Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{x.Dim(2) % 2, x.Dim(3) % 2}, CeilMode: true,
	})
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *InceptionV2) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the maps of the last block, (N, 1024, h, w).
func (m *InceptionV2) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	return nn.NewSequential(
		m.Conv1, m.MaxPool1, m.Conv2, m.Conv3, m.MaxPool2, m.Inception3a, m.Inception3b, m.Inception3c,
		m.Inception4a, m.Inception4b, m.Inception4c, m.Inception4d, m.Inception4e, m.Inception5a, m.Inception5b,
	).Forward(x)
}

// Scores maps feature maps (N, 1024, h, w) to scores (N, classes).
func (m *InceptionV2) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(pooledFeatures(maps, m.Dropout))
}

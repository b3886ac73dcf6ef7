package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "inception_resnet_v1", Title: "Inception-ResNet-v1, residual Inception blocks at the cost of Inception-v3",
		Paper: "Szegedy, Ioffe, Vanhoucke and Alemi 2017", Size: 299, Params: 22_756_328, Head: "classif.",
		New: func(g *random.Generator, cfg Config) Classifier {
			return NewInceptionResNetV1(g, InceptionResNetConfig{Config: cfg})
		},
	})
	Register(Entry{
		Name: "inception_resnet_v2", Title: "Inception-ResNet-v2, residual Inception blocks at the cost of Inception-v4, timm's",
		Paper: "Szegedy, Ioffe, Vanhoucke and Alemi 2017", Size: 299, Params: 55_843_464, Head: "classif.",
		New: func(g *random.Generator, cfg Config) Classifier {
			return NewInceptionResNetV2(g, InceptionResNetConfig{Config: cfg})
		},
	})
}

// InceptionResNetConfig are the options of Inception-ResNets.
type InceptionResNetConfig struct {
	Config
	// Scale is what all residuals are multiplied with before they are added; the paper recommends 0.1 to 0.3. Default: the published
	// weights' 0.17 in the first blocks, 0.1 in the middle ones and 0.2 in the last ones, and 1 in Inception-ResNet-v2's very last.
	Scale *float64
}

// ResidualInception is an Inception block whose joined maps, after a 1 x 1 convolution without an activation, are scaled and added to
// its input (C. Szegedy et al., 2017): y = max(0, x + Scale · conv2d([branch0(x), branch1(x), ...])).
type ResidualInception struct {
	Inception
	Conv2d *nn.Conv2d
	Scale  float64
	Linear bool // y is the sum itself
}

// Forward maps x (N, C, H, W) to y of its shape.
func (l *ResidualInception) Forward(x *tensor.Tensor) *tensor.Tensor {
	y := x.Add(l.Conv2d.Forward(l.Inception.Forward(x)).MulScalar(l.Scale))
	if l.Linear {
		return y
	}
	return y.ReLU()
}

// residual returns a residual block as the next layer.
func (b *inceptionBuilder) residual(scale float64, branches Inception) *ResidualInception {
	joined := branches.Forward(tensor.Factory{Device: tensor.Meta}.Zeros(2, b.in, 33, 33)).Dim(1)
	return &ResidualInception{Inception: branches, Conv2d: b.conv2d(joined, b.in, 1, 1), Scale: scale}
}

// reductionB is the reduction of the paper's figures 12 and 18, from 17 x 17 to 8 x 8.
func (b *inceptionBuilder) reductionB(c1, mid, last int) *Inception {
	return &Inception{
		Branch0: b.branch(conv(256, 1), conv(384, 3).halve()),
		Branch1: b.branch(conv(256, 1), conv(c1, 3).halve()),
		Branch2: b.branch(conv(256, 1), conv(mid, 3), conv(last, 3).halve()),
		Branch3: b.maxPool(false),
	}
}

// InceptionResNetV1 is Inception-ResNet-v1 (C. Szegedy et al., 2017, Inception-v4, Inception-ResNet and the impact of residual
// connections on learning, figures 10 to 15): 5, 10 and 5 residual Inception blocks. With 1000 classes it has 22,756,328 parameters.
//
// Its input is pictures (N, 3, H, W) of 75 x 75 pixels or more, 299 x 299 in the paper.
type InceptionResNetV1 struct {
	Conv1a    *BasicConv2d `name:"conv2d_1a"`
	Conv2a    *BasicConv2d `name:"conv2d_2a"`
	Conv2b    *BasicConv2d `name:"conv2d_2b"`
	MaxPool3a nn.Layer
	Conv3b    *BasicConv2d  `name:"conv2d_3b"`
	Conv4a    *BasicConv2d  `name:"conv2d_4a"`
	Conv4b    *BasicConv2d  `name:"conv2d_4b"`
	Repeat1   nn.Sequential `name:"repeat_1"`
	Mixed6a   *Inception    `name:"mixed_6a"`
	Repeat2   nn.Sequential `name:"repeat_2"`
	Mixed7a   *Inception    `name:"mixed_7a"`
	Repeat3   nn.Sequential `name:"repeat_3"`
	Dropout   *nn.Dropout
	Classif   *nn.Linear
}

// NewInceptionResNetV1 returns the network with PyTorch's initial weights and the paper's dropout of 0.2 unless cfg has another. With
// SmallStem the convolutions before the first block are padded and of stride 1 and the pooling between them is left out; the
// parameters are the same. It panics with ErrValue on options that are none.
func NewInceptionResNetV1(g *random.Generator, cfg InceptionResNetConfig) *InceptionResNetV1 {
	b := newInceptionBuilder(g, "inception_resnet_v1", cfg.Config, 0.2)
	m := &InceptionResNetV1{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool3a, m.Conv3b, m.Conv4a = b.stem()
	m.Conv4b = b.conv(conv(256, 3).halve())
	b.keep = false

	for range 5 {
		m.Repeat1 = append(m.Repeat1, b.residual(cfg.scaleOr(0.17), Inception{
			Branch0: b.branch(conv(32, 1)),
			Branch1: b.branch(conv(32, 1), conv(32, 3)),
			Branch2: b.branch(conv(32, 1), conv(32, 3), conv(32, 3)),
		}))
	}
	m.Mixed6a = next(b, b.reductionA(192, 192, 256, 384))
	for range 10 {
		m.Repeat2 = append(m.Repeat2, b.residual(cfg.scaleOr(0.1), Inception{
			Branch0: b.branch(conv(128, 1)),
			Branch1: b.branch(conv(128, 1), convHW(128, 1, 7), convHW(128, 7, 1)),
		}))
	}
	m.Mixed7a = next(b, b.reductionB(256, 256, 256))
	for range 5 {
		m.Repeat3 = append(m.Repeat3, b.residual(cfg.scaleOr(0.2), Inception{
			Branch0: b.branch(conv(192, 1)),
			Branch1: b.branch(conv(192, 1), convHW(192, 1, 3), convHW(192, 3, 1)),
		}))
	}
	m.Classif = b.linear(b.in, b.cfg.Classes)
	return m
}

func (c InceptionResNetConfig) scaleOr(published float64) float64 {
	if c.Scale != nil {
		return *c.Scale
	}
	return published
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *InceptionResNetV1) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.Scores(m.FeatureMaps(x))
}

// FeatureMaps maps pictures (N, C, H, W) to the maps of the last block, (N, 1792, h, w): 8 x 8 of 299 x 299.
func (m *InceptionResNetV1) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	return nn.NewSequential(
		m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool3a, m.Conv3b, m.Conv4a, m.Conv4b, m.Repeat1, m.Mixed6a, m.Repeat2, m.Mixed7a, m.Repeat3,
	).Forward(x)
}

// Scores maps feature maps (N, 1792, h, w) to scores (N, classes).
func (m *InceptionResNetV1) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.Classif.Forward(pooledFeatures(maps, m.Dropout))
}

// InceptionResNetV2 is Inception-ResNet-v2 (C. Szegedy et al., 2017) as in the weights its authors published: 10, 20 and 10 residual
// Inception blocks, the last without a ReLU, and a 1 x 1 convolution. With 1000 classes it has 55,843,464 parameters, under the names
// of timm's inception_resnet_v2.
//
// Its input is pictures (N, 3, H, W) of 75 x 75 pixels or more, 299 x 299 for the weights of ImageNet, values 2v - 1 of pixels v from
// 0 to 1.
type InceptionResNetV2 struct {
	Conv1a    *BasicConv2d `name:"conv2d_1a"`
	Conv2a    *BasicConv2d `name:"conv2d_2a"`
	Conv2b    *BasicConv2d `name:"conv2d_2b"`
	MaxPool3a nn.Layer
	Conv3b    *BasicConv2d `name:"conv2d_3b"`
	Conv4a    *BasicConv2d `name:"conv2d_4a"`
	MaxPool5a nn.Layer
	Mixed5b   *Inception         `name:"mixed_5b"`
	Repeat    nn.Sequential      // Block35 of timm
	Mixed6a   *Inception         `name:"mixed_6a"`
	Repeat1   nn.Sequential      `name:"repeat_1"` // Block17
	Mixed7a   *Inception         `name:"mixed_7a"`
	Repeat2   nn.Sequential      `name:"repeat_2"` // Block8
	Block8    *ResidualInception `name:"block8"`
	Conv7b    *BasicConv2d       `name:"conv2d_7b"`
	Dropout   *nn.Dropout
	Classif   *nn.Linear
}

// NewInceptionResNetV2 returns the network with PyTorch's initial weights and the paper's dropout of 0.2 unless cfg has another. The
// stem is as NewInceptionResNetV1's. It panics with ErrValue on options that are none.
func NewInceptionResNetV2(g *random.Generator, cfg InceptionResNetConfig) *InceptionResNetV2 {
	b := newInceptionBuilder(g, "inception_resnet_v2", cfg.Config, 0.2)
	m := &InceptionResNetV2{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool3a, m.Conv3b, m.Conv4a = b.stem()
	m.MaxPool5a = b.maxPool(false)
	b.keep = false

	m.Mixed5b = next(b, &Inception{
		Branch0: b.branch(conv(96, 1)),
		Branch1: b.branch(conv(48, 1), conv(64, 5)),
		Branch2: b.branch(conv(64, 1), conv(96, 3), conv(96, 3)),
		Branch3: b.branch(pooling(avgPoolSame(false)), conv(64, 1)),
	})
	for range 10 {
		m.Repeat = append(m.Repeat, b.residual(cfg.scaleOr(0.17), Inception{
			Branch0: b.branch(conv(32, 1)),
			Branch1: b.branch(conv(32, 1), conv(32, 3)),
			Branch2: b.branch(conv(32, 1), conv(48, 3), conv(64, 3)),
		}))
	}
	m.Mixed6a = next(b, b.reductionA(256, 256, 384, 384))
	for range 20 {
		m.Repeat1 = append(m.Repeat1, b.residual(cfg.scaleOr(0.1), Inception{
			Branch0: b.branch(conv(192, 1)),
			Branch1: b.branch(conv(128, 1), convHW(160, 1, 7), convHW(192, 7, 1)),
		}))
	}
	m.Mixed7a = next(b, b.reductionB(288, 288, 320))
	block8 := func(scale float64) *ResidualInception {
		return b.residual(cfg.scaleOr(scale), Inception{
			Branch0: b.branch(conv(192, 1)),
			Branch1: b.branch(conv(192, 1), convHW(224, 1, 3), convHW(256, 3, 1)),
		})
	}
	for range 9 {
		m.Repeat2 = append(m.Repeat2, block8(0.2))
	}
	m.Block8 = block8(1)
	m.Block8.Linear = true
	m.Conv7b = b.conv(conv(1536, 1))
	m.Classif = b.linear(b.in, b.cfg.Classes)
	return m
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *InceptionResNetV2) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.Scores(m.FeatureMaps(x))
}

// FeatureMaps maps pictures (N, C, H, W) to the last convolution's maps, (N, 1536, h, w): 8 x 8 of 299 x 299.
func (m *InceptionResNetV2) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	return nn.NewSequential(
		m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool3a, m.Conv3b, m.Conv4a, m.MaxPool5a, m.Mixed5b, m.Repeat, m.Mixed6a, m.Repeat1,
		m.Mixed7a, m.Repeat2, m.Block8, m.Conv7b,
	).Forward(x)
}

// Scores maps feature maps (N, 1536, h, w) to scores (N, classes).
func (m *InceptionResNetV2) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.Classif.Forward(pooledFeatures(maps, m.Dropout))
}

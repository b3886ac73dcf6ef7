package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "inception_v4", Title: "Inception-v4, a deeper and more uniform Inception, timm's", Paper: "Szegedy, Ioffe, Vanhoucke and Alemi 2017",
		Size: 299, Params: 42_679_816, Head: "last_linear.",
		New: func(g *random.Generator, cfg Config) Classifier { return NewInceptionV4(g, cfg) },
	})
}

// InceptionV4 is Inception-v4 (C. Szegedy et al., 2017, Inception-v4, Inception-ResNet and the impact of residual connections on
// learning): a stem that shrinks by convolutions and poolings side by side, then 4, 7 and 3 equal blocks with reductions between. With
// 1000 classes it has 42,679,816 parameters, under the names of timm's inception_v4.
//
// Its input is pictures (N, 3, H, W) of 75 x 75 pixels or more, 299 x 299 for the weights of ImageNet, values 2v - 1 of pixels v from
// 0 to 1.
type InceptionV4 struct {
	Features   nn.Sequential // 0 to 5 the stem, 6 to 9, 11 to 17 and 19 to 21 the blocks
	Dropout    *nn.Dropout
	LastLinear *nn.Linear
}

// NewInceptionV4 returns the network with PyTorch's initial weights and the paper's dropout of 0.2 unless cfg has another. With
// SmallStem all of the stem is padded and of stride 1; the parameters are the same. It panics with
// ErrValue on options that are none.
func NewInceptionV4(g *random.Generator, cfg Config) *InceptionV4 {
	b := newInceptionBuilder(g, "inception_v4", cfg, 0.2)
	m := &InceptionV4{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	add := func(l nn.Layer) { m.Features = append(m.Features, next(b, l)) }
	pool := func() nn.Layer {
		if b.keep {
			return maxPoolSame()
		}
		return b.maxPool(false)
	}
	add(b.unit(b.in, conv(32, 3).halve()))
	add(b.unit(b.in, conv(32, 3).unpadded()))
	add(b.unit(b.in, conv(64, 3)))
	add(&mixedPool{Conv: b.unit(b.in, conv(96, 3).halve()), MaxPool: pool(), PoolFirst: true})
	add(&Inception{
		Branch0: b.branch(conv(64, 1), conv(96, 3).unpadded()),
		Branch1: b.branch(conv(64, 1), convHW(64, 1, 7), convHW(64, 7, 1), conv(96, 3).unpadded()),
	})
	add(&mixedPool{Conv: b.unit(b.in, conv(192, 3).halve()), MaxPool: pool()})
	b.keep = false

	mean := pooling(avgPoolSame(false))
	for range 4 { // Inception-A, 35 x 35
		add(&Inception{
			Branch0: b.branch(conv(96, 1)),
			Branch1: b.branch(conv(64, 1), conv(96, 3)),
			Branch2: b.branch(conv(64, 1), conv(96, 3), conv(96, 3)),
			Branch3: b.branch(mean, conv(96, 1)),
		})
	}
	add(b.reductionA(192, 224, 256, 384))
	for range 7 { // Inception-B, 17 x 17
		add(&Inception{
			Branch0: b.branch(conv(384, 1)),
			Branch1: b.branch(conv(192, 1), convHW(224, 1, 7), convHW(256, 7, 1)),
			Branch2: b.branch(conv(192, 1), convHW(192, 7, 1), convHW(224, 1, 7), convHW(224, 7, 1), convHW(256, 1, 7)),
			Branch3: b.branch(mean, conv(128, 1)),
		})
	}
	add(&Inception{ // Reduction-B
		Branch0: b.branch(conv(192, 1), conv(192, 3).halve()),
		Branch1: b.branch(conv(256, 1), convHW(256, 1, 7), convHW(320, 7, 1), conv(320, 3).halve()),
		Branch2: b.maxPool(false),
	})
	for range 3 { // Inception-C, 8 x 8
		add(newInceptionV4C(b))
	}
	m.LastLinear = b.linear(b.in, b.cfg.Classes)
	return m
}

// reductionA is the reduction of the paper's figure 7 with filters k, l, m and n.
func (b *inceptionBuilder) reductionA(k, l, m, n int) *Inception {
	return &Inception{
		Branch0: b.branch(conv(n, 3).halve()),
		Branch1: b.branch(conv(k, 1), conv(l, 3), conv(m, 3).halve()),
		Branch2: b.maxPool(false),
	}
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *InceptionV4) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the maps of the last block, (N, 1536, h, w): 8 x 8 of 299 x 299.
func (m *InceptionV4) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return m.Features.Forward(x) }

// Scores maps feature maps (N, 1536, h, w) to scores (N, classes).
func (m *InceptionV4) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.LastLinear.Forward(pooledFeatures(maps, m.Dropout))
}

// mixedPool joins a convolution and a pooling of the stem.
type mixedPool struct {
	Conv      *BasicConv2d
	MaxPool   nn.Layer
	PoolFirst bool
}

// Forward maps x (N, C, H, W) to the joined maps.
func (l *mixedPool) Forward(x *tensor.Tensor) *tensor.Tensor {
	if l.PoolFirst {
		return tensor.Concat(1, l.MaxPool.Forward(x), l.Conv.Forward(x))
	}
	return tensor.Concat(1, l.Conv.Forward(x), l.MaxPool.Forward(x))
}

// inceptionV4C is Inception-C of the paper's figure 6, two of whose branches end in a 1 x 3 and a 3 x 1 convolution side by side.
type inceptionV4C struct {
	Branch0 *BasicConv2d
	One0    *BasicConv2d `name:"branch1_0"`
	One1a   *BasicConv2d `name:"branch1_1a"`
	One1b   *BasicConv2d `name:"branch1_1b"`
	Two0    *BasicConv2d `name:"branch2_0"`
	Two1    *BasicConv2d `name:"branch2_1"`
	Two2    *BasicConv2d `name:"branch2_2"`
	Two3a   *BasicConv2d `name:"branch2_3a"`
	Two3b   *BasicConv2d `name:"branch2_3b"`
	Branch3 nn.Layer
}

func newInceptionV4C(b *inceptionBuilder) *inceptionV4C {
	l := &inceptionV4C{Branch0: b.unit(b.in, conv(256, 1)), One0: b.unit(b.in, conv(384, 1))}
	b.units([]convSpec{conv(384, 1), convHW(448, 3, 1), convHW(512, 1, 3)}, &l.Two0, &l.Two1, &l.Two2)
	one, two := b.cfg.scale(384), b.cfg.scale(512)
	l.One1a, l.One1b = b.unit(one, convHW(256, 1, 3)), b.unit(one, convHW(256, 3, 1))
	l.Two3a, l.Two3b = b.unit(two, convHW(256, 1, 3)), b.unit(two, convHW(256, 3, 1))
	l.Branch3 = b.branch(pooling(avgPoolSame(false)), conv(256, 1))
	return l
}

// Forward maps x (N, C, H, W) to (N, 1536, H, W).
func (l *inceptionV4C) Forward(x *tensor.Tensor) *tensor.Tensor {
	one, two := l.One0.Forward(x), l.Two2.Forward(l.Two1.Forward(l.Two0.Forward(x)))
	return tensor.Concat(1, l.Branch0.Forward(x), l.One1a.Forward(one), l.One1b.Forward(one),
		l.Two3a.Forward(two), l.Two3b.Forward(two), l.Branch3.Forward(x))
}

package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "inception_v3", Title: "Inception-v3, factorised convolutions and an auxiliary classifier, torchvision's",
		Paper: "Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016", Size: 299, Params: 27_161_264, Head: "fc.", AuxHeads: []string{"AuxLogits.fc."},
		New: func(g *random.Generator, cfg Config) Classifier { return NewInceptionV3(g, cfg) },
	})
}

// InceptionV3 is Inception-v3 (C. Szegedy et al., 2016, Rethinking the Inception architecture), torchvision's inception_v3: 5 x 5
// kernels become two 3 x 3, n x n kernels a 1 x n and an n x 1, and sizes shrink in blocks with a convolution and a pooling side by
// side, so that no layer is a bottleneck. With 1000 classes it has 23,834,568 parameters, and 3,326,696 in its auxiliary classifier.
//
// Its input is pictures (N, 3, H, W) of 75 x 75 pixels or more, 299 x 299 for the weights of ImageNet, normalised by channel as
// AlexNet's.
type InceptionV3 struct {
	Conv1a   *BasicConv2d `name:"Conv2d_1a_3x3"`
	Conv2a   *BasicConv2d `name:"Conv2d_2a_3x3"`
	Conv2b   *BasicConv2d `name:"Conv2d_2b_3x3"`
	MaxPool1 nn.Layer
	Conv3b   *BasicConv2d `name:"Conv2d_3b_1x1"`
	Conv4a   *BasicConv2d `name:"Conv2d_4a_3x3"`
	MaxPool2 nn.Layer
	Mixed5b  *InceptionA   `name:"Mixed_5b"`
	Mixed5c  *InceptionA   `name:"Mixed_5c"`
	Mixed5d  *InceptionA   `name:"Mixed_5d"`
	Mixed6a  *InceptionB   `name:"Mixed_6a"`
	Mixed6b  *InceptionC   `name:"Mixed_6b"`
	Mixed6c  *InceptionC   `name:"Mixed_6c"`
	Mixed6d  *InceptionC   `name:"Mixed_6d"`
	Mixed6e  *InceptionC   `name:"Mixed_6e"`
	Aux      *InceptionAux `name:"AuxLogits"` // on the maps of Mixed_6e; nil: none
	Mixed7a  *InceptionD   `name:"Mixed_7a"`
	Mixed7b  *InceptionE   `name:"Mixed_7b"`
	Mixed7c  *InceptionE   `name:"Mixed_7c"`
	Dropout  *nn.Dropout
	FC       *nn.Linear
	// TransformInput is torchvision's transform_input; see GoogLeNet.
	TransformInput bool
}

// NewInceptionV3 returns the network with PyTorch's initial weights and a dropout of 0.5 unless cfg has another. With SmallStem the
// convolutions before the first block are padded and of stride 1 and the two poolings between them are left out; the parameters are
// the same. It panics with ErrValue on options that are none.
func NewInceptionV3(g *random.Generator, cfg Config) *InceptionV3 {
	b := newInceptionBuilder(g, "inception_v3", cfg, 0.5)
	m := &InceptionV3{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool1, m.Conv3b, m.Conv4a = b.stem()
	m.MaxPool2 = b.maxPool(false)
	b.keep = false

	m.Mixed5b, m.Mixed5c, m.Mixed5d = newInceptionA(b, 32), newInceptionA(b, 64), newInceptionA(b, 64)
	m.Mixed6a = newInceptionB(b)
	m.Mixed6b, m.Mixed6c, m.Mixed6d, m.Mixed6e = newInceptionC(b, 128), newInceptionC(b, 160), newInceptionC(b, 160), newInceptionC(b, 192)
	m.Aux = newInceptionAux(b)
	m.Mixed7a = newInceptionD(b)
	m.Mixed7b, m.Mixed7c = newInceptionE(b), newInceptionE(b)
	m.FC = b.linear(b.in, b.cfg.Classes)
	return m
}

// stem returns the first layers of Inception-v3, which are those of the Inception-ResNets too.
func (b *inceptionBuilder) stem() (conv1a, conv2a, conv2b *BasicConv2d, pool nn.Layer, conv3b, conv4a *BasicConv2d) {
	conv1a = b.conv(conv(32, 3).halve())
	conv2a = b.conv(conv(32, 3).unpadded())
	conv2b = b.conv(conv(64, 3))
	pool = b.maxPool(false)
	conv3b = b.conv(conv(80, 1))
	conv4a = b.conv(conv(192, 3).unpadded())
	return conv1a, conv2a, conv2b, pool, conv3b, conv4a
}

// Forward maps pictures (N, C, H, W) to scores (N, classes). The auxiliary classifier has no part in it.
func (m *InceptionV3) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the maps of the last block, (N, 2048, h, w): 8 x 8 of 299 x 299.
func (m *InceptionV3) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return m.last(m.middle(x)) }

// middle returns the maps that the auxiliary classifier looks at, (N, 768, h, w): 17 x 17 of 299 x 299.
func (m *InceptionV3) middle(x *tensor.Tensor) *tensor.Tensor {
	if m.TransformInput {
		x = fromImageNet(x)
	}
	return nn.NewSequential(
		m.Conv1a, m.Conv2a, m.Conv2b, m.MaxPool1, m.Conv3b, m.Conv4a, m.MaxPool2, m.Mixed5b, m.Mixed5c, m.Mixed5d,
		m.Mixed6a, m.Mixed6b, m.Mixed6c, m.Mixed6d, m.Mixed6e,
	).Forward(x)
}

func (m *InceptionV3) last(x *tensor.Tensor) *tensor.Tensor {
	return m.Mixed7c.Forward(m.Mixed7b.Forward(m.Mixed7a.Forward(x)))
}

// Scores maps feature maps (N, 2048, h, w) to scores (N, classes).
func (m *InceptionV3) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(pooledFeatures(maps, m.Dropout))
}

// ForwardAux returns the scores and, unless Aux is nil, those of the auxiliary classifier, each (N, classes).
func (m *InceptionV3) ForwardAux(x *tensor.Tensor) (scores *tensor.Tensor, aux []*tensor.Tensor) {
	x = m.middle(x)
	if m.Aux != nil {
		aux = append(aux, m.Aux.Forward(x))
	}
	return m.Scores(m.last(x)), aux
}

// InceptionAux is Inception-v3's auxiliary classifier.
type InceptionAux struct {
	Conv0, Conv1 *BasicConv2d
	FC           *nn.Linear
}

func newInceptionAux(b *inceptionBuilder) *InceptionAux {
	c := b.chain(conv(128, 1), conv(768, 5).unpadded())
	return &InceptionAux{c[0].(*BasicConv2d), c[1].(*BasicConv2d), b.linear(b.cfg.scale(768), b.cfg.Classes)}
}

// Forward maps maps (N, C, H, W) to scores (N, classes). Maps below 17 x 17, which torchvision's head refuses, are averaged to 5 x 5.
func (l *InceptionAux) Forward(x *tensor.Tensor) *tensor.Tensor {
	if min(x.Dim(2), x.Dim(3)) < 17 {
		x = tensor.AdaptiveAvgPool2d(x, 5, 5)
	} else {
		x = tensor.AvgPool2d(x, tensor.PoolConfig{Kernel: [2]int{5, 5}, Stride: [2]int{3, 3}})
	}
	x = l.Conv1.Forward(l.Conv0.Forward(x))
	return l.FC.Forward(tensor.AdaptiveAvgPool2d(x, 1, 1).Flatten(1))
}

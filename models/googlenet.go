package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	Register(Entry{
		Name: "googlenet", Title: "GoogLeNet, or Inception-v1, with two auxiliary classifiers, torchvision's",
		Paper: "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich 2015",
		Size:  224, Params: 13_004_888, Head: "fc.", AuxHeads: []string{"aux1.fc2.", "aux2.fc2."},
		New: func(g *random.Generator, cfg Config) Classifier { return NewGoogLeNet(g, cfg) },
	})
}

// GoogLeNet is the network that won ImageNet 2014, Inception-v1 (C. Szegedy et al., 2015, Going deeper with convolutions), in
// torchvision's form: with batch normalisation and 3 x 3 kernels in the place of the paper's 5 x 5. Nine Inception blocks and an
// average over each map take the place of large dense layers: 6,624,904 parameters with 1000 classes, and 6,379,984 more in two
// auxiliary classifiers, which help gradients to reach the first layers in training and are not used afterwards.
//
// Its input is pictures (N, 3, H, W) of 15 x 15 pixels or more, 224 x 224 for the weights of ImageNet, normalised by channel as
// AlexNet's.
type GoogLeNet struct {
	Conv1                                                           *BasicConv2d
	MaxPool1                                                        nn.Layer
	Conv2, Conv3                                                    *BasicConv2d
	MaxPool2                                                        nn.Layer
	Inception3a, Inception3b                                        *Inception
	MaxPool3                                                        nn.Layer
	Inception4a, Inception4b, Inception4c, Inception4d, Inception4e *Inception
	MaxPool4                                                        nn.Layer
	Inception5a, Inception5b                                        *Inception
	Aux1, Aux2                                                      *GoogLeNetAux // on the maps of 4a and 4d; nil: none
	Dropout                                                         *nn.Dropout
	FC                                                              *nn.Linear
	// TransformInput is torchvision's transform_input: pictures come normalised with the statistics of ImageNet and are converted
	// to 2v - 1 of pixels v from 0 to 1, on which torchvision's own weights were trained. Set it to use those.
	TransformInput bool
}

// NewGoogLeNet returns the network with PyTorch's initial weights. cfg.Dropout, 0.2 before the last layer and 0.7 in the auxiliary
// classifiers unless given, is that of both. With SmallStem the first convolution has stride 1 and the two poolings before the first
// block are left out; the parameters are the same. It panics with ErrValue on options that are none.
func NewGoogLeNet(g *random.Generator, cfg Config) *GoogLeNet {
	auxDropout := 0.7
	if cfg.Dropout != nil {
		auxDropout = *cfg.Dropout
	}
	b := newInceptionBuilder(g, "googlenet", cfg, 0.2)
	m := &GoogLeNet{Dropout: nn.NewDropout(g, *b.cfg.Dropout)}
	m.Conv1 = b.conv(conv(64, 7).by(2))
	m.MaxPool1 = b.maxPool(true)
	m.Conv2 = b.conv(conv(64, 1))
	m.Conv3 = b.conv(conv(192, 3))
	m.MaxPool2 = b.maxPool(true)
	b.keep = false

	m.Inception3a = b.inception(64, 96, 128, 16, 32, 32)
	m.Inception3b = b.inception(128, 128, 192, 32, 96, 64)
	m.MaxPool3 = b.maxPool(true)
	m.Inception4a = b.inception(192, 96, 208, 16, 48, 64)
	m.Aux1 = b.googLeNetAux(auxDropout)
	m.Inception4b = b.inception(160, 112, 224, 24, 64, 64)
	m.Inception4c = b.inception(128, 128, 256, 24, 64, 64)
	m.Inception4d = b.inception(112, 144, 288, 32, 64, 64)
	m.Aux2 = b.googLeNetAux(auxDropout)
	m.Inception4e = b.inception(256, 160, 320, 32, 128, 128)
	m.MaxPool4 = &nn.MaxPool2d{Config: tensor.PoolConfig{Kernel: [2]int{2, 2}, CeilMode: true}}
	m.Inception5a = b.inception(256, 160, 320, 32, 128, 128)
	m.Inception5b = b.inception(384, 192, 384, 48, 128, 128)
	m.FC = b.linear(b.in, b.cfg.Classes)
	return m
}

// inception returns GoogLeNet's block as the next layer.
func (b *inceptionBuilder) inception(c1, reduce3, c3, reduce5, c5, pool int) *Inception {
	return next(b, &Inception{
		Branch1: b.branch(conv(c1, 1)),
		Branch2: b.branch(conv(reduce3, 1), conv(c3, 3)),
		Branch3: b.branch(conv(reduce5, 1), conv(c5, 3)),
		Branch4: b.branch(pooling(maxPoolSame()), conv(pool, 1)),
	})
}

// Forward maps pictures (N, C, H, W) to scores (N, classes). The auxiliary classifiers have no part in it.
func (m *GoogLeNet) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the maps of the last block, (N, 1024, h, w).
func (m *GoogLeNet) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	x, _, _ = m.maps(x)
	return x
}

// maps returns the maps of the last block and of the two that auxiliary classifiers look at.
func (m *GoogLeNet) maps(x *tensor.Tensor) (last, of4a, of4d *tensor.Tensor) {
	if m.TransformInput {
		x = fromImageNet(x)
	}
	x = m.MaxPool1.Forward(m.Conv1.Forward(x))
	x = m.MaxPool2.Forward(m.Conv3.Forward(m.Conv2.Forward(x)))
	x = m.MaxPool3.Forward(m.Inception3b.Forward(m.Inception3a.Forward(x)))
	of4a = m.Inception4a.Forward(x)
	of4d = m.Inception4d.Forward(m.Inception4c.Forward(m.Inception4b.Forward(of4a)))
	x = m.MaxPool4.Forward(m.Inception4e.Forward(of4d))
	return m.Inception5b.Forward(m.Inception5a.Forward(x)), of4a, of4d
}

// Scores maps feature maps (N, 1024, h, w) to scores (N, classes).
func (m *GoogLeNet) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(pooledFeatures(maps, m.Dropout))
}

// ForwardAux returns the scores and those of the auxiliary classifiers that there are, the earlier one first, each (N, classes). The
// paper trains with the sum of the losses, those of the auxiliary classifiers times 0.3.
func (m *GoogLeNet) ForwardAux(x *tensor.Tensor) (scores *tensor.Tensor, aux []*tensor.Tensor) {
	last, of4a, of4d := m.maps(x)
	if m.Aux1 != nil {
		aux = append(aux, m.Aux1.Forward(of4a))
	}
	if m.Aux2 != nil {
		aux = append(aux, m.Aux2.Forward(of4d))
	}
	return m.Scores(last), aux
}

// GoogLeNetAux is an auxiliary classifier: means over a grid of 4 x 4, a 1 x 1 convolution and two dense layers.
type GoogLeNetAux struct {
	Conv     *BasicConv2d
	FC1, FC2 *nn.Linear
	Dropout  *nn.Dropout
}

func (b *inceptionBuilder) googLeNetAux(dropout float64) *GoogLeNetAux {
	hidden := b.cfg.scale(1024)
	return &GoogLeNetAux{
		Conv: b.unit(b.in, conv(128, 1)), FC1: b.linear(b.cfg.scale(128)*4*4, hidden), FC2: b.linear(hidden, b.cfg.Classes),
		Dropout: nn.NewDropout(b.g, dropout),
	}
}

// Forward maps maps (N, C, H, W) to scores (N, classes).
func (l *GoogLeNetAux) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = l.Conv.Forward(tensor.AdaptiveAvgPool2d(x, 4, 4)).Flatten(1)
	return l.FC2.Forward(l.Dropout.Forward(l.FC1.Forward(x).ReLU()))
}

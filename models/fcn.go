package models

import (
	"math"
	"strings"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// FCNConfig are the options of NewFCN. Zero fields mean the published FCN-8s for the 20 classes of PASCAL VOC and the background.
type FCNConfig struct {
	Stride    int      // of the last upsampling: 32 for FCN-32s, 16 for FCN-16s with a skip from pool4, 8 for FCN-8s with those from pool4 and pool3; default 8
	Classes   int      // scores of each pixel; default 21
	Channels  int      // of the pictures; default 3
	Width     float64  // factor on the channels of every layer but the scores; default 1
	Same      bool     // fc6 keeps the size of its maps, and 100 pixels of zeros around the picture are not needed: for small pictures
	BatchNorm bool     // batch normalisation after each convolution of VGG-16, as in torchvision's vgg16_bn: to train from scratch
	Dropout   *float64 // probability after fc6 and fc7; default 0.5
}

// FCN is the fully convolutional network of J. Long, E. Shelhamer and T. Darrell (2015, Fully convolutional networks for semantic
// segmentation): VGG-16, whose dense layers are convolutions, makes coarse scores of every pixel, which transposed convolutions
// enlarge; FCN-16s and FCN-8s add scores of finer layers on the way. As published, with 21 classes, FCN-32s has 136,152,917
// parameters, FCN-16s 134,815,994 and FCN-8s 134,489,759.
//
// The names of the convolutions of VGG-16 are torchvision's, so that its weights load (LoadVGG16); the others are those of the
// authors' Caffe models, and so are sizes and offsets. Scores start at zero, the transposed convolutions as bilinear interpolation,
// and the last of them stays so unless nn.Unfreeze(m.Upscore) lets it learn.
type FCN struct {
	Features     nn.Sequential // of VGG-16, by convolution and ReLU: 0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26 and 28 are the convolutions
	FC6, FC7     *nn.Conv2d
	ScoreFr      *nn.Conv2d          // scores of fc7
	Upscore2     *nn.ConvTranspose2d // doubles them, or nil
	ScorePool4   *nn.Conv2d          // scores of pool4, or nil
	UpscorePool4 *nn.ConvTranspose2d // doubles the sum, or nil
	ScorePool3   *nn.Conv2d          // scores of pool3, or nil
	Upscore      *nn.ConvTranspose2d // to the size of the picture
	Dropout      *nn.Dropout

	same         bool
	pool3, pool4 int // where these layers stand in Features
}

// NewFCN returns the network with weights of N(0, 2/fan-in) (He et al., 2015) but for those that FCN's comment names. It panics with
// ErrValue on options that are none.
func NewFCN(g *random.Generator, cfg FCNConfig) *FCN {
	c := Config{Classes: cfg.Classes, Channels: cfg.Channels, Width: cfg.Width, Dropout: cfg.Dropout}
	if c.Classes == 0 {
		c.Classes = 21
	}
	c = c.withDefaults("fcn", 0.5)
	if cfg.Stride == 0 {
		cfg.Stride = 8
	}
	if cfg.Stride != 8 && cfg.Stride != 16 && cfg.Stride != 32 {
		tensor.Fail("fcn", tensor.ErrValue, nil, "the stride of the last upsampling, %d, must be 8, 16 or 32", cfg.Stride)
	}
	m := &FCN{Dropout: nn.NewDropout(g, *c.Dropout), same: cfg.Same}
	in := c.Channels
	for i, stage := range []struct{ convolutions, channels int }{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}} {
		for range stage.convolutions {
			around, out := 1, c.scale(stage.channels)
			if len(m.Features) == 0 && !cfg.Same {
				around = 100
			}
			m.Features = append(m.Features, fanInConv(g, in, out, 3, around))
			if cfg.BatchNorm {
				m.Features = append(m.Features, nn.NewBatchNorm2d(out, nn.BatchNormConfig{}))
			}
			m.Features = append(m.Features, nn.ReLU{})
			in = out
		}
		pool := tensor.Square(2)
		pool.CeilMode = true
		switch i {
		case 2:
			m.pool3 = len(m.Features)
		case 3:
			m.pool4 = len(m.Features)
		}
		m.Features = append(m.Features, &nn.MaxPool2d{Config: pool})
	}
	var around int
	if cfg.Same {
		around = 3
	}
	m.FC6 = fanInConv(g, in, c.scale(4096), 7, around)
	m.FC7 = fanInConv(g, c.scale(4096), c.scale(4096), 1, 0)
	score := func(in int) *nn.Conv2d {
		l := nn.NewConv2d(g, in, c.Classes, 1, nn.ConvConfig{})
		l.Weight.CopyFrom(tensor.Zeros(c.Classes, in, 1, 1))
		l.Bias.CopyFrom(tensor.Zeros(c.Classes))
		return l
	}
	m.ScoreFr = score(c.scale(4096))
	if cfg.Stride <= 16 {
		m.Upscore2, m.ScorePool4 = bilinearUp(g, c.Classes, 2), score(c.scale(512))
	}
	if cfg.Stride == 8 {
		m.UpscorePool4, m.ScorePool3 = bilinearUp(g, c.Classes, 2), score(c.scale(256))
	}
	m.Upscore = bilinearUp(g, c.Classes, cfg.Stride)
	nn.Freeze(m.Upscore)
	return m
}

// Forward maps pictures (N, C, H, W) of any size to scores (N, classes, H, W).
func (m *FCN) Forward(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 4 || x.Numel() == 0 {
		tensor.Fail("fcn", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W) with pixels; Unsqueeze(0) makes a batch of one")
	}
	height, width := x.Dim(2), x.Dim(3)
	pool3 := m.Features[:m.pool3+1].Forward(x)
	pool4 := m.Features[m.pool3+1 : m.pool4+1].Forward(pool3)
	x = m.Features[m.pool4+1:].Forward(pool4)
	x = m.Dropout.Forward(m.FC6.Forward(x).ReLU())
	x = m.Dropout.Forward(m.FC7.Forward(x).ReLU())
	x = m.ScoreFr.Forward(x)
	if m.ScorePool4 != nil {
		x = m.fuse(m.Upscore2.Forward(x), m.ScorePool4.Forward(pool4), 5)
	}
	if m.ScorePool3 != nil {
		x = m.fuse(m.UpscorePool4.Forward(x), m.ScorePool3.Forward(pool3), 9)
	}
	stride := m.Upscore.Options.Stride[0]
	at := stride / 2 // the transposed convolution's margin
	if !m.same {
		at = map[int]int{32: 19, 16: 27, 8: 31}[stride]
	}
	return m.Upscore.Forward(x).Narrow(2, at, height).Narrow(3, at, width)
}

// Segment is Forward: the network takes pictures of any size.
func (m *FCN) Segment(x *tensor.Tensor) *tensor.Tensor { return m.Forward(x) }

// fuse adds doubled scores and those of a finer layer. Around the doubled ones lies a margin of one; with 100 pixels of zeros around the
// picture it is the finer ones that are larger, and offset is the authors' for where the doubled ones begin in them.
func (m *FCN) fuse(doubled, finer *tensor.Tensor, offset int) *tensor.Tensor {
	if m.same {
		return doubled.Narrow(2, 1, finer.Dim(2)).Narrow(3, 1, finer.Dim(3)).Add(finer)
	}
	return doubled.Add(finer.Narrow(2, offset, doubled.Dim(2)).Narrow(3, offset, doubled.Dim(3)))
}

// LoadVGG16 copies the weights of a VGG-16 for classification, as torchvision names them, into the layers that it shares with m: all
// but the scores. fc6 and fc7 have those of classifier.0 and classifier.3 as convolutions of 7 x 7 and 1 x 1. It returns an error,
// and changes nothing, where names or shapes differ.
func (m *FCN) LoadVGG16(state []tensor.Named) error {
	var shared []tensor.Named
	for _, s := range state {
		i := strings.LastIndexByte(s.Name, '.') + 1
		switch module, kind := s.Name[:i], s.Name[i:]; module {
		case "classifier.0.", "classifier.3.":
			l, name := m.FC6, "fc6."
			if module == "classifier.3." {
				l, name = m.FC7, "fc7."
			}
			if kind == "weight" && s.Numel() == l.Weight.Numel() {
				s.Tensor = s.Reshape(l.Weight.Shape().Dims()...)
			}
			s.Name = name + kind
			shared = append(shared, s)
		case "classifier.6.": // scores of its own classes
		default:
			shared = append(shared, s)
		}
	}
	return nn.Load(m, shared, nn.LoadConfig{Skip: []string{"score*", "upscore*"}})
}

// bilinearUp returns a transposed convolution that enlarges each channel by bilinear interpolation, with a margin of half the stride.
func bilinearUp(g *random.Generator, channels, stride int) *nn.ConvTranspose2d {
	kernel := 2 * stride
	l := nn.NewConvTranspose2d(g, channels, channels, kernel, nn.ConvTransposeConfig{Stride: stride, NoBias: true})
	triangle := make([]float64, kernel) // 1 at the middle, kernel/2 - ½, and 0 a stride away
	for i := range triangle {
		triangle[i] = 1 - math.Abs(float64(i)-float64(stride)+0.5)/float64(stride)
	}
	w := make([]float32, channels*channels*kernel*kernel)
	for c := range channels {
		plane := w[(c*channels+c)*kernel*kernel:]
		for i, a := range triangle {
			for j, b := range triangle {
				plane[i*kernel+j] = float32(a * b)
			}
		}
	}
	l.Weight.CopyFrom(tensor.Of(w, channels, channels, kernel, kernel))
	return l
}

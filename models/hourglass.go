package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// HourglassConfig are the options of NewHourglass. Zero fields mean the published network for the 16 joints of MPII Human Pose.
type HourglassConfig struct {
	Keypoints  int     // heat maps; default 16
	Channels   int     // of the pictures; default 3
	Stacks     int     // hourglasses one after the other; default 8
	Depth      int     // times that an hourglass halves its maps; default 4
	Modules    int     // residual modules at each place of an hourglass; default 1
	Width      float64 // factor on the channels of every layer, 64, 128 and 256; default 1
	Downsample int     // side of the picture over that of the heat maps, 4, 2 or 1; default 4
}

// Hourglass is the stacked hourglass network for key points of A. Newell, K. Yang and J. Deng (2016, Stacked hourglass networks for
// human pose estimation). An hourglass halves its maps several times, enlarges them again by repetition, and at each size adds what
// another branch made of the maps before they were halved, all by residual modules. Each hourglass makes heat maps, a loss is applied to
// all of them (ForwardAll), and the next hourglass sees them. As published, with 8 stacks, it makes heat maps (N, 16, 64, 64) of
// pictures (N, 3, 256, 256) and has 25,434,112 parameters.
type Hourglass struct {
	Stem   nn.Sequential // from the picture to maps with the size of the heat maps
	Stacks []*HourglassStack
}

// HourglassStack is one hourglass and what makes heat maps of it.
type HourglassStack struct {
	Hourglass *HourglassModule
	Features  nn.Sequential // residual modules, and a convolution of 1 x 1
	Heatmaps  *nn.Conv2d
	// What the next stack sees beside its input, features and heat maps; nil in the last one.
	FromFeatures, FromHeatmaps *nn.Conv2d
}

// HourglassModule maps (N, C, H, W) to (N, C, H, W): Upper(x) + enlarged(Lower3(Inner(Lower1(pooled(x))))).
type HourglassModule struct {
	Upper, Lower1 nn.Sequential
	Inner         nn.Layer // a smaller hourglass, or residual modules
	Lower3        nn.Sequential
}

// PreActResidual is a residual module with a bottleneck whose normalisation and ReLU come before each convolution (He et al., 2016,
// Identity mappings in deep residual networks): x (N, in, H, W) to (N, out, H, W), by way of out/2 channels.
type PreActResidual struct {
	Norm1 *nn.BatchNorm
	Conv1 *nn.Conv2d
	Norm2 *nn.BatchNorm
	Conv2 *nn.Conv2d
	Norm3 *nn.BatchNorm
	Conv3 *nn.Conv2d
	Skip  *nn.Conv2d // nil where in is out
}

// NewHourglass returns the network with PyTorch's initial weights. It panics with ErrValue on options that are none.
func NewHourglass(g *random.Generator, cfg HourglassConfig) *Hourglass {
	c := Config{Classes: cfg.Keypoints, Channels: cfg.Channels, Width: cfg.Width}
	for _, o := range []struct {
		n    *int
		zero int
	}{{&c.Classes, 16}, {&cfg.Stacks, 8}, {&cfg.Depth, 4}, {&cfg.Modules, 1}, {&cfg.Downsample, 4}} {
		if *o.n == 0 {
			*o.n = o.zero
		}
	}
	c = c.withDefaults("hourglass", 0)
	if cfg.Stacks < 1 || cfg.Depth < 1 || cfg.Modules < 1 {
		tensor.Fail("hourglass", tensor.ErrValue, nil, "%d stacks of depth %d with %d modules: all must be positive", cfg.Stacks, cfg.Depth, cfg.Modules)
	}
	residuals := func(channels int) (s nn.Sequential) {
		for range cfg.Modules {
			s = append(s, newPreActResidual(g, channels, channels))
		}
		return s
	}
	var module func(channels, depth int) *HourglassModule
	module = func(channels, depth int) *HourglassModule {
		m := &HourglassModule{Upper: residuals(channels), Lower1: residuals(channels)}
		if depth > 1 {
			m.Inner = module(channels, depth-1)
		} else {
			m.Inner = residuals(channels)
		}
		m.Lower3 = residuals(channels)
		return m
	}
	one := func(in, out int) *nn.Conv2d { return nn.NewConv2d(g, in, out, 1, nn.ConvConfig{}) }

	first, second, all := c.scale(64), c.scale(128), c.scale(256)
	stem := nn.NewConv2d(g, c.Channels, first, 7, nn.ConvConfig{Stride: 2, Padding: 3})
	switch cfg.Downsample {
	case 1:
		stem = nn.NewConv2d(g, c.Channels, first, 7, nn.ConvConfig{Padding: 3})
	case 2, 4:
	default:
		tensor.Fail("hourglass", tensor.ErrValue, nil, "pictures are %d times as large as heat maps; give 4, 2 or 1", cfg.Downsample)
	}
	m := &Hourglass{Stem: nn.NewSequential(stem, nn.NewBatchNorm2d(first, nn.BatchNormConfig{}), nn.ReLU{}, newPreActResidual(g, first, second))}
	if cfg.Downsample == 4 {
		m.Stem = append(m.Stem, nn.NewMaxPool2d(2))
	}
	m.Stem = append(m.Stem, newPreActResidual(g, second, second), newPreActResidual(g, second, all))
	for i := range cfg.Stacks {
		s := &HourglassStack{
			Hourglass: module(all, cfg.Depth),
			Features:  append(residuals(all), one(all, all), nn.NewBatchNorm2d(all, nn.BatchNormConfig{}), nn.ReLU{}),
			Heatmaps:  one(all, c.Classes),
		}
		if i+1 < cfg.Stacks {
			s.FromFeatures, s.FromHeatmaps = one(all, all), one(c.Classes, all)
		}
		m.Stacks = append(m.Stacks, s)
	}
	return m
}

// Forward maps pictures (N, C, H, W) to the last stack's heat maps (N, keypoints, h, w).
func (m *Hourglass) Forward(x *tensor.Tensor) *tensor.Tensor {
	all := m.ForwardAll(x)
	return all[len(all)-1]
}

// ForwardAll maps pictures (N, C, H, W) to the heat maps of every stack, each (N, keypoints, h, w). It panics with ErrShape on pictures
// too small to be halved so often.
func (m *Hourglass) ForwardAll(x *tensor.Tensor) []*tensor.Tensor {
	if x.Rank() != 4 {
		tensor.Fail("hourglass", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, C, H, W); Unsqueeze(0) makes a batch of one")
	}
	shape := x.Shape()
	x = m.Stem.Forward(x)
	depth := m.Stacks[0].Hourglass.depth()
	if min(x.Dim(2), x.Dim(3)) < 1<<depth {
		tensor.Fail("hourglass", tensor.ErrShape, []tensor.Shape{shape}, "heat maps of %d x %d cannot be halved %d times: give larger pictures, or a smaller Depth or Downsample", x.Dim(2), x.Dim(3), depth)
	}
	all := make([]*tensor.Tensor, len(m.Stacks))
	for i, s := range m.Stacks {
		features := s.Features.Forward(s.Hourglass.Forward(x))
		all[i] = s.Heatmaps.Forward(features)
		if s.FromFeatures != nil {
			x = x.Add(s.FromFeatures.Forward(features)).Add(s.FromHeatmaps.Forward(all[i]))
		}
	}
	return all
}

// Forward maps (N, C, H, W) to (N, C, H, W). An odd row or column is lost on the way down, and repeated on the way up.
func (m *HourglassModule) Forward(x *tensor.Tensor) *tensor.Tensor {
	low := m.Lower3.Forward(m.Inner.Forward(m.Lower1.Forward(x.MaxPool2d(2))))
	return m.Upper.Forward(x).Add(tensor.Interpolate(low, []int{x.Dim(2), x.Dim(3)}, tensor.InterpolateConfig{}))
}

func (m *HourglassModule) depth() int {
	if inner, ok := m.Inner.(*HourglassModule); ok {
		return 1 + inner.depth()
	}
	return 1
}

func newPreActResidual(g *random.Generator, in, out int) *PreActResidual {
	half := max(1, out/2)
	m := &PreActResidual{
		Norm1: nn.NewBatchNorm2d(in, nn.BatchNormConfig{}), Conv1: nn.NewConv2d(g, in, half, 1, nn.ConvConfig{}),
		Norm2: nn.NewBatchNorm2d(half, nn.BatchNormConfig{}), Conv2: nn.NewConv2d(g, half, half, 3, nn.ConvConfig{Padding: 1}),
		Norm3: nn.NewBatchNorm2d(half, nn.BatchNormConfig{}), Conv3: nn.NewConv2d(g, half, out, 1, nn.ConvConfig{}),
	}
	if in != out {
		m.Skip = nn.NewConv2d(g, in, out, 1, nn.ConvConfig{})
	}
	return m
}

// Forward maps (N, in, H, W) to (N, out, H, W).
func (m *PreActResidual) Forward(x *tensor.Tensor) *tensor.Tensor {
	y := m.Conv1.Forward(m.Norm1.Forward(x).ReLU())
	y = m.Conv2.Forward(m.Norm2.Forward(y).ReLU())
	y = m.Conv3.Forward(m.Norm3.Forward(y).ReLU())
	if m.Skip != nil {
		x = m.Skip.Forward(x)
	}
	return y.Add(x)
}

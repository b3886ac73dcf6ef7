package models

import (
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// resNets are the networks of He et al.'s table 1: blocks in each of the four stages.
var resNets = map[int]struct {
	blocks     []int
	bottleneck bool
	params     int
}{
	18:  {[]int{2, 2, 2, 2}, false, 11_689_512},
	34:  {[]int{3, 4, 6, 3}, false, 21_797_672},
	50:  {[]int{3, 4, 6, 3}, true, 25_557_032},
	101: {[]int{3, 4, 23, 3}, true, 44_549_160},
	152: {[]int{3, 8, 36, 3}, true, 60_192_808},
}

// cifarResNets are the depths of He et al.'s section 4.2, and their parameters.
var cifarResNets = map[int]int{20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}

func init() {
	const paper = "He, Zhang, Ren and Sun 2016"
	for depth, r := range resNets {
		Register(Entry{
			Name: fmt.Sprintf("resnet%d", depth), Title: fmt.Sprintf("ResNet of %d layers", depth), Paper: paper, Size: 224, Params: r.params, Head: "fc.",
			New: func(g *random.Generator, cfg Config) Classifier {
				return NewResNet(g, depth, ResNetConfig{Config: cfg})
			},
		})
	}
	for depth, params := range cifarResNets {
		Register(Entry{
			Name: fmt.Sprintf("resnet%d", depth), Title: fmt.Sprintf("ResNet of %d layers for CIFAR-10, of section 4.2", depth), Paper: paper,
			Size: 32, Params: params, Head: "fc.",
			New: func(g *random.Generator, cfg Config) Classifier {
				return NewCIFARResNet(g, depth, ResNetConfig{Config: cfg})
			},
		})
	}
}

// Shortcut is how a residual block with other channels or another stride at its end carries its input there (He et al., 2016, section 3.3).
type Shortcut uint8

// The shortcuts. Where input and output have one shape, all but NoShortcut are the identity.
const (
	DefaultShortcut Shortcut = iota // Projection in ResNet-18 to -152, Padding in the networks for CIFAR-10, as published
	Padding                         // option A: every stride-th pixel, and zeros for the channels that are new: no parameters
	Projection                      // option B: a 1 x 1 convolution with that stride, and BatchNorm
	NoShortcut                      // none at all: a plain network, which degrades with depth
)

// ResNetConfig are the options of residual networks.
type ResNetConfig struct {
	Config
	Shortcut Shortcut
	// ZeroInit starts the weight of each block's last BatchNorm at 0, so that the block begins as its shortcut (Goyal et al., 2017).
	ZeroInit bool
}

// ResidualBlock computes relu(f(x) + shortcut(x)) (He et al., 2016). f of a basic block is two 3 x 3 convolutions, that of a bottleneck
// 1 x 1 to fewer channels, 3 x 3, and 1 x 1 to four times as many, each with BatchNorm, and with ReLU but for the last. The 3 x 3
// convolution, of two the first, has the stride, as torchvision's have (in the paper it is a bottleneck's first convolution).
type ResidualBlock struct {
	Conv1      *nn.Conv2d
	BN1        *nn.BatchNorm
	Conv2      *nn.Conv2d
	BN2        *nn.BatchNorm
	Conv3      *nn.Conv2d    // of a bottleneck; nil in a basic block
	BN3        *nn.BatchNorm // likewise
	Downsample nn.Sequential // the shortcut; empty: the identity
	Plain      bool          // without shortcut
}

// Forward maps x (N, in, H, W) to (N, out, ⌈H/stride⌉, ⌈W/stride⌉).
func (b *ResidualBlock) Forward(x *tensor.Tensor) *tensor.Tensor {
	y := b.BN1.Forward(b.Conv1.Forward(x)).ReLU()
	y = b.BN2.Forward(b.Conv2.Forward(y))
	if b.Conv3 != nil {
		y = b.BN3.Forward(b.Conv3.Forward(y.ReLU()))
	}
	if !b.Plain {
		y = y.Add(b.Downsample.Forward(x))
	}
	return y.ReLU()
}

// ResNet is a residual network (K. He, X. Zhang, S. Ren and J. Sun, 2016, Deep residual learning for image recognition): a convolution,
// stages of residual blocks, each with half the height and width of the one before it and twice its channels, the mean of each channel,
// and a dense layer.
type ResNet struct {
	Conv1  *nn.Conv2d
	BN1    *nn.BatchNorm
	Pool   *nn.MaxPool2d // nil in a SmallStem and in networks for CIFAR-10
	Layer1 nn.Sequential // the stages, of *ResidualBlock
	Layer2 nn.Sequential
	Layer3 nn.Sequential
	Layer4 nn.Sequential // empty in networks for CIFAR-10
	FC     *nn.Linear
}

// NewResNet returns ResNet-18 or -34, of basic blocks, or -50, -101 or -152, of bottlenecks, with torchvision's parameter names and initial
// weights. Its pictures are (N, 3, H, W), normalised as NewAlexNet's; with a SmallStem the first convolution is 3 x 3 without stride,
// and no pooling follows it. There is no dropout. It panics with ErrValue on other depths and on options that are none.
func NewResNet(g *random.Generator, depth int, cfg ResNetConfig) *ResNet {
	r, ok := resNets[depth]
	if !ok {
		tensor.Fail("resnet", tensor.ErrValue, nil, "there is no ResNet of %d layers; choose 18, 34, 50, 101 or 152, or NewCIFARResNet", depth)
	}
	cfg.Config = cfg.withDefaults("resnet", 0)
	if cfg.Shortcut == DefaultShortcut {
		cfg.Shortcut = Projection
	}
	m := &ResNet{Conv1: heConv(g, cfg.Channels, cfg.scale(64), 7, nn.ConvConfig{Stride: 2, Padding: 3, NoBias: true}), Pool: maxPool(3, 2, 1)}
	if cfg.Stem == SmallStem {
		m.Conv1, m.Pool = heConv(g, cfg.Channels, cfg.scale(64), 3, nn.ConvConfig{Padding: 1, NoBias: true}), nil
	}
	m.build(g, []int{64, 128, 256, 512}, r.blocks, r.bottleneck, cfg)
	return m
}

// NewCIFARResNet returns the network of section 4.2 for pictures (N, 3, 32, 32) of ten classes: 6n+2 layers, a 3 x 3 convolution and three
// stages of n basic blocks with 16, 32 and 64 channels; each pixel less its mean over the training pictures. Smaller and larger pictures
// fit as well. The stem is the same in both forms, and there is no dropout. It panics with ErrValue on other depths and on options that are none.
func NewCIFARResNet(g *random.Generator, depth int, cfg ResNetConfig) *ResNet {
	if depth < 8 || depth > 1208 || (depth-2)%6 != 0 {
		tensor.Fail("resnet", tensor.ErrValue, nil, "no ResNet for CIFAR-10 has %d layers; they have 6n+2, such as 20, 56 or 110", depth)
	}
	if cfg.Classes == 0 {
		cfg.Classes = 10
	}
	cfg.Config = cfg.withDefaults("resnet", 0)
	if cfg.Shortcut == DefaultShortcut {
		cfg.Shortcut = Padding
	}
	m := &ResNet{Conv1: heConv(g, cfg.Channels, cfg.scale(16), 3, nn.ConvConfig{Padding: 1, NoBias: true})}
	m.build(g, []int{16, 32, 64}, slices.Repeat([]int{(depth - 2) / 6}, 3), false, cfg)
	return m
}

// build makes all but the first convolution.
func (m *ResNet) build(g *random.Generator, channels, blocks []int, bottleneck bool, cfg ResNetConfig) {
	if cfg.Shortcut > NoShortcut {
		tensor.Fail("resnet", tensor.ErrValue, nil, "there is no shortcut %d", cfg.Shortcut)
	}
	in := cfg.scale(channels[0])
	m.BN1 = nn.NewBatchNorm2d(in, nn.BatchNormConfig{})
	for i, stage := range []*nn.Sequential{&m.Layer1, &m.Layer2, &m.Layer3, &m.Layer4}[:len(channels)] {
		for k := range blocks[i] {
			stride := 1
			if i > 0 && k == 0 {
				stride = 2
			}
			b, out := newResidualBlock(g, in, cfg.scale(channels[i]), stride, bottleneck, cfg)
			*stage, in = append(*stage, b), out
		}
	}
	m.FC = nn.NewLinear(g, in, cfg.Classes, nn.LinearConfig{})
}

// newResidualBlock returns a block from in channels to out: width, or four times that of a bottleneck.
func newResidualBlock(g *random.Generator, in, width, stride int, bottleneck bool, cfg ResNetConfig) (b *ResidualBlock, out int) {
	conv := func(in, out, kernel, stride int) *nn.Conv2d {
		return heConv(g, in, out, kernel, nn.ConvConfig{Stride: stride, Padding: kernel / 2, NoBias: true})
	}
	norm := func(n int) *nn.BatchNorm { return nn.NewBatchNorm2d(n, nn.BatchNormConfig{}) }
	b, out = &ResidualBlock{BN1: norm(width), BN2: norm(width), Plain: cfg.Shortcut == NoShortcut}, width
	last := b.BN2
	if bottleneck {
		out = 4 * width
		b.Conv1, b.Conv2, b.Conv3 = conv(in, width, 1, 1), conv(width, width, 3, stride), conv(width, out, 1, 1)
		b.BN3 = norm(out)
		last = b.BN3
	} else {
		b.Conv1, b.Conv2 = conv(in, width, 3, stride), conv(width, width, 3, 1)
	}
	if cfg.ZeroInit {
		last.Weight.CopyFrom(tensor.Zeros(out))
	}
	if stride == 1 && in == out {
		return b, out
	}
	switch cfg.Shortcut {
	case Projection:
		b.Downsample = nn.NewSequential(conv(in, out, 1, stride), norm(out))
	case Padding:
		b.Downsample = nn.NewSequential(nn.Func(func(x *tensor.Tensor) *tensor.Tensor {
			x = x.Slice(2, 0, x.Dim(2), stride).Slice(3, 0, x.Dim(3), stride)
			return x.Pad(tensor.PadConstant, 0, 0, 0, 0, 0, 0, out-in)
		}))
	}
	return b, out
}

// Forward maps pictures (N, C, H, W) to scores (N, classes).
func (m *ResNet) Forward(x *tensor.Tensor) *tensor.Tensor { return m.Scores(m.FeatureMaps(x)) }

// FeatureMaps maps pictures (N, C, H, W) to the last stage's maps, (N, K, h, w).
func (m *ResNet) FeatureMaps(x *tensor.Tensor) *tensor.Tensor {
	x = m.BN1.Forward(m.Conv1.Forward(x)).ReLU()
	if m.Pool != nil {
		x = m.Pool.Forward(x)
	}
	return m.Layer4.Forward(m.Layer3.Forward(m.Layer2.Forward(m.Layer1.Forward(x))))
}

// Scores maps feature maps (N, K, h, w) to scores (N, classes).
func (m *ResNet) Scores(maps *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(tensor.AdaptiveAvgPool2d(maps, 1, 1).Flatten(1))
}

// heConv is nn.NewConv2d with weights of N(0, 2/fan out), which keep the size of gradients under ReLU (K. He et al., 2015), and without bias
// at the start.
func heConv(g *random.Generator, in, out, kernel int, cfg nn.ConvConfig) *nn.Conv2d {
	l := nn.NewConv2d(random.Shapes(), in, out, kernel, cfg) // its weights need not be drawn
	l.Weight = tensor.NewParam(initialize.KaimingNormalFanOut(g, initialize.GainReLU, l.Weight.Shape().Dims()...))
	if l.Bias != nil {
		l.Bias = tensor.NewParam(tensor.Zeros(out))
	}
	return l
}

func maxPool(kernel, stride, padding int) *nn.MaxPool2d {
	return &nn.MaxPool2d{Config: tensor.PoolConfig{Kernel: [2]int{kernel, kernel}, Stride: [2]int{stride, stride}, Padding: [2]int{padding, padding}}}
}

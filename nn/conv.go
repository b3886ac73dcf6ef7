package nn

import (
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// ConvConfig are the options of convolution layers. Sizes are the same in every dimension; for others set the layer's
// Options and, for kernels that are not square, its Weight. At most one of Padding, Same and Causal may be given.
type ConvConfig struct {
	Stride      int            // 0: 1
	Padding     int            // on every side
	Same        bool           // pad so that y is as large as x, the odd element at the end; the stride must be 1
	Causal      bool           // pad dilation·(kernel−1) before the first element alone; Conv1d only
	Dilation    int            // 0: 1
	Groups      int            // 0: 1
	PaddingMode tensor.PadMode // what padding is filled with; PadConstant is zeros
	NoBias      bool
	ReLU        bool // y becomes max(y, 0) as it is written; Sequential does so by itself where a layer ReLU follows
}

func (c ConvConfig) options() tensor.ConvConfig {
	return tensor.ConvConfig{Stride: both(c.Stride), Padding: both(c.Padding), Dilation: both(c.Dilation), Groups: c.Groups, Same: c.Same, Causal: c.Causal, ReLU: c.ReLU}
}

func both(n int) [2]int { return [2]int{n, n} }

func all3(n int) [3]int { return [3]int{n, n, n} }

// Conv2d is a two-dimensional convolution layer: x (N, C, H, W), y (N, K, OH, OW); see tensor.Conv2d.
type Conv2d struct {
	Weight  *Param // (K, C/groups, R, S)
	Bias    *Param // (K,), or nil
	Options tensor.ConvConfig
	PadMode tensor.PadMode
}

// NewConv2d returns a layer from in to out channels with a square kernel, initialised as PyTorch does: uniform in
// ±1/√(in/groups · kernel²). It panics with ErrValue when a size is not positive or the groups do not divide the channels.
func NewConv2d(g *random.Generator, in, out, kernel int, cfg ConvConfig) *Conv2d {
	w, b := convParams("conv2d", g, in, out, []int{kernel, kernel}, cfg)
	return &Conv2d{Weight: w, Bias: b, Options: cfg.options(), PadMode: cfg.PaddingMode}
}

// Forward maps x (N, C, H, W) to (N, K, OH, OW).
func (l *Conv2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return l.with(x, l.Weight.Tensor)
}

// with is Forward with another weight of the same shape.
func (l *Conv2d) with(x, w *tensor.Tensor) *tensor.Tensor {
	o := l.Options
	if l.PadMode != tensor.PadConstant {
		x = padAround("conv2d", x, w, l.PadMode, o.Same, o.Causal, o.Stride[:], o.Padding[:], o.Dilation[:])
		o.Padding, o.Same = [2]int{}, false
	}
	return tensor.Conv2d(x, w, optional(l.Bias), o)
}

// Conv1d is a one-dimensional convolution layer: x (N, C, L), y (N, K, OL); see tensor.Conv1d.
type Conv1d struct {
	Weight  *Param // (K, C/groups, S)
	Bias    *Param // (K,), or nil
	Options tensor.ConvConfig
	PadMode tensor.PadMode
}

// NewConv1d returns a layer from in to out channels, initialised as PyTorch does: uniform in ±1/√(in/groups · kernel).
func NewConv1d(g *random.Generator, in, out, kernel int, cfg ConvConfig) *Conv1d {
	w, b := convParams("conv1d", g, in, out, []int{kernel}, cfg)
	return &Conv1d{Weight: w, Bias: b, Options: cfg.options(), PadMode: cfg.PaddingMode}
}

// Forward maps x (N, C, L) to (N, K, OL).
func (l *Conv1d) Forward(x *tensor.Tensor) *tensor.Tensor {
	o := l.Options
	if l.PadMode != tensor.PadConstant {
		x = padAround("conv1d", x, l.Weight.Tensor, l.PadMode, o.Same, o.Causal, o.Stride[1:], o.Padding[1:], o.Dilation[1:])
		o.Padding, o.Same, o.Causal = [2]int{}, false, false
	}
	return tensor.Conv1d(x, l.Weight.Tensor, optional(l.Bias), o)
}

// Conv3d is a three-dimensional convolution layer: x (N, C, D, H, W), y (N, K, OD, OH, OW); see tensor.Conv3d.
type Conv3d struct {
	Weight  *Param // (K, C/groups, T, R, S)
	Bias    *Param // (K,), or nil
	Options tensor.Conv3dConfig
	PadMode tensor.PadMode
}

// NewConv3d returns a layer from in to out channels with a cubic kernel, initialised as PyTorch does: uniform in
// ±1/√(in/groups · kernel³).
func NewConv3d(g *random.Generator, in, out, kernel int, cfg ConvConfig) *Conv3d {
	if cfg.Causal {
		tensor.Fail("conv3d", tensor.ErrValue, nil, "causal padding has one dimension; use Pad for others")
	}
	w, b := convParams("conv3d", g, in, out, []int{kernel, kernel, kernel}, cfg)
	o := tensor.Conv3dConfig{Stride: all3(cfg.Stride), Padding: all3(cfg.Padding), Dilation: all3(cfg.Dilation), Groups: cfg.Groups, Same: cfg.Same, ReLU: cfg.ReLU}
	return &Conv3d{Weight: w, Bias: b, Options: o, PadMode: cfg.PaddingMode}
}

// Forward maps x (N, C, D, H, W) to (N, K, OD, OH, OW).
func (l *Conv3d) Forward(x *tensor.Tensor) *tensor.Tensor {
	o := l.Options
	if l.PadMode != tensor.PadConstant {
		x = padAround("conv3d", x, l.Weight.Tensor, l.PadMode, o.Same, false, o.Stride[:], o.Padding[:], o.Dilation[:])
		o.Padding, o.Same = [3]int{}, false
	}
	return tensor.Conv3d(x, l.Weight.Tensor, optional(l.Bias), o)
}

// convReLU returns l with a ReLU after it, if it is a convolution that has one in its options. Types that embed one are not.
func convReLU(l Layer) (fused Layer, ok bool) {
	switch l := l.(type) {
	case *Conv1d:
		c := *l
		c.Options.ReLU = true
		return &c, true
	case *Conv2d:
		c := *l
		c.Options.ReLU = true
		return &c, true
	case *Conv3d:
		c := *l
		c.Options.ReLU = true
		return &c, true
	}
	return l, false
}

// padAround pads x in a mode other than zeros, which convolutions have themselves. An x of the wrong rank is theirs to refuse.
func padAround(op string, x, w *tensor.Tensor, mode tensor.PadMode, same, causal bool, stride, padding, dilation []int) *tensor.Tensor {
	if x.Rank() != len(padding)+2 {
		return x
	}
	var pairs []int
	for i := len(padding) - 1; i >= 0; i-- {
		before, after := padding[i], padding[i]
		if before < 0 {
			tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape(), w.Shape()}, "padding %d must not be negative", before)
		}
		if same || causal {
			if same && causal || before != 0 {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape(), w.Shape()}, "padding, same and causal padding exclude each other; give one")
			}
			if same && stride[i] > 1 {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape(), w.Shape()}, "same padding needs stride 1")
			}
			total := max(1, dilation[i]) * (w.Dim(2+i) - 1)
			before, after = total, 0
			if same {
				before, after = total/2, total-total/2
			}
		}
		pairs = append(pairs, before, after)
	}
	return x.Pad(mode, 0, pairs...)
}

func convParams(op string, g *random.Generator, in, out int, kernel []int, cfg ConvConfig) (w, b *Param) {
	groups := checkConv(op, in, out, kernel[0], cfg.Groups)
	return torchDefault(g, append([]int{out, in / groups}, kernel...), out, cfg.NoBias)
}

// checkConv returns the number of groups.
func checkConv(op string, in, out, kernel, groups int) int {
	if groups == 0 {
		groups = 1
	}
	if in < 1 || out < 1 || kernel < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d input channels, %d output channels and kernel size %d must be positive", in, out, kernel)
	}
	if groups < 1 || in%groups != 0 || out%groups != 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%d groups do not divide %d input and %d output channels", groups, in, out)
	}
	return groups
}

// torchDefault returns PyTorch's initial weight, of sizes dims, and bias.
func torchDefault(g *random.Generator, dims []int, out int, noBias bool) (w, b *Param) {
	fan := initialize.FanIn(tensor.ShapeOf(dims...))
	w = tensor.NewParam(initialize.TorchDefault(g, fan, dims...))
	if !noBias {
		b = tensor.NewParam(initialize.TorchDefault(g, fan, out))
	}
	return w, b
}

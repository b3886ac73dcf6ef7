package nn

import (
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// ConvConfig are the options of convolution layers. Sizes are the same in every dimension; for others set the layer's
// Options and, for kernels that are not square, its Weight.
type ConvConfig struct {
	Stride      int            // 0: 1
	Padding     int            // on every side
	Dilation    int            // 0: 1
	Groups      int            // 0: 1
	PaddingMode tensor.PadMode // what padding is filled with; PadConstant is zeros
	NoBias      bool
}

func (c ConvConfig) options() tensor.ConvConfig {
	return tensor.ConvConfig{Stride: both(c.Stride), Padding: both(c.Padding), Dilation: both(c.Dilation), Groups: c.Groups}
}

func both(n int) [2]int { return [2]int{n, n} }

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
	w, b := convParams(g, in, out, []int{kernel, kernel}, cfg)
	return &Conv2d{Weight: w, Bias: b, Options: cfg.options(), PadMode: cfg.PaddingMode}
}

func convParams(g *random.Generator, in, out int, kernel []int, cfg ConvConfig) (w, b *Param) {
	groups := checkConv("conv", in, out, kernel[0], cfg.Groups)
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

// Forward maps x (N, C, H, W) to (N, K, OH, OW).
func (l *Conv2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	o := l.Options
	if l.PadMode != tensor.PadConstant {
		x = x.Pad(l.PadMode, 0, o.Padding[1], o.Padding[1], o.Padding[0], o.Padding[0])
		o.Padding = [2]int{}
	}
	return tensor.Conv2d(x, l.Weight.Tensor, optional(l.Bias), o)
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
	w, b := convParams(g, in, out, []int{kernel}, cfg)
	return &Conv1d{Weight: w, Bias: b, Options: cfg.options(), PadMode: cfg.PaddingMode}
}

// Forward maps x (N, C, L) to (N, K, OL).
func (l *Conv1d) Forward(x *tensor.Tensor) *tensor.Tensor {
	o := l.Options
	if l.PadMode != tensor.PadConstant {
		x = x.Pad(l.PadMode, 0, o.Padding[1], o.Padding[1])
		o.Padding = [2]int{}
	}
	return tensor.Conv1d(x, l.Weight.Tensor, optional(l.Bias), o)
}

package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// ConvTransposeConfig are the options of transposed convolution layers, the same in every dimension.
type ConvTransposeConfig struct {
	Stride        int // 0: 1
	Padding       int // cut off every side of the result
	OutputPadding int // added to one side of the result; less than the stride or the dilation
	Dilation      int // 0: 1
	Groups        int // 0: 1
	NoBias        bool
}

// ConvTranspose2d is a transposed convolution layer: x (N, C, H, W), y (N, K, OH, OW); see tensor.ConvTranspose2d.
type ConvTranspose2d struct {
	Weight  *Param // (C, K/groups, R, S)
	Bias    *Param // (K,), or nil
	Options tensor.ConvTransposeConfig
}

// NewConvTranspose2d returns a layer from in to out channels with a square kernel, initialised as PyTorch does: uniform in
// ±1/√(out/groups · kernel²). It panics with ErrValue when a size is not positive or the groups do not divide the channels.
func NewConvTranspose2d(g *random.Generator, in, out, kernel int, cfg ConvTransposeConfig) *ConvTranspose2d {
	w, b := convTransposeParams("conv_transpose2d", g, in, out, []int{kernel, kernel}, cfg)
	return &ConvTranspose2d{w, b, cfg.options()}
}

// Forward maps x (N, C, H, W) to (N, K, OH, OW).
func (l *ConvTranspose2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.ConvTranspose2d(x, l.Weight.Tensor, optional(l.Bias), l.Options)
}

// ConvTranspose1d is a transposed convolution layer for sequences: x (N, C, L), y (N, K, OL).
type ConvTranspose1d struct {
	Weight  *Param // (C, K/groups, S)
	Bias    *Param // (K,), or nil
	Options tensor.ConvTransposeConfig
}

// NewConvTranspose1d returns a layer from in to out channels, initialised as PyTorch does: uniform in
// ±1/√(out/groups · kernel).
func NewConvTranspose1d(g *random.Generator, in, out, kernel int, cfg ConvTransposeConfig) *ConvTranspose1d {
	w, b := convTransposeParams("conv_transpose1d", g, in, out, []int{kernel}, cfg)
	return &ConvTranspose1d{w, b, cfg.options()}
}

// Forward maps x (N, C, L) to (N, K, OL).
func (l *ConvTranspose1d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.ConvTranspose1d(x, l.Weight.Tensor, optional(l.Bias), l.Options)
}

// ConvTranspose3d is a transposed convolution layer for volumes: x (N, C, D, H, W), y (N, K, OD, OH, OW); see
// tensor.ConvTranspose3d.
type ConvTranspose3d struct {
	Weight  *Param // (C, K/groups, T, R, S)
	Bias    *Param // (K,), or nil
	Options tensor.ConvTranspose3dConfig
}

// NewConvTranspose3d returns a layer from in to out channels with a cubic kernel, initialised as PyTorch does: uniform in
// ±1/√(out/groups · kernel³).
func NewConvTranspose3d(g *random.Generator, in, out, kernel int, cfg ConvTransposeConfig) *ConvTranspose3d {
	w, b := convTransposeParams("conv_transpose3d", g, in, out, []int{kernel, kernel, kernel}, cfg)
	o := tensor.Conv3dConfig{Stride: all3(cfg.Stride), Padding: all3(cfg.Padding), Dilation: all3(cfg.Dilation), Groups: cfg.Groups}
	return &ConvTranspose3d{w, b, tensor.ConvTranspose3dConfig{Conv3dConfig: o, OutputPadding: all3(cfg.OutputPadding)}}
}

// Forward maps x (N, C, D, H, W) to (N, K, OD, OH, OW).
func (l *ConvTranspose3d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.ConvTranspose3d(x, l.Weight.Tensor, optional(l.Bias), l.Options)
}

func (c ConvTransposeConfig) options() tensor.ConvTransposeConfig {
	return tensor.ConvTransposeConfig{
		ConvConfig:    tensor.ConvConfig{Stride: both(c.Stride), Padding: both(c.Padding), Dilation: both(c.Dilation), Groups: c.Groups},
		OutputPadding: both(c.OutputPadding),
	}
}

func convTransposeParams(op string, g *random.Generator, in, out int, kernel []int, cfg ConvTransposeConfig) (w, b *Param) {
	groups := checkConv(op, in, out, kernel[0], cfg.Groups)
	return torchDefault(g, append([]int{in, out / groups}, kernel...), out, cfg.NoBias)
}

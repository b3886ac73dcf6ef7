package nn

import "github.com/hadal-go/hadal/tensor"

// MaxPool2d keeps the largest element of each window; see tensor.MaxPool2d.
type MaxPool2d struct{ Config tensor.PoolConfig }

// NewMaxPool2d returns a layer with n by n windows side by side.
func NewMaxPool2d(n int) *MaxPool2d { return &MaxPool2d{tensor.Square(n)} }

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *MaxPool2d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool2d(x, l.Config) }

// AvgPool2d takes the mean of each window; see tensor.AvgPool2d.
type AvgPool2d struct{ Config tensor.PoolConfig }

// NewAvgPool2d returns a layer with n by n windows side by side.
func NewAvgPool2d(n int) *AvgPool2d { return &AvgPool2d{tensor.Square(n)} }

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *AvgPool2d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2d(x, l.Config) }

// MaxPool1d keeps the largest element of each window of a sequence.
type MaxPool1d struct{ Config tensor.PoolConfig }

// NewMaxPool1d returns a layer with windows of n side by side.
func NewMaxPool1d(n int) *MaxPool1d { return &MaxPool1d{tensor.Square(n)} }

// Forward maps x (N, C, L) to (N, C, OL).
func (l *MaxPool1d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool1d(x, l.Config) }

// AvgPool1d takes the mean of each window of a sequence.
type AvgPool1d struct{ Config tensor.PoolConfig }

// NewAvgPool1d returns a layer with windows of n side by side.
func NewAvgPool1d(n int) *AvgPool1d { return &AvgPool1d{tensor.Square(n)} }

// Forward maps x (N, C, L) to (N, C, OL).
func (l *AvgPool1d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool1d(x, l.Config) }

// AdaptiveAvgPool2d takes means over windows chosen so that the result has size H by W; 1 by 1 is global average pooling.
type AdaptiveAvgPool2d struct{ H, W int }

// Forward maps x (N, C, *, *) to (N, C, H, W).
func (l *AdaptiveAvgPool2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveAvgPool2d(x, l.H, l.W)
}

// AdaptiveMaxPool2d keeps the largest elements of windows chosen so that the result has size H by W.
type AdaptiveMaxPool2d struct{ H, W int }

// Forward maps x (N, C, *, *) to (N, C, H, W).
func (l *AdaptiveMaxPool2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveMaxPool2d(x, l.H, l.W)
}

package nn

import "github.com/hadal-go/hadal/tensor"

// MaxPool1d keeps the largest element of each window of a sequence; see tensor.MaxPool1d.
type MaxPool1d struct{ Config tensor.PoolConfig }

// NewMaxPool1d returns a layer with windows of n side by side.
func NewMaxPool1d(n int) *MaxPool1d { return &MaxPool1d{tensor.Square(n)} }

// Forward maps x (N, C, L) to (N, C, OL).
func (l *MaxPool1d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool1d(x, l.Config) }

// ForwardWithIndices also returns where the maxima lie, as MaxUnpool1d takes it.
func (l *MaxPool1d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.MaxPool1dWithIndices(x, l.Config)
}

// MaxPool2d keeps the largest element of each window of an image; see tensor.MaxPool2d.
type MaxPool2d struct{ Config tensor.PoolConfig }

// NewMaxPool2d returns a layer with n by n windows side by side.
func NewMaxPool2d(n int) *MaxPool2d { return &MaxPool2d{tensor.Square(n)} }

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *MaxPool2d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool2d(x, l.Config) }

// ForwardWithIndices also returns where the maxima lie, as MaxUnpool2d takes it.
func (l *MaxPool2d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.MaxPool2dWithIndices(x, l.Config)
}

// MaxPool3d keeps the largest element of each window of a volume; see tensor.MaxPool3d.
type MaxPool3d struct{ Config tensor.Pool3dConfig }

// NewMaxPool3d returns a layer with n by n by n windows side by side.
func NewMaxPool3d(n int) *MaxPool3d { return &MaxPool3d{tensor.Cube(n)} }

// Forward maps x (N, C, D, H, W) to (N, C, OD, OH, OW).
func (l *MaxPool3d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool3d(x, l.Config) }

// ForwardWithIndices also returns where the maxima lie, as MaxUnpool3d takes it.
func (l *MaxPool3d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.MaxPool3dWithIndices(x, l.Config)
}

// AvgPool1d takes the mean of each window of a sequence; see tensor.AvgPool1d.
type AvgPool1d struct{ Config tensor.PoolConfig }

// NewAvgPool1d returns a layer with windows of n side by side.
func NewAvgPool1d(n int) *AvgPool1d { return &AvgPool1d{tensor.Square(n)} }

// Forward maps x (N, C, L) to (N, C, OL).
func (l *AvgPool1d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool1d(x, l.Config) }

// AvgPool2d takes the mean of each window of an image; see tensor.AvgPool2d.
type AvgPool2d struct{ Config tensor.PoolConfig }

// NewAvgPool2d returns a layer with n by n windows side by side.
func NewAvgPool2d(n int) *AvgPool2d { return &AvgPool2d{tensor.Square(n)} }

// Forward maps x (N, C, H, W) to (N, C, OH, OW).
func (l *AvgPool2d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2d(x, l.Config) }

// AvgPool3d takes the mean of each window of a volume; see tensor.AvgPool3d.
type AvgPool3d struct{ Config tensor.Pool3dConfig }

// NewAvgPool3d returns a layer with n by n by n windows side by side.
func NewAvgPool3d(n int) *AvgPool3d { return &AvgPool3d{tensor.Cube(n)} }

// Forward maps x (N, C, D, H, W) to (N, C, OD, OH, OW).
func (l *AvgPool3d) Forward(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool3d(x, l.Config) }

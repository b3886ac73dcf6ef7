package nn

import "github.com/hadal-go/hadal/tensor"

// AdaptiveAvgPool1d takes means over windows chosen so that the result has length L.
type AdaptiveAvgPool1d struct{ L int }

// Forward maps x (N, C, *) to (N, C, L).
func (l *AdaptiveAvgPool1d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveAvgPool1d(x, l.L)
}

// AdaptiveAvgPool2d takes means over windows chosen so that the result has size H by W;
// 1 by 1 is global average pooling.
type AdaptiveAvgPool2d struct{ H, W int }

// Forward maps x (N, C, *, *) to (N, C, H, W).
func (l *AdaptiveAvgPool2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveAvgPool2d(x, l.H, l.W)
}

// AdaptiveAvgPool3d takes means over windows chosen so that the result has size D by H by W.
type AdaptiveAvgPool3d struct{ D, H, W int }

// Forward maps x (N, C, *, *, *) to (N, C, D, H, W).
func (l *AdaptiveAvgPool3d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveAvgPool3d(x, l.D, l.H, l.W)
}

// AdaptiveMaxPool1d keeps the largest elements of windows chosen so that the result has length L.
type AdaptiveMaxPool1d struct{ L int }

// Forward maps x (N, C, *) to (N, C, L).
func (l *AdaptiveMaxPool1d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveMaxPool1d(x, l.L)
}

// ForwardWithIndices also returns where the maxima lie.
func (l *AdaptiveMaxPool1d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.AdaptiveMaxPool1dWithIndices(x, l.L)
}

// AdaptiveMaxPool2d keeps the largest elements of windows chosen so that the result has size H by W.
type AdaptiveMaxPool2d struct{ H, W int }

// Forward maps x (N, C, *, *) to (N, C, H, W).
func (l *AdaptiveMaxPool2d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveMaxPool2d(x, l.H, l.W)
}

// ForwardWithIndices also returns where the maxima lie.
func (l *AdaptiveMaxPool2d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.AdaptiveMaxPool2dWithIndices(x, l.H, l.W)
}

// AdaptiveMaxPool3d keeps the largest elements of windows chosen so that the result has size D by H by W.
type AdaptiveMaxPool3d struct{ D, H, W int }

// Forward maps x (N, C, *, *, *) to (N, C, D, H, W).
func (l *AdaptiveMaxPool3d) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.AdaptiveMaxPool3d(x, l.D, l.H, l.W)
}

// ForwardWithIndices also returns where the maxima lie.
func (l *AdaptiveMaxPool3d) ForwardWithIndices(x *tensor.Tensor) (y, indices *tensor.Tensor) {
	return tensor.AdaptiveMaxPool3dWithIndices(x, l.D, l.H, l.W)
}

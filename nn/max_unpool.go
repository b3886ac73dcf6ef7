package nn

import "github.com/hadal-go/hadal/tensor"

// MaxUnpool1d puts maxima back where MaxPool1d with the same kernel, stride and padding found them, among zeros; see
// tensor.MaxUnpool1d.
type MaxUnpool1d struct{ Config tensor.PoolConfig }

// NewMaxUnpool1d returns a layer for windows of n side by side.
func NewMaxUnpool1d(n int) *MaxUnpool1d { return &MaxUnpool1d{tensor.Square(n)} }

// Forward maps x (N, C, L) and the indices of the maxima, of its shape, to the sizes given, or to the smallest that pooling takes to
// x's: (L − 1)·stride − 2·padding + kernel. It panics with ErrShape when the sizes are a stride or more from those.
func (l *MaxUnpool1d) Forward(x, indices *tensor.Tensor, size ...int) *tensor.Tensor {
	s := unpooled("max_unpool1d", x, size, l.Config.Kernel[1:], l.Config.Stride[1:], l.Config.Padding[1:])
	return tensor.MaxUnpool1d(x, indices, s[0])
}

// MaxUnpool2d puts maxima back where MaxPool2d with the same kernel, stride and padding found them, among zeros; see
// tensor.MaxUnpool2d.
type MaxUnpool2d struct{ Config tensor.PoolConfig }

// NewMaxUnpool2d returns a layer for n by n windows side by side.
func NewMaxUnpool2d(n int) *MaxUnpool2d { return &MaxUnpool2d{tensor.Square(n)} }

// Forward maps x (N, C, H, W) and the indices of the maxima, of its shape, to the sizes given, or to the smallest that pooling takes to
// x's: (L − 1)·stride − 2·padding + kernel. It panics with ErrShape when the sizes are a stride or more from those.
func (l *MaxUnpool2d) Forward(x, indices *tensor.Tensor, size ...int) *tensor.Tensor {
	s := unpooled("max_unpool2d", x, size, l.Config.Kernel[:], l.Config.Stride[:], l.Config.Padding[:])
	return tensor.MaxUnpool2d(x, indices, s[0], s[1])
}

// MaxUnpool3d puts maxima back where MaxPool3d with the same kernel, stride and padding found them, among zeros; see
// tensor.MaxUnpool3d.
type MaxUnpool3d struct{ Config tensor.Pool3dConfig }

// NewMaxUnpool3d returns a layer for n by n by n windows side by side.
func NewMaxUnpool3d(n int) *MaxUnpool3d { return &MaxUnpool3d{tensor.Cube(n)} }

// Forward maps x (N, C, D, H, W) and the indices of the maxima, of its shape, to the sizes given, or to the smallest that pooling takes to
// x's: (L − 1)·stride − 2·padding + kernel. It panics with ErrShape when the sizes are a stride or more from those.
func (l *MaxUnpool3d) Forward(x, indices *tensor.Tensor, size ...int) *tensor.Tensor {
	s := unpooled("max_unpool3d", x, size, l.Config.Kernel[:], l.Config.Stride[:], l.Config.Padding[:])
	return tensor.MaxUnpool3d(x, indices, s[0], s[1], s[2])
}

// unpooled returns the sizes that x was pooled from, checked if given.
func unpooled(op string, x *tensor.Tensor, given, kernel, stride, padding []int) []int {
	fail := func(kind tensor.Kind, format string, args ...any) {
		tensor.Fail(op, kind, []tensor.Shape{x.Shape()}, format, args...)
	}
	if x.Rank() != len(kernel)+2 {
		fail(tensor.ErrShape, "the input must have %d dimensions after (N, C)", len(kernel))
	}
	if len(given) != 0 && len(given) != len(kernel) {
		fail(tensor.ErrShape, "%d sizes are given, not %d", len(given), len(kernel))
	}
	size := make([]int, len(kernel))
	for i, k := range kernel {
		s := stride[i]
		if s == 0 {
			s = k
		}
		if k < 1 || s < 1 || padding[i] < 0 {
			fail(tensor.ErrValue, "kernel %d and stride %d must be positive, padding %d not negative", k, s, padding[i])
		}
		size[i] = (x.Dim(2+i)-1)*s - 2*padding[i] + k
		if len(given) != 0 {
			if d := given[i] - size[i]; d <= -s || d >= s {
				fail(tensor.ErrShape, "size %d is not between %d and %d", given[i], size[i]-s+1, size[i]+s-1)
			}
			size[i] = given[i]
		}
	}
	return size
}

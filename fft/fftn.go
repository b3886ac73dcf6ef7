package fft

import "github.com/hadal-go/hadal/tensor"

// FFTN returns the transform of a complex tensor along several axes. nil axes are all of them or, where
// sizes are given, the last len(sizes). The axes are first cropped or padded with zeros to the sizes; 0 keeps one, nil sizes
// all.
func FFTN(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return transformN("fftn", x, sizes, axes, norm, false)
}

// IFFTN returns the inverse of FFTN.
func IFFTN(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return transformN("ifftn", x, sizes, axes, norm, true)
}

// FFT2 is FFTN, by default along the last two axes.
func FFT2(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return transformN("fft2", x, sizes, two(axes), norm, false)
}

// IFFT2 returns the inverse of FFT2.
func IFFT2(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return transformN("ifft2", x, sizes, two(axes), norm, true)
}

// RFFTN returns FFTN of a real tensor, of which the last of the axes keeps the numbers 0..⌊n/2⌋ alone.
func RFFTN(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return rtransformN("rfftn", x, sizes, axes, norm)
}

// IRFFTN returns the real tensor whose RFFTN is x. The last of the sizes is that of the result; 0 means 2(m-1).
func IRFFTN(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return irtransformN("irfftn", x, sizes, axes, norm)
}

// RFFT2 is RFFTN, by default along the last two axes.
func RFFT2(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return rtransformN("rfft2", x, sizes, two(axes), norm)
}

// IRFFT2 is IRFFTN, by default along the last two axes.
func IRFFT2(x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	return irtransformN("irfft2", x, sizes, two(axes), norm)
}

// two returns the axes, by default the last two.
func two(axes []int) []int {
	if axes == nil {
		return []int{-2, -1}
	}
	return axes
}

func transformN(op string, x *tensor.Tensor, sizes, axes []int, norm Norm, inverse bool) *tensor.Tensor {
	sizes, axes = plan(op, isComplex(op, x), x.Rank()-1, sizes, axes)
	return transformAlong(op, x, sizes, axes, norm, inverse)
}

func rtransformN(op string, x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	sizes, axes = plan(op, x, x.Rank(), sizes, axes)
	last := len(axes) - 1
	y := RFFT(x, sizes[last], axes[last], norm)
	return transformAlong(op, y, sizes[:last], axes[:last], norm, false)
}

func irtransformN(op string, x *tensor.Tensor, sizes, axes []int, norm Norm) *tensor.Tensor {
	sizes, axes = plan(op, isComplex(op, x), x.Rank()-1, sizes, axes)
	last := len(axes) - 1
	y := transformAlong(op, x, sizes[:last], axes[:last], norm, true)
	return IRFFT(y, sizes[last], axes[last], norm)
}

// plan completes sizes and axes; rank is the number of axes to choose from.
func plan(op string, x *tensor.Tensor, rank int, sizes, axes []int) ([]int, []int) {
	shapes := []tensor.Shape{x.Shape()}
	if axes == nil {
		n := rank
		if sizes != nil {
			n = len(sizes)
		}
		if n > rank {
			tensor.Fail(op, tensor.ErrShape, shapes, "%d sizes for %d dimensions (the last one of a complex tensor does not count)", n, rank)
		}
		axes = make([]int, n)
		for i := range axes {
			axes[i] = rank - n + i
		}
	}
	if sizes == nil {
		sizes = make([]int, len(axes))
	}
	if len(sizes) != len(axes) {
		tensor.Fail(op, tensor.ErrShape, shapes, "%d sizes for %d axes; give one for each, 0 to keep it", len(sizes), len(axes))
	}
	if len(axes) == 0 {
		tensor.Fail(op, tensor.ErrAxis, shapes, "there is no axis to transform along; name at least one")
	}
	resolved := make([]int, len(axes))
	var seen [tensor.MaxRank]bool
	for i, a := range axes {
		a = axisOf(op, x, a, rank)
		if seen[a] {
			tensor.Fail(op, tensor.ErrAxis, shapes, "axis %d is named twice", a)
		}
		seen[a], resolved[i] = true, a
	}
	return sizes, resolved
}

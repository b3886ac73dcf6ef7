package fft

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// FFTFreq returns, as float32, the frequency of each number of FFT, in cycles per unit of the sample spacing d:
// 0, 1, ..., ⌈n/2⌉-1, -⌊n/2⌋, ..., -1, all over n·d. It panics with ErrValue unless n > 0 and d is not 0.
func FFTFreq(n int, d float64) *tensor.Tensor {
	v := frequencies("fftfreq", n, n, d)
	for k := (n + 1) / 2; k < n; k++ {
		v[k] = float32(float64(k-n) / (float64(n) * d))
	}
	return tensor.Of(v)
}

// RFFTFreq is FFTFreq for RFFT: 0, 1, ..., ⌊n/2⌋ over n·d.
func RFFTFreq(n int, d float64) *tensor.Tensor {
	return tensor.Of(frequencies("rfftfreq", n/2+1, n, d))
}

func frequencies(op string, count, n int, d float64) []float32 {
	if n < 1 || d == 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "the size %d must be at least 1 and the sample spacing %v not 0", n, d)
	}
	v := make([]float32, count)
	for k := range v {
		v[k] = float32(float64(k) / (float64(n) * d))
	}
	return v
}

// FFTShift returns x with the zero frequency moved to the middle, place ⌊n/2⌋, along the axes, all when none are given. x is
// any tensor: of a complex one name the axes, counted from the front.
func FFTShift(x *tensor.Tensor, axes ...int) *tensor.Tensor {
	return shift("fftshift", x, axes, func(n int) int { return n / 2 })
}

// IFFTShift is the inverse of FFTShift; they differ for odd sizes.
func IFFTShift(x *tensor.Tensor, axes ...int) *tensor.Tensor {
	return shift("ifftshift", x, axes, func(n int) int { return (n + 1) / 2 })
}

func shift(op string, x *tensor.Tensor, axes []int, by func(n int) int) *tensor.Tensor {
	if len(axes) == 0 {
		for i := range x.Rank() {
			axes = append(axes, i)
		}
	}
	for _, a := range axes {
		if a < -x.Rank() || a >= x.Rank() {
			tensor.Fail(op, tensor.ErrAxis, []tensor.Shape{x.Shape()}, "axis %d is out of range for %d dimensions", a, x.Rank())
		}
		x = x.Roll(a, by(x.Dim(a)))
	}
	return x
}

// FastSize returns the smallest size of at least n that transforms run fastest at: without prime factors above 5 and, from 32
// on, a multiple of 8.
func FastSize(n int) int {
	if n < 1 || n > 1<<30 {
		tensor.Fail("fast_size", tensor.ErrValue, nil, "the size %d must be between 1 and 2^30", n)
	}
	return cpu.FastFFTSize(n)
}

package fft

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// WindowConfig are the options of windows.
type WindowConfig struct {
	Symmetric bool         // for filter design; default: periodic, for spectra: a symmetric window of n+1 without its last value
	DType     tensor.DType // default: float32
}

// Hann returns the window sin²(πk/m) of n values, where m is n or, if symmetric, n-1, here and below. All windows panic with
// ErrValue for a negative n and with ErrDType unless the dtype is floating-point.
func Hann(n int, cfg WindowConfig) *tensor.Tensor {
	return cfg.window("hann", n, func(t float64) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*t) })
}

// Hamming returns 0.54 - 0.46 cos(2πk/m).
func Hamming(n int, cfg WindowConfig) *tensor.Tensor {
	return cfg.window("hamming", n, func(t float64) float64 { return 0.54 - 0.46*math.Cos(2*math.Pi*t) })
}

// Blackman returns 0.42 - 0.5 cos(2πk/m) + 0.08 cos(4πk/m).
func Blackman(n int, cfg WindowConfig) *tensor.Tensor {
	return cfg.window("blackman", n, func(t float64) float64 {
		return 0.42 - 0.5*math.Cos(2*math.Pi*t) + 0.08*math.Cos(4*math.Pi*t)
	})
}

// Bartlett returns the triangle 1 - |2k/m - 1|.
func Bartlett(n int, cfg WindowConfig) *tensor.Tensor {
	return cfg.window("bartlett", n, func(t float64) float64 { return 1 - math.Abs(2*t-1) })
}

// Kaiser returns I0(β √(1 - (2k/m - 1)²)) / I0(β), I0 being the modified Bessel function of order 0 (Kaiser and Schafer,
// 1980). PyTorch's β is 12 where none is given.
func Kaiser(n int, beta float64, cfg WindowConfig) *tensor.Tensor {
	if math.IsNaN(beta) || math.Abs(beta) > 700 {
		tensor.Fail("kaiser", tensor.ErrValue, nil, "beta = %v must be between -700 and 700", beta)
	}
	return cfg.window("kaiser", n, func(t float64) float64 {
		return besselI0(beta*math.Sqrt(max(0, 1-(2*t-1)*(2*t-1)))) / besselI0(beta)
	})
}

// Gaussian returns exp(-(k - m/2)² / (2 std²)), std in samples. It panics with ErrValue unless std > 0.
func Gaussian(n int, std float64, cfg WindowConfig) *tensor.Tensor {
	if !(std > 0) {
		tensor.Fail("gaussian", tensor.ErrValue, nil, "the standard deviation %v must be positive", std)
	}
	m := cfg.span(n)
	return cfg.window("gaussian", n, func(t float64) float64 {
		x := (t - 0.5) * m / std
		return math.Exp(-x * x / 2)
	})
}

func (c WindowConfig) span(n int) float64 {
	if c.Symmetric {
		n--
	}
	return float64(n)
}

// window returns f(k/m), k < n; a window of one value is 1.
func (c WindowConfig) window(op string, n int, f func(t float64) float64) *tensor.Tensor {
	if n < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "the size %d is negative", n)
	}
	if !c.DType.IsFloat() {
		tensor.Fail(op, tensor.ErrDType, nil, "a window of %v is not possible; use a floating-point dtype", c.DType)
	}
	v := make([]float64, n)
	for k := range v {
		v[k] = 1
		if n > 1 {
			v[k] = f(float64(k) / c.span(n))
		}
	}
	return tensor.Of(v).To(c.DType)
}

// besselI0 sums the series Σ ((x/2)^k / k!)², all of whose terms are positive.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= x / 2 / k * (x / 2 / k)
		sum += term
	}
	return sum
}

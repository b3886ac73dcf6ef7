package tensor

import "math"

// InterpolateMode says how Interpolate makes values between pixels.
type InterpolateMode uint8

// The modes, as PyTorch names them.
const (
	InterpolateNearest InterpolateMode = iota // the pixel at ⌊i·in/out⌋
	InterpolateLinear                         // linear, bilinear, trilinear
	InterpolateCubic                          // bicubic: Keys' convolution with a = −0.75 (Keys, 1981)
	InterpolateArea                           // means, as adaptive average pooling
)

// InterpolateConfig are the options of Interpolate.
type InterpolateConfig struct {
	Mode         InterpolateMode
	AlignCorners bool // the corner pixels' centres stay in place, instead of the image's edges; linear and cubic
}

// Interpolate resizes x (N, C, ...) to (N, C, size...). Pixel i of a size out reads position (i + ½)·in/out − ½ of a size
// in, or i·(in−1)/(out−1) with AlignCorners; beyond the edges the edge pixels go on. It panics with ErrShape when size does
// not fit x and with ErrValue on sizes that are not positive or an unknown mode.
func Interpolate(x *Tensor, size []int, cfg InterpolateConfig) *Tensor {
	const op = "interpolate"
	if x.shape.rank < 3 || len(size) != x.shape.rank-2 {
		Fail(op, ErrShape, []Shape{x.shape}, "the input must be (N, C, ...) with %d sizes after C, as many as are asked for", len(size))
	}
	for i, n := range size {
		if n < 1 || x.shape.at(i+2) < 1 {
			Fail(op, ErrValue, []Shape{x.shape}, "sizes must be positive, before and after; asked for is %v", size)
		}
	}
	if cfg.AlignCorners && (cfg.Mode == InterpolateNearest || cfg.Mode == InterpolateArea) {
		Fail(op, ErrValue, []Shape{x.shape}, "AlignCorners is for linear and cubic interpolation")
	}
	if !x.dtype.IsFloat() && cfg.Mode != InterpolateNearest {
		Fail(op, ErrDType, []Shape{x.shape}, "%v is not supported here; convert with To(tensor.Float32)", x.dtype)
	}
	var taps func(src float64) ([]int, []float64)
	switch cfg.Mode {
	case InterpolateNearest:
	case InterpolateLinear:
		taps = linearTaps
	case InterpolateCubic:
		taps = cubicTaps
	case InterpolateArea:
		switch len(size) {
		case 1:
			return AdaptiveAvgPool1d(x, size[0])
		case 2:
			return AdaptiveAvgPool2d(x, size[0], size[1])
		case 3:
			return AdaptiveAvgPool3d(x, size[0], size[1], size[2])
		}
		Fail(op, ErrShape, []Shape{x.shape}, "area interpolation is for one to three dimensions after C")
	default:
		Fail(op, ErrValue, []Shape{x.shape}, "there is no mode %d", cfg.Mode)
	}
	for i, out := range size { // every mode is separable
		in := x.shape.at(i + 2)
		switch {
		case in == out:
		case taps == nil:
			at := make([]float64, out)
			for k := range at {
				at[k] = float64(k * in / out)
			}
			x = x.IndexSelect(i+2, Factory{Int64, x.dev}.from(at, ShapeOf(out)))
		default:
			x = x.resample(i+2, out, cfg.AlignCorners, taps)
		}
	}
	return x
}

// resample makes out values along an axis, each the sum of a few of x's times weights.
func (x *Tensor) resample(axis, out int, align bool, taps func(src float64) ([]int, []float64)) *Tensor {
	in := x.shape.at(axis)
	var at, weight [][]float64
	for k := range out {
		src := (float64(k)+0.5)*float64(in)/float64(out) - 0.5
		if align {
			src = 0
			if out > 1 {
				src = float64(k) * float64(in-1) / float64(out-1)
			}
		}
		from, w := taps(src)
		if at == nil {
			at, weight = make([][]float64, len(from)), make([][]float64, len(from))
		}
		for j, f := range from {
			at[j] = append(at[j], float64(min(max(f, 0), in-1)))
			weight[j] = append(weight[j], w[j])
		}
	}
	shape := Shape{rank: x.shape.rank - axis}
	for i := range shape.rank {
		shape.set(i, 1)
	}
	shape.set(0, out)
	var sum *Tensor
	for j := range at {
		picked := x.IndexSelect(axis, Factory{Int64, x.dev}.from(at[j], ShapeOf(out)))
		part := picked.Mul(Factory{x.dtype, x.dev}.from(weight[j], shape))
		if sum == nil {
			sum = part
		} else {
			sum = sum.Add(part)
		}
	}
	return sum
}

// linearTaps are the pixels around a position and their shares.
func linearTaps(src float64) ([]int, []float64) {
	src = max(src, 0)
	lo := math.Floor(src)
	return []int{int(lo), int(lo) + 1}, []float64{1 - (src - lo), src - lo}
}

// cubicTaps are the four pixels around a position and their shares.
func cubicTaps(src float64) ([]int, []float64) {
	const a = -0.75
	lo := math.Floor(src)
	near := func(d float64) float64 { return ((a+2)*d-(a+3))*d*d + 1 }  // d <= 1
	far := func(d float64) float64 { return ((a*d-5*a)*d+8*a)*d - 4*a } // 1 < d < 2
	t, at := src-lo, int(lo)
	return []int{at - 1, at, at + 1, at + 2}, []float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
}

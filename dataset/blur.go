package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// GaussianBlur blurs the picture with a Gaussian of a standard deviation drawn uniformly from minSigma to maxSigma pixels, cut to
// kernel x kernel pixels, an odd number, and normalised to sum 1, as torchvision's GaussianBlur does. Beyond its edges the picture is mirrored, the
// outermost pixels once. A picture with a side of kernel/2 pixels or fewer panics with ErrShape.
func GaussianBlur(kernel int, minSigma, maxSigma float64) Transform {
	if kernel < 1 || kernel%2 == 0 || !(minSigma > 0 && minSigma <= maxSigma) || math.IsInf(maxSigma, 0) {
		tensor.Fail("gaussian_blur", tensor.ErrValue, nil, "kernel %d must be odd and positive, and the deviations %v to %v positive, finite and in this order", kernel, minSigma, maxSigma)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		h, w := size("gaussian_blur", x)
		if min(h, w) <= kernel/2 {
			tensor.Fail("gaussian_blur", tensor.ErrShape, []tensor.Shape{x.Shape()}, "a kernel of %d needs sides of more than %d pixels: Resize the picture before", kernel, kernel/2)
		}
		weights := gaussian(kernel, minSigma+(maxSigma-minSigma)*g.Float64())
		rows, columns := mirrored(h, kernel/2), mirrored(w, kernel/2)
		wide := make([]float32, h*w) // blurred along rows alone
		return paint(x, h, w, func(_ int, dst, src []float32) {
			clear(wide)
			for i := range h {
				for k, weight := range weights {
					out, in := wide[i*w:][:w], src[i*w:][:w]
					for j, from := range columns[k:][:w] {
						out[j] += weight * in[from]
					}
				}
			}
			for i := range h {
				out := dst[i*w:][:w]
				for k, weight := range weights {
					for j, v := range wide[rows[i+k]*w:][:w] {
						out[j] += weight * v
					}
				}
			}
		})
	}
}

// gaussian returns exp(−d²/2σ²) at the distances d = −⌊n/2⌋ to ⌊n/2⌋, divided by their sum.
func gaussian(n int, sigma float64) []float32 {
	weights, sum := make([]float64, n), 0.0
	for k := range weights {
		d := float64(k-n/2) / sigma
		weights[k] = math.Exp(-d * d / 2)
		sum += weights[k]
	}
	r := make([]float32, n)
	for k, v := range weights {
		r[k] = float32(v / sum)
	}
	return r
}

// mirrored returns the indices −pad to n+pad−1 of an axis of n pixels with those outside mirrored about the first and the last pixel.
func mirrored(n, pad int) []int {
	r := make([]int, n+2*pad)
	for i := range r {
		at := i - pad
		if at < 0 {
			at = -at
		}
		if at >= n {
			at = 2*(n-1) - at
		}
		r[i] = at
	}
	return r
}

package vision

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Sobel returns the slopes of pictures x (N, C, H, W) across and down, in units a pixel, each (N, C, H, W): the picture smoothed by
// (1, 2, 1)/4 along one direction and differenced by (-1, 0, 1)/2 along the other (I. Sobel and G. Feldman, 1968). At the borders
// the nearest pixels stand in for those outside. It panics with ErrShape on other shapes.
func Sobel(x *tensor.Tensor) (dx, dy *tensor.Tensor) {
	if x.Rank() != 4 {
		tensor.Fail("sobel", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the pictures must be (N, C, H, W)")
	}
	n, c, h, w := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	kernels := tensor.Of([]float64{
		-1, 0, 1, -2, 0, 2, -1, 0, 1,
		-1, -2, -1, 0, 0, 0, 1, 2, 1,
	}, 2, 1, 3, 3).DivScalar(8).To(x.DType())
	planes := x.Reshape(n*c, 1, h, w).Pad(tensor.PadReplicate, 0, 1, 1, 1, 1)
	y := tensor.Conv2d(planes, kernels, nil, tensor.ConvConfig{})
	return y.Narrow(1, 0, 1).Reshape(n, c, h, w), y.Narrow(1, 1, 1).Reshape(n, c, h, w)
}

// GaborConfig are the parameters of a Gabor filter.
type GaborConfig struct {
	Wavelength float64 // λ in pixels; must be positive
	Angle      float64 // θ in radians: the direction across the stripes, from the first axis, to the right, towards the second, down
	Phase      float64 // ψ in radians: 0 is even, a light stripe in the middle, π/2 odd, an edge
	Sigma      float64 // deviation of the envelope across the stripes, in pixels; 0: 0.56 λ, a band of one octave
	Aspect     float64 // γ: the deviation across the stripes over that along them; 0: 1, round
}

// Gabor returns a filter of size x size pixels, float64, that answers to stripes of one direction and width, as simple cells of the
// visual cortex do (D. H. Hubel and T. N. Wiesel, 1959; D. Gabor, 1946; J. G. Daugman, 1985): with x and y counted from the
// middle, u = x cos θ + y sin θ and v = -x sin θ + y cos θ,
//
//	g(x, y) = exp(-(u² + γ² v²)/(2σ²)) cos(2π u/λ + ψ)
//
// It panics with ErrValue on a size, wavelength, deviation or aspect that is not positive.
func Gabor(size int, cfg GaborConfig) *tensor.Tensor {
	if cfg.Sigma == 0 {
		cfg.Sigma = 0.56 * cfg.Wavelength
	}
	if cfg.Aspect == 0 {
		cfg.Aspect = 1
	}
	if size < 1 || !(cfg.Wavelength > 0) || !(cfg.Sigma > 0) || !(cfg.Aspect > 0) {
		tensor.Fail("gabor", tensor.ErrValue, nil, "size %d, wavelength %v, deviation %v and aspect %v must be positive", size, cfg.Wavelength, cfg.Sigma, cfg.Aspect)
	}
	sin, cos := math.Sincos(cfg.Angle)
	middle := float64(size-1) / 2
	g := make([]float64, 0, size*size)
	for i := range size {
		for j := range size {
			x, y := float64(j)-middle, float64(i)-middle
			u, v := x*cos+y*sin, cfg.Aspect*(y*cos-x*sin)
			g = append(g, math.Exp(-(u*u+v*v)/(2*cfg.Sigma*cfg.Sigma))*math.Cos(2*math.Pi*u/cfg.Wavelength+cfg.Phase))
		}
	}
	return tensor.Of(g, size, size)
}

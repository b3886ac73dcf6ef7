package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// PSNR returns the peak signal-to-noise ratio 10 log₁₀(peak²/MSE), in decibels, of two images, or batches as one, of any one shape. peak
// is the largest value a pixel can have: 255, or 1 for scaled pixels. +Inf for equal images. It panics with ErrValue unless peak is
// positive.
func PSNR(a, b *tensor.Tensor, peak float64) float64 {
	if !(peak > 0) {
		tensor.Fail("psnr", tensor.ErrValue, nil, "the peak is %v, must be positive: 255 for pixels of bytes", peak)
	}
	return 10 * math.Log10(peak*peak/regression("psnr", a, b).MSE())
}

// SSIMConfig are the options of SSIM.
type SSIMConfig struct {
	Window int     // side of the window, odd; default 11
	Sigma  float64 // of the window's Gaussian weights, in pixels; default 1.5
	K1, K2 float64 // default 0.01 and 0.03
}

// SSIM returns the structural similarity of two batches of images (N, C, H, W), for each (N,) (Z. Wang et al., 2004): the mean over all
// places where the window fits inside, and over channels, of
//
//	(2μ_a μ_b + C₁)(2σ_ab + C₂) / ((μ_a² + μ_b² + C₁)(σ_a² + σ_b² + C₂)), C_i = (K_i · peak)²
//
// with means, variances and covariance weighted by a Gaussian window. 1 for equal images. peak is the largest value a pixel can have: 255,
// or 1 for scaled pixels. It panics with ErrShape when the shapes differ or the images are smaller than the window, and with ErrValue on an
// option out of range.
func SSIM(a, b *tensor.Tensor, peak float64, cfg SSIMConfig) []float64 {
	const op = "ssim"
	if cfg.Window == 0 {
		cfg.Window = 11
	}
	if cfg.Sigma == 0 {
		cfg.Sigma = 1.5
	}
	if cfg.K1 == 0 {
		cfg.K1 = 0.01
	}
	if cfg.K2 == 0 {
		cfg.K2 = 0.03
	}
	if cfg.Window < 1 || cfg.Window%2 == 0 || !(cfg.Sigma > 0) || !(cfg.K1 > 0) || !(cfg.K2 > 0) || !(peak > 0) {
		tensor.Fail(op, tensor.ErrValue, nil, "peak %v, options %+v: all must be positive and the window odd", peak, cfg)
	}
	shapes := []tensor.Shape{a.Shape(), b.Shape()}
	if a.Rank() != 4 || a.Shape() != b.Shape() {
		tensor.Fail(op, tensor.ErrShape, shapes, "both images must be (N, C, H, W); Unsqueeze(0) makes a batch of one")
	}
	n, c, h, w := a.Dim(0), a.Dim(1), a.Dim(2), a.Dim(3)
	if h < cfg.Window || w < cfg.Window {
		tensor.Fail(op, tensor.ErrShape, shapes, "the images are smaller than the window of %d; set SSIMConfig.Window", cfg.Window)
	}
	weights := make([]float64, cfg.Window)
	var sum float64
	for i := range weights {
		d := float64(i-cfg.Window/2) / cfg.Sigma
		weights[i] = math.Exp(-d * d / 2)
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	row, col := tensor.Of(weights, 1, 1, 1, cfg.Window), tensor.Of(weights, 1, 1, cfg.Window, 1)
	blur := func(x *tensor.Tensor) *tensor.Tensor {
		return tensor.Conv2d(tensor.Conv2d(x, row, nil, tensor.ConvConfig{}), col, nil, tensor.ConvConfig{})
	}
	r := make([]float64, n)
	for i := range r {
		x := a.Detach().Select(0, i).To(tensor.Float64).Reshape(c, 1, h, w)
		y := b.Detach().Select(0, i).To(tensor.Float64).Reshape(c, 1, h, w)
		mx, my := blur(x), blur(y)
		xx, yy, xy := mx.Square(), my.Square(), mx.Mul(my)
		c1, c2 := cfg.K1*peak*cfg.K1*peak, cfg.K2*peak*cfg.K2*peak
		above := xy.MulScalar(2).AddScalar(c1).Mul(blur(x.Mul(y)).Sub(xy).MulScalar(2).AddScalar(c2))
		below := xx.Add(yy).AddScalar(c1).Mul(blur(x.Square()).Sub(xx).Add(blur(y.Square()).Sub(yy)).AddScalar(c2))
		r[i] = above.Div(below).Mean().Item()
	}
	return r
}

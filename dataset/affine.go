package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// AffineConfig are the ranges that RandomAffine draws from, uniformly.
type AffineConfig struct {
	Degrees            float64 // turns by −Degrees to Degrees
	Translate          float64 // shifts by up to this fraction of height and width each way
	MinScale, MaxScale float64 // zooms by a factor in this range; 0: 1
}

// RandomAffine turns, zooms and shifts the picture at random about its centre, with bilinear interpolation; what comes in
// from outside is zero.
func RandomAffine(cfg AffineConfig) Transform {
	if cfg.MinScale == 0 {
		cfg.MinScale = 1
	}
	if cfg.MaxScale == 0 {
		cfg.MaxScale = 1
	}
	if !(cfg.Degrees >= 0 && cfg.Degrees <= 360 && cfg.Translate >= 0 && cfg.Translate <= 1 &&
		cfg.MinScale > 0 && cfg.MinScale <= cfg.MaxScale && cfg.MaxScale <= math.MaxInt32) {
		tensor.Fail("random_affine", tensor.ErrValue, nil, "%+v: want 0 <= Degrees <= 360, 0 <= Translate <= 1 and 0 < MinScale <= MaxScale", cfg)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		h, w := size("random_affine", x)
		around := func(r float64) float64 { return r * (2*g.Float64() - 1) }
		angle := around(cfg.Degrees) * math.Pi / 180
		dy, dx := around(cfg.Translate)*float64(h), around(cfg.Translate)*float64(w)
		return affine(x, angle, cfg.MinScale+(cfg.MaxScale-cfg.MinScale)*g.Float64(), dy, dx)
	}
}

// RandomRotation turns the picture about its centre by −degrees to degrees, with bilinear interpolation; what comes in
// from outside is zero.
func RandomRotation(degrees float64) Transform { return RandomAffine(AffineConfig{Degrees: degrees}) }

// affine returns the picture turned clockwise by an angle and zoomed by a factor about its centre, then shifted by (dy, dx)
// pixels.
func affine(x *tensor.Tensor, angle, scale, dy, dx float64) *tensor.Tensor {
	h, w := x.Dim(1), x.Dim(2)
	cy, cx := float64(h-1)/2, float64(w-1)/2
	sin, cos := math.Sin(angle)/scale, math.Cos(angle)/scale
	return paint(x, h, w, func(_ int, dst, src []float32) {
		for i := range h {
			for j := range w {
				v, u := float64(i)-cy-dy, float64(j)-cx-dx // turned and zoomed back, this is where the pixel comes from:
				dst[i*w+j] = bilinear(src, h, w, cy+cos*v-sin*u, cx+sin*v+cos*u)
			}
		}
	})
}

// bilinear returns the value at (y, x) between the pixels of a plane; outside it is zero.
func bilinear(plane []float32, h, w int, y, x float64) float32 {
	at := func(i, j int) float64 {
		if i < 0 || i >= h || j < 0 || j >= w {
			return 0
		}
		return float64(plane[i*w+j])
	}
	i, j := int(math.Floor(y)), int(math.Floor(x))
	fy, fx := y-float64(i), x-float64(j)
	above := (1-fx)*at(i, j) + fx*at(i, j+1)
	below := (1-fx)*at(i+1, j) + fx*at(i+1, j+1)
	return float32((1-fy)*above + fy*below)
}

package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Resize scales the picture to h by w, whatever its ratio, with bilinear interpolation. Where it shrinks, a pixel is the
// average, weighted by a triangle, of all that it covers, so that fine patterns do not alias: the filter of PIL and of
// torchvision's antialias=True.
func Resize(h, w int) Transform {
	checkSize("resize", h, w)
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		size("resize", x)
		return resize("resize", x, h, w)
	}
}

// RandomResizedCrop cuts a random part out, of 8% to all of the picture's area and with a ratio h/w of 3/4 to 4/3, and
// scales it to h by w as Resize does (Szegedy et al., 2015, Going deeper with convolutions). When ten draws give no part
// that fits, it is the largest one in the middle within these ratios.
func RandomResizedCrop(h, w int) Transform {
	checkSize("random_resized_crop", h, w)
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		H, W := size("random_resized_crop", x)
		top, left, ch, cw, ok := randomRectangle(g, H, W, 0.08, 1, 3./4, 4./3)
		if !ok {
			ch, cw = min(H, int(math.Round(float64(W)*4/3))), min(W, int(math.Round(float64(H)*4/3)))
			top, left = (H-ch)/2, (W-cw)/2
		}
		return resize("random_resized_crop", x.Narrow(1, top, ch).Narrow(2, left, cw), h, w)
	}
}

func checkSize(op string, h, w int) {
	if h < 1 || w < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "size %d by %d must be positive", h, w)
	}
}

func resize(op string, x *tensor.Tensor, h, w int) *tensor.Tensor {
	H, W := x.Dim(1), x.Dim(2)
	if H == 0 || W == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "a picture without pixels cannot be scaled")
	}
	rows, columns := triangles(H, h), triangles(W, w)
	wide := make([]float64, H*w) // columns scaled, rows not yet
	return paint(x, h, w, func(_ int, dst, src []float32) {
		for i := range H {
			for j, t := range columns {
				sum := 0.0
				for k, weight := range t.weights {
					sum += weight * float64(src[i*W+t.first+k])
				}
				wide[i*w+j] = sum
			}
		}
		for i, t := range rows {
			for j := range w {
				sum := 0.0
				for k, weight := range t.weights {
					sum += weight * wide[(t.first+k)*w+j]
				}
				dst[i*w+j] = float32(sum)
			}
		}
	})
}

// triangle weighs pixels first, first+1, ... along an axis for one pixel of the result.
type triangle struct {
	first   int
	weights []float64
}

// triangles returns the weights that scale an axis from n to m pixels. Pixel i of the result has its centre at
// (i + 1/2)·n/m and weighs the pixel with centre k + 1/2 by max(0, 1 − distance/radius), with a radius of 1, or n/m where
// the axis shrinks.
func triangles(n, m int) []triangle {
	scale := float64(n) / float64(m)
	radius := max(1, scale)
	r := make([]triangle, m)
	for i := range r {
		center := (float64(i) + 0.5) * scale
		first, end := max(0, int(center-radius+0.5)), min(n, int(center+radius+0.5))
		t, sum := triangle{first, make([]float64, end-first)}, 0.0
		for k := range t.weights {
			t.weights[k] = max(0, 1-math.Abs(float64(first+k)+0.5-center)/radius)
			sum += t.weights[k]
		}
		for k := range t.weights {
			t.weights[k] /= sum
		}
		r[i] = t
	}
	return r
}

package dataset

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RandomHorizontalFlip mirrors the picture left to right with probability p.
func RandomHorizontalFlip(p float64) Transform {
	return randomly("random_horizontal_flip", p, func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		h, w := size("random_horizontal_flip", x)
		return paint(x, h, w, func(_ int, dst, src []float32) {
			for i := 0; i < len(src); i += w {
				for j, v := range src[i : i+w] {
					dst[i+w-1-j] = v
				}
			}
		})
	})
}

// RandomVerticalFlip turns the picture upside down, mirrored, with probability p.
func RandomVerticalFlip(p float64) Transform {
	return randomly("random_vertical_flip", p, func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		h, w := size("random_vertical_flip", x)
		return paint(x, h, w, func(_ int, dst, src []float32) {
			for i := 0; i < len(src); i += w {
				copy(dst[len(dst)-w-i:], src[i:i+w])
			}
		})
	})
}

// randomly applies t with probability p.
func randomly(op string, p float64, t Transform) Transform {
	if !(p >= 0 && p <= 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "probability %v is not from 0 to 1", p)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		if g.Float64() < p {
			return t(x, g)
		}
		return x
	}
}

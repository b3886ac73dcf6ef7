package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RandomCrop pads the picture with zeros on every side and cuts a part of size h by w out at random. With the picture's own
// size it shifts the picture by up to padding pixels each way.
func RandomCrop(h, w, padding int) Transform {
	if h < 1 || w < 1 || padding < 0 {
		tensor.Fail("random_crop", tensor.ErrValue, nil, "size %d by %d must be positive and padding %d not negative", h, w, padding)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		H, W := size("random_crop", x)
		if H+2*padding < h || W+2*padding < w {
			tensor.Fail("random_crop", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture with its padding of %d is smaller than %d by %d", padding, h, w)
		}
		top, left := g.Intn(H+2*padding-h+1)-padding, g.Intn(W+2*padding-w+1)-padding
		return crop(x, top, left, h, w)
	}
}

// RandomShift moves the picture by up to n pixels each way; what comes in from outside is zero. It is RandomCrop to the
// picture's own size.
func RandomShift(n int) Transform {
	if n < 0 {
		tensor.Fail("random_shift", tensor.ErrValue, nil, "%d pixels must not be negative", n)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		h, w := size("random_shift", x)
		return crop(x, g.Intn(2*n+1)-n, g.Intn(2*n+1)-n, h, w)
	}
}

// CenterCrop cuts the middle h by w of the picture out, from row and column (H − h)/2 and (W − w)/2, halves rounded to
// even, as torchvision does.
func CenterCrop(h, w int) Transform {
	if h < 1 || w < 1 {
		tensor.Fail("center_crop", tensor.ErrValue, nil, "size %d by %d must be positive", h, w)
	}
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		H, W := size("center_crop", x)
		if H < h || W < w {
			tensor.Fail("center_crop", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture is smaller than %d by %d: Pad or Resize it before", h, w)
		}
		return crop(x, int(math.RoundToEven(float64(H-h)/2)), int(math.RoundToEven(float64(W-w)/2)), h, w)
	}
}

// Pad adds n zeros on every side.
func Pad(n int) Transform {
	if n < 0 {
		tensor.Fail("pad", tensor.ErrValue, nil, "padding %d must not be negative", n)
	}
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		h, w := size("pad", x)
		return crop(x, -n, -n, h+2*n, w+2*n)
	}
}

// crop returns the h by w pixels from (top, left) on; outside the picture they are zero.
func crop(x *tensor.Tensor, top, left, h, w int) *tensor.Tensor {
	H, W := x.Dim(1), x.Dim(2)
	lo, hi := max(0, left), min(W, left+w) // the columns that are in both
	return paint(x, h, w, func(_ int, dst, src []float32) {
		for i := max(0, top); i < min(H, top+h) && lo < hi; i++ {
			copy(dst[(i-top)*w+lo-left:], src[i*W+lo:i*W+hi])
		}
	})
}

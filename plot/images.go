package plot

import (
	"image"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Float is the element type of pixels.
type Float interface{ ~float32 | ~float64 }

// Gray makes a grey picture of pix, the (H, W) values row by row: the smallest
// becomes black and the largest white. A constant picture is mid-grey. NaN is
// drawn in reddish purple, +Inf white, -Inf black. Panics with a *tensor.Error
// unless len(pix) = h w.
func Gray[T Float](h, w int, pix []T) image.Image {
	lo, hi := pixelRange(pix)
	return fromPlanes("Gray", 1, h, w, pix, lo, hi)
}

// GrayRange is Gray with black at lo and white at hi; values outside are clamped.
// Panics with a *tensor.Error unless len(pix) = h w and lo < hi, both finite.
func GrayRange[T Float](h, w int, pix []T, lo, hi float64) image.Image {
	checkRange("GrayRange", lo, hi)
	return fromPlanes("GrayRange", 1, h, w, pix, lo, hi)
}

// RGB makes a colour picture of pix, the values of shape (3, H, W), red first: the
// smallest value of all three planes becomes 0 and the largest 255. A constant
// picture is mid-grey; a pixel with a NaN is drawn in reddish purple. Panics with a
// *tensor.Error unless len(pix) = 3 h w.
func RGB[T Float](h, w int, pix []T) image.Image {
	lo, hi := pixelRange(pix)
	return fromPlanes("RGB", 3, h, w, pix, lo, hi)
}

// RGBRange is RGB with 0 at lo and 255 at hi; values outside are clamped. Panics with
// a *tensor.Error unless len(pix) = 3 h w and lo < hi, both finite.
func RGBRange[T Float](h, w int, pix []T, lo, hi float64) image.Image {
	checkRange("RGBRange", lo, hi)
	return fromPlanes("RGBRange", 3, h, w, pix, lo, hi)
}

// Normalized makes a picture of pix, (C, H, W) with one or three channels, that was normalised by channel, (v − mean)/std: it undoes that,
// and 0 becomes black and 1 white, or what GrayRange and RGBRange make of them. Without mean and std pix is v itself. Panics with a
// *tensor.Error unless len(pix) = c h w and there is a mean and a deviation for each channel, or none.
func Normalized[T Float](c, h, w int, pix []T, mean, std []float64) image.Image {
	if c != 1 && c != 3 || len(mean) != len(std) || len(mean) != 0 && len(mean) != c {
		tensor.Fail("plot.Normalized", tensor.ErrShape, nil, "%d channels, %d means and %d deviations: give 1 or 3 channels, and a mean and a deviation for each or none", c, len(mean), len(std))
	}
	v := make([]float64, len(pix))
	for i, p := range pix {
		v[i] = float64(p)
		if len(mean) > 0 {
			k := i * c / len(pix)
			v[i] = v[i]*std[k] + mean[k]
		}
	}
	if c == 1 {
		return GrayRange(h, w, v, 0, 1)
	}
	return RGBRange(h, w, v, 0, 1)
}

func checkRange(who string, lo, hi float64) {
	if !(lo < hi) || !finite(lo) || !finite(hi) {
		tensor.Fail("plot."+who, tensor.ErrValue, nil, "the range %g..%g is empty or not finite; give lo < hi", lo, hi)
	}
}

// pixelRange returns the smallest and the largest finite value.
func pixelRange[T Float](pix []T) (lo, hi float64) {
	var s span
	for _, v := range pix {
		s.add(float64(v))
	}
	if s.lo == s.hi { // mid-grey
		d := max(1, math.Abs(s.lo))
		return s.lo - d, s.lo + d
	}
	return s.lo, s.hi
}

func fromPlanes[T Float](who string, planes, h, w int, pix []T, lo, hi float64) *image.RGBA {
	// The division comes first: planes*h*w may overflow.
	if h <= 0 || w <= 0 || len(pix)%(planes*w) != 0 || len(pix)/(planes*w) != h {
		tensor.Fail("plot."+who, tensor.ErrShape, nil, "%d values are not a picture of %d x %d x %d; give them as (%d, H, W)", len(pix), planes, h, w, planes)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		var rgb [3]uint8
		nan := false
		for c := range rgb {
			v := float64(pix[min(c, planes-1)*h*w+i])
			nan = nan || math.IsNaN(v)
			rgb[c] = uint8(math.Round(255 * min(max((v-lo)/(hi-lo), 0), 1)))
		}
		if nan {
			rgb = [3]uint8{missing.R, missing.G, missing.B}
		}
		copy(img.Pix[4*i:], []uint8{rgb[0], rgb[1], rgb[2], 0xFF})
	}
	return img
}

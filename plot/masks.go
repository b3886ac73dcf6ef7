package plot

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/tensor"
)

// DrawMaskConfig configures DrawMask.
type DrawMaskConfig struct {
	// Opacity of the colours, from 0 to 1; nil means 0.5.
	Opacity *float64
	// Scale is how many pixels, across and down, show one pixel of the picture. 0
	// means the smallest that makes its longer side at least 384 pixels.
	Scale int
}

// DrawMask returns a copy of the picture, enlarged so that it can be looked at, with
// the pixels of each class in its colour: Color(k-1) for class k, and the picture as it
// is for class 0, the background, and below. classes holds the class of each pixel, row
// by row. It panics with a *tensor.Error when there are not as many classes as pixels,
// or none, and on an option out of range.
func DrawMask(img image.Image, classes []int64, cfg DrawMaskConfig) *image.RGBA {
	const who = "DrawMask"
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if len(classes) != w*h {
		tensor.Fail("plot."+who, tensor.ErrValue, nil, "a picture of %d x %d pixels with the classes of %d: each pixel needs a class", w, h, len(classes))
	}
	alpha := uint8(opacity(who, cfg.Opacity)*255 + 0.5)
	out, scale := enlarged(who, img, cfg.Scale)
	for i, k := range classes {
		if k <= 0 {
			continue
		}
		c := color.NRGBAModel.Convert(Color(int((k - 1) % int64(len(palette))))).(color.NRGBA)
		c.A = alpha
		x, y := i%w*scale, i/w*scale
		draw.Draw(out, image.Rect(x, y, x+scale, y+scale), image.NewUniform(c), image.Point{}, draw.Over)
	}
	return out
}

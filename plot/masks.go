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
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	opacity := 0.5
	if cfg.Opacity != nil {
		opacity = *cfg.Opacity
	}
	if b.Empty() || len(classes) != w*h || cfg.Scale < 0 || !(opacity >= 0 && opacity <= 1) {
		tensor.Fail("plot.DrawMask", tensor.ErrValue, nil, "a picture of %d x %d pixels with the classes of %d, opacity %v, scale %d: each pixel needs a class, the opacity lies from 0 to 1 and the scale is not negative",
			w, h, len(classes), opacity, cfg.Scale)
	}
	scale := cfg.Scale
	if scale == 0 {
		scale = (boxPixels + max(w, h) - 1) / max(w, h)
	}
	out := image.NewRGBA(image.Rect(0, 0, w*scale, h*scale))
	draw.NearestNeighbor.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	for i, k := range classes {
		if k <= 0 {
			continue
		}
		c := color.NRGBAModel.Convert(Color(int((k - 1) % int64(len(palette))))).(color.NRGBA)
		c.A = uint8(opacity*255 + 0.5)
		x, y := i%w*scale, i/w*scale
		draw.Draw(out, image.Rect(x, y, x+scale, y+scale), image.NewUniform(c), image.Point{}, draw.Over)
	}
	return out
}

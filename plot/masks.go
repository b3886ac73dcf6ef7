package plot

import (
	"image"
	"image/color"
	"math"
	"slices"

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
	// Names of the classes, of class 0 too: a key below the picture shows the colour
	// and name of each that it has. nil: no key.
	Names []string
}

// DrawMask returns a copy of the picture, enlarged so that it can be looked at, with
// the pixels of each class in its colour: Color(k-1) for class k, and the picture as it
// is for class 0, the background, and below. classes holds the class of each pixel, row
// by row. It panics with a *tensor.Error when there are not as many classes as pixels,
// or none, when a class has no name though others do, and on an option out of range.
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
	if cfg.Names == nil {
		return out
	}
	var seen []int64
	for _, k := range slices.Compact(slices.Sorted(slices.Values(classes))) {
		if k >= int64(len(cfg.Names)) {
			tensor.Fail("plot."+who, tensor.ErrValue, nil, "class %d, but names of %d classes", k, len(cfg.Names))
		}
		if k > 0 {
			seen = append(seen, k)
		}
	}
	if len(seen) == 0 {
		return out
	}
	return withKey(out, seen, cfg.Names)
}

// withKey returns the picture with a row below, or more where one is too narrow, of the names of classes on their colours.
func withKey(img *image.RGBA, classes []int64, names []string) *image.RGBA {
	size := max(1, float64(max(img.Rect.Dx(), img.Rect.Dy()))/768)
	st := style{size: 7.5 * size}
	gap := int(math.Ceil(4 * size))
	x, y, row := gap, img.Rect.Dy()+gap, 0
	places := make([]image.Point, len(classes))
	for i, k := range classes {
		w, h := labelSize(drawn(clean(limited(names[k]))), st)
		if x > gap && x+w+gap > img.Rect.Dx() {
			x, y = gap, y+h+gap
		}
		places[i], row = image.Pt(x, y), h+gap
		x += w + gap
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx(), y+row))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, img.Rect, img, image.Point{}, draw.Src)
	for i, k := range classes {
		tag(out, places[i], drawn(clean(limited(names[k]))), classColor(int(k-1)), st)
	}
	return out
}

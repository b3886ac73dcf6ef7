package plot

import (
	"image"
	"image/color"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// ColorMap is the colours that stand for numbers.
type ColorMap uint8

const (
	// Viridis (Smith and van der Walt, 2015) goes from dark blue to yellow; its lightness grows evenly.
	Viridis ColorMap = iota
	// Jet goes from blue over green and yellow to red, as heat maps of explanations mostly do. Its lightness misleads: prefer Viridis.
	Jet
	// RedBlue goes from blue over white to red, for numbers of either sign.
	RedBlue
)

// jet is MATLAB's.
var jet = colorMap{
	{0x00, 0x00, 0x80, 0xFF}, {0x00, 0x00, 0xFF, 0xFF}, {0x00, 0x80, 0xFF, 0xFF}, {0x00, 0xFF, 0xFF, 0xFF}, {0x80, 0xFF, 0x80, 0xFF},
	{0xFF, 0xFF, 0x00, 0xFF}, {0xFF, 0x80, 0x00, 0xFF}, {0xFF, 0x00, 0x00, 0xFF}, {0x80, 0x00, 0x00, 0xFF},
}

func (m ColorMap) colors(who string) colorMap {
	if m > RedBlue {
		tensor.Fail("plot."+who, tensor.ErrValue, nil, "there is no colour map %d", uint8(m))
	}
	return []colorMap{viridis, jet, redBlue}[m]
}

// Colors makes a picture of values, (H, W) row by row, by a colour map: the smallest has its first colour and the largest its last;
// RedBlue is white at 0. NaN is reddish purple. Panics with a *tensor.Error unless len(values) = h w.
func Colors[T Float](h, w int, values []T, m ColorMap) image.Image {
	return colored("Colors", h, w, values, m)
}

// OverlayConfig configures Overlay.
type OverlayConfig struct {
	Colors  ColorMap
	Opacity *float64 // of the heat map, from 0 to 1; nil means 0.5
}

// Overlay lays a heat map, (H, W) row by row, over a picture of W x H pixels, by the colours that Colors gives it. Panics with a
// *tensor.Error unless there is one value for each pixel, and on an opacity that is none.
func Overlay[T Float](picture image.Image, heat []T, cfg OverlayConfig) image.Image {
	const who = "Overlay"
	part := opacity(who, cfg.Opacity)
	b := picture.Bounds()
	img := colored(who, b.Dy(), b.Dx(), heat, cfg.Colors)
	for y := range b.Dy() {
		for x := range b.Dx() {
			below := color.NRGBAModel.Convert(picture.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			c := mix(below, color.NRGBAModel.Convert(img.RGBAAt(x, y)).(color.NRGBA), part)
			img.Set(x, y, c)
		}
	}
	return img
}

// opacity is an option's value, 0.5 for nil.
func opacity(who string, option *float64) float64 {
	if option == nil {
		return 0.5
	}
	if !(*option >= 0 && *option <= 1) {
		tensor.Fail("plot."+who, tensor.ErrValue, nil, "the opacity is %v; give 0 to 1", *option)
	}
	return *option
}

func colored[T Float](who string, h, w int, values []T, m ColorMap) *image.RGBA {
	if h <= 0 || w <= 0 || len(values)%w != 0 || len(values)/w != h {
		tensor.Fail("plot."+who, tensor.ErrShape, nil, "%d values are not a picture of %d x %d; give them as (H, W)", len(values), h, w)
	}
	colors := m.colors(who)
	lo, hi := pixelRange(values)
	if m == RedBlue {
		hi = math.Max(math.Abs(lo), math.Abs(hi))
		lo = -hi
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, v := range values {
		c := colors.at((float64(v) - lo) / (hi - lo))
		copy(img.Pix[4*i:], []uint8{c.R, c.G, c.B, 0xFF})
	}
	return img
}

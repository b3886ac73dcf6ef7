package plot

import (
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/tensor"
)

// A Box is a rectangle to draw on a picture. Coordinates are pixels' edges: pixel
// (x, y) lies between x and x+1, y and y+1, y downwards.
type Box struct {
	X1, Y1, X2, Y2 float64
	Label          string      // such as a class and its score; may be empty
	Color          color.Color // nil: Color(0)
	Dashed         bool        // such as a box that is there, over one that was found
}

// DrawBoxesConfig configures DrawBoxes.
type DrawBoxesConfig struct {
	// Scale is how many pixels, across and down, show one pixel of the picture. 0
	// means the smallest that makes its longer side at least 384 pixels.
	Scale int
}

const boxPixels = 384

// DrawBoxes returns a copy of the picture, enlarged so that labels can be read, with
// the outlines of the boxes and their labels above them, or inside where there is no
// room above. Later boxes cover earlier ones, labels all outlines; parts outside the
// picture are not drawn, nor are labels of boxes that lie outside, nor boxes with a NaN
// corner. Panics with a *tensor.Error when the picture has no pixels or Scale is
// negative.
func DrawBoxes(img image.Image, boxes []Box, cfg DrawBoxesConfig) *image.RGBA {
	out, scale := enlarged("DrawBoxes", img, cfg.Scale)
	// Lines and letters grow with large pictures, which viewers shrink.
	size := max(1, float64(max(out.Rect.Dx(), out.Rect.Dy()))/768)
	line := int(math.Round(2 * size))
	st := style{size: 7.5 * size}
	at := func(v float64, n int) int { // a little outside at most: no overflow
		return int(math.Round(min(max(v*float64(scale), float64(-2*line)), float64(n+2*line))))
	}
	for _, labels := range []bool{false, true} { // labels last, so that no line crosses them
		for _, box := range boxes {
			if slices.ContainsFunc([]float64{box.X1, box.Y1, box.X2, box.Y2}, math.IsNaN) {
				continue
			}
			c := classColor(0)
			if box.Color != nil {
				c = color.NRGBAModel.Convert(box.Color).(color.NRGBA)
			}
			r := image.Rect(at(box.X1, out.Rect.Dx()), at(box.Y1, out.Rect.Dy()), at(box.X2, out.Rect.Dx()), at(box.Y2, out.Rect.Dy()))
			if !labels {
				outline(out, r, line, c, box.Dashed)
			} else if box.Label != "" && r.Inset(-line/2).Overlaps(out.Rect) {
				label(out, r, line, drawn(clean(limited(box.Label))), c, st)
			}
		}
	}
	return out
}

// enlarged returns a copy of the picture and how many pixels, across and down, show one of its: scale, or where that is 0 the fewest that
// make its longer side at least boxPixels.
func enlarged(who string, img image.Image, scale int) (*image.RGBA, int) {
	b := img.Bounds()
	if b.Empty() || scale < 0 {
		tensor.Fail("plot."+who, tensor.ErrValue, nil, "a picture of %d x %d pixels at scale %d: there must be pixels, and the scale must not be negative", b.Dx(), b.Dy(), scale)
	}
	if scale == 0 {
		longer := max(b.Dx(), b.Dy())
		scale = (boxPixels + longer - 1) / longer
	}
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()*scale, b.Dy()*scale))
	draw.NearestNeighbor.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out, scale
}

// outline draws the edges of r, of the given width, half of it outside.
func outline(img *image.RGBA, r image.Rectangle, width int, c color.Color, dashed bool) {
	outer := r.Inset(-(width / 2))
	inner := image.Rectangle{outer.Min.Add(image.Pt(width, width)), outer.Max.Sub(image.Pt(width, width))}
	ink := image.NewUniform(c)
	for _, side := range []image.Rectangle{
		{outer.Min, image.Pt(outer.Max.X, inner.Min.Y)}, {image.Pt(outer.Min.X, inner.Max.Y), outer.Max},
		{image.Pt(outer.Min.X, inner.Min.Y), image.Pt(inner.Min.X, inner.Max.Y)}, {image.Pt(inner.Max.X, inner.Min.Y), image.Pt(outer.Max.X, inner.Max.Y)},
	} {
		if !dashed {
			draw.Draw(img, side, ink, image.Point{}, draw.Over)
			continue
		}
		dash := 4 * width
		step := image.Pt(2*dash, 0)
		if side.Dy() > side.Dx() {
			step = image.Pt(0, 2*dash)
		}
		for d := (image.Rectangle{side.Min, side.Min.Add(image.Pt(dash, dash))}); d.Overlaps(side); d = d.Add(step) {
			draw.Draw(img, d.Intersect(side), ink, image.Point{}, draw.Over)
		}
	}
}

// label writes a text on a ground of colour c above r, moved to where the picture shows it.
func label(img *image.RGBA, r image.Rectangle, line int, text string, c color.NRGBA, st style) {
	w, h := labelSize(text, st)
	x := max(min(r.Min.X-line/2, img.Rect.Dx()-w), 0)
	y := r.Min.Y - line/2 - h
	if y < 0 {
		y = max(r.Min.Y, 0)
	}
	tag(img, image.Pt(x, y), text, c, st)
}

// labelPad is the ground's edge around a label's text, in pixels.
func labelPad(st style) float64 { return 1.5 * st.size / 7.5 * pixelsPerPoint }

// labelSize returns the width and height of a label.
func labelSize(text string, st style) (w, h int) {
	return int(math.Ceil(st.width(text)*pixelsPerPoint + 2*labelPad(st))), int(math.Ceil(st.size*1.05*pixelsPerPoint + labelPad(st)))
}

// tag writes a text on a ground of colour c whose upper left corner is at.
func tag(img *image.RGBA, at image.Point, text string, c color.NRGBA, st style) {
	w, h := labelSize(text, st)
	draw.Draw(img, image.Rectangle{at, at.Add(image.Pt(w, h))}, image.NewUniform(c), image.Point{}, draw.Over)
	st.color = over(c)
	baseline := float64(at.Y+h)/pixelsPerPoint - st.size*0.28
	f := &figure{pixels: img}
	f.glyphs(text, point{(float64(at.X) + labelPad(st)) / pixelsPerPoint, baseline}, point{}, 0, st)
}

package plot

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// A layer is a see-through picture over the frame for what is too much to draw as
// shapes, a million points, say: they would take seconds each and, in an SVG, a
// hundred megabytes.
type layer struct {
	img *image.RGBA
	at  point // page coordinates of its corner
}

func (f *frame) newLayer() *layer {
	const around = 8 // points: marks at the edge of the frame stand out
	return &layer{
		img: image.NewRGBA(image.Rect(0, 0, int((f.width+2*around)*pixelsPerPoint), int((f.height+2*around)*pixelsPerPoint))),
		at:  point{f.left - around, f.top - around},
	}
}

func (f *frame) drawLayer(l *layer) { f.raster(l.img, l.at.x, l.at.y) }

// pixel returns p in pixels of the layer.
func (l *layer) pixel(p point) (x, y float64) {
	return (p.x - l.at.x) * pixelsPerPoint, (p.y - l.at.y) * pixelsPerPoint
}

// newStamp returns a picture of the mark that figure.marker draws.
func newStamp(r float64, k int, c color.Color) image.Image {
	side := math.Ceil(2.6*r) + 1
	canvas := vgimg.NewWith(vgimg.UseWH(vg.Length(side), vg.Length(side)), vgimg.UseDPI(72*pixelsPerPoint), vgimg.UseBackgroundColor(color.Transparent))
	f := &figure{w: side, h: side, canvas: canvas, pixels: canvas.Image()}
	f.marker(point{side / 2, side / 2}, r, k, c)
	return f.pixels
}

// stamp draws a stamp around the pixel nearest to p.
func (l *layer) stamp(s image.Image, p point) {
	x, y := l.pixel(p)
	size := s.Bounds().Size()
	corner := image.Pt(int(math.Round(x)), int(math.Round(y))).Sub(size.Div(2))
	draw.Draw(l.img, image.Rectangle{corner, corner.Add(size)}, s, image.Point{}, draw.Over)
}

// segment draws a line two points wide, without smooth edges.
func (l *layer) segment(p, q point, c color.NRGBA) {
	x0, y0 := l.pixel(p)
	x1, y1 := l.pixel(q)
	dx, dy := math.Abs(x1-x0), math.Abs(y1-y0)
	steps := math.Ceil(max(dx, dy, 1))
	across := lineWidth * pixelsPerPoint * max(math.Hypot(dx, dy), 1) / max(dx, dy, 1)
	pixel := color.RGBA{c.R, c.G, c.B, 0xFF}
	for i := range int(steps) + 1 {
		t := float64(i) / steps
		x, y := x0+t*(x1-x0), y0+t*(y1-y0)
		if dx > dy {
			for top := math.Round(y - across/2); top < y+across/2-0.5; top++ {
				l.img.SetRGBA(int(x), int(top), pixel)
			}
		} else {
			for left := math.Round(x - across/2); left < x+across/2-0.5; left++ {
				l.img.SetRGBA(int(left), int(y), pixel)
			}
		}
	}
}

// columns is the range of y, in pixels, that a shape covers in each column of a
// layer.
type columns []struct{ top, bottom float64 }

func (l *layer) newColumns() columns {
	cs := make(columns, l.img.Rect.Dx())
	for i := range cs {
		cs[i].top, cs[i].bottom = math.Inf(1), math.Inf(-1)
	}
	return cs
}

// cover adds the band between two lines through the same x.
func (l *layer) cover(cs columns, lo, hi []point) {
	for i := range lo {
		j := min(i+1, len(lo)-1)
		x0, a0 := l.pixel(lo[i])
		x1, a1 := l.pixel(lo[j])
		_, b0 := l.pixel(hi[i])
		_, b1 := l.pixel(hi[j])
		for c := max(int(min(x0, x1)), 0); c <= min(int(max(x0, x1)), len(cs)-1); c++ {
			t := 0.0
			if x0 != x1 {
				t = min(max((float64(c)+0.5-x0)/(x1-x0), 0), 1)
			}
			a, b := a0+t*(a1-a0), b0+t*(b1-b0)
			cs[c].top, cs[c].bottom = min(cs[c].top, a, b), max(cs[c].bottom, a, b)
		}
	}
}

// fill colours what the columns cover.
func (l *layer) fill(cs columns, c color.NRGBA) {
	for x, col := range cs {
		for y := max(math.Floor(col.top), 0); y < min(col.bottom, float64(l.img.Rect.Dy())); y++ {
			part := c
			part.A = uint8(math.Round(float64(c.A) * (min(col.bottom, y+1) - max(col.top, y))))
			l.img.Set(x, int(y), part)
		}
	}
}

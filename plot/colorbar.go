package plot

import (
	"image"
	"image/color"
	"math"
)

const barWidth = 14.0 // points

// A colorBar shows which colour stands for which value of lo..hi.
type colorBar struct {
	colors colorMap
	lo, hi float64
	label  string
	shares bool // values are shares 0..1, coloured by their square root
}

// norm maps lo..hi to 0..1.
func (b colorBar) norm(v float64) float64 {
	t := (v - b.lo) / (b.hi - b.lo)
	if b.shares {
		return math.Sqrt(t)
	}
	return t
}

func (b colorBar) color(v float64) color.NRGBA { return b.colors.at(b.norm(v)) }

func (b colorBar) ticks(height float64) []tick {
	if b.shares {
		ts := []tick{{0, "0%"}, {0.1, "10%"}, {0.5, "50%"}, {1, "100%"}}
		if height > 100 {
			ts = append(ts, tick{0.01, "1%"}, tick{0.05, "5%"}, tick{0.25, "25%"})
		}
		return ts
	}
	return linearTicks(b.lo, b.hi, max(int(height/40), 2), false)
}

// height returns the height of a bar beside something that is h points high.
func (b colorBar) height(h float64) float64 { return rounded(min(max(h, 60), 240)) }

// width returns the points that the bar and its texts take.
func (b colorBar) width(height float64) float64 {
	w := 0.0
	for _, t := range b.ticks(height) {
		w = max(w, noteStyle.width(t.label))
	}
	if b.label != "" {
		w += noteStyle.size + 8
	}
	return barWidth + 6 + w
}

// draw draws the bar with its top left corner at (x, y).
func (b colorBar) draw(f *figure, x, y, height float64) {
	x, y, height = rounded(x), rounded(y), rounded(height)
	rows := int(height * pixelsPerPoint)
	img := image.NewRGBA(image.Rect(0, 0, int(barWidth*pixelsPerPoint), rows))
	for r := range rows {
		c := b.colors.at(1 - (float64(r)+0.5)/float64(rows))
		for i := range img.Rect.Dx() {
			img.Set(i, r, c)
		}
	}
	f.raster(img, x, y)
	for _, t := range b.ticks(height) {
		ty := y + height*(1-b.norm(t.at))
		f.line(ink, 0.8, nil, point{x + barWidth, ty}, point{x + barWidth + 3, ty})
		f.text(t.label, x+barWidth+6, ty, 0, 0.5, 0, noteStyle)
	}
	if b.label != "" {
		f.text(noteStyle.cut(b.label, height+20), x+b.width(height), y+height/2, 0.5, 0, 90, noteStyle)
	}
}

package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// An entry is one item of a legend: sample draws its mark, so wide, around a point.
type entry struct {
	name   string
	width  float64
	sample func(f *figure, p point)
}

const lineMark, squareMark = 24.0, 14.0 // widths of samples

// A chart is a page with a title, a legend above the data and two axes.
type chart struct {
	title, xLabel, yLabel string
	w, h                  float64 // page; 0 means 640 x 400
	x, y                  axis
	legend                []entry
	marks                 []Mark // vertical lines, labelled above the frame
	note                  string // small, below everything
	noGridX, noGridY      bool
	bare                  bool // without axis lines
}

// A frame is the rectangle that the data are drawn in.
type frame struct {
	*figure
	left, top, width, height float64
	x, y                     axis
}

func (f *frame) px(v float64) float64 { return f.left + near(f.x.norm(v))*f.width }
func (f *frame) py(v float64) float64 { return f.top + (1-near(f.y.norm(v)))*f.height }

// near keeps what lies outside the frame within the numbers of the rasterizer.
func near(t float64) float64 { return min(max(t, -10), 10) }

func (f *frame) at(x, y float64) point {
	return point{f.px(x), f.py(y)}
}

// draw writes the chart to path; paint draws the data over the grid.
func (c *chart) draw(who, path string, paint func(*frame)) error {
	if c.w == 0 {
		c.w, c.h = 640, 400
	}
	return save(who, path, c.w, c.h, func(f *figure) {
		fr := c.layout(f)
		paint(fr)
		if !c.bare {
			c.spines(fr)
		}
	})
}

const margin = 14 // points around a page

// titleLines breaks a title for a page of width w: three lines at most.
func titleLines(title string, w float64) []string {
	if title == "" {
		return nil
	}
	limit := max(w-2*margin, 60)
	lines := titleStyle.wrap(title, limit)
	if len(lines) > 3 {
		lines = append(lines[:2], titleStyle.cut(lines[2]+"…", limit))
	}
	return lines
}

// layout draws everything but the data and returns the frame that is left.
func (c *chart) layout(f *figure) *frame {
	left := float64(margin)
	if c.yLabel != "" {
		left += labelStyle.size + 8
	}
	widest := 0.0
	for _, t := range c.y.ticks {
		widest = max(widest, tickStyle.width(t.label))
	}
	left += widest + 8
	right := c.w - margin - 4
	if n := len(c.x.ticks); n > 0 { // the last label is centred on its tick
		right = min(right, c.w-6-tickStyle.width(c.x.ticks[n-1].label)/2)
	}

	top := float64(margin)
	if ls := titleLines(c.title, c.w); ls != nil {
		top = f.lines(ls, margin, top+titleStyle.size*0.8, 0, titleStyle)
		top -= titleStyle.size*lineHeight - 10
		if len(c.legend) == 0 {
			top += 4
		}
	}
	top = f.legend(c.legend, margin, right, top)
	bottom := c.h - margin
	if c.note != "" {
		f.text(noteStyle.cut(c.note, c.w-2*margin), margin, bottom, 0, 0, 0, noteStyle)
		bottom -= noteStyle.size + 6
	}
	if c.xLabel != "" {
		x := (left + right) / 2
		f.text(labelStyle.cut(c.xLabel, c.w-2*margin), x, bottom-1, 0.5, 0, 0, labelStyle)
		bottom -= labelStyle.size + 6
	}
	bottom = rounded(bottom - tickStyle.size - 6)
	left, right, top = rounded(left), rounded(right), rounded(top)

	fr := &frame{figure: f, left: left, top: top, width: right - left, height: bottom - top, x: c.x, y: c.y}
	fr.top = c.drawMarkLabels(fr)
	fr.height = bottom - fr.top
	if c.yLabel != "" {
		f.text(labelStyle.cut(c.yLabel, fr.height+40), margin, fr.top+fr.height/2, 0.5, 1, 90, labelStyle)
	}
	for _, t := range c.x.ticks {
		if x := fr.px(t.at); !c.noGridX {
			f.line(grid, gridWidth(t), nil, point{x, fr.top}, point{x, bottom})
		}
		f.text(t.label, fr.px(t.at), bottom+6, 0.5, 1, 0, tickStyle)
	}
	for _, t := range c.y.ticks {
		if y := fr.py(t.at); !c.noGridY {
			f.line(grid, gridWidth(t), nil, point{left, y}, point{right, y})
		}
		f.text(t.label, left-6, fr.py(t.at), 1, 0.5, 0, tickStyle)
	}
	last := -1.0
	for _, m := range c.marks {
		if x := fr.px(m.X); x-last >= 0.5 { // any more would look the same
			f.line(faint, 1, []vg.Length{3, 3}, point{x, fr.top}, point{x, bottom})
			last = x
		}
	}
	return fr
}

func gridWidth(t tick) float64 {
	if t.label == "" {
		return 0.4
	}
	return 0.8
}

// spines draws the two axis lines, over the data.
func (c *chart) spines(fr *frame) {
	b := fr.top + fr.height
	fr.line(ink, 1, nil, point{fr.left, fr.top}, point{fr.left, b}, point{fr.left + fr.width, b})
}

// A placed entry has its left end and its middle in points from the legend's corner.
type placed struct {
	entry
	left, middle float64
}

// legendRows places the entries of a legend in rows between left and right: in six
// of them at most, and how many more there are in a seventh.
func legendRows(entries []entry, left, right float64) (all []placed, height float64) {
	const row, rows = 17.0, 6
	x, y := left, 0.0
	for i, e := range entries {
		e.name = labelStyle.cut(e.name, right-left-e.width-6)
		w := e.width + 6 + labelStyle.width(e.name)
		if x > left && x+w > right {
			x, y = left, y+row
		}
		if y == rows*row {
			e = entry{name: fmt.Sprintf("and %d more", len(entries)-i), sample: func(*figure, point) {}}
			return append(all, placed{e, x, y + row/2}), y + row
		}
		all = append(all, placed{e, x, y + row/2})
		x += w + 18
	}
	if len(entries) > 0 {
		height = y + row
	}
	return all, height
}

// legend writes the entries in rows from y down and returns the y below them.
func (f *figure) legend(entries []entry, left, right, y float64) float64 {
	all, height := legendRows(entries, left, right)
	for _, e := range all {
		e.sample(f, point{e.left + e.width/2, y + e.middle})
		f.text(e.name, e.left+e.width+6, y+e.middle, 0, 0.5, 0, labelStyle)
	}
	if height > 0 {
		height += 6
	}
	return y + height
}

// drawMarkLabels writes the labels of the vertical lines above the frame, where
// they cover no data; overlapping ones go to further rows. It returns the new top.
func (c *chart) drawMarkLabels(fr *frame) float64 {
	const row, rows = 14.0, 3
	st := style{11, false, faint}
	type place struct {
		text   string
		x, row float64
	}
	var places []place
	var ends []float64 // right end of each row so far
	for _, m := range c.marks {
		if m.Label == "" {
			continue
		}
		if len(ends) == rows && fr.px(m.X) < slices.Min(ends) { // full here, so a thousand are not measured
			continue
		}
		text := st.cut(m.Label, fr.width)
		w := st.width(text)
		x := min(max(fr.px(m.X)-w/2, fr.left), fr.left+fr.width-w)
		r := 0
		for r < len(ends) && x < ends[r]+10 {
			r++
		}
		if r == rows {
			continue
		}
		if r == len(ends) {
			ends = append(ends, 0)
		}
		ends[r] = x + w
		places = append(places, place{text, x, float64(r)})
	}
	top := fr.top + row*float64(len(ends))
	for _, p := range places {
		fr.text(p.text, p.x, top-row*p.row-5, 0, 0, 0, st)
	}
	return top
}

// square is the legend sample of filled areas.
func square(c color.Color) func(*figure, point) {
	return func(f *figure, p point) { f.box(p.x-squareMark/2, p.y-5.5, squareMark, 11, c) }
}

// rounded returns the nearest half point, where lines and boxes are crisp.
func rounded(v float64) float64 { return math.Round(v*pixelsPerPoint) / pixelsPerPoint }

package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// A Chart is one or more lines over a common x axis.
type Chart struct {
	Title, XLabel, YLabel string
	// LogY makes the y axis logarithmic. Values that are not positive have no place
	// on it: a line breaks there as at NaN, and a band is cut at the lowest line.
	LogY   bool
	Series []Series
	Marks  []Mark
}

// A Series is one line through the points (X[i], Y[i]), in the order given. A
// point with a NaN or an infinity breaks the line; a point alone is drawn as a dot.
type Series struct {
	Name   string // in the legend; a chart of one unnamed series has no legend
	X, Y   []float64
	Dashed bool
	// Lo and Hi, where given, shade a band from Lo[i] to Hi[i]: a deviation, say,
	// or the range over several seeds.
	Lo, Hi []float64
}

// A Mark is a dashed vertical line at X, its label above the frame. There are three
// rows for labels: those that would need a fourth are left out.
type Mark struct {
	X     float64
	Label string
}

// Lines draws a chart of lines into path.
//
// The axes span the data and the marks. It returns an error if a series has other
// than one Y for each X, or a band of another length, if a mark is not at a finite
// X, or if the file cannot be written.
func Lines(path string, c Chart) error { return lines("Lines", path, c, nil) }

func lines(who, path string, c Chart, paint func(*frame)) error {
	if err := checkSeries(who, c); err != nil {
		return err
	}
	var xs, ys span
	integers := true
	see := func(y float64) {
		if !c.LogY || positive(y) {
			ys.add(y)
		}
	}
	for _, s := range c.Series {
		for i, x := range s.X {
			if !finite(x) {
				continue
			}
			xs.add(x)
			integers = integers && x == math.Trunc(x)
			see(s.Y[i])
			if s.banded(i) {
				see(s.Lo[i])
				see(s.Hi[i])
			}
		}
	}
	some := ys.some
	for _, m := range c.Marks {
		xs.add(m.X)
	}
	ch := chart{title: c.Title, xLabel: c.XLabel, yLabel: c.YLabel, marks: slices.Clone(c.Marks)}
	slices.SortStableFunc(ch.marks, func(a, b Mark) int { return cmp.Compare(a.X, b.X) })
	ch.x = xAxis(xs, 0.02, 11, integers && xs.some)
	if c.LogY {
		ch.y = logAxis(ys)
	} else {
		ch.y = linearAxis(ys, 0.05, 7, false)
	}
	for i, s := range c.Series {
		if s.Name == "" && len(c.Series) == 1 {
			break
		}
		ch.legend = append(ch.legend, entry{s.Name, lineMark, func(f *figure, p point) {
			points := s.points()
			if !points {
				f.line(classColor(i), lineWidth, s.dashes(i), point{p.x - lineMark/2, p.y}, point{p.x + lineMark/2, p.y})
			}
			if points || s.dotted() {
				f.disk(p, dotRadius, classColor(i))
			}
		}})
	}
	return ch.draw(who, path, func(f *frame) {
		if !some {
			f.text("no finite points to draw", f.left+f.width/2, f.top+f.height/2, 0.5, 0.5, 0, noteStyle)
		}
		for i, s := range c.Series {
			f.band(s, classColor(i))
		}
		f.series(c.Series)
		if paint != nil {
			paint(f)
		}
	})
}

const (
	lineWidth = 2.0
	dotRadius = 3.0
	maxDots   = 40    // longer series are drawn without dots
	maxBand   = 600   // points of a band that is drawn as a shape
	maxInk    = 1.5e6 // points of all lines that are drawn as shapes
)

func (s Series) dotted() bool { return !s.Dashed && len(s.X) <= maxDots }

// points reports whether each of the series' points is alone, so that there is no line.
func (s Series) points() bool {
	there := func(i int) bool { return finite(s.X[i]) && finite(s.Y[i]) }
	for i := 1; i < len(s.X); i++ {
		if there(i-1) && there(i) {
			return false
		}
	}
	return len(s.X) > 1
}

// dashes tells a dashed series, and the eleventh and later ones, which repeat colours.
func (s Series) dashes(i int) []vg.Length {
	switch {
	case s.Dashed:
		return []vg.Length{6, 3}
	case i >= len(palette):
		return []vg.Length{2, 2}
	}
	return nil
}

// banded reports whether the band has both its ends at point i.
func (s Series) banded(i int) bool { return s.Lo != nil && finite(s.Lo[i]) && finite(s.Hi[i]) }

func checkSeries(who string, c Chart) error {
	for i, s := range c.Series {
		switch {
		case len(s.Y) != len(s.X):
			return fmt.Errorf("plot: %s: series %d (%q) has %d X and %d Y values; give one Y for each X", who, i, s.Name, len(s.X), len(s.Y))
		case (s.Lo == nil) != (s.Hi == nil):
			return fmt.Errorf("plot: %s: series %d (%q) has only one of Lo and Hi; give both or none", who, i, s.Name)
		case s.Lo != nil && (len(s.Lo) != len(s.X) || len(s.Hi) != len(s.X)):
			return fmt.Errorf("plot: %s: series %d (%q) has %d X, %d Lo and %d Hi values; give one of each for each X", who, i, s.Name, len(s.X), len(s.Lo), len(s.Hi))
		}
	}
	for _, m := range c.Marks {
		if !finite(m.X) {
			return fmt.Errorf("plot: %s: mark %q is at X = %g; give a finite X or leave the mark out", who, m.Label, m.X)
		}
	}
	return nil
}

// drawable reports whether (x, y) has a place in the frame.
func (f *frame) drawable(x, y float64) bool {
	return finite(x) && finite(y) && (!f.y.log || positive(y))
}

// series draws all series: those with too much ink first, below the others.
func (f *frame) series(all []Series) {
	var l *layer
	shapes := make([][][]point, len(all))
	for i, s := range all {
		runs := f.runs(s)
		ink := 0.0
		for _, run := range runs {
			ink += pathLength(run) + 20*float64(len(run)) // a piece or a dot takes time, too
		}
		if ink <= maxInk/float64(len(all)) {
			shapes[i] = runs
			continue
		}
		if l == nil {
			l = f.newLayer()
		}
		l.scribble(runs, classColor(i))
	}
	if l != nil {
		f.drawLayer(l)
	}
	for i, runs := range shapes {
		for _, run := range runs {
			f.line(classColor(i), lineWidth, all[i].dashes(i), run...)
			if all[i].dotted() || len(run) == 1 {
				for _, p := range run {
					f.disk(p, dotRadius, classColor(i))
				}
			}
		}
	}
}

// runs returns the unbroken runs of a series' points.
func (f *frame) runs(s Series) (all [][]point) {
	for start := 0; start < len(s.X); {
		end := start
		var run []point
		for ; end < len(s.X) && f.drawable(s.X[end], s.Y[end]); end++ {
			run = append(run, f.at(s.X[end], s.Y[end]))
		}
		if len(run) > 0 {
			all = append(all, thin(run))
		}
		start = end + 1
	}
	return all
}

// scribble draws lines that go back and forth over the frame or break everywhere.
func (l *layer) scribble(runs [][]point, c color.NRGBA) {
	dot := newStamp(dotRadius, 0, c)
	for _, run := range runs {
		if len(run) == 1 {
			l.stamp(dot, run[0])
		}
		for i := range len(run) - 1 {
			l.segment(run[i], run[i+1], c)
		}
	}
}

// band shades the unbroken runs of a series' band.
func (f *frame) band(s Series, c color.NRGBA) {
	if s.Lo == nil {
		return
	}
	c.A = 0x38
	var l *layer
	var cs columns
	if len(s.X) > maxBand {
		l = f.newLayer()
		cs = l.newColumns()
	}
	for start := 0; start < len(s.X); {
		end := start
		var lo, hi []point
		for ; end < len(s.X) && finite(s.X[end]) && s.banded(end); end++ {
			a, b := s.Lo[end], s.Hi[end]
			if f.y.log {
				a, b = max(a, f.y.lo), max(b, f.y.lo)
			}
			lo, hi = append(lo, f.at(s.X[end], a)), append(hi, f.at(s.X[end], b))
		}
		switch {
		case l != nil:
			l.cover(cs, lo, hi)
		case len(lo) == 1: // a band of one point is an error bar
			f.line(c, 6, nil, lo[0], hi[0])
		case len(lo) > 1:
			slices.Reverse(hi)
			f.fill(c, append(lo, hi...)...)
		}
		start = end + 1
	}
	if l != nil {
		l.fill(cs, c)
		f.drawLayer(l)
	}
}

// thin keeps, of the neighbours that fall into one column of half a point, the
// first, the lowest, the highest and the last: the line looks the same, and a
// million steps of training still make a small file.
func thin(pts []point) []point {
	if len(pts) < 2000 {
		return pts
	}
	var out []point
	for start := 0; start < len(pts); {
		lo, hi, end := start, start, start
		column := math.Floor(pts[start].x * pixelsPerPoint)
		for ; end < len(pts) && math.Floor(pts[end].x*pixelsPerPoint) == column; end++ {
			if pts[end].y < pts[lo].y {
				lo = end
			}
			if pts[end].y > pts[hi].y {
				hi = end
			}
		}
		keep := []int{start, min(lo, hi), max(lo, hi), end - 1}
		for _, k := range slices.Compact(keep) {
			out = append(out, pts[k])
		}
		start = end
	}
	return out
}

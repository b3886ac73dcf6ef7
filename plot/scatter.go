package plot

import (
	"fmt"
	"image"
	"image/color"
	"maps"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// ScatterConfig configures Scatter and DecisionRegions.
type ScatterConfig struct {
	Title, XLabel, YLabel string
	Classes               []string // names for the legend; nil numbers the classes
	// Line is drawn dashed behind Scatter's points, with LineName in the legend: the
	// diagonal, say, on which two numbers are equal. Its ends must be finite.
	Line     []Point
	LineName string
}

// Scatter draws points into path, point i in the colour of class[i]; a nil class
// draws all alike. Points get smaller as they get more; those with a NaN or an
// infinity are left out and counted below the chart. It returns an error if class
// has another length than points, if a class is negative or has no name, or if
// the file cannot be written.
func Scatter(path string, points []Point, class []int, cfg ScatterConfig) error {
	const who = "Scatter"
	if err := checkClasses(who, len(points), class, cfg); err != nil {
		return err
	}
	var xs, ys span
	for _, p := range points {
		if finite(p.X) && finite(p.Y) {
			xs.add(p.X)
			ys.add(p.Y)
		}
	}
	for _, p := range cfg.Line {
		if !finite(p.X) || !finite(p.Y) {
			return fmt.Errorf("plot: %s: the line has a point at (%g, %g); give finite ones", who, p.X, p.Y)
		}
		xs.add(p.X)
		ys.add(p.Y)
	}
	c := scatterChart(class, cfg)
	dashes := []vg.Length{6, 3}
	if len(cfg.Line) > 0 && cfg.LineName != "" {
		c.legend = append(c.legend, entry{cfg.LineName, lineMark, func(f *figure, p point) {
			f.line(faint, lineWidth, dashes, point{p.x - lineMark/2, p.y}, point{p.x + lineMark/2, p.y})
		}})
	}
	c.x, c.y = xAxis(xs, 0.04, 8, false), linearAxis(ys, 0.04, 8, false)
	c.note = leftOut(points, c.x, c.y)
	return c.draw(who, path, func(f *frame) {
		line := make([]point, len(cfg.Line))
		for i, p := range cfg.Line {
			line[i] = f.at(p.X, p.Y)
		}
		f.line(faint, lineWidth, dashes, line...)
		f.points(points, class)
	})
}

func checkClasses(who string, n int, class []int, cfg ScatterConfig) error {
	if class != nil && len(class) != n {
		return fmt.Errorf("plot: %s: %d points but %d classes; give each point its class, or nil", who, n, len(class))
	}
	for i, k := range class {
		if err := checkClass(who, fmt.Sprintf("point %d", i), k, cfg); err != nil {
			return err
		}
	}
	return nil
}

func checkClass(who, what string, k int, cfg ScatterConfig) error {
	if k < 0 {
		return fmt.Errorf("plot: %s: the class of %s is %d; classes count from 0", who, what, k)
	}
	if cfg.Classes != nil && k >= len(cfg.Classes) {
		return fmt.Errorf("plot: %s: the class of %s is %d, but there are names for %d classes; name all or none", who, what, k, len(cfg.Classes))
	}
	return nil
}

// scatterChart returns a chart with a legend of the classes that occur.
func scatterChart(class []int, cfg ScatterConfig) *chart {
	c := &chart{title: cfg.Title, xLabel: cfg.XLabel, yLabel: cfg.YLabel, w: 600, h: 480}
	seen := map[int]bool{}
	for _, k := range class {
		seen[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		name := strconv.Itoa(k)
		if cfg.Classes != nil {
			name = cfg.Classes[k]
		}
		c.legend = append(c.legend, entry{name, 10, func(f *figure, p point) { f.marker(p, 4, k, classColor(k)) }})
	}
	return c
}

// leftOut returns a note of how many points do not lie within the axes.
func leftOut(points []Point, x, y axis) string {
	n := 0
	for _, p := range points {
		if !x.holds(p.X) || !y.holds(p.Y) {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d points are outside, NaN or infinite and not shown", n, len(points))
}

// points draws the points that lie in the frame: with a white edge, and where they
// are many without, see-through, so that it shows where they are dense.
func (f *frame) points(points []Point, class []int) {
	r := 3.6
	switch n := len(points); {
	case n > 1000:
		r = 2
	case n > 300:
		r = 2.8
	}
	mark := func(p point, k int) {
		f.marker(p, r+0.7, k, white)
		f.marker(p, r, k, classColor(k))
	}
	if len(points) > 5000 {
		l := f.newLayer()
		defer f.drawLayer(l)
		stamps := make([]image.Image, 4*len(palette)) // of all marks there are
		mark = func(p point, k int) {
			k %= len(stamps)
			if stamps[k] == nil {
				c := classColor(k)
				c.A = 0x90
				stamps[k] = newStamp(1.3, k, c)
			}
			l.stamp(stamps[k], p)
		}
	}
	for i, p := range points {
		if !f.x.holds(p.X) || !f.y.holds(p.Y) {
			continue
		}
		k := 0
		if class != nil {
			k = class[i]
		}
		mark(f.at(p.X, p.Y), k)
	}
}

// marker draws the mark of class k: a disk, and for the classes that repeat a
// colour a square, a diamond, then a triangle.
func (f *figure) marker(p point, r float64, k int, c color.Color) {
	switch k / len(palette) % 4 {
	case 0:
		f.disk(p, r, c)
	case 1:
		f.box(p.x-0.9*r, p.y-0.9*r, 1.8*r, 1.8*r, c)
	case 2:
		f.fill(c, point{p.x, p.y - 1.3*r}, point{p.x + 1.3*r, p.y}, point{p.x, p.y + 1.3*r}, point{p.x - 1.3*r, p.y})
	case 3:
		f.fill(c, point{p.x, p.y - 1.3*r}, point{p.x + 1.2*r, p.y + 0.8*r}, point{p.x - 1.2*r, p.y + 0.8*r})
	}
}

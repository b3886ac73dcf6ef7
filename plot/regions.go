package plot

import (
	"fmt"
	"image"
	"math"
)

// Regions is what a classifier says on a grid of H x W points of the plane.
type Regions struct {
	// XMin..XMax and YMin..YMax are the rectangle that the cells of the grid fill.
	XMin, XMax, YMin, YMax float64
	// Class[r][c] is the class at the centre of cell (r, c); row 0 is the lowest y.
	Class [][]int
	// P, where given, is the probability of that class: the higher, the stronger
	// the colour. It has the shape of Class.
	P [][]float64
}

// NewRegions returns the rectangle around points, a tenth wider on every side,
// without classes; points that are not finite are ignored.
func NewRegions(points []Point) Regions {
	var xs, ys span
	for _, p := range points {
		if finite(p.X) && finite(p.Y) {
			xs.add(p.X)
			ys.add(p.Y)
		}
	}
	x, y := linearAxis(xs, 0.1, 2, false), linearAxis(ys, 0.1, 2, false)
	return Regions{XMin: max(x.lo, -huge), XMax: min(x.hi, huge), YMin: max(y.lo, -huge), YMax: min(y.hi, huge)}
}

// Centers returns the centres of the cells of a grid of h x w, row by row from the
// lowest y: the inputs whose classes, in this order, fill Class.
func (r Regions) Centers(h, w int) []Point {
	var ps []Point
	for i := range h {
		for j := range w {
			ps = append(ps, Point{
				X: r.XMin + (r.XMax-r.XMin)*(float64(j)+0.5)/float64(w),
				Y: r.YMin + (r.YMax-r.YMin)*(float64(i)+0.5)/float64(h),
			})
		}
	}
	return ps
}

// DecisionRegions draws into path the plane in the pale colours of the classes that
// a classifier gives its points, and over it the points in the colours of their own
// classes, as Scatter does. It returns an error if the grid is empty or ragged, if
// the rectangle is empty, for the errors of Scatter, or if the file cannot be
// written.
func DecisionRegions(path string, r Regions, points []Point, class []int, cfg ScatterConfig) error {
	const who = "DecisionRegions"
	if err := checkClasses(who, len(points), class, cfg); err != nil {
		return err
	}
	if err := r.check(who, cfg); err != nil {
		return err
	}
	all := append([]int(nil), class...)
	for _, row := range r.Class {
		all = append(all, row...)
	}
	c := scatterChart(all, cfg)
	c.x, c.y = axis{lo: r.XMin, hi: r.XMax}, axis{lo: r.YMin, hi: r.YMax}
	c.x.ticks, c.y.ticks = xTicks(r.XMin, r.XMax, 8, false), linearTicks(r.YMin, r.YMax, 8, false)
	c.noGridX, c.noGridY = true, true
	c.note = leftOut(points, c.x, c.y)
	return c.draw(who, path, func(f *frame) {
		f.raster(stretch(r.image(), int(f.width*pixelsPerPoint), int(f.height*pixelsPerPoint)), f.left, f.top)
		f.points(points, class)
	})
}

func (r Regions) check(who string, cfg ScatterConfig) error {
	if len(r.Class) == 0 || len(r.Class[0]) == 0 {
		return fmt.Errorf("plot: %s: Regions.Class is empty; give the class of each cell", who)
	}
	if err := (span{r.XMin, r.XMax, true}).check("the range XMin..XMax"); err != nil {
		return fmt.Errorf("plot: %s: %w", who, err)
	}
	if err := (span{r.YMin, r.YMax, true}).check("the range YMin..YMax"); err != nil {
		return fmt.Errorf("plot: %s: %w", who, err)
	}
	if r.P != nil && len(r.P) != len(r.Class) {
		return fmt.Errorf("plot: %s: Regions.Class has %d rows and P %d; give both the same shape", who, len(r.Class), len(r.P))
	}
	for i, row := range r.Class {
		if len(row) != len(r.Class[0]) {
			return fmt.Errorf("plot: %s: row %d of Regions.Class has %d columns, not %d as row 0; give rows of one length", who, i, len(row), len(r.Class[0]))
		}
		if r.P != nil && len(r.P[i]) != len(row) {
			return fmt.Errorf("plot: %s: row %d of Regions.Class has %d columns and of P %d; give both the same shape", who, i, len(row), len(r.P[i]))
		}
		for j, k := range row {
			if err := checkClass(who, fmt.Sprintf("cell (%d, %d)", i, j), k, cfg); err != nil {
				return err
			}
		}
	}
	return nil
}

// image returns the colours of the cells, the highest y on top.
func (r Regions) image() image.Image {
	rows, cols := len(r.Class), len(r.Class[0])
	img := image.NewNRGBA(image.Rect(0, 0, cols, rows))
	for i, row := range r.Class {
		for j, k := range row {
			strength := 0.35
			if r.P != nil {
				strength = 0.05 + 0.5*min(max(r.P[i][j], 0), 1)
			}
			c := grid // of a NaN probability
			if !math.IsNaN(strength) {
				c = mix(white, classColor(k), strength)
			}
			img.SetNRGBA(j, rows-1-i, c)
		}
	}
	return img
}

package classical

import (
	"errors"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// plane are labelled points of the plane.
type plane struct {
	points []plot.Point
	class  []int
}

func (p plane) tensors() (x, y *tensor.Tensor) {
	var xs []float64
	var ys []int64
	for i, q := range p.points {
		xs, ys = append(xs, q.X, q.Y), append(ys, int64(p.class[i]))
	}
	return tensor.Of(xs, len(ys), 2), tensor.Of(ys)
}

// planeOf takes two columns of x.
func planeOf(x, y *tensor.Tensor, first, second int) (p plane) {
	a, b := x.Select(1, first).Floats(), x.Select(1, second).Floats()
	for i, c := range tensor.Data[int64](y) {
		p.points, p.class = append(p.points, plot.Point{X: a[i], Y: b[i]}), append(p.class, int(c))
	}
	return p
}

// separable draws n points of the square (-1, 1)² that a random line parts, none nearer to it than the margin: class 1 is where
// w·x + b > 0, |w| = 1.
func separable(g *random.Generator, n int, margin float64) (p plane, w [2]float64, b float64) {
	angle := 2 * math.Pi * g.Float64()
	w, b = [2]float64{math.Cos(angle), math.Sin(angle)}, 0.6*g.Float64()-0.3
	for len(p.points) < n {
		q := plot.Point{X: 2*g.Float64() - 1, Y: 2*g.Float64() - 1}
		switch z := w[0]*q.X + w[1]*q.Y + b; {
		case z >= margin:
			p.points, p.class = append(p.points, q), append(p.class, 1)
		case z <= -margin:
			p.points, p.class = append(p.points, q), append(p.class, 0)
		}
	}
	return p, w, b
}

const cells = 200

// regions asks a classifier for the classes of a grid around points.
func regions(points []plot.Point, predict func(x *tensor.Tensor) *tensor.Tensor) plot.Regions {
	r := plot.NewRegions(points)
	grid := plane{points: r.Centers(cells, cells)}
	grid.class = make([]int, len(grid.points))
	x, _ := grid.tensors()
	all := tensor.Data[int64](predict(x))
	for i := range cells {
		row := make([]int, cells)
		for j := range row {
			row[j] = int(all[i*cells+j])
		}
		r.Class = append(r.Class, row)
	}
	return r
}

// shade gives the cells of r a strength from 0 to 1.
func shade(r *plot.Regions, strength func(x *tensor.Tensor) []float64) {
	grid := plane{points: r.Centers(cells, cells), class: make([]int, cells*cells)}
	x, _ := grid.tensors()
	all := strength(x)
	for i := range cells {
		r.P = append(r.P, all[i*cells:(i+1)*cells])
	}
}

// drawRegions draws what a classifier says around points.
func drawRegions(c *catalog.Check, name string, p plane, predict func(x *tensor.Tensor) *tensor.Tensor, cfg plot.ScatterConfig) error {
	return c.Picture(name, func(path string) error {
		return plot.DecisionRegions(path, regions(p.points, predict), p.points, p.class, cfg)
	})
}

// unlessNotConverged drops the error of a fit that may go on for ever.
func unlessNotConverged(err error) error {
	if errors.Is(err, linear.ErrNotConverged) {
		return nil
	}
	return err
}

// standardised returns (x - mean) / deviation of each column.
func standardised(x *tensor.Tensor) *tensor.Tensor {
	s := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := s.Fit(x); err != nil {
		panic(err) // of embedded data
	}
	return s.Transform(x)
}

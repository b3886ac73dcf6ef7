package optimizers

import (
	"math"

	"github.com/hadal-go/hadal/plot"
)

// box is a rectangle of the plane.
type box struct{ x0, x1, y0, y1 float64 }

// contours returns the lines of a surface at the given levels as one line, broken by NaN: in each triangle of a grid the function is
// taken to be linear.
func contours(f surface, b box, levels []float64) (x, y []float64) {
	const n = 160
	value := func(i, j int) (px, py, v float64) {
		px, py = b.x0+(b.x1-b.x0)*float64(i)/n, b.y0+(b.y1-b.y0)*float64(j)/n
		v, _ = f([]float64{px, py})
		return px, py, v
	}
	for i := range n {
		for j := range n {
			for _, corner := range [2][2]int{{0, 0}, {1, 1}} { // the two triangles of a cell
				at := [3][2]int{{i + corner[0], j + corner[1]}, {i + 1, j}, {i, j + 1}}
				for _, level := range levels {
					found := 0
					for k := range 3 {
						ax, ay, av := value(at[k][0], at[k][1])
						bx, by, bv := value(at[(k+1)%3][0], at[(k+1)%3][1])
						if (av < level) != (bv < level) {
							t := (level - av) / (bv - av)
							x, y, found = append(x, ax+t*(bx-ax)), append(y, ay+t*(by-ay)), found+1
						}
					}
					if found > 0 {
						x, y = append(x, math.NaN()), append(y, math.NaN())
					}
				}
			}
		}
	}
	return x, y
}

// drawPaths draws the ways of seven optimizers over the contours of a surface; what leaves the box is cut off.
func drawPaths(path, title string, f surface, b box, start, levels []float64, steps int) error {
	rates := []struct {
		name string
		lr   float64
	}{{"SGD", 0.001}, {"momentum", 0.001}, {"Nesterov", 0.001}, {"Adagrad", 0.2}, {"RMSProp", 0.01}, {"Adam", 0.05}, {"Lookahead(SGD)", 0.001}}
	chart := plot.Chart{Title: title, XLabel: "x", YLabel: "y"}
	for _, r := range rates {
		for _, k := range kinds {
			if k.name != r.name {
				continue
			}
			points, _ := descend(k.make(only(param(start...)), r.lr, false), f, steps)
			s := plot.Series{Name: k.name}
			for _, p := range points {
				if p[0] < b.x0 || p[0] > b.x1 || p[1] < b.y0 || p[1] > b.y1 {
					p = []float64{math.NaN(), math.NaN()}
				}
				s.X, s.Y = append(s.X, p[0]), append(s.Y, p[1])
			}
			chart.Series = append(chart.Series, s)
		}
	}
	x, y := contours(f, b, levels)
	chart.Series = append(chart.Series, plot.Series{Name: "contours", X: x, Y: y})
	return plot.Lines(path, chart)
}

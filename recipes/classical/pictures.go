package classical

import (
	"math"

	"github.com/hadal-go/hadal/plot"
)

// polyline is a line through points.
func polyline(name string, points []plot.Point) plot.Series {
	s := plot.Series{Name: name}
	for _, p := range points {
		s.X, s.Y = append(s.X, p.X), append(s.Y, p.Y)
	}
	return s
}

// ellipses are n lines of equal value of a quadratic function of (x, y) around its minimum (x0, y0), as far as they lie in the window.
// h holds its second derivatives by x twice, by both, by y twice. The square root of the value rises by the same from line to line; the
// last reaches the farthest corner.
func ellipses(name string, x0, y0 float64, h [3]float64, n int, window plot.Regions) plot.Series {
	root := func(dx, dy float64) float64 { return math.Sqrt(h[0]*dx*dx + 2*h[1]*dx*dy + h[2]*dy*dy) }
	var most float64
	for _, x := range []float64{window.XMin, window.XMax} {
		for _, y := range []float64{window.YMin, window.YMax} {
			most = max(most, root(x-x0, y-y0))
		}
	}
	// H = L Lᵀ, so that δ = L⁻ᵀ u has √(δᵀHδ) = |u|.
	l00 := math.Sqrt(h[0])
	l10 := h[1] / l00
	l11 := math.Sqrt(h[2] - l10*l10)
	s := plot.Series{Name: name, Dashed: true}
	for k := 1; k <= n; k++ {
		const points = 4000 // long thin ellipses cross the window in few of them
		for i := range points + 1 {
			r, t := most*float64(k)/float64(n), 2*math.Pi*float64(i)/points
			dy := r * math.Sin(t) / l11
			dx := (r*math.Cos(t) - l10*dy) / l00
			x, y := x0+dx, y0+dy
			if x < window.XMin || x > window.XMax || y < window.YMin || y > window.YMax {
				x, y = math.NaN(), math.NaN()
			}
			s.X, s.Y = append(s.X, x), append(s.Y, y)
		}
		s.X, s.Y = append(s.X, math.NaN()), append(s.Y, math.NaN())
	}
	return s
}

// missing breaks a line.
var missing = math.NaN()

// dots are points that are not joined.
func dots(name string, x, y []float64) plot.Series {
	s := plot.Series{Name: name}
	for i := range x { // a point alone between gaps is a dot
		s.X, s.Y = append(s.X, x[i], missing), append(s.Y, y[i], missing)
	}
	return s
}

package classical

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B10", Tier: catalog.Unit, Title: "Local minima and saddle points", Source: "Cauchy 1847; Polyak 1964",
		Target: "in the double well ¼x⁴ - ½x² + 0.1x gradient descent stays in the basin where it starts; with momentum 0.95 it crosses from x = 2 to the lower minimum; a saddle point holds what starts on its ridge and no other",
		Test:   localMinima,
	})
}

// The double well's stationary points, the roots of x³ - x + 0.1: a lower and a higher minimum, and the ridge between them.
const (
	lowerWell, ridgeTop, higherWell = -1.0466805318046022, 0.10103125788101082, 0.9456492739235914
)

func doubleWell(x *tensor.Tensor) *tensor.Tensor {
	return x.Square().Square().MulScalar(0.25).Sub(x.Square().MulScalar(0.5)).Add(x.MulScalar(0.1)).Sum()
}

// roll returns where 600 steps at the rate 0.05 lead, from all of start at once, and the way there.
func roll(start []float64, momentum float64) (end []float64, path [][]float64) {
	x := tensor.NewParam(tensor.Of(start))
	descend(optim.NewSGD([]*tensor.Param{x}, optim.SGDConfig{LR: 0.05, Momentum: momentum}), 600, func() *tensor.Tensor {
		path = append(path, x.Floats())
		return doubleWell(x.Tensor) // a sum: each element descends by itself
	}, nil)
	return x.Floats(), path
}

func localMinima(_ context.Context, c *catalog.Check) error {
	var start []float64
	for x := -2.0; x <= 2.01; x += 0.1 {
		start = append(start, x)
	}
	end, _ := roll(start, 0)
	var off float64
	for i, x := range start {
		want := higherWell
		if x < ridgeTop {
			want = lowerWell
		}
		off = max(off, math.Abs(end[i]-want))
	}
	c.AtMost("worst distance of 41 starting points from the minimum of their basin", off, 1e-6)
	var well, slope float64
	for _, x := range []float64{lowerWell, ridgeTop, higherWell} {
		slope = max(slope, math.Abs(x*x*x-x+0.1))
	}
	c.AtMost("slope at the stationary points", slope, 1e-12)

	_, plain := roll([]float64{2}, 0)
	end, fast := roll([]float64{2}, 0.95)
	well = doubleWell(tensor.Of(end)).Item() - doubleWell(f64([]float64{higherWell}, 1)).Item()
	c.AtMost("distance from the lower minimum that momentum 0.95 reaches from x = 2", math.Abs(end[0]-lowerWell), 1e-6)
	c.AtMost("its value below that of the minimum where plain descent ends", well, -0.1)
	end, _ = roll([]float64{2}, 0.5)
	c.Control(func() {
		c.AtMost("distance from the higher minimum where momentum 0.5 stays", math.Abs(end[0]-higherWell), 1e-6)
	})

	// At a saddle of x² - y² + ¼y⁴ the gradient vanishes; only what starts at y = 0 exactly stops there.
	saddle := func(y float64) []float64 {
		p := tensor.NewParam(f64([]float64{1, y}))
		descend(optim.NewSGD([]*tensor.Param{p}, optim.SGDConfig{LR: 0.05}), 600, func() *tensor.Tensor {
			x, y := p.Select(0, 0), p.Select(0, 1)
			return x.Square().Sub(y.Square()).Add(y.Square().Square().MulScalar(0.25))
		}, nil)
		return p.Floats()
	}
	on, beside := saddle(0), saddle(1e-6)
	c.AtMost("distance from the saddle when started on its ridge", math.Hypot(on[0], on[1]), 1e-6)
	c.AtMost("distance from the minimum (0, √2) when started 1e-6 beside it", math.Hypot(beside[0], beside[1]-math.Sqrt2), 1e-6)

	return c.Picture("double-well", func(file string) error {
		well := plot.Series{Name: "¼x⁴ - ½x² + 0.1x", Dashed: true}
		for x := -1.8; x <= 2.01; x += 0.02 {
			well.X, well.Y = append(well.X, x), append(well.Y, wellAt(x))
		}
		series := []plot.Series{well}
		for i, path := range [][][]float64{plain, fast} {
			var x, y []float64
			for _, p := range path[:120] {
				x, y = append(x, p[0]), append(y, wellAt(p[0])+0.06*float64(i+1)) // lifted, so that the ways do not hide each other
			}
			series = append(series, dots(fmt.Sprintf("momentum %g", []float64{0, 0.95}[i]), x, y))
		}
		return plot.Lines(file, plot.Chart{Title: "A double well: 120 steps from x = 2", XLabel: "x", YLabel: "value", Series: series})
	})
}

func wellAt(x float64) float64 { return x*x*x*x/4 - x*x/2 + 0.1*x }

// Package optimizers holds the rows of the catalog's area D: what each optimizer of package optim was published for, shown.
package optimizers

import (
	"math"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// surface returns the value and the gradient of a function at x.
type surface func(x []float64) (value float64, grad []float64)

// param returns a float64 parameter of one dimension.
func param(x ...float64) *tensor.Param { return tensor.NewParam(tensor.Of(x)) }

// only is the list of one parameter.
func only(p *tensor.Param) []*tensor.Param { return []*tensor.Param{p} }

// step takes a step of an optimizer of one parameter along a gradient.
func step(opt optim.Optimizer, grad ...float64) { opt.StepWith([]*tensor.Tensor{tensor.Of(grad)}) }

// at returns the values of a parameter.
func at(p *tensor.Param) []float64 { return p.Floats() }

// descend takes steps of an optimizer on a surface. It returns the points, the start among them, and the value at the last.
func descend(opt optim.Optimizer, f surface, steps int) (path [][]float64, value float64) {
	p := opt.Params()[0]
	for range steps {
		x := at(p)
		path = append(path, x)
		_, g := f(x)
		step(opt, g...)
	}
	path = append(path, at(p))
	value, _ = f(at(p))
	return path, value
}

// quadratic is ½ Σ h_i x_i².
func quadratic(h ...float64) surface {
	return func(x []float64) (v float64, g []float64) {
		g = make([]float64, len(x))
		for i, a := range h {
			v += a * x[i] * x[i] / 2
			g[i] = a * x[i]
		}
		return v, g
	}
}

// rosenbrock is (1 - x)² + 100 (y - x²)².
func rosenbrock(p []float64) (float64, []float64) {
	x, y := p[0], p[1]
	a, b := 1-x, y-x*x
	return a*a + 100*b*b, []float64{-2*a - 400*x*b, 200 * b}
}

// beale is a valley with flat ends and steep corners; its minimum, 0, is at (3, 0.5) (Beale, 1958).
func beale(p []float64) (float64, []float64) {
	x, y := p[0], p[1]
	a, b, c := 1.5-x+x*y, 2.25-x+x*y*y, 2.625-x+x*y*y*y
	return a*a + b*b + c*c, []float64{
		2*a*(y-1) + 2*b*(y*y-1) + 2*c*(y*y*y-1),
		2*a*x + 4*b*x*y + 6*c*x*y*y,
	}
}

// slope is that of the line through (log x, log y) in the sense of least squares.
func slope(x, y []float64) float64 {
	var n, sx, sy, sxx, sxy float64
	for i := range x {
		a, b := math.Log(x[i]), math.Log(y[i])
		n, sx, sy, sxx, sxy = n+1, sx+a, sy+b, sxx+a*a, sxy+a*b
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// worst is the largest |a - b|, NaN if there is one.
func worst(a, b []float64) (most float64) {
	for i := range a {
		if d := math.Abs(a[i] - b[i]); !(d <= most) {
			most = d
		}
	}
	return most
}

// count returns 0, 1, ..., n-1.
func count(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i)
	}
	return x
}

package classical

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B01", Tier: catalog.Unit, Title: "Linear regression by gradient descent", Source: "Legendre 1805; Gauss 1809; Duchi, Hazan and Singer 2011",
		Target: "on 10 Pokémon, Adagrad's descent reaches the closed form w = 2.66945, b = -188.43320, SSE = 101936.73 to 1e-4",
		Note:   "the course's mean error 31.9 of this fit is √SSE / 10; enumerating w and b is replaced by the closed form",
		Test:   linearRegression,
	})
}

// combatPower are the 10 Pokémon of the course (Lee, Machine Learning 2016): combat power before and after evolution.
var combatPower = struct{ before, after []float64 }{
	[]float64{338, 333, 328, 207, 226, 25, 179, 60, 208, 606},
	[]float64{640, 633, 619, 393, 428, 27, 193, 66, 226, 1591},
}

func linearRegression(_ context.Context, c *catalog.Check) error {
	x, y := column(combatPower.before), tensor.Of(combatPower.after)
	m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
	if err := m.Fit(x, y); err != nil {
		return err
	}
	w, b := m.Coef.Item(), m.Intercept.Item()

	// L(w, b) = Σ (y - (b + w x))². Their gradients differ 300-fold: a rate for each parameter makes up for it.
	at := tensor.NewParam(f64([]float64{-4, -120}, 2)) // w, b
	path := []plot.Point{{X: -120, Y: -4}}
	one := tensor.Concat(1, x, tensor.OnesLike(x))
	loss := func() *tensor.Tensor { return y.Sub(one.MatMul(at.Tensor)).Square().Sum() }
	opt := optim.NewAdagrad([]*tensor.Param{at}, optim.AdagradConfig{LR: 10})
	descend(opt, 20000, loss, func() bool {
		p := at.Floats()
		path = append(path, plot.Point{X: p[1], Y: p[0]})
		return math.Hypot(p[0]-w, p[1]-b) < 2e-5
	})
	p := at.Floats()
	c.AtMost("distance of Adagrad's w and b from the closed form", max(math.Abs(p[0]-w), math.Abs(p[1]-b)), 1e-4)
	c.Near("w", w, 2.66945, 5e-6)
	c.Near("b", b, -188.43320, 5e-6)
	sse := y.Sub(m.Predict(x)).Square().Sum().Item()
	c.Near("SSE", sse, 101936.73, 5e-3)
	c.Near("√SSE / 10, the course's 31.9", math.Sqrt(sse)/10, 31.9, 0.05)

	// One rate for both must be small enough for w; b hardly moves in as many steps.
	steps := len(path)
	at.CopyFrom(f64([]float64{-4, -120}, 2))
	sgd := []plot.Point{{X: -120, Y: -4}}
	descend(optim.NewSGD([]*tensor.Param{at}, optim.SGDConfig{LR: 4e-7}), steps, loss, func() bool {
		p := at.Floats()
		sgd = append(sgd, plot.Point{X: p[1], Y: p[0]})
		return false
	})
	c.Control(func() {
		c.AtLeast("distance of b with one rate for w and b in as many steps", math.Abs(at.Floats()[1]-b), 1)
	})
	return c.Picture("descent", func(file string) error {
		v := x.Sum().Item()
		hessian := [3]float64{2 * float64(x.Dim(0)), 2 * v, 2 * x.Square().Sum().Item()}
		return plot.Lines(file, plot.Chart{Title: "Σ(y - b - w x)² of ten Pokémon and two descents", XLabel: "b", YLabel: "w", Series: []plot.Series{
			ellipses("equal loss", b, w, hessian, 12, plot.Regions{XMin: -230, XMax: -90, YMin: -5, YMax: 9}),
			polyline("one rate", sgd), polyline("Adagrad", path), polyline("start", path[:1]), {Name: "minimum", X: []float64{b}, Y: []float64{w}},
		}})
	})
}

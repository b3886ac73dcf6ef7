package classical

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B11", Tier: catalog.Unit, Title: "Linear classification and its decision boundary", Source: "Fisher 1936",
		Target: "separable sets of the plane are classified without error; where the class changes is the line w·x + b = 0",
		Test:   linearClassification,
	}, catalog.Row{
		ID: "B12", Tier: catalog.Unit, Title: "0-1 loss", Source: "Duda and Hart 1973",
		Target: "Σ δ(f(x) ≠ y) / N = 1 - accuracy; of perceptron and least squares the perceptron alone brings it to 0 when far points pull",
		Note:   "it is flat nearly everywhere, so that descent has no gradient: the perceptron's mistakes minimise it where the classes are separable",
		Test:   zeroOneLoss,
	})
}

func linearClassification(_ context.Context, c *catalog.Check) error {
	least, off, disagree := 1.0, 0.0, 0
	for seed := range uint64(20) {
		p, _, _ := separable(random.New(seed+1), 100, 0.02)
		x, y := p.tensors()
		m := linear.NewPerceptron(linear.PerceptronConfig{MaxEpochs: 100000})
		if err := m.Fit(x, y); err != nil {
			return err
		}
		least = min(least, m.Score(x, y))
		w, b := m.Coef.Floats(), m.Intercept.Item()

		// Bisect Predict across the boundary: along w, from one side of the picture to the other.
		norm := math.Hypot(w[0], w[1])
		along := func(t float64) *tensor.Tensor { return tensor.Of([]float64{t * w[0] / norm, t * w[1] / norm}, 1, 2) }
		lo, hi := -10.0, 10.0
		for range 60 {
			if mid := (lo + hi) / 2; m.Predict(along(mid)).Item() == 1 {
				hi = mid
			} else {
				lo = mid
			}
		}
		off = max(off, math.Abs(lo*norm+b)/norm)

		// Each cell of the plotted regions lies on the side of the line that its colour says.
		r := regions(p.points, m.Predict)
		for i, q := range r.Centers(cells, cells) {
			z := w[0]*q.X + w[1]*q.Y + b
			if (z > 0) != (r.Class[i/cells][i%cells] == 1) {
				disagree++
			}
		}
	}
	c.Equal("least accuracy on 20 separable sets", least, 1)
	c.AtMost("distance of the change of class from w·x + b = 0", off, 1e-12)
	c.Equal("cells of the plotted regions on the wrong side of it", float64(disagree), 0)

	ring := ringData(random.New(1), 100)
	x, y := ring.tensors()
	m := linear.NewPerceptron(linear.PerceptronConfig{})
	if err := unlessNotConverged(m.Fit(x, y)); err != nil {
		return err
	}
	c.Control(func() { c.AtMost("accuracy of a line on a disc in a ring", m.Score(x, y), 0.8) })

	p, _, _ := separable(random.New(2), 100, 0.02)
	x, y = p.tensors()
	m = linear.NewPerceptron(linear.PerceptronConfig{MaxEpochs: 100000})
	if err := m.Fit(x, y); err != nil {
		return err
	}
	return drawRegions(c, "boundary", p, m.Predict, plot.ScatterConfig{Title: "A linear classifier: w·x + b changes its sign at a line", XLabel: "x₁", YLabel: "x₂"})
}

// ringData are n points of a disc, class 0, and n of a ring around it.
func ringData(g *random.Generator, n int) (p plane) {
	for i := range 2 * n {
		r, angle := 0.5*math.Sqrt(g.Float64()), 2*math.Pi*g.Float64()
		if i >= n {
			r += 0.7
		}
		p.points, p.class = append(p.points, plot.Point{X: r * math.Cos(angle), Y: r * math.Sin(angle)}), append(p.class, i/n)
	}
	return p
}

func zeroOneLoss(_ context.Context, c *catalog.Check) error {
	// Two classes that x₁ separates; some of class 1 lie far out, where they are right beyond doubt.
	g := random.New(4)
	var p plane
	for i := range 120 {
		q, class := plot.Point{X: -0.3 - g.Float64(), Y: 2*g.Float64() - 1}, 0
		if i%2 == 1 {
			q.X, class = -q.X, 1
			if i%8 == 1 {
				q.X, q.Y = q.X+8+4*g.Float64(), q.Y-6
			}
		}
		p.points, p.class = append(p.points, q), append(p.class, class)
	}
	x, y := p.tensors()
	loss := func(w, b *tensor.Tensor) float64 { // Σ δ(f(x) ≠ y) / N
		z, wrong := x.MatMul(w.Reshape(2)).Add(b).Floats(), 0.0
		for i, v := range z {
			if (v > 0) != (p.class[i] == 1) {
				wrong++
			}
		}
		return wrong / float64(len(z))
	}
	m := linear.NewPerceptron(linear.PerceptronConfig{})
	if err := m.Fit(x, y); err != nil {
		return err
	}
	ls := linear.NewLinearRegression(linear.LinearRegressionConfig{})
	if err := ls.Fit(x, y.To(tensor.Float64).MulScalar(2).AddScalar(-1)); err != nil {
		return err
	}
	squares := loss(ls.Coef, ls.Intercept)
	c.Equal("0-1 loss of the perceptron", loss(m.Coef, m.Intercept), 0)
	z := ls.Predict(x)
	accuracy := metrics.Accuracy(tensor.Stack(1, z.Neg(), z), y)
	c.AtMost("difference of the loss and 1 - accuracy", math.Abs(squares-(1-accuracy)), 1e-15)
	flat := 0.0
	for _, d := range []float64{-1e-7, 1e-7} {
		flat = max(flat, math.Abs(loss(ls.Coef.AddScalar(d), ls.Intercept)-squares))
	}
	c.Equal("change of the loss when w moves by 1e-7", flat, 0)
	c.Control(func() { c.AtLeast("0-1 loss of least squares, which far points pull", squares, 0.02) })
	cfg := plot.ScatterConfig{XLabel: "x₁", YLabel: "x₂"}
	cfg.Title = "Least squares: far points that are right move the boundary"
	err := drawRegions(c, "least-squares", p, func(x *tensor.Tensor) *tensor.Tensor {
		return ls.Predict(x).GtScalar(0).To(tensor.Int64)
	}, cfg)
	if err != nil {
		return err
	}
	cfg.Title = "The perceptron minds mistakes alone"
	return drawRegions(c, "perceptron", p, m.Predict, cfg)
}

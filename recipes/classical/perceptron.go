package classical

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B13", Tier: catalog.Unit, Title: "Perceptron, for two classes and for more", Source: "Rosenblatt 1958; Duda and Hart 1973",
		Target: "converges on AND and OR and on separable sets of 2 to 5 classes, and reports that it does not on XOR",
		Test:   perceptron,
	}, catalog.Row{
		ID: "B14", Tier: catalog.Unit, Title: "Perceptron mistake bound", Source: "Novikoff 1962",
		Target: "mistakes ≤ (R/γ)² on 1000 separable sets of 100, 10,000 and 100,000 points; the most over sets is the same for each N while γ is",
		Note:   "the bound has the radius R of the data, which the short form \"∝ 1/distance²\" leaves out: the same set ten times as large has the same mistakes and a margin ten times as large",
		Test:   mistakeBound,
	})
}

func perceptron(_ context.Context, c *catalog.Check) error {
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	cfg := plot.ScatterConfig{XLabel: "x₁", YLabel: "x₂"}
	for _, gate := range []struct {
		name string
		out  []int64
	}{{"AND", []int64{0, 0, 0, 1}}, {"OR", []int64{0, 1, 1, 1}}, {"XOR", []int64{0, 1, 1, 0}}} {
		y := tensor.Of(gate.out, 4)
		m := linear.NewPerceptron(linear.PerceptronConfig{})
		err := m.Fit(x, y)
		if gate.name != "XOR" {
			c.True("converges on "+gate.name+" without a mistake left", err == nil && m.Score(x, y) == 1)
		} else {
			c.Control(func() {
				c.True("reports that it does not on XOR", errors.Is(err, linear.ErrNotConverged))
				c.AtLeast("mistakes on XOR in 1000 passes, one in each at least", float64(m.Mistakes), 1000)
				c.AtMost("accuracy on XOR", m.Score(x, y), 0.75)
			})
		}
		cfg.Title = fmt.Sprintf("%s: %d mistakes in %d passes", gate.name, m.Mistakes, m.Epochs)
		if err := drawRegions(c, gate.name, planeOf(x, y, 0, 1), m.Predict, cfg); err != nil {
			return err
		}
	}
	for k := 2; k <= 5; k++ {
		p := wedges(random.New(uint64(k)), k, 300)
		x, y := p.tensors()
		m := linear.NewPerceptron(linear.PerceptronConfig{})
		err := m.Fit(x, y)
		c.True(fmt.Sprintf("converges on %d separable classes without a mistake left", k), err == nil && m.Score(x, y) == 1)
		if k == 5 {
			cfg.Title = fmt.Sprintf("Five classes: %d mistakes in %d passes", m.Mistakes, m.Epochs)
			if err := drawRegions(c, "classes", p, m.Predict, cfg); err != nil {
				return err
			}
		}
	}
	return nil
}

// wedges draws n points of k classes, each a sector of a ring, with gaps between them.
func wedges(g *random.Generator, k, n int) (p plane) {
	for i := range n {
		angle, r := 2*math.Pi*(float64(i%k)+0.1+0.8*g.Float64())/float64(k), 0.3+0.7*g.Float64()
		p.points, p.class = append(p.points, plot.Point{X: r * math.Cos(angle), Y: r * math.Sin(angle)}), append(p.class, i%k)
	}
	return p
}

// mistakesOf runs a perceptron through the origin on n points of the unit ball of 3 dimensions whose least distance from the plane of a
// unit vector is gamma, and returns its mistakes and the bound.
func mistakesOf(g *random.Generator, n int, gamma, scale float64) (mistakes, bound float64, err error) {
	var u [3]float64
	norm := 0.0
	for i := range u {
		u[i] = g.NormFloat64()
		norm += u[i] * u[i]
	}
	x, y := make([]float64, 0, 3*n), make([]int64, 0, n)
	radius, least := 0.0, math.Inf(1)
	for len(y) < n {
		var q [3]float64
		rr, z := 0.0, 0.0
		for i := range q {
			q[i] = 2*g.Float64() - 1
			rr += q[i] * q[i]
			z += q[i] * u[i] / math.Sqrt(norm)
		}
		if rr > 1 || math.Abs(z) < gamma {
			continue
		}
		radius, least = max(radius, math.Sqrt(rr)*scale), min(least, math.Abs(z)*scale)
		x, y = append(x, q[0]*scale, q[1]*scale, q[2]*scale), append(y, map[bool]int64{true: 1}[z > 0])
	}
	m := linear.NewPerceptron(linear.PerceptronConfig{NoIntercept: true})
	err = m.Fit(tensor.Of(x, n, 3), tensor.Of(y, n))
	return float64(m.Mistakes), radius * radius / (least * least), err
}

func mistakeBound(ctx context.Context, c *catalog.Check) error {
	const gamma = 0.1
	sets := []struct{ n, sets int }{{100, 880}, {10000, 110}, {100000, 10}}
	var most, mean []float64
	sizes := []float64{}
	closest := 0.0
	for _, s := range sets {
		top, sum := 0.0, 0.0
		for i := range s.sets {
			if err := ctx.Err(); err != nil {
				return err
			}
			mistakes, bound, err := mistakesOf(random.FromKey(random.KeyAt(14, uint64(s.n), uint64(i))), s.n, gamma, 1)
			if err != nil {
				return err
			}
			closest = max(closest, mistakes/bound)
			top, sum = max(top, mistakes), sum+mistakes
		}
		most, mean, sizes = append(most, top), append(mean, sum/float64(s.sets)), append(sizes, math.Log10(float64(s.n)))
	}
	c.AtMost("largest part of (R/γ)² that the mistakes of 1000 sets reach", closest, 1)
	for i, s := range sets {
		c.AtMost(fmt.Sprintf("most mistakes in sets of %d points, γ 0.1, R 1", s.n), most[i], 100)
	}
	c.AtMost("that of 100,000 points over that of 100", most[2]/most[0], 2)
	a, _, err := mistakesOf(random.New(5), 1000, gamma, 1)
	if err != nil {
		return err
	}
	b, bound, err := mistakesOf(random.New(5), 1000, gamma, 10)
	if err != nil {
		return err
	}
	c.Equal("mistakes on a set ten times as large", b, a)
	c.Control(func() { c.AtLeast("mistakes there over 1/γ², the bound without R", b/(bound/100), 1) })
	return c.Picture("mistakes", func(path string) error {
		flat := []float64{100, 100, 100}
		return plot.Lines(path, plot.Chart{Title: "Mistakes do not grow with the number of points", XLabel: "log₁₀ N", YLabel: "mistakes", Series: []plot.Series{
			{Name: "(R/γ)²", X: sizes, Y: flat, Dashed: true}, {Name: "most of the sets", X: sizes, Y: most}, {Name: "mean", X: sizes, Y: mean},
		}})
	})
}

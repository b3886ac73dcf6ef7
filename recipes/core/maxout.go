package core

import (
	"context"
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C08", Tier: catalog.Medium, Title: "Maxout", Source: "Goodfellow, Warde-Farley, Mirza, Courville and Bengio 2013",
		Target: "test accuracy of two maxout layers with dropout ≥ 0.965 on 10,000 pictures; two pieces of fixed weights are ReLU and |x|, exactly",
		Note:   "trained as in the paper, by momentum with bounded norms of the weights; " + pictureset.Note,
		Test:   maxout,
	})
}

// maxoutOf is a maxout unit of one input with the given slopes and intercepts.
func maxoutOf(slopes, intercepts []float64) *nn.Maxout {
	l := nn.To(nn.NewMaxout(random.New(1), 1, 1, len(slopes)), tensor.Float64)
	l.Linear.Weight.CopyFrom(tensor.Of(slopes, len(slopes), 1))
	l.Linear.Bias.CopyFrom(tensor.Of(intercepts))
	return l
}

// tangents is a maxout unit of the tangents of x² at k places of [-1, 1], the middles of k equal parts.
func tangents(k int) *nn.Maxout {
	var slopes, intercepts []float64
	for i := range k {
		at := -1 + (2*float64(i)+1)/float64(k)
		slopes, intercepts = append(slopes, 2*at), append(intercepts, -at*at)
	}
	return maxoutOf(slopes, intercepts)
}

func maxout(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 10000, pictureset.Least{MNIST: 0.965, Fashion: 0.85, Digits: 0.96})
	if err != nil {
		return err
	}
	x, xTest := set.X.To(tensor.Float32), set.XTest.To(tensor.Float32)
	accuracy := func(pieces, epochs int, y *tensor.Tensor) func(seed uint64) (float64, error) {
		return func(seed uint64) (float64, error) {
			const units, batch = 128, 64
			g := random.New(seed)
			model := nn.NewSequential(nn.NewDropout(g, 0.1), nn.NewMaxout(g, x.Dim(1), units, pieces), nn.NewDropout(g, 0.4),
				nn.NewMaxout(g, units, units, pieces), nn.NewDropout(g, 0.4), nn.NewLinear(g, units, 10, nn.LinearConfig{}))
			params := nn.Params(model)
			opt := optim.NewSGD(params, optim.SGDConfig{LR: 0.1, Momentum: 0.7})
			m := classifier{model: model, optimizer: opt, batch: batch,
				schedule: optim.NewScheduler(opt, optim.Cosine(epochs*((x.Dim(0)+batch-1)/batch), 0)),
				after:    func() { optim.MaxNorm(params, 1.94) }}
			err := m.fit(ctx, x, y, epochs, seed)
			return m.score(xTest, set.YTest), err
		}
	}
	const epochs = 20
	got, err := c.Median(3, accuracy(4, epochs, set.Y))
	if err != nil {
		return err
	}
	linear, err := accuracy(1, epochs/4, set.Y)(max(c.Seed, 1))
	if err != nil {
		return err
	}
	shuffled, err := accuracy(4, 2, pictureset.ShuffledLabels(set.Y))(max(c.Seed, 1))
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy of 2 x 128 units of 4 pieces on "+set.Name, got, set.Least)
	c.Control(func() {
		c.AtMost("what units of 1 piece, which make a linear model, add to it", linear-got, -0.015)
		c.AtMost("with shuffled labels", shuffled, 0.2)
	})

	z := tensor.With(tensor.Float64).Randn(random.New(2), 1000, 1).MulScalar(10)
	c.Equal("largest error of max(x, 0) as two pieces", largestError(maxoutOf([]float64{1, 0}, []float64{0, 0}).Forward(z), z.ReLU()), 0)
	c.Equal("largest error of |x| as two pieces", largestError(maxoutOf([]float64{1, -1}, []float64{0, 0}).Forward(z), z.Abs()), 0)
	c.Equal("largest error of max(x, 0.01 x) as two pieces", largestError(maxoutOf([]float64{1, 0.01}, []float64{0, 0}).Forward(z), z.LeakyReLU(0.01)), 0)
	// k tangents of a parabola are off by at most 1/k²: half a part's width, squared.
	grid := tensor.With(tensor.Float64).Linspace(-1, 1, 1025).Reshape(-1, 1)
	for _, k := range []int{2, 4, 16, 64} {
		c.Near(fmt.Sprintf("largest error of x² as the largest of %d tangents, times %d²", k, k), largestError(tangents(k).Forward(grid), grid.Square())*float64(k*k), 1, 1e-9)
	}
	return c.Picture("pieces", func(path string) error {
		at := tensor.With(tensor.Float64).Linspace(-1, 1, 401).Reshape(-1, 1)
		lines := []plot.Series{{Name: "x²", X: at.Floats(), Y: at.Square().Floats(), Dashed: true}}
		for _, unit := range []struct {
			name string
			*nn.Maxout
		}{{"2 pieces: ReLU", maxoutOf([]float64{1, 0}, []float64{0, 0})}, {"2 pieces: |x|", maxoutOf([]float64{1, -1}, []float64{0, 0})}, {"4 pieces: tangents of x²", tangents(4)}} {
			lines = append(lines, plot.Series{Name: unit.name, X: at.Floats(), Y: unit.Forward(at).Detach().Floats()})
		}
		slices.Reverse(lines)
		return plot.Lines(path, plot.Chart{Title: "What one maxout unit can be", XLabel: "x", YLabel: "largest of the pieces", Series: lines})
	})
}

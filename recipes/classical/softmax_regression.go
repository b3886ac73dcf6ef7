package classical

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B17", Tier: catalog.Small, Title: "Softmax (multinomial) regression and winner-take-all output", Source: "Bridle 1990",
		Target: "softmax is finite at logits ±1e4 and does not change when a number is added to all; test accuracy ≥ 0.89",
		Note:   pictureset.Note, Test: softmaxRegression,
	})
}

func softmaxRegression(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 10000, pictureset.Least{MNIST: 0.89, Fashion: 0.80, Digits: 0.92})
	if err != nil {
		return err
	}
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 0.1, Tol: 1e-2, Solver: linear.LogisticLBFGS})
	if err := m.Fit(set.X, set.Y); err != nil {
		return err
	}
	c.AtLeast("test accuracy on "+set.Name, m.Score(set.XTest, set.YTest), set.Least)

	extreme := tensor.Of([]float64{1e4, -1e4, 0, 1e4}, 1, 4)
	p := extreme.Softmax(1)
	c.AtMost("error of the softmax of (1e4, -1e4, 0, 1e4)", worst(p, f64([]float64{0.5, 0, 0, 0.5}, 1, 4)), 1e-15)
	c.Control(func() {
		e := extreme.Exp() // without taking the largest off first
		c.True("exp(z) / Σ exp(z) as it is written is NaN there", math.IsNaN(e.Div(e.Sum()).Select(1, 0).Item()))
	})
	z := tensor.Randn(random.New(1), 100, 10).To(tensor.Float64).MulScalar(5)
	shift := 0.0
	for _, by := range []float64{-1e4, 3, 1e4} {
		shift = max(shift, worst(z.Softmax(1), z.AddScalar(by).Softmax(1)))
	}
	c.AtMost("change of the softmax when ±1e4 is added to all logits", shift, 1e-11)

	// The winner takes all: the largest score, the largest probability and 1 of a hard maximum are the same class.
	scores, probs := m.DecisionFunction(set.XTest), m.PredictProba(set.XTest)
	c.True("the winner of scores, of probabilities and of Predict is one", slices.Equal(tensor.Data[int64](scores.ArgMax(1)), tensor.Data[int64](probs.ArgMax(1))) &&
		slices.Equal(tensor.Data[int64](scores.ArgMax(1)), tensor.Data[int64](m.Predict(set.XTest))))
	c.AtMost("Predict's accuracy off that of the winners", math.Abs(metrics.Accuracy(probs, set.YTest)-m.Score(set.XTest, set.YTest)), 1e-15)

	shuffled := set.Y.IndexSelect(0, tensor.Of(random.Permutation(set.Y.Dim(0), random.KeyAt(1))))
	control := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 0.01, Tol: 0.1, MaxIter: 50, Solver: linear.LogisticLBFGS})
	if err := unlessNotConverged(control.Fit(set.X, shuffled)); err != nil {
		return err
	}
	c.Control(func() { c.AtMost("test accuracy with shuffled labels", control.Score(set.XTest, set.YTest), 0.3) })

	return c.Picture("weights", func(path string) error {
		side := int(math.Sqrt(float64(set.X.Dim(1))))
		var tiles []plot.Tile
		for k, name := range set.Classes {
			w := m.Coef.Select(0, k).Floats()
			most := max(slices.Max(w), -slices.Min(w))
			tiles = append(tiles, plot.Tile{Image: plot.GrayRange(side, side, w, -most, most), Caption: name})
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: fmt.Sprintf("%s: the weights of each class; white speaks for it, black against", set.Name), Columns: 5})
	})
}

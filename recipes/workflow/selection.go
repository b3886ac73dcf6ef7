package workflow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train/search"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U02", Tier: catalog.Unit, Title: "Data splits, cross-validation and the search for hyper-parameters", Source: "Stone 1974; Bergstra and Bengio 2012; Jamieson and Talwalkar 2016",
		Target: "a grid finds the ridge penalty of least cross-validated error; with 1 and 4 workers, and continued after a stop, the outcomes are the same; the cross-validated error is within 25 % of that on test data, the training error is far too good",
		Note:   "folds and their statistics are row B07's",
		Test:   selection,
	})
}

// manyFeatures are n rows of 40 features of which 5 matter, and noise of variance 4.
func manyFeatures(g *random.Generator, n int) (x, y *tensor.Tensor) {
	x = tensor.With(tensor.Float64).Randn(g, n, 40)
	return x, x.Narrow(1, 0, 5).Sum(1).Add(tensor.With(tensor.Float64).Randn(g, n).MulScalar(2))
}

// at returns the rows of the given numbers.
func at(t *tensor.Tensor, rows []int) *tensor.Tensor {
	index := make([]int64, len(rows))
	for i, r := range rows {
		index[i] = int64(r)
	}
	return t.IndexSelect(0, tensor.Of(index))
}

// squaredError fits ridge regression to one set of rows and returns the mean squared error on another.
func squaredError(alpha float64, x, y, xTest, yTest *tensor.Tensor) (float64, error) {
	m := linear.NewRidge(linear.RidgeConfig{Alpha: &alpha})
	if err := m.Fit(x, y); err != nil {
		return 0, err
	}
	return m.Predict(xTest).Sub(yTest).Square().Mean().Item(), nil
}

func selection(ctx context.Context, c *catalog.Check) error {
	g := random.New(5)
	x, y := manyFeatures(g, 60)
	xTest, yTest := manyFeatures(g, 4000)
	numbers := make(dataset.Slice[int], 60)
	for i := range numbers {
		numbers[i] = i
	}
	folds, err := dataset.KFold(numbers, 5, 1)
	if err != nil {
		return err
	}
	validated := func(alpha float64) (sum float64, err error) {
		for _, f := range folds {
			e, err := squaredError(alpha, at(x, f.Train.Indices), at(y, f.Train.Indices), at(x, f.Test.Indices), at(y, f.Test.Indices))
			if err != nil {
				return 0, err
			}
			sum += e / float64(len(folds))
		}
		return sum, nil
	}
	var alphas []float64
	for k := range 13 {
		alphas = append(alphas, math.Pow(10, -2+float64(k)/2))
	}
	space := []search.Param{{Name: "alpha", Range: search.Choice(alphas...)}}
	objective := func(_ context.Context, t search.Trial) (float64, error) { return validated(t.Float("alpha")) }
	one, err := search.Grid(ctx, space, search.Config{Workers: 1}, objective)
	if err != nil {
		return err
	}
	chosen := one.Best.Float("alpha")

	var val, test, fit []float64
	for _, a := range alphas {
		v, err1 := validated(a)
		t, err2 := squaredError(a, x, y, xTest, yTest)
		f, err3 := squaredError(a, x, y, x, y)
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
		val, test, fit = append(val, v), append(test, t), append(fit, f)
	}
	k := slices.Index(alphas, chosen)
	c.AtMost("test error with the chosen penalty over the least of all penalties", test[k]/slices.Min(test), 1.05)
	c.Equal("the penalty that the grid chose less the one of least cross-validated error", chosen-alphas[slices.Index(val, slices.Min(val))], 0)
	c.AtMost("cross-validated error off the test error, in units of the test error", math.Abs(val[k]/test[k]-1), 0.25)
	c.Control(func() {
		byFit := slices.Index(fit, slices.Min(fit))
		c.AtLeast("chosen by the training error: test error over the least", test[byFit]/slices.Min(test), 1.3)
		c.AtMost("training error there over the test error", fit[byFit]/test[byFit], 0.3)
	})
	if err := sameSearch(ctx, c, space, one, objective); err != nil {
		return err
	}
	if err := halving(ctx, c, x, y, xTest, yTest); err != nil {
		return err
	}
	return c.Picture("penalty", func(path string) error {
		var decades []float64
		for _, a := range alphas {
			decades = append(decades, math.Log10(a))
		}
		return plot.Lines(path, plot.Chart{Title: "Ridge regression, 60 rows of 40 features: what chooses the penalty", XLabel: "penalty, log10 α", YLabel: "mean squared error", Series: []plot.Series{
			{Name: "training", X: decades, Y: fit}, {Name: "5-fold cross-validation", X: decades, Y: val}, {Name: "4000 test rows", X: decades, Y: test, Dashed: true},
		}})
	})
}

// sameSearch compares searches with other numbers of workers, and one that was stopped and continued.
func sameSearch(ctx context.Context, c *catalog.Check, space []search.Param, want *search.Result, f search.Objective) error {
	equal := func(r *search.Result) bool {
		return slices.EqualFunc(r.All, want.All, func(a, b search.Outcome) bool { return a.Number == b.Number && a.Score == b.Score && a.Seed == b.Seed })
	}
	four, err := search.Grid(ctx, space, search.Config{Workers: 4}, f)
	if err != nil {
		return err
	}
	c.True("with 4 workers the same outcomes", equal(four))
	folder, err := os.MkdirTemp("", "hadal-search-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	cfg := search.Config{File: filepath.Join(folder, "search.jsonl")}
	stopped, stop := context.WithCancel(ctx)
	defer stop()
	tried := 0
	counted := func(ctx context.Context, t search.Trial) (float64, error) {
		if tried++; tried == 5 {
			stop()
		}
		return f(ctx, t)
	}
	if _, err := search.Grid(stopped, space, cfg, counted); err == nil {
		return fmt.Errorf("a search went on after it was stopped")
	}
	before := tried
	continued, err := search.Grid(ctx, space, cfg, counted)
	if err != nil {
		return err
	}
	c.True("stopped and continued, the same outcomes", equal(continued))
	c.AtMost("trials made in both parts of it, of 13, but for the one that was stopped", float64(tried), 14)
	c.AtLeast("of them before the stop", float64(before), 5)
	return nil
}

// halving gives the budget of rows to those penalties that do well with few.
func halving(ctx context.Context, c *catalog.Check, x, y, xTest, yTest *tensor.Tensor) error {
	rows := 0
	f := func(_ context.Context, t search.Trial) (float64, error) {
		n := min(t.Budget, 48)
		rows += n
		return squaredError(t.Float("alpha"), x.Narrow(0, 0, n), y.Narrow(0, 0, n), x.Narrow(0, 48, 12), y.Narrow(0, 48, 12))
	}
	space := []search.Param{{Name: "alpha", Range: search.LogUniform(1e-2, 1e4)}}
	r, err := search.Halving(ctx, space, search.HalvingConfig{Config: search.Config{Trials: 27, Seed: 1}, Least: 12, Most: 48, Eta: 2}, f)
	if err != nil {
		return err
	}
	e, err := squaredError(r.Best.Float("alpha"), x, y, xTest, yTest)
	if err != nil {
		return err
	}
	least := math.Inf(1)
	for k := range 25 {
		t, err := squaredError(math.Pow(10, -2+float64(k)/4), x, y, xTest, yTest)
		if err != nil {
			return err
		}
		least = min(least, t)
	}
	c.AtMost("successive halving: test error over the least", e/least, 1.25)
	c.AtMost("rows it fitted over those of a random search", float64(rows)/(27*48), 0.8)
	return nil
}

package classical

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B07", Tier: catalog.Small, Title: "Training, validation and test data; k-fold cross-validation", Source: "Stone 1974",
		Target: "folds partition the data, stratified ones keep classes to ±1; 3 folds choose degree 2 on the evolutions in >= 80 of 100 shuffles",
		Note:   dataNote + "; degrees are judged by the squared error, which the fits minimise. By the absolute error it is 77% of shuffles, in scikit-learn too (1000 of them; 93% by the squared one)",
		Test:   crossValidation,
	})
}

func crossValidation(ctx context.Context, c *catalog.Check) error {
	e, err := loadEvolutions(ctx, c)
	if err != nil {
		return err
	}
	n := len(e.all)
	numbers, species := make(dataset.Slice[int], n), make([]int64, n)
	for i, p := range e.all {
		numbers[i], species[i] = i, int64(slices.Index(e.names, p.Species))
	}
	counts, byAbsolute, mean := make([]float64, 5), make([]float64, 5), make([]float64, 5)
	_, err = c.Seeds(100, func(seed uint64) (float64, error) {
		folds, err := dataset.KFold(numbers, 3, seed)
		if err != nil {
			return 0, err
		}
		squared, absolute := make([]float64, 5), make([]float64, 5)
		for _, f := range folds {
			for degree := range squared {
				residual, err := validate(e, f, degree+1)
				if err != nil {
					return 0, err
				}
				squared[degree] += residual.Square().Mean().Item() / 3
				absolute[degree] += residual.Abs().Mean().Item() / 3
			}
		}
		for k, s := range squared {
			mean[k] += math.Sqrt(s) / 100
		}
		best := slices.Index(squared, slices.Min(squared))
		counts[best]++
		byAbsolute[slices.Index(absolute, slices.Min(absolute))]++
		return float64(best + 1), ctx.Err()
	})
	if err != nil {
		return err
	}
	c.AtLeast("shuffles of 100 in which 3 folds choose degree 2", counts[1], 80)
	c.AtLeast("shuffles in which they do by the absolute error", byAbsolute[1], 65)
	c.Equal("shuffles in which they choose a straight line", counts[0], 0)
	if err := partitions(c, numbers, species); err != nil {
		return err
	}
	return c.Picture("degrees", func(file string) error {
		names := []string{}
		for k := range counts {
			names = append(names, fmt.Sprintf("degree %d (RMSE %.0f)", k+1, mean[k]))
		}
		return plot.Bars(file, names, []plot.Group{{Values: counts}}, plot.BarsConfig{Title: "What 3 folds choose in 100 shuffles", XLabel: "shuffles"})
	})
}

// partitions checks what folds are.
func partitions(c *catalog.Check, numbers dataset.Slice[int], species []int64) error {
	n := len(numbers)
	whole, balanced := true, true
	for _, k := range []int{2, 3, 5, 10} {
		for seed := range uint64(10) {
			plain, err := dataset.KFold(numbers, k, seed)
			if err != nil {
				return err
			}
			even, err := dataset.StratifiedKFold(numbers, species, k, seed)
			if err != nil {
				return err
			}
			for _, folds := range [][]dataset.Fold[int]{plain, even} {
				tested := make([]int, n)
				for _, f := range folds {
					trained := make([]int, n)
					for _, i := range f.Test.Indices {
						tested[i]++
						trained[i]++
					}
					for _, i := range f.Train.Indices {
						trained[i]++
					}
					whole = whole && !slices.ContainsFunc(trained, func(times int) bool { return times != 1 })
				}
				whole = whole && !slices.ContainsFunc(tested, func(times int) bool { return times != 1 })
			}
			for s := range int64(4) {
				total := 0
				for _, x := range species {
					if x == s {
						total++
					}
				}
				for _, f := range even {
					mine := 0
					for _, i := range f.Test.Indices {
						if species[i] == s {
							mine++
						}
					}
					balanced = balanced && math.Abs(float64(mine)-float64(total)/float64(k)) <= 1
				}
			}
		}
	}
	c.True("each sample is tested once, and trains in the other folds", whole)
	c.True("stratified folds have each species in its proportion to ±1", balanced)
	return nil
}

// validate returns the residuals on the test part of a polynomial fitted to the training part.
func validate(e evolutions, f dataset.Fold[int], degree int) (*tensor.Tensor, error) {
	part := func(s dataset.Subset[int]) (cp, y *tensor.Tensor) {
		idx := make([]int64, len(s.Indices))
		for i, j := range s.Indices {
			idx[i] = int64(j)
		}
		at := tensor.Of(idx)
		return e.cp.IndexSelect(0, at), e.y.IndexSelect(0, at)
	}
	cp, y := part(f.Train)
	held, want := part(f.Test)
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(cp); err != nil {
		return nil, err
	}
	expand := linear.NewPolynomial(linear.PolynomialConfig{Degree: degree})
	m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
	if err := m.Fit(expand.Transform(scaler.Transform(cp)), y); err != nil {
		return nil, err
	}
	return want.Sub(m.Predict(expand.Transform(scaler.Transform(held)))), nil
}

package classical

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B02", Tier: catalog.Small, Title: "Linear regression with a model for each species", Source: "Lee, Machine Learning 2016",
		Target: "leave-one-out mean error on 75 evolutions: 83.24 by combat power alone, 11.19 with species (training 80.09, 8.47)",
		Note:   dataNote + "; the training error with species is 8.4648, in NumPy too, which the catalog rounds to 8.47", Test: speciesRegression,
	}, catalog.Row{
		ID: "B03", Tier: catalog.Small, Title: "Polynomial regression and overfitting", Source: "Lee, Machine Learning 2016",
		Target: "leave-one-out mean error by degree 1 to 5: 83.24, 52.19, 52.66, 54.04, 54.18; the training error falls, the other rises after degree 2",
		Note:   dataNote + "; what falls with the degree is the squared error, which is minimised: the mean absolute one of degrees 2 to 4 is 50.33, 50.34, 50.47",
		Test:   polynomialRegression,
	})
}

const dataNote = "tier S, not U: the 75 evolutions are a file that is not part of the program"

// evolutions are the 75 Pokémon of pokemon.EvolutionCP as tensors.
type evolutions struct {
	cp, y   *tensor.Tensor // (75, 1), (75,): combat power before and after
	species *tensor.Tensor // (75, 4): 1 in the column of the species
	names   []string
	all     []pokemon.Evolution
}

func loadEvolutions(ctx context.Context, c *catalog.Check) (e evolutions, err error) {
	if e.all, err = pokemon.EvolutionCP(ctx, c.Source); err != nil {
		return e, err
	}
	var cp, y []float64
	var species []int64
	for _, p := range e.all {
		cp, y = append(cp, p.Before.CP), append(y, p.After.CP)
		k := slices.Index(e.names, p.Species)
		if k < 0 {
			k = len(e.names)
			e.names = append(e.names, p.Species)
		}
		species = append(species, int64(k))
	}
	e.cp, e.y = column(cp), tensor.Of(y)
	e.species = tensor.Of(species).OneHot(len(e.names)).To(tensor.Float64)
	return e, nil
}

// errorsOf returns the mean absolute errors of least squares on its training data and on each sample when fitted without it.
func errorsOf(x, y *tensor.Tensor, noIntercept bool) (train, loo float64, err error) {
	path, err := linear.RidgePath(x, y, []float64{0}, linear.RidgeConfig{NoIntercept: noIntercept})
	if err != nil {
		return 0, 0, err
	}
	return mae(path.Model(0).Predict(x), y), path.LeaveOneOut.Abs().Mean().Item(), nil
}

func speciesRegression(ctx context.Context, c *catalog.Check) error {
	e, err := loadEvolutions(ctx, c)
	if err != nil {
		return err
	}
	// y = Σ_k δ(species = k) (b_k + w_k x)
	x := tensor.Concat(1, e.species, e.species.Mul(e.cp))
	train, loo, err := errorsOf(x, e.y, true)
	if err != nil {
		return err
	}
	train1, loo1, err := errorsOf(e.cp, e.y, false)
	if err != nil {
		return err
	}
	c.Near("leave-one-out error with species", loo, 11.19, 0.005)
	c.Near("training error with species", train, 8.4648, 5e-5)
	c.Near("leave-one-out error by combat power alone", loo1, 83.24, 0.005)
	c.Near("training error by combat power alone", train1, 80.09, 0.005)

	// Indicators make of one regression four that know nothing of each other.
	joint := linear.NewLinearRegression(linear.LinearRegressionConfig{NoIntercept: true})
	if err := joint.Fit(x, e.y); err != nil {
		return err
	}
	var series []plot.Series
	var off float64
	for k, name := range e.names {
		mine := e.species.Select(1, k).GtScalar(0)
		cp, y := e.cp.Select(1, 0).MaskedSelect(mine), e.y.MaskedSelect(mine)
		one := linear.NewLinearRegression(linear.LinearRegressionConfig{})
		if err := one.Fit(cp.Reshape(-1, 1), y); err != nil {
			return err
		}
		off = max(off, worst(one.Coef.Select(0, 0), joint.Coef.Select(0, len(e.names)+k)), worst(one.Intercept, joint.Coef.Select(0, k)))
		ends := []float64{cp.Min().Item(), cp.Max().Item()}
		series = append(series, plot.Series{Name: name, X: ends, Y: one.Predict(column(ends)).Floats()})
	}
	c.AtMost("difference from four separate regressions", off, 1e-8)
	return c.Picture("species", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "A line for each species", XLabel: "combat power before", YLabel: "combat power after",
			Series: append(series, dots("Pokémon", e.cp.Floats(), e.y.Floats()))})
	})
}

func polynomialRegression(ctx context.Context, c *catalog.Check) error {
	e, err := loadEvolutions(ctx, c)
	if err != nil {
		return err
	}
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(e.cp); err != nil {
		return err
	}
	z := scaler.Transform(e.cp) // least squares gives the same predictions, but powers of cp alone are too large for float64
	var degrees, train, squared, loo []float64
	var fits []plot.Series
	for degree, want := range []float64{83.24, 52.19, 52.66, 54.04, 54.18} {
		expand := linear.NewPolynomial(linear.PolynomialConfig{Degree: degree + 1})
		t, l, err := errorsOf(expand.Transform(z), e.y, false)
		if err != nil {
			return err
		}
		degrees, train, loo = append(degrees, float64(degree+1)), append(train, t), append(loo, l)
		c.Near(fmt.Sprint("leave-one-out error of degree ", degree+1), l, want, 0.005)
		m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
		if err := m.Fit(expand.Transform(z), e.y); err != nil {
			return err
		}
		squared = append(squared, math.Sqrt(m.Predict(expand.Transform(z)).Sub(e.y).Square().Mean().Item()))
		if degree%2 == 0 || degree == 1 {
			grid := tensor.Linspace(5, 640, 100).To(tensor.Float64)
			fits = append(fits, plot.Series{Name: fmt.Sprint("degree ", degree+1), X: grid.Floats(),
				Y: m.Predict(expand.Transform(scaler.Transform(grid.Reshape(-1, 1)))).Floats()})
		}
	}
	for k := 1; k < len(squared); k++ {
		c.AtMost(fmt.Sprintf("change of the root mean squared training error from degree %d to %d", k, k+1), squared[k]-squared[k-1], 0)
	}
	c.True("the leave-one-out error is least at degree 2 and rises after", loo[1] < loo[0] && loo[1] < loo[2] && loo[2] < loo[3] && loo[3] < loo[4])
	if err := c.Picture("fits", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "Polynomials of 75 evolutions", XLabel: "combat power before", YLabel: "combat power after", Series: append(fits, dots("Pokémon", e.cp.Floats(), e.y.Floats()))})
	}); err != nil {
		return err
	}
	return c.Picture("degrees", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "Training and leave-one-out error by degree", XLabel: "degree", YLabel: "mean absolute error", Series: []plot.Series{
			{Name: "training", X: degrees, Y: train, Dashed: true}, {Name: "leave one out", X: degrees, Y: loo}}})
	})
}

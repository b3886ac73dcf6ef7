package classical

import (
	"context"
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
		ID: "B06", Tier: catalog.Small, Title: "Bias-variance decomposition", Source: "Geman, Bienenstock and Doursat 1992",
		Target: "on y = sin x + ε, 500 fits each: bias² + variance + σ² = MSE within 2%; from degree 1 to 5 bias² falls, variance rises; twice the data halves the variance and leaves bias²",
		Note:   "that more data cure a large bias is a misprint: sixteen times the data leave it as it is, a richer model cures it",
		Test:   biasVariance,
	})
}

const (
	sineEnd   = 7.0 // x lies in [0, 7]: symmetry would make even degrees useless on [0, 2π]
	sineNoise = 0.5 // σ
	sineN     = 24
	sineFits  = 500
)

// spread is what 500 fits of one degree do at points of [0, 7].
type spread struct {
	mean, std            []float64 // of the predictions, at each point
	bias2, variance, mse float64   // means over the points; mse is on fresh noise
}

// points returns n midpoints of [0, 7] as (n, 1) and their sines.
func points(n int) (x, sine *tensor.Tensor) {
	x = tensor.Arange(0, n, 1).To(tensor.Float64).AddScalar(0.5).MulScalar(sineEnd/float64(n)).Reshape(-1, 1)
	return x, x.Sin().Select(1, 0)
}

// resample fits polynomials of a degree to 500 data sets of n samples: the same x, new noise.
func resample(ctx context.Context, g *random.Generator, degree, n int) (s spread, err error) {
	scale := func(x *tensor.Tensor) *tensor.Tensor { // to [-1, 1], for the sake of high powers
		return linear.NewPolynomial(linear.PolynomialConfig{Degree: degree}).Transform(x.MulScalar(2 / sineEnd).SubScalar(1))
	}
	x, sine := points(n)
	grid, truth := points(100)
	x, grid = scale(x), scale(grid)
	var all []*tensor.Tensor
	for range sineFits {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
		if err := m.Fit(x, sine.Add(tensor.Randn(g, n).To(tensor.Float64).MulScalar(sineNoise))); err != nil {
			return s, err
		}
		all = append(all, m.Predict(grid))
	}
	f := tensor.Stack(0, all...) // (500, 100)
	mean, variance := f.Mean(0), f.Var(1, 0)
	s.mean, s.std, s.variance = mean.Floats(), variance.Sqrt().Floats(), variance.Mean().Item()
	// The mean of 500 fits still varies by a 500th of the variance.
	s.bias2 = mean.Sub(truth).Square().Mean().Item() - s.variance/sineFits
	fresh := truth.Add(tensor.Randn(g, sineFits, 100).To(tensor.Float64).MulScalar(sineNoise))
	s.mse = fresh.Sub(f).Square().Mean().Item()
	return s, nil
}

func biasVariance(ctx context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	var degrees, bias2, variance, mse, noise []float64
	var all []spread
	var off float64
	for degree := 1; degree <= 5; degree++ {
		s, err := resample(ctx, g, degree, sineN)
		if err != nil {
			return err
		}
		all = append(all, s)
		degrees, bias2, variance = append(degrees, float64(degree)), append(bias2, s.bias2), append(variance, s.variance)
		mse, noise = append(mse, s.mse), append(noise, sineNoise*sineNoise)
		off = max(off, math.Abs((s.bias2+s.variance+sineNoise*sineNoise)/s.mse-1))
	}
	c.AtMost("worst |(bias² + variance + σ²) / MSE - 1| of degrees 1 to 5", off, 0.02)
	for k := 1; k < 5; k++ {
		c.AtMost(fmt.Sprintf("bias² of degree %d over that of %d", k+1, k), bias2[k]/bias2[k-1], 1)
		c.AtLeast(fmt.Sprintf("variance of degree %d over that of %d", k+1, k), variance[k]/variance[k-1], 1)
	}
	var before, after float64
	for degree := 1; degree <= 5; degree++ {
		s, err := resample(ctx, g, degree, 2*sineN)
		if err != nil {
			return err
		}
		before, after = before+variance[degree-1], after+s.variance
		if degree == 1 {
			c.Near("bias² of degree 1 with twice the data over that before", s.bias2/bias2[0], 1, 0.05)
		}
	}
	c.Near("variance with twice the data over that before", after/before, 0.5, 0.05)
	many, err := resample(ctx, g, 1, 16*sineN)
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtLeast("bias² of degree 1 with 16 times the data over that before: more data do not cure it", many.bias2/bias2[0], 0.9)
	})
	c.AtMost("bias² of degree 5 over that of degree 1: a richer model does", bias2[4]/bias2[0], 0.1)

	if err := c.Picture("decomposition", func(file string) error {
		return plot.Lines(file, plot.Chart{Title: "Polynomials of 24 noisy samples of sin x", XLabel: "degree", YLabel: "squared error", Series: []plot.Series{
			{Name: "bias²", X: degrees, Y: bias2}, {Name: "variance", X: degrees, Y: variance},
			{Name: "σ²", X: degrees, Y: noise, Dashed: true}, {Name: "MSE", X: degrees, Y: mse}}})
	}); err != nil {
		return err
	}
	return c.Picture("fits", func(file string) error {
		grid, truth := points(100)
		series := []plot.Series{{Name: "sin x", X: grid.Floats(), Y: truth.Floats(), Dashed: true}}
		for _, degree := range []int{1, 3, 5} {
			s := all[degree-1]
			band := plot.Series{Name: fmt.Sprintf("degree %d ± 2 standard deviations", degree), X: grid.Floats(), Y: s.mean}
			for i, m := range s.mean {
				band.Lo, band.Hi = append(band.Lo, m-2*s.std[i]), append(band.Hi, m+2*s.std[i])
			}
			series = append(series, band)
		}
		return plot.Lines(file, plot.Chart{Title: "500 fits each of 24 noisy samples of sin x", XLabel: "x", YLabel: "y", Series: series})
	})
}

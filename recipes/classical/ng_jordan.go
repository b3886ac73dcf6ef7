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
		ID: "B20", Tier: catalog.Small, Title: "Generative against discriminative: naive Bayes and logistic regression", Source: "Ng and Jordan 2002",
		Target: "on normal features that are not independent naive Bayes has the lower test error at n = 20 and 30, logistic regression at n = 1000 and 3000",
		Note: "12 features of which 4 correlate at 0.7: naive Bayes is wrong about them, and soon as good as it gets; logistic regression is right and needs more data. " +
			"At n = 10 naive Bayes loses too, with variances of five rows each",
		Test: ngJordan,
	})
}

// twoNormals draws n rows, alternately of two classes, of 12 normal features with means ±0.36 and ±0.24; the first 4 correlate.
func twoNormals(g *random.Generator, n int, correlation float64) (x, y *tensor.Tensor) {
	const d, dependent = 12, 4
	rows, labels := make([]float64, 0, n*d), make([]int64, n)
	for i := range n {
		labels[i] = int64(i % 2)
		sign, common := float64(2*(i%2)-1), g.NormFloat64()
		for j := range d {
			v, mean := g.NormFloat64(), 0.24
			if j < dependent {
				v, mean = math.Sqrt(correlation)*common+math.Sqrt(1-correlation)*v, 0.36
			}
			rows = append(rows, v+sign*mean)
		}
	}
	return tensor.Of(rows, n, d), tensor.Of(labels)
}

// testErrors returns the mean test errors of naive Bayes and of logistic regression over training sets of n rows.
func testErrors(seed uint64, n int, correlation float64) (bayes, logistic float64, err error) {
	sets := 20
	if n <= 100 {
		sets = 200 // small sets differ more
	}
	xTest, yTest := twoNormals(random.FromKey(random.KeyAt(seed, 0)), 4000, correlation)
	for i := range sets {
		x, y := twoNormals(random.FromKey(random.KeyAt(seed, uint64(n), uint64(i)+1)), n, correlation)
		nb := linear.NewGaussianNB(linear.GaussianNBConfig{})
		lr := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 1000}) // next to none; without, few rows have no maximum
		if err := nb.Fit(x, y); err != nil {
			return 0, 0, err
		}
		if err := lr.Fit(x, y); err != nil {
			return 0, 0, err
		}
		bayes += (1 - nb.Score(xTest, yTest)) / float64(sets)
		logistic += (1 - lr.Score(xTest, yTest)) / float64(sets)
	}
	return bayes, logistic, nil
}

func ngJordan(ctx context.Context, c *catalog.Check) error {
	sizes := []int{10, 20, 30, 100, 300, 1000, 3000}
	curve := []plot.Series{{Name: "naive Bayes"}, {Name: "logistic regression"}}
	for _, n := range sizes {
		if err := ctx.Err(); err != nil {
			return err
		}
		var bayes, logistic []float64
		ahead, err := c.Median(3, func(seed uint64) (float64, error) {
			b, l, err := testErrors(seed, n, 0.7)
			bayes, logistic = append(bayes, b), append(logistic, l)
			return l - b, err
		})
		if err != nil {
			return err
		}
		switch {
		case n == 20 || n == 30:
			c.AtLeast(fmt.Sprintf("test error of logistic regression less that of naive Bayes, n = %d", n), ahead, 0.005)
		case n >= 1000:
			c.AtLeast(fmt.Sprintf("test error of naive Bayes less that of logistic regression, n = %d", n), -ahead, 0.02)
		}
		for i, e := range [][]float64{bayes, logistic} {
			curve[i].X, curve[i].Y = append(curve[i].X, math.Log10(float64(n))), append(curve[i].Y, catalog.Median(e))
		}
	}
	b, l, err := testErrors(max(c.Seed, 1), 3000, 0)
	if err != nil {
		return err
	}
	c.Control(func() { c.AtMost("the same at n = 3000 where the features are independent", b-l, 0.005) })
	return c.Picture("crossing", func(path string) error {
		return plot.Lines(path, plot.Chart{Title: "Naive Bayes learns fast, logistic regression further", XLabel: "log₁₀ n", YLabel: "test error", Series: curve})
	})
}

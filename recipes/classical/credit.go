package classical

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B22", Tier: catalog.Small, Title: "Credit: income, savings, age and major, scaled and one-hot, to admit or reject", Source: "Lee, Machine Learning 2016",
		Target: "test accuracy ≥ 0.95 on applicants made by a rule, as the median of 3 seeds; the scaler and the categories are learned from training rows alone",
		Test:   credit,
	})
}

var majors = []string{"law", "engineering", "arts", "medicine"}

// applicants are columns of a table: three of numbers and one of categories.
type applicants struct {
	numbers *tensor.Tensor // (N, 3): income and savings in thousands a year, age in years
	major   *tensor.Tensor // (N,) int64, index into majors
	admit   *tensor.Tensor // (N,) int64
}

// newApplicants makes n applicants and decides by a rule: points for each thousand of income and savings and for the major, which is no
// order of majors, and some less for each year that age is over 40. One in a hundred decisions is a mistake.
func newApplicants(g *random.Generator, n int) applicants {
	points := []float64{-12, 14, -2, 18}
	var numbers []float64
	var major, admit []int64
	for range n {
		income, savings, age, m := 20+80*g.Float64(), 50*g.Float64()*g.Float64(), 18+50*g.Float64(), g.Intn(len(majors))
		yes := int64(0)
		if 0.5*income+0.8*savings-0.3*(age-40)+points[m] > 45 {
			yes = 1
		}
		if g.Float64() < 0.01 {
			yes = 1 - yes
		}
		numbers, major, admit = append(numbers, income, savings, age), append(major, int64(m)), append(admit, yes)
	}
	return applicants{tensor.Of(numbers, n, 3), tensor.Of(major), tensor.Of(admit)}
}

// oneHot appends a column of 0 and 1 for each major.
func (a applicants) oneHot(numbers *tensor.Tensor) *tensor.Tensor {
	return tensor.Concat(1, numbers, a.major.OneHot(len(majors)).To(tensor.Float64))
}

// asNumber appends the index of the major as if it were an amount.
func (a applicants) asNumber(numbers *tensor.Tensor) *tensor.Tensor {
	return tensor.Concat(1, numbers, a.major.To(tensor.Float64).Reshape(-1, 1))
}

func credit(_ context.Context, c *catalog.Check) error {
	type encoder = func(applicants, *tensor.Tensor) *tensor.Tensor
	var first *linear.LogisticRegression
	run := func(encode encoder, shuffle bool) (float64, error) {
		return c.Median(3, func(seed uint64) (float64, error) {
			g := random.New(seed)
			train, test := newApplicants(g, 1000), newApplicants(g, 4000)
			s := linear.NewStandardScaler(linear.StandardScalerConfig{})
			if err := s.Fit(train.numbers); err != nil {
				return 0, err
			}
			y := train.admit
			if shuffle {
				y = y.IndexSelect(0, tensor.Of(random.Permutation(y.Dim(0), g.Next())))
			}
			m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 10})
			if err := m.Fit(encode(train, s.Transform(train.numbers)), y); err != nil {
				return 0, err
			}
			if first == nil {
				first = m
			}
			return m.Score(encode(test, s.Transform(test.numbers)), test.admit), nil
		})
	}
	got, err := run(applicants.oneHot, false)
	if err != nil {
		return err
	}
	asNumber, err := run(applicants.asNumber, false)
	if err != nil {
		return err
	}
	shuffled, err := run(applicants.oneHot, true)
	if err != nil {
		return err
	}
	c.AtLeast("test accuracy, numbers scaled and major one-hot", got, 0.95)
	w := first.Coef.Floats()
	c.True("income, savings speak for and age against, medicine and engineering for, law against",
		w[0] > 0 && w[1] > 0 && w[2] < 0 && w[6] > w[4] && w[4] > w[5] && w[5] > w[3])
	c.Control(func() {
		c.AtMost("test accuracy with the major as one number", asNumber, got-0.02)
		c.AtMost("test accuracy with shuffled labels", shuffled, 0.7)
	})
	return c.Picture("weights", func(path string) error {
		names := append([]string{"income", "savings", "age"}, majors...)
		return plot.Bars(path, names, []plot.Group{{Values: w}}, plot.BarsConfig{Title: "Weights of scaled numbers and of majors", XLabel: "weight"})
	})
}

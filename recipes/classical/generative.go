package classical

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

const statsNote = "tier S, not U: the base statistics are a file that is not part of the program"

func init() {
	catalog.Register(catalog.Row{
		ID: "B18", Tier: catalog.Small, Title: "Gaussian generative classifier, a covariance for each class", Source: "Lee, Machine Learning 2016; Bishop 2006",
		Target: "79 Water and 61 Normal below number 400; Water's mean (75.04, 71.33) and covariance [[873.86, 327.20], [327.20, 928.68]]; test accuracy 0.514 by 2 statistics, 0.643 by 6",
		Note:   statsNote, Test: gaussianClasses,
	}, catalog.Row{
		ID: "B19", Tier: catalog.Small, Title: "Shared covariance: a linear boundary (LDA) and σ(w·x + b)", Source: "Fisher 1936",
		Target: "w = Σ⁻¹(μ₁ - μ₂): the posterior is σ(w·x + b) to 1e-12; test accuracy 0.486 by 2 statistics, 0.771 by 6; a singular covariance is reported",
		Note:   statsNote, Test: sharedCovariance,
	})
}

// waterNormal are the Pokémon of these types as the course has them: class 1 is Water, C1, and class 0 Normal. Those below number 400 are
// to train on.
type waterNormal struct {
	x, y, xTest, yTest *tensor.Tensor // (N, 7): Defense, Sp. Def, HP, Attack, Sp. Atk, Speed, Total
	counts, tests      [2]int
}

func loadWaterNormal(ctx context.Context, c *catalog.Check) (w waterNormal, err error) {
	all, err := pokemon.BaseStats(ctx, c.Source)
	if err != nil {
		return w, err
	}
	var x, xTest []float64
	var y, yTest []int64
	for _, p := range all {
		if p.Type1 != "Water" && p.Type1 != "Normal" {
			continue
		}
		class := int64(0)
		if p.Type1 == "Water" {
			class = 1
		}
		row := []float64{p.Defense, p.SpDef, p.HP, p.Attack, p.SpAtk, p.Speed, p.Total}
		if p.Number < 400 {
			x, y = append(x, row...), append(y, class)
			w.counts[class]++
		} else {
			xTest, yTest = append(xTest, row...), append(yTest, class)
			w.tests[class]++
		}
	}
	w.x, w.y = tensor.Of(x, len(y), 7), tensor.Of(y)
	w.xTest, w.yTest = tensor.Of(xTest, len(yTest), 7), tensor.Of(yTest)
	return w, nil
}

// first keeps the first d statistics.
func first(x *tensor.Tensor, d int) *tensor.Tensor { return x.Narrow(1, 0, d) }

func gaussianClasses(ctx context.Context, c *catalog.Check) error {
	w, err := loadWaterNormal(ctx, c)
	if err != nil {
		return err
	}
	for _, d := range []int{6, 2} {
		m := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{})
		if err := m.Fit(first(w.x, d), w.y); err != nil {
			return err
		}
		want := map[int]float64{2: 0.514, 6: 0.643}[d]
		c.Near(fmt.Sprintf("test accuracy by %d statistics", d), m.Score(first(w.xTest, d), w.yTest), want, 5e-4)
		if d == 6 {
			continue
		}
		c.Equal("Water to train on", float64(w.counts[1]), 79)
		c.Equal("Normal to train on", float64(w.counts[0]), 61)
		c.Equal("to test on, 33 and 37", float64(100*min(w.tests[0], w.tests[1])+max(w.tests[0], w.tests[1])), 3337)
		c.AtMost("error of Water's mean (75.04, 71.33)", worst(m.Mean.Select(0, 1), f64([]float64{75.04, 71.33}, 2)), 5e-3)
		c.AtMost("error of its covariance [[873.86, 327.20], [327.20, 928.68]]",
			worst(m.Covariance.Select(0, 1), f64([]float64{873.86, 327.20, 327.20, 928.68}, 2, 2)), 5e-3)

		// Bayes' rule by the density as it is written.
		x := first(w.xTest, 2)
		off := 0.0
		rows, probs := x.Floats(), m.PredictProba(x).Floats()
		for i := 0; i < len(rows); i += 2 {
			var joint [2]float64
			for k := range joint {
				joint[k] = float64(w.counts[k]) / 140 * normalDensity(rows[i:i+2], m.Mean.Select(0, k).Floats(), m.Covariance.Select(0, k).Floats())
			}
			off = max(off, math.Abs(probs[i+1]-joint[1]/(joint[0]+joint[1])))
		}
		c.AtMost("difference of P(C1 | x) and P(x | C1) P(C1) / Σ", off, 1e-12)
		if err := drawStats(c, "quadratic", "A covariance for each class: a quadratic boundary", w, m.Predict); err != nil {
			return err
		}
	}
	return nil
}

// normalDensity is N(x; μ, Σ) of the plane.
func normalDensity(x, mu, s []float64) float64 {
	a, b := x[0]-mu[0], x[1]-mu[1]
	det := s[0]*s[3] - s[1]*s[2]
	return math.Exp(-0.5*(a*a*s[3]-2*a*b*s[1]+b*b*s[0])/det) / (2 * math.Pi * math.Sqrt(det))
}

func drawStats(c *catalog.Check, name, title string, w waterNormal, predict func(*tensor.Tensor) *tensor.Tensor) error {
	return drawRegions(c, name, planeOf(w.x, w.y, 0, 1), predict, plot.ScatterConfig{Title: title, XLabel: "Defense", YLabel: "Sp. Def", Classes: []string{"Normal", "Water"}})
}

func sharedCovariance(ctx context.Context, c *catalog.Check) error {
	w, err := loadWaterNormal(ctx, c)
	if err != nil {
		return err
	}
	for _, d := range []int{6, 2} {
		m := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
		x := first(w.x, d)
		if err := m.Fit(x, w.y); err != nil {
			return err
		}
		want := map[int]float64{2: 0.486, 6: 0.771}[d]
		c.Near(fmt.Sprintf("test accuracy by %d statistics", d), m.Score(first(w.xTest, d), w.yTest), want, 5e-4)
		l, err := m.Linear()
		if err != nil {
			return err
		}
		bayes := m.PredictProba(x).Select(1, 1)
		c.AtMost(fmt.Sprintf("difference of the posterior and σ(w·x + b), %d statistics", d), worst(bayes, l.DecisionFunction(x).Sigmoid()), 1e-12)
		c.Control(func() {
			c.AtLeast("the same for b without log P(C1)/P(C2)", worst(bayes, l.DecisionFunction(x).AddScalar(-math.Log(79.0/61)).Sigmoid()), 0.01)
		})
		if d == 2 {
			if err := drawStats(c, "linear", "One covariance: a linear boundary", w, m.Predict); err != nil {
				return err
			}
		}
	}
	m := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
	c.Control(func() {
		c.True("with Total, the sum of the six, the covariance is reported singular", errors.Is(m.Fit(w.x, w.y), linear.ErrSingular))
	})
	return nil
}

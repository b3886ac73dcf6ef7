package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D04", Tier: catalog.Unit, Title: "Adagrad", Source: "Duchi, Hazan and Singer 2011",
		Target: "the course's two factors ηᵗ = η/√(t+1) and σᵗ = √(Σg²/(t+1)) are η g/√Σg² to 1e-12; beats SGD on rare features of a sparse logistic regression",
		Note:   "a common misprint starts from w¹ on the right side of the first step; it is w⁰. Rates fall as steps, not as parameters, grow in number",
		Test:   adagrad,
	})
}

func adagrad(_ context.Context, c *catalog.Check) error {
	f := func(w float64) float64 { return w + math.Sin(3*w) - 0.5 }
	p := param(1.5)
	opt := optim.NewAdagrad(only(p), optim.AdagradConfig{LR: 0.3, Eps: new(0.0)})
	w, misprint, sum, sumMisprint := 1.5, 0.0, 0.0, 0.0 // w¹ is not known before the first step: 0
	var off, wrong float64
	for t := range 200 {
		step(opt, f(at(p)[0]))
		n := float64(t + 1)
		sum, sumMisprint = sum+f(w)*f(w), sumMisprint+f(misprint)*f(misprint)
		w -= 0.3 / math.Sqrt(n) / math.Sqrt(sum/n) * f(w)
		misprint -= 0.3 / math.Sqrt(n) / math.Sqrt(sumMisprint/n) * f(misprint)
		off, wrong = max(off, math.Abs(at(p)[0]-w)), max(wrong, math.Abs(at(p)[0]-misprint))
	}
	c.AtMost("|library - two factors| over 200 steps", off, 1e-12)
	c.Control(func() { c.AtLeast("starting from w¹ instead of w⁰", wrong, 0.1) })

	// Logistic regression, sample by sample: 10 features that are there half of the time, 40 that are there once in a hundred.
	adaptive, err := c.Median(3, func(seed uint64) (float64, error) {
		best := func(make func(p float64) (optim.Optimizer, func() []float64)) float64 {
			least := math.Inf(1)
			for _, lr := range []float64{0.03, 0.1, 0.3, 1} {
				least = min(least, rareLoss(seed, lr, make))
			}
			return least
		}
		sgd := best(func(lr float64) (optim.Optimizer, func() []float64) {
			p := param(make([]float64, 50)...)
			return optim.NewSGD(only(p), optim.SGDConfig{LR: lr}), func() []float64 { return at(p) }
		})
		ada := best(func(lr float64) (optim.Optimizer, func() []float64) {
			p := param(make([]float64, 50)...)
			return optim.NewAdagrad(only(p), optim.AdagradConfig{LR: lr}), func() []float64 { return at(p) }
		})
		return ada / sgd, nil
	})
	if err != nil {
		return err
	}
	c.AtMost("excess loss on samples with rare features, Adagrad's over SGD's, each at its best rate", adaptive, 0.9)
	return nil
}

// rareLoss trains on a stream of 3000 samples and returns the mean loss above that of the true weights on 2000 others with rare features.
func rareLoss(seed uint64, lr float64, make func(lr float64) (optim.Optimizer, func() []float64)) float64 {
	opt, weights := make(lr)
	g := random.New(seed)
	var truth [50]float64
	for i := range truth {
		truth[i] = 2 * g.NormFloat64()
	}
	draw := func(rare bool) (x []float64, y float64) {
		for !rare || len(x) == 0 {
			x = x[:0]
			seen := false
			for i := range truth {
				v := 0.0
				if i < 10 && g.Float64() < 0.5 || i >= 10 && g.Float64() < 0.01 {
					v, seen = 1, seen || i >= 10
				}
				x = append(x, v)
			}
			if rare && !seen {
				x = x[:0]
				continue
			}
			break
		}
		if g.Float64() < 1/(1+math.Exp(-dot(truth[:], x))) {
			y = 1
		}
		return x, y
	}
	for range 3000 {
		x, y := draw(false)
		err := 1/(1+math.Exp(-dot(weights(), x))) - y
		for i := range x {
			x[i] *= err
		}
		step(opt, x...)
	}
	excess := 0.0
	w := weights()
	for range 2000 {
		x, _ := draw(true)
		p := 1 / (1 + math.Exp(-dot(truth[:], x)))
		z := dot(w, x)
		cross := func(z float64) float64 { return p*math.Log1p(math.Exp(-z)) + (1-p)*math.Log1p(math.Exp(z)) }
		excess += cross(z) - cross(dot(truth[:], x))
	}
	return excess / 2000
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

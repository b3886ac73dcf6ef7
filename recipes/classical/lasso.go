package classical

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B05", Tier: catalog.Unit, Title: "L1 regularisation (lasso)", Source: "Tibshirani 1996; Beck and Teboulle 2009 (FISTA)",
		Target: "KKT residual < 1e-6; exact zeros; the 10 of 200 features that matter found from 100 samples at SNR 20 in >= 95 of 100 seeds, not by ridge",
		Note: "found means that the ten largest coefficients are those of the ten features. That no other coefficient differs from 0 is more than lasso can promise here: " +
			"that takes about 2k ln(p - k) = 105 samples (Wainwright 2009), and holds for some α in about half of the seeds",
		Test: lasso,
	})
}

const (
	sparseN, sparseP, sparseK = 100, 200, 10
	sparseSNR                 = 20.0 // variance of the signal over that of the noise
)

// sparseSignal makes y = Xw + ε of independent standard normal features, ten of which have a coefficient of 1 or -1.
func sparseSignal(seed uint64) (x, y *tensor.Tensor, support []int, sigma float64) {
	g := random.New(seed)
	x = tensor.Randn(g, sparseN, sparseP).To(tensor.Float64)
	w := make([]float64, sparseP)
	for _, j := range random.Permutation(sparseP, g.Next())[:sparseK] {
		w[j] = float64(2*g.Intn(2) - 1)
		support = append(support, int(j))
	}
	slices.Sort(support)
	sigma = math.Sqrt(sparseK / sparseSNR)
	return x, x.MatMul(tensor.Of(w)).Add(tensor.Randn(g, sparseN).To(tensor.Float64).MulScalar(sigma)), support, sigma
}

// largest returns the places of the k largest |w|, rising.
func largest(w []float64, k int) []int {
	order := make([]int, len(w))
	for j := range order {
		order[j] = j
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(math.Abs(w[j]), math.Abs(w[i])) })
	slices.Sort(order[:k])
	return order[:k]
}

func lasso(ctx context.Context, c *catalog.Check) error {
	var zeros float64
	found, err := c.Seeds(100, func(seed uint64) (float64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		x, y, support, sigma := sparseSignal(seed)
		alpha := sigma * math.Sqrt(2*math.Log(sparseP)/sparseN) // what |x_j·ε|/N stays below (Bickel, Ritov and Tsybakov 2009)
		m := linear.NewLasso(linear.LassoConfig{Alpha: &alpha, Tol: 1e-6})
		if err := m.Fit(x, y); err != nil {
			return 0, err
		}
		zeros += count(m.Coef, 0) / 100
		if !slices.Equal(largest(m.Coef.Floats(), sparseK), support) {
			return 0, nil
		}
		return 1, nil
	})
	if err != nil {
		return err
	}
	c.AtLeast("seeds of 100 in which the ten largest coefficients are the right ones", tensor.Of(found).Sum().Item(), 95)
	x, y, support, sigma := sparseSignal(max(c.Seed, 1))
	alpha := sigma * math.Sqrt(2*math.Log(sparseP)/sparseN)
	most, err := lassoKKT(x, y, alpha)
	if err != nil {
		return err
	}
	c.AtMost("KKT residual of ‖y - Xw‖² + λ‖w‖₁, λ = 2Nα", most, 1e-6)
	off, err := lassoFISTA(x, y, alpha)
	if err != nil {
		return err
	}
	c.AtMost("difference from FISTA's solution", off, 1e-6)
	c.AtLeast("coefficients of 200 that are exactly 0, on average", zeros, 150)
	if err := ridgeControl(c); err != nil {
		return err
	}
	return c.Picture("path", func(file string) error { return lassoPicture(file, x, y, support, alpha) })
}

// ridgeControl looks for the ten features by ridge.
func ridgeControl(c *catalog.Check) error {
	var zeros float64
	found, err := c.Seeds(20, func(seed uint64) (float64, error) {
		x, y, support, _ := sparseSignal(seed)
		m := linear.NewRidge(linear.RidgeConfig{})
		if err := m.Fit(x, y); err != nil {
			return 0, err
		}
		zeros += count(m.Coef, 0)
		if !slices.Equal(largest(m.Coef.Floats(), sparseK), support) {
			return 0, nil
		}
		return 1, nil
	})
	if err != nil {
		return err
	}
	c.Control(func() {
		c.AtMost("ridge: part of 20 seeds in which the ten largest are the right ones", tensor.Of(found).Mean().Item(), 0.6)
		c.Equal("ridge: coefficients that are exactly 0", zeros, 0)
	})
	return nil
}

// count returns how many elements are v.
func count(t *tensor.Tensor, v float64) float64 { return t.EqScalar(v).To(tensor.Float64).Sum().Item() }

// lassoKKT returns by how much the solution fails to be one: 2 x_j·r = λ sign(w_j) where w_j is not 0, |2 x_j·r| <= λ where it is.
func lassoKKT(x, y *tensor.Tensor, alpha float64) (most float64, err error) {
	m := linear.NewLasso(linear.LassoConfig{Alpha: &alpha, Tol: 1e-14, MaxSweeps: 1e5})
	if err := m.Fit(x, y); err != nil {
		return 0, err
	}
	lambda := 2 * alpha * float64(x.Dim(0))
	slope := y.Sub(m.Predict(x)).MatMul(x.Sub(x.Mean(0))).MulScalar(2).Floats()
	for j, w := range m.Coef.Floats() {
		if w != 0 {
			most = max(most, math.Abs(slope[j]-math.Copysign(lambda, w)))
		} else {
			most = max(most, math.Abs(slope[j])-lambda)
		}
	}
	return most, nil
}

// lassoFISTA returns how far coordinate descent's solution is from that of accelerated proximal gradient steps.
func lassoFISTA(x, y *tensor.Tensor, alpha float64) (float64, error) {
	m := linear.NewLasso(linear.LassoConfig{Alpha: &alpha, Tol: 1e-14, MaxSweeps: 1e5})
	if err := m.Fit(x, y); err != nil {
		return 0, err
	}
	n := float64(x.Dim(0))
	x, y = x.Sub(x.Mean(0)), y.Sub(y.Mean())
	s, err := linalg.SVDVals(x)
	if err != nil {
		return 0, err
	}
	step := n / math.Pow(s.Max().Item(), 2)
	w := tensor.ZerosLike(m.Coef)
	z, t := w, 1.0
	for range 3000 {
		v := z.Sub(x.MatMul(z).Sub(y).MatMul(x).MulScalar(step / n))
		next := v.Sub(v.Clamp(-step*alpha, step*alpha)) // soft thresholding
		t1 := (1 + math.Sqrt(1+4*t*t)) / 2
		if z.Sub(next).Mul(next.Sub(w)).Sum().Item() > 0 {
			t1 = 1 // begin anew where momentum leads uphill (O'Donoghue and Candès 2015)
		}
		z, w, t = next.Add(next.Sub(w).MulScalar((t-1)/t1)), next, t1
	}
	return worst(w, m.Coef), nil
}

// lassoPicture draws the coefficients over α: those of the ten features, and the others in grey.
func lassoPicture(file string, x, y *tensor.Tensor, support []int, alpha float64) error {
	path, err := linear.LassoPath(x, y, linear.PathConfig{Steps: 60, Eps: 0.01, Tol: 1e-6})
	if err != nil {
		return err
	}
	var at []float64
	for _, a := range path.Alphas {
		at = append(at, math.Log10(a))
	}
	right, wrong := plot.Series{Name: "the ten features that matter"}, plot.Series{Name: "the 190 others"}
	for j := range sparseP {
		s := &wrong
		if slices.Contains(support, j) {
			s = &right
		}
		s.X, s.Y = append(append(s.X, at...), missing), append(append(s.Y, path.Coef.Select(1, j).Floats()...), missing)
	}
	return plot.Lines(file, plot.Chart{Title: "Lasso: coefficients by strength of the penalty", XLabel: "log10 α", YLabel: "coefficient",
		Marks: []plot.Mark{{X: math.Log10(alpha), Label: "σ √(2 ln p / n)"}}, Series: []plot.Series{wrong, right}})
}

package metrics

import (
	"math"
	"strings"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T17", "Inception score", "Salimans et al. 2016", "C for one sure sample of each of C classes, 1 for one class alone and for no decision", inceptionScore)
	row("T18", "Fréchet Inception distance", "Heusel et al. 2017", "9 + (1 − 2)² in one dimension, 18 for a shift of 3 in two; 0 of the same; streamed = whole", fid)
	row("T19", "MMD and KID", "Gretton et al. 2012; Bińkowski et al. 2018", "297.5 by hand; unbiased: within 3 standard errors of 0 for one distribution", kid)
	row("T20", "Mode coverage", "Srivastava et al. 2017", "2 of 3 modes, 3 of 5 samples near one", modeCoverage)
	row("T21", "Parzen window log-likelihood", "Theis et al. 2016", "closed form between two samples; no underflow far away", parzen)
	row("T22", "Annealed importance sampling", "Neal 2001; Wu et al. 2017", "ln p(x) of a linear Gaussian model to 0.05 nats; the prior alone misses by more", ais)
	row("T26", "Disentanglement metric", "Kim and Mnih 2018", "1 for a factor in each dimension, at most 0.7 for mixed ones; scale does not matter", disentanglement)
	row("T27", "Validity, uniqueness, novelty", "Polykovskiy et al. 2020", "5/6, 3/5 and 2/3 of 6 molecules by hand", molecules)
}

func inceptionScore(c *catalog.Check) error {
	is := func(p *tensor.Tensor) float64 { v, _ := metrics.InceptionScore(p, 1); return v }
	sure := tensor.With(tensor.Float64).Eye(4)
	c.Near("each of 4 classes, surely", is(sure), 4, within)
	c.Near("one class alone", is(sure.Slice(0, 0, 1, 1).Expand(5, 4)), 1, within)
	c.Near("no decision", is(tensor.With(tensor.Float64).Full(0.25, 5, 4)), 1, within)
	// KL of (3/4, 1/4) from (1/2, 1/2) and the same mirrored: ln 2 minus the entropy.
	c.Near("two samples 3/4 sure", is(f64([]int{2, 2}, 0.75, 0.25, 0.25, 0.75)), 2*math.Pow(0.75, 0.75)*math.Pow(0.25, 0.25), within)
	refused(c, "logits for probabilities", tensor.ErrValue, func() { is(sure.MulScalar(5)) })
	return nil
}

func fid(c *catalog.Check) error {
	one, err := metrics.FID(f64([]int{3, 1}, -1, 0, 1), f64([]int{3, 1}, 1, 3, 5)) // variances 1 and 4
	if err != nil {
		return err
	}
	c.Near("FID in one dimension", one, 10, within)
	x := tensor.With(tensor.Float64).Randn(random.New(1), 200, 2)
	moved, err := metrics.FID(x, x.AddScalar(3))
	if err != nil {
		return err
	}
	c.Near("FID of samples moved by 3 in two dimensions", moved, 18, 1e-9)
	few := tensor.With(tensor.Float64).Randn(random.New(2), 3, 8)
	same, err := metrics.FID(few, few)
	if err != nil {
		return err
	}
	c.Near("FID of the same 3 samples in 8 dimensions", same, 0, 1e-6)
	var parts, whole, base metrics.Moments
	parts.Add(x.Slice(0, 0, 50, 1))
	var other metrics.Moments
	other.Add(x.Slice(0, 50, 200, 1))
	parts.Merge(&other)
	whole.Add(x)
	base.Add(x.MulScalar(2))
	a, err := metrics.FrechetDistance(&parts, &base)
	if err != nil {
		return err
	}
	b, err := metrics.FrechetDistance(&whole, &base)
	if err != nil {
		return err
	}
	c.Near("FID of batches less that of the whole", a-b, 0, 1e-10)
	_, err = metrics.FID(few, few.Slice(0, 0, 1, 1))
	c.True("one sample is an error", err != nil)
	_, err = metrics.FID(few, few.MulScalar(math.NaN()))
	c.True("NaN is an error", err != nil)
	return nil
}

func kid(c *catalog.Check) error {
	x, y := f64([]int{2, 1}, 0, 1), f64([]int{2, 1}, 2, 3)
	c.Near("MMD² of {0, 1} and {2, 3}, kernel (xy + 1)³: 1 + 343 − 2·93/4", metrics.MMD2(x, y, metrics.PolynomialKernel(3, 1, 1)), 297.5, within)
	// The mean over many pairs of sets of one distribution is 0, also of small ones; that of the biased estimate is not.
	g := random.New(1)
	k := metrics.RBFKernel(1)
	var sum, squares, biased float64
	const n, size = 400, 5
	for range n {
		a, b := tensor.Randn(g, size, 2), tensor.Randn(g, size, 2)
		m := metrics.MMD2(a, b, k)
		sum += m / n
		squares += m * m / n
		// The diagonal's ones raise the mean w of a set's kernels by (1 − w)/size, which is −½ MMD² of the set and itself.
		biased += (m - metrics.MMD2(a, a, k)/2 - metrics.MMD2(b, b, k)/2) / n
	}
	c.AtMost("|mean of MMD² of one distribution|, in standard errors", math.Abs(sum)/math.Sqrt(squares/n), 3)
	c.Control(func() {
		c.AtLeast("that of the estimate with i = j in it", biased/math.Sqrt(squares/n), 3)
	})
	mean, std, err := metrics.KID(g, x, y, metrics.KIDConfig{Subsets: 3})
	if err != nil {
		return err
	}
	c.Near("KID of subsets that are all", mean, 297.5, within)
	c.Near("its deviation", std, 0, within)
	_, _, err = metrics.KID(g, x, y.Slice(0, 0, 1, 1), metrics.KIDConfig{})
	c.True("one sample is an error", err != nil)
	return nil
}

func modeCoverage(c *catalog.Check) error {
	centres := f64([]int{3, 2}, 0, 0, 5, 5, -5, 0)
	r := metrics.ModeCoverage(f64([]int{5, 2}, 0, 0, 0.1, 0, 5, 4.7, 2.5, 2.5, math.NaN(), 0), centres, 0.5)
	c.Equal("modes", float64(r.Modes), 2)
	c.Near("share near a mode", r.HighQuality, 0.6, within)
	c.True("2 near the first, 1 near the second", r.Counts[0] == 2 && r.Counts[1] == 1 && r.Counts[2] == 0)
	c.Control(func() { // a generator that collapsed
		one := metrics.ModeCoverage(tensor.Zeros(5, 2), centres, 0.5)
		c.Equal("modes of a constant", float64(one.Modes), 1)
	})
	undefined(c, "share of no samples", metrics.ModeCoverage(tensor.Zeros(0, 2), centres, 1).HighQuality)
	return nil
}

func parzen(c *catalog.Check) error {
	s := f64([]int{2, 1}, 0, 2)
	ll := metrics.Parzen(s, f64([]int{2, 1}, 1, 1000), 1)
	c.Near("ln p half way between two samples", ll[0], -0.5-0.5*math.Log(2*math.Pi), within)
	c.Near("ln p at 1000", ll[1], -0.5*998*998-math.Log(2)-0.5*math.Log(2*math.Pi), 1e-9)
	var integral float64 // of the density, by rectangles
	grid := tensor.With(tensor.Float64).Arange(-10, 12, 0.01).Unsqueeze(1)
	for _, v := range metrics.Parzen(s, grid, 0.5) {
		integral += math.Exp(v) * 0.01
	}
	c.Near("integral of the density", integral, 1, 1e-9)
	refused(c, "a width of 0", tensor.ErrValue, func() { metrics.Parzen(s, s, 0) })
	return nil
}

func ais(c *catalog.Check) error {
	// z of N(0, 1) and x = z + noise of N(0, ¼²) in 3 dimensions, so that x is of N(0, 1 + 1/16).
	normal := func(z *tensor.Tensor, variance float64) *tensor.Tensor {
		return z.Square().Sum(1).MulScalar(-0.5 / variance).SubScalar(1.5 * math.Log(2*math.Pi*variance))
	}
	x := f64([]int{1, 3}, 1.5, -2, 0.5)
	prior := func(z *tensor.Tensor) *tensor.Tensor { return normal(z, 1) }
	joint := func(z *tensor.Tensor) *tensor.Tensor { return prior(z).Add(normal(x.Sub(z), 1.0/16)) }
	want := normal(x, 1+1.0/16).Item()
	start := tensor.With(tensor.Float64).Randn(random.New(1), 100, 3)
	r := metrics.AIS(random.New(2), start, prior, joint, metrics.AISConfig{Steps: 300, StepSize: 0.15, Leapfrogs: 4})
	c.Near("ln p(x) by AIS", r.LogZ, want, 0.05)
	c.AtLeast("chains of 100 that count", r.Effective, 50)
	c.AtLeast("transitions accepted", r.Accepted, 0.6)
	c.Control(func() { // one step: importance sampling from the prior
		plain := metrics.AIS(random.New(2), start, prior, joint, metrics.AISConfig{Steps: 1})
		c.AtMost("chains that count without annealing", plain.Effective, 10)
	})
	return nil
}

func disentanglement(c *catalog.Check) error {
	g := random.New(1)
	factors := func(n, fixed int) *tensor.Tensor { // two factors; of a batch one is held
		f := []*tensor.Tensor{tensor.Randn(g, n, 1), tensor.Randn(g, n, 1)}
		if fixed >= 0 {
			f[fixed] = f[fixed].Slice(0, 0, 1, 1).Expand(n, 1)
		}
		return tensor.Concat(1, f...)
	}
	score := func(encode func(f *tensor.Tensor) *tensor.Tensor) float64 {
		m := metrics.NewFactorVAEScore(encode(factors(500, -1)), 2, 0)
		for i := range 200 {
			m.Add(encode(factors(32, i%2)), i%2)
		}
		return m.Value()
	}
	c.Equal("a factor in each dimension, scaled", score(func(f *tensor.Tensor) *tensor.Tensor { return f.Mul(tensor.Of([]float32{10, -0.5})) }), 1)
	c.Control(func() {
		mix := tensor.Of([]float32{1, 1, 1, -1}, 2, 2)
		c.AtMost("both factors in both dimensions", score(func(f *tensor.Tensor) *tensor.Tensor { return f.MatMul(mix) }), 0.7)
		one := tensor.Of([]float32{1, 0})
		c.AtMost("one factor left out", score(func(f *tensor.Tensor) *tensor.Tensor { return f.Mul(one) }), 0.6)
	})
	c.Equal("no dimension is used", score(func(f *tensor.Tensor) *tensor.Tensor { return f.MulScalar(0.01) }), 0)
	return nil
}

func molecules(c *catalog.Check) error {
	canonical := func(s string) (string, bool) { return strings.ToLower(s), !strings.Contains(s, "?") }
	m := metrics.NewMolecules(canonical, []string{"co"})
	m.Add("CO", "co", "cc", "?", "CC", "cn")
	c.Equal("validity", m.Validity(), 5.0/6)
	c.Equal("uniqueness", m.Uniqueness(), 3.0/5)
	c.Equal("novelty", m.Novelty(), 2.0/3)
	undefined(c, "validity of nothing", metrics.NewMolecules(canonical, nil).Validity())
	return nil
}

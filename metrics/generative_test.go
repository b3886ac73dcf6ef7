package metrics_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestInceptionScore(t *testing.T) {
	one := tensor.With(tensor.Float64).Eye(4)
	is := func(p *tensor.Tensor, splits int) float64 { v, _ := metrics.InceptionScore(p, splits); return v }
	equal(t, "each class once, surely", is(one, 1), 4)
	equal(t, "one class alone", is(one.Slice(0, 0, 1, 1).Expand(5, 4), 1), 1)
	equal(t, "no class", is(tensor.With(tensor.Float64).Full(0.25, 6, 4), 2), 1)
	mean, std := metrics.InceptionScore(tensor.Concat(0, one, one.Slice(0, 0, 1, 1).Expand(4, 4)), 2)
	equal(t, "mean of 4 and 1", mean, 2.5)
	equal(t, "their deviation", std, 1.5)
}

func TestFrechetDistance(t *testing.T) {
	// Variances 1 and 4, means 0 and 3 in one dimension: 9 + (1 − 2)².
	x, y := tensor.Of([]float64{-1, 0, 1}, 3, 1), tensor.Of([]float64{1, 3, 5}, 3, 1)
	fid, err := metrics.FID(x, y)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "one dimension", fid, 10)
	if same, err := metrics.FID(y, y); err != nil || !(math.Abs(same) <= 1e-12) {
		t.Errorf("of the same: %v, %v", same, err)
	}
	if _, err := metrics.FID(x, y.Slice(0, 0, 1, 1)); err == nil || !strings.Contains(err.Error(), "two samples") {
		t.Errorf("of one sample: %v", err)
	}
	if _, err := metrics.FID(x.AddScalar(math.NaN()), y); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("of NaN: %v", err)
	}
	var m metrics.Moments
	m.Add(tensor.Zeros(0, 2))
	if m.Count() != 0 || m.Mean() != nil || m.Covariance() != nil {
		t.Error("there is something in nothing")
	}
	m.Add(tensor.Of([]float64{1, 2, 3, 4, 5, 9}, 3, 2))
	equalAll(t, "mean", m.Mean().Floats(), []float64{3, 5})
	equalAll(t, "covariance", m.Covariance().Floats(), []float64{4, 7, 7, 13})
}

func TestKID(t *testing.T) {
	// Two numbers each, 0, 1 and 2, 3, kernel (xy + 1)³: 1·... k(0,1) = 1, k(2,3) = 343, across 1, 1, 27, 64.
	x, y := tensor.Of([]float64{0, 1}, 2, 1), tensor.Of([]float64{2, 3}, 2, 1)
	equal(t, "MMD", metrics.MMD2(x, y, metrics.PolynomialKernel(3, 1, 1)), 1+343-2*(1+1+27+64)/4.0)
	mean, std, err := metrics.KID(random.New(1), x, y, metrics.KIDConfig{Subsets: 3})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "KID of subsets that are all", mean, 297.5)
	equal(t, "its deviation", std, 0)
	g := random.New(2)
	a, b := tensor.Randn(g, 200, 4), tensor.Randn(g, 300, 4)
	near, spread, _ := metrics.KID(random.New(3), a, b, metrics.KIDConfig{Subsets: 20, Size: 100})
	far, _, _ := metrics.KID(random.New(3), a, b.AddScalar(1), metrics.KIDConfig{Subsets: 20, Size: 100})
	if !(math.Abs(near) <= 3*spread) || !(far >= 10*math.Abs(near)) {
		t.Errorf("KID of one distribution %v ± %v, of two %v", near, spread, far)
	}
	if _, _, err := metrics.KID(g, x, y.Slice(0, 0, 1, 1), metrics.KIDConfig{}); err == nil {
		t.Error("of one sample: no error")
	}
}

func TestModeCoverage(t *testing.T) {
	c := metrics.ModeCoverage(tensor.Of([]float64{0, 0, 0.1, 0, 5, 5, 9, 9, math.NaN(), 0}, 5, 2), tensor.Of([]float64{0, 0, 5, 5.5, -3, 0}, 3, 2), 0.5)
	if c.Modes != 2 || c.Counts[0] != 2 || c.Counts[1] != 1 || c.Counts[2] != 0 {
		t.Errorf("%+v", c)
	}
	equal(t, "near a mode", c.HighQuality, 0.6)
}

func TestParzen(t *testing.T) {
	s := tensor.Of([]float64{0, 2}, 2, 1)
	want := math.Log(math.Exp(-0.5) / math.Sqrt(2*math.Pi)) // both are 1 away
	equalAll(t, "between two samples", metrics.Parzen(s, tensor.Of([]float64{1}, 1, 1), 1), []float64{want})
	far := metrics.Parzen(s, tensor.Of([]float64{1e3}, 1, 1), 1)[0] // does not underflow
	equal(t, "far away", far, -0.5*998*998-math.Log(2)-0.5*math.Log(2*math.Pi))
}

// normal returns ln of the density of N(mean, std²) in D dimensions.
func normal(mean, std float64) func(z *tensor.Tensor) *tensor.Tensor {
	return func(z *tensor.Tensor) *tensor.Tensor {
		d := float64(z.Dim(1))
		return z.SubScalar(mean).DivScalar(std).Square().Sum(1).MulScalar(-0.5).SubScalar(d * math.Log(std*math.Sqrt(2*math.Pi)))
	}
}

func TestAIS(t *testing.T) {
	start := tensor.With(tensor.Float64).Randn(random.New(1), 200, 3)
	base := normal(0, 1)
	same := metrics.AIS(random.New(2), start, base, func(z *tensor.Tensor) *tensor.Tensor { return base(z).AddScalar(2) }, metrics.AISConfig{Steps: 5})
	equal(t, "e² times the base itself", same.LogZ, 2)
	equal(t, "all chains count", same.Effective, 200)

	// z of N(0, 1), x = z + noise of N(0, ½²) in each of 3 dimensions: x is of N(0, 1.25).
	x := tensor.Of([]float64{1.5, -1, 0.5}, 1, 3)
	joint := func(z *tensor.Tensor) *tensor.Tensor { return base(z).Add(normal(0, 0.5)(x.Sub(z))) }
	want := normal(0, math.Sqrt(1.25))(x).Item()
	got := metrics.AIS(random.New(3), start, base, joint, metrics.AISConfig{Steps: 100, StepSize: 0.2, Leapfrogs: 4})
	if !(math.Abs(got.LogZ-want) < 0.05) || got.Accepted < 0.5 || got.Effective < 100 {
		t.Errorf("ln p(x) %v, want %v (%.0f chains count, %v accepted)", got.LogZ, want, got.Effective, got.Accepted)
	}
	linear := metrics.AIS(random.New(3), start, base, joint, metrics.AISConfig{Steps: 100, StepSize: 0.2, Leapfrogs: 4, Linear: true})
	if !(math.Abs(linear.LogZ-want) < 0.05) || linear.LogZ == got.LogZ {
		t.Errorf("linear schedule: ln p(x) %v, want %v", linear.LogZ, want)
	}
	again := metrics.AIS(random.New(3), start, base, joint, metrics.AISConfig{Steps: 100, StepSize: 0.2, Leapfrogs: 4})
	if again.LogZ != got.LogZ {
		t.Error("the same seed gives another number")
	}
}

func TestFactorVAEScore(t *testing.T) {
	g := random.New(1)
	factors := func(n, fixed int) *tensor.Tensor { // two factors; of a batch one is held
		f := tensor.With(tensor.Float64).Randn(g, n, 2)
		if fixed >= 0 {
			cols := []*tensor.Tensor{f.Slice(1, 0, 1, 1), f.Slice(1, 1, 2, 1)}
			cols[fixed] = cols[fixed].Slice(0, 0, 1, 1).Expand(n, 1)
			f = tensor.Concat(1, cols...)
		}
		return f
	}
	mix := tensor.Of([]float64{1, 1, 1, -1}, 2, 2)
	score := func(encode func(f *tensor.Tensor) *tensor.Tensor) float64 {
		a := metrics.NewFactorVAEScore(encode(factors(500, -1)), 2, 0)
		b := metrics.NewFactorVAEScore(encode(factors(500, -1)), 2, 0)
		for i := range 200 {
			[]*metrics.FactorVAEScore{a, b}[i/100].Add(encode(factors(32, i%2)), i%2)
		}
		a.Merge(b)
		return a.Value()
	}
	equal(t, "each factor in a dimension, at any scale", score(func(f *tensor.Tensor) *tensor.Tensor { return f.Mul(tensor.Of([]float64{10, -0.5})) }), 1)
	if v := score(func(f *tensor.Tensor) *tensor.Tensor { return f.MatMul(mix) }); v > 0.7 {
		t.Errorf("mixed factors score %v", v)
	}
	equal(t, "unused dimensions", score(func(f *tensor.Tensor) *tensor.Tensor { return f.MulScalar(0.01) }), 0)
	m := metrics.NewFactorVAEScore(factors(10, -1), 2, 0)
	equal(t, "no votes", m.Value(), math.NaN())
	m.Add(tensor.Of([]float64{3, 0, 3, 1}, 2, 2), 1)
	if v := m.Votes(); v[0][1] != 1 || v[0][0]+v[1][0]+v[1][1] != 0 {
		t.Errorf("votes %v", v)
	}
}

func TestMolecules(t *testing.T) {
	canonical := func(s string) (string, bool) { return strings.ToLower(s), !strings.Contains(s, "?") }
	m, n := metrics.NewMolecules(canonical, []string{"co", "?"}), metrics.NewMolecules(canonical, []string{"co", "?"})
	equal(t, "nothing", m.Validity(), math.NaN())
	m.Add("CO", "co", "cc", "?")
	n.Add("CC", "cn")
	m.Merge(n) // valid: co co cc cc cn
	equal(t, "validity", m.Validity(), 5.0/6)
	equal(t, "uniqueness", m.Uniqueness(), 3.0/5)
	equal(t, "novelty", m.Novelty(), 2.0/3)
}

package prob_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

const draws = 1 << 16

func s64(v ...float64) *tensor.Tensor {
	if len(v) == 1 {
		return tensor.Scalar(v[0])
	}
	return tensor.Of(v)
}

// ks is √n times Kolmogorov and Smirnov's distance; its 1 − 1e-4 quantile is 2.23.
func ks(x []float64, cdf func(float64) float64) float64 {
	slices.Sort(x)
	n, d := float64(len(x)), 0.0
	for i, v := range x {
		c := cdf(v)
		d = max(d, c-float64(i)/n, float64(i+1)/n-c)
	}
	return d * math.Sqrt(n)
}

const ksLimit = 2.23

// continuous are distributions with the distribution functions of gonum.
var continuous = map[string]struct {
	d   prob.Distribution
	cdf func(float64) float64
}{
	"normal":       {prob.NewNormal(s64(2), s64(3)), distuv.Normal{Mu: 2, Sigma: 3}.CDF},
	"log normal":   {prob.NewLogNormal(s64(0.5), s64(0.7)), distuv.LogNormal{Mu: 0.5, Sigma: 0.7}.CDF},
	"uniform":      {prob.NewUniform(s64(-1), s64(4)), distuv.Uniform{Min: -1, Max: 4}.CDF},
	"laplace":      {prob.NewLaplace(s64(1), s64(2)), distuv.Laplace{Mu: 1, Scale: 2}.CDF},
	"gumbel":       {prob.NewGumbel(s64(1), s64(2)), distuv.GumbelRight{Mu: 1, Beta: 2}.CDF},
	"cauchy":       {prob.NewCauchy(s64(1), s64(2)), func(x float64) float64 { return 0.5 + math.Atan((x-1)/2)/math.Pi }},
	"exponential":  {prob.NewExponential(s64(3)), distuv.Exponential{Rate: 3}.CDF},
	"gamma":        {prob.NewGamma(s64(2.5), s64(3)), distuv.Gamma{Alpha: 2.5, Beta: 3}.CDF},
	"small gamma":  {prob.NewGamma(s64(0.1), s64(3)), distuv.Gamma{Alpha: 0.1, Beta: 3}.CDF},
	"chi squared":  {prob.NewChiSquared(s64(5)), distuv.ChiSquared{K: 5}.CDF},
	"student t":    {prob.NewStudentT(s64(3), s64(1), s64(2)), distuv.StudentsT{Mu: 1, Sigma: 2, Nu: 3}.CDF},
	"beta":         {prob.NewBeta(s64(2), s64(0.5)), distuv.Beta{Alpha: 2, Beta: 0.5}.CDF},
	"truncated":    {prob.NewTruncatedNormal(s64(1), s64(2), s64(0), s64(2)), truncatedCDF(1, 2, 0, 2)},
	"half open":    {prob.NewTruncatedNormal(s64(0), s64(1), s64(3), s64(math.Inf(1))), truncatedCDF(0, 1, 3, math.Inf(1))},
	"tanh normal":  {prob.NewTransformed(prob.NewNormal(s64(0.3), s64(0.5)), prob.TanhTransform{}), func(y float64) float64 { return distuv.Normal{Mu: 0.3, Sigma: 0.5}.CDF(math.Atanh(y)) }},
	"mixture":      {prob.NewMixture(prob.NewCategorical(s64(1, 3)), prob.NewNormal(s64(-2, 2), s64(1, 0.5))), mixtureCDF},
	"dirichlet[0]": {prob.NewBeta(s64(1.5), s64(2.5)), distuv.Beta{Alpha: 1.5, Beta: 2.5}.CDF},
}

func truncatedCDF(mu, sigma, lo, hi float64) func(float64) float64 {
	f := distuv.Normal{Mu: mu, Sigma: sigma}.CDF
	return func(x float64) float64 { return (f(min(max(x, lo), hi)) - f(lo)) / (f(hi) - f(lo)) }
}

func mixtureCDF(x float64) float64 {
	return 0.25*distuv.Normal{Mu: -2, Sigma: 1}.CDF(x) + 0.75*distuv.Normal{Mu: 2, Sigma: 0.5}.CDF(x)
}

func TestContinuousSamples(t *testing.T) {
	for name, c := range continuous {
		g := random.New(21)
		if d := ks(c.d.Sample(g, draws).Floats(), c.cdf); d > ksLimit {
			t.Errorf("%s: Sample: Kolmogorov-Smirnov %v, limit %v", name, d, ksLimit)
		}
		if r, ok := c.d.(prob.Reparameterised); ok {
			if d := ks(r.RSample(random.New(22), draws).Floats(), c.cdf); d > ksLimit {
				t.Errorf("%s: RSample: Kolmogorov-Smirnov %v, limit %v", name, d, ksLimit)
			}
		}
		// The density integrates to the distribution function: mean of e^logp over a grid in [a, b] against F(b) − F(a).
		if f, ok := c.d.(interface {
			CDF(*tensor.Tensor) *tensor.Tensor
		}); ok {
			for _, x := range []float64{-3, -0.5, 0.1, 0.5, 1.2, 3.5} {
				if got := f.CDF(s64(x)).Item(); math.Abs(got-c.cdf(x)) > 1e-9 {
					t.Errorf("%s: CDF(%v) is %v, want %v", name, x, got, c.cdf(x))
				}
			}
		}
		if q, ok := c.d.(interface {
			ICDF(*tensor.Tensor) *tensor.Tensor
		}); ok {
			for _, p := range []float64{0.01, 0.3, 0.5, 0.9} {
				if got := c.cdf(q.ICDF(s64(p)).Item()); math.Abs(got-p) > 1e-9 {
					t.Errorf("%s: F(ICDF(%v)) is %v", name, p, got)
				}
			}
		}
		if name == "half open" || name == "small gamma" || name == "cauchy" || name == "beta" {
			continue // unbounded densities, or little mass
		}
		const lo, hi, n = 0.11, 0.93, 4000
		grid := make([]float64, n)
		for i := range grid {
			grid[i] = lo + (hi-lo)*(float64(i)+0.5)/n
		}
		if got, want := c.d.LogProb(tensor.Of(grid)).Exp().Mean().Item()*(hi-lo), c.cdf(hi)-c.cdf(lo); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: the density's integral is %v, want %v", name, got, want)
		}
	}
	if d := ks(prob.NewNormal(s64(0), s64(1)).Sample(random.New(21), draws).Floats(), distuv.Normal{Mu: 0.04, Sigma: 1}.CDF); d < ksLimit {
		t.Errorf("a mean that is off by 0.04 passes: %v", d)
	}
}

// Discrete draws by Pearson's test against e^LogProb, whose formulas golden.json checks.
func TestDiscreteSamples(t *testing.T) {
	for name, d := range map[string]prob.Distribution{
		"bernoulli":   prob.NewBernoulli(s64(0.3)),
		"geometric":   prob.NewGeometric(s64(0.4)),
		"certain":     prob.NewGeometric(s64(1)),
		"poisson":     prob.NewPoisson(s64(4.5)),
		"poisson 60":  prob.NewPoisson(s64(60)),
		"binomial":    prob.NewBinomial(s64(12), s64(0.7)),
		"categorical": prob.NewCategorical(s64(0.1, 0, 3, 1, 0.5)),
	} {
		x := d.Sample(random.New(31), draws).To(tensor.Float64).Floats()
		counts := make([]float64, int(slices.Max(x))+1)
		for _, v := range x {
			counts[int(v)]++
		}
		stat, cells, rest, seen := 0.0, 0.0, 1.0, 0.0
		for k, c := range counts {
			p := math.Exp(d.LogProb(s64(float64(k))).Item())
			if want := p * draws; want >= 20 {
				stat, cells = stat+(c-want)*(c-want)/want, cells+1
				rest, seen = rest-p, seen+c
			} else if p == 0 && c > 0 {
				t.Errorf("%s: %v draws of %d, which is impossible", name, c, k)
			}
		}
		if want := rest * draws; want >= 1 {
			stat, cells = stat+(draws-seen-want)*(draws-seen-want)/want, cells+1
		}
		if df := cells - 1; df > 0 {
			if z := (math.Cbrt(stat/df) - (1 - 2/(9*df))) / math.Sqrt(2/(9*df)); z > 3.72 {
				t.Errorf("%s: chi-squared deviate %v, limit 3.72", name, z)
			}
		}
	}
}

// Means and covariances of vectors, within five standard errors.
func TestVectorSamples(t *testing.T) {
	cov := tensor.Of([]float64{2, 0.6, -0.3, 0.6, 1, 0.2, -0.3, 0.2, 0.5}, 3, 3)
	mvn, err := prob.NewMultivariateNormal(s64(1, -2, 0), cov)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prob.NewMultivariateNormal(s64(1, 2), tensor.Of([]float64{1, 2, 2, 1}, 2, 2)); err == nil {
		t.Error("a covariance that is not positive definite was accepted")
	}
	dirichlet := prob.NewDirichlet(s64(1.5, 1, 1.5))
	hot := prob.NewOneHotCategorical(s64(1, 2, 5))
	for name, c := range map[string]struct {
		d   prob.Distribution
		cov *tensor.Tensor
	}{
		"normal": {mvn, mvn.Covariance()}, "dirichlet": {dirichlet, nil}, "one-hot": {hot, nil},
	} {
		x := c.d.Sample(random.New(41), draws)
		v := c.d.Variance()
		off := x.Mean(0).Sub(c.d.Mean()).Abs().Div(v.DivScalar(draws).Sqrt())
		if off.Max().Item() > 5 {
			t.Errorf("%s: the mean is off by %v standard errors", name, off)
		}
		centred := x.Sub(c.d.Mean())
		got := centred.Transpose(0, 1).MatMul(centred).DivScalar(draws)
		if d := got.Diagonal(0, 0, 1).Sub(v).Abs().Div(v).Max().Item(); d > 0.05 {
			t.Errorf("%s: a variance is off by %v", name, d)
		}
		if c.cov != nil {
			if d := got.Sub(c.cov).Abs().Max().Item(); d > 0.05 {
				t.Errorf("%s: a covariance is off by %v", name, d)
			}
		}
	}
	if d := ks(dirichlet.Sample(random.New(42), draws).Select(1, 0).Floats(), distuv.Beta{Alpha: 1.5, Beta: 2.5}.CDF); d > ksLimit {
		t.Errorf("a Dirichlet's element is not beta distributed: %v", d)
	}
}

// The gradient of a reparameterised draw z by a parameter is that which keeps F(z) as it is: −(∂F/∂θ)/(∂F/∂z).
func TestPathwiseGradients(t *testing.T) {
	for name, c := range map[string]struct {
		params []float64
		make   func(p []*tensor.Tensor) prob.Reparameterised
		cdf    func(p []float64, z float64) float64
	}{
		"normal":      {[]float64{1, 2}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewNormal(p[0], p[1]) }, func(p []float64, z float64) float64 { return distuv.Normal{Mu: p[0], Sigma: p[1]}.CDF(z) }},
		"uniform":     {[]float64{1, 2}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewUniform(p[0], p[1]) }, func(p []float64, z float64) float64 { return (z - p[0]) / (p[1] - p[0]) }},
		"laplace":     {[]float64{1, 2}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewLaplace(p[0], p[1]) }, func(p []float64, z float64) float64 { return distuv.Laplace{Mu: p[0], Scale: p[1]}.CDF(z) }},
		"gumbel":      {[]float64{1, 2}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewGumbel(p[0], p[1]) }, func(p []float64, z float64) float64 { return distuv.GumbelRight{Mu: p[0], Beta: p[1]}.CDF(z) }},
		"exponential": {[]float64{3}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewExponential(p[0]) }, func(p []float64, z float64) float64 { return distuv.Exponential{Rate: p[0]}.CDF(z) }},
		"truncated": {[]float64{1, 2, 0.5, 4}, func(p []*tensor.Tensor) prob.Reparameterised {
			return prob.NewTruncatedNormal(p[0], p[1], p[2], p[3])
		}, func(p []float64, z float64) float64 { return truncatedCDF(p[0], p[1], p[2], p[3])(z) }},
		"gamma":       {[]float64{2.5, 3}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewGamma(p[0], p[1]) }, func(p []float64, z float64) float64 { return mathext.GammaIncReg(p[0], p[1]*z) }},
		"gamma 0.3":   {[]float64{0.3, 1}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewGamma(p[0], p[1]) }, func(p []float64, z float64) float64 { return mathext.GammaIncReg(p[0], p[1]*z) }},
		"gamma 80":    {[]float64{80, 1}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewGamma(p[0], p[1]) }, func(p []float64, z float64) float64 { return mathext.GammaIncReg(p[0], p[1]*z) }},
		"gamma 20000": {[]float64{20000, 1}, func(p []*tensor.Tensor) prob.Reparameterised { return prob.NewGamma(p[0], p[1]) }, func(p []float64, z float64) float64 { return mathext.GammaIncReg(p[0], p[1]*z) }},
	} {
		var p []*tensor.Tensor
		for _, v := range c.params {
			p = append(p, s64(v).RequireGrad())
		}
		z := c.make(p).RSample(random.New(51), 50)
		for i, v := range z.Detach().Floats() {
			for _, q := range p {
				q.ZeroGrad()
			}
			z.Select(0, i).BackwardWith(tensor.BackwardConfig{Retain: true})
			for k := range p {
				h := 1e-4 * c.params[k]
				at := func(dp, dz float64) float64 {
					q := slices.Clone(c.params)
					q[k] += dp
					return c.cdf(q, v+dz)
				}
				hz := 1e-4 * math.Abs(v)
				want := -((at(h, 0) - at(-h, 0)) / (2 * h)) / ((at(0, hz) - at(0, -hz)) / (2 * hz))
				if f := at(0, 0); f < 0.01 || f > 0.99 || math.Abs(want) < 1e-3 {
					continue // the differences of F are rounding there
				}
				if got := p[k].Grad().Item(); math.Abs(got-want) > 2e-4*math.Abs(want) {
					t.Errorf("%s: dz/dp[%d] at %v is %v, want %v", name, k, v, got, want)
				}
			}
		}
	}
	// The straight-through and relaxed ones have the gradient of the soft probabilities.
	logits := s64(0.5, -1, 2).RequireGrad()
	w := s64(1, 2, 4)
	prob.NewOneHotCategoricalLogits(logits).RSample(random.New(1)).Mul(w).Sum().Backward()
	got := logits.Grad().Floats()
	logits.ZeroGrad()
	logits.Softmax(0).Mul(w).Sum().Backward()
	for i, v := range logits.Grad().Floats() {
		if math.Abs(v-got[i]) > 1e-12 {
			t.Errorf("straight-through gradient %v, want %v", got, logits.Grad())
			break
		}
	}
	// A second derivative that is not known is refused, not wrong.
	a := s64(2).RequireGrad()
	y := prob.NewGamma(a, s64(1)).RSample(random.New(1))
	g := tensor.Gradients([]*tensor.Tensor{y}, nil, []*tensor.Tensor{a}, true, true)
	if err := tensor.Catch(func() { tensor.Gradients(g, nil, []*tensor.Tensor{a}, false, false) }); !errors.Is(err, tensor.ErrGraph) {
		t.Errorf("the second derivative of a gamma sample: %v", err)
	}
}

func TestGumbelSoftmax(t *testing.T) {
	logits := tensor.Of([]float64{math.Log(0.2), math.Log(0.5), math.Log(0.3)})
	x := prob.GumbelSoftmax(random.New(3), logits.Expand(draws, 3), 0.5, true)
	for k, want := range []float64{0.2, 0.5, 0.3} {
		if got := x.Select(1, k).Mean().Item(); math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/draws) {
			t.Errorf("class %d has frequency %v, want %v", k, got, want)
		}
	}
	soft := prob.GumbelSoftmax(random.New(3), logits.Expand(7, 3), 0.5, false)
	if d := soft.Sum(1).SubScalar(1).Abs().Max().Item(); d > 1e-12 {
		t.Errorf("soft draws sum to 1 within %v", d)
	}
	hard := prob.GumbelSoftmax(random.New(3), logits.Expand(7, 3), 0.5, true)
	if !tensor.Equal(soft.ArgMax(1), hard.ArgMax(1)) {
		t.Error("hard draws are not the soft ones' largest")
	}
}

func TestMultinomial(t *testing.T) {
	w := tensor.Of([]float64{1, 0, 3, 2, 0, 4, 1, 1, 1, 1}, 2, 5)
	x := prob.Multinomial(random.New(5), w, draws, true)
	if x.Shape() != tensor.ShapeOf(2, draws) {
		t.Fatalf("shape %v", x.Shape())
	}
	for k, want := range []float64{1. / 6, 0, 3. / 6, 2. / 6, 0} {
		if got := x.Select(0, 0).EqScalar(float64(k)).To(tensor.Float64).Mean().Item(); math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/draws) {
			t.Errorf("class %d has frequency %v, want %v", k, got, want)
		}
	}
	// Without replacement the order of three weights 1, 2, 3 has the probabilities of Plackett and Luce.
	orders := map[string]float64{}
	const n = 20000
	all := tensor.Data[int64](prob.Multinomial(random.New(6), s64(1, 2, 3).Expand(n, 3), 3, false))
	for i := range n {
		orders[fmt.Sprint(all[3*i:3*i+3])]++
	}
	for order, want := range map[string]float64{"[0 1 2]": 1. / 6 * 2 / 5, "[0 2 1]": 1. / 6 * 3 / 5, "[1 0 2]": 2. / 6 * 1 / 4, "[1 2 0]": 2. / 6 * 3 / 4, "[2 0 1]": 3. / 6 * 1 / 3, "[2 1 0]": 3. / 6 * 2 / 3} {
		if got := orders[order] / n; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("order %s has frequency %v, want %v", order, got, want)
		}
	}
}

func TestSamplesAreDeterministic(t *testing.T) {
	defer parallel.SetWorkers(0)
	for name, c := range continuous {
		var first *tensor.Tensor
		for w := 1; w <= 2; w++ {
			parallel.SetWorkers(w)
			if x := c.d.Sample(random.New(9), 3000); first == nil {
				first = x
			} else if !tensor.Equal(x, first) {
				t.Errorf("%s: draws depend on the number of workers", name)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	n := prob.NewNormal(tensor.Zeros(3, 1), tensor.Ones(4))
	if s := n.Sample(random.New(1), 5, 2).Shape(); s != tensor.ShapeOf(5, 2, 3, 4) {
		t.Errorf("samples of a broadcast batch have shape %v", s)
	}
	if s := n.Mean().Shape(); s != tensor.ShapeOf(3, 4) || n.Entropy().Shape() != s || n.Variance().Shape() != s {
		t.Errorf("moments have shape %v", s)
	}
	m := prob.NewMixture(prob.NewCategorical(tensor.Ones(2, 3)), prob.NewIndependent(prob.NewNormal(tensor.Zeros(2, 3, 4), tensor.Ones(4)), 1))
	if s := m.Sample(random.New(1), 5).Shape(); s != tensor.ShapeOf(5, 2, 4) || m.LogProb(tensor.Zeros(5, 2, 4)).Shape() != tensor.ShapeOf(5, 2) || m.Mean().Shape() != tensor.ShapeOf(2, 4) {
		t.Errorf("a mixture of vectors has samples %v", s)
	}
	if x := prob.NewGamma(tensor.Full(1e-4, 1000), tensor.Ones()).Sample(random.New(1)); x.Min().Item() <= 0 {
		t.Error("a gamma draw is 0")
	}
}

func TestRefuses(t *testing.T) {
	one, two := tensor.Ones(), tensor.Ones(2)
	p := prob.NewPoisson(one)
	for name, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"scale 0":            {tensor.ErrValue, func() { prob.NewNormal(one, tensor.Zeros(2)) }},
		"scale NaN":          {tensor.ErrValue, func() { prob.NewLaplace(one, tensor.Full(math.NaN())) }},
		"loc infinite":       {tensor.ErrValue, func() { prob.NewGumbel(tensor.Full(math.Inf(1)), one) }},
		"bounds":             {tensor.ErrValue, func() { prob.NewUniform(one, one) }},
		"empty interval":     {tensor.ErrValue, func() { prob.NewTruncatedNormal(one, one, tensor.Full(40), tensor.Full(41)) }},
		"rate":               {tensor.ErrValue, func() { prob.NewExponential(tensor.Full(-1)) }},
		"negative rate":      {tensor.ErrValue, func() { prob.NewPoisson(tensor.Full(-1)) }},
		"concentration":      {tensor.ErrValue, func() { prob.NewGamma(tensor.Zeros(), one) }},
		"probability":        {tensor.ErrValue, func() { prob.NewBernoulli(tensor.Full(1.5)) }},
		"probability 0":      {tensor.ErrValue, func() { prob.NewGeometric(tensor.Zeros()) }},
		"half a trial":       {tensor.ErrValue, func() { prob.NewBinomial(tensor.Full(0.5), tensor.Full(0.5)) }},
		"weights 0":          {tensor.ErrValue, func() { prob.NewCategorical(tensor.Zeros(3)) }},
		"weight negative":    {tensor.ErrValue, func() { prob.NewCategorical(tensor.Of([]float32{1, -1})) }},
		"logits":             {tensor.ErrValue, func() { prob.NewCategoricalLogits(tensor.Full(math.Inf(-1), 3)) }},
		"no classes":         {tensor.ErrShape, func() { prob.NewCategorical(one) }},
		"one element":        {tensor.ErrShape, func() { prob.NewDirichlet(tensor.Ones(1)) }},
		"broadcast":          {tensor.ErrShape, func() { prob.NewNormal(two, tensor.Ones(3)) }},
		"dtypes":             {tensor.ErrDType, func() { prob.NewNormal(one, tensor.With(tensor.Float64).Ones()) }},
		"integers":           {tensor.ErrDType, func() { prob.NewPoisson(tensor.Scalar[int64](3)) }},
		"value":              {tensor.ErrShape, func() { prob.NewNormal(two, one).LogProb(tensor.Ones(3)) }},
		"class":              {tensor.ErrIndex, func() { prob.NewCategorical(two).LogProb(tensor.Scalar[int64](2)) }},
		"classes' shape":     {tensor.ErrShape, func() { prob.NewCategorical(tensor.Ones(2, 2)).LogProb(tensor.Zeros(3).To(tensor.Int64)) }},
		"covariance's shape": {tensor.ErrShape, func() { _, _ = prob.NewMultivariateNormal(two, tensor.Ones(3, 3)) }},
		"diagonal":           {tensor.ErrValue, func() { prob.NewMultivariateNormalTril(two, tensor.Zeros(2, 2)) }},
		"components":         {tensor.ErrShape, func() { prob.NewMixture(prob.NewCategorical(two), prob.NewNormal(tensor.Ones(3), one)) }},
		"batch dimensions":   {tensor.ErrValue, func() { prob.NewIndependent(p, 1) }},
		"entropy":            {tensor.ErrValue, func() { p.Entropy() }},
		"pair":               {tensor.ErrValue, func() { prob.KL(p, prob.NewNormal(one, one)) }},
		"no gradient":        {tensor.ErrValue, func() { prob.NewIndependent(p, 0).RSample(random.New(1)) }},
		"temperature":        {tensor.ErrValue, func() { prob.GumbelSoftmax(random.New(1), two, 0, false) }},
		"too many draws":     {tensor.ErrValue, func() { prob.Multinomial(random.New(1), tensor.Of([]float32{1, 0, 1}), 3, false) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
}

// The truncated normal's moments and entropy by quadrature.
func TestTruncatedNormal(t *testing.T) {
	d := prob.NewTruncatedNormal(s64(1), s64(2), s64(-0.5), s64(3))
	const n = 20000
	grid := make([]float64, n)
	for i := range grid {
		grid[i] = -0.5 + 3.5*(float64(i)+0.5)/n
	}
	x := tensor.Of(grid)
	logp := d.LogProb(x)
	p := logp.Exp().MulScalar(3.5 / n)
	mean := p.Mul(x).Sum().Item()
	for what, c := range map[string][2]float64{
		"total": {p.Sum().Item(), 1}, "mean": {d.Mean().Item(), mean}, "variance": {d.Variance().Item(), p.Mul(x.SubScalar(mean).Square()).Sum().Item()},
		"entropy": {d.Entropy().Item(), -p.Mul(logp).Sum().Item()},
	} {
		if math.Abs(c[0]-c[1]) > 1e-7 {
			t.Errorf("%s is %v, by quadrature %v", what, c[0], c[1])
		}
	}
	if v := d.LogProb(s64(3.1)).Item(); !math.IsInf(v, -1) {
		t.Errorf("outside, the log-probability is %v", v)
	}
}

func Example() {
	// A Gaussian encoder: a draw that gradients flow through, and its divergence from the prior.
	mean, std := tensor.Of([]float32{0.5, -1}).RequireGrad(), tensor.Of([]float32{1, 0.5})
	q := prob.NewNormal(mean, std)
	z := q.RSample(random.New(1))
	kl := prob.KL(q, prob.NewNormal(tensor.Zeros(), tensor.Ones()))
	kl.Sum().Backward()
	fmt.Println(z.Shape(), kl.Detach(), mean.Grad())
	// Output: (2,) tensor([0.125, 0.81815], float32 (2,)) tensor([0.5, -1], float32 (2,))
}

package maths

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/prob"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A06", Tier: catalog.Unit, Title: "Multivariate Gaussian",
		Target: "log-density equals the closed form to 1e-10; the covariance of 1e6 draws and a Monte-Carlo KL are within 3 standard errors",
		Note:   "the covariance is Σ; a misprint has E there, and the identity in its place gives other densities",
		Test:   gaussian,
	}, catalog.Row{
		ID: "A07", Tier: catalog.Unit, Title: "Maximum likelihood", Source: "Fisher 1922",
		Target: "gradient ascent on the likelihood of normal, Bernoulli and categorical data reaches the closed forms to 1e-6",
		Test:   maximumLikelihood,
	}, catalog.Row{
		ID: "A08", Tier: catalog.Unit, Title: "MAP: ridge and lasso as priors", Source: "Hoerl and Kennard 1970; Tibshirani 1996",
		Target: "the most probable weights are those of ridge with λ = σ²/τ² and of lasso with λ = 2σ²/b to 1e-8; KKT residual below 1e-8",
		Note:   "for the objective ‖y − Xw‖² + λ‖w‖₁; with ½ before the square λ is σ²/b",
		Test:   maximumAPosteriori,
	})
}

func gaussian(_ context.Context, c *catalog.Check) error {
	sigma, mu := f64([]int{2, 2}, 2, 0.6, 0.6, 0.5), f64([]int{2}, 1, -1)
	p, err := prob.NewMultivariateNormal(mu, sigma)
	if err != nil {
		return err
	}
	// By hand: |Σ| = 2·0.5 − 0.36 = 0.64, Σ⁻¹ = [[0.5, −0.6], [−0.6, 2]]/0.64.
	logDensity := func(x, y, a, b, d, det float64) float64 {
		x, y = x-1, y+1
		return -0.5*(a*x*x+2*b*x*y+d*y*y) - math.Log(2*math.Pi) - 0.5*math.Log(det)
	}
	g := random.New(1)
	points := tensor.With(tensor.Float64).Randn(g, 100, 2).MulScalar(3)
	lp, at := p.LogProb(points).Floats(), points.Floats()
	var off, identity float64
	for i := range lp {
		x, y := at[2*i], at[2*i+1]
		off = max(off, math.Abs(lp[i]-logDensity(x, y, 0.5/0.64, -0.6/0.64, 2/0.64, 0.64)))
		identity = max(identity, math.Abs(lp[i]-logDensity(x, y, 1, 0, 1, 1)))
	}
	c.AtMost("log-density less the closed form", off, 1e-10)
	c.Control(func() { c.AtLeast("with the identity for Σ", identity, 1) })

	const n = 1_000_000
	draws := p.Sample(g, n).Sub(mu)
	s := draws.T().MatMul(draws).DivScalar(n).Floats()
	want := sigma.Floats()
	var errors float64 // of Σ_ij: √((Σ_ii Σ_jj + Σ_ij²)/n)
	for i := range 2 {
		for j := range 2 {
			se := math.Sqrt((want[3*i]*want[3*j] + want[2*i+j]*want[2*i+j]) / n)
			errors = max(errors, math.Abs(s[2*i+j]-want[2*i+j])/se)
		}
	}
	c.AtMost("covariance of 1e6 draws, in standard errors", errors, 3)

	q, err := prob.NewMultivariateNormal(f64([]int{2}, 0, 0), f64([]int{2, 2}, 1, 0, 0, 1))
	if err != nil {
		return err
	}
	// ½ (tr Σ + |μ|² − 2 − ln |Σ|)
	kl := prob.KL(p, q).Item()
	c.Near("KL from the standard normal", kl, 0.5*(2.5+2-2-math.Log(0.64)), 1e-12)
	x := p.Sample(g, n/10)
	ratio := p.LogProb(x).Sub(q.LogProb(x))
	m := ratio.Mean().Item()
	se := math.Sqrt(ratio.SubScalar(m).Square().Mean().Item() / (n / 10))
	c.AtMost("Monte-Carlo KL less the closed form, in standard errors", math.Abs(m-kl)/se, 3)
	_, err = prob.NewMultivariateNormal(mu, f64([]int{2, 2}, 1, 2, 2, 1))
	c.True("a covariance that is not positive definite is an error", err != nil)
	return c.Picture("draws", func(path string) error {
		some := p.Sample(random.New(2), 400).Floats()
		points := make([]plot.Point, 400)
		for i := range points {
			points[i] = plot.Point{X: some[2*i], Y: some[2*i+1]}
		}
		return plot.Scatter(path, points, nil, plot.ScatterConfig{Title: "Draws of N((1, −1), [[2, 0.6], [0.6, 0.5]])"})
	})
}

// ascend climbs f by gradient ascent and returns the parameters it reaches.
func ascend(f func(p *tensor.Tensor) *tensor.Tensor, start *tensor.Tensor, rate float64, steps int) []float64 {
	p := tensor.NewParam(start)
	opt := optim.NewSGD([]*tensor.Param{p}, optim.SGDConfig{LR: rate, Maximize: true})
	for range steps {
		opt.ZeroGrad()
		f(p.Tensor).Backward()
		opt.Step()
	}
	return p.Floats()
}

func maximumLikelihood(_ context.Context, c *catalog.Check) error {
	g := random.New(1)
	x := tensor.With(tensor.Float64).Randn(g, 50).MulScalar(1.5).AddScalar(2)
	mean := x.Mean().Item()
	std := math.Sqrt(x.SubScalar(mean).Square().Mean().Item()) // by N: the unbiased one is not the likeliest
	got := ascend(func(p *tensor.Tensor) *tensor.Tensor {
		return prob.NewNormal(p.Select(0, 0), p.Select(0, 1).Exp()).LogProb(x).Mean()
	}, f64([]int{2}, 0, 0), 0.3, 400)
	c.Near("μ of the normal", got[0], mean, 1e-6)
	c.Near("σ of the normal", math.Exp(got[1]), std, 1e-6)
	c.Control(func() {
		c.AtLeast("from the deviation by N − 1", math.Abs(math.Exp(got[1])-std*math.Sqrt(50.0/49)), 1e-3)
	})

	heads := f64([]int{8}, 1, 1, 0, 1, 1, 1, 0, 1)
	got = ascend(func(p *tensor.Tensor) *tensor.Tensor { return prob.NewBernoulliLogits(p).LogProb(heads).Mean() }, f64([]int{1}, 0), 2, 200)
	c.Near("p of the Bernoulli, 6 of 8", 1/(1+math.Exp(-got[0])), 0.75, 1e-6)

	classes := tensor.Of([]int64{0, 1, 1, 2, 2, 2, 2, 2, 1, 0})
	got = ascend(func(p *tensor.Tensor) *tensor.Tensor { return prob.NewCategoricalLogits(p).LogProb(classes).Mean() }, f64([]int{3}, 0, 0, 0), 2, 300)
	c.AtMost("shares of the categorical, 2, 3 and 5 of 10", worst(tensor.Of(got).Softmax(0), f64([]int{3}, 0.2, 0.3, 0.5)), 1e-6)
	return nil
}

func maximumAPosteriori(_ context.Context, c *catalog.Check) error {
	const n, d, sigma, tau, b = 40, 5, 0.7, 0.5, 0.1
	g, f := random.New(1), tensor.With(tensor.Float64)
	x := f.Randn(g, n, d)
	y := x.MatMul(f64([]int{d}, 1.5, 0, -1, 0, 0.05)).Add(f.Randn(g, n).MulScalar(sigma))
	zero := f.Zeros(d)
	logLikelihood := func(w *tensor.Tensor) *tensor.Tensor {
		return prob.NewNormal(x.MatMul(w), f64([]int{1}, sigma)).LogProb(y).Sum()
	}

	// Gaussian prior: the log-posterior is quadratic, so one Newton step from 0 is at its top.
	gauss := func(in []*tensor.Tensor) *tensor.Tensor {
		return logLikelihood(in[0]).Add(prob.NewNormal(zero, f64([]int{1}, tau)).LogProb(in[0]).Sum())
	}
	_, slope := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{gauss(in)} }, []*tensor.Tensor{zero}, nil)
	step, err := linalg.Solve(autograd.Hessian(gauss, []*tensor.Tensor{zero})[0][0], slope[0])
	if err != nil {
		return err
	}
	most := step.Neg()
	ridge := func(lambda float64) (*tensor.Tensor, error) {
		return linalg.Solve(x.T().MatMul(x).Add(f.Eye(d).MulScalar(lambda)), x.T().MatMul(y))
	}
	w, err := ridge(sigma * sigma / (tau * tau))
	if err != nil {
		return err
	}
	c.AtMost("MAP under a Gaussian prior less ridge with λ = σ²/τ²", worst(most, w), 1e-8)
	if w, err = ridge(2 * sigma * sigma / (tau * tau)); err != nil {
		return err
	}
	c.Control(func() { c.AtLeast("less ridge with twice that", worst(most, w), 1e-3) })

	// Laplace prior: climbed by proximal gradient (ISTA) on the log-posterior, against coordinate descent on the lasso's objective.
	wp := zero
	const rate = 0.3 * sigma * sigma / n // below 1 over the likelihood's curvature
	for range 3000 {
		_, up := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{logLikelihood(in[0])} }, []*tensor.Tensor{wp}, nil)
		wp = soft(wp.Add(up[0].MulScalar(rate)), rate/b)
	}
	const lambda = 2 * sigma * sigma / b
	lasso := coordinateDescent(x, y, lambda)
	c.AtMost("MAP under a Laplace prior less lasso with λ = 2σ²/b", worst(wp, lasso), 1e-8)
	c.Control(func() { c.AtLeast("less lasso with λ = σ²/b", worst(wp, coordinateDescent(x, y, lambda/2)), 1e-3) })
	// Where w_j is not 0: 2 x_jᵀ(y − Xw) = λ sign w_j; else its magnitude is at most λ.
	var residual float64
	zeros := 0
	for j, r := range x.T().MatMul(y.Sub(x.MatMul(lasso))).MulScalar(2).Floats() {
		switch wj := lasso.Floats()[j]; {
		case wj == 0:
			zeros++
			residual = max(residual, math.Abs(r)-lambda)
		default:
			residual = max(residual, math.Abs(r-math.Copysign(lambda, wj)))
		}
	}
	c.AtMost("KKT residual", residual, 1e-8)
	c.AtLeast("weights that are exactly 0", float64(zeros), 1)
	posterior := func(w *tensor.Tensor) float64 {
		return logLikelihood(w).Add(prob.NewLaplace(zero, f64([]int{1}, b)).LogProb(w).Sum()).Item()
	}
	better, top := 0, posterior(lasso)
	for range 200 {
		if posterior(lasso.Add(f.Randn(g, d).MulScalar(1e-3))) > top {
			better++
		}
	}
	c.Equal("of 200 points around it, more probable ones", float64(better), 0)
	return nil
}

// soft is the proximal step of t|w|: sign(w) max(|w| − t, 0).
func soft(w *tensor.Tensor, t float64) *tensor.Tensor {
	return w.Sign().Mul(w.Abs().SubScalar(t).ReLU())
}

// coordinateDescent minimises ‖y − Xw‖² + λ‖w‖₁, each weight in turn exactly.
func coordinateDescent(x, y *tensor.Tensor, lambda float64) *tensor.Tensor {
	n, d := x.Dim(0), x.Dim(1)
	xs, r, w := x.Floats(), y.Floats(), make([]float64, d) // r: the residual
	for range 500 {
		for j := range d {
			var xr, xx float64
			for i := range n {
				xr += xs[i*d+j] * r[i]
				xx += xs[i*d+j] * xs[i*d+j]
			}
			target := xr + xx*w[j]
			now := math.Copysign(max(0, math.Abs(target)-lambda/2), target) / xx
			if now == 0 {
				now = 0 // not −0
			}
			for i := range n {
				r[i] -= xs[i*d+j] * (now - w[j])
			}
			w[j] = now
		}
	}
	return tensor.Of(w)
}

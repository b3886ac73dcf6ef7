package classical

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "B08", Tier: catalog.Unit, Title: "Gradient descent and its learning rate", Source: "Cauchy 1847",
		Target: "on quadratics with largest curvature λ it converges at 0.99 · 2/λ and diverges at 1.01 · 2/λ; ∇L has L's derivative by each parameter",
		Note:   "θ* is arg min L: with arg max, a misprint, the same steps lead away; the gradient is ∂L/∂θ, where the misprint leaves L out",
		Test:   gradientDescent,
	})
}

func gradientDescent(_ context.Context, c *catalog.Check) error {
	var converged, gradient, up float64
	diverged := math.Inf(1)
	const trials = 5
	for trial := range uint64(trials) {
		// L(θ) = ½ θᵀAθ - bᵀθ with A = B Bᵀ/5 + I.
		g := random.New(max(c.Seed, 1) + trial)
		root := tensor.Randn(g, 5, 5).To(tensor.Float64)
		a := root.MatMul(root.T()).DivScalar(5).Add(tensor.Eye(5).To(tensor.Float64))
		b := tensor.Randn(g, 5).To(tensor.Float64)
		best, err := linalg.Solve(a, b)
		if err != nil {
			return err
		}
		curvature, err := linalg.Eigvalsh(a)
		if err != nil {
			return err
		}
		limit := 2 / curvature.Max().Item()
		// away returns the distance from the minimum after steps at a rate, over that before.
		away := func(rate float64, steps int, maximize bool) float64 {
			theta := tensor.NewParam(tensor.Zeros(5).To(tensor.Float64))
			descend(optim.NewSGD([]*tensor.Param{theta}, optim.SGDConfig{LR: rate, Maximize: maximize}), steps, func() *tensor.Tensor {
				return quadratic(theta.Tensor, a, b)
			}, nil)
			return norm(theta.Detach().Sub(best)) / norm(best)
		}
		converged = max(converged, away(0.99*limit, 800, false))
		diverged = min(diverged, away(1.01*limit, 800, false))
		if trial == 0 {
			up = away(0.5*limit, 100, true)
			theta := tensor.NewParam(tensor.Randn(g, 5).To(tensor.Float64))
			quadratic(theta.Tensor, a, b).Backward()
			gradient = worst(theta.Grad(), a.MatMul(theta.Detach()).Sub(b))
		}
	}
	c.AtMost("worst distance from the minimum of 5 quadratics after 800 steps at 0.99 · 2/λ, relative", converged, 1e-6)
	c.AtLeast("least distance at 1.01 · 2/λ", diverged, 1e3)
	c.AtMost("|∇L - (Aθ - b)|", gradient, 1e-12)
	c.Control(func() { c.AtLeast("distance after 100 steps that climb: arg max", up, 1e3) })
	return c.Picture("rates", ratesPicture)
}

// quadratic returns ½ θᵀAθ - bᵀθ.
func quadratic(theta, a, b *tensor.Tensor) *tensor.Tensor {
	return theta.Mul(a.MatMul(theta)).Sum().MulScalar(0.5).Sub(theta.Mul(b).Sum())
}

func norm(t *tensor.Tensor) float64 { return t.Square().Sum().Sqrt().Item() }

func ratesPicture(file string) error {
	const x, y, xy = 1.0, 6.0, 0.5 // curvatures; the largest eigenvalue is near 6.05
	a := f64([]float64{x, xy, xy, y}, 2, 2)
	largest := (x + y + math.Sqrt((x-y)*(x-y)+4*xy*xy)) / 2
	series := []plot.Series{ellipses("equal loss", 0, 0, [3]float64{x, xy, y}, 12, plot.Regions{XMin: -4.5, XMax: 1.5, YMin: -2, YMax: 2})}
	for _, of := range []float64{0.1, 0.5, 0.95, 1.02} {
		theta := tensor.NewParam(f64([]float64{-4, 0.9}))
		var path []plot.Point
		descend(optim.NewSGD([]*tensor.Param{theta}, optim.SGDConfig{LR: of * 2 / largest}), 25, func() *tensor.Tensor {
			p := theta.Floats()
			path = append(path, plot.Point{X: p[0], Y: p[1]})
			return quadratic(theta.Tensor, a, f64([]float64{0, 0}))
		}, nil)
		series = append(series, polyline(fmt.Sprintf("%g · 2/λ", of), path))
	}
	return plot.Lines(file, plot.Chart{Title: "25 steps of gradient descent at four rates", XLabel: "θ₁", YLabel: "θ₂", Series: series})
}

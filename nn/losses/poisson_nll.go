package losses

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// PoissonNLL returns the mean of exp(x) − y x, the negative log-likelihood of counts y under a Poisson distribution with
// x = ln λ, less ln y! (Nelder and Wedderburn, 1972). The shapes are equal.
func PoissonNLL(x, y *tensor.Tensor) *tensor.Tensor { return PoissonNLLLoss{}.Of(x, y) }

// PoissonNLLLoss is the Poisson negative log-likelihood with options.
type PoissonNLLLoss struct {
	Rate      bool     // x is the rate λ itself: PyTorch's log_input=False
	Full      bool     // adds Stirling's approximation of ln y!
	Eps       *float64 // added to the rate in its logarithm; nil: 1e-8
	Reduction Reduction
}

// Of returns the reduced exp(x) − y x, or λ − y ln(λ + ε) for a rate; Full adds y ln y − y + ½ ln(2πy) where y > 1. It panics
// with ErrShape unless the shapes are equal, and with ErrValue on a negative ε.
func (l PoissonNLLLoss) Of(x, y *tensor.Tensor) *tensor.Tensor {
	y = pair("poisson_nll", x, y)
	eps := or(l.Eps, 1e-8)
	if !(eps >= 0) {
		tensor.Fail("poisson_nll", tensor.ErrValue, []tensor.Shape{x.Shape()}, "eps %v must not be negative", eps)
	}
	rate, log := x, x
	if l.Rate {
		log = x.AddScalar(eps).Log()
	} else {
		rate = x.Exp()
	}
	v := rate.Sub(y.Mul(log))
	if l.Full {
		small := y.Detach().LeScalar(1)
		n := y.MaskedFill(small, 1) // the logarithm's slope is infinite at 0
		stirling := n.Mul(n.Log()).Sub(n).Add(n.MulScalar(2 * math.Pi).Log().MulScalar(0.5))
		v = v.Add(stirling.MaskedFill(small, 0))
	}
	return l.Reduction.apply(v)
}

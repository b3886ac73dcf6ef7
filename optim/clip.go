package optim

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// ClipGradNorm scales all gradients by maxNorm/(norm + 1e-6) when their p-norm over all parameters is larger than maxNorm
// (Pascanu et al., 2013), and returns the norm before. p is 2 or math.Inf(1). A norm that is not finite leaves the
// gradients as they are.
func ClipGradNorm(params []*tensor.Param, maxNorm, p float64) float64 {
	if !(maxNorm > 0) || p != 2 && !math.IsInf(p, 1) {
		tensor.Fail("clip_grad_norm", tensor.ErrValue, nil, "the largest norm %v must be positive and p, %v, 2 or infinite", maxNorm, p)
	}
	var norm float64
	for _, q := range params {
		g := q.Grad()
		if g == nil {
			continue
		}
		n := g.Detach().Norm(p).Item()
		if p == 2 {
			norm += n * n
		} else {
			norm = math.Max(norm, n) // NaN stays
		}
	}
	if p == 2 {
		norm = math.Sqrt(norm)
	}
	if f := maxNorm / (norm + 1e-6); f < 1 && !math.IsInf(norm, 0) {
		for _, q := range params {
			if g := q.Grad(); g != nil {
				q.SetGrad(g.Detach().MulScalar(f))
			}
		}
	}
	return norm
}

// FiniteNorm returns an error when a norm that ClipGradNorm returned is NaN or infinite.
func FiniteNorm(norm float64) error {
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return fmt.Errorf("the gradient's norm is %v; lower the learning rate, or find the op with tensor.DetectAnomaly", norm)
	}
	return nil
}

// ClipGradValue limits every element of all gradients to [-limit, limit].
func ClipGradValue(params []*tensor.Param, limit float64) {
	if !(limit > 0) {
		tensor.Fail("clip_grad_value", tensor.ErrValue, nil, "the limit %v must be positive", limit)
	}
	for _, q := range params {
		if g := q.Grad(); g != nil {
			q.SetGrad(g.Detach().Clamp(-limit, limit))
		}
	}
}

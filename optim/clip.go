package optim

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// ClipGradNorm scales all gradients by maxNorm/(norm + 1e-6) when that is less than 1 (Pascanu et al., 2013), and returns
// norm, that of all gradients together before: (Σ |g|^p)^(1/p), the largest |g| for p = math.Inf(1), 0 without gradients.
// When the norm is NaN or infinite the gradients stay as they are (PyTorch's become 0 or NaN): see FiniteNorm. It panics
// with ErrValue unless maxNorm and p are positive.
func ClipGradNorm(params []*tensor.Param, maxNorm, p float64) float64 {
	if !(maxNorm > 0 && p > 0) {
		tensor.Fail("clip_grad_norm", tensor.ErrValue, nil, "the largest norm %v and p, %v, must be positive", maxNorm, p)
	}
	var norms []float64
	for _, q := range params {
		if g := q.Grad(); g != nil && g.Numel() > 0 {
			norms = append(norms, norm(g.Detach(), p))
		}
	}
	if len(norms) == 0 {
		return 0
	}
	all := tensor.Of(norms).Norm(p).Item()
	if f := maxNorm / (all + 1e-6); f < 1 && !math.IsInf(all, 0) {
		for _, q := range params {
			if g := q.Grad(); g != nil {
				q.SetGrad(g.Detach().MulScalar(f))
			}
		}
	}
	return all
}

// norm returns (Σ |g|^p)^(1/p).
func norm(g *tensor.Tensor, p float64) (n float64) {
	if p != 2 || g.DType() != tensor.Float32 || !g.IsContiguous() {
		return g.Norm(p).Item()
	}
	tensor.Read(g, func(g []float32) { n = math.Sqrt(cpu.SumSquaresShared(g)) })
	return n
}

// FiniteNorm returns an error when a norm that ClipGradNorm returned is NaN or infinite; a step would spoil the parameters.
func FiniteNorm(norm float64) error {
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return fmt.Errorf("the gradient's norm is %v; lower the learning rate, or find the op with tensor.DetectAnomaly", norm)
	}
	return nil
}

// ClipGradValue limits every element of all gradients to [−limit, limit]; a NaN stays. It panics with ErrValue unless limit
// is positive.
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

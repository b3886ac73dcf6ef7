package losses

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// GaussianNLL returns the mean of ½(ln v + (x − y)²/v), the negative log-likelihood of targets y under a normal distribution
// with mean x and variance v, less a constant (Nix and Weigend, 1994). x and y are (N, ...); v has their shape, or one
// variance for the whole last axis.
func GaussianNLL(x, y, variance *tensor.Tensor) *tensor.Tensor {
	return GaussianNLLLoss{}.Of(x, y, variance)
}

// GaussianNLLLoss is the Gaussian negative log-likelihood with options.
type GaussianNLLLoss struct {
	Full      bool    // adds the constant ½ ln 2π
	Eps       float64 // variances are not below it; 0: 1e-6
	Reduction Reduction
}

// Of returns the reduced ½(ln v + (x − y)²/v), with v = max(variance, ε). As in PyTorch the gradient passes the maximum
// unchanged, so that a variance below ε can grow again. It panics with ErrShape unless x and y have one shape and the
// variance has it too, without its last axis, or with 1 there; with ErrValue on a negative variance or ε.
func (l GaussianNLLLoss) Of(x, y, variance *tensor.Tensor) *tensor.Tensor {
	const op = "gaussian_nll"
	y = pair(op, x, y)
	shapes := []tensor.Shape{x.Shape(), variance.Shape()}
	if l.Eps == 0 {
		l.Eps = 1e-6
	}
	if !(l.Eps > 0) {
		tensor.Fail(op, tensor.ErrValue, shapes, "eps %v must be positive", l.Eps)
	}
	if x.Rank() > 0 && variance.Shape() == x.Shape().Remove(x.Rank()-1) {
		variance = variance.Unsqueeze(-1)
	}
	if x.Shape() != variance.Shape() && (x.Rank() == 0 || variance.Shape() != x.Narrow(-1, 0, min(1, x.Dim(-1))).Shape()) {
		tensor.Fail(op, tensor.ErrShape, shapes, "the variance must have the prediction's shape, or that without its last axis, or with 1 there")
	}
	variance = variance.To(x.DType())
	if variance.Device() != tensor.Meta && variance.Numel() > 0 {
		if low := variance.Detach().Min().Item(); low < 0 {
			tensor.Fail(op, tensor.ErrValue, shapes, "a variance is %v; it must not be negative: use Softplus or Exp", low)
		}
	}
	v := variance.Add(variance.Detach().ClampMin(l.Eps).Sub(variance.Detach()))
	d := x.Sub(y)
	loss := v.Log().Add(d.Mul(d).Div(v)).MulScalar(0.5)
	if l.Full {
		loss = loss.AddScalar(0.5 * math.Log(2*math.Pi))
	}
	return l.Reduction.apply(loss)
}

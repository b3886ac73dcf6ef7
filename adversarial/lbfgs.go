package adversarial

import (
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// LBFGSConfig are the options of LBFGS.
type LBFGSConfig struct {
	// Low and High are the least and largest values of a pixel; both 0 mean 0 and 1.
	Low, High  float64
	Iterations int // of L-BFGS, for each weight of the loss; default 50
	Searches   int // for the least weight that reaches the class, by bisection; default 8
}

// LBFGS returns for each of the pictures x (N, ...) one of class target (N,), by the model's account, that is as near as could be
// found, and whether there is one; where not, the picture itself. As C. Szegedy et al. (2014, Intriguing properties of neural
// networks) it minimises
//
//	‖r‖² + c·crossEntropy(model(x + r), target),   x + r from Low to High,
//
// by L-BFGS, and looks for the c of the smallest ‖r‖; here the box is kept by cutting x + r. The pictures are taken one by one, some
// hundred passes through the model each. It panics as FGSM does.
func LBFGS(model nn.Layer, x, target *tensor.Tensor, cfg LBFGSConfig) (adv *tensor.Tensor, reached []bool) {
	if cfg.Low == 0 && cfg.High == 0 {
		cfg.High = 1
	}
	if cfg.Iterations == 0 {
		cfg.Iterations = 50
	}
	if cfg.Searches == 0 {
		cfg.Searches = 8
	}
	if cfg.Iterations < 0 || cfg.Searches < 0 {
		tensor.Fail("lbfgs", tensor.ErrValue, nil, "%d iterations and %d searches must be positive", cfg.Iterations, cfg.Searches)
	}
	checkPictures("lbfgs", x, target, cfg.Low, cfg.High)
	x, model = x.Detach(), nn.Eval(model)
	reached = make([]bool, x.Dim(0))
	if x.Numel() == 0 {
		return x, reached
	}
	found := make([]*tensor.Tensor, x.Dim(0))
	for i := range found {
		found[i], reached[i] = nearest(model, x.Narrow(0, i, 1).Contiguous(), target.Narrow(0, i, 1), cfg)
	}
	return tensor.Concat(0, found...), reached
}

// nearest is LBFGS for one picture (1, ...).
func nearest(model nn.Layer, x, target *tensor.Tensor, cfg LBFGSConfig) (best *tensor.Tensor, reached bool) {
	dims := x.Shape().Dims()
	class := target.Item()
	try := func(c float64) bool {
		moved := func(r []float64) *tensor.Tensor { return tensor.Of(r, dims...).To(x.DType()).Add(x) }
		r := make([]float64, x.Numel())
		linear.LBFGS(func(r, grad []float64) (value float64) {
			at := moved(r).RequireGrad()
			loss := losses.CrossEntropy(model.Forward(at.Clamp(cfg.Low, cfg.High)), target).MulScalar(c)
			value = loss.Detach().Item()
			g := autograd.Grad([]*tensor.Tensor{loss}, []*tensor.Tensor{at}, autograd.GradConfig{})[0].Floats()
			for i, v := range r {
				value += v * v
				grad[i] = g[i] + 2*v
			}
			return value
		}, r, 1e-4, cfg.Iterations)
		y := moved(r).Clamp(cfg.Low, cfg.High)
		if model.Forward(y).ArgMax(1).Item() != class {
			return false
		}
		if !reached || distance(y, x) < distance(best, x) {
			best, reached = y, true
		}
		return true
	}
	best = x
	if model.Forward(x).ArgMax(1).Item() == class {
		return x, true
	}
	// The weight grows until the class is reached; then its logarithm is halved into.
	const largest = 1e6
	low, high := 0.0, 1.0
	for !try(high) {
		if low, high = high, high*10; high > largest {
			return best, reached
		}
	}
	if low == 0 {
		low = high / 100
	}
	for range cfg.Searches {
		if c := math.Sqrt(low * high); try(c) {
			high = c
		} else {
			low = c
		}
	}
	return best, reached
}

func distance(a, b *tensor.Tensor) float64 { return a.Sub(b).Square().Sum().Item() }

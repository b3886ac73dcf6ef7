package explain

import (
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// MaximizeConfig are the options of ActivationMaximization.
type MaximizeConfig struct {
	Steps  int       // of Adam; 0: 256
	LR     float64   // learning rate, in units of x; 0: 0.05
	L2     float64   // weight of the penalty Σ x² of a picture
	TV     float64   // weight of the total variation: Σ |x(i+1, j) − x(i, j)| + |x(i, j+1) − x(i, j)| of a picture
	Jitter int       // before each step the picture is moved round by up to so many pixels each way, at random from Seed
	Low    []float64 // least value of each channel; nil: 0, the black of pictures that were not normalised
	High   []float64 // and the largest; nil: 1
	Seed   uint64
	// Observe, unless nil, is told the mean of the objective before each step, of the moved pictures.
	Observe func(step int, objective float64)
}

// ActivationMaximization changes pictures x (N, C, H, W) until the objective is large and returns them (D. Erhan et al., 2009, Visualizing
// higher-layer features of a deep network):
//
//	argmax objective(x) − L2 Σ x² − TV Σ |∇x|    Low ≤ x ≤ High
//
// objective maps (N, C, H, W) to (N,), each picture's own: for class k of a model from nn.Eval it is
// func(x) { return model.Forward(x).Select(1, k) }. It is maximised by Adam. Penalties and jitter make pictures of it instead of noise
// that fools the network. It panics with ErrValue on options that are negative and bounds that are none for each channel.
func ActivationMaximization(x *tensor.Tensor, objective func(x *tensor.Tensor) *tensor.Tensor, cfg MaximizeConfig) *tensor.Tensor {
	const op = "explain.ActivationMaximization"
	checkPictures(op, x)
	steps, lr := positive(op, "Steps", cfg.Steps, 256), atLeastZero(op, "LR", cfg.LR, 0.05)
	l2, tv, jitter := atLeastZero(op, "L2", cfg.L2, 0), atLeastZero(op, "TV", cfg.TV, 0), positive(op, "Jitter", cfg.Jitter, 0)
	low, high := bounds(op, x, cfg.Low, cfg.High)
	g := random.New(cfg.Seed)
	p := tensor.NewParam(x.Detach().Clone())
	opt := optim.NewAdam([]*tensor.Param{p}, optim.AdamConfig{LR: lr})
	for step := range steps {
		tensor.WithScope(func(s *tensor.Scope) {
			in := s.Enter(p.Tensor)
			value := objective(moved(in, shift(g, jitter), shift(g, jitter)))
			if value.Shape() != tensor.ShapeOf(x.Dim(0)) {
				tensor.Fail(op, tensor.ErrShape, []tensor.Shape{value.Shape()}, "the objective must give one number for each of %d pictures, (N,)", x.Dim(0))
			}
			if cfg.Observe != nil {
				cfg.Observe(step, value.Detach().Mean().Item())
			}
			loss := value.Sum().Neg()
			if l2 > 0 {
				loss = loss.Add(in.Square().Sum().MulScalar(l2))
			}
			if tv > 0 {
				loss = loss.Add(TotalVariation(in).Sum().MulScalar(tv))
			}
			opt.ZeroGrad()
			loss.Backward(p.Tensor)
		})
		opt.Step()
		p.CopyFrom(p.Detach().Maximum(low).Minimum(high))
	}
	return p.Detach().Clone()
}

// TotalVariation returns Σ |x(c, i+1, j) − x(c, i, j)| + |x(c, i, j+1) − x(c, i, j)| of each picture of x (N, C, H, W), (N,). It panics with
// ErrShape on other ranks.
func TotalVariation(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() != 4 {
		tensor.Fail("explain.TotalVariation", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the pictures must be (N, C, H, W)")
	}
	h, w := x.Dim(2), x.Dim(3)
	down := x.Narrow(2, 1, h-1).Sub(x.Narrow(2, 0, h-1)).Abs().Sum(1, 2, 3)
	return down.Add(x.Narrow(3, 1, w-1).Sub(x.Narrow(3, 0, w-1)).Abs().Sum(1, 2, 3))
}

// shift draws from -most to most.
func shift(g *random.Generator, most int) int {
	if most == 0 {
		return 0
	}
	return g.Intn(2*most+1) - most
}

// moved returns pictures that went round the edges by so many pixels.
func moved(x *tensor.Tensor, down, right int) *tensor.Tensor {
	if down != 0 {
		x = x.Roll(2, down)
	}
	if right != 0 {
		x = x.Roll(3, right)
	}
	return x
}

// bounds returns the least and largest value of each channel, (C, 1, 1).
func bounds(op string, x *tensor.Tensor, low, high []float64) (lo, hi *tensor.Tensor) {
	c := x.Dim(1)
	of := func(v []float64, other float64) *tensor.Tensor {
		if v == nil {
			return tensor.With(x.DType()).Full(other, c, 1, 1)
		}
		if len(v) != c {
			tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "%d bounds are given for %d channels", len(v), c)
		}
		return tensor.Of(v, c, 1, 1).To(x.DType())
	}
	lo, hi = of(low, 0), of(high, 1)
	if lo.Lt(hi).All().Item() == 0 {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "a channel's least value must be below its largest")
	}
	return lo, hi
}

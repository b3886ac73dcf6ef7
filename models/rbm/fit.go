package rbm

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Config are the options of Fit. Zero fields mean the defaults.
type Config struct {
	Epochs      int      // times the rows are seen; default 10
	BatchSize   int      // rows in a step; default 10
	LR          float64  // learning rate; default 0.1
	Steps       int      // k, Gibbs steps of CD-k; default 1
	Momentum    *float64 // default 0.5
	WeightDecay *float64 // λ of the penalty ½ λ ‖W‖², of the weights alone; default 0.0002
	// Persistent lets the chains of one step go on in the next, instead of starting at the data (Tieleman, 2008): a better estimate of
	// the gradient, which needs a smaller rate.
	Persistent bool
	Seed       uint64 // of the order of the rows and of the units drawn
	// Observe is told the mean squared difference of the rows and Reconstruct after each epoch, counted from 1; may be nil. It falls as
	// the machine learns, but is not what is minimised.
	Observe func(epoch int, reconstruction float64)
}

// withDefaults panics with ErrValue on options that cannot be meant.
func (c Config) withDefaults() Config {
	if c.Epochs < 0 || c.BatchSize < 0 || c.Steps < 0 || !(c.LR >= 0 && c.LR <= math.MaxFloat64) {
		tensor.Fail("rbm", tensor.ErrValue, nil, "epochs %d, batch size %d, steps %d and learning rate %v must not be negative, and finite", c.Epochs, c.BatchSize, c.Steps, c.LR)
	}
	c.Epochs, c.BatchSize, c.Steps, c.LR = cmp.Or(c.Epochs, 10), cmp.Or(c.BatchSize, 10), cmp.Or(c.Steps, 1), cmp.Or(c.LR, 0.1)
	if c.Momentum == nil {
		c.Momentum = new(0.5)
	}
	if c.WeightDecay == nil {
		c.WeightDecay = new(0.0002)
	}
	return c
}

// ContrastiveDivergence returns the CD-k estimate of the gradient of the mean log-likelihood of the rows of v (N, V) with respect
// to W, a and b (Hinton, 2002), and the chains (N, V) where they ended:
//
//	∂W = ⟨h vᵀ⟩ - ⟨hₖ vₖᵀ⟩,   ∂a = ⟨v⟩ - ⟨vₖ⟩,   ∂b = ⟨h⟩ - ⟨hₖ⟩
//
// with h = P(h = 1 | v), and vₖ after k Gibbs steps from start (M, V): from the data for contrastive divergence, and from where the
// chains ended before for the persistent form. As k grows the estimate goes to the gradient.
func (m *RBM) ContrastiveDivergence(g *random.Generator, v, start *tensor.Tensor, k int) (w, a, b, chains *tensor.Tensor) {
	m = nn.Eval(m)
	v = m.visible(v.Detach())
	chains = m.Gibbs(g, start, k)
	means := func(v *tensor.Tensor) (w, a, b *tensor.Tensor) {
		h := m.HiddenProb(v)
		return h.T().MatMul(v).DivScalar(float64(v.Dim(0))), v.Mean(0), h.Mean(0)
	}
	w, a, b = means(v)
	wk, ak, bk := means(chains)
	return w.Sub(wk), a.Sub(ak), b.Sub(bk), chains
}

// Fit trains the machine on the rows of x (N, V), binary or probabilities from 0 to 1, by gradient ascent with
// ContrastiveDivergence. The same machine, rows and config give the same bits. It returns ctx's error when that ends, and an error,
// with nothing changed, when there are no rows or one is not from 0 to 1; it panics with *tensor.Error on options that cannot be meant
// and on rows of another length.
func (m *RBM) Fit(ctx context.Context, x *tensor.Tensor, cfg Config) error {
	cfg = cfg.withDefaults()
	x = m.visible(x.Detach()).Contiguous()
	n := x.Dim(0)
	if n == 0 {
		return fmt.Errorf("rbm: x has no rows")
	}
	for i, p := range x.Floats() {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("rbm: x is %v at row %d, column %d: units are from 0 to 1; scale the data", p, i/x.Dim(1), i%x.Dim(1))
		}
	}
	opt := optim.NewSGDGroups([]optim.Group{
		{Params: []*nn.Param{m.Weight}},
		{Params: []*nn.Param{m.VisibleBias, m.HiddenBias}, WeightDecay: new(0.0)},
	}, optim.SGDConfig{LR: cfg.LR, Momentum: *cfg.Momentum, WeightDecay: *cfg.WeightDecay})
	g := random.New(cfg.Seed).Split() // independent of what the seed may have started the weights with
	var chains *tensor.Tensor
	for epoch := range cfg.Epochs {
		order := tensor.Of(random.Permutation(n, g.Next()))
		for from := 0; from < n; from += cfg.BatchSize {
			if err := ctx.Err(); err != nil {
				return err
			}
			rows := order.Narrow(0, from, min(cfg.BatchSize, n-from))
			tensor.WithScope(func(s *tensor.Scope) {
				v := s.Enter(x.IndexSelect(0, rows))
				start := v
				if chains != nil {
					start = chains
				}
				w, a, b, end := m.ContrastiveDivergence(g, v, start, cfg.Steps)
				if cfg.Persistent {
					chains = s.Keep(end)
				}
				opt.StepWith([]*tensor.Tensor{w.Neg(), a.Neg(), b.Neg()}) // the optimizer descends
			})
		}
		if cfg.Observe != nil {
			cfg.Observe(epoch+1, nn.Eval(m).Reconstruct(x).Sub(x).Square().Mean().Item())
		}
	}
	return nil
}

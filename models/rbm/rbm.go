// Package rbm is the restricted Boltzmann machine with binary units, trained by contrastive divergence, and stacks of them, with
// which deep networks were first initialised.
//
// P. Smolensky (1986), Information processing in dynamical systems: foundations of harmony theory. G. E. Hinton (2002), Training
// products of experts by minimizing contrastive divergence. G. E. Hinton, S. Osindero and Y. W. Teh (2006), A fast learning
// algorithm for deep belief nets. G. E. Hinton (2010), A practical guide to training restricted Boltzmann machines.
package rbm

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// RBM is a restricted Boltzmann machine of V visible and H hidden binary units, v and h, with the joint distribution
//
//	P(v, h) = exp(-E(v, h)) / Z,   E(v, h) = -a·v - b·h - hᵀ W v,   Z = Σ_v Σ_h exp(-E(v, h))
//
// Given one layer the units of the other are independent: P(h = 1 | v) = σ(b + W v), P(v = 1 | h) = σ(a + Wᵀ h). Visible units may
// also be probabilities from 0 to 1, such as grey pixels.
//
// It is a module: nn.State and nn.Load save and load it, nn.To makes it float64. Inputs are converted to its dtype.
type RBM struct {
	Weight      *nn.Param // W, (H, V), as that of a dense layer from visible to hidden units
	VisibleBias *nn.Param // a, (V,)
	HiddenBias  *nn.Param // b, (H,)
}

// New returns a machine with weights of N(0, 0.01²) and biases of 0 (Hinton, 2010). It panics with ErrValue unless there are visible
// and hidden units.
func New(g *random.Generator, visible, hidden int) *RBM {
	if visible < 1 || hidden < 1 {
		tensor.Fail("rbm", tensor.ErrValue, nil, "%d visible and %d hidden units must be positive", visible, hidden)
	}
	return &RBM{
		Weight:      tensor.NewParam(initialize.Normal(g, 0, 0.01, hidden, visible)),
		VisibleBias: tensor.NewParam(tensor.Zeros(visible)),
		HiddenBias:  tensor.NewParam(tensor.Zeros(hidden)),
	}
}

// units returns x in the machine's dtype. It panics with ErrShape unless it is (N, of b).
func (m *RBM) units(layer string, x *tensor.Tensor, b *nn.Param) *tensor.Tensor {
	if x.Rank() != 2 || x.Dim(1) != b.Dim(0) {
		tensor.Fail("rbm", tensor.ErrShape, []tensor.Shape{x.Shape()}, "%s units must be (N, %d), one row a sample", layer, b.Dim(0))
	}
	return x.To(m.Weight.DType())
}

func (m *RBM) visible(v *tensor.Tensor) *tensor.Tensor { return m.units("visible", v, m.VisibleBias) }
func (m *RBM) hidden(h *tensor.Tensor) *tensor.Tensor  { return m.units("hidden", h, m.HiddenBias) }

// input returns b + W v of each row (N, H).
func (m *RBM) input(v *tensor.Tensor) *tensor.Tensor {
	return tensor.Linear(m.visible(v), m.Weight.Tensor, m.HiddenBias.Tensor)
}

// Energy returns E(v, h) of each pair of rows (N,), of v (N, V) and h (N, H).
func (m *RBM) Energy(v, h *tensor.Tensor) *tensor.Tensor {
	v, h = m.visible(v), m.hidden(h)
	pairs := v.MatMul(m.Weight.T()).Mul(h).Sum(1)
	return v.MatMul(m.VisibleBias.Tensor).Add(h.MatMul(m.HiddenBias.Tensor)).Add(pairs).Neg()
}

// FreeEnergy returns F(v) = -log Σ_h exp(-E(v, h)) = -a·v - Σ_j log(1 + exp(b + W v)_j) of each row of v (N, V), (N,). The
// log-likelihood of v is -F(v) - LogPartition.
func (m *RBM) FreeEnergy(v *tensor.Tensor) *tensor.Tensor {
	v = m.visible(v)
	return v.MatMul(m.VisibleBias.Tensor).Add(softplus(m.input(v)).Sum(1)).Neg()
}

// softplus is log(1 + exp x), also for large x.
func softplus(x *tensor.Tensor) *tensor.Tensor { return x.LogSigmoid().Sub(x).Neg() }

// HiddenProb returns P(h = 1 | v) = σ(b + W v) of each row of v (N, V), (N, H): the machine's features.
func (m *RBM) HiddenProb(v *tensor.Tensor) *tensor.Tensor { return m.input(v).Sigmoid() }

// VisibleProb returns P(v = 1 | h) = σ(a + Wᵀ h) of each row of h (N, H), (N, V).
func (m *RBM) VisibleProb(h *tensor.Tensor) *tensor.Tensor {
	return m.hidden(h).MatMul(m.Weight.Tensor).Add(m.VisibleBias.Tensor).Sigmoid()
}

// Reconstruct returns P(v = 1 | h) with the probabilities of the hidden units given v (N, V) in the place of h.
func (m *RBM) Reconstruct(v *tensor.Tensor) *tensor.Tensor { return m.VisibleProb(m.HiddenProb(v)) }

// Gibbs returns v (N, V) after k steps of Gibbs sampling: the hidden units drawn given the visible ones, and those given these.
// It panics with ErrValue unless k is positive.
func (m *RBM) Gibbs(g *random.Generator, v *tensor.Tensor, k int) *tensor.Tensor {
	if k < 1 {
		tensor.Fail("rbm", tensor.ErrValue, nil, "the number of Gibbs steps, %d, must be positive", k)
	}
	m = nn.Eval(m)
	v = v.Detach()
	for range k {
		v = draw(g, m.VisibleProb(draw(g, m.HiddenProb(v))))
	}
	return v
}

// draw returns independent units that are 1 with the probabilities p, else 0.
func draw(g *random.Generator, p *tensor.Tensor) *tensor.Tensor {
	return tensor.With(p.DType()).Rand(g, p.Shape().Dims()...).Lt(p).To(p.DType())
}

// MostUnits is how many units the smaller layer of a machine may have for LogPartition.
const MostUnits = 20

// LogPartition returns log Z (), by enumerating the 2ⁿ states of the smaller layer: exact, differentiable, and only for machines
// with up to MostUnits units there; it panics with ErrValue on larger ones.
func (m *RBM) LogPartition() *tensor.Tensor {
	w, a, b := m.Weight.Tensor, m.VisibleBias.Tensor, m.HiddenBias.Tensor
	if b.Dim(0) > a.Dim(0) {
		w, a, b = w.T(), b, a
	}
	n := b.Dim(0)
	if n > MostUnits {
		tensor.Fail("rbm", tensor.ErrValue, []tensor.Shape{m.Weight.Shape()}, "the partition function of %d units has 2^%d terms; at most %d units are enumerated", n, n, MostUnits)
	}
	s := States(n).To(w.DType())
	return s.MatMul(b).Add(softplus(s.MatMul(w).Add(a)).Sum(1)).LogSumExp()
}

// States returns all 2ⁿ states of n binary units, (2ⁿ, n) float32; unit i is bit i of the row's number. It panics with ErrValue
// unless 1 <= n <= MostUnits.
func States(n int) *tensor.Tensor {
	if n < 1 || n > MostUnits {
		tensor.Fail("rbm", tensor.ErrValue, nil, "the states of %d units cannot be enumerated; give 1 to %d units", n, MostUnits)
	}
	s := make([]float32, n<<n)
	for row := range 1 << n {
		for i := range n {
			s[row*n+i] = float32(row >> i & 1)
		}
	}
	return tensor.Of(s, 1<<n, n)
}

// Linear returns the dense layer that computes b + W v, which Sigmoid makes HiddenProb. It owns its weights.
func (m *RBM) Linear() *nn.Linear {
	return &nn.Linear{Weight: tensor.NewParam(m.Weight.Detach()), Bias: tensor.NewParam(m.HiddenBias.Detach())}
}

package prob

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Mixture is a mixture of K distributions of one family: Σ_k w_k p_k(x).
type Mixture struct {
	Weights    *Categorical // (batch...), K classes
	Components Distribution // batch (batch..., K)
}

// NewMixture returns the mixture. It panics with ErrShape unless the components' last batch dimension is the number of
// classes and the others are the weights' batch.
func NewMixture(weights *Categorical, components Distribution) *Mixture {
	want := weights.batch.Insert(weights.batch.Rank(), weights.k)
	if components.Batch() != want {
		tensor.Fail("mixture", tensor.ErrShape, []tensor.Shape{weights.Logits.Shape(), components.Batch()}, "the components' batch must be the weights' shape, %v", want)
	}
	return &Mixture{weights, components}
}

// Batch returns the weights' batch.
func (d *Mixture) Batch() tensor.Shape { return d.Weights.batch }

// Event returns the components' event.
func (d *Mixture) Event() tensor.Shape { return d.Components.Event() }

// axis returns the components' dimension, counted from the end.
func (d *Mixture) axis() int { return -1 - d.Event().Rank() }

// Sample implements Distribution.
func (d *Mixture) Sample(g *random.Generator, n ...int) *tensor.Tensor {
	which := d.Weights.Sample(g, n...) // (n..., batch...)
	x := d.Components.Sample(g, n...)  // (n..., batch..., K, event...)
	event := d.Event()
	idx := which.Unsqueeze(-1)
	for range event.Rank() {
		idx = idx.Unsqueeze(-1)
	}
	axis := x.Rank() + d.axis()
	return x.Gather(axis, idx.ExpandTo(x.Shape().With(axis, 1))).Squeeze(axis)
}

// LogProb returns logsumexp_k(ln w_k + ln p_k(x)).
func (d *Mixture) LogProb(x *tensor.Tensor) *tensor.Tensor {
	at := x.Rank() - d.Event().Rank()
	if at < 0 {
		tensor.Fail("mixture", tensor.ErrShape, []tensor.Shape{x.Shape(), d.Event()}, "the value has fewer dimensions than the event")
	}
	return d.Components.LogProb(x.Unsqueeze(at)).Add(d.Weights.Logits).LogSumExp(-1)
}

// weights returns the probabilities with dimensions of size 1 for the event.
func (d *Mixture) weights() *tensor.Tensor {
	w := d.Weights.Probs()
	for range d.Event().Rank() {
		w = w.Unsqueeze(-1)
	}
	return w
}

// Mean returns Σ w_k m_k.
func (d *Mixture) Mean() *tensor.Tensor { return d.weights().Mul(d.Components.Mean()).Sum(d.axis()) }

// Variance returns Σ w_k (v_k + m_k²) − (Σ w_k m_k)², summed about the mean.
func (d *Mixture) Variance() *tensor.Tensor {
	m := d.Mean()
	far := d.Components.Mean().Sub(m.Unsqueeze(m.Rank() - d.Event().Rank())).Square()
	return d.weights().Mul(d.Components.Variance().Add(far)).Sum(d.axis())
}

// Entropy panics: there is no closed form.
func (d *Mixture) Entropy() *tensor.Tensor { return noEntropy("mixture") }

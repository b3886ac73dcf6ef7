package prob

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Independent is a distribution whose last batch dimensions are made part of the event: a vector of independent numbers
// instead of a batch of them.
type Independent struct {
	Distribution
	dims int
}

// NewIndependent returns d with its last dims batch dimensions as the event's first. It panics with ErrValue when the batch
// has fewer.
func NewIndependent(d Distribution, dims int) *Independent {
	if dims < 0 || dims > d.Batch().Rank() {
		tensor.Fail("independent", tensor.ErrValue, []tensor.Shape{d.Batch()}, "the batch has no %d dimensions", dims)
	}
	return &Independent{d, dims}
}

// Batch returns the batch that is left.
func (d *Independent) Batch() tensor.Shape {
	b := d.Distribution.Batch().Dims()
	return tensor.ShapeOf(b[:len(b)-d.dims]...)
}

// Event returns the dimensions taken from the batch, then the event's.
func (d *Independent) Event() tensor.Shape {
	b := d.Distribution.Batch().Dims()
	return tensor.ShapeOf(append(b[len(b)-d.dims:], d.Distribution.Event().Dims()...)...)
}

// sum adds up over the dimensions taken from the batch, the last of x.
func (d *Independent) sum(x *tensor.Tensor) *tensor.Tensor {
	if d.dims == 0 {
		return x
	}
	var axes []int
	for i := range d.dims {
		axes = append(axes, -1-i)
	}
	return x.Sum(axes...)
}

// RSample is the distribution's. It panics with ErrValue when that has none.
func (d *Independent) RSample(g *random.Generator, n ...int) *tensor.Tensor {
	return reparameterised("independent", d.Distribution).RSample(g, n...)
}

func reparameterised(name string, d Distribution) Reparameterised {
	r, ok := d.(Reparameterised)
	if !ok {
		tensor.Fail(name, tensor.ErrValue, []tensor.Shape{d.Batch()}, "%T has no reparameterised samples; use Sample", d)
	}
	return r
}

// LogProb returns the sum of the log-probabilities of the elements.
func (d *Independent) LogProb(x *tensor.Tensor) *tensor.Tensor {
	return d.sum(d.Distribution.LogProb(x))
}

// Entropy returns the sum of the entropies of the elements.
func (d *Independent) Entropy() *tensor.Tensor { return d.sum(d.Distribution.Entropy()) }

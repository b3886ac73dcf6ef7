package nn

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Maxout is the largest of several linear functions of x for each output (Goodfellow et al., 2013):
//
//	y_i = max_j (x W_ij + b_ij),  j = 1, ..., Pieces
type Maxout struct {
	Linear *Linear `name:""`
	Pieces int
}

// NewMaxout returns a layer from in to out features with the given number of pieces, initialised as Linear is. It panics
// with ErrValue unless pieces is positive.
func NewMaxout(g *random.Generator, in, out, pieces int) *Maxout {
	if pieces < 1 {
		tensor.Fail("maxout", tensor.ErrValue, nil, "the number of pieces, %d, must be positive", pieces)
	}
	return &Maxout{NewLinear(g, in, out*pieces, LinearConfig{}), pieces}
}

// Forward maps x (..., in) to (..., out).
func (l *Maxout) Forward(x *tensor.Tensor) *tensor.Tensor {
	y := l.Linear.Forward(x)
	d := y.Shape().Dims()
	k := len(d) - 1
	return y.Reshape(append(d[:k:k], d[k]/l.Pieces, l.Pieces)...).Max(-1)
}

package nn

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// SinusoidalPositionalEncoding adds to position p (Vaswani et al., 2017)
//
//	PE(p, 2i) = sin(p 10000^(−2i/D)),  PE(p, 2i+1) = cos(p 10000^(−2i/D))
//
// It has no parameters.
type SinusoidalPositionalEncoding struct {
	BatchFirst bool           // x is (N, L, D), otherwise (L, N, D)
	table      *tensor.Tensor // (MaxLen, D), float64
}

// SinusoidalPositionalEncodingConfig are the options of NewSinusoidalPositionalEncoding.
type SinusoidalPositionalEncodingConfig struct {
	Base       float64 // 0: 10000
	BatchFirst bool    // x is (N, L, D), otherwise (L, N, D)
}

// NewSinusoidalPositionalEncoding returns the encoding of positions below maxLen in dim elements. It panics with ErrValue
// unless both are positive.
func NewSinusoidalPositionalEncoding(maxLen, dim int, cfg SinusoidalPositionalEncodingConfig) *SinusoidalPositionalEncoding {
	if cfg.Base == 0 {
		cfg.Base = 10000
	}
	if maxLen < 1 || dim < 1 || !(cfg.Base > 0) {
		tensor.Fail("positional_encoding", tensor.ErrValue, nil, "the positions, %d, the elements, %d, and the base, %v, must be positive", maxLen, dim, cfg.Base)
	}
	v := make([]float64, maxLen*dim)
	for i := range v {
		k := i % dim
		angle := float64(i/dim) * math.Pow(cfg.Base, -float64(k/2*2)/float64(dim))
		if v[i] = math.Sin(angle); k%2 == 1 {
			v[i] = math.Cos(angle)
		}
	}
	return &SinusoidalPositionalEncoding{cfg.BatchFirst, tensor.Of(v, maxLen, dim)}
}

// Forward adds the encoding of positions 0, 1, ... to x (L, N, D), or (N, L, D) with BatchFirst, or (L, D).
func (l *SinusoidalPositionalEncoding) Forward(x *tensor.Tensor) *tensor.Tensor { return l.From(x, 0) }

// From is Forward for positions offset, offset+1, ... It panics with ErrShape where the sizes do not fit the table's.
func (l *SinusoidalPositionalEncoding) From(x *tensor.Tensor, offset int) *tensor.Tensor {
	most, dim := l.table.Dim(0), l.table.Dim(1)
	if x.Rank() != 2 && x.Rank() != 3 || x.Dim(-1) != dim {
		tensor.Fail("positional_encoding", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the input must be (L, N, %d), or (N, L, %[1]d) with BatchFirst, or (L, %[1]d)", dim)
	}
	axis := 0
	if l.BatchFirst && x.Rank() == 3 {
		axis = 1
	}
	n := x.Dim(axis)
	if offset < 0 || offset+n > most {
		tensor.Fail("positional_encoding", tensor.ErrShape, []tensor.Shape{x.Shape()}, "positions %d to %d are not all in [0, %d); give the constructor more", offset, offset+n, most)
	}
	pe := l.table.Narrow(0, offset, n).To(x.DType()).ToDevice(x.Device())
	if axis == 0 && x.Rank() == 3 {
		pe = pe.Unsqueeze(1)
	}
	return x.Add(pe)
}

package nn

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// ALiBiSlopes returns the slope of each head of attention with linear biases (Press, Smith and Lewis, 2021): for n heads, n
// a power of 2, 2^(−8/n), 2^(−16/n), ..., 2^−8; else those of the power of 2 below n, and every second one of twice that
// for the rest. It panics with ErrValue unless there are heads.
func ALiBiSlopes(heads int) []float64 {
	if heads < 1 {
		tensor.Fail("alibi", tensor.ErrValue, nil, "the number of heads, %d, must be positive", heads)
	}
	below := 1
	for 2*below <= heads {
		below *= 2
	}
	s := make([]float64, heads)
	for i := range s {
		if s[i] = math.Exp2(-8 * float64(i+1) / float64(below)); i >= below {
			s[i] = math.Exp2(-4 * float64(2*(i-below)+1) / float64(below))
		}
	}
	return s
}

// ALiBi returns the bias (heads, 1, keys) of causal attention with linear biases, slope·(j − (keys−1)) for key j. It differs
// from the paper's slope·(j − i) by what is the same for all keys of a query, which the softmax does not see, and needs no
// memory of (L, S).
func ALiBi(heads, keys int, d tensor.DType) *tensor.Tensor {
	slopes := ALiBiSlopes(heads)
	if keys < 0 {
		tensor.Fail("alibi", tensor.ErrValue, nil, "the number of keys, %d, is negative", keys)
	}
	v := make([]float64, heads*keys)
	for i := range v {
		v[i] = slopes[i/keys] * float64(i%keys-(keys-1))
	}
	return tensor.Of(v, heads, 1, keys).To(d)
}

// Package maths holds the rows of the catalog's area A: what everything else is computed with, shown to be right.
package maths

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// f64 returns a float64 tensor of the given shape.
func f64(shape []int, data ...float64) *tensor.Tensor { return tensor.Of(data, shape...) }

// worst returns the largest |a - b| of two float64 tensors of one shape, NaN if there is one.
func worst(a, b *tensor.Tensor) float64 {
	var most float64
	x, y := tensor.Data[float64](a), tensor.Data[float64](b)
	for i := range x {
		if d := math.Abs(x[i] - y[i]); !(d <= most) {
			most = d
		}
	}
	return most
}

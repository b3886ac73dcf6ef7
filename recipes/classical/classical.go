// Package classical holds the rows of the catalog's area B: linear and other classical models, and how models are chosen and judged.
package classical

import (
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// f64 returns a float64 tensor of the given shape.
func f64(data []float64, shape ...int) *tensor.Tensor { return tensor.Of(data, shape...) }

// column returns data as the one feature of len(data) samples.
func column(data []float64) *tensor.Tensor { return tensor.Of(data, len(data), 1) }

// worst returns the largest |a - b|, NaN if there is one.
func worst(a, b *tensor.Tensor) float64 { return a.Sub(b).Abs().Max().Item() }

// mae returns the mean |a - b|.
func mae(a, b *tensor.Tensor) float64 { return a.Sub(b).Abs().Mean().Item() }

// descend takes a number of steps down loss, and stops early where done, if not nil, says so. It returns the steps taken.
func descend(opt optim.Optimizer, steps int, loss func() *tensor.Tensor, done func() bool) int {
	for i := range steps {
		if done != nil && done() {
			return i
		}
		opt.ZeroGrad()
		loss().Backward()
		opt.Step()
	}
	return steps
}

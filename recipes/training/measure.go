package training

import (
	"math"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// furthest returns the largest |a - b|, NaN if there is one.
func furthest(a, b *tensor.Tensor) float64 { return a.Detach().Sub(b.Detach()).Abs().Max().Item() }

// normals returns float64 numbers of mean 0 and variance 1.
func normals(seed uint64, dims ...int) *tensor.Tensor {
	return tensor.With(tensor.Float64).Randn(random.New(seed), dims...)
}

// each returns f of every element.
func each(x *tensor.Tensor, f func(i int, v float64) float64) *tensor.Tensor {
	v := x.Floats()
	for i := range v {
		v[i] = f(i, v[i])
	}
	return tensor.OfShape(v, x.Shape())
}

// moments returns the mean and the biased variance.
func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, variance
}

// unlike returns the largest of |mean - 0| and |variance - 1|.
func unlike(v []float64) float64 {
	mean, variance := moments(v)
	return math.Max(math.Abs(mean), math.Abs(variance-1))
}

// descend takes steps down loss.
func descend(opt optim.Optimizer, steps int, loss func() *tensor.Tensor) {
	for range steps {
		opt.ZeroGrad()
		loss().Backward()
		opt.Step()
	}
}

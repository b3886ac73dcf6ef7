// Package initialize makes the initial values of parameters: PyTorch's torch.nn.init under Go names. (Go does not allow a
// package called init.) Every function returns a new float32 tensor; nn.Param.CopyFrom puts it into an existing parameter.
package initialize

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// FanIn returns the number of inputs of one output of a weight (out, in, ...): in times the kernel's size.
func FanIn(s tensor.Shape) int { return fan(s, 1) }

// FanOut returns the number of outputs that one input of a weight (out, in, ...) reaches: out times the kernel's size.
func FanOut(s tensor.Shape) int { return fan(s, 0) }

func fan(s tensor.Shape, axis int) int {
	if s.Rank() < 2 {
		tensor.Fail("initialize", tensor.ErrShape, []tensor.Shape{s}, "fan in and fan out need a weight of at least two dimensions")
	}
	n := s.Dim(axis)
	for i := 2; i < s.Rank(); i++ {
		n *= s.Dim(i)
	}
	return n
}

// Uniform returns values uniform in [lo, hi).
func Uniform(g *random.Generator, lo, hi float64, dims ...int) *tensor.Tensor {
	return tensor.Rand(g, dims...).MulScalar(hi - lo).AddScalar(lo)
}

// Normal returns values of the normal distribution N(mean, std²).
func Normal(g *random.Generator, mean, std float64, dims ...int) *tensor.Tensor {
	return tensor.Randn(g, dims...).MulScalar(std).AddScalar(mean)
}

// TruncatedNormal returns values of N(mean, std²) conditioned on [lo, hi], by inverting the distribution function.
func TruncatedNormal(g *random.Generator, mean, std, lo, hi float64, dims ...int) *tensor.Tensor {
	cdf := func(x float64) float64 { return 0.5 * math.Erfc(-(x-mean)/std/math.Sqrt2) }
	a, b := cdf(lo), cdf(hi)
	u := tensor.With(tensor.Float64).Rand(g, dims...).Floats()
	for i, v := range u {
		x := mean + std*math.Sqrt2*math.Erfinv(2*(a+v*(b-a))-1)
		u[i] = min(max(x, lo), hi)
	}
	return tensor.OfShape(u, tensor.ShapeOf(dims...)).To(tensor.Float32)
}

// Constant returns a tensor filled with v.
func Constant(v float64, dims ...int) *tensor.Tensor { return tensor.Full(v, dims...) }

// XavierUniform returns values uniform in ±gain·√(6/(fanIn+fanOut)) (Glorot and Bengio, 2010).
func XavierUniform(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	a := gain * math.Sqrt(6/float64(FanIn(s)+FanOut(s)))
	return Uniform(g, -a, a, dims...)
}

// XavierNormal returns values of N(0, gain²·2/(fanIn+fanOut)) (Glorot and Bengio, 2010).
func XavierNormal(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	return Normal(g, 0, gain*math.Sqrt(2/float64(FanIn(s)+FanOut(s))), dims...)
}

// KaimingUniform returns values uniform in ±gain·√(3/fanIn) (He et al., 2015).
func KaimingUniform(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	a := gain * math.Sqrt(3/float64(FanIn(tensor.ShapeOf(dims...))))
	return Uniform(g, -a, a, dims...)
}

// KaimingNormal returns values of N(0, gain²/fanIn) (He et al., 2015).
func KaimingNormal(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	return Normal(g, 0, gain/math.Sqrt(float64(FanIn(tensor.ShapeOf(dims...)))), dims...)
}

// Gains for Xavier and Kaiming by the nonlinearity that follows, as PyTorch's calculate_gain recommends.
var (
	GainLinear = 1.0
	GainTanh   = 5.0 / 3
	GainReLU   = math.Sqrt2
	GainSELU   = 0.75
)

// GainLeakyReLU returns √(2/(1+slope²)).
func GainLeakyReLU(slope float64) float64 { return math.Sqrt(2 / (1 + slope*slope)) }

// TorchDefault returns values uniform in ±1/√fanIn, PyTorch's default for weights and biases of linear and convolution
// layers (kaiming_uniform with a = √5).
func TorchDefault(g *random.Generator, fanIn int, dims ...int) *tensor.Tensor {
	a := 1 / math.Sqrt(float64(max(fanIn, 1)))
	return Uniform(g, -a, a, dims...)
}

// Dirac returns a convolution weight (K, C, R, S...) that passes its input channels through: 1 in the middle of kernel
// (i, i), else 0.
func Dirac(dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	if s.Rank() < 3 {
		tensor.Fail("initialize.Dirac", tensor.ErrShape, []tensor.Shape{s}, "the weight must be that of a convolution, (K, C, R, ...)")
	}
	v := make([]float32, s.Numel())
	size := s.Numel() / max(1, s.Dim(0)*s.Dim(1))
	mid := 0
	for i := 2; i < s.Rank(); i++ {
		mid = mid*s.Dim(i) + s.Dim(i)/2
	}
	for i := range min(s.Dim(0), s.Dim(1)) {
		v[(i*s.Dim(1)+i)*size+mid] = 1
	}
	return tensor.OfShape(v, s)
}

// Package initialize makes the initial values of parameters: PyTorch's torch.nn.init under Go names. (Go does not allow a
// package called init.) Every function returns a new float32 tensor, which depends on the generator's state and the sizes
// alone; nn.Param.CopyFrom puts it into an existing parameter:
//
//	layer.Weight.CopyFrom(initialize.KaimingNormal(g, initialize.GainReLU, layer.Weight.Shape().Dims()...))
//
// Weights are (out, in) or (out, in, kernel...), as those of Linear and Conv2d.
package initialize

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// FanIn returns the number of inputs of one output of a weight (out, in, kernel...): in times the kernel's size. It panics
// with ErrShape below two dimensions.
func FanIn(s tensor.Shape) int { return fan(s, 1) }

// FanOut returns the number of outputs that one input of a weight (out, in, kernel...) reaches: out times the kernel's size.
// It panics with ErrShape below two dimensions.
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

// Uniform returns values uniform between lo and hi. It panics with ErrValue unless lo <= hi.
func Uniform(g *random.Generator, lo, hi float64, dims ...int) *tensor.Tensor {
	if !(lo <= hi) {
		tensor.Fail("initialize.Uniform", tensor.ErrValue, nil, "the lower bound %v must not be above the upper bound %v", lo, hi)
	}
	return tensor.Rand(g, dims...).MulScalar(hi - lo).AddScalar(lo)
}

// Normal returns values of the normal distribution N(mean, std²). It panics with ErrValue unless std >= 0.
func Normal(g *random.Generator, mean, std float64, dims ...int) *tensor.Tensor {
	if !(std >= 0) {
		tensor.Fail("initialize.Normal", tensor.ErrValue, nil, "the standard deviation %v must not be negative", std)
	}
	return tensor.Randn(g, dims...).MulScalar(std).AddScalar(mean)
}

// TruncatedNormal returns values of N(mean, std²) conditioned on [lo, hi], by inverting the distribution function. It panics
// with ErrValue unless std > 0 and lo < hi, and when the interval holds less than 1e-9 of the distribution.
func TruncatedNormal(g *random.Generator, mean, std, lo, hi float64, dims ...int) *tensor.Tensor {
	if !(std > 0 && lo < hi) {
		tensor.Fail("initialize.TruncatedNormal", tensor.ErrValue, nil, "the standard deviation %v must be positive and the interval [%v, %v] not empty", std, lo, hi)
	}
	cdf := func(x float64) float64 { return 0.5 * math.Erfc(-(x-mean)/std/math.Sqrt2) }
	a, b := cdf(lo), cdf(hi)
	if !(b-a >= 1e-9) { // below, the inverse would be made of rounding errors
		tensor.Fail("initialize.TruncatedNormal", tensor.ErrValue, nil, "next to nothing of N(%v, %v²) lies in [%v, %v]; choose a wider interval", mean, std, lo, hi)
	}
	r := tensor.With(tensor.Float64).Rand(g, dims...)
	if r.Device() == tensor.Meta {
		return r.To(tensor.Float32)
	}
	u := r.Floats()
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
	return symmetric(g, gain*math.Sqrt(6/float64(FanIn(s)+FanOut(s))), dims)
}

// XavierNormal returns values of N(0, gain²·2/(fanIn+fanOut)) (Glorot and Bengio, 2010).
func XavierNormal(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	return Normal(g, 0, gain*math.Sqrt(2/float64(FanIn(s)+FanOut(s))), dims...)
}

// KaimingUniform returns values uniform in ±gain·√(3/fanIn), which keep the size of activations (He et al., 2015).
func KaimingUniform(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	return symmetric(g, gain*math.Sqrt(3/float64(FanIn(tensor.ShapeOf(dims...)))), dims)
}

// KaimingUniformFanOut returns values uniform in ±gain·√(3/fanOut), which keep the size of gradients: PyTorch's
// kaiming_uniform with mode="fan_out".
func KaimingUniformFanOut(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	return symmetric(g, gain*math.Sqrt(3/float64(FanOut(tensor.ShapeOf(dims...)))), dims)
}

// KaimingNormal returns values of N(0, gain²/fanIn), which keep the size of activations (He et al., 2015).
func KaimingNormal(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	return Normal(g, 0, gain/math.Sqrt(float64(FanIn(tensor.ShapeOf(dims...)))), dims...)
}

// KaimingNormalFanOut returns values of N(0, gain²/fanOut), which keep the size of gradients: PyTorch's kaiming_normal with
// mode="fan_out".
func KaimingNormalFanOut(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	return Normal(g, 0, gain/math.Sqrt(float64(FanOut(tensor.ShapeOf(dims...)))), dims...)
}

// symmetric returns values uniform in ±a.
func symmetric(g *random.Generator, a float64, dims []int) *tensor.Tensor {
	return Uniform(g, -a, a, dims...)
}

// Gains for Xavier and Kaiming by the nonlinearity that follows, as PyTorch's calculate_gain recommends. GainLinear is also
// that of the sigmoid.
const (
	GainLinear = 1.0
	GainTanh   = 5.0 / 3
	GainReLU   = math.Sqrt2
	GainSELU   = 0.75
)

// GainLeakyReLU returns √(2/(1+slope²)).
func GainLeakyReLU(slope float64) float64 { return math.Sqrt(2 / (1 + slope*slope)) }

// TorchDefault returns values uniform in ±1/√fanIn, PyTorch's default for weights and biases of linear and convolution
// layers (kaiming_uniform with a = √5); without inputs they are zero.
func TorchDefault(g *random.Generator, fanIn int, dims ...int) *tensor.Tensor {
	if fanIn < 1 {
		return tensor.Zeros(dims...)
	}
	return symmetric(g, 1/math.Sqrt(float64(fanIn)), dims)
}

// Dirac returns a convolution weight (K, C, kernel...) that passes its input channels through: 1 in the middle of kernel
// (i, i), else 0. It panics with ErrShape below three dimensions.
func Dirac(dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	if s.Rank() < 3 {
		tensor.Fail("initialize.Dirac", tensor.ErrShape, []tensor.Shape{s}, "the weight must be that of a convolution, (K, C, kernel...)")
	}
	v := make([]float32, s.Numel())
	if len(v) == 0 {
		return tensor.OfShape(v, s)
	}
	size, mid := 1, 0
	for i := 2; i < s.Rank(); i++ {
		size, mid = size*s.Dim(i), mid*s.Dim(i)+s.Dim(i)/2
	}
	for i := range min(s.Dim(0), s.Dim(1)) {
		v[(i*s.Dim(1)+i)*size+mid] = 1
	}
	return tensor.OfShape(v, s)
}

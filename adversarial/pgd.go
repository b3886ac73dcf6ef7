package adversarial

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BIM returns the pictures x (N, ...) changed by the basic iterative method (A. Kurakin, I. J. Goodfellow and S. Bengio, 2017,
// Adversarial examples in the physical world): Steps steps of FGSM of StepSize, each cut to the ball of radius Eps around x and to
// the box. It panics as FGSM does.
func BIM(model nn.Layer, x, y *tensor.Tensor, cfg Config) *tensor.Tensor {
	a := newAttack("bim", model, x, y, cfg)
	return a.iterate(a.x)
}

// PGD returns the pictures x (N, ...) changed by projected gradient descent (A. Madry, A. Makelov, L. Schmidt, D. Tsipras and
// A. Vladu, 2018, Towards deep learning models resistant to adversarial attacks): BIM from a place in the ball that is drawn from
// g, uniformly with Linf; with L2 in a uniform direction, at a uniform distance. It panics as FGSM does.
func PGD(g *random.Generator, model nn.Layer, x, y *tensor.Tensor, cfg Config) *tensor.Tensor {
	a := newAttack("pgd", model, x, y, cfg)
	dims := x.Shape().Dims()
	if a.Norm == Linf {
		start := tensor.Rand(g, dims...).To(x.DType()).MulScalar(2).AddScalar(-1).MulScalar(a.Eps)
		return a.iterate(a.project(a.x.Add(start)))
	}
	distance := []int{x.Dim(0)}
	for len(distance) < len(dims) {
		distance = append(distance, 1)
	}
	start := unit(tensor.Randn(g, dims...)).Mul(tensor.Rand(g, distance...)).To(x.DType()).MulScalar(a.Eps)
	return a.iterate(a.project(a.x.Add(start)))
}

func (a *attack) iterate(x *tensor.Tensor) *tensor.Tensor {
	if x.Numel() == 0 {
		return x
	}
	for range a.Steps {
		x = a.step(x, a.gradient(x), a.StepSize)
	}
	return x
}

// RandomSign returns the pictures x (N, ...) with Eps added to or taken from each pixel by chance, cut to the box: a change as
// large as FGSM's that knows nothing of the model, which is its control. Of cfg, Eps, Low and High count. It panics as FGSM does.
func RandomSign(g *random.Generator, x *tensor.Tensor, cfg Config) *tensor.Tensor {
	cfg.Norm = Linf
	n := 0
	if x.Rank() > 0 { // else newAttack refuses
		n = x.Dim(0)
	}
	a := newAttack("random_sign", nn.Identity{}, x, tensor.With(tensor.Int64).Zeros(n), cfg)
	if x.Numel() == 0 {
		return a.x
	}
	sign := tensor.Rand(g, x.Shape().Dims()...).To(x.DType()).AddScalar(-0.5).Sign()
	return a.project(a.x.Add(sign.MulScalar(a.Eps)))
}

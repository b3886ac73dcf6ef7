package explain

import (
	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Gradient returns ∂score/∂x of pictures x (N, C, H, W), of x's shape.
func Gradient(model nn.Layer, x *tensor.Tensor, classes []int) *tensor.Tensor {
	return gradient(model, x, classes, tensor.ReLUDerivative)
}

// Saliency returns the maps (N, H, W) of the largest |∂score/∂x| among the channels of each pixel: how much the score changes with it
// (K. Simonyan, A. Vedaldi and A. Zisserman, 2014, Deep inside convolutional networks).
func Saliency(model nn.Layer, x *tensor.Tensor, classes []int) *tensor.Tensor {
	return Gradient(model, x, classes).Abs().Max(1)
}

// InputXGradient returns x · ∂score/∂x, of x's shape: the exact share of each value in the score of a linear model (A. Shrikumar et al.,
// 2016, Not just a black box).
func InputXGradient(model nn.Layer, x *tensor.Tensor, classes []int) *tensor.Tensor {
	return Gradient(model, x, classes).Mul(x.Detach())
}

// GuidedBackprop returns the gradient, of x's shape, that back-propagation makes when rectified linear units let only positive gradients
// through, besides doing what they do: sharper pictures of what speaks for the class (J. T. Springenberg et al., 2015, Striving for
// simplicity). It holds for every ReLU that the model applies, whether as a layer or in its code, but not for other activations.
func GuidedBackprop(model nn.Layer, x *tensor.Tensor, classes []int) *tensor.Tensor {
	return gradient(model, x, classes, tensor.ReLUGuided)
}

// DeconvNet returns what the deconvolutional network makes of a score, of x's shape: back-propagation in which rectified linear units
// rectify the gradients and do not look at what they saw; pooling puts values back to the maxima (M. D. Zeiler and R. Fergus, 2014,
// Visualizing and understanding convolutional networks).
func DeconvNet(model nn.Layer, x *tensor.Tensor, classes []int) *tensor.Tensor {
	return gradient(model, x, classes, tensor.ReLUDeconv)
}

// IntegratedGradientsConfig are the options of IntegratedGradients.
type IntegratedGradientsConfig struct {
	Steps    int            // points on the path; 0: 50
	Baseline *tensor.Tensor // where the path begins, of a shape that broadcasts to x's; nil: zeros
}

// IntegratedGradients returns (x − x₀) ∫₀¹ ∂score/∂x(x₀ + t (x − x₀)) dt, of x's shape, by the midpoint rule: its sum over a picture is the
// score of x less that of the baseline x₀ (M. Sundararajan, A. Taly and Q. Yan, 2017, Axiomatic attribution for deep networks). Without
// classes it explains the largest scores of x. It panics with ErrValue on a negative number of steps.
func IntegratedGradients(model nn.Layer, x *tensor.Tensor, classes []int, cfg IntegratedGradientsConfig) *tensor.Tensor {
	const op = "explain.IntegratedGradients"
	checkPictures(op, x)
	model, x = nn.Eval(model), x.Detach()
	steps := positive(op, "Steps", cfg.Steps, 50)
	way := x
	if cfg.Baseline != nil {
		way = x.Sub(cfg.Baseline.Detach())
	}
	classes = chosen(op, model.Forward(x), classes)
	var sum *tensor.Tensor
	for k := range steps {
		left := 1 - (float64(k)+0.5)/float64(steps)
		g := Gradient(model, x.Sub(way.MulScalar(left)), classes)
		if sum == nil {
			sum = g
			continue
		}
		sum = sum.Add(g)
	}
	return sum.Mul(way).DivScalar(float64(steps))
}

// SmoothGradConfig are the options of SmoothGrad.
type SmoothGradConfig struct {
	Samples int     // 0: 50
	Noise   float64 // standard deviation of the noise, as a part of the range of each picture's values; 0: 0.15
}

// SmoothGrad returns the mean of the gradients, of x's shape, at pictures to which normal noise from g was added (D. Smilkov et al., 2017,
// SmoothGrad: removing noise by adding noise). Without classes it explains the largest scores of x. It panics with ErrValue on options
// that are negative.
func SmoothGrad(g *random.Generator, model nn.Layer, x *tensor.Tensor, classes []int, cfg SmoothGradConfig) *tensor.Tensor {
	const op = "explain.SmoothGrad"
	checkPictures(op, x)
	model, x = nn.Eval(model), x.Detach()
	samples := positive(op, "Samples", cfg.Samples, 50)
	noise := x.MaxKeepdim(1, 2, 3).Sub(x.MinKeepdim(1, 2, 3)).MulScalar(atLeastZero(op, "Noise", cfg.Noise, 0.15))
	classes = chosen(op, model.Forward(x), classes)
	var sum *tensor.Tensor
	for range samples {
		z := tensor.With(x.DType()).Randn(g, x.Shape().Dims()...).Mul(noise)
		one := Gradient(model, x.Add(z), classes)
		if sum == nil {
			sum = one
			continue
		}
		sum = sum.Add(one)
	}
	return sum.DivScalar(float64(samples))
}

// gradient returns the gradient of the scores by x with a rule for rectified linear units.
func gradient(model nn.Layer, x *tensor.Tensor, classes []int, rule tensor.ReLURule) (g *tensor.Tensor) {
	const op = "explain.Gradient"
	checkPictures(op, x)
	model = nn.Eval(model)
	tensor.WithScope(func(s *tensor.Scope) {
		in := s.Enter(x.Detach()).RequireGrad()
		g = s.Keep(autograd.Grad(sumOfScores(op, model.Forward(in), classes), []*tensor.Tensor{in}, autograd.GradConfig{ReLU: rule})[0])
	})
	return g
}

// sumOfScores returns the sum of the scores of the classes. Pictures do not see each other, so that its gradient is each picture's.
func sumOfScores(op string, scores *tensor.Tensor, classes []int) []*tensor.Tensor {
	return []*tensor.Tensor{scoresOf(scores, chosen(op, scores, classes)).Sum()}
}

// scoresOf returns the score of one class for each picture, (N,).
func scoresOf(scores *tensor.Tensor, classes []int) *tensor.Tensor {
	return scores.Gather(1, indices(classes).Unsqueeze(1)).Squeeze(1)
}

func indices(classes []int) *tensor.Tensor {
	all := make([]int64, len(classes))
	for i, k := range classes {
		all[i] = int64(k)
	}
	return tensor.Of(all)
}

// chosen returns a class for each row of the scores.
func chosen(op string, scores *tensor.Tensor, classes []int) []int {
	if scores.Rank() != 2 || scores.Dim(1) == 0 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{scores.Shape()}, "the model must give scores (N, classes)")
	}
	n, all := scores.Dim(0), make([]int, scores.Dim(0))
	switch len(classes) {
	case 0:
		for i, k := range tensor.Data[int64](scores.Detach().ArgMax(1)) {
			all[i] = int(k)
		}
	case 1, n:
		for i := range all {
			all[i] = classes[min(i, len(classes)-1)]
		}
	default:
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{scores.Shape()}, "%d classes are given for %d pictures; give none, one, or one for each", len(classes), n)
	}
	for _, k := range all {
		if k < 0 || k >= scores.Dim(1) {
			tensor.Fail(op, tensor.ErrValue, []tensor.Shape{scores.Shape()}, "there is no class %d among %d", k, scores.Dim(1))
		}
	}
	return all
}

func checkPictures(op string, x *tensor.Tensor) {
	if x.Rank() != 4 || x.Numel() == 0 || !x.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the pictures must be (N, C, H, W), floating-point and not empty, not %v", x.DType())
	}
}

// positive returns an option, or what its zero stands for.
func positive(op, name string, n, other int) int {
	if n < 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%s is %d; give a positive number", name, n)
	}
	if n == 0 {
		return other
	}
	return n
}

func atLeastZero(op, name string, v, other float64) float64 {
	if !(v >= 0) || v-v != 0 {
		tensor.Fail(op, tensor.ErrValue, nil, "%s is %v; give a positive number", name, v)
	}
	if v == 0 {
		return other
	}
	return v
}

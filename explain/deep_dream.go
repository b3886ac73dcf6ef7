package explain

import (
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// DreamConfig are the options of DeepDream.
type DreamConfig struct {
	Octaves int       // sizes of the picture, from the smallest to its own; 0: 4
	Scale   float64   // of an octave to the next smaller one, above 1; 0: 1.4
	Steps   int       // in each octave; 0: 10
	LR      float64   // length of a step: the mean change of a value; 0: 0.01
	Jitter  int       // before each step the picture is moved round by up to so many pixels each way, at random from Seed
	Low     []float64 // least value of each channel; nil: 0
	High    []float64 // and the largest; nil: 1
	Seed    uint64
	// Observe, unless nil, is told the objective of the octave's picture, not moved: with step 0 before the first step, with 1 after it, and so on.
	// It costs half a step more.
	Observe func(octave, step int, objective float64)
}

// DreamObjective is what DeepDream makes large: ½ mean A² over a layer's activations A.
func DreamObjective(features nn.Layer, x *tensor.Tensor) *tensor.Tensor {
	return features.Forward(x).Square().Mean().MulScalar(0.5)
}

// DeepDream shows a network more of what it sees in pictures x (N, C, H, W): it raises DreamObjective of a layer by gradient ascent, first
// on the picture made small, then on larger and larger ones, each time with the detail found so far (A. Mordvintsev, C. Olah and M. Tyka,
// 2015, Inceptionism). A step goes along the gradient divided by its mean absolute value. features maps pictures of any of the octaves'
// sizes to activations: the layers of a network up to the one to look at, such as nn.Func(model.FeatureMaps). It panics with ErrValue
// on options that are negative, a Scale of at most 1, and octaves of less than a pixel.
func DeepDream(features nn.Layer, x *tensor.Tensor, cfg DreamConfig) *tensor.Tensor {
	const op = "explain.DeepDream"
	checkPictures(op, x)
	octaves, steps, jitter := positive(op, "Octaves", cfg.Octaves, 4), positive(op, "Steps", cfg.Steps, 10), positive(op, "Jitter", cfg.Jitter, 0)
	lr, scale := atLeastZero(op, "LR", cfg.LR, 0.01), atLeastZero(op, "Scale", cfg.Scale, 1.4)
	h, w := x.Dim(2), x.Dim(3)
	smallest := math.Pow(scale, float64(octaves-1))
	if !(scale > 1) || float64(min(h, w))/smallest < 1 {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{x.Shape()}, "%d octaves of scale %v do not fit the picture: give a scale above 1 and fewer octaves", octaves, scale)
	}
	low, high := bounds(op, x, cfg.Low, cfg.High)
	features = nn.Eval(features)
	g := random.New(cfg.Seed)
	x = x.Detach()
	var detail *tensor.Tensor
	dream := x
	for o := range octaves {
		part := math.Pow(scale, float64(o+1-octaves))
		hh, ww := int(math.Round(float64(h)*part)), int(math.Round(float64(w)*part))
		base := resized(x, hh, ww)
		dream = base
		if detail != nil {
			dream = base.Add(resized(detail, hh, ww)).Maximum(low).Minimum(high)
		}
		observe := func(step int) {
			if cfg.Observe != nil {
				cfg.Observe(o, step, DreamObjective(features, dream).Item())
			}
		}
		observe(0)
		for step := range steps {
			down, right := shift(g, jitter), shift(g, jitter)
			tensor.WithScope(func(s *tensor.Scope) {
				in := s.Enter(dream).RequireGrad()
				grad := tensor.Gradients([]*tensor.Tensor{DreamObjective(features, moved(in, down, right))}, nil, []*tensor.Tensor{in}, false, false)[0]
				length := grad.Abs().MeanKeepdim(1, 2, 3).AddScalar(1e-12)
				dream = s.Keep(in.Detach().Add(grad.Div(length).MulScalar(lr)).Maximum(low).Minimum(high))
			})
			observe(step + 1)
		}
		detail = dream.Sub(base)
	}
	return dream
}

// resized is x (N, C, h, w) with another size; a smaller one is made of means of what it covers.
func resized(x *tensor.Tensor, h, w int) *tensor.Tensor {
	mode := tensor.InterpolateLinear
	if h < x.Dim(2) {
		mode = tensor.InterpolateArea
	}
	return tensor.Interpolate(x, []int{h, w}, tensor.InterpolateConfig{Mode: mode})
}

// Package adversarial makes adversarial pictures: inputs changed so little that a person hardly sees it, and so that a classifier
// errs (C. Szegedy et al., 2014, Intriguing properties of neural networks).
//
// FGSM, BIM and PGD look for the largest loss in a ball of radius Eps around each picture, LBFGS for the smallest change that
// reaches a class. All take pictures in the units of their pixels, from Low to High, and never leave that box; for a
// network that was trained on normalised pictures, attack Normalize(model, mean, std). They attack nn.Eval of the network, whose
// parameters, buffers and gradients stay as they are, and the same arguments give the same bits.
//
//	adv := adversarial.FGSM(model, x, y, adversarial.Config{Eps: 8.0 / 255})
//	robust := metrics.Accuracy(nn.Eval(model).Forward(adv), y)
package adversarial

import (
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

// Norm is what the size of a change is measured by.
type Norm uint8

// The norms: the largest change of a pixel, and the root of the sum of the squares of a picture's changes.
const (
	Linf Norm = iota
	L2
)

// Config are the options of FGSM, BIM and PGD. Eps is required.
type Config struct {
	Eps      float64 // radius of the ball: the largest change of a picture, in the units of its pixels
	Norm     Norm    // default Linf
	Targeted bool    // y are the classes to be reached, not those to be left
	Steps    int     // of BIM and PGD; default 10
	StepSize float64 // of BIM and PGD, in the units of Eps; default 2.5·Eps/Steps, at most Eps
	// Low and High are the least and largest values of a pixel; both 0 mean 0 and 1.
	Low, High float64
	// Loss is what is made large, or small if Targeted: a scalar that adds up over the pictures. Default: the cross-entropy.
	Loss func(scores, y *tensor.Tensor) *tensor.Tensor
}

// attack is a configuration with its defaults, at work on x (N, ...) and y (N,).
type attack struct {
	Config
	op    string
	model nn.Layer
	x, y  *tensor.Tensor
	eps   float64 // the largest number of x's dtype that is not above Eps
	// lo and hi bound the pixels: the box, and with Linf no further than eps from x, to the bit.
	lo, hi *tensor.Tensor
}

func newAttack(op string, model nn.Layer, x, y *tensor.Tensor, c Config) *attack {
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	fail := func(kind tensor.Kind, format string, args ...any) { tensor.Fail(op, kind, shapes, format, args...) }
	if c.Steps == 0 {
		c.Steps = 10
	}
	if c.StepSize == 0 {
		c.StepSize = min(c.Eps, 2.5*c.Eps/float64(c.Steps))
	}
	if c.Low == 0 && c.High == 0 {
		c.High = 1
	}
	if c.Loss == nil {
		c.Loss = losses.CrossEntropyLoss{Reduction: losses.Sum}.Of
	}
	switch {
	case !(c.Eps > 0) || math.IsInf(c.Eps, 0):
		fail(tensor.ErrValue, "the radius Eps, %v, must be positive, in the units of the pixels", c.Eps)
	case c.Norm > L2:
		fail(tensor.ErrValue, "there is no norm %d; choose Linf or L2", c.Norm)
	case c.Steps < 0:
		fail(tensor.ErrValue, "the number of steps, %d, must be positive", c.Steps)
	case !(c.StepSize > 0) || math.IsInf(c.StepSize, 0):
		fail(tensor.ErrValue, "the step size, %v, must be positive", c.StepSize)
	}
	checkPictures(op, x, y, c.Low, c.High)
	a := &attack{Config: c, op: op, model: nn.Eval(model), x: x.Detach().Contiguous(), y: y}
	a.bound()
	return a
}

// checkPictures refuses pictures and classes that no attack can work on.
func checkPictures(op string, x, y *tensor.Tensor, low, high float64) {
	shapes := []tensor.Shape{x.Shape(), y.Shape()}
	fail := func(kind tensor.Kind, format string, args ...any) { tensor.Fail(op, kind, shapes, format, args...) }
	if !(low < high) || math.IsInf(low, 0) || math.IsInf(high, 0) {
		fail(tensor.ErrValue, "the pixels' box from %v to %v is empty or has no end", low, high)
	}
	if x.Rank() < 2 || y.Rank() != 1 || y.Dim(0) != x.Dim(0) {
		fail(tensor.ErrShape, "give pictures (N, ...) and classes (N,)")
	}
	if d := x.DType(); d != tensor.Float32 && d != tensor.Float64 {
		fail(tensor.ErrDType, "the pictures are %v; convert them with To(tensor.Float32)", d)
	}
	if x.Numel() == 0 {
		return
	}
	if x.DType() == tensor.Float32 {
		low, high = float64(float32(low)), float64(float32(high))
	}
	if lo, hi := x.Detach().Min().Item(), x.Detach().Max().Item(); !(lo >= low && hi <= high) {
		fail(tensor.ErrValue, "pixels from %v to %v lie outside the box from %v to %v; give pixels, and for a network of normalised ones attack Normalize(model, mean, std)", lo, hi, low, high)
	}
}

// gradient returns the gradient of the loss at x, its negative if targeted: the direction to go.
func (a *attack) gradient(x *tensor.Tensor) *tensor.Tensor {
	x = x.Detach().RequireGrad()
	scores := a.model.Forward(x)
	loss := a.Loss(scores, a.y)
	if loss.Numel() != 1 {
		tensor.Fail(a.op, tensor.ErrShape, []tensor.Shape{scores.Shape(), loss.Shape()}, "the loss must be a scalar; add it up over the pictures")
	}
	g := autograd.Grad([]*tensor.Tensor{loss}, []*tensor.Tensor{x}, autograd.GradConfig{})[0]
	if a.Targeted {
		g = g.Neg()
	}
	return g
}

// step goes from x as far as size along the gradient g, by the norm, and back into the ball and the box.
func (a *attack) step(x, g *tensor.Tensor, size float64) *tensor.Tensor {
	if a.Norm == Linf {
		return a.project(x.Add(g.Sign().MulScalar(size)))
	}
	return a.project(x.Add(unit(g).MulScalar(size)))
}

// unit returns each picture's g over its Euclidean norm, zeros where that is 0.
func unit(g *tensor.Tensor) *tensor.Tensor {
	axes := allButFirst(g)
	g = g.Div(g.Abs().MaxKeepdim(axes...).ClampMin(math.SmallestNonzeroFloat32)) // so that no square is lost
	return g.Div(g.NormKeepdim(2, axes...).ClampMin(1e-12))
}

func allButFirst(x *tensor.Tensor) []int {
	axes := make([]int, x.Rank()-1)
	for i := range axes {
		axes[i] = i + 1
	}
	return axes
}

// Normalize returns the network that takes pictures (N, C, H, W) in units of pixels where m takes them normalised: it forwards
// (x − mean)/std, with one mean and one standard deviation for each of the C channels. It panics with ErrValue when their numbers
// differ or a deviation is not positive.
func Normalize(m nn.Layer, mean, std []float64) nn.Layer {
	if len(mean) != len(std) || len(mean) == 0 {
		tensor.Fail("normalize", tensor.ErrValue, nil, "%d means and %d deviations; give one of each for every channel", len(mean), len(std))
	}
	for _, s := range std {
		if !(s > 0) {
			tensor.Fail("normalize", tensor.ErrValue, nil, "the deviation %v must be positive", s)
		}
	}
	return &normalized{m, mean, std}
}

type normalized struct {
	Model     nn.Layer
	Mean, Std []float64
}

// Forward maps pictures (N, C, H, W) to what the network makes of them normalised.
func (l *normalized) Forward(x *tensor.Tensor) *tensor.Tensor {
	if x.Rank() < 2 || x.Dim(1) != len(l.Mean) {
		tensor.Fail("normalize", tensor.ErrShape, []tensor.Shape{x.Shape()}, "pictures must be (N, %d, ...)", len(l.Mean))
	}
	dims := make([]int, x.Rank()-1)
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = len(l.Mean)
	perChannel := func(v []float64) *tensor.Tensor { return tensor.Of(v, dims...).To(x.DType()) }
	return l.Model.Forward(x.Sub(perChannel(l.Mean)).Div(perChannel(l.Std)))
}

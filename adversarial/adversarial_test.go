package adversarial_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/adversarial"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// pictures are embedded digits (N, 1, 8, 8) from 0 to 1, and their classes.
func pictures(n int) (x, y *tensor.Tensor) {
	set := digits.Train().Head(n)
	labels := make([]int64, n)
	for i, c := range set.Labels {
		labels[i] = int64(c)
	}
	return tensor.Of(set.Pix, n, 1, set.H, set.W).To(tensor.Float32).DivScalar(float64(set.Max)), tensor.Of(labels)
}

// trained returns a small network with normalisation and dropout that has learned 600 digits, in training mode.
var trained = sync.OnceValue(func() nn.Sequential {
	g := random.New(1)
	m := nn.NewSequential(nn.NewConv2d(g, 1, 8, 3, nn.ConvConfig{Padding: 1}), nn.NewBatchNorm2d(8, nn.BatchNormConfig{}), nn.ReLU{}, nn.NewMaxPool2d(2),
		nn.NewFlatten(), nn.NewDropout(g, 0.2), nn.NewLinear(g, 8*16, 10, nn.LinearConfig{}))
	x, y := pictures(600)
	opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 0.01})
	for range 30 {
		for i := 0; i < 600; i += 60 {
			opt.ZeroGrad()
			losses.CrossEntropy(m.Forward(x.Narrow(0, i, 60)), y.Narrow(0, i, 60)).Backward()
			opt.Step()
		}
	}
	opt.ZeroGrad()
	return m
})

type method struct {
	name string
	run  func(m nn.Layer, x, y *tensor.Tensor, cfg adversarial.Config) *tensor.Tensor
}

var methods = []method{
	{"FGSM", adversarial.FGSM},
	{"BIM", adversarial.BIM},
	{"PGD", func(m nn.Layer, x, y *tensor.Tensor, cfg adversarial.Config) *tensor.Tensor {
		return adversarial.PGD(random.New(5), m, x, y, cfg)
	}},
}

// farthest returns the largest change of a picture by the norm, in float64.
func farthest(norm adversarial.Norm, a, b *tensor.Tensor) float64 {
	d := a.To(tensor.Float64).Sub(b.To(tensor.Float64)).Flatten(1)
	if norm == adversarial.Linf {
		return d.Abs().Max().Item()
	}
	return d.Norm(2, 1).Max().Item()
}

// state are the bytes of all that a model holds.
func state(m any) (all []byte) {
	for _, p := range nn.NamedParams(m) {
		all = append(all, p.Bytes()...)
	}
	for _, b := range nn.NamedBuffers(m) {
		all = append(all, b.Bytes()...)
	}
	return all
}

func lossOf(m nn.Layer, x, y *tensor.Tensor) float64 {
	return losses.CrossEntropy(nn.Eval(m).Forward(x), y).Item()
}

func TestAttacks(t *testing.T) {
	m := trained()
	before := state(m)
	x, y := pictures(100)
	clean := metrics.Accuracy(nn.Eval(m).Forward(x), y)
	if clean < 0.98 {
		t.Fatalf("the network has accuracy %v", clean)
	}
	for _, norm := range []adversarial.Norm{adversarial.Linf, adversarial.L2} {
		for _, a := range methods {
			// 0.15 and 0.1 are between the numbers of float32.
			cfg := adversarial.Config{Eps: 0.15, Norm: norm}
			if norm == adversarial.L2 {
				cfg.Eps = 1.1
			}
			name := fmt.Sprintf("%s, norm %d", a.name, norm)
			adv := a.run(m, x, y, cfg)
			if far := farthest(norm, adv, x); !(far <= cfg.Eps && far > 0.9*cfg.Eps) {
				t.Errorf("%s: pictures change by %v, the radius is %v", name, far, cfg.Eps)
			}
			if d := adv.Sub(x).Abs().Max().Item(); norm == adversarial.Linf && d > float64(float32(cfg.Eps)) {
				t.Errorf("%s: in float32 a pixel changes by %v", name, d)
			}
			if adv.Min().Item() < 0 || adv.Max().Item() > 1 || adv.Shape() != x.Shape() || adv.DType() != x.DType() || adv.RequiresGrad() {
				t.Errorf("%s: pixels from %v to %v, %v", name, adv.Min().Item(), adv.Max().Item(), adv.Shape())
			}
			if l := lossOf(m, adv, y); l < 10*lossOf(m, x, y) || metrics.Accuracy(nn.Eval(m).Forward(adv), y) > 0.6 {
				t.Errorf("%s: loss %v after %v, accuracy %v", name, l, lossOf(m, x, y), metrics.Accuracy(nn.Eval(m).Forward(adv), y))
			}
			if again := a.run(m, x, y, cfg); !bytes.Equal(again.Bytes(), adv.Bytes()) {
				t.Errorf("%s: a second time gives other pictures", name)
			}
			// Pictures do not depend on what is beside them in the batch; PGD draws places for the whole batch.
			if alone := a.run(m, x.Narrow(0, 3, 1), y.Narrow(0, 3, 1), cfg); a.name == "FGSM" && farthest(adversarial.Linf, alone, adv.Narrow(0, 3, 1)) > 1e-5 {
				t.Errorf("%s: a picture alone becomes another", name)
			}

			cfg.Targeted, cfg.Steps, cfg.Eps = true, 20, 2*cfg.Eps
			target := y.AddScalar(1).Remainder(tensor.Of([]int64{10}))
			adv = a.run(m, x, target, cfg)
			if l := lossOf(m, adv, target); !(l < lossOf(m, x, target)) || farthest(norm, adv, x) > cfg.Eps {
				t.Errorf("%s: the targets' loss is %v after %v", name, l, lossOf(m, x, target))
			}
			if hit := metrics.Accuracy(nn.Eval(m).Forward(adv), target); a.name != "FGSM" && hit < 0.4 {
				t.Errorf("%s: %v reach their targets", name, hit)
			}
		}
	}
	if !bytes.Equal(state(m), before) {
		t.Error("the attacks changed the model")
	}
	for _, p := range nn.NamedParams(m) {
		if p.Grad() != nil && p.Grad().Abs().Max().Item() != 0 {
			t.Errorf("the attacks left a gradient in %s", p.Name)
		}
	}
}

// TestLinearModel has a loss whose worst picture is known: x moved by eps against the sign of w, cut to the box.
func TestLinearModel(t *testing.T) {
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		m := nn.To(nn.NewLinear(random.New(1), 3, 2, nn.LinearConfig{}), d)
		m.Weight = tensor.NewParam(tensor.Of([]float64{1, -2, 0, -1, 2, 0}, 2, 3).To(d))
		x := tensor.Of([]float64{0.5, 0.5, 0.5, 0.05, 0.95, 0}, 2, 3).To(d)
		y := tensor.Of([]int64{0, 0})
		for _, a := range methods[:2] {
			got := a.run(m, x, y, adversarial.Config{Eps: 0.25}).Floats()
			for i, want := range []float64{0.25, 0.75, 0.5, 0, 1, 0} {
				if !(math.Abs(got[i]-want) <= 1e-7) {
					t.Errorf("%s in %v: %v", a.name, d, got)
					break
				}
			}
			got = a.run(m, x, y, adversarial.Config{Eps: 0.25, Norm: adversarial.L2}).Floats()
			if !(math.Abs(got[0]-(0.5-0.25/math.Sqrt(5))) <= 1e-6 && math.Abs(got[1]-(0.5+0.5/math.Sqrt(5))) <= 1e-6 && got[2] == 0.5) {
				t.Errorf("%s with L2 in %v: %v", a.name, d, got)
			}
		}
		// Another box, and a loss of one's own.
		wide := adversarial.Config{Eps: 1, Low: -1, High: 2, Loss: func(s, y *tensor.Tensor) *tensor.Tensor { return s.Select(1, 0).Sum() }}
		if got := adversarial.FGSM(m, x, y, wide).Floats(); got[0] != 1.5 || got[1] != -0.5 || got[2] != 0.5 {
			t.Errorf("in the box from -1 to 2: %v", got)
		}
	}
}

// The radius is 0.7 of the distance between float32's numbers at 0.75, so that the second picture cannot move; the first, black, moves as
// far as it may, whatever is beside it.
func TestBatchIndependent(t *testing.T) {
	m := nn.NewLinear(random.New(1), 2, 2, nn.LinearConfig{NoBias: true})
	m.Weight = tensor.NewParam(tensor.Of([]float32{1, 0, 0, 1}, 2, 2))
	eps := 0.7 * math.Pow(2, -24)
	cfg := adversarial.Config{Eps: eps, Norm: adversarial.L2, Steps: 1, Loss: func(s, y *tensor.Tensor) *tensor.Tensor { return s.Select(1, 0).Sum() }}
	got := adversarial.BIM(m, tensor.Of([]float32{0, 0, 0.75, 0.75}, 2, 2), tensor.Of([]int64{0, 0}), cfg).Floats()
	if !(got[0] <= eps && got[0] > 0.999*eps) || got[1] != 0 || got[2] != 0.75 || got[3] != 0.75 {
		t.Errorf("the pictures become %v, the radius is %v", got, eps)
	}
}

// TestNormalize compares with the attack on normalised pictures by hand.
func TestNormalize(t *testing.T) {
	g := random.New(2)
	m := nn.NewSequential(nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{}), nn.ReLU{}, nn.NewFlatten(), nn.NewLinear(g, 4*36, 5, nn.LinearConfig{}))
	mean, std := []float64{0.485, 0.456, 0.406}, []float64{0.229, 0.224, 0.225}
	x, y := tensor.Rand(g, 4, 3, 8, 8), tensor.Of([]int64{0, 1, 2, 3})
	n := adversarial.Normalize(m, mean, std)
	per := func(v []float64) *tensor.Tensor { return tensor.Of(v, 1, 3, 1, 1).To(tensor.Float32) }
	z := x.Sub(per(mean)).Div(per(std))
	if d := n.Forward(x).Sub(m.Forward(z)).Detach().Abs().Max().Item(); !(d <= 1e-6) {
		t.Errorf("scores differ by %v", d)
	}
	z = z.RequireGrad()
	losses.CrossEntropy(nn.Eval(m).Forward(z), y).Backward()
	const eps = 8.0 / 255
	want := x.Add(z.Grad().Sign().MulScalar(eps)).Clamp(0, 1)
	if d := adversarial.FGSM(n, x, y, adversarial.Config{Eps: eps}).Sub(want).Abs().Max().Item(); !(d <= 1e-6) {
		t.Errorf("pictures differ by %v", d)
	}
	if nn.NumParams(n) != nn.NumParams(m) {
		t.Error("the parameters behind it are not found")
	}
}

func TestLBFGS(t *testing.T) {
	m := trained()
	before := state(m)
	x, y := pictures(5)
	target := y.AddScalar(3).Remainder(tensor.Of([]int64{10}))
	adv, reached := adversarial.LBFGS(m, x, target, adversarial.LBFGSConfig{})
	if got := metrics.Accuracy(nn.Eval(m).Forward(adv), target); got != 1 {
		t.Errorf("%v reach their targets, %v", got, reached)
	}
	if !(adv.Min().Item() >= 0 && adv.Max().Item() <= 1) {
		t.Error("pixels leave the box")
	}
	// The change is smaller than that of the smallest ball in which BIM reaches the targets.
	for i := range 5 {
		if !reached[i] {
			t.Errorf("picture %d: not reached", i)
		}
		one, to := x.Narrow(0, i, 1), target.Narrow(0, i, 1)
		for eps := 0.1; ; eps += 0.1 {
			bim := adversarial.BIM(m, one, to, adversarial.Config{Eps: eps, Norm: adversarial.L2, Steps: 30, Targeted: true})
			if metrics.Accuracy(nn.Eval(m).Forward(bim), to) == 1 {
				if d := farthest(adversarial.L2, adv.Narrow(0, i, 1), one); !(d <= eps+0.1) {
					t.Errorf("picture %d moves by %v, BIM needs %v", i, d, eps)
				}
				break
			}
		}
	}
	if same, ok := adversarial.LBFGS(m, x, y, adversarial.LBFGSConfig{}); !bytes.Equal(same.Bytes(), x.Bytes()) || !ok[0] {
		t.Error("pictures of the class already are changed")
	}
	if !bytes.Equal(state(m), before) {
		t.Error("it changed the model")
	}
}

// constant always answers class 0.
type constant struct{}

func (constant) Forward(x *tensor.Tensor) *tensor.Tensor {
	return tensor.Of([]float32{1, 0}, 1, 2).Add(x.Flatten(1).Sum(1).Unsqueeze(1).MulScalar(0))
}

func TestHopelessAndEmpty(t *testing.T) {
	x := tensor.Full(0.5, 1, 1, 2, 2)
	adv, reached := adversarial.LBFGS(constant{}, x, tensor.Of([]int64{1}), adversarial.LBFGSConfig{})
	if reached[0] || !bytes.Equal(adv.Bytes(), x.Bytes()) {
		t.Errorf("a class that there is no way to: %v, %v", reached, adv)
	}
	// Without a gradient nothing moves, and nothing becomes NaN.
	for _, norm := range []adversarial.Norm{adversarial.Linf, adversarial.L2} {
		if same := adversarial.BIM(constant{}, x, tensor.Of([]int64{1}), adversarial.Config{Eps: 0.1, Norm: norm}); !bytes.Equal(same.Bytes(), x.Bytes()) {
			t.Errorf("without a gradient the picture becomes %v", same)
		}
	}
	none := tensor.Zeros(0, 1, 8, 8)
	for _, a := range methods {
		if got := a.run(trained(), none, tensor.With(tensor.Int64).Zeros(0), adversarial.Config{Eps: 0.1}); got.Shape() != none.Shape() {
			t.Errorf("%s of no pictures: %v", a.name, got.Shape())
		}
	}
}

func TestRandomSign(t *testing.T) {
	x, _ := pictures(20)
	got := adversarial.RandomSign(random.New(1), x, adversarial.Config{Eps: 0.3})
	if far := farthest(adversarial.Linf, got, x); !(far <= 0.3) {
		t.Errorf("it moves by %v", far)
	}
	inside := 0
	for i, v := range got.Sub(x).Floats() {
		switch p := x.Floats()[i]; {
		case math.Abs(math.Abs(v)-0.3) < 1e-6:
			inside++
		case v != 0 && got.Floats()[i] != 0 && got.Floats()[i] != 1, p > 0.31 && p < 0.69:
			t.Fatalf("a pixel of %v moves by %v", p, v)
		}
	}
	if inside < 400 {
		t.Errorf("%d of %d pixels move all the way", inside, x.Numel())
	}
}

func TestRefusals(t *testing.T) {
	m := trained()
	x, y := pictures(2)
	cfg := adversarial.Config{Eps: 0.1}
	with := func(f func(*adversarial.Config)) adversarial.Config {
		c := cfg
		f(&c)
		return c
	}
	for _, c := range []struct {
		f    func()
		kind tensor.Kind
		want string
	}{
		{func() { adversarial.FGSM(m, x, y, adversarial.Config{}) }, tensor.ErrValue, "the radius Eps, 0, must be positive"},
		{func() { adversarial.FGSM(m, x, y, adversarial.Config{Eps: math.NaN()}) }, tensor.ErrValue, "the radius Eps, NaN"},
		{func() { adversarial.BIM(m, x, y, with(func(c *adversarial.Config) { c.Steps = -1 })) }, tensor.ErrValue, "the number of steps, -1"},
		{func() { adversarial.BIM(m, x, y, with(func(c *adversarial.Config) { c.StepSize = -1 })) }, tensor.ErrValue, "the step size, -1"},
		{func() { adversarial.BIM(m, x, y, with(func(c *adversarial.Config) { c.Norm = 7 })) }, tensor.ErrValue, "there is no norm 7"},
		{func() { adversarial.FGSM(m, x, y, with(func(c *adversarial.Config) { c.Low, c.High = 1, 0 })) }, tensor.ErrValue, "box from 1 to 0 is empty"},
		{func() { adversarial.FGSM(m, x.MulScalar(2), y, cfg) }, tensor.ErrValue, "lie outside the box from 0 to 1; give pixels, and for a network of normalised ones attack Normalize"},
		{func() { adversarial.FGSM(m, x.MulScalar(math.NaN()), y, cfg) }, tensor.ErrValue, "pixels from NaN to NaN"},
		{func() { adversarial.FGSM(m, x, y.Narrow(0, 0, 1), cfg) }, tensor.ErrShape, "give pictures (N, ...) and classes (N,)"},
		{func() { adversarial.FGSM(m, x.To(tensor.Int32), y, cfg) }, tensor.ErrDType, "the pictures are int32"},
		{func() { adversarial.FGSM(m, x, y.AddScalar(100), cfg) }, tensor.ErrIndex, ""},
		{func() {
			adversarial.FGSM(m, x, y, with(func(c *adversarial.Config) { c.Loss = func(s, y *tensor.Tensor) *tensor.Tensor { return s } }))
		}, tensor.ErrShape, "the loss must be a scalar"},
		{func() { adversarial.PGD(random.New(1), m, x, y, adversarial.Config{Eps: -1}) }, tensor.ErrValue, "the radius Eps, -1"},
		{func() { adversarial.RandomSign(random.New(1), x, adversarial.Config{Eps: -1}) }, tensor.ErrValue, "the radius Eps, -1"},
		{func() { adversarial.RandomSign(random.New(1), tensor.Full(0.5), cfg) }, tensor.ErrShape, "give pictures (N, ...)"},
		{func() { adversarial.LBFGS(m, x, y, adversarial.LBFGSConfig{Iterations: -1}) }, tensor.ErrValue, "-1 iterations"},
		{func() { adversarial.LBFGS(m, x, y.Narrow(0, 0, 1), adversarial.LBFGSConfig{}) }, tensor.ErrShape, "give pictures"},
		{func() { adversarial.Normalize(m, []float64{0}, nil) }, tensor.ErrValue, "1 means and 0 deviations"},
		{func() { adversarial.Normalize(m, []float64{0}, []float64{0}) }, tensor.ErrValue, "the deviation 0 must be positive"},
		{func() { adversarial.Normalize(m, []float64{0, 0}, []float64{1, 1}).Forward(x) }, tensor.ErrShape, "pictures must be (N, 2, ...)"},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func ExampleFGSM() {
	// A network of one dense layer: the score of class 0 falls with the first pixel's brightness and rises with the second's.
	model := nn.NewLinear(random.New(1), 2, 2, nn.LinearConfig{NoBias: true})
	model.Weight = tensor.NewParam(tensor.Of([]float32{-1, 1, 1, -1}, 2, 2))
	x, y := tensor.Of([]float32{0.25, 0.5}, 1, 2), tensor.Of([]int64{0})
	adv := adversarial.FGSM(model, x, y, adversarial.Config{Eps: 0.25})
	fmt.Println(tensor.Data[float32](adv), model.Forward(x).ArgMax(1).Item(), model.Forward(adv).ArgMax(1).Item())
	// Output: [0.5 0.25] 0 1
}

func ExampleBIM() {
	model := nn.NewLinear(random.New(1), 2, 3, nn.LinearConfig{NoBias: true})
	model.Weight = tensor.NewParam(tensor.Of([]float32{4, 1, -4, 2, 0, -4}, 3, 2))
	x := tensor.Of([]float32{0.75, 0.75}, 1, 2)
	adv := adversarial.BIM(model, x, tensor.Of([]int64{1}), adversarial.Config{Eps: 0.75, Targeted: true})
	fmt.Println(model.Forward(x).ArgMax(1).Item(), model.Forward(adv).ArgMax(1).Item())
	// Output: 0 1
}

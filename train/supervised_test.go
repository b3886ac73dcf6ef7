package train

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// oneBatch is n digits as float64, so that equalities are to rounding of 1e-16.
func oneBatch(t *testing.T, n int) dataset.Batch {
	t.Helper()
	d := pictures(t, 0, n)
	samples := make([]dataset.Sample, n)
	for i := range samples {
		s, err := d.At(context.Background(), i, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.X = s.X.To(tensor.Float64)
		samples[i] = s
	}
	b, err := dataset.Collate(samples)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// linear is softmax regression in float64.
func linear() nn.Sequential {
	l := nn.NewLinear(random.New(1), 64, 10, nn.LinearConfig{})
	l.Weight = tensor.NewParam(l.Weight.To(tensor.Float64))
	l.Bias = tensor.NewParam(l.Bias.To(tensor.Float64))
	return nn.NewSequential(nn.NewFlatten(), l)
}

// softmaxRegression computes loss and gradient of the weights by hand: dL/dW = (softmax(xWᵀ+b) − onehot(y))ᵀ x / n.
func softmaxRegression(b dataset.Batch, w, bias []float64) (loss float64, dw, db []float64) {
	n := b.Len()
	x, y := b.X.Floats(), tensor.Data[int64](b.Y)
	dw, db = make([]float64, len(w)), make([]float64, len(bias))
	for i := range n {
		row := x[i*64 : (i+1)*64]
		var score [10]float64
		most := math.Inf(-1)
		for c := range score {
			score[c] = bias[c]
			for j, v := range row {
				score[c] += v * w[c*64+j]
			}
			most = max(most, score[c])
		}
		var sum float64
		for _, s := range score {
			sum += math.Exp(s - most)
		}
		loss += most + math.Log(sum) - score[y[i]]
		for c, s := range score {
			d := math.Exp(s-most) / sum
			if int64(c) == y[i] {
				d--
			}
			d /= float64(n)
			db[c] += d
			for j, v := range row {
				dw[c*64+j] += d * v
			}
		}
	}
	return loss / float64(n), dw, db
}

// A step in parts, even unequal ones, is the step of the whole batch: p − lr·gradient, which is computed by hand.
func TestStepInParts(t *testing.T) {
	b := oneBatch(t, 13)
	const lr = 0.5
	for _, parts := range []int{-1, 0, 1, 2, 4, 5, 13, 99} {
		for _, clip := range []float64{0, 0.1, 1e9} {
			m := linear()
			params := nn.Params(m)
			w, bias := params[0].Floats(), params[1].Floats()
			loss, dw, db := softmaxRegression(b, w, bias)
			var norm float64
			for _, g := range append(append([]float64(nil), dw...), db...) {
				norm += g * g
			}
			norm = math.Sqrt(norm)
			scale := 1.0
			if clip > 0 && norm > clip {
				scale = clip / (norm + 1e-6) // as optim.ClipGradNorm documents
			}
			opt := optim.NewSGD(params, optim.SGDConfig{LR: lr})
			forwards := 0
			counted := nn.NewSequential(layerFunc(func(x *tensor.Tensor) *tensor.Tensor {
				forwards++
				return x
			}), m)
			step := Supervised(counted, losses.CrossEntropy, opt, SupervisedConfig{Parts: parts, ClipNorm: clip, Metrics: BatchAccuracy})
			var got Metrics
			tensor.WithScope(func(s *tensor.Scope) {
				var err error
				if got, err = step(s, b); err != nil {
					t.Fatal(err)
				}
			})
			if want := max(1, min(parts, 13)); forwards != want {
				t.Errorf("parts %d: %d forward passes, want %d", parts, forwards, want)
			}
			if v, _ := got.Get("loss"); math.Abs(v-loss) > 1e-14 {
				t.Errorf("parts %d: loss %v, want %v", parts, v, loss)
			}
			for i, v := range params[0].Floats() {
				if want := w[i] - lr*scale*dw[i]; math.Abs(v-want) > 1e-14 {
					t.Fatalf("parts %d, clip %v: weight %d is %v, want %v", parts, clip, i, v, want)
				}
			}
			for i, v := range params[1].Floats() {
				if want := bias[i] - lr*scale*db[i]; math.Abs(v-want) > 1e-14 {
					t.Fatalf("parts %d, clip %v: bias %d is %v, want %v", parts, clip, i, v, want)
				}
			}
		}
	}
}

type layerFunc func(*tensor.Tensor) *tensor.Tensor

func (f layerFunc) Forward(x *tensor.Tensor) *tensor.Tensor { return f(x) }

// The accuracy of a batch in unequal parts is that of the batch.
func TestMetricsOfParts(t *testing.T) {
	b := oneBatch(t, 13)
	for i := range tensor.Data[int64](b.Y)[:4] { // some of the classes become what the untrained model says
		b.Y = relabel(b.Y, i, linear().Forward(b.X))
	}
	m := linear()
	right := 0
	scores := m.Forward(b.X).Detach().Floats()
	for i, y := range tensor.Data[int64](b.Y) {
		best := 0
		for c := range 10 {
			if scores[i*10+c] > scores[i*10+best] {
				best = c
			}
		}
		if int64(best) == y {
			right++
		}
	}
	if right == 0 || right == 13 {
		t.Fatalf("%d of 13 are right: the case proves nothing", right)
	}
	for _, parts := range []int{1, 4} {
		step := Supervised(linear(), losses.CrossEntropy, optim.NewSGD(nn.Params(linear()), optim.SGDConfig{LR: 1}), SupervisedConfig{Parts: parts, Metrics: BatchAccuracy})
		var got Metrics
		tensor.WithScope(func(s *tensor.Scope) { got, _ = step(s, b) })
		if v, ok := got.Get("accuracy"); !ok || math.Abs(v-float64(right)/13) > 1e-15 {
			t.Errorf("parts %d: accuracy %v, want %v", parts, v, float64(right)/13)
		}
	}
}

// relabel returns the classes with that of sample i replaced by the largest score.
func relabel(y *tensor.Tensor, i int, scores *tensor.Tensor) *tensor.Tensor {
	classes := tensor.Data[int64](y)
	row := scores.Detach().Floats()[i*10 : (i+1)*10]
	for c := range row {
		if row[c] > row[classes[i]] {
			classes[i] = int64(c)
		}
	}
	return tensor.Of(classes)
}

// The schedule goes one step on with each step: the rate of step t is base·factor(t).
func TestStepFollowsSchedule(t *testing.T) {
	b := oneBatch(t, 4)
	m := linear()
	opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 8})
	schedule := optim.NewScheduler(opt, optim.Exponential(0.5))
	step := Supervised(m, losses.CrossEntropy, opt, SupervisedConfig{Scheduler: schedule})
	for i, want := range []float64{8, 4, 2} {
		if lr := opt.Groups()[0].LR; lr != want {
			t.Errorf("the rate of step %d is %v, want %v", i, lr, want)
		}
		tensor.WithScope(func(s *tensor.Scope) { step(s, b) })
	}
}

// A loss or a clipped gradient that is not a number leaves weights, moments and schedule as they were.
func TestStepRefusesNaN(t *testing.T) {
	for _, c := range []struct {
		name string
		loss func(y, target *tensor.Tensor) *tensor.Tensor
		want string
	}{
		{"loss", func(y, target *tensor.Tensor) *tensor.Tensor { return y.Sum().MulScalar(math.NaN()) }, "loss"},
		{"infinite loss", func(y, target *tensor.Tensor) *tensor.Tensor { return y.Sum().MulScalar(0).Log() }, "loss"},
		// The value is 0, the derivative of √ there is infinite.
		{"gradient", func(y, target *tensor.Tensor) *tensor.Tensor { return y.Sum().MulScalar(0).Sqrt() }, "gradient_norm"},
	} {
		m := linear()
		opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 1, Momentum: 0.9})
		schedule := optim.NewScheduler(opt, optim.Exponential(0.5))
		before := nn.Params(m)[0].Clone()
		step := Supervised(m, c.loss, opt, SupervisedConfig{ClipNorm: 1, Scheduler: schedule, Parts: 2})
		var got Metrics
		tensor.WithScope(func(s *tensor.Scope) {
			var err error
			if got, err = step(s, oneBatch(t, 4)); err != nil {
				t.Fatal(err)
			}
		})
		if v, ok := got.Get(c.want); !ok || finite(v) {
			t.Errorf("%s: metrics %v", c.name, got)
		}
		if !tensor.Equal(nn.Params(m)[0].Detach(), before) || schedule.StepCount() != 0 || len(opt.State().Tensors) != 0 {
			t.Errorf("%s: the step changed something", c.name)
		}
	}
}

// Forward takes the place of model and loss, for auxiliary losses: gradients of all that it adds up.
func TestSupervisedForward(t *testing.T) {
	m := &nn.Linear{Weight: tensor.NewParam(tensor.Of([]float32{1, 2}, 2, 1))}
	opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 1})
	step := Supervised(nil, nil, opt, SupervisedConfig{
		Parts: 2,
		Forward: func(b dataset.Batch) (y, loss *tensor.Tensor) {
			y = m.Forward(b.X)
			return y, y.Mean().Add(y.Select(1, 1).Mean().MulScalar(0.3))
		},
		Metrics: func(y *tensor.Tensor, b dataset.Batch) Metrics {
			return Metrics{{"second", y.Select(1, 1).Mean().Item()}}
		},
	})
	var got Metrics
	var err error
	tensor.WithScope(func(s *tensor.Scope) {
		got, err = step(s, dataset.Batch{X: tensor.Of([]float32{1, 3}, 2, 1), Y: tensor.Of([]int64{0, 0})})
	})
	// y is (1, 2) and (3, 6): the loss 3 + 0.3·4, its gradient 2·(1/2, 1/2 + 0.3).
	if err != nil || fmt.Sprint(got) != fmt.Sprint(Metrics{{"loss", got[0].Value}, {"second", 4}}) || !(math.Abs(got[0].Value-4.2) <= 1e-6) {
		t.Error(got, err)
	}
	if w := m.Weight.Floats(); !(math.Abs(w[0]) <= 1e-6 && math.Abs(w[1]-0.4) <= 1e-6) {
		t.Errorf("weights %v, want 0 and 0.4", w)
	}
}

// Of targets that are probabilities the accuracy is what they give to the model's answers.
func TestBatchAccuracyOfProbabilities(t *testing.T) {
	y := tensor.Of([]float32{1, 5, 2 /* says 1 */, 9, 0, 3 /* says 0 */}, 2, 3)
	got := BatchAccuracy(y, dataset.Batch{Y: tensor.Of([]float32{0.25, 0.75, 0, 0.5, 0, 0.5}, 2, 3)})
	if len(got) != 1 || got[0].Value != 0.625 {
		t.Error(got)
	}
}

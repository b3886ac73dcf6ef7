package workflow

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U01", Tier: catalog.Unit, Title: "Three steps: a set of functions, their goodness, the best of them; and what to do when it is not good enough",
		Source: "H.-Y. Lee, Machine Learning, lectures of 2016 and 2017",
		Target: "the diagnosis of training and validation curves leads from a line over an over-fitting polynomial to a penalised one with at most 0.6 times its validation error; hadal train prints it after each run",
		Note:   "steps 5 and 6 are often misprinted as \"redefine the equation\": what is chosen anew is the set of functions (bad on the training data) or the penalty and the data (bad on others). Errors are medians of 5 seeds. The rule is one of thumb: of 16 seeds 11 end well fitted; for 2 the polynomial of degree 25 does not over-fit, and for 3 the penalty grows until it under-fits. Rows B01 to B05 are the same steps on the course's own data",
		Test:   threeSteps,
	})
}

// functionSet is step 1: polynomials up to a degree, and step 2: the squared error with an L2 penalty.
type functionSet struct {
	degree int
	lambda float64
}

// curveData are n points of y = cos 3x + x + 0.2 ε, x from -1 to 1.
func curveData(g *random.Generator, n int) (x, y *tensor.Tensor) {
	var xs, ys []float64
	for range n {
		v := 2*g.Float64() - 1
		xs, ys = append(xs, v), append(ys, math.Cos(3*v)+v+0.2*g.NormFloat64())
	}
	return tensor.Of(xs, n, 1), tensor.Of(ys, n, 1)
}

// legendre returns the Legendre polynomials of degrees 1 to d at x (N, 1), by P_k = ((2k-1) x P_(k-1) - (k-1) P_(k-2)) / k: (N, d).
func legendre(x *tensor.Tensor, d int) *tensor.Tensor {
	p := []*tensor.Tensor{tensor.OnesLike(x), x}
	for k := 2; k <= d; k++ {
		p = append(p, x.Mul(p[k-1]).MulScalar(float64(2*k-1)).Sub(p[k-2].MulScalar(float64(k-1))).DivScalar(float64(k)))
	}
	return tensor.Concat(1, p[1:]...)
}

// fitted is step 3, the best of the functions, with what its curves say and its error on validation data.
type fitted struct {
	functionSet
	finding train.Finding
	history []train.Record
	val     float64
	model   *nn.Linear
}

func (s functionSet) fit(x, y, xVal, yVal *tensor.Tensor) (f fitted, err error) {
	model := nn.To(nn.NewLinear(random.New(1), s.degree, 1, nn.LinearConfig{}), tensor.Float64)
	for _, p := range nn.Params(model) {
		p.CopyFrom(tensor.ZerosLike(p.Tensor.Detach()))
	}
	design, val := legendre(x, s.degree), legendre(xVal, s.degree)
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.1, Momentum: 0.9, WeightDecay: s.lambda})
	loop := train.Loop[int]{
		Step: func(*tensor.Scope, int) (train.Metrics, error) {
			loss := losses.MSE(model.Forward(design), y)
			opt.ZeroGrad()
			loss.Backward()
			opt.Step()
			return train.Metrics{{Name: "loss", Value: loss.Item()}}, nil
		},
		Batches: numbered(20),
		Evaluate: func(context.Context) (train.Metrics, error) {
			return train.Metrics{{Name: "val_loss", Value: losses.MSE(nn.Eval(model).Forward(val), yVal).Item()}}, nil
		},
		State:  new(train.State).Module("model", model).Optimizer("optimizer", opt),
		Config: train.Config{Epochs: 100},
		Observe: func(e train.Event) { // what a run's metrics.jsonl would hold
			if e.Kind != "epoch" {
				return
			}
			record := train.Record{Epoch: e.Epoch, Step: e.Step, Metrics: map[string]*float64{}}
			for _, m := range e.Metrics {
				record.Metrics[m.Name] = &m.Value
			}
			f.history = append(f.history, record)
		},
	}
	if _, err = loop.Train(context.Background()); err != nil {
		return f, err
	}
	f.functionSet, f.model, f.finding = s, model, train.Diagnose(f.history)[0]
	f.val = *f.history[len(f.history)-1].Metrics["val_loss"]
	return f, nil
}

func threeSteps(_ context.Context, c *catalog.Check) error {
	var lines []bool       // by seed: is the line found to under-fit
	var wellFitted float64 // seeds whose last is found to fit well
	var again []float64    // the control's error over the noise's variance, 0.2²
	var drawn func(path string) error
	ratio, err := c.Median(5, func(seed uint64) (float64, error) {
		g := random.New(seed)
		x, y := curveData(g, 50)
		xVal, yVal := curveData(g, 2000)
		tries, err := stepsBack(x, y, xVal, yVal)
		if err != nil {
			return 0, err
		}
		if drawn == nil {
			drawn = func(path string) error { return drawTries(path, tries, x, y) }
		}
		same, err := functionSet{degree: 1, lambda: 1e-9}.fit(x, y, xVal, yVal)
		if err != nil {
			return 0, err
		}
		first, last := tries[0], tries[len(tries)-1]
		lines = append(lines, first.finding.Kind == train.UnderFitting || first.finding.Kind == train.LearnsNothing)
		wellFitted += oneIf(last.finding.Kind == train.WellFitted)
		again = append(again, same.val/0.04)
		over := slices.IndexFunc(tries, func(f fitted) bool { return f.finding.Kind == train.OverFitting })
		if over < 0 { // none over-fits, as one should: nothing is gained
			return 1, nil
		}
		return last.val / tries[over].val, nil
	})
	if err != nil {
		return err
	}
	c.AtMost("validation error of the last over that of the one that over-fits", ratio, 0.6)
	c.True("the line under-fits, for all 5 seeds", !slices.Contains(lines, false))
	c.AtLeast("seeds of 5 for which the penalised one fits well", wellFitted, 4)
	c.Control(func() {
		c.AtLeast("the same functions once more: validation error over the noise's, the least", slices.Min(again), 4)
	})
	return c.Picture("tries", drawn)
}

// stepsBack are steps 4 to 6: look at the training data, then at others; go back to step 1 or 2 as the diagnosis says.
func stepsBack(x, y, xVal, yVal *tensor.Tensor) (tries []fitted, err error) {
	for s := (functionSet{degree: 1}); len(tries) < 8; {
		f, err := s.fit(x, y, xVal, yVal)
		if err != nil {
			return nil, err
		}
		tries = append(tries, f)
		switch f.finding.Kind {
		case train.UnderFitting, train.LearnsNothing:
			s.degree += 24
			continue
		case train.OverFitting:
			s.lambda = max(4*s.lambda, 0.005)
			continue
		}
		break
	}
	return tries, nil
}

// drawTries shows the best function of each set through the training points.
func drawTries(path string, tries []fitted, x, y *tensor.Tensor) error {
	var grid []float64
	for i := range 401 {
		grid = append(grid, -1+float64(i)/200)
	}
	data := plot.Series{Name: "training data"}
	for i, v := range x.Floats() { // a point between breaks is drawn as a dot
		data.X, data.Y = append(data.X, v, math.NaN()), append(data.Y, y.Floats()[i], math.NaN())
	}
	series := []plot.Series{data}
	for _, f := range tries {
		at := nn.Eval(f.model).Forward(legendre(tensor.Of(grid, 401, 1), f.degree)).Floats()
		series = append(series, plot.Series{Name: fmt.Sprintf("degree %d, λ = %g: %s", f.degree, f.lambda, f.finding.Kind), X: grid, Y: at})
	}
	return plot.Lines(path, plot.Chart{Title: "From under-fitting over over-fitting to a good fit", XLabel: "x", YLabel: "y", Series: series})
}

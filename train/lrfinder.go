package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LRFinder looks for a learning rate (L. N. Smith: "Cyclical Learning Rates for Training Neural Networks", 2017): it trains for some
// steps with a rate that grows by the same factor at each, until the loss goes through the roof, and puts everything back as it was.
// Good rates lie where the loss falls, well before it is least.
type LRFinder struct {
	From, To float64 // the rates to try; 0: 1e-7 and 10
	Steps    int     // from one to the other; 0: 100
	Smooth   float64 // weight of the past in the running mean of the loss, below 1; 0: 0.9
	Stop     float64 // it stops when the mean is this many times its least; 0: 4
}

// LRCurve is what was found: the loss by rate.
type LRCurve struct {
	LR, Loss, Mean []float64 // Mean is the running mean of Loss
	// Suggested is the rate where Mean falls fastest, by the logarithm of the rate.
	Suggested float64
}

// FindLR runs the finder on a loop's steps and batches, from epoch 0 on and over again if there are few. opt is an optimizer that the
// loop's Step steps with. All that the loop's State lists is put back, also after an error; the run's folder is not touched. It returns an
// error when ctx ends, when a step fails, and when the loss never falls; it panics with ErrValue on options that cannot be meant.
func FindLR[B any](ctx context.Context, l *Loop[B], opt optim.Optimizer, f LRFinder) (c LRCurve, err error) {
	f.From, f.To, f.Steps = cmp.Or(f.From, 1e-7), cmp.Or(f.To, 10), cmp.Or(f.Steps, 100)
	f.Smooth, f.Stop = cmp.Or(f.Smooth, 0.9), cmp.Or(f.Stop, 4)
	if !(f.From > 0 && f.To > f.From && finite(f.To)) || f.Steps < 10 || !(f.Smooth >= 0 && f.Smooth < 1) || !(f.Stop > 1) {
		tensor.Fail("train.FindLR", tensor.ErrValue, nil, "rates from %v to %v in %d steps, smoothed by %v and stopped at %v times the least loss, find nothing; give 0 < From < To, Steps of 10 or more, Smooth below 1 and Stop above 1", f.From, f.To, f.Steps, f.Smooth, f.Stop)
	}
	l.check()
	defer l.convert(&err)
	restore := l.State.snapshot()
	defer func() { err = errors.Join(err, restore()) }()

	mean, least := 0., math.Inf(1)
	for epoch := 0; len(c.LR) < f.Steps; epoch++ {
		before := len(c.LR)
		for b, err := range l.Batches(ctx, epoch, 0) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return c, err
			}
			i := len(c.LR)
			lr := f.From * math.Pow(f.To/f.From, float64(i)/float64(f.Steps-1))
			for _, g := range opt.Groups() {
				g.LR = lr
			}
			var m Metrics
			l.doing = fmt.Sprintf("step %d, with learning rate %.3g", i+1, lr)
			tensor.WithScope(func(s *tensor.Scope) { m, err = l.Step(s, b) })
			if err != nil {
				return c, fmt.Errorf("%s: %w", l.doing, err)
			}
			l.doing = ""
			if len(m) == 0 {
				return c, errors.New("the step returned no metrics; the first must be the loss")
			}
			loss := m[0].Value
			mean = f.Smooth*mean + (1-f.Smooth)*loss
			corrected := mean / (1 - math.Pow(f.Smooth, float64(i+1)))
			if !finite(loss) || i > f.Steps/10 && corrected > least+(f.Stop-1)*math.Abs(least) {
				err = c.suggest()
				return c, err
			}
			least = min(least, corrected)
			c.LR, c.Loss, c.Mean = append(c.LR, lr), append(c.Loss, loss), append(c.Mean, corrected)
			if len(c.LR) == f.Steps {
				break
			}
		}
		if len(c.LR) == before {
			return c, errors.New("an epoch has no batches")
		}
	}
	err = c.suggest()
	return c, err
}

// suggest finds where the mean falls fastest before it is least.
func (c *LRCurve) suggest() error {
	bottom := 0
	for i, v := range c.Mean {
		if v < c.Mean[bottom] {
			bottom = i
		}
	}
	steepest := 0.
	for i := 1; i < bottom; i++ {
		if slope := (c.Mean[i+1] - c.Mean[i-1]) / math.Log(c.LR[i+1]/c.LR[i-1]); slope < steepest {
			steepest, c.Suggested = slope, c.LR[i]
		}
	}
	if c.Suggested == 0 || c.Mean[0]-c.Mean[bottom] < 1e-3*math.Abs(c.Mean[0]) {
		c.Suggested = 0
		return fmt.Errorf("the loss did not fall at any of %d learning rates: begin lower, or check inputs and labels", len(c.LR))
	}
	return nil
}

// Plot draws loss and mean by the logarithm of the rate, with the suggestion marked, into a PNG or SVG file.
func (c LRCurve) Plot(path string) error {
	x := make([]float64, len(c.LR))
	for i, lr := range c.LR {
		x[i] = math.Log10(lr)
	}
	chart := plot.Chart{
		Title: "Loss by learning rate", XLabel: "log10 of the learning rate", YLabel: "loss", LogY: true,
		Series: []plot.Series{{Name: "running mean", X: x, Y: c.Mean}, {Name: "loss", X: x, Y: c.Loss, Dashed: true}},
	}
	if c.Suggested > 0 {
		chart.Marks = []plot.Mark{{X: math.Log10(c.Suggested), Label: fmt.Sprintf("%.2g", c.Suggested)}}
	}
	return plot.Lines(path, chart)
}

// snapshot copies everything that is listed and returns what puts it back.
func (s *State) snapshot() (restore func() error) {
	var back []func() error
	generator := func(g *random.Generator) {
		was := g.State()
		back = append(back, func() error { g.SetState(was); return nil })
	}
	for _, m := range s.modules {
		var ts []tensor.Named
		for _, t := range nn.State(m.value) {
			ts = append(ts, tensor.Named{Name: t.Name, Tensor: t.Tensor.Clone().Materialize()})
		}
		back = append(back, func() error { return nn.Load(m.value, ts, nn.LoadConfig{}) })
		for _, g := range nn.NamedGenerators(m.value) {
			generator(g.Generator)
		}
	}
	for _, o := range s.optimizers {
		was := o.value.State()
		back = append(back, func() error { return o.value.LoadState(was) })
	}
	for _, k := range s.schedulers {
		was := k.value.StepCount()
		back = append(back, func() error { k.value.SetStepCount(was); return nil })
	}
	for _, g := range s.generators {
		generator(g.value)
	}
	for _, n := range s.counters {
		was := *n.value
		back = append(back, func() error { *n.value = was; return nil })
	}
	return func() error {
		var errs []error
		for _, f := range back {
			errs = append(errs, f())
		}
		return errors.Join(errs...)
	}
}

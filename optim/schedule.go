package optim

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Schedule returns the factor on the learning rate at a step, counted from 0. It is a plain function: any other will do.
type Schedule func(step int) float64

// Constant keeps the rate.
func Constant() Schedule { return func(int) float64 { return 1 } }

// StepDecay multiplies the rate by gamma every size steps.
func StepDecay(size int, gamma float64) Schedule {
	positive("step_decay", size)
	return func(t int) float64 { return math.Pow(gamma, float64(t/size)) }
}

// MultiStep multiplies the rate by gamma at each of the given steps.
func MultiStep(gamma float64, at ...int) Schedule {
	return func(t int) float64 {
		f := 1.0
		for _, a := range at {
			if t >= a {
				f *= gamma
			}
		}
		return f
	}
}

// Exponential multiplies the rate by gamma every step.
func Exponential(gamma float64) Schedule {
	return func(t int) float64 { return math.Pow(gamma, float64(t)) }
}

// Cosine falls from 1 to least along half a cosine over total steps, and stays there (Loshchilov and Hutter, 2017).
func Cosine(total int, least float64) Schedule {
	positive("cosine", total)
	return func(t int) float64 {
		return least + (1-least)*(1+math.Cos(math.Pi*float64(min(t, total))/float64(total)))/2
	}
}

// CosineRestarts is Cosine that starts again at 1 after each period; periods grow by the factor mult (SGDR: Loshchilov and
// Hutter, 2017).
func CosineRestarts(period, mult int, least float64) Schedule {
	positive("cosine_restarts", period)
	positive("cosine_restarts", mult)
	return func(t int) float64 {
		n := period
		for t >= n {
			t -= n
			n *= mult
		}
		return least + (1-least)*(1+math.Cos(math.Pi*float64(t)/float64(n)))/2
	}
}

// Linear goes from one factor to another over n steps, and stays there.
func Linear(from, to float64, n int) Schedule {
	positive("linear", n)
	return func(t int) float64 { return from + (to-from)*float64(min(t, n))/float64(n) }
}

// Polynomial falls from 1 to 0 as (1 − t/n)^power.
func Polynomial(n int, power float64) Schedule {
	positive("polynomial", n)
	return func(t int) float64 { return math.Pow(1-float64(min(t, n))/float64(n), power) }
}

// Warmup rises linearly over n steps, (t+1)/n, and then follows the schedule from its step 0.
func Warmup(n int, then Schedule) Schedule {
	positive("warmup", n)
	return func(t int) float64 {
		if t < n {
			return float64(t+1) / float64(n)
		}
		return then(t - n)
	}
}

// InverseSqrt rises linearly over warmup steps and then falls as 1/√t (Vaswani et al., 2017), with 1 at the peak.
func InverseSqrt(warmup int) Schedule {
	positive("inverse_sqrt", warmup)
	return func(t int) float64 {
		w, s := float64(warmup), float64(t+1)
		return min(s/w, math.Sqrt(w/s))
	}
}

// OneCycle rises from 1/divide to 1 over the share warm of total steps and falls to 1/(divide·final), both along cosines
// (Smith and Topin, 2018). PyTorch's defaults are warm 0.3, divide 25, final 1e4.
func OneCycle(total int, warm, divide, final float64) Schedule {
	positive("one_cycle", total)
	between := func(a, b, share float64) float64 { return b + (a-b)/2*(1+math.Cos(math.Pi*share)) }
	return func(t int) float64 {
		up := warm*float64(total) - 1
		if x := float64(t); x <= up {
			return between(1/divide, 1, x/up)
		}
		down := float64(total-1) - up
		return between(1, 1/(divide*final), min(1, (float64(t)-up)/down))
	}
}

// Chain follows each schedule for its number of steps, the last one for ever.
func Chain(parts ...Part) Schedule {
	if len(parts) == 0 {
		tensor.Fail("chain", tensor.ErrValue, nil, "there is no schedule to follow")
	}
	return func(t int) float64 {
		for _, p := range parts[:len(parts)-1] {
			if t < p.Steps {
				return p.Schedule(t)
			}
			t -= p.Steps
		}
		return parts[len(parts)-1].Schedule(t)
	}
}

// Part is a schedule that is followed for a number of steps.
type Part struct {
	Steps    int
	Schedule Schedule
}

func positive(op string, n int) {
	if n < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "the number of steps, %d, must be positive", n)
	}
}

// Scheduler sets the learning rates of an optimizer's groups to their rates at its creation times a schedule's factor.
type Scheduler struct {
	opt      Optimizer
	schedule Schedule
	base     []float64
	step     int
}

// NewScheduler starts a schedule at step 0. Make it before loading the optimizer's state: the rates at this moment are the
// ones that factors apply to.
func NewScheduler(opt Optimizer, s Schedule) *Scheduler {
	c := &Scheduler{opt: opt, schedule: s}
	for _, g := range opt.Groups() {
		c.base = append(c.base, g.LR)
	}
	c.set()
	return c
}

// Step goes one step on; call it after the optimizer's Step.
func (c *Scheduler) Step() {
	c.step++
	c.set()
}

// StepCount returns the number of steps taken.
func (c *Scheduler) StepCount() int { return c.step }

// SetStepCount continues at a step, for resuming.
func (c *Scheduler) SetStepCount(n int) {
	c.step = n
	c.set()
}

func (c *Scheduler) set() {
	f := c.schedule(c.step)
	for i, g := range c.opt.Groups() {
		g.LR = c.base[i] * f
	}
}

// Plateau lowers the rates when a metric has stopped becoming better.
type Plateau struct {
	Factor   float64 // 0: 0.1
	Patience int     // epochs without a better value that are borne
	Maximize bool    // larger is better
	Least    float64 // rates do not fall below

	Best   *float64 // the best value so far; Best and Waited are the state to save
	Waited int
}

// Step is told the metric after an epoch and lowers opt's rates when it has not become better, by a relative 1e-4, for
// more than Patience epochs.
func (p *Plateau) Step(opt Optimizer, value float64) {
	if p.better(value) {
		p.Best, p.Waited = &value, 0
		return
	}
	if p.Waited++; p.Waited <= p.Patience {
		return
	}
	p.Waited = 0
	f := p.Factor
	if f == 0 {
		f = 0.1
	}
	for _, g := range opt.Groups() {
		g.LR = max(p.Least, g.LR*f)
	}
}

func (p *Plateau) better(value float64) bool {
	if p.Best == nil {
		return !math.IsNaN(value)
	}
	margin := 1e-4 * math.Abs(*p.Best)
	if p.Maximize {
		return value > *p.Best+margin
	}
	return value < *p.Best-margin
}

package optim

import "github.com/hadal-go/hadal/tensor"

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
	given("scheduler", s)
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

// SetStepCount continues at a step, for resuming. It panics with ErrValue when n is negative.
func (c *Scheduler) SetStepCount(n int) {
	if n < 0 {
		tensor.Fail("scheduler", tensor.ErrValue, nil, "the step count %d must not be negative", n)
	}
	c.step = n
	c.set()
}

func (c *Scheduler) set() {
	f := c.schedule(c.step)
	if !isRate(f) {
		tensor.Fail("scheduler", tensor.ErrValue, nil, "the schedule's factor at step %d is %v; it must be finite and not negative", c.step, f)
	}
	for i, g := range c.opt.Groups() {
		g.LR = c.base[i] * f
	}
}

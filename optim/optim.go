// Package optim holds the optimizers, learning-rate schedules and gradient clipping.
//
//	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 1e-3})
//	for ... {
//		opt.ZeroGrad()
//		loss.Backward()
//		opt.Step()
//	}
//
// Each optimizer also has a constructor for groups of parameters with rates of their own, NewAdamGroups for one.
//
// A step passes once through the memory of all parameters and gives the same bits whatever the number of workers.
package optim

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// Optimizer changes parameters by their gradients. Those of this package let goroutines call Step, StepWith, State and
// LoadState at the same time: one goes after the other. Parameters must not be read meanwhile: each worker computes its
// gradients on its own nn.Clone.
type Optimizer interface {
	// ZeroGrad forgets the gradients of all parameters.
	ZeroGrad()
	// Step updates every parameter that has a gradient; the others keep their state and are not decayed.
	Step()
	// StepWith is Step with the gradients given, in the order of Params; nil entries are skipped. It panics with ErrShape
	// when one does not fit its parameter, and then nothing has changed.
	StepWith(grads []*tensor.Tensor)
	// Params returns all parameters, group after group.
	Params() []*tensor.Param
	// Groups returns the parameter groups with their rates filled in. Rates may be changed between steps, to 0 as well.
	Groups() []*Group
	// State returns a copy of what a checkpoint needs for the next step to be the same bit for bit.
	State() State
	// LoadState puts a state back. Nothing changes unless all of it fits.
	LoadState(State) error
}

// Group is a number of parameters that share their rates. What is left out is taken from the optimizer's config.
type Group struct {
	Params      []*tensor.Param
	LR          float64  // 0: the config's
	WeightDecay *float64 // nil: the config's
}

// check panics unless the rates of group i are numbers that a step can use.
func (g *Group) check(op string, i int) {
	if !isRate(g.LR) {
		tensor.Fail(op, tensor.ErrValue, nil, "the learning rate %v of group %d must be finite and not negative", g.LR, i)
	}
	if g.WeightDecay == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "the weight decay of group %d was set to nil; set it to a number, new(0.0) for none", i)
	}
	if !isRate(*g.WeightDecay) {
		tensor.Fail(op, tensor.ErrValue, nil, "the weight decay %v of group %d must be finite and not negative", *g.WeightDecay, i)
	}
}

// isRate reports whether v is finite and not negative.
func isRate(v float64) bool { return v >= 0 && v <= math.MaxFloat64 }

// isFinite reports whether v is a number.
func isFinite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

// rule is what distinguishes one optimizer from another.
type rule interface {
	name() string
	slots() []string // names of the per-parameter state, at most maxSlots
	apply32(a at, p, grad []float32, s slots[float32])
	apply64(a at, p, grad []float64, s slots[float64])
}

// A starter is a rule whose slots do not all start at 0.
type starter interface {
	start(slot string, g *Group) float64
}

// A counter is a rule that keeps numbers for each parameter, such as a running product, beside the slots.
type counter interface {
	numbers() []string
	advance(step int, num []float64) // once for each parameter and step, before apply; num is 0 before the first
}

// A judge is a rule that decides for a whole group by what it has added up over the group's gradients.
type judge interface {
	groupNumbers() []string
	decide(g *Group, num []float64, sums [2]float64) // once for each group and step, after apply
}

const maxSlots = 3

// at is what a rule is told about the parameter, or the part of one, that it changes.
type at struct {
	*Group
	base  float64     // the group's rate when the optimizer was made
	step  int         // of the parameter, counted from 1
	num   []float64   // a counter's numbers of the parameter
	group []float64   // a judge's numbers of the group
	sums  *[2]float64 // of this part, for a judge
}

// slots are the state tensors of one parameter, or of a part of it.
type slots[T tensor.Float] [maxSlots][]T

// stepper is the machinery that all optimizers share.
type stepper struct {
	rule   rule
	names  []string // rule.slots()
	groups []*Group
	base   []float64 // each group's rate at the start
	params []*tensor.Param
	owner  []int // the group of each parameter

	mu      sync.Mutex         // guards what follows
	steps   []int              // taken by each parameter
	slots   [][]*tensor.Tensor // state of each parameter, nil before its first step
	numbers [][]float64        // a counter's, of each parameter
	judged  [][]float64        // a judge's, of each group

	// Of the step that is being taken; kept for their memory.
	active []int // parameters with a gradient
	ps     []*tensor.Param
	in     []*tensor.Tensor // of each: the gradient, the slots
	tasks  []task
	sums   [][2]float64 // of each task
}

// task is a part of one parameter.
type task struct{ at, lo, hi int }

// chunk is the number of elements in a task; it is fixed, so that the bits do not depend on the number of workers.
const chunk = 1 << 15

// newStepper takes rates that a group lacks from lr and wd.
func newStepper(r rule, groups []Group, lr, wd float64) *stepper {
	s := &stepper{rule: r, names: r.slots()}
	member := map[*tensor.Param]int{}
	for i, g := range groups {
		decay := &wd
		if g.WeightDecay != nil {
			decay = g.WeightDecay
		}
		g.LR, g.WeightDecay = cmp.Or(g.LR, lr), new(*decay)
		g.check(r.name(), i)
		if g.LR == 0 {
			tensor.Fail(r.name(), tensor.ErrValue, nil, "group %d has no learning rate; a positive LR is required", i)
		}
		s.groups, s.base = append(s.groups, &g), append(s.base, g.LR)
		for k, p := range g.Params {
			if p == nil || p.Tensor == nil {
				tensor.Fail(r.name(), tensor.ErrValue, nil, "parameter %d of group %d is nil", k, i)
			}
			if other, ok := member[p]; ok {
				tensor.Fail(r.name(), tensor.ErrValue, []tensor.Shape{p.Shape()}, "parameter %d of group %d is listed twice, before in group %d; list it once", k, i, other)
			}
			if d := p.DType(); d != tensor.Float32 && d != tensor.Float64 || !p.IsContiguous() {
				tensor.Fail(r.name(), tensor.ErrDType, []tensor.Shape{p.Shape()}, "parameter %d of group %d must be contiguous and float32 or float64, not %v; make it with tensor.NewParam(t.To(tensor.Float32))", k, i, d)
			}
			member[p] = i
			s.params = append(s.params, p)
			s.owner = append(s.owner, i)
		}
	}
	if len(s.params) == 0 {
		tensor.Fail(r.name(), tensor.ErrValue, nil, "there are no parameters to optimise; give those of a model, nn.Params(model)")
	}
	s.steps = make([]int, len(s.params))
	s.slots = make([][]*tensor.Tensor, len(s.params))
	s.numbers, s.judged = table(len(s.params), len(s.numberNames())), table(len(s.groups), len(s.judgedNames()))
	return s
}

func table(rows, columns int) [][]float64 {
	t := make([][]float64, rows)
	for i := range t {
		t[i] = make([]float64, columns)
	}
	return t
}

func (s *stepper) numberNames() []string {
	if c, ok := s.rule.(counter); ok {
		return c.numbers()
	}
	return nil
}

func (s *stepper) judgedNames() []string {
	if j, ok := s.rule.(judge); ok {
		return j.groupNumbers()
	}
	return nil
}

// ZeroGrad forgets the gradients of all parameters.
func (s *stepper) ZeroGrad() {
	for _, p := range s.params {
		p.ZeroGrad()
	}
}

// Params returns all parameters, group after group.
func (s *stepper) Params() []*tensor.Param { return s.params }

// Groups returns the parameter groups with their rates filled in.
func (s *stepper) Groups() []*Group { return s.groups }

// Step updates every parameter that has a gradient.
func (s *stepper) Step() {
	s.step(func(i int) *tensor.Tensor { return s.params[i].Grad() })
}

// StepWith is Step with the gradients given, in the order of Params.
func (s *stepper) StepWith(grads []*tensor.Tensor) {
	if len(grads) != len(s.params) {
		tensor.Fail(s.rule.name(), tensor.ErrValue, nil, "%d gradients were given for %d parameters", len(grads), len(s.params))
	}
	s.step(func(i int) *tensor.Tensor { return grads[i] })
}

func (s *stepper) step(grad func(i int) *tensor.Tensor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, g := range s.groups {
		g.check(s.rule.name(), i)
	}
	s.active, s.ps, s.in, s.tasks = s.active[:0], s.ps[:0], s.in[:0], s.tasks[:0]
	for i, p := range s.params { // all are checked before anything changes
		g := grad(i)
		if g == nil {
			continue
		}
		if g.Shape() != p.Shape() || g.DType() != p.DType() {
			tensor.Fail(s.rule.name(), tensor.ErrShape, []tensor.Shape{p.Shape(), g.Shape()}, "gradient %d must have its parameter's shape and dtype (%v, got %v)", i, p.DType(), g.DType())
		}
		s.active = append(s.active, i)
		s.ps = append(s.ps, p)
		s.in = append(s.in, g)
		for k := range s.names {
			s.in = append(s.in, s.slot(i, k))
		}
	}
	if len(s.active) == 0 {
		return
	}
	total := 0
	count, _ := s.rule.(counter)
	for k, i := range s.active {
		s.steps[i]++
		if count != nil {
			count.advance(s.steps[i], s.numbers[i])
		}
		n := s.params[i].Numel()
		for lo := 0; lo < n; lo += chunk {
			s.tasks = append(s.tasks, task{k, lo, min(n, lo+chunk)})
		}
		total += n
	}
	s.sums = slices.Grow(s.sums[:0], len(s.tasks))[:len(s.tasks)]
	clear(s.sums)
	tensor.UpdateAll(s.ps, s.in, func(data, in []tensor.View) {
		grain := 1
		if total <= chunk {
			grain = len(s.tasks) // many small parameters: not worth a second worker
		}
		parallel.For(len(s.tasks), grain, func(lo, hi int) {
			for k := lo; k < hi; k++ {
				s.run(k, data, in)
			}
		})
	})
	clear(s.in) // gradients are not held until the next step
	if j, ok := s.rule.(judge); ok {
		s.decide(j)
	}
}

// decide adds the sums up in the order of the tasks, whoever computed them, and asks the judge about each group that stepped.
func (s *stepper) decide(j judge) {
	for k := 0; k < len(s.tasks); {
		group := s.owner[s.active[s.tasks[k].at]]
		var sums [2]float64
		for ; k < len(s.tasks) && s.owner[s.active[s.tasks[k].at]] == group; k++ {
			sums[0] += s.sums[k][0]
			sums[1] += s.sums[k][1]
		}
		j.decide(s.groups[group], s.judged[group], sums)
	}
}

// slot returns state tensor k of parameter i, filled with its first value before the first step.
func (s *stepper) slot(i, k int) *tensor.Tensor {
	if len(s.slots[i]) == k {
		first := 0.0
		if r, ok := s.rule.(starter); ok {
			first = r.start(s.names[k], s.groups[s.owner[i]])
		}
		s.slots[i] = append(s.slots[i], tensor.FullLike(s.params[i].Detach(), first))
	}
	return s.slots[i][k]
}

func (s *stepper) run(k int, data, in []tensor.View) {
	t := s.tasks[k]
	i := s.active[t.at]
	n := 1 + len(s.names)
	views := in[t.at*n : (t.at+1)*n]
	owner := s.owner[i]
	a := at{s.groups[owner], s.base[owner], s.steps[i], s.numbers[i], s.judged[owner], &s.sums[k]}
	if data[t.at].DType == tensor.Float64 {
		s.rule.apply64(a, part[float64](data[t.at], t), part[float64](views[0], t), parts[float64](views[1:], t))
	} else {
		s.rule.apply32(a, part[float32](data[t.at], t), part[float32](views[0], t), parts[float32](views[1:], t))
	}
}

func part[T tensor.Float](v tensor.View, t task) []T { return tensor.Slice[T](v)[t.lo:t.hi] }

func parts[T tensor.Float](v []tensor.View, t task) (s slots[T]) {
	for i, x := range v {
		s[i] = part[T](x, t)
	}
	return s
}

// Package optim holds the optimizers, learning-rate schedules and gradient clipping.
//
//	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 1e-3})
//	for ... {
//		opt.ZeroGrad()
//		loss.Backward()
//		opt.Step()
//	}
//
// A step passes once through the memory of all parameters and gives the same bits whatever the number of workers.
package optim

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// Optimizer changes parameters by their gradients.
type Optimizer interface {
	// ZeroGrad forgets the gradients of all parameters.
	ZeroGrad()
	// Step updates every parameter that has a gradient.
	Step()
	// StepWith is Step with the gradients given, in the order of Params; nil entries are skipped.
	StepWith(grads []*tensor.Tensor)
	// Params returns all parameters, group after group.
	Params() []*tensor.Param
	// Groups returns the parameter groups; their rates may be changed between steps.
	Groups() []*Group
	// State returns what a checkpoint needs for the next step to be the same bit for bit.
	State() State
	// LoadState puts a state back. Nothing changes unless all of it fits.
	LoadState(State) error
}

// Group is a number of parameters that share their rates.
type Group struct {
	Params      []*tensor.Param
	LR          float64
	WeightDecay float64
}

// State is the state of an optimizer: tensors, such as moments, and numbers, such as step counts.
type State struct {
	Tensors []tensor.Named
	Scalars Scalars
}

// Scalars are named numbers.
type Scalars map[string]float64

// rule is what distinguishes one optimizer from another.
type rule interface {
	name() string
	slots() []string // names of the per-parameter state, at most maxSlots
	apply32(g *Group, step int, p, grad []float32, s slots[float32])
	apply64(g *Group, step int, p, grad []float64, s slots[float64])
}

const maxSlots = 3

// slots are the state tensors of one parameter, or of a part of it.
type slots[T tensor.Float] [maxSlots][]T

// stepper is the machinery that all optimizers share.
type stepper struct {
	rule   rule
	names  []string // rule.slots()
	groups []*Group
	params []*tensor.Param
	owner  []*Group           // of each parameter
	steps  []int              // taken by each parameter
	slots  [][]*tensor.Tensor // state of each parameter, nil before its first step

	active []int // parameters with a gradient in this step
	ps     []*tensor.Param
	in     []*tensor.Tensor
	tasks  []task
}

// task is a part of one parameter.
type task struct{ at, lo, hi int }

// chunk is the number of elements in a task; it is fixed, so that the bits do not depend on the number of workers.
const chunk = 1 << 15

func newStepper(r rule, groups []Group) stepper {
	s := stepper{rule: r, names: r.slots()}
	seen := map[*tensor.Param]bool{}
	for i := range groups {
		g := groups[i]
		if !(g.LR >= 0) || math.IsInf(g.LR, 0) {
			tensor.Fail(r.name(), tensor.ErrValue, nil, "the learning rate %v must be a number that is not negative", g.LR)
		}
		if !(g.WeightDecay >= 0) || math.IsInf(g.WeightDecay, 0) {
			tensor.Fail(r.name(), tensor.ErrValue, nil, "the weight decay %v must be a number that is not negative", g.WeightDecay)
		}
		s.groups = append(s.groups, &g)
		for _, p := range g.Params {
			if seen[p] {
				tensor.Fail(r.name(), tensor.ErrValue, []tensor.Shape{p.Shape()}, "a parameter is listed twice")
			}
			seen[p] = true
			s.params = append(s.params, p)
			s.owner = append(s.owner, s.groups[i])
		}
	}
	if len(s.params) == 0 {
		tensor.Fail(r.name(), tensor.ErrValue, nil, "there are no parameters to optimise")
	}
	s.steps = make([]int, len(s.params))
	s.slots = make([][]*tensor.Tensor, len(s.params))
	return s
}

// ZeroGrad forgets the gradients of all parameters.
func (s *stepper) ZeroGrad() {
	for _, p := range s.params {
		p.ZeroGrad()
	}
}

// Params returns all parameters, group after group.
func (s *stepper) Params() []*tensor.Param { return s.params }

// Groups returns the parameter groups.
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
	s.active, s.ps, s.in, s.tasks = s.active[:0], s.ps[:0], s.in[:0], s.tasks[:0]
	total := 0
	for i, p := range s.params {
		g := grad(i)
		if g == nil {
			continue
		}
		if g.Shape() != p.Shape() || g.DType() != p.DType() {
			tensor.Fail(s.rule.name(), tensor.ErrShape, []tensor.Shape{p.Shape(), g.Shape()}, "gradient %d must have its parameter's shape and dtype (%v, got %v)", i, p.DType(), g.DType())
		}
		if s.slots[i] == nil {
			for range s.names {
				s.slots[i] = append(s.slots[i], tensor.ZerosLike(p.Detach()))
			}
		}
		s.steps[i]++
		k := len(s.active)
		for lo, n := 0, p.Numel(); lo < n; lo += chunk {
			s.tasks = append(s.tasks, task{k, lo, min(n, lo+chunk)})
		}
		total += p.Numel()
		s.active = append(s.active, i)
		s.ps = append(s.ps, p)
		s.in = append(s.in, g)
		s.in = append(s.in, s.slots[i]...)
	}
	if len(s.active) == 0 {
		return
	}
	tensor.UpdateAll(s.ps, s.in, func(data, in []tensor.View) {
		grain := 1
		if total <= chunk {
			grain = len(s.tasks) // many small parameters: not worth a second worker
		}
		parallel.For(len(s.tasks), grain, func(lo, hi int) {
			for _, t := range s.tasks[lo:hi] {
				s.run(t, data, in)
			}
		})
	})
	clear(s.in)
}

func (s *stepper) run(t task, data, in []tensor.View) {
	i := s.active[t.at]
	n := 1 + len(s.names)
	views := in[t.at*n : (t.at+1)*n]
	if data[t.at].DType == tensor.Float64 {
		s.rule.apply64(s.owner[i], s.steps[i], part[float64](data[t.at], t), part[float64](views[0], t), parts[float64](views[1:], t))
	} else {
		s.rule.apply32(s.owner[i], s.steps[i], part[float32](data[t.at], t), part[float32](views[0], t), parts[float32](views[1:], t))
	}
}

func part[T tensor.Float](v tensor.View, t task) []T { return tensor.Slice[T](v)[t.lo:t.hi] }

func parts[T tensor.Float](v []tensor.View, t task) (s slots[T]) {
	for i, x := range v {
		s[i] = part[T](x, t)
	}
	return s
}

// State returns the moments, step counts and rates.
func (s *stepper) State() State {
	st := State{Scalars: Scalars{}}
	for i := range s.params {
		for k, name := range s.names {
			if s.slots[i] != nil {
				st.Tensors = append(st.Tensors, tensor.Named{Name: fmt.Sprintf("%d.%s", i, name), Tensor: s.slots[i][k]})
			}
		}
		st.Scalars[fmt.Sprintf("%d.step", i)] = float64(s.steps[i])
	}
	for i, g := range s.groups {
		st.Scalars[fmt.Sprintf("group%d.lr", i)] = g.LR
		st.Scalars[fmt.Sprintf("group%d.weight_decay", i)] = g.WeightDecay
	}
	return st
}

// LoadState puts a state back; the error lists what does not fit, and then nothing has changed.
func (s *stepper) LoadState(st State) error {
	byName := map[string]*tensor.Tensor{}
	for _, t := range st.Tensors {
		byName[t.Name] = t.Tensor
	}
	slots, steps := make([][]*tensor.Tensor, len(s.params)), make([]int, len(s.params))
	used := 0
	for i, p := range s.params {
		n, ok := st.Scalars[fmt.Sprintf("%d.step", i)]
		if !ok || n < 0 || n != math.Trunc(n) {
			return fmt.Errorf("the state of %s has no step count for parameter %d: it belongs to another model or is damaged", s.rule.name(), i)
		}
		steps[i] = int(n)
		if n == 0 {
			continue
		}
		for _, name := range s.names {
			key := fmt.Sprintf("%d.%s", i, name)
			t := byName[key]
			if t == nil || t.Shape() != p.Shape() || t.DType() != p.DType() {
				return fmt.Errorf("the state of %s does not fit: %s must be %v %v: it belongs to another model or optimizer", s.rule.name(), key, p.DType(), p.Shape())
			}
			slots[i] = append(slots[i], t.Clone())
			used++
		}
	}
	if used != len(st.Tensors) {
		return fmt.Errorf("the state of %s has %d tensors, %d fit: it belongs to another model or optimizer", s.rule.name(), len(st.Tensors), used)
	}
	lr, wd := make([]float64, len(s.groups)), make([]float64, len(s.groups))
	for i := range s.groups {
		var ok1, ok2 bool
		lr[i], ok1 = st.Scalars[fmt.Sprintf("group%d.lr", i)]
		wd[i], ok2 = st.Scalars[fmt.Sprintf("group%d.weight_decay", i)]
		if !ok1 || !ok2 {
			return fmt.Errorf("the state of %s has no rates for group %d", s.rule.name(), i)
		}
	}
	s.slots, s.steps = slots, steps
	for i, g := range s.groups {
		g.LR, g.WeightDecay = lr[i], wd[i]
	}
	return nil
}

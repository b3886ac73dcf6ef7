package optim

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// State is the state of an optimizer: tensors, such as moments, and numbers, such as step counts and rates. Betas, momentum
// and the like are not in it: they are those that the optimizer is made with.
type State struct {
	Tensors []tensor.Named // "0.exp_avg": of parameter 0, none before its first step
	Scalars Scalars        // "adam.params": how many there are; "group0.params", "group0.lr", "group0.weight_decay"; "0.step"
}

// Tensor returns the tensor of that name, nil if there is none: the running mean m_t that Adam keeps for parameter 0 is
// "0.exp_avg", the running square v_t "0.exp_avg_sq". Names are PyTorch's; each optimizer's documentation lists its own.
func (s State) Tensor(name string) *tensor.Tensor {
	for _, t := range s.Tensors {
		if t.Name == name {
			return t.Tensor
		}
	}
	return nil
}

// Scalars are named numbers.
type Scalars map[string]float64

// State returns a copy of the moments, step counts and rates.
func (s *stepper) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{Scalars: Scalars{s.rule.name() + ".params": float64(len(s.params))}}
	for i, g := range s.groups {
		g.check(s.rule.name(), i)
		st.Scalars[fmt.Sprintf("group%d.params", i)] = float64(len(g.Params))
		st.Scalars[fmt.Sprintf("group%d.lr", i)] = g.LR
		st.Scalars[fmt.Sprintf("group%d.weight_decay", i)] = *g.WeightDecay
		for k, name := range s.judgedNames() {
			st.Scalars[fmt.Sprintf("group%d.%s", i, name)] = s.judged[i][k]
		}
	}
	for i, n := range s.steps {
		st.Scalars[fmt.Sprintf("%d.step", i)] = float64(n)
		for k, name := range s.numberNames() {
			st.Scalars[fmt.Sprintf("%d.%s", i, name)] = s.numbers[i][k]
		}
		if n == 0 {
			continue
		}
		for k, name := range s.names {
			st.Tensors = append(st.Tensors, tensor.Named{Name: fmt.Sprintf("%d.%s", i, name), Tensor: s.slots[i][k].Clone()})
		}
	}
	return st
}

// LoadState puts a state back. The error names the first thing that does not fit, and then nothing has changed.
func (s *stepper) LoadState(st State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fail := func(format string, args ...any) error {
		return fmt.Errorf("the state does not fit this %s: %s; load it into the optimizer that it was saved from", s.rule.name(), fmt.Sprintf(format, args...))
	}
	switch n, ok := st.Scalars[s.rule.name()+".params"]; {
	case !ok:
		return fail("it is of another kind of optimizer")
	case n != float64(len(s.params)):
		return fail("it has %v parameters, not %d", n, len(s.params))
	}
	lr, wd, judged := make([]float64, len(s.groups)), make([]float64, len(s.groups)), table(len(s.groups), len(s.judgedNames()))
	for i, g := range s.groups {
		n, ok1 := st.Scalars[fmt.Sprintf("group%d.params", i)]
		var ok2, ok3 bool
		lr[i], ok2 = st.Scalars[fmt.Sprintf("group%d.lr", i)]
		wd[i], ok3 = st.Scalars[fmt.Sprintf("group%d.weight_decay", i)]
		if !(ok1 && ok2 && ok3 && n == float64(len(g.Params)) && isRate(lr[i]) && isRate(wd[i])) {
			return fail("group %d needs %d parameters and two rates, but has %v, %v and %v", i, len(g.Params), n, lr[i], wd[i])
		}
		for k, name := range s.judgedNames() {
			key := fmt.Sprintf("group%d.%s", i, name)
			if judged[i][k], ok1 = st.Scalars[key]; !ok1 || !isFinite(judged[i][k]) {
				return fail("%s must be a finite number", key)
			}
		}
	}
	byName := map[string]*tensor.Tensor{}
	for _, t := range st.Tensors {
		byName[t.Name] = t.Tensor
	}
	slots, steps, numbers := make([][]*tensor.Tensor, len(s.params)), make([]int, len(s.params)), table(len(s.params), len(s.numberNames()))
	used := 0
	for i, p := range s.params {
		n, ok := st.Scalars[fmt.Sprintf("%d.step", i)]
		if !ok || !(n >= 0 && n < 1<<53) || n != math.Trunc(n) {
			return fail("parameter %d has no step count", i)
		}
		steps[i] = int(n)
		for k, name := range s.numberNames() {
			key := fmt.Sprintf("%d.%s", i, name)
			if numbers[i][k], ok = st.Scalars[key]; !ok || !isFinite(numbers[i][k]) {
				return fail("%s must be a finite number", key)
			}
		}
		if n == 0 {
			continue
		}
		for _, name := range s.names {
			key := fmt.Sprintf("%d.%s", i, name)
			t := byName[key]
			if t == nil || t.Shape() != p.Shape() || t.DType() != p.DType() {
				return fail("%s must be %v %v", key, p.DType(), p.Shape())
			}
			slots[i] = append(slots[i], t.Detach().Clone())
			used++
		}
	}
	if n := 1 + (3+len(s.judgedNames()))*len(s.groups) + (1+len(s.numberNames()))*len(s.params); len(st.Scalars) != n || len(st.Tensors) != used {
		return fail("it has %d tensors and %d numbers, not %d and %d, so other groups or options", len(st.Tensors), len(st.Scalars), used, n)
	}
	s.slots, s.steps, s.numbers, s.judged = slots, steps, numbers, judged
	for i, g := range s.groups {
		g.LR, g.WeightDecay = lr[i], &wd[i]
	}
	return nil
}

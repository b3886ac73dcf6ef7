package optim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// LookaheadConfig are the options of Lookahead.
type LookaheadConfig struct {
	Every int      // k, steps of the inner optimizer between two of the slow weights; 0: 5
	Alpha *float64 // α in [0, 1], how far the slow weights follow; nil: 0.5
}

// Lookahead lets another optimizer run k steps ahead and then goes a part of its way (Zhang, Lucas, Hinton and Ba, 2019):
//
//	every k steps:  φ ← φ + α(θ − φ);  θ ← φ
//
// θ are the parameters that the inner optimizer steps, φ the slow weights, the parameters at the start. The inner optimizer keeps its
// state, momentum above all, over these steps. With α = 1 it is the inner optimizer. Rates, groups and schedules are the inner
// one's. The state is the inner optimizer's and the slow weights "lookahead.0", ..., with the number "lookahead.step".
type Lookahead struct {
	inner Optimizer
	every int
	alpha float64

	mu   sync.Mutex // guards what follows
	slow []*tensor.Tensor
	step int
}

// NewLookahead wraps an optimizer. It panics with ErrValue when inner is nil or another Lookahead, or an option is out of range.
func NewLookahead(inner Optimizer, cfg LookaheadConfig) *Lookahead {
	l := &Lookahead{inner: inner, every: cfg.Every, alpha: orDefault(cfg.Alpha, 0.5)}
	if l.every == 0 {
		l.every = 5
	}
	if _, nested := inner.(*Lookahead); nested {
		tensor.Fail("lookahead", tensor.ErrValue, nil, "the inner optimizer is a Lookahead already; wrap its inner one")
	}
	if inner == nil || l.every < 0 || !(l.alpha >= 0 && l.alpha <= 1) {
		tensor.Fail("lookahead", tensor.ErrValue, nil, "an inner optimizer is needed, every %d steps must be positive, alpha %v must lie in [0, 1]", cfg.Every, l.alpha)
	}
	for _, p := range inner.Params() {
		l.slow = append(l.slow, p.Detach().Clone().Materialize())
	}
	return l
}

// ZeroGrad forgets the gradients of all parameters.
func (l *Lookahead) ZeroGrad() { l.inner.ZeroGrad() }

// Params returns the inner optimizer's parameters.
func (l *Lookahead) Params() []*tensor.Param { return l.inner.Params() }

// Groups returns the inner optimizer's groups.
func (l *Lookahead) Groups() []*Group { return l.inner.Groups() }

// Slow returns a copy of the slow weights φ, in the order of Params: what to evaluate between their steps.
func (l *Lookahead) Slow() []*tensor.Tensor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return clones(l.slow)
}

func clones(ts []*tensor.Tensor) []*tensor.Tensor {
	c := make([]*tensor.Tensor, len(ts))
	for i, t := range ts {
		c[i] = t.Detach().Clone().Materialize()
	}
	return c
}

// Step is a step of the inner optimizer and, every k-th time, of the slow weights.
func (l *Lookahead) Step() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inner.Step()
	l.follow()
}

// StepWith is Step with the gradients given, in the order of Params.
func (l *Lookahead) StepWith(grads []*tensor.Tensor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inner.StepWith(grads)
	l.follow()
}

func (l *Lookahead) follow() {
	l.step++
	if l.step%l.every != 0 {
		return
	}
	tensor.UpdateAll(l.inner.Params(), l.slow, func(fast, slow []tensor.View) {
		for i := range fast {
			if fast[i].DType == tensor.Float64 {
				follow(tensor.Slice[float64](fast[i]), tensor.Slice[float64](slow[i]), l.alpha)
			} else {
				follow(tensor.Slice[float32](fast[i]), tensor.Slice[float32](slow[i]), l.alpha)
			}
		}
	})
}

func follow[T tensor.Float](fast, slow []T, alpha float64) {
	parallel.For(len(fast), chunk, func(lo, hi int) {
		fast, slow := fast[lo:hi], slow[lo:hi]
		if alpha == 1 { // φ + (θ − φ) is θ but for rounding
			copy(slow, fast)
			return
		}
		a := T(alpha)
		for i, x := range fast {
			x = slow[i] + a*(x-slow[i])
			slow[i], fast[i] = x, x
		}
	})
}

// State returns a copy of the inner optimizer's state with the slow weights.
func (l *Lookahead) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.inner.State()
	st.Scalars["lookahead.step"] = float64(l.step)
	for i, t := range clones(l.slow) {
		st.Tensors = append(st.Tensors, tensor.Named{Name: slowName(i), Tensor: t})
	}
	return st
}

func slowName(i int) string { return fmt.Sprintf("lookahead.%d", i) }

// LoadState puts a state back. The error names the first thing that does not fit, and then nothing has changed.
func (l *Lookahead) LoadState(st State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	inner := State{Scalars: Scalars{}}
	for name, v := range st.Scalars {
		if name != "lookahead.step" {
			inner.Scalars[name] = v
		}
	}
	byName, found := map[string]*tensor.Tensor{}, 0
	for _, t := range st.Tensors {
		if strings.HasPrefix(t.Name, "lookahead.") {
			byName[t.Name], found = t.Tensor, found+1
		} else {
			inner.Tensors = append(inner.Tensors, t)
		}
	}
	step, ok := st.Scalars["lookahead.step"]
	if !ok || !(step >= 0 && step < 1<<53) || step != math.Trunc(step) || found != len(l.slow) {
		return fmt.Errorf("the state does not fit this lookahead: it has %d slow weights, not %d, and a step count %v; load it into the optimizer that it was saved from", found, len(l.slow), step)
	}
	slow := slices.Clone(l.slow)
	for i, t := range l.slow {
		s := byName[slowName(i)]
		if s == nil || s.Shape() != t.Shape() || s.DType() != t.DType() {
			return fmt.Errorf("the state does not fit this lookahead: %s must be %v %v; load it into the optimizer that it was saved from", slowName(i), t.DType(), t.Shape())
		}
		slow[i] = s
	}
	if err := l.inner.LoadState(inner); err != nil {
		return err
	}
	l.slow, l.step = clones(slow), int(step)
	return nil
}

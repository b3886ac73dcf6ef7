package optim

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// Schedule returns the factor on the learning rate at a step, counted from 0. It is a plain function: any other will do.
// Those of this package panic with ErrValue when they are made with numbers out of range.
type Schedule func(step int) float64

// Constant keeps the rate.
func Constant() Schedule { return func(int) float64 { return 1 } }

// StepDecay multiplies the rate by gamma every size steps: gamma^⌊t/size⌋ (PyTorch's StepLR).
func StepDecay(size int, gamma float64) Schedule {
	positive("step_decay", size)
	notNegative("step_decay", "gamma", gamma)
	return func(t int) float64 { return math.Pow(gamma, float64(t/size)) }
}

// MultiStep multiplies the rate by gamma at each of the given steps, in any order.
func MultiStep(gamma float64, at ...int) Schedule {
	notNegative("multi_step", "gamma", gamma)
	at = slices.Clone(at)
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

// Exponential multiplies the rate by gamma every step: gamma^t.
func Exponential(gamma float64) Schedule {
	notNegative("exponential", "gamma", gamma)
	return func(t int) float64 { return math.Pow(gamma, float64(t)) }
}

// Cosine falls from 1 to least over total steps, least + (1 − least)(1 + cos(πt/total))/2, and stays there (Loshchilov and
// Hutter, 2017). PyTorch's CosineAnnealingLR rises again after them.
func Cosine(total int, least float64) Schedule {
	positive("cosine", total)
	notNegative("cosine", "least factor", least)
	return func(t int) float64 { return halfCosine(1, least, float64(min(t, total))/float64(total)) }
}

// halfCosine goes from a to b as share goes from 0 to 1.
func halfCosine(a, b, share float64) float64 { return b + (a-b)*(1+math.Cos(math.Pi*share))/2 }

// CosineRestarts is Cosine that starts again at 1 after each period; periods grow by the factor mult (SGDR: Loshchilov and
// Hutter, 2017).
func CosineRestarts(period, mult int, least float64) Schedule {
	positive("cosine_restarts", period)
	positive("cosine_restarts", mult)
	notNegative("cosine_restarts", "least factor", least)
	return func(t int) float64 {
		n := period
		if mult == 1 {
			t %= n
		}
		for t >= n {
			t -= n
			n *= mult
		}
		return halfCosine(1, least, float64(t)/float64(n))
	}
}

// Linear goes from one factor to another over n steps, and stays there.
func Linear(from, to float64, n int) Schedule {
	positive("linear", n)
	notNegative("linear", "first factor", from)
	notNegative("linear", "last factor", to)
	return func(t int) float64 { return from + (to-from)*float64(min(t, n))/float64(n) }
}

// Polynomial falls from 1 to 0 over n steps as (1 − t/n)^power.
func Polynomial(n int, power float64) Schedule {
	positive("polynomial", n)
	notNegative("polynomial", "power", power)
	return func(t int) float64 { return math.Pow(1-float64(min(t, n))/float64(n), power) }
}

// Warmup rises linearly over n steps, (t+1)/n, and then follows the schedule from its step 0. n = 0 is no warm-up.
func Warmup(n int, then Schedule) Schedule {
	notNegative("warmup", "number of steps", float64(n))
	given("warmup", then)
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
// (Smith and Topin, 2018). PyTorch's defaults are warm 0.3, divide 25, final 1e4. warm lies in [0, 1).
func OneCycle(total int, warm, divide, final float64) Schedule {
	positive("one_cycle", total)
	if !(warm >= 0 && warm < 1 && isRate(divide) && isRate(final) && divide > 0 && final > 0) {
		tensor.Fail("one_cycle", tensor.ErrValue, nil, "the share %v must lie in [0, 1), the divisors %v and %v must be finite and positive", warm, divide, final)
	}
	return func(t int) float64 {
		x, peak, last := float64(t), float64(warm*float64(total))-1, float64(total-1) // rounded first: fused, 0.1·10 - 1 is not 0
		if x < peak {
			return halfCosine(1/divide, 1, x/peak)
		}
		return halfCosine(1, 1/(divide*final), min(1, (x-peak)/(last-peak)))
	}
}

// Cyclic rises from least to 1 over up steps and falls back over down steps, linearly, and again (Smith, 2017: the triangular policy of
// cyclical learning rates; PyTorch's CyclicLR).
func Cyclic(up, down int, least float64) Schedule {
	positive("cyclic", up)
	positive("cyclic", down)
	notNegative("cyclic", "least factor", least)
	return func(t int) float64 {
		t %= up + down
		if t <= up {
			return least + (1-least)*float64(t)/float64(up)
		}
		return least + (1-least)*float64(up+down-t)/float64(down)
	}
}

// Sequential follows each schedule for its number of steps, from its step 0, and the last one for ever.
func Sequential(parts ...Part) Schedule {
	if len(parts) == 0 {
		tensor.Fail("sequential", tensor.ErrValue, nil, "there is no schedule to follow; give one part or more")
	}
	parts = slices.Clone(parts)
	for _, p := range parts {
		given("sequential", p.Schedule)
		notNegative("sequential", "number of steps", float64(p.Steps))
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
	Steps    int // of the last part of all, not used
	Schedule Schedule
}

func positive(op string, n int) {
	if n < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "the number of steps, %d, must be positive", n)
	}
}

func notNegative(op, what string, v float64) {
	if !isRate(v) {
		tensor.Fail(op, tensor.ErrValue, nil, "the %s, %v, must be finite and not negative", what, v)
	}
}

func given(op string, s Schedule) {
	if s == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "a schedule is nil; give a function, optim.Constant() to keep the rate")
	}
}

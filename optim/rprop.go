package optim

import (
	"cmp"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// RpropConfig are the options of Rprop.
type RpropConfig struct {
	LR       float64  // the size of the first step; 0: 0.01
	Shrink   *float64 // η⁻ in (0, 1); nil: 0.5
	Grow     *float64 // η⁺ above 1; nil: 1.2
	MinStep  *float64 // nil: 1e-6
	MaxStep  *float64 // nil: 50
	Maximize bool     // climb instead
}

// Rprop steps by the sign of the gradient alone, further as long as it stays, less far where it turned (Riedmiller and Braun,
// 1993; without weight backtracking, as PyTorch):
//
//	s ← clamp(s · η⁺ or η⁻ where g·g' > 0 or < 0, min, max);  g = 0 where g·g' < 0;  p ← p − s · sign(g);  g' ← g
//
// It is for whole data sets: the noise of mini-batches turns signs. The learning rate is that of a parameter's first step only. The
// state is "prev", g', and "step_size", s.
type Rprop struct {
	*stepper
}

// NewRprop returns the optimizer. It panics with ErrValue on options out of range.
func NewRprop(params []*tensor.Param, cfg RpropConfig) *Rprop {
	return NewRpropGroups([]Group{{Params: params}}, cfg)
}

// NewRpropGroups is NewRprop with rates by group; what a group leaves out is taken from cfg.
func NewRpropGroups(groups []Group, cfg RpropConfig) *Rprop {
	r := rpropRule{orDefault(cfg.Shrink, 0.5), orDefault(cfg.Grow, 1.2), orDefault(cfg.MinStep, 1e-6), orDefault(cfg.MaxStep, 50), cfg.Maximize}
	if !(r.shrink > 0 && r.shrink < 1 && r.grow > 1 && isFinite(r.grow) && isRate(r.least) && r.least <= r.most && isFinite(r.most)) {
		tensor.Fail("rprop", tensor.ErrValue, nil, "the factors %v and %v must lie in (0, 1) and above 1, the limits %v and %v must be finite, not negative and in order", r.shrink, r.grow, r.least, r.most)
	}
	return &Rprop{newStepper(r, groups, cmp.Or(cfg.LR, 0.01), 0)}
}

type rpropRule struct {
	shrink, grow, least, most float64
	climb                     bool
}

func (rpropRule) name() string    { return "rprop" }
func (rpropRule) slots() []string { return []string{"prev", "step_size"} }
func (rpropRule) start(slot string, g *Group) float64 {
	if slot == "step_size" {
		return g.LR
	}
	return 0
}
func (r rpropRule) apply32(a at, p, g []float32, s slots[float32]) { rpropStep(r, a, p, g, s) }
func (r rpropRule) apply64(a at, p, g []float64, s slots[float64]) { rpropStep(r, a, p, g, s) }

func rpropStep[T tensor.Float](r rpropRule, a at, p, grad []T, s slots[T]) {
	shrink, grow, least, most := T(r.shrink), T(r.grow), T(r.least), T(r.most)
	sign, wd := penalty[T](a, r.climb)
	grad, prev, size := grad[:len(p)], s[0][:len(p)], s[1][:len(p)]
	factors, signs := [4]T{shrink, 1, grow, 1}, [4]T{-1, 0, 1, T(math.NaN())} // by signum: signs of gradients are not to be predicted
	for i, x := range p {
		g := sign*grad[i] + wd*x
		turn := signum(g * prev[i])
		if turn == 0 {
			g = 0
		}
		prev[i] = g
		d := size[i] * factors[turn&3]
		if d < least {
			d = least
		} else if d > most {
			d = most
		}
		size[i] = d
		p[i] = x - d*signs[signum(g)&3]
	}
}

// signum is 0 for x < 0, 1 for 0, 2 for x > 0, 3 for NaN; from the bits, as branches on it are mispredicted half of the time.
func signum[T tensor.Float](x T) int {
	b := math.Float64bits(float64(x))
	n := 2 - 2*int(b>>63)
	if b<<1 == 0 {
		n = 1
	}
	if b<<1 > 0x7ff<<53 {
		n = 3
	}
	return n
}

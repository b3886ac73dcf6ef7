package optim

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// Plateau lowers the rates when a metric has stopped becoming better (PyTorch's ReduceLROnPlateau).
type Plateau struct {
	Factor    float64  // on the rates, in (0, 1); 0: 0.1
	Patience  *int     // calls without a better value that are borne; nil: 10
	Threshold *float64 // a better value differs from the best by more than this share of its magnitude; nil: 1e-4
	Cooldown  int      // calls after a reduction that count as neither good nor bad
	Maximize  bool     // larger is better
	Least     float64  // rates are not lowered below it

	// The state, to save and put back.
	Best   *float64 // the best value so far, nil before there is one
	Waited int      // calls since
	Cooled int      // calls of the cooldown that are left
}

// Step is told the metric, such as a validation loss after an epoch, and multiplies opt's rates by Factor when it has not
// become better for more than Patience calls. A NaN or an infinity is never better. It panics with ErrValue on fields out of range.
func (p *Plateau) Step(opt Optimizer, value float64) {
	factor, patience, threshold := p.Factor, 10, 1e-4
	if factor == 0 {
		factor = 0.1
	}
	if p.Patience != nil {
		patience = *p.Patience
	}
	if p.Threshold != nil {
		threshold = *p.Threshold
	}
	if !(factor > 0 && factor < 1) || patience < 0 || !isRate(threshold) || p.Cooldown < 0 || !isRate(p.Least) {
		tensor.Fail("plateau", tensor.ErrValue, nil, "the factor %v must lie in (0, 1); patience %d, threshold %v, cooldown %d and least rate %v must not be negative", factor, patience, threshold, p.Cooldown, p.Least)
	}
	if p.better(value, threshold) {
		p.Best, p.Waited = &value, 0
	} else {
		p.Waited++
	}
	if p.Cooled > 0 {
		p.Cooled--
		p.Waited = 0
	}
	if p.Waited <= patience {
		return
	}
	p.Waited, p.Cooled = 0, p.Cooldown
	for _, g := range opt.Groups() {
		g.LR = min(g.LR, max(p.Least, g.LR*factor))
	}
}

func (p *Plateau) better(value, threshold float64) bool {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return false
	}
	if p.Best == nil {
		return true
	}
	margin := threshold * math.Abs(*p.Best)
	if p.Maximize {
		return value > *p.Best+margin
	}
	return value < *p.Best-margin
}

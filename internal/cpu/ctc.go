package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// CTC is a batch of label sequences with their lengths, for connectionist temporal classification (Graves et al., 2006). The
// path of sequence n visits the states of l' = blank, l_1, blank, ..., l_L, blank: 2L+1 of them.
type CTC struct {
	T, N, C, S   int     // log-probabilities are (T, N, C), targets (N, S)
	Targets      []int64 // labels, those from TargetLen[n] on are not read
	InLen        []int64 // steps of each sequence, in [1, T], or 0
	TargetLen    []int64 // labels of each sequence, in [0, S]
	Blank        int64
	ZeroInfinity bool
}

// States is the greatest number of states.
func (c *CTC) States() int { return 2*c.S + 1 }

// label returns the label of state s of sequence n.
func (c *CTC) label(n, s int) int64 {
	if s%2 == 0 {
		return c.Blank
	}
	return c.Targets[n*c.S+s/2]
}

// skips reports whether a path may enter state s from s−2: not into a blank, nor between equal labels.
func (c *CTC) skips(n, s int) bool {
	return s >= 2 && s%2 == 1 && c.label(n, s) != c.label(n, s-2)
}

// CTCLoss writes −ln P(target | x) of each sequence to loss (N) and, unless nil, the logarithms of the forward variables
// to alpha (N, T, States): those of all beginnings of paths that are in a state after step t, that step included.
func CTCLoss[T float32 | float64](c *CTC, logp, loss []T, alpha []float64) {
	k := c.States()
	parallel.For(c.N, 1, func(lo, hi int) {
		var buf []float64
		if alpha == nil {
			buf = make([]float64, 2*k)
		}
		for n := lo; n < hi; n++ {
			states := 2*int(c.TargetLen[n]) + 1
			row := func(t int) []float64 {
				if alpha == nil {
					return buf[t%2*k:][:states]
				}
				return alpha[(n*c.T+t)*k:][:states]
			}
			steps := int(c.InLen[n])
			for t := range steps {
				x, a := logp[(t*c.N+n)*c.C:], row(t)
				if t == 0 {
					for s := range a {
						a[s] = math.Inf(-1)
						if s < 2 {
							a[s] = float64(x[c.label(n, s)])
						}
					}
					continue
				}
				last := row(t - 1)
				for s := range a {
					v := last[s]
					if s >= 1 {
						v = logAdd(v, last[s-1])
					}
					if c.skips(n, s) {
						v = logAdd(v, last[s-2])
					}
					a[s] = v + float64(x[c.label(n, s)])
				}
			}
			p := math.Inf(-1) // of a path that ends in the last label or the blank after it
			switch {
			case steps == 0 && states == 1:
				p = 0
			case steps > 0 && states == 1:
				p = row(steps - 1)[0]
			case steps > 0:
				a := row(steps - 1)
				p = logAdd(a[states-1], a[states-2])
			}
			if math.IsInf(p, -1) && c.ZeroInfinity {
				p = 0
			}
			loss[n] = T(-p)
		}
	})
}

// CTCGrad writes dlogp = −dloss · P(state's label at step t | target, x), the posterior that the forward variables and the
// backward ones, computed here, give.
func CTCGrad[T float32 | float64](c *CTC, dloss, logp, dlogp []T, alpha []float64) {
	k := c.States()
	clear(dlogp)
	parallel.For(c.N, 1, func(lo, hi int) {
		beta, next := make([]float64, k), make([]float64, k)
		for n := lo; n < hi; n++ {
			steps, states := int(c.InLen[n]), 2*int(c.TargetLen[n])+1
			if steps == 0 {
				continue
			}
			a := alpha[(n*c.T+steps-1)*k:][:states]
			total := a[states-1]
			if states > 1 {
				total = logAdd(total, a[states-2])
			}
			if math.IsInf(total, -1) && c.ZeroInfinity {
				continue
			}
			for t := steps - 1; t >= 0; t-- {
				// beta are the ends of paths from state s after step t, that step not included; next are those after t+1.
				for s := range states {
					switch {
					case t == steps-1 && s >= states-2:
						beta[s] = 0
					case t == steps-1:
						beta[s] = math.Inf(-1)
					default:
						x := logp[((t+1)*c.N+n)*c.C:]
						v := next[s] + float64(x[c.label(n, s)])
						if s+1 < states {
							v = logAdd(v, next[s+1]+float64(x[c.label(n, s+1)]))
						}
						if s+2 < states && c.skips(n, s+2) {
							v = logAdd(v, next[s+2]+float64(x[c.label(n, s+2)]))
						}
						beta[s] = v
					}
				}
				a, d := alpha[(n*c.T+t)*k:], dlogp[(t*c.N+n)*c.C:]
				for s := range states {
					d[c.label(n, s)] -= T(float64(dloss[n]) * math.Exp(a[s]+beta[s]-total))
				}
				beta, next = next, beta
			}
		}
	})
}

// logAdd returns ln(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

package optim

import "github.com/hadal-go/hadal/tensor"

// moments are the constants of optimizers that follow the gradient's mean and square.
type moments struct{ beta1, beta2, eps float64 }

// newMoments fills in what is nil and panics with ErrValue on what is out of range.
func newMoments(op string, beta1, beta2, eps *float64, defaultEps float64) moments {
	m := moments{orDefault(beta1, 0.9), orDefault(beta2, 0.999), orDefault(eps, defaultEps)}
	if !(m.beta1 >= 0 && m.beta1 < 1 && m.beta2 >= 0 && m.beta2 < 1 && isRate(m.eps)) {
		tensor.Fail(op, tensor.ErrValue, nil, "betas %v and %v must lie in [0, 1), epsilon %v must be finite and not negative", m.beta1, m.beta2, m.eps)
	}
	return m
}

func orDefault(p *float64, d float64) float64 {
	if p == nil {
		return d
	}
	return *p
}

// penalty returns what a step's gradient is made of, sign·g + wd·p: descending or climbing, with the L2 penalty of the group.
func penalty[T tensor.Float](a at, climb bool) (sign, wd T) {
	if climb {
		return -1, T(*a.WeightDecay)
	}
	return 1, T(*a.WeightDecay)
}

package cpu

import "math"

// SGDStep are the constants of a step of stochastic gradient descent with momentum.
type SGDStep[T Float] struct {
	LR, Decay, Momentum, Keep T
	Nesterov                  bool
}

// Update computes, for each parameter, d = g + Decay p, buf = Momentum buf + Keep d, and p -= LR buf, with Nesterov
// p -= LR (d + Momentum buf).
func (c SGDStep[T]) Update(p, g, buf []T) {
	g, buf = g[:len(p)], buf[:len(p)]
	if k := vectors[T](); k != nil {
		k.sgd(as32(p), as32(g), as32(buf), SGDStep[float32]{float32(c.LR), float32(c.Decay), float32(c.Momentum), float32(c.Keep), c.Nesterov})
		return
	}
	for i, v := range p {
		d := g[i] + c.Decay*v
		b := c.Momentum*buf[i] + c.Keep*d
		buf[i] = b
		if c.Nesterov {
			b = d + c.Momentum*b
		}
		p[i] = v - c.LR*b
	}
}

// AdamStep are the constants of a step of Adam.
type AdamStep[T Float] struct {
	B1, K1, B2, K2, Size, Root, Eps, Shrink, Decay, Sign T
}

// Update computes, for each parameter, d = Sign g + Decay p, m = B1 m + K1 d, v = B2 v + K2 d², and
// p = Shrink p - Size m/(√v Root + Eps), with the largest v so far in the place of v unless most is nil.
func (c AdamStep[T]) Update(p, g, m, v, most []T) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	if k := vectors[T](); k != nil && most == nil {
		k.adam(as32(p), as32(g), as32(m), as32(v), AdamStep[float32]{float32(c.B1), float32(c.K1), float32(c.B2), float32(c.K2), float32(c.Size),
			float32(c.Root), float32(c.Eps), float32(c.Shrink), float32(c.Decay), float32(c.Sign)})
		return
	}
	for i, x := range p {
		d := c.Sign*g[i] + c.Decay*x
		mi := c.B1*m[i] + c.K1*d
		vi := c.B2*v[i] + c.K2*d*d
		m[i], v[i] = mi, vi
		if most != nil {
			vi = max(most[i], vi)
			most[i] = vi
		}
		p[i] = c.Shrink*x - c.Size*mi/(T(math.Sqrt(float64(vi)))*c.Root+c.Eps)
	}
}

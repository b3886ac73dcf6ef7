package cpu

import (
	"math"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Descend computes p -= lr (g + decay p), a step of gradient descent without momentum.
func Descend[T Float](p, g []T, lr, decay T) {
	g = g[:len(p)]
	if k := vectors[T](); k != nil && k.descend != nil {
		k.descend(as32(p), as32(g), float32(lr), float32(decay))
		return
	}
	for i, v := range p {
		p[i] = v - lr*(g[i]+decay*v)
	}
}

// SumSquaresShared is SumSquares by all workers, in parts of a fixed length.
func SumSquaresShared[T Float](x []T) float64 {
	const part = 1 << 15
	sums := make([]float64, (len(x)+part-1)/part)
	parallel.For(len(sums), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			sums[i] = SumSquares(x[i*part : min(len(x), (i+1)*part)])
		}
	})
	var sum float64
	for _, s := range sums {
		sum += s
	}
	return sum
}

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
// p = Shrink p - Size m/(√v Root + Eps), with the largest v so far in the place of v unless most is nil, and d in the place of m if m
// is nil.
func (c AdamStep[T]) Update(p, g, m, v, most []T) {
	g, v = g[:len(p)], v[:len(p)]
	k := vectors[T]()
	switch {
	case most != nil:
		c.updateMost(p, g, m, v, most)
	case k != nil && m == nil:
		tile := tiles.Get().(*[tileLen]float32)
		defer tiles.Put(tile)
		c.B1, c.K1 = 0, 1
		for lo := 0; lo < len(p); lo += tileLen {
			hi := min(len(p), lo+tileLen)
			clear(tile[:]) // 0 times what is there, a NaN perhaps
			k.adam(as32(p[lo:hi]), as32(g[lo:hi]), tile[:hi-lo], as32(v[lo:hi]), c.float32())
		}
	case k != nil:
		k.adam(as32(p), as32(g), as32(m[:len(p)]), as32(v), c.float32())
	case m == nil:
		for i, x := range p {
			d := c.Sign*g[i] + c.Decay*x
			vi := c.B2*v[i] + c.K2*d*d
			v[i] = vi
			p[i] = c.Shrink*x - c.Size*d/(T(math.Sqrt(float64(vi)))*c.Root+c.Eps)
		}
	default:
		m = m[:len(p)]
		for i, x := range p {
			d := c.Sign*g[i] + c.Decay*x
			mi := c.B1*m[i] + c.K1*d
			vi := c.B2*v[i] + c.K2*d*d
			m[i], v[i] = mi, vi
			p[i] = c.Shrink*x - c.Size*mi/(T(math.Sqrt(float64(vi)))*c.Root+c.Eps)
		}
	}
}

func (c AdamStep[T]) updateMost(p, g, m, v, most []T) {
	for lo := 0; lo < len(p); lo += tileLen {
		hi := min(len(p), lo+tileLen)
		p, v, most := p[lo:hi], v[lo:hi], most[lo:hi]
		stay := c
		stay.Size, stay.Root, stay.Eps, stay.Shrink = 0, 1, 1, 1
		stay.Update(p, g[lo:hi], m[lo:hi], v, nil)
		for i, vi := range v[:len(most)] {
			most[i] = max(most[i], vi)
		}
		DivRoot(p, m[lo:hi], most, c.Shrink, -c.Size/c.Root, c.Eps/c.Root)
	}
}

func (c AdamStep[T]) float32() AdamStep[float32] {
	return AdamStep[float32]{float32(c.B1), float32(c.K1), float32(c.B2), float32(c.K2), float32(c.Size),
		float32(c.Root), float32(c.Eps), float32(c.Shrink), float32(c.Decay), float32(c.Sign)}
}

// tileLen elements at a time go through the several loops of a step, so that they stay in the cache.
const tileLen = 1 << 10

var tiles = sync.Pool{New: func() any { return new([tileLen]float32) }}

// DivRoot computes y = keep y + scale x/(√v + eps). y overlaps with neither x nor v. An infinity in y, x or v may become a NaN
// there.
func DivRoot[T Float](y, x, v []T, keep, scale, eps T) {
	x, v = x[:len(y)], v[:len(y)]
	if k := vectors[T](); k != nil { // Adam's step with moments that stay
		k.adam(as32(y), as32(x), as32(x), as32(v), AdamStep[T]{B1: 1, B2: 1, Size: -scale, Root: 1, Eps: eps, Shrink: keep}.float32())
		return
	}
	for i, a := range y {
		y[i] = keep*a + scale*x[i]/(T(math.Sqrt(float64(v[i])))+eps)
	}
}

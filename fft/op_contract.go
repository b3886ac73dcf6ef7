package fft

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// contractOp maps complex a (G, I, L, F, 2) and b (G, J, L, F, 2) to y[g,i,j,f] = Σ_l a[g,i,l,f]·b[g,j,l,f], (G, I, J, F, 2), in
// which the conjugate of a or b is taken where conjA or conjB says so. Both gradients are of the same form.
type contractOp struct{ conjA, conjB bool }

func (contractOp) Name() string { return "contract" }
func (contractOp) Infer(c *tensor.Call) {
	a, b := c.In[0].Shape(), c.In[1].Shape()
	c.Output(a.With(2, b.Dim(1)), c.SameDType())
}
func (contractOp) Reads() tensor.Reads { return tensor.ReadsAllIn }
func (o contractOp) VJP(b *tensor.Back) []*tensor.Tensor {
	g := b.Give(nil, nil)
	dy, same := b.Dout(0), o.conjA == o.conjB
	if b.Need(0) {
		g[0] = tensor.Apply1(contractOp{o.conjA, same}, dy, b.In(1).Transpose(1, 2))
	}
	if b.Need(1) {
		g[1] = tensor.Apply1(contractOp{o.conjB, same}, dy.Transpose(1, 2), b.In(0).Transpose(1, 2))
	}
	return g
}
func (o contractOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	a, b := c.In[0].Shape(), c.In[1].Shape()
	k := cpu.Contraction{G: a.Dim(0), I: a.Dim(1), J: b.Dim(1), L: a.Dim(2), F: a.Dim(3), ConjA: o.conjA, ConjB: o.conjB}
	if c.In[0].DType() == tensor.Float64 {
		cpu.Contract(k, pairs[float64](c.X(0)), pairs[float64](c.X(1)), pairs[float64](c.Y(0)))
	} else {
		cpu.Contract(k, pairs[float32](c.X(0)), pairs[float32](c.X(1)), pairs[float32](c.Y(0)))
	}
	return true
}

// pairs returns a complex view's numbers.
func pairs[T tensor.Float](v tensor.View) []cpu.Complex[T] { return cpu.Pairs(tensor.Slice[T](v)) }

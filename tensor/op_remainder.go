package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Remainder returns x - y FloorDivide(x, y), as Python's x % y does: the result has y's sign. Inputs broadcast and promote;
// integers stay integers. It panics with ErrValue when an integer divisor is zero.
func (x *Tensor) Remainder(y *Tensor) *Tensor { return Apply1(remainderOp{}, x, y) }

type remainderOp struct{ pointwise }

func (remainderOp) Name() string          { return "remainder" }
func (remainderOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Rem} }
func (remainderOp) Reads() Reads          { return ReadsIn(0, 1) }
func (remainderOp) Run(d Device, c *Call) bool {
	c.refuseIntegers(1, "a divisor is zero", func(v int64) bool { return v == 0 })
	return runPointwise(d, c)
}
func (remainderOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(b.Dout(0), nil)
	if b.Need(1) {
		g[1] = b.Dout(0).Mul(b.In(0).FloorDivide(b.In(1))).Neg()
	}
	return g
}

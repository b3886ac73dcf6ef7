package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// FloorDivide returns x / y rounded down, as Python's x // y does, broadcast and promoted; integers stay integers. Its
// derivative is 0. It panics with ErrValue when an integer divisor is zero.
func (x *Tensor) FloorDivide(y *Tensor) *Tensor { return Apply1(floorDivideOp{}, x, y) }

type floorDivideOp struct{ pointwise }

func (floorDivideOp) Name() string          { return "floor_divide" }
func (floorDivideOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.FloorDiv} }
func (floorDivideOp) Reads() Reads          { return ReadsNothing }
func (floorDivideOp) Run(d Device, c *Call) bool {
	c.refuseIntegers(1, "a divisor is zero", func(v int64) bool { return v == 0 })
	return runPointwise(d, c)
}
func (floorDivideOp) VJP(b *Back) []*Tensor {
	z := ZerosLike(b.Dout(0))
	return b.Give(z, z)
}

// refuseIntegers panics with ErrValue when the result is an integer and an element of input i is bad.
func (c *Call) refuseIntegers(i int, what string, bad func(v int64) bool) {
	if c.outs[0].dtype.IsFloat() {
		return
	}
	Read(c.In[i].Detach().To(Int64), func(v []int64) {
		for at, n := range v {
			if bad(n) {
				c.Fail(ErrValue, "%s (element %d of input %d); convert to a floating-point type first", what, at, i)
			}
		}
	})
}

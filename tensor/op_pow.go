package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Pow returns x^y, broadcast and promoted; integers stay integers and wrap around. It panics with ErrValue when integers
// have a negative exponent.
func (x *Tensor) Pow(y *Tensor) *Tensor { return Apply1(powOp{}, x, y) }

// PowScalar returns x^s. Integers stay integers when s is whole, and become float32 otherwise; it panics with ErrValue when
// integers have a negative whole exponent.
func (x *Tensor) PowScalar(s float64) *Tensor {
	switch {
	case s == 2:
		return x.Square()
	case s == 0.5:
		return x.Sqrt()
	case x.dtype.IsFloat() && s == -1:
		return x.Reciprocal()
	case s == -0.5:
		return x.Rsqrt()
	}
	return Apply1(powScalarOp{s: s}, x)
}

type powOp struct{ pointwise }

func (powOp) Name() string          { return "pow" }
func (powOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.Pow} }
func (powOp) Reads() Reads          { return ReadsIn(0, 1) | ReadsOut }
func (powOp) Run(d Device, c *Call) bool {
	c.refuseIntegers(1, "an exponent is negative", func(v int64) bool { return v < 0 })
	return runPointwise(d, c)
}

// VJP sets dx = dz y x^(y-1), but 0 where y = 0, and dy = dz z ln x, but 0 where x = 0 and y >= 0: the limits.
func (powOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	dz, x, y := b.Dout(0), b.In(0), b.In(1)
	if b.Need(0) {
		d := dz.Mul(y).Mul(x.Pow(y.AddScalar(-1)))
		g[0] = Where(y.EqScalar(0), d.scalar(0), d)
	}
	if b.Need(1) {
		d := dz.Mul(b.Out(0)).Mul(x.Log())
		g[1] = Where(x.EqScalar(0).LogicalAnd(y.GeScalar(0)), d.scalar(0), d)
	}
	return g
}

type powScalarOp struct {
	pointwise
	s float64
}

func (powScalarOp) Name() string            { return "pow_scalar" }
func (o powScalarOp) Kernel() cpu.Pointwise { return cpu.Pointwise{Code: cpu.PowS, S0: o.s} }
func (powScalarOp) Reads() Reads            { return ReadsIn(0) }
func (o powScalarOp) Infer(c *Call) {
	d := c.In[0].scalarDType(o.s)
	if !d.IsFloat() && o.s < 0 {
		c.Fail(ErrValue, "integers have no power %v; convert with To(tensor.Float32)", o.s)
	}
	c.Output(c.In[0].shape, d)
}
func (o powScalarOp) VJP(b *Back) []*Tensor {
	if o.s == 0 {
		return b.Give(ZerosLike(b.Dout(0)))
	}
	return b.Give(b.Dout(0).Mul(b.In(0).PowScalar(o.s - 1)).MulScalar(o.s))
}

package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// LogicalAnd returns, as bools, where both x and y are true (not 0), broadcast.
func (x *Tensor) LogicalAnd(y *Tensor) *Tensor { return logical(cpu.And, x, y) }

// LogicalOr returns, as bools, where x or y or both are true (not 0), broadcast.
func (x *Tensor) LogicalOr(y *Tensor) *Tensor { return logical(cpu.Or, x, y) }

// LogicalXor returns, as bools, where one of x and y is true (not 0) and the other is not, broadcast.
func (x *Tensor) LogicalXor(y *Tensor) *Tensor { return logical(cpu.Xor, x, y) }

// LogicalNot returns, as bools, where x is false (0).
func (x *Tensor) LogicalNot() *Tensor { return logical(cpu.Not, x) }

func logical(code cpu.Code, in ...*Tensor) *Tensor {
	var b [2]*Tensor
	for i, t := range in {
		b[i] = t.Detach().To(Bool)
	}
	return Apply1(logicalOp{code: code}, b[:len(in)]...)
}

type logicalOp struct {
	AnyStrides
	code cpu.Code
}

func (o logicalOp) Name() string {
	return [...]string{"logical_and", "logical_or", "logical_xor", "logical_not"}[o.code-cpu.And]
}
func (logicalOp) Infer(c *Call) {
	s, _ := c.broadcast()
	c.Output(s, Bool)
}
func (logicalOp) Reads() Reads          { return ReadsNothing }
func (logicalOp) VJP(b *Back) []*Tensor { return b.Give(nil, nil) }

// Run takes bools as the bytes 0 and 1 that they are.
func (o logicalOp) Run(d Device, c *Call) bool {
	k, ok := d.(pointwiseKernel)
	if !ok {
		return false
	}
	y := c.Y(0)
	y.DType = Uint8
	var x [2]View
	for i := range c.In {
		x[i] = c.X(i).expand(y.Shape)
		x[i].DType = Uint8
	}
	return k.Pointwise(cpu.Pointwise{Code: o.code}, y, x[:len(c.In)])
}

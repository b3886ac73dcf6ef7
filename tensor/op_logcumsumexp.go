package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// LogCumSumExp returns y_t = ln Σ_{k<=t} exp(x_k) along an axis, in x's shape, computed from differences to the largest
// element so far, so that no exp overflows. Elements of -Inf add nothing and have gradient 0; where there is nothing else
// yet, the result is -Inf. The gradient is NaN at +Inf. A scalar has the axes 0 and -1. It panics with ErrAxis, and with
// ErrDType unless x is float32 or float64.
func (x *Tensor) LogCumSumExp(axis int) *Tensor {
	return x.scan(axis, func(axis int) Op { return logCumSumExpOp{axis} })
}

type logCumSumExpOp struct{ axis int }

type logCumSumExpKernel interface {
	LogCumSumExp(r cpu.Rows, x, y View)
}

func (logCumSumExpOp) Name() string  { return "logcumsumexp" }
func (logCumSumExpOp) Infer(c *Call) { c.Output(c.In[0].shape, c.SameDType()) }
func (logCumSumExpOp) Reads() Reads  { return ReadsIn(0) | ReadsOut }

// VJP returns dx_k = Σ_{t>=k} dy_t exp(x_k - y_t) = exp(x_k - y_k) s_k with s_k = dy_k + exp(y_k - y_{k+1}) s_{k+1}: y never
// falls, so that no exp overflows.
func (o logCumSumExpOp) VJP(b *Back) []*Tensor {
	x, y := b.In(0), b.Out(0)
	finite := y.MaskedFill(y.Detach().EqScalar(math.Inf(-1)), 0) // -Inf - -Inf would be NaN
	decay := y.delayed(o.axis, math.Inf(-1)).Sub(finite).Exp()
	s := Apply1(linearRecurrenceOp{o.axis, true}, decay, b.Dout(0))
	return b.Give(x.Sub(finite).Exp().Mul(s))
}
func (o logCumSumExpOp) Run(d Device, c *Call) bool {
	k, ok := d.(logCumSumExpKernel)
	if ok {
		k.LogCumSumExp(rowsOf(c.In[0].shape, o.axis), c.X(0), c.Y(0))
	}
	return ok
}

func (cpuDevice) LogCumSumExp(r cpu.Rows, x, y View) {
	if y.DType == Float64 {
		cpu.LogCumSumExp(r, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.LogCumSumExp(r, sliceOf[float32](x), sliceOf[float32](y))
	}
}

package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Softmax returns exp(x) / Σ exp(x) along an axis, computed from differences to the maximum (Bridle, 1990). An element of
// -Inf gets 0; a row of -Inf alone, or with +Inf or NaN, is NaN. It panics with ErrAxis.
func (x *Tensor) Softmax(axis int) *Tensor {
	return Apply1(softmaxOp{x.shape.axis("softmax", axis)}, x)
}

// LogSoftmax returns ln softmax(x) along an axis, computed as x - logsumexp(x). Infinities and NaN are as in Softmax. It
// panics with ErrAxis.
func (x *Tensor) LogSoftmax(axis int) *Tensor {
	return Apply1(logSoftmaxOp{x.shape.axis("log_softmax", axis)}, x)
}

type softmaxOp struct{ axis int }

type softmaxKernel interface {
	Softmax(r cpu.Rows, x, y View)
	LogSoftmax(r cpu.Rows, x, y View)
	SoftmaxGrad(r cpu.Rows, dy, y, dx View)
	LogSoftmaxGrad(r cpu.Rows, dy, y, dx View)
}

// rowsOf cuts a shape along an axis.
func rowsOf(s Shape, axis int) cpu.Rows {
	r := cpu.Rows{Outer: 1, N: s.at(axis), Inner: 1}
	for i := range axis {
		r.Outer *= s.at(i)
	}
	for i := axis + 1; i < s.rank; i++ {
		r.Inner *= s.at(i)
	}
	return r
}

func (softmaxOp) Name() string  { return "softmax" }
func (softmaxOp) Infer(c *Call) { c.Output(c.In[0].shape, c.SameDType()) }
func (softmaxOp) Reads() Reads  { return ReadsOut }
func (o softmaxOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(softmaxGradOp(o), b.Dout(0), b.Out(0)))
}
func (o softmaxOp) Run(d Device, c *Call) bool {
	k, ok := d.(softmaxKernel)
	if ok {
		k.Softmax(rowsOf(c.In[0].shape, o.axis), c.X(0), c.Y(0))
	}
	return ok
}

// softmaxGradOp maps (dy, y) to y (dy - Σ dy y).
type softmaxGradOp struct{ axis int }

func (softmaxGradOp) Name() string  { return "softmax_grad" }
func (softmaxGradOp) Infer(c *Call) { c.Output(c.In[0].shape, c.SameDType()) }
func (softmaxGradOp) Reads() Reads  { return ReadsIn(0, 1) }
func (o softmaxGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(softmaxKernel)
	if ok {
		k.SoftmaxGrad(rowsOf(c.In[0].shape, o.axis), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o softmaxGradOp) VJP(b *Back) (g []*Tensor) {
	v, dy, y := b.Dout(0), b.In(0), b.In(1)
	g = b.Give(nil, nil)
	if b.Need(0) { // the Jacobian is symmetric
		g[0] = Apply1(o, v, y)
	}
	if b.Need(1) {
		g[1] = v.Mul(dy.Sub(dy.Mul(y).SumKeepdim(o.axis))).Sub(dy.Mul(y.Mul(v).SumKeepdim(o.axis)))
	}
	return g
}

type logSoftmaxOp struct{ axis int }

func (logSoftmaxOp) Name() string  { return "log_softmax" }
func (logSoftmaxOp) Infer(c *Call) { c.Output(c.In[0].shape, c.SameDType()) }
func (logSoftmaxOp) Reads() Reads  { return ReadsOut }
func (o logSoftmaxOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(logSoftmaxGradOp(o), b.Dout(0), b.Out(0)))
}
func (o logSoftmaxOp) Run(d Device, c *Call) bool {
	k, ok := d.(softmaxKernel)
	if ok {
		k.LogSoftmax(rowsOf(c.In[0].shape, o.axis), c.X(0), c.Y(0))
	}
	return ok
}

// logSoftmaxGradOp maps (dy, y) to dy - exp(y) Σ dy.
type logSoftmaxGradOp struct{ axis int }

func (logSoftmaxGradOp) Name() string  { return "log_softmax_grad" }
func (logSoftmaxGradOp) Infer(c *Call) { c.Output(c.In[0].shape, c.SameDType()) }
func (logSoftmaxGradOp) Reads() Reads  { return ReadsIn(0, 1) }
func (o logSoftmaxGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(softmaxKernel)
	if ok {
		k.LogSoftmaxGrad(rowsOf(c.In[0].shape, o.axis), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o logSoftmaxGradOp) VJP(b *Back) (g []*Tensor) {
	v, dy, y := b.Dout(0), b.In(0), b.In(1)
	g = b.Give(nil, nil)
	p := y.Exp()
	if b.Need(0) {
		g[0] = v.Sub(v.Mul(p).SumKeepdim(o.axis))
	}
	if b.Need(1) {
		g[1] = p.Mul(v).Mul(dy.SumKeepdim(o.axis)).Neg()
	}
	return g
}

func (cpuDevice) Softmax(r cpu.Rows, x, y View) {
	if y.DType == Float64 {
		cpu.Softmax(r, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.Softmax(r, sliceOf[float32](x), sliceOf[float32](y))
	}
}

func (cpuDevice) LogSoftmax(r cpu.Rows, x, y View) {
	if y.DType == Float64 {
		cpu.LogSoftmax(r, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.LogSoftmax(r, sliceOf[float32](x), sliceOf[float32](y))
	}
}

func (cpuDevice) SoftmaxGrad(r cpu.Rows, dy, y, dx View) {
	if dx.DType == Float64 {
		cpu.SoftmaxGrad(r, sliceOf[float64](dy), sliceOf[float64](y), sliceOf[float64](dx))
	} else {
		cpu.SoftmaxGrad(r, sliceOf[float32](dy), sliceOf[float32](y), sliceOf[float32](dx))
	}
}

func (cpuDevice) LogSoftmaxGrad(r cpu.Rows, dy, y, dx View) {
	if dx.DType == Float64 {
		cpu.LogSoftmaxGrad(r, sliceOf[float64](dy), sliceOf[float64](y), sliceOf[float64](dx))
	} else {
		cpu.LogSoftmaxGrad(r, sliceOf[float32](dy), sliceOf[float32](y), sliceOf[float32](dx))
	}
}

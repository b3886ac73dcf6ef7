package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// LogSumExp returns ln Σ exp(x) over the axes (all when none are given), which are removed, computed from differences to
// the maximum, so that no exp overflows. Over nothing it is -Inf. Its gradient, softmax(x), is NaN at infinite maxima.
func (x *Tensor) LogSumExp(axes ...int) *Tensor {
	r := x.reductionOf("logsumexp", false, axes)
	if r.count(x.shape) == 0 {
		return Apply1(sumOp{r}, x).Log()
	}
	switch {
	case !x.dtype.IsFloat():
		return x.To(Float32).LogSumExp(axes...)
	case x.dtype.half():
		return x.To(Float32).LogSumExp(axes...).To(x.dtype)
	}
	// Rows of what is reduced.
	var kept, reduced []int
	for i := range x.shape.rank {
		if r.axes[i] {
			reduced = append(reduced, i)
		} else {
			kept = append(kept, i)
		}
	}
	n := r.count(x.shape)
	rows := x.Permute(append(kept, reduced...)...).ReshapeTo(ShapeOf(x.Numel()/n, n))
	return Apply1(logSumExpOp{}, rows).ReshapeTo(r.result(x.shape))
}

// logSumExpOp maps rows (n, c) to (n).
type logSumExpOp struct{}

type logSumExpKernel interface {
	LogSumExp(x, y View)
	LogSumExpGrad(dy, x, dx View)
}

func (logSumExpOp) Name() string  { return "logsumexp" }
func (logSumExpOp) Reads() Reads  { return ReadsIn(0) }
func (logSumExpOp) Infer(c *Call) { c.Output(ShapeOf(c.In[0].shape.at(0)), c.In[0].dtype) }
func (logSumExpOp) Run(d Device, c *Call) bool {
	k, ok := d.(logSumExpKernel)
	if ok {
		k.LogSumExp(c.X(0), c.Y(0))
	}
	return ok
}
func (logSumExpOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(logSumExpGradOp{}, b.Dout(0), b.In(0)))
}

// logSumExpGradOp maps (dy, x) to dx = dy exp(x - logsumexp(x)).
type logSumExpGradOp struct{}

func (logSumExpGradOp) Name() string  { return "logsumexp_grad" }
func (logSumExpGradOp) Reads() Reads  { return ReadsAllIn }
func (logSumExpGradOp) Infer(c *Call) { c.Output(c.In[1].shape, c.In[1].dtype) }
func (logSumExpGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(logSumExpKernel)
	if ok {
		k.LogSumExpGrad(c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (logSumExpGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (logSumExpGradOp) Lower(in []*Tensor) []*Tensor {
	dy, x := in[0].Unsqueeze(1), in[1]
	return []*Tensor{dy.Mul(x.Sub(Apply1(logSumExpOp{}, x).Unsqueeze(1)).Exp())}
}

func (cpuDevice) LogSumExpGrad(dy, x, dx View) {
	if x.DType == Float64 {
		cpu.LogSumExpGrad(x.Shape.at(1), sliceOf[float64](dy), sliceOf[float64](x), sliceOf[float64](dx))
	} else {
		cpu.LogSumExpGrad(x.Shape.at(1), sliceOf[float32](dy), sliceOf[float32](x), sliceOf[float32](dx))
	}
}

func (cpuDevice) LogSumExp(x, y View) {
	if x.DType == Float64 {
		cpu.LogSumExp(x.Shape.at(1), sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.LogSumExp(x.Shape.at(1), sliceOf[float32](x), sliceOf[float32](y))
	}
}

// LogSumExpKeepdim is LogSumExp with the reduced axes kept at size 1.
func (x *Tensor) LogSumExpKeepdim(axes ...int) *Tensor {
	return x.kept("logsumexp", x.LogSumExp(axes...), axes)
}

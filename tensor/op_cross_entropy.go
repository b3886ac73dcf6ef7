package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// CrossEntropyConfig are the options of CrossEntropy.
type CrossEntropyConfig struct {
	Weight         *Tensor // weight of each class (C,); nil: 1
	LabelSmoothing float64 // ε: the target is (1−ε) one-hot + ε/C (Szegedy et al., 2016)
	IgnoreIndex    *int64  // rows of this class give loss 0; nil: -100, as in PyTorch
}

// CrossEntropy returns the loss of each row, softmax and logarithm fused: logits x (N, C), classes target (N,) of dtype
// Int64, result (N,):
//
//	loss_i = Σ_k q_k (logsumexp(x_i) − x_ik),  q_k = (1−ε) w_t [k=t] + ε/C w_k.
//
// The weights are constants: no gradient reaches them. Package losses reduces the loss, and takes other shapes and
// probabilities as targets. It panics with ErrIndex when a class is outside [0, C) and is not the ignored one.
func CrossEntropy(x, target *Tensor, cfg CrossEntropyConfig) *Tensor {
	o := crossEntropyOp{smooth: cfg.LabelSmoothing, ignore: -100}
	if cfg.IgnoreIndex != nil {
		o.ignore = *cfg.IgnoreIndex
	}
	if !(o.smooth >= 0 && o.smooth <= 1) {
		Fail("cross_entropy", ErrValue, []Shape{x.shape}, "label smoothing %v must lie in [0, 1]", o.smooth)
	}
	if cfg.Weight != nil {
		return Apply1(o, x, target, cfg.Weight.Detach())
	}
	return Apply1(o, x, target)
}

type crossEntropyOp struct {
	smooth float64
	ignore int64
}

type crossEntropyKernel interface {
	CrossEntropy(smooth float64, ignore int64, x, target, weight, loss View)
	CrossEntropyGrad(smooth float64, ignore int64, dloss, x, target, weight, dx View)
}

func (crossEntropyOp) Name() string { return "cross_entropy" }
func (crossEntropyOp) Reads() Reads { return ReadsAllIn }
func (o crossEntropyOp) Infer(c *Call) {
	x, t := c.In[0], c.In[1]
	c.Rank(0, 2, "(N, C)")
	if !x.dtype.IsFloat() {
		c.Fail(ErrDType, "the logits must be floating-point, not %v; convert with To", x.dtype)
	}
	if t.dtype != Int64 {
		c.Fail(ErrDType, "the target must be int64 classes, not %v", t.dtype)
	}
	if t.shape != ShapeOf(x.shape.at(0)) {
		c.Fail(ErrShape, "the target must have shape (%d,)", x.shape.at(0))
	}
	if len(c.In) == 3 && c.In[2].dtype != x.dtype {
		c.Fail(ErrDType, "the class weights must be %v, not %v; convert with To", x.dtype, c.In[2].dtype)
	}
	if len(c.In) == 3 && c.In[2].shape != ShapeOf(x.shape.at(1)) {
		c.Fail(ErrShape, "the class weights must have shape (%d,)", x.shape.at(1))
	}
	c.Output(t.shape, x.dtype)
}
func (o crossEntropyOp) Run(d Device, c *Call) bool {
	k, ok := d.(crossEntropyKernel)
	if ok {
		checkClasses(c, o.ignore)
		k.CrossEntropy(o.smooth, o.ignore, c.X(0), c.X(1), weightView(c, 2), c.Y(0))
	}
	return ok
}

func weightView(c *Call, i int) (w View) {
	if len(c.In) > i {
		w = c.X(i)
	}
	return w
}

func checkClasses(c *Call, ignore int64) {
	n := int64(c.In[0].shape.at(1))
	for i, t := range sliceOf[int64](c.X(1)) {
		if t != ignore && (t < 0 || t >= n) {
			c.Fail(ErrIndex, "target %d at row %d is not a class in [0, %d)", t, i, n)
		}
	}
}

func (o crossEntropyOp) VJP(b *Back) (g []*Tensor) {
	in := []*Tensor{b.Dout(0), b.In(0), b.In(1)}
	g = append(b.Give(nil, nil), nil)[:b.NumIn()]
	if b.NumIn() == 3 {
		in = append(in, b.In(2))
	}
	if b.Need(0) {
		g[0] = Apply1(crossEntropyGradOp(o), in...)
	}
	return g
}

// crossEntropyGradOp maps (dloss, x, target[, weight]) to dx = dloss (softmax(x) Σq − q).
type crossEntropyGradOp crossEntropyOp

func (crossEntropyGradOp) Name() string  { return "cross_entropy_grad" }
func (crossEntropyGradOp) Reads() Reads  { return ReadsAllIn }
func (crossEntropyGradOp) Infer(c *Call) { c.Output(c.In[1].shape, c.In[1].dtype) }
func (o crossEntropyGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(crossEntropyKernel)
	if ok {
		k.CrossEntropyGrad(o.smooth, o.ignore, c.X(0), c.X(1), c.X(2), weightView(c, 3), c.Y(0))
	}
	return ok
}
func (crossEntropyGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o crossEntropyGradOp) Lower(in []*Tensor) []*Tensor {
	dloss, x, t := in[0], in[1], in[2]
	n, classes := x.shape.at(0), x.shape.at(1)
	hot := make([]float64, n*classes) // q; zeros in ignored rows
	w := Ones(classes).Floats()
	if len(in) == 4 {
		w = in[3].Floats()
	}
	Read(t.Detach(), func(t []int64) {
		for i, k := range t {
			if k == o.ignore {
				continue
			}
			for j := range classes {
				hot[i*classes+j] = o.smooth / float64(classes) * w[j]
			}
			hot[i*classes+int(k)] += (1 - o.smooth) * w[k]
		}
	})
	q := Of(hot, n, classes).To(x.dtype)
	p := x.Softmax(1).Mul(q.SumKeepdim(1))
	return []*Tensor{p.Sub(q).Mul(dloss.Unsqueeze(1))}
}

func (cpuDevice) CrossEntropy(smooth float64, ignore int64, x, target, weight, loss View) {
	c, t := x.Shape.at(1), sliceOf[int64](target)
	if x.DType == Float64 {
		cpu.CrossEntropy(c, smooth, ignore, sliceOf[float64](x), t, optional[float64](weight), sliceOf[float64](loss))
	} else {
		cpu.CrossEntropy(c, smooth, ignore, sliceOf[float32](x), t, optional[float32](weight), sliceOf[float32](loss))
	}
}

func (cpuDevice) CrossEntropyGrad(smooth float64, ignore int64, dloss, x, target, weight, dx View) {
	c, t := x.Shape.at(1), sliceOf[int64](target)
	if x.DType == Float64 {
		cpu.CrossEntropyGrad(c, smooth, ignore, sliceOf[float64](dloss), sliceOf[float64](x), t, optional[float64](weight), sliceOf[float64](dx))
	} else {
		cpu.CrossEntropyGrad(c, smooth, ignore, sliceOf[float32](dloss), sliceOf[float32](x), t, optional[float32](weight), sliceOf[float32](dx))
	}
}

package tensor

// WithHook returns t, as a view, with a hook: when a gradient reaches the result, f sees it, and what f returns goes on to
// t in its place; nil stands for the gradient as it was. f runs once for each backward pass that gets there, with the sum
// of all that the result's users gave. Without a gradient to come, WithHook does nothing. It serves to look at gradients
// and to change them: print, clip, scale, reverse.
//
// The gradient that f returns must have the shape and dtype of the one it got; Backward panics with ErrShape otherwise.
func (t *Tensor) WithHook(f func(grad *Tensor) *Tensor) *Tensor {
	if f == nil {
		Fail("hook", ErrValue, []Shape{t.shape}, "there is no function to call")
	}
	return Apply1(hookOp{f}, t)
}

type hookOp struct{ f func(*Tensor) *Tensor }

func (hookOp) Name() string           { return "hook" }
func (hookOp) Infer(c *Call)          { c.OutputView(0, c.In[0].shape, c.In[0].strides(), 0) }
func (hookOp) Run(Device, *Call) bool { return true }
func (o hookOp) VJP(b *Back) []*Tensor {
	g := b.Dout(0)
	if r := o.f(g); r != nil {
		g = r
	}
	return b.Give(g)
}
func (hookOp) Reads() Reads { return ReadsNothing }

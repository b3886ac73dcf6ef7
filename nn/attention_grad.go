package nn

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// attentionGradOp maps dy, the inputs of attentionOp, its result and its logsumexp to the gradients of q, k, v and, if
// dbias, the bias. Result and logsumexp are constants, kept for speed; Lower computes them anew, so that second derivatives
// flow through q, k and the bias.
type attentionGradOp struct {
	attentionOp
	dbias bool
}

func (attentionGradOp) Name() string                        { return "attention_grad" }
func (attentionGradOp) Reads() tensor.Reads                 { return tensor.ReadsAllIn }
func (attentionGradOp) VJP(b *tensor.Back) []*tensor.Tensor { return tensor.LowerVJP(b) }

// FLOPs counts a multiplication and an addition for each term of the five products.
func (attentionGradOp) FLOPs(in, _ []tensor.Spec) int64 {
	q, v := in[1].Shape, in[3].Shape
	return 2 * int64(q.Numel()/q.Dim(3)) * int64(v.Dim(2)) * int64(3*q.Dim(3)+2*v.Dim(3))
}

func (o attentionGradOp) Infer(c *tensor.Call) {
	q, k := c.Spec(1).Shape, c.Spec(2).Shape
	d := c.Spec(1).DType
	for i := 1; i <= 3; i++ {
		c.Output(c.Spec(i).Shape, d)
	}
	if o.dbias {
		c.Output(c.Spec(4).Shape, d)
	}
	// The workspace of the kernel, from the same memory as tensors.
	c.Save(q.Remove(3), tensor.Float64)
	parts := cpu.AttentionParts(q.Dim(0), k.Dim(1), k.Dim(2))
	c.Save(q.Insert(0, parts-1), d)
}

func (o attentionGradOp) Run(d tensor.Device, c *tensor.Call) bool {
	switch {
	case d != tensor.CPU:
		return false
	case c.In[0].DType() == tensor.Float64:
		runAttentionGrad[float64](o, c)
	default:
		runAttentionGrad[float32](o, c)
	}
	return true
}

func runAttentionGrad[T tensor.Float](o attentionGradOp, c *tensor.Call) {
	y, lse := len(c.In)-2, len(c.In)-1
	for _, i := range []int{y, lse} {
		if !c.In[i].IsContiguous() {
			c.In[i] = c.In[i].Detach().Contiguous()
		}
	}
	a := attentionArgs[T](o.attentionOp, c, 1)
	g := cpu.AttentionGrad[T]{
		DY: headsOf[T](c, 0), Y: tensor.Slice[T](c.X(y)), LSE: tensor.Slice[float64](c.X(lse)),
		DQ: tensor.Slice[T](c.Y(0)), DK: tensor.Slice[T](c.Y(1)), DV: tensor.Slice[T](c.Y(2)),
		Delta: tensor.Slice[float64](c.S(0)), Parts: tensor.Slice[T](c.S(1)),
	}
	if o.dbias {
		g.DBias = gridOf[T](c.Y(3))
		copy(g.DBiasSize[:], c.Y(3).Shape.Dims())
	}
	cpu.AttentionBackward(&a, &g)
}

func (o attentionGradOp) Lower(in []*tensor.Tensor) []*tensor.Tensor {
	dy, primary := in[0], in[1:len(in)-2]
	q, k, v := primary[0], primary[1], primary[2]
	drop := func(t *tensor.Tensor) *tensor.Tensor {
		if o.p > 0 {
			return t.Dropout(o.p, o.key)
		}
		return t
	}
	// sum adds up what the query heads of a key head give it.
	sum := func(t *tensor.Tensor) *tensor.Tensor {
		n, h, s, e := t.Dim(0), k.Dim(1), t.Dim(2), t.Dim(3)
		if h == t.Dim(1) {
			return t
		}
		return t.Reshape(n, h, t.Dim(1)/h, s, e).Sum(2)
	}
	p := o.softmax(primary)
	dp := drop(dy.MatMul(repeatHeads(v, q.Dim(1)).Transpose(2, 3)))
	ds := p.Mul(dp.Sub(p.Mul(dp).SumKeepdim(3)))
	g := []*tensor.Tensor{
		ds.MatMul(repeatHeads(k, q.Dim(1))).MulScalar(o.scale),
		sum(ds.Transpose(2, 3).MatMul(q)).MulScalar(o.scale),
		sum(drop(p).Transpose(2, 3).MatMul(dy)),
	}
	if o.dbias {
		g = append(g, ds.SumTo(primary[3].Shape()))
	}
	return g
}

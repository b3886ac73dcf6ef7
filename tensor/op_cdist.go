package tensor

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Cdist returns the p-norm distances between all pairs of rows: d[..., i, j] = (Σ_k |x[..., i, k] − y[..., j, k]|^p)^(1/p) for
// x (..., P, M) and y (..., R, M), whose leading dimensions broadcast. p = 0 counts unequal elements and has no gradient,
// math.Inf(1) takes the largest difference, whose gradient equal ones share evenly. The gradient of a distance 0 is 0. Many
// distances with p = 2 come from a matrix product, those of close neighbours from differences. It panics with ErrShape when
// the sizes do not fit, with ErrDType on mixed dtypes and with ErrValue on a negative p.
func Cdist(x, y *Tensor, p float64) *Tensor {
	shapes := []Shape{x.shape, y.shape}
	if x.shape.rank < 2 || y.shape.rank < 2 || x.Dim(-1) != y.Dim(-1) {
		Fail("cdist", ErrShape, shapes, "the inputs must be (..., P, M) and (..., R, M), of the same size M")
	}
	if !(p >= 0) {
		Fail("cdist", ErrValue, shapes, "the norm's p, %v, must not be negative", p)
	}
	batch, ok := Broadcast(batchOf(x.shape), batchOf(y.shape))
	if !ok {
		Fail("cdist", ErrShape, shapes, "the batch dimensions do not broadcast: sizes must be equal, or 1, aligned at the last of them")
	}
	n, m, k := x.Dim(-2), y.Dim(-2), x.Dim(-1)
	matrices := func(t *Tensor, rows int) *Tensor {
		return t.ExpandTo(batch.Insert(batch.rank, rows).Insert(batch.rank+1, k)).ReshapeTo(ShapeOf(batch.Numel(), rows, k))
	}
	d := Apply1(cdistOp{p}, matrices(x, n), matrices(y, m))
	return d.ReshapeTo(batch.Insert(batch.rank, n).Insert(batch.rank+1, m))
}

// cdistOp computes distances between the rows of x (B, P, M) and y (B, R, M).
type cdistOp struct{ p float64 }

type cdistKernel interface {
	Cdist(p float64, x, y, d View)
	CdistGrad(p float64, x, y, d, dd, dx View)
}

func (cdistOp) Name() string { return "cdist" }
func (o cdistOp) Reads() Reads {
	if o.p == 0 {
		return ReadsNothing
	}
	return ReadsIn(0, 1) | ReadsOut
}
func (cdistOp) Infer(c *Call) {
	x, y := c.In[0].shape, c.In[1].shape
	c.Output(ShapeOf(x.at(0), x.at(1), y.at(1)), c.SameDType())
}
func (o cdistOp) Run(d Device, c *Call) bool {
	k, ok := d.(cdistKernel)
	if ok {
		k.Cdist(o.p, c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o cdistOp) Lower(in []*Tensor) []*Tensor {
	return []*Tensor{in[0].Unsqueeze(2).Sub(in[1].Unsqueeze(1)).Norm(o.p, 3)}
}
func (o cdistOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if o.p == 0 {
		return g
	}
	x, y, d, dd := b.In(0), b.In(1), b.Out(0), b.Dout(0)
	grad := func(x, y, d, dd *Tensor) *Tensor { return Apply1(cdistGradOp(o), x, y, d, dd) }
	if o.p == 2 { // the sum of (x - y) dd/d in matrix products
		zero := d.Detach().EqScalar(0)
		w := dd.Mul(d.MaskedFill(zero, 1).Reciprocal().MaskedFill(zero, 0))
		grad = func(x, y, _, w *Tensor) *Tensor { return x.Mul(w.SumKeepdim(2)).Sub(w.MatMul(y)) }
		dd = w
	}
	if b.Need(0) {
		g[0] = grad(x, y, d, dd)
	}
	if b.Need(1) {
		g[1] = grad(y, x, d.Transpose(1, 2), dd.Transpose(1, 2))
	}
	return g
}

// cdistGradOp maps (x, y, d, dd) to Σ_j dd[i, j] ∂d[i, j]/∂x[i], for a p that is neither 0 nor 2.
type cdistGradOp struct{ p float64 }

func (cdistGradOp) Name() string          { return "cdist_grad" }
func (cdistGradOp) Reads() Reads          { return ReadsAllIn }
func (cdistGradOp) Infer(c *Call)         { c.Output(c.In[0].shape, c.SameDType()) }
func (cdistGradOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o cdistGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(cdistKernel)
	if ok {
		k.CdistGrad(o.p, c.X(0), c.X(1), c.X(2), c.X(3), c.Y(0))
	}
	return ok
}

// Lower computes the distances anew: d stands for a function of x and y.
func (o cdistGradOp) Lower(in []*Tensor) []*Tensor {
	diff, dd := in[0].Unsqueeze(2).Sub(in[1].Unsqueeze(1)), in[3].Unsqueeze(3)
	a, slope := diff.Abs(), diff.Detach().Sign()
	switch {
	case o.p == 1:
	case math.IsInf(o.p, 1):
		hit := a.Detach()
		hit = hit.Eq(hit.MaxKeepdim(3)).To(a.dtype)
		slope = slope.Mul(hit.Div(hit.SumKeepdim(3)))
	default:
		none := a.Detach().EqScalar(0)
		d := diff.NormKeepdim(o.p, 3)
		zero := d.Detach().EqScalar(0)
		slope = slope.Mul(a.MaskedFill(none, 1).PowScalar(o.p - 1)).Mul(d.MaskedFill(zero, 1).PowScalar(1 - o.p))
	}
	return []*Tensor{slope.Mul(dd).Sum(2)}
}

// productsPay is the number of rows from which on a matrix product pays.
const productsPay = 25

func (cpuDevice) Cdist(p float64, x, y, d View) {
	g := pairsOf(x.Shape, y.Shape)
	if d.Shape.Numel() == 0 {
		return
	}
	products := p == 2 && max(g.N, g.M) > productsPay && g.K > 0
	if products {
		yt := y
		yt.Shape.set(1, g.K)
		yt.Shape.set(2, g.M)
		yt.Strides[1], yt.Strides[2] = y.Strides[2], y.Strides[1]
		cpuDevice{}.MatMul(d, x, yt)
	}
	switch {
	case products && d.DType == Float64:
		cpu.CdistFromProducts(g, sliceOf[float64](x), sliceOf[float64](y), sliceOf[float64](d))
	case products:
		cpu.CdistFromProducts(g, sliceOf[float32](x), sliceOf[float32](y), sliceOf[float32](d))
	case d.DType == Float64:
		cpu.Cdist(g, p, sliceOf[float64](x), sliceOf[float64](y), sliceOf[float64](d))
	default:
		cpu.Cdist(g, p, sliceOf[float32](x), sliceOf[float32](y), sliceOf[float32](d))
	}
}

func (cpuDevice) CdistGrad(p float64, x, y, d, dd, dx View) {
	g := pairsOf(x.Shape, y.Shape)
	if dx.DType == Float64 {
		cpu.CdistGrad(g, p, sliceOf[float64](x), sliceOf[float64](y), sliceOf[float64](d), sliceOf[float64](dd), sliceOf[float64](dx))
	} else {
		cpu.CdistGrad(g, p, sliceOf[float32](x), sliceOf[float32](y), sliceOf[float32](d), sliceOf[float32](dd), sliceOf[float32](dx))
	}
}

func pairsOf(x, y Shape) cpu.CdistPairs {
	return cpu.CdistPairs{Batch: x.at(0), N: x.at(1), M: y.at(1), K: x.at(2)}
}

package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Linear returns x wᵀ + bias, the affine map of a dense layer: x (..., in), w (out, in), bias (out,) or nil, result
// (..., out). The bias is added while the product is written.
func Linear(x, w, bias *Tensor) *Tensor {
	if x.shape.rank == 0 || w.shape.rank != 2 || x.Dim(-1) != w.shape.at(1) {
		Fail("linear", ErrShape, []Shape{x.shape, w.shape}, "input (..., in) and weight (out, in) must agree in the size in")
	}
	s := x.shape.With(-1, w.shape.at(0))
	if x.shape.rank != 2 {
		x = x.ReshapeTo(ShapeOf(x.Numel()/max(1, x.Dim(-1)), x.Dim(-1)))
	}
	if bias == nil {
		return Apply1(matmulOp{}, x, w.Transpose(0, 1)).ReshapeTo(s)
	}
	return Apply1(linearOp{}, x, w, bias).ReshapeTo(s)
}

type linearOp struct{ AnyStrides }

type linearKernel interface{ Linear(y, x, w, bias View) }

func (linearOp) Name() string { return "linear" }
func (linearOp) Reads() Reads { return ReadsIn(0, 1) }
func (linearOp) Infer(c *Call) {
	d := c.SameDType()
	o := c.In[1].shape.at(0)
	if b := &c.In[2].shape; b.rank != 1 || b.at(0) != o {
		c.Fail(ErrShape, "the bias must have shape (%d,)", o)
	}
	c.Output(c.In[0].shape.With(1, o), d)
}
func (linearOp) Run(d Device, c *Call) bool {
	k, ok := d.(linearKernel)
	if ok {
		k.Linear(c.Y(0), c.X(0), c.X(1), c.X(2))
	}
	return ok
}
func (linearOp) Lower(in []*Tensor) []*Tensor {
	return []*Tensor{in[0].MatMul(in[1].T()).Add(in[2])}
}
func (linearOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil, nil)
	dy := b.Dout(0)
	if b.Need(0) {
		g[0] = dy.MatMul(b.In(1))
	}
	if b.Need(1) {
		g[1] = dy.T().MatMul(b.In(0))
	}
	if b.Need(2) {
		g[2] = dy.Sum(0)
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (linearOp) FLOPs(in, out []Spec) int64 {
	return 2 * int64(out[0].Shape.Numel()) * int64(in[1].Shape.at(1))
}

func (cpuDevice) Linear(y, x, w, bias View) {
	switch {
	case x.DType.half():
		f := x.DType.format()
		h := sliceOf[uint16](bias)
		wide := make([]float32, len(h))
		f.Widen(wide, h)
		linearCPU(y, x, w, wide, bias.Strides[0], func(m, n, k int, a []uint16, ars, acs int, b []uint16, brs, bcs int, c []float32, ldc int, ep cpu.Epilogue[float32]) {
			cpu.GemmHalf(f, 1, m, n, k, a, 0, ars, acs, b, 0, brs, bcs, c, 0, ldc, ep)
		})
	case y.DType == Float64:
		linearCPU(y, x, w, sliceOf[float64](bias), bias.Strides[0], cpu.GemmF64)
	default:
		linearCPU(y, x, w, sliceOf[float32](bias), bias.Strides[0], cpu.GemmF32)
	}
}

func linearCPU[E any, T Float](y, x, w View, bias []T, step int, gemm func(m, n, k int, a []E, ars, acs int, b []E, brs, bcs int, c []T, ldc int, ep cpu.Epilogue[T])) {
	m, n, k := y.Shape.at(0), y.Shape.at(1), x.Shape.at(1)
	if m == 0 || n == 0 {
		return
	}
	if n > 1 && step != 1 {
		c := make([]T, n)
		for i := range c {
			c[i] = bias[i*step]
		}
		bias = c
	}
	gemm(m, n, k, sliceOf[E](x), x.Strides[0], x.Strides[1], sliceOf[E](w), w.Strides[1], w.Strides[0], sliceOf[T](y), n, cpu.Epilogue[T]{ColBias: bias})
}

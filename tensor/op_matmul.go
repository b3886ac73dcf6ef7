package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// MatMul returns the matrix product as torch.matmul does: (m, k) x (k, n) -> (m, n); leading dimensions are a batch and
// broadcast; a vector on the left is a row, one on the right a column, and that dimension is removed again. Float64
// accumulates in float64, everything else in float32; halves are rounded once. It panics with ErrShape when the inner sizes differ
// and with ErrDType on mixed or integer dtypes.
//
// On a processor with AVX512_BF16, products of bfloat16 are added up in pairs of neighbouring terms, with subnormal numbers as zero:
// before it is rounded, a result differs from that of float32 as with another order of summation, by at most 2(k+4)·2^-24·Σ|x||y|.
func (x *Tensor) MatMul(y *Tensor) *Tensor {
	if x.shape.rank == 0 || y.shape.rank == 0 {
		Fail("matmul", ErrShape, []Shape{x.shape, y.shape}, "both inputs need at least one dimension; use Mul for scalars")
	}
	if x.Dim(-1) != y.Dim(max(-2, -y.shape.rank)) {
		Fail("matmul", ErrShape, []Shape{x.shape, y.shape}, "the inner sizes %d and %d differ", x.Dim(-1), y.Dim(max(-2, -y.shape.rank)))
	}
	switch {
	case x.shape.rank == 1 && y.shape.rank == 1:
		return x.Unsqueeze(0).MatMul(y.Unsqueeze(1)).ReshapeTo(Shape{})
	case x.shape.rank == 1:
		return x.Unsqueeze(0).MatMul(y).Squeeze(-2)
	case y.shape.rank == 1:
		return x.MatMul(y.Unsqueeze(1)).Squeeze(-1)
	case x.shape.rank > 2 && y.shape.rank == 2:
		// One large product instead of a batch of small ones.
		s := x.shape.With(-1, y.shape.at(1))
		return x.Reshape(x.shape.Remove(-1).Numel(), x.Dim(-1)).MatMul(y).ReshapeTo(s)
	}
	return Apply1(matmulOp{}, x, y)
}

type matmulOp struct{ AnyStrides }

type matmulKernel interface{ MatMul(c, a, b View) }

func (matmulOp) Name() string { return "matmul" }
func (matmulOp) Reads() Reads { return ReadsIn(0, 1) }
func (matmulOp) Infer(c *Call) {
	d := c.SameDType()
	a, b := c.In[0].shape, c.In[1].shape
	s, ok := Broadcast(batchOf(a), batchOf(b))
	if !ok {
		c.Fail(ErrShape, "the batch dimensions do not broadcast")
	}
	s = s.Insert(s.rank, a.at(a.rank-2))
	c.Output(s.Insert(s.rank, b.at(b.rank-1)), d)
}

// batchOf returns the dimensions before the last two.
func batchOf(s Shape) Shape {
	s.rank -= 2
	clear(s.dim[s.rank:])
	return s
}

func (matmulOp) Run(d Device, c *Call) bool {
	k, ok := d.(matmulKernel)
	if ok {
		k.MatMul(c.Y(0), c.X(0), c.X(1))
	}
	return ok
}

func (matmulOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) { // dA = dC Bᵀ
		g[0] = Apply1(matmulOp{}, b.Dout(0), b.In(1).Transpose(-1, -2)).SumTo(b.InSpec(0).Shape)
	}
	if b.Need(1) { // dB = Aᵀ dC
		g[1] = Apply1(matmulOp{}, b.In(0).Transpose(-1, -2), b.Dout(0)).SumTo(b.InSpec(1).Shape)
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (matmulOp) FLOPs(in, out []Spec) int64 {
	return 2 * int64(out[0].Shape.Numel()) * int64(in[0].Shape.Dim(-1))
}

func (cpuDevice) MatMul(c, a, b View) {
	switch {
	case a.DType.half():
		f := a.DType.format()
		matmulCPU(c, a, b, func(batch, m, n, k int, a []uint16, sa, ars, acs int, b []uint16, sb, brs, bcs int, c []float32, sc, ldc int, ep cpu.Epilogue[float32]) {
			cpu.GemmHalf(f, batch, m, n, k, a, sa, ars, acs, b, sb, brs, bcs, c, sc, ldc, ep)
		})
	case c.DType == Float64:
		matmulCPU(c, a, b, cpu.GemmBatchF64)
	default:
		matmulCPU(c, a, b, cpu.GemmBatchF32)
	}
}

type gemmBatch[E any, T Float] func(batch, m, n, k int, a []E, sa, ars, acs int, b []E, sb, brs, bcs int, c []T, sc, ldc int, ep cpu.Epilogue[T])

func matmulCPU[E any, T Float](c, a, b View, gemm gemmBatch[E, T]) {
	r := c.Shape.rank
	m, n, k := c.Shape.at(r-2), c.Shape.at(r-1), a.Shape.at(a.Shape.rank-1)
	if c.Shape.Numel() == 0 {
		return
	}
	batch := batchOf(c.Shape)
	ars, acs := a.Strides[a.Shape.rank-2], a.Strides[a.Shape.rank-1]
	brs, bcs := b.Strides[b.Shape.rank-2], b.Strides[b.Shape.rank-1]
	sa, sb := expandStrides(batchOf(a.Shape), &a.Strides, batch), expandStrides(batchOf(b.Shape), &b.Strides, batch)
	da, db, dc := sliceOf[E](a), sliceOf[E](b), sliceOf[T](c)
	// The innermost batch dimensions that have one stride in each input go to the kernel together.
	inner, ia, ib := 1, 0, 0
	axis := batch.rank - 1
	for ; axis >= 0; axis-- {
		d := batch.at(axis)
		if d == 1 {
			continue
		}
		if inner > 1 && (sa[axis] != ia*inner || sb[axis] != ib*inner) {
			break
		}
		if inner == 1 {
			ia, ib = sa[axis], sb[axis]
		}
		inner *= d
	}
	outer := Shape{rank: axis + 1, dim: batch.dim}
	clear(outer.dim[outer.rank:])
	for o := range outer.Numel() {
		oa, ob, rest := 0, 0, o
		for i := axis; i >= 0; i-- {
			j := rest % outer.at(i)
			rest /= outer.at(i)
			oa, ob = oa+j*sa[i], ob+j*sb[i]
		}
		var xa, xb []E
		if k > 0 {
			xa, xb = da[oa:], db[ob:]
		}
		gemm(inner, m, n, k, xa, ia, ars, acs, xb, ib, brs, bcs, dc[o*inner*m*n:], m*n, n, cpu.Epilogue[T]{})
	}
}

package tensor

import (
	"sync"

	"github.com/hadal-go/hadal/internal/cpu"
)

// Sum returns the sum over the axes (all of them when none are given), which are removed. Integers and bools sum as int64;
// float32 accumulates in float64.
func (x *Tensor) Sum(axes ...int) *Tensor { return Apply1(sumOp{x.reductionOf("sum", false, axes)}, x) }

// SumKeepdim is Sum with the reduced axes kept at size 1.
func (x *Tensor) SumKeepdim(axes ...int) *Tensor {
	return Apply1(sumOp{x.reductionOf("sum", true, axes)}, x)
}

// SumTo returns x summed over the dimensions that broadcasting shape s to x's shape added or stretched: the transpose of
// expanding. It panics with ErrShape when s does not broadcast to x's shape.
func (x *Tensor) SumTo(s Shape) *Tensor {
	if x.shape == s {
		return x
	}
	if b, ok := Broadcast(s, x.shape); !ok || b != x.shape {
		Fail("sum_to", ErrShape, []Shape{x.shape, s}, "the second shape does not broadcast to the first")
	}
	var a axisSet
	d := x.shape.rank - s.rank
	for i := range x.shape.rank {
		a[i] = i < d || s.at(i-d) == 1 && x.shape.at(i) != 1
	}
	return Apply1(sumOp{reduction{a, true}}, x).ReshapeTo(s)
}

type sumOp struct{ reduction }

type sumKernel interface {
	Sum(y, x View, axes [MaxRank]bool) bool
}

func (sumOp) Name() string { return "sum" }
func (o sumOp) Infer(c *Call) {
	d := c.In[0].dtype
	if !d.IsFloat() {
		d = Int64
	}
	c.Output(o.result(c.In[0].shape), d)
}
func (sumOp) Reads() Reads { return ReadsNothing }
func (o sumOp) VJP(b *Back) []*Tensor {
	return b.Give(o.spread(b.Dout(0), b.InSpec(0).Shape))
}
func (o sumOp) Run(d Device, c *Call) bool {
	k, ok := d.(sumKernel)
	if !ok {
		return false
	}
	if y := c.Y(0).DType; c.In[0].dtype != y {
		c.In[0] = c.In[0].Detach().To(y)
	}
	return k.Sum(c.Y(0), c.X(0), o.axes)
}

func (cpuDevice) Sum(y, x View, axes [MaxRank]bool) bool {
	switch x.DType {
	case Float32:
		sumCPU[float32, float64](y, x, axes)
	case Float64:
		sumCPU[float64, float64](y, x, axes)
	case Int64:
		sumCPU[int64, int64](y, x, axes)
	default:
		return false
	}
	return true
}

var smallSums = sync.Pool{New: func() any { return new([256]float64) }}

// sumSmall is sumCPU without allocations, for what a small network sums: all of x, or the rows of a matrix.
func sumSmall(y, x View, axes [MaxRank]bool) bool {
	n := x.Shape.Numel()
	if x.DType != Float32 || n == 0 || n > 1<<12 || !x.IsContiguous() {
		return false
	}
	out, v := sliceOf[float32](y), sliceOf[float32](x)
	if y.Shape.Numel() == 1 {
		s, ok := cpu.Sum(v)
		if ok {
			out[0] = float32(s)
		}
		return ok
	}
	if x.Shape.rank != 2 || axes[1] || len(out) > 256 {
		return false
	}
	buf := smallSums.Get().(*[256]float64)
	defer smallSums.Put(buf)
	sums := buf[:len(out)]
	clear(sums)
	if !cpu.AddRows(sums, v, x.Shape.at(0), len(out)) {
		return false
	}
	for i, s := range sums {
		out[i] = float32(s)
	}
	return true
}

func sumCPU[T, A float32 | float64 | int64](y, x View, axes [MaxRank]bool) {
	if sumSmall(y, x, axes) {
		return
	}
	out := sliceOf[T](y)
	cpu.Reduce(x.Shape.Dims(), operand[T](x), axes, cpu.Reducer[T, A]{
		Run: func(acc A, x []T, _ int) A {
			if len(x) >= 16 {
				if s, ok := cpu.Sum(x); ok {
					return acc + A(s)
				}
			}
			// Four sums at a time: additions need not wait for each other.
			var a, b, c, d A
			for ; len(x) >= 4; x = x[4:] {
				a += A(x[0])
				b += A(x[1])
				c += A(x[2])
				d += A(x[3])
			}
			for _, v := range x {
				a += A(v)
			}
			return acc + ((a + b) + (c + d))
		},
		Cols: func(acc []A, x []T, _ int) {
			x = x[:len(acc)]
			for i := range acc {
				acc[i] += A(x[i])
			}
		},
		Rows:  cpu.AddRows[A, T],
		Merge: func(a, b A) A { return a + b },
	}, func(i int, a A) { out[i] = T(a) })
}

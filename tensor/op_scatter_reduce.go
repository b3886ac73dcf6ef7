package tensor

import (
	"fmt"

	"github.com/hadal-go/hadal/internal/cpu"
)

// ReduceMode says how ScatterReduce and IndexReduce join the values that meet at one place.
type ReduceMode uint8

// The ways of joining: sum, product, mean, largest and smallest value.
const (
	ReduceSum ReduceMode = iota
	ReduceProd
	ReduceMean
	ReduceAmax
	ReduceAmin
)

// String returns PyTorch's name of the mode.
func (m ReduceMode) String() string {
	if m > ReduceAmin {
		return fmt.Sprintf("ReduceMode(%d)", uint8(m))
	}
	return [...]string{"sum", "prod", "mean", "amax", "amin"}[m]
}

// ScatterReduce returns x with the values of src joined to it at idx along an axis: with axis 0 of three and a sum,
// y[idx[i,j,k], j, k] += src[i,j,k]. Without includeSelf the values of x at places that idx names do not take part; the other
// places keep them. Means of integers round down; NaN counts as largest and smallest. The gradient of an extreme is shared
// evenly among equal values that took part, that of a product is exact also where factors are zero. src, idx and panics are
// as in Scatter.
func (x *Tensor) ScatterReduce(axis int, idx, src *Tensor, mode ReduceMode, includeSelf bool) *Tensor {
	if mode > ReduceAmin {
		Fail("scatter_reduce", ErrValue, []Shape{x.shape, idx.shape, src.shape}, "there is no mode %v", mode)
	}
	if mode == ReduceMean && x.dtype.half() && src.dtype == x.dtype { // rounded once
		return x.To(Float32).ScatterReduce(axis, idx, src.To(Float32), mode, includeSelf).To(x.dtype)
	}
	return x.scatterBy("scatter_reduce", axis, idx, src, func(axis int, x, src *Tensor) *Tensor {
		switch mode {
		case ReduceProd:
			return Apply1(scatterProdOp{axis, includeSelf}, x, idx, src)
		case ReduceAmax, ReduceAmin:
			return Apply1(scatterExtremeOp{axis, mode == ReduceAmax, includeSelf}, x, idx, src)
		}
		f := Factory{x.dtype, x.dev}
		without := func(x *Tensor) *Tensor {
			if includeSelf {
				return x
			}
			return Apply1(scatterOp{axis}, x, idx, f.FullShape(0, idx.shape))
		}
		sum := Apply1(scatterAddOp{axis}, without(x), idx, src)
		if mode == ReduceSum {
			return sum
		}
		n := Apply1(scatterAddOp{axis}, without(f.FullShape(1, x.shape)), idx, f.FullShape(1, idx.shape))
		if !x.dtype.IsFloat() {
			return sum.FloorDivide(n)
		}
		return sum.Div(n)
	})
}

type scatterReduceKernel interface {
	ScatterReduce(how cpu.Combine, self bool, r cpu.Rows, m int, x, idx, y View) bool
}

// runScatterReduce joins input 2 to a copy of input 0.
func runScatterReduce(d Device, c *Call, how cpu.Combine, self bool, axis int) bool {
	k, ok := d.(scatterReduceKernel)
	if !ok {
		return false
	}
	r := rowsOf(c.In[0].shape, axis)
	c.checkIndices(1, r.N)
	d.(placeKernel).Place(c.Y(0), 0, c.X(0))
	return k.ScatterReduce(how, self, r, c.In[1].shape.at(axis), c.X(2), c.X(1), c.Y(0))
}

// inferScatterReduce refuses bools, for which Lower would fail later.
func inferScatterReduce(c *Call) {
	if d := c.In[0].dtype; d == Bool {
		c.Fail(ErrDType, "%v is not supported here; convert with To(tensor.Uint8)", d)
	}
	c.Output(c.In[0].shape, c.In[0].dtype)
}

// scatterProdOp multiplies. Its gradient is that of Lower, a tree of products in pairs: dividing by a factor, as a shorter
// rule would, fails at zeros.
type scatterProdOp struct {
	axis int
	self bool
}

func (scatterProdOp) Name() string          { return "scatter_reduce" }
func (scatterProdOp) Reads() Reads          { return ReadsAllIn }
func (scatterProdOp) Infer(c *Call)         { inferScatterReduce(c) }
func (scatterProdOp) VJP(b *Back) []*Tensor { return LowerVJP(b) }
func (o scatterProdOp) Run(d Device, c *Call) bool {
	return runScatterReduce(d, c, cpu.CombineProd, o.self, o.axis)
}
func (o scatterProdOp) Lower(in []*Tensor) []*Tensor {
	x, idx, src := in[0], in[1], in[2]
	if !o.self {
		x = Apply1(scatterOp{o.axis}, x, idx, Factory{x.dtype, x.dev}.FullShape(1, idx.shape))
	}
	if idx.dev == Meta {
		return []*Tensor{x.Mul(src.Sum().To(x.dtype))} // the shape and what it depends on are right
	}
	v := Concat(0, x.Reshape(-1), src.Reshape(-1))
	// The place of each value, then round by round those that are multiplied in pairs and those that remain.
	r, at := rowsOf(x.shape, o.axis), Data[int64](idx.ToDevice(CPU))
	place := make([]int, x.Numel(), v.Numel())
	for i := range place {
		place[i] = i
	}
	for i, k := range at {
		block := max(1, idx.shape.at(o.axis)*r.Inner)
		place = append(place, (i/block*r.N+int(k))*r.Inner+i%r.Inner)
	}
	for len(place) > x.Numel() {
		var left, right, alone []int64
		var placePairs, placeAlone []int
		open := make([]int, x.Numel()) // 1 + a value that waits for its partner
		for i, p := range place {
			if open[p] == 0 {
				open[p] = i + 1
				continue
			}
			left, right, placePairs = append(left, int64(open[p]-1)), append(right, int64(i)), append(placePairs, p)
			open[p] = 0
		}
		for p, i := range open {
			if i > 0 {
				alone, placeAlone = append(alone, int64(i-1)), append(placeAlone, p)
			}
		}
		pick := func(at []int64) *Tensor { return v.IndexSelect(0, Of(at).onDeviceOf(v)) }
		v = Concat(0, pick(left).Mul(pick(right)), pick(alone))
		place = append(placePairs, placeAlone...)
	}
	order := make([]int64, len(place))
	for i, p := range place {
		order[p] = int64(i)
	}
	return []*Tensor{v.IndexSelect(0, Of(order).onDeviceOf(v)).ReshapeTo(x.shape)}
}

// scatterExtremeOp keeps the largest or the smallest value.
type scatterExtremeOp struct {
	axis      int
	max, self bool
}

func (scatterExtremeOp) Name() string  { return "scatter_reduce" }
func (scatterExtremeOp) Reads() Reads  { return ReadsIn(0, 1, 2) | ReadsOut }
func (scatterExtremeOp) Infer(c *Call) { inferScatterReduce(c) }
func (o scatterExtremeOp) Run(d Device, c *Call) bool {
	how := cpu.CombineMin
	if o.max {
		how = cpu.CombineMax
	}
	return runScatterReduce(d, c, how, o.self, o.axis)
}
func (o scatterExtremeOp) VJP(b *Back) (g []*Tensor) {
	x, idx, src, y := b.In(0).Detach(), b.In(1), b.In(2).Detach(), b.Out(0).Detach()
	own := x.Eq(y).To(x.dtype)
	if !o.self {
		own = Apply1(scatterOp{o.axis}, own, idx, Factory{x.dtype, x.dev}.FullShape(0, idx.shape))
	}
	hit := src.Eq(Apply1(gatherOp{o.axis}, y, idx)).To(x.dtype)
	share := b.Dout(0).Div(Apply1(scatterAddOp{o.axis}, own, idx, hit))
	g = b.Give(nil, nil, nil)
	if b.Need(0) {
		g[0] = share.Mul(own)
	}
	if b.Need(2) {
		g[2] = Apply1(gatherOp{o.axis}, share, idx).Mul(hit)
	}
	return g
}

func (cpuDevice) ScatterReduce(how cpu.Combine, self bool, r cpu.Rows, m int, x, idx, y View) bool {
	i := sliceOf[int64](idx)
	switch y.DType {
	case Float32:
		cpu.ScatterReduce(how, self, r.Outer, r.N, m, r.Inner, sliceOf[float32](x), i, sliceOf[float32](y))
	case Float64:
		cpu.ScatterReduce(how, self, r.Outer, r.N, m, r.Inner, sliceOf[float64](x), i, sliceOf[float64](y))
	case Int64:
		cpu.ScatterReduce(how, self, r.Outer, r.N, m, r.Inner, sliceOf[int64](x), i, sliceOf[int64](y))
	case Int32:
		cpu.ScatterReduce(how, self, r.Outer, r.N, m, r.Inner, sliceOf[int32](x), i, sliceOf[int32](y))
	case Uint8:
		cpu.ScatterReduce(how, self, r.Outer, r.N, m, r.Inner, sliceOf[uint8](x), i, sliceOf[uint8](y))
	default:
		return false
	}
	return true
}

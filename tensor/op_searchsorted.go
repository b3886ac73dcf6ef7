package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// SearchSortedConfig are the options of SearchSorted.
type SearchSortedConfig struct {
	Right  bool    // of equal elements, count those too: place values behind them
	Sorter *Tensor // Int64 positions that sort the sequence along the last axis, as ArgSort gives them; nil: it is sorted
}

// SearchSorted returns, for each element of x, where it belongs in a row that is sorted in ascending order along the last axis:
// the Int64 number of elements there that are less (with Right: less or equal). sorted is (N,), for x of any shape, or
// (..., N) for x (..., M). NaN counts as largest; a row that is not sorted gives arbitrary places in [0, N]. It panics with
// ErrShape when the shapes do not fit, with ErrDType when the dtypes differ.
func SearchSorted(sorted, x *Tensor, cfg SearchSortedConfig) *Tensor {
	if s := cfg.Sorter; s != nil {
		if s.shape != sorted.shape {
			Fail("searchsorted", ErrShape, []Shape{sorted.shape, x.shape, s.shape}, "the sorter's shape, the third, must be the sequence's, the first")
		}
		sorted = sorted.Detach().Gather(-1, s)
	}
	return Apply1(searchSortedOp{cfg.Right}, sorted.Detach(), x.Detach())
}

// Bucketize returns the Int64 bucket of each element of x: the number of boundaries, a sorted vector, that are less (with right:
// less or equal). It is SearchSorted(boundaries, x) with the arguments exchanged.
func (x *Tensor) Bucketize(boundaries *Tensor, right bool) *Tensor {
	if boundaries.shape.rank != 1 {
		Fail("bucketize", ErrShape, []Shape{x.shape, boundaries.shape}, "the boundaries, the second, must have one dimension; use SearchSorted for others")
	}
	return SearchSorted(boundaries, x, SearchSortedConfig{Right: right})
}

type searchSortedOp struct{ right bool }

type searchKernel interface {
	SearchSorted(right bool, sorted, x, y View) bool
}

func (searchSortedOp) Name() string          { return "searchsorted" }
func (searchSortedOp) Reads() Reads          { return ReadsNothing }
func (searchSortedOp) VJP(b *Back) []*Tensor { return b.Give(nil, nil) }
func (searchSortedOp) Infer(c *Call) {
	s, x := c.In[0].shape, c.In[1].shape
	if s.rank == 0 {
		c.Fail(ErrShape, "the sequence has no dimensions; make it (1,) with Reshape")
	}
	if s.rank > 1 && (s.rank != x.rank || s.With(-1, 0) != x.With(-1, 0)) {
		c.Fail(ErrShape, "the sequence, the first, must be (N,), or equal the values' shape but for the last axis")
	}
	if c.In[0].dtype != c.In[1].dtype {
		c.Fail(ErrDType, "the sequence is %v, the values %v; convert one with To", c.In[0].dtype, c.In[1].dtype)
	}
	c.Output(x, Int64)
}
func (o searchSortedOp) Run(d Device, c *Call) bool {
	k, ok := d.(searchKernel)
	return ok && k.SearchSorted(o.right, c.X(0), c.X(1), c.Y(0))
}

func (cpuDevice) SearchSorted(right bool, sorted, x, y View) bool {
	switch x.DType {
	case Float32:
		searchCPU[float32](right, sorted, x, y)
	case Float64:
		searchCPU[float64](right, sorted, x, y)
	case Int64:
		searchCPU[int64](right, sorted, x, y)
	case Int32:
		searchCPU[int32](right, sorted, x, y)
	case Uint8, Bool: // false < true
		searchCPU[uint8](right, sorted, x, y)
	default:
		return false
	}
	return true
}

func searchCPU[T cpu.Number](right bool, sorted, x, y View) {
	m := 0
	if x.Shape.rank > 0 {
		m = x.Shape.Dim(-1)
	}
	cpu.SearchSorted(sorted.Shape.Dim(-1), m, sorted.Shape.rank == 1, right, sliceOf[T](sorted), sliceOf[T](x), sliceOf[int64](y))
}

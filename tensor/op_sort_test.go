package tensor_test

import (
	"fmt"
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// sortedOrder returns the positions of a lane in sorted order, stable, NaN last as the greatest.
func sortedOrder(lane []float64, down bool) []int {
	order := make([]int, len(lane))
	for i := range order {
		order[i] = i
	}
	less := func(a, b float64) bool { return a < b || a == a && b != b }
	sort.SliceStable(order, func(i, j int) bool {
		a, b := lane[order[i]], lane[order[j]]
		if down {
			a, b = b, a
		}
		return less(a, b)
	})
	return order
}

// laneOf returns the elements of a along the axis at a position.
func laneOf(a optest.Array, axis int, at []int) []float64 {
	lane := make([]float64, a.Shape[axis])
	for i := range lane {
		o := 0
		for d, p := range moved(at, axis, float64(i)) {
			o = o*a.Shape[d] + p
		}
		lane[i] = a.Data[o]
	}
	return lane
}

// sortedBy is the reference of Sort and TopK: the first k of the sorted lanes and their positions.
func sortedBy(axis, k int, down bool) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := in[0]
		axis := (axis + len(x.Shape)) % len(x.Shape)
		shape := append([]int{}, x.Shape...)
		shape[axis] = k
		pick := func(f func(lane []float64, order int) float64) optest.Array {
			return optest.Build(shape, func(at []int) float64 {
				lane := laneOf(x, axis, at)
				return f(lane, sortedOrder(lane, down)[at[axis]])
			})
		}
		return []optest.Array{pick(func(lane []float64, i int) float64 { return lane[i] }), pick(func(_ []float64, i int) float64 { return float64(i) })}
	}
}

func TestSort(t *testing.T) {
	var cases []optest.Case
	add := func(name string, shape []int, axis, k int, down bool) {
		c := optest.Case{Op: "tensor.sortOp", Name: fmt.Sprintf("%s down=%v", name, down), In: of(shape), Ints: true, Want: sortedBy(axis, k, down),
			F: func(in tensors) tensors { return selectPair(in[0].TopK(k, axis, down)) }}
		if k == shape[(axis+len(shape))%len(shape)] {
			c.F = func(in tensors) tensors { return selectPair(in[0].Sort(axis, down)) }
		}
		cases = append(cases, c)
	}
	for _, down := range []bool{false, true} {
		add("vector", []int{7}, 0, 7, down)
		add("rows", []int{3, 5}, 1, 5, down)
		add("columns", []int{5, 3}, -2, 5, down)
		add("the middle", []int{2, 4, 3}, 1, 4, down)
		add("one element", []int{1}, 0, 1, down)
		add("empty lanes", []int{3, 0}, 1, 0, down)
		add("no lanes", []int{0, 3}, 1, 3, down)
		add("merged", []int{2, 40}, 1, 40, down)
		add("top 2", []int{3, 5}, 1, 2, down)
		add("top 2 of columns", []int{30, 2}, 0, 2, down)
		add("top 0", []int{3, 4}, 1, 0, down)
		add("top 3 of many", []int{2, 60}, 1, 3, down)
		add("eight dimensions", []int{1, 2, 1, 1, 2, 3, 1, 2}, 5, 2, down)
	}
	optest.Run(t, cases)
}

func TestKthvalue(t *testing.T) {
	var cases []optest.Case
	add := func(name string, shape []int, axis, k int, f func(x *tensor.Tensor) (values, indices *tensor.Tensor)) {
		cases = append(cases, optest.Case{Op: "tensor.kthOp", Name: name, In: of(shape), Ints: true,
			F: func(in tensors) tensors { return selectPair(f(in[0])) },
			Want: func(in []optest.Array) []optest.Array {
				all := sortedBy(axis, k, false)(in)
				axis := (axis + len(shape)) % len(shape)
				rest := append(append([]int{}, shape[:axis]...), shape[axis+1:]...)
				for i, a := range all {
					all[i] = optest.Build(rest, func(at []int) float64 {
						return laneOf(a, axis, append(append(append([]int{}, at[:axis]...), 0), at[axis:]...))[k-1]
					})
				}
				return all
			}})
	}
	for _, s := range []struct {
		name  string
		shape []int
		axis  int
	}{{"vector", []int{7}, 0}, {"rows", []int{3, 6}, 1}, {"columns", []int{5, 3}, -2}, {"the middle", []int{2, 4, 3}, 1}, {"one element", []int{1}, 0}, {"no lanes", []int{0, 3}, 1}, {"long", []int{2, 61}, 1}} {
		n := s.shape[(s.axis+len(s.shape))%len(s.shape)]
		for _, k := range []int{1, n/2 + 1, n} {
			add(fmt.Sprintf("%s, the %d of %d", s.name, k, n), s.shape, s.axis, k, func(x *tensor.Tensor) (*tensor.Tensor, *tensor.Tensor) { return x.Kthvalue(k, s.axis) })
		}
		add(s.name+", median", s.shape, s.axis, (n+1)/2, func(x *tensor.Tensor) (*tensor.Tensor, *tensor.Tensor) { return x.Median(s.axis) })
		add(s.name+", nanmedian", s.shape, s.axis, (n+1)/2, func(x *tensor.Tensor) (*tensor.Tensor, *tensor.Tensor) { return x.NanMedian(s.axis) })
	}
	optest.Run(t, cases)
}

// drawLane draws n values of the dtype with the given chance of ties, as they are after conversion; floats have NaN, infinities
// and both zeros.
func drawLane(t *rapid.T, n int, d tensor.DType) (*tensor.Tensor, []float64) {
	v := make([]float64, n)
	some := rapid.IntRange(1, 40).Draw(t, "different")
	seed := rapid.Uint64().Draw(t, "seed")
	for i := range v {
		seed = seed*6364136223846793005 + 1442695040888963407
		v[i] = float64(int(seed>>33)%some) * 0.75
		if seed>>62 == 0 {
			v[i] = -v[i]
		}
		if some > 30 && d.IsFloat() {
			v[i] += float64(int32(seed>>20)) / (1 << 33)
		}
		if k := seed >> 40 & 63; d.IsFloat() && k < 4 {
			v[i] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[k]
		}
	}
	if d == tensor.Uint8 {
		for i := range v {
			v[i] = math.Abs(v[i])
		}
	}
	x := tensor.Of(v).To(d)
	return x, x.Floats()
}

func TestSortProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tensor.DType(rapid.IntRange(0, int(tensor.Bool)).Draw(t, "dtype"))
		n := rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(100, 3000)).Draw(t, "n")
		down := rapid.Bool().Draw(t, "down")
		x, v := drawLane(t, n, d)
		order := sortedOrder(v, down)
		check := func(what string, values, indices *tensor.Tensor) {
			if values.DType() != d {
				t.Fatalf("%s: dtype %v", what, values.DType())
			}
			g, at := values.Floats(), tensor.Data[int64](indices)
			for i := range at {
				if int(at[i]) != order[i] || g[i] != v[order[i]] && g[i] == g[i] {
					t.Fatalf("%s of %d %v: element %d is %v from %d, want %v from %d", what, n, d, i, g[i], at[i], v[order[i]], order[i])
				}
			}
		}
		values, indices := x.Sort(0, down)
		check("sort", values, indices)
		k := rapid.IntRange(0, n).Draw(t, "k")
		if rapid.Bool().Draw(t, "few") {
			k %= 9
		}
		values, indices = x.TopK(k, 0, down)
		check("topk", values, indices)
		column := tensor.Concat(0, x, x).Reshape(2, n).T() // strided lanes
		values, indices = column.TopK(k, 0, down)
		check("topk of a column", values.Select(1, 1), indices.Select(1, 1))

		up := sortedOrder(v, false)
		k = rapid.IntRange(1, n).Draw(t, "kth")
		if _, at := x.Kthvalue(k, 0); at.Item() != float64(up[k-1]) {
			t.Fatalf("kthvalue %d of %d %v is at %v, want %d", k, n, d, at, up[k-1])
		}
		numbers, firstNaN := 0, -1
		for i, f := range v {
			if f == f {
				numbers++
			} else if firstNaN < 0 {
				firstNaN = i
			}
		}
		median, nanmedian := up[(n-1)/2], firstNaN
		if firstNaN >= 0 {
			median = firstNaN
		}
		if numbers > 0 {
			nanmedian = up[(numbers-1)/2]
		}
		if _, at := x.Median(0); at.Item() != float64(median) {
			t.Fatalf("median of %d %v is at %v, want %d", n, d, at, median)
		}
		if _, at := x.NanMedian(0); at.Item() != float64(nanmedian) {
			t.Fatalf("nanmedian of %d %v is at %v, want %d", n, d, at, nanmedian)
		}
	})
}

// TestSortOfExtremes sorts the ends of each type's range, where keys could overflow.
func TestSortOfExtremes(t *testing.T) {
	i64 := tensor.Of([]int64{math.MaxInt64, -1, math.MinInt64, 0, math.MaxInt64 - 1, math.MinInt64 + 1})
	for down, want := range map[bool][]int64{false: {2, 5, 1, 3, 4, 0}, true: {0, 4, 3, 1, 5, 2}} {
		if got := tensor.Data[int64](i64.ArgSort(0, down)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("int64, down %v: %v, want %v", down, got, want)
		}
	}
	i32 := tensor.Of([]int32{math.MaxInt32, -1, math.MinInt32, 0})
	if got := tensor.Data[int64](i32.ArgSort(0, false)); fmt.Sprint(got) != fmt.Sprint([]int64{2, 1, 3, 0}) {
		t.Errorf("int32: %v", got)
	}
	f := tensor.Of([]float64{math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0, math.Copysign(math.NaN(), -1), math.Inf(1), math.Inf(-1), -math.MaxFloat64})
	if got := tensor.Data[int64](f.ArgSort(0, false)); fmt.Sprint(got) != fmt.Sprint([]int64{6, 7, 2, 3, 1, 0, 5, 4}) {
		t.Errorf("float64: %v", got)
	}
	values, _ := tensor.Of([]float64{0, math.Copysign(0, -1)}).Sort(0, true)
	if d := tensor.Data[float64](values); math.Signbit(d[0]) || !math.Signbit(d[1]) {
		t.Error("the zeros did not keep their order and signs")
	}
}

// TestSortIgnoresWorkers sorts many lanes and one long one with several numbers of workers.
func TestSortIgnoresWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	x := tensor.Arange(0, 60_000, 1).MulScalar(7919).Remainder(tensor.Scalar(int64(10007))).Reshape(60, 1000)
	mask := x.Remainder(tensor.Scalar(int64(3))).EqScalar(0)
	var want []*tensor.Tensor
	for _, w := range []int{1, 2, 5} {
		parallel.SetWorkers(w)
		v, i := x.Sort(1, true)
		k, j := x.TopK(9, 0, false)
		_, m := x.Median(1)
		h, _ := x.To(tensor.Float32).Histogram(50, tensor.HistogramConfig{})
		got := []*tensor.Tensor{v, i, k, j, m, h, mask.NonZero(), x.Isin(j), tensor.SearchSorted(v.Flip(1), x, tensor.SearchSortedConfig{})}
		if want == nil {
			want = got
		}
		for n := range got {
			if !tensor.Equal(got[n], want[n]) {
				t.Errorf("result %d with %d workers differs from that with 1", n, w)
			}
		}
	}
}

func TestSortRefuses(t *testing.T) {
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrAxis, "sort", "axis 2 is out of range", func() { x.Sort(2, false) })
	rejects(t, tensor.ErrAxis, "argsort", "axis -3 is out of range", func() { x.ArgSort(-3, false) })
	rejects(t, tensor.ErrAxis, "topk", "axis 5", func() { x.TopK(1, 5, true) })
	rejects(t, tensor.ErrValue, "topk", "k must be in [0, 3], the size along axis 1, not 4", func() { x.TopK(4, 1, true) })
	rejects(t, tensor.ErrValue, "topk", "not -1", func() { x.TopK(-1, 1, true) })
	rejects(t, tensor.ErrAxis, "kthvalue", "axis 2", func() { x.Kthvalue(1, 2) })
	rejects(t, tensor.ErrValue, "kthvalue", "k must be in [1, 3]", func() { x.Kthvalue(0, 1) })
	rejects(t, tensor.ErrValue, "kthvalue", "not 4", func() { x.Kthvalue(4, 1) })
	rejects(t, tensor.ErrAxis, "median", "axis 2", func() { x.Median(2) })
	rejects(t, tensor.ErrShape, "median", "there are no elements along axis 1", func() { tensor.Ones(2, 0).Median(1) })
	rejects(t, tensor.ErrShape, "nanmedian", "there are no elements along axis 0", func() { tensor.Ones(0).NanMedian(0) })
	rejects(t, tensor.ErrAxis, "quantile", "axis 2", func() { x.Quantile([]float64{0.5}, 2, 0) })
	rejects(t, tensor.ErrValue, "quantile", "q must be in [0, 1], not 1.5", func() { x.Quantile([]float64{0.5, 1.5}, 0, 0) })
	rejects(t, tensor.ErrValue, "nanquantile", "not NaN", func() { x.NanQuantile([]float64{math.NaN()}, 0, 0) })
	rejects(t, tensor.ErrValue, "quantile", "mode 5", func() { x.Quantile(nil, 0, 5) })
	rejects(t, tensor.ErrShape, "quantile", "no elements along axis 0", func() { tensor.Ones(0, 2).Quantile([]float64{0.5}, 0, 0) })
	rejects(t, tensor.ErrDType, "quantile", "int64 is not supported", func() { tensor.Of([]int64{1}).Quantile([]float64{0.5}, 0, 0) })
}

func TestQuantileProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		x, v := drawLane(t, n, tensor.Float64)
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		skip := rapid.Bool().Draw(t, "skip NaN")
		order := sortedOrder(v, false)
		m := 0
		for _, f := range v {
			if f == f {
				m++
			}
		}
		f := x.Quantile
		want := math.NaN()
		if skip {
			f = x.NanQuantile
		}
		if skip && m > 0 || m == n {
			rank := q * float64(m-1)
			lo, hi := v[order[int(math.Floor(rank))]], v[order[int(math.Ceil(rank))]]
			want = lo
			if w := rank - math.Floor(rank); w > 0 {
				want = lo + (hi-lo)*w
			}
		}
		if got := f([]float64{q}, 0, tensor.QuantileLinear).Item(); got != want && !(got != got && want != want) && math.Abs(got-want) > 1e-12 {
			t.Fatalf("quantile %v of %v is %v, want %v", q, v, got, want)
		}
	})
}

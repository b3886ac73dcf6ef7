package tensor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
)

// segmentOps are the ops and what they make of the values of one segment and column.
var segmentOps = []struct {
	name, op string
	f        func(x, ids *tensor.Tensor, n int) *tensor.Tensor
	fold     func(v []float64) float64
	ints     bool
}{
	{"sum", "tensor.indexAddOp", (*tensor.Tensor).SegmentSum, sumOf, true},
	{"mean", "tensor.indexAddOp", (*tensor.Tensor).SegmentMean, meanOf, false},
	{"max", "tensor.segmentExtremeOp", (*tensor.Tensor).SegmentMax, largestOf, true},
	{"min", "tensor.segmentExtremeOp", (*tensor.Tensor).SegmentMin, smallestOf, true},
}

// segmented collects the places of each segment in each column: f gets them, and where they go.
func segmented(n int, x, ids optest.Array, f func(values []float64, places []int, segment, column int)) (columns int) {
	if columns = 1; len(x.Shape) > 1 {
		for _, d := range x.Shape[1:] {
			columns *= d
		}
	}
	for s := range n {
		for c := range columns {
			var v []float64
			var places []int
			for e, id := range ids.Data {
				if int(id) == s {
					v, places = append(v, x.Data[e*columns+c]), append(places, e*columns+c)
				}
			}
			f(v, places, s, c)
		}
	}
	return columns
}

// segmentFold is the reference of a fold; that of nothing is 0.
func segmentFold(n int, fold func([]float64) float64, x, ids optest.Array) optest.Array {
	y := optest.Build(append([]int{n}, x.Shape[1:]...), func([]int) float64 { return 0 })
	columns := 1
	for _, d := range x.Shape[1:] {
		columns *= d
	}
	segmented(n, x, ids, func(v []float64, _ []int, s, c int) {
		if len(v) > 0 {
			y.Data[s*columns+c] = fold(v)
		}
	})
	return y
}

func segmentSoftmax(n int, x, ids optest.Array) optest.Array {
	y := optest.Build(x.Shape, func([]int) float64 { return 0 })
	segmented(n, x, ids, func(v []float64, places []int, _, _ int) {
		if len(v) > 0 {
			for i, p := range softmaxOf(v) {
				y.Data[places[i]] = p
			}
		}
	})
	return y
}

func TestSegments(t *testing.T) {
	many, sorted := make([]float64, 700), make([]float64, 700)
	g := rand.New(rand.NewPCG(1, 2))
	for i := range many {
		many[i], sorted[i] = float64(g.IntN(50)), float64(i/14)
	}
	var cases []optest.Case
	add := func(name string, n int, x []int, ids ...float64) {
		wide := 2.0
		if len(ids) > 100 {
			wide = 1000 // extremes of many values need distances
		}
		in := []tin{{Shape: x, Lo: -wide, Hi: wide}, indices(max(n, 1), x[:1], ids...)}
		for _, o := range segmentOps {
			c := optest.Case{Op: o.op, Name: "segment " + o.name + " " + name, Ints: o.ints, In: in,
				F:    func(in tensors) tensors { return tensors{o.f(in[0], in[1], n)} },
				Want: func(in []optest.Array) []optest.Array { return []optest.Array{segmentFold(n, o.fold, in[0], in[1])} }}
			cases = append(cases, c)
		}
		cases = append(cases, optest.Case{Op: "tensor.segmentSoftmaxOp", Name: name, In: []tin{{Shape: x}, in[1]},
			F:    func(in tensors) tensors { return tensors{in[0].SegmentSoftmax(in[1], n)} },
			Want: func(in []optest.Array) []optest.Array { return []optest.Array{segmentSoftmax(n, in[0], in[1])} }})
	}
	add("sorted", 4, []int{6, 3}, 0, 0, 1, 3, 3, 3)
	add("unsorted", 4, []int{7, 2}, 3, 0, 3, 1, 0, 3, 3)
	add("of a vector", 3, []int{6}, 2, 2, 0, 2, 0, 0)
	add("of a sorted vector", 3, []int{5}, 0, 1, 1, 1, 2)
	add("of images", 3, []int{4, 2, 3, 1}, 1, 1, 2, 1)
	add("one element", 1, []int{1}, 0)
	add("single", 1, []int{5, 40}, 0, 0, 0, 0, 0)
	add("none", 3, []int{0, 2})
	add("of no columns", 2, []int{3, 0}, 0, 1, 1)
	add("eight dimensions", 2, []int{3, 1, 2, 1, 1, 2, 1, 1}, 1, 0, 1)
	add("of many rows", 50, []int{700, 9}, many...)
	add("of many sorted rows", 50, []int{700, 9}, sorted...)
	optest.Run(t, cases)
}

// TestSegmentRapid compares random cases with the naive collection, and large ones with themselves for other workers.
func TestSegmentRapid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, n := rapid.IntRange(0, 40).Draw(t, "rows"), rapid.IntRange(1, 9).Draw(t, "segments")
		x := optest.Array{Shape: []int{e}}
		columns := 1
		for range rapid.IntRange(0, 2).Draw(t, "rank") {
			d := rapid.IntRange(1, 6).Draw(t, "size")
			x.Shape, columns = append(x.Shape, d), columns*d
		}
		x.Data = rapid.SliceOfN(rapid.Float64Range(-9, 9), e*columns, e*columns).Draw(t, "x")
		ids := optest.Array{Shape: []int{e}, Data: rapid.SliceOfN(rapid.Map(rapid.IntRange(0, n-1), func(v int) float64 { return float64(v) }), e, e).Draw(t, "ids")}
		tx, ti := tensor.Of(x.Data, x.Shape...), tensor.Of(ids.Data, e).To(tensor.Int64)
		if rapid.Bool().Draw(t, "strided") {
			tx = tensor.Stack(1, tx, tx).Select(1, 0)
		}
		check := func(name string, got *tensor.Tensor, want optest.Array) {
			for i, v := range got.Floats() {
				if math.Abs(v-want.Data[i]) > 1e-12*max(1, math.Abs(want.Data[i])) {
					t.Fatalf("%s: element %d is %v, want %v", name, i, v, want.Data[i])
				}
			}
		}
		for _, o := range segmentOps {
			check(o.name, o.f(tx, ti, n), segmentFold(n, o.fold, x, ids))
		}
		check("softmax", tx.SegmentSoftmax(ti, n), segmentSoftmax(n, x, ids))
	})
}

// TestSegmentWorkers: sizes that are shared out in every way give the same bits for any number of workers.
func TestSegmentWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	g := rand.New(rand.NewPCG(3, 4))
	for _, s := range []struct{ rows, segments, columns int }{{200_000, 1000, 1}, {30_000, 3, 64}, {30_000, 5000, 5}, {100_000, 10, 3}, {20_000, 1, 33}} {
		x, ids := make([]float32, s.rows*s.columns), make([]int64, s.rows)
		for i := range x {
			x[i] = g.Float32() - 0.5
		}
		for i := range ids {
			ids[i] = int64(g.IntN(s.segments))
		}
		var first []*tensor.Tensor
		for _, w := range []int{1, 2, 7} {
			parallel.SetWorkers(w)
			tx, ti := tensor.Of(x, s.rows, s.columns).RequireGrad(), tensor.Of(ids)
			soft, top := tx.SegmentSoftmax(ti, s.segments), tx.SegmentMax(ti, s.segments)
			all := tensors{tx.Detach().SegmentSum(ti, s.segments), soft.Detach(), top.Detach(), tx.Detach().SegmentMean(ti, s.segments)}
			soft.Square().Sum().Add(top.Square().Sum()).Backward()
			all = append(all, tx.Grad())
			if w == 1 {
				first = all
				continue
			}
			for i := range all {
				if !tensor.Equal(all[i], first[i]) {
					t.Errorf("%v: result %d with %d workers differs", s, i, w)
				}
			}
		}
	}
}

func TestSegmentsOfNaNAndInfinity(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	x := tensor.Of([]float64{1, nan, 3, -inf, -inf, inf, 2}).RequireGrad()
	ids := tensor.Of([]int64{0, 0, 1, 2, 2, 3, 3})
	if y := x.SegmentMax(ids, 5).Floats(); !math.IsNaN(y[0]) || y[1] != 3 || y[2] != -inf || y[3] != inf || y[4] != 0 {
		t.Errorf("largest: %v", y)
	}
	if y := x.SegmentMin(ids, 5).Floats(); !math.IsNaN(y[0]) || y[1] != 3 || y[2] != -inf || y[3] != 2 || y[4] != 0 {
		t.Errorf("smallest: %v", y)
	}
	if y := x.SegmentSoftmax(ids, 5).Floats(); !math.IsNaN(y[0]) || !math.IsNaN(y[1]) || y[2] != 1 || !math.IsNaN(y[3]) || !math.IsNaN(y[4]) || !math.IsNaN(y[5]) {
		t.Errorf("softmax: %v", y)
	}
	g := tensor.Gradients(tensors{x.SegmentMax(ids, 5).Sum()}, nil, tensors{x}, false, false)[0].Floats()
	if !math.IsNaN(g[0]) || !math.IsNaN(g[1]) || g[2] != 1 || g[3] != 0.5 || g[4] != 0.5 || g[5] != 1 || g[6] != 0 {
		t.Errorf("gradient of the largest: %v", g)
	}
	big := tensor.Of([]float32{1e30, 1e30, -1e30}).SegmentSoftmax(tensor.Of([]int64{0, 0, 0}), 1)
	wantFloats(t, "softmax of large numbers", big, 0.5, 0.5, 0)
}

func TestSegmentsRefuse(t *testing.T) {
	x, ids := tensor.Ones(3, 2), tensor.Of([]int64{0, 1, 0})
	for op, f := range map[string]func(x, ids *tensor.Tensor, n int) *tensor.Tensor{
		"segment_sum": (*tensor.Tensor).SegmentSum, "segment_mean": (*tensor.Tensor).SegmentMean, "segment_max": (*tensor.Tensor).SegmentMax,
		"segment_min": (*tensor.Tensor).SegmentMin, "segment_softmax": (*tensor.Tensor).SegmentSoftmax,
	} {
		rejects(t, tensor.ErrIndex, op, "index 1 at position 1 is outside [0, 1)", func() { f(x, ids, 1) })
		rejects(t, tensor.ErrIndex, op, "index -2 at position 2 is outside [0, 4)", func() { f(x, tensor.Of([]int64{0, 1, -2}), 4) })
		rejects(t, tensor.ErrDType, op, "the ids are float32; convert them with To(tensor.Int64)", func() { f(x, tensor.Ones(3), 2) })
		rejects(t, tensor.ErrShape, op, "one for each slice", func() { f(x, tensor.Of([]int64{0, 1}), 2) })
		rejects(t, tensor.ErrShape, op, "one for each slice", func() { f(x, ids.Unsqueeze(1), 2) })
		rejects(t, tensor.ErrShape, op, "one for each slice", func() { f(tensor.Scalar(1.0), ids, 2) })
		rejects(t, tensor.ErrValue, op, "the number of segments, -1, is negative", func() { f(x, ids, -1) })
		rejects(t, tensor.ErrIndex, op, "outside [0, 0)", func() { f(x, ids, 0) })
	}
	rejects(t, tensor.ErrDType, "segment_softmax", "int64 is not supported here", func() { x.To(tensor.Int64).SegmentSoftmax(ids, 2) })
}

package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/tensor"
)

// uniqueRows is the naive Unique of rows: the distinct ones in order (or one of each run), the place of each row there, and
// how many there are.
func uniqueRows(rows [][]float64, sorted bool) (values [][]float64, inverse, counts []int64) {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	compare := func(a, b []float64) int {
		for k := range a {
			switch {
			case a[k] < b[k] || a[k] == a[k] && b[k] != b[k]:
				return -1
			case a[k] > b[k] || a[k] != a[k] && b[k] == b[k]:
				return 1
			}
		}
		return 0
	}
	equal := func(a, b []float64) bool { // not NaN
		for k := range a {
			if a[k] != b[k] {
				return false
			}
		}
		return true
	}
	for i := range order { // insertion, stable
		for j := i; sorted && j > 0 && compare(rows[order[j-1]], rows[order[j]]) > 0; j-- {
			order[j-1], order[j] = order[j], order[j-1]
		}
	}
	inverse = make([]int64, len(rows))
	for _, at := range order {
		if n := len(values); n == 0 || !equal(values[n-1], rows[at]) {
			values, counts = append(values, rows[at]), append(counts, 0)
		}
		inverse[at] = int64(len(values) - 1)
		counts[len(counts)-1]++
	}
	return values, inverse, counts
}

func TestUniqueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := tensor.DType(rapid.IntRange(0, int(tensor.Bool)).Draw(t, "dtype"))
		n, m := rapid.IntRange(0, 60).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "m")
		x, v := drawLane(t, n*m, d)
		matrix := x.Reshape(n, m)
		var rows, elements [][]float64
		for i := range n {
			rows = append(rows, v[i*m:(i+1)*m])
		}
		for i := range v {
			elements = append(elements, v[i:i+1])
		}
		check := func(what string, rows [][]float64, sorted bool, values, inverse, counts *tensor.Tensor) {
			wv, wi, wc := uniqueRows(rows, sorted)
			var flat []float64
			for _, r := range wv {
				flat = append(flat, r...)
			}
			g := values.Floats()
			if fmt.Sprint(g) != fmt.Sprint(append([]float64{}, flat...)) || values.DType() != d {
				t.Fatalf("%s of %v: values %v, want %v", what, x, g, flat)
			}
			if fmt.Sprint(tensor.Data[int64](inverse)) != fmt.Sprint(wi) || fmt.Sprint(tensor.Data[int64](counts)) != fmt.Sprint(append([]int64{}, wc...)) {
				t.Fatalf("%s of %v: inverse %v counts %v, want %v %v", what, x, inverse, counts, wi, wc)
			}
		}
		a, b, c := matrix.Unique()
		check("unique", elements, true, a, b, c)
		if b.Shape() != matrix.Shape() {
			t.Fatalf("inverse has shape %v", b.Shape())
		}
		a, b, c = matrix.UniqueConsecutive()
		check("unique_consecutive", elements, false, a, b, c)
		a, b, c = matrix.UniqueAlong(0)
		check("unique along 0", rows, true, a, b, c)
		a, b, c = matrix.T().UniqueAlong(-1)
		check("unique along 1", rows, true, a.T(), b, c)
		a, b, c = matrix.UniqueConsecutiveAlong(0)
		check("unique_consecutive along 0", rows, false, a, b, c)
	})
}

func TestNonZeroProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 6), 0, 4).Draw(t, "shape")
		n := 1
		for _, d := range shape {
			n *= d
		}
		x, v := drawLane(t, n, tensor.DType(rapid.IntRange(0, int(tensor.Bool)).Draw(t, "dtype")))
		x = x.ReshapeTo(tensor.ShapeOf(shape...))
		var want []int64
		var picked []float64
		for i, f := range v {
			if f == 0 {
				continue
			}
			picked = append(picked, f)
			at := make([]int64, len(shape))
			for a := len(shape) - 1; a >= 0; a-- {
				at[a] = int64(i % shape[a])
				i /= shape[a]
			}
			want = append(want, at...)
		}
		got := x.NonZero()
		if got.Shape() != tensor.ShapeOf(len(picked), len(shape)) || fmt.Sprint(tensor.Data[int64](got)) != fmt.Sprint(append([]int64{}, want...)) {
			t.Fatalf("nonzero of %v is %v, want %v", x, got, want)
		}
		if c := x.CountNonzero().Item(); c != float64(len(picked)) {
			t.Fatalf("%v nonzero, want %d", c, len(picked))
		}
		if s := x.MaskedSelect(x.To(tensor.Bool)).Floats(); fmt.Sprint(s) != fmt.Sprint(append([]float64{}, picked...)) {
			t.Fatalf("masked_select gives %v, want %v", s, picked)
		}
		for a, at := range x.NonZeroAxes() {
			if !tensor.Equal(at, got.Select(1, a)) {
				t.Fatalf("axis %d: %v, want column of %v", a, at, got)
			}
		}
		back := tensor.With(x.DType()).FullShape(0, x.Shape()).MaskedScatter(x.To(tensor.Bool), x.MaskedSelect(x.To(tensor.Bool)))
		for i, f := range back.Floats() {
			if f != v[i] && f == f {
				t.Fatalf("masked_scatter of masked_select: element %d is %v, want %v", i, f, v[i])
			}
		}
	})
	// More than one part for the workers, with rows across their borders.
	mask := tensor.Arange(0, 300*401, 1).Remainder(tensor.Scalar(int64(7))).EqScalar(3).Reshape(300, 401)
	at := tensor.Data[int64](mask.NonZero())
	for i := range len(at) / 2 {
		if at[2*i]*401+at[2*i+1] != int64(7*i+3) {
			t.Fatalf("element %d is at (%d, %d)", i, at[2*i], at[2*i+1])
		}
	}
}

// TestSelectDerivatives checks both orders of the host functions that select.
func TestSelectDerivatives(t *testing.T) {
	x := tensor.Of([]float64{0.5, -1, 2, 0.5, 3, -0.25}, 2, 3)
	mask := tensor.Of([]bool{true, false, true})
	idx := tensor.Of([]int64{2, 0, -1, 2})
	for name, f := range map[string]func(x *tensor.Tensor) *tensor.Tensor{
		"masked_select":  func(x *tensor.Tensor) *tensor.Tensor { return x.MaskedSelect(mask) },
		"masked_scatter": func(x *tensor.Tensor) *tensor.Tensor { return x.Square().MaskedScatter(mask, x.MulScalar(3)) },
		"take":           func(x *tensor.Tensor) *tensor.Tensor { return x.Take(idx) },
		"unique": func(x *tensor.Tensor) *tensor.Tensor {
			v, _, _ := x.Add(tensor.Of([]float64{0, 0.1, 0.2, 0.3, 0.4, 0.5}, 2, 3)).Unique()
			return v
		},
		"bincount": func(x *tensor.Tensor) *tensor.Tensor {
			return tensor.Of([]int64{1, 3, 1, 0, 3, 3}).Bincount(x.Flatten(0), 6)
		},
	} {
		if err := autograd.GradCheck(func(x []*tensor.Tensor) []*tensor.Tensor {
			y := f(x[0])
			return tensors{y.Square().Mul(y)}
		}, tensors{x}, autograd.GradCheckConfig{Order: 2}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	y := x.RequireGrad()
	values, _, _ := y.Unique() // of the equal ones the first gets it
	values.Sum().Backward()
	wantFloats(t, "gradient of unique", y.Grad(), 1, 1, 1, 0, 1, 1)
}

func TestBincountProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 60).Draw(t, "numbers")
		least := rapid.IntRange(0, 30).Draw(t, "least")
		size := least
		for _, k := range v {
			size = max(size, int(k)+1)
		}
		counts, sums, w := make([]float64, size), make([]float64, size), make([]float64, len(v))
		for i, k := range v {
			w[i] = float64(i%7) / 4
			counts[k]++
			sums[k] += w[i]
		}
		x := tensor.Of(v)
		if got := x.Bincount(nil, least); fmt.Sprint(got.Floats()) != fmt.Sprint(counts) || got.DType() != tensor.Int64 {
			t.Fatalf("bincount of %v is %v, want %v", v, got, counts)
		}
		if got := x.Bincount(tensor.Of(w), least); fmt.Sprint(got.Floats()) != fmt.Sprint(sums) {
			t.Fatalf("weighted bincount of %v is %v, want %v", v, got, sums)
		}
	})
}

func TestHistogramProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, v := drawLane(t, rapid.IntRange(0, 200).Draw(t, "n"), tensor.DType(rapid.IntRange(0, 1).Draw(t, "dtype")))
		bins := rapid.IntRange(1, 12).Draw(t, "bins")
		lo := rapid.Float64Range(-20, 20).Draw(t, "lo")
		hi := lo + rapid.Float64Range(0.5, 30).Draw(t, "width")
		hist, edges := x.Histogram(bins, tensor.HistogramConfig{Range: &[2]float64{lo, hi}})
		e := edges.Floats()
		want := make([]float64, bins)
		for _, f := range v {
			for b := range bins {
				if f >= e[b] && (f < e[b+1] || b == bins-1 && f == e[bins]) {
					want[b]++
				}
			}
		}
		if fmt.Sprint(hist.Floats()) != fmt.Sprint(want) {
			t.Fatalf("histogram of %v between %v is %v, want %v", v, e, hist, want)
		}
		if at := x.HistogramAt(edges, tensor.HistogramConfig{}); !tensor.Equal(at, hist) {
			t.Fatalf("with the same edges %v, want %v", at, hist)
		}
		for i := range e {
			if d := e[i] - (lo + (hi-lo)*float64(i)/float64(bins)); math.Abs(d) > 1e-5 {
				t.Fatalf("edge %d is off by %v", i, d)
			}
		}
		d, _ := x.Histogram(bins, tensor.HistogramConfig{Range: &[2]float64{lo, hi}, Density: true})
		integral := 0.0
		for i, f := range d.Floats() {
			integral += f * (e[i+1] - e[i])
		}
		if hist.Sum().Item() > 0 && math.Abs(integral-1) > 1e-5 {
			t.Fatalf("the density's integral is %v", integral)
		}
	})
}

func TestSelectRefuses(t *testing.T) {
	x, idx := tensor.Ones(2, 3), tensor.Of([]int64{0, 1})
	meta := x.ToDevice(tensor.Meta)
	rejects(t, tensor.ErrAxis, "take_along_dim", "axis 2", func() { x.TakeAlongDim(2, idx) })
	rejects(t, tensor.ErrShape, "take_along_dim", "as many dimensions as the input", func() { x.TakeAlongDim(0, idx) })
	rejects(t, tensor.ErrDType, "take_along_dim", "the indices are float32", func() { x.TakeAlongDim(0, x) })
	rejects(t, tensor.ErrShape, "take_along_dim", "do not broadcast", func() { x.TakeAlongDim(0, tensor.Zeros(1, 2).To(tensor.Int64)) })
	rejects(t, tensor.ErrIndex, "gather", "index -1 at position 0 is outside [0, 3)", func() { x.TakeAlongDim(1, tensor.Of([]int64{-1}, 1, 1)) })
	rejects(t, tensor.ErrDType, "take", "the indices are float32", func() { x.Take(x) })
	rejects(t, tensor.ErrIndex, "take", "index 6 at position 1 is outside [-6, 6)", func() { x.Take(tensor.Of([]int64{0, 6})) })
	rejects(t, tensor.ErrIndex, "take", "index -7 at position 0", func() { x.Take(tensor.Of([]int64{-7})) })
	rejects(t, tensor.ErrDevice, "unique", "depends on data", func() { meta.Unique() })
	rejects(t, tensor.ErrDevice, "unique_consecutive", "depends on data", func() { meta.UniqueConsecutiveAlong(0) })
	rejects(t, tensor.ErrAxis, "unique", "axis 2", func() { x.UniqueAlong(2) })
	rejects(t, tensor.ErrShape, "unique", "the slices along axis 0 have no elements", func() { tensor.Ones(2, 0).UniqueAlong(0) })
	rejects(t, tensor.ErrDevice, "nonzero", "depends on data", func() { meta.NonZero() })
	rejects(t, tensor.ErrAxis, "sum", "axis 2", func() { x.CountNonzero(2) })
	mask := tensor.Of([]bool{true, false, true})
	rejects(t, tensor.ErrDType, "masked_select", "the mask is float32", func() { x.MaskedSelect(x) })
	rejects(t, tensor.ErrShape, "masked_select", "do not broadcast", func() { tensor.Ones(2).MaskedSelect(mask) })
	rejects(t, tensor.ErrDevice, "masked_select", "depends on data", func() { x.MaskedSelect(mask.ToDevice(tensor.Meta)) })
	rejects(t, tensor.ErrDType, "masked_scatter", "the mask is float32", func() { x.MaskedScatter(x, x) })
	rejects(t, tensor.ErrShape, "masked_scatter", "the mask selects 4 elements, the source, the third, has 3", func() { x.MaskedScatter(mask, tensor.Ones(3)) })
	rejects(t, tensor.ErrDType, "masked_scatter", "the source is int64, the input float32", func() { x.MaskedScatter(mask, tensor.Arange(0, 4, 1)) })
	rejects(t, tensor.ErrDType, "bincount", "the numbers are float32", func() { tensor.Ones(3).Bincount(nil, 0) })
	rejects(t, tensor.ErrShape, "bincount", "one dimension", func() { tensor.Of([]int64{1, 2}, 1, 2).Bincount(nil, 0) })
	rejects(t, tensor.ErrShape, "bincount", "one weight for each", func() { idx.Bincount(tensor.Ones(3), 0) })
	rejects(t, tensor.ErrValue, "bincount", "the least length, -1", func() { idx.Bincount(nil, -1) })
	rejects(t, tensor.ErrValue, "bincount", "number -2 at position 1 is negative", func() { tensor.Of([]int64{1, -2}).Bincount(nil, 0) })
	rejects(t, tensor.ErrValue, "bincount", "too large to count up to", func() { tensor.Of([]int64{1 << 40}).Bincount(nil, 0) })
	none := tensor.HistogramConfig{}
	rejects(t, tensor.ErrValue, "histogram", "the number of bins must be positive", func() { x.Histogram(0, none) })
	rejects(t, tensor.ErrDType, "histogram", "int64 is not supported", func() { idx.Histogram(3, none) })
	rejects(t, tensor.ErrValue, "histogram", "the range [2, 1] descends", func() { x.Histogram(3, tensor.HistogramConfig{Range: &[2]float64{2, 1}}) })
	rejects(t, tensor.ErrValue, "histogram", "is not finite", func() { tensor.Of([]float64{1, math.NaN()}).Histogram(3, none) })
	rejects(t, tensor.ErrValue, "histogram", "is not finite", func() { x.Histogram(3, tensor.HistogramConfig{Range: &[2]float64{0, math.Inf(1)}}) })
	rejects(t, tensor.ErrShape, "histogram", "the weights must have the input's shape", func() { x.Histogram(3, tensor.HistogramConfig{Weights: tensor.Ones(3)}) })
	rejects(t, tensor.ErrDevice, "histogram", "depends on data", func() { meta.Histogram(3, none) })
	rejects(t, tensor.ErrShape, "histogram", "a vector of at least 2", func() { x.HistogramAt(tensor.Ones(1), none) })
	rejects(t, tensor.ErrDType, "histogram", "the edges are float64", func() { x.HistogramAt(tensor.With(tensor.Float64).Ones(2), none) })
	rejects(t, tensor.ErrValue, "histogram", "the edges must ascend: edge 1 is 3, the next 2", func() { x.HistogramAt(tensor.Of([]float32{1, 3, 2}), none) })
	rejects(t, tensor.ErrValue, "histc", "the number of bins", func() { x.HistC(-1, 0, 0) })
	rejects(t, tensor.ErrValue, "histc", "the range [3, 1] descends", func() { x.HistC(5, 3, 1) })
	rejects(t, tensor.ErrValue, "histc", "is not finite", func() { tensor.Of([]float64{1, math.Inf(1)}).HistC(5, 0, 0) })
	rejects(t, tensor.ErrDType, "histc", "int64", func() { idx.HistC(5, 0, 0) })
}

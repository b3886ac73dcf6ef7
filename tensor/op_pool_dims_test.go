package tensor_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// Poolings over one, two and three dimensions against one reference, written from the definition.

// poolElement is an element of a window: its value, its place in the channel, and whether it lies in the padding; those
// beyond the padding too, in ceil mode, are left out.
type poolElement struct {
	v      float64
	at     int
	inside bool
}

// poolBy pools x (N, C, sizes...) to out...: reduce gets the elements of each window. windows are those of each axis, ends
// the padded ends.
func poolBy(x optest.Array, out, ends []int, windows []poolWindow, reduce func(w []poolElement) float64) optest.Array {
	sizes := x.Shape[2:]
	return optest.Build(append([]int{x.Shape[0], x.Shape[1]}, out...), func(at []int) float64 {
		w := []poolElement{{inside: true}}
		for a, window := range windows {
			var next []poolElement
			for _, e := range w {
				for _, k := range window(at[2+a]) {
					if k < ends[a] {
						next = append(next, poolElement{at: e.at*sizes[a] + k, inside: e.inside && k >= 0 && k < sizes[a]})
					}
				}
			}
			w = next
		}
		area := 1
		for _, n := range sizes {
			area *= n
		}
		for i := range w {
			if w[i].inside {
				w[i].v = x.Data[(at[0]*x.Shape[1]+at[1])*area+w[i].at]
			}
		}
		return reduce(w)
	})
}

func poolMax(w []poolElement) float64 {
	m := math.Inf(-1)
	for _, e := range w {
		if e.inside {
			m = max(m, e.v)
		}
	}
	return m
}

func poolArgMax(w []poolElement) float64 {
	best := -1
	for i, e := range w {
		if e.inside && (best < 0 || e.v > w[best].v) {
			best = i
		}
	}
	if best < 0 {
		return -1
	}
	return float64(w[best].at)
}

func poolMean(padded bool, divisor int) func(w []poolElement) float64 {
	return func(w []poolElement) (sum float64) {
		n := 0
		for _, e := range w {
			sum += e.v
			if padded || e.inside {
				n++
			}
		}
		if divisor > 0 {
			n = divisor
		}
		return sum / float64(n)
	}
}

// poolShape returns the result's size and the windows of a configuration: as many as start in the input or the padding before
// it, and unless in ceil mode end in the padded input; in ceil mode one may hang over.
func poolShape(cfg tensor.Pool3dConfig, first int, sizes []int) (out, ends []int, windows []poolWindow) {
	for a, n := range sizes {
		k, s, p, d := cfg.Kernel[first+a], cfg.Stride[first+a], cfg.Padding[first+a], max(1, cfg.Dilation[first+a])
		if s == 0 {
			s = k
		}
		count := 0
		for start := 0; ; start += s {
			fits := start+d*(k-1)+1 <= n+2*p
			if !fits && !(cfg.CeilMode && start < n+p && start+d*(k-1)+1-(n+2*p) < s) {
				break
			}
			count++
		}
		out, ends, windows = append(out, count), append(ends, n+p), append(windows, slidingWindow(k, s, p, d))
	}
	return out, ends, windows
}

// byRank calls the pooling over the last rank of three dimensions that the options are of.
func byRank(rank int, cfg tensor.Pool3dConfig, one, two func(x *tensor.Tensor, cfg poolConfig) *tensor.Tensor, three func(x *tensor.Tensor, cfg tensor.Pool3dConfig) *tensor.Tensor) func(x *tensor.Tensor) *tensor.Tensor {
	last := func(v [3]int) [2]int { return [2]int{v[1], v[2]} }
	flat := poolConfig{Kernel: last(cfg.Kernel), Stride: last(cfg.Stride), Padding: last(cfg.Padding), Dilation: last(cfg.Dilation), CeilMode: cfg.CeilMode, IgnorePadding: cfg.IgnorePadding, DivisorOverride: cfg.DivisorOverride}
	return func(x *tensor.Tensor) *tensor.Tensor {
		switch rank {
		case 1:
			return one(x, flat)
		case 2:
			return two(x, flat)
		}
		return three(x, cfg)
	}
}

func maxIndices[C any](f func(*tensor.Tensor, C) (y, indices *tensor.Tensor)) func(*tensor.Tensor, C) *tensor.Tensor {
	return func(x *tensor.Tensor, cfg C) *tensor.Tensor {
		_, i := f(x, cfg)
		return i
	}
}

func TestPoolDims(t *testing.T) {
	var cases []optest.Case
	three := func(d, h, w int) [3]int { return [3]int{d, h, w} }
	for _, c := range []struct {
		name string
		x    []int
		cfg  tensor.Pool3dConfig
	}{
		{"cube", []int{2, 2, 2, 4, 2}, tensor.Cube(2)},
		{"overlapping", []int{1, 2, 4, 3, 4}, tensor.Pool3dConfig{Kernel: three(3, 2, 3), Stride: three(1, 1, 1)}},
		{"padding", []int{1, 1, 3, 4, 5}, tensor.Pool3dConfig{Kernel: three(2, 3, 4), Stride: three(2, 2, 1), Padding: three(1, 1, 2)}},
		{"padding ignored", []int{1, 1, 3, 4, 5}, tensor.Pool3dConfig{Kernel: three(2, 3, 4), Stride: three(2, 2, 1), Padding: three(1, 1, 2), IgnorePadding: true}},
		{"ceil mode", []int{1, 2, 5, 4, 3}, tensor.Pool3dConfig{Kernel: three(2, 3, 2), Stride: three(2, 2, 2), Padding: three(1, 0, 0), CeilMode: true}},
		{"divisor", []int{1, 1, 2, 3, 4}, tensor.Pool3dConfig{Kernel: three(2, 2, 2), Stride: three(1, 1, 1), Padding: three(1, 0, 1), DivisorOverride: 5}},
		{"one element", []int{1, 1, 1, 1, 1}, tensor.Cube(1)},
		{"no samples", []int{0, 1, 2, 2, 2}, tensor.Cube(2)},
		{"sequences", []int{2, 2, 9}, tensor.Pool3dConfig{Kernel: three(0, 0, 3), Stride: three(0, 0, 2), Padding: three(0, 0, 1), CeilMode: true}},
		{"no channels", []int{2, 0, 9}, tensor.Pool3dConfig{Kernel: three(0, 0, 3)}},
		{"images, divisor", []int{1, 2, 5, 4}, tensor.Pool3dConfig{Kernel: three(0, 3, 2), Padding: three(0, 1, 0), DivisorOverride: 2}},
	} {
		rank := len(c.x) - 2
		out, ends, windows := poolShape(c.cfg, 3-rank, c.x[2:])
		want := func(reduce func(w []poolElement) float64) func([]optest.Array) []optest.Array {
			return func(in []optest.Array) []optest.Array {
				return []optest.Array{poolBy(in[0], out, ends, windows, reduce)}
			}
		}
		most := byRank(rank, c.cfg, tensor.MaxPool1d, tensor.MaxPool2d, tensor.MaxPool3d)
		where := byRank(rank, c.cfg, maxIndices(tensor.MaxPool1dWithIndices), maxIndices(tensor.MaxPool2dWithIndices), maxIndices(tensor.MaxPool3dWithIndices))
		mean := byRank(rank, c.cfg, tensor.AvgPool1d, tensor.AvgPool2d, tensor.AvgPool3d)
		cases = append(cases,
			optest.Case{Op: "tensor.maxPoolOp", Name: "dims " + c.name, In: of(c.x), F: one(most), Want: want(poolMax)},
			optest.Case{Op: "tensor.maxPoolOp", Name: "indices " + c.name, In: of(c.x), F: func(in tensors) tensors { return tensors{most(in[0]), where(in[0])} },
				Want: func(in []optest.Array) []optest.Array { return append(want(poolMax)(in), want(poolArgMax)(in)...) }},
			optest.Case{Op: "tensor.avgPoolOp", Name: "dims " + c.name, In: of(c.x), F: one(mean), Want: want(poolMean(!c.cfg.IgnorePadding, c.cfg.DivisorOverride))})
	}
	for _, c := range []struct{ x, size []int }{{[]int{1, 2, 3, 4, 2}, []int{2, 3, 1}}, {[]int{1, 1, 2, 1, 3}, []int{3, 2, 5}}, {[]int{2, 1, 5}, []int{3}}} {
		var windows []poolWindow
		for i, n := range c.size {
			windows = append(windows, adaptiveWindow(c.x[2+i], n))
		}
		f := func(max bool) func(x *tensor.Tensor) *tensor.Tensor {
			return func(x *tensor.Tensor) *tensor.Tensor {
				switch {
				case len(c.size) == 1 && max:
					return tensor.AdaptiveMaxPool1d(x, c.size[0])
				case len(c.size) == 1:
					return tensor.AdaptiveAvgPool1d(x, c.size[0])
				case max:
					return tensor.AdaptiveMaxPool3d(x, c.size[0], c.size[1], c.size[2])
				}
				return tensor.AdaptiveAvgPool3d(x, c.size[0], c.size[1], c.size[2])
			}
		}
		want := func(reduce func(w []poolElement) float64) func([]optest.Array) []optest.Array {
			return func(in []optest.Array) []optest.Array {
				return []optest.Array{poolBy(in[0], c.size, c.x[2:], windows, reduce)}
			}
		}
		cases = append(cases, optest.Case{Op: "tensor.maxPoolOp", Name: fmt.Sprint("adaptive ", c.size), In: of(c.x), F: one(f(true)), Want: want(poolMax)},
			optest.Case{Op: "tensor.avgPoolOp", Name: fmt.Sprint("adaptive ", c.size), In: of(c.x), F: one(f(false)), Want: want(poolMean(false, 0))})
	}
	optest.Run(t, cases)
}

// TestMaxPoolWithIndices checks that the gradient flows through the maxima where the indices are asked for too.
func TestMaxPoolWithIndices(t *testing.T) {
	x := tensor.Of([]float64{1, 5, 5, 2, 0, 3, 4, 9}, 1, 1, 2, 4).RequireGrad()
	y, at := tensor.MaxPool2dWithIndices(x, tensor.Square(2))
	wantValues(t, "maxima", y, 5, 9)
	wantValues(t, "indices", at, 1, 7)
	y.Mul(tensor.Of([]float64{2, 3}, 1, 1, 1, 2)).Sum().Backward()
	wantValues(t, "gradient", x.Grad(), 0, 2, 0, 0, 0, 0, 0, 3)
	_, at = tensor.MaxPool1dWithIndices(tensor.Of([]float64{7}, 1, 1, 1), poolConfig{Kernel: [2]int{0, 2}, Stride: [2]int{0, 1}, Padding: [2]int{0, 1}, Dilation: [2]int{0, 2}})
	wantValues(t, "the index of padding alone", at, -1)
}

// fractionalStarts are where windows of k begin in n, by Graham's formula.
func fractionalStarts(u float64, n, count, k int) (at []int) {
	alpha := float64(n-k) / float64(count-1)
	for i := range count - 1 {
		at = append(at, int(math.Floor((float64(i)+u)*alpha)-math.Floor(u*alpha)))
	}
	return append(at, n-k)
}

func TestFractionalMaxPool(t *testing.T) {
	var cases []optest.Case
	for _, c := range []struct {
		x            []int
		kernel, size [2]int
	}{{[]int{2, 2, 7, 6}, [2]int{2, 3}, [2]int{3, 2}}, {[]int{1, 1, 1, 1}, [2]int{1, 1}, [2]int{1, 1}}, {[]int{0, 2, 3, 3}, [2]int{2, 2}, [2]int{2, 2}}, {[]int{1, 3, 5, 5}, [2]int{1, 2}, [2]int{5, 1}}} {
		samples := []int{c.x[0], c.x[1], 2}
		values := make([]float64, 2*c.x[0]*c.x[1])
		for i := range values {
			values[i] = float64(i*5%16) / 16
		}
		cfg := tensor.FractionalMaxPoolConfig{Kernel: c.kernel, Size: c.size}
		cases = append(cases, optest.Case{Op: "tensor.fractionalMaxPoolOp", Name: fmt.Sprint(c), In: []tin{{Shape: c.x}, {Shape: samples, Values: values, Fixed: true}},
			F: func(in tensors) tensors { return tensors{tensor.FractionalMaxPool2d(in[0], in[1], cfg)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build([]int{c.x[0], c.x[1], c.size[0], c.size[1]}, func(at []int) float64 {
					top := fractionalStarts(in[1].At(at[0], at[1], 1), c.x[2], c.size[0], c.kernel[0])[at[2]]
					left := fractionalStarts(in[1].At(at[0], at[1], 0), c.x[3], c.size[1], c.kernel[1])[at[3]]
					m := math.Inf(-1)
					for i := range c.kernel[0] {
						for j := range c.kernel[1] {
							m = max(m, in[0].At(at[0], at[1], top+i, left+j))
						}
					}
					return m
				})}
			}})
	}
	optest.Run(t, cases)

	x, s := tensor.Rand(random.New(1), 1, 2, 8, 9), tensor.Rand(random.New(2), 1, 2, 2)
	byRatio := tensor.FractionalMaxPool2d(x, s, tensor.FractionalMaxPoolConfig{Kernel: [2]int{2, 2}, Ratio: [2]float64{0.5, 0.7}})
	bySize := tensor.FractionalMaxPool2d(x, s, tensor.FractionalMaxPoolConfig{Kernel: [2]int{2, 2}, Size: [2]int{4, 6}})
	if !tensor.Equal(byRatio, bySize) {
		t.Error("ratios 0.5 and 0.7 of 8 x 9 are not 4 x 6")
	}
}

func TestMaxUnpool(t *testing.T) {
	var cases []optest.Case
	for _, c := range []struct {
		name string
		x    []int
		at   []float64
		size []int
	}{
		{"sequences", []int{1, 2, 3}, []float64{4, 0, 2, 1, 3, 4}, []int{5}},
		{"images", []int{2, 1, 2, 1}, []float64{5, 0, 3, 4}, []int{2, 3}},
		{"volumes", []int{1, 1, 1, 2, 2}, []float64{7, 2, 5, 11}, []int{2, 2, 3}},
		{"equal indices", []int{1, 1, 5}, []float64{2, 0, 2, 1, 2}, []int{4}},
		{"one element", []int{1, 1, 1}, []float64{0}, []int{1}},
		{"no samples", []int{0, 2, 3}, nil, []int{4}},
	} {
		cases = append(cases, optest.Case{Op: "tensor.maxUnpoolOp", Name: c.name, In: []tin{{Shape: c.x}, {Shape: c.x, Values: append([]float64{}, c.at...), Fixed: true, DType: tensor.Int64}},
			F: func(in tensors) tensors {
				switch s := c.size; len(s) {
				case 1:
					return tensors{tensor.MaxUnpool1d(in[0], in[1], s[0])}
				case 2:
					return tensors{tensor.MaxUnpool2d(in[0], in[1], s[0], s[1])}
				default:
					return tensors{tensor.MaxUnpool3d(in[0], in[1], s[0], s[1], s[2])}
				}
			},
			Want: func(in []optest.Array) []optest.Array {
				area := tensor.ShapeOf(c.size...).Numel()
				y := optest.Build(append([]int{c.x[0], c.x[1]}, c.size...), func([]int) float64 { return 0 })
				per := tensor.ShapeOf(c.x[2:]...).Numel()
				for i, k := range in[1].Data {
					y.Data[i/per*area+int(k)] = in[0].Data[i]
				}
				return []optest.Array{y}
			}})
	}
	optest.Run(t, cases)

	// The inverse of pooling windows side by side, zeros elsewhere.
	x := tensor.Randn(random.New(1), 2, 3, 4, 6)
	y, at := tensor.MaxPool2dWithIndices(x, tensor.Square(2))
	back := tensor.MaxUnpool2d(y, at, 4, 6)
	again, _ := tensor.MaxPool2dWithIndices(back.Abs(), tensor.Square(2))
	if !tensor.Equal(again, y.Abs()) {
		t.Error("pooling what was unpooled gives other maxima")
	}
	if kept := back.NeScalar(0).To(tensor.Float32).Sum().Item(); kept != float64(y.Numel()) {
		t.Errorf("%v elements of %d were put back", kept, y.Numel())
	}
	if !tensor.Equal(back, tensor.Where(back.NeScalar(0), x, tensor.ZerosLike(x))) {
		t.Error("elements were put elsewhere")
	}
	// Of equal indices the last stays, and alone gets the gradient.
	v := tensor.Of([]float64{1, 2, 3}, 1, 1, 3).RequireGrad()
	u := tensor.MaxUnpool1d(v, tensor.Of([]int64{4, 0, 4}, 1, 1, 3), 5)
	wantValues(t, "unpooled", u, 2, 0, 0, 0, 3)
	u.Mul(tensor.Of([]float64{1, 2, 3, 4, 5}, 1, 1, 5)).Sum().Backward()
	wantValues(t, "gradient", v.Grad(), 0, 1, 5)
	if s := tensor.MaxUnpool3d(tensor.Zeros(0, 2, 1, 1, 1), tensor.With(tensor.Int64).Zeros(0, 2, 1, 1, 1), 2, 3, 4).Shape(); s != tensor.ShapeOf(0, 2, 2, 3, 4) {
		t.Errorf("no samples: %v", s)
	}
}

// TestLPPoolZero checks the gradient of windows of zeros, where the root has none: 0.
func TestLPPoolZero(t *testing.T) {
	x := tensor.Of([]float64{0, 0, 3, 4}, 1, 1, 4).RequireGrad()
	y := tensor.LPPool1d(x, 2, poolConfig{Kernel: [2]int{0, 2}})
	y.Sum().Backward()
	for i, want := range []float64{0, 0, 0.6, 0.8} {
		if got := x.Grad().Floats()[i]; math.Abs(got-want) > 1e-15 {
			t.Errorf("gradient %d is %v, want %v", i, got, want)
		}
	}
	if v := y.Detach().Floats(); v[0] != 0 || math.Abs(v[1]-5) > 1e-15 {
		t.Errorf("norms %v, want 0 and 5", v)
	}
}

func TestPoolDimsProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rank := rapid.IntRange(1, 3).Draw(r, "rank")
		x := []int{rapid.IntRange(1, 2).Draw(r, "n"), rapid.IntRange(1, 3).Draw(r, "c")}
		cfg := tensor.Pool3dConfig{CeilMode: rapid.Bool().Draw(r, "ceil"), IgnorePadding: rapid.Bool().Draw(r, "ignore padding")}
		averaged := cfg
		for a := 3 - rank; a < 3; a++ {
			k := rapid.IntRange(1, 4).Draw(r, "kernel")
			cfg.Kernel[a], cfg.Padding[a] = k, rapid.IntRange(0, k/2).Draw(r, "padding")
			cfg.Stride[a], cfg.Dilation[a] = rapid.IntRange(0, 3).Draw(r, "stride"), rapid.IntRange(0, 2).Draw(r, "dilation")
			averaged.Kernel[a], averaged.Padding[a], averaged.Stride[a] = k, cfg.Padding[a], cfg.Stride[a]
			x = append(x, max(1, cfg.Dilation[a])*(k-1)+1+rapid.IntRange(0, 5).Draw(r, "size"))
		}
		if rank > 1 {
			averaged.DivisorOverride = rapid.IntRange(0, 3).Draw(r, "divisor")
		}
		// Few different values: ties in every window.
		in := tensor.With(tensor.Float64).RandInt(random.New(rapid.Uint64().Draw(r, "seed")), -3, 4, x...).To(tensor.Float64)
		array := optest.Array{Shape: x, Data: in.Floats()}
		compare := func(what string, got *tensor.Tensor, want optest.Array, tol float64) {
			if got.Shape() != tensor.ShapeOf(want.Shape...) {
				r.Fatalf("%s: shape %v, want %v", what, got.Shape(), want.Shape)
			}
			if i := slices.IndexFunc(got.Floats(), func(v float64) bool { return v != v }); i >= 0 {
				r.Fatalf("%s: NaN at %d", what, i)
			}
			for i, v := range got.Floats() {
				if w := want.Data[i]; v != w && math.Abs(v-w) > tol {
					r.Fatalf("%s: element %d is %v, want %v", what, i, v, w)
				}
			}
		}
		out, ends, windows := poolShape(cfg, 3-rank, x[2:])
		compare("maxima", byRank(rank, cfg, tensor.MaxPool1d, tensor.MaxPool2d, tensor.MaxPool3d)(in), poolBy(array, out, ends, windows, poolMax), 0)
		compare("indices", byRank(rank, cfg, maxIndices(tensor.MaxPool1dWithIndices), maxIndices(tensor.MaxPool2dWithIndices), maxIndices(tensor.MaxPool3dWithIndices))(in),
			poolBy(array, out, ends, windows, poolArgMax), 0)
		out, ends, windows = poolShape(averaged, 3-rank, x[2:])
		compare("means", byRank(rank, averaged, tensor.AvgPool1d, tensor.AvgPool2d, tensor.AvgPool3d)(in),
			poolBy(array, out, ends, windows, poolMean(!averaged.IgnorePadding, averaged.DivisorOverride)), 1e-13)
	})
}

func TestPoolDimsBadArguments(t *testing.T) {
	seq, img, vol := tensor.Zeros(1, 2, 6), tensor.Zeros(1, 2, 5, 6), tensor.Zeros(1, 2, 4, 5, 6)
	// Every op names itself and the shape it takes.
	for op, f := range map[string]func(x *tensor.Tensor){
		"max_pool1d":            func(x *tensor.Tensor) { tensor.MaxPool1d(x, tensor.Square(2)) },
		"avg_pool1d":            func(x *tensor.Tensor) { tensor.AvgPool1d(x, tensor.Square(2)) },
		"max_pool3d":            func(x *tensor.Tensor) { tensor.MaxPool3dWithIndices(x, tensor.Cube(2)) },
		"avg_pool3d":            func(x *tensor.Tensor) { tensor.AvgPool3d(x, tensor.Cube(2)) },
		"lp_pool1d":             func(x *tensor.Tensor) { tensor.LPPool1d(x, 2, tensor.Square(2)) },
		"lp_pool2d":             func(x *tensor.Tensor) { tensor.LPPool2d(x, 2, tensor.Square(2)) },
		"adaptive_max_pool1d":   func(x *tensor.Tensor) { tensor.AdaptiveMaxPool1d(x, 2) },
		"adaptive_max_pool3d":   func(x *tensor.Tensor) { tensor.AdaptiveMaxPool3d(x, 2, 2, 2) },
		"adaptive_avg_pool3d":   func(x *tensor.Tensor) { tensor.AdaptiveAvgPool3d(x, 2, 2, 2) },
		"fractional_max_pool2d": func(x *tensor.Tensor) { tensor.FractionalMaxPool2d(x, x, tensor.FractionalMaxPoolConfig{}) },
		"max_unpool1d":          func(x *tensor.Tensor) { tensor.MaxUnpool1d(x, x, 2) },
		"max_unpool3d":          func(x *tensor.Tensor) { tensor.MaxUnpool3d(x, x, 2, 2, 2) },
	} {
		bad := tensor.Zeros(2, 3)
		wantFail(t, tensor.ErrShape, op, func() { f(bad) })
		refuses(t, tensor.ErrShape, op+" (2, 3): input must be (N, C, ", func() { f(bad) })
	}
	refuses(t, tensor.ErrValue, "max_pool1d (1, 2, 6): kernel 0", func() { tensor.MaxPool1d(seq, poolConfig{}) })
	refuses(t, tensor.ErrShape, "max_pool1d (1, 2, 6): the kernel spans 7", func() { tensor.MaxPool1d(seq, tensor.Square(7)) })
	refuses(t, tensor.ErrValue, "max_pool3d (1, 2, 4, 5, 6): kernel 2, stride -1", func() { tensor.MaxPool3d(vol, tensor.Pool3dConfig{Kernel: [3]int{2, 2, 2}, Stride: [3]int{0, -1, 0}}) })
	refuses(t, tensor.ErrValue, "padding 2 between", func() { tensor.AvgPool3d(vol, tensor.Pool3dConfig{Kernel: [3]int{2, 2, 2}, Padding: [3]int{2, 0, 0}}) })
	refuses(t, tensor.ErrValue, "avg_pool1d (1, 2, 6): averages have no dilation", func() { tensor.AvgPool1d(seq, poolConfig{Kernel: [2]int{0, 2}, Dilation: [2]int{0, 2}}) })
	refuses(t, tensor.ErrValue, "the divisor -1", func() { tensor.AvgPool2d(img, poolConfig{Kernel: [2]int{2, 2}, DivisorOverride: -1}) })
	refuses(t, tensor.ErrDType, "adaptive_avg_pool3d", func() { tensor.AdaptiveAvgPool3d(vol.To(tensor.Int64), 1, 1, 1) })
	refuses(t, tensor.ErrValue, "output sizes (2, 0, 1) must be positive", func() { tensor.AdaptiveMaxPool3d(vol, 2, 0, 1) })
	refuses(t, tensor.ErrShape, "after C must be positive", func() { tensor.MaxPool2d(tensor.Zeros(1, 2, 0, 6), tensor.Square(2)) })
	refuses(t, tensor.ErrShape, "larger than the 2147483647", func() {
		tensor.MaxPool2d(tensor.Zeros(1, 1, 1, 1).ToDevice(tensor.Meta).Expand(1, 1, 1<<16, 1<<16), tensor.Square(2))
	})

	refuses(t, tensor.ErrValue, "power 0 must be positive", func() { tensor.LPPool2d(img, 0, tensor.Square(2)) })
	refuses(t, tensor.ErrValue, "no padding", func() { tensor.LPPool2d(img, 2, poolConfig{Kernel: [2]int{2, 2}, Padding: [2]int{1, 1}}) })
	refuses(t, tensor.ErrValue, "no dilation", func() { tensor.LPPool2d(img, 2, poolConfig{Kernel: [2]int{2, 2}, Dilation: [2]int{2, 1}}) })

	type fractional = tensor.FractionalMaxPoolConfig
	draw := func(samples *tensor.Tensor, cfg fractional) func() {
		return func() { tensor.FractionalMaxPool2d(img, samples, cfg) }
	}
	s := tensor.Zeros(1, 2, 2)
	two := [2]int{2, 2}
	refuses(t, tensor.ErrValue, "give either sizes", draw(s, fractional{Kernel: two}))
	refuses(t, tensor.ErrValue, "give either sizes", draw(s, fractional{Kernel: two, Size: two, Ratio: [2]float64{0.5, 0.5}}))
	refuses(t, tensor.ErrValue, "give either sizes", draw(s, fractional{Kernel: two, Ratio: [2]float64{0.5, 1}}))
	refuses(t, tensor.ErrValue, "must be positive", draw(s, fractional{Size: two}))
	refuses(t, tensor.ErrValue, "must be positive", draw(s, fractional{Kernel: two, Size: [2]int{2, -1}}))
	refuses(t, tensor.ErrShape, "5 windows of 2 do not fit into 5", draw(s, fractional{Kernel: two, Size: [2]int{5, 2}}))
	refuses(t, tensor.ErrShape, "samples must be (N, C, 2)", draw(tensor.Zeros(1, 2, 3), fractional{Kernel: two, Size: two}))
	refuses(t, tensor.ErrValue, "sample 1 at position 3", draw(tensor.Of([]float32{0, 0, 0, 1}, 1, 2, 2), fractional{Kernel: two, Size: two}))
	refuses(t, tensor.ErrDType, "convert one with To", draw(s.To(tensor.Float64), fractional{Kernel: two, Size: two}))

	at := tensor.With(tensor.Int64).Zeros(1, 2, 5, 6)
	refuses(t, tensor.ErrDType, "max_unpool2d", func() { tensor.MaxUnpool2d(img, img, 9, 9) })
	refuses(t, tensor.ErrDType, "max_unpool2d", func() { tensor.MaxUnpool2d(at, at, 9, 9) })
	refuses(t, tensor.ErrShape, "the indices must have the input's shape", func() { tensor.MaxUnpool2d(img, at.Narrow(2, 0, 4), 9, 9) })
	refuses(t, tensor.ErrValue, "(9, 0) must be positive", func() { tensor.MaxUnpool2d(img, at, 9, 0) })
	refuses(t, tensor.ErrIndex, "index 6 at position 0 is outside the output's [0, 6)", func() { tensor.MaxUnpool2d(img, at.AddScalar(6), 2, 3) })
	refuses(t, tensor.ErrIndex, "index -1 at position 0", func() { tensor.MaxUnpool2d(img, at.AddScalar(-1), 2, 3) })
}

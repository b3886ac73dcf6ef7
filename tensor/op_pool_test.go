package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// poolWindow returns the places along one dimension that output i of a pooling covers, those in the padding as well: negative
// or size and beyond.
type poolWindow func(i int) []int

func slidingWindow(kernel, stride, padding, dilation int) poolWindow {
	return func(i int) (at []int) {
		for k := range kernel {
			at = append(at, i*stride-padding+k*dilation)
		}
		return at
	}
}

// adaptiveWindow covers rows ⌊i·size/n⌋ to ⌈(i+1)·size/n⌉.
func adaptiveWindow(size, n int) poolWindow {
	return func(i int) (at []int) {
		for k := int(math.Floor(float64(i) * float64(size) / float64(n))); k < int(math.Ceil(float64(i+1)*float64(size)/float64(n))); k++ {
			at = append(at, k)
		}
		return at
	}
}

// pooling is the reference of a pooling to (N, C, oh, ow): reduce gets the elements of a window.
func pooling(oh, ow int, rows, cols poolWindow, reduce func(window []float64, places [][2]int) float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x := withHeight(in[0])
		y := optest.Build([]int{x.Shape[0], x.Shape[1], oh, ow}, func(at []int) float64 {
			var window []float64
			var places [][2]int
			for _, i := range rows(at[2]) {
				for _, j := range cols(at[3]) {
					places = append(places, [2]int{i, j})
					if 0 <= i && i < x.Shape[2] && 0 <= j && j < x.Shape[3] {
						window = append(window, x.At(at[0], at[1], i, j))
					}
				}
			}
			return reduce(window, places)
		})
		return []optest.Array{likeInput(y, in[0])}
	}
}

func largest(window []float64, _ [][2]int) float64 {
	return slices.Max(append(window, inf*-1))
}

func average(window []float64, _ [][2]int) (sum float64) {
	for _, v := range window {
		sum += v
	}
	return sum / float64(len(window))
}

// averagePadded divides by the places in the plane with its padding; what hangs over its end in ceil mode does not count.
func averagePadded(h, w int) func(window []float64, places [][2]int) float64 {
	return func(window []float64, places [][2]int) (sum float64) {
		n := 0
		for _, p := range places {
			if p[0] < h && p[1] < w {
				n++
			}
		}
		for _, v := range window {
			sum += v
		}
		return sum / float64(n)
	}
}

type poolConfig = tensor.PoolConfig

// windows returns the windows of a configuration along both dimensions.
func windows(c poolConfig) (rows, cols poolWindow) {
	for i := range 2 {
		if c.Stride[i] == 0 {
			c.Stride[i] = c.Kernel[i]
		}
		c.Dilation[i] = max(c.Dilation[i], 1)
	}
	return slidingWindow(c.Kernel[0], c.Stride[0], c.Padding[0], c.Dilation[0]), slidingWindow(c.Kernel[1], c.Stride[1], c.Padding[1], c.Dilation[1])
}

func TestMaxPool(t *testing.T) {
	var cases []optest.Case
	pool := func(name string, in tin, cfg poolConfig, oh, ow int) *optest.Case {
		rows, cols := windows(cfg)
		cases = append(cases, optest.Case{Op: "tensor.maxPoolOp", Name: name, In: []tin{in}, Want: pooling(oh, ow, rows, cols, largest),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.MaxPool2d(x, cfg) })})
		return &cases[len(cases)-1]
	}
	two := tensor.Square(2)
	pool("2x2", tin{Shape: []int{2, 3, 4, 6}}, two, 2, 3)
	pool("2x2 of odd sizes", tin{Shape: []int{1, 2, 5, 7}}, two, 2, 3)
	pool("one element", tin{Shape: []int{1, 1, 1, 1}}, tensor.Square(1), 1, 1)
	pool("3x2", tin{Shape: []int{1, 2, 6, 4}}, poolConfig{Kernel: [2]int{3, 2}}, 2, 2)
	pool("overlapping", tin{Shape: []int{2, 2, 7, 6}}, poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 1}}, 3, 4)
	pool("stride with gaps", tin{Shape: []int{1, 1, 7, 8}}, poolConfig{Kernel: [2]int{2, 1}, Stride: [2]int{3, 4}}, 2, 2)
	pool("padding", tin{Shape: []int{1, 2, 5, 4}}, poolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}, 3, 3)
	pool("dilation", tin{Shape: []int{1, 2, 7, 6}}, poolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2}, Dilation: [2]int{2, 3}}, 3, 2)
	pool("padding and dilation", tin{Shape: []int{1, 2, 6, 5}}, poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, Dilation: [2]int{2, 2}}, 2, 2)
	pool("ceil mode", tin{Shape: []int{1, 2, 6, 8}}, poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 3}, CeilMode: true}, 3, 3)
	pool("2x2 in ceil mode", tin{Shape: []int{1, 2, 5, 4}}, poolConfig{Kernel: [2]int{2, 2}, CeilMode: true}, 3, 2)
	// The window that would start in the padding behind the end is left out: (5 + 2 - 2 + 1)/2 + 1 is 4, the fourth at 5.
	pool("ceil mode with padding", tin{Shape: []int{1, 1, 5, 5}}, poolConfig{Kernel: [2]int{2, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, CeilMode: true}, 3, 3)
	pool("kernel larger than the padded input in ceil mode", tin{Shape: []int{1, 1, 3, 1}}, poolConfig{Kernel: [2]int{4, 2}, Stride: [2]int{2, 2}, CeilMode: true}, 1, 1)
	pool("kernel larger than the input", tin{Shape: []int{1, 1, 2, 3}}, poolConfig{Kernel: [2]int{4, 5}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}}, 1, 1)
	pool("no samples", tin{Shape: []int{0, 2, 4, 4}}, two, 2, 2)
	pool("no channels", tin{Shape: []int{2, 0, 4, 4}}, two, 2, 2)
	pool("many planes", tin{Shape: []int{7, 9, 6, 6}}, tensor.Square(3), 2, 2)

	n := inf * -1
	special := []float64{
		n, n, 1, n,
		n, n, n, 2,
		nan, 1, inf, 3,
		inf, 2, 3, inf,
	}
	pool("infinities, 2x2", tin{Shape: []int{1, 1, 4, 4}, Values: special[:8:8]}, two, 1, 2).In[0].Shape = []int{1, 1, 2, 4}
	pool("infinities", tin{Shape: []int{1, 1, 2, 4}, Values: special[:8:8]}, poolConfig{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}}, 1, 3)
	for i := len(cases) - 2; i < len(cases); i++ {
		cases[i].Order = -1 // differences of infinities
	}
	// Dilation can take every tap of a window into the padding; the largest of nothing is -Inf, as in PyTorch.
	pool("padding alone", tin{Shape: []int{1, 1, 1, 1}}, poolConfig{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}, Dilation: [2]int{2, 2}}, 1, 1).Order = -1

	for _, k := range []struct {
		name string
		x    []int
		h, w int
	}{{"divides", []int{2, 2, 4, 6}, 2, 3}, {"overlaps", []int{1, 2, 7, 5}, 3, 2}, {"enlarges", []int{1, 2, 2, 3}, 5, 4}, {"global", []int{3, 2, 3, 5}, 1, 1}, {"no samples", []int{0, 2, 3, 3}, 2, 2}} {
		cases = append(cases, optest.Case{Op: "tensor.maxPoolOp", Name: "adaptive " + k.name, In: of(k.x),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.AdaptiveMaxPool2d(x, k.h, k.w) }),
			Want: pooling(k.h, k.w, adaptiveWindow(k.x[2], k.h), adaptiveWindow(k.x[3], k.w), largest)})
	}
	cases = append(cases,
		optest.Case{Op: "tensor.maxPoolOp", Name: "method", In: of([]int{1, 2, 7, 6}), F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.MaxPool2d(3) }),
			Want: pooling(2, 2, slidingWindow(3, 3, 0, 1), slidingWindow(3, 3, 0, 1), largest)},
		optest.Case{Op: "tensor.maxPoolOp", Name: "1d", In: of([]int{2, 2, 9}),
			F: one(func(x *tensor.Tensor) *tensor.Tensor {
				return tensor.MaxPool1d(x, poolConfig{Kernel: [2]int{7, 3}, Stride: [2]int{9, 2}, Padding: [2]int{5, 1}, Dilation: [2]int{4, 2}})
			}),
			Want: pooling(1, 4, slidingWindow(1, 1, 0, 1), slidingWindow(3, 2, 1, 2), largest)},
		optest.Case{Op: "tensor.maxPoolOp", Name: "1d adaptive", In: of([]int{1, 3, 7}), F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.AdaptiveMaxPool1d(x, 3) }),
			Want: pooling(1, 3, slidingWindow(1, 1, 0, 1), adaptiveWindow(7, 3), largest)},
	)
	optest.Run(t, cases)
}

// TestMaxPoolTies checks which element of a window gets the gradient: the first of equals, and the first NaN.
func TestMaxPoolTies(t *testing.T) {
	n := -inf
	for _, c := range []struct {
		name       string
		x, y, grad []float64
		cfg        poolConfig
	}{
		{"2x2", []float64{1, 1, 0, 2, 1, 1, 2, 2}, []float64{1, 2}, []float64{1, 0, 0, 10, 0, 0, 0, 0}, tensor.Square(2)},
		{"zeros of both signs", []float64{math.Copysign(0, -1), 0, 0, -1, -1, -1, math.Copysign(0, -1), -1}, []float64{0, 0}, []float64{1, 0, 10, 0, 0, 0, 0, 0}, tensor.Square(2)},
		{"-Inf alone", []float64{n, n, n, n, n, n, n, n}, []float64{n, n}, []float64{1, 0, 10, 0, 0, 0, 0, 0}, tensor.Square(2)},
		{"NaN", []float64{1, nan, inf, 2, nan, 3, 1, nan}, []float64{nan, nan}, []float64{0, 1, 0, 0, 0, 0, 0, 10}, tensor.Square(2)},
		{"overlapping", []float64{1, 3, 3, 1, 0, 3, 3, 0}, []float64{3, 3, 3}, []float64{0, 11, 100, 0, 0, 0, 0, 0}, poolConfig{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}}},
		{"NaN, overlapping", []float64{1, 2, nan, 1, 0, nan, 5, 6}, []float64{nan, nan, nan}, []float64{0, 0, 110, 0, 0, 1, 0, 0}, poolConfig{Kernel: [2]int{2, 2}, Stride: [2]int{1, 1}}},
		{"padding", []float64{1, 1, 1, 1, 1, 1, 1, 1}, []float64{1, 1, 1}, []float64{1, 10, 0, 100, 0, 0, 0, 0}, poolConfig{Kernel: [2]int{2, 2}, Padding: [2]int{0, 1}}},
		{"padding alone", []float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{n, n}, []float64{0, 0, 0, 0, 0, 0, 0, 0}, poolConfig{Kernel: [2]int{2, 2}, Stride: [2]int{1, 3}, Padding: [2]int{1, 1}, Dilation: [2]int{3, 2}}},
	} {
		for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
			x := tensor.Of(c.x, 1, 1, 2, 4).To(d).RequireGrad()
			y := tensor.MaxPool2d(x, c.cfg)
			for i, v := range y.Detach().Floats() {
				if i >= len(c.y) || v != c.y[i] && !(v != v && c.y[i] != c.y[i]) {
					t.Errorf("%s: %v, want %v", c.name, y.Detach().Floats(), c.y)
					break
				}
			}
			dy := tensor.Of([]float64{1, 10, 100}[:len(c.y)], 1, 1, 1, len(c.y)).To(d)
			wantValues(t, c.name+": gradient", tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{dy}, []*tensor.Tensor{x}, false, false)[0], c.grad...)
		}
	}
}

func TestAvgPool(t *testing.T) {
	var cases []optest.Case
	pool := func(name string, shape []int, cfg poolConfig, oh, ow int) {
		rows, cols := windows(cfg)
		reduce := averagePadded(shape[2]+cfg.Padding[0], shape[3]+cfg.Padding[1])
		if cfg.IgnorePadding {
			reduce = average
		}
		cases = append(cases, optest.Case{Op: "tensor.avgPoolOp", Name: name, In: of(shape), Want: pooling(oh, ow, rows, cols, reduce),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2d(x, cfg) })})
	}
	pool("2x2", []int{2, 3, 4, 6}, tensor.Square(2), 2, 3)
	pool("2x2 of odd sizes", []int{1, 2, 5, 7}, tensor.Square(2), 2, 3)
	pool("one element", []int{1, 1, 1, 1}, tensor.Square(1), 1, 1)
	pool("overlapping", []int{2, 2, 7, 6}, poolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{2, 1}}, 3, 5)
	pool("stride with gaps", []int{1, 1, 7, 8}, poolConfig{Kernel: [2]int{2, 1}, Stride: [2]int{3, 4}}, 2, 2)
	pool("padding", []int{1, 2, 5, 4}, poolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}, 3, 3)
	pool("padding ignored", []int{1, 2, 5, 4}, poolConfig{Kernel: [2]int{3, 2}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, IgnorePadding: true}, 3, 3)
	pool("ceil mode", []int{1, 2, 6, 8}, poolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{2, 3}, CeilMode: true}, 3, 3)
	pool("ceil mode with padding", []int{1, 2, 6, 6}, poolConfig{Kernel: [2]int{3, 4}, Stride: [2]int{2, 3}, Padding: [2]int{1, 1}, CeilMode: true}, 4, 3)
	pool("ceil mode, padding ignored", []int{1, 2, 6, 6}, poolConfig{Kernel: [2]int{3, 4}, Stride: [2]int{2, 3}, Padding: [2]int{1, 1}, CeilMode: true, IgnorePadding: true}, 4, 3)
	pool("kernel larger than the padded input in ceil mode", []int{1, 1, 3, 1}, poolConfig{Kernel: [2]int{4, 2}, Stride: [2]int{2, 2}, CeilMode: true}, 1, 1)
	pool("kernel larger than the input", []int{1, 1, 2, 3}, poolConfig{Kernel: [2]int{4, 5}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}}, 1, 1)
	pool("no samples", []int{0, 2, 4, 4}, tensor.Square(2), 2, 2)
	pool("no channels", []int{2, 0, 4, 4}, tensor.Square(2), 2, 2)
	pool("many planes", []int{7, 9, 6, 6}, tensor.Square(3), 2, 2)
	pool("large windows", []int{1, 1, 70, 75}, poolConfig{Kernel: [2]int{60, 70}, Stride: [2]int{5, 5}}, 3, 2)

	for _, k := range []struct {
		name string
		x    []int
		h, w int
	}{{"divides", []int{2, 2, 4, 6}, 2, 3}, {"overlaps", []int{1, 2, 7, 5}, 3, 2}, {"enlarges", []int{1, 2, 2, 3}, 5, 4}, {"global", []int{3, 2, 3, 5}, 1, 1}, {"large", []int{1, 1, 90, 83}, 1, 1}, {"no samples", []int{0, 2, 3, 3}, 2, 2}} {
		cases = append(cases, optest.Case{Op: "tensor.avgPoolOp", Name: "adaptive " + k.name, In: of(k.x),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.AdaptiveAvgPool2d(x, k.h, k.w) }),
			Want: pooling(k.h, k.w, adaptiveWindow(k.x[2], k.h), adaptiveWindow(k.x[3], k.w), average)})
	}
	special := tin{Shape: []int{1, 1, 2, 6}, Values: []float64{nan, 1, inf, 2, inf, 0, 1, 1, 1, 1, 1, -inf}}
	cases = append(cases,
		optest.Case{Op: "tensor.avgPoolOp", Name: "method", In: of([]int{1, 2, 7, 6}), F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.AvgPool2d(3) }),
			Want: pooling(2, 2, slidingWindow(3, 3, 0, 1), slidingWindow(3, 3, 0, 1), average)},
		optest.Case{Op: "tensor.avgPoolOp", Name: "infinities and NaN", In: []tin{special}, Order: -1, F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.AvgPool2d(2) }),
			Want: pooling(1, 3, slidingWindow(2, 2, 0, 1), slidingWindow(2, 2, 0, 1), average)},
		optest.Case{Op: "tensor.avgPoolOp", Name: "1d", In: of([]int{2, 2, 9}),
			F: one(func(x *tensor.Tensor) *tensor.Tensor {
				return tensor.AvgPool1d(x, poolConfig{Kernel: [2]int{7, 3}, Stride: [2]int{9, 2}, Padding: [2]int{5, 1}, Dilation: [2]int{4, 1}})
			}),
			Want: pooling(1, 5, slidingWindow(1, 1, 0, 1), slidingWindow(3, 2, 1, 1), averagePadded(1, 10))},
		optest.Case{Op: "tensor.avgPoolOp", Name: "1d adaptive", In: of([]int{1, 3, 7}), F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.AdaptiveAvgPool1d(x, 3) }),
			Want: pooling(1, 3, slidingWindow(1, 1, 0, 1), adaptiveWindow(7, 3), average)},
	)
	optest.Run(t, cases)
}

// TestAvgPoolAccuracy checks that a mean over many float32 elements loses none of them: 2^14 times 1 + 2^-20.
func TestAvgPoolAccuracy(t *testing.T) {
	v := make([]float32, 128*129)
	for i := range v {
		v[i] = 1 + 0x1p-20
	}
	x := tensor.Of(v, 1, 1, 128, 129)
	wantValues(t, "the global mean", tensor.AdaptiveAvgPool2d(x, 1, 1), 1+0x1p-20)
	wantValues(t, "the mean of one window", x.AvgPool2d(128), 1+0x1p-20)
}

func TestPoolBadArguments(t *testing.T) {
	x := tensor.Zeros(1, 2, 5, 6)
	kernel := [2]int{2, 2}
	for name, pool := range map[string]func(x *tensor.Tensor, cfg poolConfig){
		"max_pool2d": func(x *tensor.Tensor, cfg poolConfig) { tensor.MaxPool2d(x, cfg) },
		"avg_pool2d": func(x *tensor.Tensor, cfg poolConfig) { tensor.AvgPool2d(x, cfg) },
	} {
		use := func(x *tensor.Tensor, cfg poolConfig) func() { return func() { pool(x, cfg) } }
		refuses(t, tensor.ErrShape, name+" (2, 5, 6): input must be (N, C, H, W)", use(tensor.Zeros(2, 5, 6), poolConfig{Kernel: kernel}))
		refuses(t, tensor.ErrValue, "kernel 0", use(x, poolConfig{}))
		refuses(t, tensor.ErrValue, "kernel -1", use(x, poolConfig{Kernel: [2]int{2, -1}}))
		refuses(t, tensor.ErrValue, "stride -1", use(x, poolConfig{Kernel: kernel, Stride: [2]int{-1, 1}}))
		refuses(t, tensor.ErrValue, "padding -1", use(x, poolConfig{Kernel: kernel, Padding: [2]int{0, -1}}))
		refuses(t, tensor.ErrValue, "padding 2 between 0 and half the kernel", use(x, poolConfig{Kernel: [2]int{3, 3}, Padding: [2]int{2, 0}}))
		refuses(t, tensor.ErrValue, "dilation -1", use(x, poolConfig{Kernel: kernel, Dilation: [2]int{-1, 1}}))
		refuses(t, tensor.ErrShape, "the kernel spans 6, more than the padded input's 5", use(x, tensor.Square(6)))
		refuses(t, tensor.ErrShape, "the kernel spans 8, more than the padded input's 5", use(x, poolConfig{Kernel: [2]int{8, 2}, Stride: [2]int{2, 2}, CeilMode: true}))
		refuses(t, tensor.ErrDType, "convert with To", use(x.To(tensor.Int64), poolConfig{Kernel: kernel}))
	}
	refuses(t, tensor.ErrShape, "the kernel spans 5, more than the padded input's 4", func() {
		tensor.MaxPool2d(tensor.Zeros(1, 1, 4, 4), poolConfig{Kernel: kernel, Stride: kernel, Dilation: [2]int{4, 1}})
	})
	refuses(t, tensor.ErrValue, "averages have no dilation", func() { tensor.AvgPool2d(x, poolConfig{Kernel: kernel, Dilation: [2]int{1, 2}}) })
	refuses(t, tensor.ErrValue, "(0, 2) must be positive", func() { tensor.AdaptiveAvgPool2d(x, 0, 2) })
	refuses(t, tensor.ErrValue, "(2, -1) must be positive", func() { tensor.AdaptiveMaxPool2d(x, 2, -1) })
	refuses(t, tensor.ErrShape, "must be positive", func() { tensor.AdaptiveMaxPool2d(tensor.Zeros(1, 1, 0, 3), 1, 1) })
	wantFail(t, tensor.ErrShape, "adaptive_avg_pool2d", func() { tensor.AdaptiveAvgPool2d(tensor.Zeros(2, 3, 4), 1, 1) })
	wantFail(t, tensor.ErrShape, "adaptive_max_pool2d", func() { tensor.AdaptiveMaxPool2d(tensor.Zeros(2, 3, 4), 1, 1) })
	wantFail(t, tensor.ErrShape, "max_pool1d", func() { tensor.MaxPool1d(x, poolConfig{Kernel: kernel}) })
	wantFail(t, tensor.ErrShape, "avg_pool1d", func() { tensor.AvgPool1d(x, poolConfig{Kernel: kernel}) })
	wantFail(t, tensor.ErrShape, "adaptive_max_pool1d", func() { tensor.AdaptiveMaxPool1d(x, 2) })
	wantFail(t, tensor.ErrShape, "adaptive_avg_pool1d", func() { tensor.AdaptiveAvgPool1d(x, 2) })
}

package tensor_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// blocks calls f for each element of the columns (channel, tap, place) that lies in the plane, with its place there.
func blocks(c tensor.FoldConfig, channels, h, w int, f func(channel, row, column, y, x int)) (oh, ow int) {
	for i := range 2 {
		c.Stride[i], c.Dilation[i] = max(c.Stride[i], 1), max(c.Dilation[i], 1)
	}
	for oh*c.Stride[0]+c.Dilation[0]*(c.Kernel[0]-1)+1 <= h+2*c.Padding[0] {
		oh++
	}
	for ow*c.Stride[1]+c.Dilation[1]*(c.Kernel[1]-1)+1 <= w+2*c.Padding[1] {
		ow++
	}
	for ch := range channels {
		for k := range c.Kernel[0] * c.Kernel[1] {
			for l := range oh * ow {
				y := l/ow*c.Stride[0] + k/c.Kernel[1]*c.Dilation[0] - c.Padding[0]
				x := l%ow*c.Stride[1] + k%c.Kernel[1]*c.Dilation[1] - c.Padding[1]
				if y >= 0 && y < h && x >= 0 && x < w {
					f(ch, ch*c.Kernel[0]*c.Kernel[1]+k, l, y, x)
				}
			}
		}
	}
	return oh, ow
}

func TestUnfoldAndFold(t *testing.T) {
	type two = [2]int
	var cases []optest.Case
	for _, u := range []struct {
		name       string
		n, c, h, w int
		cfg        tensor.FoldConfig
	}{
		{"square", 2, 2, 4, 3, tensor.FoldConfig{Kernel: two{2, 2}}},
		{"all options", 1, 2, 6, 7, tensor.FoldConfig{Kernel: two{2, 3}, Dilation: two{2, 1}, Padding: two{1, 2}, Stride: two{2, 3}}},
		{"one element", 1, 1, 1, 1, tensor.FoldConfig{Kernel: two{1, 1}}},
		{"more padding than plane", 1, 1, 2, 1, tensor.FoldConfig{Kernel: two{1, 2}, Padding: two{3, 2}, Stride: two{2, 1}}},
		{"gaps", 1, 1, 7, 8, tensor.FoldConfig{Kernel: two{1, 2}, Stride: two{3, 4}}},
		{"no images", 0, 2, 3, 3, tensor.FoldConfig{Kernel: two{2, 2}}},
		{"no channels", 2, 0, 3, 3, tensor.FoldConfig{Kernel: two{2, 2}}},
		{"many planes", 3, 5, 30, 31, tensor.FoldConfig{Kernel: two{3, 3}, Padding: two{1, 1}}},
	} {
		planes := []int{u.n, u.c, u.h, u.w}
		oh, ow := blocks(u.cfg, 0, u.h, u.w, nil)
		columns := []int{u.n, u.c * u.cfg.Kernel[0] * u.cfg.Kernel[1], oh * ow}
		cases = append(cases, optest.Case{Op: "tensor.unfoldOp", Name: u.name, In: of(planes),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.Unfold(x, u.cfg) }),
			Want: func(in []optest.Array) []optest.Array {
				y := optest.Build(columns, func([]int) float64 { return 0 })
				for n := range u.n {
					blocks(u.cfg, u.c, u.h, u.w, func(c, row, col, i, j int) { y.Data[y.Offset(n, row, col)] = in[0].At(n, c, i, j) })
				}
				return []optest.Array{y}
			}})
		cases = append(cases, optest.Case{Op: "tensor.foldOp", Name: u.name, In: of(columns),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return tensor.Fold(x, u.h, u.w, u.cfg) }),
			Want: func(in []optest.Array) []optest.Array {
				y := optest.Build(planes, func([]int) float64 { return 0 })
				for n := range u.n {
					blocks(u.cfg, u.c, u.h, u.w, func(c, row, col, i, j int) { y.Data[y.Offset(n, c, i, j)] += in[0].At(n, row, col) })
				}
				return []optest.Array{y}
			}})
	}
	optest.Run(t, cases)
}

// TestFoldIsAdjoint: <Unfold(x), y> = <x, Fold(y)> for random sizes and options, and a convolution is a product with Unfold.
func TestFoldIsAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cfg tensor.FoldConfig
		var size [2]int
		for i := range 2 {
			cfg.Kernel[i], cfg.Dilation[i] = rapid.IntRange(1, 4).Draw(t, "kernel"), rapid.IntRange(1, 3).Draw(t, "dilation")
			cfg.Padding[i], cfg.Stride[i] = rapid.IntRange(0, 3).Draw(t, "padding"), rapid.IntRange(1, 4).Draw(t, "stride")
			span := cfg.Dilation[i]*(cfg.Kernel[i]-1) + 1
			size[i] = max(1, span-2*cfg.Padding[i]) + rapid.IntRange(0, 9).Draw(t, "size")
		}
		n, c := rapid.IntRange(1, 2).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "c")
		wave := func(like *tensor.Tensor, f func(float64) float64) *tensor.Tensor {
			return waves(like, func(i int) float64 { return f(float64(i)) })
		}
		x := wave(tensor.With(tensor.Float64).Zeros(n, c, size[0], size[1]), math.Sin)
		u := tensor.Unfold(x, cfg)
		y := wave(u, math.Cos)
		a, b := u.Mul(y).Sum().Item(), x.Mul(tensor.Fold(y, size[0], size[1], cfg)).Sum().Item()
		if math.Abs(a-b) > 1e-10 {
			t.Fatalf("<Unfold(x), y> = %v, <x, Fold(y)> = %v", a, b)
		}
		w := wave(tensor.With(tensor.Float64).Zeros(2, c, cfg.Kernel[0], cfg.Kernel[1]), math.Cos)
		conv := tensor.Conv2d(x, w, nil, tensor.ConvConfig{Stride: cfg.Stride, Padding: cfg.Padding, Dilation: cfg.Dilation})
		if product := w.Flatten(1).MatMul(u); !tensor.AllClose(product, conv.Flatten(2), 1e-10, 1e-10, false) {
			t.Fatal("a convolution is not the product of the weight with the columns")
		}
	})
}

func TestUnfoldDim(t *testing.T) {
	var cases []optest.Case
	for _, u := range []struct {
		name             string
		shape            []int
		axis, size, step int
	}{
		{"vector", []int{7}, 0, 3, 2}, {"whole", []int{5}, 0, 5, 1}, {"rows", []int{5, 3}, 0, 2, 1}, {"columns", []int{2, 7}, -1, 3, 3},
		{"the middle", []int{2, 6, 3}, 1, 3, 2}, {"gaps", []int{9, 2}, 0, 2, 4}, {"one element", []int{1}, 0, 1, 1}, {"empty windows", []int{3}, 0, 0, 1},
		{"nothing", []int{0, 4}, 1, 2, 1}, {"signal", []int{5000}, 0, 9, 2}, {"channels", []int{3, 700, 16}, 1, 5, 3}, {"seven dimensions", []int{1, 2, 1, 4, 1, 1, 2}, 3, 2, 1},
	} {
		axis := (u.axis + len(u.shape)) % len(u.shape)
		shape := append(append([]int{}, u.shape...), u.size)
		shape[axis] = (u.shape[axis]-u.size)/u.step + 1
		op := "tensor.unfoldDimOp"
		cases = append(cases, optest.Case{Op: op, Name: u.name, In: of(u.shape), Ints: true,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.UnfoldDim(u.axis, u.size, u.step) }),
			Want: picked(shape, func(at []int) []int {
				from := append([]int{}, at[:len(u.shape)]...)
				from[axis] = at[axis]*u.step + at[len(u.shape)]
				return from
			})})
	}
	optest.Run(t, cases)
}

func TestUnfoldRefuses(t *testing.T) {
	type two = [2]int
	x := tensor.Ones(1, 2, 4, 3)
	unfold := func(cfg tensor.FoldConfig) func() { return func() { tensor.Unfold(x, cfg) } }
	k := two{2, 2}
	for _, bad := range []tensor.FoldConfig{{}, {Kernel: two{0, 2}}, {Kernel: two{2, -1}}, {Kernel: k, Stride: two{-1, 1}}, {Kernel: k, Dilation: two{1, -1}}, {Kernel: k, Padding: two{-1, 0}}} {
		rejects(t, tensor.ErrValue, "unfold", "must be positive", unfold(bad))
		rejects(t, tensor.ErrValue, "fold", "must be positive", func() { tensor.Fold(tensor.Ones(1, 4, 2), 3, 2, bad) })
	}
	rejects(t, tensor.ErrShape, "unfold", "a kernel of 4 with dilation 1 does not fit the padded size 3", unfold(tensor.FoldConfig{Kernel: two{2, 4}}))
	rejects(t, tensor.ErrShape, "unfold", "does not fit", unfold(tensor.FoldConfig{Kernel: k, Dilation: two{4, 1}}))
	rejects(t, tensor.ErrShape, "unfold", "does not fit", unfold(tensor.FoldConfig{Kernel: two{math.MaxInt, 1}, Dilation: two{math.MaxInt, 1}}))
	rejects(t, tensor.ErrShape, "unfold", "are more than a dimension can hold", unfold(tensor.FoldConfig{Kernel: k, Padding: two{math.MaxInt32, math.MaxInt32}}))
	rejects(t, tensor.ErrShape, "unfold", "input must be (N, C, H, W) or (C, H, W)", func() { tensor.Unfold(tensor.Ones(3, 3), tensor.FoldConfig{Kernel: k}) })
	rejects(t, tensor.ErrDType, "unfold", "int64 is not supported", func() { tensor.Unfold(x.To(tensor.Int64), tensor.FoldConfig{Kernel: k}) })
	cols := tensor.Ones(1, 8, 6)
	fold := func(h, w int, cfg tensor.FoldConfig) func() { return func() { tensor.Fold(cols, h, w, cfg) } }
	rejects(t, tensor.ErrShape, "fold", "planes of 5 by 3 have 4 by 2 blocks, not 6", fold(5, 3, tensor.FoldConfig{Kernel: k}))
	rejects(t, tensor.ErrShape, "fold", "the kernel's 6 elements do not divide the 8 rows", fold(5, 3, tensor.FoldConfig{Kernel: two{3, 2}}))
	rejects(t, tensor.ErrValue, "fold", "the size of the planes, 0 by 3", fold(0, 3, tensor.FoldConfig{Kernel: k}))
	rejects(t, tensor.ErrShape, "fold", "input must be (N, C·KH·KW, L)", func() { tensor.Fold(tensor.Ones(4), 2, 2, tensor.FoldConfig{Kernel: k}) })
	rejects(t, tensor.ErrShape, "unfold_dim", "windows of 4 are larger than axis 3 of size 3", func() { x.UnfoldDim(-1, 4, 1) })
	rejects(t, tensor.ErrValue, "unfold_dim", "the step 0 at least 1", func() { x.UnfoldDim(0, 1, 0) })
	rejects(t, tensor.ErrValue, "unfold_dim", "the size -1 must not be negative", func() { x.UnfoldDim(0, -1, 1) })
	rejects(t, tensor.ErrAxis, "unfold_dim", "axis 4 is out of range", func() { x.UnfoldDim(4, 1, 1) })
}

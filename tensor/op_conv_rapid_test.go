package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// TestConvProperties draws shapes, options and memory layouts and compares convolutions of 1 to 3 dimensions, and transposed
// ones, with the definition, their gradients with each other: <conv(x, w), y> = <x, dx> = <w, dw>.
func TestConvProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dims := rapid.IntRange(1, 3).Draw(r, "dims")
		groups := rapid.IntRange(1, 3).Draw(r, "groups")
		cg, kg := rapid.IntRange(1, 3).Draw(r, "cg"), rapid.IntRange(1, 6).Draw(r, "kg")
		n := rapid.IntRange(1, 3).Draw(r, "n")
		var g geometry
		g.groups = groups
		x, w, out := []int{n, cg * groups}, []int{kg * groups, cg}, []int{}
		for i := range 3 {
			g.stride[i], g.dilation[i] = 1, 1
			if i < 3-dims {
				continue
			}
			g.stride[i], g.dilation[i] = rapid.IntRange(1, 4).Draw(r, "stride"), rapid.IntRange(1, 3).Draw(r, "dilation")
			g.before[i] = rapid.IntRange(0, 4).Draw(r, "padding")
			kernel := rapid.IntRange(1, 6-dims).Draw(r, "kernel")
			span := g.dilation[i]*(kernel-1) + 1
			size := rapid.IntRange(max(1, span-2*g.before[i]), max(1, span-2*g.before[i])+12/dims).Draw(r, "size")
			x, w = append(x, size), append(w, kernel)
			out = append(out, (size+2*g.before[i]-span)/g.stride[i]+1)
		}
		d := rapid.SampledFrom([]tensor.DType{tensor.Float64, tensor.Float32}).Draw(r, "dtype")
		tol := map[tensor.DType]float64{tensor.Float64: 1e-12, tensor.Float32: 1e-5}[d]
		bias := []int{w[0]}
		in := []optest.Array{convArray(x, 1), convArray(w, 2), convArray(bias, 3)}
		var ts tensors
		for _, a := range in {
			u := tensor.Of(a.Data, a.Shape...).To(d)
			if rapid.Bool().Draw(r, "strided") { // the same values behind swapped strides
				last := len(a.Shape) - 1
				u = u.Transpose(0, last).Contiguous().Transpose(0, last)
			}
			ts = append(ts, u.RequireGrad())
		}
		y := convOf(g, dims, ts[0], ts[1], ts[2])
		convNear(r, "result", y, convolution(g, out...)(in)[0], tol)

		dy := convArray(append([]int{n, w[0]}, out...), 4)
		grads := tensor.Gradients(tensors{y}, tensors{tensor.Of(dy.Data, dy.Shape...).To(d)}, ts, false, false)
		convNear(r, "dx", grads[0], transposedConvolution(g, x[1], x[2:]...)([]optest.Array{dy, in[1]})[0], tol)
		zero := convArray(bias, 0)
		plain := convolution(g, out...)([]optest.Array{in[0], in[1], zero})[0]
		var left, right, scale float64
		dw := grads[1].Floats()
		for i, v := range plain.Data {
			left += v * dy.Data[i]
			scale += math.Abs(v * dy.Data[i])
		}
		for i, v := range in[1].Data {
			right += v * dw[i]
		}
		if math.Abs(left-right) > 10*tol*(1+scale) {
			r.Errorf("<conv(x, w), dy> is %v, <w, dw> %v", left, right)
		}
		// Element by element: dw is linear in w, so the gradient by one weight is the result of that weight alone against dy.
		pick := rapid.IntRange(0, len(dw)-1).Draw(r, "weight")
		one := convArray(w, 0)
		one.Data[pick] = 1
		var want float64
		for i, v := range convolution(g, out...)([]optest.Array{in[0], one, zero})[0].Data {
			want += v * dy.Data[i]
		}
		if math.Abs(dw[pick]-want) > 10*tol*(1+math.Abs(want)) {
			r.Errorf("dw %d is %v, want %v", pick, dw[pick], want)
		}
	})
}

// convArray has values in [-1, 1] that differ by seed; seed 0 is zero.
func convArray(shape []int, seed int) optest.Array {
	return optest.Build(shape, func(at []int) float64 {
		h := float64(seed)
		for _, p := range at {
			h = 1.7*h + 0.9*float64(p)
		}
		if seed == 0 {
			return 0
		}
		return float64(float32(math.Sin(h)))
	})
}

func convOf(g geometry, dims int, x, w, b *tensor.Tensor) *tensor.Tensor {
	last := func(v [3]int) [2]int { return [2]int{v[1], v[2]} }
	flat := tensor.ConvConfig{Stride: last(g.stride), Padding: last(g.before), Dilation: last(g.dilation), Groups: g.groups}
	switch dims {
	case 1:
		return tensor.Conv1d(x, w, b, flat)
	case 2:
		return tensor.Conv2d(x, w, b, flat)
	}
	return tensor.Conv3d(x, w, b, tensor.Conv3dConfig{Stride: g.stride, Padding: g.before, Dilation: g.dilation, Groups: g.groups})
}

func convNear(r *rapid.T, what string, got *tensor.Tensor, want optest.Array, tol float64) {
	if got.Shape() != tensor.ShapeOf(want.Shape...) {
		r.Fatalf("%s has shape %v, want %v", what, got.Shape(), want.Shape)
	}
	for i, v := range got.Floats() {
		if !(math.Abs(v-want.Data[i]) <= 10*tol*(1+math.Abs(want.Data[i]))) {
			r.Fatalf("%s %d is %v, want %v", what, i, v, want.Data[i])
		}
	}
}

// TestConvSameBitsForAnyWorkers computes large convolutions, depthwise and in groups, with 1 and with 3 workers.
func TestConvSameBitsForAnyWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	for _, groups := range []int{1, 4, 16} {
		x := tensor.Of(convArray([]int{20, 16, 40, 41}, 1).Data, 20, 16, 40, 41).To(tensor.Float32).RequireGrad()
		w := tensor.Of(convArray([]int{32, 16 / groups, 3, 3}, 2).Data, 32, 16/groups, 3, 3).To(tensor.Float32).RequireGrad()
		cfg := convConfig{Groups: groups, Stride: [2]int{2, 1}, Padding: [2]int{1, 1}}
		run := func(workers int) (all []float64) {
			parallel.SetWorkers(workers)
			y := tensor.Conv2d(x, w, nil, cfg)
			all = append(all, y.Floats()...)
			for _, g := range tensor.Gradients(tensors{y}, tensors{y.Detach()}, tensors{x, w}, false, false) {
				all = append(all, g.Floats()...)
			}
			return all
		}
		one, three := run(1), run(3)
		for i := range one {
			if one[i] != three[i] {
				t.Fatalf("%d groups: number %d is %v with one worker, %v with three", groups, i, one[i], three[i])
			}
		}
	}
}

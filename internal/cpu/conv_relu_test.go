//go:build linux || darwin

package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// With ReLU every way gives what it gives without, but 0 in place of what is below 0; NaN stays.
func TestConvReLU(t *testing.T) {
	axis := func(size, kernel, stride, pad int) convAxis {
		return convAxis{size: size, kernel: kernel, stride: stride, pad: pad, after: pad}
	}
	cases := []Conv{
		convShape(2, 9, 20, 1, axis(5, 5, 1, 0), axis(7, 7, 1, 0)),                  // full
		convShape(2, 6, 12, 6, axis(13, 3, 1, 1), axis(1200, 3, 1, 1)),              // depthwise
		convShape(2, 16, 12, 1, axis(17, 3, 1, 1), axis(19, 3, 1, 1)),               // Winograd
		convShape(1, 40, 130, 1, axis(12, 3, 1, 1), axis(12, 3, 1, 1)),              // with few tiles
		convShape(2, 300, 20, 1, axis(9, 3, 2, 1), axis(40, 3, 2, 1)),               // direct, several blocks of terms
		convShape(3, 6, 8, 2, axis(9, 5, 1, 2), axis(11, 5, 1, 2)),                  // direct, groups
		convShape(16, 30, 7, 1, axis(9, 5, 1, 2), axis(11, 5, 1, 3)),                // across images, several blocks of terms
		convShape(2, 3, 17, 1, axis(64, 7, 2, 3), axis(64, 7, 2, 3)),                // lines
		convShape(2, 400, 20, 1, axis(20, 1, 1, 0), axis(33, 1, 1, 0)),              // pointwise
		convShape(2, 12, 20, 1, axis(40, 1, 2, 0), axis(33, 1, 2, 0)),               // pointwise, stride
		convShape(2, 3, 5, 1, axis(5, 3, 2, 1), axis(6, 2, 1, 1), axis(7, 3, 2, 1)), // three dimensions
	}
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, g := range cases {
			checkConvReLU(t, r, g, GemmF32)
			checkConvReLU(t, r, g, GemmF64)
		}
	})
}

func checkConvReLU[T Float](t *testing.T, r *rand.Rand, g Conv, gemm Gemm[T]) {
	t.Helper()
	buf := func(n int) []T { return normalFill(r, make([]T, n)) }
	nx, nw, ny := g.convSizes()
	x, w, bias := buf(nx), buf(nw), buf(g.K)
	x[len(x)/2] = T(math.NaN())
	for _, bias := range [][]T{nil, bias} {
		want, got := buf(ny), buf(ny)
		g.ReLU = false
		ConvForward(g, gemm, x, w, bias, want)
		g.ReLU = true
		ConvForward(g, gemm, x, w, bias, got)
		nan := 0
		for i, v := range want {
			if v < 0 {
				v = 0
			}
			if v != v {
				nan++
			}
			if got[i] != v && (v == v || got[i] == got[i]) {
				t.Fatalf("%T %v: element %d is %v, want %v", x, g, i, got[i], v)
			}
		}
		if nan == 0 {
			t.Fatalf("%T %v: the NaN reached nothing", x, g)
		}
	}
}

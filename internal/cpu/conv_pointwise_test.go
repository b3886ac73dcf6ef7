//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// pointwiseCases are shapes at and around the sizes of tiles and blocks.
var pointwiseCases = []Conv{
	convShape(1, 1, 1, 1, convAxis{size: 1, kernel: 1}),
	convShape(3, 5, 9, 1, convAxis{size: 6, kernel: 1}, convAxis{size: 7, kernel: 1}),
	convShape(2, 4, 6, 1, convAxis{size: 16, kernel: 1}, convAxis{size: 48, kernel: 1}),
	convShape(2, 400, 9, 1, convAxis{size: 4, kernel: 1}, convAxis{size: 8, kernel: 1}),
	convShape(2, 17, 151, 1, convAxis{size: 5, kernel: 1}, convAxis{size: 41, kernel: 1}),
	convShape(1, 8, 300, 1, convAxis{size: 1101, kernel: 1}),
	convShape(2, 7, 160, 1, convAxis{size: 9, kernel: 1, stride: 2}, convAxis{size: 8, kernel: 1, stride: 2}),
	convShape(3, 6, 10, 2, convAxis{size: 11, kernel: 1, stride: 2}, convAxis{size: 35, kernel: 1, stride: 2}),
	convShape(2, 12, 18, 3, convAxis{size: 10, kernel: 1, stride: 3}, convAxis{size: 50, kernel: 1, stride: 5}),
	convShape(2, 3, 5, 1, convAxis{size: 5, kernel: 1, stride: 2}, convAxis{size: 4, kernel: 1}, convAxis{size: 40, kernel: 1, stride: 2}),
	convShape(2, 3, 5, 1, convAxis{size: 5, kernel: 1, stride: 2}, convAxis{size: 21, kernel: 1}),
	convShape(1, 150, 9, 1, convAxis{size: 32, kernel: 1}, convAxis{size: 64, kernel: 1}), // rows collide in the cache
	convShape(2, 700, 9, 1, convAxis{size: 19, kernel: 1}, convAxis{size: 16, kernel: 1}),
}

// Forward, backward-data and backward-weight agree with direct sums in float64, and touch nothing outside the slices. Portable Go, whose
// tiles are whole, has patches instead.
func TestPointwise(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		if inUse() == implGo {
			return
		}
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range pointwiseCases {
			checkPointwise[float32](t, r, fmt.Sprint(i, " float32: ", g), g, i%2 > 0)
			checkPointwise[float64](t, r, fmt.Sprint(i, " float64: ", g), g, i%2 > 0)
		}
	})
}

func checkPointwise[T Float](t *testing.T, r *rand.Rand, name string, g Conv, atEnd bool) {
	t.Helper()
	buf := func(n int) []T {
		b := fenced[T](t, n, atEnd)
		for i := range b {
			b[i] = T(r.NormFloat64())
		}
		return b
	}
	same := func(name string, got []T, want []float64) {
		t.Helper()
		rounded := make([]float32, len(got))
		for i, v := range got {
			rounded[i] = float32(v)
		}
		directClose(t, name, rounded, want)
	}
	nx, nw, ny := g.N*g.C*volume(g.In), g.K*g.rows(), g.N*g.K*volume(g.Out)
	x, w, bias, y, dx, dw := buf(nx), buf(nw), buf(g.K), buf(ny), buf(nx), buf(nw)
	want, wantX, wantW := make([]float64, ny), make([]float64, nx), make([]float64, nw)
	for j := range want {
		want[j] = float64(bias[j/volume(g.Out)%g.K])
	}
	g.eachTerm(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
	pointwiseForward(&g, x, w, bias, y)
	same(name+", forward", y, want)
	g.eachTerm(func(xi, wi, yi int) {
		wantX[xi] += float64(y[yi]) * float64(w[wi])
		wantW[wi] += float64(y[yi]) * float64(x[xi])
	})
	pointwiseInputGrad(&g, y, w, dx)
	same(name+", backward", dx, wantX)
	pointwiseWeightGrad(&g, x, y, dw)
	same(name+", weights' gradient", dw, wantW)
}

func TestPointwiseIsUsedAndDeterministic(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		defer parallel.SetWorkers(0)
		r := rand.New(rand.NewPCG(3, 4))
		for _, g := range []Conv{
			convShape(3, 60, 70, 1, convAxis{size: 20, kernel: 1}, convAxis{size: 33, kernel: 1}),
			convShape(9, 96, 110, 2, convAxis{size: 31, kernel: 1, stride: 2}, convAxis{size: 30, kernel: 1, stride: 2}),
		} {
			if uses := inUse() != implGo; g.usesPointwise(48) != uses {
				t.Errorf("%v: usesPointwise is %v, want %v", g, !uses, uses)
			}
			x, w, dy := winogradRandom(r, make([]float32, g.N*g.C*volume(g.In))), winogradRandom(r, make([]float32, g.K*g.rows())), winogradRandom(r, make([]float32, g.N*g.K*volume(g.Out)))
			var first []float32
			for _, workers := range []int{1, 2, 3, 7} {
				parallel.SetWorkers(workers)
				y, dx, dw := make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
				ConvForward(g, GemmF32, x, w, nil, y)
				ConvInputGrad(g, GemmF32, dy, w, dx)
				ConvWeightGrad(g, GemmF32, x, dy, dw)
				all := slices.Concat(y, dx, dw)
				if first == nil {
					first = all
				} else if !slices.Equal(all, first) {
					t.Errorf("%v: other bits with %d workers", g, workers)
				}
			}
		}
	})
}

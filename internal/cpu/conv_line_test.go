//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

var lineCases = []Conv{
	convShape(3, 3, 64, 1, convAxis{size: 30, kernel: 7, stride: 2, pad: 3, after: 3}, convAxis{size: 32, kernel: 7, stride: 2, pad: 3, after: 3}),
	convShape(1, 3, 17, 1, convAxis{size: 224, kernel: 7, stride: 2, pad: 3, after: 3}, convAxis{size: 224, kernel: 7, stride: 2, pad: 3, after: 3}),
	convShape(2, 1, 16, 1, convAxis{size: 41, kernel: 5, pad: 2}, convAxis{size: 39, kernel: 4, pad: 2, after: 2}),
	convShape(3, 2, 19, 1, convAxis{size: 57, kernel: 2, stride: 3}, convAxis{size: 70, kernel: 8, stride: 2, pad: 9}),
	convShape(1, 5, 20, 1, convAxis{size: 25, kernel: 4, stride: 2, pad: 4, after: 4}, convAxis{size: 123, kernel: 7, stride: 2, pad: 1, after: 1}),
	convShape(4, 1, 31, 1, convAxis{size: 1, kernel: 1, stride: 2}, convAxis{size: 1027, kernel: 4}),
}

// Errors are below 3e-6 of the largest output.
func TestLines(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		if !lineKernels() {
			return
		}
		defer parallel.SetWorkers(0)
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range lineCases {
			if !g.usesLines() {
				t.Fatalf("%d: %v is left to another way", i, g)
			}
			buf := func(n int) []float32 { return winogradRandom(r, fenced[float32](t, n, i%2 > 0)) }
			x, w, bias, y := buf(g.N*g.C*volume(g.In)), buf(g.K*g.rows()), buf(g.K), buf(g.N*g.K*volume(g.Out))
			want := make([]float64, len(y))
			g.eachTerm(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
			check := func(name string) {
				t.Helper()
				top := slices.Max(want)
				for j := range want {
					if d := math.Abs(float64(y[j]) - want[j]); !(d <= 3e-6*top) {
						t.Fatalf("%d, %s, %v: element %d is %v, want %v", i, name, g, j, y[j], want[j])
					}
				}
			}
			lineForward(&g, x, w, nil, y)
			check("without bias")
			for j := range want {
				want[j] += float64(bias[j/volume(g.Out)%g.K])
			}
			var first []float32
			for _, workers := range []int{1, 2, 5} {
				parallel.SetWorkers(workers)
				ConvForward(g, GemmF32, x, w, bias, y)
				check(fmt.Sprint(workers, " workers"))
				if first == nil {
					first = slices.Clone(y)
				} else if !slices.Equal(first, y) {
					t.Fatalf("%d: other bits with %d workers", i, workers)
				}
			}
			for j := range want {
				want[j] = max(0, want[j])
			}
			g.ReLU = true
			lineForward(&g, x, w, bias, y)
			check("with ReLU")
		}
	})
}

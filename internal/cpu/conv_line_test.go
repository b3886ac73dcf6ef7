//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var lineCases = []Conv{
	convShape(3, 3, 64, 1, convAxis{size: 30, kernel: 7, stride: 2, pad: 3, after: 3}, convAxis{size: 32, kernel: 7, stride: 2, pad: 3, after: 3}),
	convShape(1, 3, 17, 1, convAxis{size: 224, kernel: 7, stride: 2, pad: 3, after: 3}, convAxis{size: 224, kernel: 7, stride: 2, pad: 3, after: 3}),
	convShape(2, 1, 16, 1, convAxis{size: 41, kernel: 5, pad: 2}, convAxis{size: 39, kernel: 4, pad: 2, after: 2}),
	convShape(3, 2, 19, 1, convAxis{size: 57, kernel: 2, stride: 3}, convAxis{size: 70, kernel: 8, stride: 2, pad: 9}),
	convShape(1, 5, 20, 1, convAxis{size: 25, kernel: 4, stride: 2, pad: 4, after: 4}, convAxis{size: 123, kernel: 7, stride: 2, pad: 1, after: 1}),
	convShape(4, 1, 31, 1, convAxis{size: 1, kernel: 1, stride: 2}, convAxis{size: 1027, kernel: 4}),
}

// Errors are below 2.5e-6 of the largest output.
func TestLines(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		if !lineKernels() {
			return
		}
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range lineCases {
			if !g.usesLines() {
				t.Fatalf("%d: %v is left to another way", i, g)
			}
			buf := func(n int) []float32 { return normalFill(r, fenced[float32](t, n, i%2 > 0)) }
			nx, nw, ny := g.convSizes()
			x, w, bias, y := buf(nx), buf(nw), buf(g.K), buf(ny)
			want := naiveForward(&g, x, w)
			check := func(what string) {
				t.Helper()
				convClose(t, fmt.Sprint(i, ", ", what, ": ", g), y, want, 2.5e-6)
			}
			lineForward(&g, x, w, nil, y)
			check("without bias")
			checkWorkers(t, fmt.Sprint(i, ": ", g), func() []float32 {
				ConvForward(g, GemmF32, x, w, bias, y)
				return slices.Clone(y)
			})
			naiveEpilogue(&g, want, bias)
			check("with bias")
			g.ReLU = true
			lineForward(&g, x, w, bias, y)
			for j := range want {
				want[j] = max(0, want[j])
			}
			check("with ReLU")
		}
	})
}

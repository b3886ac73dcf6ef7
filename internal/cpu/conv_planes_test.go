//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Weights' gradients by planes agree with direct sums in float64, and touch nothing outside the slices.
func TestPlanes(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		cases := []Conv{
			convShape(1, 1, 1, 1, convAxis{size: 1, kernel: 1}, convAxis{size: 1, kernel: 1}),
			convShape(64, 1, 6, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
			convShape(37, 3, 5, 1, convAxis{size: 9, kernel: 3, pad: 4, after: 1}, convAxis{size: 17, kernel: 4, pad: 1}),
			convShape(2, 2, 7, 1, convAxis{size: 150, kernel: 3, pad: 2, after: 2, dil: 2}, convAxis{size: 70, kernel: 7, after: 3, dil: 3}),
			convShape(3, 2, 3, 1, convAxis{size: 2, kernel: 3, pad: 5, after: 4}, convAxis{size: 3, kernel: 5, pad: 7, after: 9}),
		}
		for i, g := range cases {
			buf := func(n int) []float32 { return normalFill(r, fenced[float32](t, n, i%4 > 0)) }
			nx, nw, ny := g.convSizes()
			x, w, dy, dw := buf(nx), buf(nw), buf(ny), buf(nw)
			_, want := naiveGrads(&g, x, w, dy)
			planesWeightGrad(&g, x, dy, dw)
			convClose(t, fmt.Sprint(i, ": ", g), dw, want, 2e-6)
		}
	})
}

// The kernel computes what its Go loop does, for all sizes, and touches nothing else.
func TestPlaneDots(t *testing.T) {
	im := inUse()
	if im == implGo {
		t.Skip("portable Go has the loop alone")
	}
	r := rand.New(rand.NewPCG(5, 6))
	buf := func(n int) []float32 { return normalFill(r, fenced[float32](t, n, true)) }
	for m := 1; m <= directRows; m++ {
		for vecs := 1; vecs <= 2; vecs++ {
			for k := 1; k <= 26; k++ {
				for lines := 1; lines <= 3; lines++ {
					x := planeDots{a: buf(20 + (lines-1)*(k+1) + k), off: []int32{3, 20, 0, 7, 9, 1}, ldb: lines * (k + 2), m: m, vecs: vecs, k: k, lines: lines, stepA: k + 1, stepB: k + 2, flags: k % 2}
					x.b, x.c = buf((vecs-1)*x.ldb+(lines-1)*x.stepB+k), buf(16*(m-1)+8*vecs)
					want := x
					want.c = slices.Clone(x.c)
					want.runGo()
					x.run(im)
					kernelClose(t, fmt.Sprint("planes ", m, vecs, k, lines), x.c, want.c)
				}
			}
		}
	}
}

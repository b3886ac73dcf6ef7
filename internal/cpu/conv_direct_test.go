//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// directCases are shapes at and around the kernels' and blocks' sizes.
var directCases = []Conv{
	convShape(1, 1, 1, 1, convAxis{size: 1, kernel: 1}),
	convShape(2, 3, 7, 1, convAxis{size: 9, kernel: 3}, convAxis{size: 11, kernel: 3, pad: 1, after: 1}),
	convShape(1, 3, 13, 1, convAxis{size: 29, kernel: 7, stride: 2, pad: 3, after: 3}, convAxis{size: 38, kernel: 7, stride: 2, pad: 3, after: 3}),
	convShape(5, 6, 16, 1, convAxis{size: 14, kernel: 5}, convAxis{size: 14, kernel: 5}),
	convShape(3, 1, 6, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
	convShape(9, 10, 17, 1, convAxis{size: 8, kernel: 4, stride: 2, pad: 1, after: 1}, convAxis{size: 8, kernel: 4, stride: 2, pad: 1, after: 1}),
	convShape(2, 40, 20, 1, convAxis{size: 7, kernel: 3, stride: 2, pad: 1, after: 1}, convAxis{size: 9, kernel: 3, stride: 2, pad: 1, after: 1}),
	convShape(2, 100, 8, 1, convAxis{size: 6, kernel: 3, stride: 3, pad: 2}, convAxis{size: 7, kernel: 2, stride: 3, after: 4}),
	convShape(3, 5, 9, 1, convAxis{size: 6, kernel: 1}, convAxis{size: 7, kernel: 1}),
	convShape(2, 400, 9, 1, convAxis{size: 4, kernel: 1}, convAxis{size: 8, kernel: 1}),
	convShape(2, 7, 160, 1, convAxis{size: 9, kernel: 1, stride: 2}, convAxis{size: 8, kernel: 1, stride: 2}),
	convShape(2, 12, 18, 3, convAxis{size: 10, kernel: 3, stride: 1, pad: 1, after: 1}, convAxis{size: 13, kernel: 3, stride: 2, pad: 2, dil: 2}),
	convShape(2, 6, 4, 2, convAxis{size: 12, kernel: 3, stride: 2, pad: 3, after: 1, dil: 3}, convAxis{size: 11, kernel: 4, stride: 3, dil: 2}),
	convShape(1, 4, 5, 1, convAxis{size: 300, kernel: 5, pad: 4}),
	convShape(1, 30, 5, 1, convAxis{size: 2500, kernel: 9, stride: 2, pad: 4, after: 3}),
	convShape(2, 3, 4, 1, convAxis{size: 5, kernel: 3, stride: 2, pad: 1, after: 1}, convAxis{size: 6, kernel: 2, pad: 1}, convAxis{size: 7, kernel: 3, stride: 2, pad: 1}),
	convShape(1, 2, 3, 1, convAxis{size: 7, kernel: 2, stride: 3, dil: 2}, convAxis{size: 4, kernel: 1, stride: 2}, convAxis{size: 9, kernel: 5, stride: 2, pad: 6, after: 6}),
	convShape(1, 2, 150, 1, convAxis{size: 22, kernel: 20, pad: 3}, convAxis{size: 25, kernel: 21}),
	convShape(2, 3, 5, 1, convAxis{size: 3, kernel: 3, pad: 9, after: 9}, convAxis{size: 4, kernel: 2, stride: 2, pad: 7, after: 7}),
	convShape(1, 9, 7, 1, convAxis{size: 70, kernel: 3, pad: 30, after: 30, dil: 30}, convAxis{size: 30, kernel: 3, pad: 12, after: 12, dil: 12}),
	convShape(1, 9, 7, 1, convAxis{size: 70, kernel: 4, stride: 2, dil: 19}, convAxis{size: 300, kernel: 2, dil: 12}),
	convShape(1, 20, 7, 1, convAxis{size: 6, kernel: 3, stride: 5}, convAxis{size: 1000, kernel: 3, pad: 1, after: 1}),
}

var directWay = convWay[float32]{directForward, directInputGrad, directWeightGrad}

func TestDirect(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range directCases {
			directWay.check(t, r, fmt.Sprint(i, ": ", g), g, i%4 > 0, convErrors{2e-6, 2e-6, 2e-6})
		}
	})
}

func TestDirectIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range directCases {
		x, w, bias := convInputs(r, g)
		checkWorkers(t, fmt.Sprint(g), func() []float32 { return directWay.results(g, x, w, bias) })
	}
}

// The kernels compute what their Go loops do, for all sizes of tiles and lines, and touch nothing else.
func TestDirectKernels(t *testing.T) {
	im := inUse()
	if im == implGo {
		t.Skip("portable Go has the loops alone")
	}
	r := rand.New(rand.NewPCG(5, 6))
	buf := func(n int) []float32 { return normalFill(r, fenced[float32](t, n, true)) }
	for _, k := range []int{1, 3, 4, 9} {
		b := buf(300)
		off := make([]int32, k)
		for i := range off {
			off[i] = int32(r.IntN(250))
		}
		for m := 1; m <= directRows; m++ {
			for n := 1; n <= 42; n++ {
				x := directTile{a: buf(m * (k + 2)), ars: k + 2, acs: 1, b: b, off: off, ldc: n + 3, m: m, n: n, k: k, segments: 1, flags: n % 2}
				if n%3 == 0 {
					x.a, x.ars, x.acs = buf(m*k), 1, m
				}
				if n%4 == 3 && k > 1 { // two of one term
					x.k, x.segments, x.skipA, x.skipOff = 1, 2, x.acs*(k-2), k-2
				}
				if n%5 > 1 {
					x.bias = buf(m)
				}
				x.c = buf((m-1)*x.ldc + n)
				want := x
				want.c = slices.Clone(x.c)
				want.runGo()
				x.run(im)
				kernelClose(t, fmt.Sprint("tile ", m, n, k), x.c, want.c)
			}
			for _, segments := range []int{1, 2, 5} {
				for vecs := 1; vecs <= 2; vecs++ {
					x := directDots{a: buf(20 + 6*(segments-1) + k), b: buf(16*segments*k - 8*(2-vecs)), off: []int32{3, 0, 20, 7, 9, 1}, ldc: 8*vecs + 5, m: m, vecs: vecs, k: k, segments: segments, step: 6, flags: segments % 2}
					x.c = buf((m-1)*x.ldc + 8*vecs)
					want := x
					want.c = slices.Clone(x.c)
					want.runGo()
					x.run(im)
					kernelClose(t, fmt.Sprint("dots ", m, vecs, k, segments), x.c, want.c)
				}
			}
		}
	}
	for step := 1; step <= 3; step++ {
		for n := 1; n <= 35; n++ {
			lines, head, tail := 1+n%4, n%11, n%10
			dp, sp := head+n+tail+n%2, step*n+n%3
			src, dst := buf((lines-1)*sp+(n-1)*step+1), buf((lines-1)*dp+head+n+tail+7)
			want := slices.Clone(dst)
			convLinesGo(want, dp, src, sp, lines, head, n, tail, step)
			convLines(im, dst, dp, src, sp, lines, head, n, tail, step)
			for l := range lines {
				kernelClose(t, fmt.Sprint("line ", step, n, l), dst[l*dp:][:head+n+tail], want[l*dp:][:head+n+tail])
			}
		}
	}
	for n := 8; n <= 40; n += 8 {
		even, odd, dst := buf(n), buf(n), buf(2*n)
		want := make([]float32, 2*n)
		convZip(im, dst, even, odd, n)
		convZipGo(want, even, odd, n)
		kernelClose(t, fmt.Sprint("zip ", n), dst, want)
	}
}

// Strides of too many phases take the gathered way.
func TestDirectLeavesHugeStrides(t *testing.T) {
	g := convShape(1, 2, 3, 1, convAxis{size: 30, kernel: 2, stride: 20}, convAxis{size: 33, kernel: 1, stride: 1 << 40})
	if g.usesDirectInputGrad() {
		t.Fatalf("%v would have %d phases", g, volume(g.Stride))
	}
	r := rand.New(rand.NewPCG(7, 8))
	x, w, _ := convInputs(r, g)
	dy, dx := normalFill(r, make([]float32, g.K*volume(g.Out))), make([]float32, len(x))
	want, _ := naiveGrads(&g, x, w, dy)
	ConvInputGrad(g, GemmF32, dy, w, dx)
	convClose(t, "gradient", dx, want, 2e-6)
}

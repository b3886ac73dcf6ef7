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

// imageCases are shapes at and around the blocks' sizes.
var imageCases = []Conv{
	convShape(16, 1, 1, 1, convAxis{size: 1, kernel: 1}, convAxis{size: 1, kernel: 1}),
	convShape(64, 6, 16, 1, convAxis{size: 14, kernel: 5}, convAxis{size: 14, kernel: 5}),
	convShape(16, 1, 6, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
	convShape(32, 37, 17, 1, convAxis{size: 6, kernel: 3, pad: 2, after: 1}, convAxis{size: 9, kernel: 5, pad: 1, after: 4}),
	convShape(16, 5, 13, 1, convAxis{size: 9, kernel: 3, pad: 2, after: 2, dil: 2}, convAxis{size: 70, kernel: 2, after: 3, dil: 3}),
	convShape(16, 2, 3, 1, convAxis{size: 3, kernel: 3, pad: 5, after: 4}, convAxis{size: 4, kernel: 2, pad: 1, after: 6}),
	convShape(16, 90, 3, 1, convAxis{size: 2, kernel: 2, pad: 1, dil: 5, after: 4}, convAxis{size: 4, kernel: 5, pad: 7, after: 5}),
	convShape(16, 9, 4, 1, convAxis{size: 5, kernel: 2, after: 3}, convAxis{size: 7, kernel: 3}), // only lines behind the last
	convShape(16, 3, 9, 1, convAxis{size: 8, kernel: 2, after: -3}, convAxis{size: 9, kernel: 3, pad: -1, after: -2}),
	convShape(16, 300, 7, 1, convAxis{size: 3, kernel: 3}, convAxis{size: 4, kernel: 3, pad: 2, after: 2}),
}

// Convolutions across images and their gradients agree with direct sums in float64, and touch nothing outside the slices.
func TestImages(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range imageCases {
			buf := func(n int) []float32 { return winogradRandom(r, fenced[float32](t, n, i%4 > 0)) }
			nx, nw, ny := g.N*g.C*volume(g.In), g.K*g.rows(), g.N*g.K*volume(g.Out)
			x, w, bias, y, dx, dw := buf(nx), buf(nw), buf(g.K), buf(ny), buf(nx), buf(nw)
			want, wantX, wantW := make([]float64, ny), make([]float64, nx), make([]float64, nw)
			g.eachTerm(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
			imagesForward(&g, x, w, nil, y)
			directClose(t, fmt.Sprint(i, " without bias: ", g), y, want)
			for j := range want {
				want[j] += float64(bias[j/volume(g.Out)%g.K])
			}
			imagesForward(&g, x, w, bias, y)
			directClose(t, fmt.Sprint(i, " forward: ", g), y, want)
			g.eachTerm(func(xi, wi, yi int) {
				wantX[xi] += float64(y[yi]) * float64(w[wi])
				wantW[wi] += float64(y[yi]) * float64(x[xi])
			})
			imagesInputGrad(&g, y, w, dx)
			directClose(t, fmt.Sprint(i, " backward: ", g), dx, wantX)
			imagesWeightGrad(&g, x, y, dw)
			directClose(t, fmt.Sprint(i, " weights' gradient: ", g), dw, wantW)
		}
	})
}

// What lies in the padding meets no weight: only outputs that read no infinity are numbers, and only those.
func TestImagesLeavePaddingOut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	g := convShape(16, 3, 4, 1, convAxis{size: 7, kernel: 3, pad: 2, after: 2}, convAxis{size: 8, kernel: 5, pad: 3, after: 4})
	x, w := winogradRandom(r, make([]float32, g.N*g.C*volume(g.In))), winogradRandom(r, make([]float32, g.K*g.rows()))
	w[0] = float32(math.Inf(1))
	y, want := make([]float32, g.N*g.K*volume(g.Out)), make([]float64, g.N*g.K*volume(g.Out))
	g.eachTerm(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
	imagesForward(&g, x, w, nil, y)
	for i, v := range want {
		if math.IsInf(v, 0) != math.IsInf(float64(y[i]), 0) || y[i] != y[i] {
			t.Fatalf("element %d is %v, want %v", i, y[i], v)
		}
	}
}

// The bits do not depend on the number of workers.
func TestImagesAreDeterministic(t *testing.T) {
	defer parallel.SetWorkers(0)
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range imageCases {
		nx, nw, ny := g.N*g.C*volume(g.In), g.K*g.rows(), g.N*g.K*volume(g.Out)
		x, w, bias := winogradRandom(r, make([]float32, nx)), winogradRandom(r, make([]float32, nw)), winogradRandom(r, make([]float32, g.K))
		run := func(workers int) []float32 {
			parallel.SetWorkers(workers)
			all := make([]float32, nx+2*nw+ny)
			y, dx := all[:ny], all[ny:][:nx]
			imagesForward(&g, x, w, bias, y)
			imagesInputGrad(&g, y, w, dx)
			imagesWeightGrad(&g, x, y, all[ny+nx:][:nw])
			planesWeightGrad(&g, x, y, all[ny+nx+nw:])
			return all
		}
		want := run(1)
		for workers := 2; workers <= 4; workers++ {
			if !slices.Equal(run(workers), want) {
				t.Errorf("%v differs with %d workers", g, workers)
			}
		}
	}
}

//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
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

var imagesWay = convWay[float32]{imagesForward, imagesInputGrad, imagesWeightGrad}

func TestImages(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range imageCases {
			imagesWay.check(t, r, fmt.Sprint(i, ": ", g), g, i%4 > 0, convErrors{2e-6, 2e-6, 2e-6})
		}
	})
}

// What lies in the padding meets no weight: only outputs that read no infinity are numbers, and only those.
func TestImagesLeavePaddingOut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	g := convShape(16, 3, 4, 1, convAxis{size: 7, kernel: 3, pad: 2, after: 2}, convAxis{size: 8, kernel: 5, pad: 3, after: 4})
	x, w, _ := convInputs(r, g)
	w[0] = float32(math.Inf(1))
	want := naiveForward(&g, x, w)
	y := make([]float32, len(want))
	imagesForward(&g, x, w, nil, y)
	for i, v := range want {
		if math.IsInf(v, 0) != math.IsInf(float64(y[i]), 0) || y[i] != y[i] {
			t.Fatalf("element %d is %v, want %v", i, y[i], v)
		}
	}
}

// The weights' gradients by planes among them.
func TestImagesAreDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, g := range imageCases {
		x, w, bias := convInputs(r, g)
		dw := make([]float32, len(w))
		checkWorkers(t, fmt.Sprint(g), func() []float32 {
			all := imagesWay.results(g, x, w, bias)
			planesWeightGrad(&g, x, all[:g.N*g.K*volume(g.Out)], dw)
			return append(all, dw...)
		})
	}
}

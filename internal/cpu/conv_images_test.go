//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var imageCases = []Conv{
	convShape(16, 1, 1, 1, convAxis{size: 1, kernel: 1}, convAxis{size: 1, kernel: 1}),
	convShape(64, 6, 16, 1, convAxis{size: 14, kernel: 5}, convAxis{size: 14, kernel: 5}),
	convShape(16, 1, 6, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
	convShape(32, 37, 17, 1, convAxis{size: 6, kernel: 3, pad: 2, after: 1}, convAxis{size: 9, kernel: 5, pad: 1, after: 4}),
	convShape(16, 5, 13, 1, convAxis{size: 9, kernel: 3, pad: 2, after: 2, dil: 2}, convAxis{size: 70, kernel: 2, after: 3, dil: 3}),
	convShape(16, 300, 7, 1, convAxis{size: 3, kernel: 3}, convAxis{size: 4, kernel: 3, pad: 2, after: 2}),
}

// Convolutions across images and the gradients of their inputs agree with direct sums in float64, and touch nothing outside the slices.
func TestImages(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range imageCases {
			buf := func(n int) []float32 { return winogradRandom(r, fenced[float32](t, n, i%4 > 0)) }
			nx, nw, ny := g.N*g.C*volume(g.In), g.K*g.rows(), g.N*g.K*volume(g.Out)
			x, w, bias, y, dx := buf(nx), buf(nw), buf(g.K), buf(ny), buf(nx)
			want, wantX := make([]float64, ny), make([]float64, nx)
			g.eachTerm(func(xi, wi, yi int) { want[yi] += float64(x[xi]) * float64(w[wi]) })
			imagesForward(&g, x, w, nil, y)
			directClose(t, fmt.Sprint(i, " without bias: ", g), y, want)
			for j := range want {
				want[j] += float64(bias[j/volume(g.Out)%g.K])
			}
			imagesForward(&g, x, w, bias, y)
			directClose(t, fmt.Sprint(i, " forward: ", g), y, want)
			g.eachTerm(func(xi, wi, yi int) { wantX[xi] += float64(y[yi]) * float64(w[wi]) })
			imagesInputGrad(&g, y, w, dx)
			directClose(t, fmt.Sprint(i, " backward: ", g), dx, wantX)
		}
	})
}

func BenchmarkImageRule(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, g := range []Conv{
		convShape(16, 64, 64, 1, convAxis{size: 32, kernel: 5, pad: 2, after: 2}, convAxis{size: 32, kernel: 5, pad: 2, after: 2}),
		convShape(16, 64, 192, 1, convAxis{size: 27, kernel: 5, pad: 2, after: 2}, convAxis{size: 27, kernel: 5, pad: 2, after: 2}),
		convShape(16, 3, 32, 1, convAxis{size: 32, kernel: 5, pad: 2, after: 2}, convAxis{size: 32, kernel: 5, pad: 2, after: 2}),
		convShape(16, 3, 16, 1, convAxis{size: 96, kernel: 7, pad: 3, after: 3}, convAxis{size: 96, kernel: 7, pad: 3, after: 3}),
		convShape(16, 8, 8, 1, convAxis{size: 128, kernel: 5, pad: 2, after: 2}, convAxis{size: 128, kernel: 5, pad: 2, after: 2}),
		convShape(128, 16, 32, 1, convAxis{size: 8, kernel: 5, pad: 2, after: 2}, convAxis{size: 8, kernel: 5, pad: 2, after: 2}),
		convShape(32, 6, 16, 1, convAxis{size: 14, kernel: 3}, convAxis{size: 14, kernel: 3}),
		convShape(32, 32, 32, 1, convAxis{size: 16, kernel: 2}, convAxis{size: 16, kernel: 2}),
		convShape(16, 128, 128, 1, convAxis{size: 17, kernel: 1}, convAxis{size: 17, kernel: 7, pad: 3, after: 3}),
		convShape(32, 64, 64, 1, convAxis{size: 1, kernel: 1}, convAxis{size: 100, kernel: 5, pad: 2, after: 2}),
		convShape(64, 1, 6, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
		convShape(64, 1, 32, 1, convAxis{size: 28, kernel: 5, pad: 2, after: 2}, convAxis{size: 28, kernel: 5, pad: 2, after: 2}),
		convShape(64, 32, 64, 1, convAxis{size: 14, kernel: 5, pad: 2, after: 2}, convAxis{size: 14, kernel: 5, pad: 2, after: 2}),
	} {
		x, w := benchRandom(r, make([]float32, g.N*g.C*volume(g.In))), benchRandom(r, make([]float32, g.K*g.rows()))
		y := benchRandom(r, make([]float32, g.N*g.K*volume(g.Out)))
		dx := make([]float32, len(x))
		for _, m := range []struct {
			name string
			f    func()
		}{
			{"images_fwd", func() { imagesForward(&g, x, w, nil, y) }},
			{"direct_fwd", func() { directForward(&g, x, w, nil, y) }},
			{"images_dx", func() { imagesInputGrad(&g, y, w, dx) }},
			{"direct_dx", func() { directInputGrad(&g, y, w, dx) }},
		} {
			b.Run(fmt.Sprint(g.N, g.C, g.K, g.In[1], g.In[2], g.Kernel[1], g.Kernel[2], "/", m.name), func(b *testing.B) {
				m.f()
				t := processorTime()
				for b.Loop() {
					m.f()
				}
				flops := 2 * g.N * g.K * volume(g.Out) * g.rows()
				b.ReportMetric(float64(flops)*float64(b.N)/(processorTime()-t)/1e9, "GFLOP/s")
			})
		}
	}
}

//go:build linux || darwin

package cpu

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

// processorTime is what this process has used, in seconds: other processes disturb it less than a clock.
func processorTime() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkConv measures the convolutions of the workloads and their gradients, in GFLOP/s of processor time; the gathered
// ones are those of every other way. Use one worker.
func BenchmarkConv(b *testing.B) {
	same := func(size, kernel, stride int) convAxis {
		return convAxis{size: size, kernel: kernel, stride: stride, pad: (kernel - 1) / 2, after: (kernel - 1) / 2}
	}
	square := func(n, c, k, groups int, a convAxis) Conv { return convShape(n, c, k, groups, a, a) }
	b.Run("gemm", func(b *testing.B) { // for comparison
		a, c := make([]float32, 512*512), make([]float32, 512*512)
		t := processorTime()
		for b.Loop() {
			GemmF32(512, 512, 512, a, 512, 1, a, 512, 1, c, 512, Epilogue[float32]{})
		}
		b.ReportMetric(2*512*512*512*float64(b.N)/(processorTime()-t)/1e9, "GFLOP/s")
	})
	for _, s := range []struct {
		name string
		g    Conv
	}{
		{"lenet1", square(64, 1, 6, 1, same(28, 5, 1))},
		{"lenet2", square(64, 6, 16, 1, convAxis{size: 14, kernel: 5})},
		{"N8C3H224K64_7x7s2", square(8, 3, 64, 1, same(224, 7, 2))},
		{"N8C256H56K64_1x1", square(8, 256, 64, 1, same(56, 1, 1))},
		{"N32C64H32K128_1x1s2", square(32, 64, 128, 1, same(32, 1, 2))},
		{"N32C64H32K128_3x3s2", square(32, 64, 128, 1, same(32, 3, 2))},
		{"N32C256H8K512_3x3s2", square(32, 256, 512, 1, same(8, 3, 2))},
		{"N16C64H32K128_4x4s2", square(16, 64, 128, 1, convAxis{size: 32, kernel: 4, stride: 2, pad: 1, after: 1})},
		{"N16C128H16K256_4x4s2", square(16, 128, 256, 1, convAxis{size: 16, kernel: 4, stride: 2, pad: 1, after: 1})},
		{"N16C3H64K64_4x4s2", square(16, 3, 64, 1, convAxis{size: 64, kernel: 4, stride: 2, pad: 1, after: 1})},
		{"N16C256H8K512_4x4s2", square(16, 256, 512, 1, convAxis{size: 8, kernel: 4, stride: 2, pad: 1, after: 1})},
		{"N16C100H4K512_4x4", square(16, 512, 100, 1, convAxis{size: 4, kernel: 4})},
		{"N16C64H28K64_3x3g2", square(16, 64, 64, 2, same(28, 3, 1))},
		{"N32C512H4K512_3x3", square(32, 512, 512, 1, same(4, 3, 1))}, // Winograd's, but for direct
		{"N32C32H14K32_3x3", square(32, 32, 32, 1, same(14, 3, 1))},
		{"N2C512H7K512_3x3", square(2, 512, 512, 1, same(7, 3, 1))},
		{"N1C256H14K512_1x1", square(1, 256, 512, 1, same(14, 1, 1))},
	} {
		g := s.g
		r := rand.New(rand.NewPCG(1, 2))
		_, _, ny := g.convSizes()
		x, w, _ := convInputs(r, g)
		y := normalFill(r, make([]float32, ny))
		dx, dw := make([]float32, len(x)), make([]float32, len(w))
		for _, m := range []struct {
			name string
			f    func()
		}{
			{"fwd", func() { ConvForward(g, GemmF32, x, w, nil, y) }},
			{"dx", func() { ConvInputGrad(g, GemmF32, y, w, dx) }},
			{"dw", func() { ConvWeightGrad(g, GemmF32, x, y, dw) }},
			{"images_fwd", func() { imagesForward(&g, x, w, nil, y) }},
			{"images_dx", func() { imagesInputGrad(&g, y, w, dx) }},
			{"images_dw", func() { imagesWeightGrad(&g, x, y, dw) }},
			{"phased_fwd", func() { phasedForward(&g, x, w, nil, y) }},
			{"phased_dx", func() { phasedInputGrad(&g, y, w, dx) }},
			{"phased_dw", func() { phasedWeightGrad(&g, x, y, dw) }},
			{"planes_dw", func() { planesWeightGrad(&g, x, y, dw) }},
			{"direct_fwd", func() { directForward(&g, x, w, nil, y) }},
			{"direct_dx", func() { directInputGrad(&g, y, w, dx) }},
			{"direct_dw", func() { directWeightGrad(&g, x, y, dw) }},
			{"gathered_fwd", func() { convGathered(g, GemmF32, x, w, nil, y) }},
			{"gathered_dw", func() { convWeightGathered(g, GemmF32, x, y, dw) }},
		} {
			if strings.HasPrefix(m.name, "phased") && !g.usesPhased(3, 8) {
				continue
			}
			if strings.HasPrefix(m.name, "images") && !g.acrossImages() || strings.HasPrefix(m.name, "planes") && !g.acrossPlanes() {
				continue
			}
			b.Run(s.name+"/"+m.name, func(b *testing.B) {
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

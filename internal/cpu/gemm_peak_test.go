//go:build (amd64 || arm64) && !noasm

package cpu

import "testing"

// BenchmarkPeak reports the float32 rate of multiply-adds on registers: what a product can reach at most.
func BenchmarkPeak(b *testing.B) {
	for _, im := range Impls() {
		if im == implGo {
			continue
		}
		peak, flops := peakLoop(im)
		b.Run(im.String(), func(b *testing.B) {
			const n = 1000
			for b.Loop() {
				peak(n)
			}
			b.ReportMetric(float64(n*flops)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

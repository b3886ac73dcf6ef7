//go:build amd64 && !noasm

package cpu

import "testing"

// BenchmarkPeak reports the float32 rate of multiply-adds on registers: what a product can reach at most.
func BenchmarkPeak(b *testing.B) {
	for _, im := range Impls() {
		peak, lanes := gemmPeakAVX2, 8
		switch im {
		case implGo:
			continue
		case implAVX512:
			peak, lanes = gemmPeakAVX512, 16
		}
		b.Run(im.String(), func(b *testing.B) {
			const n = 1000
			for b.Loop() {
				peak(n)
			}
			b.ReportMetric(float64(n*12*2*lanes)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

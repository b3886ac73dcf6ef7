//go:build amd64 && !noasm

package cpu

// peakLoop returns a loop of multiply-adds on registers and the FLOP in one round of it.
func peakLoop(im Impl) (loop func(n int), flops int) {
	switch im {
	case implAVX512BF16:
		return gemmPeakBF16AVX512, 12 * 4 * 16
	case implAVX512:
		return gemmPeakAVX512, 12 * 2 * 16
	}
	return gemmPeakAVX2, 12 * 2 * 8
}

//go:build arm64 && !noasm

package cpu

// gemmPeakNEON does n times 16 independent float32 multiply-adds of 4 lanes.
func gemmPeakNEON(n int)

// peakLoop returns a loop of multiply-adds on registers and the FLOP in one round of it.
func peakLoop(Impl) (loop func(n int), flops int) { return gemmPeakNEON, 16 * 2 * 4 }

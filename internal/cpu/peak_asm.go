//go:build (amd64 || arm64) && !noasm

package cpu

import "time"

// Peak measures the float32 rate of multiply-adds on registers, in FLOP/s (a multiply-add counts two) of one core: what a
// product can reach at most with the kernels in use. It is 0 for portable Go. It takes some 50 ms.
func Peak() (best float64) {
	if inUse() == implGo {
		return 0
	}
	loop, flops := peakLoop(inUse())
	const n, calls = 1000, 500 // about 2 µs a call: the collector waits no longer
	for range 50 {             // others may take the core meanwhile
		start := time.Now()
		for range calls {
			peakCall(loop, n)
		}
		best = max(best, float64(calls*n*flops)/time.Since(start).Seconds())
	}
	return best
}

//go:noinline
func peakCall(loop func(int), n int) { loop(n) } // a safepoint: assembly has none

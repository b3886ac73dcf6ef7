package random

import "testing"

// TestKernelEqualsBlock compares long fills, which have a kernel on some processors, with blocks one by one, also where the index's lower half
// overflows.
func TestKernelEqualsBlock(t *testing.T) {
	for _, k := range []Key{{}, {lo: 0x0123456789abcdef, hi: 0xfedcba9876543210}, {lo: ^uint64(0), hi: ^uint64(0)}} {
		for _, index := range []uint64{0, 3, 1<<32 - 5, 1<<40 - 1, 1<<60 - 100} {
			for _, n := range []int{0, 1, 31, 32, 33, 63, 64, 200, 9000} {
				got := make([]uint32, n+1)
				got[n] = 7 // a guard
				Uint32(got[:n], k, int(4*index))
				var want [4]uint32
				for i, w := range got[:n] {
					if i%4 == 0 {
						want[0], want[1], want[2], want[3] = block(k, index+uint64(i)/4)
					}
					if w != want[i%4] {
						t.Fatalf("key %v, block %d: word %d of %d is %#x, want %#x", k, index, i, n, w, want[i%4])
					}
				}
				if got[n] != 7 {
					t.Fatalf("%d words: wrote behind them", n)
				}
			}
		}
	}
}

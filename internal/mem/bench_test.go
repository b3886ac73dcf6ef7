package mem

import (
	"fmt"
	"runtime"
	"testing"
)

func BenchmarkGetPut(b *testing.B) {
	for _, n := range []int{1 << 10, 64 << 10, 4 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = Get(n)
				sink.Put()
			}
		})
	}
	b.Run("64KiB/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				k := Get(64 << 10)
				k.Put()
			}
		})
	})
}

func BenchmarkGetZeroed(b *testing.B) {
	for _, n := range []int{64 << 10, 4 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				GetZeroed(n).Put()
			}
		})
	}
}

// BenchmarkDropped has no Put: every block comes back by way of the collector.
func BenchmarkDropped(b *testing.B) {
	for _, n := range []int{64 << 10, 4 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			before := std.readStats()
			for b.Loop() {
				runtime.KeepAlive(std.storage(n))
			}
			after := std.readStats()
			b.ReportMetric(float64(after.ForcedGCs-before.ForcedGCs)/float64(b.N), "GCs/op")
			b.ReportMetric(float64(after.Mapped>>20), "mapped-MiB")
		})
	}
}

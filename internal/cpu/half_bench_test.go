package cpu

import (
	"fmt"
	"testing"
)

// BenchmarkHalves reports MB/s, read and written.
func BenchmarkHalves(b *testing.B) {
	defer Use(Current())
	for _, im := range []Impl{impls[0], implGo} {
		for _, n := range []int{1 << 12, 1 << 16, 1 << 24} {
			wide, narrow := make([]float32, n), make([]uint16, n)
			for i := range wide {
				wide[i] = float32(i%1000) / 7
			}
			for _, h := range halfFormats {
				run := func(name string, f func()) {
					b.Run(fmt.Sprintf("%s %s/%d/%v", h.name, name, n, im), func(b *testing.B) {
						Use(im.String())
						b.SetBytes(int64(6 * n))
						for b.Loop() {
							f()
						}
					})
				}
				run("round", func() { h.Round(narrow, wide) })
				run("widen", func() { h.Widen(wide, narrow) })
			}
		}
	}
}

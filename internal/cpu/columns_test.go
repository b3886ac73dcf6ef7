package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The sums have the bits of additions one after the other, in columns up to a multiple of 8; the others stay, and so does x.
func TestSumColumns(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 9))
		for _, n := range []int{0, 1, 7, 8, 9, 24, 31, 512, 515} {
			for _, rows := range []int{0, 1, 2, 3, 4, 5, 7, 8, 70, 131} {
				for _, stride := range []int{0, n, n + 3} {
					size := max(0, (rows-1)*stride+n)
					x := operand[float32](r, size, rows == 5)
					sum, want := make([]float64, n), make([]float64, n)
					for j := range sum {
						sum[j] = r.Float64()
					}
					copy(want, sum)
					done := SumColumns(sum, x, stride, rows)
					if inUse() != implGo && rows > 0 && done != n&^7 || done > n {
						t.Fatalf("%d columns of %d are done", done, n)
					}
					for j := range want[:done] {
						for i := range rows {
							want[j] += float64(x[i*stride+j])
						}
					}
					for j, v := range want {
						if math.Float64bits(v) != math.Float64bits(sum[j]) && !(v != v && sum[j] != sum[j]) {
							t.Fatalf("%d rows of %d, stride %d: sum %d is %v, want %v", rows, n, stride, j, sum[j], v)
						}
					}
				}
			}
		}
		if n := SumColumns(make([]float64, 8), make([]float64, 8), 8, 1); n != 0 {
			t.Error("float64 is not for this kernel")
		}
	})
}

package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestDrop(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	eachImpl(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 7, 8, 9, 31, 64, 1000, 3*vectorBlock + 5} {
			x, words := normals(n, false), make([]uint32, n)
			for i := range words {
				words[i] = g.Uint32()
			}
			if n > 8 {
				x[1], x[2], words[1], words[2] = float32(math.NaN()), float32(math.Inf(1)), 0, 0x80000000-1
			}
			for _, p := range []float64{0, 0.3, 0.5, 1} {
				y := make([]float32, n+1)
				y[n] = 7 // a guard
				Drop(y[:n], x, words, p, 1/(1-p), false)
				for i, v := range y[:n] {
					want := x[i] * float32(1/(1-p))
					if float64(words[i]>>8)/(1<<24) < float64(float32(p)) {
						want = 0
					}
					if v != want && !(v != v && want != want) {
						t.Fatalf("element %d of %d, p %v: %v, want %v", i, n, p, v, want)
					}
				}
				if y[n] != 7 {
					t.Fatal("wrote behind the result")
				}
			}
		}
	})
}

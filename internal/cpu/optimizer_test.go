package cpu

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

func TestDescend(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 7, 8, 9, 16, 31, 100, 2*vectorBlock + 5} {
			p, g := fenced[float32](t, n, true), fenced[float32](t, n, true)
			copy(p, normals(n, false))
			copy(g, normals(n+3, false)[3:])
			old := append([]float32(nil), p...)
			Descend(p, g, 0.1, 0.01)
			for i, v := range old {
				want := float64(v) - float64(float32(0.1))*(float64(g[i])+float64(float32(0.01))*float64(v))
				if math.Abs(float64(p[i])-want) > 3e-7*(1+math.Abs(want)) {
					t.Fatalf("of %d, element %d is %v, want %v", n, i, p[i], want)
				}
			}
		}
	})
}

func TestSumSquaresShared(t *testing.T) {
	defer parallel.SetWorkers(0)
	eachImpl(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 9, 1<<15 + 1, 200_000} {
			x := normals(n, false)
			if n > 5 {
				x[5] = 1e30 // its square is no float32
			}
			var want float64
			for _, v := range x {
				want += float64(v) * float64(v)
			}
			parallel.SetWorkers(1)
			got := SumSquaresShared(x)
			if math.Abs(got-want) > 1e-12*want {
				t.Errorf("of %d: %v, want %v", n, got, want)
			}
			parallel.SetWorkers(3)
			if again := SumSquaresShared(x); again != got {
				t.Errorf("of %d: %v with one worker, %v with three", n, got, again)
			}
		}
	})
}

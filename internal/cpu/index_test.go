package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// IndexAdd against sums in float64, on widths with every tail, groups that are empty, long or sorted, and columns shared out.
func TestIndexAdd(t *testing.T) {
	defer parallel.SetWorkers(0)
	r := rand.New(rand.NewPCG(11, 12))
	eachImpl(t, func(t *testing.T) {
		for _, inner := range []int{1, 3, 4, 5, 7, 8, 15, 16, 17, 32, 39, 64, 131, 1 << 10} {
			for _, s := range [][2]int{{0, 3}, {1, 1}, {7, 2}, {300, 40}, {40, 300}, {2000, 3}} {
				const outer = 2
				m, n, skip := s[0], s[1], r.IntN(s[1]+1)-1
				idx := make([]int64, m)
				for i := range idx {
					idx[i] = int64(r.IntN(n))
				}
				if inner%2 != 0 {
					slices.Sort(idx)
				}
				x := fenced[float32](t, outer*m*inner, true)
				copy(x, normals(len(x), false))
				want := make([]float64, outer*n*inner)
				for o := range outer {
					for j, k := range idx {
						for i := range inner {
							if int(k) != skip {
								want[(o*n+int(k))*inner+i] += float64(x[(o*m+j)*inner+i])
							}
						}
					}
				}
				var first []float32
				for _, workers := range []int{1, 3} {
					parallel.SetWorkers(workers)
					y := fenced[float32](t, outer*n*inner, workers == 1)
					fill(y, 9)
					IndexAdd(outer, n, inner, x, idx, int64(skip), y)
					for i, w := range want {
						if math.Abs(float64(y[i])-w) > 1e-7*math.Abs(w)+1e-12 {
							t.Fatalf("inner %d, %d rows into %d: element %d is %v, want %v", inner, m, n, i, y[i], w)
						}
					}
					if first == nil {
						first = y
					} else if !slices.Equal(first, y) {
						t.Fatalf("inner %d, %d rows into %d: bits depend on the number of workers", inner, m, n)
					}
				}
			}
		}
	})
}

func TestScatterAdd(t *testing.T) {
	defer parallel.SetWorkers(0)
	r := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct{ outer, n, m, inner int }{{1, 5, 1 << 17, 1}, {1, 5000, 1 << 16, 1}, {3, 10, 50, 1}, {2, 6, 40, 5}, {1, 0, 0, 1}} {
		x, idx := normals(c.outer*c.m*c.inner, false), make([]int64, c.outer*c.m*c.inner)
		y0, want := normals(c.outer*c.n*c.inner, false), make([]float64, c.outer*c.n*c.inner)
		for i, v := range y0 {
			want[i] = float64(v)
		}
		size := make([]float64, len(want))
		for i := range idx {
			k := r.IntN(c.n)
			idx[i] = int64(k)
			at := (i/(c.m*c.inner)*c.n+k)*c.inner + i%c.inner
			want[at] += float64(x[i])
			size[at] += math.Abs(float64(x[i]))
		}
		var first []float32
		for _, workers := range []int{1, 3} {
			parallel.SetWorkers(workers)
			y := slices.Clone(y0)
			if at := ScatterAdd(c.outer, c.n, c.m, c.inner, x, idx, y); at != -1 {
				t.Fatalf("%+v: index %d is outside", c, at)
			}
			for i, w := range want {
				if math.Abs(float64(y[i])-w) > 1e-6*(1+size[i]) {
					t.Fatalf("%+v: element %d is %v, want %v", c, i, y[i], w)
				}
			}
			if first == nil {
				first = y
			} else if !slices.Equal(first, y) {
				t.Fatalf("%+v: bits depend on the number of workers", c)
			}
		}
	}
	for _, m := range []int{1, 1025, 1 << 17} {
		idx := make([]int64, m)
		idx[m-1] = 3
		if at := ScatterAdd(1, 3, m, 1, make([]int32, m), idx, make([]int32, 3)); at != m-1 {
			t.Errorf("of %d indices, %d is outside; want the last", m, at)
		}
	}
	// Where nothing is added, a negative zero stays, and integers are exact.
	y := []float32{float32(math.Copysign(0, -1)), 1}
	ScatterAdd(1, 2, 1<<16, 1, make([]float32, 1<<16), slices.Repeat([]int64{1}, 1<<16), y)
	if math.Float32bits(y[0]) != 1<<31 || y[1] != 1 {
		t.Errorf("%v, want -0 and 1", y)
	}
	z := []uint8{3, 5}
	ScatterAdd(1, 2, 1<<16, 1, slices.Repeat([]uint8{7}, 1<<16), make([]int64, 1<<16), z)
	if z[0] != 3 || z[1] != 5 { // 7 * 65536 is 0 modulo 256
		t.Errorf("%v, want [3 5]", z)
	}
}

func TestOutside(t *testing.T) {
	idx := make([]int64, 1<<17+1)
	if got := Outside(idx, 1); got != -1 {
		t.Errorf("zeros: %d", got)
	}
	if got := Outside(idx, 0); got != 0 {
		t.Errorf("of none: %d", got)
	}
	for _, at := range []int{0, 1, 1<<16 - 1, 1 << 17} {
		for _, bad := range []int64{-1, 5, math.MaxInt64, math.MinInt64} {
			idx[at] = bad
			if got := Outside(idx, 5); got != at {
				t.Errorf("%d at %d: found at %d", bad, at, got)
			}
			idx[at] = 4
		}
	}
	if got := Outside(nil, 3); got != -1 {
		t.Errorf("nothing: %d", got)
	}
}

//go:build linux || darwin

package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Each implementation agrees with the definition, for lines of every length, and touches nothing outside the slices.
func TestTaps(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for n := 1; n <= 70; n++ {
			for _, taps := range []int{1, 2, 3, 4, 5, 9, 11, 25, 66} {
				checkTaps[float32](t, r, n, taps, 1+n%3, n%2 == 0, 1e-6)
				checkTaps[float64](t, r, n, taps, 1+n%3, n%2 == 0, 1e-14)
			}
		}
		checkTaps[float32](t, r, 9, 2*maxTaps+5, 2, true, 1e-6)
	})
}

func checkTaps[T Float](t *testing.T, r *rand.Rand, n, taps, lines int, atEnd bool, tol float64) {
	random := func(x []T) []T {
		for i := range x {
			x[i] = T(2*r.Float64() - 1)
		}
		return x
	}
	zp, bp := n+r.IntN(5), n+r.IntN(9)
	off := make([]int, taps, taps+4)
	fill(off[:taps+4], 1<<40) // an offset that is read past the end leads out of memory
	reach := 0
	for i := range off {
		off[i] = r.IntN(40)
		reach = max(reach, off[i])
	}
	z, buf, w := random(fenced[T](t, (lines-1)*zp+n, atEnd)), random(fenced[T](t, reach+(lines-1)*bp+n, atEnd)), random(fenced[T](t, taps, atEnd))
	old := append([]T(nil), z...)
	sums := make([]float64, taps)
	tapDots(z, zp, buf, bp, lines, n, off, sums)
	tapSum(z, zp, buf, bp, lines, n, off, w)
	for l := range lines {
		for j := range zp {
			k := l*zp + j
			if k >= len(z) {
				break
			}
			want := float64(old[k])
			for i := 0; i < taps && j < n; i++ {
				want += float64(w[i]) * float64(buf[off[i]+l*bp+j])
			}
			if math.Abs(float64(z[k])-want) > tol*float64(taps+1) {
				t.Fatalf("tapSum of %d taps, line %d element %d of %d is %v, want %v", taps, l, j, n, z[k], want)
			}
		}
	}
	for i, got := range sums {
		var want float64
		for l := range lines {
			for j := range n {
				want += float64(old[l*zp+j]) * float64(buf[off[i]+l*bp+j])
			}
		}
		if math.Abs(got-want) > tol*float64(lines*n) {
			t.Fatalf("tapDots of %d elements, tap %d of %d is %v, want %v", n, i, taps, got, want)
		}
	}
}

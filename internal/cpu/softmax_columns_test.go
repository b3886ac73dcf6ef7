package cpu

import (
	"math"
	"testing"
)

// Columns side by side give what rows give that are copied out of them, but for rounding.
func TestSoftmaxColumns(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachImpl(t, func(t *testing.T) {
		for _, r := range []Rows{{1, 1, columnLeast}, {2, 5, 37}, {3, 13, columnStrip + 9}, {1, 300, 64}} {
			n := r.Outer * r.N * r.Inner
			x, dy := normals(n, false), normals(n, true)
			if r.Inner == 37 { // whole columns of oddities, and one among numbers
				for i := range r.N {
					x[i*37], x[i*37+1] = -inf, inf
				}
				x[2], x[3], x[4+37], x[5+2*37] = nan, inf, -inf, 90
			}
			turned := func(x []float32, back bool) []float32 {
				y := make([]float32, n)
				for o := range r.Outer {
					for i := range r.N {
						for c := range r.Inner {
							p, q := (o*r.N+i)*r.Inner+c, (o*r.Inner+c)*r.N+i
							if back {
								p, q = q, p
							}
							y[q] = x[p]
						}
					}
				}
				return y
			}
			rows := Rows{r.Outer * r.Inner, r.N, 1}
			for name, f := range map[string]func(r Rows, x, dy, y []float32){
				"softmax":              func(r Rows, x, _, y []float32) { Softmax(r, x, y) },
				"log softmax":          func(r Rows, x, _, y []float32) { LogSoftmax(r, x, y) },
				"softmax gradient":     func(r Rows, x, dy, y []float32) { SoftmaxGrad(r, dy, x, y) },
				"log softmax gradient": func(r Rows, x, dy, y []float32) { LogSoftmaxGrad(r, dy, x, y) },
			} {
				y, w := make([]float32, n), make([]float32, n)
				f(r, x, dy, y)
				f(rows, turned(x, false), turned(dy, false), w)
				for i, want := range turned(w, true) {
					if got := y[i]; got != want && (got == got || want == want) && !(math.Abs(float64(got-want)) <= 2e-6*(1+math.Abs(float64(want)))*float64(r.N)) {
						t.Fatalf("%s of %v: element %d is %v, want %v", name, r, i, got, want)
					}
				}
			}
		}
	})
}

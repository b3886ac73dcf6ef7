package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// scanStrip is how many neighbouring rows are walked together where their elements are apart.
const scanStrip = 64

// eachStrip calls f with the first element and the number of each strip of neighbouring rows, one row where rows are
// contiguous.
func eachStrip(r Rows, f func(at, w int)) {
	width := min(scanStrip, r.Inner)
	strips := (r.Inner + scanStrip - 1) / scanStrip
	parallel.For(r.Outer*strips, max(1, grainCostly/max(1, width*r.N)), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			c := t % strips * scanStrip
			f(t/strips*r.N*r.Inner+c, min(scanStrip, r.Inner-c))
		}
	})
}

// order returns the offset of the first element of a row that is walked and the distance to the next.
func (r Rows) order(reverse bool) (start, step int) {
	if reverse {
		return (r.N - 1) * r.Inner, -r.Inner
	}
	return 0, r.Inner
}

// Cumsum computes y_t = Σ x_k along rows, over k <= t, or over k >= t in reverse, with sums of type A.
func Cumsum[T, A float32 | float64 | int64](r Rows, reverse bool, x, y []T) {
	start, step := r.order(reverse)
	eachStrip(r, func(at, w int) {
		at += start
		if w == 1 { // a register holds the sum
			var sum A
			for range r.N {
				sum += A(x[at])
				y[at] = T(sum)
				at += step
			}
			return
		}
		var sums [scanStrip]A
		for range r.N {
			sum, y := sums[:w], y[at:][:w]
			for i, v := range x[at:][:w] {
				sum[i] += A(v)
				y[i] = T(sum[i])
			}
			at += step
		}
	})
}

// Cumprod computes y_t = Π_{k<=t} x_k along rows, with products of type A.
func Cumprod[T, A float32 | float64 | int64](r Rows, x, y []T) {
	eachStrip(r, func(at, w int) {
		if w == 1 { // a register holds the product
			product := A(1)
			for range r.N {
				product *= A(x[at])
				y[at] = T(product)
				at += r.Inner
			}
			return
		}
		var products [scanStrip]A
		for i := range w {
			products[i] = 1
		}
		for range r.N {
			product, y := products[:w], y[at:][:w]
			for i, v := range x[at:][:w] {
				product[i] *= A(v)
				y[i] = T(product[i])
			}
			at += r.Inner
		}
	})
}

// LogCumSumExp computes y_t = ln Σ_{k<=t} exp(x_k) along rows from the largest x_k so far and the sum of the differences'
// exponentials, in float64.
func LogCumSumExp[T float32 | float64](r Rows, x, y []T) {
	eachStrip(r, func(at, w int) {
		var largest, sums [scanStrip]float64
		for i := range w {
			largest[i] = math.Inf(-1)
		}
		for range r.N {
			y := y[at:][:w]
			for i, v := range x[at:][:w] {
				v, m, s := float64(v), largest[i], sums[i]
				switch {
				case v == m: // the difference of two infinities would be NaN
					s++
				case v > m:
					s = float64(s*math.Exp(m-v)) + 1
					m = v
				default:
					s += math.Exp(v - m)
				}
				largest[i], sums[i] = m, s
				y[i] = T(m + math.Log(s))
			}
			at += r.Inner
		}
	})
}

// LinearRecurrence computes h_t = a_t h_{t-1} + b_t along rows from h_0 = b_0 on or, transposed, h_t = a_{t+1} h_{t+1} + b_t
// from the last h_t = b_t back, in float64.
func LinearRecurrence[T float32 | float64](r Rows, transposed bool, a, b, h []T) {
	start, step := r.order(transposed)
	ahead := 0 // of the factor in a
	if transposed {
		ahead = r.Inner
	}
	eachStrip(r, func(at, w int) {
		at += start
		var states [scanStrip]float64
		for t := range r.N {
			state, h := states[:w], h[at:][:w]
			if t == 0 { // no factor, which may be infinite or NaN, takes part
				for i, v := range b[at:][:w] {
					state[i] = float64(v)
					h[i] = v
				}
				at += step
				continue
			}
			a := a[at+ahead:][:w]
			for i, v := range b[at:][:w] {
				state[i] = float64(float64(a[i])*state[i]) + float64(v)
				h[i] = T(state[i])
			}
			at += step
		}
	})
}

package linear

import "math"

// expTable holds 2^(i/128).
var expTable = func() (t [128]float64) {
	for i := range t {
		t[i] = math.Exp2(float64(i) / 128)
	}
	return t
}()

// expAll replaces numbers up to 0 by their exponentials, to two units in the last place; those below 1e-307 become 0. With a table (P.-T. P.
// Tang, 1989) it takes a third of math.Exp's time: x = k ln 2 / 128 + r, |r| <= ln 2 / 256, and eˣ = 2^(k/128) eʳ, eʳ by its series.
func expAll(x []float64) {
	// The step in two parts: k times the first, which has 33 bits, is exact.
	const step, first = math.Ln2 / 128, 0x1.62e42fefp-8
	for i, v := range x {
		if !(v > -707) {
			x[i] = 0
			if v != v {
				x[i] = v
			}
			continue
		}
		k := int64(v/step - 0.5)
		r := float64(v-float64(float64(k)*first)) - float64(float64(k)*(step-first))
		r2 := r * r
		p := r + float64(r2*(0.5+float64(r*(1./6)))) + float64(r2*r2)*(1./24+float64(r*(1./120)))
		scale := math.Float64frombits(math.Float64bits(expTable[k&127]) + uint64(k>>7)<<52)
		x[i] = scale + float64(scale*p)
	}
}

package cpu

import (
	"math"
	"testing"
)

var halfFormats = []struct {
	name string
	Half
	exponent, fraction int
}{{"bfloat16", BFloat16, 8, 7}, {"float16", Float16, 5, 10}}

// Every bit pattern widens to the number that IEEE 754's definition gives, and rounds back to itself; a NaN stays one, quiet,
// with its upper bits.
func TestWiden(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, h := range halfFormats {
			src, dst, back := make([]uint16, 1<<16), make([]float32, 1<<16), make([]uint16, 1<<16)
			for i := range src {
				src[i] = uint16(i)
			}
			h.Widen(dst, src)
			h.Round(back, dst)
			bias := 1<<(h.exponent-1) - 1
			for i, x := range src {
				e, f := int(x&0x7fff)>>h.fraction, int(x)&(1<<h.fraction-1)
				want := math.Ldexp(float64(f+1<<h.fraction), e-bias-h.fraction)
				switch {
				case e == 0:
					want = math.Ldexp(float64(f), 1-bias-h.fraction)
				case e == 1<<h.exponent-1 && f == 0:
					want = math.Inf(1)
				case e == 1<<h.exponent-1:
					if got := math.Float32bits(dst[i]); dst[i] == dst[i] || got>>31 != uint32(x>>15) || back[i] != x|1<<(h.fraction-1) {
						t.Fatalf("%s: the NaN %#04x becomes %#08x, and that %#04x", h.name, x, got, back[i])
					}
					continue
				}
				if want = math.Copysign(want, 0.5-float64(x>>15)); math.Float64bits(float64(dst[i])) != math.Float64bits(want) || back[i] != x {
					t.Fatalf("%s: %#04x becomes %g, want %g, and that %#04x", h.name, x, dst[i], want, back[i])
				}
			}
		}
	})
}

// Rounding is monotonic, so the float32 just below, at and just above the middle of two neighbours decide all others.
func TestRound(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, h := range halfFormats {
			infinity := (1<<h.exponent - 1) << h.fraction
			var src []float32
			var want []uint16
			for x := range infinity {
				lo, hi := float64(h.Float32(uint16(x))), float64(h.Float32(uint16(x+1)))
				if x+1 == infinity {
					hi = math.Ldexp(1, 1<<(h.exponent-1)) // in its place the next power of two
				}
				middle := float32((lo + hi) / 2)
				for i, f := range []float32{math.Nextafter32(middle, 0), middle, math.Nextafter32(middle, float32(math.Inf(1)))} {
					to := uint16(x + i/2)
					if i == 1 {
						to += uint16(x & 1)
					}
					src, want = append(src, f, -f), append(want, to, to|1<<15)
				}
			}
			for _, nan := range []uint32{0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff, 0x7f801fff, 0xff80ffff} {
				to := uint16(infinity | 1<<(h.fraction-1) | int(nan>>(23-h.fraction))&(1<<h.fraction-1))
				src, want = append(src, math.Float32frombits(nan)), append(want, to|uint16(nan>>16&0x8000))
			}
			for _, big := range []float64{math.Inf(1), math.Inf(-1), math.MaxFloat32} {
				src, want = append(src, float32(big)), append(want, uint16(infinity)|uint16(math.Float32bits(float32(big))>>16&0x8000))
			}
			got := make([]uint16, len(src))
			h.Round(got, src)
			for i, g := range got {
				if g != want[i] {
					t.Fatalf("%s: %g (%#08x) becomes %#04x, want %#04x", h.name, src[i], math.Float32bits(src[i]), g, want[i])
				}
			}
		}
	})
}

// Any length and beginning gives the same, and nothing around the result changes.
func TestHalvesOfAnyLength(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for n := range 70 {
			for at := range 3 {
				src, wide, even, odd := make([]uint16, n+4), make([]float32, n+8), make([]uint16, n+4), make([]uint16, n+4)
				for i := range src {
					src[i], even[i], odd[i] = uint16(0x3c00+37*i), uint16(i), uint16(0x8000+i)
				}
				canary := math.Float32frombits(0xdeadbeef)
				around := func(what string) {
					for i, v := range wide {
						if (i < at || i >= at+n) && v != canary {
							t.Fatalf("%s of %d wrote to element %d", what, n, i-at)
						}
					}
				}
				for _, h := range halfFormats {
					for i := range wide {
						wide[i] = canary
					}
					h.Widen(wide[at:at+n], src[at:])
					around("Widen")
					back := make([]uint16, n+4)
					h.Round(back[at:at+n], wide[at:])
					for i := range back {
						if in := i >= at && i < at+n; in && back[i] != src[i] || !in && back[i] != 0 {
							t.Fatalf("Round of %d: element %d is %#04x", n, i-at, back[i])
						}
					}
				}
				for i := range wide {
					wide[i] = canary
				}
				pairUp(wide[at:at+n], even[at:], odd[at:])
				around("pairUp")
				for i, v := range wide[at : at+n] {
					if b := math.Float32bits(v); b != uint32(even[at+i])|uint32(odd[at+i])<<16 {
						t.Fatalf("pair %d of %d is %#08x", i, n, b)
					}
				}
			}
		}
		x := make([]uint16, 1<<22+100) // streamed, in several parts
		for i := range x {
			x[i] = uint16(i)&0x3fff | 1
		}
		y := make([]float32, len(x))
		for _, h := range halfFormats {
			h.Widen(y, x)
			for i, v := range y {
				if v != h.Float32(x[i]) {
					t.Fatalf("%s: element %d of a large array is %g", h.name, i, v)
				}
			}
		}
	})
}

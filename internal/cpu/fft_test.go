package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// naiveDFT is the definition, in float64, for columns of r.
func naiveDFT(r Rows, inverse bool, x []Complex[float64]) []Complex[float64] {
	y := make([]Complex[float64], len(x))
	sign := -2 * math.Pi
	if inverse {
		sign = -sign
	}
	roots := make([]Complex[float64], r.N)
	for k := range roots {
		roots[k].Im, roots[k].Re = math.Sincos(sign * float64(k) / float64(r.N))
	}
	for o := range r.Outer {
		for i := range r.Inner {
			for k := range r.N {
				var sum Complex[float64]
				for j := range r.N {
					sum = sum.add(x[(o*r.N+j)*r.Inner+i].mul(roots[j*k%r.N]))
				}
				y[(o*r.N+k)*r.Inner+i] = sum
			}
		}
	}
	return y
}

// fftSignal returns n numbers in [-1, 1).
func fftSignal(n int) []Complex[float64] {
	x := make([]Complex[float64], n)
	for i := range x {
		x[i] = Complex[float64]{float64(i*7919%1013)/506.5 - 1, float64(i*104729%997)/498.5 - 1}
	}
	return x
}

func fftNarrow(x []Complex[float64]) []Complex[float32] {
	y := make([]Complex[float32], len(x))
	for i, v := range x {
		y[i] = Complex[float32]{float32(v.Re), float32(v.Im)}
	}
	return y
}

// fftWorst returns the largest difference, relative to the largest number of want.
func fftWorst[T float32 | float64](got []Complex[T], want []Complex[float64]) float64 {
	e, scale := 0.0, 0.0
	for i, w := range want {
		e = max(e, math.Hypot(float64(got[i].Re)-w.Re, float64(got[i].Im)-w.Im))
		scale = max(scale, math.Hypot(w.Re, w.Im))
	}
	if e == 0 {
		return 0
	}
	return e / scale
}

// guarded returns n numbers between guards, and a check of these.
func guarded[T float32 | float64](t *testing.T, n int) (x []Complex[T], check func(what string)) {
	const guard, margin = 1234.5, 8
	all := make([]Complex[T], n+2*margin)
	for i := range all {
		all[i] = Complex[T]{guard, guard}
	}
	return all[margin:][:n:n], func(what string) {
		t.Helper()
		for i, v := range all {
			if (i < margin || i >= n+margin) && v != (Complex[T]{guard, guard}) {
				t.Fatalf("%s: number %d of %d was written", what, i-margin, n)
			}
		}
	}
}

// eachFFTImpl runs f with every implementation.
func eachFFTImpl(t *testing.T, f func(t *testing.T)) {
	best := Current()
	defer func() { _ = Use(best) }()
	for _, im := range Impls() {
		if err := Use(im.String()); err != nil {
			t.Fatal(err)
		}
		t.Run(im.String(), f)
	}
}

func TestFFTAgainstDefinition(t *testing.T) {
	eachFFTImpl(t, func(t *testing.T) {
		check := func(r Rows) {
			t.Helper()
			x := fftSignal(r.Outer * r.N * r.Inner)
			x32 := fftNarrow(x)
			wide := make([]Complex[float64], len(x)) // what float32 sees
			for i, v := range x32 {
				wide[i] = Complex[float64]{float64(v.Re), float64(v.Im)}
			}
			for _, inverse := range []bool{false, true} {
				what := fmt.Sprintf("%+v inverse %v", r, inverse)
				y, clean := guarded[float64](t, len(x))
				y32, clean32 := guarded[float32](t, len(x))
				FFT(r, inverse, 1, x, y)
				FFT(r, inverse, 1, x32, y32)
				clean(what)
				clean32(what)
				if e := fftWorst(y, naiveDFT(r, inverse, x)); !(e < 2e-14) {
					t.Fatalf("%s: float64 is off by %.1e", what, e)
				}
				if e := fftWorst(y32, naiveDFT(r, inverse, wide)); !(e < 1e-6) {
					t.Fatalf("%s: float32 is off by %.1e", what, e)
				}
			}
		}
		for n := 1; n <= 200; n++ {
			check(Rows{1, n, 1})
		}
		for _, n := range []int{256, 343, 441, 512, 625, 729, 1009, 1024, 1155} {
			check(Rows{1, n, 1})
		}
		for _, n := range []int{1, 2, 3, 5, 8, 12, 14, 37, 60} {
			check(Rows{2, n, 3})
			check(Rows{3, n, 1})
			check(Rows{1, n, 19})
			check(Rows{2, n, 16})
		}
		check(Rows{1, 1100, 15}) // strips of 14
	})
}

// TestFFTOfLargeSizes compares some numbers of transforms that take several calls of a kernel.
func TestFFTOfLargeSizes(t *testing.T) {
	eachFFTImpl(t, func(t *testing.T) {
		for _, n := range []int{1 << 16, 3 << 14, 5 * 5 << 12, 7 << 13, 44100} {
			x := fftSignal(n)
			y, y32 := make([]Complex[float64], n), make([]Complex[float32], n)
			FFT(Rows{1, n, 1}, false, 1, x, y)
			FFT(Rows{1, n, 1}, false, 1, fftNarrow(x), y32)
			scale := math.Sqrt(float64(n)) // a typical number
			for _, k := range []int{0, 1, n / 5, n / 4, n / 2, n - n/3, n - 1} {
				var want Complex[float64]
				for j, v := range x {
					s, c := math.Sincos(-2 * math.Pi * float64(j*k%n) / float64(n))
					want = want.add(v.mul(Complex[float64]{c, s}))
				}
				if e := math.Hypot(y[k].Re-want.Re, y[k].Im-want.Im); !(e < 1e-11*scale) {
					t.Errorf("%d: float64 number %d is off by %.1e", n, k, e)
				}
				if e := math.Hypot(float64(y32[k].Re)-want.Re, float64(y32[k].Im)-want.Im); !(e < 1e-5*scale) {
					t.Errorf("%d: float32 number %d is off by %.1e", n, k, e)
				}
			}
		}
	})
}

func BenchmarkFFT(b *testing.B) {
	parallel.SetWorkers(1)
	defer parallel.SetWorkers(0)
	for _, r := range []Rows{{6001, 200, 1}, {64, 4096, 1}, {64, 8192, 1}, {16 * 256, 256, 1}, {16, 256, 256}, {259, 1009, 1}, {594, 441, 1}, {262, 1000, 1}} {
		x := fftNarrow(fftSignal(r.Outer * r.N * r.Inner))
		y := make([]Complex[float32], len(x))
		b.Run(fmt.Sprintf("%dx%dx%d", r.Outer, r.N, r.Inner), func(b *testing.B) {
			for b.Loop() {
				FFT(r, false, 1, x, y)
			}
			flops := 5 * float64(len(x)) * math.Log2(float64(r.N))
			b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

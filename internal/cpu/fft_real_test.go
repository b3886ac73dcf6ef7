package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// fftReals returns the real parts.
func fftReals[T float32 | float64](x []Complex[float64]) []T {
	y := make([]T, len(x))
	for i, v := range x {
		y[i] = T(v.Re)
	}
	return y
}

// fftOnReals returns real numbers as complex ones.
func fftOnReals[T float32 | float64](x []T) []Complex[float64] {
	y := make([]Complex[float64], len(x))
	for i, v := range x {
		y[i].Re = float64(v)
	}
	return y
}

func TestRFFTAgainstDefinition(t *testing.T) { eachFFTImpl(t, testRFFT) }

func testRFFT(t *testing.T) {
	const rows, edge, inner = 2, 0.5, 3
	for n := 1; n <= 200; n++ {
		x := fftReals[float64](fftSignal(rows * n))
		x32 := fftReals[float32](fftSignal(rows * n))
		out := n/2 + 1
		weight := func(k int) float64 {
			if k == 0 || 2*k == n {
				return edge
			}
			return inner
		}
		want := func(x []Complex[float64]) (w []Complex[float64]) {
			full := naiveDFT(Rows{rows, n, 1}, false, x)
			for r := range rows {
				for k := range out {
					w = append(w, full[r*n+k].times(weight(k)))
				}
			}
			return w
		}
		y := make([]Complex[float64], rows*out)
		y32, clean := guarded[float32](t, rows*out)
		RFFT(rows, n, edge, inner, x, y)
		if e := fftWorst(y, want(fftOnReals(x))); !(e < 2e-14) {
			t.Fatalf("rfft %d: float64 is off by %.1e", n, e)
		}
		RFFT(rows, n, edge, inner, x32, y32)
		clean("rfft")
		if e := fftWorst(y32, want(fftOnReals(x32))); !(e < 1e-6) {
			t.Fatalf("rfft %d: float32 is off by %.1e", n, e)
		}
		if y[0].Im != 0 || n%2 == 0 && y[out-1].Im != 0 {
			t.Fatalf("rfft %d: the edges are not real", n)
		}

		z := fftSignal(rows * out)
		back := make([]Complex[float64], rows*n)
		for r := range rows {
			for j := range n {
				for k := range out {
					s, c := math.Sincos(2 * math.Pi * float64(j*k%n) / float64(n))
					back[r*n+j].Re += weight(k) * z[r*out+k].mul(Complex[float64]{c, s}).Re
				}
			}
		}
		u, u32 := make([]float64, rows*n), make([]float32, rows*n)
		IRFFT(rows, n, edge, inner, z, u)
		if e := fftWorst(fftOnReals(u), back); !(e < 2e-14) {
			t.Fatalf("irfft %d: float64 is off by %.1e", n, e)
		}
		IRFFT(rows, n, edge, inner, fftNarrow(z), u32)
		if e := fftWorst(fftOnReals(u32), back); !(e < 1e-6) {
			t.Fatalf("irfft %d: float32 is off by %.1e", n, e)
		}
	}
}

func TestFFTPlansAreBounded(t *testing.T) {
	planFFT[float32](48, false)
	fftPlans.Lock()
	fftPlans.size = fftKeep // as if plans of larger sizes were kept
	fftPlans.Unlock()
	planFFT[float64](1234, true)
	if len(fftPlans.m) != 1 || fftPlans.size != 1234 {
		t.Errorf("%d plans for %d numbers are kept", len(fftPlans.m), fftPlans.size)
	}
}

func BenchmarkRFFT(b *testing.B) {
	parallel.SetWorkers(1)
	defer parallel.SetWorkers(0)
	for _, s := range [][2]int{{64, 16384}, {6001, 400}, {6001, 512}} {
		rows, n := s[0], s[1]
		x, y := fftReals[float32](fftSignal(rows*n)), make([]Complex[float32], rows*(n/2+1))
		b.Run(fmt.Sprintf("%dx%d", rows, n), func(b *testing.B) {
			for b.Loop() {
				RFFT(rows, n, 1, 1, x, y)
			}
		})
		b.Run(fmt.Sprintf("inverse-%dx%d", rows, n), func(b *testing.B) {
			for b.Loop() {
				IRFFT(rows, n, 1, 1, y, x)
			}
		})
	}
}

func TestFFTDoesNotDependOnWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	x := fftNarrow(fftSignal(1 << 15))
	run := func(workers int) (all [][]Complex[float32]) {
		parallel.SetWorkers(workers)
		for _, r := range []Rows{{64, 512, 1}, {2, 256, 64}, {30, 1009, 1}} {
			y := make([]Complex[float32], len(x))
			FFT(r, true, 0.5, x, y)
			all = append(all, y)
		}
		y, z := make([]Complex[float32], 128*257), make([]float32, 128*512)
		RFFT(128, 512, 1, 2, fftReals[float32](fftSignal(1<<16)), y)
		IRFFT(128, 512, 1, 2, y, z)
		sums := make([]Complex[float32], 1<<14)
		Contract(Contraction{G: 2, I: 4, J: 4, L: 4, F: 512, ConjB: true}, x[:1<<14], x[1<<14:], sums)
		return append(all, y, Pairs(z), sums)
	}
	one, three := run(1), run(3)
	for i := range one {
		for k := range one[i] {
			if one[i][k] != three[i][k] {
				t.Fatalf("result %d: element %d is %v with one worker and %v with three", i, k, one[i][k], three[i][k])
			}
		}
	}
}

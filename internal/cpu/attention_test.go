package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// attentionScores returns values as scores are, with some -Inf and NaN, between guards.
func attentionScores(r *rand.Rand, n int) (all, x []float32) {
	const guard = 16
	all = make([]float32, n+2*guard)
	for i := range all {
		all[i] = float32(math.Pi)
	}
	x = all[guard : guard+n]
	for i := range x {
		switch x[i] = float32(r.NormFloat64() * 30); {
		case r.IntN(20) == 0:
			x[i] = float32(math.Inf(-1))
		case r.IntN(50) == 0:
			x[i] = float32(math.NaN())
		}
	}
	return all, x
}

func checkGuards(t *testing.T, what string, all []float32, n int) {
	t.Helper()
	for i, v := range all {
		if (i < 16 || i >= 16+n) && v != float32(math.Pi) {
			t.Errorf("%s wrote outside, at %d", what, i-16)
		}
	}
}

// sameFloat reports whether got is want within a relative error, or both are NaN, or want is below what vectors call 0.
func sameFloat(got, want float64, tol float64) bool {
	return got == want || got != got && want != want || math.Abs(got-want) <= tol*math.Abs(want)+1.2e-38
}

// The vectors compute what the loops in their comments say, whatever the sizes.
func TestAttentionVectors(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		im := inUse()
		r := rand.New(rand.NewPCG(1, 2))
		for _, cols := range []int{1, 5, 8, 13, 16, 24, 63, 64} {
			for _, rows := range []int{0, 1, 2, 7, 64} {
				allS, s := attentionScores(r, rows*cols)
				allTop, top := attentionScores(r, cols)
				before := append([]float32(nil), top...)
				n := colMax(im, s, top)
				for i := range cols {
					want := before[i]
					for j := 0; j < rows && i < n; j++ {
						if v := s[j*cols+i]; v > want || want != want && v == v {
							want = v
						}
					}
					if before[i] == before[i] && !sameFloat(float64(top[i]), float64(want), 0) { // a maximum is never NaN
						t.Fatalf("%d rows, column %d of %d: maximum %v, want %v", rows, i, cols, top[i], want)
					}
				}
				checkGuards(t, "colMax", allTop, cols)

				shift := make([]float32, cols)
				for i := range shift {
					for j := range rows {
						if v := s[j*cols+i]; v > shift[i] {
							shift[i] = v
						}
					}
				}
				was := append([]float32(nil), s...)
				sum := make([]float32, cols)
				n = expCols(im, s, shift, sum)
				for i := range cols {
					total := 0.0
					for j := range rows {
						want := float64(was[j*cols+i])
						if i < n {
							want = math.Exp(float64(was[j*cols+i] - shift[i]))
						}
						total += want
						if !sameFloat(float64(s[j*cols+i]), want, 2e-7) {
							t.Fatalf("%d rows, column %d of %d: exp(%v - %v) is %v, want %v", rows, i, cols, was[j*cols+i], shift[i], s[j*cols+i], want)
						}
					}
					if i < n && !sameFloat(float64(sum[i]), total, 1e-5) {
						t.Fatalf("%d rows, column %d of %d: sum %v, want %v", rows, i, cols, sum[i], total)
					}
				}
				checkGuards(t, "expCols", allS, rows*cols)
			}

			allP, p := attentionScores(r, cols)
			allD, d := attentionScores(r, cols)
			wasP, wasD := append([]float32(nil), p...), append([]float32(nil), d...)
			const lse, delta = 100.123456789, 0.25
			softmaxGradRow(im, p, d, lse, delta)
			for i := range cols {
				want := math.Exp(float64(wasP[i]) - lse)
				// The difference is rounded to float32, which the exponential makes a relative error of.
				if tol := 2e-7 + 0x1p-23*math.Abs(float64(wasP[i])-lse); !sameFloat(float64(p[i]), want, tol) {
					t.Fatalf("column %d of %d: p of %v is %v, want %v", i, cols, wasP[i], p[i], want)
				}
				if w := p[i] * (wasD[i] - delta); !sameFloat(float64(d[i]), float64(w), 1e-6) {
					t.Fatalf("column %d of %d: ds is %v, want %v", i, cols, d[i], w)
				}
			}
			checkGuards(t, "softmaxGradRow", allP, cols)
			checkGuards(t, "softmaxGradRow", allD, cols)
		}
	})
}

// Every exponential from 0 down to where it vanishes is right to two units in the last place.
func TestAttentionExp(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		worst := 0.0
		for x := 0.0; x > -110; x -= 3 * 0.037 {
			s := make([]float32, 24) // a vector of AVX-512 and one of AVX2
			for i := range s {
				s[i] = float32(x - float64(i)*0.0046)
			}
			was := append([]float32(nil), s...)
			if expCols(inUse(), s, make([]float32, 24), make([]float32, 24)) == 0 {
				return // no vectors here
			}
			for i, v := range was {
				want := math.Exp(float64(v))
				if want < 1.18e-38 {
					if s[i] != 0 && float64(s[i]) > 1.2e-38 {
						t.Fatalf("exp(%v) is %v, want 0", v, s[i])
					}
					continue
				}
				worst = max(worst, math.Abs(float64(s[i])-want)/want)
			}
		}
		if worst > 2.4e-7 {
			t.Errorf("relative error %v", worst)
		}
	})
}

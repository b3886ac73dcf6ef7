package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// eachRecurrentImpl runs f with every implementation.
func eachRecurrentImpl(t *testing.T, f func(t *testing.T)) {
	best := Current()
	defer func() { _ = Use(best) }()
	for _, im := range Impls() {
		if err := Use(im.String()); err != nil {
			t.Fatal(err)
		}
		t.Run(im.String(), f)
	}
}

func TestPackedBHasTheBitsOfGemm(t *testing.T) {
	eachRecurrentImpl(t, func(t *testing.T) {
		packedAgainstGemm[float32](t)
		packedAgainstGemm[float64](t)
	})
}

func packedAgainstGemm[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(r.Float64()*2 - 1)
		}
		return x
	}
	for _, s := range [][3]int{{1, 9, 12}, {4, 33, 40}, {5, 1, 1}, {6, 17, 3}, {32, 130, 64}, {33, 48, 1025}, {7, 2100, 5}, {40, 2070, 600}, {5, 8, 0}, {0, 8, 8}, {8, 0, 8}} {
		m, n, k := s[0], s[1], s[2]
		for _, transposed := range []bool{false, true} {
			a, b, c := random(m*(k+1)), random(n*k), random(m*(n+3))
			brs, bcs := n, 1
			if transposed {
				brs, bcs = 1, k
			}
			ep := Epilogue[T]{Accumulate: true, ColBias: random(n)}
			want := slices.Clone(c)
			gemm(m, n, k, a, k+1, 1, b, brs, bcs, want, n+3, ep)
			p := packB(m, n, k, b, brs, bcs)
			p.mul(m, a, k+1, c, n+3, ep)
			p.free()
			if i := slices.Index(equalBits(c, want), false); i >= 0 {
				t.Errorf("%T (%d, %d, %d), transposed %v: element %d is %v, gemm's %v", c[0], m, n, k, transposed, i, c[i], want[i])
			}
		}
	}
}

func equalBits[T Float](a, b []T) []bool {
	e := make([]bool, len(a))
	for i := range a {
		e[i] = math.Float64bits(float64(a[i])) == math.Float64bits(float64(b[i]))
	}
	return e
}

// TestActivate holds what activate's comment promises, and that it writes no further than it should.
func TestActivate(t *testing.T) {
	eachRecurrentImpl(t, func(t *testing.T) {
		inf := float32(math.Inf(1))
		x := []float32{0, inf, -inf, 88, -88, 87, -87, 104, -104, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-20, -1e-8}
		for v := -100.0; v < 100; v += 0.0037 {
			x = append(x, float32(v), float32(v/50), float32(v*1e-5))
		}
		for code, f := range map[Code]func(float64) float64{Sigmoid: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, Tanh: math.Tanh} {
			y := make([]float32, len(x)+1)
			y[len(x)] = 42
			activate(code, y[:len(x)], x)
			if y[len(x)] != 42 {
				t.Fatal("activate wrote past the end")
			}
			for i, v := range x {
				w := f(float64(v))
				if e := math.Abs(float64(y[i]) - w); !(e <= min(4e-7, 5e-7*math.Abs(w)+1e-37)) {
					t.Fatalf("code %v of %v is %v, want %v", code, v, y[i], w)
				}
			}
			for n := range 20 {
				same := slices.Clone(x[20 : 20+n])
				same = append(same, float32(math.NaN()))
				activate(code, same, same)
				if v := same[n]; v == v {
					t.Errorf("code %v of NaN among %d is %v", code, n+1, v)
				}
				if i := slices.Index(equalBits(same[:n&^7], y[20:20+n&^7]), false); i >= 0 {
					t.Errorf("code %v in place: element %d of %d differs", code, i, n)
				}
			}
		}
	})
}

// TestCellBackward compares the vector kernels of single cells with the loops in Go, which those of float64 are.
func TestCellBackward(t *testing.T) {
	eachRecurrentImpl(t, func(t *testing.T) {
		for _, n := range []int{1, 7, 8, 9, 16, 31, 64} {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				r := rand.New(rand.NewPCG(uint64(n), 1))
				row := func(parts int) (a []float64, b []float32) {
					for range parts*n + 1 { // one more as a guard
						v := float32(r.Float64()*2 - 1)
						a, b = append(a, float64(v)), append(b, v)
					}
					return a[:parts*n], b[:parts*n]
				}
				compare := func(what string, a []float64, b []float32) {
					t.Helper()
					for i, w := range a {
						if !(math.Abs(float64(b[i])-w) <= 1e-6) {
							t.Errorf("%s: element %d is %v, want %v", what, i, b[i], w)
						}
					}
					if g := a[:len(a)+1][len(a)]; g != float64(b[:len(b)+1][len(b)]) {
						t.Errorf("%s: written past the end", what)
					}
				}
				a, a32 := row(4)
				tanh, tanh32 := row(1)
				before, before32 := row(1)
				dm, dm32 := row(1)
				dc, dc32 := row(1)
				da, da32 := row(4)
				(&LSTM[float64]{}).cellBackward(a, tanh, before, dm, dc, da)
				(&LSTM[float32]{}).cellBackward(a32, tanh32, before32, dm32, dc32, da32)
				compare("LSTM, dc", dc, dc32)
				compare("LSTM, da", da, da32)

				a, a32 = row(3)
				u, u32 := row(1)
				dh, dh32 := row(1)
				di, di32 := row(3)
				dw, dw32 := row(3)
				gruCellBackward(a, u, before, dm, dh, di, dw)
				gruCellBackward(a32, u32, before32, dm32, dh32, di32, dw32)
				compare("GRU, dh", dh, dh32)
				compare("GRU, di", di, di32)
				compare("GRU, dw", dw, dw32)
			})
		}
	})
}

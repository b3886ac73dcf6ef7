package cpu

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/parallel"
)

// eachProductImpl is eachImpl and, on every processor, the algorithm of AVX512_BF16 in Go.
func eachProductImpl(t *testing.T, test func(t *testing.T)) {
	eachImpl(t, test)
	defer Use(Current())
	Use(implGoBF16.String())
	t.Run(implGoBF16.String(), test)
}

// halfOperand is n elements as operand makes them, rounded, between guards of NaN.
func halfOperand(r *rand.Rand, h Half, n int, special bool) []uint16 {
	buf := make([]uint16, n+2*guard)
	for i := range buf {
		buf[i] = 0x7fff
	}
	x := buf[guard:][:n:n]
	for i, v := range operand[float32](r, n, special) {
		x[i] = h.FromFloat32(v)
	}
	return x
}

func wideOf(h Half, x []uint16) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = h.Float32(v)
	}
	return y
}

// checkGemmHalf compares a case with GemmF32 bit for bit, or where pairs of products are added up with sums in float64.
func checkGemmHalf(t rapid.TB, h Half, g gemmCase) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(g.m)<<40+uint64(g.n)<<20+uint64(g.k), 1))
	last := max(0, g.batch-1)
	a := halfOperand(r, h, last*g.sa+reach(g.m, g.ars, g.k, g.acs), g.special)
	b := halfOperand(r, h, last*g.sb+reach(g.k, g.brs, g.n, g.bcs), g.special)
	ep := Epilogue[float32]{Accumulate: g.acc, ReLU: g.relu}
	if g.row {
		ep.RowBias = operand[float32](r, g.m, g.special)
	}
	if g.col {
		ep.ColBias = operand[float32](r, g.n, g.special)
	}
	before := operand[float32](r, last*g.sc+max(0, g.m-1)*g.ldc+g.n, false)
	got, same := slices.Clone(before), slices.Clone(before)
	GemmHalf(h, g.batch, g.m, g.n, g.k, a, g.sa, g.ars, g.acs, b, g.sb, g.brs, g.bcs, got, g.sc, g.ldc, ep)
	wa, wb := wideOf(h, a), wideOf(h, b)
	pairs := h == BFloat16 && productsInUse().pairs()
	// Where few rows or columns may become dot products for want of the strides, which widening takes away, bits may differ, and so they
	// may with both biases, whose order turns with the product.
	if !pairs && !(g.row && g.col) && (g.k < 8 || min(g.m, g.n) > dotMax || g.acs == 1 && g.brs == 1) {
		GemmBatchF32(g.batch, g.m, g.n, g.k, wa, g.sa, g.ars, g.acs, wb, g.sb, g.brs, g.bcs, same, g.sc, g.ldc, ep)
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(same[i]) && (v == v || same[i] == same[i]) {
				t.Fatalf("%v: element %d is %v, GemmF32's %v", g, i, v, same[i])
			}
		}
		return
	}
	inside := make([]bool, len(got))
	for s := range g.batch {
		for i := range g.m {
			for j := range g.n {
				sum, abs := 0.0, 0.0
				add := func(v float64) { sum += v; abs += math.Abs(v) }
				for p := range g.k {
					add(float64(wa[s*g.sa+i*g.ars+p*g.acs]) * float64(wb[s*g.sb+p*g.brs+j*g.bcs]))
				}
				at := s*g.sc + i*g.ldc + j
				inside[at] = true
				if g.acc {
					add(float64(before[at]))
				}
				if g.row {
					add(float64(ep.RowBias[i]))
				}
				if g.col {
					add(float64(ep.ColBias[j]))
				}
				if g.relu && sum < 0 {
					sum = 0
				}
				// As checkGemm's; a padding term and subnormal numbers, which count as zero, are new.
				v, tol := float64(got[at]), 0x1p-23*float64(g.k+4)*abs+0x1p-126*float64(g.k+1)
				if ok := math.Abs(v-sum) <= tol; !ok && (v == v || sum == sum) && v != sum {
					t.Fatalf("%v: C[%d][%d,%d] is %v, want %v within %g", g, s, i, j, v, sum, tol)
				}
			}
		}
	}
	for i, v := range got {
		if !inside[i] && v != before[i] {
			t.Fatalf("%v: element %d outside C became %v", g, i, v)
		}
	}
}

func TestGemmHalfShapes(t *testing.T) {
	eachProductImpl(t, func(t *testing.T) {
		for _, h := range halfFormats {
			for _, s := range [][3]int{{1, 1, 1}, {1, 1, 2}, {3, 5, 7}, {2, 3, 0}, {0, 3, 4}, {14, 32, 6}, {15, 33, 9}, {6, 16, 24}, {1, 139, 21}, {4, 50, 37}, {50, 4, 38},
				{29, 1, 19}, {1, 300, 64}, {17, 129, 130}, {17, 20, 1040}, {64, 96, 64}} {
				eachTranspose(func(ta, tb bool) {
					g := shape(s[0], s[1], s[2], ta, tb)
					g.sc, g.sa, g.sb = s[0]*s[1], s[0]*s[2], s[1]*s[2]
					checkGemmHalf(t, h.Half, g)
					g.batch, g.acc, g.col, g.relu = 3, true, true, true
					checkGemmHalf(t, h.Half, g)
					g.sb, g.row, g.special = 0, true, true
					checkGemmHalf(t, h.Half, g)
				})
			}
		}
	})
}

// Few rows or columns, and a matrix that is widened a part at a time.
func TestGemmHalfDots(t *testing.T) {
	defer func(n int) { halfPart = n }(halfPart)
	halfPart = 1 << 13
	eachProductImpl(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 300, 512}, {300, 1, 501}, {5, 337, 200}, {337, 6, 600}, {3, 40, 2501}, {60, 130, 700}} {
			eachTranspose(func(ta, tb bool) {
				g := shape(s[0], s[1], s[2], ta, tb)
				g.col, g.row, g.acc = ta, tb, ta == tb
				checkGemmHalf(t, BFloat16, g)
				checkGemmHalf(t, Float16, g)
			})
		}
	})
}

func TestGemmHalfAnyStrides(t *testing.T) {
	eachProductImpl(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			size := rapid.IntRange(0, 40)
			stride := rapid.SampledFrom([]int{0, 1, 1, 1, 2, 3, 41, 44})
			g := gemmCase{batch: rapid.IntRange(0, 3).Draw(t, "batch"), m: size.Draw(t, "m"), n: size.Draw(t, "n"), k: size.Draw(t, "k"),
				ars: stride.Draw(t, "ars"), acs: stride.Draw(t, "acs"), brs: stride.Draw(t, "brs"), bcs: stride.Draw(t, "bcs"),
				sa: stride.Draw(t, "sa"), sb: stride.Draw(t, "sb"),
				acc: rapid.Bool().Draw(t, "acc"), row: rapid.Bool().Draw(t, "row"), col: rapid.Bool().Draw(t, "col"), relu: rapid.Bool().Draw(t, "relu"), special: rapid.Bool().Draw(t, "special")}
			g.ldc = g.n + rapid.IntRange(0, 3).Draw(t, "gap")
			g.sc = g.m*g.ldc + 1
			if g.batch == 0 || g.m == 0 || g.n == 0 {
				return
			}
			checkGemmHalf(t, rapid.SampledFrom([]Half{BFloat16, Float16}).Draw(t, "format"), g)
		})
	})
}

// A slice that is too short for its strides is refused before anything is read or written.
func TestGemmHalfRefuses(t *testing.T) {
	for i, short := range [][3]int{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} {
		for _, s := range [][3]int{{1, 4, 32}, {4, 1, 32}, {9, 8, 7}} {
			err := func() (err any) {
				defer func() { err = recover() }()
				a, b, c := make([]uint16, s[0]*s[2]-short[0]), make([]uint16, s[1]*s[2]-short[1]), make([]float32, s[0]*s[1]-short[2])
				GemmHalf(Float16, 1, s[0], s[1], s[2], a, 0, s[2], 1, b, 0, 1, s[2], c, 0, s[1], Epilogue[float32]{})
				return nil
			}()
			if msg, ok := err.(string); !ok || !strings.Contains(msg, "ABC"[i:i+1]+" has") {
				t.Errorf("%v without the last element of %s: %v", s, "ABC"[i:i+1], err)
			}
		}
	}
}

// Workers change no bit.
func TestGemmHalfWorkers(t *testing.T) {
	eachProductImpl(t, func(t *testing.T) {
		defer parallel.SetWorkers(0)
		for _, s := range [][3]int{{1, 700, 300}, {40, 300, 101}, {130, 140, 50}} {
			r := rand.New(rand.NewPCG(1, 2))
			a, b := halfOperand(r, BFloat16, s[0]*s[2], false), halfOperand(r, BFloat16, s[1]*s[2], false)
			var first []float32
			for w := 1; w <= 3; w++ {
				parallel.SetWorkers(w)
				c := make([]float32, s[0]*s[1])
				GemmHalf(BFloat16, 1, s[0], s[1], s[2], a, 0, s[2], 1, b, 0, 1, s[2], c, 0, s[1], Epilogue[float32]{})
				if w == 1 {
					first = c
				} else if !slices.Equal(c, first) {
					t.Errorf("%v: %d workers change bits", s, w)
				}
			}
		}
	})
}

// Products of pairs have the bits that dotPair gives term after term, whatever the tile's part: that is what the kernel is
// documented to equal. Whole numbers have one result in any order; others are compared where the documentation of the processor is
// the implementation.
func TestPairsInOrder(t *testing.T) {
	eachProductImpl(t, func(t *testing.T) {
		if !productsInUse().pairs() {
			t.Skip("no pairs")
		}
		for _, whole := range []bool{true, false} {
			r := rand.New(rand.NewPCG(3, 4))
			differ, all := 0, 0
			for m := 5; m <= 20; m++ {
				for _, n := range []int{5, 15, 16, 17, 31, 32, 33, 70} {
					k := 2 * (1 + (m*n)%60)
					a, b := halfOperand(r, BFloat16, m*k, false), halfOperand(r, BFloat16, n*k, false)
					if whole {
						for _, x := range [][]uint16{a, b} {
							for i := range x {
								x[i] = BFloat16.FromFloat32(float32(r.IntN(255) - 127))
							}
						}
					}
					c := make([]float32, m*n)
					GemmHalf(BFloat16, 1, m, n, k, a, 0, k, 1, b, 0, 1, k, c, 0, n, Epilogue[float32]{})
					for i := range m {
						for j := range n {
							var want float32
							for p := 0; p < k; p += 2 {
								at := func(x []uint16, row int) float32 {
									return math.Float32frombits(uint32(x[row*k+p]) | uint32(x[row*k+p+1])<<16)
								}
								want = dotPair(want, at(a, i), at(b, j))
							}
							all++
							if c[i*n+j] == want {
								continue
							}
							if differ++; whole || productsInUse() == implGoBF16 {
								t.Fatalf("(%d, %d, %d): C[%d,%d] is %v, want %v", m, n, k, i, j, c[i*n+j], want)
							}
						}
					}
				}
			}
			t.Logf("whole numbers %v: %d of %d elements differ", whole, differ, all)
		}
	})
}

func TestDotPair(t *testing.T) {
	bits := func(lo, hi float32) float32 {
		return math.Float32frombits(uint32(BFloat16.FromFloat32(lo)) | uint32(BFloat16.FromFloat32(hi))<<16)
	}
	inf, tiny := float32(math.Inf(1)), float32(0x1p-127)
	for _, c := range []struct{ s, x0, x1, y0, y1, want float32 }{
		{1, 2, 3, 4, 5, 24},
		{0x1p24, -1, 1, 1, 1, 0x1p24 - 1},            // the upper product is first: 2^24 + 1 rounds to even
		{0x1p24, 1, -1, 1, 1, 0x1p24},                // 2^24 - 1, then 2^24
		{1, 0, 0x1p-24, 0, 1, 1},                     // half a unit: to even
		{1, 0x1p-60, 0x1p-24, 1, 1, 1},               // rounded twice
		{1 + 0x1p-23, 0, 0x1p-24, 0, 1, 1 + 0x1p-22}, // to even again
		{tiny, 0, 0, 0, 0, 0},                        // subnormal sum
		{-tiny, 0, 0, 0, 0, 0},
		{0, tiny, 0, 0x1p100, 0, 0},              // subnormal factor
		{0, 0x1p-100, 0, 0x1p-27, 0, 0},          // subnormal result
		{0x1p-126, 0x1p-100, 0, -0x1p-27, 0, 0},  // 2^-126 - 2^-127
		{0, 0x1p-100, 0, 0x1p-26, 0, 0x1p-126},   // the smallest normal one
		{0x1.8p-126, -0x1p-63, 0, 0x1p-63, 0, 0}, // cancels to a subnormal number
		{-inf, 1, 1, 1, 1, -inf},
		{0, 0x1p127, 0, 2, 0, inf},
		{-0x1p127, 0x1p127, 0, 2, 0, 0x1p127}, // the product alone is beyond float32
	} {
		if got := dotPair(c.s, bits(c.x0, c.x1), bits(c.y0, c.y1)); got != c.want {
			t.Errorf("dotPair(%g, (%g, %g), (%g, %g)) = %g, want %g", c.s, c.x0, c.x1, c.y0, c.y1, got, c.want)
		}
	}
	for _, c := range [][3]float32{{inf, -inf, 1}, {0, inf, 0}, {0, float32(math.NaN()), 1}} {
		if got := dotPair(c[0], bits(c[1], 0), bits(c[2], 0)); got == got {
			t.Errorf("dotPair(%g, (%g, 0), (%g, 0)) = %g, want NaN", c[0], c[1], c[2], got)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 200000 {
		x, y := float32(r.IntN(255)+1), float32(r.IntN(255)+1)
		e := r.IntN(60) - 50
		s := float32(math.Ldexp(float64(r.IntN(1<<24)-1<<23), e))
		if got, want := dotPair(s, bits(x, 0), bits(y, 0)), exactSum(s, x*y); got != want {
			t.Fatalf("%g + %g*%g is %g, want %g", s, x, y, got, want)
		}
	}
}

// exactSum returns x + y rounded once.
func exactSum(x, y float32) float32 {
	f := func(v float32) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(float64(v)) }
	sum, _ := f(x).Add(f(x), f(y)).Float32()
	return sum
}

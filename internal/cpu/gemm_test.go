package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"pgregory.net/rapid"
)

func eachTranspose(f func(ta, tb bool)) {
	for i := range 4 {
		f(i&1 != 0, i&2 != 0)
	}
}

func TestGemmSmallSizes(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 28, 29, 31, 32, 33, 48, 63, 64, 65, 70}
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		pick := func() int { return sizes[r.IntN(len(sizes))] }
		for _, m := range sizes {
			for _, n := range sizes {
				if raceEnabled && (m+n)%3 != 0 {
					continue
				}
				for range 2 {
					g := shape(m, n, pick(), r.IntN(2) == 0, r.IntN(2) == 0)
					g.acc, g.row, g.col, g.relu = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
					g.ldc += r.IntN(3)
					bothTypes(t, g)
				}
			}
		}
	})
}

// Every size of a tile, alone and after full tiles, with every term count from 0 to past the unrolled loop.
func TestGemmTileEdges(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		bl := blockingOf[float32](inUse())
		for m := 1; m <= bl.mr+1; m++ {
			for n := 1; n <= bl.nr+1; n++ {
				g := shape(m, n, (m+n)%10, false, false)
				g.acc, g.row, g.col, g.relu = m%2 == 0, n%2 == 0, m%3 == 0, n%3 == 0
				bothTypes(t, g)
			}
		}
		for n := 1; n <= 2*bl.wide+1; n += 3 { // one row has tiles of its own
			g := shape(1, n, n%11, false, false)
			g.acc, g.row, g.col, g.relu = n%2 == 0, n%4 < 2, n%8 < 4, n%3 == 0
			bothTypes(t, g)
		}
	})
}

// Sizes around the edges of blocks and tasks, small in the other two dimensions.
func TestGemmBlockEdges(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		bl := blockingOf[float32](inUse())
		for d := -1; d <= 1; d++ {
			eachTranspose(func(ta, tb bool) {
				for _, g := range []gemmCase{
					shape(9, 19, bl.kc+d, ta, tb),
					shape(9, 19, 3*bl.kc+d, ta, tb),
					shape(bl.mc+d, 19, 9, ta, tb),
					shape(maxRows+d, 5, 9, ta, tb),
					shape(7, bl.nc+d, 9, ta, tb),
					shape(5, maxCols+d, 9, ta, tb),
					shape(1, 19, bl.kc+d, ta, tb),
					shape(19, 1, bl.kc+d, ta, tb),
				} {
					g.col, g.acc = true, d == 0
					g.relu = d == 1
					bothTypes(t, g)
				}
			})
		}
	})
}

// Products that are large enough for packing and for several blocks in every dimension.
func TestGemmPacked(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for i, g := range []gemmCase{shape(211, 403, 530, false, false), shape(130, 260, 1100, true, true), shape(300, 300, 300, false, true), shape(300, 301, 299, true, false)} {
			if testing.Short() && i > 1 {
				break
			}
			g.acc, g.col = true, true
			forcePack(func() { checkGemm[float32](t, g) })
			if i > 1 {
				forcePack(func() { checkGemm[float64](t, g) })
			}
		}
	})
}

// Few rows times the transpose of a large matrix, which is computed transposed, has the bits of the product with that matrix
// stored the other way.
func TestGemmTurned(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		bl := blockingOf[float32](inUse())
		for i, s := range [][3]int{{2 * bl.nr, 8 * bl.nr, 400}, {2*bl.nr + 5, 700, 530}, {70, 1301, 331}, {97, 523, 777}} {
			m, n, k := s[0], s[1], s[2]
			g := shape(m, n, k, false, true)
			g.ldc, g.relu, g.row, g.col = n+i, i%2 == 0, i == 1, i >= 2
			bothTypes(t, g)
			if p := (&product[float32]{im: inUse(), m: m, n: n, k: k, ars: k, acs: 1, brs: 1, bcs: k}); inUse() != implGo && !p.turns(&bl) {
				t.Errorf("%v is not computed transposed", s)
			}
			a, b := operand[float32](r, m*k, false), operand[float32](r, n*k, false)
			bt := make([]float32, n*k)
			packStrided(bt, n, b, k, 1, n, k)
			c, want := make([]float32, m*n), make([]float32, m*n)
			ep := Epilogue[float32]{ColBias: operand[float32](r, n, false), ReLU: true}
			GemmF32(m, n, k, a, k, 1, b, 1, k, c, n, ep)
			GemmF32(m, n, k, a, k, 1, bt, n, 1, want, n, ep)
			if !slices.Equal(c, want) {
				t.Errorf("%v: other bits than with the matrix stored by rows", s)
			}
		}
	})
}

// Few rows and a large B that is packed by the tasks themselves, with panels that are not full, a panel group of one kind and
// the next, and all transpositions; the workers' number changes nothing.
func TestGemmLatePacking(t *testing.T) {
	defer parallel.SetWorkers(0)
	eachImpl(t, func(t *testing.T) {
		for i, s := range [][3]int{{150, 300, 400}, {lateRows, 130, 820}, {100, 1024, 70}} {
			for _, tb := range []bool{false, true} {
				g := shape(s[0], s[1], s[2], i == 0, tb)
				g.acc, g.row, g.col, g.relu = true, i == 1, true, i == 2
				parallel.SetWorkers(1 + i)
				bothTypes(t, g)
			}
		}
	})
}

func TestGemmBatch(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		for _, batch := range []int{0, 1, 2, 7} {
			for _, s := range [][3]int{{3, 5, 7}, {1, 20, 9}, {20, 1, 30}, {40, 33, 17}} {
				g := shape(s[0], s[1], s[2], false, batch == 2)
				g.batch, g.sa, g.sb, g.sc = batch, g.m*g.k, g.k*g.n, g.m*g.n+3
				g.row, g.acc = true, true
				bothTypes(t, g)
				g.sb = 0
				bothTypes(t, g)
				g.sc, g.row, g.col = g.m*g.n, false, true
				bothTypes(t, g)
				g.sa = 0
				bothTypes(t, g)
			}
		}
	})
}

// Random sizes, strides (0 for broadcast, padded rows, neither dimension contiguous) and epilogues.
func TestGemmProperties(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			size := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(0, 70))
			flag := rapid.Bool()
			g := gemmCase{batch: rapid.IntRange(1, 3).Draw(t, "batch"), m: size.Draw(t, "m"), n: size.Draw(t, "n"), k: size.Draw(t, "k")}
			strides := func(rows, cols int, name string) (rs, cs int) {
				pad := rapid.IntRange(0, 3).Draw(t, name+" pad")
				switch rapid.IntRange(0, 5).Draw(t, name) {
				case 0, 1:
					return cols + pad, 1
				case 2:
					return 1, rows + pad
				case 3:
					return 2*cols + pad, 2
				case 4:
					return 0, 1 + pad
				}
				return 1 + pad, 0
			}
			g.ars, g.acs = strides(g.m, g.k, "A")
			g.brs, g.bcs = strides(g.k, g.n, "B")
			g.ldc = g.n + rapid.IntRange(0, 5).Draw(t, "ldc")
			g.sc = g.m*g.ldc + rapid.IntRange(0, 5).Draw(t, "sc")
			if flag.Draw(t, "batch of A") {
				g.sa = 1 + reach(g.m, g.ars, g.k, g.acs)
			}
			if flag.Draw(t, "batch of B") {
				g.sb = 1 + reach(g.k, g.brs, g.n, g.bcs)
			}
			g.acc, g.row, g.col, g.relu = flag.Draw(t, "accumulate"), flag.Draw(t, "row bias"), flag.Draw(t, "column bias"), flag.Draw(t, "relu")
			g.special = rapid.IntRange(0, 3).Draw(t, "special") == 0
			if flag.Draw(t, "force packing") {
				forcePack(func() { bothTypes(t, g) })
			} else {
				bothTypes(t, g)
			}
		})
	})
}

// The bits of an element depend on neither the number of workers nor the block it is in.
func TestGemmSameBitsForAnyWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, g := range []gemmCase{shape(200, 150, 700, false, false), shape(200, 150, 300, true, true), shape(1, 3000, 300, false, false), shape(1, 3000, 300, false, true), shape(1500, 3, 200, false, true), shape(3000, 40, 20, false, false)} {
			a, b := operand[float32](r, reach(g.m, g.ars, g.k, g.acs), false), operand[float32](r, reach(g.k, g.brs, g.n, g.bcs), false)
			var first []float32
			for _, w := range []int{1, 2, 3, 8} {
				parallel.SetWorkers(w)
				for _, force := range []bool{false, true} {
					c := make([]float32, g.m*g.n)
					f := func() { call(g, a, b, c, Epilogue[float32]{}) }
					if force {
						forcePack(f)
					} else {
						f()
					}
					if first == nil {
						first = c
					}
					for i := range c {
						if math.Float32bits(c[i]) != math.Float32bits(first[i]) {
							t.Fatalf("%v: workers %d, force packing %v: element %d is %v, was %v", g, w, force, i, c[i], first[i])
						}
					}
				}
			}
		}
	})
}

// An element has the same bits in a product with fewer rows or columns.
func TestGemmSameBitsForAnySize(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		const m, n, k = 40, 70, 600
		a, b := operand[float32](r, m*k, false), operand[float32](r, k*n, false)
		whole := make([]float32, m*n)
		GemmF32(m, n, k, a, k, 1, b, n, 1, whole, n, Epilogue[float32]{})
		for _, s := range [][2]int{{1, n}, {5, n}, {m, 1}, {m, 3}, {7, 9}, {1, 1}, {31, 64}} {
			c := make([]float32, s[0]*s[1])
			GemmF32(s[0], s[1], k, a, k, 1, b, n, 1, c, s[1], Epilogue[float32]{})
			for i := range c {
				if want := whole[i/s[1]*n+i%s[1]]; c[i] != want {
					t.Fatalf("%d x %d: element %d is %v, in %d x %d it is %v", s[0], s[1], i, c[i], m, n, want)
				}
			}
		}
	})
}

func TestGemmReLUKeepsNaNAndMinusZero(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		minus := float32(math.Copysign(0, -1))
		for _, n := range []int{1, 5, 16, 40, 200} {
			a, b, c := []float32{1}, make([]float32, n), make([]float32, n)
			for i := range b {
				b[i] = []float32{float32(math.NaN()), minus, -1, 2}[i%4]
				c[i] = minus
			}
			GemmF32(1, n, 1, a, 1, 1, b, n, 1, c, n, Epilogue[float32]{Accumulate: true, ReLU: true})
			for i, v := range c {
				want := []float32{float32(math.NaN()), 0, 0, 2}[i%4]
				if v != want && !(i%4 == 0 && v != v) {
					t.Errorf("n=%d: element %d is %v, want %v", n, i, v, want)
				}
			}
		}
	})
}

func TestGemmDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(2)
	eachImpl(t, func(t *testing.T) {
		x := make([]float32, 512*512)
		c := make([]float32, 512*512)
		for _, s := range [][3]int{{4, 4, 4}, {64, 64, 64}, {150, 150, 150}, {1, 64, 64}, {64, 1, 64}} {
			m, n, k := s[0], s[1], s[2]
			for _, tb := range []bool{false, true} {
				g := shape(m, n, k, false, tb)
				f := func() { GemmF32(m, n, k, x, g.ars, g.acs, x, g.brs, g.bcs, c, n, Epilogue[float32]{}) }
				f()
				if got := testing.AllocsPerRun(10, f); got >= 1 {
					t.Errorf("%v, B transposed %v: %v allocations a product", s, tb, got)
				}
			}
		}
	})
}

func TestGemmPanicsOnBadArguments(t *testing.T) {
	x := make([]float32, 12) // A (3, 4), B (4, 2), C (3, 2)
	c := make([]float32, 6)
	for name, f := range map[string]func(){
		"short A":            func() { GemmF32(3, 2, 4, x[:11], 4, 1, x, 2, 1, c, 2, Epilogue[float32]{}) },
		"short B":            func() { GemmF32(3, 2, 4, x, 4, 1, x[:7], 2, 1, c, 2, Epilogue[float32]{}) },
		"short C":            func() { GemmF32(3, 2, 4, x, 4, 1, x, 2, 1, c[:5], 2, Epilogue[float32]{}) },
		"rows overlap":       func() { GemmF32(3, 2, 4, x, 4, 1, x, 2, 1, c, 1, Epilogue[float32]{}) },
		"negative stride":    func() { GemmF32(3, 2, 4, x, -4, 1, x, 2, 1, c, 2, Epilogue[float32]{}) },
		"negative size":      func() { GemmF32(3, -2, 4, x, 4, 1, x, 2, 1, c, 2, Epilogue[float32]{}) },
		"short row bias":     func() { GemmF32(3, 2, 4, x, 4, 1, x, 2, 1, c, 2, Epilogue[float32]{RowBias: x[:2]}) },
		"short column bias":  func() { GemmF32(3, 2, 4, x, 4, 1, x, 2, 1, c, 2, Epilogue[float32]{ColBias: x[:1]}) },
		"short batch of A":   func() { GemmBatchF32(2, 1, 2, 4, x[:7], 4, 4, 1, x, 0, 2, 1, c, 2, 2, Epilogue[float32]{}) },
		"overlapping matrix": func() { GemmBatchF32(2, 1, 2, 4, x, 4, 4, 1, x, 0, 2, 1, c, 1, 2, Epilogue[float32]{}) },
	} {
		func() {
			defer func() {
				if _, ok := recover().(string); !ok {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	GemmF32(3, 0, 4, nil, 4, 1, nil, 2, 1, nil, 0, Epilogue[float32]{}) // nothing to write
	GemmF32(3, 2, 0, nil, 0, 1, nil, 2, 1, c, 2, Epilogue[float32]{})   // sums of zero
	for _, v := range c {
		if v != 0 {
			t.Error("k = 0 must give zeros")
		}
	}
}

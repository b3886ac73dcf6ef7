package cpu

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// sparseMatrix has the given share of elements other than 0, some of them negative zeros.
func sparseMatrix(r *rand.Rand, n int, share float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		if r.Float64() < share {
			x[i] = float32(r.NormFloat64())
		} else if r.IntN(9) == 0 {
			x[i] = float32(math.Copysign(0, -1))
		}
	}
	return x
}

// A product that skips zeros has the bits of the full one, whichever side is sparse and however it lies.
func TestSkipsZeros(t *testing.T) {
	defer parallel.SetWorkers(0)
	r := rand.New(rand.NewPCG(3, 4))
	eachImpl(t, func(t *testing.T) {
		if !sparseKernels(inUse()) {
			t.Skip("no kernels")
		}
		for _, s := range [][3]int{{300, 16, 1433}, {1433, 16, 300}, {515, 7, 2001}, {2011, 5, 421}, {130, 100, 400}, {90, 1024, 310}, {1500, 33, 257}, {2100, 200, 800}} {
			m, n, k := s[0], s[1], s[2]
			for _, lies := range []string{"A", "A transposed", "A with bias", "B", "B, A transposed", "A, B transposed"} {
				const pad = 3
				x, d := sparseMatrix(r, m*(k+pad), 0.01), normals(k*n, false)
				c, want, bias := make([]float32, m*(n+pad)), make([]float32, m*(n+pad)), []float32(nil)
				g := product[float32]{inUse(), m, n, k, x, k + pad, 1, d, n, 1, c, n + pad, Epilogue[float32]{}}
				switch lies {
				case "A transposed":
					g.a, g.ars, g.acs = sparseMatrix(r, k*(m+pad), 0.01), 1, m+pad
				case "A with bias":
					bias = normals(n, false)
					g.ep.ColBias = bias
				case "A, B transposed":
					g.brs, g.bcs = 1, k
				case "B", "B, A transposed":
					c, want = make([]float32, n*(m+pad)), make([]float32, n*(m+pad))
					g = product[float32]{inUse(), n, m, k, d, k, 1, sparseMatrix(r, k*(m+pad), 0.01), m + pad, 1, c, m + pad, Epilogue[float32]{}}
					if lies != "B" {
						g.ars, g.acs = 1, n
					}
				}
				full := g
				full.c = want
				fill(c, 9)
				fill(want, 9)
				full.run()
				for _, workers := range []int{1, 3} {
					parallel.SetWorkers(workers)
					fill(c, 9)
					if !g.skipsZeros() {
						t.Fatalf("%v %s: computed in full", s, lies)
					}
					for i, w := range want {
						if math.Float32bits(c[i]) != math.Float32bits(w) {
							t.Fatalf("%v %s: element %d is %v, want %v", s, lies, i, c[i], w)
						}
					}
				}
			}
		}
	})
}

// What is not finite, or not sparse, is left to the full product.
func TestSkipsZerosNot(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const m, n, k = 700, 16, 600
	for name, change := range map[string]func(g *product[float32]){
		"infinite":   func(g *product[float32]) { g.b[77] = float32(math.Inf(1)) },
		"-infinite":  func(g *product[float32]) { g.b[77] = float32(math.Inf(-1)) },
		"NaN":        func(g *product[float32]) { g.b[n*k-1] = float32(math.NaN()) },
		"dense":      func(g *product[float32]) { g.a = sparseMatrix(r, m*k, 0.3) },
		"accumulate": func(g *product[float32]) { g.ep.Accumulate = true },
		"row bias":   func(g *product[float32]) { g.ep.RowBias = make([]float32, m) },
		"ReLU":       func(g *product[float32]) { g.ep.ReLU = true },
		"small":      func(g *product[float32]) { g.k = 40 },
		"narrow":     func(g *product[float32]) { g.n, g.m, g.k = 4, 1000, 420 },
	} {
		g := product[float32]{inUse(), m, n, k, sparseMatrix(r, m*k, 0.01), k, 1, normals(k*n, false), n, 1, make([]float32, m*n), n, Epilogue[float32]{}}
		change(&g)
		if g.skipsZeros() {
			t.Errorf("%s: zeros are skipped", name)
		}
	}
	// The other side may hold anything.
	x := sparseMatrix(r, m*k, 0.01)
	x[5*k+7], x[5*k+8], x[9*k+9] = float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())
	c := make([]float32, m*n)
	GemmF32(m, n, k, x, k, 1, normals(k*n, false), n, 1, c, n, Epilogue[float32]{})
	for i, v := range c {
		if finite := !math.IsInf(float64(v), 0) && v == v; finite == (i/n == 5 || i/n == 9) {
			t.Fatalf("element (%d, %d) is %v", i/n, i%n, v)
		}
	}
}

// spmmWant is SpMM from its definition, in float64.
func spmmWant(p *CSR, f int, v, x []float32) []float64 {
	y := make([]float64, (len(p.Ptr)-1)*f)
	for r := range len(p.Ptr) - 1 {
		for e := p.Ptr[r]; e < p.Ptr[r+1]; e++ {
			a := e
			if p.Place != nil {
				a = int(p.Place[e])
			}
			for i := range f {
				y[r*f+i] += float64(v[a]) * float64(x[int(p.Col[e])*f+i])
			}
		}
	}
	return y
}

func TestSpMM(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	eachImpl(t, func(t *testing.T) {
		for _, f := range []int{0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 64, 71, 100, 4096 + 13} {
			for _, rows := range []int{0, 1, 2, 33} {
				for _, placed := range []bool{false, true} {
					const cols = 50
					p := CSR{Ptr: make([]int, rows+1)}
					for i := range rows {
						n := r.IntN(9)
						if i == 2 {
							n = 0
						} else if i == 7 && f < 100 {
							n = 1<<17/max(1, f) + 100 // more than a call takes
						}
						for range n {
							p.Col = append(p.Col, int32(r.IntN(cols)))
						}
						p.Ptr[i+1] = len(p.Col)
					}
					v := normals(len(p.Col), false)
					if placed {
						p.Place = make([]int32, len(p.Col))
						for i, k := range r.Perm(len(p.Col)) {
							p.Place[i] = int32(k)
						}
					}
					x, y := fenced[float32](t, cols*f, true), fenced[float32](t, rows*f, true)
					copy(x, normals(cols*f, false))
					fill(y, 9)
					SpMM(&p, f, v, x, y)
					for i, w := range spmmWant(&p, f, v, x) {
						terms := float64(p.Ptr[i/f+1] - p.Ptr[i/f])
						if d := math.Abs(float64(y[i]) - w); d > 1e-6*(1+terms/4) {
							t.Fatalf("f %d, rows %d, placed %v: element %d is %v, want %v", f, rows, placed, i, y[i], w)
						}
					}
				}
			}
		}
	})
}

// BenchmarkSkipsZeros measures the first layer of a graph network on Cora, forward and for the weights' gradient, on one thread.
func BenchmarkSkipsZeros(b *testing.B) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	const nodes, words, h = 2708, 1433, 16
	for _, share := range []float64{0, 0.0127, 0.05, 0.1} {
		x := sparseMatrix(rand.New(rand.NewPCG(1, 2)), nodes*words, share)
		w, d, y, dw := normals(h*words, false), normals(nodes*h, false), make([]float32, nodes*h), make([]float32, h*words)
		for name, g := range map[string]product[float32]{
			"forward": {inUse(), nodes, h, words, x, words, 1, w, 1, words, y, h, Epilogue[float32]{}},
			"weights": {inUse(), h, words, nodes, d, 1, h, x, words, 1, dw, words, Epilogue[float32]{}},
		} {
			for way, f := range map[string]func(){"skips": func() { g.skipsZeros() }, "full": g.run} {
				b.Run(name+" "+way+" "+strconv.FormatFloat(share, 'g', -1, 64), func(b *testing.B) {
					for b.Loop() {
						f()
					}
				})
			}
		}
	}
}

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// eachImpl runs a test for every implementation that this processor has.
func eachImpl(t *testing.T, test func(t *testing.T)) {
	defer Use(Current())
	for _, im := range Impls() {
		Use(im.String())
		t.Run(im.String(), test)
	}
}

// forcePack makes f take the way of large products.
func forcePack(f func()) {
	packAlways = true
	defer func() { packAlways = false }()
	f()
}

// gemmCase is a product with its strides and epilogue. Strides of A and B are of any kind; A, B and C are made to fit.
type gemmCase struct {
	batch, m, n, k          int
	ars, acs, brs, bcs, ldc int
	sa, sb, sc              int
	acc, row, col, relu     bool
	special                 bool // NaN, Inf and zeros among the elements
}

func (g gemmCase) String() string {
	type plain gemmCase // without this method
	return fmt.Sprintf("%+v", plain(g))
}

// shape is a row-major product without batch or epilogue; ta and tb say that A or B is stored transposed.
func shape(m, n, k int, ta, tb bool) gemmCase {
	g := gemmCase{batch: 1, m: m, n: n, k: k, ars: k, acs: 1, brs: n, bcs: 1, ldc: n}
	if ta {
		g.ars, g.acs = 1, m
	}
	if tb {
		g.brs, g.bcs = 1, k
	}
	return g
}

func reach(rows, rs, cols, cs int) int {
	if rows == 0 || cols == 0 {
		return 0
	}
	return (rows-1)*rs + (cols-1)*cs + 1
}

const guard = 40 // elements around each operand

// operand returns n elements, with guards of NaN around them: a kernel that uses one shows.
func operand[T Float](r *rand.Rand, n int, special bool) []T {
	buf := make([]T, n+2*guard)
	for i := range buf {
		buf[i] = T(math.NaN())
	}
	x := buf[guard:][:n:n]
	for i := range x {
		x[i] = T(r.Float64()*2 - 1)
		if special {
			switch r.IntN(40) {
			case 0:
				x[i] = T(math.NaN())
			case 1:
				x[i] = T(math.Inf(1))
			case 2:
				x[i] = T(math.Inf(-1))
			case 3, 4, 5:
				x[i] = 0
			}
		}
	}
	return x
}

// call computes the case by the public functions.
func call[T Float](g gemmCase, a, b, c []T, ep Epilogue[T]) {
	switch a := any(a).(type) {
	case []float32:
		b, c, ep := any(b).([]float32), any(c).([]float32), any(ep).(Epilogue[float32])
		if g.batch == 1 {
			GemmF32(g.m, g.n, g.k, a, g.ars, g.acs, b, g.brs, g.bcs, c, g.ldc, ep)
		} else {
			GemmBatchF32(g.batch, g.m, g.n, g.k, a, g.sa, g.ars, g.acs, b, g.sb, g.brs, g.bcs, c, g.sc, g.ldc, ep)
		}
	case []float64:
		b, c, ep := any(b).([]float64), any(c).([]float64), any(ep).(Epilogue[float64])
		if g.batch == 1 {
			GemmF64(g.m, g.n, g.k, a, g.ars, g.acs, b, g.brs, g.bcs, c, g.ldc, ep)
		} else {
			GemmBatchF64(g.batch, g.m, g.n, g.k, a, g.sa, g.ars, g.acs, b, g.sb, g.brs, g.bcs, c, g.sc, g.ldc, ep)
		}
	}
}

// checkGemm compares a case with sums in float64. An element that is the sum of k products, C and two biases is wrong by at
// most u (k+3) S to first order, whatever the order of the additions is, with or without fused multiply-adds: S is the
// sum of the magnitudes and u half a unit in the last place of 1 (Higham, "Accuracy and Stability of Numerical
// Algorithms", 2002, section 3.1). The reference of float64 has the same error, hence the factor 2.
func checkGemm[T Float](t rapid.TB, g gemmCase) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(g.m)<<40+uint64(g.n)<<20+uint64(g.k), 1))
	last := max(0, g.batch-1)
	a := operand[T](r, last*g.sa+reach(g.m, g.ars, g.k, g.acs), g.special)
	b := operand[T](r, last*g.sb+reach(g.k, g.brs, g.n, g.bcs), g.special)
	const canary = 12345
	full := make([]T, 2*guard+last*g.sc+max(0, g.m-1)*g.ldc+g.n)
	for i := range full {
		full[i] = canary
	}
	c := full[guard : len(full)-guard : len(full)-guard]
	if !g.acc { // C is never read
		for i := range c {
			c[i] = T(math.NaN())
		}
	}
	var ep Epilogue[T]
	ep.Accumulate, ep.ReLU = g.acc, g.relu
	if g.row {
		ep.RowBias = operand[T](r, g.m, g.special)
	}
	if g.col {
		ep.ColBias = operand[T](r, g.n, g.special)
	}
	before := append([]T(nil), full...)
	call(g, a, b, c, ep)

	u := math.Ldexp(1, -24)
	if unsafe.Sizeof(T(0)) == 8 {
		u = math.Ldexp(1, -53)
	}
	inside := make([]bool, len(full))
	x, y := make([]float64, g.k), make([]float64, g.k*g.n)
	for s := range g.batch {
		for j := range g.n {
			for p := range g.k {
				y[j*g.k+p] = float64(b[s*g.sb+p*g.brs+j*g.bcs])
			}
		}
		for i := range g.m {
			for p := range x {
				x[p] = float64(a[s*g.sa+i*g.ars+p*g.acs])
			}
			for j := range g.n {
				at := guard + s*g.sc + i*g.ldc + j
				inside[at] = true
				if raceEnabled && g.k > 100 && (i+j)%16 != 0 {
					continue // the race detector slows this loop down tenfold
				}
				sum, abs := dotAbs(x, y[j*g.k:][:g.k])
				add := func(v float64) { sum += v; abs += math.Abs(v) }
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
				got, tol := float64(full[at]), 2*u*float64(g.k+3)*abs
				same := math.Abs(got-sum) <= tol
				if math.IsNaN(sum) || math.IsInf(sum, 0) {
					same = got == sum || math.IsNaN(got) && math.IsNaN(sum)
				}
				if !same {
					t.Fatalf("%v: C[%d][%d,%d] is %v, want %v within %g", g, s, i, j, got, sum, tol)
				}
			}
		}
	}
	for i, v := range full {
		if !inside[i] && math.Float64bits(float64(v)) != math.Float64bits(float64(before[i])) && !(v != v && before[i] != before[i]) {
			t.Fatalf("%v: element %d outside C became %v", g, i-guard, v)
		}
	}
}

// dotAbs returns the sum of x[p]*y[p] and of their magnitudes.
func dotAbs(x, y []float64) (sum, abs float64) {
	for p, v := range x {
		sum += v * y[p]
		abs += math.Abs(v * y[p])
	}
	return sum, abs
}

func bothTypes(t rapid.TB, g gemmCase) {
	t.Helper()
	checkGemm[float32](t, g)
	checkGemm[float64](t, g)
}

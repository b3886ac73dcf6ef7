//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// vectorSizes end in every way that a vector or a block can.
var vectorSizes = []int{1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40, 63, 64, 65, 100, 1000, vectorBlock - 1, vectorBlock + 9}

// eachVector calls test for each implementation with kernels in assembly, each size, and both ends of guarded memory;
// buf returns n values of N(shift, scale) that end, or begin, next to a page that may not be touched.
func eachVector(t *testing.T, test func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32)) {
	eachImpl(t, func(t *testing.T) {
		k := vectors[float32]()
		if k == nil {
			return
		}
		r := rand.New(rand.NewPCG(1, 3))
		for _, n := range vectorSizes {
			for _, atEnd := range []bool{false, true} {
				test(t, k, n, func(shift, scale float64) []float32 {
					x := fenced[float32](t, n, atEnd)
					for i := range x {
						x[i] = float32(shift + scale*r.NormFloat64())
					}
					return x
				})
			}
		}
	})
}

// near fails unless got is want within tol of size, the sum of what want was made from.
func near(t *testing.T, what string, n int, got, want, size, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*size) && !(got != got && want != want) && got != want {
		t.Fatalf("%s of %d: %v, want %v", what, n, got, want)
	}
}

const (
	half32 = 0x1p-24 // the largest relative error of one rounding
	half64 = 0x1p-53
)

func TestVectorSums(t *testing.T) {
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		x, g, w := buf(1000, 1), buf(0, 1), buf(1, 0.5)
		const mu, rstd = 999.75, 1.5
		tol := float64(n) * half64
		var top = math.Inf(-1)
		var sum, abs, s, q, as, p, ap float64
		for i, v := range x {
			v, g := float64(v), float64(g[i])
			top = max(top, v)
			sum, abs = sum+v, abs+math.Abs(v)
			d := v - float64(x[0])
			s, q, as = s+d, q+d*d, as+math.Abs(d)
			p, ap = p+g*(v-mu), ap+math.Abs(g*(v-mu))
		}
		if got := k.max(x); float64(got) != top {
			t.Fatalf("the largest of %d: %v, want %v", n, got, top)
		}
		near(t, "sum", n, k.sum(x), sum, abs, tol)
		gs, gq := k.sumSquares(x, x[0])
		near(t, "Σ d", n, gs, s, as, tol)
		near(t, "Σ d²", n, gq, q, q, tol)
		var sg, asg float64
		for _, v := range g {
			sg, asg = sg+float64(v), asg+math.Abs(float64(v))
		}
		ps, pp := k.sumProducts(g, x, mu)
		near(t, "Σ g", n, ps, sg, asg, tol)
		near(t, "Σ g (x - mu)", n, pp, p, ap, tol)

		pw, pb := make([]float64, n+2), make([]float64, n+2)
		fill(pw, 3)
		fill(pb, 5)
		ns, np := k.normGradSums(g, x, w, mu, rstd, pw[1:n+1], pb[1:n+1])
		var ws, wp, aws, awp float64
		for i := range g {
			v, xh := float64(g[i]), (float64(x[i])-mu)*rstd
			near(t, "dweight", n, pw[i+1], 3+v*xh, 3+math.Abs(v*xh), 4*half64)
			near(t, "dbias", n, pb[i+1], 5+v, 5+math.Abs(v), 4*half64)
			gw := v * float64(w[i])
			ws, wp, aws, awp = ws+gw, wp+gw*xh, aws+math.Abs(gw), awp+math.Abs(gw*xh)
		}
		near(t, "Σ g w", n, ns, ws, aws, tol+4*half64)
		near(t, "Σ g w x̂", n, np, wp, awp, tol+4*half64)
		if pw[0] != 3 || pb[0] != 5 || pw[n+1] != 3 || pb[n+1] != 5 {
			t.Fatalf("%d: wrote outside", n)
		}
	})
}

func TestVectorMaps(t *testing.T) {
	for _, stream := range []bool{false, true} {
		testVectorMaps(t, stream)
	}
}

func testVectorMaps(t *testing.T, stream bool) {
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		y, x, g, w, b := buf(0, 0), buf(1000, 1), buf(0, 1), buf(1, 0.5), buf(0, 1)
		each := func(what string, tol float64, want func(i int) (v, size float64)) {
			t.Helper()
			for i, v := range y {
				exact, size := want(i)
				near(t, what, n, float64(v), exact, size, tol)
			}
		}
		f := func(x []float32, i int) float64 { return float64(x[i]) }
		k.affine(y, x, 999.5, 1.25, 0.75, stream)
		each("(x - m) a + b", 2*half32, func(i int) (v, size float64) {
			p := (f(x, i) - 999.5) * 1.25
			return p + 0.75, math.Abs(p) + 0.75
		})
		k.affineGrad(y, g, x, 999.5, 1.25, 0.75, 0.5, stream)
		each("a g - ((x - m) t + b)", 3*half32, func(i int) (v, size float64) {
			p, q := 1.25*f(g, i), (f(x, i)-999.5)*0.5
			return p - (q + 0.75), math.Abs(p) + math.Abs(q) + 0.75
		})
		k.normalize(y, x, w, b, 999.5, 1.25, 0.75, stream)
		each("normalize", 4*half32, func(i int) (v, size float64) {
			p := (f(x, i) - 999.5) * 1.25
			return (p+0.75)*f(w, i) + f(b, i), (math.Abs(p)+0.75)*math.Abs(f(w, i)) + math.Abs(f(b, i))
		})
		k.normGrad(y, g, x, w, 999.5, 1.25, 0.75, 0.5, stream)
		each("normGrad", 4*half32, func(i int) (v, size float64) {
			p, q := f(g, i)*f(w, i), (f(x, i)-999.5)*0.5
			return 1.25 * (p - (q + 0.75)), 1.25 * (math.Abs(p) + math.Abs(q) + 0.75)
		})
		k.softmaxGrad(y, g, w, 0.25, stream)
		each("y (dy - s)", 2*half32, func(i int) (v, size float64) {
			v = f(w, i) * (f(g, i) - 0.25)
			return v, math.Abs(v)
		})
		k.logSoftmaxGrad(y, g, b, 0.25, stream)
		each("dy - exp(y) s", 3*half32, func(i int) (v, size float64) {
			p := math.Exp(f(b, i)) * 0.25
			return f(g, i) - p, math.Abs(f(g, i)) + p
		})
		m := k.max(b)
		sum := k.expSum(y, b, m)
		only := k.expSum(nil, b, m)
		total := 0.0
		each("exp(x - m)", 2*half32, func(i int) (v, size float64) {
			v = math.Exp(float64(b[i] - m))
			total += v
			return v, v
		})
		near(t, "Σ exp(x - m)", n, sum, total, total, 2*half32)
		near(t, "Σ exp(x - m), not kept,", n, only, sum, 0, 0)
	})
}

// NaN are no maximum; they and infinities come out of the exponential as they should, whatever their place.
func TestVectorSpecials(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		x, y := buf(-5, 1), buf(0, 0)
		i := n / 2
		x[i] = nan
		want := -inf
		for _, v := range x {
			if v > want {
				want = v
			}
		}
		if got := k.max(x); got != want {
			t.Errorf("the largest of %d with NaN: %v, want %v", n, got, want)
		}
		zeros := make([]float32, n)
		for _, c := range []struct{ x, want float32 }{{nan, nan}, {inf, inf}, {-inf, 0}, {-200, 0}, {89, inf}, {200, inf}, {0, 1}} {
			x[i] = c.x
			k.logSoftmaxGrad(y, zeros, x, -1, false)
			if y[i] != c.want && !(y[i] != y[i] && c.want != c.want) {
				t.Errorf("exp(%v) at %d of %d: %v", c.x, i, n, y[i])
			}
			if c.x > 0 {
				continue
			}
			if sum := k.expSum(y, x, 0); y[i] != c.want && !(y[i] != y[i] && c.want != c.want) || c.want != c.want != (sum != sum) {
				t.Errorf("exp(%v) at %d of %d: %v, sum %v", c.x, i, n, y[i], sum)
			}
		}
	})
}

// TestVectorExp holds the exponential of the rows to 1.01 units in the last place, over all that is not 0 or infinite.
func TestVectorExp(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		k := vectors[float32]()
		if k == nil {
			return
		}
		worst, at := 0.0, float32(0)
		x, y, zeros := make([]float32, 4096), make([]float32, 4096), make([]float32, 4096)
		for lo := -104.0; lo < 88.72; lo += 4096 * 0x1p-15 {
			for i := range x {
				x[i] = float32(min(88.72, lo+float64(i)*0x1p-15))
			}
			if lo < -0.125 {
				k.expSum(y, x, 0)
			} else {
				k.logSoftmaxGrad(y, zeros, x, -1, false)
			}
			for i, v := range x {
				if u := ulps(y[i], math.Exp(float64(v)), 0); u > worst {
					worst, at = u, v
				}
			}
		}
		t.Logf("%.3f ulp at %v", worst, at)
		if worst > 1.01 {
			t.Errorf("%.3f ulp at %v", worst, at)
		}
	})
}

// The elementwise kernels give what the loops in Go give: the same bits, but for the functions that both compute in float64.
func TestVectorPointwise(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	plain, streaming := vectorPointwise(false), vectorPointwise(true)
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		if n > vectorBlock/8 || k.compare == nil {
			return // a tile is smaller
		}
		plain := plain
		for c, f := range plain {
			if f != nil && inUse() == implAVX512 {
				plain[c] = kernelsF32AVX512[c]
			}
		}
		d, a, b, want := buf(0, 0), buf(0, 3), buf(0, 1), make([]float32, n)
		for i, v := range []float32{0, float32(math.Copysign(0, -1)), inf, -inf, nan, 1e-40, 100, -100, 0x1p127} {
			a[i*7%n], b[i*5%n] = v, v
		}
		third := buf(0, 1)
		for i := 0; i < n; i += 3 { // ties
			third[i] = b[i]
		}
		for c, f := range slices.Concat(plain[:], streaming[:]) {
			if f == nil || c >= len(plain) && !aligned(d) {
				continue
			}
			c %= len(plain)
			p := Pointwise{Code: Code(c), S0: 0.3, S1: 1.7}
			f(d, a, b, third, p)
			kernelsF32[c](want, a, b, third, p)
			for i, w := range want {
				if isGradient(p.Code) && math.Abs(float64(b[i])) > 80 {
					continue // a slope that is not normal has few bits
				}
				u, floor := 0.0, 0.0
				if p.Code > firstCostly {
					if u, floor = vectorError(p.Code); isGradient(p.Code) {
						floor *= math.Abs(float64(a[i]))
					}
				} else if math.Float32bits(d[i]) != math.Float32bits(w) && w == w {
					t.Fatalf("code %d of %v, %v at %d of %d: %v, want %v", c, a[i], b[i], i, n, d[i], w)
				}
				if got := ulps(d[i], float64(w), floor); got > u {
					t.Fatalf("code %d of %v, %v at %d of %d: %v, want %v", c, a[i], b[i], i, n, d[i], w)
				}
			}
		}
	})
}

// What is so large that it is streamed has the bits that it has in halves, which are not.
func TestVectorStreams(t *testing.T) {
	const rows, c = 4096, 1024
	n := rows * c
	if !streams(n) || streams(n/2) {
		t.Fatal("the sizes no longer tell")
	}
	x, g, y, want := normals(n, false), normals(n, true), make([]float32, n), make([]float32, n)
	w, b := normals(c, true), normals(c, false)
	eachImpl(t, func(t *testing.T) {
		for name, f := range map[string]func(y, x, g []float32){
			"add":              func(y, x, g []float32) { MapFlat(Pointwise{Code: Add}, y, x, g, nil) },
			"relu":             func(y, x, g []float32) { MapFlat(Pointwise{Code: ReLU}, y, x, nil, nil) },
			"log softmax":      func(y, x, _ []float32) { LogSoftmax(Rows{len(x) / c, c, 1}, x, y) },
			"softmax grad":     func(y, x, g []float32) { SoftmaxGrad(Rows{len(x) / c, c, 1}, g, x, y) },
			"log softmax grad": func(y, x, g []float32) { LogSoftmaxGrad(Rows{len(x) / c, c, 1}, g, x, y) },
			"layer norm":       func(y, x, _ []float32) { LayerNorm(len(x)/c, c, 1e-5, x, w, b, y, nil, nil) },
		} {
			f(y, x, g)
			f(want[:n/2], x[:n/2], g[:n/2])
			f(want[n/2:], x[n/2:], g[n/2:])
			for i, v := range want {
				if math.Float32bits(y[i]) != math.Float32bits(v) {
					t.Fatalf("%s: element %d is %v, in halves %v", name, i, y[i], v)
				}
			}
		}
	})
}

// Comparisons and choices are those of Go, NaN, infinities and zeros included.
func TestVectorCompare(t *testing.T) {
	odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1}
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		if n > vectorBlock/8 || k.compare == nil {
			return // a tile is smaller
		}
		a, b, y := buf(0, 1), buf(0, 1), buf(0, 0)
		for i := range n {
			if i%3 == 0 {
				a[i], b[i] = odd[i%len(odd)], odd[i/3%len(odd)]
			}
		}
		for code := Eq; code <= Ge; code++ {
			got, want := make([]bool, n+2), make([]bool, n)
			done := k.compare(code, got[1:n+1], a, b)
			compare(code, want, a, b)
			if done > n || n-done >= 32 || got[0] || got[n+1] || !slices.Equal(got[1:done+1], want[:done]) {
				t.Fatalf("code %d of %d: %v, want %v", code, n, got, want)
			}
			done = k.choose(y, want, a, b)
			for i, c := range want[:done] {
				w := b[i]
				if c {
					w = a[i]
				}
				if done > n || n-done >= 8 || math.Float32bits(y[i]) != math.Float32bits(w) {
					t.Fatalf("choice %d of %d: %v, want %v", i, n, y[i], w)
				}
			}
		}
	})
}

func TestVectorRows(t *testing.T) {
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		if k.addRows == nil {
			return
		}
		x := buf(0, 1)
		// Rows of w, apart by one more, in the same memory.
		for _, w := range []int{1, 3, 8, 21} {
			rows := (n + 1) / (w + 1)
			if rows == 0 {
				continue
			}
			acc, want := make([]float64, w+2), make([]float64, w+2)
			for i := range acc {
				acc[i], want[i] = float64(i), float64(i)
			}
			k.addRows(acc[1:w+1], x[:(rows-1)*(w+1)+w], rows, w+1)
			for r := range rows {
				for i := range w {
					want[i+1] += float64(x[r*(w+1)+i])
				}
			}
			if !slices.Equal(acc, want) {
				t.Fatalf("%d rows of %d: %v, want %v", rows, w, acc, want)
			}
		}
		if half := n / 2; half > 0 {
			even, odd, y := buf(0, 0)[:half], buf(0, 0)[n-half:], buf(0, 0)
			if !k.split(even, odd, x[:2*half]) {
				t.Fatalf("%d: not all are numbers", n)
			}
			for i := range half {
				if even[i] != x[2*i] || odd[i] != x[2*i+1] {
					t.Fatalf("%d: split %v, %v, want %v", n, even, odd, x)
				}
			}
			k.merge(y[:2*half], even, odd)
			if !slices.Equal(y[:2*half], x[:2*half]) {
				t.Fatalf("%d: merged %v, want %v", n, y, x)
			}
			for _, v := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
				for i := range 2 * half {
					if i > 40 && i < 2*half-40 {
						continue
					}
					was := x[i]
					if x[i] = v; k.split(even, odd, x[:2*half]) {
						t.Fatalf("%d: %v at %d was not seen", n, v, i)
					}
					x[i] = was
				}
			}
		}
		if stride := (n - side) / (side - 1); stride >= side {
			y := make([]float32, side*side)
			src := x[n-((side-1)*stride+side):]
			k.turn(y, src, stride)
			for i := range side {
				for j := range side {
					if y[i*side+j] != src[j*stride+i] {
						t.Fatalf("turned with stride %d: row %d, column %d", stride, i, j)
					}
				}
			}
		}
	})
}

func TestVectorExtremes(t *testing.T) {
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		x := buf(0, 1)
		for _, at := range []int{0, n / 2, n - 1} {
			x[at] = 9
			lo, hi, ok := k.extremes(x)
			if wantLo, wantHi := slices.Min(x), slices.Max(x); lo != wantLo || hi != wantHi || !ok {
				t.Fatalf("%d: %v, %v, %v, want %v, %v", n, lo, hi, ok, wantLo, wantHi)
			}
			x[at] = -9
			if lo, _, _ := k.extremes(x); lo != -9 {
				t.Fatalf("the smallest of %d: %v, want -9", n, lo)
			}
			x[at] = float32(math.NaN())
			if _, _, ok := k.extremes(x); ok {
				t.Fatalf("%d: the NaN at %d was not seen", n, at)
			}
			x[at] = 0
		}
	})
}

// The steps of the optimizers in assembly round as the loops in Go do, so that an implementation changes no training run
// where Go does not fuse.
func TestVectorOptimizers(t *testing.T) {
	eachVector(t, func(t *testing.T, k *vectorKernels, n int, buf func(shift, scale float64) []float32) {
		near := func(what string, got, want []float32) {
			t.Helper()
			for i := range got {
				tol := 0.0
				if runtime.GOARCH != "amd64" { // Go fuses: each of ten steps on numbers below 10 may round otherwise
					tol = 10 * 10 * half32
				}
				if !(math.Abs(float64(got[i])-float64(want[i])) <= tol) {
					t.Fatalf("%s at %d of %d: %v, want %v", what, i, n, got[i], want[i])
				}
			}
		}
		own := func(update func(p, g, m, v []float32)) {
			p, g, m, v := buf(0, 1), buf(0, 1), buf(0, 1), buf(3, 0.5)
			p1, m1, v1 := slices.Clone(p), slices.Clone(m), slices.Clone(v)
			was := Current()
			Use("go")
			update(p1, g, m1, v1)
			Use(was)
			update(p, g, m, v)
			near("p", p, p1)
			near("m", m, m1)
			near("v", v, v1)
		}
		for _, nesterov := range []bool{false, true} {
			own(func(p, g, m, _ []float32) { SGDStep[float32]{0.1, 0.01, 0.9, 0.75, nesterov}.Update(p, g, m) })
		}
		own(func(p, g, m, v []float32) {
			AdamStep[float32]{0.9, 0.1, 0.99, 0.01, 0.3, 1.7, 1e-6, 0.999, 0.02, -1}.Update(p, g, m, v, nil)
		})
		own(func(p, g, m, v []float32) { // with a largest v so far
			AdamStep[float32]{0.9, 0.1, 0.99, 0.01, 0.3, 1.7, 1e-6, 0.999, 0.02, -1}.Update(p, g, m, v, slices.Clone(g))
		})
		own(func(p, g, _, v []float32) { // without a mean, as Adagrad
			AdamStep[float32]{0, 0, 1, 1, 0.3, 1, 1e-6, 1, 0.02, -1}.Update(p, g, nil, v, nil)
		})
		own(func(p, g, _, v []float32) { DivRoot(p, g, v, 0.9, -0.3, 1e-6) })
	})
}

// No call of assembly is longer than a block, and the blocks are all there is, in order.
func TestVectorBlocks(t *testing.T) {
	for _, n := range append([]int{0, vectorBlock, 3*vectorBlock + 1}, vectorSizes...) {
		next := 0
		inBlocks(n, func(lo, hi int) {
			if lo != next || hi <= lo || hi-lo > vectorBlock {
				t.Fatalf("%d: [%d, %d) after %d", n, lo, hi, next)
			}
			next = hi
		})
		if next != n {
			t.Fatalf("%d: ends at %d", n, next)
		}
	}
}

// BenchmarkVectors measures rows of 1024 float32 on one thread, in the cache and out of it.
func BenchmarkVectors(b *testing.B) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1)
	const c = 1024
	for _, rows := range []int{8, 4096} {
		x, dy, y, dx := normals(rows*c, false), normals(rows*c, false), make([]float32, rows*c), make([]float32, rows*c)
		w, bias, dw, db, mu, rstd := normals(c, false), normals(c, false), make([]float32, c), make([]float32, c), make([]float64, rows), make([]float64, rows)
		r := Rows{rows, c, 1}
		for _, k := range []struct {
			name string
			run  func()
		}{
			{"softmax", func() { Softmax(r, x, y) }},
			{"softmaxgrad", func() { SoftmaxGrad(r, dy, y, dx) }},
			{"logsoftmax", func() { LogSoftmax(r, x, y) }},
			{"logsoftmaxgrad", func() { LogSoftmaxGrad(r, dy, y, dx) }},
			{"layernorm", func() { LayerNorm(rows, c, 1e-5, x, w, bias, y, mu, rstd) }},
			{"layernormgrad", func() { LayerNormGrad(rows, c, dy, x, w, mu, rstd, dx, dw, db) }},
			{"batchnorm", func() { BatchNorm(rows/8, 8, c, 1e-5, x, w, bias, y, dw, db, mu, rstd) }},
			{"batchnormgrad", func() { BatchNormGrad(rows/8, 8, c, dy, x, w, mu, rstd, dx, dw, db) }},
		} {
			b.Run(fmt.Sprint(k.name, " ", rows), func(b *testing.B) {
				for b.Loop() {
					k.run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows*c), "ns/element")
			})
		}
	}
}

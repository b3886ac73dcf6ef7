package linalg_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// sizes are the shapes of square inputs that each op is tried on.
var sizes = []struct {
	name  string
	shape []int
}{
	{"one element", []int{1, 1}}, {"3 x 3", []int{3, 3}}, {"batch", []int{2, 2, 3, 3}}, {"5 x 5", []int{5, 5}}, {"0 x 0", []int{2, 0, 0}}, {"no matrices", []int{0, 3, 3}},
}

// squareCases returns the cases of a function of one square matrix.
func squareCases(op string, diagonal float64, f func(in tensors) tensors, drop int, want func(in []matrix) []matrix, empty []int) (cases []optest.Case) {
	for i, s := range sizes {
		c := optest.Case{Op: op, Name: s.name, In: []optest.Input{general(uint64(i)+1, diagonal, s.shape...)}, F: f, Want: each(drop, want)}
		n := s.shape[len(s.shape)-1]
		if n == 0 || s.shape[0] == 0 {
			shape := append([]int{s.shape[0]}, empty...)
			for k := range shape[1:] {
				if shape[k+1] < 0 {
					shape[k+1] = n
				}
			}
			c.Want = func([]optest.Array) []optest.Array {
				return []optest.Array{optest.Build(shape, func([]int) float64 { return 1 })}
			}
			c.Order = -1
		}
		cases = append(cases, c)
	}
	return cases
}

// largeCase is one of n by n, beyond the sizes of the recursions' leaves.
func largeCase(op string, n int, diagonal float64, f func(in tensors) tensors, drop int, want func(in []matrix) []matrix) optest.Case {
	return optest.Case{Op: op, Name: "large", In: []optest.Input{general(77, diagonal, n, n)}, F: f, Want: each(drop, want), Order: 1,
		Tol: 10} // float32 gradients of sums of many terms
}

func TestCholeskyOp(t *testing.T) {
	f := must(func(x *tensor.Tensor) (*tensor.Tensor, error) { return linalg.Cholesky(positive(x)) })
	want := func(in []matrix) []matrix {
		a := naivePositive(in[0])
		n := len(a)
		l := zeros(n, n)
		for i := range n {
			for j := range i + 1 {
				s := a[i][j]
				for k := range j {
					s -= l[i][k] * l[j][k]
				}
				if l[i][j] = s / l[j][j]; i == j {
					l[i][j] = math.Sqrt(s)
				}
			}
		}
		return []matrix{l}
	}
	cases := squareCases("linalg.choleskyOp", 0, f, 0, want, []int{-1, -1})
	optest.Run(t, append(cases, largeCase("linalg.choleskyOp", 65, 3, f, 0, want)))
}

func TestSolveTriangularOp(t *testing.T) {
	var cases []optest.Case
	for mask := range 16 {
		cfg := linalg.SolveTriangularConfig{Upper: mask&1 != 0, Right: mask&2 != 0, UniTriangular: mask&4 != 0, Transposed: mask&8 != 0}
		n, k := 3, 2
		name := "n 3"
		if mask%5 == 0 {
			n, name = 30, "n 30"
		}
		a, b := general(uint64(mask), 4, 2, n, n), general(uint64(mask)+50, 0, 2, n, k)
		if cfg.Right {
			b.Shape = []int{2, k, n}
		}
		for i := range a.Values { // of the size that a diagonal of ones stands
			a.Values[i] /= 8
		}
		order := 0
		if n > 3 {
			order = 1
		}
		cases = append(cases, optest.Case{Op: "linalg.solveTriangularOp", Name: name + string(rune('a'+mask)), In: []optest.Input{a, b}, Order: order, Tol: 10, // of sums of many terms
			F: func(in tensors) tensors { return tensors{linalg.Must(linalg.SolveTriangular(in[0], in[1], cfg))} },
			Want: each(0, func(in []matrix) []matrix {
				tri := mul(in[0], identity(n))
				for i := range n {
					for j := range n {
						if cfg.Upper && j < i || !cfg.Upper && j > i {
							tri[i][j] = 0
						}
						if cfg.UniTriangular && i == j {
							tri[i][j] = 1
						}
					}
				}
				if cfg.Transposed {
					tri = transposed(tri)
				}
				if cfg.Right {
					x, _ := gaussJordan(transposed(tri), transposed(in[1]))
					return []matrix{transposed(x)}
				}
				x, _ := gaussJordan(tri, in[1])
				return []matrix{x}
			})})
	}
	optest.Run(t, cases)
}

func TestLUOp(t *testing.T) {
	f := func(in tensors) tensors {
		p, l, u, err := linalg.LU(in[0])
		if err != nil {
			panic(err)
		}
		return tensors{p.MatMul(l), l, u}
	}
	naive := func(in []matrix) []matrix {
		a := mul(in[0], identity(len(in[0][0])))
		m, n := len(a), len(a[0])
		k := min(m, n)
		l, p := zeros(m, k), identity(m)
		for j := range k {
			best := j
			for i := j; i < m; i++ {
				if math.Abs(a[i][j]) > math.Abs(a[best][j]) {
					best = i
				}
			}
			a[j], a[best], l[j], l[best], p[j], p[best] = a[best], a[j], l[best], l[j], p[best], p[j]
			l[j][j] = 1
			for i := j + 1; i < m; i++ {
				l[i][j] = a[i][j] / a[j][j]
				for c := range n {
					a[i][c] -= l[i][j] * a[j][c]
				}
			}
		}
		return []matrix{mul(transposed(p), l), l, a[:k]}
	}
	var cases []optest.Case
	for i, s := range [][]int{{3, 3}, {1, 1}, {4, 2}, {2, 4}, {1, 3}} {
		cases = append(cases, optest.Case{Op: "linalg.luOp", Name: string(rune('a' + i)), In: []optest.Input{general(uint64(i)+4, 0, s...)}, F: f, Want: each(0, naive)})
	}
	optest.Run(t, cases)
}

func TestLUSolveOp(t *testing.T) {
	solve := func(in tensors) tensors { return tensors{linalg.Must(linalg.Solve(in[0], in[1]))} }
	want := each(0, func(in []matrix) []matrix {
		x, _ := gaussJordan(in[0], in[1])
		return []matrix{x}
	})
	cases := []optest.Case{
		{Op: "linalg.luSolveOp", Name: "3 x 3", In: []optest.Input{general(1, 2, 3, 3), general(2, 0, 3, 2)}, F: solve, Want: want},
		{Op: "linalg.luSolveOp", Name: "swaps", In: []optest.Input{general(11, 0, 4, 4), general(12, 0, 4, 1)}, F: solve, Want: want, Tol: 10}, // condition number 10
		{Op: "linalg.luSolveOp", Name: "batch", In: []optest.Input{general(3, 3, 2, 1, 3, 3), general(4, 0, 2, 1, 3, 1)}, F: solve, Want: want},
		{Op: "linalg.luSolveOp", Name: "large", In: []optest.Input{general(5, 9, 40, 40), general(6, 0, 40, 3)}, F: solve, Want: want, Order: 1, Tol: 10}, // sums of 40 terms
		{Op: "linalg.luSolveOp", Name: "one matrix, many sides", In: []optest.Input{general(7, 3, 3, 3), general(8, 0, 2, 3, 2)}, F: solve,
			Want: func(in []optest.Array) []optest.Array {
				a := optest.Array{Shape: []int{2, 3, 3}, Data: append(append([]float64(nil), in[0].Data...), in[0].Data...)}
				return want([]optest.Array{a, in[1]})
			}},
		{Op: "linalg.luSolveOp", Name: "many matrices, one side", In: []optest.Input{general(7, 3, 2, 3, 3), general(8, 0, 3, 2)}, F: solve,
			Want: func(in []optest.Array) []optest.Array {
				b := optest.Array{Shape: []int{2, 3, 2}, Data: append(append([]float64(nil), in[1].Data...), in[1].Data...)}
				return want([]optest.Array{in[0], b})
			}},
		{Op: "linalg.luSolveOp", Name: "empty", In: []optest.Input{general(1, 0, 0, 0), general(1, 0, 0, 2)}, F: solve, Order: -1,
			Want: func([]optest.Array) []optest.Array { return []optest.Array{{Shape: []int{0, 2}}} }},
	}
	inverse := func(in []matrix) []matrix {
		x, _ := gaussJordan(in[0], identity(len(in[0])))
		return []matrix{x}
	}
	optest.Run(t, append(cases, squareCases("linalg.luSolveOp", 3, must(linalg.Inv), 0, inverse, []int{-1, -1})...))
}

func TestDetOps(t *testing.T) {
	det := func(in []matrix) []matrix {
		_, d := gaussJordan(in[0], identity(len(in[0])))
		return []matrix{{{d}}}
	}
	cases := squareCases("linalg.detOp", 0.5, must(linalg.Det), 2, det, nil)
	logdet := func(in tensors) tensors {
		sign, l, err := linalg.SlogDet(in[0])
		if err != nil {
			panic(err)
		}
		return tensors{l.Add(sign)}
	}
	slog := squareCases("linalg.slogdetOp", 1.5, logdet, 2, func(in []matrix) []matrix {
		d := det(in)[0][0][0]
		return []matrix{{{math.Log(math.Abs(d)) + math.Copysign(1, d)}}}
	}, nil)
	// A singular matrix has a first derivative: its cofactors.
	singular := optest.Case{Op: "linalg.detOp", Name: "singular", In: []optest.Input{{Shape: []int{3, 3}, Values: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}}}, Order: 1,
		F: must(linalg.Det), Want: func([]optest.Array) []optest.Array { return []optest.Array{{Shape: []int{}, Data: []float64{0}}} }}
	optest.Run(t, append(append(cases, singular), slog...))
}

func TestQROp(t *testing.T) {
	qr := func(mode linalg.QRMode) func(in tensors) tensors {
		return func(in tensors) tensors { // with the signs that make R's diagonal positive
			q, r, err := linalg.QR(in[0], mode)
			if err != nil {
				panic(err)
			}
			k := min(in[0].Dim(-2), in[0].Dim(-1))
			sign := r.Detach().Diagonal(0, -2, -1).Sign()
			return tensors{q.Narrow(-1, 0, k).Mul(sign.Unsqueeze(-2)), r.Narrow(-2, 0, k).Mul(sign.Unsqueeze(-1))}
		}
	}
	gramSchmidt := each(0, func(in []matrix) []matrix {
		a := in[0]
		m, n := len(a), len(a[0])
		k := min(m, n)
		q, r := zeros(m, k), zeros(k, n)
		for j := range n {
			v := make([]float64, m)
			for i := range v {
				v[i] = a[i][j]
			}
			for c := range min(j, k) {
				for i := range v {
					r[c][j] += q[i][c] * v[i]
				}
				for i := range v {
					v[i] -= r[c][j] * q[i][c]
				}
			}
			if j >= k {
				continue
			}
			for _, x := range v {
				r[j][j] += x * x
			}
			r[j][j] = math.Sqrt(r[j][j])
			for i := range v {
				q[i][j] = v[i] / r[j][j]
			}
		}
		return []matrix{q, r}
	})
	var cases []optest.Case
	for i, s := range [][]int{{3, 3}, {1, 1}, {4, 2}, {2, 4}, {2, 3, 2}, {40, 34}} {
		c := optest.Case{Op: "linalg.qrOp", Name: string(rune('a' + i)), In: []optest.Input{general(uint64(i)+4, 1, s...)}, F: qr(linalg.QRReduced), Want: gramSchmidt}
		if s[0] == 40 {
			c.In, c.Order, c.Tol = []optest.Input{general(9, 8, s...)}, 1, 20 // sums of 40 terms
		}
		cases = append(cases, c)
	}
	cases = append(cases,
		optest.Case{Op: "linalg.qrOp", Name: "complete, wide", In: []optest.Input{general(9, 1, 2, 3)}, F: qr(linalg.QRComplete), Want: gramSchmidt},
		optest.Case{Op: "linalg.qrOp", Name: "complete, tall", In: []optest.Input{general(9, 1, 4, 2)}, F: qr(linalg.QRComplete), Want: gramSchmidt, Order: -1}, // it has no gradient
	)
	optest.Run(t, cases)
}

func TestEighOps(t *testing.T) {
	// V diag(1, 2, ...) Vᵀ does not depend on the signs.
	f := func(in tensors) tensors {
		w, v, err := linalg.Eigh(positive(in[0]))
		if err != nil {
			panic(err)
		}
		weights := tensor.With(v.DType()).On(v.Device()).Arange(1, float64(v.Dim(-1))+1, 1)
		return tensors{v.Mul(weights).MatMul(v.Transpose(-1, -2)).Add(w.Unsqueeze(-1))}
	}
	cases := squareCases("linalg.eighOp", 1, f, 0, func(in []matrix) []matrix {
		w, v := jacobi(naivePositive(in[0]))
		d := zeros(len(w), len(w))
		for i := range w {
			d[i][i] = float64(i + 1)
		}
		y := mul(v, mul(d, transposed(v)))
		for i := range y {
			for j := range y[i] {
				y[i][j] += w[i]
			}
		}
		return []matrix{y}
	}, []int{-1, -1})
	values := squareCases("linalg.eigvalshOp", 1, must(func(x *tensor.Tensor) (*tensor.Tensor, error) { return linalg.Eigvalsh(positive(x)) }), 1, func(in []matrix) []matrix {
		w, _ := jacobi(naivePositive(in[0]))
		return []matrix{{w}}
	}, []int{-1})
	all := append(cases, values...)
	for i := range all {
		all[i].Tol = 20 // divided by the gaps of eigenvalues
	}
	optest.Run(t, all)
}

// naiveSVD returns the thin factors by the eigenvectors of AᵀA, for m >= n.
func naiveSVD(a matrix) (u matrix, s []float64, v matrix) {
	w, x := jacobi(mul(transposed(a), a))
	n := len(w)
	v = zeros(n, n)
	for j := range n {
		s = append(s, math.Sqrt(math.Max(w[n-1-j], 0)))
		for i := range n {
			v[i][j] = x[i][n-1-j]
		}
	}
	u = mul(a, v)
	for i := range u {
		for j := range u[i] {
			u[i][j] /= s[j]
		}
	}
	return u, s, v
}

func TestSVDOps(t *testing.T) {
	f := func(full bool) func(in tensors) tensors {
		return func(in tensors) tensors { // U diag(1, 2, ...) Vᵀ does not depend on the signs
			u, s, vh, err := linalg.SVD(in[0], full)
			if err != nil {
				panic(err)
			}
			k := s.Dim(-1)
			weights := tensor.With(s.DType()).On(s.Device()).Arange(1, float64(k)+1, 1)
			return tensors{u.Narrow(-1, 0, k).Mul(weights).MatMul(vh.Narrow(-2, 0, k)), s}
		}
	}
	want := func(in []matrix) []matrix {
		tall := len(in[0]) >= len(in[0][0])
		a := in[0]
		if !tall {
			a = transposed(a)
		}
		u, s, v := naiveSVD(a)
		for i := range v {
			for j := range v[i] {
				v[i][j] *= float64(j + 1)
			}
		}
		y := mul(u, transposed(v))
		if !tall {
			y = transposed(y)
		}
		return []matrix{y, {s}}
	}
	drop := func(w func(in []optest.Array) []optest.Array) func(in []optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			out := w(in)
			s := out[1].Shape
			out[1].Shape = append(append([]int{}, s[:len(s)-2]...), s[len(s)-1])
			return out
		}
	}
	var cases []optest.Case
	for i, s := range [][]int{{3, 3}, {1, 1}, {4, 2}, {2, 4}, {2, 3, 2}, {1, 3}} {
		in := []optest.Input{general(uint64(i)+30, 1, s...)}
		cases = append(cases,
			optest.Case{Op: "linalg.svdOp", Name: "reduced " + string(rune('a'+i)), In: in, F: f(false), Want: drop(each(0, want)), Tol: 50}, // divided by the gaps of singular values
			optest.Case{Op: "linalg.svdOp", Name: "full " + string(rune('a'+i)), In: in, F: f(true), Want: drop(each(0, want)), Tol: 50},
			optest.Case{Op: "linalg.svdvalsOp", Name: string(rune('a' + i)), In: in, F: must(linalg.SVDVals), Tol: 50,
				Want: each(1, func(in []matrix) []matrix { return want(in)[1:] })})
	}
	cases = append(cases, optest.Case{Op: "linalg.svdvalsOp", Name: "empty", In: []optest.Input{general(1, 0, 2, 0, 3)}, F: must(linalg.SVDVals), Order: -1,
		Want: func([]optest.Array) []optest.Array { return []optest.Array{{Shape: []int{2, 0}}} }})
	optest.Run(t, cases)
}

func TestPinvOp(t *testing.T) {
	f := must(func(x *tensor.Tensor) (*tensor.Tensor, error) { return linalg.Pinv(x, linalg.ToleranceConfig{}) })
	want := each(0, func(in []matrix) []matrix { // (AᵀA)⁻¹ Aᵀ, or Aᵀ (A Aᵀ)⁻¹
		a, at := in[0], transposed(in[0])
		if len(a) >= len(at) {
			x, _ := gaussJordan(mul(at, a), at)
			return []matrix{x}
		}
		x, _ := gaussJordan(mul(a, at), a)
		return []matrix{transposed(x)}
	})
	var cases []optest.Case
	for i, s := range [][]int{{3, 3}, {1, 1}, {4, 2}, {2, 4}, {2, 3, 2}} {
		cases = append(cases, optest.Case{Op: "linalg.pinvOp", Name: string(rune('a' + i)), In: []optest.Input{general(uint64(i)+60, 1, s...)}, F: f, Want: want, Tol: 10}) // the reference squares the condition
	}
	// Of rank 1 by construction: x yᵀ has the pseudo-inverse y xᵀ / |x|²|y|².
	cases = append(cases, optest.Case{Op: "linalg.pinvOp", Name: "rank 1", In: []optest.Input{general(3, 0, 3, 1), general(4, 0, 1, 2)}, Tol: 10,
		F: func(in tensors) tensors {
			return tensors{linalg.Must(linalg.Pinv(in[0].MatMul(in[1]), linalg.ToleranceConfig{RTol: new(1e-5)}))}
		},
		Want: each(0, func(in []matrix) []matrix {
			x, y := in[0], in[1]
			f := mul(transposed(x), x)[0][0] * mul(y, transposed(y))[0][0]
			p := transposed(mul(x, y))
			return []matrix{combine(p, p, func(a, _ float64) float64 { return a / f })}
		})})
	optest.Run(t, cases)
}

func TestEigOp(t *testing.T) {
	// A rotation scaled by r has the eigenvalues r (cos ± i sin).
	f := func(in tensors) tensors {
		r, err := linalg.Eig(in[0])
		if err != nil {
			panic(err)
		}
		// A V - V diag(λ) in real numbers, and the values
		a, vr, vi := in[0], r.VectorsReal, r.VectorsImag
		re, im := r.Real.Unsqueeze(-2), r.Imag.Unsqueeze(-2)
		return tensors{r.Real, r.Imag,
			a.MatMul(vr).Sub(vr.Mul(re).Sub(vi.Mul(im))), a.MatMul(vi).Sub(vr.Mul(im).Add(vi.Mul(re)))}
	}
	c, s := 0.6, 0.8
	optest.Run(t, []optest.Case{
		{Op: "linalg.eigOp", Name: "rotation", Order: -1, F: f, In: []optest.Input{{Shape: []int{2, 2}, Values: []float64{float64(float32(2 * c)), float64(float32(-2 * s)), float64(float32(2 * s)), float64(float32(2 * c))}}},
			Want: func([]optest.Array) []optest.Array {
				zero := optest.Array{Shape: []int{2, 2}, Data: make([]float64, 4)}
				re, im := float64(float32(2*c)), float64(float32(2*s))
				return []optest.Array{{Shape: []int{2}, Data: []float64{re, re}}, {Shape: []int{2}, Data: []float64{im, -im}}, zero, zero}
			}, Tol: 10}, // zeros are differences of numbers of size 2
	})
}

func TestExpmOp(t *testing.T) {
	series := func(in []matrix) []matrix { // exp(A) = exp(A/1024)^1024, by Taylor's series
		n := len(in[0])
		a := combine(in[0], in[0], func(x, _ float64) float64 { return x / 1024 })
		y, term := identity(n), identity(n)
		for k := 1; k < 20; k++ {
			term = mul(term, a)
			term = combine(term, term, func(x, _ float64) float64 { return x / float64(k) })
			y = combine(y, term, func(a, b float64) float64 { return a + b })
		}
		for range 10 {
			y = mul(y, y)
		}
		return []matrix{y}
	}
	cases := squareCases("linalg.expmOp", 0, must(linalg.Expm), 0, series, []int{-1, -1})
	for i, scale := range []float64{0, 0.002, 0.05, 0.3, 0.7, 2, 8} { // each degree, and squarings
		in := general(uint64(i)+5, 0, 3, 3)
		for k := range in.Values {
			in.Values[k] = float64(float32(in.Values[k] * scale))
		}
		cases = append(cases, optest.Case{Op: "linalg.expmOp", Name: "scale " + string(rune('a'+i)), In: []optest.Input{in}, F: must(linalg.Expm), Want: each(0, series), Tol: 20}) // the reference squares ten times
	}
	optest.Run(t, cases)
}

func TestSqrtmOps(t *testing.T) {
	root := must(func(x *tensor.Tensor) (*tensor.Tensor, error) { return linalg.SqrtM(positive(x)) })
	cases := squareCases("linalg.sqrtmOp", 0.5, root, 0, func(in []matrix) []matrix {
		return []matrix{symmetricFunction(naivePositive(in[0]), math.Sqrt)}
	}, []int{-1, -1})
	log := must(func(x *tensor.Tensor) (*tensor.Tensor, error) { return linalg.LogM(positive(x)) })
	logs := squareCases("linalg.sqrtmOp", 0.5, log, 0, func(in []matrix) []matrix {
		return []matrix{symmetricFunction(naivePositive(in[0]), math.Log)}
	}, []int{-1, -1})
	for i := range logs {
		logs[i].Name = "log " + logs[i].Name
		logs[i].Tol = 10 // scaled by 2^roots
	}
	// Equal eigenvalues: the derivatives exist all the same.
	equal := optest.Case{Op: "linalg.sqrtmOp", Name: "identity", In: []optest.Input{{Shape: []int{3, 3}, Values: []float64{0, 0, 0, 0, 0, 0, 0, 0, 0}}}, F: root,
		Want: func([]optest.Array) []optest.Array {
			return []optest.Array{optest.Build([]int{3, 3}, func(at []int) float64 {
				if at[0] == at[1] {
					return 1
				}
				return 0
			})}
		}}
	optest.Run(t, append(append(cases, logs...), equal))
}

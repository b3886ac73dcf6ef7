package linalg_test

import (
	"math"
	"sort"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/tensor"
)

// The oracles: textbook loops over small matrices.

type matrix [][]float64

type tensors = []*tensor.Tensor

func zeros(m, n int) matrix {
	a := make(matrix, m)
	for i := range a {
		a[i] = make([]float64, n)
	}
	return a
}

func identity(n int) matrix {
	a := zeros(n, n)
	for i := range a {
		a[i][i] = 1
	}
	return a
}

func mul(a, b matrix) matrix {
	n := 0
	if len(b) > 0 {
		n = len(b[0])
	}
	c := zeros(len(a), n)
	for i := range a {
		for j := range n {
			for k := range b {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func transposed(a matrix) matrix {
	if len(a) == 0 {
		return nil
	}
	b := zeros(len(a[0]), len(a))
	for i := range a {
		for j := range a[i] {
			b[j][i] = a[i][j]
		}
	}
	return b
}

func combine(a, b matrix, f func(x, y float64) float64) matrix {
	c := zeros(len(a), len(a[0]))
	for i := range a {
		for j := range a[i] {
			c[i][j] = f(a[i][j], b[i][j])
		}
	}
	return c
}

// gaussJordan returns A⁻¹ B and det A, with full row pivoting.
func gaussJordan(a, b matrix) (matrix, float64) {
	n := len(a)
	w, det := zeros(n, 0), 1.0
	for i := range w {
		w[i] = append(append(w[i], a[i]...), b[i]...)
	}
	for j := range n {
		p := j
		for i := j; i < n; i++ {
			if math.Abs(w[i][j]) > math.Abs(w[p][j]) {
				p = i
			}
		}
		if p != j {
			w[p], w[j], det = w[j], w[p], -det
		}
		det *= w[j][j]
		for i := range n {
			if i == j {
				continue
			}
			f := w[i][j] / w[j][j]
			for k := j; k < len(w[i]); k++ {
				w[i][k] -= f * w[j][k]
			}
		}
	}
	x := zeros(n, 0)
	for i := range n {
		for _, v := range w[i][n:] {
			x[i] = append(x[i], v/w[i][i])
		}
	}
	return x, det
}

// jacobi returns the ascending eigenvalues and the eigenvectors of a symmetric matrix by cyclic rotations.
func jacobi(a matrix) ([]float64, matrix) {
	n := len(a)
	a, v := mul(a, identity(n)), identity(n)
	for range 60 {
		for p := range n {
			for q := p + 1; q < n; q++ {
				if a[p][q] == 0 {
					continue
				}
				theta := 0.5 * math.Atan2(2*a[p][q], a[q][q]-a[p][p])
				r := identity(n)
				r[p][p], r[q][q] = math.Cos(theta), math.Cos(theta)
				r[p][q], r[q][p] = math.Sin(theta), -math.Sin(theta)
				a, v = mul(transposed(r), mul(a, r)), mul(v, r)
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return a[order[i]][order[i]] < a[order[j]][order[j]] })
	w, s := make([]float64, n), zeros(n, n)
	for to, from := range order {
		w[to] = a[from][from]
		for i := range n {
			s[i][to] = v[i][from]
		}
	}
	return w, s
}

// symmetricFunction returns V f(w) Vᵀ.
func symmetricFunction(a matrix, f func(w float64) float64) matrix {
	w, v := jacobi(a)
	d := zeros(len(a), len(a))
	for i := range w {
		d[i][i] = f(w[i])
	}
	return mul(v, mul(d, transposed(v)))
}

// each applies f to the matrices of a batch; f's results are matrices, rows for vectors and 1 by 1 for numbers, of which drop
// gives how many dimensions go.
func each(drop int, f func(in []matrix) []matrix) func(in []optest.Array) []optest.Array {
	return func(in []optest.Array) (out []optest.Array) {
		batch := in[0].Shape[:len(in[0].Shape)-2]
		count := 1
		for _, d := range batch {
			count *= d
		}
		for b := range count {
			var ms []matrix
			for _, a := range in {
				r := len(a.Shape)
				m, n := a.Shape[r-2], a.Shape[r-1]
				x := zeros(m, n)
				for i := range x {
					copy(x[i], a.Data[(b*m+i)*n:])
				}
				ms = append(ms, x)
			}
			for k, y := range f(ms) {
				if b == 0 {
					shape := append(append([]int{}, batch...), len(y))
					if len(y) > 0 {
						shape = append(shape, len(y[0]))
					}
					out = append(out, optest.Array{Shape: append(shape[:len(batch)], shape[len(batch)+drop:]...)})
				}
				for _, row := range y {
					out[k].Data = append(out[k].Data, row...)
				}
			}
		}
		return out
	}
}

// must wraps a function of one matrix for a Case.
func must(f func(a *tensor.Tensor) (*tensor.Tensor, error)) func(in tensors) tensors {
	return func(in tensors) tensors { return tensors{linalg.Must(f(in[0]))} }
}

// general returns a well-conditioned input of fixed pseudo-random values: a multiple of the identity plus noise.
func general(seed uint64, diagonal float64, shape ...int) optest.Input {
	n := 1
	for _, d := range shape {
		n *= d
	}
	v := make([]float64, n)
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := range v {
		x = x*6364136223846793005 + 1442695040888963407
		v[i] = float64(x>>52)/2048 - 1
	}
	if r := len(shape); diagonal != 0 && n > 0 {
		rows, cols := shape[r-2], shape[r-1]
		for at := 0; at < n; at += rows * cols {
			for i := range min(rows, cols) {
				v[at+i*cols+i] += diagonal
			}
		}
	}
	return optest.Input{Shape: shape, Values: v}
}

// positive returns X Xᵀ + I, for a case of matrices that need to be symmetric and positive definite.
func positive(x *tensor.Tensor) *tensor.Tensor {
	return x.MatMul(x.Transpose(-1, -2)).Add(tensor.With(x.DType()).On(x.Device()).Eye(x.Dim(-2)))
}

func naivePositive(x matrix) matrix {
	return combine(mul(x, transposed(x)), identity(len(x)), func(a, b float64) float64 { return a + b })
}

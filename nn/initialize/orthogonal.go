package initialize

import (
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Orthogonal returns a weight (out, in, kernel...) that, as a matrix of out rows, has orthonormal rows, or columns where there
// are more rows, times gain: uniform among these, from the QR factorization of normal numbers with the signs of R's diagonal
// (Saxe, McClelland and Ganguli, 2014). It panics with ErrShape below two dimensions.
func Orthogonal(g *random.Generator, gain float64, dims ...int) *tensor.Tensor {
	s := tensor.ShapeOf(dims...)
	if s.Rank() < 2 {
		tensor.Fail("initialize.Orthogonal", tensor.ErrShape, []tensor.Shape{s}, "an orthogonal weight needs at least two dimensions")
	}
	rows := s.Dim(0)
	columns := s.Numel() / max(1, rows)
	a := tensor.With(tensor.Float64).Randn(g, max(rows, columns), min(rows, columns))
	q, r, err := linalg.QR(a, linalg.QRReduced)
	if err != nil { // normal numbers are finite
		panic(err)
	}
	q = q.Mul(r.Diagonal(0, 0, 1).Sign())
	if rows < columns {
		q = q.Transpose(0, 1)
	}
	return q.MulScalar(gain).Reshape(dims...).To(tensor.Float32)
}

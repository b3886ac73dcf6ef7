package tensor

import (
	"fmt"
	"math"
	"strings"
)

// MaxRank is the largest number of dimensions a tensor may have.
const MaxRank = 8

// maxSize is the largest size of a dimension: shapes are kept small because every tensor and recorded op holds some.
const maxSize = math.MaxInt32

const maxNumel = math.MaxInt >> 3

// Shape is the size of a tensor along each dimension, each at most 2³¹ − 1. It is a plain comparable value: two shapes are
// equal when s == t.
type Shape struct {
	rank int
	dim  [MaxRank]int32
}

// ShapeOf returns the shape with the given sizes. It panics with ErrShape on a negative size, more than MaxRank sizes or
// 2⁶⁰ elements and more.
func ShapeOf(dims ...int) Shape {
	if len(dims) > MaxRank {
		Fail("shape", ErrShape, nil, "%d dimensions; at most %d are supported", len(dims), MaxRank)
	}
	s := Shape{rank: len(dims)}
	n := 1
	for i, d := range dims {
		if d < 0 {
			Fail("shape", ErrShape, nil, "size %d of dimension %d is negative", d, i)
		}
		s.set(i, d)
		if n > maxNumel/max(d, 1) { // their bytes would overflow an int
			Fail("shape", ErrShape, nil, "sizes %v are more elements than memory can hold", dims)
		}
		n *= max(d, 1)
	}
	return s
}

// at and set access dimension i, which must exist.
func (s *Shape) at(i int) int { return int(s.dim[i]) }

func (s *Shape) set(i, n int) {
	if n > maxSize {
		Fail("shape", ErrShape, nil, "size %d of dimension %d is larger than %d", n, i, maxSize)
	}
	s.dim[i] = int32(n)
}

// Rank returns the number of dimensions.
func (s Shape) Rank() int { return s.rank }

// Dim returns the size of dimension i; negative i counts from the end. It panics with ErrAxis when i is out of range.
func (s Shape) Dim(i int) int { return s.at(s.axis("dim", i)) }

// Dims returns the sizes as a new slice.
func (s Shape) Dims() []int {
	d := make([]int, s.rank)
	for i := range d {
		d[i] = s.at(i)
	}
	return d
}

// Numel returns the number of elements, the product of the sizes (1 for a scalar).
func (s Shape) Numel() int {
	n := 1
	for _, d := range s.dim[:s.rank] {
		n *= int(d)
	}
	return n
}

// String formats the shape as Python and PyTorch do: (2, 3), (5,), ().
func (s Shape) String() string {
	if s.rank == 1 {
		return fmt.Sprintf("(%d,)", s.at(0))
	}
	var b strings.Builder
	b.WriteByte('(')
	for i, d := range s.dim[:s.rank] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, d)
	}
	b.WriteByte(')')
	return b.String()
}

// With returns a copy of s whose dimension i has size n.
func (s Shape) With(i, n int) Shape {
	s.set(s.axis("with", i), n)
	return s
}

// Insert returns a copy of s with a new dimension of size n before dimension i.
func (s Shape) Insert(i, n int) Shape {
	if s.rank == MaxRank {
		Fail("shape", ErrShape, []Shape{s}, "at most %d dimensions are supported", MaxRank)
	}
	copy(s.dim[i+1:s.rank+1], s.dim[i:s.rank])
	s.set(i, n)
	s.rank++
	return s
}

// Remove returns a copy of s without dimension i.
func (s Shape) Remove(i int) Shape {
	i = s.axis("remove", i)
	copy(s.dim[i:], s.dim[i+1:s.rank])
	s.rank--
	s.dim[s.rank] = 0
	return s
}

// axis returns i as a non-negative dimension number, or panics naming op.
func (s Shape) axis(op string, i int) int {
	if i < -s.rank || i >= s.rank {
		Fail(op, ErrAxis, []Shape{s}, "axis %d is out of range for %d dimensions", i, s.rank)
	}
	if i < 0 {
		i += s.rank
	}
	return i
}

// Strides is the distance, in elements, between neighbours along each dimension.
type Strides [MaxRank]int

// Contiguous returns the row-major strides of s.
func (s Shape) Contiguous() (st Strides) {
	n := 1
	for i := s.rank - 1; i >= 0; i-- {
		st[i] = n
		n *= s.at(i)
	}
	return st
}

// isContiguous reports whether st walks s in row-major order; sizes of 1 and empty tensors do not care about strides.
func (s Shape) isContiguous(st *Strides) bool {
	n := 1
	for i := s.rank - 1; i >= 0; i-- {
		if s.at(i) == 0 {
			return true
		}
		if s.at(i) != 1 && st[i] != n {
			// An earlier size of zero makes any strides right.
			for _, d := range s.dim[:i] {
				if d == 0 {
					return true
				}
			}
			return false
		}
		n *= s.at(i)
	}
	return true
}

// Broadcast returns the shape that a and b broadcast to by NumPy's rule: aligned at the last dimension, sizes must be
// equal or one of them 1. ok is false where they do not fit.
func Broadcast(a, b Shape) (s Shape, ok bool) {
	if a == b {
		return a, true
	}
	if a.rank < b.rank {
		a, b = b, a
	}
	s = a
	for i, j := a.rank-b.rank, 0; j < b.rank; i, j = i+1, j+1 {
		x, y := a.at(i), b.at(j)
		switch {
		case x == y || y == 1:
		case x == 1:
			s.set(i, y)
		default:
			return s, false
		}
	}
	return s, true
}

// expandStrides returns the strides that read a tensor of shape from as if it had the broadcast shape to.
func expandStrides(from Shape, st *Strides, to Shape) (r Strides) {
	d := to.rank - from.rank
	for i := 0; i < from.rank; i++ {
		if from.at(i) == to.at(i+d) {
			r[i+d] = st[i]
		}
	}
	return r
}

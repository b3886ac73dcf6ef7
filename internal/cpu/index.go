package cpu

import (
	"sync/atomic"
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Outside returns the first position in idx of a number that is not in [0, n), or -1.
func Outside(idx []int64, n int) int {
	const part = 1 << 16
	var found atomic.Bool
	parallel.For(len(idx), part, func(lo, hi int) {
		if !allWithin(idx[lo:hi], n) {
			found.Store(true)
		}
	})
	if found.Load() {
		for i, k := range idx {
			if k < 0 || k >= int64(n) {
				return i
			}
		}
	}
	return -1
}

// allWithin reports whether all of idx are in [0, n).
func allWithin(idx []int64, n int) bool {
	last := int64(n) - 1
	var bad0, bad1 int64 // negative if one is outside
	for ; len(idx) >= 2; idx = idx[2:] {
		j, k := idx[0], idx[1]
		bad0 |= j | (last - j)
		bad1 |= k | (last - k)
	}
	for _, k := range idx {
		bad0 |= k | (last - k)
	}
	return bad0|bad1 >= 0
}

// IndexSelect copies, for each of outer blocks of n x inner elements, the inner elements at each index.
func IndexSelect[T any](outer, n, inner int, x []T, idx []int64, y []T) {
	m := len(idx)
	parallel.For(outer*m, max(1, grainCheap/max(1, inner)), func(lo, hi int) {
		for lo < hi {
			o, j := lo/m, lo%m
			at := idx[j:min(m, j+hi-lo)]
			src, dst := x[o*n*inner:(o+1)*n*inner], y[lo*inner:(lo+len(at))*inner]
			lo += len(at)
			if inner == 1 {
				dst = dst[:len(at)]
				for i, k := range at {
					dst[i] = src[k]
				}
				continue
			}
			for _, k := range at {
				copy(dst[:inner], src[int(k)*inner:])
				dst = dst[inner:]
			}
		}
	})
}

// narrowRow is the number of columns below which rows are too short to be worth grouping.
const narrowRow = 4

// IndexAdd is the transpose of IndexSelect: y (outer, n, inner) is cleared and each row of x added at its index; index skip
// is left out. float32 accumulates in float64.
func IndexAdd[T Number](outer, n, inner int, x []T, idx []int64, skip int64, y []T) {
	if x, ok := any(x).([]float32); ok {
		indexAdd[float32, float64](outer, n, inner, x, idx, skip, any(y).([]float32))
		return
	}
	indexAdd[T, T](outer, n, inner, x, idx, skip, y)
}

func indexAdd[T, A Number](outer, n, inner int, x []T, idx []int64, skip int64, y []T) {
	if inner < narrowRow {
		indexAddNarrow[T, A](outer, n, inner, x, idx, skip, y)
		return
	}
	m := len(idx)
	if m == 0 {
		clear(y)
		return
	}
	groups := GroupRows(idx, n)
	fast := unsafe.Sizeof(T(0)) == 4 && unsafe.Sizeof(A(0)) == 8 && sparseKernels(inUse())
	groups.each(outer, inner, func(o, lo, hi, k0, k1 int) {
		if fast {
			groups.sums(lo, hi, k1-k0, inner, as32(x)[o*m*inner+k0:], as32(y)[o*n*inner+k0:])
			if int(skip) >= lo && int(skip) < hi {
				clear(y[(o*n+int(skip))*inner+k0 : (o*n+int(skip))*inner+k1])
			}
			return
		}
		acc := make([]A, k1-k0)
		xo := x[o*m*inner : (o+1)*m*inner]
		for g := lo; g < hi; g++ {
			d := y[(o*n+g)*inner+k0 : (o*n+g)*inner+k1]
			rows := groups.of(g)
			if rows.n == 0 || int64(g) == skip {
				clear(d)
				continue
			}
			sumRows(acc, xo, rows, inner, k0)
			for i, v := range acc {
				d[i] = T(v)
			}
		}
	})
}

// sums is indexAdd for groups lo to hi and w columns from the first of x and y on, a few groups at a time, so that a call is short.
func (g *Groups) sums(lo, hi, w, inner int, x, y []float32) {
	const most = 1 << 15 // terms
	for lo < hi {
		end := lo + 1
		for end < hi && (int(g.start[end+1]-g.start[lo])+end-lo)*w <= most {
			end++
		}
		if rows := g.of(lo); rows.n*w <= most {
			groupSums(y[lo*inner:], x, g.start[lo:], g.order, end-lo, w, inner)
		} else {
			acc := make([]float64, w)
			sumRows(acc, x, rows, inner, 0)
			for i, v := range acc {
				y[lo*inner+i] = float32(v)
			}
		}
		lo = end
	}
}

// sumRows sets acc to the sum of a group's rows of x, columns from k0 on. Four rows at a time: the sums stay in registers.
func sumRows[T, A Number](acc []A, x []T, rows group, inner, k0 int) {
	clear(acc)
	w, p := len(acc), 0
	row := func(p int) []T { return x[rows.at(p)*inner+k0:][:w] }
	for ; p+4 <= rows.n; p += 4 {
		r0, r1, r2, r3 := row(p), row(p+1), row(p+2), row(p+3)
		for i := range acc {
			acc[i] += (A(r0[i]) + A(r1[i])) + (A(r2[i]) + A(r3[i]))
		}
	}
	for ; p < rows.n; p++ {
		r := row(p)
		for i := range acc {
			acc[i] += A(r[i])
		}
	}
}

// indexAddNarrow adds element by element, in the order of the indices, in parts of a length that the sizes alone decide.
func indexAddNarrow[T, A Number](outer, n, inner int, x []T, idx []int64, skip int64, y []T) {
	m := len(idx)
	parts := 1
	if outer == 1 {
		parts = min(8, max(1, m*inner/(2*n*inner+grainCheap)))
	}
	sums := make([]A, outer*parts*n*inner)
	parallel.For(outer*parts, max(1, parts*grainCheap/max(1, m*inner)), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			o, p := t/parts, t%parts
			acc := sums[t*n*inner : (t+1)*n*inner]
			from, to := p*m/parts, (p+1)*m/parts
			src := x[(o*m+from)*inner : (o*m+to)*inner]
			if inner == 1 {
				for i, k := range idx[from:to] {
					acc[k] += A(src[i])
				}
				continue
			}
			for _, k := range idx[from:to] {
				d := acc[int(k)*inner:][:inner]
				for i, v := range src[:inner] {
					d[i] += A(v)
				}
				src = src[inner:]
			}
		}
	})
	size := n * inner
	parallel.For(outer, max(1, grainCheap/max(1, parts*size)), func(lo, hi int) {
		for o := lo; o < hi; o++ {
			s := sums[o*parts*size : (o+1)*parts*size]
			d := y[o*size : (o+1)*size]
			for i := range d {
				v := s[i]
				for p := 1; p < parts; p++ {
					v += s[p*size+i]
				}
				d[i] = T(v)
			}
		}
	})
	if skip >= 0 {
		for o := range outer {
			clear(y[(o*n+int(skip))*inner : (o*n+int(skip)+1)*inner])
		}
	}
}

// LastOf returns, for each of n places, the last position in idx that names it, or -1.
func LastOf(idx []int64, n int) []int32 {
	last := make([]int32, n)
	fill(last, -1)
	for j, k := range idx {
		last[k] = int32(j)
	}
	return last
}

// IndexCopy computes y (outer, n, inner): row i is row last[i] of src (outer, m, inner), or that of x where last[i] is -1.
func IndexCopy[T any](outer, n, m, inner int, x, src []T, last []int32, y []T) {
	parallel.For(outer*n, max(1, grainCheap/max(1, inner)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			o, from := r/n, x[r*inner:(r+1)*inner]
			if j := int(last[r%n]); j >= 0 {
				from = src[(o*m+j)*inner : (o*m+j+1)*inner]
			}
			copy(y[r*inner:(r+1)*inner], from)
		}
	})
}

// Gather computes y[o,i,k] = x[o, idx[o,i,k], k] for x (outer, n, inner) and idx, y (outer, m, inner).
func Gather[T any](outer, n, m, inner int, x []T, idx []int64, y []T) {
	parallel.For(outer*m, max(1, grainCheap/max(1, inner)), func(lo, hi int) {
		for lo < hi {
			o := lo / m
			end := min(hi, (o+1)*m)
			src, at, dst := x[o*n*inner:(o+1)*n*inner], idx[lo*inner:end*inner], y[lo*inner:end*inner]
			lo = end
			if inner == 1 {
				dst = dst[:len(at)]
				for i, k := range at {
					dst[i] = src[k]
				}
				continue
			}
			for len(at) > 0 {
				d := dst[:inner]
				for k, i := range at[:len(d)] {
					d[k] = src[int(i)*inner+k]
				}
				at, dst = at[inner:], dst[inner:]
			}
		}
	})
}

// scatterColumns is the least number of neighbouring columns that one worker writes: two cache lines of float32.
const scatterColumns = 32

// scatter calls f for parts of (outer, m, inner) that write to different places whatever the indices are: columns k0 to k1
// of block o.
func scatter(outer, m, inner int, f func(o, k0, k1 int)) {
	blocks := max(1, min(8, inner/scatterColumns))
	parallel.For(outer*blocks, max(1, blocks*grainCheap/max(1, m*inner)), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			p := t % blocks
			f(t/blocks, p*inner/blocks, (p+1)*inner/blocks)
		}
	})
}

// ScatterAdd adds x (outer, m, inner) into y (outer, n, inner): y[o, idx[o,i,k], k] += x[o,i,k], in row-major order. Where many of a
// single column meet in few places, parts of x are added up on their own, then these sums in order; the sizes alone decide. It returns
// the first position in idx of a number outside [0, n), in which case y is spoiled, or -1.
func ScatterAdd[T Number](outer, n, m, inner int, x []T, idx []int64, y []T) int {
	if inner != 1 {
		if at := Outside(idx, n); at >= 0 {
			return at
		}
		scatter(outer, m, inner, func(o, k0, k1 int) {
			dst := y[o*n*inner : (o+1)*n*inner]
			for i := range m {
				at := (o*m+i)*inner + k0
				src := x[at:][:k1-k0]
				for k, j := range idx[at:][:len(src)] {
					dst[int(j)*inner+k0+k] += src[k]
				}
			}
		})
		return -1
	}
	var bad atomic.Bool
	if parts := min(8, m/max(1, 4*n)); outer == 1 && m >= 1<<16 && parts > 1 {
		var zero T
		sums := make([]T, parts*n)
		fill(sums, -zero) // -0, which leaves what is added to it as it is
		parallel.For(parts, 1, func(lo, hi int) {
			for p := lo; p < hi; p++ {
				from, to := p*m/parts, (p+1)*m/parts
				if !addAt(sums[p*n:(p+1)*n], x[from:to], idx[from:to]) {
					bad.Store(true)
				}
			}
		})
		for p := range parts {
			for i, v := range sums[p*n : (p+1)*n] {
				y[i] += v
			}
		}
	} else {
		parallel.For(outer, max(1, grainCheap/max(1, m)), func(lo, hi int) {
			for o := lo; o < hi; o++ {
				if !addAt(y[o*n:(o+1)*n], x[o*m:(o+1)*m], idx[o*m:(o+1)*m]) {
					bad.Store(true)
				}
			}
		})
	}
	if bad.Load() {
		return Outside(idx, n)
	}
	return -1
}

// addAt adds x to y at idx, up to an index of what is not there, which it reports.
func addAt[T Number](y, x []T, idx []int64) bool {
	n := uint64(len(y))
	for len(idx) >= 4 && len(x) >= 4 {
		k0, k1, k2, k3 := uint64(idx[0]), uint64(idx[1]), uint64(idx[2]), uint64(idx[3])
		if k0 >= n || k1 >= n || k2 >= n || k3 >= n {
			return false
		}
		y[k0] += x[0]
		y[k1] += x[1]
		y[k2] += x[2]
		y[k3] += x[3]
		idx, x = idx[4:], x[4:]
	}
	for i, k := range idx {
		if uint64(k) >= n {
			return false
		}
		y[k] += x[i]
	}
	return true
}

// Scatter writes x into y in row-major order, so that the last of equal indices stays. won, unless nil, is set where an
// element of x was not overwritten.
func Scatter[T any](outer, n, m, inner int, x []T, idx []int64, y []T, won []bool) {
	scatter(outer, m, inner, func(o, k0, k1 int) {
		dst := y[o*n*inner : (o+1)*n*inner]
		for i := range m {
			at := (o*m+i)*inner + k0
			src := x[at:][:k1-k0]
			for k, j := range idx[at:][:len(src)] {
				dst[int(j)*inner+k0+k] = src[k]
			}
		}
		if won == nil {
			return
		}
		w := k1 - k0
		taken := make([]bool, n*w)
		for i := m - 1; i >= 0; i-- {
			at := (o*m+i)*inner + k0
			won := won[at:][:w]
			for k, j := range idx[at:][:w] {
				to := int(j)*w + k
				won[k], taken[to] = !taken[to], true
			}
		}
	})
}

// Combine is how ScatterReduce joins values that meet.
type Combine uint8

// The ways: product, largest and smallest; NaN is largest and smallest.
const (
	CombineProd Combine = iota
	CombineMax
	CombineMin
)

// ScatterReduce joins x (outer, m, inner) to y (outer, n, inner): y[o, idx[o,i,k], k] = y[...] ∘ x[o,i,k]. Without self the
// old values of y do not take part where an index points.
func ScatterReduce[T Number](how Combine, self bool, outer, n, m, inner int, x []T, idx []int64, y []T) {
	if !self {
		if how == CombineProd {
			ones := make([]T, outer*m*inner)
			fill(ones, 1)
			Scatter(outer, n, m, inner, ones, idx, y, nil)
		} else { // a value may take part twice
			Scatter(outer, n, m, inner, x, idx, y, nil)
		}
	}
	scatter(outer, m, inner, func(o, k0, k1 int) {
		dst := y[o*n*inner : (o+1)*n*inner]
		for i := range m {
			at := (o*m+i)*inner + k0
			src := x[at:][:k1-k0]
			at64 := idx[at:][:len(src)]
			switch how {
			case CombineProd:
				for k, j := range at64 {
					dst[int(j)*inner+k0+k] *= src[k]
				}
			case CombineMax:
				for k, j := range at64 {
					d := &dst[int(j)*inner+k0+k]
					*d = max(*d, src[k])
				}
			case CombineMin:
				for k, j := range at64 {
					d := &dst[int(j)*inner+k0+k]
					*d = min(*d, src[k])
				}
			}
		}
	})
}

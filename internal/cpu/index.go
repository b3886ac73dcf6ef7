package cpu

import "github.com/hadal-go/hadal/internal/parallel"

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
	groups := GroupRows(idx, n)
	groups.each(outer, inner, func(o, lo, hi, k0, k1 int) {
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

// ScatterAdd adds x (outer, m, inner) into y (outer, n, inner): y[o, idx[o,i,k], k] += x[o,i,k], in row-major order.
func ScatterAdd[T Number](outer, n, m, inner int, x []T, idx []int64, y []T) {
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

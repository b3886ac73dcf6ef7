package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// IndexSelect copies, for each of outer blocks of n x inner elements, the inner elements at each index.
func IndexSelect[T any](outer, n, inner int, x []T, idx []int64, y []T) {
	rows := outer * len(idx)
	parallel.For(rows, max(1, grainCheap/max(1, inner)), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			o, i := r/len(idx), int(idx[r%len(idx)])
			copy(y[r*inner:(r+1)*inner], x[(o*n+i)*inner:(o*n+i+1)*inner])
		}
	})
}

// IndexAdd is the transpose of IndexSelect: y (outer, n, inner) is cleared and each row of x added at its index, in the
// order of the indices; index skip is left out. Workers own ranges of results, so that no two add to the same.
func IndexAdd[T Number](outer, n, inner int, x []T, idx []int64, skip int64, y []T) {
	clear(y[:outer*n*inner])
	m := len(idx)
	add := func(o, i0, i1 int) {
		for j, k := range idx {
			if int(k) < i0 || int(k) >= i1 || k == skip {
				continue
			}
			d, s := y[(o*n+int(k))*inner:(o*n+int(k)+1)*inner], x[(o*m+j)*inner:(o*m+j+1)*inner]
			for i, v := range s {
				d[i] += v
			}
		}
	}
	if outer != 1 {
		parallel.For(outer, max(1, grainCheap/max(1, m*inner)), func(lo, hi int) {
			for o := lo; o < hi; o++ {
				add(o, 0, n)
			}
		})
		return
	}
	if m*inner <= grainCheap {
		add(0, 0, n)
		return
	}
	parts := 8
	parallel.For(parts, 1, func(lo, hi int) {
		for p := lo; p < hi; p++ {
			add(0, p*n/parts, (p+1)*n/parts)
		}
	})
}

// Gather computes y[o,i,k] = x[o, idx[o,i,k], k] for x (outer, n, inner) and idx, y (outer, m, inner).
func Gather[T any](outer, n, m, inner int, x []T, idx []int64, y []T) {
	parallel.For(outer, max(1, grainCheap/max(1, m*inner)), func(lo, hi int) {
		for o := lo; o < hi; o++ {
			src := x[o*n*inner : (o+1)*n*inner]
			for i := range m {
				at := (o*m + i) * inner
				for k := range inner {
					y[at+k] = src[int(idx[at+k])*inner+k]
				}
			}
		}
	})
}

// ScatterAdd adds x (outer, m, inner) into y (outer, n, inner): y[o, idx[o,i,k], k] += x[o,i,k], in row-major order.
func ScatterAdd[T Number](outer, n, m, inner int, x []T, idx []int64, y []T) {
	parallel.For(outer, max(1, grainCheap/max(1, m*inner)), func(lo, hi int) {
		for o := lo; o < hi; o++ {
			dst := y[o*n*inner : (o+1)*n*inner]
			for i := range m {
				at := (o*m + i) * inner
				for k := range inner {
					dst[int(idx[at+k])*inner+k] += x[at+k]
				}
			}
		}
	})
}

// Scatter writes x into y in row-major order, so that the last of equal indices stays. won, unless nil, is set where an
// element of x was not overwritten.
func Scatter[T any](outer, n, m, inner int, x []T, idx []int64, y []T, won []bool) {
	parallel.For(outer, max(1, grainCheap/max(1, m*inner)), func(lo, hi int) {
		last := make([]int, n*inner)
		for o := lo; o < hi; o++ {
			dst := y[o*n*inner : (o+1)*n*inner]
			for i := range m {
				at := (o*m + i) * inner
				for k := range inner {
					to := int(idx[at+k])*inner + k
					dst[to] = x[at+k]
					last[to] = at + k
				}
			}
			if won != nil {
				for i := o * m * inner; i < (o+1)*m*inner; i++ {
					won[i] = last[int(idx[i])*inner+i%inner] == i
				}
			}
		}
	})
}

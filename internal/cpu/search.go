package cpu

import (
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// SearchSorted computes where elements of x belong in sorted rows of n: y is the number of elements that are less, or with
// right less or equal. m elements of x in turn belong to a row; shared means that there is one row for all. NaN is greatest.
func SearchSorted[T Number](n, m int, shared, right bool, sorted, x []T, y []int64) {
	find := lowerBound[T]
	if right {
		find = upperBound[T]
	}
	parallel.For(len(x), grainCostly/2, func(lo, hi int) {
		for i := lo; i < hi; {
			row, end := sorted, hi
			if !shared {
				row, end = sorted[i/m*n:(i/m+1)*n], min(hi, (i/m+1)*m)
			}
			find(row, x[i:end], y[i:end])
			i = end
		}
	})
}

// number is 1 for true: the compiler makes no branch of it.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lowerBound sets y[i] to the number of elements of s less than x[i]. The halving has no branch to guess wrong.
func lowerBound[T Number](s, x []T, y []int64) {
	for i, v := range x {
		at, n := 0, len(s)
		if v != v {
			for at = n; at > 0 && s[at-1] != s[at-1]; at-- {
			}
			n = 0
		}
		for n > 1 {
			half := n >> 1
			at += half & -number(s[at+half-1] < v)
			n -= half
		}
		if n == 1 && s[at] < v {
			at++
		}
		y[i] = int64(at)
	}
}

// upperBound sets y[i] to the number of elements of s less than or equal to x[i].
func upperBound[T Number](s, x []T, y []int64) {
	for i, v := range x {
		at, n := 0, len(s)
		if v != v {
			at, n = n, 0
		}
		for n > 1 {
			half := n >> 1
			at += half & -number(s[at+half-1] <= v)
			n -= half
		}
		if n == 1 && s[at] <= v {
			at++
		}
		y[i] = int64(at)
	}
}

// IsIn sets y where an element of x is in set; NaN never is.
func IsIn[B Bits](o SortOrder, x, set []B, y []bool) {
	if unsafe.Sizeof(B(0)) == 8 {
		isIn[B, uint64](o, x, set, y)
	} else {
		isIn[B, uint32](o, x, set, y)
	}
}

func isIn[B Bits, K sortKey](o SortOrder, x, set []B, y []bool) {
	by := keyerOf[K](o)
	p := make([]keyed[K], len(set))
	for i, b := range set {
		p[i].key = by.of(K(b))
	}
	p = sortKeyed(p, make([]keyed[K], len(p)), int(unsafe.Sizeof(B(0))))
	keys := make([]K, 0, len(p))
	for i := range p {
		k := p[i].key
		if (i == 0 || k != p[i-1].key) && (o.Inf == 0 || k != by.nan()) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		clear(y)
		return
	}
	if span := keys[len(keys)-1] - keys[0]; o.Inf == 0 && uint64(span) < uint64(8*len(x)) { // integers close together: look them up
		isInTable(by, keys, span, x, y)
		return
	}
	parallel.For(len(x), grainCostly, func(lo, hi int) {
		y := y[lo:hi]
		for i, b := range x[lo:hi] {
			k, at := by.of(K(b)), 0
			for n := len(keys); n > 1; {
				half := n >> 1
				at += half & -number(keys[at+half] <= k)
				n -= half
			}
			y[i] = keys[at] == k
		}
	})
}

// isInTable is isIn for keys, in ascending order, that span a range small enough for a table.
func isInTable[B Bits, K sortKey](by keyer[K], keys []K, span K, x []B, y []bool) {
	table := make([]bool, span+1)
	for _, k := range keys {
		table[k-keys[0]] = true
	}
	parallel.For(len(x), grainCostly, func(lo, hi int) {
		y := y[lo:hi]
		for i, b := range x[lo:hi] {
			at := by.of(K(b)) - keys[0] // wraps around below
			y[i] = at <= span && table[at]
		}
	})
}

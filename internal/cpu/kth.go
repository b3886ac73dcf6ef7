package cpu

import "unsafe"

// KthKind says which element of a sorted row Kth finds.
type KthKind uint8

// The elements: the k-th, counted from 0; the middle one, the lower of two, or the first NaN if there is one; the middle one
// of those that are not NaN, or the first NaN if all are.
const (
	KthAt KthKind = iota
	KthMedian
	KthNanMedian
)

// Kth computes in at (outer, inner) the position of an element of each row of x (outer, n, inner); of equal ones that which
// a stable sort puts there. n must not be 0.
func Kth[B Bits](s Scratch, o SortOrder, r Rows, kind KthKind, k int, x []B, at []int64) {
	if unsafe.Sizeof(B(0)) == 8 {
		kth[B, uint64](s, o, r, kind, k, x, at)
	} else {
		kth[B, uint32](s, o, r, kind, k, x, at)
	}
}

func kth[B Bits, K sortKey](s Scratch, o SortOrder, r Rows, kind KthKind, k int, x []B, at []int64) {
	by, bytes := keyerOf[K](o), int(unsafe.Sizeof(B(0)))
	eachLane(s, r, 2*r.N, 2*r.N, func(out, in int, mem []keyed[K]) {
		lane := x[out*r.N*r.Inner+in:]
		p, q := mem[:r.N], mem[r.N:2*r.N]
		nans, first := 0, 0
		for i := range p {
			key := by.of(K(lane[i*r.Inner]))
			p[i] = keyed[K]{key, uint32(i)}
			if o.Inf != 0 && key == by.nan() {
				if nans == 0 {
					first = i
				}
				nans++
			}
		}
		k := k
		to := &at[out*r.Inner+in]
		switch {
		case kind == KthMedian && nans > 0, kind == KthNanMedian && nans == r.N:
			*to = int64(first)
			return
		case kind != KthAt:
			k = (r.N - nans - 1) / 2
		}
		*to = int64(nth(p, q, k, bytes))
	})
}

// nth returns where the k-th element of p was, in the order of keys and of places. It uses p and q, which is as long.
func nth[K sortKey](p, q []keyed[K], k, bytes int) uint32 {
	for d := bytes - 1; d >= 0; d-- {
		if len(p) <= insertionRun {
			break
		}
		shift := 8 * d
		var counts [256]int
		for i := range p {
			counts[uint8(p[i].key>>shift)]++
		}
		digit := 0
		for k >= counts[digit] {
			k -= counts[digit]
			digit++
		}
		if counts[digit] == len(p) {
			continue
		}
		n := 0
		for _, e := range p {
			q[n] = e
			if int(uint8(e.key>>shift)) == digit {
				n++
			}
		}
		p, q = q[:n], p[:n]
	}
	if len(p) <= insertionRun {
		return mergeSort(p, q[:len(p)])[k].at
	}
	return p[k].at // all equal
}

package cpu

import "unsafe"

// SortRows returns the order that sorts the rows of x (n, m) by their first elements, those with equal ones by the second,
// and so on; equal rows keep their order.
func SortRows[B Bits](o SortOrder, n, m int, x []B) []int64 {
	if unsafe.Sizeof(B(0)) == 8 {
		return sortRows[B, uint64](o, n, m, x)
	}
	return sortRows[B, uint32](o, n, m, x)
}

func sortRows[B Bits, K sortKey](o SortOrder, n, m int, x []B) []int64 {
	by, bytes := keyerOf[K](o), int(unsafe.Sizeof(B(0)))
	p, q := make([]keyed[K], n), make([]keyed[K], n)
	for i := range p {
		p[i].at = uint32(i)
	}
	ties := [][2]int{{0, n}} // parts of p that are equal so far
	for c := 0; c < m && len(ties) > 0; c++ {
		var next [][2]int
		for _, t := range ties {
			part := p[t[0]:t[1]]
			for i := range part {
				part[i].key = by.of(K(x[int(part[i].at)*m+c]))
			}
			copy(part, sortKeyed(part, q[t[0]:t[1]], bytes))
			for lo, i := 0, 1; i <= len(part); i++ {
				if i < len(part) && part[i].key == part[lo].key {
					continue
				}
				if i-lo > 1 {
					next = append(next, [2]int{t[0] + lo, t[0] + i})
				}
				lo = i
			}
		}
		ties = next
	}
	order := make([]int64, n)
	for i := range p {
		order[i] = int64(p[i].at)
	}
	return order
}

package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// NonZero returns the indices of the true elements of a contiguous array of the sizes, in row-major order: len(dims) numbers
// each. count is how many there are.
func NonZero(mask []bool, dims []int) (at []int64, count int) {
	parts := (len(mask) + grainCheap - 1) / grainCheap
	start := make([]int, parts+1)
	parallel.For(len(mask), grainCheap, func(lo, hi int) {
		n := 0
		for _, v := range mask[lo:hi] {
			if v {
				n++
			}
		}
		start[lo/grainCheap+1] = n
	})
	for i := range parts {
		start[i+1] += start[i]
	}
	count = start[parts]
	rank := len(dims)
	at = make([]int64, count*rank)
	if rank == 0 {
		return at, count
	}
	inner := dims[rank-1]
	parallel.For(len(mask), grainCheap, func(lo, hi int) {
		out := at[start[lo/grainCheap]*rank:]
		row := make([]int64, rank) // the index of lo, then of the first element of each row
		for i, r := rank-1, lo; i >= 0; i-- {
			row[i] = int64(r % dims[i])
			r /= dims[i]
		}
		for lo < hi {
			first := int(row[rank-1])
			n := min(inner-first, hi-lo)
			for j, v := range mask[lo : lo+n] {
				if v {
					copy(out, row[:rank-1])
					out[rank-1] = int64(first + j)
					out = out[rank:]
				}
			}
			lo += n
			row[rank-1] = 0
			for i := rank - 2; i >= 0; i-- {
				if row[i]++; row[i] < int64(dims[i]) {
					break
				}
				row[i] = 0
			}
		}
	})
	return at, count
}

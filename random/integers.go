package random

import (
	"fmt"
	"math/bits"
)

// RandInt64 fills dst with elements offset, offset+1, ... of the stream k: integers in [lo, hi), by Lemire's multiply-shift
// lo + floor(x (hi-lo) / 2^64) of a uniform 64-bit x ("Fast Random Integer Generation in an Interval", 2019), without its
// rejection, because an element has one x. Probabilities of two values differ by at most 2^-64, so relative to the uniform
// 1/(hi-lo) by at most (hi-lo) / 2^64: 2^-24 for a range of 2^40. It panics unless lo < hi.
func RandInt64(dst []int64, lo, hi int64, k Key, offset int) {
	if lo >= hi {
		panic(fmt.Sprintf("random: RandInt64: range [%d, %d) is empty, want lo < hi", lo, hi))
	}
	n := uint64(hi) - uint64(lo) // right even where hi-lo overflows
	fill2(dst, k, offset, func(a, b uint64) (_, _ int64) {
		return lo + int64(scale(a, n)), lo + int64(scale(b, n))
	})
}

// scale maps a uniform x to [0, n): floor(x n / 2^64).
func scale(x, n uint64) uint64 {
	hi, _ := bits.Mul64(x, n)
	return hi
}

// Permutation returns a permutation of 0, 1, ..., n-1, uniform within n^2 / 2^64, that depends only on n and k. It panics if
// n < 0.
func Permutation(n int, k Key) []int64 {
	checkCount("Permutation", n)
	p := make([]int64, n)
	for i := range p {
		p[i] = int64(i)
	}
	Shuffle(n, k, func(i, j int) { p[i], p[j] = p[j], p[i] })
	return p
}

// Shuffle brings n things into the order that k names, by calls of swap (Fisher and Yates, 1938): step i exchanges thing i
// with one of 0, ..., i. Permutation(n, k) is the shuffle of 0, 1, ..., n-1. It panics if n < 0.
func Shuffle(n int, k Key, swap func(i, j int)) {
	checkCount("Shuffle", n)
	var x [256]uint64
	for first := 0; first < n; first += len(x) {
		x := x[:min(len(x), n-first)]
		Uint64(x, k, first)
		for i := range x {
			swap(first+i, int(scale(x[i], uint64(first+i)+1)))
		}
	}
}

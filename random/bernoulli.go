package random

import (
	"fmt"
	"math"
)

// BernoulliMask fills dst with elements offset, offset+1, ... of the stream k: 1 with probability p, else 0. p is rounded to a
// multiple of 2^-32, so that 0 never and 1 always gives a 1. It panics unless 0 <= p <= 1.
func BernoulliMask(dst []uint8, p float64, k Key, offset int) { bernoulli(dst, p, 1, k, offset) }

// Bernoulli32 is BernoulliMask with one in place of 1: the same elements are zero. Dropout's mask, inverted, is
// Bernoulli32(dst, 1-rate, 1/(1-rate), k, offset).
func Bernoulli32(dst []float32, p float64, one float32, k Key, offset int) {
	bernoulli(dst, p, one, k, offset)
}

// Bernoulli64 is Bernoulli32 for float64.
func Bernoulli64(dst []float64, p, one float64, k Key, offset int) { bernoulli(dst, p, one, k, offset) }

func bernoulli[T uint8 | float32 | float64](dst []T, p float64, one T, k Key, offset int) {
	if !(p >= 0 && p <= 1) {
		panic(fmt.Sprintf("random: Bernoulli: p is %v, want 0 <= p <= 1", p))
	}
	below := uint64(math.Round(p * 0x1p32))
	values := [2]T{0, one} // a table and not a branch, which would be a guess
	pick := func(x uint32) T { return values[(uint64(x)-below)>>63] }
	fill4(dst, k, offset, func(x0, x1, x2, x3 uint32) (T, T, T, T) { return pick(x0), pick(x1), pick(x2), pick(x3) })
}

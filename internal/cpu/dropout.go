package cpu

// Philox fills the beginning of dst with the words of block index of a stream of random numbers, index+1, ... (package random
// says which), and returns the number of words: a multiple of 32, or 0 where there is no kernel for it.
func Philox(dst []uint32, index, lo, hi uint64) int {
	n := len(dst) &^ 31
	if k := vectorsOf(inUse()); n > 0 && k != nil && k.philox != nil {
		k.philox(dst[:n], index, lo, hi)
		return n
	}
	return 0
}

// Drop computes, from random words, y = x scale, but 0 where the uniform number of a word's upper 24 bits is below p. With stream, y is written
// around the caches; a fence must follow (Fence).
func Drop[T Float](y, x []T, words []uint32, p, scale float64, stream bool) {
	x, words = x[:len(y)], words[:len(y)]
	if k := vectors[T](); k != nil && k.drop != nil && len(y) > 0 {
		k.drop(as32(y), as32(x), words, float32(p), float32(scale), stream)
		return
	}
	s, below := T(scale), float32(p)
	for i, w := range words {
		v := x[i] * s
		if float32(int32(w>>8))*0x1p-24 < below {
			v = 0
		}
		y[i] = v
	}
}

// Streams reports whether a result of n elements should be written around the caches, and Fence ends a chunk that was.
func Streams(n int) bool { return streams(n) }

// Fence makes what was streamed visible to other processors.
func Fence() { fence() }

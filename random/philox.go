// Package random makes random numbers that are functions of a key and an index, never of the order or the goroutine
// in which they are drawn.
//
// The source is Philox4x32-10 (Salmon, Moraes, Dror and Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011):
// ten rounds of a bijection of 128-bit counters under a 64-bit key. Nothing is sequential, so any part of a stream
// can be computed at any time.
//
//   - A [Key] names one stream. [Uniform32], [Normal32] and the other fills write elements offset, offset+1, ... of it;
//     element i has the same bits whatever offset and length it is drawn with, on every architecture.
//   - A [Generator] hands out keys that are all different, splits into independent children, and draws single numbers
//     for host code. Its [State] saves and restores it bit for bit.
//   - [KeyAt] names a stream by numbers, such as (seed, epoch, index of a sample).
//
// Use a key for one purpose: two fills with one key, even of different distributions, are made of the same bits.
//
// Nothing here is fit for cryptography.
package random

// A 128-bit Philox counter is (index, key.hi). The two top bits of index keep apart what a key is used for: fills use
// blocks of at least two elements, so that an int offset leaves them 0.
const (
	useNext  = 1 << 62       // Generator.Next
	useSplit = 2 << 62       // Generator.Split
	useDraw  = 3 << 62       // Generator.Uint64 and all host draws
	useFold  = 1<<64 - 1     // Key.FoldIn: the last host draw, which nobody reaches
	maxPos   = 1<<62 - 1 - 1 // the last position of a Generator but that one
)

// block returns block index of the stream k: Philox4x32-10 of the counter (index, k.hi) under the key k.lo, all of them
// little-endian sequences of 32-bit words.
func block(k Key, index uint64) (x0, x1, x2, x3 uint32) {
	const (
		m0, m1 = 0xD2511F53, 0xCD9E8D57
		w0, w1 = 0x9E3779B9, 0xBB67AE85 // golden ratio, sqrt(3)-1
	)
	x0, x1, x2, x3 = uint32(index), uint32(index>>32), uint32(k.hi), uint32(k.hi>>32)
	k0, k1 := uint32(k.lo), uint32(k.lo>>32)
	for range 10 {
		p0, p1 := m0*uint64(x0), m1*uint64(x2)
		x0, x1, x2, x3 = uint32(p1>>32)^x1^k0, uint32(p1), uint32(p0>>32)^x3^k1, uint32(p0)
		k0 += w0
		k1 += w1
	}
	return x0, x1, x2, x3
}

// block64 is block as two 64-bit words.
func block64(k Key, index uint64) (a, b uint64) {
	x0, x1, x2, x3 := block(k, index)
	return uint64(x1)<<32 | uint64(x0), uint64(x3)<<32 | uint64(x2)
}

package cpu

import (
	"cmp"
	"math/bits"
	"unsafe"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Bits are the unsigned integers that elements are sorted as, by their size.
type Bits interface {
	uint8 | uint16 | uint32 | uint64
}

// sortKey is wide enough for the elements of its size.
type sortKey interface{ uint32 | uint64 }

// SortOrder maps the bits of an element to an unsigned key that grows with its value; NaN has the largest key, and -0 that
// of 0.
type SortOrder struct {
	Sign uint64 // the sign bit; 0 for unsigned elements
	Inf  uint64 // the bits of +Inf; 0 for integers
	Mask uint64 // all bits of an element
	Down bool   // keys fall as values grow
}

// keyer is a SortOrder for keys of type K.
type keyer[K sortKey] struct {
	sign, inf, mask, flip K
	shift                 int // of the sign bit
}

func keyerOf[K sortKey](o SortOrder) keyer[K] {
	k := keyer[K]{sign: K(o.Sign), inf: K(o.Inf), mask: K(o.Mask), shift: bits.Len64(o.Sign >> 1)}
	if o.Down {
		k.flip = k.mask
	}
	return k
}

// nan returns the key of NaN; no number has it.
func (k keyer[K]) nan() K { return k.mask ^ k.flip }

func (k keyer[K]) of(b K) K {
	if k.inf == 0 {
		return b ^ k.sign ^ k.flip
	}
	a := b &^ k.sign
	if a > k.inf {
		return k.nan()
	}
	minus := -(b >> k.shift)                       // all ones for negative numbers
	return (k.sign + (a ^ minus) - minus) ^ k.flip // sign - a or sign + a, without a branch
}

// keyed is an element on its way: its key and where it was.
type keyed[K sortKey] struct {
	key K
	at  uint32
}

const (
	insertionRun = 12 // runs that merge sort starts from
	digitBits    = 11 // of a key that are sorted at a time
)

// sortKeyed sorts p by key, equal keys in the order they have, with the help of q of the same length. It returns the one of
// both that holds the result. bytes is how many low bytes of keys are in use.
func sortKeyed[K sortKey](p, q []keyed[K], bytes int) []keyed[K] {
	if len(p) < 128*bytes { // where adding up the counts costs more than comparing
		return mergeSort(p, q)
	}
	differ := K(0)
	for i := range p {
		differ |= p[i].key ^ p[0].key
	}
	for shift := 0; shift < 8*bytes; shift += digitBits {
		if differ>>shift&(1<<digitBits-1) == 0 {
			continue
		}
		var next [1 << digitBits]uint32
		for i := range p {
			next[p[i].key>>shift&(1<<digitBits-1)]++
		}
		sum := uint32(0)
		for i, n := range &next {
			next[i] = sum
			sum += n
		}
		for _, e := range p {
			digit := e.key >> shift & (1<<digitBits - 1)
			q[next[digit]] = e
			next[digit]++
		}
		p, q = q, p
	}
	return p
}

func mergeSort[K sortKey](p, q []keyed[K]) []keyed[K] {
	n := len(p)
	for lo := 0; lo < n; lo += insertionRun {
		r := p[lo:min(n, lo+insertionRun)]
		for i := 1; i < len(r); i++ {
			e, j := r[i], i
			for ; j > 0 && r[j-1].key > e.key; j-- {
				r[j] = r[j-1]
			}
			r[j] = e
		}
	}
	for w := insertionRun; w < n; w *= 2 {
		for lo := 0; lo < n; lo += 2 * w {
			mid, hi := min(n, lo+w), min(n, lo+2*w)
			merge(p[lo:mid], p[mid:hi], q[lo:hi])
		}
		p, q = q, p
	}
	return p
}

// merge joins the sorted a and b into out; of equal keys those of a come first.
func merge[K sortKey](a, b, out []keyed[K]) {
	if len(a) == 0 || len(b) == 0 || a[len(a)-1].key <= b[0].key {
		copy(out[copy(out, a):], b)
		return
	}
	i, j := 0, 0
	for o := range out {
		if j == len(b) {
			copy(out[o:], a[i:])
			return
		}
		if i == len(a) {
			copy(out[o:], b[j:])
			return
		}
		x, y := a[i], b[j]
		if y.key < x.key {
			out[o] = y
			j++
		} else {
			out[o] = x
			i++
		}
	}
}

// Scratch calls f with memory of arbitrary content.
type Scratch func(words int, f func([]uint64))

// eachLane calls f for each lane of x along rows, side by side on the workers, with its place in the outer and inner
// dimensions and memory for size elements. work is the cost of a lane in nanoseconds.
func eachLane[K sortKey](s Scratch, r Rows, size, work int, f func(o, k int, mem []keyed[K])) {
	words := size * int(unsafe.Sizeof(keyed[K]{})) / 8
	parallel.For(r.Outer*r.Inner, max(1, grainCostly/max(1, work)), func(lo, hi int) {
		s(words, func(w []uint64) {
			mem := unsafe.Slice((*keyed[K])(unsafe.Pointer(unsafe.SliceData(w))), size)
			for t := lo; t < hi; t++ {
				f(t/r.Inner, t%r.Inner, mem)
			}
		})
	})
}

// TopK computes, along each row of x (outer, n, inner), the first k elements of the sorted row in values (outer, k, inner),
// and their positions in at, of the same shape. Equal elements keep their order. values or at may be nil.
func TopK[B Bits](s Scratch, o SortOrder, r Rows, k int, x, values []B, at []int64) {
	if unsafe.Sizeof(B(0)) == 8 {
		topK[B, uint64](s, o, r, k, x, values, at)
	} else {
		topK[B, uint32](s, o, r, k, x, values, at)
	}
}

// partial is the part of a row from which on it is sorted as a whole.
const partial = 8

func topK[B Bits, K sortKey](s Scratch, o SortOrder, r Rows, k int, x, values []B, at []int64) {
	if k == 0 {
		return
	}
	by, bytes := keyerOf[K](o), int(unsafe.Sizeof(B(0)))
	full, size := k > r.N/partial, 2*k+8
	if full {
		size = r.N
	}
	eachLane(s, r, 2*size, 4*r.N, func(out, in int, mem []keyed[K]) {
		lane := x[out*r.N*r.Inner+in:]
		p, q := mem[:size], mem[size:2*size]
		if full {
			for i := range p {
				p[i] = keyed[K]{by.of(K(lane[i*r.Inner])), uint32(i)}
			}
			p = sortKeyed(p, q, bytes)
		} else {
			p = firstOf(o, by, lane, r, k, p, q, bytes)
		}
		to := out*k*r.Inner + in
		for i := range p[:k] {
			e := p[i].at
			if values != nil {
				values[to+i*r.Inner] = lane[int(e)*r.Inner]
			}
			if at != nil {
				at[to+i*r.Inner] = int64(e)
			}
		}
	})
}

// firstOf returns the first k elements of a lane, sorted. It collects what comes before the k-th found so far, and forgets
// all but k of them whenever p is full: most elements cost one comparison.
func firstOf[B Bits, K sortKey](o SortOrder, by keyer[K], lane []B, r Rows, k int, p, q []keyed[K], bytes int) []keyed[K] {
	n := 0
	var limit keyed[K]
	full := false
	for i := 0; i < r.N; i++ {
		if full {
			if i = skip(o, lane, i, r, lane[int(limit.at)*r.Inner]); i == r.N {
				break
			}
		}
		key := by.of(K(lane[i*r.Inner]))
		if full && key >= limit.key {
			continue
		}
		p[n] = keyed[K]{key, uint32(i)}
		if n++; n == len(p) {
			if s := sortKeyed(p, q, bytes); &s[0] != &p[0] {
				p, q = q, p
			}
			n, full, limit = k, true, p[k-1]
		}
	}
	return sortKeyed(p[:n], q[:n], bytes)
}

// skip returns the first place from i on, or the end, whose element may come before one with the bits of limit.
func skip[B Bits](o SortOrder, lane []B, i int, r Rows, limit B) int {
	switch {
	case o.Inf == 0x7f800000:
		return skipAs[B, float32](o.Down, lane, i, r, limit)
	case o.Inf == 0x7ff<<52:
		return skipAs[B, float64](o.Down, lane, i, r, limit)
	case o.Inf != 0: // halves
		return i
	case o.Sign == 0:
		return skipAs[B, B](o.Down, lane, i, r, limit)
	case o.Sign>>31 == 1:
		return skipAs[B, int32](o.Down, lane, i, r, limit)
	}
	return skipAs[B, int64](o.Down, lane, i, r, limit)
}

// skipAs reads the bits as elements of type T. NaN, which compares with nothing, is not skipped.
func skipAs[B Bits, T cmp.Ordered](down bool, lane []B, i int, r Rows, limit B) int {
	x, t := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(lane))), len(lane)), *(*T)(unsafe.Pointer(&limit))
	if r.Inner == 1 {
		x = x[:r.N]
		if down {
			for ; i < len(x) && x[i] <= t; i++ {
			}
		} else {
			for ; i < len(x) && x[i] >= t; i++ {
			}
		}
		return i
	}
	for ; i < r.N; i++ {
		if v := x[i*r.Inner]; down && !(v <= t) || !down && !(v >= t) {
			break
		}
	}
	return i
}

package mem

import (
	"math"
	"math/bits"
)

const (
	align     = 64
	page      = 4 << 10   // what regions are divided into; smaller blocks come from the Go heap
	maxSlab   = 128 << 10 // larger blocks are runs of pages of their own
	hugePage  = 2 << 20   // what the system gives and takes
	minRegion = 16 << 20
	maxBlock  = math.MaxInt / 4
)

// Blocks in slabs have these sizes: 4, 5, 6, 7, 8, 10, 12, 14, 16 KiB and so on in quarters of a power of two up to 128 KiB.
const numClasses = 4*5 + 1

// classOf is the smallest class whose blocks hold n bytes, for page <= n <= maxSlab.
func classOf(n int) int {
	e := bits.Len(uint(n-1)) - 1 // 2^e < n <= 2^(e+1)
	return 4*(e-12) + (n-1)>>(e-2) - 3
}

// classSize is the number of bytes in a block of class c.
func classSize(c int) int { return (4 + c%4) << (10 + c/4) }

// slabSize is the number of bytes in a slab of class c: four blocks at least, 64 KiB at least.
func slabSize(c int) int {
	size := classSize(c)
	return pages(max(4, (64<<10+size-1)/size) * size)
}

// pages rounds up to whole pages.
func pages(bytes int) int { return (bytes + page - 1) &^ (page - 1) }

// runSize is the number of bytes that have to be free in one piece for a block of n bytes.
func runSize(n int) int {
	if n <= maxSlab {
		return slabSize(classOf(n))
	}
	return pages(n)
}

package mem

import (
	"math"
	"math/bits"
)

const (
	align     = 64
	minPooled = 4 << 10 // smaller blocks come from the Go heap
	hugePage  = 2 << 20 // blocks from here up have a mapping of their own
	maxBlock  = math.MaxInt / 4
)

// Block sizes: 4, 5, 6, 7, 8, 10, 12, 14, 16 KiB and so on in quarters of a power of two up to 2 MiB, then in eighths:
// 2.25, 2.5, ... MiB.
const (
	largeClass = 4 * 9 // the class of 2 MiB
	numClasses = largeClass + 1 + 8*(62-21)
)

// classOf is the smallest class whose blocks hold n bytes, for minPooled <= n <= maxBlock.
func classOf(n int) int {
	e := bits.Len(uint(n-1)) - 1 // 2^e < n <= 2^(e+1)
	if n <= hugePage {
		return 4*(e-12) + (n-1)>>(e-2) - 3
	}
	return largeClass + 1 + 8*(e-21) + (n-1)>>(e-3) - 8
}

// classSize is the number of bytes in a block of class c.
func classSize(c int) int {
	if c <= largeClass {
		return (4 + c%4) << (10 + c/4)
	}
	c -= largeClass + 1
	return (9 + c%8) << (18 + c/8)
}

// spanSize is the number of bytes to map for blocks of class c: slabs of one huge page, or of four where a single one
// would leave up to 37% over.
func spanSize(c int) int {
	switch size := classSize(c); {
	case size >= hugePage:
		return size
	case size >= hugePage*3/8:
		return 4 * hugePage
	}
	return hugePage
}

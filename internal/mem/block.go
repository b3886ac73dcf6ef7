package mem

import (
	"fmt"
	"unsafe"
)

// Block is memory for one tensor. It is a small value: copies mean the same memory. The zero Block has none.
type Block struct {
	p    unsafe.Pointer
	size int
	span *span  // nil: the Go heap's, and the collector's business
	gen  uint64 // span.gens when it was handed out
}

// Least is the size of the smallest blocks that are kept for reuse; shorter ones come from the Go heap.
const Least = page

// Get returns a block of at least n bytes with arbitrary content. It is aligned to 64 bytes if n >= 64, else to 8.
// Get(0) is the zero Block. It panics with *OutOfMemory when the system has no more.
func Get(n int) Block {
	if n < page {
		return heapBlock(n)
	}
	b, _ := std.get(n)
	return b
}

// GetZeroed is Get with every byte of the block zero.
func GetZeroed(n int) Block {
	if n < page {
		return heapBlock(n)
	}
	b, dirty := std.get(n)
	b.clear(dirty)
	return b
}

// Ptr is the address of the first byte. A block's content must hold no Go pointers.
func (b Block) Ptr() unsafe.Pointer { return b.p }

// Len is the number of usable bytes, at least what was asked for.
func (b Block) Len() int { return b.size }

// OffHeap reports whether somebody has to Put the block; the collector frees the others alone.
func (b Block) OffHeap() bool { return b.span != nil }

// Put gives the block back for reuse at once. It does nothing for blocks that are not OffHeap.
// It panics when this block was put before, even if its memory has been handed out again since.
func (b Block) Put() {
	if b.span != nil {
		b.span.pool.put(b)
	}
}

// heapBlock takes n bytes from the Go heap, which zeroes them.
func heapBlock(n int) Block {
	switch {
	case n <= 0:
		if n < 0 {
			panic(fmt.Sprintf("mem: size %d is negative", n))
		}
		return Block{}
	case n < align:
		w := make([]uint64, (n+7)/8)
		return Block{p: unsafe.Pointer(unsafe.SliceData(w)), size: len(w) * 8}
	}
	size := (n + align - 1) &^ (align - 1)
	p := unsafe.Pointer(unsafe.SliceData(make([]uint64, size/8)))
	if uintptr(p)%align != 0 { // the heap's size classes happen to align such sizes; nothing promises it
		p = alignUp(unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+align)/8))))
	}
	return Block{p: p, size: size}
}

// alignUp is the first aligned address from p on, less than align bytes away.
func alignUp(p unsafe.Pointer) unsafe.Pointer { return unsafe.Add(p, -uintptr(p)%align) }

// clear zeroes the first n bytes, in pieces: the collector must not wait for one long clear, which cannot be preempted.
func (b Block) clear(n int) {
	const piece = 256 << 10
	for s := unsafe.Slice((*byte)(b.p), n); len(s) > 0; s = s[min(piece, len(s)):] {
		clearPiece(s[:min(piece, len(s))])
	}
}

//go:noinline
func clearPiece(s []byte) { clear(s) }

// OutOfMemory is what Get panics with when the system refuses memory.
type OutOfMemory struct {
	Bytes uint64 // how much was asked for
}

func (e *OutOfMemory) Error() string {
	return fmt.Sprintf("out of memory: the system refused %d MiB more; use a smaller batch or model, or free what is no longer needed", (e.Bytes+1<<20-1)>>20)
}

// KeepPanic makes parallel loops pass the value on unchanged.
func (e *OutOfMemory) KeepPanic() {}

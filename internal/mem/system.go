package mem

import (
	"fmt"
	"unsafe"
)

// system is where regions come from.
type system struct {
	mapMem    func(bytes int) (mapping, error) // zeroed, aligned to 64 bytes at least; costs nothing until it is touched
	unmap     func(mapping)
	discard   func(mapping) bool // gives whole huge pages back, zero at their next touch; nil: it cannot
	maxRegion int                // unless a block is larger
}

type mapping struct {
	base  unsafe.Pointer
	bytes int
}

// goHeap serves where there are no huge pages to ask for: the pool still saves the clearing and first touch of new memory.
// The collector takes a mapping back when neither the pool nor a Block points into it. Only whole regions ever go, so they
// stay small.
var goHeap = system{
	mapMem: func(bytes int) (m mapping, err error) {
		defer func() {
			if v := recover(); v != nil { // make panics on sizes beyond the address space
				err = fmt.Errorf("mem: %v", v)
			}
		}()
		return mapping{alignUp(unsafe.Pointer(unsafe.SliceData(make([]byte, bytes+align)))), bytes}, nil
	},
	unmap:     func(mapping) {},
	maxRegion: 64 << 20,
}

package mem

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

var defaultSystem = system{mapHuge, unmapHuge, discard, 1 << 30}

// mapHuge maps zeroed memory that starts at a huge page and asks for more of them: they are several times faster to touch first.
func mapHuge(bytes int) (mapping, error) {
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(bytes+hugePage), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return mapping{}, err
	}
	head := int(-uintptr(p) % hugePage)
	m := mapping{unsafe.Add(p, head), bytes}
	if head > 0 {
		unmapHuge(mapping{p, head})
	}
	unmapHuge(mapping{unsafe.Add(m.base, bytes), hugePage - head})
	// A kernel without huge pages refuses; the memory is as good, only slower.
	_ = unix.Madvise(unsafe.Slice((*byte)(m.base), bytes), unix.MADV_HUGEPAGE)
	return m, nil
}

func unmapHuge(m mapping) {
	if unix.MunmapPtr(m.base, uintptr(m.bytes)) != nil {
		// It may have to split a mapping in two, and their number is limited. Then keep the addresses, not the memory.
		discard(m)
	}
}

// discard fails where memory is locked.
func discard(m mapping) bool {
	return unix.Madvise(unsafe.Slice((*byte)(m.base), m.bytes), unix.MADV_DONTNEED) == nil
}

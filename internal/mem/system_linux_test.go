package mem

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// resident is the process's resident memory in bytes.
func resident(t *testing.T) int {
	f, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(f), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Idle memory really leaves the process when the pool says so, and no sooner.
func TestResidentMemory(t *testing.T) {
	p := newPool(defaultSystem)
	debug.FreeOSMemory() // or the Go heap shrinks meanwhile
	base := resident(t)
	grown := func() int { return (resident(t) - base) >> 20 }
	fill := func() {
		var bs []Block
		for range 4 {
			bs = append(bs, p.mustGet(32<<20))
		}
		for range 1024 {
			bs = append(bs, p.mustGet(64<<10))
		}
		for _, b := range bs {
			for i := 0; i < len(b.words()); i += 512 {
				b.words()[i] = 1
			}
		}
		for _, b := range bs {
			b.Put()
		}
	}
	fill() // 128 MiB in large blocks, 64 in slabs
	if got := grown(); got < 180 {
		t.Errorf("%d MiB more resident after touching and putting 192, which the cap allows to keep", got)
	}
	p.setCap(64 << 20)
	if got := grown(); got < 40 || got > 84 {
		t.Errorf("%d MiB more resident after SetCap(64 MiB)", got)
	}
	fill()
	if got := grown(); got < 40 || got > 84 {
		t.Errorf("%d MiB more resident after Puts above a cap of 64 MiB", got)
	}
	p.trim()
	if got := grown(); got > 20 {
		t.Errorf("%d MiB more resident after Trim", got)
	}
}

func TestMappingsStartAtHugePages(t *testing.T) {
	for _, n := range []int{2 << 20, 6 << 20, 20 << 20} {
		for range 4 {
			m, err := mapHuge(n)
			if err != nil {
				t.Fatal(err)
			}
			defer unmapHuge(m)
			if uintptr(m.base)%hugePage != 0 {
				t.Errorf("%d bytes are at %p, no multiple of 2 MiB", n, m.base)
			}
		}
	}
}

// Of a region with blocks in use the holes go, and come back as zeros.
func TestHolesLeaveTheProcess(t *testing.T) {
	p := newPool(defaultSystem)
	defer p.trim()
	debug.FreeOSMemory()
	base := resident(t)
	p.mustGet(1 << 20) // stays, so the region does
	big := p.mustGet(128 << 20)
	p.mustGet(1 << 20)
	for i := range big.words() {
		big.words()[i] = 1
	}
	big.Put()
	p.setCap(32 << 20)
	if got := p.readStats().Cached; got > 32<<20 {
		t.Errorf("%d bytes idle under a cap of 32 MiB", got)
	}
	if got := (resident(t) - base) >> 20; got < 20 || got > 50 {
		t.Errorf("%d MiB more resident, want about 34", got)
	}
	again, dirty := p.get(128 << 20)
	if again.Ptr() != big.Ptr() {
		t.Fatal("the hole was not used again: this case tests nothing")
	}
	if dirty == 0 || dirty > 34<<20 {
		t.Errorf("%d bytes may not be zero, want those of the cap", dirty)
	}
	for i, w := range again.words()[dirty/8:] {
		if w != 0 {
			t.Fatalf("word %d after the first %d bytes is %x", i, dirty, w)
		}
	}
}

func BenchmarkFirstTouch(b *testing.B) {
	small := func(n int) (mapping, error) {
		m, err := mapHuge(n)
		if err == nil {
			err = unix.Madvise(unsafe.Slice((*byte)(m.base), n), unix.MADV_NOHUGEPAGE)
		}
		return m, err
	}
	for _, n := range []int{4 << 20, 64 << 20} {
		touch := func(p unsafe.Pointer) {
			s := unsafe.Slice((*byte)(p), n)
			for i := 0; i < n; i += 4096 {
				s[i] = 1
			}
		}
		for _, kind := range []struct {
			name   string
			mapMem func(int) (mapping, error)
		}{{"huge", mapHuge}, {"4K", small}} {
			b.Run(fmt.Sprintf("%dMiB/%s", n>>20, kind.name), func(b *testing.B) {
				for b.Loop() {
					m, err := kind.mapMem(n)
					if err != nil {
						b.Fatal(err)
					}
					touch(m.base)
					unmapHuge(m)
				}
			})
		}
		b.Run(fmt.Sprintf("%dMiB/make", n>>20), func(b *testing.B) {
			for b.Loop() {
				s := make([]uint64, n/8)
				touch(unsafe.Pointer(unsafe.SliceData(s)))
			}
		})
		b.Run(fmt.Sprintf("%dMiB/kept", n>>20), func(b *testing.B) {
			for b.Loop() {
				k := Get(n)
				touch(k.Ptr())
				k.Put()
			}
		})
	}
}

package mem

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// eachSystem runs a test on a pool of its own for each source of memory that there is.
func eachSystem(t *testing.T, f func(t *testing.T, p *pool)) {
	for name, s := range map[string]system{"default": defaultSystem, "heap": goHeap} {
		t.Run(name, func(t *testing.T) {
			p := newPool(s)
			defer p.trim()
			f(t, p)
		})
	}
}

func (p *pool) mustGet(n int) Block {
	b, _ := p.get(n)
	return b
}

func (b Block) words() []uint64 { return unsafe.Slice((*uint64)(b.Ptr()), b.Len()/8) }

func TestClasses(t *testing.T) {
	if got := classSize(0); got != page {
		t.Errorf("smallest class is %d, want %d", got, page)
	}
	if got := classSize(numClasses - 1); got != maxSlab {
		t.Errorf("largest class is %d, want %d", got, maxSlab)
	}
	for c := range numClasses - 1 {
		size := classSize(c)
		power := 1 << (bits.Len(uint(size)) - 1)
		if got := classSize(c + 1); got != size+power/4 {
			t.Errorf("class %d is %d, want %d", c+1, got, size+power/4)
		}
		if classOf(size) != c || classOf(size+1) != c+1 {
			t.Errorf("classOf(%d), classOf(%d) = %d, %d, want %d, %d", size, size+1, classOf(size), classOf(size+1), c, c+1)
		}
		if size%align != 0 {
			t.Errorf("class %d: %d bytes are no multiple of %d", c, size, align)
		}
	}
}

func TestWaste(t *testing.T) {
	for n := page; n <= maxSlab; n++ {
		size := classSize(classOf(n))
		if size < n || size > n+n/4 {
			t.Fatalf("%d bytes get a block of %d, want at most %d", n, size, n+n/4)
		}
		if slab := slabSize(classOf(n)); slab%size > slab/8 || slab/size < 4 || slab > 4*maxSlab || slab%page != 0 {
			t.Fatalf("blocks of %d bytes are in slabs of %d", size, slab)
		}
	}
	p := newPool(defaultSystem)
	defer p.trim()
	for _, n := range []int{maxSlab + 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 100 << 20} {
		b := p.mustGet(n)
		if b.Len() < n || b.Len() >= n+page {
			t.Errorf("%d bytes get a block of %d", n, b.Len())
		}
	}
}

func TestAlignmentAndSize(t *testing.T) {
	var sizes []int
	for n := range 5000 {
		sizes = append(sizes, n)
	}
	for n := 5000; n < 16<<20; n += n/9 + 1 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		for range 3 {
			b := Get(n)
			want := uintptr(8)
			if n >= 64 {
				want = 64
			}
			if uintptr(b.Ptr())%want != 0 {
				t.Fatalf("Get(%d) is at %p, want a multiple of %d", n, b.Ptr(), want)
			}
			if b.Len() < n {
				t.Fatalf("Get(%d) has %d bytes", n, b.Len())
			}
			if b.OffHeap() != (n >= page) {
				t.Fatalf("Get(%d).OffHeap() = %v", n, b.OffHeap())
			}
			defer b.Put()
		}
	}
}

func TestAlignUp(t *testing.T) {
	buf := make([]byte, 3*align)
	for i := range 2 * align {
		p := unsafe.Pointer(&buf[i])
		q := alignUp(p)
		if d := uintptr(q) - uintptr(p); uintptr(q)%align != 0 || d >= align {
			t.Fatalf("alignUp(%p) = %p", p, q)
		}
	}
}

func TestHeapBlocks(t *testing.T) {
	for _, n := range []int{0, 1, 8, 63, 64, 65, 1000, 4095} {
		b := Get(n)
		b.Put()
		b.Put() // no-op
		for i, w := range b.words() {
			if w != 0 {
				t.Fatalf("Get(%d): word %d is %x", n, i, w)
			}
		}
	}
	if b := Get(0); b != (Block{}) {
		t.Errorf("Get(0) = %v", b)
	}
	Block{}.Put()
	// A block alone keeps its memory alive.
	b := Get(1024)
	b.words()[127] = 42
	runtime.GC()
	if got := b.words()[127]; got != 42 {
		t.Errorf("after a collection the block holds %d", got)
	}
	if got := testing.AllocsPerRun(100, func() { sink = Get(1024) }); got != 1 {
		t.Errorf("Get(1024) made %v allocations, want 1", got)
	}
}

var sink Block

func TestNegativeSize(t *testing.T) {
	defer func() {
		if v := fmt.Sprint(recover()); v != "mem: size -1 is negative" {
			t.Errorf("panic %q", v)
		}
	}()
	Get(-1)
}

// Every block, written from end to end with a value of its own, still holds it after all the others were written.
func TestBlocksAreDisjoint(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		r := rand.New(rand.NewPCG(3, 4))
		held := map[uint64]Block{}
		next := uint64(1)
		check := func(id uint64, b Block) {
			for i, w := range b.words() {
				if w != id {
					t.Fatalf("block %d of %d bytes: word %d is %x", id, b.Len(), i, w)
				}
			}
		}
		total := 0
		for range 1000 {
			if total < 24<<20 {
				b := p.mustGet(page << r.UintN(11) * 3 / (2 + r.IntN(2)))
				w := b.words()
				for i := range w {
					w[i] = next
				}
				held[next] = b
				next++
				total += b.Len()
				continue
			}
			for id, b := range held {
				check(id, b)
				delete(held, id)
				b.Put()
				total -= b.Len()
				if total < 18<<20 {
					break
				}
			}
		}
		for id, b := range held {
			check(id, b)
			b.Put()
		}
		if s := p.readStats(); s.InUse != 0 || s.Cached != s.Mapped {
			t.Errorf("at the end: %+v", s)
		}
	})
}

func TestReuse(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		for _, n := range []int{4096, 100_000, 1 << 20, 3 << 20, 64 << 20} {
			a := p.mustGet(n)
			a.Put()
			if b := p.mustGet(n); b.Ptr() != a.Ptr() {
				t.Errorf("Get(%d) after Put is at %p, want the same %p", n, b.Ptr(), a.Ptr())
			}
		}
		// A larger hole serves too, and what is left of it.
		a := p.mustGet(10 << 20)
		fence := p.mustGet(1 << 20)
		a.Put()
		misses := p.readStats().Misses
		b, c := p.mustGet(7<<20), p.mustGet(3<<20)
		if b.Ptr() != a.Ptr() || c.Ptr() != unsafe.Add(a.Ptr(), 7<<20) || p.readStats().Misses != misses {
			t.Errorf("7 and 3 MiB are at %p and %p, want them in the hole of 10 MiB at %p", b.Ptr(), c.Ptr(), a.Ptr())
		}
		b.Put()
		c.Put()
		if b = p.mustGet(10 << 20); b.Ptr() != a.Ptr() {
			t.Errorf("10 MiB are at %p, want the hole at %p that the blocks of 7 and 3 MiB left", b.Ptr(), a.Ptr())
		}
		fence.Put()
	})
}

func TestDoublePut(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		for _, n := range []int{5000, 5 << 20} {
			for _, again := range []bool{false, true} { // handed out again in between?
				func() {
					b := p.mustGet(n)
					b.Put()
					if again {
						if c := p.mustGet(n); c.Ptr() != b.Ptr() {
							t.Fatal("the block was not reused: this case tests nothing")
						}
					}
					defer func() {
						if recover() == nil {
							t.Errorf("second Put of %d bytes did not panic (handed out again: %v)", n, again)
						}
						p.mustGet(n).Put() // the pool still works
					}()
					b.Put()
				}()
			}
		}
	})
}

func TestGetZeroed(t *testing.T) {
	for _, n := range []int{100, 5000, 300_000, 3<<20 + 17} {
		for range 3 {
			b := GetZeroed(n)
			for i, w := range b.words() {
				if w != 0 {
					t.Fatalf("GetZeroed(%d): word %d is %x", n, i, w)
				}
				b.words()[i] = math.MaxUint64
			}
			b.Put()
		}
	}
}

func TestStats(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		want := func(want Stats) {
			t.Helper()
			if got := p.readStats(); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		want(Stats{})
		a := p.mustGet(5 << 10)
		want(Stats{InUse: 5 << 10, Cached: 2<<20 - 5<<10, Peak: 5 << 10, Mapped: 2 << 20, Gets: 1, Misses: 1})
		b := p.mustGet(4<<20 - 1)
		want(Stats{InUse: 4<<20 + 5<<10, Cached: 2<<20 - 5<<10, Peak: 4<<20 + 5<<10, Mapped: 6 << 20, Gets: 2, Misses: 2})
		b.Put()
		p.resetPeak()
		p.mustGet(5 << 10).Put()
		want(Stats{InUse: 5 << 10, Cached: 6<<20 - 5<<10, Peak: 10 << 10, Mapped: 6 << 20, Gets: 3, Misses: 2})
		a.Put()
		p.trim()
		want(Stats{Peak: 10 << 10, Gets: 3, Misses: 2})
	})
}

func TestCap(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		cached := func() int { return int(p.readStats().Cached >> 20) }
		fill := func() {
			var bs []Block
			for range 10 {
				bs = append(bs, p.mustGet(4<<20))
			}
			for _, b := range bs {
				b.Put()
			}
		}
		fill()
		if cached() != 40 {
			t.Fatalf("%d MiB idle under the default cap, want 40", cached())
		}
		p.setCap(24 << 20)
		if cached() != 24 {
			t.Errorf("%d MiB idle after SetCap(24 MiB)", cached())
		}
		fill()
		if cached() != 24 {
			t.Errorf("%d MiB idle after Puts above the cap of 24 MiB", cached())
		}
		p.setCap(0)
		if cached() != 0 {
			t.Errorf("%d MiB idle after SetCap(0)", cached())
		}
		fill()
		if cached() != 0 {
			t.Errorf("%d MiB idle with cap 0", cached())
		}
		// A slab with a block in use stays whole; then it goes too.
		a, b := p.mustGet(64<<10), p.mustGet(64<<10)
		a.Put()
		if got := p.readStats().Mapped; got != 2<<20 {
			t.Errorf("%d bytes mapped for a slab in use", got)
		}
		b.Put()
		if got := p.readStats().Mapped; got != 0 {
			t.Errorf("%d bytes mapped for an idle slab with cap 0", got)
		}
	})
}

func TestEvictsLongestUnused(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		a, b, c := p.mustGet(16<<20), p.mustGet(16<<20), p.mustGet(32<<20) // each a region of its own
		b.Put()
		c.Put()
		a.Put()
		p.setCap(48 << 20)
		for _, want := range []struct {
			block Block
			kept  bool
		}{{c, true}, {a, true}, {b, false}} {
			misses := p.readStats().Misses
			p.mustGet(want.block.Len())
			if kept := p.readStats().Misses == misses; kept != want.kept {
				t.Errorf("block of %d MiB kept: %v, want %v", want.block.Len()>>20, kept, want.kept)
			}
		}
	})
}

// A hole counts as used when the last of its blocks was put, be they large or in slabs.
func TestEvictsByLastUse(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		for _, size := range []int{8 << 20, 128 << 10} {
			for _, last := range []bool{false, true} {
				var parts []Block // fill a region, so other has another one
				for range 16 << 20 / size {
					parts = append(parts, p.mustGet(size))
				}
				other := p.mustGet(16 << 20)
				parts[0].Put()
				if last {
					other.Put()
				}
				for _, b := range parts[1:] {
					b.Put()
				}
				if !last {
					other.Put()
				}
				p.setCap(16 << 20)
				b := p.mustGet(16 << 20)
				if kept := b.Ptr() == other.Ptr(); kept == last {
					t.Errorf("blocks of %d KiB put last: %v; the other hole was kept: %v", size>>10, last, kept)
				}
				b.Put()
				p.trim()
				p.setCap(AutoCap)
			}
		}
	})
}

// The default cap must not make a loop that needs much map its memory anew every step.
func TestAutoCapFollowsUse(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		for range 3 {
			var bs []Block
			for range 20 {
				bs = append(bs, p.mustGet(32<<20))
			}
			for _, b := range bs {
				b.Put()
			}
		}
		if s := p.readStats(); s.Misses != 20 || s.Cached != 640<<20 {
			t.Errorf("%d misses and %d MiB idle, want 20 and 640", s.Misses, s.Cached>>20)
		}
		p.trim() // forgets the high mark
		var bs []Block
		for range 8 {
			bs = append(bs, p.mustGet(28<<20), p.mustGet(4<<20))
		}
		for _, b := range bs {
			b.Put()
		}
		for range 3 { // now 224 MiB of another size
			bs = bs[:0]
			for range 8 {
				bs = append(bs, p.mustGet(20<<20))
			}
			for _, b := range bs {
				b.Put()
			}
		}
		if s := p.readStats(); s.Cached > 256<<20 {
			t.Errorf("%d MiB idle, want at most 256: no more was in use at once", s.Cached>>20)
		}
	})
}

func TestOutOfMemory(t *testing.T) {
	catch := func(f func()) (v any) {
		defer func() { v = recover() }()
		f()
		return nil
	}
	eachSystem(t, func(t *testing.T, p *pool) {
		for _, n := range []int{maxBlock / 2, maxBlock, maxBlock + 1, math.MaxInt} {
			err, _ := catch(func() { p.get(n) }).(error)
			var oom *OutOfMemory
			if !errors.As(err, &oom) || oom.Bytes != uint64(n) {
				t.Fatalf("get(%d) panicked with %v", n, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line: %q", err)
			}
			var _ interface{ KeepPanic() } = oom
		}
		p.mustGet(1 << 20).Put() // the pool still works
	})
}

// When the system refuses, idle memory goes back first.
func TestRefusedMappingTrimsAndRetries(t *testing.T) {
	var p *pool
	calls := 0
	s := defaultSystem
	s.mapMem = func(n int) (mapping, error) {
		calls++
		if p.readStats().Mapped > 0 {
			return mapping{}, errors.New("refused")
		}
		return defaultSystem.mapMem(n)
	}
	p = newPool(s)
	p.mustGet(4 << 20).Put()
	p.mustGet(128 << 20).Put()
	if calls != 3 {
		t.Errorf("asked the system %d times, want 3", calls)
	}
}

// A step that puts what it got finds it again: no new memory and no collection once it has run a few times.
func TestSteadyLoop(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		r := rand.New(rand.NewPCG(5, 6))
		sizes := make([]int, 300)
		for i := range sizes {
			sizes[i] = page + int(r.Int64N(1<<(12+r.UintN(12))))
		}
		step := func() {
			var held []Block
			for i, n := range sizes {
				held = append(held, p.mustGet(n))
				if i%3 == 2 { // some die early
					held[i/3].Put()
					held[i/3] = Block{}
				}
			}
			for _, b := range slices.Backward(held) {
				b.Put()
			}
		}
		for range 5 {
			step()
		}
		warm := p.readStats()
		for range 50 {
			step()
		}
		s := p.readStats()
		if s.Misses != warm.Misses || s.Mapped != warm.Mapped || s.ForcedGCs != warm.ForcedGCs {
			t.Errorf("50 steps after the first 5 changed\n%+v to\n%+v", warm, s)
		}
		if s.Mapped > s.Peak+s.Peak/4 {
			t.Errorf("%d bytes mapped for a peak of %d", s.Mapped, s.Peak)
		}
	})
}

func TestConcurrent(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		p.setCap(16 << 20) // evict under way
		var wg sync.WaitGroup
		for g := range uint64(8) {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(7, g))
				var held []Block
				for i := range 500 {
					if len(held) > 8 {
						k := r.IntN(len(held))
						b := held[k]
						held = slices.Delete(held, k, k+1)
						w := b.words()
						if w[0] != g || w[len(w)-1] != g {
							t.Errorf("goroutine %d found the words of %d and %d", g, w[0], w[len(w)-1])
							return
						}
						b.Put()
					}
					b := p.mustGet(page + int(r.Int64N(1<<(12+r.UintN(11)))))
					w := b.words()
					w[0], w[len(w)-1] = g, g
					held = append(held, b)
					if i%100 == 0 {
						p.trim()
						p.readStats()
					}
				}
				for _, b := range held {
					b.Put()
				}
			})
		}
		wg.Wait()
		if s := p.readStats(); s.InUse != 0 || s.Cached > 16<<20 {
			t.Errorf("at the end: %+v", s)
		}
	})
}

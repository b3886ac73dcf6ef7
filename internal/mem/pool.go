package mem

import (
	"sync"
	"unsafe"
)

// pool keeps idle memory for reuse. The program has one, std.
type pool struct {
	system   // where the memory comes from
	watching sync.Once
	gcMu     sync.Mutex // held through a forced collection; taken before mu

	mu       sync.Mutex // no system call and no collection happens while it is held
	holes    holes
	reserved int  // bytes in regions
	runs     *run // not part of a region, for reuse
	open     [numClasses][]*span
	empty    int   // slabs none of whose blocks is in use
	stats    Stats // Cached is computed by readStats
	capBytes uint64
	highest  uint64 // most bytes in use at once since the last trim
	spare    uint64 // idle bytes that could be given back now, but for empty slabs
	clock    uint64
	live     uint64 // bytes in use after the last collection
	low      uint64 // fewest bytes in use since
}

var std = newPool(defaultSystem)

func newPool(s system) *pool { return &pool{system: s, capBytes: AutoCap} }

// span is what a Block is part of: a run of pages that is one block, or a slab cut into blocks of one class. Slabs are
// never recycled, so what is left of their blocks finds its own generation.
type span struct {
	pool *pool
	run  *run
	base unsafe.Pointer
	slab bool
	gens []uint64 // per block, raised by each Get and each Put: odd while handed out

	// Of slabs.
	class int
	idle  []int32 // the blocks not handed out, the next one last
	pos   int     // in pool.open[class], where every slab with idle blocks is
	since uint64  // pool.clock when the last block came back
}

// get returns a block, and how many of its first bytes may not be zero.
func (p *pool) get(n int) (b Block, dirty int) {
	if n > maxBlock {
		panic(&OutOfMemory{uint64(n)})
	}
	p.mu.Lock()
	p.stats.Gets++
	b, ok := p.takeWarm(n)
	if !ok {
		p.stats.Misses++
	}
	due := p.collectionDue()
	p.mu.Unlock()
	if !ok && due {
		b, ok = p.collect(n)
	}
	if ok {
		return b, b.size
	}
	return p.grow(n)
}

// takeWarm is take from memory that the system has given already.
func (p *pool) takeWarm(n int) (Block, bool) {
	b, _ := p.take(n, false)
	return b, b.span != nil
}

// take hands out a block from idle memory, untouched memory too if cold, and how many of its first bytes may not be zero.
// Without such memory it returns the zero Block. It holds mu.
func (p *pool) take(n int, cold bool) (b Block, dirty int) {
	if n <= maxSlab {
		b = p.takeSlab(n, cold)
		dirty = b.size
	} else if r, d := p.takeRun(pages(n), cold); r != nil {
		r.gen[0]++
		b, dirty = Block{r.base, r.bytes, &r.span, r.gen[0]}, d
	}
	p.stats.InUse += uint64(b.size)
	p.stats.Peak = max(p.stats.Peak, p.stats.InUse)
	p.highest = max(p.highest, p.stats.InUse)
	return b, dirty
}

func (p *pool) put(b Block) {
	s, i := b.span, 0
	if s.slab {
		i = int(uintptr(b.p)-uintptr(s.base)) / b.size
	}
	p.mu.Lock()
	if s.gens[i] != b.gen {
		p.mu.Unlock()
		panic("mem: Put of a block that was put before")
	}
	s.gens[i]++
	p.clock++
	if s.slab {
		p.putSlab(s, i)
	} else {
		p.free(s.run, p.clock)
	}
	p.stats.InUse -= uint64(b.size)
	p.low = min(p.low, p.stats.InUse)
	gone := p.evict(p.limit())
	p.mu.Unlock()
	p.giveBack(gone)
}

// grow hands out a block from untouched memory, and maps more where there is none.
func (p *pool) grow(n int) (Block, int) {
	for refused := false; ; {
		p.mu.Lock()
		b, dirty := p.take(n, true)
		reserve := max(minRegion, min(p.reserved, p.maxRegion)) // as much again
		p.mu.Unlock()
		if b.span != nil {
			return b, dirty
		}
		need := (runSize(n) + hugePage - 1) &^ (hugePage - 1)
		m, err := p.mapMem(max(need, reserve))
		if err != nil && need < reserve {
			m, err = p.mapMem(need)
		}
		switch {
		case err == nil:
			p.watching.Do(p.watch)
			p.addRegion(m)
		case refused:
			panic(&OutOfMemory{uint64(n)})
		default: // everything that could give memory back, once
			refused = true
			p.trim()
			collectGarbage()
			p.trim()
		}
	}
}

func (p *pool) readStats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Cached = p.cached()
	return s
}

func (p *pool) cached() uint64 { return p.stats.Mapped - p.stats.InUse }

func (p *pool) resetPeak() {
	p.mu.Lock()
	p.stats.Peak = p.stats.InUse
	p.mu.Unlock()
}

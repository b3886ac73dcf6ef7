package mem

import (
	"sync"
	"unsafe"
)

// pool keeps idle blocks for reuse. The program has one, std.
type pool struct {
	system   // where the memory comes from
	watching sync.Once
	gcMu     sync.Mutex // held through a forced collection; taken before mu

	mu       sync.Mutex // no system call and no collection happens while it is held
	open     [numClasses][]*span
	stats    Stats // Cached is computed by readStats
	capBytes uint64
	highest  uint64 // most bytes in use at once since the last trim
	spare    uint64 // bytes of spans without any block in use: what can be given back
	clock    uint64
	live     uint64 // bytes in use after the last collection
	low      uint64 // fewest bytes in use since
}

var std = newPool(defaultSystem)

func newPool(s system) *pool { return &pool{system: s, capBytes: AutoCap} }

// span is one mapping: a slab cut into blocks of one class, or a single large block.
type span struct {
	pool  *pool
	mem   mapping
	class int
	bytes uint64
	gens  []uint64 // per block, raised by each Get and each Put: odd while handed out
	idle  []int32  // the blocks not handed out, the next one last
	pos   int      // in pool.open[class], where every span with idle blocks is
	since uint64   // pool.clock when the last block came back
}

// get returns a block, and whether it is fresh from the system and so all zero.
func (p *pool) get(n int) (b Block, fresh bool) {
	if n > maxBlock {
		panic(&OutOfMemory{uint64(n)})
	}
	c := classOf(n)
	p.mu.Lock()
	p.stats.Gets++
	b, ok := p.take(n, c)
	if !ok {
		p.stats.Misses++
	}
	due := p.collectionDue()
	p.mu.Unlock()
	if !ok && due {
		b, ok = p.collect(n, c)
	}
	if !ok {
		b = p.grow(n, c)
	}
	return b, b.gen == 1
}

// take hands out an idle block of class c, or of the next ones while at most a quarter over n: the best fit. It holds mu.
func (p *pool) take(n, c int) (Block, bool) {
	for ; c < numClasses && classSize(c) <= n+n/4; c++ {
		open := p.open[c]
		if len(open) == 0 {
			continue
		}
		s := open[len(open)-1]
		if len(s.idle) == len(s.gens) {
			p.spare -= s.bytes
		}
		i := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if len(s.idle) == 0 {
			p.close(s)
		}
		s.gens[i]++
		size := classSize(c)
		p.stats.InUse += uint64(size)
		p.stats.Peak = max(p.stats.Peak, p.stats.InUse)
		p.highest = max(p.highest, p.stats.InUse)
		return Block{unsafe.Add(s.mem.base, int(i)*size), size, s, s.gens[i]}, true
	}
	return Block{}, false
}

func (p *pool) put(b Block) {
	s := b.span
	i := int(uintptr(b.p)-uintptr(s.mem.base)) / b.size
	p.mu.Lock()
	if s.gens[i] != b.gen {
		p.mu.Unlock()
		panic("mem: Put of a block that was put before")
	}
	s.gens[i]++
	s.idle = append(s.idle, int32(i))
	open := p.open[s.class]
	if len(s.idle) == 1 {
		s.pos = len(open)
		p.open[s.class] = append(open, s)
	} else { // last, so that the memory touched last is used next
		last := open[len(open)-1]
		open[s.pos], open[last.pos] = last, s
		s.pos, last.pos = last.pos, s.pos
	}
	p.stats.InUse -= uint64(b.size)
	p.low = min(p.low, p.stats.InUse)
	if len(s.idle) == len(s.gens) {
		p.spare += s.bytes
		p.clock++
		s.since = p.clock
	}
	gone := p.evict(p.limit())
	p.mu.Unlock()
	p.unmapAll(gone)
}

// grow maps a new span and hands out a block of it.
func (p *pool) grow(n, c int) Block {
	bytes := spanSize(c)
	m, err := p.mapMem(bytes)
	if err != nil { // everything that could give memory back, once
		p.trim()
		collectGarbage()
		p.trim()
		if m, err = p.mapMem(bytes); err != nil {
			panic(&OutOfMemory{uint64(n)})
		}
	}
	p.watching.Do(p.watch)
	count := bytes / classSize(c)
	s := &span{pool: p, mem: m, class: c, bytes: uint64(bytes), gens: make([]uint64, count), idle: make([]int32, count)}
	for i := range s.idle {
		s.idle[i] = int32(count - 1 - i)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.pos = len(p.open[c])
	p.open[c] = append(p.open[c], s)
	p.stats.Mapped += s.bytes
	p.spare += s.bytes
	b, _ := p.take(n, c)
	return b
}

// close takes s off the open list. It holds mu.
func (p *pool) close(s *span) {
	open := p.open[s.class]
	last := len(open) - 1
	open[s.pos] = open[last]
	open[s.pos].pos = s.pos
	open[last] = nil
	p.open[s.class] = open[:last]
}

// limit is how many idle bytes may be kept. It holds mu.
func (p *pool) limit() uint64 {
	if p.capBytes == AutoCap {
		return max(minCap, p.highest)
	}
	return p.capBytes
}

// evict removes unused spans, those longest unused first, until at most limit idle bytes are left or no span is unused.
// It holds mu; the caller unmaps them after.
func (p *pool) evict(limit uint64) (gone []*span) {
	for p.spare > 0 && p.stats.Mapped-p.stats.InUse > limit {
		var oldest *span
		for _, open := range p.open {
			for _, s := range open {
				if len(s.idle) == len(s.gens) && (oldest == nil || s.since < oldest.since) {
					oldest = s
				}
			}
		}
		p.close(oldest)
		p.spare -= oldest.bytes
		p.stats.Mapped -= oldest.bytes
		gone = append(gone, oldest)
	}
	return gone
}

func (p *pool) unmapAll(gone []*span) {
	for _, s := range gone {
		p.unmap(s.mem)
	}
}

func (p *pool) trim() {
	p.mu.Lock()
	p.highest = p.stats.InUse
	gone := p.evict(0)
	p.mu.Unlock()
	p.unmapAll(gone)
}

func (p *pool) setCap(bytes uint64) {
	p.mu.Lock()
	p.capBytes = bytes
	gone := p.evict(p.limit())
	p.mu.Unlock()
	p.unmapAll(gone)
}

func (p *pool) readStats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Cached = s.Mapped - s.InUse
	return s
}

func (p *pool) resetPeak() {
	p.mu.Lock()
	p.stats.Peak = p.stats.InUse
	p.mu.Unlock()
}

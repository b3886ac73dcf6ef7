package mem

import "unsafe"

// eviction is memory on its way back to the system: of the run's region the huge pages from lo up to hi, or the region.
type eviction struct {
	run    *run
	lo, hi int
	region bool
}

// limit is how many idle bytes may be kept. It holds mu.
func (p *pool) limit() uint64 {
	if p.capBytes == AutoCap {
		return max(minCap, p.highest)
	}
	return p.capBytes
}

// evict takes huge pages of holes out of the pool, from the holes longest unused first, until at most limit idle bytes are
// left or no hole has any. It holds mu; the caller gives them back after.
func (p *pool) evict(limit uint64) (gone []eviction) {
	if p.cached() <= limit {
		return nil
	}
	p.freeSlabs()
	for p.spare > 0 && p.cached() > limit {
		var oldest *run
		for _, h := range p.holes {
			if r := h.run; r.spare > 0 && (oldest == nil || r.since < oldest.since) {
				oldest = r
			}
		}
		gone = append(gone, p.evictHole(oldest, p.cached()-limit))
	}
	return gone
}

// evictHole takes r out of the pool, and from its end enough huge pages to make bytes, or all. It holds mu.
func (p *pool) evictHole(r *run, bytes uint64) eviction {
	p.removeHole(r)
	g := r.region
	lo, hi := r.within()
	e := eviction{r, lo, hi, r.whole() && (uint64(r.spare) <= bytes || p.discard == nil)}
	if e.region {
		p.reserved -= g.mem.bytes
	} else if uint64(r.spare) > bytes {
		for e.lo = hi; uint64(g.touched(e.lo, hi)*hugePage) < bytes; {
			e.lo--
		}
	}
	p.stats.Mapped -= uint64(g.touched(e.lo, hi) * hugePage)
	clear(g.given[e.lo:hi])
	return e
}

// giveBack does the system calls. What is left of the runs becomes holes again.
func (p *pool) giveBack(gone []eviction) {
	for _, e := range gone {
		m := e.run.region.mem
		if e.region {
			p.unmap(m)
			p.mu.Lock()
			p.recycle(e.run)
			p.mu.Unlock()
			continue
		}
		ok := p.discard(mapping{unsafe.Add(m.base, e.lo*hugePage), (e.hi - e.lo) * hugePage})
		p.mu.Lock()
		if !ok {
			p.touch(e.run)
		}
		p.free(e.run, e.run.since)
		p.mu.Unlock()
	}
}

func (p *pool) trim() {
	p.mu.Lock()
	p.highest = p.stats.InUse
	gone := p.evict(0)
	for i := len(p.holes) - 1; i >= 0; i-- { // regions without any memory
		if r := p.holes[i].run; r.whole() {
			gone = append(gone, p.evictHole(r, 0))
		}
	}
	p.mu.Unlock()
	p.giveBack(gone)
}

func (p *pool) setCap(bytes uint64) {
	p.mu.Lock()
	p.capBytes = bytes
	gone := p.evict(p.limit())
	p.mu.Unlock()
	p.giveBack(gone)
}

package mem

import (
	"bytes"
	"slices"
	"unsafe"
)

// region is one mapping, divided into runs without gaps. The system gives its memory by huge pages at first touch.
type region struct {
	mem   mapping
	given []byte // per huge page: 1 once it was touched, 0 at first and after a discard
}

var zero, one = []byte{0}, []byte{1} // for bytes.Count

// touched is how many of the region's huge pages from lo up to hi the system has given.
func (g *region) touched(lo, hi int) int { return bytes.Count(g.given[lo:hi], one) }

// run is a piece of a region in whole pages: a block, a slab, a hole, or what is on its way back to the system. No two
// holes are neighbours.
type run struct {
	span       // when it is a block
	gen        [1]uint64
	region     *region
	off, bytes int
	prev, next *run // neighbours by address
	hole       bool
	spare      int    // bytes that can be given back, of a hole
	since      uint64 // pool.clock when it became a hole
}

// whole reports whether r is all of its region.
func (r *run) whole() bool { return r.bytes == r.region.mem.bytes }

// around is the huge pages that hold n bytes from r's start.
func (r *run) around(n int) (lo, hi int) {
	return r.off / hugePage, (r.off + n + hugePage - 1) / hugePage
}

// within is the huge pages that hold nothing but r.
func (r *run) within() (lo, hi int) {
	lo, hi = (r.off+hugePage-1)/hugePage, (r.off+r.bytes)/hugePage
	return lo, max(lo, hi)
}

// holes are sorted by size, then by address.
type holes []hole

type hole struct {
	bytes int
	at    uintptr
	run   *run
}

// find is the index of the first hole of that size and address, or after.
func (h holes) find(bytes int, at uintptr) int {
	lo, hi := 0, len(h)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if h[mid].bytes < bytes || h[mid].bytes == bytes && h[mid].at < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// newRun holds mu.
func (p *pool) newRun() *run {
	r := p.runs
	if r == nil {
		r = &run{}
		r.span = span{pool: p, run: r, gens: r.gen[:]}
		return r
	}
	p.runs, r.next = r.next, nil
	return r
}

// recycle holds mu. The generation stays, so that no Block of before is ever taken for one of after.
func (p *pool) recycle(r *run) {
	r.base, r.region, r.prev, r.next, r.hole = nil, nil, nil, p.runs, false
	p.runs = r
}

func (p *pool) addRegion(m mapping) {
	p.mu.Lock()
	r := p.newRun()
	r.region = &region{m, make([]byte, m.bytes/hugePage)}
	r.base, r.off, r.bytes, r.since = m.base, 0, m.bytes, p.clock
	p.reserved += m.bytes
	p.addHole(r)
	p.mu.Unlock()
}

// addHole holds mu.
func (p *pool) addHole(r *run) {
	r.hole, r.spare = true, 0
	if r.whole() || p.discard != nil {
		r.spare = r.region.touched(r.within()) * hugePage
	}
	p.spare += uint64(r.spare)
	at := uintptr(r.base)
	p.holes = slices.Insert(p.holes, p.holes.find(r.bytes, at), hole{r.bytes, at, r})
}

// removeHole holds mu.
func (p *pool) removeHole(r *run) {
	i := p.holes.find(r.bytes, uintptr(r.base))
	p.holes = slices.Delete(p.holes, i, i+1)
	p.spare -= uint64(r.spare)
	r.hole = false
}

// takeRun takes bytes from the start of the smallest hole that has so much touched memory there; without one and if cold,
// of the smallest hole. It returns also how many of the first bytes may not be zero. It holds mu.
func (p *pool) takeRun(bytes int, cold bool) (r *run, dirty int) {
	for {
		fit := p.holes[p.holes.find(bytes, 0):]
		for _, h := range fit {
			if lo, hi := h.run.around(bytes); h.run.region.touched(lo, hi) == hi-lo {
				p.split(h.run, bytes)
				return h.run, bytes
			}
		}
		switch {
		case p.empty > 0:
			p.freeSlabs()
		case cold && len(fit) > 0:
			r := fit[0].run
			p.split(r, bytes)
			return r, p.touch(r)
		default:
			return nil, 0
		}
	}
}

// split makes r as small as bytes and no hole. It holds mu.
func (p *pool) split(r *run, bytes int) {
	p.removeHole(r)
	if r.bytes == bytes {
		return
	}
	rest := p.newRun()
	rest.region, rest.off, rest.bytes, rest.since = r.region, r.off+bytes, r.bytes-bytes, r.since
	rest.base = unsafe.Add(r.base, bytes)
	rest.prev, rest.next = r, r.next
	if r.next != nil {
		r.next.prev = rest
	}
	r.next, r.bytes = rest, bytes
	p.addHole(rest)
}

// touch accounts for the huge pages that the system is to give for r, and returns how many bytes of r are before them.
// It holds mu.
func (p *pool) touch(r *run) (dirty int) {
	lo, hi := r.around(r.bytes)
	given := r.region.given[lo:hi]
	p.stats.Mapped += uint64(bytes.Count(given, zero) * hugePage)
	last := lo + bytes.LastIndexByte(given, 1)
	for i := range given {
		given[i] = 1
	}
	return min(r.bytes, max(0, (last+1)*hugePage-r.off))
}

// free makes r a hole, one with those beside it. It holds mu.
func (p *pool) free(r *run, since uint64) {
	r.since = since
	if q := r.prev; q != nil && q.hole {
		p.removeHole(q)
		r = p.join(q, r)
	}
	if q := r.next; q != nil && q.hole {
		p.removeHole(q)
		p.join(r, q)
	}
	p.addHole(r)
}

// join adds b, which follows a, to a. It holds mu.
func (p *pool) join(a, b *run) *run {
	a.bytes += b.bytes
	a.since = max(a.since, b.since)
	a.next = b.next
	if b.next != nil {
		b.next.prev = a
	}
	p.recycle(b)
	return a
}

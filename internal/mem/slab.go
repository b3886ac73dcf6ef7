package mem

import "unsafe"

// takeSlab hands out an idle block of n's class, or of the next one while at most a quarter over n, or a block of a new
// slab. It holds mu.
func (p *pool) takeSlab(n int, cold bool) Block {
	first := classOf(n)
	for c := first; c < numClasses && classSize(c) <= n+n/4; c++ {
		if open := p.open[c]; len(open) > 0 {
			return p.takeFrom(open[len(open)-1])
		}
	}
	if r, _ := p.takeRun(slabSize(first), cold); r != nil {
		return p.takeFrom(p.newSlab(r, first))
	}
	return Block{}
}

func (p *pool) takeFrom(s *span) Block {
	if len(s.idle) == len(s.gens) {
		p.empty--
	}
	i := s.idle[len(s.idle)-1]
	s.idle = s.idle[:len(s.idle)-1]
	if len(s.idle) == 0 {
		p.close(s)
	}
	s.gens[i]++
	size := classSize(s.class)
	return Block{unsafe.Add(s.base, int(i)*size), size, s, s.gens[i]}
}

// putSlab takes block i of s back. It holds mu.
func (p *pool) putSlab(s *span, i int) {
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
	if len(s.idle) == len(s.gens) {
		p.empty++
		s.since = p.clock
	}
}

// newSlab cuts r into blocks of class c. It holds mu.
func (p *pool) newSlab(r *run, c int) *span {
	count := r.bytes / classSize(c)
	s := &span{pool: p, run: r, base: r.base, slab: true, gens: make([]uint64, count), class: c, idle: make([]int32, count)}
	for i := range s.idle {
		s.idle[i] = int32(count - 1 - i)
	}
	s.pos = len(p.open[c])
	p.open[c] = append(p.open[c], s)
	p.empty++
	return s
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

// freeSlabs makes holes of the empty slabs. They are kept until their memory is wanted, for a step would make them anew
// many times. It holds mu.
func (p *pool) freeSlabs() {
	for c := range p.open {
		for i := len(p.open[c]) - 1; i >= 0 && p.empty > 0; i-- {
			if s := p.open[c][i]; len(s.idle) == len(s.gens) {
				p.close(s)
				p.empty--
				p.free(s.run, s.since)
			}
		}
	}
}

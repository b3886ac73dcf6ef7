package mem

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
)

// storage is what package tensor makes of a Block.
type storage struct{ b Block }

func (p *pool) storage(n int) *storage {
	s := &storage{p.mustGet(n)}
	runtime.AddCleanup(s, func(b Block) { b.Put() }, s.b)
	return s
}

func (p *pool) lockedLive() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live
}

// unforced counts the collections that somebody else started while f ran: each moves what the pool takes for live.
func unforced(p *pool, f func()) uint64 {
	var before, after runtime.MemStats
	forced := p.readStats().ForcedGCs
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return uint64(after.NumGC-before.NumGC) - (p.readStats().ForcedGCs - forced)
}

func TestDroppedMemoryIsFound(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		for range 200 {
			p.storage(64 << 20).b.words()[0] = 1
		}
		s := p.readStats()
		if s.Mapped > 512<<20 {
			t.Errorf("%d MiB mapped for tensors of 64 MiB, one at a time", s.Mapped>>20)
		}
		if s.ForcedGCs == 0 {
			t.Errorf("no collection: this tests nothing")
		}
	})
}

func TestDroppedSmallMemoryIsFound(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		defer debug.SetGCPercent(debug.SetGCPercent(-1)) // ours are the only collections
		for range 40_000 {
			p.storage(16 << 10)
		}
		if s := p.readStats(); s.Mapped > 320<<20 {
			t.Errorf("%d MiB mapped for tensors of 16 KiB, one at a time", s.Mapped>>20)
		}
	})
}

// While the live set grows, each collection waits for it to double.
func TestGrowingLiveSet(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		var held []*storage
		extra := unforced(p, func() {
			for range 128 {
				held = append(held, p.storage(8<<20))
			}
		})
		// At 64, 128, 256, 512 MiB and a block or two over.
		if s := p.readStats(); s.ForcedGCs+extra < 3 || s.ForcedGCs > 4+2*extra {
			t.Errorf("%d collections forced while 1 GiB was taken and kept, want 3 or 4", s.ForcedGCs)
		}
		// What is live now grows no more: the same again as garbage costs one collection.
		forced := p.readStats().ForcedGCs
		extra = unforced(p, func() {
			for range 128 {
				p.storage(8 << 20)
			}
		})
		if got := p.readStats().ForcedGCs - forced; got > 2+2*extra {
			t.Errorf("%d collections forced for 1 GiB of garbage beside 1 GiB live", got)
		}
		runtime.KeepAlive(held)
	})
}

// Collections that the runtime starts count as well: what was live long ago does not excuse garbage now.
func TestThresholdFallsWithTheLiveSet(t *testing.T) {
	p := newPool(defaultSystem)
	defer p.trim()
	var held []*storage
	for range 64 {
		held = append(held, p.storage(8<<20))
	}
	if live := p.lockedLive(); live < 200<<20 {
		t.Fatalf("only %d bytes live: this tests nothing", live)
	}
	runtime.KeepAlive(held)
	held = nil
	collectGarbage() // its cleanups may run after the pool has looked
	collectGarbage()
	if inUse, live := p.readStats().InUse, p.lockedLive(); inUse != 0 || live != 0 {
		t.Errorf("all was dropped and collected, but %d bytes are in use and %d live", inUse, live)
	}
}

func TestConcurrentGarbage(t *testing.T) {
	eachSystem(t, func(t *testing.T, p *pool) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					p.storage(8 << 20).b.words()[0] = 1
				}
			})
		}
		wg.Wait()
		if s := p.readStats(); s.Mapped > 512<<20 {
			t.Errorf("%d MiB mapped", s.Mapped>>20)
		}
	})
}

// When the pool looks before the cleanups have run, garbage must not count as live.
func TestGarbageIsNotTakenForLive(t *testing.T) {
	p := newPool(defaultSystem)
	defer p.trim()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 3 {
		b := p.mustGet(512 << 20)
		p.collected()
		b.Put()
		if live := p.lockedLive(); live != 0 {
			t.Errorf("%d bytes count as live, but all were put soon after", live)
		}
	}
}

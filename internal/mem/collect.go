package mem

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// The collector sees a tensor's header, not its block, so it may sleep while dropped blocks pile up. Before the pool maps
// more it therefore collects, when the bytes in use have grown since the last collection by as much as was live then
// (what GOGC=100 means), but by minGrowth at least.
const minGrowth = 64 << 20

// stuck is how long none of the cleanups may finish before the wait for them ends: somebody else's may block.
const stuck = 20 * time.Millisecond

// collectionDue holds mu.
func (p *pool) collectionDue() bool {
	return p.stats.InUse > p.live+max(minGrowth, p.live)
}

// collect collects garbage, unless another goroutine just did, and tries again to serve n bytes without new memory.
func (p *pool) collect(n int) (Block, bool) {
	p.gcMu.Lock()
	defer p.gcMu.Unlock()
	p.mu.Lock()
	b, ok := p.takeWarm(n)
	due := p.collectionDue()
	p.mu.Unlock()
	if ok || !due {
		return b, ok
	}
	collectGarbage()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.ForcedGCs++
	p.live, p.low = p.stats.InUse, p.stats.InUse
	return p.takeWarm(n)
}

// watch learns of the collections that the runtime starts: each lets go of the object whose cleanup arms the next one.
func (p *pool) watch() {
	runtime.AddCleanup(new(*byte), (*pool).collected, p)
}

// collected runs somewhere among the collection's other cleanups, so the bytes in use now may be garbage for the most part.
// Taking them for live would let the threshold grow with the garbage; the fewest since the collection before is safe.
func (p *pool) collected() {
	p.mu.Lock()
	p.live, p.low = p.low, p.stats.InUse
	p.mu.Unlock()
	p.watch()
}

// collectGarbage returns when the cleanups of what was garbage have run, or are stuck.
func collectGarbage() {
	runtime.GC() // sweeps too, so every cleanup is in the queue
	queue := []metrics.Sample{{Name: "/gc/cleanups/queued:cleanups"}, {Name: "/gc/cleanups/executed:cleanups"}}
	metrics.Read(queue)
	queued, executed := queue[0].Value.Uint64(), queue[1].Value.Uint64()
	for since := time.Now(); executed < queued && time.Since(since) < stuck; {
		runtime.Gosched()
		metrics.Read(queue)
		if now := queue[1].Value.Uint64(); now != executed {
			executed, since = now, time.Now()
		}
	}
}

package cpu

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
)

// A collection must not wait for a large product: assembly cannot be preempted, so the loops around it let the collector in.
func TestGemmLetsTheCollectorIn(t *testing.T) {
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(1) // with every processor busy the collector waits for its time slices as well
	eachImpl(t, func(t *testing.T) {
		if inUse() == implGo {
			return // Go code is preempted anyway
		}
		n := 2048
		if testing.Short() {
			n = 512
		}
		for _, g := range []gemmCase{shape(n, n, n, false, false), shape(1, 1<<11, 1<<12, false, true), shape(1, 1<<11, 1<<12, false, false)} {
			a, b, c := make([]float32, g.m*g.k), make([]float32, g.k*g.n), make([]float32, g.m*g.n)
			var stop, rounds atomic.Int64
			done := make(chan struct{})
			go func() {
				for stop.Load() == 0 {
					call(g, a, b, c, Epilogue[float32]{})
					rounds.Add(1)
				}
				close(done)
			}()
			best := time.Hour // a busy machine may delay one of them, but not all
			for i := 0; i < 5 || rounds.Load() == 0 && i < 1000; i++ {
				start := time.Now()
				runtime.GC()
				best = min(best, time.Since(start))
			}
			stop.Store(1)
			<-done
			t.Logf("%d x %d x %d: the shortest of several collections took %v", g.m, g.n, g.k, best)
			if best > 100*time.Millisecond {
				t.Errorf("every collection waited for a product, %v and more", best)
			}
		}
	})
}

package parallel

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// withWorkers runs test for several worker counts, more than there are cores included.
func withWorkers(t *testing.T, test func(t *testing.T)) {
	defer SetWorkers(0)
	for _, w := range []int{1, 2, 3, 8} {
		SetWorkers(w)
		t.Run(fmt.Sprintf("workers=%d", w), test)
	}
}

// rendezvous returns a function that returns once n goroutines are inside it: it proves that they run at one time.
func rendezvous(n int) func() {
	var here atomic.Int64
	return func() {
		here.Add(1)
		for here.Load() < int64(n) {
			runtime.Gosched()
		}
	}
}

func TestForCoversEveryChunkOnce(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		for _, c := range []struct{ n, grain int }{
			{-3, 1}, {0, 1}, {1, 1}, {1, 10}, {10, 10}, {11, 10}, {20, 10}, {7, 3}, {1000, 1}, {1001, 7}, {5, 0}, {5, -2},
			{9, math.MaxInt}, {64, 9},
		} {
			var want [][2]int
			for lo := 0; lo < c.n; {
				hi := c.n
				if g := max(c.grain, 1); g < c.n-lo {
					hi = lo + g
				}
				want = append(want, [2]int{lo, hi})
				lo = hi
			}
			var mu sync.Mutex
			var got [][2]int
			For(c.n, c.grain, func(lo, hi int) {
				mu.Lock()
				got = append(got, [2]int{lo, hi})
				mu.Unlock()
			})
			slices.SortFunc(got, func(a, b [2]int) int { return a[0] - b[0] })
			if !slices.Equal(got, want) {
				t.Errorf("For(%d, %d) ran %v, want %v", c.n, c.grain, got, want)
			}
		}
	})
}

func TestForHugeCountDoesNotOverflow(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		var total, calls atomic.Int64
		For(math.MaxInt, math.MaxInt/2, func(lo, hi int) { total.Add(int64(hi - lo)); calls.Add(1) })
		if total.Load() != math.MaxInt || calls.Load() != 3 {
			t.Errorf("covered %d in %d chunks, want %d in 3", total.Load(), calls.Load(), math.MaxInt)
		}
	})
}

func TestForRunsInParallel(t *testing.T) {
	defer SetWorkers(0)
	for _, w := range []int{2, 3, 8, 2} {
		SetWorkers(w)
		meet := rendezvous(w)
		For(w, 1, func(lo, hi int) { meet() })
	}
}

func TestForUsesNoMoreThanWorkers(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		var running, most atomic.Int64
		For(200, 1, func(lo, hi int) {
			now := running.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			runtime.Gosched()
			running.Add(-1)
		})
		if most.Load() > int64(Workers()) {
			t.Errorf("%d chunks at one time, want at most %d", most.Load(), Workers())
		}
	})
}

// With as many callers as workers, each runs alone: no goroutine of the pool comes on top.
func TestConcurrentCallersDoNotOversubscribe(t *testing.T) {
	defer SetWorkers(0)
	const callers = 4
	SetWorkers(callers)
	meet := rendezvous(callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			pool.callers.Add(1) // hold the place that a loop takes, so that all four overlap
			meet()
			if j := enter(100, 1); j != nil {
				t.Error("a caller got helpers although every worker is a caller")
			}
		})
	}
	wg.Wait()
	pool.callers.Add(-callers)
}

func TestWorkersFollowsGOMAXPROCS(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	defer SetWorkers(0)
	for _, n := range []int{1, 3, 5, 2} {
		runtime.GOMAXPROCS(n)
		if Workers() != n {
			t.Fatalf("Workers() = %d with GOMAXPROCS %d", Workers(), n)
		}
		meet := rendezvous(n)
		For(n, 1, func(lo, hi int) { meet() })
	}
	SetWorkers(7)
	if Workers() != 7 {
		t.Errorf("Workers() = %d after SetWorkers(7)", Workers())
	}
	SetWorkers(-1)
	if Workers() != 2 {
		t.Errorf("Workers() = %d after SetWorkers(-1), want GOMAXPROCS = 2", Workers())
	}
}

// More workers than Ps: the caller must let helpers run that hold a chunk.
func TestForOnOneP(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer SetWorkers(0)
	SetWorkers(4)
	meet := rendezvous(4)
	For(4, 1, func(lo, hi int) { meet() })
}

func TestNestedFor(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		for range 50 {
			var leaves atomic.Int64
			For(6, 1, func(lo, hi int) {
				For(30, 4, func(lo, hi int) {
					For(5, 1, func(lo, hi int) { leaves.Add(int64(hi - lo)) })
				})
			})
			if want := int64(6 * 8 * 5); leaves.Load() != want {
				t.Fatalf("%d innermost iterations, want %d", leaves.Load(), want)
			}
		}
	})
}

// An outer loop keeps its helpers although inner loops run: all outer chunks meet inside an inner loop.
func TestNestedForKeepsOuterHelpers(t *testing.T) {
	defer SetWorkers(0)
	SetWorkers(4)
	for range 20 {
		meet := rendezvous(4)
		For(4, 1, func(lo, hi int) {
			For(3, 1, func(lo, hi int) {
				if lo == 0 {
					meet()
				}
			})
		})
	}
}

func TestConcurrentFor(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		var wg sync.WaitGroup
		for c := range 12 {
			wg.Go(func() {
				for i := range 200 {
					n := 1 + (c*37+i)%50
					sum := make([]int, n) // not atomic: the race detector sees a chunk that runs twice
					For(n, 3, func(lo, hi int) {
						for k := lo; k < hi; k++ {
							sum[k] += k
						}
					})
					for k, v := range sum {
						if v != k {
							t.Errorf("caller %d: element %d is %d", c, k, v)
							return
						}
					}
				}
			})
		}
		wg.Wait()
	})
}

// More loops with helpers at one time than there are slots.
func TestMoreLoopsThanSlots(t *testing.T) {
	defer SetWorkers(0)
	SetWorkers(4 * maxJobs)
	var chunks atomic.Int64
	meet := rendezvous(2 * maxJobs)
	var wg sync.WaitGroup
	for range 2 * maxJobs {
		wg.Go(func() {
			For(2, 1, func(lo, hi int) {
				if lo == 0 {
					meet() // all loops have begun and none has ended
				}
				chunks.Add(1)
			})
		})
	}
	wg.Wait()
	if chunks.Load() != 4*maxJobs {
		t.Errorf("%d chunks, want %d", chunks.Load(), 4*maxJobs)
	}
}

func TestSetWorkersWhileLoopsRun(t *testing.T) {
	defer SetWorkers(0)
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for w := 0; !stop.Load(); w = (w + 1) % 9 {
			SetWorkers(w)
			runtime.Gosched()
		}
	})
	for range 2000 {
		var n atomic.Int64
		For(10, 1, func(lo, hi int) { n.Add(1) })
		if n.Load() != 10 {
			t.Errorf("%d chunks, want 10", n.Load())
		}
	}
	stop.Store(true)
	wg.Wait()
}

// A spinning worker lets other goroutines run. On one P, count the turns that the test gets between the end of a loop and
// the moment when the worker parks: a worker that spins without yielding leaves it one or two. Any try may do, because the
// machine may stall for longer than a worker spins.
func TestSpinningWorkerYields(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer SetWorkers(0)
	SetWorkers(2)
	most := 0
	for range 2000 {
		meet := rendezvous(2)
		For(2, 1, func(lo, hi int) { meet() })
		turns := 0
		for pool.awake.Load() > 0 {
			turns++
			runtime.Gosched()
		}
		if most = max(most, turns); most >= 8 {
			return
		}
	}
	t.Errorf("at most %d turns while a worker spins, want 8", most)
}

func TestCallerParksForALongChunk(t *testing.T) {
	defer SetWorkers(0)
	SetWorkers(2)
	release := make(chan struct{})
	meet := rendezvous(2)
	For(2, 1, func(lo, hi int) {
		meet()
		// The chunk that ends last is the helper's: it waits until the caller has parked.
		if onPool() {
			for parkedCallers() == 0 {
				runtime.Gosched()
			}
			close(release)
		}
	})
	select {
	case <-release:
	default:
		t.Error("no chunk ran on a worker")
	}
}

func onPool() bool {
	buf := make([]byte, 1<<14)
	return strings.Contains(string(buf[:runtime.Stack(buf, false)]), "parallel.worker(")
}

func parkedCallers() (n int) {
	for i := range pool.jobs {
		if pool.jobs[i].state.Load()&waiting != 0 {
			n++
		}
	}
	return n
}

// kept is a panic value that loops must not wrap, like *tensor.Error.
type kept struct{ msg string }

func (*kept) KeepPanic() {}

// panicOf returns what f panics with.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestPanicOfTheLowestChunk(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		for range 100 {
			v := panicOf(func() {
				For(40, 1, func(lo, hi int) {
					if lo >= 3 {
						panic(lo)
					}
					runtime.Gosched() // give higher chunks a chance to panic first
				})
			})
			p, ok := v.(*Panic)
			if !ok || p.Value != 3 {
				t.Fatalf("panicked with %v, want *Panic of 3", v)
			}
			if !strings.Contains(string(p.Stack), "TestPanicOfTheLowestChunk") {
				t.Fatalf("the stack does not show the body:\n%s", p.Stack)
			}
			if p.String() != "panic in a parallel loop: 3" || !strings.Contains(p.Error(), string(p.Stack)) {
				t.Fatalf("String %q, Error %q", p.String(), p.Error())
			}
		}
	})
}

func TestPanicStopsTheLoop(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		var after atomic.Int64
		panicOf(func() {
			For(1_000_000, 1, func(lo, hi int) {
				if lo == 0 {
					panic("stop")
				}
				after.Add(1)
				runtime.Gosched()
			})
		})
		if after.Load() == 999_999 {
			t.Error("every chunk ran although the first panicked")
		}
	})
}

func TestPanicValues(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 30} { // one chunk, and several
			value := &kept{"shape"}
			if v := panicOf(func() { For(n, 1, func(lo, hi int) { panic(value) }) }); v != any(value) {
				t.Errorf("n=%d: KeepPanic value arrived as %v", n, v)
			}
			v := panicOf(func() {
				For(n, 1, func(lo, hi int) { For(2, 1, func(lo, hi int) { panic(errTest) }) })
			})
			p, ok := v.(*Panic)
			if !ok || p.Value != any(errTest) || !errors.Is(p, errTest) {
				t.Errorf("n=%d: nested panic arrived as %v, want one *Panic", n, v)
			}
			v = panicOf(func() { For(n, 1, func(lo, hi int) { _ = []int{}[hi] }) })
			var re runtime.Error
			if err, ok := v.(error); !ok || !errors.As(err, &re) {
				t.Errorf("n=%d: an index out of range arrived as %v", n, v)
			}
		}
		meet := rendezvous(Workers())
		For(Workers(), 1, func(lo, hi int) { meet() }) // the pool has lost nobody
	})
}

var errTest = errors.New("test")

func TestGoexit(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		for _, n := range []int{1, 5} {
			for at := range n {
				for range 20 {
					ended := make(chan bool)
					go func() {
						returned := false
						defer func() { ended <- returned }()
						For(n, 1, func(lo, hi int) {
							if lo == at {
								runtime.Goexit()
							}
						})
						returned = true
					}()
					if <-ended {
						t.Errorf("n=%d: For returned although chunk %d called Goexit", n, at)
					}
				}
			}
		}
		meet := rendezvous(Workers())
		For(Workers(), 1, func(lo, hi int) { meet() })
	})
	if c, s := pool.callers.Load(), pool.seats.Load(); c != 0 || s != 0 {
		t.Errorf("%d callers and %d seats are left over", c, s)
	}
}

func addOne(x []int, lo, hi int) {
	for i := lo; i < hi; i++ {
		x[i]++
	}
}

func addOneTo(x *[]int, lo, hi int) { addOne(*x, lo, hi) }

func TestForArg(t *testing.T) {
	withWorkers(t, func(t *testing.T) {
		x := make([]int, 100)
		ForArg(100, 7, x, addOne)
		ForArg(100, 7, &x, addOneTo)
		ForArg(100, 100, x, addOne)
		for i, v := range x {
			if v != 3 {
				t.Fatalf("element %d is %d, want 3", i, v)
			}
		}
		ForArg(3, 1, error(nil), func(err error, lo, hi int) { // a nil interface is a valid argument
			if err != nil {
				t.Error("nil arrived as", err)
			}
		})
	})
}

func TestForArgDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	defer SetWorkers(0)
	x := make([]int, 64)
	for _, w := range []int{1, 2} {
		SetWorkers(w)
		if a := testing.AllocsPerRun(500, func() { ForArg(64, 32, &x, addOneTo) }); a != 0 {
			t.Errorf("workers=%d, pointer: %v allocations a loop", w, a)
		}
		if a := testing.AllocsPerRun(500, func() { ForArg(64, 64, x, addOne) }); a != 0 {
			t.Errorf("workers=%d, one chunk: %v allocations a loop", w, a)
		}
	}
	SetWorkers(1)
	if a := testing.AllocsPerRun(500, func() { ForArg(64, 8, x, addOne) }); a != 0 {
		t.Errorf("on the caller alone: %v allocations a loop", a)
	}
}

func BenchmarkFor(b *testing.B) {
	body := func(lo, hi int) {}
	for _, chunks := range []int{1, 2, 64} {
		b.Run(fmt.Sprintf("empty/chunks=%d", chunks), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				For(chunks, 1, body)
			}
		})
	}
	b.Run("serial/chunks=2", func(b *testing.B) {
		SetWorkers(1)
		defer SetWorkers(0)
		for b.Loop() {
			For(2, 1, body)
		}
	})
}

// BenchmarkForWork is a loop of two chunks of about 10 us each: the gain over workers=1 is what the pool is for.
func BenchmarkForWork(b *testing.B) {
	var sink [2 * 64]float64
	body := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			s := 1.0
			for range 2500 {
				s = s*0.999 + 0.5
			}
			sink[i*64] = s
		}
	}
	for _, w := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", w), func(b *testing.B) {
			SetWorkers(w)
			defer SetWorkers(0)
			for b.Loop() {
				For(2, 1, body)
			}
		})
	}
}

// BenchmarkForWake lets the worker park before each loop; wake-ns is what the loop then costs the caller.
func BenchmarkForWake(b *testing.B) {
	SetWorkers(2)
	defer SetWorkers(0)
	body := func(lo, hi int) {}
	var total time.Duration
	for b.Loop() {
		for pool.awake.Load() > 0 {
			runtime.Gosched()
		}
		start := time.Now()
		For(2, 1, body)
		total += time.Since(start)
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), "wake-ns")
}

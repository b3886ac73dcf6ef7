package parallel

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxJobs   = 64 // loops that have helpers at one time; bits of pool.posted
	spinSlice = 16 // PAUSEs between two yields: 0.3 us (Zen 3) to 0.8 us (Skylake and later)
	spinFor   = 50 * time.Microsecond
)

// pad keeps what different cores write off one cache line, and off the neighbour that is prefetched with it.
type pad [128]byte

var pool struct {
	_       pad
	callers atomic.Int64 // goroutines inside a loop of several chunks, those that run it alone included
	seats   atomic.Int64 // helpers that the loops in progress may have, together
	_       pad
	posted  atomic.Uint64 // bit i: jobs[i] is in use; what idle workers watch
	_       pad
	awake   atomic.Int64 // workers that are not parked
	_       pad
	jobs    [maxJobs]job

	mu      sync.Mutex
	parked  []chan struct{} // one for each parked worker
	spawned int
}

// job is one loop. It lives in a slot that is used again, never freed, so that a worker may look at it at any time.
type job struct {
	_     pad
	state atomic.Uint64 // seats left << 32 | waiting | helpers inside
	_     pad
	next  atomic.Int64 // the next chunk
	_     pad

	// Written by the caller before it offers seats, read by helpers that have one.
	n, grain, chunks int
	seats            int64
	slot             int
	arg              any
	body             chunkBody

	mu       sync.Mutex
	failed   *failure
	finished chan struct{} // wakes a caller that set waiting
}

const (
	seat    = 1 << 32
	waiting = 1 << 31 // the caller is parked: the last helper wakes it
)

// failure says how the lowest chunk that did not return ended.
type failure struct {
	chunk int
	value any // what to panic with; nil for runtime.Goexit
}

// enter returns a job if workers are free to help the caller, who is already counted in pool.callers, else nil.
func enter(n, grain int) *job {
	chunks := (n-1)/grain + 1
	seats := min(int64(chunks-1), int64(Workers())-pool.callers.Load()-pool.seats.Load())
	for seats > 0 {
		used := pool.posted.Load()
		i := bits.TrailingZeros64(^used)
		if i == maxJobs {
			break
		}
		if pool.posted.CompareAndSwap(used, used|1<<i) {
			j := &pool.jobs[i]
			j.n, j.grain, j.chunks, j.seats, j.slot = n, grain, chunks, seats, i
			return j
		}
	}
	return nil
}

// run offers the job's seats, works, waits for the helpers, frees the slot and passes on a failure.
func (j *job) run(arg any, body chunkBody) {
	j.arg, j.body = arg, body
	j.next.Store(0)
	pool.seats.Add(j.seats)
	j.state.Store(uint64(j.seats) * seat)
	recruit()

	returned := false
	defer func() { // deferred, so that a Goexit in the caller's own chunk waits for the helpers too
		j.wait()
		failed := j.failed
		j.arg, j.body, j.failed = nil, nil, nil
		pool.seats.Add(-j.seats)
		pool.posted.And(^(1 << j.slot))
		switch {
		case failed == nil:
		case failed.value != nil:
			panic(failed.value)
		case returned: // the Goexit was in a helper's chunk
			runtime.Goexit()
		}
	}()
	j.work()
	returned = true
}

// work runs chunks until none is left or one fails.
func (j *job) work() {
	chunk := j.chunks
	defer func() {
		if chunk < j.chunks { // the body did not return
			j.fail(chunk, recover())
		}
		j.close()
	}()
	for {
		chunk = int(j.next.Add(1)) - 1
		if chunk >= j.chunks {
			return
		}
		lo := chunk * j.grain
		j.body.call(j.arg, lo, lo+min(j.grain, j.n-lo))
	}
}

// fail stops the loop and records how chunk ended, if it is the lowest one to fail: recovered is its panic, or nil for
// runtime.Goexit.
func (j *job) fail(chunk int, recovered any) {
	if recovered != nil {
		recovered = wrap(recovered)
	}
	j.next.Store(int64(j.chunks))
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed == nil || chunk < j.failed.chunk {
		j.failed = &failure{chunk, recovered}
	}
}

// close takes back the seats that are left.
func (j *job) close() { j.state.And(seat - 1) }

// join takes a seat. From then on the caller waits, so the job's fields hold still.
func (j *job) join() bool {
	for {
		s := j.state.Load()
		if s < seat {
			return false
		}
		if j.state.CompareAndSwap(s, s-seat+1) {
			return true
		}
	}
}

// help works on a joined job, then lets the caller go.
func (j *job) help() {
	defer func() {
		if j.state.Add(^uint64(0)) == waiting {
			j.finished <- struct{}{}
		}
	}()
	j.work()
}

// wait returns when no helper is inside any more. Call it after close.
func (j *job) wait() {
	if spin(func() bool { return j.state.Load() == 0 }) {
		return
	}
	if j.finished == nil {
		j.finished = make(chan struct{}, 1)
	}
	if j.state.Or(waiting) != 0 {
		<-j.finished
	}
	j.state.Store(0)
}

// spin reports whether ready became true while it was worth waiting for.
func spin(ready func() bool) bool {
	start := time.Now()
	for {
		for range spinSlice {
			if ready() {
				return true
			}
			pause()
		}
		if time.Since(start) > spinFor {
			return false
		}
		runtime.Gosched()
	}
}

// find joins a job with seats left; nil if there is none.
func find() *job {
	for posted := pool.posted.Load(); posted != 0; posted &= posted - 1 {
		if j := &pool.jobs[bits.TrailingZeros64(posted)]; j.join() {
			return j
		}
	}
	return nil
}

// worker helps wherever it is needed, for ever. It is woken through wake.
func worker(wake chan struct{}) {
	defer func() { go worker(wake) }() // a Goexit in a body ended this goroutine
	recruit()
	for {
		var j *job
		if spin(func() bool { j = find(); return j != nil }) {
			j.help()
		} else if park(wake) {
			recruit()
		}
	}
}

// recruit wakes or starts one worker if fewer are awake than there are seats. That worker recruits the next.
func recruit() {
	if pool.awake.Load() >= pool.seats.Load() {
		return
	}
	pool.mu.Lock()
	defer pool.mu.Unlock()
	if last := len(pool.parked) - 1; last >= 0 {
		wake := pool.parked[last]
		pool.parked = pool.parked[:last]
		pool.awake.Add(1)
		wake <- struct{}{}
	} else if pool.spawned < Workers()-1 {
		pool.spawned++
		pool.awake.Add(1)
		go worker(make(chan struct{}, 1))
	}
}

// park sleeps until recruit wakes this worker, and reports whether it slept. A loop first offers seats and then reads
// awake, a worker first lowers awake and then looks for seats: so one of the two sees the other.
func park(wake chan struct{}) bool {
	pool.mu.Lock()
	pool.awake.Add(-1)
	if seatsLeft() {
		pool.awake.Add(1)
		pool.mu.Unlock()
		return false
	}
	pool.parked = append(pool.parked, wake)
	pool.mu.Unlock()
	<-wake
	return true
}

// seatsLeft reports whether find could succeed.
func seatsLeft() bool {
	for posted := pool.posted.Load(); posted != 0; posted &= posted - 1 {
		if pool.jobs[bits.TrailingZeros64(posted)].state.Load() >= seat {
			return true
		}
	}
	return false
}

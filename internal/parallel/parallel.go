// Package parallel runs loops on a fixed pool of workers.
//
// A loop over [0, n) is cut into the chunks [i*grain, min(n, (i+1)*grain)). The cut depends on n and grain alone,
// so a body whose result is a function of its chunk gives the same bits whatever the number of workers is.
// An atomic counter hands the chunks out in order; the calling goroutine works too, and idle workers join it.
//
// # Sharing
//
// All loops share one pool. Each takes only the workers that nobody uses at the moment it starts: with as many
// concurrent callers as workers every caller runs its own loop alone. A loop inside a body is no special case:
// it gets whatever workers the outer loop left, usually none. A caller waits only for helpers that already run one of
// its chunks, so loops cannot deadlock.
//
// # Idle workers
//
// A worker without work spins for 50 us, in slices of at most 2 us between which it lets other goroutines run, and then
// parks. Waking a parked worker costs the caller microseconds, so a caller wakes one and that one wakes the next.
//
// # Panics
//
// A panic in a body stops the loop: chunks that already run finish, no new one starts, and the caller panics with
// the value of the lowest chunk that panicked. This is the same one for every worker count, because chunks are handed
// out in order. Values with a KeepPanic method arrive unchanged, anything else as *Panic. runtime.Goexit in a body
// stops the loop likewise and then ends the caller's goroutine.
package parallel

import (
	"runtime"
	"sync/atomic"
)

// fixedWorkers is what SetWorkers asked for; 0 follows GOMAXPROCS.
var fixedWorkers atomic.Int64

// Workers returns the number of goroutines (the caller included) that share a loop: what SetWorkers asked for, or
// GOMAXPROCS as it is now.
func Workers() int {
	if n := fixedWorkers.Load(); n > 0 {
		return int(n)
	}
	return runtime.GOMAXPROCS(0)
}

// SetWorkers fixes the number of goroutines (the caller included) that share a loop. n < 1 follows GOMAXPROCS, as at
// the start. It may be called at any time, holds for loops that start later, and never changes a result.
func SetWorkers(n int) { fixedWorkers.Store(int64(max(n, 0))) }

// For calls body(lo, hi) once for each chunk [i*grain, min(n, (i+1)*grain)) of [0, n), on up to Workers() goroutines,
// and returns when all have returned. n <= grain is one call on the caller's goroutine; n <= 0 calls nothing; a
// grain below 1 counts as 1. A good grain is worth at least 4 us of work.
func For(n, grain int, body func(lo, hi int)) {
	ForArg(n, grain, body, callBody)
}

func callBody(body func(lo, hi int), lo, hi int) { body(lo, hi) }

// ForArg is For with an argument that is handed to every call of body. With a top-level body it allocates nothing when
// T is a pointer, a map, a channel or a function, or when the loop runs on the caller alone.
func ForArg[T any](n, grain int, arg T, body func(arg T, lo, hi int)) {
	switch grain = max(grain, 1); {
	case n <= 0:
	case n <= grain:
		defer repanic()
		body(arg, 0, n)
	default:
		forChunks(n, grain, arg, body)
	}
}

func forChunks[T any](n, grain int, arg T, body func(arg T, lo, hi int)) {
	defer repanic()
	pool.callers.Add(1)
	defer pool.callers.Add(-1)
	if j := enter(n, grain); j != nil {
		j.run(arg, argBody[T](body))
		return
	}
	for lo := 0; lo < n; lo += grain {
		hi := lo + min(grain, n-lo)
		body(arg, lo, hi)
		if hi == n { // lo += grain may overflow
			return
		}
	}
}

// chunkBody is a body with the type of its argument hidden. A function type in an interface needs no allocation.
type chunkBody interface{ call(arg any, lo, hi int) }

type argBody[T any] func(arg T, lo, hi int)

func (f argBody[T]) call(arg any, lo, hi int) {
	a, _ := arg.(T) // fails only for a nil interface, whose zero value is right
	f(a, lo, hi)
}

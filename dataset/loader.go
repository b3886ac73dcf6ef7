package dataset

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LoaderConfig are the options of a Loader.
type LoaderConfig struct {
	BatchSize int    // 0: 1; a last batch may be smaller
	Shuffle   bool   // a new order every epoch, by the seed
	Seed      uint64 // of the order and of the samples' generators
	DropLast  bool   // leave out a last batch that is not full
	Workers   int    // goroutines that make batches ahead; 0: none, batches are made when they are asked for
	Prefetch  int    // most batches made or being made ahead of use, with workers; 0: twice the workers
}

// Loader makes batches of a data set. Epoch e is always the same sequence of batches, bit for bit, whatever the numbers of
// workers and of batches ahead: the order and the samples' generators depend on the seed, the epoch and the sample's
// number alone. A Loader has no state: its methods may be called by several goroutines at once.
type Loader[S, B any] struct {
	data  Dataset[S]
	batch func(ctx context.Context, epoch, k int, indices []int) (B, error) // batch k of an epoch
	cfg   LoaderConfig
	maps  uint64 // MapBatches that made it, so that each draws its own numbers
}

// NewLoader returns a loader that makes each batch from its samples by collate. It panics with ErrValue on a negative
// number in cfg.
func NewLoader[S, B any](d Dataset[S], collate func([]S) (B, error), cfg LoaderConfig) *Loader[S, B] {
	l := newLoader[S, B](d, cfg)
	l.batch = func(ctx context.Context, epoch, _ int, indices []int) (b B, err error) {
		samples := make([]S, len(indices))
		for j, i := range indices {
			if err := ctx.Err(); err != nil {
				return b, err
			}
			g := random.FromKey(random.KeyAt(cfg.Seed, sampleStream, uint64(epoch), uint64(i)))
			if samples[j], err = d.At(ctx, i, g); err != nil {
				return b, fmt.Errorf("sample %d: %w", i, err)
			}
		}
		return collate(samples)
	}
	return l
}

// Gatherer is a Dataset[Sample] that draws nothing at random and can make a whole batch faster than sample by sample, as
// Images does. Gather returns what Collate would make of At(ctx, i, g) for each of the indices, bit for bit; like At it
// may be called from several goroutines at once.
type Gatherer interface {
	Gather(ctx context.Context, indices []int) (Batch, error)
}

// NewBatchLoader is NewLoader with Collate, the usual loader of labelled samples, except that a Gatherer, or a Subset of
// one, makes its batches itself: the same ones, several times faster.
func NewBatchLoader(d Dataset[Sample], cfg LoaderConfig) *Loader[Sample, Batch] {
	gather := gatherer(d)
	if gather == nil {
		return NewLoader(d, Collate, cfg)
	}
	l := newLoader[Sample, Batch](d, cfg)
	l.batch = func(ctx context.Context, _, _ int, indices []int) (Batch, error) { return gather(ctx, indices) }
	return l
}

// gatherer returns the Gather of d, or nil if it has none.
func gatherer(d Dataset[Sample]) func(context.Context, []int) (Batch, error) {
	switch d := d.(type) {
	case Gatherer:
		return d.Gather
	case Subset[Sample]:
		gather := gatherer(d.Of)
		if gather == nil {
			return nil
		}
		return func(ctx context.Context, indices []int) (Batch, error) {
			of := make([]int, len(indices))
			for j, i := range indices {
				of[j] = d.Indices[i]
			}
			return gather(ctx, of)
		}
	}
	return nil
}

func newLoader[S, B any](d Dataset[S], cfg LoaderConfig) *Loader[S, B] {
	if cfg.BatchSize < 0 || cfg.Workers < 0 || cfg.Prefetch < 0 {
		tensor.Fail("loader", tensor.ErrValue, nil, "batch size %d, workers %d and prefetch %d must not be negative", cfg.BatchSize, cfg.Workers, cfg.Prefetch)
	}
	cfg.BatchSize = max(cfg.BatchSize, 1)
	if cfg.Prefetch == 0 {
		cfg.Prefetch = 2 * cfg.Workers
	}
	return &Loader[S, B]{data: d, cfg: cfg}
}

// MapBatches returns a loader whose batches are f of those of l, made by the workers that make these. g depends on the seed, the epoch, the
// batch's number and how many maps came before alone; like Dataset.At, f may be called from several goroutines at once.
func (l *Loader[S, B]) MapBatches(f func(b B, g *random.Generator) (B, error)) *Loader[S, B] {
	mapped := *l
	mapped.maps++
	mapped.batch = func(ctx context.Context, epoch, k int, indices []int) (B, error) {
		b, err := l.batch(ctx, epoch, k, indices)
		if err != nil {
			return b, err
		}
		return f(b, random.FromKey(random.KeyAt(l.cfg.Seed, batchStream, uint64(epoch), uint64(k), l.maps)))
	}
	return &mapped
}

// Len returns the number of samples of the data set.
func (l *Loader[S, B]) Len() int { return l.data.Len() }

// Batches returns the number of batches in an epoch.
func (l *Loader[S, B]) Batches() int { return l.batches(l.data.Len()) }

func (l *Loader[S, B]) batches(samples int) int {
	n := samples / l.cfg.BatchSize
	if samples%l.cfg.BatchSize > 0 && !l.cfg.DropLast {
		n++
	}
	return n
}

// Epoch yields the batches of an epoch, numbered from 0, from number from on, in order. It stops at the first error,
// which it yields with the zero batch: "batch 3: sample 17: ..." for one of At, "batch 3: ..." for one of collate, and
// the context's as it is when that is done. The workers have ended when the loop over the batches ends, however it ends.
// A panic in the data set or in collate becomes a panic of that loop: a *tensor.Error as it is, any other value as a
// *parallel.Panic with its stack; runtime.Goexit ends the loop's goroutine. Epoch panics with ErrValue if from is negative.
func (l *Loader[S, B]) Epoch(ctx context.Context, epoch, from int) iter.Seq2[B, error] {
	if from < 0 {
		tensor.Fail("loader", tensor.ErrValue, nil, "an epoch cannot begin at batch %d: the first is 0", from)
	}
	return func(yield func(B, error) bool) {
		order := l.order(epoch)
		n := l.batches(len(order))
		next := func(k int) result[B] { return l.make(ctx, epoch, k, order) }
		if l.cfg.Workers > 0 {
			ahead, stop := l.ahead(ctx, epoch, from, n, order)
			defer stop()
			next = ahead
		}
		for k := from; k < n; k++ {
			r := next(k)
			if r.raise != nil {
				r.raise()
			}
			if !yield(r.batch, r.err) || r.err != nil {
				return
			}
		}
	}
}

// order returns the indices of the samples in the order of an epoch.
func (l *Loader[S, B]) order(epoch int) []int {
	if l.cfg.Shuffle {
		return permutation(l.data.Len(), random.KeyAt(l.cfg.Seed, shuffleStream, uint64(epoch)))
	}
	order := make([]int, l.data.Len())
	for i := range order {
		order[i] = i
	}
	return order
}

// result is a batch, or how making it failed.
type result[B any] struct {
	batch B
	err   error
	raise func() // ends the consumer as the maker was ended: by a panic or runtime.Goexit
}

// ahead starts the workers. next waits for batch k, to be called for from, from+1, ..., n-1 in turn; stop ends the workers.
// Batch k travels through channel k mod window, and batch k + window is begun only when k has left it: that bounds memory,
// and no send ever waits.
func (l *Loader[S, B]) ahead(ctx context.Context, epoch, from, n int, order []int) (next func(k int) result[B], stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	window := max(0, min(l.cfg.Prefetch, n-from))
	tasks, results := make(chan int, window), make([]chan result[B], window)
	for i := range results {
		results[i] = make(chan result[B], 1)
	}
	for k := from; k < from+window; k++ {
		tasks <- k
	}
	var workers sync.WaitGroup
	for range min(l.cfg.Workers, window) {
		workers.Go(func() {
			for k := range tasks {
				func() {
					r := result[B]{raise: runtime.Goexit} // unless make returns, as when a test's At calls t.Fatal
					defer func() { results[k%window] <- r }()
					r = l.make(ctx, epoch, k, order)
				}()
			}
		})
	}
	next = func(k int) result[B] {
		if err := ctx.Err(); err != nil { // select might choose a batch
			return result[B]{err: err}
		}
		select {
		case r := <-results[k%window]:
			if k+window < n {
				tasks <- k + window
			}
			return r
		case <-ctx.Done():
			return result[B]{err: ctx.Err()}
		}
	}
	stop = func() {
		cancel()
		close(tasks)
		workers.Wait()
	}
	return next, stop
}

// make makes batch k.
func (l *Loader[S, B]) make(ctx context.Context, epoch, k int, order []int) (r result[B]) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(interface{ KeepPanic() }); !ok { // an *Error or a *Panic
				p = &parallel.Panic{Value: p, Stack: debug.Stack()}
			}
			r = result[B]{raise: func() { panic(p) }}
		}
	}()
	if err := ctx.Err(); err != nil {
		return result[B]{err: err}
	}
	lo := k * l.cfg.BatchSize
	hi := min(lo+l.cfg.BatchSize, len(order))
	b, err := l.batch(ctx, epoch, k, order[lo:hi:hi])
	switch {
	case err == nil:
		return result[B]{batch: b}
	case ctx.Err() != nil:
		return result[B]{err: ctx.Err()}
	}
	return result[B]{err: fmt.Errorf("batch %d: %w", k, err)}
}

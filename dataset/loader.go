package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// LoaderConfig are the options of a Loader.
type LoaderConfig struct {
	BatchSize int    // 0: 1
	Shuffle   bool   // a new order every epoch, by the seed
	Seed      uint64 // of the order and of the samples' generators
	DropLast  bool   // leave out a last batch that is not full
	Workers   int    // goroutines that make batches ahead; 0: 1, negative: none, batches are made when asked for
	Prefetch  int    // batches ready ahead of use; 0: twice the workers
}

// Loader makes batches of a data set. Epoch e is always the same sequence of batches, whatever the number of workers.
type Loader[S, B any] struct {
	data    Dataset[S]
	collate func([]S) (B, error)
	cfg     LoaderConfig
}

// NewLoader returns a loader that makes each batch from its samples by collate. It panics with ErrValue on a negative
// batch size.
func NewLoader[S, B any](d Dataset[S], collate func([]S) (B, error), cfg LoaderConfig) *Loader[S, B] {
	if cfg.BatchSize < 0 || cfg.Prefetch < 0 {
		tensor.Fail("loader", tensor.ErrValue, nil, "batch size %d and prefetch %d must not be negative", cfg.BatchSize, cfg.Prefetch)
	}
	cfg.BatchSize = max(cfg.BatchSize, 1)
	if cfg.Workers == 0 {
		cfg.Workers = 1
	}
	if cfg.Prefetch == 0 {
		cfg.Prefetch = 2 * max(cfg.Workers, 1)
	}
	return &Loader[S, B]{d, collate, cfg}
}

// Batches returns the number of batches in an epoch.
func (l *Loader[S, B]) Batches() int {
	if l.cfg.DropLast {
		return l.data.Len() / l.cfg.BatchSize
	}
	return (l.data.Len() + l.cfg.BatchSize - 1) / l.cfg.BatchSize
}

// Len returns the number of samples.
func (l *Loader[S, B]) Len() int { return l.data.Len() }

// Epoch yields the batches of an epoch from number from on, in order. It stops at the first error, which it yields with
// the zero batch: a sample's, or the context's when that is done. All workers have ended when the loop over it ends,
// however it ends.
func (l *Loader[S, B]) Epoch(ctx context.Context, epoch, from int) iter.Seq2[B, error] {
	if l.cfg.Workers < 0 {
		return l.serial(ctx, epoch, from)
	}
	return func(yield func(B, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		order := l.order(epoch)
		type task struct {
			k   int
			out chan result[B]
		}
		tasks := make(chan task)
		queue := make(chan chan result[B], l.cfg.Prefetch) // results in order, made or being made
		wg.Go(func() {
			defer close(queue)
			defer close(tasks)
			for k := from; k < l.Batches(); k++ {
				out := make(chan result[B], 1)
				select {
				case queue <- out:
				case <-ctx.Done():
					return
				}
				select {
				case tasks <- task{k, out}:
				case <-ctx.Done():
					return
				}
			}
		})
		for range l.cfg.Workers {
			wg.Go(func() {
				for t := range tasks {
					t.out <- l.make(ctx, epoch, order, t.k)
				}
			})
		}
		var zero B
		for out := range queue {
			select {
			case r := <-out:
				if r.panicked != nil {
					cancel()
					wg.Wait()
					panic(r.panicked)
				}
				if !yield(r.batch, r.err) || r.err != nil {
					return
				}
			case <-ctx.Done():
				yield(zero, ctx.Err())
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(zero, err)
		}
	}
}

func (l *Loader[S, B]) serial(ctx context.Context, epoch, from int) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		order := l.order(epoch)
		for k := from; k < l.Batches(); k++ {
			r := l.make(ctx, epoch, order, k)
			if r.panicked != nil {
				panic(r.panicked)
			}
			if !yield(r.batch, r.err) || r.err != nil {
				return
			}
		}
	}
}

type result[B any] struct {
	batch    B
	err      error
	panicked any
}

// make builds batch k. A panic of the data set is handed to the consumer: an *Error as it is, others with their stack.
func (l *Loader[S, B]) make(ctx context.Context, epoch int, order []int64, k int) (r result[B]) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *tensor.Error:
			r.panicked = p
		default:
			r.panicked = fmt.Sprintf("loader: %v\n%s", p, debug.Stack())
		}
	}()
	lo, hi := k*l.cfg.BatchSize, min((k+1)*l.cfg.BatchSize, l.data.Len())
	samples := make([]S, hi-lo)
	for j := range samples {
		if err := ctx.Err(); err != nil {
			return result[B]{err: err}
		}
		i := lo + j
		if order != nil {
			i = int(order[i])
		}
		g := random.FromKey(random.KeyAt(l.cfg.Seed, sampleStream, uint64(epoch), uint64(i)))
		var err error
		if samples[j], err = l.data.At(ctx, i, g); err != nil {
			if !errors.Is(err, context.Canceled) {
				err = fmt.Errorf("sample %d: %w", i, err)
			}
			return result[B]{err: err}
		}
	}
	r.batch, r.err = l.collate(samples)
	return r
}

func (l *Loader[S, B]) order(epoch int) []int64 {
	if !l.cfg.Shuffle {
		return nil
	}
	return random.Permutation(l.data.Len(), random.KeyAt(l.cfg.Seed, shuffleStream, uint64(epoch)))
}

package dataset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// numbers is the data set 0, 1, ..., n-1; at, if not nil, is called for each sample.
type numbers struct {
	n  int
	at func(ctx context.Context, i int, g *random.Generator) error
}

func (d numbers) Len() int { return d.n }

func (d numbers) At(ctx context.Context, i int, g *random.Generator) (int, error) {
	if d.at != nil {
		if err := d.at(ctx, i, g); err != nil {
			return 0, err
		}
	}
	return i, nil
}

func list(samples []int) ([]int, error) { return samples, nil }

// epoch returns the batches of an epoch from number from on.
func epoch[S, B any](t *testing.T, l *dataset.Loader[S, B], epoch, from int) (batches []B) {
	t.Helper()
	for b, err := range l.Epoch(context.Background(), epoch, from) {
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
	}
	return batches
}

// configs are the ways to load that must make no difference.
func configs(cfg dataset.LoaderConfig) (all []dataset.LoaderConfig) {
	for _, cfg.Workers = range []int{0, 1, 2, 4, 8} {
		for _, cfg.Prefetch = range []int{0, 1, 2, 5, 100} {
			all = append(all, cfg)
		}
	}
	return all
}

func pictures(t testing.TB) *dataset.Images {
	t.Helper()
	d, err := dataset.NewImages(digits.Train().Head(100), []float64{0.3}, []float64{0.4})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sameBatch(a, b dataset.Batch) bool {
	return a.X.Shape() == b.X.Shape() && bytes.Equal(a.X.Bytes(), b.X.Bytes()) && bytes.Equal(a.Y.Bytes(), b.Y.Bytes())
}

func TestLoaderIsTheSameHoweverItIsSplit(t *testing.T) {
	data := dataset.Augment(pictures(t), dataset.RandomCrop(8, 8, 2), dataset.RandomHorizontalFlip(0.5), dataset.GaussianNoise(0.1),
		dataset.RandomErasing(0.5), dataset.RandomAffine(dataset.AffineConfig{Degrees: 30, Translate: 0.1}))
	cfg := dataset.LoaderConfig{BatchSize: 7, Shuffle: true, Seed: 3}
	want := epoch(t, dataset.NewBatchLoader(data, cfg), 5, 0)
	for _, cfg := range configs(cfg) {
		l := dataset.NewBatchLoader(data, cfg)
		for _, from := range []int{0, 1, len(want) - 1, len(want), len(want) + 1} { // resumed: the tail of the epoch
			got := epoch(t, l, 5, from)
			if tail := want[min(from, len(want)):]; !slices.EqualFunc(got, tail, sameBatch) {
				t.Fatalf("workers %d, prefetch %d, from %d: other batches", cfg.Workers, cfg.Prefetch, from)
			}
		}
	}
	if slices.EqualFunc(epoch(t, dataset.NewBatchLoader(data, cfg), 6, 0), want, sameBatch) {
		t.Error("another epoch has the same batches")
	}
}

func TestLoaderShufflesBySeedAndEpoch(t *testing.T) {
	seen := map[string]string{}
	for _, seed := range []uint64{0, 1, math.MaxUint64} {
		for e := range 4 {
			for _, cfg := range configs(dataset.LoaderConfig{BatchSize: 10, Shuffle: true, Seed: seed}) {
				order := slices.Concat(epoch(t, dataset.NewLoader(numbers{n: 103}, list, cfg), e, 0)...)
				key, name := fmt.Sprint(order), fmt.Sprintf("seed %d, epoch %d", seed, e)
				if was, ok := seen[key]; ok && was != name {
					t.Fatalf("%s and %s have one order", name, was)
				}
				seen[key] = name
				slices.Sort(order)
				for i, v := range order {
					if i != v || len(order) != 103 {
						t.Fatalf("%s: not every sample once: %v", name, order)
					}
				}
			}
		}
	}
	if len(seen) != 3*4 {
		t.Errorf("%d orders of 3 seeds and 4 epochs", len(seen))
	}
	for _, cfg := range configs(dataset.LoaderConfig{BatchSize: 10}) {
		if order := slices.Concat(epoch(t, dataset.NewLoader(numbers{n: 103}, list, cfg), 1, 0)...); !slices.IsSorted(order) {
			t.Errorf("shuffled without Shuffle: %v", order)
		}
	}
}

// A sample's generator depends on the seed, the epoch and the sample alone.
func TestLoaderGenerators(t *testing.T) {
	draws := func(e int, cfg dataset.LoaderConfig) []uint64 {
		v := make([]uint64, 50)
		epoch(t, dataset.NewLoader(numbers{50, func(_ context.Context, i int, g *random.Generator) error {
			v[i] = g.Uint64()
			return nil
		}}, list, cfg), e, 0)
		return v
	}
	want := draws(2, dataset.LoaderConfig{Seed: 9})
	for _, cfg := range []dataset.LoaderConfig{{Seed: 9, Shuffle: true}, {Seed: 9, BatchSize: 7}, {Seed: 9, BatchSize: 50, Workers: 3}} {
		if !slices.Equal(draws(2, cfg), want) {
			t.Errorf("%+v: other draws", cfg)
		}
	}
	all := slices.Concat(want, draws(3, dataset.LoaderConfig{Seed: 9}), draws(2, dataset.LoaderConfig{Seed: 8}))
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 150 {
		t.Errorf("%d different first draws of 150 generators", n)
	}
}

func TestLoaderSizes(t *testing.T) {
	for _, c := range []struct {
		n, size int
		drop    bool
		want    []int
	}{
		{10, 3, false, []int{3, 3, 3, 1}}, {10, 3, true, []int{3, 3, 3}}, {9, 3, false, []int{3, 3, 3}}, {9, 3, true, []int{3, 3, 3}},
		{10, 100, false, []int{10}}, {10, 100, true, nil}, {10, math.MaxInt, false, []int{10}}, {10, math.MaxInt, true, nil},
		{3, 0, false, []int{1, 1, 1}}, {0, 4, false, nil}, {0, 4, true, nil}, {1, 1, true, []int{1}},
	} {
		for _, cfg := range configs(dataset.LoaderConfig{BatchSize: c.size, DropLast: c.drop, Shuffle: true}) {
			l := dataset.NewLoader(numbers{n: c.n}, list, cfg)
			var got []int
			for _, b := range epoch(t, l, 0, 0) {
				got = append(got, len(b))
			}
			if !slices.Equal(got, c.want) || l.Batches() != len(c.want) || l.Len() != c.n {
				t.Errorf("%d samples, %+v: sizes %v, %d batches of %d; want %v", c.n, cfg, got, l.Batches(), l.Len(), c.want)
			}
		}
	}
}

// The batches made ahead are bounded: exactly Prefetch once the workers have nothing left to do.
func TestLoaderMemoryIsBounded(t *testing.T) {
	for _, cfg := range configs(dataset.LoaderConfig{BatchSize: 2}) {
		synctest.Test(t, func(t *testing.T) {
			var made atomic.Int64
			l := dataset.NewLoader(numbers{n: 40}, func(s []int) ([]int, error) { made.Add(1); return s, nil }, cfg)
			used := 0
			for range l.Epoch(t.Context(), 0, 0) {
				used++
				synctest.Wait() // until all workers wait
				ahead := cfg.Prefetch
				if ahead == 0 {
					ahead = 2 * cfg.Workers
				}
				if cfg.Workers == 0 {
					ahead = 0
				}
				if want := min(20, used+ahead); int(made.Load()) != want {
					t.Fatalf("%+v: %d batches made when %d are used, want %d", cfg, made.Load(), used, want)
				}
			}
		})
	}
}

func TestLoaderWithoutWorkersHasNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for range dataset.NewLoader(numbers{n: 40}, list, dataset.LoaderConfig{}).Epoch(t.Context(), 0, 0) {
		if n := runtime.NumGoroutine(); n > before {
			t.Fatalf("%d goroutines, %d before", n, before)
		}
	}
}

// workers counts the goroutines of loaders.
func workers() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for s := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(s, "dataset.(*Loader[") && strings.Contains(s, "created by sync.(*WaitGroup).Go") {
			n++
		}
	}
	return n
}

// Each way to end an epoch: what the consumer sees, and that nothing runs afterwards. Sample 17 of 40 is in batch 3, where
// batches have 5; batch 7, which ends badly too, must not come before it.
func TestLoaderEnds(t *testing.T) {
	broken, later := errors.New("broken"), errors.New("later")
	wrong := &tensor.Error{Op: "op", Kind: tensor.ErrValue, Msg: "wrong"}
	fail := func(f func() error) func(context.Context, int, *random.Generator) error {
		return func(_ context.Context, i int, _ *random.Generator) error {
			switch i {
			case 17:
				return f()
			case 36:
				return later
			}
			return nil
		}
	}
	collateFails := func(f func() error) func([]int) ([]int, error) {
		return func(s []int) ([]int, error) {
			if slices.Contains(s, 17) {
				return nil, f()
			}
			return s, nil
		}
	}
	type outcome struct {
		batches  int
		err      error
		text     string
		panicked any
	}
	for name, c := range map[string]struct {
		at      func(context.Context, int, *random.Generator) error
		collate func([]int) ([]int, error)
		body    func(k int, cancel func()) bool // false: break
		check   func(o outcome) bool
	}{
		"all": {check: func(o outcome) bool { return o.batches == 8 && o.err == nil && o.panicked == nil }},
		"break": {
			body:  func(k int, _ func()) bool { return k < 2 },
			check: func(o outcome) bool { return o.batches == 3 && o.err == nil && o.panicked == nil },
		},
		"break at once": {
			body:  func(int, func()) bool { return false },
			check: func(o outcome) bool { return o.batches == 1 && o.err == nil },
		},
		"error": {
			at: fail(func() error { return broken }),
			check: func(o outcome) bool {
				return o.batches == 3 && errors.Is(o.err, broken) && o.text == "batch 3: sample 17: broken"
			},
		},
		"collate's error": {
			collate: collateFails(func() error { return broken }),
			check:   func(o outcome) bool { return o.batches == 3 && errors.Is(o.err, broken) && o.text == "batch 3: broken" },
		},
		"cancelled error without cancel": { // of some inner request
			at:    fail(func() error { return context.Canceled }),
			check: func(o outcome) bool { return o.batches == 3 && o.text == "batch 3: sample 17: context canceled" },
		},
		"cancel": {
			body:  func(k int, cancel func()) bool { cancel(); return true },
			check: func(o outcome) bool { return o.batches == 1 && o.err == context.Canceled },
		},
		"cancel while a sample loads": {
			at: func(ctx context.Context, i int, _ *random.Generator) error {
				if i >= 15 {
					<-ctx.Done()
					return fmt.Errorf("loading: %w", ctx.Err())
				}
				return nil
			},
			body:  func(k int, cancel func()) bool { go cancel(); return true },
			check: func(o outcome) bool { return o.batches <= 3 && o.err == context.Canceled },
		},
		"panic": {
			at: fail(func() error { panic("boom") }),
			check: func(o outcome) bool {
				p, ok := o.panicked.(*parallel.Panic)
				return o.batches == 3 && ok && p.Value == "boom" && bytes.Contains(p.Stack, []byte("loader_test.go"))
			},
		},
		"panic of a wrong program": {
			at:    fail(func() error { panic(wrong) }),
			check: func(o outcome) bool { return o.batches == 3 && o.panicked == any(wrong) },
		},
		"panic of collate": {
			collate: collateFails(func() error { panic(broken) }),
			check: func(o outcome) bool {
				p, ok := o.panicked.(*parallel.Panic)
				return o.batches == 3 && ok && errors.Is(p, broken)
			},
		},
		"panic of the consumer": {
			body:  func(int, func()) bool { panic("mine") },
			check: func(o outcome) bool { return o.batches == 1 && o.panicked == "mine" },
		},
		"nil map": {
			//lint:ignore SA5000 it panics on purpose
			at: fail(func() error { var m map[int]int; m[1] = 1; return nil }),
			check: func(o outcome) bool {
				p, ok := o.panicked.(*parallel.Panic)
				return ok && strings.Contains(fmt.Sprint(p.Value), "nil map")
			},
		},
	} {
		for _, cfg := range configs(dataset.LoaderConfig{BatchSize: 5}) {
			t.Run(fmt.Sprintf("%s/%d/%d", name, cfg.Workers, cfg.Prefetch), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // which also fails when a goroutine is left
					if c.collate == nil {
						c.collate = list
					}
					l := dataset.NewLoader(numbers{40, c.at}, c.collate, cfg)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var o outcome
					func() {
						defer func() { o.panicked = recover() }()
						for b, err := range l.Epoch(ctx, 0, 0) {
							if o.err != nil {
								t.Error("a batch after an error")
							}
							if err != nil {
								o.err, o.text = err, err.Error()
								if b != nil {
									t.Errorf("batch %v with an error", b)
								}
								continue
							}
							if !slices.Equal(b, []int{5 * o.batches, 5*o.batches + 1, 5*o.batches + 2, 5*o.batches + 3, 5*o.batches + 4}) {
								t.Errorf("batch %d is %v", o.batches, b)
							}
							o.batches++
							if c.body != nil && !c.body(o.batches-1, cancel) {
								break
							}
						}
					}()
					left := workers()
					for range 100 { // one that has said that it ends may take a moment
						if left == 0 {
							break
						}
						time.Sleep(time.Millisecond)
						left = workers()
					}
					if left != 0 {
						t.Errorf("%d workers are left", left)
					}
					if !c.check(o) {
						t.Errorf("%+v", o)
					}
				})
			})
		}
	}
}

// What workers counts exists while an epoch runs, or TestLoaderEnds would prove nothing.
func TestLoaderWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range dataset.NewLoader(numbers{n: 100}, list, dataset.LoaderConfig{Workers: 3}).Epoch(t.Context(), 0, 0) {
			synctest.Wait() // until they have begun
			if n := workers(); n != 3 {
				t.Errorf("%d workers, want 3", n)
			}
			break
		}
	})
}

// A dead context yields its error and no batch.
func TestLoaderDeadContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, cfg := range configs(dataset.LoaderConfig{}) {
		n := 0
		for b, err := range dataset.NewLoader(numbers{n: 3}, list, cfg).Epoch(ctx, 0, 0) {
			if n++; b != nil || err != context.Canceled {
				t.Errorf("%+v: %v, %v", cfg, b, err)
			}
		}
		if n != 1 {
			t.Errorf("%+v: %d results", cfg, n)
		}
	}
}

// t.Fatal in At calls runtime.Goexit: the consumer must end likewise, not wait for ever.
func TestLoaderGoexit(t *testing.T) {
	for _, cfg := range configs(dataset.LoaderConfig{BatchSize: 5}) {
		synctest.Test(t, func(t *testing.T) {
			batches, after := 0, false
			done := make(chan struct{})
			go func() {
				defer close(done)
				l := dataset.NewLoader(numbers{40, func(_ context.Context, i int, _ *random.Generator) error {
					if i == 17 {
						runtime.Goexit()
					}
					return nil
				}}, list, cfg)
				for range l.Epoch(context.Background(), 0, 0) {
					batches++
				}
				after = true
			}()
			<-done
			synctest.Wait() // a worker that has said so may not have ended yet
			if batches != 3 || after || workers() != 0 {
				t.Errorf("%+v: %d batches, went on %v, %d workers left", cfg, batches, after, workers())
			}
		})
	}
}

// One iterator may be ranged over again, and epochs may run at the same time.
func TestLoaderHasNoState(t *testing.T) {
	l := dataset.NewLoader(numbers{n: 50}, list, dataset.LoaderConfig{BatchSize: 3, Shuffle: true, Workers: 2})
	want := epoch(t, l, 4, 0)
	again := l.Epoch(t.Context(), 4, 0)
	for range 2 {
		k := 0
		for b, err := range again {
			if err != nil || !slices.Equal(b, want[k]) {
				t.Fatalf("batch %d: %v, %v; want %v", k, b, err, want[k])
			}
			k++
			for inner, err := range l.Epoch(t.Context(), 4, 0) {
				if err != nil || !slices.Equal(inner, want[0]) {
					t.Fatalf("%v, %v; want %v", inner, err, want[0])
				}
				break
			}
		}
		if k != len(want) {
			t.Errorf("%d batches, want %d", k, len(want))
		}
	}
}

func TestLoaderWrongArguments(t *testing.T) {
	for want, f := range map[string]func(){
		"batch size -1":      func() { dataset.NewLoader(numbers{}, list, dataset.LoaderConfig{BatchSize: -1}) },
		"workers -1":         func() { dataset.NewLoader(numbers{}, list, dataset.LoaderConfig{Workers: -1}) },
		"prefetch -1":        func() { dataset.NewBatchLoader(pictures(t), dataset.LoaderConfig{Prefetch: -1}) },
		"begin at batch -1:": func() { dataset.NewLoader(numbers{}, list, dataset.LoaderConfig{}).Epoch(t.Context(), 0, -1) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// counted counts how often its pictures are gathered.
type counted struct {
	*dataset.Images
	gathered *atomic.Int64
}

func (c counted) Gather(ctx context.Context, indices []int) (dataset.Batch, error) {
	c.gathered.Add(int64(len(indices)))
	return c.Images.Gather(ctx, indices)
}

// A Gatherer's own batches are those of Collate, through subsets too.
func TestBatchLoaderGathers(t *testing.T) {
	all := counted{pictures(t), new(atomic.Int64)}
	half := dataset.Subset[dataset.Sample]{Of: all, Indices: []int{99, 3, 4, 4, 50, 0, 71, 20}}
	for name, d := range map[string]dataset.Dataset[dataset.Sample]{
		"images": all, "subset": half, "subset of a subset": dataset.Subset[dataset.Sample]{Of: half, Indices: []int{7, 0, 2}},
	} {
		cfg := dataset.LoaderConfig{BatchSize: 3, Shuffle: true, Seed: 1}
		want := epoch(t, dataset.NewLoader(d, dataset.Collate, cfg), 2, 0)
		for _, cfg := range configs(cfg) {
			all.gathered.Store(0)
			if got := epoch(t, dataset.NewBatchLoader(d, cfg), 2, 0); !slices.EqualFunc(got, want, sameBatch) {
				t.Errorf("%s, %+v: other batches than Collate's", name, cfg)
			}
			if n := all.gathered.Load(); n != int64(d.Len()) {
				t.Errorf("%s: %d of %d samples gathered", name, n, d.Len())
			}
		}
	}
}

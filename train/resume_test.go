package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/internal/parallel"
)

// The same seed gives the same bits for any number of threads, loader workers and GOMAXPROCS.
func TestSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer parallel.SetWorkers(0)
	var want outcome
	for i, c := range []struct{ procs, workers, loaders int }{{1, 0, 1}, {2, 0, 1}, {2, 1, 3}, {2, 2, 4}, {2, 3, 2}, {1, 3, 1}} {
		runtime.GOMAXPROCS(c.procs)
		parallel.SetWorkers(c.workers)
		r := newRig(t, newTestRun(t), rigConfig{adam: true, workers: c.loaders})
		res := finish(t, r)
		if res.BestEpoch != rigBest || res.Epochs != rigLast || !res.Stopped || res.Best != 0.5 || res.Steps != rigLast*rigBatches {
			t.Fatalf("%+v, want best epoch %d and a stop after %d", res, rigBest, rigLast)
		}
		got := outcomeOf(t, r)
		if i == 0 {
			want = got
		}
		same(t, fmt.Sprintf("%+v", c), got, want)
	}
	// The comparison can fail: another seed gives other bits.
	r := newRig(t, newTestRun(t), rigConfig{adam: true})
	r.Batches = func(ctx context.Context, epoch, from int) iter.Seq2[dataset.Batch, error] {
		loader := dataset.NewLoader(pictures(t, 0, 40), dataset.Collate, dataset.LoaderConfig{BatchSize: 12, Seed: 4})
		return loader.Epoch(ctx, epoch, from)
	}
	finish(t, r)
	if got := outcomeOf(t, r); got.model == want.model || got.metrics == want.metrics {
		t.Error("other batches gave the same result")
	}
}

// stopAfter makes the run end as a signal would, in the middle of a step.
func stopAfter(t *testing.T, r *rig, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	work := r.Step
	r.Step = stepThen(work, func() {
		if r.pos.Step+1 == step {
			cancel()
		}
	})
	if _, err := r.Train(ctx); err != ErrInterrupted {
		t.Fatalf("Train = %v, want ErrInterrupted", err)
	}
	if r.pos.Step != step {
		t.Fatalf("stopped at step %d, want %d: the step must be finished and no other begun", r.pos.Step, step)
	}
}

// A run that was stopped at any step and continued leaves the same bits as one that was not.
func TestResumeAtEveryStep(t *testing.T) {
	for _, cfg := range []rigConfig{{adam: true}, {adam: false}} {
		whole := newRig(t, newTestRun(t), cfg)
		finish(t, whole)
		want := outcomeOf(t, whole)
		for step := 1; step <= rigLast*rigBatches; step++ {
			if !cfg.adam && step%3 != 1 { // enough for the other optimizer
				continue
			}
			run := newTestRun(t)
			stopAfter(t, newRig(t, run, cfg), step)
			r := newRig(t, run, cfg)
			finish(t, r)
			same(t, fmt.Sprintf("adam=%v, stopped after step %d", cfg.adam, step), outcomeOf(t, r), want)
		}
		// Stopped after each and every step.
		run := newTestRun(t)
		for step := 1; step <= rigLast*rigBatches; step++ {
			stopAfter(t, newRig(t, run, cfg), step)
		}
		r := newRig(t, run, cfg)
		finish(t, r)
		same(t, "stopped after every step", outcomeOf(t, r), want)
	}
}

// A signal during evaluation or between batches loses nothing either.
func TestResumeFromEvaluation(t *testing.T) {
	whole := newRig(t, newTestRun(t), rigConfig{adam: true})
	finish(t, whole)
	want := outcomeOf(t, whole)

	run := newTestRun(t)
	for epoch := 1; epoch <= rigLast; epoch++ {
		r := newRig(t, run, rigConfig{adam: true})
		ctx, cancel := context.WithCancel(context.Background())
		evaluate := r.Evaluate
		r.Evaluate = func(ctx context.Context) (Metrics, error) {
			if r.pos.Epoch+1 == epoch {
				cancel()
			}
			return evaluate(ctx)
		}
		if _, err := r.Train(ctx); err != ErrInterrupted {
			t.Fatalf("epoch %d: Train = %v, want ErrInterrupted", epoch, err)
		}
		cancel()
	}
	before, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newRig(t, run, rigConfig{adam: true}).Train(before); err != ErrInterrupted {
		t.Errorf("Train = %v, want ErrInterrupted", err)
	}
	r := newRig(t, run, rigConfig{adam: true})
	finish(t, r)
	same(t, "stopped in every evaluation", outcomeOf(t, r), want)
}

// A process that dies at once leaves what the last checkpoint says, whatever it wrote after that.
func TestResumeAfterCrash(t *testing.T) {
	whole := newRig(t, newTestRun(t), rigConfig{adam: true})
	finish(t, whole)
	want := outcomeOf(t, whole)
	for _, c := range []struct {
		name  string
		every time.Duration
	}{{"a checkpoint each step", 1}, {"a checkpoint each epoch", -1}} {
		for step := 1; step <= rigLast*rigBatches; step += 3 { // first, middle and last batches of epochs
			run := newTestRun(t)
			r := newRig(t, run, rigConfig{adam: true})
			r.Config.CheckpointEvery = c.every
			crash := errors.New("crash")
			r.Step = stepThen(r.Step, func() {
				if r.pos.Step+1 == step {
					panic(crash)
				}
			})
			if p := panicOf(func() { r.Train(context.Background()) }); p != crash {
				t.Fatalf("%s: panicked with %v", c.name, p)
			}
			// What a killed process may leave behind: a line and a model of an epoch that the checkpoint does not know,
			// half of a line, a temporary file.
			if f, err := os.OpenFile(run.Path(MetricsFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644); err != nil {
				t.Fatal(err)
			} else {
				f.WriteString("{\"epoch\":9}\n{\"epo")
				f.Close()
			}
			left := run.Path("last/.hadal-0123456789abcdef.tmp")
			if err := os.WriteFile(left, []byte("half"), 0o644); err != nil {
				t.Fatal(err)
			}
			again := newRig(t, run, rigConfig{adam: true})
			finish(t, again)
			same(t, fmt.Sprintf("%s, died in step %d", c.name, step), outcomeOf(t, again), want)
			if _, err := os.Stat(left); err == nil {
				t.Fatal("the temporary file of the dead process is still there")
			}
		}
	}
}

// More epochs than before continue a finished run, fewer are refused, and as many change nothing.
func TestResumeFinished(t *testing.T) {
	config := func(r *rig, epochs int) *rig {
		r.Config = Config{Epochs: epochs, Monitor: "val_score"}
		return r
	}
	long := config(newRig(t, newTestRun(t), rigConfig{}), 5)
	finish(t, long)
	run := newTestRun(t)
	finish(t, config(newRig(t, run, rigConfig{}), 3))
	if err := run.WriteJSON(ResultFile, 1); err != nil {
		t.Fatal(err)
	}

	r := config(newRig(t, run, rigConfig{}), 3)
	r.Step = noStep(t)
	if res := finish(t, r); res.Epochs != 3 || res.BestEpoch != rigBest || !run.Finished() {
		t.Errorf("%+v, finished %v", res, run.Finished())
	}
	r = config(newRig(t, run, rigConfig{}), 5)
	finish(t, r)
	same(t, "3 epochs and then 5", outcomeOf(t, r), outcomeOf(t, long))
	if run.Finished() {
		t.Error("the result of 3 epochs is still there after 5")
	}
	if _, err := config(newRig(t, run, rigConfig{}), 4).Train(context.Background()); err == nil || !strings.Contains(err.Error(), "at epoch 5 already, 4 are asked for") {
		t.Errorf("fewer epochs: %v", err)
	}
}

// Two processes do not train in one folder.
func TestRunIsLocked(t *testing.T) {
	unlock, err := (&Run{Dir: newTestRun(t).Dir}).lock()
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if runtime.GOOS == "windows" {
		t.Skip("there is no lock on this system")
	}
	run := newTestRun(t)
	r := newRig(t, run, rigConfig{})
	var inner error
	r.Step = stepThen(r.Step, func() {
		if inner == nil {
			_, inner = newRig(t, run, rigConfig{}).Train(context.Background())
		}
	})
	finish(t, r)
	if inner == nil || !strings.Contains(inner.Error(), "another process trains in run folder "+run.Dir) {
		t.Errorf("the second run: %v", inner)
	}
}

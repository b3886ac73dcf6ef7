package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// toy is a loop over numbers whose model is one parameter, which each step sets to the number of steps so far.
func toy(run *Run, epochs int) (*Loop[float64], *nn.Linear) {
	m := &nn.Linear{Weight: tensor.NewParam(tensor.Zeros(1, 1))}
	l := &Loop[float64]{
		NumBatches: 2,
		State:      new(State).Module("model", m),
		Run:        run,
		Config:     Config{Epochs: epochs},
		Batches: func(ctx context.Context, epoch, from int) iter.Seq2[float64, error] {
			return func(yield func(float64, error) bool) {
				for i := from; i < 2 && yield(float64(2*epoch+i+1), nil); i++ {
				}
			}
		},
	}
	l.Step = func(_ *tensor.Scope, b float64) (Metrics, error) {
		m.Weight.CopyFrom(tensor.Full(b, 1, 1))
		return Metrics{{"loss", b}}, nil
	}
	return l, m
}

func weight(m *nn.Linear) float64 { return m.Weight.Item() }

// The best epoch by the monitored metric wins, ties go to the earlier one, and its weights come back.
func TestBestEpoch(t *testing.T) {
	for _, c := range []struct {
		name   string
		scores []float64
		config Config
		best   int
		epochs int
		stop   bool
	}{
		{"largest", []float64{1, 3, 3, 2}, Config{Monitor: "score"}, 2, 4, false},
		{"smallest", []float64{5, 2, 4, 2}, Config{Monitor: "score", Minimize: true}, 2, 4, false},
		{"the last without a monitor", []float64{9, 8, 7, 6}, Config{}, 4, 4, false},
		{"patience 1", []float64{1, 2, 2, 9}, Config{Monitor: "score", Patience: 1}, 2, 3, true},
		{"patience 2", []float64{2, 1, 3, 1, 1, 9}, Config{Monitor: "score", Patience: 2}, 3, 5, true},
		{"patience that the last epoch ends", []float64{2, 1, 1}, Config{Monitor: "score", Patience: 2}, 1, 3, true},
		{"a difference that does not count", []float64{1, 1.5, 2.25, 2.5}, Config{Monitor: "score", MinDelta: 1}, 3, 4, false},
		{"likewise downwards", []float64{-1, -1.5, -2.25, -2.5}, Config{Monitor: "score", Minimize: true, MinDelta: 1}, 3, 4, false},
		{"negative scores", []float64{-3, -1, -2}, Config{Monitor: "score"}, 2, 3, false},
	} {
		for _, run := range []*Run{nil, newTestRun(t)} {
			l, m := toy(run, len(c.scores))
			c.config.Epochs = len(c.scores)
			l.Config = c.config
			l.Evaluate = func(context.Context) (Metrics, error) { return Metrics{{"score", c.scores[l.pos.Epoch]}}, nil }
			var stops, epochs int
			l.Observe = func(e Event) {
				switch e.Kind {
				case "stop":
					stops++
				case "epoch":
					epochs++
					if e.Epoch != epochs || e.Step != 2*epochs || e.Epochs != len(c.scores) || e.Batches != 2 {
						t.Errorf("%s: %+v", c.name, e)
					}
				}
			}
			r, err := l.Train(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if r.BestEpoch != c.best || r.Epochs != c.epochs || r.Stopped != c.stop || r.Steps != 2*c.epochs || stops > 0 != c.stop {
				t.Errorf("%s: %+v and %d stops, want best %d after %d epochs, stopped %v", c.name, r, stops, c.best, c.epochs, c.stop)
			}
			if c.config.Monitor != "" && r.Best != c.scores[c.best-1] {
				t.Errorf("%s: best %v, want %v", c.name, r.Best, c.scores[c.best-1])
			}
			if got := weight(m); got != float64(2*c.best) {
				t.Errorf("%s: the weight is of step %v, want that of step %d", c.name, got, 2*c.best)
			}
			if run != nil {
				loaded := &nn.Linear{Weight: tensor.NewParam(tensor.Zeros(1, 1))}
				if err := run.Load(loaded); err != nil || weight(loaded) != float64(2*c.best) {
					t.Errorf("%s: the file has the weight of step %v, %v", c.name, weight(loaded), err)
				}
			}
		}
	}
}

// Metrics of an epoch are means over samples, not over batches.
func TestMetricsAreWeighted(t *testing.T) {
	run := newTestRun(t)
	l, _ := toy(run, 2)
	l.Size = func(b float64) int { return int(b) } // 1 and 2 samples, then 3 and 4
	l.Evaluate = func(context.Context) (Metrics, error) { return Metrics{{"val_loss", math.Inf(1)}}, nil }
	if _, err := l.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	h, err := run.History()
	if err != nil || len(h) != 2 {
		t.Fatal(h, err)
	}
	for i, want := range []float64{(1*1 + 2*2) / 3., (3*3 + 4*4) / 7.} {
		if got := *h[i].Metrics["train_loss"]; got != want {
			t.Errorf("epoch %d: train_loss %v, want %v", i+1, got, want)
		}
		if v, ok := h[i].Metrics["val_loss"]; !ok || v != nil || h[i].Epoch != i+1 || h[i].Step != 2*(i+1) {
			t.Errorf("epoch %d: %+v", i+1, h[i])
		}
	}
}

// An observer sees every step once, in order, with the samples of the batch.
func TestEvents(t *testing.T) {
	l, _ := toy(newTestRun(t), 2)
	l.Size = func(b float64) int { return 10 * int(b) }
	var got []string
	l.Observe = func(e Event) {
		got = append(got, fmt.Sprintf("%s %d/%d %d/%d step %d samples %d %v", e.Kind, e.Epoch, e.Epochs, e.Batch, e.Batches, e.Step, e.Samples, e.Metrics))
	}
	ctx, cancel := context.WithCancel(context.Background())
	work := l.Step
	l.Step = func(s *tensor.Scope, b float64) (Metrics, error) {
		if b == 3 {
			cancel()
		}
		return work(s, b)
	}
	if _, err := l.Train(ctx); err != ErrInterrupted {
		t.Fatal(err)
	}
	if _, err := l.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"step 1/2 1/2 step 1 samples 10 loss 1",
		"step 1/2 2/2 step 2 samples 20 loss 2",
		"epoch 1/2 0/2 step 2 samples 0 train_loss 1.667",
		"step 2/2 1/2 step 3 samples 30 loss 3",
		"resume 2/2 1/2 step 3 samples 0 ",
		"step 2/2 2/2 step 4 samples 40 loss 4",
		"epoch 2/2 0/2 step 4 samples 0 train_loss 3.571",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A loss that is not a number ends training at once; the checkpoint is the one of before.
func TestNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, what := range []string{"loss", "weight", "score", "none yet"} {
			run := newTestRun(t)
			l, m := toy(run, 4)
			at := 5.0 // the first step of epoch 3
			if what == "none yet" {
				at = 1
			}
			work := l.Step
			l.Step = func(s *tensor.Scope, b float64) (Metrics, error) {
				r, err := work(s, b)
				switch {
				case b == at && what == "weight":
					m.Weight.CopyFrom(tensor.Full(bad, 1, 1))
				case b == at && what != "score":
					r[0].Value = bad
				}
				return r, err
			}
			if what == "score" {
				l.Config.Monitor = "score"
				l.Evaluate = func(context.Context) (Metrics, error) {
					return Metrics{{"score", []float64{1, 2, bad}[l.pos.Epoch]}}, nil
				}
			}
			l.Config.CheckpointEvery = 1 // as often as can be: the last good one is the step before
			_, err := l.Train(context.Background())
			var e *NaNError
			if !errors.As(err, &e) || math.IsNaN(e.Value) != math.IsNaN(bad) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%s %v: Train = %v", what, bad, err)
			}
			want := NaNError{Name: what, Value: bad, Epoch: 3, Step: 5, Checkpoint: run.Path(StateFile)}
			position := 4
			switch what {
			case "score":
				want.Step, position = 6, 5
			case "none yet":
				want.Name, want.Epoch, want.Step, want.Checkpoint, position = "loss", 1, 1, "", 0
			}
			if e.Name != want.Name || e.Epoch != want.Epoch || e.Step != want.Step || e.Checkpoint != want.Checkpoint {
				t.Errorf("%s: %+v, want %+v", what, e, want)
			}
			if position == 0 {
				if run.HasCheckpoint() || !strings.Contains(err.Error(), "there is no checkpoint yet") {
					t.Errorf("%s: %v, and a checkpoint: %v", what, err, run.HasCheckpoint())
				}
				continue
			}
			again, m2 := toy(run, 4)
			p, err := again.State.load(run.Path(StateFile))
			if err != nil || p.Step != position || weight(m2) != float64(position) {
				t.Errorf("%s: the checkpoint is of step %d with weight %v, %v; want %d", what, p.Step, weight(m2), err, position)
			}
		}
	}
}

// Weights that are not finite at the moment of a signal or of an epoch's end are not saved over good ones.
func TestNaNWeightsAreNotSaved(t *testing.T) {
	for _, at := range []float64{3, 4} {
		run := newTestRun(t)
		l, m := toy(run, 3)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		work := l.Step
		l.Step = func(s *tensor.Scope, b float64) (Metrics, error) {
			r, err := work(s, b)
			if b == at {
				m.Weight.CopyFrom(tensor.Full(math.NaN(), 1, 1))
				if at == 3 {
					cancel()
				}
			}
			return r, err
		}
		var e *NaNError
		if _, err := l.Train(ctx); !errors.As(err, &e) || e.Name != "weight" || errors.Is(err, ErrInterrupted) {
			t.Errorf("Train = %v", err)
		}
		loaded := &nn.Linear{Weight: tensor.NewParam(tensor.Zeros(1, 1))}
		if err := run.Load(loaded); err != nil || weight(loaded) != 2 {
			t.Errorf("the model has weight %v, %v; want that of epoch 1", weight(loaded), err)
		}
	}
}

// With anomaly detection on, the op that first made a NaN is named.
func TestDetectAnomaly(t *testing.T) {
	tensor.DetectAnomaly(true)
	defer tensor.DetectAnomaly(false)
	l, m := toy(nil, 3)
	l.Step = func(_ *tensor.Scope, b float64) (Metrics, error) {
		y := m.Weight.AddScalar(3 - b).Log() // of zero at step 3
		return Metrics{{"loss", y.MulScalar(0).Item()}}, nil
	}
	_, err := l.Train(context.Background())
	if !errors.Is(err, tensor.ErrNaN) || !strings.HasPrefix(err.Error(), "step 3: log ") {
		t.Errorf("Train = %v", err)
	}
	l, m = toy(nil, 3)
	m.Weight.CopyFrom(tensor.Full(math.Inf(1), 1, 1))
	l.Step = func(_ *tensor.Scope, b float64) (Metrics, error) {
		return Metrics{{"loss", m.Weight.MulScalar(2).Item()}}, nil
	}
	if _, err := l.Train(context.Background()); err == nil || !strings.Contains(err.Error(), "weight is +Inf since the optimizer's last step") {
		t.Errorf("Train = %v", err)
	}
}

// Checkpoints within an epoch come by time, and not at its end, which has its own.
func TestCheckpointEvery(t *testing.T) {
	for _, c := range []struct {
		every time.Duration
		want  bool
	}{{1, true}, {0, false}, {time.Hour, false}, {-1, false}} {
		run := newTestRun(t)
		l, _ := toy(run, 1)
		l.Config.CheckpointEvery = c.every
		seen := false
		work := l.Step
		l.Step = func(s *tensor.Scope, b float64) (Metrics, error) {
			if b == 2 {
				seen = run.HasCheckpoint()
			}
			return work(s, b)
		}
		if _, err := l.Train(context.Background()); err != nil {
			t.Fatal(err)
		}
		if seen != c.want || !run.HasCheckpoint() {
			t.Errorf("every %v: a checkpoint after step 1: %v, at the end: %v", c.every, seen, run.HasCheckpoint())
		}
	}
}

// Errors and panics of the parts come out as one error, or as the bug that they are.
func TestErrors(t *testing.T) {
	boom := errors.New("boom")
	shape := func() { tensor.Ones(2).Add(tensor.Ones(3)) }
	for _, c := range []struct {
		name   string
		change func(*Loop[float64])
		want   string
	}{
		{"step", func(l *Loop[float64]) {
			l.Step = func(*tensor.Scope, float64) (Metrics, error) { return nil, boom }
		}, "step 1: boom"},
		{"step with wrong shapes", func(l *Loop[float64]) {
			l.Step = func(*tensor.Scope, float64) (Metrics, error) { shape(); return nil, nil }
		}, "step 1: add (2,), (3,): "},
		{"evaluation", func(l *Loop[float64]) {
			l.Evaluate = func(context.Context) (Metrics, error) { return nil, boom }
		}, "evaluation after epoch 1: boom"},
		{"evaluation with wrong shapes", func(l *Loop[float64]) {
			l.Evaluate = func(context.Context) (Metrics, error) { shape(); return nil, nil }
		}, "evaluation after epoch 1: add (2,), (3,): "},
		{"batches", func(l *Loop[float64]) {
			l.Batches = func(context.Context, int, int) iter.Seq2[float64, error] {
				return func(yield func(float64, error) bool) { yield(0, boom) }
			}
		}, "boom"},
		{"no batches", func(l *Loop[float64]) {
			l.Batches = func(context.Context, int, int) iter.Seq2[float64, error] {
				return func(func(float64, error) bool) {}
			}
		}, "an epoch has no batches"},
		{"no such metric", func(l *Loop[float64]) { l.Config.Monitor = "val_loss" }, `there is no metric "val_loss" to monitor, only train_loss 1.5`},
		{"other metrics", func(l *Loop[float64]) {
			l.Step = func(_ *tensor.Scope, b float64) (Metrics, error) { return Metrics{{fmt.Sprint("m", b), 1}}, nil }
		}, "step 2: train: the metrics of a batch are m2 1, those of batches before are [m1]"},
		{"no epochs", func(l *Loop[float64]) { l.Config.Epochs = 0 }, "train.Loop: Config.Epochs is 0"},
		{"negative epochs", func(l *Loop[float64]) { l.Config.Epochs = -1 }, "train.Loop: Config.Epochs is -1"},
		{"no step", func(l *Loop[float64]) { l.Step = nil }, "train.Loop: Step, Batches and State are required"},
		{"no state", func(l *Loop[float64]) { l.State = nil }, "train.Loop: Step, Batches and State are required"},
		{"patience for nothing", func(l *Loop[float64]) { l.Config.Patience = 1 }, "train.Loop: Config.Patience is 1, but without a Monitor"},
		{"negative patience", func(l *Loop[float64]) { l.Config.Patience = -1 }, "train.Loop: Config.Patience -1"},
		{"NaN", func(l *Loop[float64]) { l.Config.MinDelta = math.NaN() }, "train.Loop: Config.Patience 0 and MinDelta NaN"},
	} {
		run := newTestRun(t)
		l, _ := toy(run, 2)
		c.change(l)
		_, err := l.Train(context.Background())
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Train = %v, want %s...", c.name, err, c.want)
		}
		if c.name == "step" && !errors.Is(err, boom) {
			t.Errorf("%s: the cause is lost in %v", c.name, err)
		}
		if run.HasCheckpoint() {
			t.Errorf("%s: there is a checkpoint of a failed step", c.name)
		}
	}

	// A bug stays a panic, with its value.
	l, _ := toy(nil, 1)
	l.Step = func(*tensor.Scope, float64) (Metrics, error) { panic("bug") }
	if p := panicOf(func() { l.Train(context.Background()) }); p != "bug" {
		t.Errorf("panicked with %v", p)
	}
	l.Step = func(*tensor.Scope, float64) (Metrics, error) {
		parallel.For(2, 1, func(lo, hi int) { panic("bug") })
		return nil, nil
	}
	var bug *parallel.Panic
	if p, _ := panicOf(func() { l.Train(context.Background()) }).(error); !errors.As(p, &bug) || bug.Value != "bug" {
		t.Errorf("panicked with %v", p)
	}
}

// A deadline is an interruption too; a checkpoint that cannot be written is an error, never "saved".
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	run := newTestRun(t)
	l, _ := toy(run, 2)
	if _, err := l.Train(ctx); err != ErrInterrupted || !run.HasCheckpoint() {
		t.Errorf("Train = %v, and a checkpoint: %v", err, run.HasCheckpoint())
	}

	run = newTestRun(t)
	stopped, cancel := context.WithCancel(context.Background())
	defer cancel()
	l, _ = toy(run, 2)
	work := l.Step
	l.Step = func(s *tensor.Scope, b float64) (Metrics, error) {
		cancel()
		if err := os.Remove(run.Path("last/lock")); err != nil {
			t.Error(err)
		}
		if err := os.Remove(filepath.Join(run.Dir, "last")); err != nil {
			t.Error(err)
		}
		return work(s, b)
	}
	if _, err := l.Train(stopped); err == nil || errors.Is(err, ErrInterrupted) || !strings.HasPrefix(err.Error(), "interrupted, but the state is not saved: "+run.Path(StateFile)) {
		t.Errorf("Train = %v", err)
	}
}

// The share of the time that passes before a batch is there, of the epoch and of the run; evaluation does not count.
func TestWaitShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where time passes only in Sleep
		var epochs []float64
		loop := Loop[int]{
			Batches: func(_ context.Context, epoch, from int) iter.Seq2[int, error] {
				return func(yield func(int, error) bool) {
					for b := from; b < 4; b++ {
						time.Sleep(time.Duration(epoch*30) * time.Millisecond)
						if !yield(b, nil) {
							return
						}
					}
				}
			},
			Step: func(*tensor.Scope, int) (Metrics, error) {
				time.Sleep(10 * time.Millisecond)
				return Metrics{{"loss", 1}}, nil
			},
			Evaluate: func(context.Context) (Metrics, error) {
				time.Sleep(time.Second)
				return nil, nil
			},
			State: new(State),
			Observe: func(e Event) {
				if e.Kind == "epoch" {
					epochs = append(epochs, e.WaitShare)
				}
			},
			Config: Config{Epochs: 2},
		}
		r, err := loop.Train(t.Context())
		if err != nil || !slices.Equal(epochs, []float64{0, 0.75}) || r.WaitShare != 0.6 {
			t.Errorf("shares %v, of the run %v (%v); want 0, 0.75 and 0.6", epochs, r.WaitShare, err)
		}
	})
}

// Package train runs training: a loop with evaluation, early stopping, checkpoints and exact resume, and the folder that
// a run leaves behind.
//
// A Loop takes the step as a function and the State to save, so that a GAN or a reinforcement learner uses the same
// checkpoints, resume and signals as a classifier; Supervised builds the step of the usual case. A hand-written loop
// (see package optim's example) needs none of this.
package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// ErrInterrupted is returned by Loop.Train when its context ended: the step was finished and the state saved.
var ErrInterrupted = errors.New("interrupted")

// NaNError says that a step's metric was NaN or infinite. The state of that step was not saved.
type NaNError struct {
	Metric     string
	Value      float64
	Epoch      int // counted from 1
	Step       int // counted from 1 over all epochs
	Checkpoint string
}

// Error is one line with what happened, where, and what to do.
func (e *NaNError) Error() string {
	last := "there is no checkpoint yet"
	if e.Checkpoint != "" {
		last = "the last good checkpoint is " + e.Checkpoint
	}
	return fmt.Sprintf("%s is %v at step %d (epoch %d); %s; a lower learning rate or gradient clipping may help, and --detect-anomaly names the op that made it", e.Metric, e.Value, e.Step, e.Epoch, last)
}

// Config are the options of a Loop.
type Config struct {
	Epochs   int     // how many times the data is seen
	Monitor  string  // the metric that decides which epoch is best, such as "val_accuracy"; "": the last epoch is
	Minimize bool    // smaller is better
	Patience int     // stop after this many epochs without a better one; 0: never
	MinDelta float64 // how much better counts as better

	CheckpointEvery time.Duration // within epochs; 0: a minute, negative: only after epochs
}

// Loop trains. B is the type of a batch.
type Loop[B any] struct {
	// Step trains on one batch and reports its metrics, the first of which is the loss. What it computes lives in the scope.
	Step func(s *tensor.Scope, b B) (Metrics, error)
	// Batches yields the batches of an epoch from number from on, always the same ones; dataset.Loader.Epoch.
	Batches    func(ctx context.Context, epoch, from int) iter.Seq2[B, error]
	NumBatches int                                        // in an epoch
	Size       func(b B) int                              // samples in a batch; nil: 1
	Evaluate   func(ctx context.Context) (Metrics, error) // after each epoch; nil: no evaluation
	State      *State                                     // what is saved and restored
	Run        *Run                                       // the folder for checkpoints and metrics; nil: none are written
	Observe    func(Event)                                // told of every step and epoch; may be nil
	Config     Config

	pos   position
	best  map[string][]tensor.Named // weights of the best epoch, by module
	saved time.Time
	start time.Time
}

// position is where a run is: everything about the loop itself that a checkpoint holds.
type position struct {
	Epoch     int      `json:"epoch"` // epochs finished
	Batch     int      `json:"batch"` // batches of the next epoch finished
	Step      int      `json:"step"`
	Train     average  `json:"train"`
	Best      *float64 `json:"best,omitempty"`
	BestEpoch int      `json:"best_epoch"`
	Waited    int      `json:"waited"`
	Finished  bool     `json:"finished"`
	Seconds   float64  `json:"seconds"` // of training before this process
	Metrics   int64    `json:"metrics"` // length of metrics.jsonl
}

// Event tells an observer how far training is.
type Event struct {
	Kind           string // "resume", "step", "epoch", "stop" (early), "best"
	Epoch, Epochs  int    // the epoch that is running or has just ended, counted from 1
	Batch, Batches int
	Step           int
	Metrics        Metrics // of the step, or of the epoch with "train_" and those of Evaluate
	Samples        int     // in the step
	Seconds        float64 // since training began, over all resumptions
}

// Result is what a finished run has reached.
type Result struct {
	Epochs, Steps int
	BestEpoch     int
	Best          float64 // of the monitored metric
	Stopped       bool    // early
	Seconds       float64
}

// Train runs until the last epoch or until nothing has become better for Patience epochs, then puts the best epoch's
// weights into the modules. When ctx ends it finishes the step, saves and returns ErrInterrupted. A run folder that
// already holds a checkpoint is continued from there, bit for bit.
func (l *Loop[B]) Train(ctx context.Context) (r Result, err error) {
	defer l.convert(&err)
	l.start = time.Now()
	l.saved = l.start
	if l.Run != nil {
		if err := l.restore(); err != nil {
			return r, err
		}
	}
	stopped := l.pos.Finished && l.pos.Epoch < l.Config.Epochs
	for !l.pos.Finished && l.pos.Epoch < l.Config.Epochs {
		if err := l.epoch(ctx); err != nil {
			return r, err
		}
		if l.Config.Patience > 0 && l.pos.Waited >= l.Config.Patience {
			stopped = true
			l.observe(Event{Kind: "stop"})
			l.pos.Finished = true
		}
		if l.pos.Epoch >= l.Config.Epochs {
			l.pos.Finished = true
		}
		if err := l.checkpoint(); err != nil {
			return r, err
		}
	}
	if err := l.restoreBest(); err != nil {
		return r, err
	}
	r = Result{Epochs: l.pos.Epoch, Steps: l.pos.Step, BestEpoch: l.pos.BestEpoch, Stopped: stopped, Seconds: l.seconds()}
	if l.pos.Best != nil {
		r.Best = *l.pos.Best
	}
	return r, nil
}

// convert turns panics that are the user's or the world's to mend into errors.
func (l *Loop[B]) convert(err *error) {
	switch p := recover().(type) {
	case nil:
	case *tensor.Error:
		*err = fmt.Errorf("step %d: %w", l.pos.Step+1, p)
	case *parallel.Panic:
		panic(p)
	default:
		if e, ok := p.(interface {
			error
			KeepPanic()
		}); ok { // out of memory
			*err = fmt.Errorf("step %d: %w", l.pos.Step+1, e)
			return
		}
		panic(p)
	}
}

func (l *Loop[B]) seconds() float64 { return l.pos.Seconds + time.Since(l.start).Seconds() }

func (l *Loop[B]) observe(e Event) {
	if l.Observe == nil {
		return
	}
	e.Epochs, e.Batches, e.Step, e.Seconds = l.Config.Epochs, l.NumBatches, l.pos.Step, l.seconds()
	if e.Epoch == 0 {
		e.Epoch = l.pos.Epoch + 1
	}
	e.Batch = l.pos.Batch
	l.Observe(e)
}

// epoch trains for the rest of the current epoch, evaluates and records.
func (l *Loop[B]) epoch(ctx context.Context) error {
	every := l.Config.CheckpointEvery
	if every == 0 {
		every = time.Minute
	}
	for b, err := range l.Batches(ctx, l.pos.Epoch, l.pos.Batch) {
		if err != nil {
			if ctx.Err() != nil {
				return l.interrupted()
			}
			return err
		}
		if err := l.step(b); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return l.interrupted()
		}
		if every > 0 && time.Since(l.saved) > every && l.pos.Batch < l.NumBatches {
			if err := l.checkpoint(); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return l.interrupted()
	}
	m := l.pos.Train.metrics().With("train_")
	if l.Evaluate != nil {
		v, err := l.Evaluate(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return l.interrupted()
			}
			return err
		}
		m = append(m, v...)
	}
	l.pos.Epoch++
	l.pos.Batch, l.pos.Train = 0, average{}
	if err := l.judge(m); err != nil {
		return err
	}
	if l.Run != nil {
		if err := l.Run.logEpoch(&l.pos, m, l.seconds()); err != nil {
			return err
		}
	}
	l.observe(Event{Kind: "epoch", Epoch: l.pos.Epoch, Metrics: m})
	return nil
}

func (l *Loop[B]) step(b B) (err error) {
	n := 1
	if l.Size != nil {
		n = l.Size(b)
	}
	var m Metrics
	tensor.WithScope(func(s *tensor.Scope) { m, err = l.Step(s, b) })
	if err != nil {
		return fmt.Errorf("step %d: %w", l.pos.Step+1, err)
	}
	for _, x := range m {
		if math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
			e := &NaNError{Metric: x.Name, Value: x.Value, Epoch: l.pos.Epoch + 1, Step: l.pos.Step + 1}
			if l.Run != nil {
				e.Checkpoint = l.Run.lastCheckpoint()
			}
			return e
		}
	}
	l.pos.Step++
	l.pos.Batch++
	l.pos.Train.add(m, float64(n))
	l.observe(Event{Kind: "step", Metrics: m, Samples: n})
	return nil
}

func (l *Loop[B]) interrupted() error {
	if err := l.checkpoint(); err != nil {
		return errors.Join(ErrInterrupted, err)
	}
	return ErrInterrupted
}

// judge keeps the weights when the epoch that has just ended is the best so far.
func (l *Loop[B]) judge(m Metrics) error {
	better := true
	if l.Config.Monitor != "" {
		v, ok := m.Get(l.Config.Monitor)
		if !ok {
			return fmt.Errorf("monitor: there is no metric %q, only %v", l.Config.Monitor, m)
		}
		if b := l.pos.Best; b != nil {
			better = v > *b+l.Config.MinDelta
			if l.Config.Minimize {
				better = v < *b-l.Config.MinDelta
			}
		}
		if better {
			l.pos.Best = &v
		}
	}
	if !better {
		l.pos.Waited++
		return nil
	}
	l.pos.Waited = 0
	l.pos.BestEpoch = l.pos.Epoch
	l.best = map[string][]tensor.Named{}
	for _, mod := range l.State.modules {
		for _, t := range nn.State(mod.value) {
			l.best[mod.name] = append(l.best[mod.name], tensor.Named{Name: t.Name, Tensor: t.Tensor.Clone()})
		}
	}
	if l.Run == nil {
		return nil
	}
	return l.Run.saveBest(l.best, l.State)
}

// restoreBest puts the best epoch's weights into the modules.
func (l *Loop[B]) restoreBest() error {
	if l.best == nil && l.Run != nil && l.pos.BestEpoch > 0 {
		var err error
		if l.best, err = l.Run.loadBest(l.State); err != nil {
			return err
		}
	}
	for _, mod := range l.State.modules {
		if w, ok := l.best[mod.name]; ok {
			if err := nn.Load(mod.value, w, nn.LoadConfig{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkpoint saves the whole state; without a run folder it does nothing.
func (l *Loop[B]) checkpoint() error {
	if l.Run == nil {
		return nil
	}
	p := l.pos
	p.Seconds = l.seconds()
	if err := l.State.save(l.Run.Path(StateFile), p); err != nil {
		return err
	}
	l.saved = time.Now()
	return nil
}

// restore continues from the folder's checkpoint, if it has one.
func (l *Loop[B]) restore() error {
	path := l.Run.lastCheckpoint()
	if path == "" {
		return nil
	}
	p, err := l.State.load(path)
	if err != nil {
		return err
	}
	l.pos = p
	if p.Finished && p.Epoch < l.Config.Epochs && !(l.Config.Patience > 0 && p.Waited >= l.Config.Patience) {
		l.pos.Finished = false // a finished run that is asked for more epochs goes on
	}
	l.observe(Event{Kind: "resume"})
	return nil
}

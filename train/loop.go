// Package train runs training: a loop with evaluation, early stopping, checkpoints and exact resume, and the folder that
// a run leaves behind.
//
// A Loop takes the step as a function and the State to save, so that a GAN or a reinforcement learner uses the same
// checkpoints, resume and signals as a classifier; Supervised builds the step of the usual case. A hand-written loop,
// which the package's example shows, needs none of this.
//
// # What a run promises
//
// The same program, data, seed and kernels leave the same model.safetensors bit for bit, whatever GOMAXPROCS is and
// however often the run was stopped, killed and continued. For that, all that changes from step to step must be in the
// State, and Batches must yield the same batches of an epoch whenever it is asked.
//
// After the first step of an epoch the loop writes what that step's gradients and activations were like, layer by layer, as a line
// of histograms.jsonl (LayerRecord) and for TensorBoard, unless Run.NoHistograms says no. A parameter belongs to what its
// name says; activations are those of the batch, if Step lets it enter its scope.
//
// After each epoch the loop writes, in this order, the model if it is the best so far, a line of metrics.jsonl, the same for
// TensorBoard, and the checkpoint, each whole or not at all. A process that dies in between leaves the checkpoint of before, from which the
// same epoch is computed and written again.
package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// ErrInterrupted is returned by Loop.Train when its context ended: the step was finished and the state saved.
var ErrInterrupted = errors.New("interrupted")

// NaNError says that a metric or a parameter was NaN or infinite. The state of that step was not saved.
type NaNError struct {
	Name       string // of the metric or parameter
	Value      float64
	Epoch      int    // counted from 1
	Step       int    // counted from 1 over all epochs
	Checkpoint string // path of the last good one; "": there is none
}

// Error is one line with what happened, where, and what to do.
func (e *NaNError) Error() string {
	last := "there is no checkpoint yet"
	if e.Checkpoint != "" {
		last = "the last good checkpoint is " + e.Checkpoint
	}
	return fmt.Sprintf("%s is %v at step %d (epoch %d); %s; a lower learning rate or gradient clipping may help, and --detect-anomaly (tensor.DetectAnomaly) names the op that first made it", e.Name, e.Value, e.Step, e.Epoch, last)
}

// Config are the options of a Loop.
type Config struct {
	Epochs   int     // how many times the data is seen; required
	Monitor  string  // the metric that decides which epoch is best, such as "val_accuracy"; "": the last epoch is
	Minimize bool    // smaller is better
	Patience int     // stop after this many epochs without a better one; 0: never
	MinDelta float64 // a better epoch is better by more than this

	CheckpointEvery time.Duration // within epochs; 0: a minute, negative: only after epochs
}

// Loop trains. B is the type of a batch.
type Loop[B any] struct {
	// Step trains on one batch and reports its metrics, the first of which is the loss. What it computes lives in the scope.
	Step func(s *tensor.Scope, b B) (Metrics, error)
	// Batches yields the batches of an epoch from number from on, always the same ones; dataset.Loader.Epoch.
	Batches    func(ctx context.Context, epoch, from int) iter.Seq2[B, error]
	NumBatches int           // in an epoch; 0: not known
	Size       func(b B) int // samples in a batch, by which its metrics are weighted; nil: 1
	// Evaluate measures the modules after each epoch; nil: nothing is measured. It may run again when a run is continued,
	// so it must change nothing that State lists, and draw from no generator there.
	Evaluate func(ctx context.Context) (Metrics, error)
	State    *State      // what is saved and restored
	Run      *Run        // the folder for checkpoints and metrics; nil: none are written
	Observe  func(Event) // told of every step and epoch; may be nil
	Config   Config

	pos   position
	best  map[string][]tensor.Named // weights of the best epoch, by module
	doing string                    // for errors
	saved time.Time
	start time.Time
	times shares // of the run
	tb    events
}

// Event tells an observer how far training is.
type Event struct {
	Kind           string // "resume", "step", "epoch", "stop" (early); of cross-validation "fold", the fold's number as Epoch
	Epoch, Epochs  int    // the epoch that is running or has just ended, counted from 1
	Batch, Batches int
	Step           int
	Metrics        Metrics // of the step, or of the epoch with "train_" and those of Evaluate
	Samples        int     // in the step
	Seconds        float64 // since training began, over all resumptions
	WaitShare      float64 // of an epoch: the part of its steps' time, without evaluation, that was spent waiting for batches
}

// Result is what a finished run has reached.
type Result struct {
	Epochs, Steps int
	BestEpoch     int
	Best          float64 // of the monitored metric
	Stopped       bool    // early
	Seconds       float64
	WaitShare     float64 // the part of the steps' time, in this process, that was spent waiting for batches: about 0 where the loader keeps up
}

// shares are how long a loop waited for batches, and how long it computed with them.
type shares struct{ waited, computed time.Duration }

func (s *shares) add(o shares) { s.waited += o.waited; s.computed += o.computed }

func (s shares) waitShare() float64 {
	if s.waited <= 0 {
		return 0
	}
	return float64(s.waited) / float64(s.waited+s.computed)
}

// Train runs until the last epoch or until nothing has become better for Patience epochs, then puts the best epoch's
// weights into the modules. When ctx ends it finishes the step, saves and returns ErrInterrupted. A run folder that
// already holds a checkpoint is continued from there, bit for bit; with more Epochs than before a finished run goes on.
// It returns a *NaNError when training diverges, and what panicked with *tensor.Error as an error.
func (l *Loop[B]) Train(ctx context.Context) (r Result, err error) {
	defer l.convert(&err)
	l.check()
	l.start = time.Now()
	l.saved = l.start
	if l.Run != nil {
		unlock, err := l.Run.lock()
		if err != nil {
			return r, err
		}
		defer unlock()
		if err := l.restore(); err != nil {
			return r, err
		}
		l.tb = events{dir: l.Run.Dir, from: l.pos.Step}
	}
	defer func() {
		if e := l.tb.close(); err == nil {
			err = e
		}
	}()
	for l.pos.Epoch < l.Config.Epochs && !l.waitedEnough() {
		if err := l.epoch(ctx); err != nil {
			return r, err
		}
		if l.waitedEnough() {
			l.observe(Event{Kind: "stop"})
		}
		if err := l.checkpoint(); err != nil {
			return r, err
		}
	}
	if err := l.restoreBest(); err != nil {
		return r, err
	}
	r = Result{Epochs: l.pos.Epoch, Steps: l.pos.Step, BestEpoch: l.pos.BestEpoch, Stopped: l.waitedEnough(), Seconds: l.seconds(), WaitShare: l.times.waitShare()}
	if l.pos.Best != nil {
		r.Best = *l.pos.Best
	}
	return r, nil
}

// check panics with ErrValue on options that cannot be meant.
func (l *Loop[B]) check() {
	fail := func(format string, args ...any) { tensor.Fail("train.Loop", tensor.ErrValue, nil, format, args...) }
	c := l.Config
	switch {
	case l.Step == nil || l.Batches == nil || l.State == nil:
		fail("Step, Batches and State are required")
	case c.Epochs < 1:
		fail("Config.Epochs is %d: at least one epoch is required", c.Epochs)
	case c.Patience < 0 || !(c.MinDelta >= 0):
		fail("Config.Patience %d and MinDelta %v must not be negative", c.Patience, c.MinDelta)
	case c.Patience > 0 && c.Monitor == "":
		fail("Config.Patience is %d, but without a Monitor every epoch counts as better", c.Patience)
	}
}

// waitedEnough reports whether the run stops early.
func (l *Loop[B]) waitedEnough() bool {
	return l.Config.Patience > 0 && l.pos.Waited >= l.Config.Patience
}

// convert turns panics that are the user's or the world's to mend, such as wrong shapes or a lack of memory, into errors.
func (l *Loop[B]) convert(err *error) {
	p := recover()
	if p == nil {
		return
	}
	e, ok := p.(interface {
		error
		KeepPanic()
	})
	if _, bug := p.(*parallel.Panic); bug || !ok {
		panic(p)
	}
	*err = e
	if l.doing != "" {
		*err = fmt.Errorf("%s: %w", l.doing, e)
	}
	if errors.Is(e, tensor.ErrNaN) {
		if name, v := l.State.nonFinite(); name != "" {
			*err = fmt.Errorf("%w; %s is %v since the optimizer's last step", *err, name, v)
		}
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
	var times shares
	from := time.Now()
	for b, err := range l.Batches(ctx, l.pos.Epoch, l.pos.Batch) {
		got := time.Now()
		times.waited += got.Sub(from)
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
		from = time.Now()
		times.computed += from.Sub(got)
	}
	l.times.add(times)
	if ctx.Err() != nil {
		return l.interrupted()
	}
	if l.pos.Batch == 0 {
		return errors.New("an epoch has no batches: the data set is empty, or smaller than a batch with incomplete ones left out")
	}
	if err := l.checkWeights(); err != nil {
		return err
	}
	m := l.pos.Train.metrics().With("train_")
	if l.Evaluate != nil {
		l.doing = fmt.Sprintf("evaluation after epoch %d", l.pos.Epoch+1)
		v, err := l.Evaluate(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return l.interrupted()
			}
			return fmt.Errorf("%s: %w", l.doing, err)
		}
		l.doing = ""
		m = append(m, v...)
	}
	l.pos.Epoch++
	l.pos.Batch, l.pos.Train = 0, average{}
	if err := l.judge(m); err != nil {
		return err
	}
	if l.Run != nil {
		if err := l.Run.logEpoch(&l.pos, m, l.seconds(), times.waitShare()); err != nil {
			return err
		}
		if err := l.tb.epoch(l.pos.Step, m, l.State); err != nil {
			return err
		}
	}
	l.observe(Event{Kind: "epoch", Epoch: l.pos.Epoch, Metrics: m, WaitShare: times.waitShare()})
	return nil
}

func (l *Loop[B]) step(b B) (err error) {
	n := 1
	if l.Size != nil {
		n = l.Size(b)
	}
	l.doing = fmt.Sprintf("step %d", l.pos.Step+1)
	var m Metrics
	var layers *LayerRecord
	tensor.WithScope(func(s *tensor.Scope) {
		if l.Run == nil || l.Run.NoHistograms || l.pos.Batch > 0 {
			m, err = l.Step(s, b)
			return
		}
		w := watch(s, l.State)
		if m, err = l.Step(s, b); err == nil {
			layers = new(w.record(l.pos.Epoch+1, l.pos.Step+1, n))
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", l.doing, err)
	}
	for _, x := range m {
		if !finite(x.Value) {
			return l.diverged(x.Name, x.Value, l.pos.Epoch+1, l.pos.Step+1)
		}
	}
	l.pos.Train.add(m, float64(n))
	l.doing = ""
	l.pos.Step++
	l.pos.Batch++
	if layers != nil {
		if err := l.Run.logLayers(&l.pos, *layers); err != nil {
			return err
		}
		if err := l.tb.layers(*layers); err != nil {
			return err
		}
	}
	l.observe(Event{Kind: "step", Metrics: m, Samples: n})
	return nil
}

func finite(x float64) bool { return x-x == 0 }

func (l *Loop[B]) diverged(name string, value float64, epoch, step int) error {
	e := &NaNError{Name: name, Value: value, Epoch: epoch, Step: step}
	if l.Run != nil {
		e.Checkpoint = l.Run.lastCheckpoint()
	}
	return e
}

// interrupted saves before the loop ends.
func (l *Loop[B]) interrupted() error {
	if err := l.checkpoint(); err != nil {
		return fmt.Errorf("interrupted, but the state is not saved: %w", err)
	}
	return ErrInterrupted
}

// judge keeps the weights when the epoch that has just ended is the best so far.
func (l *Loop[B]) judge(m Metrics) error {
	better := true
	if l.Config.Monitor != "" {
		v, ok := m.Get(l.Config.Monitor)
		if !ok {
			return fmt.Errorf("there is no metric %q to monitor, only %v", l.Config.Monitor, m)
		}
		if !finite(v) {
			return l.diverged(l.Config.Monitor, v, l.pos.Epoch, l.pos.Step)
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
	if l.best == nil && l.Run != nil {
		var err error
		if l.best, err = l.Run.loadBest(l.State); err != nil {
			return err
		}
	}
	for _, mod := range l.State.modules {
		if err := nn.Load(mod.value, l.best[mod.name], nn.LoadConfig{}); err != nil {
			return err
		}
	}
	return nil
}

// checkWeights returns a NaNError when a parameter is not finite: saving it would lose the last good ones.
func (l *Loop[B]) checkWeights() error {
	if name, v := l.State.nonFinite(); name != "" {
		return l.diverged(name, v, l.pos.Epoch+1, l.pos.Step)
	}
	return nil
}

// checkpoint saves the whole state; without a run folder it does nothing.
func (l *Loop[B]) checkpoint() error {
	if l.Run == nil {
		return nil
	}
	if err := l.checkWeights(); err != nil {
		return err
	}
	p := l.pos
	p.Seconds, p.Batches = l.seconds(), l.NumBatches
	if err := l.State.save(l.Run.Path(StateFile), p); err != nil {
		return err
	}
	l.saved = time.Now()
	return nil
}

// restore continues from the folder's checkpoint, if it has one.
func (l *Loop[B]) restore() error {
	l.Run.clean()
	path := l.Run.lastCheckpoint()
	if path == "" {
		return nil
	}
	p, err := l.State.load(path)
	if err != nil {
		return err
	}
	if p.Batches != l.NumBatches {
		return fmt.Errorf("%s was made with %d batches an epoch, now there are %d: the data or the batch size is another one; give those of the run", path, p.Batches, l.NumBatches)
	}
	if p.Epoch > l.Config.Epochs {
		return fmt.Errorf("%s is at epoch %d already, %d are asked for; ask for more, or start another run", path, p.Epoch, l.Config.Epochs)
	}
	if err := l.Run.checkLogs(&p); err != nil {
		return err
	}
	l.pos = p
	if p.Epoch < l.Config.Epochs && !l.waitedEnough() {
		if err := l.Run.removeResult(); err != nil { // of when the run was shorter
			return err
		}
	}
	l.observe(Event{Kind: "resume"})
	return nil
}

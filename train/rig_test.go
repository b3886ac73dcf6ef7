package train

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// net has everything that changes while it trains: parameters, running statistics and a dropout generator.
type net struct {
	Conv *nn.Conv2d
	Norm *nn.BatchNorm
	Drop *nn.Dropout
	FC   *nn.Linear
}

func newNet(g *random.Generator) *net {
	return &net{
		Conv: nn.NewConv2d(g, 1, 4, 3, nn.ConvConfig{Padding: 1}),
		Norm: nn.NewBatchNorm2d(4, nn.BatchNormConfig{}),
		Drop: nn.NewDropout(g, 0.3),
		FC:   nn.NewLinear(g, 4*4*4, 10, nn.LinearConfig{}),
	}
}

func (m *net) Forward(x *tensor.Tensor) *tensor.Tensor {
	x = m.Norm.Forward(m.Conv.Forward(x)).ReLU().MaxPool2d(2)
	return m.FC.Forward(m.Drop.Forward(x.Flatten(1)))
}

// pictures are n digits from number at on, cut out of the training part.
func pictures(t testing.TB, at, n int) *dataset.Images {
	t.Helper()
	indices := make([]int, n)
	for i := range indices {
		indices[i] = at + i
	}
	d, err := dataset.NewImages(digits.Train().Subset(indices), []float64{0.3}, []float64{0.4})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	rigBatches = 4 // of 12, 12, 12 and 4 samples
	rigEpochs  = 6
	rigBest    = 2 // the epoch that the script makes best
	rigLast    = 4 // the epoch after which it stops early
)

// script is the score after each epoch.
var script = []float64{0.2, 0.5, 0.5, 0.4, 0.9, 0.9}

// rig is a run with all kinds of state.
type rig struct {
	Loop[dataset.Batch]
	model *net
	opt   optim.Optimizer
	steps *int64
}

type rigConfig struct {
	adam    bool
	workers int
}

func newRig(t testing.TB, run *Run, cfg rigConfig) *rig {
	t.Helper()
	r := &rig{model: newNet(random.New(7)), steps: new(int64)}
	data := dataset.Augment(pictures(t, 0, 40), dataset.RandomCrop(8, 8, 1), dataset.RandomAffine(dataset.AffineConfig{Degrees: 10, Translate: 0.1, MinScale: 0.9, MaxScale: 1.1}))
	loader := dataset.NewLoader(data, dataset.Collate, dataset.LoaderConfig{BatchSize: 12, Shuffle: true, Seed: 3, Workers: cfg.workers})
	r.opt = optim.NewSGD(nn.Params(r.model), optim.SGDConfig{LR: 0.05, Momentum: 0.9, WeightDecay: 1e-3})
	if cfg.adam {
		r.opt = optim.NewAdamW(nn.Params(r.model), optim.AdamWConfig{LR: 0.01})
	}
	schedule := optim.NewScheduler(r.opt, optim.Cosine(rigEpochs*rigBatches, 0))
	noise := random.New(9)
	step := Supervised(r.model, losses.CrossEntropy, r.opt, SupervisedConfig{ClipNorm: 1, Parts: 2, Scheduler: schedule, Metrics: BatchAccuracy})
	val := pictures(t, 100, 30)
	r.Loop = Loop[dataset.Batch]{
		Step: func(s *tensor.Scope, b dataset.Batch) (Metrics, error) {
			*r.steps++
			b.X = b.X.AddScalar(0.01 * noise.NormFloat64())
			return step(s, b)
		},
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       dataset.Batch.Len,
		Evaluate: func(ctx context.Context) (Metrics, error) {
			m, err := EvaluateClassifier(ctx, r.model, val, "val_")
			return append(m, Metric{"val_score", script[*r.steps/rigBatches-1]}), err
		},
		State: new(State).Module("model", r.model).Optimizer("optimizer", r.opt).Scheduler("schedule", schedule).
			Generator("noise", noise).Counter("steps", r.steps),
		Run:    run,
		Config: Config{Epochs: rigEpochs, Monitor: "val_score", Patience: 2},
	}
	return r
}

func newTestRun(t testing.TB) *Run {
	t.Helper()
	run, err := NewRun(t.TempDir(), Info{Recipe: "test", Config: json.RawMessage("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// outcome is what a run leaves behind, without times.
type outcome struct {
	model   string // the bytes of model.safetensors
	tensors string // of the last checkpoint
	rest    string // of the last checkpoint
	metrics string
	layers  string // the bytes of histograms.jsonl
	weights string // in memory
}

func outcomeOf(t testing.TB, r *rig) (o outcome) {
	t.Helper()
	b, err := os.ReadFile(r.Run.Path(ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	o.model = string(b)
	o.tensors, o.rest = checkpointOf(t, r.Run)
	h, err := r.Run.History()
	if err != nil {
		t.Fatal(err)
	}
	for i := range h {
		h[i].Seconds, h[i].Wait = 0, 0
	}
	b, err = json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	o.metrics = string(b)
	if b, err = os.ReadFile(r.Run.Path(HistogramsFile)); err != nil && !r.Run.NoHistograms {
		t.Fatal(err)
	}
	o.layers = string(b)
	for _, n := range nn.State(r.model) {
		o.weights += n.Name + string(n.Bytes())
	}
	return o
}

// checkpointOf returns the tensors and the rest of the last checkpoint, without times and without the lengths of
// metrics.jsonl, which times change, and histograms.jsonl.
func checkpointOf(t testing.TB, run *Run) (tensors, rest string) {
	t.Helper()
	f, err := safetensors.ReadFile(run.Path(StateFile))
	if err != nil {
		t.Fatal(err)
	}
	var c checkpoint
	if err := json.Unmarshal([]byte(f.Metadata[checkpointKey]), &c); err != nil {
		t.Fatal(err)
	}
	c.Position.Seconds, c.Position.Metrics, c.Position.Histograms = 0, 0, 0
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	for _, e := range f.Entries {
		all.WriteString(e.Name)
		all.Write(e.Data)
	}
	return all.String(), string(b)
}

// same reports differences between two outcomes, without printing megabytes.
func same(t testing.TB, what string, got, want outcome) {
	t.Helper()
	for _, c := range []struct{ name, got, want string }{
		{"model.safetensors", got.model, want.model},
		{"the checkpoint's tensors", got.tensors, want.tensors},
		{"the weights in memory", got.weights, want.weights},
		{"histograms.jsonl", got.layers, want.layers},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s differ (%d and %d bytes)", what, c.name, len(c.got), len(c.want))
		}
	}
	if got.rest != want.rest {
		t.Errorf("%s: the checkpoint says\n%s\nwant\n%s", what, got.rest, want.rest)
	}
	if got.metrics != want.metrics {
		t.Errorf("%s: metrics.jsonl\n%s\nwant\n%s", what, got.metrics, want.metrics)
	}
}

// finish trains to the end.
func finish(t testing.TB, r *rig) Result {
	t.Helper()
	res, err := r.Train(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return res
}

type stepFunc = func(*tensor.Scope, dataset.Batch) (Metrics, error)

// stepThen is a step with something else at its end.
func stepThen(step stepFunc, then func()) stepFunc {
	return func(s *tensor.Scope, b dataset.Batch) (Metrics, error) {
		m, err := step(s, b)
		then()
		return m, err
	}
}

// noStep is a step that must not run.
func noStep(t testing.TB) stepFunc {
	return func(*tensor.Scope, dataset.Batch) (Metrics, error) {
		t.Error("a step ran")
		return nil, nil
	}
}

func panicOf(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}

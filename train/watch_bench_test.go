package train

import (
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkWatch is a step of a network of 170,000 parameters on 64 digits: as it is, watched, and what writing the record takes.
func BenchmarkWatch(b *testing.B) {
	g := random.New(1)
	model := nn.NewSequential(nn.NewFlatten(), nn.NewLinear(g, 64, 512, nn.LinearConfig{}), nn.ReLU{},
		nn.NewLinear(g, 512, 256, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 256, 10, nn.LinearConfig{}))
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: 1e-3})
	step := Supervised(model, losses.CrossEntropy, opt, SupervisedConfig{Metrics: BatchAccuracy})
	state := new(State).Module("model", model)
	data := pictures(b, 0, 64)
	var x []*tensor.Tensor
	for i := range 64 {
		x = append(x, data.Tensor(i))
	}
	batch := dataset.Batch{X: tensor.Stack(0, x...), Y: tensor.Of(data.Labels())}
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			tensor.WithScope(func(s *tensor.Scope) { step(s, batch) })
		}
	})
	var rec LayerRecord
	b.Run("watched", func(b *testing.B) {
		for b.Loop() {
			tensor.WithScope(func(s *tensor.Scope) {
				w := watch(s, state)
				step(s, batch)
				rec = w.record(1, 1, 64)
			})
		}
	})
	run := newTestRun(b)
	b.Run("log", func(b *testing.B) {
		for b.Loop() {
			if err := run.logLayers(new(position), rec); err != nil {
				b.Fatal(err)
			}
		}
	})
	tb := events{dir: run.Dir}
	b.Run("events", func(b *testing.B) {
		for b.Loop() {
			if err := tb.layers(rec); err != nil {
				b.Fatal(err)
			}
		}
	})
}

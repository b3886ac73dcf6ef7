package cnn

import (
	"bytes"
	"testing"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

// A small network fits 32 pictures, and does so with the same bits twice.
func TestTrainer(t *testing.T) {
	set, err := load(t.Context(), &catalog.Check{Env: catalog.Env{Source: source.Config{Dir: t.TempDir(), Offline: true}}}, 32, 16, pictureset.Least{})
	if err != nil {
		t.Fatal(err)
	}
	if set.X.Shape() != tensor.ShapeOf(32, 1, 16, 16) {
		t.Fatalf("the pictures are %v", set.X.Shape())
	}
	train := func() (nn.Layer, []float64) {
		g := random.New(1)
		m := nn.NewSequential(nn.NewConv2d(g, 1, 8, 3, nn.ConvConfig{Stride: 2}), nn.ReLU{}, nn.NewFlatten(), nn.NewLinear(g, 8*7*7, 10, nn.LinearConfig{}))
		losses, err := trainer{epochs: 40, batch: 8, lr: 0.05, momentum: 0.9, warmup: 8, seed: 1}.fit(t.Context(), m, set.X, set.Y)
		if err != nil {
			t.Fatal(err)
		}
		return m, losses
	}
	a, losses := train()
	if last := losses[len(losses)-1]; len(losses) != 40 || !(last < 0.02) {
		t.Errorf("the mean loss of %d epochs ends at %v", len(losses), last)
	}
	if got := accuracy(a, set.X, set.Y); got != 1 {
		t.Errorf("accuracy %v of the pictures it trained on", got)
	}
	b, _ := train()
	for i, p := range nn.Params(a) {
		if !bytes.Equal(p.Bytes(), nn.Params(b)[i].Bytes()) {
			t.Errorf("parameter %d differs the second time", i)
		}
	}
}

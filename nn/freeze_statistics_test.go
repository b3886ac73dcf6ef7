package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type stages struct {
	First  nn.Sequential
	Second nn.Sequential
	FC     *nn.Linear
}

func newStages() *stages {
	g := random.New(1)
	stage := func(in, out int) nn.Sequential {
		return nn.NewSequential(
			nn.NewSequential(nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Padding: 1}), nn.NewBatchNorm2d(out, nn.BatchNormConfig{}), nn.ReLU{}),
			nn.NewDropout(g, 0.3),
			nn.NewConv2d(g, out, out, 1, nn.ConvConfig{}),
		)
	}
	return &stages{stage(2, 4), stage(4, 3), nn.NewLinear(g, 3, 5, nn.LinearConfig{})}
}

func (m *stages) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.FC.Forward(m.Second.Forward(m.First.Forward(x)).Mean(2, 3))
}

// Only where weight and bias are frozen do running statistics stay.
func TestFreezeStatistics(t *testing.T) {
	m := newStages()
	m.First[0] = nn.NewCheckpoint(m.First[0]) // layers behind others are found too
	if n := nn.FreezeStatistics(m); n != 0 {
		t.Errorf("%d of a network that trains", n)
	}
	nn.FreezeMatching(m, "first.*")
	if n := nn.FreezeStatistics(m); n != 1 {
		t.Errorf("%d layers, want 1", n)
	}
	before := map[string]string{}
	for _, s := range nn.State(m) {
		before[s.Name] = string(s.Bytes())
	}
	m.Forward(tensor.Randn(random.New(1), 3, 2, 4, 4))
	for _, s := range nn.State(m) {
		changes := map[string]bool{"second.0.1.running_mean": true, "second.0.1.running_var": true, "second.0.1.num_batches_tracked": true}[s.Name]
		if (string(s.Bytes()) != before[s.Name]) != changes {
			t.Errorf("%s: changed %v, want %v", s.Name, !changes, changes)
		}
	}
	// Without weight and bias there is nothing that trains.
	if n := nn.FreezeStatistics(nn.NewSequential(nn.NewBatchNorm2d(3, nn.BatchNormConfig{NoAffine: true}))); n != 1 {
		t.Errorf("%d layers, want 1", n)
	}
}

type normed struct{ Norm *nn.BatchNorm }

type knot struct {
	normed
	Self  *knot
	Layer any
	Held  nn.BatchNorm
}

// Layers are found, once each, where modules point back at themselves, hold layers by value and embed those of unexported types.
func TestFreezeStatisticsOfKnots(t *testing.T) {
	norm := func() *nn.BatchNorm { return nn.NewBatchNorm2d(3, nn.BatchNormConfig{NoAffine: true}) }
	m := &knot{normed: normed{norm()}, Held: *norm()}
	m.Self, m.Layer = m, &m.Held
	if n := nn.FreezeStatistics(m); n != 2 || !m.Norm.Frozen || !m.Held.Frozen {
		t.Errorf("%d layers, want 2: %v, %v", n, m.Norm.Frozen, m.Held.Frozen)
	}
}

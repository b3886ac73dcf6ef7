package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Only where weight and bias are frozen do running statistics stay.
func TestFreezeStatistics(t *testing.T) {
	m := newStages()
	nn.CheckpointSequentials(m) // layers behind others are found too
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

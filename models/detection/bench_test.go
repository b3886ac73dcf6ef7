package detection

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkStep is forward and backward of 32 pictures of 64 x 64 with two objects each.
func BenchmarkStep(b *testing.B) {
	x := tensor.Rand(random.New(1), 32, 3, 64, 64)
	targets := make([]Target, 32)
	for i := range targets {
		targets[i] = Target{tensor.Of([]float32{4, 4, 20, 20, 30, 30, 50, 48}, 2, 4), tensor.Of([]int64{1, 2})}
	}
	for name, m := range map[string]Detector{"ssd": NewSSD(random.New(1), SSDConfig{Classes: 3}), "faster rcnn": NewFasterRCNN(random.New(1), FasterRCNNConfig{Classes: 3})} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				nn.ZeroGrad(m)
				Total(m.Losses(x, targets)).Backward()
			}
		})
	}
}

package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkRecurrent times a training step and inference of one layer, 128 inputs, hidden size 256, 50 steps, batch 32, and one
// step of a single sample, as in streaming. On a Zen 3 machine of two cores (AVX2) whose
// other loads were paused, in turn with PyTorch 1.13, 16 steps each, least and median in ms; then one step of a sample in us:
//
//	      1 thread                       2 threads                       one step
//	LSTM  43.1, 43.4  PyTorch 43.3, 47.4  23.7, 25.0  PyTorch 71.3, 142.5  50  PyTorch 210
//	GRU   33.0, 34.1  PyTorch 35.7, 49.9  18.5, 19.1  PyTorch 52.7, 75.7   34  PyTorch 168
//	RNN   10.6, 11.0  PyTorch 12.4, 13.6   6.2,  6.9  PyTorch 19.7, 21.4   13  PyTorch 76
//
// Of the LSTM's 43 ms on one thread 39 are matrix products, whose 3.35 GFLOP take 33 at the processor's peak.
func BenchmarkRecurrent(b *testing.B) {
	g := random.New(1)
	for _, m := range []struct {
		name  string
		layer nn.Layer
	}{
		{"LSTM", nn.NewLSTM(g, 128, 256, nn.LSTMConfig{})},
		{"GRU", nn.NewGRU(g, 128, 256, nn.GRUConfig{})},
		{"RNN", nn.NewRNN(g, 128, 256, nn.RNNConfig{})},
	} {
		x := tensor.Randn(g, 50, 32, 128)
		b.Run(m.name+"/train", func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				tensor.WithScope(func(s *tensor.Scope) {
					nn.ZeroGrad(m.layer)
					m.layer.Forward(s.Enter(x)).Sum().Backward()
				})
			}
		})
		infer := nn.Eval(m.layer)
		b.Run(m.name+"/infer", func(b *testing.B) {
			for range b.N {
				tensor.WithScope(func(s *tensor.Scope) { infer.Forward(s.Enter(x)) })
			}
		})
		one := tensor.Randn(g, 1, 1, 128)
		b.Run(m.name+"/step", func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				infer.Forward(one)
			}
		})
	}
}

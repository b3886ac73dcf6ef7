package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// lastStep classifies sequences (N, T, in) by the state after the last element.
type lastStep struct {
	RNN  nn.Layer
	Head *nn.Linear
}

func (m *lastStep) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.Head.Forward(m.RNN.Forward(x).Select(1, -1))
}

func trainLSTM() Case {
	return trainRNN("train/lstm_e_h256_in128_seq50_b32_adam", func(g *random.Generator) nn.Layer {
		return nn.NewLSTM(g, 128, 256, nn.LSTMConfig{BatchFirst: true})
	})
}

func trainGRU() Case {
	return trainRNN("train/gru_e_h256_in128_seq50_b32_adam", func(g *random.Generator) nn.Layer {
		return nn.NewGRU(g, 128, 256, nn.GRUConfig{BatchFirst: true})
	})
}

func trainRNN(name string, rnn func(g *random.Generator) nn.Layer) Case {
	return Case{Name: name, New: func() func() {
		g := generator()
		m := &lastStep{rnn(g), nn.NewLinear(g, 256, 10, nn.LinearConfig{})}
		return classify(m, randn(g, 32, 50, 128), tensor.RandInt(g, 0, 10, 32), adam(m))
	}}
}

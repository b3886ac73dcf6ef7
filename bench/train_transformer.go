package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// meanClassifier classifies sequences (N, T, D) by the mean of what an encoder makes of their elements.
type meanClassifier struct {
	Encoder *nn.TransformerEncoder
	Head    *nn.Linear
}

func (m *meanClassifier) Forward(x *tensor.Tensor) *tensor.Tensor {
	return m.Head.Forward(m.Encoder.Forward(x).Mean(1))
}

func trainTransformer() Case {
	const n, t, d, ff, layers = 16, 128, 256, 1024, 4
	flops := 6.0*n*t*layers*(4*d*d+2*d*ff) + 3*layers*4.0*n*t*t*d
	return Case{Name: "train/transformer_f_L4_d256_h4_ff1024_s128_b16_adam", FLOPs: flops, New: func() func() {
		g := generator()
		m := &meanClassifier{
			nn.NewTransformerEncoder(g, layers, d, 4, nn.TransformerConfig{FeedForward: ff, Dropout: new(0.0), BatchFirst: true}),
			nn.NewLinear(g, d, 10, nn.LinearConfig{}),
		}
		return classify(m, randn(g, n, t, d), tensor.RandInt(g, 0, 10, n), adam(m))
	}}
}

package nn_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// goldenRNN is a case of testdata/golden_rnn.json; golden_rnn.py, which made it with PyTorch, says what the fields hold.
type goldenRNN struct {
	Kind          string
	X             []int
	State         bool
	Lengths       []int
	Layers        int
	Bidirectional bool
	BatchFirst    bool `json:"batch_first"`
	NoBias        bool `json:"no_bias"`
	ReLU          bool
	Proj          int
	Outs          []goldenArray
	Grads         [][]float64
	Params        []struct {
		Name string
		goldenArray
	}
}

const goldenIn, goldenHidden = 3, 4

// build returns the network and a function that applies it to x and the first states, nil without.
func (c goldenRNN) build(d tensor.DType) (m any, apply func(in []*tensor.Tensor) []*tensor.Tensor) {
	const in, h = goldenIn, goldenHidden
	state := func(in []*tensor.Tensor, i int) *tensor.Tensor {
		if i < len(in) {
			return in[i]
		}
		return nil
	}
	switch c.Kind {
	case "RNN":
		m := nn.To(nn.NewRNN(g, in, h, nn.RNNConfig{Layers: c.Layers, Bidirectional: c.Bidirectional, BatchFirst: c.BatchFirst, NoBias: c.NoBias, ReLU: c.ReLU}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor {
			y, hn := m.ForwardWith(in[0], nn.RNNInput{H0: state(in, 1), Lengths: c.Lengths})
			return []*tensor.Tensor{y, hn}
		}
	case "GRU":
		m := nn.To(nn.NewGRU(g, in, h, nn.GRUConfig{Layers: c.Layers, Bidirectional: c.Bidirectional, BatchFirst: c.BatchFirst, NoBias: c.NoBias}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor {
			y, hn := m.ForwardWith(in[0], nn.RNNInput{H0: state(in, 1), Lengths: c.Lengths})
			return []*tensor.Tensor{y, hn}
		}
	case "LSTM":
		m := nn.To(nn.NewLSTM(g, in, h, nn.LSTMConfig{Layers: c.Layers, Bidirectional: c.Bidirectional, BatchFirst: c.BatchFirst, NoBias: c.NoBias, ProjSize: c.Proj}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor {
			y, hn, cn := m.ForwardWith(in[0], nn.LSTMInput{H0: state(in, 1), C0: state(in, 2), Lengths: c.Lengths})
			return []*tensor.Tensor{y, hn, cn}
		}
	case "RNNCell":
		m := nn.To(nn.NewRNNCell(g, in, h, nn.RNNCellConfig{NoBias: c.NoBias, ReLU: c.ReLU}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Forward(in[0], state(in, 1))} }
	case "GRUCell":
		m := nn.To(nn.NewGRUCell(g, in, h, nn.GRUCellConfig{NoBias: c.NoBias}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{m.Forward(in[0], state(in, 1))} }
	case "LSTMCell":
		m := nn.To(nn.NewLSTMCell(g, in, h, nn.LSTMCellConfig{NoBias: c.NoBias}), d)
		return m, func(in []*tensor.Tensor) []*tensor.Tensor {
			h, c := m.Forward(in[0], state(in, 1), state(in, 2))
			return []*tensor.Tensor{h, c}
		}
	}
	panic(c.Kind)
}

// inputs returns x and the first states.
func (c goldenRNN) inputs(d tensor.DType) []*tensor.Tensor {
	half := func(seed int, dims ...int) *tensor.Tensor { return fill(d, seed, dims...).MulScalar(0.5).RequireGrad() }
	in := []*tensor.Tensor{half(0, c.X...)}
	if c.State {
		dims := slices.Clone(c.Outs[len(c.Outs)-1].Shape)
		for i := range len(c.Grads) - 1 {
			if c.Proj > 0 {
				dims[len(dims)-1] = [...]int{c.Proj, goldenHidden}[i]
			}
			in = append(in, half(50+i, dims...))
		}
	}
	return in
}

func TestRecurrentAgainstPyTorch(t *testing.T) {
	var cases []goldenRNN
	optest.ReadGolden(t, "testdata/golden_rnn.json", &cases)
	if len(cases) != 67 {
		t.Errorf("%d cases, want 67", len(cases))
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i, c.Kind), func(t *testing.T) {
			for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
				m, apply := c.build(d)
				for i, p := range nn.NamedParams(m) {
					p.CopyFrom(fill(d, i+1, p.Shape().Dims()...).MulScalar(0.5))
				}
				in := c.inputs(d)
				outs := apply(in)
				if len(outs) != len(c.Outs) {
					t.Fatalf("%d results, want %d", len(outs), len(c.Outs))
				}
				var sum *tensor.Tensor
				for i, y := range outs {
					if !slices.Equal(y.Shape().Dims(), c.Outs[i].Shape) {
						t.Fatalf("result %d has shape %v, want %v", i, y.Shape(), c.Outs[i].Shape)
					}
					near(t, d, fmt.Sprint("result ", i), y, c.Outs[i].Data)
					s := y.Mul(fill(d, 99+i, c.Outs[i].Shape...)).Sum().MulScalar(0.5)
					if sum == nil {
						sum = s
					} else {
						sum = sum.Add(s)
					}
				}
				sum.Backward()
				for i, x := range in {
					near(t, d, fmt.Sprint("gradient of input ", i), x.Grad(), c.Grads[i])
				}
				ps := nn.NamedParams(m)
				if len(ps) != len(c.Params) {
					t.Fatalf("%d parameters, want %d", len(ps), len(c.Params))
				}
				for i, p := range c.Params {
					if ps[i].Name != p.Name || !slices.Equal(ps[i].Shape().Dims(), p.Shape) {
						t.Errorf("parameter %d is %s %v, want %s %v", i, ps[i].Name, ps[i].Shape(), p.Name, p.Shape)
					}
					near(t, d, "gradient of "+p.Name, ps[i].Grad(), p.Data)
				}
			}
		})
	}
}

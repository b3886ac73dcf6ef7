package nn_test

import (
	"bytes"
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

// Names, outputs, gradients and running statistics are those of the layers without it, bit for bit.
func TestCheckpointed(t *testing.T) {
	plain, kept := newStages(), newStages()
	if n := nn.CheckpointSequentials(kept); n != 4 {
		t.Fatalf("%d layers, want 4", n)
	}
	if n := nn.CheckpointSequentials(kept); n != 0 {
		t.Errorf("%d layers once more", n)
	}
	for step := range 2 {
		x := tensor.Randn(random.New(uint64(step)), 2, 2, 6, 5)
		a, b := plain.Forward(x), kept.Forward(x)
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Fatalf("step %d: outputs differ", step)
		}
		a.Square().Sum().Backward()
		b.Square().Sum().Backward()
		p, q := nn.NamedParams(plain), nn.NamedParams(kept)
		if len(p) != len(q) || len(p) != 14 {
			t.Fatalf("%d and %d parameters", len(p), len(q))
		}
		for i := range p {
			if p[i].Name != q[i].Name || !bytes.Equal(p[i].Grad().Bytes(), q[i].Grad().Bytes()) {
				t.Errorf("step %d: %s and %s, or their gradients, differ", step, p[i].Name, q[i].Name)
			}
		}
		for i, s := range nn.State(plain) {
			if r := nn.State(kept)[i]; r.Name != s.Name || !bytes.Equal(r.Bytes(), s.Bytes()) {
				t.Errorf("step %d: %s differs", step, s.Name)
			}
		}
	}
	x := tensor.Randn(random.New(9), 2, 2, 6, 5)
	if !bytes.Equal(nn.Eval(plain).Forward(x).Bytes(), nn.Eval(kept).Forward(x).Bytes()) {
		t.Error("they differ in inference")
	}
	if nn.CheckpointSequentials(nn.ReLU{}) != 0 || nn.CheckpointSequentials(new(int)) != 0 {
		t.Error("where there is no Sequential")
	}
}

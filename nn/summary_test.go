package nn_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The numbers of parameters are out (in kernel² + 1), those of FLOPs 2 OH OW out in kernel², and 2 out in of a dense layer.
const leNetTable = `Module  Op          Output           Params    FLOPs
        input       (1, 1, 28, 28)
conv1   conv2d      (1, 6, 28, 28)      156  235,200
        relu        (1, 6, 28, 28)
        max_pool2d  (1, 6, 14, 14)
conv2   conv2d      (1, 16, 10, 10)   2,416  480,000
        relu        (1, 16, 10, 10)
        max_pool2d  (1, 16, 5, 5)
fc1     linear      (1, 120)         48,120   96,000
        relu        (1, 120)
fc2     linear      (1, 84)          10,164   20,160
        relu        (1, 84)
fc3     linear      (1, 10)             850    1,680
61,706 parameters, 0 values in buffers, 246.8 kB; 833,040 FLOPs a forward pass
`

func TestSummaryOfLeNet(t *testing.T) {
	m := NewLeNet(random.New(1))
	s := nn.Summary(m, tensor.ShapeOf(1, 1, 28, 28))
	if got := s.String(); got != leNetTable {
		t.Errorf("the table is\n%s, want\n%s", got, leNetTable)
	}
	if s.Params != 61706 || s.FLOPs != 833040 || s.Bytes != 246824 || s.Output != tensor.ShapeOf(1, 10) || s.Input != tensor.ShapeOf(1, 1, 28, 28) {
		t.Errorf("totals %+v", s)
	}
	// Nothing depends on the mode, and the costs of a batch are those of its samples.
	if got := nn.Summary(nn.Eval(m), tensor.ShapeOf(1, 1, 28, 28)).String(); got != leNetTable {
		t.Errorf("the table of Eval is\n%s", got)
	}
	if b := nn.Summary(m, tensor.ShapeOf(32, 1, 28, 28)); b.FLOPs != 32*s.FLOPs || b.Params != s.Params {
		t.Errorf("a batch of 32 has %d parameters and %d FLOPs", b.Params, b.FLOPs)
	}
	if got := nn.Summary(nn.To(m, tensor.Float64), tensor.ShapeOf(1, 1, 28, 28)); got.Bytes != 2*s.Bytes || got.FLOPs != s.FLOPs {
		t.Errorf("in float64 it has %d bytes and %d FLOPs", got.Bytes, got.FLOPs)
	}
}

// TestSummaryLeavesTheModelAlone uses layers that change when they run.
func TestSummaryLeavesTheModelAlone(t *testing.T) {
	g := random.New(1)
	m := nn.NewSequential(nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{}), nn.NewBatchNorm2d(4, nn.BatchNormConfig{}), nn.NewDropout(g, 0.5))
	state, drawn := floats(m), nn.NamedGenerators(m)[0].State()
	s := nn.Summary(m, tensor.ShapeOf(1, 3, 3, 3))                  // one value a channel, which could not be trained on
	nn.SummaryOf(m, tensor.Ones(2, 3, 4, 4), nn.Sequential.Forward) // with data the layers run
	if !slices.Equal(floats(m), state) || nn.NamedGenerators(m)[0].State() != drawn {
		t.Error("the summary changed the model")
	}
	want := `Module  Op          Output        Params  FLOPs
        input       (1, 3, 3, 3)
0       conv2d      (1, 4, 1, 1)     112    216
1       batch_norm  (1, 4, 1, 1)       8
        dropout     (1, 4, 1, 1)
120 parameters, 9 values in buffers, 520 B; 216 FLOPs a forward pass
`
	if got := s.String(); got != want {
		t.Errorf("the table is\n%s, want\n%s", got, want)
	}
}

// TestSummaryFindsParametersBehindViews has layers that reshape their weights, and shares one between two.
func TestSummaryFindsParametersBehindViews(t *testing.T) {
	g := random.New(1)
	type model struct {
		Conv *nn.Conv1d
		Up   *nn.ConvTranspose1d
		Norm *nn.LayerNorm
		Out  *nn.Linear
		Tied *nn.Linear
	}
	m := &model{
		Conv: nn.NewConv1d(g, 2, 3, 3, nn.ConvConfig{Padding: 1}),
		Up:   nn.NewConvTranspose1d(g, 3, 2, 2, nn.ConvTransposeConfig{Stride: 2}),
		Norm: nn.NewLayerNorm([]int{2, 8}, nn.LayerNormConfig{}),
		Out:  nn.NewLinear(g, 8, 8, nn.LinearConfig{NoBias: true}),
	}
	m.Tied = &nn.Linear{Weight: m.Out.Weight}
	x := tensor.Factory{Device: tensor.Meta}.Zeros(1, 2, 4)
	s := nn.SummaryOf(m, x, func(m *model, x *tensor.Tensor) *tensor.Tensor {
		return m.Tied.Forward(m.Out.Forward(m.Norm.Forward(m.Up.Forward(m.Conv.Forward(x)))))
	})
	var got []nn.LayerSummary
	for _, l := range s.Layers {
		l.Output = tensor.Shape{}
		got = append(got, l)
	}
	want := []nn.LayerSummary{
		{Module: "conv", Op: "conv1d", Params: 3*2*3 + 3, FLOPs: 2 * 4 * 3 * 2 * 3},
		{Module: "up", Op: "conv_transpose1d", Params: 3 * 2 * 2, FLOPs: 2 * 4 * 3 * 2 * 2},
		{Module: "up", Op: "add", Params: 2},
		{Module: "norm", Op: "layer_norm", Params: 2 * 2 * 8},
		{Module: "out", Op: "matmul", Params: 64, FLOPs: 2 * 2 * 8 * 8},
		{Module: "out", Op: "matmul", FLOPs: 2 * 2 * 8 * 8},
	}
	if !slices.Equal(got, want) {
		t.Errorf("the layers are\n%+v, want\n%+v", got, want)
	}
}

func TestSummaryOfIndices(t *testing.T) {
	m := nn.NewEmbedding(random.New(1), 10, 3, nn.EmbeddingConfig{})
	idx := tensor.With(tensor.Int64).On(tensor.Meta).Zeros(2, 5)
	s := nn.SummaryOf(m, idx, (*nn.Embedding).Forward)
	if s.Params != 30 || len(s.Layers) != 1 || s.Layers[0].Params != 30 || s.Output != tensor.ShapeOf(2, 5, 3) {
		t.Errorf("%+v", s)
	}
}

// TestSummaryComputesNothing summarises a model on an input that would not fit into memory.
func TestSummaryComputesNothing(t *testing.T) {
	g := random.New(1)
	m := nn.NewSequential(nn.NewFlatten(), nn.NewLinear(g, 25088, 16, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 16, 1000, nn.LinearConfig{}))
	s := nn.Summary(m, tensor.ShapeOf(1<<20, 512, 7, 7)) // 105 GB of input
	if want := int64(1<<20) * 2 * (25088*16 + 16*1000); s.FLOPs != want {
		t.Errorf("%d FLOPs, want %d", s.FLOPs, want)
	}
	if s := nn.Summary(nn.NewSequential(), tensor.ShapeOf(2)); len(s.Layers) != 0 || s.Output != tensor.ShapeOf(2) {
		t.Errorf("nothing is %+v", s)
	}
}

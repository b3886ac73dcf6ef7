package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// mlpBlock is a residual block: x + W₂ dropout(ReLU(norm(W₁ x))).
type mlpBlock struct {
	FC1, FC2 *nn.Linear
	Norm     *nn.BatchNorm
	Drop     *nn.Dropout
}

func newMLPBlock(g *random.Generator, width int) *mlpBlock {
	return &mlpBlock{
		FC1: nn.NewLinear(g, width, width, nn.LinearConfig{}), FC2: nn.NewLinear(g, width, width, nn.LinearConfig{}),
		Norm: nn.NewBatchNorm1d(width, nn.BatchNormConfig{}), Drop: nn.NewDropout(g, 0.2),
	}
}

func (b *mlpBlock) Forward(x *tensor.Tensor) *tensor.Tensor {
	return x.Add(b.FC2.Forward(b.Drop.Forward(b.Norm.Forward(b.FC1.Forward(x)).ReLU())))
}

type residualMLP struct {
	Blocks []*mlpBlock
	Out    *nn.Linear
}

func newResidualMLP(blocks, width, classes int) *residualMLP {
	g := random.New(1)
	m := &residualMLP{Out: nn.NewLinear(g, width, classes, nn.LinearConfig{})}
	for range blocks {
		m.Blocks = append(m.Blocks, newMLPBlock(g, width))
	}
	return m
}

// forward is in as many segments, or without checkpoints for 0.
func (m *residualMLP) forward(segments int, x *tensor.Tensor) *tensor.Tensor {
	var fs []func(*tensor.Tensor) *tensor.Tensor
	for _, b := range m.Blocks {
		fs = append(fs, b.Forward)
	}
	if segments == 0 {
		for _, f := range fs {
			x = f(x)
		}
		return m.Out.Forward(x)
	}
	return m.Out.Forward(autograd.CheckpointSequential(segments, x, fs...))
}

// Checkpoints change no bit of training: not the masks, the running statistics, the gradients or the steps.
func TestCheckpointTrains(t *testing.T) {
	train := func(segments int) (all [][]float64) {
		m, g := newResidualMLP(4, 8, 3), random.New(2)
		opt := optim.NewAdam(nn.Params(m), optim.AdamConfig{LR: 0.01})
		for range 5 {
			x, y := tensor.Randn(g, 16, 8), tensor.RandInt(g, 0, 3, 16)
			tensor.WithScope(func(s *tensor.Scope) {
				loss := losses.CrossEntropy(m.forward(segments, s.Enter(x)), y)
				all = append(all, loss.Floats())
				opt.ZeroGrad()
				loss.Backward()
				opt.Step()
			})
		}
		for _, p := range nn.Params(m) {
			all = append(all, p.Floats())
		}
		for _, b := range m.Blocks {
			all = append(all, b.Norm.RunningMean.Floats(), b.Norm.RunningVar.Floats(), b.Norm.NumBatchesTracked.Floats())
		}
		return all
	}
	want := train(0)
	for _, segments := range []int{1, 2, 4} {
		got := train(segments)
		for i := range want {
			for j, w := range want[i] {
				if got[i][j] != w {
					t.Fatalf("%d segments: element %d of tensor %d is %v, without checkpoints %v", segments, j, i, got[i][j], w)
				}
			}
		}
	}
}

// With √n segments a step needs less than half of the memory, its backward pass included.
func TestCheckpointPeak(t *testing.T) {
	const blocks, width, rows = 32, 64, 1024
	x := tensor.Randn(random.New(3), rows, width)
	peak := func(segments int) int {
		m := newResidualMLP(blocks, width, 10)
		var most int
		for range 2 { // the first makes the gradients
			tensor.WithScope(func(s *tensor.Scope) {
				mem.ResetPeak()
				before := mem.ReadStats().InUse
				m.forward(segments, s.Enter(x)).Square().Mean().Backward()
				most = int(mem.ReadStats().Peak - before)
			})
		}
		return most
	}
	plain, less := peak(0), peak(6)
	activation := rows * width * 4
	if plain < 2*blocks*activation {
		t.Fatalf("the peak without checkpoints is %d activations; something is not counted", plain/activation)
	}
	if 2*less >= plain {
		t.Errorf("the peak is %d activations, without checkpoints %d", less/activation, plain/activation)
	}
}

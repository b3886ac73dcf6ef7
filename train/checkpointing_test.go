package train_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// A checkpointed network takes the same steps to the bit, has the same names, and needs less memory.
func TestCheckpointing(t *testing.T) {
	step := func(checkpoint bool) (m *models.ResNet, peak int) {
		g := random.New(1)
		m = models.NewCIFARResNet(g, 44, models.ResNetConfig{Config: models.Config{Width: 0.25}})
		if checkpoint {
			if n := train.Checkpointing(m); n != 21 {
				t.Errorf("%d blocks, want 21", n)
			}
		}
		opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 0.1, Momentum: 0.9})
		x, y := tensor.Randn(g, 16, 3, 32, 32), tensor.RandInt(g, 0, 10, 16)
		for range 2 { // the first makes gradients and momenta
			tensor.WithScope(func(s *tensor.Scope) {
				mem.ResetPeak()
				before := mem.ReadStats().InUse
				opt.ZeroGrad()
				losses.CrossEntropy(m.Forward(s.Enter(x)), y).Backward()
				opt.Step()
				peak = int(mem.ReadStats().Peak - before)
			})
		}
		return m, peak
	}
	plain, most := step(false)
	saving, less := step(true)
	a, b := nn.State(plain), nn.State(saving)
	if len(a) != len(b) {
		t.Fatalf("%d entries, without checkpoints %d", len(b), len(a))
	}
	for i := range a {
		if a[i].Name != b[i].Name || !bytes.Equal(a[i].Bytes(), b[i].Bytes()) {
			t.Errorf("%s differs from %s without checkpoints", b[i].Name, a[i].Name)
		}
	}
	if 2*less > most {
		t.Errorf("a step's peak is %d kB, without checkpoints %d kB", less>>10, most>>10)
	}
	x := tensor.Randn(random.New(2), 1, 3, 32, 32)
	if !bytes.Equal(nn.Eval(plain).Forward(x).Bytes(), nn.Eval(saving).Forward(x).Bytes()) {
		t.Error("it infers other scores")
	}
	err := tensor.Catch(func() { train.Checkpointing(models.NewLeNet(random.New(1), models.LeNetConfig{})) })
	if !errors.Is(err, tensor.ErrValue) {
		t.Errorf("a network without blocks: error %v, want kind %v", err, tensor.ErrValue)
	}
}

package nn_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestFreeze(t *testing.T) {
	g := random.New(1)
	body, head := nn.NewLinear(g, 3, 4, nn.LinearConfig{}), nn.NewLinear(g, 4, 2, nn.LinearConfig{})
	m := nn.NewSequential(body, nn.Tanh{}, head)
	// Made before, with decay and momentum: frozen parameters must not move for either.
	opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 0.1, Momentum: 0.9, WeightDecay: 0.1})
	x, y := tensor.Randn(g, 5, 3), tensor.Randn(g, 5, 2)
	step := func() {
		opt.ZeroGrad()
		losses.MSE(m.Forward(x), y).Backward()
		opt.Step()
	}
	step()
	moved := func(l *nn.Linear, f func()) bool {
		before := l.Weight.Bytes()
		f()
		return !bytes.Equal(before, l.Weight.Bytes())
	}

	losses.MSE(m.Forward(x), y).Backward()
	nn.Freeze(body)
	if body.Weight.Grad() != nil || body.Weight.RequiresGrad() {
		t.Error("a frozen parameter has a gradient")
	}
	if got := nn.Trainable(m); len(got) != 2 || got[0] != head.Weight || got[1] != head.Bias {
		t.Errorf("%d parameters are trainable, want the head's two", len(got))
	}
	if len(nn.Params(m)) != 4 || len(nn.State(m)) != 4 {
		t.Error("frozen parameters are not listed or not saved")
	}
	if moved(body, step) {
		t.Error("a step changed a frozen parameter")
	}
	if !moved(head, step) {
		t.Error("a step left the trainable parameters alone")
	}
	if body.Forward(x).RequiresGrad() {
		t.Error("what is computed from frozen parameters is recorded")
	}
	if nn.Clone(m)[0].(*nn.Linear).Weight.RequiresGrad() {
		t.Error("a clone of a frozen layer trains")
	}

	nn.Unfreeze(m)
	nn.Unfreeze(m) // changes nothing
	if len(nn.Trainable(m)) != 4 || !moved(body, step) {
		t.Error("a parameter that was unfrozen does not train")
	}
}

func ExampleFreeze() {
	g := random.New(1)
	body := nn.NewSequential(nn.NewFlatten(), nn.NewLinear(g, 64, 32, nn.LinearConfig{}), nn.ReLU{}) // pre-trained, say
	model := append(body, nn.NewLinear(g, 32, 5, nn.LinearConfig{}))                                 // a new classifier
	nn.Freeze(body)
	opt := optim.NewSGD(nn.Trainable(model), optim.SGDConfig{LR: 0.1})
	fmt.Println(len(nn.Params(model)), "parameters, trained:", len(opt.Params()))
	// Output: 4 parameters, trained: 2
}

func TestSplitParams(t *testing.T) {
	g := random.New(1)
	m := struct {
		Conv1, Conv2 *nn.Conv2d
		Layers       nn.Sequential
		FC           *nn.Linear
	}{nn.NewConv2d(g, 1, 1, 3, nn.ConvConfig{}), nn.NewConv2d(g, 1, 1, 3, nn.ConvConfig{NoBias: true}), nn.NewSequential(nn.NewLinear(g, 2, 2, nn.LinearConfig{})), nn.NewLinear(g, 2, 1, nn.LinearConfig{})}
	for _, c := range []struct {
		patterns         []string
		matching, others int
	}{
		{[]string{"fc.*"}, 2, 5}, {[]string{"conv?.weight"}, 2, 5}, {[]string{"conv[2-9].*", "*.bias"}, 4, 3}, {[]string{"*"}, 7, 0}, {nil, 0, 7},
	} {
		a, b := nn.SplitParams(&m, c.patterns...)
		if len(a) != c.matching || len(b) != c.others {
			t.Errorf("%q: %d match and %d do not, want %d and %d", c.patterns, len(a), len(b), c.matching, c.others)
		}
	}
	for pattern, want := range map[string]string{"fd.*": "there are conv1.weight, conv1.bias, conv2.weight", "conv[": "is no pattern"} {
		err := tensor.Catch(func() { nn.SplitParams(&m, "*", pattern) })
		if !errors.Is(err, tensor.ErrValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", pattern, err, want)
		}
	}
	nn.FreezeMatching(&m, "conv*", "layers.*")
	if got := nn.Trainable(&m); len(got) != 2 || got[0] != m.FC.Weight {
		t.Errorf("%d parameters are trainable, want those of fc", len(got))
	}
}

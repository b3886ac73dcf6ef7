package optimizers

import (
	"bytes"
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D15", Tier: catalog.Unit, Title: "Rates by parameter: parameter groups", Source: "Course; PyTorch",
		Target: "each of two groups follows its own rate, to the bit of an optimizer of its own; a group at rate 0 and a parameter without gradient stay as they are, to the bit",
		Test:   groups,
	})
}

func groups(_ context.Context, c *catalog.Check) error {
	f := quadratic(1, 4)
	a, b, still := param(1, 2), param(1, 2), param(0.1, -0.7)
	opt := optim.NewAdamWGroups([]optim.Group{{Params: only(a), LR: 0.1, WeightDecay: new(0.0)}, {Params: only(b), LR: 0.01}, {Params: only(still), LR: 1}},
		optim.AdamWConfig{WeightDecay: new(0.1)})
	opt.Groups()[2].LR = 0
	twinA, twinB := param(1, 2), param(1, 2)
	optA := optim.NewAdamW(only(twinA), optim.AdamWConfig{LR: 0.1, WeightDecay: new(0.0)})
	optB := optim.NewAdamW(only(twinB), optim.AdamWConfig{LR: 0.01, WeightDecay: new(0.1)})
	frozen := append([]byte{}, still.Bytes()...)
	first := 0.0
	for t := range 50 {
		_, ga := f(at(a))
		_, gb := f(at(b))
		opt.StepWith([]*tensor.Tensor{tensor.Of(ga), tensor.Of(gb), tensor.Of([]float64{3, -4})})
		descend(optA, f, 1)
		descend(optB, f, 1)
		if t == 0 {
			first = (1 - at(a)[0]) / (1 - at(b)[0] - 0.01*0.1) // without the decay
		}
	}
	c.Near("first step of a group over that of one with a tenth of its rate", first, 10, 1e-6)
	c.True("each group is as it would be alone, to the bit", bytes.Equal(a.Bytes(), twinA.Bytes()) && bytes.Equal(b.Bytes(), twinB.Bytes()))
	c.True("the group at rate 0 has not changed by a bit", bytes.Equal(still.Bytes(), frozen))
	opt.Groups()[2].LR = 1
	opt.StepWith([]*tensor.Tensor{nil, nil, nil})
	c.True("nor has it at rate 1 without a gradient", bytes.Equal(still.Bytes(), frozen))
	opt.StepWith([]*tensor.Tensor{nil, nil, tensor.Of([]float64{3, -4})})
	c.Control(func() { c.True("it changes at rate 1 with one", !bytes.Equal(still.Bytes(), frozen)) })
	return nil
}

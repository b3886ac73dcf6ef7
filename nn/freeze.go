package nn

import (
	"path"

	"github.com/hadal-go/hadal/tensor"
)

// Freeze stops the training of all parameters of a module, or of a part of one such as a layer: ops on them are no longer
// recorded, no gradient is computed for them or for what comes before them, and optimizers, which skip parameters without a
// gradient, leave their bits alone, weight decay included. It is PyTorch's requires_grad_(False). Their gradients are forgotten.
// Call it between two steps.
//
// Layers with statistics, such as BatchNorm, go on collecting them: set BatchNorm.Frozen too where a pre-trained network is to
// stay as it is.
func Freeze(m any) { freeze(Params(m)) }

// FreezeMatching is Freeze for the parameters whose names match one of the patterns; see SplitParams.
func FreezeMatching(m any, patterns ...string) {
	matching, _ := SplitParams(m, patterns...)
	freeze(matching)
}

func freeze(ps []*Param) {
	for _, p := range ps {
		if p.RequiresGrad() {
			p.ZeroGrad()
			p.Tensor = p.Detach()
		}
	}
}

// SplitParams returns the module's parameters whose names match one of the patterns, and the others, both in field order: for groups with rates of
// their own, as in
//
//	head, body := nn.SplitParams(model, "fc.*")
//	optim.NewSGDGroups([]optim.Group{{Params: head, LR: 0.1}, {Params: body}}, optim.SGDConfig{LR: 0.01})
//
// Patterns are path.Match's: * is any number of characters, dots too, ? is one, [12] one of these. It panics with ErrValue on a pattern that
// is malformed or matches nothing.
func SplitParams(m any, patterns ...string) (matching, others []*Param) {
	matched := make([]bool, len(patterns))
	named := NamedParams(m)
	for _, p := range named {
		any := false
		for i, pattern := range patterns {
			ok, err := path.Match(pattern, p.Name)
			if err != nil {
				tensor.Fail("nn.SplitParams", tensor.ErrValue, nil, "%q is no pattern: %v; write *, ?, [ab] as in file names", pattern, err)
			}
			any, matched[i] = any || ok, matched[i] || ok
		}
		if any {
			matching = append(matching, p.Param)
		} else {
			others = append(others, p.Param)
		}
	}
	for i, ok := range matched {
		if !ok {
			var names []string
			for _, p := range named {
				names = append(names, p.Name)
			}
			tensor.Fail("nn.SplitParams", tensor.ErrValue, nil, "no parameter's name matches %q; there are %s", patterns[i], list(names))
		}
	}
	return matching, others
}

// Unfreeze makes all parameters of a module trainable again, with their present values and without gradients.
func Unfreeze(m any) {
	for _, p := range Params(m) {
		if !p.RequiresGrad() {
			p.Tensor = p.RequireGrad()
		}
	}
}

// Trainable returns the parameters that are not frozen, in field order: what an optimizer for fine-tuning is given.
func Trainable(m any) []*Param {
	var ps []*Param
	for _, p := range Params(m) {
		if p.RequiresGrad() {
			ps = append(ps, p)
		}
	}
	return ps
}

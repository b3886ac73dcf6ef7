package nn

// Freeze stops the training of all parameters of a module, or of a part of one such as a layer: ops on them are no longer
// recorded, no gradient is computed for them or for what comes before them, and optimizers, which skip parameters without a
// gradient, leave their bits alone, weight decay included. It is PyTorch's requires_grad_(False). Their gradients are forgotten.
// Call it between two steps.
//
// Layers with statistics, such as BatchNorm, go on collecting them: set BatchNorm.Frozen too where a pre-trained network is to
// stay as it is.
func Freeze(m any) {
	for _, p := range Params(m) {
		if p.RequiresGrad() {
			p.ZeroGrad()
			p.Tensor = p.Detach()
		}
	}
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

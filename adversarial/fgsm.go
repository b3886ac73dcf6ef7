package adversarial

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// FGSM returns the pictures x (N, ...) changed by one step of the fast gradient sign method (I. J. Goodfellow, J. Shlens and
// C. Szegedy, 2015, Explaining and harnessing adversarial examples),
//
//	x + Eps·sign(∇ₓ loss(model(x), y)),   with L2: x + Eps·∇/‖∇‖₂,
//
// cut to the box, for classes y (N,) that are left or, if cfg.Targeted, reached, with the sign turned. No pixel changes by more
// than Eps, and with L2 no picture, to the last bit. It panics with ErrShape, ErrDType and ErrValue on pictures, classes and
// options that do not fit, pixels outside the box among them.
func FGSM(model nn.Layer, x, y *tensor.Tensor, cfg Config) *tensor.Tensor {
	a := newAttack("fgsm", model, x, y, cfg)
	if x.Numel() == 0 {
		return a.x
	}
	return a.step(a.x, a.gradient(a.x), a.Eps)
}

package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// vae is a variational autoencoder (Kingma and Welling, 2013).
type vae struct {
	Encode, Mean, LogVar, Decode, Out *nn.Linear
}

// loss returns the negative evidence lower bound of x (N, 784), summed.
func (m *vae) loss(x, noise *tensor.Tensor) *tensor.Tensor {
	h := m.Encode.Forward(x).ReLU()
	mean, logVar := m.Mean.Forward(h), m.LogVar.Forward(h)
	z := mean.Add(noise.Mul(logVar.MulScalar(0.5).Exp()))
	y := m.Out.Forward(m.Decode.Forward(z).ReLU()).Sigmoid()
	kl := logVar.AddScalar(1).Sub(mean.Square()).Sub(logVar.Exp()).Sum().MulScalar(-0.5)
	return losses.BCELoss{Reduction: losses.Sum}.Of(y, x).Add(kl)
}

func trainVAE() Case {
	return Case{Name: "train/vae_j_784-400-20_b128_adam", New: func() func() {
		const n, latent = 128, 20
		g := generator()
		linear := func(g *random.Generator, in, out int) *nn.Linear { return nn.NewLinear(g, in, out, nn.LinearConfig{}) }
		m := &vae{linear(g, 784, 400), linear(g, 400, latent), linear(g, 400, latent), linear(g, latent, 400), linear(g, 400, 784)}
		opt, x := adam(m), tensor.Rand(g, n, 784)
		return scoped(func(s *tensor.Scope) {
			opt.ZeroGrad()
			m.loss(s.Enter(x), s.Enter(randn(g, n, latent))).Backward()
			opt.Step()
		})
	}}
}

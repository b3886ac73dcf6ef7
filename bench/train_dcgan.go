package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// dcganGenerator maps noise (N, 100, 1, 1) to pictures (N, 3, 64, 64) in (-1, 1) (Radford, Metz and Chintala, 2015).
func dcganGenerator(g *random.Generator) nn.Sequential {
	up := func(in, out, stride, padding int) nn.Layer {
		return nn.NewConvTranspose2d(g, in, out, 4, nn.ConvTransposeConfig{Stride: stride, Padding: padding, NoBias: true})
	}
	norm := func(c int) nn.Layer { return nn.NewBatchNorm2d(c, nn.BatchNormConfig{}) }
	return nn.NewSequential(
		up(100, 512, 1, 0), norm(512), nn.ReLU{}, up(512, 256, 2, 1), norm(256), nn.ReLU{},
		up(256, 128, 2, 1), norm(128), nn.ReLU{}, up(128, 64, 2, 1), norm(64), nn.ReLU{}, up(64, 3, 2, 1), nn.Tanh{})
}

// dcganDiscriminator maps pictures (N, 3, 64, 64) to logits (N,).
func dcganDiscriminator(g *random.Generator) nn.Sequential {
	down := func(in, out, stride, padding int) nn.Layer {
		return nn.NewConv2d(g, in, out, 4, nn.ConvConfig{Stride: stride, Padding: padding, NoBias: true})
	}
	norm := func(c int) nn.Layer { return nn.NewBatchNorm2d(c, nn.BatchNormConfig{}) }
	leaky := nn.LeakyReLU{Slope: new(0.2)}
	return nn.NewSequential(
		down(3, 64, 2, 1), leaky, down(64, 128, 2, 1), norm(128), leaky, down(128, 256, 2, 1), norm(256), leaky,
		down(256, 512, 2, 1), norm(512), leaky, down(512, 1, 1, 0), &nn.Flatten{Start: new(0)})
}

// trainDCGAN is a step of both networks. As in PyTorch's, the generator's loss also goes back into the discriminator's
// weights, whose gradient is then dropped.
func trainDCGAN() Case {
	return Case{Name: "train/dcgan_h_64x64_b16_adam", New: func() func() {
		const n = 16
		g := generator()
		gen, dis := dcganGenerator(g), dcganDiscriminator(g)
		cfg := optim.AdamConfig{LR: 2e-5, Beta1: new(0.5)}
		optG, optD := optim.NewAdam(nn.Params(gen), cfg), optim.NewAdam(nn.Params(dis), cfg)
		real, one, zero := randn(g, n, 3, 64, 64).Tanh(), tensor.Ones(n), tensor.Zeros(n)
		return scoped(func(s *tensor.Scope) {
			optD.ZeroGrad()
			losses.BCEWithLogits(dis.Forward(s.Enter(real)), one).Backward()
			fake := gen.Forward(s.Enter(randn(g, n, 100, 1, 1)))
			losses.BCEWithLogits(dis.Forward(fake.Detach()), zero).Backward()
			optD.Step()
			optG.ZeroGrad()
			losses.BCEWithLogits(dis.Forward(fake), one).Backward()
			optG.Step()
		})
	}}
}

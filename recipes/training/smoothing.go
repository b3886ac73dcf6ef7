package training

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E15", Tier: catalog.Unit, Title: "Label smoothing, one-sided in GANs; spectral normalisation",
		Source: "Szegedy et al. 2016; Salimans et al. 2016; Miyato, Kataoka, Koyama and Yoshida 2018",
		Target: "loss = -Σ q ln p with q = (1 - ε) y + ε/K to 1e-12; one-sided smoothing changes the loss of real samples alone; the largest singular value is 1 to 1e-6 after spectral normalisation",
		Note:   "the catalog refers to P18 and P19, which train GANs with them",
		Test:   smoothing,
	})
}

func smoothing(_ context.Context, c *catalog.Check) error {
	labelSmoothing(c)
	oneSided(c)
	return spectralNorm(c)
}

// labelSmoothing compares the loss with its formula and looks for its minimum.
func labelSmoothing(c *catalog.Check) {
	const n, k, eps = 7, 5, 0.1
	logits := normals(1, n, k).MulScalar(3)
	classes := []int64{0, 4, 2, 2, 1, 3, 0}
	smooth := losses.CrossEntropyLoss{LabelSmoothing: eps}
	want := 0.0
	for i, z := range rowsOf(logits) {
		sum := 0.0
		for _, v := range z {
			sum += math.Exp(v)
		}
		for j, v := range z {
			q := eps / k
			if int64(j) == classes[i] {
				q += 1 - eps
			}
			want -= q * math.Log(math.Exp(v)/sum) / n
		}
	}
	c.Near("loss of smoothed labels, by -Σ q ln p", smooth.Of(logits, tensor.Of(classes)).Item(), want, 1e-12)

	// The gradient p - q is zero where p = q, at finite logits: the right one is ln(1 + K(1-ε)/ε) above the others.
	gradient := func(l losses.CrossEntropyLoss, gap float64) float64 {
		z := tensor.Of([]float64{gap, 0, 0, 0, 0}, 1, k).RequireGrad()
		l.Of(z, tensor.Of([]int64{0})).Backward()
		return z.Grad().Abs().Max().Item()
	}
	gap := math.Log(1 + k*(1-eps)/eps)
	c.AtMost("gradient where the right logit is ln(1 + K(1-ε)/ε) above the others", gradient(smooth, gap), 1e-15)
	c.Control(func() {
		c.AtLeast("gradient there without smoothing", gradient(losses.CrossEntropyLoss{}, gap), 0.05)
	})
}

// rowsOf returns the rows of a matrix.
func rowsOf(x *tensor.Tensor) (rows [][]float64) {
	for i := range x.Dim(0) {
		rows = append(rows, x.Select(0, i).Floats())
	}
	return rows
}

// oneSided looks at a discriminator whose targets are α for real samples, in the place of 1, and β for generated ones.
func oneSided(c *catalog.Check) {
	// gradients returns those of the logits of real and of generated samples, of which sample i counts by its weight.
	gradients := func(real, fake, ofReal, ofFake *tensor.Tensor, alpha, beta float64) (dreal, dfake *tensor.Tensor) {
		real, fake = real.Clone().RequireGrad(), fake.Clone().RequireGrad()
		losses.BCEWithLogitsLoss{Weight: ofReal, Reduction: losses.Sum}.Of(real, tensor.FullLike(real, alpha)).
			Add(losses.BCEWithLogitsLoss{Weight: ofFake, Reduction: losses.Sum}.Of(fake, tensor.FullLike(fake, beta))).Backward()
		return real.Grad(), fake.Grad()
	}
	real, fake := normals(2, 6), normals(3, 6)
	hardReal, hardFake := gradients(real, fake, nil, nil, 1, 0)
	softReal, softFake := gradients(real, fake, nil, nil, 0.9, 0)
	c.AtMost("one-sided smoothing: change of the generated samples' gradients", furthest(hardFake, softFake), 0)
	c.AtMost("one-sided smoothing: error of the real ones', which grow by 1 - α", furthest(softReal, hardReal.AddScalar(0.1)), 1e-15)
	_, bothFake := gradients(real, fake, nil, nil, 0.9, 0.1)
	c.Control(func() {
		c.AtLeast("smoothing on both sides: change of the generated samples' gradients", furthest(hardFake, bothFake), 0.05)
	})

	// At four places with these densities the best discriminator is (α p_data + β p_model)/(p_data + p_model): its gradient is 0.
	data, model := tensor.Of([]float64{0.5, 0.4, 0.099, 0.001}), tensor.Of([]float64{0.1, 0.2, 0.3, 0.4})
	best := func(alpha, beta float64) *tensor.Tensor {
		return data.MulScalar(alpha).Add(model.MulScalar(beta)).Div(data.Add(model))
	}
	for _, beta := range []float64{0, 0.1} {
		d := best(0.9, beta)
		z := d.Div(d.RSubScalar(1)).Log()
		dreal, dfake := gradients(z, z, data, model, 0.9, beta)
		c.AtMost(fmt.Sprintf("gradient of the optimal discriminator with α = 0.9, β = %v", beta), dreal.Add(dfake).Abs().Max().Item(), 1e-15)
	}
	c.AtMost("one-sided: what it says where there is next to no data", best(0.9, 0).Select(0, 3).Item(), 0.01)
	c.Control(func() { // β p_model in the numerator draws samples to where they are already
		c.AtLeast("both sides: what it says there", best(0.9, 0.1).Select(0, 3).Item(), 0.1)
	})
}

// spectralNorm measures the largest singular values of weights by the SVD.
func spectralNorm(c *catalog.Check) error {
	// sigma is that of a layer's weight (outputs, ...) as a matrix.
	sigma := func(l nn.Weighted) (float64, error) {
		w := nn.Params(l)[0]
		s, err := linalg.SVDVals(w.Detach().Reshape(w.Dim(0), w.Numel()/w.Dim(0)))
		if err != nil {
			return 0, err
		}
		return s.Max().Item(), nil
	}
	g := random.New(1)
	var worst float64
	for _, l := range []struct {
		layer nn.Weighted
		x     *tensor.Tensor
	}{
		{nn.To(nn.NewLinear(g, 20, 30, nn.LinearConfig{}), tensor.Float64), normals(4, 2, 20)},
		{nn.To(nn.NewConv2d(g, 4, 6, 3, nn.ConvConfig{}), tensor.Float64), normals(5, 1, 4, 3, 3)},
	} {
		norm := nn.NewSpectralNorm(g, l.layer, nn.SpectralNormConfig{})
		for range 300 { // each brings u and v closer
			norm.Forward(l.x)
		}
		s, err := sigma(norm.Remove())
		if err != nil {
			return err
		}
		worst = max(worst, math.Abs(s-1))
	}
	c.AtMost("|largest singular value - 1| of a linear layer and a convolution", worst, 1e-6)

	// In training one iteration a step keeps up with the weights as long as one singular value leads. Where the target needs more
	// than 1 of all of them they grow together, no vector stands out, and the estimate falls behind.
	x := normals(6, 64, 10)
	leading := x.Mul(tensor.Of([]float64{5, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.1, 0.1}))
	fit := func(target *tensor.Tensor, normalised bool) (float64, error) {
		var l nn.Weighted = nn.To(nn.NewLinear(g, 10, 10, nn.LinearConfig{}), tensor.Float64)
		var model nn.Layer = l
		norm := nn.NewSpectralNorm(g, nn.Clone(l), nn.SpectralNormConfig{})
		if normalised {
			model = norm
		}
		descend(optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.1}), 300, func() *tensor.Tensor {
			return losses.MSE(model.Forward(x), target)
		})
		if normalised {
			l = norm.Remove()
		}
		return sigma(l)
	}
	one, err := fit(leading, true)
	if err != nil {
		return err
	}
	plain, err := fit(leading, false)
	if err != nil {
		return err
	}
	all, err := fit(x.MatMul(normals(7, 10, 10)), true)
	if err != nil {
		return err
	}
	c.Near("largest singular value after 300 steps with one iteration each", one, 1, 1e-3)
	c.Control(func() {
		c.AtLeast("without normalisation", plain, 4)
		c.AtLeast("with it, where the target stretches all directions", all, 1.01)
	})
	return nil
}

package training

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "E07", Tier: catalog.Unit, Title: "Local response normalisation", Source: "Krizhevsky, Sutskever and Hinton 2012",
		Target: "b_c = a_c / (k + α Σ a_j²)^β over the n channels around c, with k = 2, n = 5, α = 1e-4, β = 0.75, to 1e-12",
		Note:   "the paper's α multiplies the sum; that of PyTorch, and of nn.LocalResponseNorm, multiplies the mean over n, so AlexNet's is Alpha = 5 · 1e-4",
		Test:   localResponseNorm,
	})
}

func localResponseNorm(_ context.Context, c *catalog.Check) error {
	const k, n, alpha, beta = 2.0, 5, 1e-4, 0.75
	const samples, channels, pixels = 2, 9, 6
	x := normals(1, samples, channels, 2, 3).MulScalar(40)
	// paper is the formula of section 3.3 of the paper.
	paper := func(alpha float64) *tensor.Tensor {
		a := x.Floats()
		return each(x, func(at int, v float64) float64 {
			channel, sum := at/pixels%channels, 0.0
			for j := max(0, channel-n/2); j <= min(channels-1, channel+n/2); j++ {
				other := a[at+(j-channel)*pixels]
				sum += other * other
			}
			return v / math.Pow(k+alpha*sum, beta)
		})
	}
	alexNet := nn.LocalResponseNorm{Size: n, Alpha: new(n * alpha), Beta: new(beta), K: new(k)}
	torch := nn.LocalResponseNorm{Size: n, Alpha: new(alpha), Beta: new(beta), K: new(k)}
	y := alexNet.Forward(x)
	c.AtMost("error of AlexNet's values", furthest(y, paper(alpha)), 1e-12)
	c.AtMost("with Alpha = 1e-4: distance from the formula with α/n", furthest(torch.Forward(x), paper(alpha/n)), 1e-12)
	c.Control(func() {
		c.AtLeast("with Alpha = 1e-4: distance from the formula with α", furthest(torch.Forward(x), paper(alpha)), 1)
	})
	// One channel alone: 100 / (2 + 1e-4 · 100²)^0.75 = 100 / 3^0.75.
	alone := alexNet.Forward(tensor.Of([]float64{100}, 1, 1, 1))
	c.Near("a channel of 100 alone", alone.Item(), 43.869133765083085, 1e-12)

	// Channels inhibit their neighbours up to n/2 away, and no others.
	louder := func(at int) *tensor.Tensor {
		a := make([]float64, channels)
		for i := range a {
			a[i] = 100
		}
		a[at] = 1000
		return alexNet.Forward(tensor.Of(a, 1, channels, 1)).Select(1, 4)
	}
	same := louder(0).Item()
	c.AtMost("a channel beside one 10 times as large, of what it was", louder(6).Item()/same, 0.2)
	c.Equal("a channel 3 beside one 10 times as large, of what it was", louder(7).Item()/same, 1)

	f := func(in []*tensor.Tensor) []*tensor.Tensor { return one(alexNet.Forward(in[0])) }
	c.True("gradients of orders 1 and 2, to 1e-6", autograd.GradCheck(f, []*tensor.Tensor{x.Narrow(0, 0, 1).DivScalar(4)}, autograd.GradCheckConfig{}) == nil)
	return nil
}

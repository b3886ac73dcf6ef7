package core

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/mnist1d"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/pictureset"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C01", Tier: catalog.Small, Title: "Neuron, dense layer and multilayer perceptron", Source: "McCulloch and Pitts 1943; Rumelhart, Hinton and Williams 1986",
		Target: "test accuracy of a multilayer perceptron on MNIST-1D ≈ 0.68, of a linear model ≈ 0.32; of 2 x 256 units on 10,000 pictures ≥ 0.955",
		Note:   "MNIST-1D's own perceptron with 256 hidden units; with the authors' 100 and the same training it reaches 0.66. The other figure is " + pictureset.Note,
		Test:   dense,
	})
}

// residualMLP is the multilayer perceptron of MNIST-1D's authors: two hidden layers, the second added to the first.
type residualMLP struct{ L1, L2, L3 *nn.Linear }

func (m *residualMLP) Forward(x *tensor.Tensor) *tensor.Tensor { // (N, 40) -> (N, 10)
	h := m.L1.Forward(x).ReLU()
	return m.L3.Forward(h.Add(m.L2.Forward(h).ReLU()))
}

func newResidualMLP(g *random.Generator, in, hidden, out int) *residualMLP {
	return &residualMLP{nn.NewLinear(g, in, hidden, nn.LinearConfig{}), nn.NewLinear(g, hidden, hidden, nn.LinearConfig{}), nn.NewLinear(g, hidden, out, nn.LinearConfig{})}
}

func dense(ctx context.Context, c *catalog.Check) error {
	if err := series(ctx, c); err != nil {
		return err
	}
	if err := pictures(ctx, c); err != nil {
		return err
	}
	neurons(c)
	return nil
}

// series compares models of MNIST-1D.
func series(ctx context.Context, c *catalog.Check) error {
	train, err := mnist1d.Train(ctx, c.Source)
	if err != nil {
		return err
	}
	test, err := mnist1d.Test(ctx, c.Source)
	if err != nil {
		return err
	}
	const batch = 100
	mlp := func(g *random.Generator) nn.Layer { return newResidualMLP(g, mnist1d.Length, 256, mnist1d.Classes) }
	linear := func(g *random.Generator) nn.Layer {
		return nn.NewLinear(g, mnist1d.Length, mnist1d.Classes, nn.LinearConfig{})
	}
	accuracy := func(seeds, epochs int, model func(g *random.Generator) nn.Layer, y *tensor.Tensor) (median float64) {
		if err != nil {
			return
		}
		median, err = c.Median(seeds, func(seed uint64) (float64, error) {
			m := newClassifier(model(random.New(seed)), 0.01, epochs*train.X.Dim(0)/batch)
			m.batch = batch
			err := m.fit(ctx, train.X, y, epochs, seed)
			return m.score(test.X, test.Y), err
		})
		return median
	}
	deep, flat, chance := accuracy(3, 60, mlp, train.Y), accuracy(3, 20, linear, train.Y), accuracy(1, 10, mlp, pictureset.ShuffledLabels(train.Y))
	if err != nil {
		return err
	}
	c.Near("test accuracy of a multilayer perceptron on MNIST-1D", deep, 0.68, 0.03)
	c.Near("of a linear model", flat, 0.32, 0.02)
	c.Control(func() { c.AtMost("of the perceptron with shuffled labels", chance, 0.15) })
	return c.Picture("mnist1d", func(path string) error {
		return plot.Bars(path, []string{"multilayer perceptron", "linear model", "shuffled labels"}, []plot.Group{
			{Name: "here", Values: []float64{deep, flat, chance}}, {Name: "Greydanus and Kobak (shuffled: chance)", Values: []float64{0.68, 0.32, 0.1}},
		}, plot.BarsConfig{Title: "MNIST-1D", XLabel: "test accuracy"})
	})
}

// pictures trains 2 x 256 rectified units.
func pictures(ctx context.Context, c *catalog.Check) error {
	set, err := pictureset.Load(ctx, c, 10000, pictureset.Least{MNIST: 0.955, Fashion: 0.85, Digits: 0.95})
	if err != nil {
		return err
	}
	x, xTest := set.X.To(tensor.Float32), set.XTest.To(tensor.Float32)
	const epochs, batch = 8, 64
	got, err := c.Median(3, func(seed uint64) (float64, error) {
		g := random.New(seed)
		model := nn.NewSequential(nn.NewLinear(g, x.Dim(1), 256, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 256, 256, nn.LinearConfig{}), nn.ReLU{},
			nn.NewLinear(g, 256, 10, nn.LinearConfig{}))
		m := newClassifier(model, 0.002, epochs*x.Dim(0)/batch)
		m.batch = batch
		err := m.fit(ctx, x, set.Y, epochs, seed)
		return m.score(xTest, set.YTest), err
	})
	c.AtLeast("test accuracy of 2 x 256 units on "+set.Name, got, set.Least)
	return err
}

// neurons claims what single neurons and layers of them compute.
func neurons(c *catalog.Check) {
	g := random.New(1)
	x := tensor.Randn(g, 7, 5).To(tensor.Float64)
	layer := nn.To(nn.NewLinear(g, 5, 3, nn.LinearConfig{}), tensor.Float64)
	w, b, in := layer.Weight.Floats(), layer.Bias.Floats(), x.Floats()
	want := make([]float64, 0, 7*3)
	for n := range 7 {
		for j := range 3 { // s = Σ w x + b
			s := b[j]
			for i := range 5 {
				s += w[j*5+i] * in[n*5+i]
			}
			want = append(want, s)
		}
	}
	c.AtMost("error of a dense layer against Σ w x + b", largestError(layer.Forward(x), tensor.Of(want, 7, 3)), 1e-14)

	// McCulloch and Pitts' neurons fire where their sum reaches a threshold.
	gate := func(w1, w2, threshold float64) func(a, b *tensor.Tensor) *tensor.Tensor {
		n := &nn.Linear{Weight: tensor.NewParam(tensor.Of([]float64{w1, w2}, 1, 2)), Bias: tensor.NewParam(tensor.Of([]float64{-threshold}))}
		return func(a, b *tensor.Tensor) *tensor.Tensor {
			return n.Forward(tensor.Stack(1, a, b)).Detach().GeScalar(0).To(tensor.Float64).Flatten(0)
		}
	}
	and, or, nand := gate(1, 1, 2), gate(1, 1, 1), gate(-1, -1, -1)
	p, q := tensor.Of([]float64{0, 0, 1, 1}), tensor.Of([]float64{0, 1, 0, 1})
	truth := func(name string, got *tensor.Tensor, want ...float64) {
		c.Equal("cells of the truth table that "+name+" gets wrong", got.Sub(tensor.Of(want)).Abs().Sum().Item(), 0)
	}
	truth("an AND neuron", and(p, q), 0, 0, 0, 1)
	truth("an OR neuron", or(p, q), 0, 1, 1, 1)
	truth("XOR of three neurons in two layers", and(or(p, q), nand(p, q)), 0, 1, 1, 0)
	c.Control(func() {
		least := 4.0
		for w1 := -2.0; w1 <= 2; w1 += 0.5 {
			for w2 := -2.0; w2 <= 2; w2 += 0.5 {
				for t := -4.25; t <= 4.25; t += 0.5 {
					least = min(least, gate(w1, w2, t)(p, q).Sub(tensor.Of([]float64{0, 1, 1, 0})).Abs().Sum().Item())
				}
			}
		}
		c.Equal("cells of XOR that the best of 1,458 single neurons gets wrong", least, 1)
	})
}

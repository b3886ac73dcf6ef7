package core

import (
	"bytes"
	"context"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C05", Tier: catalog.Unit, Title: "Dead ReLU units can be removed", Source: "Glorot, Bordes and Bengio 2011; Maas, Hannun and Ng 2013",
		Target: "outputs of a trained network without its units that are always zero are bit-identical",
		Note:   "the units die of a first learning rate that is too high; they are those that none of the 1,797 digits wakes",
		Test:   deadUnits,
	})
}

func deadUnits(ctx context.Context, c *catalog.Check) error {
	set := digits.Load()
	x, labels := tensor.Of(set.Pix, set.N, set.H*set.W).To(tensor.Float32).DivScalar(16), make([]int64, set.N)
	for i, l := range set.Labels {
		labels[i] = int64(l)
	}
	y := tensor.Of(labels)
	g := random.New(max(c.Seed, 1))
	first, second, last := nn.NewLinear(g, 64, 128, nn.LinearConfig{}), nn.NewLinear(g, 128, 128, nn.LinearConfig{}), nn.NewLinear(g, 128, 10, nn.LinearConfig{})
	model := nn.NewSequential(first, nn.ReLU{}, nn.NewDropout(g, 0.1), second, nn.ReLU{}, last)
	m := newClassifier(model, 0.03, 60) // the rate of the first steps kills, and falls
	if err := m.fit(ctx, x, y, 3, max(c.Seed, 1)); err != nil {
		return err
	}

	whole := nn.Snapshot(model)
	want := whole.Forward(x)
	small, removed := nn.PruneDeadUnits(model, x)
	pruned := nn.Eval(small)
	c.True("outputs without the dead units are bit-identical", bytes.Equal(want.Bytes(), pruned.Forward(x).Bytes()))
	c.AtLeast("units of 256 that are dead", float64(removed), 20)
	c.AtMost("parameters left, as a share", float64(nn.NumParams(small))/float64(nn.NumParams(model)), 0.9)
	c.AtLeast("accuracy of both", m.score(x, y), 0.9)

	// A dead unit has no gradient either, so it stays dead.
	h := whole[1].Forward(whole[0].Forward(x))
	dead := nn.DeadUnits(h, -1)
	losses.CrossEntropy(model.Forward(x), y).Backward()
	rows := first.Weight.Grad().IndexSelect(0, indices(dead))
	c.Equal("largest gradient of a dead unit's weights", rows.Abs().Max().Item(), 0)
	before := first.Weight.Detach().IndexSelect(0, indices(dead)).Floats()
	nn.ZeroGrad(model)
	m.optimizer = optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.01})
	m.schedule = optim.NewScheduler(m.optimizer, optim.Constant())
	if err := m.fit(ctx, x, y, 1, 7); err != nil {
		return err
	}
	c.True("after another epoch of gradient descent they are what they were, to the bit", slices.Equal(before, first.Weight.Detach().IndexSelect(0, indices(dead)).Floats()))

	c.Control(func() {
		alive := 0
		for slices.Contains(dead, alive) {
			alive++
		}
		one, next := nn.PruneUnits(whole[0].(*nn.Linear), whole[3].(*nn.Linear), []int{alive})
		without := nn.Sequential{one, nn.ReLU{}, next, nn.ReLU{}, whole[5]}
		c.AtLeast("change of an output when one unit that lives is removed", largestError(without.Forward(x), want), 1e-3)
		// A sigmoid's silent units are not zero but 1/2 or nearly 0: none can go.
		c.Equal("units of as many sigmoids that are always zero", float64(len(nn.DeadUnits(whole[0].Forward(x).Sigmoid(), -1))), 0)
	})
	return c.Picture("awake", func(path string) error {
		share := func(h *tensor.Tensor) []float64 { return h.GtScalar(0).To(tensor.Float64).Mean(0).Floats() }
		return plot.Histogram(path, []plot.Sample{{Name: "hidden layer 1", Values: share(h)}, {Name: "hidden layer 2", Values: share(whole[:5].Forward(x))}},
			plot.HistogramConfig{Title: "Rectified units by the share of digits that wake them", XLabel: "share of the 1,797 digits", Bins: 25})
	})
}

// indices is a list of indices as a tensor.
func indices(of []int) *tensor.Tensor {
	at := make([]int64, len(of))
	for i, v := range of {
		at[i] = int64(v)
	}
	return tensor.OfShape(at, tensor.ShapeOf(len(at)))
}

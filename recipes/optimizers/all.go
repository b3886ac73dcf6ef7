package optimizers

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D00", Tier: catalog.Small, Title: "What all optimizers must do", Source: "the papers of D01 to D13",
		Target: "10 steps equal the papers' formulas to 1e-10; f < 1e-6 on a 10-D quadratic (κ = 100) and Rosenbrock's function; the same LeNet trains; a restored state goes on bit for bit",
		Note:   "rates are in the field kinds of the recipe; RMSProp and Adadelta need a rate that falls on Rosenbrock's function. Rprop is not for mini-batches and does not train LeNet",
		Test:   all,
	})
}

func all(ctx context.Context, c *catalog.Check) error {
	names, acc, err := leNets(ctx, c)
	if err != nil {
		return err
	}
	c.AtLeast("LeNet's test accuracy on the digits, the least of "+fmt.Sprint(len(acc))+" optimizers", slices.Min(acc), 0.95)
	var steps, quadratics, valleys float64
	resumed := true
	for _, k := range kinds {
		steps = max(steps, byHand(k))
		quadratics = max(quadratics, onQuadratic(k))
		valleys = max(valleys, onRosenbrock(k))
		ok, err := resumes(k)
		if err != nil {
			return err
		}
		resumed = resumed && ok
	}
	c.AtMost("error of 10 steps against the formulas", steps, 1e-10)
	c.AtMost("quadratic, the worst optimizer", quadratics, 1e-6)
	c.AtMost("Rosenbrock's function, the worst optimizer", valleys, 1e-6)
	c.True("20 steps equal 10, a restored state and 10, bit for bit", resumed)
	for i, n := range names {
		c.AtLeast(n, acc[i], 0.95)
	}
	if err := c.Picture("lenet", func(path string) error {
		return plot.Bars(path, names, []plot.Group{{Values: acc}}, plot.BarsConfig{Title: "LeNet after 12 epochs of the digits", XLabel: "test accuracy"})
	}); err != nil {
		return err
	}
	if err := c.Picture("rosenbrock", func(path string) error {
		return drawPaths(path, "400 steps on Rosenbrock's function", rosenbrock, box{-1.7, 1.5, -0.7, 1.7}, []float64{-1.2, 1}, []float64{0.1, 1, 5, 20, 100, 300}, 400)
	}); err != nil {
		return err
	}
	return c.Picture("beale", func(path string) error {
		return drawPaths(path, "200 steps on Beale's function", beale, box{-0.5, 4.2, -1, 1.6}, []float64{0.8, 1.3}, []float64{0.03, 0.3, 1, 3, 10, 30}, 200)
	})
}

// byHand returns the largest error of ten steps against the formula, from several starts along the gradient w + sin(3w).
func byHand(k kind) (most float64) {
	for _, start := range []float64{1.5, -0.4, 3} {
		const lr = 0.05
		p := param(start)
		opt, reference, w := k.make(only(p), lr, false), k.reference(lr), start
		for t := 1.0; t <= 10; t++ {
			step(opt, at(p)[0]+math.Sin(3*at(p)[0]))
			w = reference(w, w+math.Sin(3*w), t)
			most = max(most, math.Abs(at(p)[0]-w))
		}
	}
	return most
}

const limit = 10000 // steps on the quadratic; thrice that on Rosenbrock's function

func onQuadratic(k kind) float64 {
	var h, x [10]float64
	for i := range h {
		h[i], x[i] = math.Pow(100, float64(i)/9), 1
	}
	return below(k.make(only(param(x[:]...)), k.quadratic, false), quadratic(h[:]...), optim.Constant(), limit)
}

func onRosenbrock(k kind) float64 {
	opt := k.make(only(param(-1.2, 1)), k.rosenbrock, false)
	if k.cosine {
		return below(opt, rosenbrock, optim.Cosine(limit, 0), limit)
	}
	return below(opt, rosenbrock, optim.Constant(), 3*limit)
}

// below takes steps until the value is below 1e-6 and returns the last value.
func below(opt optim.Optimizer, f surface, schedule optim.Schedule, steps int) float64 {
	s := optim.NewScheduler(opt, schedule)
	p := opt.Params()[0]
	for range steps {
		v, g := f(at(p))
		if v < 1e-6 || math.IsNaN(v) {
			return v
		}
		step(opt, g...)
		s.Step()
	}
	v, _ := f(at(p))
	return v
}

// resumes reports whether a state that is put into a new optimizer goes on as the old one does.
func resumes(k kind) (bool, error) {
	f := quadratic(1, 10, 100)
	whole, half := param(1, -2, 3), param(1, -2, 3)
	descend(k.make(only(whole), 0.01, false), f, 20)
	first := k.make(only(half), 0.01, false)
	descend(first, f, 10)
	state := first.State()
	second := k.make(only(half), 0.01, false)
	if err := second.LoadState(state); err != nil {
		return false, err
	}
	descend(second, f, 10)
	return bytes.Equal(whole.Bytes(), half.Bytes()), nil
}

// leNets trains the same LeNet with every optimizer that is for mini-batches and returns its accuracy on the held-out digits.
func leNets(ctx context.Context, c *catalog.Check) (names []string, acc []float64, err error) {
	train, err := dataset.NewImages(digits.Train(), nil, nil)
	if err != nil {
		return nil, nil, err
	}
	test, err := dataset.NewImages(digits.Test(), nil, nil)
	if err != nil {
		return nil, nil, err
	}
	held, err := test.Gather(ctx, indices(test.Len()))
	if err != nil {
		return nil, nil, err
	}
	for _, k := range kinds {
		if k.lenet == 0 {
			continue
		}
		model := vision.NewLeNet(random.New(max(c.Seed, 1)), 1, 8, 8, 10)
		loader := dataset.NewBatchLoader(train, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: max(c.Seed, 1)})
		opt := k.make(nn.Params(model), k.lenet, false)
		for epoch := range 12 {
			for batch, err := range loader.Epoch(ctx, epoch, 0) {
				if err != nil {
					return nil, nil, err
				}
				tensor.WithScope(func(s *tensor.Scope) {
					opt.ZeroGrad()
					losses.CrossEntropy(model.Forward(s.Enter(batch.X)), batch.Y).Backward()
					opt.Step()
				})
			}
		}
		a := metrics.Accuracy(nn.Eval(model).Forward(held.X), held.Y)
		if c.Say != nil {
			c.Say("%s: %.4f", k.name, a)
		}
		names, acc = append(names, k.name), append(acc, a)
	}
	return names, acc, nil
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// gradients are those of a loss by some parameters.
func gradients(loss *tensor.Tensor, of []*tensor.Param) []*tensor.Tensor {
	wrt := make([]*tensor.Tensor, len(of))
	for i, p := range of {
		wrt[i] = p.Tensor
	}
	return autograd.Grad([]*tensor.Tensor{loss}, wrt, autograd.GradConfig{})
}

package main

import (
	"math"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// newMLP returns a perceptron with a hidden layer of ReLUs, with the initial values of scikit-learn's: weights and biases alike uniform within
// ±√(6 / (in + out)) (Glorot and Bengio, 2010).
func newMLP(g *random.Generator, in, hidden, out int) nn.Sequential {
	var m nn.Sequential
	for _, size := range [][2]int{{in, hidden}, {hidden, out}} {
		l := nn.NewLinear(g, size[0], size[1], nn.LinearConfig{})
		bound := math.Sqrt(6 / float64(size[0]+size[1]))
		l.Weight.CopyFrom(initialize.Uniform(g, -bound, bound, size[1], size[0]))
		l.Bias.CopyFrom(initialize.Uniform(g, -bound, bound, size[1]))
		m = append(m, l, nn.ReLU{})
	}
	return m[:3]
}

// trainMLP minimises loss(m(x), y) by Adam, with a penalty ½ α ‖W‖² / batch on the weights, for a fixed number of epochs in a new order each.
func trainMLP(g *random.Generator, m nn.Sequential, x, y *tensor.Tensor, o options, loss func(z, y *tensor.Tensor) *tensor.Tensor) {
	var weights, biases []*tensor.Param
	for _, p := range nn.Params(m) {
		if p.Rank() > 1 {
			weights = append(weights, p)
		} else {
			biases = append(biases, p)
		}
	}
	decay := o.Alpha / float64(o.Batch)
	opt := optim.NewAdamGroups([]optim.Group{{Params: weights, WeightDecay: &decay}, {Params: biases}}, optim.AdamConfig{LR: o.LR})
	n := x.Dim(0)
	for range o.Epochs {
		order := g.Perm(n)
		x, y := pick(x, order), pick(y, order)
		for at := 0; at < n; at += o.Batch {
			tensor.WithScope(func(s *tensor.Scope) {
				size := min(o.Batch, n-at)
				z := m.Forward(s.Enter(x.Narrow(0, at, size)))
				opt.ZeroGrad()
				loss(z, s.Enter(y.Narrow(0, at, size))).Backward()
				opt.Step()
			})
		}
	}
}

// mlp predicts by a network of float32: classes by its outputs, the sign of a single one, or numbers by output · scale + mean.
type mlp struct {
	m           nn.Sequential
	regression  bool
	mean, scale float64
}

func (p *mlp) Predict(x *tensor.Tensor) *tensor.Tensor {
	z := nn.Eval(p.m).Forward(x.To(tensor.Float32))
	switch {
	case p.regression:
		return z.Reshape(-1).To(tensor.Float64).MulScalar(p.scale).AddScalar(p.mean)
	case z.Dim(1) == 1:
		return z.Reshape(-1).GtScalar(0).To(tensor.Int64)
	}
	return z.ArgMax(1)
}

// fitMLP learns classes: two by a single output, as scikit-learn does.
func fitMLP(x, y *tensor.Tensor, o options, seed uint64) (predictor, error) {
	g, classes := random.New(seed), int(y.Max().Item())+1
	if classes > 2 {
		m := newMLP(g, x.Dim(1), o.Hidden, classes)
		trainMLP(g, m, x.To(tensor.Float32), y, o, losses.CrossEntropy)
		return &mlp{m: m}, nil
	}
	m := newMLP(g, x.Dim(1), o.Hidden, 1)
	trainMLP(g, m, x.To(tensor.Float32), y.To(tensor.Float32).Reshape(-1, 1), o, losses.BCEWithLogits)
	return &mlp{m: m}, nil
}

// fitMLPRegressor learns a number, standardised, by half the squared error.
func fitMLPRegressor(x, y *tensor.Tensor, o options, seed uint64) (predictor, error) {
	g := random.New(seed)
	p := &mlp{m: newMLP(g, x.Dim(1), o.Hidden, 1), regression: true, mean: y.Mean().Item(), scale: y.Std(0).Item()}
	target := y.SubScalar(p.mean).DivScalar(p.scale).To(tensor.Float32).Reshape(-1, 1)
	trainMLP(g, p.m, x.To(tensor.Float32), target, o, func(z, y *tensor.Tensor) *tensor.Tensor { return losses.MSE(z, y).MulScalar(0.5) })
	return p, nil
}

package optimizers

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "D16", Tier: catalog.Small, Title: "Gradient clipping", Source: "Pascanu, Mikolov and Bengio 2013",
		Target: "the clipped norm is at most c, directions stay; a plain RNN learns to add two marked numbers of 50 with clipping; without, SGD diverges and Adam does not learn",
		Note:   "the network is Le, Jaitly and Hinton's (2015): ReLU, W_hh = 1",
		Test:   clipping,
	})
}

func clipping(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	var above, turned, value float64
	for _, size := range []float64{1e-3, 1, 1e3, 1e6} {
		a, b := param(make([]float64, 30)...), param(make([]float64, 7)...)
		both := []*tensor.Param{a, b}
		draw := func() (all []float64) {
			a.SetGrad(tensor.Randn(g, 30).To(tensor.Float64).MulScalar(size))
			b.SetGrad(tensor.Randn(g, 7).To(tensor.Float64).MulScalar(size))
			return append(a.Grad().Floats(), b.Grad().Floats()...)
		}
		before := draw()
		norm := optim.ClipGradNorm(both, 2, 2)
		after := append(a.Grad().Floats(), b.Grad().Floats()...)
		length := math.Sqrt(dot(after, after))
		above = max(above, length-2)
		turned = max(turned, math.Abs(dot(before, after)/norm/length-1))
		draw()
		optim.ClipGradValue(both, 0.5)
		for _, v := range append(a.Grad().Floats(), b.Grad().Floats()...) {
			value = max(value, math.Abs(v))
		}
	}
	c.AtMost("clipped norm above 2", above, 0)
	c.AtMost("1 - cosine of the gradients before and after", turned, 1e-12)
	c.AtMost("largest element clipped at 0.5", value, 0.5)

	withAdam := func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: 3e-3}) }
	withSGD := func(p []*tensor.Param) optim.Optimizer { return optim.NewSGD(p, optim.SGDConfig{LR: 0.01}) }
	curves := map[float64][]float64{} // of the last seed, by limit
	end := func(steps int, limit float64, make func(p []*tensor.Param) optim.Optimizer) (float64, error) {
		return c.Median(3, func(seed uint64) (float64, error) {
			curve := adding(seed, steps, limit, make)
			if steps == 900 {
				curves[limit] = curve
			}
			return curve[len(curve)-1], nil
		})
	}
	adam, err := end(900, 1, withAdam)
	if err != nil {
		return err
	}
	unclipped, err := end(900, 0, withAdam)
	if err != nil {
		return err
	}
	sgd, err := end(100, 1, withSGD)
	if err != nil {
		return err
	}
	diverged, err := end(100, 0, withSGD)
	if err != nil {
		return err
	}
	c.AtMost("squared error of Adam with norms clipped at 1; the mean of the targets has 0.167", adam, 0.02)
	c.AtMost("of SGD with clipping: it does not diverge", sgd, 0.3)
	c.Control(func() {
		c.AtLeast("of Adam without clipping", unclipped, 0.1)
		c.True("SGD without clipping diverges", !(diverged < 1e6))
	})
	return c.Picture("adding", func(path string) error {
		chart := plot.Chart{Title: "Adding two of 50 numbers, Adam", XLabel: "steps / 20", YLabel: "squared error", LogY: true}
		chart.Series = []plot.Series{{Name: "clipped at norm 1", X: count(len(curves[1])), Y: curves[1]}, {Name: "not clipped", X: count(len(curves[0])), Y: curves[0]}}
		return plot.Lines(path, chart)
	})
}

// adder is a plain recurrent network that reads numbers with marks and says the sum of the two marked ones.
type adder struct {
	RNN  *nn.RNN
	Head *nn.Linear
}

// adding trains it and returns the mean squared error of every 20 steps; it ends when that is no number. limit 0 does not clip.
func adding(seed uint64, steps int, limit float64, make func(p []*tensor.Param) optim.Optimizer) (curve []float64) {
	const length, batch, hidden = 50, 32, 64
	g := random.New(seed)
	m := &adder{nn.NewRNN(g, 2, hidden, nn.RNNConfig{ReLU: true, BatchFirst: true}), nn.NewLinear(g, hidden, 1, nn.LinearConfig{})}
	for _, p := range nn.NamedParams(m) {
		switch p.Name {
		case "rnn.weight_hh_l0":
			p.CopyFrom(tensor.Eye(hidden))
		case "rnn.weight_ih_l0":
			p.CopyFrom(tensor.Randn(g, hidden, 2).MulScalar(0.1))
		case "rnn.bias_ih_l0", "rnn.bias_hh_l0":
			p.CopyFrom(tensor.Zeros(hidden))
		}
	}
	opt := make(nn.Params(m))
	var sum float64
	for t := 1; t <= steps; t++ {
		tensor.WithScope(func(scope *tensor.Scope) {
			x, y := addingBatch(g, batch, length)
			h := m.RNN.Forward(scope.Enter(x))
			loss := losses.MSE(m.Head.Forward(h.Select(1, length-1)), y)
			opt.ZeroGrad()
			loss.Backward()
			if limit > 0 {
				optim.ClipGradNorm(nn.Params(m), limit, 2)
			}
			opt.Step()
			sum += loss.Item() / 20
		})
		if t%20 == 0 {
			curve, sum = append(curve, sum), 0
			if last := curve[len(curve)-1]; math.IsNaN(last) || math.IsInf(last, 0) || last > 1e10 {
				break
			}
		}
	}
	return curve
}

// addingBatch draws (N, T, 2), numbers of [0, 1) and the marks of two of them, and the sums (N, 1) of those (Hochreiter and Schmidhuber, 1997).
func addingBatch(g *random.Generator, n, length int) (x, y *tensor.Tensor) {
	data, sums := make([]float32, n*length*2), make([]float32, n)
	for i := range n {
		row := data[i*length*2 : (i+1)*length*2]
		for t := range length {
			row[2*t] = float32(g.Float64())
		}
		for _, at := range []int{g.Intn(length / 2), length/2 + g.Intn(length/2)} {
			row[2*at+1] = 1
			sums[i] += row[2*at]
		}
	}
	return tensor.Of(data, n, length, 2), tensor.Of(sums, n, 1)
}

package maths

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "A02", Tier: catalog.Unit, Title: "Backpropagation", Source: "Linnainmaa 1970; Rumelhart, Hinton and Williams 1986",
		Target: "the δ equations written by hand equal autodiff to 1e-12; gradients pass a check to 1e-6; XOR is solved from 20 of 20 seeds",
		Note: "δ and g' of the output layer are those of layer L, often misprinted as (l), and each unit has its own bias b_j, often misprinted as one b. " +
			"Every op's gradient is checked, at orders 1 and 2, by the conformance suite that go test runs; here are the elementary ones",
		Test: backprop,
	}, catalog.Row{
		ID: "A03", Tier: catalog.Unit, Title: "Chain rule: composition and fan-out",
		Target: "dz/ds = ∂z/∂x dx/ds + ∂z/∂y dy/ds; gradients of 500 random graphs with shared nodes equal finite differences to 1e-6",
		Test:   chainRule,
	})
}

// byHand differentiates a two-layer network of sigmoids with the loss J = ½ Σ (y − t)²:
//
//	s¹ = W¹x + b¹, h = g(s¹), s² = W²h + b², y = g(s²)
//	δ²_i = (y_i − t_i) g'(s²_i), δ¹_i = g'(s¹_i) Σ_j w²_ji δ²_j, ∂J/∂w^l_ij = δ^l_i x^(l−1)_j, ∂J/∂b^l_i = δ^l_i
//
// misprinted takes g' of the hidden layer's sums for the output's.
func byHand(x, t, w1, b1, w2, b2 []float64, misprinted bool) (dw1, db1, dw2, db2 []float64) {
	g := func(s float64) float64 { return 1 / (1 + math.Exp(-s)) }
	slope := func(s float64) float64 { return g(s) * (1 - g(s)) }
	layer := func(w, b, x []float64) (s, y []float64) {
		for i := range b {
			sum := b[i]
			for j := range x {
				sum += w[i*len(x)+j] * x[j]
			}
			s, y = append(s, sum), append(y, g(sum))
		}
		return s, y
	}
	s1, h := layer(w1, b1, x)
	s2, y := layer(w2, b2, h)
	db2, db1 = make([]float64, len(y)), make([]float64, len(h))
	for i := range y {
		at := s2[i]
		if misprinted {
			at = s1[i]
		}
		db2[i] = (y[i] - t[i]) * slope(at)
		for j := range h {
			dw2 = append(dw2, db2[i]*h[j])
		}
	}
	for i := range h {
		for j := range y {
			db1[i] += slope(s1[i]) * w2[j*len(h)+i] * db2[j]
		}
		for j := range x {
			dw1 = append(dw1, db1[i]*x[j])
		}
	}
	return dw1, db1, dw2, db2
}

func backprop(_ context.Context, c *catalog.Check) error {
	g, f := random.New(1), tensor.With(tensor.Float64)
	x, t := f.Randn(g, 4), f.Rand(g, 2)
	params := []*tensor.Tensor{f.Randn(g, 5, 4), f.Randn(g, 5), f.Randn(g, 2, 5), f.Randn(g, 2)}
	loss := func(in []*tensor.Tensor) []*tensor.Tensor {
		h := in[0].MatMul(x).Add(in[1]).Sigmoid()
		return []*tensor.Tensor{in[2].MatMul(h).Add(in[3]).Sigmoid().Sub(t).Square().Sum().MulScalar(0.5)}
	}
	_, auto := autograd.VJP(loss, params, nil)
	difference := func(misprinted bool) (most float64) {
		dw1, db1, dw2, db2 := byHand(x.Floats(), t.Floats(), params[0].Floats(), params[1].Floats(), params[2].Floats(), params[3].Floats(), misprinted)
		for i, hand := range [][]float64{dw1, db1, dw2, db2} {
			most = max(most, worst(auto[i].Reshape(-1), tensor.Of(hand)))
		}
		return most
	}
	c.AtMost("δ equations less autodiff", difference(false), 1e-12)
	c.Control(func() {
		c.AtLeast("with g' of the hidden layer's sums in the output's δ", difference(true), 1e-3)
		// One b for all units of a layer: its gradient is the sum of the units' own, so that all move together.
		at := func(b *tensor.Tensor) *tensor.Tensor { // the gradient by b, of one element or of one for each unit
			_, d := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor {
				return loss([]*tensor.Tensor{params[0], in[0].Expand(5), params[2], params[3]})
			}, []*tensor.Tensor{b}, nil)
			return d[0]
		}
		c.AtLeast("with one b for all units, from the units' own", worst(at(f.Full(0.3, 1)).Expand(5).Contiguous(), at(f.Full(0.3, 5))), 1e-3)
	})

	checks := elementary()
	failed := 0
	for _, op := range checks {
		in := []*tensor.Tensor{f.Rand(g, 3, 4).AddScalar(0.2), f.Rand(g, 3, 4).AddScalar(1.3)} // clear of kinks and poles
		if err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{op(in[0], in[1])} }, in, autograd.GradCheckConfig{Order: 1}); err != nil {
			failed++
		}
	}
	c.Equal("elementary ops whose gradient is off by more than 1e-6", float64(failed), 0)
	c.AtLeast("elementary ops checked", float64(len(checks)), 40)

	solved, err := c.Seeds(20, func(seed uint64) (float64, error) { return xor(seed, 8), nil })
	if err != nil {
		return err
	}
	var sum float64
	for _, v := range solved {
		sum += v
	}
	c.Equal("seeds of 20 that solve XOR", sum, 20)
	c.Control(func() { c.Equal("solved without a hidden layer", xor(1, 0), 0) })
	return nil
}

// elementary are functions of x in (0.2, 1.2) and y in (1.3, 2.3).
func elementary() []func(x, y *tensor.Tensor) *tensor.Tensor {
	type T = *tensor.Tensor
	all := []func(x, y T) T{T.Add, T.Sub, T.Mul, T.Div, T.Pow, T.Maximum, T.Minimum, T.Atan2,
		func(x, y T) T { return x.MatMul(y.T()) }, func(x, _ T) T { return x.Softmax(1) }, func(x, _ T) T { return x.LogSoftmax(1) },
		func(x, _ T) T { return x.Sum(0) }, func(x, _ T) T { return x.Mean(1) }, func(x, _ T) T { return x.Prod(1) },
		func(x, _ T) T { return x.Cumsum(1) }, func(x, _ T) T { return x.LogSumExp(1) }, func(x, _ T) T { return x.T() },
		func(x, y T) T { return tensor.Concat(0, x, y) }, func(x, _ T) T { return x.Slice(1, 0, 4, 2) }, func(x, _ T) T { return x.Reshape(2, 6) }}
	for _, f := range []func(x T) T{T.Exp, T.Log, T.Sqrt, T.Square, T.Sin, T.Cos, T.Tan, T.Tanh, T.Sigmoid, T.ReLU, T.Abs, T.Neg, T.Reciprocal, T.Log1p, T.Expm1, T.Erf, T.Rsqrt,
		T.SiLU, T.GELU, T.Atan, T.Asinh, T.Sinh, T.Cosh, T.LogSigmoid, T.Lgamma, T.Softsign, T.Mish} {
		all = append(all, func(x, _ T) T { return f(x) })
	}
	return all
}

// xor trains a network with the given number of hidden units on XOR and returns 1 if it is right about all four points.
func xor(seed uint64, hidden int) float64 {
	g := random.New(seed)
	x, y := tensor.Of([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2), tensor.Of([]float32{0, 1, 1, 0}, 4, 1)
	var model nn.Layer = nn.NewLinear(g, 2, 1, nn.LinearConfig{})
	if hidden > 0 {
		model = nn.Sequential{nn.NewLinear(g, 2, hidden, nn.LinearConfig{}), nn.Tanh{}, nn.NewLinear(g, hidden, 1, nn.LinearConfig{})}
	}
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: 0.5, Momentum: 0.9})
	for range 200 {
		opt.ZeroGrad()
		losses.BCEWithLogits(model.Forward(x), y).Backward()
		opt.Step()
	}
	for i, v := range model.Forward(x).Floats() {
		if (v > 0) != (y.Floats()[i] == 1) {
			return 0
		}
	}
	return 1
}

func chainRule(_ context.Context, c *catalog.Check) error {
	// Case 1: z = sin(x²). Case 2: x = s², y = sin s, z = xy.
	at := []*tensor.Tensor{f64([]int{1}, 0.7)}
	grad := func(f func(s *tensor.Tensor) *tensor.Tensor) float64 {
		_, d := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{f(in[0])} }, at, nil)
		return d[0].Item()
	}
	const s = 0.7
	fan := grad(func(s *tensor.Tensor) *tensor.Tensor { return s.Square().Mul(s.Sin()) })
	c.Near("composition: d sin(s²)/ds", grad(func(s *tensor.Tensor) *tensor.Tensor { return s.Square().Sin() }), math.Cos(s*s)*2*s, 1e-14)
	c.Near("fan-out: d(s² sin s)/ds", fan, 2*s*math.Sin(s)+s*s*math.Cos(s), 1e-14)
	c.Control(func() {
		one := grad(func(s *tensor.Tensor) *tensor.Tensor { return s.Square().Mul(s.Sin().Detach()) })
		c.AtLeast("one of the two paths alone is off by", math.Abs(one-fan), 0.1)
	})

	g := random.New(1)
	failed, shared := 0, 0
	for range 500 {
		plan := randomGraph(g)
		shared += plan.shared
		in := []*tensor.Tensor{tensor.With(tensor.Float64).Rand(g, 3)}
		f := func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{plan.run(in[0])} }
		if err := autograd.GradCheck(f, in, autograd.GradCheckConfig{Order: 1}); err != nil {
			failed++
		}
	}
	c.Equal("of 500 random graphs, gradients off by more than 1e-6", float64(failed), 0)
	c.AtLeast("nodes in them that are read more than once", float64(shared), 500)
	return nil
}

// graph is a random expression of three numbers: step i reads values a and b, of the inputs and the steps before.
type graph struct {
	steps  []step
	shared int // values that are read more than once
}

type step struct{ op, a, b int }

func randomGraph(g *random.Generator) graph {
	var p graph
	reads := make([]int, 3)
	for range 3 + g.Intn(8) {
		s := step{g.Intn(6), g.Intn(len(reads)), g.Intn(len(reads))}
		if s.op != 5 {
			reads[s.a]++
		}
		if s.op != 3 {
			reads[s.b]++
		}
		p.steps, reads = append(p.steps, s), append(reads, 0)
	}
	for _, n := range reads {
		if n > 1 {
			p.shared++
		}
	}
	return p
}

// run returns the sum of all values, so that each of them takes part.
func (p graph) run(x *tensor.Tensor) *tensor.Tensor {
	values := []*tensor.Tensor{x.Select(0, 0), x.Select(0, 1), x.Select(0, 2)}
	sum := x.Sum()
	for _, s := range p.steps {
		a, b := values[s.a], values[s.b]
		v := []func() *tensor.Tensor{
			func() *tensor.Tensor { return a.Add(b) }, func() *tensor.Tensor { return a.Sub(b.MulScalar(0.5)) },
			func() *tensor.Tensor { return a.Mul(b).Tanh() }, func() *tensor.Tensor { return a.Sin() },
			func() *tensor.Tensor { return a.Div(b.Square().AddScalar(1)) }, func() *tensor.Tensor { return b.Tanh().Exp() },
		}[s.op]()
		values, sum = append(values, v), sum.Add(v)
	}
	return sum
}

package core

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C14", Tier: catalog.Unit, Title: "Derivatives of the losses at the output layer", Source: "Rumelhart, Hinton and Williams 1986; Bridle 1990",
		Target: "the derivative written by hand of every loss of nn/losses equals autodiff to 1e-12; δ = g'(s) ∂J/∂h for each output unit; with softmax and cross-entropy it is p - y",
		Test:   lossDerivatives,
	})
}

const (
	lossRows    = 4 // samples
	lossColumns = 5 // classes, or features
)

// handmade is a loss with its derivative written by hand.
type handmade struct {
	name string
	loss func(x *tensor.Tensor) *tensor.Tensor // the Sum of the loss of x (4, 5)
	d    func(x [][]float64) [][]float64       // ∂loss/∂x
	prob bool                                  // x lies in (0, 1)
}

func lossDerivatives(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	off, worst := 0.0, ""
	all := handmadeLosses(g)
	for _, l := range all {
		x := tensor.With(tensor.Float64).Rand(g, lossRows, lossColumns).MulScalar(0.9).AddScalar(0.05)
		if !l.prob {
			x = x.MulScalar(4).SubScalar(2)
		}
		auto := derivative(l.loss, x)
		for i, row := range l.d(matrix(x)) {
			for j, want := range row {
				if e := math.Abs(auto[i][j] - want); e > off || math.IsNaN(e) && !math.IsNaN(off) { // the first NaN stays
					off, worst = e, l.name
				}
			}
		}
	}
	if !(off <= 1e-12) && c.Say != nil {
		c.Say("worst: %s", worst)
	}
	c.AtMost("error of the derivatives of all losses", off, 1e-12)
	c.Equal("losses checked", float64(len(all)), 28)

	outputDeltas(c, g)
	return nil
}

// outputDeltas compares δ = g'(s) ∂J/∂h with autodiff through h = g(s).
func outputDeltas(c *catalog.Check, g *random.Generator) {
	f := tensor.With(tensor.Float64)
	s, t := f.Randn(g, lossRows, lossColumns), f.Rand(g, lossRows, lossColumns)
	class := tensor.Of([]int64{3, 0, 4, 1})
	sum := func(h *tensor.Tensor) *tensor.Tensor {
		return losses.MSELoss{Reduction: losses.Sum}.Of(h, t).MulScalar(0.5)
	}
	square := func(h, t float64) float64 { return h - t } // ∂J/∂h of ½(h - t)²
	bce := func(h, t float64) float64 { return (h - t) / (h * (1 - h)) }
	at := func(loss func(s *tensor.Tensor) *tensor.Tensor, delta func(s, t float64) float64) (off float64) {
		auto, s, t := derivative(loss, s), matrix(s), matrix(t)
		for i := range auto {
			for j := range auto[i] {
				off = max(off, math.Abs(auto[i][j]-delta(s[i][j], t[i][j])))
			}
		}
		return off
	}
	slope := func(s float64) float64 { return logistic(s) * (1 - logistic(s)) }
	bceOf := func(s *tensor.Tensor) *tensor.Tensor { return losses.BCELoss{Reduction: losses.Sum}.Of(s.Sigmoid(), t) }
	c.AtMost("linear output, ½ squared error: δ = h - t, off by", at(sum, square), 1e-12)
	c.AtMost("sigmoid, ½ squared error: δ = h(1 - h)(h - t), off by", at(func(s *tensor.Tensor) *tensor.Tensor { return sum(s.Sigmoid()) },
		func(s, t float64) float64 { return slope(s) * square(logistic(s), t) }), 1e-12)
	c.AtMost("tanh, ½ squared error: δ = (1 - h²)(h - t), off by", at(func(s *tensor.Tensor) *tensor.Tensor { return sum(s.Tanh()) },
		func(s, t float64) float64 { h := math.Tanh(s); return (1 - h*h) * square(h, t) }), 1e-12)
	c.AtMost("ReLU, ½ squared error: δ = [s > 0](h - t), off by", at(func(s *tensor.Tensor) *tensor.Tensor { return sum(s.ReLU()) },
		func(s, t float64) float64 {
			if s <= 0 {
				return 0
			}
			return s - t
		}), 1e-12)
	c.AtMost("sigmoid, cross-entropy: g'(s) cancels and δ = h - t, off by", at(bceOf, func(s, t float64) float64 { return logistic(s) - t }), 1e-12)
	c.AtMost("the same by g'(s) ∂J/∂h, off by", at(bceOf, func(s, t float64) float64 { return slope(s) * bce(logistic(s), t) }), 1e-12)

	p, auto := softmaxRows(matrix(s)), derivative(func(s *tensor.Tensor) *tensor.Tensor {
		return losses.CrossEntropyLoss{Reduction: losses.Sum}.Of(s, class)
	}, s)
	y, off := oneHotRows(class), 0.0
	for i := range p {
		for j := range p[i] {
			off = max(off, math.Abs(auto[i][j]-(p[i][j]-y[i][j])))
		}
	}
	c.AtMost("softmax, cross-entropy: δ = p - y, off by", off, 1e-12)
	c.Control(func() {
		c.AtLeast("sigmoid, squared error, without g'(s): off by", at(func(s *tensor.Tensor) *tensor.Tensor { return sum(s.Sigmoid()) },
			func(s, t float64) float64 { return square(logistic(s), t) }), 0.1)
	})
}

// derivative returns ∂f/∂x of a scalar f by autodiff.
func derivative(f func(x *tensor.Tensor) *tensor.Tensor, x *tensor.Tensor) [][]float64 {
	_, d := autograd.VJP(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{f(in[0])} }, []*tensor.Tensor{x}, nil)
	return matrix(d[0])
}

// matrix returns the rows of x (N, D).
func matrix(x *tensor.Tensor) [][]float64 {
	rows, v, d := make([][]float64, x.Dim(0)), x.Floats(), x.Dim(1)
	for i := range rows {
		rows[i] = v[i*d : (i+1)*d]
	}
	return rows
}

func logistic(s float64) float64 { return 1 / (1 + math.Exp(-s)) }

// softmaxRows returns exp(x_ij) / Σ_k exp(x_ik), for small x.
func softmaxRows(x [][]float64) [][]float64 {
	return byElement(x, func(i, j int) float64 {
		var sum float64
		for _, v := range x[i] {
			sum += math.Exp(v)
		}
		return math.Exp(x[i][j]) / sum
	})
}

// oneHotRows returns 1 in the column of each row's class.
func oneHotRows(class *tensor.Tensor) [][]float64 { return matrix(class.OneHot(lossColumns)) }

// byElement returns the matrix of f(i, j) in the shape of x.
func byElement(x [][]float64, f func(i, j int) float64) [][]float64 {
	y := make([][]float64, len(x))
	for i := range x {
		for j := range x[i] {
			y[i] = append(y[i], f(i, j))
		}
	}
	return y
}

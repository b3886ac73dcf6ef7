package core

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C15", Tier: catalog.Unit, Title: "Binary cross-entropy J = -[y ln h + (1 - y) ln(1 - h)]", Source: "Good 1952; Bridle 1990",
		Target: "exact at h = 1e-12 and at logits ±1000, value and gradient, where the formula as it is written loses digits, overflows or is NaN",
		Test:   binaryCrossEntropy,
	})
}

// asWritten is the formula from logits, step by step.
func asWritten(x, y *tensor.Tensor) *tensor.Tensor { return asWrittenOf(x.Sigmoid(), y) }

// asWrittenOf is the formula from probabilities.
func asWrittenOf(h, y *tensor.Tensor) *tensor.Tensor {
	return y.Mul(h.Log()).Add(y.RSubScalar(1).Mul(h.RSubScalar(1).Log())).Neg().Sum()
}

func binaryCrossEntropy(_ context.Context, c *catalog.Check) error {
	// h = 1e-12, y = 0: J = -ln(1 - h) = h + h²/2 + ..., of which ln(1 - h) keeps no more than four digits.
	const h = 1e-12
	one := func(v float64) *tensor.Tensor { return tensor.Of([]float64{v}) }
	relative := func(got *tensor.Tensor, want float64) float64 { return math.Abs(got.Item()-want) / want }
	c.AtMost("relative error at h = 1e-12, y = 0", relative(losses.BCE(one(h), one(0)), h+h*h/2), 1e-15)
	c.AtMost("at h = 1e-12, y = 1", relative(losses.BCE(one(h), one(1)), 12*math.Ln10), 1e-15)
	logit := math.Log(h) - math.Log1p(-h)
	c.AtMost("from the logit of h, y = 0", relative(losses.BCEWithLogits(one(logit), one(0)), h+h*h/2), 1e-13)
	c.AtMost("in float32, y = 0", relative(losses.BCE(one(h).To(tensor.Float32), one(0)), h), 1e-7)
	c.Control(func() {
		c.AtLeast("ln(1 - h) as it is written, y = 0: relative error", relative(asWrittenOf(one(h), one(0)), h+h*h/2), 1e-5)
		c.Equal("ln(1 - h) as it is written in float32, where 1 - h = 1", asWrittenOf(one(h).To(tensor.Float32), tensor.Of([]float32{0})).Item(), 0)
	})

	// Logits ±1000: J = max(x, 0) - x y + ln(1 + exp(-|x|)).
	x, y := tensor.Of([]float64{1000, 1000, -1000, -1000}), tensor.Of([]float64{1, 0, 1, 0})
	loss := losses.BCEWithLogitsLoss{Reduction: losses.None}.Of(x, y).Floats()
	gradient := func(f func(x *tensor.Tensor) *tensor.Tensor) []float64 { return derivative(f, x.Unsqueeze(0))[0] }
	slope := gradient(func(x *tensor.Tensor) *tensor.Tensor {
		return losses.BCEWithLogitsLoss{Reduction: losses.Sum}.Of(x, y.Unsqueeze(0))
	})
	c.AtMost("error at logits ±1000", farApart(loss, []float64{0, 1000, 1000, 0}), 0)
	c.AtMost("error of its gradient h - y there", farApart(slope, []float64{0, 1, -1, 0}), 0)
	c.Control(func() {
		c.True("the formula as it is written is NaN or infinite there", !(math.Abs(asWritten(x, y).Item()) < math.Inf(1)))
		bad := false
		for _, d := range gradient(func(x *tensor.Tensor) *tensor.Tensor { return asWritten(x, y.Unsqueeze(0)) }) {
			bad = bad || math.IsNaN(d)
		}
		c.True("and its gradient is NaN", bad)
	})

	// Elsewhere all forms are one: by logits, by probabilities, as written, as the likelihood, as softmax over (0, x).
	g := random.New(max(c.Seed, 1))
	x = tensor.With(tensor.Float64).Randn(g, 50).MulScalar(3)
	y = tensor.With(tensor.Float64).Rand(g, 50).GtScalar(0.5).To(tensor.Float64)
	want := asWritten(x, y).Item() / 50
	likelihood := 1.0
	for i, p := range x.Sigmoid().Floats() {
		likelihood *= math.Pow(p, y.Floats()[i]) * math.Pow(1-p, 1-y.Floats()[i])
	}
	both := tensor.Stack(1, tensor.ZerosLike(x), x)
	c.AtMost("forms of J on 50 random logits differ by", spreadOf(want, losses.BCEWithLogits(x, y).Item(), losses.BCE(x.Sigmoid(), y).Item(),
		-math.Log(likelihood)/50, losses.CrossEntropy(both, y.To(tensor.Int64)).Item()), 1e-13)

	return c.Picture("stable", func(path string) error {
		exact, naive := plot.Series{Name: "BCEWithLogits"}, plot.Series{Name: "-ln(1 - σ(x)) as it is written, float64", Dashed: true}
		for x := -45.0; x <= 45; x += 0.25 {
			exact.X, exact.Y = append(exact.X, x), append(exact.Y, losses.BCEWithLogits(one(x), one(0)).Item())
			naive.X, naive.Y = append(naive.X, x), append(naive.Y, -math.Log(1-logistic(x)))
		}
		return plot.Lines(path, plot.Chart{Title: "Cross-entropy of the target 0: the formula as written has no value beyond ±37", XLabel: "logit x", YLabel: "J", LogY: true,
			Series: []plot.Series{exact, naive}})
	})
}

// farApart is the largest |a - b|, NaN if there is one.
func farApart(a, b []float64) (most float64) {
	for i := range a {
		most = max(most, math.Abs(a[i]-b[i])) // max keeps NaN
	}
	return most
}

// spreadOf is the largest distance of a number from the first.
func spreadOf(first float64, others ...float64) (most float64) {
	for _, v := range others {
		most = max(most, math.Abs(v-first))
	}
	return most
}

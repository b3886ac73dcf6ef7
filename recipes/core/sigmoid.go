package core

import (
	"context"
	"math"
	"math/big"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "C03", Tier: catalog.Unit, Title: "Sigmoid, tanh and ReLU", Source: "LeCun, Bottou, Orr and Müller 1998; Nair and Hinton 2010",
		Target: "values and derivatives to 1e-12 of 256-bit arithmetic, stable at ±1000; the sigmoid's slope is at most 1/4",
		Test:   squashing,
	})
}

// bits is the precision of the reference.
const bits = 256

func newBig(x float64) *big.Float { return new(big.Float).SetPrec(bits).SetFloat64(x) }

// bigExp returns e^x: the Taylor series of e^(x / 2^24), squared 24 times.
func bigExp(x float64) *big.Float {
	const halvings = 24
	r := newBig(x)
	r.SetMantExp(r, -halvings)
	sum, term := newBig(1), newBig(1)
	for i := 1; i <= 30; i++ {
		term.Quo(term.Mul(term, r), newBig(float64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// squash is a function of one number and its derivative, by the library and in 256 bits.
type squash struct {
	name  string
	f     func(z *tensor.Tensor) *tensor.Tensor
	exact func(z float64) (value, slope float64)
}

func float(x *big.Float) float64 { v, _ := x.Float64(); return v }

var squashes = []squash{
	{"sigmoid", (*tensor.Tensor).Sigmoid, func(z float64) (float64, float64) { // 1 / (1 + E), E / (1 + E)², E = e^-z
		e := bigExp(-z)
		d := new(big.Float).Add(newBig(1), e)
		value := new(big.Float).Quo(newBig(1), d)
		return float(value), float(e.Mul(e, value).Mul(e, value))
	}},
	{"tanh", (*tensor.Tensor).Tanh, func(z float64) (float64, float64) { // (E - 1) / (E + 1), 4E / (E + 1)², E = e^2z
		e := bigExp(2 * z)
		d := new(big.Float).Add(e, newBig(1))
		value := new(big.Float).Quo(new(big.Float).Sub(e, newBig(1)), d)
		return float(value), float(e.Mul(e, newBig(4)).Quo(e, d).Quo(e, d))
	}},
	{"ReLU", (*tensor.Tensor).ReLU, func(z float64) (float64, float64) { // max(z, 0); the slope at 0 is taken to be 0
		if z > 0 {
			return z, 1
		}
		return 0, 0
	}},
}

// slopes returns f's values and, by automatic differentiation, its derivatives at z.
func slopes(f func(z *tensor.Tensor) *tensor.Tensor, z *tensor.Tensor) (value, slope *tensor.Tensor) {
	z = z.Detach().RequireGrad()
	y := f(z)
	y.Sum().Backward()
	return y.Detach(), z.Grad()
}

func squashing(_ context.Context, c *catalog.Check) error {
	points := []float64{0, 1e-20, -1e-20, 1e-8, -1e-8, 20, -20, 36.7, -36.7, 100, -100, 700, -700, 745.2, -745.2, 1000, -1000}
	for z := -12.0; z <= 12; z += 0.125 {
		points = append(points, z)
	}
	points = append(points, tensor.With(tensor.Float64).Randn(random.New(1), 200).MulScalar(20).Floats()...)
	z := tensor.Of(points)
	worst, worst32, worstTail := 0.0, 0.0, 0.0
	for _, s := range squashes {
		var values, dvalues []float64
		for _, p := range points {
			v, d := s.exact(p)
			values, dvalues = append(values, v), append(dvalues, d)
		}
		value, slope := slopes(s.f, z)
		worst = max(worst, largestError(value, tensor.Of(values)), largestError(slope, tensor.Of(dvalues)))
		value, slope = slopes(s.f, z.To(tensor.Float32))
		// In float32 the points themselves are rounded.
		worst32 = max(worst32, value.To(tensor.Float64).Sub(tensor.Of(values)).Abs().Div(z.Abs().ClampMin(1)).Max().Item(), largestError(slope.To(tensor.Float64), tensor.Of(dvalues)))
		if s.name == "sigmoid" { // small values have all their digits
			for i, got := range s.f(z).Floats() {
				if points[i] >= -700 {
					worstTail = max(worstTail, math.Abs(got/values[i]-1))
				}
			}
		}
	}
	c.AtMost("largest error of values and derivatives of sigmoid, tanh and ReLU in float64", worst, 1e-12)
	c.AtMost("relative error of the sigmoid down to 1e-304", worstTail, 1e-12)
	c.AtMost("largest error in float32, values by max(|z|, 1)", worst32, 1e-6)

	extreme := tensor.Of([]float64{-1000, 1000})
	finite := true
	for _, s := range squashes {
		v, d := slopes(s.f, extreme)
		finite = finite && v.IsFinite().All().Item() != 0 && d.IsFinite().All().Item() != 0
	}
	c.True("values and derivatives at ±1000 are finite", finite)
	c.Control(func() {
		asWritten := func(z *tensor.Tensor) *tensor.Tensor { return z.Neg().Exp().AddScalar(1).Reciprocal() } // 1 / (1 + e^-z)
		_, d := slopes(asWritten, extreme)
		c.True("the derivative of 1 / (1 + e^-z) as it is written is NaN at -1000", math.IsNaN(d.Floats()[0]))
		quotient := func(z *tensor.Tensor) *tensor.Tensor { // (e^z - e^-z) / (e^z + e^-z)
			p, n := z.Exp(), z.Neg().Exp()
			return p.Sub(n).Div(p.Add(n))
		}
		v, _ := slopes(quotient, extreme)
		c.True("(e^z - e^-z) / (e^z + e^-z) as it is written is NaN at 1000", math.IsNaN(v.Floats()[1]))
	})

	grid := tensor.With(tensor.Float64).Linspace(-10, 10, 4001)
	_, steep := slopes((*tensor.Tensor).Sigmoid, grid)
	c.Equal("the sigmoid's largest slope", steep.Max().Item(), 0.25)
	c.Equal("place of it", math.Round(grid.Floats()[int(steep.ArgMax(0).Item())]*1e9), 0)
	half := grid.MulScalar(0.5).Tanh().AddScalar(1).MulScalar(0.5)
	c.AtMost("error of σ(z) = (1 + tanh(z/2)) / 2", largestError(grid.Sigmoid(), half), 1e-15)

	// For and against each, at inputs of N(0, 3²): what saturates passes no gradient on, and what is not centred shifts the next layer.
	in := tensor.With(tensor.Float64).Randn(random.New(3), 100000).MulScalar(3)
	flat := func(s squash) (share, mean float64) {
		v, d := slopes(s.f, in)
		return d.Abs().LtScalar(0.05).To(tensor.Float64).Mean().Item(), v.Mean().Item()
	}
	sigmoidFlat, sigmoidMean := flat(squashes[0])
	tanhFlat, tanhMean := flat(squashes[1])
	reluFlat, reluMean := flat(squashes[2])
	// |z| > 2.89 has σ' < 0.05 and |z| > 2.18 has tanh' < 0.05: shares 0.335 and 0.467 of a normal distribution.
	c.Near("share of inputs N(0, 9) with a slope below 0.05, sigmoid", sigmoidFlat, 2*normalTail(2*math.Atanh(math.Sqrt(0.8))/3), 0.006)
	c.Near("tanh", tanhFlat, 2*normalTail(math.Atanh(math.Sqrt(0.95))/3), 0.006)
	c.Near("ReLU", reluFlat, 0.5, 0.006)
	c.Near("mean output, sigmoid", sigmoidMean, 0.5, 0.006)
	c.Near("tanh", tanhMean, 0, 0.012)
	c.Near("ReLU", reluMean, 3/math.Sqrt(2*math.Pi), 0.03)

	return c.Picture("functions", func(path string) error {
		at := tensor.With(tensor.Float64).Linspace(-5, 5, 501)
		var lines []plot.Series
		for _, s := range squashes {
			v, d := slopes(s.f, at)
			y := v.Floats()
			for i := range y { // ReLU leaves the page
				if y[i] > 1.5 {
					y[i] = math.NaN()
				}
			}
			lines = append(lines, plot.Series{Name: s.name, X: at.Floats(), Y: y}, plot.Series{Name: "its slope", X: at.Floats(), Y: d.Floats(), Dashed: true})
		}
		return plot.Lines(path, plot.Chart{Title: "Sigmoid, tanh, ReLU and their slopes", XLabel: "z", YLabel: "a", Series: lines})
	})
}

// normalTail is the probability that a standard normal number is above x.
func normalTail(x float64) float64 { return math.Erfc(x/math.Sqrt2) / 2 }

package initialize_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn/initialize"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestAgainstPyTorch compares with testdata/golden.json, which make_golden.py made.
func TestAgainstPyTorch(t *testing.T) {
	var golden struct {
		Fans  []struct{ Shape, Fans []int }
		Gains struct {
			Linear, Sigmoid, Tanh, ReLU, SELU float64
			LeakyReLU                         [][2]float64 `json:"leaky_relu"`
		}
		Diracs []struct {
			Shape []int
			Data  []float64
		}
	}
	optest.ReadGolden(t, "testdata/golden.json", &golden)
	for _, c := range golden.Fans {
		s := tensor.ShapeOf(c.Shape...)
		if in, out := initialize.FanIn(s), initialize.FanOut(s); in != c.Fans[0] || out != c.Fans[1] {
			t.Errorf("the fans of %v are %d and %d, want %v", s, in, out, c.Fans)
		}
	}
	gains := golden.Gains
	for name, c := range map[string][2]float64{
		"linear": {initialize.GainLinear, gains.Linear}, "sigmoid": {initialize.GainLinear, gains.Sigmoid},
		"tanh": {initialize.GainTanh, gains.Tanh}, "relu": {initialize.GainReLU, gains.ReLU}, "selu": {initialize.GainSELU, gains.SELU},
	} {
		if math.Abs(c[0]-c[1]) > 1e-15 {
			t.Errorf("the gain of %s is %v, want %v", name, c[0], c[1])
		}
	}
	for _, c := range gains.LeakyReLU {
		if g := initialize.GainLeakyReLU(c[0]); math.Abs(g-c[1]) > 1e-15 {
			t.Errorf("the gain of leaky_relu %v is %v, want %v", c[0], g, c[1])
		}
	}
	for _, c := range golden.Diracs {
		if d := initialize.Dirac(c.Shape...); !slices.Equal(d.Floats(), c.Data) {
			t.Errorf("dirac is %v, want %v", d, c.Data)
		}
	}
}

// TestDiracPassesThrough checks what Dirac is for.
func TestDiracPassesThrough(t *testing.T) {
	x := tensor.Rand(random.New(1), 2, 3, 5, 4)
	y := tensor.Conv2d(x, initialize.Dirac(3, 3, 3, 3), nil, tensor.ConvConfig{Padding: [2]int{1, 1}})
	if !slices.Equal(y.Floats(), x.Floats()) {
		t.Error("the convolution changes its input")
	}
	if d := initialize.Dirac(2, 2, 0); d.Numel() != 0 {
		t.Errorf("an empty kernel is %v", d)
	}
}

func uniform(a, b float64) func(float64) float64 {
	return func(x float64) float64 { return (x - a) / (b - a) }
}

func normal(mean, std float64) func(float64) float64 {
	return func(x float64) float64 { return 0.5 * math.Erfc((mean-x)/(std*math.Sqrt2)) }
}

// truncated conditions a distribution function on [a, b].
func truncated(f func(float64) float64, a, b float64) func(float64) float64 {
	return func(x float64) float64 { return (f(x) - f(a)) / (f(b) - f(a)) }
}

// TestDistributions compares each function with its formula by the statistic of Kolmogorov and Smirnov.
func TestDistributions(t *testing.T) {
	type generator = *random.Generator
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		f      func(g generator, dims ...int) *tensor.Tensor
		lo, hi float64 // values lie within
		cdf    func(float64) float64
	}{
		"uniform":          {func(g generator, d ...int) *tensor.Tensor { return initialize.Uniform(g, -1, 3, d...) }, -1, 3, uniform(-1, 3)},
		"normal":           {func(g generator, d ...int) *tensor.Tensor { return initialize.Normal(g, 2, 0.5, d...) }, -inf, inf, normal(2, 0.5)},
		"truncated normal": {func(g generator, d ...int) *tensor.Tensor { return initialize.TruncatedNormal(g, 0, 0.5, -1, 1, d...) }, -1, 1, truncated(normal(0, 0.5), -1, 1)},
		"truncated, one side": {func(g generator, d ...int) *tensor.Tensor { return initialize.TruncatedNormal(g, 1, 2, 3, 4, d...) }, 3, 4,
			truncated(normal(1, 2), 3, 4)},
		"truncated, lower tail": {func(g generator, d ...int) *tensor.Tensor { return initialize.TruncatedNormal(g, 0, 1, -8, -4, d...) }, -8, -4,
			truncated(normal(0, 1), -8, -4)},
		"truncated, upper tail": {func(g generator, d ...int) *tensor.Tensor { return initialize.TruncatedNormal(g, 0, 1, 4, 8, d...) }, 4, 8,
			func(x float64) float64 { return 1 - truncated(normal(0, 1), -8, -4)(-x) }},
		// Of weights (200, 50, 3, 2) fan in is 50·6 = 300 and fan out 200·6 = 1200.
		"xavier uniform": {func(g generator, d ...int) *tensor.Tensor { return initialize.XavierUniform(g, 5.0/3, d...) },
			-5.0 / 3 * math.Sqrt(6.0/1500), 5.0 / 3 * math.Sqrt(6.0/1500), uniform(-5.0/3*math.Sqrt(6.0/1500), 5.0/3*math.Sqrt(6.0/1500))},
		"xavier normal": {func(g generator, d ...int) *tensor.Tensor { return initialize.XavierNormal(g, 0.5, d...) }, -inf, inf, normal(0, 0.5*math.Sqrt(2.0/1500))},
		"kaiming uniform": {func(g generator, d ...int) *tensor.Tensor { return initialize.KaimingUniform(g, math.Sqrt2, d...) },
			-math.Sqrt(6.0 / 300), math.Sqrt(6.0 / 300), uniform(-math.Sqrt(6.0/300), math.Sqrt(6.0/300))},
		"kaiming uniform fan out": {func(g generator, d ...int) *tensor.Tensor { return initialize.KaimingUniformFanOut(g, 1, d...) },
			-math.Sqrt(3.0 / 1200), math.Sqrt(3.0 / 1200), uniform(-math.Sqrt(3.0/1200), math.Sqrt(3.0/1200))},
		"kaiming normal":         {func(g generator, d ...int) *tensor.Tensor { return initialize.KaimingNormal(g, math.Sqrt2, d...) }, -inf, inf, normal(0, math.Sqrt(2.0/300))},
		"kaiming normal fan out": {func(g generator, d ...int) *tensor.Tensor { return initialize.KaimingNormalFanOut(g, 3, d...) }, -inf, inf, normal(0, 3/math.Sqrt(1200))},
		"torch default":          {func(g generator, d ...int) *tensor.Tensor { return initialize.TorchDefault(g, 300, d...) }, -1 / math.Sqrt(300), 1 / math.Sqrt(300), uniform(-1/math.Sqrt(300), 1/math.Sqrt(300))},
	} {
		g := random.New(11)
		w := c.f(g, 200, 50, 3, 2)
		if w.DType() != tensor.Float32 || w.Shape() != tensor.ShapeOf(200, 50, 3, 2) {
			t.Errorf("%s: it is %v %v", name, w.DType(), w.Shape())
		}
		v := w.Floats()
		slices.Sort(v)
		if eps := 1e-6 * (1 + math.Abs(c.lo) + math.Abs(c.hi)); v[0] < c.lo-eps || v[len(v)-1] > c.hi+eps {
			t.Errorf("%s: values from %v to %v, want within [%v, %v]", name, v[0], v[len(v)-1], c.lo, c.hi)
		}
		// sup |F_n - F| √n exceeds 3 with probability 2 e^(-2·9), which is 3e-8.
		n, d := float64(len(v)), 0.0
		for i, x := range v {
			f := c.cdf(x)
			d = max(d, math.Abs(f-float64(i)/n), math.Abs(f-float64(i+1)/n))
		}
		if ks := d * math.Sqrt(n); !(ks < 3) {
			t.Errorf("%s: the distance to its distribution is %v", name, ks)
		}

		again := random.New(11)
		first, second, other := c.f(again, 200, 50, 3, 2), c.f(again, 200, 50, 3, 2), c.f(random.New(12), 200, 50, 3, 2)
		if !slices.Equal(first.Floats(), w.Floats()) {
			t.Errorf("%s: equal generators give different values", name)
		}
		if slices.Equal(second.Floats(), w.Floats()) || slices.Equal(other.Floats(), w.Floats()) {
			t.Errorf("%s: different generators give equal values", name)
		}
	}
}

func TestConstants(t *testing.T) {
	for name, c := range map[string]struct {
		got  *tensor.Tensor
		want []float64
	}{
		"constant":                     {initialize.Constant(0.5, 2, 1), []float64{0.5, 0.5}},
		"uniform without width":        {initialize.Uniform(random.New(1), 2, 2, 2), []float64{2, 2}},
		"normal without width":         {initialize.Normal(random.New(1), 2, 0, 2), []float64{2, 2}},
		"gain 0":                       {initialize.KaimingUniform(random.New(1), 0, 1, 2), []float64{0, 0}},
		"torch default without inputs": {initialize.TorchDefault(random.New(1), 0, 2), []float64{0, 0}},
	} {
		v := c.got.Floats()
		for i := range v {
			v[i] += 0 // -0 is 0
		}
		if !slices.Equal(v, c.want) {
			t.Errorf("%s: %v, want %v", name, v, c.want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	g := random.New(1)
	nan := math.NaN()
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"fan":               {tensor.ErrShape, "at least two dimensions", func() { initialize.FanIn(tensor.ShapeOf(3)) }},
		"kaiming of a bias": {tensor.ErrShape, "at least two dimensions", func() { initialize.KaimingNormal(g, 1, 3) }},
		"xavier of a bias":  {tensor.ErrShape, "at least two dimensions", func() { initialize.XavierUniform(g, 1, 3) }},
		"uniform":           {tensor.ErrValue, "the lower bound 1 must not be above the upper bound -1", func() { initialize.Uniform(g, 1, -1, 3) }},
		"uniform NaN":       {tensor.ErrValue, "NaN", func() { initialize.Uniform(g, nan, 1, 3) }},
		"normal":            {tensor.ErrValue, "the standard deviation -1", func() { initialize.Normal(g, 0, -1, 3) }},
		"negative gain":     {tensor.ErrValue, "must not", func() { initialize.XavierUniform(g, -1, 3, 3) }},
		"truncated std":     {tensor.ErrValue, "the standard deviation 0 must be positive", func() { initialize.TruncatedNormal(g, 0, 0, -1, 1, 3) }},
		"truncated empty":   {tensor.ErrValue, "the interval [1, 1]", func() { initialize.TruncatedNormal(g, 0, 1, 1, 1, 3) }},
		"truncated far":     {tensor.ErrValue, "next to nothing of N(0, 1²) lies in [7, 9]", func() { initialize.TruncatedNormal(g, 0, 1, 7, 9, 3) }},
		"dirac":             {tensor.ErrShape, "that of a convolution", func() { initialize.Dirac(3, 3) }},
		"sizes":             {tensor.ErrShape, "size -1", func() { initialize.Constant(0, -1) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "initialize_test.go") {
			t.Errorf("%s: %v does not name the caller", name, err)
		}
	}
}

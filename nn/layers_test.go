package nn_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// TestInitialValues checks that weights and biases are uniform in ±1/√fan, fan being PyTorch's fan_in: the weight's second
// size times the kernel's (kaiming_uniform with a = √5 is √(6/(1+5)/fan)).
func TestInitialValues(t *testing.T) {
	g := random.New(7)
	for _, c := range []struct {
		name   string
		fan    float64
		params []*nn.Param
	}{
		{"linear", 50, nn.Params(nn.NewLinear(g, 50, 4000, nn.LinearConfig{}))},
		{"conv2d", 8 * 9, nn.Params(nn.NewConv2d(g, 8, 2000, 3, nn.ConvConfig{}))},
		{"conv2d groups", 4 * 9, nn.Params(nn.NewConv2d(g, 8, 2000, 3, nn.ConvConfig{Groups: 2}))},
		{"conv1d", 6 * 5, nn.Params(nn.NewConv1d(g, 6, 2000, 5, nn.ConvConfig{}))},
		{"conv_transpose2d", 2000 * 9, nn.Params(nn.NewConvTranspose2d(g, 4, 2000, 3, nn.ConvTransposeConfig{}))},
		{"conv_transpose2d groups", 1000 * 9, nn.Params(nn.NewConvTranspose2d(g, 4, 2000, 3, nn.ConvTransposeConfig{Groups: 2}))},
		{"conv_transpose1d", 2000 * 5, nn.Params(nn.NewConvTranspose1d(g, 4, 2000, 5, nn.ConvTransposeConfig{}))},
	} {
		if len(c.params) != 2 {
			t.Fatalf("%s has %d parameters", c.name, len(c.params))
		}
		for i, p := range c.params {
			a := 1 / math.Sqrt(c.fan)
			v := p.Floats()
			n, largest, sum, squares := float64(len(v)), 0.0, 0.0, 0.0
			for _, x := range v {
				largest = max(largest, math.Abs(x))
				sum += x
				squares += x * x
			}
			// The largest of n uniform numbers is below 1 - 25/n with probability e^-25. The other bounds are 6 standard
			// deviations: of a mean of variance a²/3, and of a mean of squares, whose variance is 4a⁴/45.
			if largest > a*(1+1e-6) || largest < a*(1-25/n) {
				t.Errorf("%s, parameter %d: the largest of %v values is %v, want just below %v", c.name, i, n, largest, a)
			}
			if math.Abs(sum/n) > 6*a/math.Sqrt(3*n) {
				t.Errorf("%s, parameter %d: the mean is %v", c.name, i, sum/n)
			}
			if math.Abs(squares/n-a*a/3) > 6*a*a*math.Sqrt(4.0/45/n) {
				t.Errorf("%s, parameter %d: the variance is %v, want %v", c.name, i, squares/n, a*a/3)
			}
		}
	}

	e := nn.NewEmbedding(g, 500, 100, nn.EmbeddingConfig{PaddingIdx: new(int64(3))}).Weight.Floats()
	sum, squares := 0.0, 0.0
	for i, x := range e {
		if row := i / 100; row == 3 && math.Float64bits(x) != 0 {
			t.Fatalf("the padding row holds %v", x)
		}
		sum += x
		squares += x * x
	}
	const n = 499 * 100 // N(0, 1): a mean of squares has variance 2/n
	if math.Abs(sum/n) > 6/math.Sqrt(n) || math.Abs(squares/n-1) > 6*math.Sqrt(2.0/n) {
		t.Errorf("embedding: mean %v, variance %v, want 0 and 1", sum/n, squares/n)
	}

	for _, l := range []any{nn.NewBatchNorm2d(3, nn.BatchNormConfig{}), nn.NewLayerNorm([]int{3}, nn.LayerNormConfig{})} {
		if p := nn.Params(l); !slices.Equal(p[0].Floats(), []float64{1, 1, 1}) || !slices.Equal(p[1].Floats(), []float64{0, 0, 0}) {
			t.Errorf("%T starts at %v, %v", l, p[0], p[1])
		}
	}
	b := nn.NewBatchNorm2d(2, nn.BatchNormConfig{})
	if !slices.Equal(b.RunningMean.Floats(), []float64{0, 0}) || !slices.Equal(b.RunningVar.Floats(), []float64{1, 1}) ||
		b.NumBatchesTracked.Item() != 0 || b.Eps != 1e-5 || *b.Momentum != 0.1 {
		t.Errorf("batch norm starts at %+v", b)
	}
}

func TestInitialValuesAreTheGenerators(t *testing.T) {
	a, b, c := newNet(random.New(3)), newNet(random.New(3)), newNet(random.New(4))
	if !slices.Equal(floats(a), floats(b)) {
		t.Error("equal seeds give different models")
	}
	if slices.Equal(floats(a), floats(c)) {
		t.Error("different seeds give equal models")
	}
}

func TestDropout(t *testing.T) {
	const p, n = 0.3, 100_000
	l := nn.NewDropout(random.New(1), p)
	x := tensor.Full(2, n).RequireGrad()
	y := l.Forward(x)
	y.Sum().Backward()
	dx := x.Grad().Floats()
	kept := 0
	for i, v := range y.Floats() {
		if v != 0 {
			kept++
		}
		if want := float64(float32(2) * float32(1/(1-p))); v != 0 && math.Abs(v-want) > 1e-6 || dx[i] != 0 != (v != 0) {
			t.Fatalf("element %d is %v with gradient %v, want 0 or %v", i, v, dx[i], want)
		}
	}
	if sd := math.Sqrt(n * p * (1 - p)); math.Abs(float64(kept)-n*(1-p)) > 6*sd {
		t.Errorf("%d of %d are kept, want %v ± %.0f", kept, n, n*(1-p), sd)
	}
	if slices.Equal(y.Floats(), l.Forward(x).Floats()) {
		t.Error("the same mask twice")
	}
	if again := nn.NewDropout(random.New(1), p); !slices.Equal(again.Forward(x).Floats(), y.Floats()) {
		t.Error("equal seeds give different masks")
	}
	one := tensor.Ones(4)
	if y := nn.NewDropout(random.New(1), 0).Forward(one); y != one {
		t.Error("p = 0 changes the input")
	}
	if y := nn.NewDropout(random.New(1), 1).Forward(one).Floats(); !slices.Equal(y, make([]float64, 4)) {
		t.Errorf("p = 1 leaves %v", y)
	}
	if y := nn.Eval(l).Forward(one); y != one {
		t.Error("Eval changes the input")
	}
}

func TestDropoutLayersAreIndependent(t *testing.T) {
	g := random.New(1)
	a, b := nn.NewDropout(g, 0.5), nn.NewDropout(g, 0.5)
	x := tensor.Ones(64)
	mask := a.Forward(x).Floats()
	if slices.Equal(mask, b.Forward(x).Floats()) {
		t.Error("two layers of one generator draw the same mask")
	}
	g = random.New(1)
	a, b = nn.NewDropout(g, 0.5), nn.NewDropout(g, 0.5)
	if b.Forward(x); !slices.Equal(a.Forward(x).Floats(), mask) {
		t.Error("a layer's mask depends on how often another one ran")
	}
}

func TestDropout2d(t *testing.T) {
	const n, c, hw = 100, 50, 6
	l := nn.NewDropout2d(random.New(1), 0.4)
	for _, dims := range [][]int{{n, c, 2, 3}, {n, c, hw}} {
		y, kept := l.Forward(tensor.Ones(dims...)).Floats(), 0
		for i := 0; i < len(y); i += hw {
			if v := y[i]; v != 0 {
				kept++
				if math.Abs(v-1/0.6) > 1e-6 {
					t.Fatalf("a kept channel is %v, want 1/0.6", v)
				}
			}
			for _, v := range y[i : i+hw] {
				if v != y[i] {
					t.Fatal("a channel is dropped in part")
				}
			}
		}
		if sd := math.Sqrt(n * c * 0.4 * 0.6); math.Abs(float64(kept)-n*c*0.6) > 6*sd {
			t.Errorf("%d of %d channels are kept, want %v", kept, n*c, n*c*0.6)
		}
	}
	if x := tensor.Ones(2, 3, 2, 2); nn.Eval(l).Forward(x) != x {
		t.Error("Eval changes the input")
	}
}

func TestBatchNormTrainsOnMoreThanOneValue(t *testing.T) {
	l := nn.NewBatchNorm1d(3, nn.BatchNormConfig{})
	if err := tensor.Catch(func() { l.Forward(tensor.Ones(1, 3)) }); !errors.Is(err, tensor.ErrShape) {
		t.Errorf("one value a channel: %v", err)
	}
	if l.NumBatchesTracked.Item() != 0 {
		t.Error("a batch that was refused is counted")
	}
	if y := nn.Eval(l).Forward(tensor.Ones(1, 3)); y.Shape() != tensor.ShapeOf(1, 3) {
		t.Errorf("Eval gives %v", y.Shape())
	}
	l.Forward(tensor.Ones(1, 3, 2))
}

func TestBadArguments(t *testing.T) {
	x := tensor.Ones(2, 3, 4, 4)
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"groups":            {tensor.ErrValue, "2 groups do not divide 3 input and 4 output channels", func() { nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{Groups: 2}) }},
		"groups out":        {tensor.ErrValue, "3 groups do not divide 3 input and 4 output channels", func() { nn.NewConv1d(g, 3, 4, 3, nn.ConvConfig{Groups: 3}) }},
		"negative groups":   {tensor.ErrValue, "-1 groups", func() { nn.NewConvTranspose1d(g, 3, 3, 3, nn.ConvTransposeConfig{Groups: -1}) }},
		"kernel":            {tensor.ErrValue, "kernel size 0 must be positive", func() { nn.NewConv2d(g, 3, 4, 0, nn.ConvConfig{}) }},
		"channels":          {tensor.ErrValue, "0 input channels", func() { nn.NewConvTranspose2d(g, 0, 4, 3, nn.ConvTransposeConfig{}) }},
		"negative features": {tensor.ErrShape, "size -3", func() { nn.NewLinear(g, 2, -3, nn.LinearConfig{}) }},
		"conv channels":     {tensor.ErrShape, "channels", func() { nn.NewConv2d(g, 4, 4, 3, nn.ConvConfig{}).Forward(x) }},
		"conv rank":         {tensor.ErrShape, "(N, C, L)", func() { nn.NewConv1d(g, 3, 4, 3, nn.ConvConfig{}).Forward(x) }},
		"conv size":         {tensor.ErrShape, "spans 5", func() { nn.NewConv2d(g, 3, 4, 5, nn.ConvConfig{}).Forward(x) }},
		"conv stride":       {tensor.ErrValue, "stride -1", func() { nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{Stride: -1}).Forward(x) }},
		"reflection":        {tensor.ErrShape, "reflect padding", func() { nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{Padding: 4, PaddingMode: tensor.PadReflect}).Forward(x) }},
		"output padding": {tensor.ErrValue, "output padding 2", func() {
			nn.NewConvTranspose2d(g, 3, 4, 3, nn.ConvTransposeConfig{Stride: 2, OutputPadding: 2}).Forward(x)
		}},
		"linear":            {tensor.ErrShape, "input (..., in)", func() { nn.NewLinear(g, 5, 2, nn.LinearConfig{}).Forward(x) }},
		"linear dtype":      {tensor.ErrDType, "float64", func() { nn.NewLinear(g, 4, 2, nn.LinearConfig{}).Forward(x.To(tensor.Float64)) }},
		"batch norm rank":   {tensor.ErrShape, "the input must be (N, C, H, W) with C = 3", func() { nn.NewBatchNorm2d(3, nn.BatchNormConfig{}).Forward(tensor.Ones(2, 3)) }},
		"batch norm rank 1": {tensor.ErrShape, "the input must be (N, C) or (N, C, L) with C = 3", func() { nn.NewBatchNorm1d(3, nn.BatchNormConfig{}).Forward(tensor.Ones(3)) }},
		"batch norm C":      {tensor.ErrShape, "with C = 4", func() { nn.Eval(nn.NewBatchNorm2d(4, nn.BatchNormConfig{})).Forward(x) }},
		"batch norm empty":  {tensor.ErrShape, "empty batch", func() { nn.NewBatchNorm1d(3, nn.BatchNormConfig{}).Forward(tensor.Ones(0, 3)) }},
		"batch norm eps":    {tensor.ErrValue, "eps -1", func() { nn.NewBatchNorm2d(4, nn.BatchNormConfig{Eps: -1}) }},
		"layer norm":        {tensor.ErrShape, "last dimensions", func() { nn.NewLayerNorm([]int{5}, nn.LayerNormConfig{}).Forward(x) }},
		"layer norm eps":    {tensor.ErrValue, "eps NaN", func() { nn.NewLayerNorm([]int{5}, nn.LayerNormConfig{Eps: math.NaN()}) }},
		"dropout":           {tensor.ErrValue, "the probability 1.5 must lie in [0, 1]", func() { nn.NewDropout(g, 1.5) }},
		"dropout NaN":       {tensor.ErrValue, "the probability NaN", func() { nn.NewDropout2d(g, math.NaN()) }},
		"dropout literal":   {tensor.ErrValue, "build it with NewDropout", func() { (&nn.Dropout{P: 0.5}).Forward(x) }},
		"dropout2d rank":    {tensor.ErrShape, "(N, C, H, W)", func() { nn.NewDropout2d(g, 0.5).Forward(tensor.Ones(2, 3)) }},
		"embedding padding": {tensor.ErrIndex, "padding index 5 is not a row in [0, 5)", func() { nn.NewEmbedding(g, 5, 2, nn.EmbeddingConfig{PaddingIdx: new(int64(5))}) }},
		"embedding index":   {tensor.ErrIndex, "outside [0, 5)", func() { nn.NewEmbedding(g, 5, 2, nn.EmbeddingConfig{}).Forward(tensor.Of([]int64{5})) }},
		"embedding dtype":   {tensor.ErrDType, "Int64", func() { nn.NewEmbedding(g, 5, 2, nn.EmbeddingConfig{}).Forward(tensor.Ones(1)) }},
		"pool rank":         {tensor.ErrShape, "(N, C, H, W)", func() { nn.NewMaxPool2d(2).Forward(tensor.Ones(2, 3, 4)) }},
		"pool size":         {tensor.ErrValue, "kernel 0", func() { nn.NewAvgPool2d(0).Forward(x) }},
		"adaptive":          {tensor.ErrValue, "output sizes (0, 0)", func() { (&nn.AdaptiveAvgPool2d{}).Forward(x) }},
		"softmax":           {tensor.ErrAxis, "axis 4", func() { nn.Softmax{Axis: new(4)}.Forward(x) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}

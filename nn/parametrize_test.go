package nn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestGoldenParametrize(t *testing.T) {
	var cases []struct {
		Name            string
		Args            struct{ Dim, Iterations int }
		Params, Buffers map[string]goldenArray
		Steps           []struct {
			X, Y, DX       goldenArray
			Grads, Buffers map[string]goldenArray
		}
	}
	optest.ReadGolden(t, "testdata/golden_parametrize.json", &cases)
	inner := map[string]func() nn.Weighted{
		"linear":           func() nn.Weighted { return nn.NewLinear(g, 4, 3, nn.LinearConfig{}) },
		"conv2d":           func() nn.Weighted { return nn.NewConv2d(g, 2, 3, 3, nn.ConvConfig{}) },
		"conv1d":           func() nn.Weighted { return nn.NewConv1d(g, 2, 3, 3, nn.ConvConfig{}) },
		"conv_transpose2d": func() nn.Weighted { return nn.NewConvTranspose2d(g, 2, 3, 3, nn.ConvTransposeConfig{}) },
	}
	of := func(a goldenArray) *tensor.Tensor { return tensor.Of(a.Data, a.Shape...) }
	for _, c := range cases {
		kind, layer, _ := strings.Cut(c.Name, " ")
		l := inner[layer]()
		if c.Args.Iterations == 3 {
			l = nn.NewLinear(g, 4, 6, nn.LinearConfig{})
		}
		var m nn.Layer
		if kind == "weight" {
			m = nn.NewWeightNorm(l, c.Args.Dim)
		} else {
			m = nn.NewSpectralNorm(g, l, nn.SpectralNormConfig{Dim: c.Args.Dim, Iterations: c.Args.Iterations})
		}
		m = nn.To(m, tensor.Float64)
		state := map[string]bool{}
		for _, p := range nn.NamedParams(m) {
			p.CopyFrom(of(c.Params[p.Name]))
			state[p.Name] = true
		}
		for _, b := range nn.NamedBuffers(m) {
			b.CopyFrom(of(c.Buffers[b.Name]))
			state[b.Name] = true
		}
		if len(state) != len(c.Params)+len(c.Buffers) {
			t.Fatalf("%s: state %v, PyTorch has %d parameters and %d buffers", c.Name, state, len(c.Params), len(c.Buffers))
		}
		for k, s := range c.Steps {
			if k == 2 { // buffers only infer; parameters must still be recorded
				if n, ok := m.(*nn.SpectralNorm); ok {
					n.Mode = nn.Infer
				}
			}
			nn.ZeroGrad(m)
			x := of(s.X).RequireGrad()
			y := m.Forward(x)
			slope := make([]float64, y.Numel())
			for i := range slope {
				slope[i] = math.Cos(float64(i))
			}
			y.Mul(tensor.OfShape(slope, y.Shape())).Sum().Backward()
			near(t, tensor.Float64, c.Name+" y", y.Detach(), s.Y.Data)
			near(t, tensor.Float64, c.Name+" dx", x.Grad(), s.DX.Data)
			for _, p := range nn.NamedParams(m) {
				near(t, tensor.Float64, c.Name+" gradient of "+p.Name, p.Grad(), s.Grads[p.Name].Data)
			}
			for _, b := range nn.NamedBuffers(m) {
				near(t, tensor.Float64, c.Name+" buffer "+b.Name, b.Tensor, s.Buffers[b.Name].Data)
			}
		}
	}
}

func TestParametrized(t *testing.T) {
	symmetric := func(w *tensor.Tensor) *tensor.Tensor { return w.Add(w.Transpose(0, 1)).MulScalar(0.5) }
	l := nn.NewParametrized(nn.NewLinear(g, 3, 3, nn.LinearConfig{}), symmetric)
	names := ""
	for _, p := range nn.NamedParams(l) {
		names += p.Name + " "
	}
	if names != "parametrizations.weight.original bias " {
		t.Errorf("parameters %s", names)
	}
	x := tensor.Randn(random.New(2), 4, 3)
	y := l.Forward(x)
	y.Sum().Backward()
	if l.Original.Grad() == nil {
		t.Fatal("no gradient reached the original weight")
	}
	plain := l.Remove().(*nn.Linear)
	if !tensor.AllClose(plain.Forward(x).Detach(), y.Detach(), 1e-6, 1e-6, false) || !tensor.Equal(plain.Weight.Detach(), plain.Weight.Detach().Transpose(0, 1)) {
		t.Error("Remove's layer differs or is not symmetric")
	}
	e := nn.Eval(l)
	if e.Forward(x).RequiresGrad() {
		t.Error("Eval's result is recorded")
	}
	wantError(t, "the layer has no weight", func() { nn.NewParametrized(l.Layer, symmetric) })
	wantError(t, "axis", func() { nn.NewWeightNorm(nn.NewLinear(g, 3, 3, nn.LinearConfig{}), 2) })
}

func wantError(t *testing.T, text string, f func()) {
	t.Helper()
	if err := tensor.Catch(f); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}

// Every layer with one weight gives with a replaced weight what it gives with that weight.
func TestReplaceWeight(t *testing.T) {
	masked := nn.NewMaskedConv2d(g, 2, 3, 3, nn.PixelCNNMask(nn.MaskA, 2, 3, 3, 1), nn.ConvConfig{})
	for name, c := range map[string]struct {
		l nn.Weighted
		x *tensor.Tensor
	}{
		"linear":           {nn.NewLinear(g, 4, 3, nn.LinearConfig{}), tensor.Randn(g, 2, 4)},
		"embedding":        {nn.NewEmbedding(g, 5, 3, nn.EmbeddingConfig{}), tensor.Of([]int64{1, 4})},
		"conv1d":           {nn.NewConv1d(g, 2, 3, 3, nn.ConvConfig{}), tensor.Randn(g, 1, 2, 5)},
		"conv2d":           {nn.NewConv2d(g, 2, 3, 3, nn.ConvConfig{}), tensor.Randn(g, 1, 2, 5, 5)},
		"conv3d":           {nn.NewConv3d(g, 2, 3, 3, nn.ConvConfig{}), tensor.Randn(g, 1, 2, 4, 4, 4)},
		"masked":           {masked, tensor.Randn(g, 1, 2, 5, 5)},
		"conv_transpose1d": {nn.NewConvTranspose1d(g, 2, 3, 3, nn.ConvTransposeConfig{}), tensor.Randn(g, 1, 2, 5)},
		"conv_transpose2d": {nn.NewConvTranspose2d(g, 2, 3, 3, nn.ConvTransposeConfig{}), tensor.Randn(g, 1, 2, 5, 5)},
		"conv_transpose3d": {nn.NewConvTranspose3d(g, 2, 3, 3, nn.ConvTransposeConfig{}), tensor.Randn(g, 1, 2, 3, 3, 3)},
	} {
		before := c.l.Forward(c.x).Detach()
		_, w := c.l.ReplaceWeight(nil)
		zero, _ := c.l.ReplaceWeight(tensor.NewParam(tensor.ZerosLike(w.Tensor)))
		if tensor.Equal(zero.Forward(c.x).Detach(), before) {
			t.Errorf("%s: the weight was not replaced", name)
		}
		again, _ := zero.ReplaceWeight(w)
		if !tensor.Equal(again.Forward(c.x).Detach(), before) || !tensor.Equal(c.l.Forward(c.x).Detach(), before) {
			t.Errorf("%s: replacing the weight changed more than the weight, or the layer itself", name)
		}
	}
}

// After many steps σ is the largest singular value: here of diag(3, 1), so the weight is diag(1, 1/3).
func TestSpectralNormConverges(t *testing.T) {
	lin := nn.NewLinear(g, 2, 2, nn.LinearConfig{NoBias: true})
	lin.Weight.CopyFrom(tensor.Of([]float32{0, 3, 1, 0}, 2, 2))
	l := nn.NewSpectralNorm(g, lin, nn.SpectralNormConfig{Iterations: 30})
	l.Forward(tensor.Ones(1, 2))
	w := l.Remove().(*nn.Linear).Weight.Floats()
	for i, want := range []float64{0, 1, 1.0 / 3, 0} {
		if math.Abs(w[i]-want) > 1e-6 {
			t.Errorf("the weight is %v, want 0 1 1/3 0", w)
		}
	}
	// Backward after a second Forward, which moves u and v.
	in := tensor.Ones(1, 2).RequireGrad()
	y := l.Forward(in)
	l.Forward(in)
	y.Sum().Backward()

}

func TestMixedPrecision(t *testing.T) {
	gen := random.New(4)
	net := nn.NewSequential(nn.NewConv2d(gen, 1, 4, 3, nn.ConvConfig{}), nn.NewBatchNorm2d(4, nn.BatchNormConfig{}), &nn.ReLU{}, nn.NewMaxPool2d(2), nn.NewFlatten(), nn.NewLinear(gen, 36, 3, nn.LinearConfig{}))
	half := &nn.MixedPrecision{Layer: nn.Clone(net), Compute: tensor.BFloat16}
	x := tensor.Randn(gen, 8, 1, 8, 8)
	y, z := net.Forward(x), half.Forward(x)
	if z.DType() != tensor.Float32 {
		t.Fatalf("the result is %v", z.DType())
	}
	scale := y.Abs().Max().Item()
	if d := y.Sub(z).Abs().Max().Item(); d > 0.05*scale || d == 0 {
		t.Errorf("results differ by %v of %v; bfloat16 has 8 bits", d, scale)
	}
	y.Square().Sum().Backward()
	z.Square().Sum().Backward()
	a, b := nn.Params(net), nn.Params(half)
	for i := range a {
		ga, gb := a[i].Grad(), b[i].Grad()
		if gb.DType() != tensor.Float32 {
			t.Fatalf("gradient %d is %v", i, gb.DType())
		}
		if cos := tensor.CosineSimilarity(ga.Flatten(0), gb.Flatten(0), 0, 1e-8).Item(); cos < 0.995 && ga.Abs().Max().Item() > 1e-3 {
			t.Errorf("gradient %d points elsewhere: cosine %v", i, cos)
		}
	}
	infer := nn.Eval(half).Forward(x)
	if d := nn.Eval(net).Forward(x).Sub(infer).Abs().Max().Item(); d > 0.1*scale {
		t.Errorf("in inference the results differ by %v of %v", d, scale)
	}
	wantError(t, "floating-point", func() { nn.Cast(net, tensor.Int64) })
}

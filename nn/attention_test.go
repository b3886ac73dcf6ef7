package nn_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// attentionCase says which of the inputs after q, k and v there are; factor is what dropout multiplies an element of the
// softmax with, nil for 1.
type attentionCase struct {
	scale            float64
	causal           bool
	offset           int
	bias, keep, drop bool
	factor           func(n, h, i, j int) float64
}

// attend is softmax(scale q kᵀ + bias) v by its definition, 0 for queries without a key.
func (o attentionCase) attend(in []optest.Array) []optest.Array {
	q, k, v, rest := in[0], in[1], in[2], in[3:]
	heads, hkv, e, s := q.Shape[1], k.Shape[1], q.Shape[3], k.Shape[2]
	none := optest.Array{Data: []float64{0}}
	bias, keep, drop := none, optest.Array{Data: []float64{1}}, none
	for _, m := range []struct {
		there bool
		to    *optest.Array
	}{{o.bias, &bias}, {o.keep, &keep}, {o.drop, &drop}} {
		if m.there {
			*m.to, rest = rest[0], rest[1:]
		}
	}
	p := make([]float64, s)
	return []optest.Array{optest.Build([]int{q.Shape[0], heads, q.Shape[2], v.Shape[3]}, func(at []int) (y float64) {
		n, h, i, x := at[0], at[1], at[2], at[3]
		g := h / (heads / hkv)
		top, sum := math.Inf(-1), 0.0
		for j := range p {
			p[j] = math.Inf(-1)
			hidden := o.causal && j > i+o.offset || keep.At(n, h, i, j) == 0
			if len(drop.Shape) == 2 {
				hidden = hidden || drop.At(n, j) != 0
			}
			if !hidden {
				p[j] = bias.At(n, h, i, j)
				for c := range e {
					p[j] += o.scale * q.At(n, h, i, c) * k.At(n, g, j, c)
				}
			}
			top = max(top, p[j])
		}
		for j := range p {
			if p[j] = math.Exp(p[j] - top); math.IsInf(top, -1) {
				p[j] = 0
			}
			sum += p[j]
		}
		for j := range p {
			f := 1.0
			if o.factor != nil {
				f = o.factor(n, h, i, j)
			}
			if p[j] > 0 {
				y += p[j] / sum * f * v.At(n, g, j, x)
			}
		}
		return y
	})}
}

// config is the call that attend is the reference of.
func (o attentionCase) config(in []*tensor.Tensor) nn.AttentionConfig {
	cfg, rest := nn.AttentionConfig{Scale: &o.scale, Causal: o.causal, Offset: o.offset}, in[3:]
	for _, m := range []struct {
		there bool
		to    **tensor.Tensor
	}{{o.bias, &cfg.AttnBias}, {o.keep, &cfg.AttnMask}, {o.drop, &cfg.KeyPaddingMask}} {
		if m.there {
			*m.to, rest = rest[0], rest[1:]
		}
	}
	return cfg
}

func TestAttentionOp(t *testing.T) {
	var cases []optest.Case
	boolean := func(values []float64, shape ...int) optest.Input {
		return optest.Input{Shape: shape, Fixed: true, DType: tensor.Bool, Values: values}
	}
	add := func(name string, o attentionCase, q, k, v []int, more ...optest.Input) {
		in := append([]optest.Input{{Shape: q}, {Shape: k}, {Shape: v}}, more...)
		// Sums over up to 129 keys of products of three numbers up to 2, and gradients that cancel in P (dP - Δ).
		cases = append(cases, optest.Case{Op: "nn.attentionOp", Name: name, In: in, Tol: 10, Want: o.attend,
			F: func(in []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{nn.ScaledDotProductAttention(in[0], in[1], in[2], o.config(in))}
			}})
	}
	h := func(n, heads, l, e int) []int { return []int{n, heads, l, e} }
	plain := attentionCase{scale: 0.5}
	add("plain", plain, h(2, 2, 3, 4), h(2, 2, 5, 4), h(2, 2, 5, 3))
	add("one element", plain, h(1, 1, 1, 1), h(1, 1, 1, 1), h(1, 1, 1, 1))
	add("one key", plain, h(1, 2, 3, 2), h(1, 2, 1, 2), h(1, 2, 1, 2))
	add("one query", plain, h(2, 2, 1, 3), h(2, 2, 7, 3), h(2, 2, 7, 3))
	add("no keys", plain, h(2, 1, 3, 2), h(2, 1, 0, 2), h(2, 1, 0, 2))
	add("no queries", plain, h(1, 2, 0, 2), h(1, 2, 3, 2), h(1, 2, 3, 2))
	add("no samples", plain, h(0, 2, 3, 2), h(0, 2, 3, 2), h(0, 2, 3, 2))
	add("grouped heads", plain, h(2, 4, 3, 2), h(2, 2, 5, 2), h(2, 2, 5, 3))
	add("one key head", attentionCase{scale: -1}, h(1, 3, 4, 2), h(1, 1, 4, 2), h(1, 1, 4, 2))
	add("causal", attentionCase{scale: 0.7, causal: true}, h(2, 2, 5, 3), h(2, 2, 5, 3), h(2, 2, 5, 3))
	add("causal, more keys", attentionCase{scale: 0.7, causal: true}, h(1, 2, 3, 3), h(1, 2, 6, 3), h(1, 2, 6, 2))
	add("causal from a cache", attentionCase{scale: 0.7, causal: true, offset: 4}, h(1, 2, 3, 3), h(1, 2, 7, 3), h(1, 2, 7, 2))
	add("causal, queries without keys", attentionCase{scale: 1, causal: true, offset: -2}, h(1, 2, 5, 2), h(1, 2, 3, 2), h(1, 2, 3, 2))
	padded := boolean([]float64{0, 0, 1, 1, 1, 1, 1, 1}, 2, 4) // the second sample has no keys
	add("padding", attentionCase{scale: 1, drop: true}, h(2, 2, 3, 2), h(2, 2, 4, 2), h(2, 2, 4, 2), padded)
	add("mask", attentionCase{scale: 1, keep: true}, h(1, 2, 3, 2), h(1, 2, 4, 2), h(1, 2, 4, 2),
		boolean([]float64{1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0}, 3, 4))
	for name, shape := range map[string][]int{"full": {2, 2, 3, 4}, "(H, L, S)": {2, 3, 4}, "(L, S)": {3, 4}, "(S)": {4}, "(N, 1, 1, S)": {2, 1, 1, 4},
		"(H, 1, 1)": {2, 1, 1}, "(L, 1)": {3, 1}, "scalar": {}, "(N, H, 1, S)": {2, 2, 1, 4}, "(N, 1, L, 1)": {2, 1, 3, 1}} {
		add("bias "+name, attentionCase{scale: 0.5, bias: true}, h(2, 2, 3, 2), h(2, 2, 4, 2), h(2, 2, 4, 2), optest.Input{Shape: shape})
	}
	add("everything", attentionCase{scale: 0.5, bias: true, keep: true, drop: true, causal: true, offset: 1}, h(2, 4, 3, 2), h(2, 2, 4, 2), h(2, 2, 4, 3),
		optest.Input{Shape: []int{4, 1, 4}}, boolean([]float64{1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0}, 3, 4), boolean([]float64{0, 0, 0, 1, 1, 0, 0, 0}, 2, 4))
	// Several blocks of queries and keys, sizes that are no multiples of one.
	add("blocks", attentionCase{scale: 0.3}, h(1, 2, 65, 2), h(1, 1, 129, 2), h(1, 1, 129, 1))
	add("blocks of one number", plain, h(1, 1, 65, 1), h(1, 1, 65, 1), h(1, 1, 65, 1))
	add("blocks, causal", attentionCase{scale: 0.3, causal: true, offset: 3, bias: true}, h(1, 2, 129, 2), h(1, 2, 65, 2), h(1, 2, 65, 1), optest.Input{Shape: []int{2, 1, 65}})

	const p = 0.4
	key := random.New(3).Next()
	dropped := attentionCase{scale: 0.5, factor: func(n, h, i, j int) float64 { // drawn as tensor.Dropout draws
		var u [1]float32
		random.Uniform32(u[:], key, ((n*2+h)*65+i)*66+j)
		if u[0] < float32(p) {
			return 0
		}
		return 1 / (1 - p)
	}}
	cases = append(cases, optest.Case{Op: "nn.attentionOp", Name: "dropout", Tol: 10, Want: dropped.attend,
		In: []optest.Input{{Shape: h(1, 2, 65, 2)}, {Shape: h(1, 2, 66, 2)}, {Shape: h(1, 2, 66, 1)}},
		F: func(in []*tensor.Tensor) []*tensor.Tensor {
			return []*tensor.Tensor{nn.ScaledDotProductAttention(in[0], in[1], in[2], nn.AttentionConfig{Scale: new(0.5), DropoutP: p, DropoutKey: key})}
		}})
	optest.Run(t, cases)
}

// longAttention is attention from simpler ops, whose scores are a tensor.
func longAttention(q, k, v *tensor.Tensor, cfg nn.AttentionConfig) *tensor.Tensor {
	group := q.Dim(1) / k.Dim(1)
	s := q.MatMul(k.RepeatInterleave(group, 1).Transpose(2, 3)).MulScalar(*cfg.Scale)
	if cfg.AttnBias != nil {
		s = s.Add(cfg.AttnBias)
	}
	seen := tensor.With(tensor.Bool).Full(1, q.Dim(0), q.Dim(1), q.Dim(2), k.Dim(2))
	if cfg.AttnMask != nil {
		seen = seen.LogicalAnd(cfg.AttnMask)
	}
	if cfg.KeyPaddingMask != nil {
		seen = seen.LogicalAnd(cfg.KeyPaddingMask.LogicalNot().Reshape(q.Dim(0), 1, 1, k.Dim(2)))
	}
	if cfg.Causal {
		seen = seen.LogicalAnd(tensor.Ones(q.Dim(2), k.Dim(2)).Tril(cfg.Offset).To(tensor.Bool))
	}
	// exp of what is left, without the largest: scores are small here.
	e := s.Exp().MaskedFill(seen.LogicalNot(), 0)
	p := e.Div(e.SumKeepdim(3).Add(e.Detach().SumKeepdim(3).EqScalar(0).To(e.DType())))
	if cfg.DropoutP > 0 {
		p = p.Dropout(cfg.DropoutP, cfg.DropoutKey)
	}
	return p.MatMul(v.RepeatInterleave(group, 1))
}

// Any sizes, masks and options: result and gradients are those of the long form.
func TestAttentionAgainstLongForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(60, 140))
		flag, small := rapid.Bool(), rapid.IntRange(1, 2)
		n, hkv, group := small.Draw(t, "n"), small.Draw(t, "hkv"), rapid.IntRange(1, 3).Draw(t, "group")
		keys := rapid.OneOf(length, rapid.IntRange(257, 600)) // from 257 on the gradient of q is several sums
		l, s, e, ev := length.Draw(t, "l"), keys.Draw(t, "s"), rapid.IntRange(1, 9).Draw(t, "e"), rapid.IntRange(1, 9).Draw(t, "ev")
		h := hkv * group
		g := random.New(rapid.Uint64().Draw(t, "seed"))
		f := tensor.With(tensor.Float64)
		cfg := nn.AttentionConfig{Scale: new(rapid.Float64Range(-0.7, 0.7).Draw(t, "scale"))}
		in := []*tensor.Tensor{f.Randn(g, n, h, l, e).RequireGrad(), f.Randn(g, n, hkv, s, e).RequireGrad(), f.Randn(g, n, hkv, s, ev).RequireGrad()}
		// partly is a shape that broadcasts to the scores'.
		partly := func(name string) []int {
			dims := []int{n, h, l, s}
			for i := range dims {
				if flag.Draw(t, name) {
					dims[i] = 1
				}
			}
			return dims[rapid.IntRange(0, 4).Draw(t, name+" rank"):]
		}
		bools := func(p float64, dims ...int) *tensor.Tensor { return f.Rand(g, dims...).LtScalar(p) }
		if flag.Draw(t, "bias") {
			cfg.AttnBias = f.Randn(g, partly("bias")...).RequireGrad()
			in = append(in, cfg.AttnBias)
		}
		if flag.Draw(t, "mask") {
			cfg.AttnMask = bools(0.7, partly("mask")...)
		}
		if flag.Draw(t, "padding") {
			cfg.KeyPaddingMask = bools(0.3, n, s)
		}
		if cfg.Causal = flag.Draw(t, "causal"); cfg.Causal {
			cfg.Offset = rapid.IntRange(-l, s).Draw(t, "offset")
		}
		if flag.Draw(t, "dropout") {
			cfg.DropoutP, cfg.DropoutKey = rapid.Float64Range(0.1, 0.9).Draw(t, "p"), g.Next()
		}
		dy := f.Randn(g, n, h, l, ev)
		run := func(y *tensor.Tensor) []*tensor.Tensor {
			return append(tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{dy}, in, false, false), y.Detach())
		}
		got, want := run(nn.ScaledDotProductAttention(in[0], in[1], in[2], cfg)), run(longAttention(in[0], in[1], in[2], cfg))
		for i := range want {
			if want[i] == nil { // e.g. a scale of 0 in the long form still leads to q; nothing may be missing
				t.Fatalf("gradient %d is missing", i)
			}
			if !tensor.AllClose(got[i], want[i], 1e-9, 1e-9, false) {
				t.Fatalf("result %d of %d (gradients, then y) differs by %v", i, len(want), got[i].Sub(want[i]).Abs().Max())
			}
		}
	})
}

func TestAttentionSameBitsForAnyWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	g := random.New(9)
	cfg := nn.AttentionConfig{Causal: true, Offset: 500, AttnBias: tensor.Randn(g, 1, 1, 600).RequireGrad(), DropoutP: 0.2, DropoutKey: g.Next()}
	in := []*tensor.Tensor{tensor.Randn(g, 2, 2, 140, 16).RequireGrad(), tensor.Randn(g, 2, 1, 600, 16).RequireGrad(), tensor.Randn(g, 2, 1, 600, 16).RequireGrad(), cfg.AttnBias}
	var first []*tensor.Tensor
	for _, w := range []int{1, 2, 3, 8} {
		parallel.SetWorkers(w)
		y := nn.ScaledDotProductAttention(in[0], in[1], in[2], cfg)
		got := append(tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{tensor.OnesLike(y)}, in, false, false), y.Detach())
		if first == nil {
			first = got
		}
		for i := range got {
			if !tensor.Equal(got[i], first[i]) {
				t.Errorf("%d workers: result %d has other bits", w, i)
			}
		}
	}
}

// A view with rows apart is read where it lies: heads side by side, as projections leave them.
func TestAttentionReadsStridedHeads(t *testing.T) {
	g := random.New(5)
	x := tensor.Randn(g, 2, 70, 3, 4, 8) // (N, L, q k v, H, D)
	var heads, copies []*tensor.Tensor
	for i := range 3 {
		v := x.Select(2, i).Permute(0, 2, 1, 3)
		heads, copies = append(heads, v), append(copies, v.Clone())
	}
	got := nn.ScaledDotProductAttention(heads[0], heads[1], heads[2], nn.AttentionConfig{Causal: true})
	want := nn.ScaledDotProductAttention(copies[0], copies[1], copies[2], nn.AttentionConfig{Causal: true})
	if !tensor.Equal(got, want) {
		t.Error("the result depends on the layout")
	}
}

func TestAttentionQueriesWithoutKeys(t *testing.T) {
	g := random.New(6)
	f := tensor.With(tensor.Float64)
	in := []*tensor.Tensor{f.Randn(g, 1, 2, 3, 4).RequireGrad(), f.Randn(g, 1, 2, 5, 4).RequireGrad(), f.Randn(g, 1, 2, 5, 4).RequireGrad(),
		f.Full(math.Inf(-1), 3, 1).RequireGrad()} // a bias of -Inf leaves out as a mask does
	for name, cfg := range map[string]nn.AttentionConfig{
		"mask": {AttnMask: tensor.With(tensor.Bool).Zeros(3, 5)}, "padding": {KeyPaddingMask: tensor.With(tensor.Bool).Ones(1, 5)},
		"causal": {Causal: true, Offset: -3}, "bias": {AttnBias: in[3]}, "dropout": {Causal: true, Offset: -3, DropoutP: 0.5},
	} {
		y := nn.ScaledDotProductAttention(in[0], in[1], in[2], cfg)
		for i, g := range append(tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{tensor.OnesLike(y)}, in, false, false), y.Detach()) {
			if g != nil && g.Abs().Max().Item() != 0 {
				t.Errorf("%s: result %d is %v, want zeros", name, i, g)
			}
		}
	}
}

// NaN and infinite scores give NaN in their rows alone; large ones do not overflow.
func TestAttentionSpecial(t *testing.T) {
	nan := math.NaN()
	q := tensor.Of([]float64{1, nan, 3e4, math.Inf(1)}, 1, 1, 4, 1)
	k, v := tensor.Of([]float64{1, 2, 3e4}, 1, 1, 3, 1), tensor.Of([]float64{5, 6, 7}, 1, 1, 3, 1)
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
		y := nn.ScaledDotProductAttention(q.To(d), k.To(d), v.To(d), nn.AttentionConfig{}).Floats()
		for i, w := range []float64{7, nan, 7, nan} {
			if y[i] != w && (y[i] == y[i] || w == w) {
				t.Errorf("%v: query %d gives %v, want %v", d, i, y[i], w)
			}
		}
	}
}

func TestAttentionDropout(t *testing.T) {
	g := random.New(7)
	const p = 0.25
	q, k, v := tensor.Randn(g, 2, 3, 80, 4), tensor.Randn(g, 2, 3, 90, 4), tensor.Ones(2, 3, 90, 1)
	key := g.Next()
	drop := func(key random.Key) *tensor.Tensor {
		return nn.ScaledDotProductAttention(q, k, v, nn.AttentionConfig{DropoutP: p, DropoutKey: key})
	}
	y := drop(key)
	if !tensor.Equal(y, drop(key)) {
		t.Error("the same key gives another result")
	}
	if tensor.Equal(y, drop(g.Next())) {
		t.Error("another key gives the same result")
	}
	// Values of 1 make y the weight that is left, 1 on the average.
	if m := y.Mean().Item(); math.Abs(m-1) > 0.02 {
		t.Errorf("the mean weight is %v, want 1", m)
	}
	if y := nn.ScaledDotProductAttention(q, k, v, nn.AttentionConfig{DropoutP: 1, DropoutKey: key}); y.Abs().Max().Item() != 0 {
		t.Error("dropout of 1 must leave nothing")
	}
}

func TestAttentionGradCheck(t *testing.T) {
	g := random.New(8)
	f := tensor.With(tensor.Float64)
	key := g.Next()
	in := []*tensor.Tensor{f.Randn(g, 1, 2, 3, 2), f.Randn(g, 1, 1, 4, 2), f.Randn(g, 1, 1, 4, 3), f.Randn(g, 2, 1, 4)}
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{nn.ScaledDotProductAttention(in[0], in[1], in[2], nn.AttentionConfig{
			AttnBias: in[3], Causal: true, Offset: 1, DropoutP: 0.3, DropoutKey: key})}
	}, in, autograd.GradCheckConfig{})
	if err != nil {
		t.Error(err)
	}
}

// refusesAttention checks that f panics with a *tensor.Error of the kind that says words.
func refusesAttention(t *testing.T, kind tensor.Kind, words string, f func()) {
	t.Helper()
	var e *tensor.Error
	if err := tensor.Catch(f); !errors.As(err, &e) || e.Kind != kind || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %v with %q", err, kind, words)
	}
}

func TestAttentionBadArguments(t *testing.T) {
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	q, k, v := z(2, 4, 3, 8), z(2, 2, 5, 8), z(2, 2, 5, 6)
	type config = nn.AttentionConfig
	mask := func(dims ...int) *tensor.Tensor { return tensor.With(tensor.Bool).Zeros(dims...) }
	for _, c := range []struct {
		kind    tensor.Kind
		words   string
		q, k, v *tensor.Tensor
		cfg     config
	}{
		{tensor.ErrShape, "must be (N, H, L, E)", z(4, 3, 8), k, v, config{}},
		{tensor.ErrShape, "must be (N, H, L, E)", q, nil, v, config{}},
		{tensor.ErrShape, "k (N, HKV, S, E) and v", q, k, z(2, 2, 4, 6), config{}},
		{tensor.ErrShape, "k (N, HKV, S, E) and v", q, k, z(2, 1, 5, 6), config{}},
		{tensor.ErrShape, "q is of 1 samples", z(1, 4, 3, 8), k, v, config{}},
		{tensor.ErrShape, "of queries, 7, and of keys, 8", z(2, 4, 3, 7), k, v, config{}},
		{tensor.ErrShape, "the 2 heads of k and v do not divide the 3 of q", z(2, 3, 3, 8), k, v, config{}},
		{tensor.ErrShape, "must not be 0", z(2, 4, 3, 0), z(2, 2, 5, 0), v, config{}},
		{tensor.ErrShape, "must not be 0", q, k, z(2, 2, 5, 0), config{}},
		{tensor.ErrDType, "input 1 is float64", q, k.To(tensor.Float64), v, config{}},
		{tensor.ErrDType, "int64 is not supported", q.To(tensor.Int64), k.To(tensor.Int64), v.To(tensor.Int64), config{}},
		{tensor.ErrDType, "input 3 is int64, it must be bool", q, k, v, config{AttnMask: z(3, 5).To(tensor.Int64)}},
		{tensor.ErrDType, "input 3 is bool, it must be float32", q, k, v, config{AttnBias: mask(3, 5)}},
		{tensor.ErrDType, "input 4 is uint8, it must be bool", q, k, v, config{AttnBias: z(3, 5), KeyPaddingMask: z(2, 5).To(tensor.Uint8)}},
		{tensor.ErrShape, "does not broadcast to the scores, (2, 4, 3, 5)", q, k, v, config{AttnMask: mask(3, 4)}},
		{tensor.ErrShape, "does not broadcast", q, k, v, config{AttnBias: z(2, 2, 3, 5)}},
		{tensor.ErrShape, "does not broadcast", q, k, v, config{AttnBias: z(1, 2, 4, 3, 5)}},
		{tensor.ErrShape, "the key padding mask must be (N, S), here (2, 5)", q, k, v, config{KeyPaddingMask: mask(2, 3)}},
		{tensor.ErrValue, "the dropout probability 1.5", q, k, v, config{DropoutP: 1.5}},
		{tensor.ErrValue, "without Causal", q, k, v, config{Offset: 2}},
	} {
		refusesAttention(t, c.kind, c.words, func() { nn.ScaledDotProductAttention(c.q, c.k, c.v, c.cfg) })
	}
}

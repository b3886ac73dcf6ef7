package rbm_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/models/rbm"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type golden struct {
	Visible, Hidden int
	Weight          []float64
	VisibleBias     []float64 `json:"visible_bias"`
	HiddenBias      []float64 `json:"hidden_bias"`
	V, H, Energy    []float64
	FreeEnergy      []float64 `json:"free_energy"`
	HiddenProb      []float64 `json:"hidden_prob"`
	VisibleProb     []float64 `json:"visible_prob"`
	LogPartition    float64   `json:"log_partition"`
	GradWeight      []float64 `json:"grad_weight"`
	GradVisible     []float64 `json:"grad_visible"`
	GradHidden      []float64 `json:"grad_hidden"`
}

func goldens(t *testing.T) (cases []golden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden_rbm.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no goldens")
	}
	return cases
}

func (c golden) machine() *rbm.RBM {
	return &rbm.RBM{
		Weight:      tensor.NewParam(tensor.Of(c.Weight, c.Hidden, c.Visible)),
		VisibleBias: tensor.NewParam(tensor.Of(c.VisibleBias)),
		HiddenBias:  tensor.NewParam(tensor.Of(c.HiddenBias)),
	}
}

func near(t *testing.T, what string, got *tensor.Tensor, want []float64, within float64) {
	t.Helper()
	v := got.Floats()
	if len(v) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(v), len(want))
	}
	for i, w := range want {
		if !(math.Abs(v[i]-w) <= within*(1+math.Abs(w))) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v[i], w)
		}
	}
}

func TestGolden(t *testing.T) {
	for _, c := range goldens(t) {
		m := c.machine()
		v, h := tensor.Of(c.V, 6, c.Visible), tensor.Of(c.H, 6, c.Hidden)
		near(t, "Energy", m.Energy(v, h), c.Energy, 1e-12)
		near(t, "FreeEnergy", m.FreeEnergy(v), c.FreeEnergy, 1e-12)
		near(t, "HiddenProb", m.HiddenProb(v), c.HiddenProb, 1e-12)
		near(t, "VisibleProb", m.VisibleProb(h), c.VisibleProb, 1e-12)
		near(t, "LogPartition", m.LogPartition(), []float64{c.LogPartition}, 1e-12)
		near(t, "Linear", m.Linear().Forward(v).Sigmoid(), c.HiddenProb, 1e-12)

		// The gradient of the log-likelihood, by the tape and by many long chains.
		data := v.Narrow(0, 0, 4)
		m.FreeEnergy(data).Mean().Neg().Sub(m.LogPartition()).Backward()
		near(t, "gradient of W", m.Weight.Grad(), c.GradWeight, 1e-12)
		near(t, "gradient of a", m.VisibleBias.Grad(), c.GradVisible, 1e-12)
		near(t, "gradient of b", m.HiddenBias.Grad(), c.GradHidden, 1e-12)
		const chains = 10000
		w, a, b, end := m.ContrastiveDivergence(random.New(1), data, tensor.Full(0.5, chains, c.Visible), 50)
		if end.Shape() != tensor.ShapeOf(chains, c.Visible) {
			t.Errorf("the chains have shape %v", end.Shape())
		}
		within := 4 * 0.5 / math.Sqrt(chains) // four standard errors of a mean of zeros and ones
		near(t, "CD-50 of W", w, c.GradWeight, within)
		near(t, "CD-50 of a", a, c.GradVisible, within)
		near(t, "CD-50 of b", b, c.GradHidden, within)
	}
}

func TestGradients(t *testing.T) {
	c := goldens(t)[0]
	v := tensor.Of(c.V, 6, c.Visible)
	m := c.machine()
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		m := &rbm.RBM{Weight: &nn.Param{Tensor: in[0]}, VisibleBias: &nn.Param{Tensor: in[1]}, HiddenBias: &nn.Param{Tensor: in[2]}}
		return []*tensor.Tensor{m.FreeEnergy(v).Sum().Add(m.LogPartition())}
	}, []*tensor.Tensor{m.Weight.Detach(), m.VisibleBias.Detach(), m.HiddenBias.Detach()}, autograd.GradCheckConfig{})
	if err != nil {
		t.Error(err)
	}
}

// bars returns n pictures of 3 x 3 with whole rows or whole columns of ones, at random.
func bars(n int) *tensor.Tensor {
	g := random.New(5)
	x := make([]float32, 0, n*9)
	for range n {
		on, rows := g.Intn(8), g.Intn(2) == 0
		for i := range 9 {
			k := i % 3
			if rows {
				k = i / 3
			}
			x = append(x, float32(on>>k&1))
		}
	}
	return tensor.Of(x, n, 9)
}

// logLikelihood is the mean over the rows of x, exactly.
func logLikelihood(m *rbm.RBM, x *tensor.Tensor) float64 {
	m = nn.Eval(m)
	return -m.FreeEnergy(x).Mean().Item() - m.LogPartition().Item()
}

func TestFit(t *testing.T) {
	x := bars(200)
	// No model of the data does better than their entropy, about log 14, and one that knows nothing has 9 log 2 = 6.24.
	for name, c := range map[string]struct {
		cfg   rbm.Config
		least float64
	}{
		"CD-1":       {rbm.Config{Epochs: 100, WeightDecay: new(0.0)}, -3.6},
		"CD-5":       {rbm.Config{Epochs: 120, Steps: 5, WeightDecay: new(0.0)}, -3.3},
		"persistent": {rbm.Config{Epochs: 140, LR: 0.05, Persistent: true, WeightDecay: new(0.0)}, -4},
	} {
		m := rbm.New(random.New(1), 9, 12)
		before := logLikelihood(m, x)
		var errs []float64
		c.cfg.Observe = func(epoch int, e float64) { errs = append(errs, e) }
		if err := m.Fit(t.Context(), x, c.cfg); err != nil {
			t.Fatal(err)
		}
		after := logLikelihood(m, x)
		t.Logf("%s: log-likelihood %.3f, was %.3f; reconstruction %.4f, was %.4f", name, after, before, errs[len(errs)-1], errs[0])
		if !(after >= c.least) {
			t.Errorf("%s: log-likelihood %v, was %v, want at least %v", name, after, before, c.least)
		}
		if len(errs) != c.cfg.Epochs || errs[len(errs)-1] >= errs[0] {
			t.Errorf("%s: reconstruction errors %v do not fall", name, errs)
		}

		again := rbm.New(random.New(1), 9, 12)
		c.cfg.Observe = nil
		if err := again.Fit(t.Context(), x, c.cfg); err != nil || !bytes.Equal(again.Weight.Bytes(), m.Weight.Bytes()) {
			t.Errorf("%s: the same seed gives other weights (%v)", name, err)
		}
	}
}

func TestWeightDecayShrinksWeightsAlone(t *testing.T) {
	norm := func(decay float64) (w float64) {
		m := rbm.New(random.New(1), 9, 4)
		if err := m.Fit(t.Context(), bars(50), rbm.Config{Epochs: 20, WeightDecay: &decay}); err != nil {
			t.Fatal(err)
		}
		return m.Weight.Square().Sum().Item()
	}
	if with, without := norm(0.1), norm(0); !(with < without/2) {
		t.Errorf("‖W‖² is %v with decay and %v without", with, without)
	}
}

func TestGibbsReachesTheDistribution(t *testing.T) {
	c := goldens(t)[0]
	m := nn.Eval(c.machine())
	const n = 20000
	v := m.Gibbs(random.New(3), tensor.With(tensor.Float64).Full(0.5, n, c.Visible), 30)
	states := rbm.States(c.Visible)
	want := m.FreeEnergy(states).Neg().SubScalar(c.LogPartition).Exp().Floats()
	got := make([]float64, len(want))
	for row := range n {
		k := 0
		for i, u := range v.Select(0, row).Floats() {
			k |= int(u) << i
		}
		got[k] += 1. / n
	}
	for k, p := range want {
		if math.Abs(got[k]-p) > 5*math.Sqrt(p*(1-p)/n)+1e-4 {
			t.Errorf("state %d comes up %.4f of the time, want %.4f", k, got[k], p)
		}
	}
	if math.Abs(sum(want)-1) > 1e-12 {
		t.Errorf("the probabilities add up to %v", sum(want))
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func TestFreeEnergyOfLargeInputs(t *testing.T) {
	m := rbm.New(random.New(1), 2, 1)
	m.Weight.CopyFrom(tensor.Of([]float32{1000, -1000}, 1, 2))
	got := m.FreeEnergy(tensor.Of([]float32{1, 0, 0, 1}, 2, 2)).Floats()
	if !slices.Equal(got, []float64{-1000, 0}) {
		t.Errorf("free energies %v, want [-1000 0]", got)
	}
}

func TestStack(t *testing.T) {
	x := bars(60)
	s, err := rbm.FitStack(t.Context(), x, []int{8, 5}, rbm.Config{Epochs: 3, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if y := s.Encoder().Forward(x); y.Shape() != tensor.ShapeOf(60, 5) || !slices.Equal(y.Floats(), s.Transform(x).Floats()) {
		t.Errorf("the encoder's result, %v, is not the stack's", y.Shape())
	}
	again, err := rbm.FitStack(t.Context(), x, []int{8, 5}, rbm.Config{Epochs: 3, Seed: 2})
	if err != nil || !bytes.Equal(again[1].Weight.Bytes(), s[1].Weight.Bytes()) {
		t.Errorf("the same seed gives another stack (%v)", err)
	}

	path := filepath.Join(t.TempDir(), "stack.safetensors")
	if err := safetensors.Save(path, nn.State(s), nil); err != nil {
		t.Fatal(err)
	}
	state, _, err := safetensors.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded := rbm.Stack{rbm.New(random.New(9), 9, 8), rbm.New(random.New(9), 8, 5)}
	if err := nn.Load(loaded, state, nn.LoadConfig{}); err != nil || !slices.Equal(loaded.Transform(x).Floats(), s.Transform(x).Floats()) {
		t.Errorf("a loaded stack computes something else (%v)", err)
	}
}

func TestRefuses(t *testing.T) {
	m := rbm.New(random.New(1), 3, 2)
	row := func(v ...float32) *tensor.Tensor { return tensor.Of(v, 1, len(v)) }
	for name, f := range map[string]struct {
		f    func()
		kind error
	}{
		"no units":          {func() { rbm.New(random.New(1), 0, 2) }, tensor.ErrValue},
		"columns":           {func() { m.FreeEnergy(row(1, 0)) }, tensor.ErrShape},
		"a vector":          {func() { m.HiddenProb(tensor.Zeros(3)) }, tensor.ErrShape},
		"hidden columns":    {func() { m.VisibleProb(row(1, 0, 1)) }, tensor.ErrShape},
		"no steps":          {func() { m.Gibbs(random.New(1), row(1, 0, 1), 0) }, tensor.ErrValue},
		"too many units":    {func() { rbm.New(random.New(1), 21, 30).LogPartition() }, tensor.ErrValue},
		"too many states":   {func() { rbm.States(21) }, tensor.ErrValue},
		"negative epochs":   {func() { _ = m.Fit(context.Background(), row(1, 0, 1), rbm.Config{Epochs: -1}) }, tensor.ErrValue},
		"infinite rate":     {func() { _ = m.Fit(context.Background(), row(1, 0, 1), rbm.Config{LR: math.Inf(1)}) }, tensor.ErrValue},
		"negative decay":    {func() { _ = m.Fit(context.Background(), row(1, 0, 1), rbm.Config{WeightDecay: new(-1.0)}) }, tensor.ErrValue},
		"rows of 2":         {func() { _ = m.Fit(context.Background(), row(1, 0), rbm.Config{}) }, tensor.ErrShape},
		"a vector of stack": {func() { _, _ = rbm.FitStack(context.Background(), tensor.Zeros(3), []int{2}, rbm.Config{}) }, tensor.ErrShape},
	} {
		if err := tensor.Catch(f.f); !errors.Is(err, f.kind) {
			t.Errorf("%s: error %v, want kind %v", name, err, f.kind)
		}
	}

	was := m.Weight.Bytes()
	for _, x := range []*tensor.Tensor{tensor.Zeros(0, 3), row(0, 2, 1), row(0, float32(math.NaN()), 1), row(-0.1, 0, 0)} {
		if err := m.Fit(t.Context(), x, rbm.Config{}); err == nil || !bytes.Equal(was, m.Weight.Bytes()) {
			t.Errorf("Fit of %v: error %v", x, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Fit(ctx, row(0, 1, 1), rbm.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Fit with an ended context: %v", err)
	}
}

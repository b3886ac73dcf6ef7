package nn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The inputs of a language model keep one mask for the whole sequence.
func ExampleLockedDropout() {
	drop := nn.NewLockedDropout(random.New(1), 0.5)
	y := drop.Forward(tensor.Ones(20, 1, 8)) // 20 steps
	fmt.Println(slices.Equal(y.Select(0, 0).Floats(), y.Select(0, 19).Floats()))
	// Output: true
}

// Variational dropout while training; the Eval module is a plain LSTM.
func ExampleDropoutLSTM() {
	cfg := nn.DropoutLSTMConfig{RecurrentNoise: nn.RecurrentNoise{Input: 0.3, Hidden: 0.3}}
	lstm := nn.NewDropoutLSTM(random.New(1), 16, 32, cfg)
	x := tensor.Randn(random.New(2), 5, 3, 16)
	y, hn, cn := nn.Eval(lstm).ForwardWith(x, nn.LSTMInput{})
	fmt.Println(y.Shape(), hn.Shape(), cn.Shape())
	// Output: (5, 3, 32) (1, 3, 32) (1, 3, 32)
}

func TestLockedDropout(t *testing.T) {
	const steps, n, features, p = 7, 200, 100, 0.3
	l := nn.NewLockedDropout(random.New(1), p)
	x := tensor.Ones(steps, n, features).RequireGrad()
	y := l.Forward(x)
	y.Sum().Backward()
	if !slices.Equal(y.Floats(), x.Grad().Floats()) {
		t.Error("the gradient has another mask")
	}
	first, kept := y.Select(0, 0).Floats(), 0.0
	for i := range steps {
		if !slices.Equal(y.Select(0, i).Floats(), first) {
			t.Errorf("step %d has another mask", i)
		}
	}
	for _, v := range first {
		if v != 0 {
			kept++
		}
		if v != 0 && math.Abs(v-1/(1-p)) > 1e-6 {
			t.Fatalf("an element is scaled by %v", v)
		}
	}
	if sd := math.Sqrt(n * features * p * (1 - p)); math.Abs(kept-n*features*(1-p)) > 6*sd {
		t.Errorf("%v of %d are kept", kept, n*features)
	}
	if slices.Equal(l.Forward(x).Floats(), y.Floats()) {
		t.Error("two sequences have one mask")
	}
	if slices.Equal(y.Select(1, 0).Floats(), y.Select(1, 1).Floats()) {
		t.Error("two samples have one mask")
	}
	// The same masks with the batch first, and for a single sequence.
	l = nn.NewLockedDropout(random.New(1), p)
	l.BatchFirst = true
	if got := l.Forward(tensor.Ones(n, steps, features)); !slices.Equal(got.Transpose(0, 1).Floats(), y.Floats()) {
		t.Error("with the batch first the mask is another one")
	}
	if got := l.Forward(tensor.Ones(steps, features)); !slices.Equal(got.Select(0, 0).Floats(), got.Select(0, 4).Floats()) {
		t.Error("a single sequence has several masks")
	}
	if nn.Eval(l).Forward(x) != x || nn.NewLockedDropout(g, 0).Forward(x) != x {
		t.Error("Eval, or p = 0, changes the input")
	}
}

// noisy has every noise at once.
var noisy = nn.RecurrentNoise{Input: 0.2, Hidden: 0.3, Cell: 0.1, Candidate: 0.4, ZoneoutHidden: 0.25, ZoneoutCell: 0.5}

// TestDropoutLSTMFormula compares with the formulas of the doc comment, in plain Go, with masks from the same generator.
func TestDropoutLSTMFormula(t *testing.T) {
	const steps, n, in, h = 6, 3, 4, 5
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, infer := range []bool{false, true} {
		for _, perStep := range []bool{false, true} {
			noise := noisy
			noise.PerStep = perStep
			m := nn.To(nn.NewDropoutLSTM(random.New(5), in, h, nn.DropoutLSTMConfig{RecurrentNoise: noise}), tensor.Float64)
			x, h0, c0 := fill(tensor.Float64, 1, steps, n, in), fill(tensor.Float64, 2, 1, n, h), fill(tensor.Float64, 3, 1, n, h)
			draws := nn.Clone(m).Generator
			mask := func(p float64, everyStep bool, size int) func(t, i, j int) float64 {
				if infer {
					return func(int, int, int) float64 { return 1 }
				}
				rows := 1
				if everyStep {
					rows = steps
				}
				v := tensor.With(tensor.Float64).Ones(rows, n, size).Dropout(p, draws.Next()).Floats()
				return func(t, i, j int) float64 { return v[(t%rows*n+i)*size+j] }
			}
			zx, zh, zc, zg := mask(noise.Input, perStep, in), mask(noise.Hidden, perStep, h), mask(noise.Cell, perStep, h), mask(noise.Candidate, perStep, h)
			zoneout := func(p float64) func(t, i, j int) float64 {
				z := mask(p, true, h)
				return func(t, i, j int) float64 { // the share of the old value
					if infer {
						return p
					}
					if z(t, i, j) == 0 {
						return 1
					}
					return 0
				}
			}
			mh, mc := zoneout(noise.ZoneoutHidden), zoneout(noise.ZoneoutCell)
			w := m.Weights[0]
			wi, wh, bi, bh := w.WeightIH.Floats(), w.WeightHH.Floats(), w.BiasIH.Floats(), w.BiasHH.Floats()
			xs, hs, cs := x.Floats(), slices.Clone(h0.Floats()), slices.Clone(c0.Floats())
			var want []float64
			for s := range steps {
				next, cells := slices.Clone(hs), slices.Clone(cs)
				for i := range n {
					for j := range h {
						var a [4]float64
						for gate := range a {
							row := gate*h + j
							a[gate] = bi[row] + bh[row]
							for k := range in {
								a[gate] += wi[row*in+k] * zx(s, i, k) * xs[(s*n+i)*in+k]
							}
							for k := range h {
								a[gate] += wh[row*h+k] * zh(s, i, k) * hs[i*h+k]
							}
						}
						at := i*h + j
						c := sigmoid(a[1])*zc(s, i, j)*cs[at] + sigmoid(a[0])*zg(s, i, j)*math.Tanh(a[2])
						y := sigmoid(a[3]) * math.Tanh(c)
						cells[at] = mc(s, i, j)*cs[at] + (1-mc(s, i, j))*c
						next[at] = mh(s, i, j)*hs[at] + (1-mh(s, i, j))*y
					}
				}
				hs, cs = next, cells
				want = append(want, hs...)
			}
			if infer {
				m = nn.Eval(m)
			}
			y, hn, cn := m.ForwardWith(x, nn.LSTMInput{H0: h0, C0: c0})
			if d := largestDifference(y.Floats(), want); d > 1e-12 || !(d >= 0) {
				t.Errorf("infer %v, per step %v: off by %v", infer, perStep, d)
			}
			if largestDifference(hn.Floats(), hs) > 1e-12 || largestDifference(cn.Floats(), cs) > 1e-12 {
				t.Errorf("infer %v, per step %v: the last state is off", infer, perStep)
			}
		}
	}
}

func TestDropoutLSTMWithoutNoise(t *testing.T) {
	x := fill(tensor.Float32, 0, 5, 2, 3)
	plain := nn.NewLSTM(random.New(1), 3, 4, nn.LSTMConfig{Layers: 2, Bidirectional: true})
	want := plain.Forward(x).Floats()
	for name, noise := range map[string]nn.RecurrentNoise{"none": {}, "eval": {Input: 0.3, Hidden: 0.3, Cell: 0.2, Candidate: 0.1}} {
		m := nn.NewDropoutLSTM(random.New(2), 3, 4, nn.DropoutLSTMConfig{Layers: 2, Bidirectional: true, RecurrentNoise: noise})
		if err := nn.Load(m, nn.State(plain), nn.LoadConfig{}); err != nil {
			t.Fatal(err)
		}
		if name == "eval" {
			if slices.Equal(m.Forward(x).Floats(), m.Forward(x).Floats()) {
				t.Error("training drops the same elements twice")
			}
			m = nn.Eval(m)
		}
		if !slices.Equal(m.Forward(x).Floats(), want) {
			t.Errorf("%s: not LSTM's results", name)
		}
	}
	// The step-by-step way with masks that drop nothing is LSTM too: zoneout of an Eval module near 0.
	m := nn.Eval(nn.NewDropoutLSTM(random.New(2), 3, 4, nn.DropoutLSTMConfig{Layers: 2, Bidirectional: true, RecurrentNoise: nn.RecurrentNoise{ZoneoutCell: 1e-12}}))
	if err := nn.Load(m, nn.State(plain), nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	for _, lengths := range [][]int{nil, {3, 5}} {
		a, ha, ca := plain.ForwardWith(x, nn.LSTMInput{Lengths: lengths})
		b, hb, cb := m.ForwardWith(x, nn.LSTMInput{Lengths: lengths})
		for i, pair := range [][2]*tensor.Tensor{{a, b}, {ha, hb}, {ca, cb}} {
			if d := largestDifference(pair[0].Floats(), pair[1].Floats()); d > 1e-6 {
				t.Errorf("lengths %v: result %d is off by %v", lengths, i, d)
			}
		}
	}
}

// TestDropoutLSTMEnds checks what probabilities of 0 and 1 make certain.
func TestDropoutLSTMEnds(t *testing.T) {
	x, h0, c0 := fill(tensor.Float64, 0, 5, 2, 3), fill(tensor.Float64, 1, 1, 2, 4), fill(tensor.Float64, 2, 1, 2, 4)
	run := func(noise nn.RecurrentNoise, x, h0, c0 *tensor.Tensor) (y, hn, cn *tensor.Tensor) {
		m := nn.To(nn.NewDropoutLSTM(random.New(1), 3, 4, nn.DropoutLSTMConfig{RecurrentNoise: noise}), tensor.Float64)
		return m.ForwardWith(x, nn.LSTMInput{H0: h0, C0: c0})
	}
	same := func(a, b *tensor.Tensor) bool { return slices.Equal(a.Floats(), b.Floats()) }
	twice := func(v *tensor.Tensor) *tensor.Tensor { return v.MulScalar(2) }
	for _, perStep := range []bool{false, true} {
		a, _, _ := run(nn.RecurrentNoise{Input: 1, PerStep: perStep}, x, h0, c0)
		b, _, _ := run(nn.RecurrentNoise{Input: 1, PerStep: perStep}, twice(x), h0, c0)
		if !same(a, b) {
			t.Error("inputs come through a dropout of 1")
		}
		a, _, _ = run(nn.RecurrentNoise{Hidden: 1, Cell: 1, PerStep: perStep}, x, h0, c0)
		b, _, _ = run(nn.RecurrentNoise{Hidden: 1, Cell: 1, PerStep: perStep}, x, twice(h0), twice(c0))
		if !same(a, b) {
			t.Error("the first state comes through a dropout of 1")
		}
		_, _, cn := run(nn.RecurrentNoise{Candidate: 1, PerStep: perStep}, x, h0, tensor.ZerosLike(c0))
		if !same(cn, tensor.ZerosLike(cn)) {
			t.Error("something is added to the cell through a dropout of 1")
		}
	}
	_, hn, cn := run(nn.RecurrentNoise{ZoneoutHidden: 1, ZoneoutCell: 1}, x, h0, c0)
	if !same(hn, h0) || !same(cn, c0) {
		t.Error("zoneout of 1 does not keep the state")
	}
}

// TestDropoutLSTMMasks reads the masks from a network whose state is h_t = tanh(tanh(4 z_h h_{t-1})): a unit that is dropped once is 0
// for ever.
func TestDropoutLSTMMasks(t *testing.T) {
	const steps, n, h = 30, 4, 50
	dropped := func(noise nn.RecurrentNoise) (first, last int) {
		m := nn.NewDropoutLSTM(random.New(1), 1, h, nn.DropoutLSTMConfig{RecurrentNoise: noise})
		w := m.Weights[0]
		eye, zero := tensor.Eye(h).MulScalar(4), tensor.Zeros(h, h)
		w.WeightIH.CopyFrom(tensor.Zeros(4*h, 1))
		w.WeightHH.CopyFrom(tensor.Concat(0, zero, zero, eye, zero))
		w.BiasHH.CopyFrom(tensor.Zeros(4 * h))
		w.BiasIH.CopyFrom(tensor.Concat(0, tensor.Full(30, h), tensor.Full(-30, h), tensor.Zeros(h), tensor.Full(30, h)))
		y, _, _ := m.ForwardWith(tensor.Zeros(steps, n, 1), nn.LSTMInput{H0: tensor.Ones(1, n, h), C0: tensor.Zeros(1, n, h)})
		count := func(t int) (k int) {
			for _, v := range y.Select(0, t).Floats() {
				if math.Abs(v) < 1e-6 {
					k++
				}
			}
			return k
		}
		return count(0), count(steps - 1)
	}
	first, last := dropped(nn.RecurrentNoise{Hidden: 0.3})
	if sd := math.Sqrt(n * h * 0.3 * 0.7); first != last || math.Abs(float64(first)-n*h*0.3) > 6*sd {
		t.Errorf("%d units of %d are dropped at first and %d in the end: they should be the same, about three of ten", first, n*h, last)
	}
	if first, last = dropped(nn.RecurrentNoise{Hidden: 0.3, PerStep: true}); last <= first || last < n*h-2 {
		t.Errorf("with a new mask at each step %d units are dropped at first and %d in the end, want all", first, last)
	}
}

func TestDropoutLSTMGradCheck(t *testing.T) {
	for _, perStep := range []bool{false, true} {
		noise := noisy
		noise.PerStep = perStep
		m := nn.To(nn.NewDropoutLSTM(random.New(3), 2, 3, nn.DropoutLSTMConfig{RecurrentNoise: noise}), tensor.Float64)
		w := m.Weights[0]
		in := []*tensor.Tensor{fill(tensor.Float64, 1, 3, 2, 2), fill(tensor.Float64, 2, 1, 2, 3), fill(tensor.Float64, 3, 1, 2, 3),
			w.WeightIH.Detach(), w.WeightHH.Detach(), w.BiasIH.Detach(), w.BiasHH.Detach()}
		err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
			same := nn.Clone(m) // the same masks in each call
			v := same.Weights[0]
			v.WeightIH, v.WeightHH, v.BiasIH, v.BiasHH = &nn.Param{Tensor: in[3]}, &nn.Param{Tensor: in[4]}, &nn.Param{Tensor: in[5]}, &nn.Param{Tensor: in[6]}
			y, hn, cn := same.ForwardWith(in[0], nn.LSTMInput{H0: in[1], C0: in[2]})
			return []*tensor.Tensor{y, hn, cn}
		}, in, autograd.GradCheckConfig{})
		if err != nil {
			t.Errorf("per step %v: %v", perStep, err)
		}
	}
}

// TestDropoutLSTMLengths: a padded sample is what it is alone, whatever lies behind its end.
func TestDropoutLSTMLengths(t *testing.T) {
	m := nn.To(nn.NewDropoutLSTM(random.New(3), 2, 3, nn.DropoutLSTMConfig{RecurrentNoise: nn.RecurrentNoise{Input: 0.3, Hidden: 0.3, Candidate: 0.2}}), tensor.Float64)
	x := fill(tensor.Float64, 1, 5, 2, 2)
	y, hn, _ := nn.Clone(m).ForwardWith(x, nn.LSTMInput{Lengths: []int{3, 5}})
	short, last, _ := nn.Clone(m).ForwardWith(x.Narrow(0, 0, 3), nn.LSTMInput{})
	if d := largestDifference(y.Narrow(0, 0, 3).Select(1, 0).Floats(), short.Select(1, 0).Floats()); d > 1e-14 {
		t.Errorf("the short sample is off by %v", d)
	}
	if d := largestDifference(hn.Select(1, 0).Floats(), last.Select(1, 0).Floats()); d > 1e-14 {
		t.Errorf("its last state is off by %v", d)
	}
	if v := y.Narrow(0, 3, 2).Select(1, 0).Floats(); slices.Max(v) != 0 || slices.Min(v) != 0 {
		t.Errorf("behind its end is %v", v)
	}
}

func TestDropoutLSTMSameSeedSameBits(t *testing.T) {
	x := fill(tensor.Float32, 0, 5, 2, 3)
	build := func() *nn.DropoutLSTM {
		return nn.NewDropoutLSTM(random.New(7), 3, 8, nn.DropoutLSTMConfig{RecurrentNoise: noisy, Layers: 2})
	}
	a, b := build(), build()
	for call := range 2 {
		if !slices.Equal(a.Forward(x).Floats(), b.Forward(x).Floats()) {
			t.Errorf("call %d: one seed gives different results", call)
		}
	}
	if gs := nn.NamedGenerators(build()); len(gs) != 1 || gs[0].Name != "generator" {
		t.Errorf("generators %v", gs)
	}
}

func TestDropoutLSTMBadArguments(t *testing.T) {
	m := nn.NewDropoutLSTM(g, 3, 4, nn.DropoutLSTMConfig{RecurrentNoise: noisy})
	for name, c := range map[string]struct {
		kind error
		text string
		f    func()
	}{
		"locked":       {tensor.ErrValue, "the probability -1 must lie in [0, 1]", func() { nn.NewLockedDropout(g, -1) }},
		"locked shape": {tensor.ErrShape, "the input must be (T, N, C)", func() { nn.NewLockedDropout(g, 0.5).Forward(tensor.Ones(3)) }},
		"hidden": {tensor.ErrValue, "the probability 1.5 must lie in [0, 1]", func() {
			nn.NewDropoutLSTM(g, 3, 4, nn.DropoutLSTMConfig{RecurrentNoise: nn.RecurrentNoise{Hidden: 1.5}})
		}},
		"zoneout": {tensor.ErrValue, "the probability NaN must lie in [0, 1]", func() {
			nn.NewDropoutLSTM(g, 3, 4, nn.DropoutLSTMConfig{RecurrentNoise: nn.RecurrentNoise{ZoneoutCell: math.NaN()}})
		}},
		"sizes":   {tensor.ErrValue, "each must be at least 1", func() { nn.NewDropoutLSTM(g, 0, 4, nn.DropoutLSTMConfig{}) }},
		"input":   {tensor.ErrShape, "", func() { m.Forward(tensor.Ones(5, 2, 7)) }},
		"state":   {tensor.ErrShape, "the first state must be", func() { m.ForwardWith(tensor.Ones(5, 2, 3), nn.LSTMInput{H0: tensor.Ones(1, 2, 3)}) }},
		"lengths": {tensor.ErrValue, "length 9 of sample 1", func() { m.ForwardWith(tensor.Ones(5, 2, 3), nn.LSTMInput{Lengths: []int{1, 9}}) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v: %s", name, err, c.kind, c.text)
		}
	}
}

package nn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestRecurrentInitialValues(t *testing.T) {
	g := random.New(3)
	const h = 400
	for _, m := range []any{
		nn.NewRNN(g, 50, h, nn.RNNConfig{}),
		nn.NewGRUCell(g, 50, h, nn.GRUCellConfig{}),
		nn.NewLSTM(g, 50, h, nn.LSTMConfig{Peephole: true, ProjSize: 20}),
	} {
		for _, p := range nn.NamedParams(m) {
			largest, sum := 0.0, 0.0
			for _, v := range p.Floats() {
				largest, sum = max(largest, math.Abs(v)), sum+v
			}
			// A mean of n uniform numbers in ±a has the standard deviation a/√(3n).
			a, n := 1/math.Sqrt(h), float64(p.Numel())
			if largest > a*(1+1e-6) || largest < a*(1-25/n) || math.Abs(sum/n) > 6*a/math.Sqrt(3*n) {
				t.Errorf("%T %s: largest %v, mean %v; want uniform in ±%v", m, p.Name, largest, sum/n, a)
			}
		}
	}
}

func TestRecurrentNames(t *testing.T) {
	type model struct {
		Encoder *nn.LSTM
		Cells   []*nn.GRUCell
	}
	m := model{
		nn.NewLSTM(g, 2, 3, nn.LSTMConfig{Layers: 2, Bidirectional: true, NoBias: true, ProjSize: 1, Peephole: true, Dropout: 0.5}),
		[]*nn.GRUCell{nn.NewGRUCell(g, 2, 3, nn.GRUCellConfig{}), nn.NewGRUCell(g, 2, 3, nn.GRUCellConfig{NoBias: true})},
	}
	var want []string
	for _, s := range []string{"l0", "l0_reverse", "l1", "l1_reverse"} {
		for _, n := range []string{"ih", "hh", "hr", "peephole"} {
			want = append(want, "encoder.weight_"+n+"_"+s)
		}
	}
	want = append(want, "cells.0.weight_ih", "cells.0.weight_hh", "cells.0.bias_ih", "cells.0.bias_hh", "cells.1.weight_ih", "cells.1.weight_hh")
	var got []string
	for _, p := range nn.NamedParams(m) {
		got = append(got, p.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the names are %v, want %v", got, want)
	}
	if gs := nn.NamedGenerators(m); len(gs) != 1 || gs[0].Name != "encoder.dropout.generator" {
		t.Errorf("generators %v", gs)
	}
}

// TestRecurrentCopies checks that state, copies and conversions keep what a network computes.
func TestRecurrentCopies(t *testing.T) {
	newNet := func(seed uint64) *nn.LSTM {
		return nn.NewLSTM(random.New(seed), 3, 4, nn.LSTMConfig{Layers: 2, Bidirectional: true, Peephole: true})
	}
	m, other, x := newNet(1), newNet(2), fill(tensor.Float32, 0, 5, 2, 3)
	want := m.Forward(x).Floats()
	if slices.Equal(other.Forward(x).Floats(), want) {
		t.Fatal("two seeds give one network")
	}
	if err := nn.Load(other, nn.State(m), nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	eval := nn.Eval(m)
	for name, c := range map[string]*nn.LSTM{"loaded": other, "Eval": eval, "Clone": nn.Clone(m), "Snapshot": nn.Snapshot(m)} {
		if !slices.Equal(c.Forward(x).Floats(), want) {
			t.Errorf("%s computes something else", name)
		}
	}
	if y := eval.Forward(x); y.RequiresGrad() {
		t.Error("Eval records")
	}
	y := nn.To(m, tensor.BFloat16).Forward(x.To(tensor.BFloat16))
	if y.DType() != tensor.BFloat16 || largestDifference(y.Floats(), want) > 0.02 {
		t.Errorf("bfloat16 gives %v, want %v", y.Floats(), want)
	}
	s := nn.Summary(m, x.Shape())
	if s.Output != tensor.ShapeOf(5, 2, 8) || s.Params != nn.NumParams(m) {
		t.Errorf("the summary says %v with %d parameters", s.Output, s.Params)
	}
	// Two multiplications a weight, for each of 5 steps and 2 samples: both directions of both layers.
	if want := int64(2 * 5 * 2 * 2 * (16*3 + 16*4 + 16*8 + 16*4)); s.FLOPs != want {
		t.Errorf("the summary counts %d FLOPs, want %d", s.FLOPs, want)
	}
}

func TestRecurrentDropout(t *testing.T) {
	x := fill(tensor.Float32, 0, 5, 2, 3)
	m := nn.NewGRU(random.New(1), 3, 8, nn.GRUConfig{Layers: 2, Dropout: 0.5})
	if slices.Equal(m.Forward(x).Floats(), m.Forward(x).Floats()) {
		t.Error("training drops the same elements twice")
	}
	plain := nn.NewGRU(random.New(2), 3, 8, nn.GRUConfig{Layers: 2})
	if err := nn.Load(plain, nn.State(m), nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(nn.Eval(m).Forward(x).Floats(), plain.Forward(x).Floats()) {
		t.Error("Eval is not the network without dropout")
	}
	// With everything dropped the second layer sees zeros: its result does not depend on x.
	m.Dropout.P = 1
	if !slices.Equal(m.Forward(x).Floats(), m.Forward(x.MulScalar(2)).Floats()) {
		t.Error("the first layer's results come through a dropout of 1")
	}
	// One layer has nothing between layers.
	one := nn.NewGRU(random.New(1), 3, 8, nn.GRUConfig{Dropout: 1})
	if largestDifference(one.Forward(x).Floats(), make([]float64, 80)) == 0 {
		t.Error("the last layer's results are dropped")
	}
}

// TestRecurrentStreaming checks that cells, and a network fed one piece after the other, compute what the network does at once.
func TestRecurrentStreaming(t *testing.T) {
	const steps, n = 7, 3
	x := fill(tensor.Float64, 0, steps, n, 2)
	near := func(what string, got, want *tensor.Tensor) {
		t.Helper()
		if e := largestDifference(got.Floats(), want.Floats()); e > 1e-14 {
			t.Errorf("%s is %v off", what, e)
		}
	}
	lstm := nn.To(nn.NewLSTM(g, 2, 5, nn.LSTMConfig{Peephole: true}), tensor.Float64)
	y, hn, cn := lstm.ForwardWith(x, nn.LSTMInput{})
	cell := &nn.LSTMCell{RNNWeights: *lstm.Weights[0]}
	var h, c *tensor.Tensor
	for i := range steps {
		h, c = cell.Forward(x.Select(0, i), h, c)
		near(fmt.Sprint("LSTMCell at step ", i), h, y.Select(0, i))
	}
	near("LSTMCell's cell", c, cn.Squeeze(0))
	part, h2, c2 := lstm.ForwardWith(x.Narrow(0, 0, 3), nn.LSTMInput{})
	near("the first piece", part, y.Narrow(0, 0, 3))
	part, h2, c2 = lstm.ForwardWith(x.Narrow(0, 3, steps-3), nn.LSTMInput{H0: h2, C0: c2})
	near("the second piece", part, y.Narrow(0, 3, steps-3))
	near("its last state", h2, hn)
	near("its last cell", c2, cn)

	gru := nn.To(nn.NewGRU(g, 2, 5, nn.GRUConfig{}), tensor.Float64)
	y, hn = gru.ForwardWith(x, nn.RNNInput{})
	h = nil
	for i := range steps {
		h = (&nn.GRUCell{RNNWeights: *gru.Weights[0]}).Forward(x.Select(0, i), h)
		near(fmt.Sprint("GRUCell at step ", i), h, y.Select(0, i))
	}
	near("GRU's last state", hn.Squeeze(0), h)
}

// TestRecurrentPadding checks that nothing depends on what lies behind a sample's last step.
func TestRecurrentPadding(t *testing.T) {
	const steps, n = 4, 6
	lengths := []int{2, 4, 1, 3, 4, 1}
	m := nn.NewLSTM(g, 2, 3, nn.LSTMConfig{Layers: 2, Bidirectional: true})
	run := func(padding float64) (all [][]float64) {
		v := fill(tensor.Float32, 0, steps, n, 2).Floats()
		for i := range v {
			if i/(2*n) >= lengths[i/2%n] {
				v[i] = padding
			}
		}
		x := tensor.Of(v, steps, n, 2).To(tensor.Float32).RequireGrad()
		y, hn, cn := m.ForwardWith(x, nn.LSTMInput{Lengths: lengths})
		nn.ZeroGrad(m)
		y.Sum().Add(hn.Sum()).Add(cn.Sum()).Backward()
		for _, p := range append([]*tensor.Tensor{y.Detach(), hn.Detach(), cn.Detach(), x.Grad()}, grads(m)...) {
			all = append(all, p.Floats())
		}
		return all
	}
	want := run(0)
	for i, got := range run(7) {
		if !slices.Equal(got, want[i]) {
			t.Errorf("result or gradient %d depends on the padding", i)
		}
	}
	y := want[0]
	for i, v := range y {
		if i/(6*n) >= lengths[i/6%n] && v != 0 {
			t.Fatalf("y is %v behind the last step", v)
		}
	}
}

func grads(m any) (g []*tensor.Tensor) {
	for _, p := range nn.Params(m) {
		g = append(g, p.Grad())
	}
	return g
}

// TestRecurrentWorkers checks that results and gradients do not depend on the number of workers.
func TestRecurrentWorkers(t *testing.T) {
	defer parallel.SetWorkers(0)
	x := fill(tensor.Float32, 0, 6, 24, 40)
	for name, m := range map[string]nn.Layer{
		"rnn":  nn.NewRNN(g, 40, 130, nn.RNNConfig{Bidirectional: true}),
		"gru":  nn.NewGRU(g, 40, 130, nn.GRUConfig{}),
		"lstm": nn.NewLSTM(g, 40, 130, nn.LSTMConfig{ProjSize: 33}),
	} {
		var want [][]float64
		for w := 1; w <= 4; w++ {
			parallel.SetWorkers(w)
			nn.ZeroGrad(m)
			y := m.Forward(x)
			y.Mul(y).Sum().Backward()
			got := [][]float64{y.Detach().Floats()}
			for _, g := range grads(m) {
				got = append(got, g.Floats())
			}
			if w == 1 {
				want = got
			}
			for i := range got {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%s: result or gradient %d differs on %d workers", name, i, w)
				}
			}
		}
	}
}

func TestRecurrentRefuses(t *testing.T) {
	ones := func(dims ...int) *tensor.Tensor { return tensor.Ones(dims...) }
	rnn, gru := nn.NewRNN(g, 3, 4, nn.RNNConfig{}), nn.NewGRU(g, 3, 4, nn.GRUConfig{Layers: 2, Bidirectional: true, BatchFirst: true})
	lstm := nn.NewLSTM(g, 3, 4, nn.LSTMConfig{ProjSize: 2})
	cell := nn.NewLSTMCell(g, 3, 4, nn.LSTMCellConfig{})
	for _, c := range []struct {
		kind tensor.Kind
		says string
		f    func()
	}{
		{tensor.ErrShape, "the input has 2 features, the layer takes 3", func() { rnn.Forward(ones(5, 2, 2)) }},
		{tensor.ErrShape, "the input must be (T, N, in)", func() { rnn.Forward(ones(3)) }},
		{tensor.ErrShape, "the input must be (T, N, in)", func() { lstm.Forward(ones(1, 5, 2, 3)) }},
		{tensor.ErrShape, "no steps", func() { gru.Forward(ones(2, 0, 3)) }},
		{tensor.ErrShape, "3 lengths for 2 samples", func() { rnn.ForwardWith(ones(5, 2, 3), nn.RNNInput{Lengths: []int{1, 2, 3}}) }},
		{tensor.ErrShape, "0 lengths for 2 samples", func() { rnn.ForwardWith(ones(5, 2, 3), nn.RNNInput{Lengths: []int{}}) }},
		{tensor.ErrValue, "length 0 of sample 1 must lie in [1, 5]", func() { gru.ForwardWith(ones(2, 5, 3), nn.RNNInput{Lengths: []int{5, 0}}) }},
		{tensor.ErrValue, "length 6 of sample 0 must lie in [1, 5]", func() { lstm.ForwardWith(ones(5, 1, 3), nn.LSTMInput{Lengths: []int{6}}) }},
		{tensor.ErrShape, "(4, 2, 4)", func() { gru.ForwardWith(ones(2, 5, 3), nn.RNNInput{H0: ones(1, 2, 4)}) }},
		{tensor.ErrShape, "(1, 2, 2)", func() { lstm.ForwardWith(ones(5, 2, 3), nn.LSTMInput{H0: ones(1, 2, 4)}) }},
		{tensor.ErrShape, "(1, 2, 4)", func() { lstm.ForwardWith(ones(5, 2, 3), nn.LSTMInput{C0: ones(1, 2, 2)}) }},
		{tensor.ErrShape, "(1, 4)", func() { rnn.ForwardWith(ones(5, 3), nn.RNNInput{H0: ones(1, 1, 4)}) }},
		{tensor.ErrDType, "float64", func() { rnn.Forward(ones(5, 2, 3).To(tensor.Float64)) }},
		{tensor.ErrDType, "int64", func() { lstm.Forward(ones(5, 2, 3).To(tensor.Int64)) }},
		{tensor.ErrShape, "the input must be (N, in)", func() { cell.Forward(ones(5, 2, 3), nil, nil) }},
		{tensor.ErrShape, "the input has 2 features, the layer takes 3", func() { cell.Forward(ones(5, 2), nil, nil) }},
		{tensor.ErrShape, "(5, 4)", func() { cell.Forward(ones(5, 3), ones(2, 4), nil) }},
		{tensor.ErrShape, "(1, 4)", func() { cell.Forward(ones(3), nil, ones(3)) }},
		{tensor.ErrValue, "0 inputs", func() { nn.NewRNN(g, 0, 4, nn.RNNConfig{}) }},
		{tensor.ErrValue, "-1 hidden units", func() { nn.NewGRUCell(g, 2, -1, nn.GRUCellConfig{}) }},
		{tensor.ErrValue, "-1 layers", func() { nn.NewGRU(g, 2, 4, nn.GRUConfig{Layers: -1}) }},
		{tensor.ErrValue, "1.5", func() { nn.NewGRU(g, 2, 4, nn.GRUConfig{Dropout: 1.5}) }},
		{tensor.ErrValue, "projection's size 4", func() { nn.NewLSTM(g, 2, 4, nn.LSTMConfig{ProjSize: 4}) }},
		{tensor.ErrValue, "projection's size -1", func() { nn.NewLSTM(g, 2, 4, nn.LSTMConfig{ProjSize: -1}) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %v with %q", err, c.kind, c.says)
		}
	}
}

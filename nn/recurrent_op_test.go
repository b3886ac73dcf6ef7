package nn_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// recurrentCase is a network of one layer whose inputs are x, the first states and, for each direction, the parameters.
type recurrentCase struct {
	kind          string // RNN, ReLU, GRU or LSTM
	t, n, in, h   int
	proj          int // 0: none
	peephole      bool
	noBias        bool
	bidirectional bool
	lengths       []int
}

func (r recurrentCase) out() int {
	if r.proj > 0 {
		return r.proj
	}
	return r.h
}

func (r recurrentCase) gates() int {
	return map[string]int{"RNN": 1, "ReLU": 1, "GRU": 3, "LSTM": 4}[r.kind]
}

func (r recurrentCase) directions() int {
	if r.bidirectional {
		return 2
	}
	return 1
}

func (r recurrentCase) shapes() [][]int {
	s := [][]int{{r.t, r.n, r.in}, {r.directions(), r.n, r.out()}}
	if r.kind == "LSTM" {
		s = append(s, []int{r.directions(), r.n, r.h})
	}
	for range r.directions() {
		s = append(s, []int{r.gates() * r.h, r.in}, []int{r.gates() * r.h, r.out()})
		if !r.noBias {
			s = append(s, []int{r.gates() * r.h}, []int{r.gates() * r.h})
		}
		if r.proj > 0 {
			s = append(s, []int{r.proj, r.h})
		}
		if r.peephole {
			s = append(s, []int{3, r.h})
		}
	}
	return s
}

// apply runs the network of package nn.
func (r recurrentCase) apply(in []*tensor.Tensor) []*tensor.Tensor {
	states := 1
	if r.kind == "LSTM" {
		states = 2
	}
	set := func(ws []*nn.RNNWeights) {
		rest := in[1+states:]
		next := func(p **nn.Param) {
			if *p != nil {
				*p = &nn.Param{Tensor: rest[0]}
				rest = rest[1:]
			}
		}
		for _, w := range ws {
			next(&w.WeightIH)
			next(&w.WeightHH)
			next(&w.BiasIH)
			next(&w.BiasHH)
			next(&w.WeightHR)
			next(&w.WeightPeephole)
		}
	}
	switch r.kind {
	case "LSTM":
		m := nn.NewLSTM(g, r.in, r.h, nn.LSTMConfig{Bidirectional: r.bidirectional, NoBias: r.noBias, ProjSize: r.proj, Peephole: r.peephole})
		set(m.Weights)
		y, hn, cn := m.ForwardWith(in[0], nn.LSTMInput{H0: in[1], C0: in[2], Lengths: r.lengths})
		return []*tensor.Tensor{y, hn, cn}
	case "GRU":
		m := nn.NewGRU(g, r.in, r.h, nn.GRUConfig{Bidirectional: r.bidirectional, NoBias: r.noBias})
		set(m.Weights)
		y, hn := m.ForwardWith(in[0], nn.RNNInput{H0: in[1], Lengths: r.lengths})
		return []*tensor.Tensor{y, hn}
	}
	m := nn.NewRNN(g, r.in, r.h, nn.RNNConfig{Bidirectional: r.bidirectional, NoBias: r.noBias, ReLU: r.kind == "ReLU"})
	set(m.Weights)
	y, hn := m.ForwardWith(in[0], nn.RNNInput{H0: in[1], Lengths: r.lengths})
	return []*tensor.Tensor{y, hn}
}

// want is apply sample by sample and step by step, from the papers' equations.
func (r recurrentCase) want(in []optest.Array) []optest.Array {
	rest := in[1:]
	take := func() []float64 {
		a := rest[0].Data
		rest = rest[1:]
		return a
	}
	x, h0, c0 := in[0].Data, take(), []float64(nil)
	if r.kind == "LSTM" {
		c0 = take()
	}
	d, p, h := r.directions(), r.out(), r.h
	y := make([]float64, r.t*r.n*d*p)
	hn, cn := make([]float64, d*r.n*p), make([]float64, d*r.n*h)
	for dir := range d {
		wih, whh := take(), take()
		bias := make([]float64, 2*r.gates()*h)
		if !r.noBias {
			bias = append(append([]float64(nil), take()...), take()...)
		}
		var whr, peep []float64
		if r.proj > 0 {
			whr = take()
		}
		if r.peephole {
			peep = take()
		}
		for b := range r.n {
			state := append([]float64(nil), h0[(dir*r.n+b)*p:][:p]...)
			cell := make([]float64, h)
			if c0 != nil {
				copy(cell, c0[(dir*r.n+b)*h:])
			}
			steps := r.t
			if r.lengths != nil {
				steps = r.lengths[b]
			}
			for k := range steps {
				t := k
				if dir == 1 {
					t = steps - 1 - k
				}
				// What x and the state add to each gate.
				ax, ah := make([]float64, r.gates()*h), make([]float64, r.gates()*h)
				for j := range ax {
					ax[j], ah[j] = bias[j], bias[len(ax)+j]
					for i := range r.in {
						ax[j] += wih[j*r.in+i] * x[(t*r.n+b)*r.in+i]
					}
					for i := range p {
						ah[j] += whh[j*p+i] * state[i]
					}
				}
				state = r.step(ax, ah, state, cell, whr, peep)
				copy(y[((t*r.n+b)*d+dir)*p:], state)
			}
			copy(hn[(dir*r.n+b)*p:], state)
			copy(cn[(dir*r.n+b)*h:], cell)
		}
	}
	outs := []optest.Array{{Shape: []int{r.t, r.n, d * p}, Data: y}, {Shape: []int{d, r.n, p}, Data: hn}}
	if r.kind == "LSTM" {
		outs = append(outs, optest.Array{Shape: []int{d, r.n, h}, Data: cn})
	}
	return outs
}

// step returns the next state and moves the cell on.
func (r recurrentCase) step(ax, ah, state, cell, whr, peep []float64) []float64 {
	sigmoid := func(a float64) float64 { return 1 / (1 + math.Exp(-a)) }
	n := r.h
	next := make([]float64, n)
	for j := range next {
		switch r.kind {
		case "RNN":
			next[j] = math.Tanh(ax[j] + ah[j])
		case "ReLU":
			next[j] = math.Max(0, ax[j]+ah[j])
		case "GRU":
			reset, z := sigmoid(ax[j]+ah[j]), sigmoid(ax[n+j]+ah[n+j])
			next[j] = (1-z)*math.Tanh(ax[2*n+j]+reset*ah[2*n+j]) + z*state[j]
		case "LSTM":
			pi, pf, po := 0.0, 0.0, 0.0
			if peep != nil {
				pi, pf, po = peep[j], peep[n+j], peep[2*n+j]
			}
			before := cell[j]
			cell[j] = sigmoid(ax[n+j]+ah[n+j]+pf*before)*before + sigmoid(ax[j]+ah[j]+pi*before)*math.Tanh(ax[2*n+j]+ah[2*n+j])
			next[j] = sigmoid(ax[3*n+j]+ah[3*n+j]+po*cell[j]) * math.Tanh(cell[j])
		}
	}
	if whr == nil {
		return next
	}
	projected := make([]float64, r.proj)
	for i := range projected {
		for j, m := range next {
			projected[i] += whr[i*n+j] * m
		}
	}
	return projected
}

func (r recurrentCase) conformance(op, name string) optest.Case {
	c := optest.Case{Op: op, Name: name, F: r.apply, Want: r.want}
	for _, s := range r.shapes() {
		c.In = append(c.In, optest.Input{Shape: s, Lo: -1, Hi: 1})
	}
	return c
}

func TestRecurrentOps(t *testing.T) {
	var cases []optest.Case
	for _, k := range []struct{ kind, op string }{{"RNN", "nn.rnnOp"}, {"ReLU", "nn.rnnOp"}, {"GRU", "nn.gruOp"}, {"LSTM", "nn.lstmOp"}} {
		add := func(name string, r recurrentCase) {
			r.kind = k.kind
			if k.kind == "LSTM" || !r.peephole && r.proj == 0 {
				cases = append(cases, r.conformance(k.op, k.kind+" "+name))
			}
		}
		add("steps", recurrentCase{t: 3, n: 2, in: 2, h: 3})
		add("one element", recurrentCase{t: 1, n: 1, in: 1, h: 1})
		add("no samples", recurrentCase{t: 2, n: 0, in: 2, h: 2})
		add("both directions, lengths", recurrentCase{t: 3, n: 2, in: 2, h: 2, bidirectional: true, lengths: []int{1, 3}})
		add("products of many rows", recurrentCase{t: 2, n: 6, in: 2, h: 3, lengths: []int{2, 1, 1, 2, 1, 1}, noBias: true})
		add("projection", recurrentCase{t: 3, n: 2, in: 2, h: 3, proj: 2})
		add("projection, both directions, lengths", recurrentCase{t: 2, n: 5, in: 1, h: 2, proj: 1, bidirectional: true, lengths: []int{2, 1, 2, 1, 1}})
		add("peepholes", recurrentCase{t: 3, n: 2, in: 2, h: 2, peephole: true})
		add("peepholes, projection, both directions, lengths", recurrentCase{t: 3, n: 2, in: 1, h: 2, proj: 1, peephole: true, bidirectional: true, lengths: []int{2, 3}})
	}
	optest.Run(t, cases)
}

// TestRecurrentAgainstEquations draws networks, and compares results with the equations and gradients with those that come
// from the simpler ops of Lower, which a gradient that is itself recorded takes.
func TestRecurrentAgainstEquations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string, most int) int { return rapid.IntRange(1, most).Draw(t, name) }
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		r := recurrentCase{
			kind: rapid.SampledFrom([]string{"RNN", "GRU", "LSTM"}).Draw(t, "kind"),
			t:    size("steps", 6), n: size("batch", 9), in: size("in", 20), h: size("hidden", 20), noBias: flag("no bias"), bidirectional: flag("bidirectional"),
		}
		if r.kind == "LSTM" {
			r.peephole = flag("peephole")
			if r.h > 1 && flag("project") {
				r.proj = size("projection", r.h-1)
			}
		}
		if flag("lengths") {
			for range r.n {
				r.lengths = append(r.lengths, size("length", r.t))
			}
		}
		var in []*tensor.Tensor
		var arrays []optest.Array
		for i, s := range r.shapes() {
			x := fill(tensor.Float64, i, s...)
			arrays = append(arrays, optest.Array{Shape: s, Data: x.Floats()})
			in = append(in, x.RequireGrad())
		}
		outs := r.apply(in)
		for i, w := range r.want(arrays) {
			if e := largestDifference(outs[i].Floats(), w.Data); e > 1e-12 {
				t.Fatalf("result %d is %v off", i, e)
			}
		}
		var douts []*tensor.Tensor
		for i, y := range outs {
			douts = append(douts, fill(tensor.Float64, 70+i, y.Shape().Dims()...))
		}
		fused := tensor.Gradients(outs, douts, in, false, true)
		lowered := tensor.Gradients(outs, douts, in, true, true)
		for i := range in {
			if e := largestDifference(fused[i].Floats(), lowered[i].Floats()); e > 1e-11 {
				t.Fatalf("the gradient of input %d %v is %v off", i, in[i].Shape(), e)
			}
		}
	})
}

func largestDifference(a, b []float64) (e float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if d := math.Abs(a[i] - b[i]); !(d <= e) {
			e = d
		}
	}
	return e
}

// TestRecurrentLarge takes sizes at which products are cut into blocks and rows into tasks.
func TestRecurrentLarge(t *testing.T) {
	for _, r := range []recurrentCase{
		{kind: "RNN", t: 3, n: 33, in: 5, h: 530},
		{kind: "GRU", t: 3, n: 17, in: 40, h: 260, bidirectional: true},
		{kind: "LSTM", t: 2, n: 10, in: 7, h: 530, peephole: true},
		{kind: "LSTM", t: 3, n: 9, in: 7, h: 300, proj: 70},
	} {
		t.Run(fmt.Sprint(r.kind, r.h), func(t *testing.T) {
			for _, d := range []tensor.DType{tensor.Float32, tensor.Float64} {
				tol := 1e-4
				if d == tensor.Float64 {
					tol = 1e-11
				}
				var in []*tensor.Tensor
				var arrays []optest.Array
				for i, s := range r.shapes() {
					x := fill(d, i, s...).MulScalar(2 / math.Sqrt(float64(r.h)))
					arrays = append(arrays, optest.Array{Shape: s, Data: x.Floats()})
					in = append(in, x.RequireGrad())
				}
				outs := r.apply(in)
				for i, w := range r.want(arrays) {
					if e := largestDifference(outs[i].Floats(), w.Data); e > tol {
						t.Errorf("%v: result %d is %v off", d, i, e)
					}
				}
				dy := []*tensor.Tensor{fill(d, 70, outs[0].Shape().Dims()...)}
				fused := tensor.Gradients(outs[:1], dy, in, false, true)
				lowered := tensor.Gradients(outs[:1], dy, in, true, true)
				for i := range in {
					scale := largestDifference(lowered[i].Floats(), make([]float64, in[i].Numel()))
					if e := largestDifference(fused[i].Floats(), lowered[i].Floats()); e > tol*(1+scale) {
						t.Errorf("%v: the gradient of input %d %v is %v off", d, i, in[i].Shape(), e)
					}
				}
			}
		})
	}
}

package losses

import (
	"errors"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// bruteCTC adds up the probabilities of all Cᵀ paths that collapse to the target.
func bruteCTC(blank int64) func(in []optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		n, c := in[0].Shape[1], in[0].Shape[2]
		out := optest.Array{Shape: []int{n}, Data: make([]float64, n)}
		for i := range n {
			steps, length := int(in[2].Data[i]), int(in[3].Data[i])
			target := in[1].Data[i*in[1].Shape[1]:][:length]
			total := 0.0
			paths := int(math.Pow(float64(c), float64(steps)))
			for p := range paths {
				var labels []float64
				last, logp := int64(-1), 0.0
				for t, rest := 0, p; t < steps; t, rest = t+1, rest/c {
					l := int64(rest % c)
					logp += in[0].Data[(t*n+i)*c+int(l)]
					if l != blank && l != last {
						labels = append(labels, float64(l))
					}
					last = l
				}
				same := len(labels) == length
				for k := range labels {
					same = same && k < length && labels[k] == target[k]
				}
				if same {
					total += math.Exp(logp)
				}
			}
			out.Data[i] = -math.Log(total)
		}
		return []optest.Array{out}
	}
}

func TestCTCOp(t *testing.T) {
	ints := func(v []float64, shape ...int) optest.Input {
		return optest.Input{Shape: shape, Values: v, Fixed: true, DType: tensor.Int64}
	}
	for _, c := range []struct {
		name         string
		t, n, c      int
		blank        int
		targets      []float64
		il, tl       []float64
		infinite     bool
		zeroInfinity bool
	}{
		{name: "two sequences", t: 4, n: 2, c: 3, targets: []float64{1, 2, 2, 2}, il: []float64{4, 3}, tl: []float64{2, 2}},
		{name: "blank in the middle", t: 5, n: 1, c: 3, blank: 1, targets: []float64{2, 0, 2}, il: []float64{5}, tl: []float64{3}},
		{name: "lengths", t: 4, n: 3, c: 3, targets: []float64{1, 2, 1, 2, 2, 1}, il: []float64{4, 2, 1}, tl: []float64{1, 0, 1}},
		{name: "one", t: 1, n: 1, c: 2, targets: []float64{1}, il: []float64{1}, tl: []float64{1}},
		{name: "no sequences", t: 3, n: 0, c: 2, targets: nil, il: nil, tl: nil},
		{name: "no labels at all", t: 3, n: 2, c: 2, targets: nil, il: []float64{3, 1}, tl: []float64{0, 0}},
	} {
		s := 0
		if c.n > 0 {
			s = len(c.targets) / c.n
		}
		optest.Run(t, []optest.Case{{
			Op: "losses.ctcOp", Name: c.name, Want: bruteCTC(int64(c.blank)),
			In: []optest.Input{{Shape: []int{c.t, c.n, c.c}, Lo: -3, Hi: -0.2}, ints(c.targets, c.n, s), ints(c.il, c.n), ints(c.tl, c.n)},
			F: func(in []*tensor.Tensor) []*tensor.Tensor {
				return []*tensor.Tensor{tensor.Apply1(ctcOp{c.blank, false}, in...)}
			},
		}})
	}
}

func TestCTCAgainstPyTorch(t *testing.T) {
	var cases []struct {
		Name          string
		Shape         []int
		X             []float64
		Targets       [][]int64
		InputLengths  []int64 `json:"input_lengths"`
		TargetLengths []int64 `json:"target_lengths"`
		Loss          []any
		Scalar        bool
		Grad          []float64
		Options       struct {
			Blank        int
			Reduction    string
			ZeroInfinity bool `json:"zero_infinity"`
		}
	}
	optest.ReadGolden(t, "testdata/golden_ctc.json", &cases)
	for _, c := range cases {
		for d, tol := range map[tensor.DType]float64{tensor.Float64: 1e-10, tensor.Float32: 2e-5} {
			x := tensor.Of(c.X, c.Shape...).To(d).RequireGrad()
			var flat []int64
			for _, row := range c.Targets {
				flat = append(flat, row...)
			}
			loss := CTCLoss{Blank: c.Options.Blank, ZeroInfinity: c.Options.ZeroInfinity, Reduction: map[string]Reduction{"": Mean, "mean": Mean, "sum": Sum, "none": None}[c.Options.Reduction]}.Of(
				x.LogSoftmax(2), tensor.Of(flat, len(c.Targets), len(flat)/len(c.Targets)), tensor.Of(c.InputLengths), tensor.Of(c.TargetLengths))
			if (loss.Rank() == 0) != c.Scalar {
				t.Fatalf("%s: shape %v", c.Name, loss.Shape())
			}
			slope := make([]float64, loss.Numel())
			for i, g := range loss.Detach().Floats() {
				slope[i] = math.Cos(float64(i))
				if w, ok := c.Loss[i].(float64); !ok && !math.IsInf(g, 1) || ok && !(math.Abs(g-w) <= tol*(1+w)) {
					t.Errorf("%v %s: loss %d is %v, PyTorch's %v", d, c.Name, i, g, c.Loss[i])
				}
			}
			if c.Grad == nil {
				continue
			}
			loss.Mul(tensor.OfShape(slope, loss.Shape()).To(d)).Sum().Backward()
			for i, g := range x.Grad().Floats() {
				if !(math.Abs(g-c.Grad[i]) <= tol) {
					t.Fatalf("%v %s: gradient %d is %v, PyTorch's %v", d, c.Name, i, g, c.Grad[i])
				}
			}
		}
	}
}

func TestCTCRefuses(t *testing.T) {
	x := tensor.Zeros(4, 2, 3)
	y, il, tl := tensor.Of([]int64{1, 2, 2, 1}, 2, 2), tensor.Of([]int64{4, 4}), tensor.Of([]int64{2, 2})
	for name, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"no batch":                {tensor.ErrShape, func() { CTC(x.Select(1, 0), y, il, tl) }},
		"flat targets":            {tensor.ErrShape, func() { CTC(x, y.Flatten(0), il, tl) }},
		"too few targets":         {tensor.ErrShape, func() { CTC(x, y.Narrow(0, 0, 1), il, tl) }},
		"too few lengths":         {tensor.ErrShape, func() { CTC(x, y, il.Narrow(0, 0, 1), tl) }},
		"float lengths":           {tensor.ErrDType, func() { CTC(x, y, il.To(tensor.Float32), tl) }},
		"int log-probabilities":   {tensor.ErrDType, func() { CTC(x.To(tensor.Int64), y, il, tl) }},
		"blank":                   {tensor.ErrIndex, func() { CTCLoss{Blank: 3}.Of(x, y, il, tl) }},
		"input length":            {tensor.ErrIndex, func() { CTC(x, y, tensor.Of([]int64{5, 4}), tl) }},
		"negative length":         {tensor.ErrIndex, func() { CTC(x, y, tensor.Of([]int64{-1, 4}), tl) }},
		"target length":           {tensor.ErrIndex, func() { CTC(x, y, il, tensor.Of([]int64{2, 3})) }},
		"the blank in the target": {tensor.ErrIndex, func() { CTC(x, tensor.Of([]int64{1, 2, 0, 1}, 2, 2), il, tl) }},
		"a class too many":        {tensor.ErrIndex, func() { CTC(x, tensor.Of([]int64{1, 2, 3, 1}, 2, 2), il, tl) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
	}
}

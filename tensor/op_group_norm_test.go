package tensor_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestGroupNormGolden(t *testing.T) {
	var cases []struct {
		Shape                                  []int
		Groups                                 int
		Eps                                    float64
		X, Weight, Bias, Y, DX, DWeight, DBias []float64
	}
	optest.ReadGolden(t, "testdata/golden_group_norm.json", &cases)
	if len(cases) < 6 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		x := tensor.Of(c.X, c.Shape...).RequireGrad()
		var w, b *tensor.Tensor
		if c.Weight != nil {
			w, b = tensor.Of(c.Weight).RequireGrad(), tensor.Of(c.Bias).RequireGrad()
		}
		y := tensor.GroupNorm(x, c.Groups, w, b, c.Eps)
		slopes := make([]float64, len(c.Y))
		for i := range slopes {
			slopes[i] = math.Cos(float64(i))
		}
		y.BackwardWith(tensor.BackwardConfig{Grad: tensor.Of(slopes, c.Shape...)})
		near := func(what string, got *tensor.Tensor, want []float64) {
			t.Helper()
			for i, v := range tensor.Data[float64](got.Detach()) {
				if math.Abs(v-want[i]) > 1e-11 {
					t.Fatalf("%v, %d groups: %s %d is %v, PyTorch's %v", c.Shape, c.Groups, what, i, v, want[i])
				}
			}
		}
		near("y", y, c.Y)
		near("dx", x.Grad(), c.DX)
		if w != nil {
			near("dweight", w.Grad(), c.DWeight)
			near("dbias", b.Grad(), c.DBias)
		}
	}
}

func TestGroupNorm(t *testing.T) {
	g := random.New(1)
	f := tensor.With(tensor.Float64)
	in := []*tensor.Tensor{f.Randn(g, 2, 4, 3), f.Randn(g, 4), f.Randn(g, 4)}
	if err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{tensor.GroupNorm(in[0], 2, in[1], in[2], 1e-2)}
	}, in, autograd.GradCheckConfig{Order: 2}); err != nil {
		t.Error(err)
	}
	if y := tensor.GroupNorm(tensor.Zeros(0, 4, 3), 2, nil, nil, 1e-5); y.Shape() != tensor.ShapeOf(0, 4, 3) {
		t.Errorf("no samples: %v", y.Shape())
	}
	x := tensor.Ones(2, 4, 3)
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(x, 3, nil, nil, 1e-5) })
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(x, 0, nil, nil, 1e-5) })
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(tensor.Ones(4), 2, nil, nil, 1e-5) })
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(tensor.Ones(2, 4, 0), 2, nil, nil, 1e-5) })
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(x, 2, tensor.Ones(3), nil, 1e-5) })
	wantFail(t, tensor.ErrShape, "group_norm", func() { tensor.GroupNorm(x, 2, nil, tensor.Ones(4, 1), 1e-5) })
}

func TestRMSNorm(t *testing.T) {
	const eps = 1e-3
	g := random.New(2)
	f := tensor.With(tensor.Float64)
	for _, c := range []struct{ shape, weight []int }{{[]int{3, 5}, []int{5}}, {[]int{2, 3, 4}, []int{3, 4}}, {[]int{6}, []int{6}}, {[]int{0, 2}, []int{2}}, {[]int{2, 1}, []int{1}}} {
		x, w := f.Randn(g, c.shape...), f.Randn(g, c.weight...)
		y, xs, ws := tensor.Data[float64](tensor.RMSNorm(x, w, eps)), tensor.Data[float64](x), tensor.Data[float64](w)
		for at := 0; at < len(xs); at += len(ws) {
			var sum float64
			for _, v := range xs[at : at+len(ws)] {
				sum += v * v
			}
			for i, v := range xs[at : at+len(ws)] {
				if want := v / math.Sqrt(sum/float64(len(ws))+eps) * ws[i]; math.Abs(y[at+i]-want) > 1e-13 {
					t.Errorf("%v: element %d is %v, want %v", c.shape, at+i, y[at+i], want)
				}
			}
		}
	}
	in := []*tensor.Tensor{f.Randn(g, 3, 4), f.Randn(g, 4)}
	if err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		return []*tensor.Tensor{tensor.RMSNorm(in[0], in[1], eps)}
	}, in, autograd.GradCheckConfig{Order: 2}); err != nil {
		t.Error(err)
	}
	wantFail(t, tensor.ErrShape, "rms_norm", func() { tensor.RMSNorm(tensor.Ones(2, 3), tensor.Ones(2), eps) })
	wantFail(t, tensor.ErrShape, "rms_norm", func() { tensor.RMSNorm(tensor.Ones(3), tensor.Ones(2, 3), eps) })
	wantFail(t, tensor.ErrShape, "rms_norm", func() { tensor.RMSNorm(tensor.Ones(3), tensor.Ones().Reshape(), eps) })
}

func TestGroupNormConformance(t *testing.T) {
	var cases []optest.Case
	add := func(name string, shape []int, groups int, eps float64) {
		c := shape[1]
		cases = append(cases, optest.Case{Op: "tensor.groupNormOp", Name: name, In: []tin{{Shape: shape}, {Shape: []int{c}}, {Shape: []int{c}}},
			F: func(in tensors) tensors { return tensors{tensor.GroupNorm(in[0], groups, in[1], in[2], eps)} },
			Want: func(in []optest.Array) []optest.Array {
				// Each group is a row of layer norm; the weights differ by channel.
				size := len(in[0].Data) / (shape[0] * groups)
				one := optest.Array{Data: make([]float64, size)}
				for i := range one.Data {
					one.Data[i] = 1
				}
				y := layerNormed(eps)([]optest.Array{in[0], one, {Data: make([]float64, size)}})[0]
				plane := len(y.Data) / (shape[0] * c)
				for i := range y.Data {
					ch := i / plane % c
					y.Data[i] = y.Data[i]*in[1].Data[ch] + in[2].Data[ch]
				}
				return []optest.Array{y}
			}})
	}
	add("two groups", []int{2, 4, 3}, 2, 1e-3)
	add("one group", []int{3, 2, 2, 2}, 1, 1e-3)
	add("channels", []int{2, 3, 5}, 3, 1e-3)
	add("no planes", []int{5, 6}, 3, 1e-1)
	add("long planes", []int{2, 4, 5, 7}, 2, 1e-3)
	add("one element", []int{1, 1, 1}, 1, 0.5)
	optest.Run(t, cases)
}

func TestRMSNormConformance(t *testing.T) {
	const eps = 1e-2
	var cases []optest.Case
	for name, shape := range map[string][]int{"rows": {4, 5}, "one row": {6}, "one element": {1}, "rows of one": {3, 1}, "no rows": {0, 3}, "chunks of rows": {131, 3}, "long rows": {3, 1001}} {
		w := shape[len(shape)-1:]
		cases = append(cases, optest.Case{Op: "tensor.rmsNormOp", Name: name, In: []tin{{Shape: shape}, {Shape: w}},
			F: func(in tensors) tensors { return tensors{tensor.RMSNorm(in[0], in[1], eps)} },
			Want: func(in []optest.Array) []optest.Array {
				x, w := in[0], in[1].Data
				y := optest.Array{Shape: x.Shape, Data: make([]float64, len(x.Data))}
				for at := 0; at < len(x.Data); at += len(w) {
					sum := 0.0
					for _, v := range x.Data[at : at+len(w)] {
						sum += v * v
					}
					for i, v := range x.Data[at : at+len(w)] {
						y.Data[at+i] = v / math.Sqrt(sum/float64(len(w))+eps) * w[i]
					}
				}
				return []optest.Array{y}
			}})
	}
	slices.SortFunc(cases, func(a, b optest.Case) int { return strings.Compare(a.Name, b.Name) })
	optest.Run(t, cases)
}

package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Weights begin in ±√(6/(in+out)), the whole of in_proj_weight being one matrix of 3E rows, out_proj in ±1/√E, biases at 0, as
// PyTorch's _reset_parameters.
func TestMultiheadAttentionInitialValues(t *testing.T) {
	m := nn.NewMultiheadAttention(random.New(1), 64, 4, nn.MultiheadAttentionConfig{})
	for _, c := range []struct {
		p     *nn.Param
		bound float64
	}{{m.InProjWeight, math.Sqrt(6. / (4 * 64))}, {m.OutProj.Weight, 1. / 8}, {m.InProjBias, 0}, {m.OutProj.Bias, 0}} {
		if top := c.p.Abs().Max().Item(); top > c.bound*(1+1e-6) || top < 0.99*c.bound {
			t.Errorf("%v: the largest value is %v, want %v", c.p.Shape(), top, c.bound)
		}
	}
	apart := nn.NewMultiheadAttention(random.New(1), 64, 4, nn.MultiheadAttentionConfig{KDim: 32, KVHeads: 2})
	for _, c := range []struct {
		p     *nn.Param
		shape []int
	}{{apart.QProjWeight, []int{64, 64}}, {apart.KProjWeight, []int{32, 32}}, {apart.VProjWeight, []int{32, 64}}, {apart.InProjBias, []int{128}}} {
		if !slices.Equal(c.p.Shape().Dims(), c.shape) {
			t.Errorf("shape %v, want %v", c.p.Shape(), c.shape)
		}
	}
}

func TestMultiheadAttentionDropout(t *testing.T) {
	m := nn.NewMultiheadAttention(random.New(2), 8, 2, nn.MultiheadAttentionConfig{Dropout: 0.5})
	x := tensor.Randn(random.New(3), 5, 2, 8)
	state := m.Generator.State()
	first, second := m.Forward(x), m.Forward(x)
	if tensor.Equal(first, second) {
		t.Error("two calls drop the same")
	}
	m.Generator.SetState(state)
	if !tensor.Equal(first, m.Forward(x)) {
		t.Error("the generator's state does not bring the draws back")
	}
	// The form with weights draws the same.
	m.Generator.SetState(state)
	y, w := m.Attend(x, x, x, nn.AttendConfig{NeedWeights: true, PerHead: true})
	if !tensor.AllClose(y, first, 1e-5, 1e-6, false) {
		t.Error("with weights the result is another")
	}
	if w.EqScalar(0).Any().Item() == 0 {
		t.Error("the weights are those before dropout")
	}
	e := nn.Eval(m)
	if !tensor.Equal(e.Forward(x), e.Forward(x)) {
		t.Error("Eval drops")
	}
}

func TestMultiheadAttentionGradCheck(t *testing.T) {
	g := random.New(4)
	f := tensor.With(tensor.Float64)
	m := nn.To(nn.NewMultiheadAttention(g, 4, 2, nn.MultiheadAttentionConfig{AddBiasKV: true, KVHeads: 1}), tensor.Float64)
	in := []*tensor.Tensor{f.Randn(g, 3, 1, 4), f.Randn(g, 2, 1, 4), m.InProjWeight.Detach(), m.BiasK.Detach()}
	err := autograd.GradCheck(func(in []*tensor.Tensor) []*tensor.Tensor {
		c := *m
		c.InProjWeight, c.BiasK = &nn.Param{Tensor: in[2]}, &nn.Param{Tensor: in[3]}
		y, _ := c.Attend(in[0], in[1], in[1], nn.AttendConfig{Causal: true})
		return []*tensor.Tensor{y}
	}, in, autograd.GradCheckConfig{})
	if err != nil {
		t.Error(err)
	}
}

func TestMultiheadAttentionBadArguments(t *testing.T) {
	g := random.New(5)
	type config = nn.MultiheadAttentionConfig
	for _, f := range []func(){
		func() { nn.NewMultiheadAttention(g, 7, 2, config{}) },
		func() { nn.NewMultiheadAttention(g, 8, 4, config{KVHeads: 3}) },
		func() { nn.NewMultiheadAttention(g, 8, 0, config{}) },
		func() { nn.NewMultiheadAttention(g, 8, 2, config{KDim: -1}) },
	} {
		refusesAttention(t, tensor.ErrValue, "must divide", f)
	}
	refusesAttention(t, tensor.ErrValue, "probability", func() { nn.NewMultiheadAttention(g, 8, 2, config{Dropout: 2}) })
	m := nn.NewMultiheadAttention(g, 8, 2, config{})
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	attend := func(q, k, v *tensor.Tensor, cfg nn.AttendConfig) func() { return func() { m.Attend(q, k, v, cfg) } }
	x := z(3, 2, 8)
	refusesAttention(t, tensor.ErrShape, "inputs must be (L, N, E)", attend(z(3, 2, 2, 8), x, x, nn.AttendConfig{}))
	refusesAttention(t, tensor.ErrShape, "inputs must be (L, N, E)", attend(x, z(8), x, nn.AttendConfig{}))
	refusesAttention(t, tensor.ErrShape, "in", attend(z(3, 2, 7), x, x, nn.AttendConfig{}))
	refusesAttention(t, tensor.ErrShape, "q is of 2 samples", attend(x, z(3, 1, 8), z(3, 1, 8), nn.AttendConfig{}))
	refusesAttention(t, tensor.ErrValue, "k and v are nil", attend(x, nil, nil, nn.AttendConfig{}))
	refusesAttention(t, tensor.ErrShape, "must be (L, S), (N·H, L, S)", attend(x, x, x, nn.AttendConfig{AttnMask: z(2, 3, 3)}))
	refusesAttention(t, tensor.ErrShape, "must be (L, S), (N·H, L, S)", attend(x, x, x, nn.AttendConfig{AttnMask: z(3, 4)}))
	refusesAttention(t, tensor.ErrShape, "the key padding mask must be (N, S), here (2, 3)", attend(x, x, x, nn.AttendConfig{KeyPaddingMask: z(3, 2).To(tensor.Bool)}))
	refusesAttention(t, tensor.ErrDType, "", attend(x, x, x, nn.AttendConfig{KeyPaddingMask: z(2, 3)}))
	refusesAttention(t, tensor.ErrDType, "", attend(x, x, x, nn.AttendConfig{AttnMask: z(3, 3).To(tensor.Int64)}))
}

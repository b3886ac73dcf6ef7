package nn_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// block and net are the model of make_golden.py.
type block struct {
	Conv1      *nn.Conv2d
	BN1        *nn.BatchNorm
	Act        nn.Layer
	Downsample nn.Sequential
}

type net struct {
	Stem   nn.Sequential
	Layers []*block
	Up     *nn.ConvTranspose2d
	WTE    *nn.Embedding
	LNF    *nn.LayerNorm `name:"ln_f"`
	FC     *nn.Linear    `name:"FC"`
	LMHead *nn.Linear
}

func newBlock(g *random.Generator, in, out int) *block {
	return &block{
		Conv1:      nn.NewConv2d(g, in, out, 3, nn.ConvConfig{NoBias: true}),
		BN1:        nn.NewBatchNorm2d(out, nn.BatchNormConfig{}),
		Act:        nn.ReLU{},
		Downsample: nn.NewSequential(nn.NewConv2d(g, in, out, 1, nn.ConvConfig{NoBias: true}), nn.NewBatchNorm2d(out, nn.BatchNormConfig{})),
	}
}

func newNet(g *random.Generator) *net {
	m := &net{
		Stem: nn.NewSequential(nn.NewConv2d(g, 3, 4, 3, nn.ConvConfig{}), nn.NewBatchNorm2d(4, nn.BatchNormConfig{}),
			nn.ReLU{}, nn.NewDropout(g, 0.5)),
		Layers: []*block{newBlock(g, 4, 4), newBlock(g, 4, 8)},
		Up:     nn.NewConvTranspose2d(g, 8, 4, 2, nn.ConvTransposeConfig{}),
		WTE:    nn.NewEmbedding(g, 10, 8, nn.EmbeddingConfig{}),
		LNF:    nn.NewLayerNorm([]int{8}, nn.LayerNormConfig{}),
		FC:     nn.NewLinear(g, 8, 8, nn.LinearConfig{}),
		LMHead: nn.NewLinear(g, 8, 10, nn.LinearConfig{NoBias: true}),
	}
	m.LMHead.Weight = m.WTE.Weight
	return m
}

func TestNamesArePyTorchs(t *testing.T) {
	want, m := readGolden(t).Names, newNet(random.New(1))
	var params, state []goldenName
	for _, p := range nn.NamedParams(m) {
		params = append(params, goldenName{p.Name, p.Shape().Dims()})
	}
	for _, s := range nn.State(m) {
		state = append(state, goldenName{s.Name, s.Shape().Dims()})
	}
	same := func(a, b goldenName) bool { return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) }
	if !slices.EqualFunc(params, want.Parameters, same) {
		t.Errorf("parameters are\n%v, want\n%v", params, want.Parameters)
	}
	// PyTorch lists a shared parameter in its state dict under every name, we under the first.
	last := len(want.StateDict) - 1
	if want.StateDict[last].Name != "lm_head.weight" || !slices.EqualFunc(state, want.StateDict[:last], same) {
		t.Errorf("the state is\n%v, want\n%v", state, want.StateDict)
	}
	buffers, numel := 0, 0
	for _, s := range want.StateDict {
		if strings.Contains(s.Name, "running") || strings.Contains(s.Name, "tracked") {
			buffers++
		}
	}
	if n := len(nn.NamedBuffers(m)); n != buffers {
		t.Errorf("%d buffers, want %d", n, buffers)
	}
	for _, p := range want.Parameters {
		numel += tensor.ShapeOf(p.Shape...).Numel()
	}
	if n := nn.NumParams(m); n != numel {
		t.Errorf("NumParams is %d, want %d", n, numel)
	}
	if gs := nn.NamedGenerators(m); len(gs) != 1 || gs[0].Name != "stem.3.generator" {
		t.Errorf("the generators are %v", gs)
	}
}

func param() *nn.Param { return tensor.NewParam(tensor.Ones(1)) }

// base is embedded by value or pointer.
type base struct{ Scale *nn.Param }

// Base is embedded by pointer.
type Base struct{ Shift *nn.Param }

type named struct {
	base
	*Base
	FC1, FC2, Conv1x1  *nn.Param
	WeightIH, MLPHead  *nn.Param
	QKV, InProjWeight  *nn.Param
	Layer1Conv, W_Q, X *nn.Param
	Other              *nn.Param `name:"tagged.path"`
	Inside             struct {
		A, B *nn.Param
	} `name:""`
	Grid   [2][]*nn.Param
	Any    any
	Absent *nn.Param
	Shared *nn.Param
	Back   *named
	hidden int
	cache  *tensor.Tensor
	//lint:ignore U1000 reached by reflection
	unused *nn.Param // nil: harmless
	//lint:ignore U1000 reached by reflection
	byName map[string]*nn.Param
	Table  map[string]nn.Layer // nothing in it: harmless
}

func TestNames(t *testing.T) {
	m := &named{base: base{param()}, Base: &Base{param()}, hidden: 1, cache: tensor.Ones(1), Table: map[string]nn.Layer{"relu": nn.ReLU{}}}
	for _, p := range []**nn.Param{&m.FC1, &m.FC2, &m.Conv1x1, &m.WeightIH, &m.MLPHead, &m.QKV, &m.InProjWeight, &m.Layer1Conv,
		&m.W_Q, &m.X, &m.Other, &m.Inside.A, &m.Inside.B} {
		*p = param()
	}
	m.Grid = [2][]*nn.Param{{param()}, {param(), param()}}
	m.Any = []any{nil, &nn.Linear{Weight: param()}, 3}
	m.Shared, m.Back = m.FC2, m
	var got []string
	for _, p := range nn.NamedParams(m) {
		got = append(got, p.Name)
	}
	want := strings.Fields(`scale shift fc1 fc2 conv1x1 weight_ih mlp_head qkv in_proj_weight layer1_conv w_q x tagged.path a b
		grid.0.0 grid.1.0 grid.1.1 any.1.weight`)
	if !slices.Equal(got, want) {
		t.Errorf("the names are\n%v, want\n%v", got, want)
	}
	if n := len(nn.Params(*m)); n != len(want) {
		t.Errorf("the struct itself has %d parameters, want %d", n, len(want))
	}
	if nn.Params(nil) != nil || nn.Params(3) != nil || nn.Params((*named)(nil)) != nil || nn.Params(struct{}{}) != nil {
		t.Error("nothing has parameters")
	}
}

type (
	unexported struct{ weight *nn.Param }
	deep       struct {
		Blocks []struct{ inner any }
	}
	pointerBase struct{ *base }
	byValue     struct{ Weights []nn.Param }
	bufferValue struct{ Mean nn.Buffer }
	//lint:ignore U1000 reached by reflection
	hiddenMode   struct{ mode nn.Mode }
	hiddenRandom struct{ Drop struct{ g *random.Generator } }
	mapped       struct{ Blocks map[string]nn.Layer }
	mappedParams struct{ W map[int]*nn.Param }
	clash        struct {
		A *nn.Param `name:"w"`
		B *nn.Param `name:"w"`
	}
	// firstField reaches a struct and its first field, which have one address.
	firstField struct{ both []any }
	outer      struct {
		inner inner
		W     *nn.Param
	}
	//lint:ignore U1000 reached by reflection
	inner struct{ n *nn.Param }
)

func TestWhatCannotBeListedPanics(t *testing.T) {
	o := &outer{W: param()}
	for name, c := range map[string]struct {
		m    any
		want string
	}{
		"unexported":         {&unexported{param()}, "the module (nn_test.unexported): unexported field weight holds parameters"},
		"deep":               {&deep{[]struct{ inner any }{{}, {&nn.Linear{Weight: param()}}}}, "blocks.1 (struct { inner interface {} }): unexported field inner"},
		"embedded pointer":   {pointerBase{&base{param()}}, "unexported field base holds"},
		"by value":           {&byValue{[]nn.Param{*param()}}, "weights.0 (tensor.Param): it is held by value; use a pointer, *tensor.Param"},
		"buffer by value":    {&bufferValue{*tensor.NewBuffer(tensor.Ones(1))}, "mean (tensor.Buffer): it is held by value"},
		"mode":               {&hiddenMode{}, "unexported field mode"},
		"generator":          {&hiddenRandom{struct{ g *random.Generator }{random.New(1)}}, "drop (struct { g *random.Generator }): unexported field g"},
		"map of layers":      {&mapped{map[string]nn.Layer{"a": nn.NewLinear(g, 1, 1, nn.LinearConfig{})}}, "blocks (map[string]nn.Layer): a map holds"},
		"map of parameters":  {nn.NewSequential(nn.Func(nil), wrap{&mappedParams{map[int]*nn.Param{3: param()}}}), "1.m.w (map[int]*tensor.Param): a map holds"},
		"one name twice":     {&clash{param(), param()}, "w (*tensor.Param): two things have this name"},
		"first field first":  {&firstField{[]any{&o.inner, o}}, "unexported field both holds"},
		"a map is no module": {map[string]*nn.Param{"w": param()}, "the module (map[string]*tensor.Param): a map holds"},
	} {
		err := tensor.Catch(func() { nn.Params(c.m) })
		if !errors.Is(err, tensor.ErrValue) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil || !strings.Contains(err.Error(), "module_test.go") {
			t.Errorf("%s: %v does not name the caller", name, err)
		}
		for what, f := range map[string]func(){
			"Eval": func() { nn.Eval(c.m) }, "Clone": func() { nn.Clone(c.m) }, "State": func() { nn.State(c.m) },
			"Load": func() { nn.Load(c.m, nil, nn.LoadConfig{}) },
		} {
			if tensor.Catch(f) == nil {
				t.Errorf("%s: %s does not panic", name, what)
			}
		}
	}
}

// wrap makes a layer of any module.
type wrap struct{ M any }

func (w wrap) Forward(x *tensor.Tensor) *tensor.Tensor { return x }

func TestZeroGrad(t *testing.T) {
	l := nn.NewLinear(g, 2, 1, nn.LinearConfig{})
	l.Forward(tensor.Ones(3, 2)).Sum().Backward()
	if l.Weight.Grad() == nil || l.Bias.Grad() == nil {
		t.Fatal("there are no gradients")
	}
	nn.ZeroGrad(l)
	if l.Weight.Grad() != nil || l.Bias.Grad() != nil {
		t.Error("gradients are left")
	}
}

package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// floats are all values of a module's state.
func floats(m any) (v []float64) {
	for _, s := range nn.State(m) {
		v = append(v, s.Floats()...)
	}
	return v
}

func TestStateRoundTrip(t *testing.T) {
	m := newMixed(1)
	x := fill(tensor.Float32, 0, 8, 4)
	train(m, x)
	other := newMixed(2)
	if err := nn.Load(other, nn.State(m), nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(floats(other), floats(m)) {
		t.Error("the state differs after loading")
	}
	if !slices.Equal(nn.Eval(other).Forward(x).Floats(), nn.Eval(m).Forward(x).Floats()) {
		t.Error("the results differ after loading")
	}
	for _, s := range nn.State(m) {
		if s.RequiresGrad() {
			t.Errorf("%s is not detached", s.Name)
		}
	}
	before := floats(m)
	train(m, x)
	if slices.Equal(before, floats(m)) {
		t.Fatal("nothing was trained")
	}
	if slices.Equal(floats(other), floats(m)) {
		t.Error("loading shares memory")
	}
}

func TestLoadConverts(t *testing.T) {
	l := nn.NewLinear(g, 1, 3, nn.LinearConfig{NoBias: true})
	want := []float64{1, -2, 0.5}
	for _, d := range []tensor.DType{tensor.Float64, tensor.BFloat16, tensor.Float16} {
		l.Weight.CopyFrom(tensor.Zeros(3, 1))
		state := []tensor.Named{{Name: "weight", Tensor: tensor.Of(want, 3, 1).To(d)}}
		if err := nn.Load(l, state, nn.LoadConfig{}); err != nil {
			t.Fatal(err)
		}
		if l.Weight.DType() != tensor.Float32 || !slices.Equal(l.Weight.Floats(), want) {
			t.Errorf("from %v: %v", d, l.Weight)
		}
	}
}

func TestLoadIsStrict(t *testing.T) {
	named := func(name string, dims ...int) tensor.Named {
		return tensor.Named{Name: name, Tensor: tensor.Ones(dims...)}
	}
	for _, c := range []struct {
		name  string
		state []tensor.Named
		cfg   nn.LoadConfig
		want  string // "": no error
	}{
		{"all", []tensor.Named{named("weight", 3, 2), named("bias", 3)}, nn.LoadConfig{}, ""},
		{"missing", []tensor.Named{named("weight", 3, 2)}, nn.LoadConfig{}, "the weights do not fit the model: missing bias"},
		{"missing allowed", []tensor.Named{named("weight", 3, 2)}, nn.LoadConfig{AllowMissing: true}, ""},
		{"unexpected", []tensor.Named{named("weight", 3, 2), named("bias", 3), named("scale", 1)}, nn.LoadConfig{},
			"the weights do not fit the model: unexpected scale"},
		{"unexpected allowed", []tensor.Named{named("weight", 3, 2), named("bias", 3), named("scale", 1)}, nn.LoadConfig{AllowUnexpected: true}, ""},
		{"shape", []tensor.Named{named("weight", 3, 2), named("bias", 4)}, nn.LoadConfig{AllowMissing: true, AllowUnexpected: true},
			"the weights do not fit the model: bias is (4,) in the file and (3,) in the model"},
		{"transposed", []tensor.Named{named("weight", 2, 3), named("bias", 3)}, nn.LoadConfig{},
			"the weights do not fit the model: weight is (2, 3) in the file and (3, 2) in the model"},
		{"everything", []tensor.Named{named("weight", 6), named("b", 3)}, nn.LoadConfig{},
			"the weights do not fit the model: weight is (6,) in the file and (3, 2) in the model; missing bias; unexpected b"},
		{"twice", []tensor.Named{named("weight", 3, 2), named("bias", 3), named("bias", 3)}, nn.LoadConfig{},
			"the weights do not fit the model: bias is there twice"},
		{"meta", []tensor.Named{named("weight", 3, 2), {Name: "bias", Tensor: tensor.With(tensor.Float32).On(tensor.Meta).Ones(3)}}, nn.LoadConfig{},
			"bias is on the meta device and has no data to load"},
		{"many", []tensor.Named{named("a"), named("b"), named("c"), named("d"), named("e"), named("f"), named("g")}, nn.LoadConfig{AllowMissing: true},
			"the weights do not fit the model: unexpected a, b, c, d, e and 2 more"},
		{"names from a hostile file", []tensor.Named{named("x\ny"), named(strings.Repeat("long", 1000))}, nn.LoadConfig{AllowMissing: true},
			`the weights do not fit the model: unexpected "x\ny", "` + strings.Repeat("long", 20) + `"`},
	} {
		l := nn.NewLinear(g, 2, 3, nn.LinearConfig{})
		before := floats(l)
		err := nn.Load(l, c.state, c.cfg)
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		case err != nil && !slices.Equal(floats(l), before):
			t.Errorf("%s: half of it was loaded", c.name)
		case err == nil && slices.Equal(floats(l), before):
			t.Errorf("%s: nothing was loaded", c.name)
		}
	}
}

// TestLoadShared loads what PyTorch saves: a shared parameter under each of its names.
func TestLoadShared(t *testing.T) {
	m := newNet(random.New(1))
	saved := nn.State(newNet(random.New(2)))
	wte := slices.IndexFunc(saved, func(s tensor.Named) bool { return s.Name == "wte.weight" })
	alias := tensor.Named{Name: "lm_head.weight", Tensor: saved[wte].Tensor.Clone()}
	if err := nn.Load(m, append(slices.Clone(saved), alias), nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.LMHead.Weight.Floats(), alias.Floats()) || m.WTE.Weight != m.LMHead.Weight {
		t.Error("the shared parameter was not loaded")
	}

	m = newNet(random.New(1))
	only := append(slices.Delete(slices.Clone(saved), wte, wte+1), alias)
	if err := nn.Load(m, only, nn.LoadConfig{}); err != nil {
		t.Errorf("under its second name alone: %v", err)
	}
	if !slices.Equal(m.WTE.Weight.Floats(), alias.Floats()) {
		t.Error("the shared parameter was not loaded by its second name")
	}

	diverged := tensor.Full(math.NaN(), 10, 8)
	both := slices.Clone(saved)
	both[wte].Tensor = diverged
	if err := nn.Load(m, append(both, tensor.Named{Name: "lm_head.weight", Tensor: diverged.Clone()}), nn.LoadConfig{}); err != nil {
		t.Errorf("with NaN under both names: %v", err)
	}

	m = newNet(random.New(1))
	before := floats(m)
	other := tensor.Named{Name: "lm_head.weight", Tensor: alias.AddScalar(1)}
	err := nn.Load(m, append(slices.Clone(saved), other), nn.LoadConfig{})
	if want := "the weights do not fit the model: wte.weight and lm_head.weight are one in the model and differ in the file"; err == nil || err.Error() != want {
		t.Errorf("with another value: %v, want %q", err, want)
	}
	if !slices.Equal(floats(m), before) {
		t.Error("half of it was loaded")
	}
	if err := nn.Load(m, []tensor.Named{{Name: "lm_head.weight", Tensor: tensor.Ones(8, 10)}}, nn.LoadConfig{AllowMissing: true}); err == nil ||
		!strings.Contains(err.Error(), "lm_head.weight is (8, 10) in the file and (10, 8) in the model") {
		t.Errorf("with another shape: %v", err)
	}
}

// TestLoadSharedLayer has a whole layer at two places, and a module that points back.
func TestLoadSharedLayer(t *testing.T) {
	type child struct {
		Layer  *nn.Linear
		Parent any
	}
	type model struct {
		First *nn.Linear
		Child *child
	}
	m := &model{First: nn.NewLinear(g, 2, 1, nn.LinearConfig{NoBias: true})}
	m.Child = &child{m.First, m}
	for _, name := range []string{"first.weight", "child.layer.weight", "child.parent.first.weight", "child.parent.child.layer.weight"} {
		m.First.Weight.CopyFrom(tensor.Zeros(1, 2))
		if err := nn.Load(m, []tensor.Named{{Name: name, Tensor: tensor.Of([]float32{3, 4}, 1, 2)}}, nn.LoadConfig{}); err != nil {
			t.Error(err)
		}
		if v := m.First.Weight.Floats(); v[1] != 4 {
			t.Errorf("%s was not loaded: %v", name, v)
		}
	}
	for _, name := range []string{"child.layer.bias", "child.layers.weight", "child.parent", "parent.first.weight"} {
		if err := nn.Load(m, []tensor.Named{{Name: name, Tensor: tensor.Ones(1, 2)}}, nn.LoadConfig{AllowMissing: true}); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}

func TestLoadSkips(t *testing.T) {
	type net struct{ FC1, FC2 *nn.Linear }
	build := func(seed uint64, classes int) *net {
		g := random.New(seed)
		return &net{nn.NewLinear(g, 3, 2, nn.LinearConfig{}), nn.NewLinear(g, 2, classes, nn.LinearConfig{})}
	}
	old, m := build(1, 4), build(2, 5)
	head := m.FC2.Weight.Floats()
	if err := nn.Load(m, nn.State(old), nn.LoadConfig{Skip: []string{"fc2.*"}}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.FC1.Weight.Floats(), old.FC1.Weight.Floats()) || !slices.Equal(m.FC2.Weight.Floats(), head) {
		t.Error("the first layer was not loaded, or the second was")
	}
	for want, err := range map[string]error{
		`nothing of the model matches "fc3.*", which is to be skipped`: nn.Load(m, nn.State(old), nn.LoadConfig{Skip: []string{"fc2.*", "fc3.*"}}),
		`is no pattern`: nn.Load(m, nn.State(old), nn.LoadConfig{Skip: []string{"fc2.["}}),
		`the weights do not fit the model: fc2.bias is (4,) in the file and (5,) in the model`: nn.Load(m, nn.State(old), nn.LoadConfig{Skip: []string{"fc2.weight"}}),
		`the weights do not fit the model: unexpected other`: nn.Load(m, append(nn.State(old), tensor.Named{Name: "other", Tensor: tensor.Zeros(1)}),
			nn.LoadConfig{Skip: []string{"fc2.*"}}),
		`fc1.weight of the model is on the meta device`: nn.Load(&net{nn.NewLinear(random.Shapes(), 3, 2, nn.LinearConfig{}), m.FC2}, nn.State(old), nn.LoadConfig{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

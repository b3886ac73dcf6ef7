package models_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// formula are the numbers of the scripts in testdata: pseudo-random multiples of 2⁻¹² from -1 to 1.
func formula(n, start int) []float64 {
	v := make([]float64, n)
	for k := range v {
		i := k + start
		v[k] = float64((i*i%8191*5+i*7919)%8192-4096) / 4096
	}
	return v
}

// filled returns a float64 copy that infers, with the weights of golden_classifiers.py's fill.
func filled(t *testing.T, m models.Classifier) models.Classifier {
	m = nn.To(m, tensor.Float64)
	var state []tensor.Named
	for k, p := range nn.State(m) {
		v := formula(p.Numel(), 1000*k)
		from, scale := 0.0, 0.1
		switch {
		case strings.HasSuffix(p.Name, "num_batches_tracked"):
			continue
		case strings.HasSuffix(p.Name, "running_var"):
			from, scale = 1, 0.5
		case p.Rank() > 1:
			scale = 1.5 * math.Sqrt(2/float64(p.Numel()/p.Dim(0)))
		case strings.HasSuffix(p.Name, "weight"):
			from, scale = 0.7, 0.3
		}
		for i := range v {
			v[i] = from + scale*v[i]
		}
		state = append(state, tensor.Named{Name: p.Name, Tensor: tensor.OfShape(v, p.Shape())})
	}
	if err := nn.Load(m, state, nn.LoadConfig{AllowMissing: true}); err != nil {
		t.Fatal(err)
	}
	return nn.Eval(m)
}

type goldenClassifiers struct {
	States map[string]struct {
		Parameters, Entries int
		SHA256              string
		Lines               []string
	}
	Logits map[string]struct {
		Size   int
		Scores []float64
	}
	Loaded []float64
}

func readGolden(t *testing.T) (g goldenClassifiers) {
	optest.ReadGolden(t, "testdata/golden_classifiers.json", &g)
	if len(g.States) < 14 || len(g.Logits) < 23 || len(g.Loaded) < 7 {
		t.Fatal(len(g.States), len(g.Logits), len(g.Loaded))
	}
	return g
}

// Every name and shape is torchvision's, in its order.
func TestStateNames(t *testing.T) {
	for name, want := range readGolden(t).States {
		e, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		state := nn.State(e.New(random.Shapes(), models.Config{}))
		var all strings.Builder
		for i, s := range state {
			dims := make([]string, s.Rank())
			for k, n := range s.Shape().Dims() {
				dims[k] = fmt.Sprint(n)
			}
			line := s.Name + " " + strings.Join(dims, "x")
			if want.Lines != nil && (i >= len(want.Lines) || line != want.Lines[i]) {
				t.Fatalf("%s: entry %d is %s, want %v", name, i, line, want.Lines[min(i, len(want.Lines)-1)])
			}
			all.WriteString(line + "\n")
		}
		sum := sha256.Sum256([]byte(all.String()))
		if len(state) != want.Entries || hex.EncodeToString(sum[:]) != want.SHA256 {
			t.Errorf("%s: %d entries with another sum than torchvision's %d:\n%s", name, len(state), want.Entries, all.String())
		}
		if want.Parameters != e.Params {
			t.Errorf("%s is registered with %d parameters, torchvision's has %d", name, e.Params, want.Parameters)
		}
	}
}

// Narrow copies give PyTorch's scores.
func TestClassifiersGolden(t *testing.T) {
	sixteenth := models.Config{Classes: 7, Width: 1. / 16}
	small := models.Config{Classes: 7, Width: 1. / 16, Stem: models.SmallStem}
	g := random.New(1)
	cifar := func(s models.Shortcut) models.Classifier {
		return models.NewCIFARResNet(g, 20, models.ResNetConfig{Config: models.Config{Classes: 7}, Shortcut: s})
	}
	others := map[string]models.Classifier{
		"resnet18 small":      models.NewResNet(g, 18, models.ResNetConfig{Config: small}),
		"resnet20":            cifar(models.DefaultShortcut),
		"resnet20 projection": cifar(models.Projection),
		"resnet20 plain":      cifar(models.NoShortcut),
		"resnet56":            models.NewCIFARResNet(g, 56, models.ResNetConfig{Config: models.Config{Classes: 7, Width: 0.25}}),
		"lenet":               models.NewLeNet(g, models.LeNetConfig{Config: models.Config{Classes: 7}}),
		"lenet small":         models.NewLeNet(g, models.LeNetConfig{Config: models.Config{Classes: 7, Stem: models.SmallStem}}),
		"lenet_original":      models.NewLeNet(g, models.LeNetConfig{Config: models.Config{Classes: 7}, Original: true}),
	}
	logits := readGolden(t).Logits
	for name := range others {
		if _, ok := logits[name]; !ok {
			t.Errorf("%s: no golden", name)
		}
	}
	for name, want := range logits {
		m := others[name]
		if m == nil {
			arch, form, _ := strings.Cut(name, " ")
			e, err := models.Find(arch)
			if err != nil {
				t.Fatal(err)
			}
			cfg := sixteenth
			if form == "small" {
				cfg = small
			}
			m = e.New(g, cfg)
		}
		m = filled(t, m)
		channels := nn.Params(m)[0].Dim(1)
		x := tensor.Of(formula(2*channels*want.Size*want.Size, 77), 2, channels, want.Size, want.Size)
		y := m.Forward(x)
		if y.Shape() != tensor.ShapeOf(2, 7) {
			t.Errorf("%s: the scores are %v", name, y.Shape())
			continue
		}
		for i, v := range y.Floats() {
			if !(math.Abs(v-want.Scores[i]) <= 1e-10) {
				t.Errorf("%s: score %d is %v, want %v", name, i, v, want.Scores[i])
			}
		}
	}
}

// A file as torchvision's loads, buffers included, and so does all but its last layer into a network with other classes.
func TestLoadTorchvision(t *testing.T) {
	state, _, err := safetensors.Load("testdata/resnet18_narrow.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	narrow := func(classes int) *models.ResNet {
		return models.NewResNet(random.New(3), 18, models.ResNetConfig{Config: models.Config{Classes: classes, Width: 1. / 32}})
	}
	m := narrow(7)
	if err := nn.Load(m, state, nn.LoadConfig{}); err != nil {
		t.Fatal(err)
	}
	if n := m.BN1.NumBatchesTracked.Item(); n != 12 {
		t.Errorf("%v batches tracked, want 12", n)
	}
	x := tensor.Of(formula(3*64*64, 77), 1, 3, 64, 64).To(tensor.Float32)
	want := readGolden(t).Loaded
	for i, v := range nn.Eval(m).Forward(x).Floats() {
		if !(math.Abs(v-want[i]) <= 1e-5) {
			t.Errorf("score %d is %v, want %v", i, v, want[i])
		}
	}

	e, _ := models.Find("resnet18")
	five := narrow(5)
	head := five.FC.Weight.Floats()
	if err := e.LoadBackbone(five, state); err != nil {
		t.Fatal(err)
	}
	if nn.Eval(five).FeatureMaps(x).Sub(nn.Eval(m).FeatureMaps(x)).Abs().Max().Item() != 0 {
		t.Error("the backbone's maps differ from those of the network it was loaded from")
	}
	for i, v := range five.FC.Weight.Floats() {
		if v != head[i] {
			t.Fatal("the head was changed")
		}
	}
	wide := models.NewResNet(random.New(3), 18, models.ResNetConfig{Config: models.Config{Classes: 5, Width: 1. / 16}})
	err = e.LoadBackbone(wide, state)
	if err == nil || !strings.Contains(err.Error(), "conv1.weight is (2, 3, 7, 7) in the file and (4, 3, 7, 7) in the model") {
		t.Errorf("error %v", err)
	}
}

func TestClassifiersRefuse(t *testing.T) {
	g := random.New(1)
	for name, f := range map[string]func(){
		"depth of ResNet":       func() { models.NewResNet(g, 20, models.ResNetConfig{}) },
		"depth of CIFAR ResNet": func() { models.NewCIFARResNet(g, 21, models.ResNetConfig{}) },
		"shortcut":              func() { models.NewCIFARResNet(g, 20, models.ResNetConfig{Shortcut: 9}) },
		"depth of VGG":          func() { models.NewVGG(g, 12, models.VGGConfig{}) },
		"dropout of VGG":        func() { models.NewVGG(g, 11, models.VGGConfig{Config: models.Config{Width: 0.01, Dropout: new(2.0)}}) },
		"width":                 func() { models.NewNiN(g, models.Config{Width: -1}) },
		"NaN":                   func() { models.NewNiN(g, models.Config{Width: math.NaN()}) },
		"channels":              func() { models.NewLeNet(g, models.LeNetConfig{Config: models.Config{Channels: -1}}) },
		"stem":                  func() { models.NewAlexNetOriginal(g, models.Config{Stem: 2}) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%s: error %v, want kind %v", name, err, tensor.ErrValue)
		}
	}
}

// ZeroInit makes the blocks of a stage that keeps its shape the identity at the start.
func TestZeroInit(t *testing.T) {
	m := models.NewResNet(random.New(1), 18, models.ResNetConfig{Config: models.Config{Width: 1. / 16}, ZeroInit: true})
	x := tensor.Rand(random.New(2), 2, 4, 8, 8) // positive: ReLU changes nothing
	if y := m.Layer1.Forward(x); y.Sub(x).Abs().Max().Item() != 0 {
		t.Error("the first stage changes its input")
	}
}

// The smallest pictures are those that the constructors' comments name.
func TestSmallest(t *testing.T) {
	for _, c := range []struct {
		name string
		stem models.Stem
		side int
	}{
		{"alexnet", models.ImageNetStem, 63}, {"alexnet", models.SmallStem, 15}, {"alexnet_original", models.ImageNetStem, 63}, {"alexnet_original", models.SmallStem, 15},
		{"vgg11", models.ImageNetStem, 32}, {"vgg19_bn", models.ImageNetStem, 32}, {"vgg19_bn", models.SmallStem, 1}, {"lenet5", models.ImageNetStem, 16},
		{"lenet5_original", models.SmallStem, 12}, {"nin", models.ImageNetStem, 67}, {"nin", models.SmallStem, 7}, {"resnet50", models.ImageNetStem, 1},
	} {
		e, _ := models.Find(c.name)
		m := e.New(random.Shapes(), models.Config{Channels: 1, Stem: c.stem})
		forward := func(side int) error {
			return tensor.Catch(func() { m.Forward(tensor.With(tensor.Float32).On(tensor.Meta).Zeros(1, 1, side, side)) })
		}
		if err := forward(c.side); err != nil {
			t.Errorf("%s, stem %d, %d pixels: %v", c.name, c.stem, c.side, err)
		}
		if err := forward(c.side - 1); !errors.Is(err, tensor.ErrShape) && !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%s, stem %d, %d pixels: error %v", c.name, c.stem, c.side-1, err)
		}
	}
}

// Dense layers become convolutions: the network then takes pictures of any size from its own on, and gives scores for each place of a window of
// 224 x 224 pixels that moves by 32.
func ExampleNewVGG_anySize() {
	m := models.NewVGG(random.New(1), 11, models.VGGConfig{Config: models.Config{Classes: 5, Width: 1. / 16}})
	everywhere := nn.FullyConvolutional(nn.NewSequential(m.Features, m.AvgPool, nn.NewFlatten(), m.Classifier), 3, 224, 224)
	x := tensor.Rand(random.New(2), 1, 3, 256, 288)
	maps := nn.Eval(everywhere).Forward(x)
	fmt.Println(nn.Eval(m).Forward(x).Shape(), maps.Shape())
	// Output: (1, 5) (1, 5, 2, 3)
}

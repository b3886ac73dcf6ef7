package models_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// inceptionGolden is what testdata/golden_inception.py writes of a network.
type inceptionGolden struct {
	State      []string // "name sizes": an entry of the state, or all of a BatchNorm's
	Parameters int
	WithoutAux int `json:"without_aux"`
	Cases      []struct {
		Small       bool
		Size        [3]int // pictures, height, width
		Scores      [][]float64
		Aux         [][][]float64
		Transformed [][]float64
		Maps        []any // shape, mean absolute value
	}
}

func readInceptionGolden(t *testing.T) map[string]inceptionGolden {
	golden := map[string]inceptionGolden{}
	optest.ReadGolden(t, "testdata/golden_inception.json", &golden)
	if len(golden) != 6 {
		t.Fatal(len(golden))
	}
	return golden
}

// The names and shapes of torchvision and timm at full size.
func TestInceptionState(t *testing.T) {
	for name, golden := range readInceptionGolden(t) {
		e, err := models.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		m := e.New(random.Shapes(), models.Config{})
		if n := nn.NumParams(m); n != golden.Parameters || n != e.Params {
			t.Errorf("%s has %d parameters and is registered with %d, want %d", name, n, e.Params, golden.Parameters)
		}
		var want []string
		for _, line := range golden.State {
			entry, sizes, _ := strings.Cut(line, " ")
			if strings.HasSuffix(entry, "bn") {
				for _, s := range []string{"weight", "bias", "running_mean", "running_var"} {
					want = append(want, entry+"."+s+" "+sizes)
				}
				want = append(want, entry+".num_batches_tracked ")
			} else {
				want = append(want, line)
			}
		}
		state := nn.State(m)
		if len(state) != len(want) {
			t.Errorf("%s has %d entries, want %d", name, len(state), len(want))
			continue
		}
		head := 0
		for i, s := range state {
			got := fmt.Sprintf("%s %s", s.Name, strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Shape().Dims()), "[]"), " ", ","))
			if got != want[i] {
				t.Errorf("%s: entry %d is %q, want %q", name, i, got, want[i])
				break
			}
			if headOf(e, s.Name) != "" {
				head += s.Shape().Numel()
			}
		}
		smaller := nn.NumParams(e.New(random.Shapes(), models.Config{Classes: 10}))
		if golden.Parameters-smaller != head/1000*990 {
			t.Errorf("%s: parameters other than the heads %q and %q depend on the number of classes", name, e.Head, e.AuxHeads)
		}
		if y := nn.Summary(m, tensor.ShapeOf(2, 3, e.Size, e.Size)).Output; y != tensor.ShapeOf(2, 1000) {
			t.Errorf("%s makes %v", name, y)
		}
	}
}

// Without the auxiliary heads the networks have the numbers of parameters that are published for them.
func TestInceptionWithoutAux(t *testing.T) {
	golden := readInceptionGolden(t)
	g := models.NewGoogLeNet(random.Shapes(), models.Config{})
	g.Aux1, g.Aux2 = nil, nil
	v3 := models.NewInceptionV3(random.Shapes(), models.Config{})
	v3.Aux = nil
	for name, m := range map[string]models.AuxClassifier{"googlenet": g, "inception_v3": v3} {
		if n := nn.NumParams(m); n != golden[name].WithoutAux || n != map[string]int{"googlenet": 6_624_904, "inception_v3": 23_834_568}[name] {
			t.Errorf("%s without auxiliary heads has %d parameters, want %d", name, n, golden[name].WithoutAux)
		}
	}
	narrow := models.NewGoogLeNet(random.New(1), models.Config{Classes: 3, Width: 0.05, Stem: models.SmallStem})
	narrow.Aux2 = nil
	if _, aux := narrow.ForwardAux(tensor.Zeros(2, 3, 28, 28)); len(aux) != 1 || aux[0].Shape() != tensor.ShapeOf(2, 3) {
		t.Errorf("one auxiliary head gives %d outputs", len(aux))
	}
}

// Networks of an eighth of the width, with the script's weights, make what PyTorch's make of the same pictures.
func TestInceptionGolden(t *testing.T) {
	for name, golden := range readInceptionGolden(t) {
		t.Run(name, func(t *testing.T) { compareInception(t, name, golden) })
	}
}

func compareInception(t *testing.T, name string, golden inceptionGolden) {
	e, _ := models.Find(name)
	for _, want := range golden.Cases {
		cfg := models.Config{Classes: 7, Width: 1.0 / 8}
		if want.Small {
			cfg.Stem = models.SmallStem
		}
		m := nn.To(e.New(random.New(1), cfg), tensor.Float64)
		var filled []tensor.Named
		k := 0
		for _, s := range nn.State(m) {
			if s.DType() != tensor.Float64 {
				continue
			}
			v := formula(s.Numel(), 1000*k)
			k++
			dims, scale, shift := s.Shape().Dims(), 0.1, 0.0
			switch {
			case len(dims) > 1:
				scale = math.Sqrt(6 / float64(s.Numel()/dims[0]))
			case strings.HasSuffix(s.Name, "running_var"), strings.HasSuffix(s.Name, "bn.weight"):
				scale, shift = 0.25, 1
			}
			for i := range v {
				v[i] = shift + v[i]*scale
			}
			filled = append(filled, tensor.Named{Name: s.Name, Tensor: tensor.OfShape(v, s.Shape())})
		}
		if err := nn.Load(m, filled, nn.LoadConfig{AllowMissing: true}); err != nil {
			t.Fatal(err)
		}
		m = nn.Eval(m)
		n, h, w := want.Size[0], want.Size[1], want.Size[2]
		x := tensor.OfShape(formula(n*3*h*w, 77), tensor.ShapeOf(n, 3, h, w))
		at := fmt.Sprintf("%s of %d x %d", name, h, w)
		inceptionNear(t, at, m.Forward(x), want.Scores)
		if c, ok := m.(models.AuxClassifier); ok {
			y, aux := c.ForwardAux(x)
			inceptionNear(t, at+" beside auxiliary heads", y, want.Scores)
			for i := range want.Aux {
				inceptionNear(t, at+", auxiliary head", aux[i], want.Aux[i])
			}
		}
		if want.Transformed != nil {
			switch m := m.(type) {
			case *models.GoogLeNet:
				m.TransformInput = true
			case *models.InceptionV3:
				m.TransformInput = true
			}
			inceptionNear(t, at+", input transformed", m.Forward(x), want.Transformed)
		}
		if want.Maps != nil {
			maps := m.FeatureMaps(x)
			if mean := maps.Abs().Mean().Item(); strings.ReplaceAll(fmt.Sprint(maps.Shape().Dims()), ",", " ") != fmt.Sprint(want.Maps[0]) || !(math.Abs(mean-want.Maps[1].(float64)) <= 1e-9) {
				t.Errorf("%s: maps %v of mean %v, want %v", at, maps.Shape(), mean, want.Maps)
			}
		}
	}
}

func inceptionNear(t *testing.T, what string, got *tensor.Tensor, want [][]float64) {
	t.Helper()
	if got.Dim(0) != len(want) || got.Dim(1) != len(want[0]) {
		t.Fatalf("%s: shape %v", what, got.Shape())
	}
	for i, v := range got.Floats() {
		if w := want[i/len(want[0])][i%len(want[0])]; !(math.Abs(v-w) <= 1e-9*(1+math.Abs(w))) {
			t.Errorf("%s: score %d is %v, want %v", what, i, v, w)
			return
		}
	}
}

// Every network of the family takes pictures of 28 and 64 pixels with a small stem, odd sizes as well, and trains: after a step of
// gradient descent the loss of the batch is smaller, and no parameter is without a gradient.
func TestInceptionTrainsSmall(t *testing.T) {
	for name := range readInceptionGolden(t) {
		e, _ := models.Find(name)
		cfg := models.Config{Classes: 2, Channels: 1, Width: 0.03, Stem: models.SmallStem, Dropout: new(0.0)}
		for _, side := range []int{33, 64} {
			if y := nn.Summary(e.New(random.Shapes(), cfg), tensor.ShapeOf(1, 1, side, side)).Output; y != tensor.ShapeOf(1, 2) {
				t.Errorf("%s of %d pixels makes %v", name, side, y)
			}
		}
		m := e.New(random.New(1), cfg)
		x, y := tensor.Randn(random.New(2), 4, 1, 28, 28), tensor.Of([]int64{0, 1, 1, 0})
		loss := func() *tensor.Tensor {
			out := m.Forward(x)
			if c, ok := m.(models.AuxClassifier); ok {
				scores, aux := c.ForwardAux(x)
				out = scores
				for _, a := range aux {
					out = out.Add(a.MulScalar(0.3))
				}
			}
			return out.LogSoftmax(1).Gather(1, y.Reshape(4, 1)).Mean().Neg()
		}
		before := loss()
		before.Backward()
		norm := 0.0
		for _, p := range nn.NamedParams(m) {
			if p.Grad() == nil {
				t.Fatalf("%s: %s has no gradient", name, p.Name)
			}
			norm += p.Grad().Square().Sum().Item()
		}
		for _, p := range nn.Params(m) {
			p.CopyFrom(p.Detach().Sub(p.Grad().MulScalar(1e-3 / math.Sqrt(norm))))
		}
		if a, b := loss().Item(), before.Item(); !(a < b) {
			t.Errorf("%s: a step takes the loss from %v to %v", name, b, a)
		}
	}
}

func TestInceptionRefuses(t *testing.T) {
	for name := range readInceptionGolden(t) {
		e, _ := models.Find(name)
		for what, cfg := range map[string]models.Config{
			"classes": {Classes: -1}, "channels": {Channels: -1}, "width": {Width: -1}, "stem": {Stem: 9}, "dropout": {Dropout: new(1.5)},
		} {
			if err := tensor.Catch(func() { e.New(random.Shapes(), cfg) }); !errors.Is(err, tensor.ErrValue) {
				t.Errorf("%s: %s: error %v, want kind %v", name, what, err, tensor.ErrValue)
			}
		}
	}
	m := models.NewGoogLeNet(random.New(1), models.Config{Width: 0.05, Channels: 1, Stem: models.SmallStem})
	m.TransformInput = true
	if err := tensor.Catch(func() { m.Forward(tensor.Zeros(1, 1, 28, 28)) }); !errors.Is(err, tensor.ErrShape) {
		t.Errorf("grey pictures as if of ImageNet: error %v, want kind %v", err, tensor.ErrShape)
	}
}

// The scale of residuals is an option.
func TestInceptionResNetScale(t *testing.T) {
	scale := func(m *models.InceptionResNetV2, i int) float64 {
		return m.Repeat1[i].(*models.ResidualInception).Scale
	}
	published := models.NewInceptionResNetV2(random.Shapes(), models.InceptionResNetConfig{})
	mine := models.NewInceptionResNetV2(random.Shapes(), models.InceptionResNetConfig{Scale: new(0.3)})
	if scale(published, 0) != 0.1 || published.Block8.Scale != 1 || scale(mine, 19) != 0.3 || mine.Block8.Scale != 0.3 {
		t.Error("the residuals' scales are not the options'")
	}
	zero := nn.Eval(models.NewInceptionResNetV1(random.New(1), models.InceptionResNetConfig{Config: models.Config{Width: 0.1, Stem: models.SmallStem}, Scale: new(0.0)}))
	x := tensor.Rand(random.New(2), 1, 26, 9, 9)
	if y := zero.Repeat1[0].Forward(x); !tensor.Equal(x, y) {
		t.Error("a residual scaled by 0 changes what it is added to")
	}
}

// Parameters and operations are counted without any data.
func ExampleNewInceptionV3() {
	m := models.NewInceptionV3(random.Shapes(), models.Config{})
	with := nn.NumParams(m)
	m.Aux = nil
	s := nn.Summary(m, tensor.ShapeOf(1, 3, 299, 299))
	fmt.Println(with, s.Params, s.Output)
	fmt.Printf("%.1f GFLOPs\n", float64(s.FLOPs)/1e9)
	// Output:
	// 27161264 23834568 (1, 1000)
	// 11.4 GFLOPs
}

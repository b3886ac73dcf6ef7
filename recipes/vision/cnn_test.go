package vision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// shades makes a folder of n noisy pictures of 10 x 8 pixels of each class, a shade of red to blue.
func shades(t *testing.T, n int, classes ...string) string {
	t.Helper()
	dir, g := t.TempDir(), random.New(1)
	for k, class := range classes {
		for i := range n {
			img := image.NewNRGBA(image.Rect(0, 0, 10, 8))
			share := float64(k) / float64(len(classes)-1)
			for p := 0; p < len(img.Pix); p += 4 {
				noise := 60 * g.Float64()
				copy(img.Pix[p:], []uint8{uint8(190*(1-share) + noise), uint8(noise), uint8(190*share + noise), 255})
			}
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			writeTest(t, filepath.Join(dir, class, fmt.Sprint(i, ".png")), b.Bytes())
		}
	}
	return dir
}

func writeTest(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// narrow are the options of a small network, as the command would fill them in.
func narrow(data string) *CNNRecipe {
	return &CNNRecipe{
		Data: data, Net: "resnet20", Width: 0.25, Stem: "auto", Epochs: 2, BatchSize: 8, Optimizer: "sgd", Momentum: 0.9, WeightDecay: 5e-4, Schedule: "one-cycle", Parts: 1, Validation: 0.2, Workers: 2,
	}
}

// outcome is what a training leaves.
type outcome struct {
	run   *train.Run
	info  train.ImageInfo
	m     train.Metrics
	notes []string
}

func (o outcome) file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(o.run.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func trainCNN(t *testing.T, c *CNNRecipe) (o outcome, err error) {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	o.run, err = train.NewRun(t.TempDir(), train.Info{Recipe: "cnn", Config: json.RawMessage("{}")})
	if err != nil {
		t.Fatal(err)
	}
	o.m, err = c.Train(t.Context(), &recipes.Env{
		Seed: 3, Run: o.run, Source: source.Config{Offline: true},
		Note:     func(s string) { o.notes = append(o.notes, s) },
		Describe: func(data any) error { o.info = data.(train.ImageInfo); return nil },
	})
	return o, err
}

func trained(t *testing.T, c *CNNRecipe) outcome {
	t.Helper()
	o, err := trainCNN(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Without --epochs a small folder is seen often enough to make 300 steps.
func TestCNNFolderEpochs(t *testing.T) {
	dir := shades(t, 8, "blue", "red")
	for batch, want := range map[int]int{8: 150, 1: 30} { // 2 and 10 steps an epoch
		c := narrow(dir)
		c.Epochs, c.BatchSize, c.Width = 0, batch, 1.0/16
		if trained(t, c); c.Epochs != want {
			t.Errorf("%d epochs of batches of %d, want %d", c.Epochs, batch, want)
		}
	}
}

// A folder is learned, and everything that can be asked for at once gives the same bits whatever the number of workers.
func TestCNNFolder(t *testing.T) {
	dir := shades(t, 20, "blue", "red", "violet")
	c := narrow(dir)
	c.Epochs, c.Width = 12, 0.5
	o := trained(t, c)
	if a, _ := o.m.Get("test_accuracy"); a < 0.9 {
		t.Errorf("%v", o.m)
	}
	if in := o.info; in.Set != dir || in.Height != 8 || in.Width != 10 || in.Channels != 3 || !slices.Equal(in.Classes, []string{"blue", "red", "violet"}) || !in.White {
		t.Errorf("%+v", in)
	}

	var first outcome
	for _, workers := range []int{1, 3} {
		c := narrow(dir)
		c.MixUp, c.CutMix, c.LabelSmoothing, c.Checkpointing, c.Workers, c.Augment = 0.2, 1, new(0.1), workers == 3, workers, []string{"flip", "crop:1", "jitter", "cutout:3"}
		c.LRGroups = map[string]float64{"layer3": 0.1, "layer3.0": 0.5, "fc": 2}
		o := trained(t, c)
		if first.run == nil {
			first = o
		} else if o.file(t, train.ModelFile) != first.file(t, train.ModelFile) {
			t.Error("workers or checkpointing change the weights")
		}
		if len(o.notes) > 0 {
			t.Error(o.notes)
		}
	}
	// The test pictures of the folder are those that training measured.
	tell := func(err error) { t.Error(err) }
	test, err := TestPictures(t.Context(), dir, first.info, source.Config{}, tell)
	if err != nil {
		t.Fatal(err)
	}
	model := c.Model(random.New(0), o.info)
	if err := o.run.Load(model); err != nil {
		t.Fatal(err)
	}
	if m, _, err := train.TestClassifier(t.Context(), model, test, o.info); err != nil || m.String() != o.m.String() {
		t.Errorf("%v, training said %v (%v)", m, o.m, err)
	}
	// With another picture, others are held back: some of them were trained on.
	copyTest(t, filepath.Join(dir, "red", "0.png"), filepath.Join(dir, "red", "more.png"))
	if _, err := TestPictures(t.Context(), dir, first.info, source.Config{}, tell); err == nil || !strings.Contains(err.Error(), "holds other pictures than when the model was trained") {
		t.Error(err)
	}
}

func copyTest(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeTest(t, to, b)
}

// A folder's own parts are what they are: val chooses the epoch without --validation, and test may grow.
func TestCNNFolderOfParts(t *testing.T) {
	from, dir := shades(t, 6, "blue", "red"), t.TempDir()
	for i := range 6 {
		for _, class := range []string{"blue", "red"} {
			name := filepath.Join(class, fmt.Sprint(i, ".png"))
			copyTest(t, filepath.Join(from, name), filepath.Join(dir, []string{"train", "train", "train", "train", "val", "test"}[i], name))
		}
	}
	c := narrow(dir)
	c.Validation, c.Patience = 0, 1
	o := trained(t, c)
	if h, err := o.run.History(); err != nil || h[0].Metrics["val_accuracy"] == nil {
		t.Errorf("%+v (%v)", h, err)
	}
	copyTest(t, filepath.Join(from, "red", "0.png"), filepath.Join(dir, "test", "red", "more.png"))
	d, err := TestPictures(t.Context(), dir, o.info, source.Config{}, func(err error) { t.Error(err) })
	if err != nil || d.Len() != 3 {
		t.Error(err)
	}
}

// Without a validation part the last epoch counts; other sizes, colours and proportions are met; other optimizers and schedules work.
func TestCNNForms(t *testing.T) {
	dir := shades(t, 8, "blue", "red")
	for _, change := range []func(*CNNRecipe){
		func(c *CNNRecipe) { c.Validation, c.Size, c.Channels, c.Crop = 0, 12, 1, true },
		func(c *CNNRecipe) { c.Optimizer, c.Schedule, c.Parts, c.ClipNorm = "adamw", "cosine", 2, 1 },
		func(c *CNNRecipe) {
			c.Net, c.Stem, c.Size, c.Schedule, c.Epochs, c.Width = "alexnet", "small", 16, "constant", 1, 1./32
		},
	} {
		c := narrow(dir)
		change(c)
		o := trained(t, c)
		h, err := o.run.History()
		if err != nil || len(h) != c.Epochs || (h[0].Metrics["val_accuracy"] != nil) != (c.Validation > 0) {
			t.Errorf("%+v: %+v (%v)", c, h, err)
		}
		if want := max(c.Size, 8); o.info.Height != want || o.info.Crop != c.Crop || o.info.Channels != max(c.Channels, 3)-2*(c.Channels%3) {
			t.Errorf("%+v", o.info)
		}
	}
}

// Weights of a network for other classes, of which all but the last layer stays as it is.
func TestCNNFineTuning(t *testing.T) {
	from := trained(t, narrow(shades(t, 8, "blue", "red", "violet")))
	dir := shades(t, 8, "cold", "warm")
	weights := func(o outcome) map[string]string {
		model := narrow("").Model(random.New(0), o.info)
		if err := o.run.Load(model); err != nil {
			t.Fatal(err)
		}
		w := map[string]string{}
		for _, s := range nn.State(model) {
			w[s.Name] = string(s.Bytes())
		}
		return w
	}
	for _, c := range []struct {
		change func(*CNNRecipe)
		stays  func(name string) bool
	}{
		{func(c *CNNRecipe) { c.HeadOnly = true }, func(name string) bool { return !strings.HasPrefix(name, "fc.") }},
		{func(c *CNNRecipe) { c.Freeze = []string{"conv1*", "bn1*", "layer1*"} }, func(name string) bool {
			return strings.HasPrefix(name, "conv1") || strings.HasPrefix(name, "bn1") || strings.HasPrefix(name, "layer1")
		}},
		{func(c *CNNRecipe) {}, func(string) bool { return false }},
	} {
		r := narrow(dir)
		r.Weights, r.Stem = from.run.Path(train.ModelFile), "small"
		c.change(r)
		o := trained(t, r)
		if len(o.notes) != 1 || !strings.Contains(o.notes[0], "model.safetensors is for other classes: the last layer, fc, starts anew") {
			t.Errorf("%q", o.notes)
		}
		before, after := weights(from), weights(o)
		for name := range after {
			if same := before[name] == after[name]; same != c.stays(name) {
				t.Errorf("%s: the same %v, want %v", name, same, c.stays(name))
			}
		}
	}
	// As many classes: the last layer comes along, unless it shall not.
	r := narrow(shades(t, 8, "a", "b", "c"))
	r.Weights, r.Stem, r.Freeze = from.run.Path(train.ModelFile), "small", []string{"fc.*"}
	if o := trained(t, r); len(o.notes) != 0 || weights(o)["fc.weight"] != weights(from)["fc.weight"] {
		t.Error("the last layer was left out", o.notes)
	}
	r = narrow(r.Data)
	r.Weights, r.Stem, r.Freeze, r.NewHead = from.run.Path(train.ModelFile), "small", []string{"fc.*", "conv1.*"}, true
	if o := trained(t, r); len(o.notes) != 0 || weights(o)["fc.weight"] == weights(from)["fc.weight"] || weights(o)["conv1.weight"] != weights(from)["conv1.weight"] {
		t.Error("the last layer came along", o.notes)
	}
	r = narrow(r.Data)
	r.Weights, r.Width = from.run.Path(train.ModelFile), 0.5
	if _, err := trainCNN(t, r); err == nil || !strings.Contains(err.Error(), "conv1.weight is (4, 3, 3, 3) in the file and (8, 3, 3, 3) in the model") || !strings.HasSuffix(err.Error(), "; give the --model, --width, --stem and --channels that they are of") {
		t.Error(err)
	}
}

// twoHeads is a classifier with an auxiliary head.
type twoHeads struct {
	A, B *nn.Linear
}

func (m *twoHeads) FeatureMaps(x *tensor.Tensor) *tensor.Tensor { return x }
func (m *twoHeads) Scores(maps *tensor.Tensor) *tensor.Tensor   { return m.A.Forward(maps.Mean(2, 3)) }
func (m *twoHeads) Forward(x *tensor.Tensor) *tensor.Tensor     { return m.Scores(x) }
func (m *twoHeads) ForwardAux(x *tensor.Tensor) (y *tensor.Tensor, aux []*tensor.Tensor) {
	return m.Scores(x), []*tensor.Tensor{m.B.Forward(x.Mean(2, 3))}
}

// The losses of auxiliary heads count 0.3.
func TestCNNAuxiliary(t *testing.T) {
	g := random.New(1)
	var m models.AuxClassifier = &twoHeads{nn.NewLinear(g, 3, 4, nn.LinearConfig{}), nn.NewLinear(g, 3, 4, nn.LinearConfig{})}
	b := dataset.Batch{X: tensor.Randn(g, 5, 3, 2, 2), Y: tensor.Of([]int64{0, 1, 2, 3, 0})}
	c := &CNNRecipe{LabelSmoothing: new(0.0)}
	y, loss := c.forward(m)(b)
	scores, aux := m.ForwardAux(b.X)
	want := losses.CrossEntropy(scores, b.Y).Item() + 0.3*losses.CrossEntropy(aux[0], b.Y).Item()
	if math.Abs(loss.Item()-want) > 1e-6 || !slices.Equal(y.Floats(), scores.Floats()) {
		t.Errorf("loss %v, want %v", loss.Item(), want)
	}
}

func TestCNNErrors(t *testing.T) {
	for want, change := range map[string]func(*CNNRecipe){
		`--model: there is no model "nope"`:                       func(c *CNNRecipe) { c.Net = "nope" },
		"--label-smoothing 1: give":                               func(c *CNNRecipe) { c.LabelSmoothing = new(1.0) },
		"--validation 1: give":                                    func(c *CNNRecipe) { c.Validation = 1 },
		"--head-only freezes all but":                             func(c *CNNRecipe) { c.HeadOnly, c.Freeze = true, []string{"conv1*"} },
		"--size 2000: give at most":                               func(c *CNNRecipe) { c.Size = 2000 },
		"--lr-groups fc=0: give a factor above 0":                 func(c *CNNRecipe) { c.LRGroups = map[string]float64{"fc": 0} },
		`--augment: there is no "flop"; choose of crop, flip`:     func(c *CNNRecipe) { c.Augment = []string{"flop"} },
		`--augment flip:x: "x" is not a finite number`:            func(c *CNNRecipe) { c.Augment = []string{"flip:x"} },
		`--augment rotate:Inf: "Inf" is not a finite number`:      func(c *CNNRecipe) { c.Augment = []string{"rotate:Inf"} },
		`--augment crop:2.7: "2.7" is not a whole number`:         func(c *CNNRecipe) { c.Augment = []string{"crop:2.7"} },
		`--augment crop:NaN: "NaN" is not a whole number`:         func(c *CNNRecipe) { c.Augment = []string{"crop:NaN"} },
		`--augment cutout:2.7: "2.7" is not a whole number`:       func(c *CNNRecipe) { c.Augment = []string{"cutout:2.7"} },
		"--augment resized-crop:0.3: it takes no number":          func(c *CNNRecipe) { c.Augment = []string{"resized-crop:0.3"} },
		"--augment flip:2: random_horizontal_flip: probability 2": func(c *CNNRecipe) { c.Augment = []string{"crop", "flip:2"} },
		"--augment cutout:0: cutout: a side of 0 pixels":          func(c *CNNRecipe) { c.Augment = []string{"cutout:0"} },
		"--augment flip,none: none stands alone":                  func(c *CNNRecipe) { c.Augment = []string{"flip", "none"} },
		"--augment none,flip: none stands alone":                  func(c *CNNRecipe) { c.Augment = []string{"none", "flip"} },
		"--augment none:1: none stands alone":                     func(c *CNNRecipe) { c.Augment = []string{"none:1"} },
		"--width 8.5: give a factor of up to 8":                   func(c *CNNRecipe) { c.Width = 8.5 },
		"--new-head is for --weights":                             func(c *CNNRecipe) { c.NewHead = true },
		"--width NaN: give a factor of up to 8":                   func(c *CNNRecipe) { c.Width = math.NaN() },
	} {
		c := narrow("digits")
		change(c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want %s", err, want)
		}
	}
	dir := shades(t, 4, "a", "b")
	writeTest(t, filepath.Join(dir, "a", "bad.png"), []byte("hello"))
	weights := filepath.Join(dir, "weights.safetensors")
	writeTest(t, weights, []byte("noise"))
	for want, change := range map[string]func(*CNNRecipe){
		`there is no data set "nope"; choose one of digits, emoji`:      func(c *CNNRecipe) { c.Data = "nope" },
		"1 of 9 pictures cannot be read: mend, remove or skip them":     func(c *CNNRecipe) { c.Data = dir },
		"--lr-groups layer9: nothing that trains in resnet20":           func(c *CNNRecipe) { c.LRGroups = map[string]float64{"layer9": 1} },
		"all parameters are frozen":                                     func(c *CNNRecipe) { c.Freeze = []string{"*"} },
		"--patience needs pictures":                                     func(c *CNNRecipe) { c.Validation, c.Patience = 0, 2 },
		weights + ": ":                                                  func(c *CNNRecipe) { c.Weights = weights },
		`--freeze: no parameter's name matches "layer9*"; there are co`: func(c *CNNRecipe) { c.Freeze = []string{"conv1*", "layer9*"} },
		`--freeze: "[" is no pattern: `:                                 func(c *CNNRecipe) { c.Freeze = []string{"["} },
	} {
		c := narrow("digits")
		change(c)
		if _, err := trainCNN(t, c); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v; want %s", err, want)
		}
	}
	// By choice the bad picture is left out, and named.
	c := narrow(dir)
	c.SkipBad = true
	if o := trained(t, c); len(o.notes) != 2 || !strings.HasPrefix(o.notes[0], filepath.Join(dir, "a", "bad.png")+" is not a picture") || o.notes[1] != "1 pictures that cannot be read are left out" {
		t.Errorf("%q", o.notes)
	}
}

// What suits a set exists, and sets that are downloaded are among those that are known.
func TestCNNDefaults(t *testing.T) {
	for _, s := range sets.All() {
		if _, ok := cnnDefaults[s.Name]; !ok {
			t.Errorf("%s has no defaults", s.Name)
		}
		c := CNNRecipe{Data: s.Name, Stem: "auto"}
		info, err := c.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := c.resolved(s.Name)
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if _, err := augment(r.Augment, info.Height, info.Width, false); err != nil || r.Epochs < 1 || r.BatchSize < 1 || r.LR <= 0 {
			t.Errorf("%s: %+v (%v)", s.Name, r, err)
		}
		x := tensor.Zeros(1, info.Channels, info.Height, info.Width)
		if y := nn.Eval(c.Model(random.New(1), info)).Forward(x); y.Shape() != tensor.ShapeOf(1, s.NumClasses) {
			t.Errorf("%s: %v", s.Name, y.Shape())
		}
	}
	dir := shades(t, 4, "a", "b")
	info, err := (&CNNRecipe{Data: dir, Size: 20}).Info(t.Context())
	if err != nil || info.Height != 20 || info.Width != 20 || info.Channels != 3 || len(info.Classes) != 2 {
		t.Errorf("%+v (%v)", info, err)
	}
}

// What is filled in is black, on a white ground white.
func TestAugmentGround(t *testing.T) {
	x := tensor.Full(0.5, 1, 4, 4)
	for white, want := range map[bool]float64{false: 0, true: 1} {
		ts, err := augment([]string{"cutout:9"}, 4, 4, white)
		if err != nil {
			t.Fatal(err)
		}
		if got := ts[0](x, random.New(1)).Mean().Item(); got != want {
			t.Errorf("white %v: %v, want %v", white, got, want)
		}
	}
	for words, n := range map[string]int{"none": 0, "crop,flip,vflip,rotate,affine,resized-crop,jitter,grey,blur,cutout,erasing": 11} {
		ts, err := augment(strings.Split(words, ","), 8, 8, true)
		if err != nil || len(ts) != n {
			t.Errorf("%s: %d transforms (%v)", words, len(ts), err)
		}
		for _, f := range ts {
			if y := f(tensor.Full(0.5, 3, 8, 8), random.New(2)); y.Shape() != tensor.ShapeOf(3, 8, 8) {
				t.Errorf("%s: %v", words, y.Shape())
			}
		}
	}
}

// A set in another form is measured in the form that the model was trained on; one with other pictures is refused.
func TestTestPictures(t *testing.T) {
	var told []string
	tell := func(err error) { told = append(told, err.Error()) }
	info := train.ImageInfo{Set: "digits", Classes: strings.Split("0123456789", ""), Channels: 3, Height: 12, Width: 12, Mean: []float64{0, 0, 0}, Std: []float64{1, 1, 1}}
	open := func(data string) (dataset.Dataset[dataset.Sample], error) {
		return TestPictures(t.Context(), data, info, source.Config{Offline: true}, tell)
	}
	refused := func(data, want string) {
		t.Helper()
		if _, err := open(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	at := func(d dataset.Dataset[dataset.Sample], i int) dataset.Sample {
		t.Helper()
		s, err := d.At(t.Context(), i, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	d, err := open("digits")
	if err != nil || d.Len() != 359 {
		t.Fatal(err)
	}
	if x := at(d, 0).X; x.Shape() != tensor.ShapeOf(3, 12, 12) || math.Abs(x.Max().Item()-1) > 0.01 {
		t.Error(x.Shape())
	}
	// A model that knows the classes in another order sees their numbers in that.
	slices.Reverse(info.Classes)
	other, err := open("digits")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if a, b := at(d, i).Y, at(other, i).Y; a+b != 9 {
			t.Errorf("picture %d is of class %d, then %d", i, a, b)
		}
	}
	info.Classes[2] = "seven"
	refused("digits", `the model knows the class "seven", which digits does not have`)
	info.Classes = info.Classes[3:]
	refused("digits", `digits has the class "7", which the model does not know`)
	info.Set = "mnist"
	refused("digits", "the model takes 3x12x12 pictures, digits has 1x8x8")
	refused("nope", `no data set "nope"`)

	dir := shades(t, 10, "a", "b")
	writeTest(t, filepath.Join(dir, "a", "bad.png"), nil)
	info.Classes = []string{"b", "a"}
	if d, err = open(dir); err != nil || d.Len() != 4 || len(told) != 1 || !strings.Contains(told[0], "bad.png is not a picture") {
		t.Fatalf("%v, told %q", err, told)
	}
	for i := range 4 { // a is red, b is blue
		if s := at(d, i); (s.X.Select(0, 0).Mean().Item() > 0.5) != (s.Y == 1) {
			t.Errorf("picture %d is said to be of class %d", i, s.Y)
		}
	}
	info.Classes = []string{"a", "c"}
	refused(dir, `the model knows the class "c", which `+dir+" does not have")
	info.Classes = []string{"a"}
	refused(dir, dir+` has the class "b", which the model does not know`)
}

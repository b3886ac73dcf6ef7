package train

import (
	"context"
	"image"
	"image/color"
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

var digitsInfo = ImageInfo{
	Set: "digits", Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	Channels: 1, Height: 8, Width: 8, Mean: []float64{0.3}, Std: []float64{0.4},
}

// bright classifies 1x1 pictures: class 1 when the only pixel is bright, with scores 2x and 0.
type bright struct{}

func (bright) Forward(x *tensor.Tensor) *tensor.Tensor {
	v := x.Floats()
	s := make([]float32, 2*len(v))
	for i := range v {
		s[2*i+1] = float32(2 * v[i])
	}
	return tensor.Of(s, len(v), 2)
}

// Loss and accuracy are means over samples, also where the last batch is short: 257 are one batch of 256 and one of 1.
func TestEvaluateClassifier(t *testing.T) {
	const n = evaluationBatch + 1
	set := &imageset.Images{N: n, H: 1, W: 1, C: 1, Max: 1, Pix: make([]uint8, n), Labels: make([]uint8, n), Classes: []string{"dark", "bright"}}
	set.Pix[n-1], set.Labels[n-1] = 1, 0 // the last one, alone in its batch, is wrong with loss log(1+e²)
	for i := range 10 {
		set.Pix[i], set.Labels[i] = 1, 1 // right with loss log(1+e⁻²); a dark one has equal scores, the first counts: right with log 2
	}
	d, err := dataset.NewImages(set, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := EvaluateClassifier(context.Background(), bright{}, d, "val_")
	if err != nil {
		t.Fatal(err)
	}
	loss := (math.Log(1+math.Exp(2)) + 10*math.Log(1+math.Exp(-2)) + (n-11)*math.Log(2)) / n
	if len(m) != 2 || m[0].Name != "val_loss" || math.Abs(m[0].Value-loss) > 1e-6 || m[1].Name != "val_accuracy" || math.Abs(m[1].Value-(n-1.)/n) > 1e-12 {
		t.Errorf("%v, want loss %v and accuracy %v", m, loss, (n-1.)/n)
	}
	info := ImageInfo{Classes: set.Classes, Channels: 1, Height: 1, Width: 1}
	tm, confusion, err := TestClassifier(context.Background(), bright{}, d, info)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want float64
	}{
		{"test_accuracy", (n - 1.) / n}, {"test_loss", loss}, {"test_top5", 1},
		// dark: precision 246/246, recall 246/247; bright: 10/11, 10/10.
		{"test_precision", (1 + 10./11) / 2}, {"test_recall", (246./247 + 1) / 2},
		{"test_f1", (2*246./(246+247) + 2*10./(10+11)) / 2},
	} {
		if v, ok := tm.Get(c.name); !ok || math.Abs(v-c.want) > 1e-6 {
			t.Errorf("%s = %v, want %v", c.name, v, c.want)
		}
	}
	if confusion.Counts[0][0] != 246 || confusion.Counts[0][1] != 1 || confusion.Counts[1][0] != 0 || confusion.Counts[1][1] != 10 {
		t.Errorf("%v", confusion.Counts)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := EvaluateClassifier(stopped, bright{}, d, ""); err != context.Canceled {
		t.Errorf("with a context that is done: %v", err)
	}
}

// Evaluation is in inference mode: no dropout, running statistics that stay, and a generator that is not drawn from.
func TestEvaluationChangesNothing(t *testing.T) {
	m := newNet(random.New(1))
	for _, b := range nn.NamedBuffers(m) {
		if b.Name == "norm.running_var" {
			b.CopyFrom(tensor.Full(4, 4))
		}
	}
	var before []*tensor.Tensor
	for _, n := range nn.State(m) {
		before = append(before, n.Tensor.Clone())
	}
	pos := m.Drop.Generator.State()
	d := pictures(t, 0, 50)
	a, err := EvaluateClassifier(context.Background(), m, d, "")
	if err != nil {
		t.Fatal(err)
	}
	b, err := EvaluateClassifier(context.Background(), m, d, "")
	if err != nil || a[0] != b[0] || a[1] != b[1] {
		t.Errorf("%v and then %v, %v", a, b, err)
	}
	for i, n := range nn.State(m) {
		if !tensor.Equal(n.Tensor, before[i]) {
			t.Errorf("%s changed", n.Name)
		}
	}
	if m.Drop.Generator.State() != pos || m.Drop.Mode != nn.Train || m.Norm.Mode != nn.Train {
		t.Error("the module's generator or mode changed")
	}
	// One sample alone gives what it gives among others, which batch statistics would not.
	x := d.Tensor(0).Reshape(1, 1, 8, 8)
	alone := nn.Eval(m).Forward(x).Floats()
	var all []*tensor.Tensor
	for i := range 50 {
		all = append(all, d.Tensor(i))
	}
	for i, v := range nn.Eval(m).Forward(tensor.Stack(0, all...)).Floats()[:10] {
		if math.Abs(v-alone[i]) > 1e-5 {
			t.Errorf("score %d is %v alone and %v among others", i, alone[i], v)
		}
	}
}

func TestImageInfoCheck(t *testing.T) {
	if err := digitsInfo.Check(); err != nil {
		t.Error(err)
	}
	for i, change := range []func(*ImageInfo){
		func(in *ImageInfo) { in.Classes = nil },
		func(in *ImageInfo) { in.Channels = 0 },
		func(in *ImageInfo) { in.Height = -1 },
		func(in *ImageInfo) { in.Width = 1 << 20 },
		func(in *ImageInfo) { in.Mean = nil },
		func(in *ImageInfo) { in.Std = []float64{1, 1} },
		func(in *ImageInfo) { in.Std = []float64{0} },
		func(in *ImageInfo) { in.Std = []float64{math.NaN()} },
		func(in *ImageInfo) { in.Mean = []float64{math.Inf(1)} },
		func(in *ImageInfo) { in.Channels, in.Mean, in.Std = 2, []float64{0, 0}, []float64{1, 1} },
		func(in *ImageInfo) {
			in.Channels, in.Mean, in.Std = 4, make([]float64, 4), []float64{1, 1, 1, 1}
		},
	} {
		in := digitsInfo
		change(&in)
		if in.Check() == nil {
			t.Errorf("change %d is accepted", i)
		}
	}
}

// A picture of the data set comes back as the model's input, through Picture and Input.
func TestPictureAndInput(t *testing.T) {
	d := pictures(t, 0, 5)
	for i := range 5 {
		x := d.Tensor(i)
		back := digitsInfo.Input(digitsInfo.Picture(x), false)
		if back.Shape() != tensor.ShapeOf(1, 1, 8, 8) || !tensor.AllClose(back.Reshape(1, 8, 8), x, 0, 0.51/255/0.4, false) { // 8 bits
			t.Fatalf("picture %d: %v, want %v", i, back, x)
		}
	}
}

func TestInput(t *testing.T) {
	grey := ImageInfo{Channels: 1, Height: 2, Width: 2}
	rgb := ImageInfo{Channels: 3, Height: 2, Width: 2, Mean: []float64{0.5, 0.25, 0}, Std: []float64{0.5, 0.25, 2}}
	c := color.RGBA{255, 51, 102, 255}
	luma := 0.299*1 + 0.587*0.2 + 0.114*0.4
	fill := func(w, h int, c color.Color) image.Image {
		img := image.NewNRGBA64(image.Rect(3, 5, 3+w, 5+h)) // pictures need not start at the origin
		for y := range h {
			for x := range w {
				img.Set(3+x, 5+y, c)
			}
		}
		return img
	}
	near := func(what string, got *tensor.Tensor, want ...float64) {
		t.Helper()
		v := got.Floats()
		if len(v) != len(want) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
		for i := range v {
			if math.Abs(v[i]-want[i]) > 0.006 { // 8 bits
				t.Errorf("%s: %v, want %v", what, v, want)
				return
			}
		}
	}
	// Of one colour, any size gives that colour; grey is the luma of ITU-R BT.601.
	for _, size := range [][2]int{{2, 2}, {1, 1}, {7, 3}, {1000, 1}} {
		img := fill(size[0], size[1], c)
		near("grey", grey.Input(img, false), luma, luma, luma, luma)
		near("inverted", grey.Input(img, true), 1-luma, 1-luma, 1-luma, 1-luma)
		near("colour", rgb.Input(img, false), 1, 1, 1, 1, -0.2, -0.2, -0.2, -0.2, 0.2, 0.2, 0.2, 0.2)
	}
	// It is a byte, as of training pictures: 118 for 117.8.
	if v := grey.Input(fill(2, 2, c), false).Floats()[0]; v != float64(float32(118./255)) {
		t.Errorf("grey is %v of 255, want 118", 255*v)
	}
	near("grey to colour", rgb.Input(fill(2, 2, color.Gray16{0x3333}), false), -0.6, -0.6, -0.6, -0.6, -0.2, -0.2, -0.2, -0.2, 0.1, 0.1, 0.1, 0.1)
	near("transparent", grey.Input(fill(2, 2, color.NRGBA{255, 255, 255, 0}), false), 0, 0, 0, 0)
	near("half transparent", grey.Input(fill(2, 2, color.NRGBA{255, 255, 255, 128}), false), 0.5, 0.5, 0.5, 0.5)

	// Rows and columns keep their places, and all pixels count when a picture shrinks: the quadrants of a checkered one
	// of 8x8 become their means, but for what the triangle filter takes from their neighbours.
	img := image.NewGray(image.Rect(0, 0, 2, 2))
	img.Pix = []uint8{0, 51, 102, 255}
	near("order", grey.Input(img, false), 0, 0.2, 0.4, 1)
	checkered := image.NewGray(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			checkered.Pix[64*y+x] = uint8(255 * ((x + y) % 2))
		}
	}
	near("shrunk", grey.Input(checkered, false), 0.5, 0.5, 0.5, 0.5)
}

type scores []float32

func (s scores) Forward(*tensor.Tensor) *tensor.Tensor { return tensor.Of([]float32(s), 1, len(s)) }

func TestPredict(t *testing.T) {
	in := ImageInfo{Classes: []string{"a", "b", "c"}, Channels: 1, Height: 1, Width: 1}
	x := tensor.Zeros(1, 1, 1, 1)
	p, err := in.Predict(scores{0, float32(math.Log(3)), 0}, x)
	if err != nil || len(p) != 3 || p[0].Class != "b" || math.Abs(p[0].Probability-0.6) > 1e-6 || p[1].Class != "a" || p[2].Class != "c" || math.Abs(p[2].Probability-0.2) > 1e-6 {
		t.Errorf("%v, %v", p, err)
	}
	_, err = in.Predict(scores{0, 1}, x)
	wantError(t, "two scores", err, "2 scores for 3 classes")
	_, err = in.Predict(scores{0, 1, float32(math.NaN())}, x)
	wantError(t, "NaN", err, "is not a number")
}

// A report leaves its pictures and figures; also when nothing is wrong and when nothing was recorded.
func TestReportClassifier(t *testing.T) {
	d := pictures(t, 0, 30)
	run := newTestRun(t)
	m, err := ReportClassifier(context.Background(), run, newNet(random.New(1)), d, digitsInfo, Result{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"loss.png", "accuracy.png", "confusion.png", "wrong.png"} {
		f, err := os.Open(run.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, format, err := image.Decode(f); err != nil || format != "png" {
			t.Errorf("%s: %v, %v", name, format, err)
		}
		f.Close()
	}
	if !run.Finished() {
		t.Error("there is no " + ResultFile)
	}
	if _, ok := m.Get("test_accuracy"); !ok {
		t.Error(m)
	}
	perfect := oracle{d, new(int)}
	if m, err = ReportClassifier(context.Background(), newTestRun(t), perfect, d, digitsInfo, Result{}); err != nil || m[0].Value != 1 {
		t.Errorf("%v, %v", m, err)
	}
	if m, err = ReportClassifier(context.Background(), nil, newNet(random.New(1)), d, digitsInfo, Result{}); err != nil || len(m) != 6 {
		t.Errorf("without a run: %v, %v", m, err)
	}
}

// oracle knows the classes.
type oracle struct {
	d  *dataset.Images
	at *int
}

func (o oracle) Forward(x *tensor.Tensor) *tensor.Tensor {
	s := make([]float32, 10*x.Dim(0))
	for i := range x.Dim(0) {
		s[10*i+int(o.d.Labels()[*o.at])] = 5
		*o.at++
	}
	return tensor.Of(s, x.Dim(0), 10)
}

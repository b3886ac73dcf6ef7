package tabular

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// options are the defaults of the command line, with a small mlp.
func options(path, target, model string) *Recipe {
	return &Recipe{
		Data: path, Target: target, Model: model, Task: "auto", Folds: 5, Test: 0.2, Decimal: "point", Impute: "mean", Scale: "standard", Alpha: 1, C: 1, Kernel: "rbf",
		Hidden: []int{16}, Epochs: 40, BatchSize: 16, LR: 0.01, WeightDecay: 0.01, Validation: 0.15, Patience: 10,
	}
}

// trained is a run with the notes and folds that the user sees.
type trained struct {
	run    *train.Run
	info   train.Info
	result train.Metrics
	notes  []string
	folds  []train.Event
}

func (r *trained) env(ctx context.Context) *recipes.Env {
	return &recipes.Env{
		Seed: 1, Run: r.run, Note: func(s string) { r.notes = append(r.notes, s) },
		Describe: func(data any) error { r.info.Data = data; return nil },
		Observe: func(e train.Event) {
			if e.Kind == "fold" {
				r.folds = append(r.folds, e)
			}
		},
	}
}

func run(t *testing.T, c *Recipe) *trained {
	t.Helper()
	r := &trained{info: train.Info{Recipe: "tabular", Seed: 1}}
	var err error
	if r.run, err = train.NewRun(filepath.Join(t.TempDir(), "run"), r.info); err != nil {
		t.Fatal(err)
	}
	if r.result, err = c.Train(context.Background(), r.env(context.Background())); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *trained) get(t *testing.T, name string) float64 {
	t.Helper()
	v, ok := r.result.Get(name)
	if !ok {
		t.Fatalf("there is no %s in %v", name, r.result)
	}
	return v
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// flowers is iris as CSV; with two species as many as there are.
func flowers(t *testing.T, species int) string {
	set := iris.Load()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"sepal length", "sepal width", "petal length", "petal width", "species"})
	x, y := tensor.Data[float64](set.X), tensor.Data[int64](set.Y)
	for i, k := range y {
		if int(k) < 3-species { // the last ones are hard to tell apart
			continue
		}
		var record []string
		for _, v := range x[4*i : 4*i+4] {
			record = append(record, fmt.Sprint(v))
		}
		w.Write(append(record, set.Classes[k]))
	}
	w.Flush()
	return write(t, b.String())
}

func normals(g *random.Generator, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = g.NormFloat64()
	}
	return v
}

// curve is y = 3a - 2b + group + noise, with a group of texts and holes in b.
func curve(t *testing.T, rows int) string {
	g := random.New(3)
	a, b, noise := normals(g, rows), normals(g, rows), normals(g, rows)
	var s strings.Builder
	s.WriteString("a,b,group,y\n")
	for i := range rows {
		hole := fmt.Sprint(b[i])
		if i%10 == 3 {
			hole = ""
		}
		fmt.Fprintf(&s, "%v,%s,g%d,%v\n", a[i], hole, i%3, 3*a[i]-2*b[i]+5*float64(i%3)+0.5*noise[i])
	}
	return write(t, s.String())
}

// Every model learns, leaves the files that it should, and predicts and measures the same when it is loaded.
func TestModels(t *testing.T) {
	classes, two, numbers := flowers(t, 3), flowers(t, 2), curve(t, 200)
	common := []string{"config.json", "last", "model.safetensors", "pipeline.json", "result.json"}
	for _, c := range []struct {
		data, target, model, kernel string
		metric                      string
		least                       float64
		files                       []string
	}{
		{classes, "species", "auto", "", "accuracy", 0.9, []string{"confusion.png"}},
		{classes, "species", "logistic", "", "accuracy", 0.9, []string{"confusion.png"}},
		{classes, "species", "svm", "rbf", "accuracy", 0.9, []string{"confusion.png"}},
		{two, "species", "svm", "polynomial", "accuracy", 0.85, []string{"confusion.png", "roc.png"}},
		{two, "species", "svm", "linear", "roc_auc", 0.95, []string{"confusion.png", "roc.png"}},
		{two, "species", "logistic", "", "roc_auc", 0.95, []string{"confusion.png", "roc.png"}},
		{classes, "species", "mlp", "", "accuracy", 0.9, []string{"accuracy.png", "confusion.png", "loss.png", "metrics.jsonl", "histograms.jsonl", "gradients.png", "activations.png", "units.png"}},
		{numbers, "y", "auto", "", "r2", 0.8, []string{"predicted.png", "residuals.png"}},
		{numbers, "y", "linear", "", "r2", 0.8, []string{"predicted.png", "residuals.png"}},
		{numbers, "y", "ridge", "", "r2", 0.8, []string{"predicted.png", "residuals.png"}},
		{numbers, "y", "mlp", "", "r2", 0.8, []string{"loss.png", "metrics.jsonl", "histograms.jsonl", "gradients.png", "activations.png", "units.png", "predicted.png", "residuals.png"}},
	} {
		name := c.model + " " + c.kernel + " of " + c.target
		o := options(c.data, c.target, c.model)
		o.Kernel = c.kernel
		r := run(t, o)
		if cv, test := r.get(t, "cv_"+c.metric), r.get(t, "test_"+c.metric); !(cv >= c.least && test >= c.least && cv <= 1 && test <= 1) {
			t.Errorf("%s: %v, want %v at least", name, r.result, c.least)
		}
		if se := r.get(t, "cv_"+c.metric+"_se"); !(se > 0 && se < 0.1) {
			t.Errorf("%s: standard error %v", name, se)
		}
		if len(r.folds) != 5 || r.folds[4].Epoch != 5 {
			t.Errorf("%s: folds %v", name, r.folds)
		}
		var files []string
		entries, _ := os.ReadDir(r.run.Dir)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), "events.out.") {
				files = append(files, e.Name())
			}
		}
		if want := slices.Sorted(slices.Values(append(slices.Clone(common), c.files...))); !slices.Equal(files, want) {
			t.Errorf("%s: the files are %v, want %v", name, files, want)
		}

		m, err := o.Open(r.run, r.info)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e, err := m.Evaluate(context.Background(), "")
		if err != nil || !reflect.DeepEqual(e.Metrics, r.result[len(r.result)-len(e.Metrics):]) || (e.Report != "") != (c.target == "species") {
			t.Errorf("%s: measured again %v, %v; was %v", name, e, err, r.result)
		}
		b, err := os.ReadFile(c.data)
		if err != nil {
			t.Fatal(err)
		}
		n, right := 0, 0
		notes, err := m.Predict(context.Background(), bytes.NewReader(b), func(p recipes.TablePrediction) error {
			n++
			if p.Row != n || len(p.Scores) != len(m.Classes()) {
				t.Errorf("%s: prediction %+v of row %d", name, p, n)
			}
			line := strings.Split(string(b), "\n")[n]
			if p.Class != "" && strings.HasSuffix(line, ","+p.Class) {
				right++
			}
			if p.Class == "" {
				var y float64
				fmt.Sscan(line[strings.LastIndexByte(line, ',')+1:], &y)
				if math.Abs(p.Number-y) < 3 {
					right++
				}
			}
			return nil
		})
		if err != nil || len(notes) != 0 || n < 100 || float64(right) < 0.85*float64(n) {
			t.Errorf("%s: %d of %d right; %v, %v", name, right, n, notes, err)
		}
	}
}

// The pipeline of a fold is fitted on the rows that train it. One that has seen all rows gives another figure, which is too good here: the
// outliers that the folds have to expect are known to it.
func TestNothingLeaksIntoFolds(t *testing.T) {
	g := random.New(7)
	x, noise := normals(g, 60), normals(g, 60)
	var s strings.Builder
	s.WriteString("x,z,y\n")
	for i := range 60 {
		v := x[i]
		if i%20 == 0 {
			v *= 40
		}
		z := "" // the fill-in of z depends on the rows, too
		if i%3 == 0 {
			z = fmt.Sprint(noise[(i+7)%60] * float64(i%20))
		}
		fmt.Fprintf(&s, "%v,%s,%v\n", v, z, x[i]+0.3*noise[i])
	}
	o := options(write(t, s.String()), "y", "ridge")
	o.Test, o.Alpha = 0, 30
	r := run(t, o)

	// By hand, from the library's parts.
	tab, err := table.ReadFile(o.Data, table.ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	target, rows, err := table.FitTarget(tab, "y", table.Regression)
	if err != nil {
		t.Fatal(err)
	}
	folds, err := dataset.KFold(dataset.Slice[int](rows), 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	by := func(leak bool) (mean, se float64) {
		var scores []float64
		for _, f := range folds {
			learn := f.Train.Indices
			if leak {
				learn = nil
			}
			p, err := table.FitPipeline(tab, learn, table.PipelineConfig{Skip: []string{"y"}})
			if err != nil {
				t.Fatal(err)
			}
			xy := func(rows []int) (x, y *tensor.Tensor) {
				x, _, err := p.Transform(tab, rows)
				if err != nil {
					t.Fatal(err)
				}
				if y, err = target.Encode(tab, rows); err != nil {
					t.Fatal(err)
				}
				return x, y
			}
			m := linear.NewRidge(linear.RidgeConfig{Alpha: new(30.0)})
			if err := m.Fit(xy(f.Train.Indices)); err != nil {
				t.Fatal(err)
			}
			scores = append(scores, m.Score(xy(f.Test.Indices)))
		}
		for _, v := range scores {
			mean += v / 5
		}
		for _, v := range scores {
			se += (v - mean) * (v - mean) / 4 / 5
		}
		return mean, math.Sqrt(se)
	}
	mean, se := by(false)
	leaked, _ := by(true)
	if got, gotSE := r.get(t, "cv_r2"), r.get(t, "cv_r2_se"); !(math.Abs(got-mean) <= 1e-9 && math.Abs(gotSE-se) <= 1e-9) {
		t.Errorf("%v ± %v, by hand %v ± %v", got, gotSE, mean, se)
	}
	if !(math.Abs(leaked-mean) >= 0.01) {
		t.Errorf("R² is %v with leakage and %v without: the test would not see it", leaked, mean)
	}
}

// Ctrl-C while the mlp trains saves it; continued, its weights and figures are those of an undisturbed run, bit for bit.
func TestResume(t *testing.T) {
	data := flowers(t, 3)
	o := options(data, "species", "mlp")
	o.Folds, o.Epochs = 3, 12
	whole := run(t, o)
	ctx, cancel := context.WithCancel(context.Background())
	r := &trained{info: train.Info{Recipe: "tabular", Seed: 1}}
	var err error
	if r.run, err = train.NewRun(filepath.Join(t.TempDir(), "run"), r.info); err != nil {
		t.Fatal(err)
	}
	env := r.env(ctx)
	stopAt := func(kind string, n int) func(train.Event) {
		return func(e train.Event) {
			if e.Kind == kind && e.Epoch == n {
				cancel()
			}
		}
	}
	env.Observe = stopAt("step", 5)
	if _, err := o.Train(ctx, env); !errors.Is(err, train.ErrInterrupted) || !r.run.HasCheckpoint() {
		t.Fatal(err)
	}
	if _, err := o.Open(r.run, r.info); err == nil || !strings.Contains(err.Error(), "its training has not ended; continue it with --resume") {
		t.Error(err)
	}
	cancel()
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	env.Observe = stopAt("fold", 2) // while the folds are trained
	if _, err := o.Train(ctx, env); !errors.Is(err, train.ErrInterrupted) && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if r.run.Finished() {
		t.Error("the run is finished")
	}
	env.Observe = nil
	m, err := o.Train(context.Background(), env)
	if err != nil || !reflect.DeepEqual(m, whole.result) {
		t.Errorf("%v, %v, want %v", m, err, whole.result)
	}
	for _, name := range []string{train.ModelFile, pipelineFile, train.ResultFile} {
		a, errA := os.ReadFile(r.run.Path(name))
		b, errB := os.ReadFile(whole.run.Path(name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
}

// Two runs with one seed are the same bits.
func TestDeterministic(t *testing.T) {
	data := curve(t, 60)
	for _, model := range []string{"ridge", "mlp"} {
		o := options(data, "y", model)
		o.Epochs, o.Folds = 5, 2
		a, b := run(t, o), run(t, o)
		if !reflect.DeepEqual(a.result, b.result) {
			t.Errorf("%s: %v and %v", model, a.result, b.result)
		}
	}
}

// Damaged files of a run are errors, one line each.
func TestOpenDamaged(t *testing.T) {
	o := options(flowers(t, 3), "species", "logistic")
	o.Folds = 0
	r := run(t, o)
	read := func(name string) string {
		b, err := os.ReadFile(r.run.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	pipeline, model := read(pipelineFile), read(train.ModelFile)
	other := run(t, options(flowers(t, 2), "species", "logistic"))
	b, err := os.ReadFile(other.run.Path(train.ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	cut := func(from, to string) string {
		if !strings.Contains(pipeline, from) {
			t.Fatalf("%s is not in %s", from, pipeline)
		}
		return strings.Replace(pipeline, from, to, 1)
	}
	for _, c := range []struct{ name, pipeline, model, want string }{
		{"noise", "noise", model, "pipeline.json is damaged"},
		{"nothing", "{}", model, "pipeline.json is damaged"},
		{"no pipeline", cut(`"pipeline"`, `"pipelane"`), model, "it has no pipeline"},
		{"a class twice", cut(`"setosa"`, `"virginica"`), model, `the class "virginica" twice`},
		{"no scale", cut(`"scale"`, `"skale"`), model, "is damaged"},
		{"model cut", pipeline, model[:len(model)-8], "model.safetensors"},
		{"another model", pipeline, string(b), "model.safetensors is damaged: the model gives 2 scores"},
		{"fewer columns", cut(`"name": "sepal length",`, `"name": "sepal length", "kind": "category", "categories": ["a", "b"],`), model, "damaged"},
	} {
		os.WriteFile(r.run.Path(pipelineFile), []byte(c.pipeline), 0o644)
		os.WriteFile(r.run.Path(train.ModelFile), []byte(c.model), 0o644)
		if _, err := o.Open(r.run, r.info); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// rowsOf is a table that is made while it is read.
type rowsOf struct {
	bytes, n int
	peak     uint64
	calls    int
	buf      bytes.Buffer
}

func (r *rowsOf) Read(b []byte) (int, error) {
	if r.n == 0 {
		r.buf.WriteString("remark,group,b,a\n")
	}
	for r.buf.Len() < len(b) && r.bytes > 0 {
		n := r.buf.Len()
		r.n++
		fmt.Fprintf(&r.buf, "\"a long remark, number %d, that nobody asked for\",g%d,%v,%v\n", r.n, r.n%4, float64(r.n%7), float64(r.n))
		r.bytes -= r.buf.Len() - n
	}
	if r.calls++; r.calls%20 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		r.peak = max(r.peak, m.HeapAlloc)
	}
	if r.buf.Len() == 0 {
		return 0, io.EOF
	}
	return r.buf.Read(b)
}

// A table is predicted piece by piece: its size does not matter to memory.
func TestPredictStreams(t *testing.T) {
	o := options(curve(t, 60), "y", "ridge")
	r := run(t, o)
	m, err := o.Open(r.run, r.info)
	if err != nil {
		t.Fatal(err)
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	in, n := &rowsOf{bytes: 16 << 20}, 0
	notes, err := m.Predict(context.Background(), in, func(p recipes.TablePrediction) error { n = p.Row; return nil })
	if err != nil || n != in.n || n < 200_000 {
		t.Fatalf("%d of %d rows, %v", n, in.n, err)
	}
	if want := fmt.Sprintf(`column "group": %d of %d rows have a category that training did not see; it counts as none`, (n+1)/4, n); len(notes) != 2 || notes[1] != want || notes[0] != "columns that training did not see are ignored: remark" {
		t.Errorf("%q, want %q", notes, want)
	}
	if used := in.peak - min(in.peak, before.HeapAlloc); used > 6<<20 {
		t.Errorf("the heap grew by %d bytes for a table of 16 MB", used)
	}
}

// A row that cannot be judged is named by its place in the table, whatever piece of it was judged.
func TestRowOfError(t *testing.T) {
	o := options(curve(t, 60), "y", "ridge")
	r := run(t, o)
	m, err := o.Open(r.run, r.info)
	if err != nil {
		t.Fatal(err)
	}
	const bad = blockRows + 100 // from 1
	var s strings.Builder
	s.WriteString("a,b,group,y\n")
	for i := range bad + 5 {
		a, y := "1", "2"
		if i == bad-1 {
			a = "1.7e308"
		}
		if i == blockRows { // left out of what is measured
			y = ""
		}
		fmt.Fprintf(&s, "%s,0,g0,%s\n", a, y)
	}
	want := fmt.Sprintf("row %d is", bad)
	n := 0
	_, err = m.Predict(context.Background(), strings.NewReader(s.String()), func(recipes.TablePrediction) error { n++; return nil })
	if err == nil || !strings.Contains(err.Error(), want) || n != blockRows {
		t.Errorf("%d rows, then %v; want %q", n, err, want)
	}
	if _, err := m.Evaluate(context.Background(), write(t, s.String())); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %q", err, want)
	}
}

// Validate refuses what makes no sense.
func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*Recipe){
		"--folds 1":             func(c *Recipe) { c.Folds = 1 },
		"--test 1:":             func(c *Recipe) { c.Test = 1 },
		"--dropout 1":           func(c *Recipe) { c.Dropout = 1 },
		"--validation NaN":      func(c *Recipe) { c.Validation = math.NaN() },
		"--c 0:":                func(c *Recipe) { c.Model, c.C = "svm", 0 },
		"predicts numbers":      func(c *Recipe) { c.Model, c.Task = "ridge", "classification" },
		"predicts classes":      func(c *Recipe) { c.Model, c.Task = "svm", "regression" },
		"--separator \"ab\"":    func(c *Recipe) { c.Separator = "ab" },
		"as --numeric and as":   func(c *Recipe) { c.Numeric, c.Categorical = []string{"a"}, []string{"b", "a"} },
		"--drop species: it is": func(c *Recipe) { c.Drop = []string{"species"} },
	} {
		c := options("a.csv", "species", "auto")
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// What a run was trained on is in its config, and another file in its place is not measured in silence.
func TestHeldOutOfAnotherFile(t *testing.T) {
	o := options(flowers(t, 3), "species", "logistic")
	o.Folds = 0
	r := run(t, o)
	info, ok := r.info.Data.(Info)
	if !ok || info.Set != "t.csv" || info.Rows != 150 || info.Columns != 5 || info.Target != "species" || len(info.Classes) != 3 || len(info.SHA256) != 64 {
		t.Errorf("%+v", r.info.Data)
	}
	m, err := o.Open(r.run, r.info)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(o.Data)
	os.WriteFile(o.Data, append(b, b[len("sepal length,sepal width,petal length,petal width,species\n"):]...), 0o644)
	if _, err := m.Evaluate(context.Background(), ""); err == nil || !strings.Contains(err.Error(), "is not what the run was trained on") {
		t.Error(err)
	}
	e, err := m.Evaluate(context.Background(), o.Data)
	if v, _ := e.Metrics.Get("test_accuracy"); err != nil || v < 0.9 || e.Data != o.Data {
		t.Errorf("%+v, %v", e, err)
	}
	// Options and data survive config.json.
	var again Recipe
	if b, err := json.Marshal(o); err != nil || json.Unmarshal(b, &again) != nil || !reflect.DeepEqual(again, *o) {
		t.Errorf("%+v became %+v, %v", *o, again, err)
	}
}

package train

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantError checks that an error is one line with the given parts.
func wantError(t *testing.T, what string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, p := range append(parts, "") {
		if !strings.Contains(err.Error(), p) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want a line with %q", what, err, p)
		}
	}
}

func TestNewRunAndOpenRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	info := Info{Recipe: "lenet", Config: json.RawMessage(`{"LR":0.1}`), Seed: 1<<64 - 1, Data: ImageInfo{Set: "digits"}, Kernels: "go", Threads: 2, Version: "v1"}
	if _, err := NewRun(dir, info); err != nil {
		t.Fatal(err)
	}
	run, got, err := OpenRun(dir)
	if err != nil || run.Dir != dir || got.Recipe != "lenet" || got.Seed != 1<<64-1 || got.Kernels != "go" || got.Threads != 2 || got.Version != "v1" {
		t.Errorf("OpenRun = %+v, %+v, %v", run, got, err)
	}
	var config struct{ LR float64 }
	if err := json.Unmarshal(got.Config, &config); err != nil || config.LR != 0.1 {
		t.Errorf("config %s, %v", got.Config, err)
	}
	var data ImageInfo
	if err := got.DataInto(&data); err != nil || data.Set != "digits" {
		t.Errorf("data %+v, %v", data, err)
	}
	if err := (Info{Data: map[string]any{"set": 3}}).DataInto(&data); err == nil {
		t.Error("a number is the name of a set")
	}
	_, err = NewRun(dir, info)
	wantError(t, "a run that is there", err, dir+" already holds a run", "--resume")

	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	for _, d := range []string{file, filepath.Join(file, "sub")} {
		_, err = NewRun(d, info)
		wantError(t, "a file in place of a folder", err, d, "cannot be made", "--run-dir")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "x" {
		t.Errorf("the file became %q, %v", b, err)
	}

	empty := t.TempDir()
	_, _, err = OpenRun(empty)
	wantError(t, "an empty folder", err, empty+" is not a run folder", ConfigFile)
	for _, bad := range []string{"", "{", "[]", "{}", `{"recipe":1}`, `{"recipe":""}`} {
		write(t, filepath.Join(empty, ConfigFile), bad)
		_, _, err = OpenRun(empty)
		wantError(t, bad, err, filepath.Join(empty, ConfigFile)+" is damaged")
	}
	f, err := os.Create(filepath.Join(empty, ConfigFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(1 << 40); err != nil { // a hole: no disk is used, and reading it all would take the memory
		t.Fatal(err)
	}
	f.Close()
	_, _, err = OpenRun(empty)
	wantError(t, "a huge file", err, "more than")
}

// Discard leaves nothing of a run that never trained, and all of one that did or of what others put there.
func TestDiscard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	begin := func() *Run {
		run, err := NewRun(dir, Info{Recipe: "x", Config: json.RawMessage("{}")})
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := run.lock()
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		return run
	}
	run := begin()
	write(t, run.Path("last/.hadal-0.tmp"), "half")
	run.Discard()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	run = begin()
	write(t, run.Path("notes.txt"), "mine")
	run.Discard()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "notes.txt" {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	for _, keep := range []string{StateFile, ModelFile} {
		run = begin()
		write(t, run.Path(keep), "x")
		run.Discard()
		if !exists(run.Path(ConfigFile)) || !exists(run.Path(keep)) {
			t.Errorf("a run with %s lost its files", keep)
		}
		os.RemoveAll(dir)
	}
}

func TestHistory(t *testing.T) {
	run := newTestRun(t)
	if h, err := run.History(); h != nil || err != nil {
		t.Errorf("without a file: %v, %v", h, err)
	}
	var p position
	for i := range 3 {
		p.Epoch, p.Step = i+1, 10*(i+1)
		if err := run.logEpoch(&p, Metrics{{"loss", 0.1 + 0.2}, {`"odd" name`, math.NaN()}}, 1.5, 0.25); err != nil {
			t.Fatal(err)
		}
	}
	h, err := run.History()
	if err != nil || len(h) != 3 {
		t.Fatal(h, err)
	}
	for i, r := range h {
		if r.Epoch != i+1 || r.Step != 10*(i+1) || *r.Metrics["loss"] != 0.1+0.2 || r.Metrics[`"odd" name`] != nil || len(r.Metrics) != 2 || r.Seconds != 1.5 || r.Wait != 0.25 {
			t.Errorf("%+v", r)
		}
	}
	b, err := os.ReadFile(run.Path(MetricsFile))
	if err != nil || int64(len(b)) != p.Metrics {
		t.Fatalf("%d bytes, %v; the position says %d", len(b), err, p.Metrics)
	}
	// Epoch 3 is written again after a crash behind it; half of a line does not count.
	p.Metrics = int64(2 * len(b) / 3)
	write(t, run.Path(MetricsFile), string(b)+`{"epoch":4`)
	if h, err := run.History(); err != nil || len(h) != 3 {
		t.Errorf("%v, %v", h, err)
	}
	p.Epoch = 3
	if err := run.logEpoch(&p, Metrics{{"loss", 7}}, 1, 0); err != nil {
		t.Fatal(err)
	}
	if h, err := run.History(); err != nil || len(h) != 3 || *h[2].Metrics["loss"] != 7 {
		t.Errorf("%v, %v", h, err)
	}
	write(t, run.Path(MetricsFile), string(b)+"noise\n")
	_, err = run.History()
	wantError(t, "noise", err, run.Path(MetricsFile)+", line 4")

	// A removed file begins anew, a shorter one is an error.
	p.Metrics = 10
	if err := run.checkLogs(&p); err != nil || p.Metrics != 10 {
		t.Errorf("%v, %d", err, p.Metrics)
	}
	write(t, run.Path(MetricsFile), "short")
	wantError(t, "shorter", run.checkLogs(&p), run.Path(MetricsFile)+" has 5 bytes, the checkpoint says 10")
	os.Remove(run.Path(MetricsFile))
	if err := run.checkLogs(&p); err != nil || p.Metrics != 0 {
		t.Errorf("%v, %d", err, p.Metrics)
	}
	if err := os.Mkdir(run.Path(MetricsFile), 0o755); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a folder", run.logEpoch(&p, nil, 0, 0), run.Path(MetricsFile)+" cannot be written")
}

func TestSaveAndLoadModel(t *testing.T) {
	run := newTestRun(t)
	a, b := newNet(random.New(1)), newNet(random.New(2))
	wantError(t, "no model yet", run.Load(b), run.Dir+" has no "+ModelFile+" yet", "--resume")
	if err := run.Save(a, nil); err != nil {
		t.Fatal(err)
	}
	if err := run.Load(b); err != nil {
		t.Fatal(err)
	}
	want := nn.State(a)
	for i, n := range nn.State(b) {
		if !tensor.Equal(n.Tensor, want[i].Tensor) {
			t.Errorf("%s differs", n.Name)
		}
	}
	other := nn.NewLinear(random.New(1), 2, 2, nn.LinearConfig{})
	wantError(t, "another model", run.Load(other), run.Path(ModelFile), "do not fit the model")
	write(t, run.Path(ModelFile), "noise")
	wantError(t, "noise", run.Load(b), run.Path(ModelFile), "damaged")
}

func TestMetrics(t *testing.T) {
	m := Metrics{{"loss", 0.12345}, {"accuracy", 1}}
	if got := m.String(); got != "loss 0.1235  accuracy 1" {
		t.Errorf("String() = %q", got)
	}
	if got := m.With("val_").String(); got != "val_loss 0.1235  val_accuracy 1" || m[0].Name != "loss" {
		t.Errorf("With = %q, and m is %v", got, m)
	}
	if v, ok := m.Get("accuracy"); v != 1 || !ok {
		t.Error("Get(accuracy) =", v, ok)
	}
	if _, ok := m.Get("nope"); ok {
		t.Error("Get(nope) is ok")
	}
	b, err := json.Marshal(Metrics{{"z", 1e-300}, {`a"\`, math.Inf(-1)}, {"n", math.NaN()}, {"pi", math.Pi}})
	if err != nil || string(b) != `{"z":1e-300,"a\"\\":null,"n":null,"pi":3.141592653589793}` {
		t.Errorf("%s, %v", b, err)
	}
	if b, err := json.Marshal(Metrics(nil)); err != nil || string(b) != "{}" {
		t.Errorf("%s, %v", b, err)
	}
}

// TensorBoard's files: one for each process that trained, with what metrics.jsonl has.
func TestTensorBoardFiles(t *testing.T) {
	r := newRig(t, newTestRun(t), rigConfig{})
	r.Config.Epochs, r.Config.Patience, r.Config.Monitor = 2, 0, ""
	if _, err := r.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = newRig(t, r.Run, rigConfig{})
	r.Config.Epochs, r.Config.Patience, r.Config.Monitor = 3, 0, ""
	if _, err := r.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(r.Run.Dir, "events.out.tfevents.*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{"loss/train", "accuracy/val", "loss/val", "lr/optimizer"} {
			if !bytes.Contains(b, []byte(tag)) {
				t.Errorf("%s has no %s", name, tag)
			}
		}
	}
	fresh := newTestRun(t)
	if err := os.WriteFile(fresh.Path("events.out.tfevents.1.x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fresh.Discard()
	if _, err := os.Stat(fresh.Dir); err == nil {
		t.Error("a discarded run's folder is still there")
	}
}

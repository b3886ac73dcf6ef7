package train

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Names that would mix up parts of a checkpoint are refused.
func TestStateNames(t *testing.T) {
	counter := new(int64)
	for _, f := range []func(){
		func() { new(State).Counter("", counter) },
		func() { new(State).Counter("a/b", counter) },
		func() { new(State).Counter("a", counter).Counter("a", counter) },
		func() { new(State).Module("a", newNet(random.New(1))).Generator("a", random.New(1)) },
		func() {
			opt := optim.NewSGD([]*nn.Param{tensor.NewParam(tensor.Ones(1))}, optim.SGDConfig{LR: 1})
			new(State).Optimizer("a", opt).Scheduler("a", optim.NewScheduler(opt, optim.Constant()))
		},
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%v, want ErrValue", err)
		}
	}
}

// Every dtype's parameters are looked at for NaN and infinities, and only parameters: a mask of -Inf is a good buffer.
func TestNonFinite(t *testing.T) {
	type masked struct {
		P    *nn.Param
		Mask *nn.Buffer
	}
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Float16, tensor.BFloat16} {
		m := &masked{tensor.NewParam(tensor.Of([]float64{1, -2, 3}).To(d)), tensor.NewBuffer(tensor.Full(math.Inf(-1), 2))}
		s := new(State).Module("m", m)
		if name, v := s.nonFinite(); name != "" || v != 0 {
			t.Errorf("%v: %s is %v", d, name, v)
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			m.P.CopyFrom(tensor.Of([]float64{1, 2, bad}))
			if name, v := s.nonFinite(); name != "p" || !(v == bad || v != v && bad != bad) {
				t.Errorf("%v: %s is %v, want p %v", d, name, v, bad)
			}
		}
	}
}

// A checkpoint that is damaged or another program's is one line that names the file, and the position stays.
func TestBadCheckpoints(t *testing.T) {
	run := newTestRun(t)
	stopAfter(t, newRig(t, run, rigConfig{adam: true}), 6)
	path := run.Path(StateFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// edit saves the checkpoint with one change of its JSON or its tensors.
	edit := func(t *testing.T, change func(meta map[string]any, f *safetensors.File)) {
		t.Helper()
		f := *file
		f.Entries = append([]safetensors.Entry(nil), file.Entries...)
		var meta map[string]any
		if err := json.Unmarshal([]byte(file.Metadata[checkpointKey]), &meta); err != nil {
			t.Fatal(err)
		}
		change(meta, &f)
		b, err := json.Marshal(meta)
		if err != nil {
			t.Fatal(err)
		}
		f.Metadata = map[string]string{checkpointKey: string(b)}
		if err := safetensors.WriteFile(path, &f); err != nil {
			t.Fatal(err)
		}
	}
	position := func(key string, v any) func(map[string]any, *safetensors.File) {
		return func(meta map[string]any, _ *safetensors.File) { meta["position"].(map[string]any)[key] = v }
	}
	without := func(part, key string) func(map[string]any, *safetensors.File) {
		return func(meta map[string]any, _ *safetensors.File) { delete(meta[part].(map[string]any), key) }
	}
	raw := func(b []byte) func() error { return func() error { return os.WriteFile(path, b, 0o644) } }
	for _, c := range []struct {
		name  string
		write func() error
		edit  func(map[string]any, *safetensors.File)
		want  string
	}{
		{"empty", raw(nil), nil, "are too few for a header"},
		{"truncated header", raw(good[:100]), nil, "does not fit"},
		{"truncated data", raw(good[:len(good)-1]), nil, "describes"},
		{"noise", raw([]byte(strings.Repeat("noise", 99))), nil, "too long"},
		{"weights of a model", func() error { return safetensors.Save(path, nn.State(newNet(random.New(1))), nil) }, nil, "not the checkpoint of a run"},
		{"a folder", func() error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) }, nil, "is a folder"},
		{"metadata that is no JSON", func() error {
			f := *file
			f.Metadata = map[string]string{checkpointKey: "{"}
			return safetensors.WriteFile(path, &f)
		}, nil, "the checkpoint is damaged"},
		{"negative epoch", nil, position("epoch", -1), "the checkpoint is damaged"},
		{"negative batch", nil, position("batch", -1), "the checkpoint is damaged"},
		{"negative length", nil, position("metrics", -1), "the checkpoint is damaged"},
		{"half of a number", nil, position("step", 1.5), "the checkpoint is damaged"},
		{"best epoch to come", nil, position("best_epoch", 9), "the checkpoint is damaged"},
		{"names without sums", nil, position("train", map[string]any{"names": []string{"a"}}), "the checkpoint is damaged"},
		{"too many epochs", nil, position("epoch", 1e6), "is at epoch 1000000 already"},
		{"other batches", nil, position("batches", 5), "was made with 5 batches an epoch, now there are 4"},
		{"longer metrics", nil, position("metrics", 1e6), MetricsFile + " has"},
		{"no generator", nil, without("generators", "noise"), `no generator "noise"`},
		{"no dropout", nil, without("generators", "model/drop.generator"), `no generator "model/drop.generator"`},
		{"no counter", nil, without("counters", "steps"), `no counter "steps"`},
		{"no scheduler", nil, without("schedulers", "schedule"), `no scheduler "schedule"`},
		{"negative scheduler", nil, func(m map[string]any, _ *safetensors.File) { m["schedulers"] = map[string]any{"schedule": -1} }, `no scheduler "schedule"`},
		{"a generator that is none", nil, func(m map[string]any, _ *safetensors.File) { m["generators"].(map[string]any)["noise"] = "x" }, "the checkpoint is damaged"},
		{"null generator", nil, func(m map[string]any, _ *safetensors.File) { m["generators"].(map[string]any)["noise"] = nil }, `no generator "noise"`},
		{"no optimizer", nil, without("optimizers", "optimizer"), "optimizer: the state does not fit this adamw"},
		{"another module's tensor", nil, func(_ map[string]any, f *safetensors.File) {
			f.Entries = append(f.Entries, safetensors.Entry{Name: "ema/w", DType: "U8", Shape: []int{1}, Data: []byte{1}})
		}, "it holds ema/w, which this program does not have"},
		{"a parameter too many", nil, func(_ map[string]any, f *safetensors.File) {
			f.Entries = append(f.Entries, safetensors.Entry{Name: "model/w", DType: "U8", Shape: []int{1}, Data: []byte{1}})
		}, "unexpected w"},
		{"a moment too many", nil, func(_ map[string]any, f *safetensors.File) {
			f.Entries = append(f.Entries, safetensors.Entry{Name: "optimizer/99.exp_avg", DType: "U8", Shape: []int{1}, Data: []byte{1}})
		}, "so other groups or options"},
		{"a parameter too few", nil, func(_ map[string]any, f *safetensors.File) { f.Entries = f.Entries[:len(f.Entries)-1] }, ""},
		{"wrong shape", nil, func(_ map[string]any, f *safetensors.File) {
			for i, e := range f.Entries {
				if e.Name == "model/fc.weight" {
					f.Entries[i].Shape = []int{64, 10}
				}
			}
		}, "fc.weight is (64, 10) in the file and (10, 64) in the model"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.edit != nil {
				edit(t, c.edit)
			} else if err := c.write(); err != nil {
				t.Fatal(err)
			}
			defer os.WriteFile(path, good, 0o644)
			defer os.RemoveAll(path)
			r := newRig(t, run, rigConfig{adam: true})
			r.Step = noStep(t)
			_, err := r.Train(context.Background())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), run.Dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Train = %v\nwant ... %s ...", err, c.want)
			}
			if r.pos.Step != 0 {
				t.Errorf("the position is %+v", r.pos)
			}
		})
	}
	// Nothing of all that has touched the run: it goes on.
	r := newRig(t, run, rigConfig{adam: true})
	finish(t, r)
	// The other optimizer's state does not fit.
	sgd := newRig(t, run, rigConfig{adam: false})
	sgd.Config.Epochs = 99
	if _, err := sgd.Train(context.Background()); err == nil || !strings.Contains(err.Error(), "does not fit this sgd: it is of another kind") {
		t.Errorf("another optimizer: %v", err)
	}
}

// A GAN has two modules and two optimizers; their best weights are in one file under their names.
func TestTwoModules(t *testing.T) {
	build := func(run *Run, epochs int) (*Loop[float64], *nn.Linear, *nn.Linear) {
		l, a := toy(run, epochs)
		b := nn.NewLinear(random.New(2), 3, 2, nn.LinearConfig{})
		l.State.Module("second", b)
		return l, a, b
	}
	run := newTestRun(t)
	l, a, b := build(run, 1)
	if _, err := l.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	ts, _, err := safetensors.Load(run.Path(ModelFile))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range ts {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, " "); len(names) != 3 || !strings.Contains(got, "model.weight") || !strings.Contains(got, "second.weight") || !strings.Contains(got, "second.bias") {
		t.Errorf("the file has %s", got)
	}
	again, a2, b2 := build(run, 1)
	b2.Weight.CopyFrom(tensor.Zeros(2, 3))
	a2.Weight.CopyFrom(tensor.Zeros(1, 1))
	if _, err := again.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !tensor.Equal(b.Weight.Detach(), b2.Weight.Detach()) || weight(a) != weight(a2) {
		t.Error("the best weights did not come back")
	}
}

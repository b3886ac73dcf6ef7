package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// outcome is what a run leaves, without times.
func outcome(t *testing.T, dir string) map[string]string {
	t.Helper()
	seconds := regexp.MustCompile(`"(seconds|wait_share)":[0-9.e+-]+`)
	return map[string]string{
		train.ModelFile:   readFile(t, dir, train.ModelFile),
		train.ResultFile:  readFile(t, dir, train.ResultFile),
		train.MetricsFile: seconds.ReplaceAllString(readFile(t, dir, train.MetricsFile), ""),
		"confusion.png":   readFile(t, dir, "confusion.png"),
		"wrong.png":       readFile(t, dir, "wrong.png"),
		"loss.png":        readFile(t, dir, "loss.png"),
	}
}

func sameOutcome(t *testing.T, what, dir string, want map[string]string) {
	t.Helper()
	for name, got := range outcome(t, dir) {
		if got != want[name] {
			t.Errorf("%s: %s differs (%d bytes, want %d)", what, name, len(got), len(want[name]))
		}
	}
}

func TestTrainJSON(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	lines := jsonLines(t, must(t, append(small, "--json", "--run-dir", dir)...))
	if len(lines) != 5 {
		t.Fatalf("%d lines, want start, 3 epochs and done", len(lines))
	}
	if l := lines[0]; l["event"] != "start" || l["recipe"] != "mlp" || l["run_dir"] != dir {
		t.Errorf("start: %v", l)
	}
	for i, l := range lines[1:4] {
		m, _ := l["metrics"].(map[string]any)
		if l["event"] != "epoch" || l["epoch"] != float64(i+1) || l["epochs"] != 3. || l["step"] == 0. || m["train_loss"] == nil || m["val_accuracy"] == nil {
			t.Errorf("epoch: %v", l)
		}
	}
	done := lines[4]
	m, _ := done["metrics"].(map[string]any)
	accuracy, _ := m["test_accuracy"].(float64)
	if done["event"] != "done" || done["recipe"] != "mlp" || done["run_dir"] != dir || accuracy < 0.5 || accuracy > 1 {
		t.Errorf("done: %v", done)
	}
	if s, _ := done["seconds"].(float64); !(s > 0) {
		t.Errorf("done: %v", done)
	}

	// eval says the same.
	lines = jsonLines(t, must(t, "--json", "eval", dir))
	if got, _ := json.Marshal(lines[0]["metrics"]); len(lines) != 1 || lines[0]["event"] != "done" || string(got) != mustJSON(t, m) || lines[0]["recipe"] != "mlp" || lines[0]["run_dir"] != dir {
		t.Errorf("eval: %v, want metrics %v", lines, m)
	}
	// So does result.json.
	var saved map[string]any
	if err := json.Unmarshal([]byte(readFile(t, dir, train.ResultFile)), &saved); err != nil || mustJSON(t, saved) != mustJSON(t, m) {
		t.Errorf("result.json: %v, %v; want %v", saved, err, m)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTrainPlain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	out := must(t, append(small, "--run-dir", dir)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	want := []string{
		`^Training mlp; the run is kept in ` + regexp.QuoteMeta(dir) + `$`,
		`^epoch 1/3  train_loss [0-9.]+  train_accuracy [0-9.]+  val_loss [0-9.]+  val_accuracy [0-9.]+  [0-9]+ samples/s  [0-9.]+m?s$`,
		`^epoch 2/3  `, `^epoch 3/3  `,
		`^test accuracy 0\.[0-9]{4}, test loss [0-9.]{6}, test top5 [01]\.[0-9]{4}, test precision .*, test recall .*, test f1 0\.[0-9]{4}$`,
		`^Diagnosis: too short to tell: there are 3 epochs with a training loss; train for 4 or more$`,
		`^Done in [0-9.]+m?s, [0-9.]+% of training was waiting for data; see ` + regexp.QuoteMeta(dir) + ` for the model, metrics and pictures$`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), out)
	}
	for i, w := range want {
		if !regexp.MustCompile(w).MatchString(lines[i]) {
			t.Errorf("line %d: %q\nwant %s", i+1, lines[i], w)
		}
	}
	if strings.ContainsAny(out, "\r\x1b") {
		t.Error("there are control characters although this is no terminal")
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, "events.out.tfevents.") {
			name = "events"
		}
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "accuracy.png activations.png config.json confusion.png events gradients.png histograms.jsonl last loss.png metrics.jsonl model.safetensors result.json units.png wrong.png" {
		t.Errorf("the folder holds %s", got)
	}
	// The plain eval prints the very line of figures.
	if got := must(t, "eval", dir); !strings.HasSuffix(got, "\n"+lines[4]+"\n") || !strings.Contains(got, "precision") || !strings.Contains(got, "accuracy") {
		t.Errorf("eval printed\n%s\nwhich does not end with\n%s", got, lines[4])
	}
}

// The same command leaves the same bits, whatever the number of threads; another seed does not.
func TestTrainIsDeterministic(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	begin := func(name string, more ...string) string {
		dir := filepath.Join(base, name)
		must(t, append(append(append([]string(nil), small...), "--run-dir", dir), more...)...)
		return dir
	}
	want := outcome(t, undisturbed(t))
	sameOutcome(t, "--threads=2", begin("one", "--threads=2"), want)
	sameOutcome(t, "--threads=3 --workers=3", begin("two", "--threads=3", "--workers=3"), want)
	if outcome(t, begin("three", "--seed=2"))[train.ModelFile] == want[train.ModelFile] {
		t.Error("another seed gives the same model")
	}
}

// A new run takes runs/RECIPE-TIME, never the folder of another, and --resume finds the latest.
func TestDefaultRunDir(t *testing.T) {
	t.Chdir(t.TempDir())
	oneLineError(t, "nothing to resume", hadal("train", "mlp", "--resume"), 2, "no run of mlp in the folder runs", "--run-dir")
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("that left %v", entries)
	}
	dirs := map[string]bool{}
	for range 2 {
		line := jsonLines(t, must(t, append(small, "--json")...))[0]
		dir, _ := line["run_dir"].(string)
		if !regexp.MustCompile(`^runs.mlp-\d{8}-\d{6}(-\d+)?$`).MatchString(dir) {
			t.Errorf("run_dir %q", dir)
		}
		dirs[dir] = true
	}
	if len(dirs) != 2 {
		t.Errorf("2 runs are in %v", dirs)
	}
	oneLineError(t, "the latest is finished", hadal("train", "mlp", "--resume"), 2, "is finished", "raise --epochs", "hadal eval")
	r := hadal("train", "mlp", "--resume", "--epochs=4")
	if r.status != 0 || !strings.Contains(r.out, "Continuing at epoch 4, step") {
		t.Errorf("%+v", r)
	}
	// The folder cannot be made: one line.
	t.Chdir(t.TempDir())
	if err := os.WriteFile("runs", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	oneLineError(t, "runs is a file", hadal(small...), 1, "folder runs cannot be made", "--run-dir")
}

// What a recipe refuses, data or options, is refused before a run is announced or made, whether it has a name or not.
func TestRefusedRunsLeaveNothing(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	t.Setenv("HADAL_DATA", "")
	table := writeFile(t, filepath.Join(t.TempDir(), "t.csv"), []byte("a,b,y\n1,x,no\n2,y,yes\n3,x,no\n4,y,yes\n"))
	noise := writeFile(t, filepath.Join(t.TempDir(), "w.safetensors"), []byte("noise"))
	missing := filepath.Join(base, "no", "such")
	refused := map[string][]string{
		"cnn: no such folder":      {"cnn", "--data", missing},
		"cnn: no weights":          {"cnn", "--weights", noise},
		"cnn: pattern":             {"cnn", "--freeze=nothing.*"},
		"cnn: all frozen":          {"cnn", "--freeze=*"},
		"cnn: no group":            {"cnn", "--lr-groups=nothing=1"},
		"cnn: patience":            {"cnn", "--validation=0", "--patience=2"},
		"segment: no such folder":  {"segment", "--data", missing},
		"segment: no pictures":     {"segment", "--data", base},
		"lenet: no data":           {"lenet", "--data=mnist", "--offline", "--data-dir", missing},
		"mlp: no data":             {"mlp", "--data=mnist", "--offline", "--data-dir", missing},
		"tabular: no such table":   {"tabular", "--data", missing, "--target=y"},
		"tabular: no such column":  {"tabular", "--data", table, "--target=z"},
		"tabular: too many folds":  {"tabular", "--data", table, "--target=y", "--folds=9"},
		"tabular: dropped columns": {"tabular", "--data", table, "--target=y", "--drop=a,b", "--folds=0", "--test=0"},
	}
	for name, args := range refused {
		for _, where := range [][]string{nil, {"--run-dir", filepath.Join(base, "run")}} {
			r := hadal(append(append([]string{"train"}, args...), where...)...)
			oneLineError(t, name, r, 1)
			if strings.Contains(r.out, "Training") {
				t.Errorf("%s: it announced\n%s", name, r.out)
			}
			if names := left(t, base); len(names) != 0 {
				t.Errorf("%s left %v", name, names)
			}
		}
	}
	// What goes wrong in training leaves nothing either.
	oneLineError(t, "NaN", hadal("train", "lenet", "--epochs=1", "--lr=1e30"), 1, "loss is NaN")
	if names := left(t, base); len(names) != 0 {
		t.Errorf("NaN left %v", names)
	}
}

// A resumed run has the options that it was started with. Its epochs may be raised, which is then its option.
func TestResumeOptions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	must(t, "train", "mlp", "--hidden=24,16", "--epochs=1", "--lr=0.02", "--seed=5", "--run-dir", dir)
	resume := func(more ...string) result {
		return hadal(append([]string{"train", "mlp", "--resume", "--run-dir", dir}, more...)...)
	}
	config := func() (info train.Info, options map[string]any) {
		_, info, err := train.OpenRun(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(info.Config, &options); err != nil {
			t.Fatal(err)
		}
		return info, options
	}
	before := readFile(t, dir, train.ConfigFile)
	for _, c := range []struct{ flag, want string }{
		{"--lr=0.03", "--lr 0.03 differs from the run's 0.02"},
		{"--hidden=24", "--hidden [24] differs from the run's [24 16]"},
		{"--seed=6", "--seed 6 differs from the run's 5"},
		{"--data=fashion-mnist", "--data fashion-mnist differs from the run's digits"},
		{"--dropout=0.3", "--dropout 0.3 differs from the run's 0.2"},
	} {
		oneLineError(t, c.flag, resume(c.flag, "--epochs=2"), 2, c.want, "a resumed run keeps its options")
	}
	oneLineError(t, "finished", resume(), 2, dir+" is finished")
	oneLineError(t, "finished, with its options", resume("--lr=0.02", "--hidden=24,16", "--seed=5", "--epochs=1", "--data=digits"), 2, dir+" is finished")
	if r := hadal("train", "lenet", "--resume", "--run-dir", dir); r.status != 2 || !strings.Contains(r.err, "is a run of mlp, not of lenet") {
		t.Errorf("another recipe: %+v", r)
	}
	if readFile(t, dir, train.ConfigFile) != before {
		t.Error("what was refused changed config.json")
	}

	if r := resume("--epochs=2", "--workers=2", "--lr=0.02"); r.status != 0 || !strings.Contains(r.out, "Continuing at epoch 2, step 21") || !strings.Contains(r.out, "epoch 2/2") {
		t.Errorf("%+v", r)
	}
	info, options := config()
	if options["Epochs"] != 2. || options["LR"] != 0.02 || mustJSON(t, options["Hidden"]) != "[24,16]" || info.Seed != 5 {
		t.Errorf("config.json has %v, seed %d", options, info.Seed)
	}
	before = readFile(t, dir, train.ConfigFile)
	oneLineError(t, "fewer epochs", resume("--epochs=1"), 1, "is at epoch 2 already, 1 are asked for")
	if readFile(t, dir, train.ConfigFile) != before {
		t.Error("the refused epochs are in config.json")
	}
	if !strings.Contains(must(t, "eval", dir), "test accuracy") {
		t.Error("eval")
	}
}

// Interrupted training says how to continue, and what it says works.
func TestInterruptAndResume(t *testing.T) {
	whole, dir := undisturbed(t), filepath.Join(t.TempDir(), "it's a run")
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // before the first step
	r := hadalContext(ctx, append(small, "--run-dir", dir)...)
	oneLineError(t, "interrupted", r, 130, "interrupted; the run is saved, continue it with: hadal train mlp --resume --run-dir '", `it'\''s a run'`)
	if r := hadal("train", "mlp", "--resume", "--run-dir", dir); r.status != 0 || !strings.Contains(r.out, "Continuing at epoch 1, step 0") {
		t.Errorf("%+v", r)
	}
	sameOutcome(t, "interrupted at the start", dir, outcome(t, whole))

	// eval and predict stop, too.
	oneLineError(t, "eval", hadalContext(ctx, "eval", whole), 130, "interrupted")
	oneLineError(t, "predict", hadalContext(ctx, "predict", whole, "x.png"), 130, "interrupted")
}

// A run that died before its first checkpoint starts at the beginning, and says so.
func TestResumeWithoutCheckpoint(t *testing.T) {
	whole, dir := undisturbed(t), filepath.Join(t.TempDir(), "run")
	info := train.Info{}
	if err := json.Unmarshal([]byte(readFile(t, whole, train.ConfigFile)), &info); err != nil {
		t.Fatal(err)
	}
	data := info.Data
	info.Data = nil // it died before it saw the data
	if _, err := train.NewRun(dir, info); err != nil {
		t.Fatal(err)
	}
	oneLineError(t, "no model yet", hadal("eval", dir), 1, dir)
	out := must(t, "train", "mlp", "--resume", "--run-dir", dir)
	if !strings.Contains(out, "There is no checkpoint yet: it starts at the beginning\n") {
		t.Errorf("it printed\n%s", out)
	}
	sameOutcome(t, "without a checkpoint", dir, outcome(t, whole))
	_, info, err := train.OpenRun(dir)
	if err != nil || mustJSON(t, info.Data) != mustJSON(t, data) {
		t.Errorf("the data are %v, %v; want %v", info.Data, err, data)
	}
}

// A loss that is not a number: one line, no run folder without a checkpoint, and with --detect-anomaly the op.
func TestNaN(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	args := []string{"train", "lenet", "--epochs=2", "--lr=1e30", "--run-dir", dir}
	oneLineError(t, "NaN", hadal(args...), 1, "lenet: loss is NaN at step", "(epoch 1)", "there is no checkpoint yet", "lower learning rate", "--detect-anomaly")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
	oneLineError(t, "--detect-anomaly", hadal(append(args, "--detect-anomaly")...), 1, "lenet: step ", "conv2d (", "is NaN or infinite")

	// With a checkpoint it stays, and goes on from there under --detect-anomaly: the weights are blown up by hand.
	must(t, "train", "mlp", "--hidden=8", "--epochs=1", "--run-dir", dir)
	before := readFile(t, dir, train.StateFile)
	info := train.Info{}
	if err := json.Unmarshal([]byte(readFile(t, dir, train.ConfigFile)), &info); err != nil {
		t.Fatal(err)
	}
	info.Config = json.RawMessage(strings.Replace(string(info.Config), `"LR": 0.001`, `"LR": 1e30`, 1))
	run := &train.Run{Dir: dir}
	if err := run.WriteJSON(train.ConfigFile, info); err != nil {
		t.Fatal(err)
	}
	resume := []string{"train", "mlp", "--resume", "--epochs=4", "--run-dir", dir}
	oneLineError(t, "NaN later", hadal(resume...), 1, "mlp: loss is NaN at step", "the last good checkpoint is "+run.Path(train.StateFile))
	if readFile(t, dir, train.StateFile) != before {
		t.Error("the good checkpoint changed")
	}
	oneLineError(t, "--detect-anomaly later", hadal(append(resume, "--detect-anomaly")...), 1, "mlp: step ", "is NaN or infinite")
	if readFile(t, dir, train.StateFile) != before {
		t.Error("the good checkpoint changed")
	}
}

// Data that are not those of the run are refused when it goes on.
func TestResumeWithOtherData(t *testing.T) {
	base := t.TempDir()
	a, b := clothes(t, filepath.Join(base, "a"), 1), clothes(t, filepath.Join(base, "b"), 2)
	dir := filepath.Join(base, "run")
	args := []string{"train", "mlp", "--data=fashion-mnist", "--hidden=8", "--epochs=1", "--offline", "--run-dir", dir}
	must(t, append(args, "--data-dir", a)...)
	resume := []string{"train", "mlp", "--resume", "--epochs=2", "--offline", "--run-dir", dir}
	oneLineError(t, "other data", hadal(append(resume, "--data-dir", b)...), 1, "the data are not those that "+dir+" was started with", "--data-dir")
	must(t, append(resume, "--data-dir", a)...)
}

// Only the recipe's own mistakes are checked by hand; the parser calls the Validate method that a recipe may have.
func TestCheckOptions(t *testing.T) {
	for _, e := range recipes.All() {
		for _, v := range []string{"NaN", "Inf", "-Inf", "-1"} {
			if e.Area == "test" {
				continue
			}
			r := hadal("summary", e.Name, "--lr="+v)
			oneLineError(t, fmt.Sprint(e.Name, v), r, 2, "--lr ", "give a ")
		}
	}
}

// A learning rate that kills units is told by its name; without histograms there is nothing to tell it by.
func TestTrainDiagnosis(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "run")
		args := []string{"train", "mlp", "--hidden=32,16", "--lr=0.5", "--epochs=4", "--run-dir", dir}
		if plain {
			args = append(args, "--no-histograms")
		}
		out := must(t, args...)
		if got := strings.Contains(out, "Diagnosis: dead units: 16 of 16 units of 4.relu (100%)"); got == plain {
			t.Errorf("--no-histograms %v: printed\n%s", plain, out)
		}
		for _, name := range []string{train.HistogramsFile, "gradients.png", "activations.png", "units.png"} {
			if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) == plain {
				t.Errorf("--no-histograms %v: %s: %v", plain, name, err)
			}
		}
	}
}

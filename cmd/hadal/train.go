package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

type trainCmd struct {
	Seed          uint64 `help:"Seed of everything random; the same seed gives the same bits." default:"1"`
	RunDir        string `help:"Folder for the run; default: runs/RECIPE-TIME. With --resume: the run to continue; default: the recipe's latest." type:"path"`
	Resume        bool   `help:"Continue a run from its last checkpoint, with the options it was started with; --epochs may be raised."`
	DataDir       string `help:"Folder with the data set's files." type:"path"`
	Offline       bool   `help:"Never download."`
	NoHistograms  bool   `help:"Leave no histograms of gradients and activations."`
	DetectAnomaly bool   `help:"Check every op's result and name the first that makes a NaN or infinity; slow."`

	kong.Plugins
}

func (c *trainCmd) chooses() string { return "recipe" }

// resumable are the options of a recipe that may change when a run is continued.
var resumable = map[string]bool{"epochs": true, "workers": true}

func (c *trainCmd) Run(a *app) error {
	if err := a.needRecipe("train", "recipe"); err != nil {
		return err
	}
	if err := checkOptions(a); err != nil {
		return usageError{err}
	}
	if c.DetectAnomaly {
		tensor.DetectAnomaly(true)
		defer tensor.DetectAnomaly(false)
	}
	start := time.Now()
	run, info, changed, err := c.open(a)
	if err != nil {
		return err
	}
	run.NoHistograms = c.NoHistograms
	made := false // the folder, by this command
	defer func() {
		if made { // and it came to nothing, perhaps in a panic
			run.Discard()
			os.Remove("runs") // if it is empty
		}
	}()
	show := newProgress(a)
	defer show.close()
	env := &recipes.Env{
		Seed: info.Seed, Run: run,
		Source: source.Config{Dir: c.DataDir, Offline: c.Offline, Progress: show.download},
		Describe: func(data any) error {
			if err := c.begin(run, &info, data); err != nil {
				return err
			}
			made = !c.Resume
			show.begin(run.Dir)
			if c.Resume && !run.HasCheckpoint() && !a.json {
				fmt.Fprintln(a.out, "There is no checkpoint yet: it starts at the beginning")
			}
			return nil
		},
		Note: show.note,
		Observe: func(e train.Event) {
			if changed { // training accepts the new options, so that they are the run's from now on
				changed = false
				err = run.WriteJSON(train.ConfigFile, info)
			}
			show.observe(e)
		},
	}
	m, failure := trainRecipe(a, env)
	err = errors.Join(failure, err)
	show.close()
	switch {
	case err == nil:
		made = false
		findings, err := run.Diagnose()
		if err != nil {
			return err
		}
		return show.done(m, findings, time.Since(start))
	case a.ctx.Err() != nil && (errors.Is(err, train.ErrInterrupted) || errors.Is(err, a.ctx.Err())) && run.HasCheckpoint():
		return interruptedError{c.resumeCommand(a, run)}
	}
	return fmt.Errorf("%s: %w", a.name, err)
}

// trainRecipe returns what the user can mend as an error, wherever in the recipe it panicked.
func trainRecipe(a *app, env *recipes.Env) (m train.Metrics, err error) {
	defer func() {
		if p := recover(); p != nil {
			if err = mistake(p); err == nil {
				panic(p)
			}
		}
	}()
	return a.recipe.Train(a.ctx, env)
}

// begin makes the folder of a new run, or makes sure that a run to continue has the data that it was started with.
func (c *trainCmd) begin(run *train.Run, info *train.Info, data any) error {
	if c.Resume {
		return describe(run, info, data)
	}
	if c.RunDir == "" {
		dir, err := newRunDir(run.Dir)
		if err != nil {
			return err
		}
		run.Dir = dir
	}
	info.Data = data
	_, err := train.NewRun(run.Dir, *info)
	return err
}

// describe makes sure that the model sees what it saw when the run was started, or puts that into config.json where a run that died early
// does not have it.
func describe(run *train.Run, info *train.Info, data any) error {
	if info.Data == nil {
		info.Data = data
		return run.WriteJSON(train.ConfigFile, info)
	}
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var now any
	if err := json.Unmarshal(b, &now); err != nil {
		return err
	}
	if !reflect.DeepEqual(now, info.Data) {
		return fmt.Errorf("the data are not those that %s was started with; give the same ones again (--data-dir, or the table of --data)", run.Dir)
	}
	return nil
}

// resumeCommand is what the user types to continue the run.
func (c *trainCmd) resumeCommand(a *app, run *train.Run) string {
	words := []string{"hadal", "train", a.name, "--resume", "--run-dir", run.Dir}
	if c.DataDir != "" {
		words = append(words, "--data-dir", c.DataDir)
	}
	for i, w := range words {
		if strings.ContainsAny(w, " \t\"'\\$&;|<>()*?[]#~`!") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// open opens the run to continue, or says what a new one will be, of which there is nothing until the recipe has accepted its data and
// options. changed tells that the options to be written into config.json differ from those that are there.
func (c *trainCmd) open(a *app) (run *train.Run, info train.Info, changed bool, err error) {
	if c.Resume {
		return c.resume(a)
	}
	run = &train.Run{Dir: c.RunDir}
	if run.Dir == "" {
		run.Dir = filepath.Join("runs", a.name+"-"+time.Now().Format("20060102-150405"))
	} else if err := train.CheckVacant(run.Dir); err != nil {
		return nil, info, false, err
	}
	info = train.Info{Recipe: a.name, Seed: c.Seed, Kernels: cpu.Current(), Threads: parallel.Workers(), Version: version(), Started: time.Now().UTC()}
	info.Config, err = json.Marshal(a.recipe)
	return run, info, false, err
}

// newRunDir makes a folder in runs, with a number behind its name when other runs began in the same second.
func newRunDir(first string) (dir string, err error) {
	if err := os.MkdirAll("runs", 0o755); err != nil {
		return "", fmt.Errorf("folder runs cannot be made here: %w; choose another with --run-dir", errors.Unwrap(err))
	}
	dir = first
	for i := 2; ; i++ {
		err := os.Mkdir(dir, 0o755) // fails for all but one of several processes
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, os.ErrExist) {
			return "", fmt.Errorf("run folder %s cannot be made: %w; choose another with --run-dir", dir, errors.Unwrap(err))
		}
		dir = fmt.Sprintf("%s-%d", first, i)
	}
}

// resume opens the run and puts its options back. Options given anew must be the same, but for those that may change.
func (c *trainCmd) resume(a *app) (run *train.Run, info train.Info, changed bool, err error) {
	fail := func(err error) (*train.Run, train.Info, bool, error) { return nil, info, false, err }
	dir := c.RunDir
	if dir == "" {
		if dir, err = latest(a.name); err != nil {
			return fail(err)
		}
	}
	if run, info, err = train.OpenRun(dir); err != nil {
		return fail(err)
	}
	if info.Recipe != a.name {
		return fail(usageError{fmt.Errorf("%s is a run of %s, not of %s", dir, info.Recipe, a.name)})
	}
	if changed, err = c.restoreOptions(a, dir, info); err != nil {
		return fail(err)
	}
	if !changed && run.Finished() {
		return fail(usageError{fmt.Errorf("%s is finished; raise --epochs to train on, or measure it with hadal eval %s", dir, dir)})
	}
	if info.Kernels != cpu.Current() {
		fmt.Fprintf(a.err, "hadal: the run was started with kernels %q and goes on with %q: its numbers will differ in the last bits; set HADAL_CPU=%s to keep them\n", info.Kernels, cpu.Current(), info.Kernels)
	}
	info.Config, err = json.Marshal(a.recipe)
	return run, info, changed, err
}

// restoreOptions sets the recipe's options to the run's and then those that may change to what is given. changed tells
// whether that made training another one than the run's.
func (c *trainCmd) restoreOptions(a *app, dir string, info train.Info) (changed bool, err error) {
	given, err := json.Marshal(a.recipe)
	if err != nil {
		return false, err
	}
	// A copy that shares nothing: options that the saved ones lack keep their defaults.
	v := reflect.ValueOf(a.recipe).Elem()
	was := reflect.New(v.Type())
	if err := json.Unmarshal(given, was.Interface()); err != nil {
		return false, err
	}
	if err := json.Unmarshal(info.Config, was.Interface()); err != nil {
		return false, fmt.Errorf("%s: the options in %s are damaged: %w", dir, train.ConfigFile, err)
	}
	for _, f := range a.flags {
		if f.Name == "seed" && c.Seed != info.Seed {
			return false, usageError{fmt.Errorf("--seed %d differs from the run's %d; a resumed run keeps its options", c.Seed, info.Seed)}
		}
		i := fieldOf(v, f)
		if i < 0 {
			continue
		}
		now, before := v.Field(i), was.Elem().Field(i)
		if reflect.DeepEqual(now.Interface(), before.Interface()) {
			continue
		}
		if !resumable[f.Name] {
			return false, usageError{fmt.Errorf("--%s %v differs from the run's %v; a resumed run keeps its options", f.Name, now, before)}
		}
		before.Set(now)
		changed = changed || f.Name == "epochs"
	}
	v.Set(was.Elem())
	return changed, nil
}

// fieldOf returns the number of the field of a struct that a flag sets, or -1.
func fieldOf(options reflect.Value, f *kong.Flag) int {
	for i := range options.NumField() {
		if at := options.Field(i); at.Type() == f.Target.Type() && at.Addr().Pointer() == f.Target.Addr().Pointer() {
			return i
		}
	}
	return -1
}

// positive are the options that recipes share whose zero makes no sense, unless it is the default and stands for one.
var positive = map[string]bool{"batch-size": true, "epochs": true, "parts": true, "workers": true, "lr": true}

// checkOptions returns an error for numbers that no recipe can work with: negative ones, NaN and infinities. What else a
// recipe requires it says in its own Validate method, which the parser calls.
func checkOptions(a *app) error {
	v := reflect.ValueOf(a.recipe).Elem()
	for _, f := range a.flags {
		if fieldOf(v, f) < 0 {
			continue
		}
		if err := checkNumber(f.Target, positive[f.Name] && f.Default != "0"); err != nil {
			return fmt.Errorf("--%s %v: %w", f.Name, f.Target, err)
		}
	}
	return nil
}

// checkNumber checks a number, or each of several, which are sizes.
func checkNumber(v reflect.Value, positive bool) error {
	var x float64
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := checkNumber(v.Index(i), true); err != nil {
				return err
			}
		}
		return nil
	case v.CanInt():
		x = float64(v.Int())
	case v.CanFloat():
		x = v.Float()
	default:
		return nil
	}
	if x-x != 0 {
		return errors.New("give a finite number")
	}
	if x < 0 {
		return errors.New("give a number that is not negative")
	}
	if positive && x == 0 {
		return errors.New("give a number above 0")
	}
	return nil
}

// latest returns the run of a recipe in the folder runs that was started last.
func latest(name string) (string, error) {
	dirs, err := filepath.Glob(filepath.Join("runs", "*", train.ConfigFile))
	if err != nil {
		return "", err
	}
	type candidate struct {
		dir     string
		started time.Time
	}
	var found []candidate
	for _, d := range dirs {
		if _, info, err := train.OpenRun(filepath.Dir(d)); err == nil && info.Recipe == name {
			found = append(found, candidate{filepath.Dir(d), info.Started})
		}
	}
	if len(found) == 0 {
		return "", usageError{fmt.Errorf("there is no run of %s in the folder runs; name one with --run-dir", name)}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].started.After(found[j].started) })
	return found[0].dir, nil
}

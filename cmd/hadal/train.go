package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	DetectAnomaly bool   `help:"Check every op's result and name the first that makes a NaN or infinity; slow."`

	kong.Plugins
}

// options of a resumed run that may differ from those it was started with.
var resumable = map[string]bool{"epochs": true, "run-dir": true, "resume": true, "data-dir": true, "offline": true, "detect-anomaly": true, "json": true, "threads": true, "workers": true, "help": true}

func (c *trainCmd) Run(a *app) error {
	recipe := a.selected.(recipes.Recipe)
	name := recipeName(recipe)
	env := &recipes.Env{Seed: c.Seed, Source: source.Config{Dir: c.DataDir, Offline: c.Offline}}
	if c.DetectAnomaly {
		tensor.DetectAnomaly(true)
		defer tensor.DetectAnomaly(false)
	}
	start := time.Now()
	var info train.Info
	var err error
	if c.Resume {
		info, err = c.resume(a, name, recipe, env)
	} else {
		info, err = c.begin(name, recipe, env)
	}
	if err != nil {
		return err
	}
	env.Describe = func(data any) error {
		if c.Resume {
			return nil
		}
		info.Data = data
		return env.Run.WriteJSON(train.ConfigFile, info)
	}
	show := newProgress(a, name, env.Run.Dir)
	env.Observe = show.observe
	env.Source.Progress = show.download
	defer show.close()
	m, err := recipe.Train(a.ctx, env)
	show.close()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return show.done(m, time.Since(start))
}

func (c *trainCmd) begin(name string, recipe recipes.Recipe, env *recipes.Env) (info train.Info, err error) {
	dir := c.RunDir
	if dir == "" {
		dir = filepath.Join("runs", name+"-"+time.Now().Format("20060102-150405"))
		for i := 2; ; i++ {
			if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
				break
			}
			dir = filepath.Join("runs", fmt.Sprintf("%s-%s-%d", name, time.Now().Format("20060102-150405"), i))
		}
	}
	config, err := json.Marshal(recipe)
	if err != nil {
		return info, err
	}
	info = train.Info{Recipe: name, Config: config, Seed: c.Seed, Kernels: cpu.Current(), Threads: parallel.Workers(), Version: version(), Started: time.Now().UTC()}
	env.Run, err = train.NewRun(dir, info)
	return info, err
}

// resume opens the run and puts its options back; options given anew must be the same, but for those that may change.
func (c *trainCmd) resume(a *app, name string, recipe recipes.Recipe, env *recipes.Env) (info train.Info, err error) {
	dir := c.RunDir
	if dir == "" {
		if dir, err = latest(name); err != nil {
			return info, err
		}
	}
	if env.Run, info, err = train.OpenRun(dir); err != nil {
		return info, err
	}
	if info.Recipe != name {
		return info, usageError{fmt.Errorf("%s is a run of %s, not of %s", dir, info.Recipe, name)}
	}
	if info.Kernels != cpu.Current() {
		fmt.Fprintf(a.err, "hadal: the run was started with kernels %q and goes on with %q: its numbers will differ in the last bits; set HADAL_CPU=%s to keep them\n", info.Kernels, cpu.Current(), info.Kernels)
	}
	given, err := options(recipe)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(info.Config, recipe); err != nil {
		return info, fmt.Errorf("%s: the options in %s are damaged: %w", dir, train.ConfigFile, err)
	}
	saved, err := options(recipe)
	if err != nil {
		return info, err
	}
	for field, v := range given {
		flag := flagName(field)
		if !a.flags[flag] || string(v) == string(saved[field]) {
			continue
		}
		if !resumable[flag] {
			return info, usageError{fmt.Errorf("--%s %s differs from the run's %s; a resumed run keeps its options", flag, v, saved[field])}
		}
		if err := json.Unmarshal([]byte(fmt.Sprintf("{%q:%s}", field, v)), recipe); err != nil {
			return info, err
		}
	}
	if a.flags["seed"] && c.Seed != info.Seed {
		return info, usageError{fmt.Errorf("--seed %d differs from the run's %d; a resumed run keeps its options", c.Seed, info.Seed)}
	}
	env.Seed = info.Seed
	return info, nil
}

func options(recipe recipes.Recipe) (m map[string]json.RawMessage, err error) {
	b, err := json.Marshal(recipe)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	return m, err
}

// flagName is kong's spelling of a field: BatchSize batch-size, LR lr.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if r >= 'A' && r <= 'Z' && i > 0 && field[i-1] >= 'a' && field[i-1] <= 'z' {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
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

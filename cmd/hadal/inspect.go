package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime"
	rtdebug "runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/recipes/vision"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// openRun opens a run with its recipe, whose options are those of the run.
func openRun(dir string) (run *train.Run, meta train.Info, recipe recipes.Recipe, err error) {
	if run, meta, err = train.OpenRun(dir); err != nil {
		return nil, meta, nil, err
	}
	entry, err := recipes.Find(meta.Recipe)
	if err == nil {
		recipe = entry.New()
		err = json.Unmarshal(meta.Config, recipe)
	}
	if err != nil {
		return nil, meta, nil, damagedConfig(run, err)
	}
	return run, meta, recipe, nil
}

func damagedConfig(run *train.Run, err error) error {
	return fmt.Errorf("%s is damaged: %w", run.Path(train.ConfigFile), err)
}

// openTable loads the model of a run that predicts tables; ok tells whether it does.
func openTable(dir string) (model recipes.TableModel, recipe string, ok bool, err error) {
	run, meta, options, err := openRun(dir)
	if err != nil {
		return nil, "", false, err
	}
	t, ok := options.(recipes.TableRecipe)
	if !ok {
		return nil, meta.Recipe, false, nil
	}
	model, err = t.Open(run, meta)
	return model, meta.Recipe, true, err
}

// openClassifier loads the model of a run that classifies pictures.
func openClassifier(dir string) (model nn.Layer, info train.ImageInfo, recipe string, err error) {
	run, meta, r, err := openRun(dir)
	if err != nil {
		return nil, info, "", err
	}
	damaged := func(err error) error { return damagedConfig(run, err) }
	options, ok := r.(recipes.ImageRecipe)
	if !ok {
		return nil, info, "", fmt.Errorf("%s is a run of %s, which predicts neither pictures nor tables", dir, meta.Recipe)
	}
	if err = meta.DataInto(&info); err == nil {
		err = info.Check()
	}
	if v, ok := r.(interface{ Validate() error }); ok && err == nil {
		err = v.Validate()
	}
	if err != nil {
		return nil, info, "", damaged(err)
	}
	if err := tensor.Catch(func() { model = options.Model(random.New(meta.Seed), info) }); err != nil {
		return nil, info, "", damaged(err)
	}
	if err := run.Load(model); err != nil {
		return nil, info, "", err
	}
	return nn.Eval(model), info, meta.Recipe, nil
}

type evalCmd struct {
	Run_    string `arg:"" name:"run" help:"Run folder." type:"path"`
	Data    string `help:"Data set or folder of pictures to measure on, of tables a CSV file; default: what the run held out."`
	DataDir string `help:"Folder with the data set's files." type:"path"`
	Offline bool   `help:"Never download."`
}

// source says where data sets are found.
func (c *evalCmd) source() source.Config { return source.Config{Dir: c.DataDir, Offline: c.Offline} }

func (c *evalCmd) Run(a *app) error {
	if t, recipe, ok, err := openTable(c.Run_); err != nil {
		return err
	} else if ok {
		return c.table(a, t, recipe)
	}
	if p, recipe, ok, err := openPictures(c.Run_); err != nil {
		return err
	} else if ok {
		return c.pictures(a, p, recipe)
	}
	model, info, recipe, err := openClassifier(c.Run_)
	if err != nil {
		return err
	}
	if c.Data == "" {
		c.Data = info.Set
	}
	test, err := vision.TestPictures(a.ctx, c.Data, info, c.source(), func(err error) {
		fmt.Fprintf(a.err, "hadal: left out: %v\n", oneLine(err))
	})
	if err != nil {
		if _, unknown := sets.Find(c.Data); unknown != nil && !vision.IsFolder(c.Data) {
			return usageError{err}
		}
		return err
	}
	m, confusion, err := train.TestClassifier(a.ctx, model, test, info)
	if err != nil {
		return err
	}
	if a.json {
		return a.out.line(map[string]any{"event": "done", "recipe": recipe, "data": c.Data, "metrics": m, "run_dir": c.Run_})
	}
	fmt.Fprintf(a.out, "%s%s\n", confusion.Report(info.Classes), figures(m))
	return nil
}

type predictCmd struct {
	Run_   string   `arg:"" name:"run" help:"Run folder." type:"path"`
	Files  []string `arg:"" name:"file" help:"Pictures: PNG, JPEG, GIF, BMP, TIFF or WebP, of any size and colours: they are stretched to what the model was trained on (by detect fitted into it), and turned grey if that is. Of runs on tables: a CSV file."`
	Top    int      `help:"Pictures: classes to show for each, of runs that classify." default:"3"`
	Invert bool     `help:"Pictures: turn dark on light into light on dark, as the digits and clothes are, of runs that classify."`
	Out    string   `help:"Tables: CSV file to write; default: standard output. Runs that draw on pictures: PNG file to write, of one picture, or folder; default: the current folder." type:"path"`
}

func (c *predictCmd) Run(a *app) error {
	if c.Top < 1 {
		return usageError{fmt.Errorf("--top %d: give at least 1", c.Top)}
	}
	if t, _, ok, err := openTable(c.Run_); err != nil {
		return err
	} else if ok {
		return c.table(a, t)
	}
	if p, _, ok, err := openPictures(c.Run_); err != nil {
		return err
	} else if ok {
		return c.pictures(a, p)
	}
	if c.Out != "" {
		return usageError{fmt.Errorf("--out is for runs that write tables or draw on pictures; %s classifies pictures", c.Run_)}
	}
	model, info, _, err := openClassifier(c.Run_)
	if err != nil {
		return err
	}
	failed := 0
	for _, f := range c.Files {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		img, err := readImage(f)
		if err != nil { // the others are still worth classifying
			fmt.Fprintf(a.err, "hadal: %v\n", oneLine(err))
			failed++
			continue
		}
		p, err := info.Predict(model, info.Input(img, c.Invert))
		if err != nil {
			return fmt.Errorf("%s: %w", c.Run_, err)
		}
		p = p[:min(c.Top, len(p))]
		if a.json {
			if err := a.out.line(map[string]any{"event": "prediction", "file": f, "class": p[0].Class, "probability": p[0].Probability, "top": p}); err != nil {
				return err
			}
			continue
		}
		var parts []string
		for _, x := range p {
			parts = append(parts, fmt.Sprintf("%s %.4f", x.Class, x.Probability))
		}
		fmt.Fprintf(a.out, "%s: %s\n", f, strings.Join(parts, ", "))
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pictures could not be read", failed, len(c.Files))
	}
	return nil
}

// readImage reads a picture from a file or a pipe.
func readImage(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w; check the path", path, errors.Unwrap(err))
	}
	defer f.Close()
	img, err := imageset.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return img, nil
}

type listCmd struct{}

func (listCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, e := range recipes.All() {
		var expect []string
		limits := []map[string]any{}
		for _, x := range e.Expect {
			expect = append(expect, fmt.Sprintf("%s >= %.3g on %s", x.Metric, x.Least, x.Data))
			limits = append(limits, map[string]any{"data": x.Data, "metric": x.Metric, "least": x.Least})
		}
		if a.json {
			if err := a.out.line(map[string]any{"recipe": e.Name, "area": e.Area, "title": e.Title, "paper": e.Paper, "expect": limits}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n\t\t%s\n\t\t%s\n", e.Name, e.Area, e.Title, e.Paper, strings.Join(expect, ", "))
	}
	return w.Flush()
}

type summaryCmd struct {
	Fields bool `help:"Show the receptive fields of units instead of the numbers of parameters."`

	kong.Plugins
}

func (summaryCmd) chooses() string { return "recipe or model" }

func (c *summaryCmd) Run(a *app) error {
	if a.model != nil {
		e, err := models.Find(a.name)
		if err != nil {
			return err
		}
		s, err := a.model.summary(e)
		if err != nil {
			return err
		}
		return c.print(a, "model", s)
	}
	if err := a.needRecipe("summary", "recipe or model"); err != nil {
		return err
	}
	if err := checkOptions(a); err != nil {
		return usageError{err}
	}
	recipe, ok := a.recipe.(recipes.ImageRecipe)
	if !ok {
		return usageError{fmt.Errorf("%s has no model of pictures to summarise", a.name)}
	}
	info, err := pictureInfo(a.ctx, recipe)
	if err != nil {
		return usageError{err}
	}
	var s nn.ModelSummary
	if err := tensor.Catch(func() {
		s = nn.Summary(recipe.Model(random.New(0), info), tensor.ShapeOf(1, info.Channels, info.Height, info.Width))
	}); err != nil {
		return err
	}
	return c.print(a, "recipe", s)
}

// print prints the summary of a recipe's model or a model of the registry, which kind tells.
func (c *summaryCmd) print(a *app, kind string, s nn.ModelSummary) error {
	if a.json {
		layers := []map[string]any{}
		for i, l := range s.Layers {
			layer := map[string]any{"module": l.Module, "op": l.Op, "output": l.Output.Dims(), "params": l.Params, "flops": l.FLOPs}
			if c.Fields {
				layer["fields"] = fieldsJSON(s.Fields[i])
			}
			layers = append(layers, layer)
		}
		return a.out.line(map[string]any{
			kind: a.name, "input": s.Input.Dims(), "output": s.Output.Dims(), "layers": layers,
			"params": s.Params, "buffers": s.Buffers, "flops": s.FLOPs,
		})
	}
	if c.Fields {
		fmt.Fprint(a.out, s.FieldTable())
		return nil
	}
	fmt.Fprint(a.out, s)
	return nil
}

// fieldsJSON is what --json prints of receptive fields, along height and width; nothing of those that are not known.
func fieldsJSON(fields []nn.ReceptiveField) []map[string]any {
	all := []map[string]any{}
	for _, f := range fields {
		if f.Whole {
			all = append(all, map[string]any{"whole": true})
			continue
		}
		all = append(all, map[string]any{"size": f.Size, "jump": f.Jump, "start": f.Start})
	}
	return all
}

// pictureInfo returns what the model of a recipe will see: what it says itself, or the pictures of its set.
func pictureInfo(ctx context.Context, recipe recipes.ImageRecipe) (info train.ImageInfo, err error) {
	if r, ok := recipe.(interface {
		Info(context.Context) (train.ImageInfo, error)
	}); ok {
		return r.Info(ctx)
	}
	b, err := json.Marshal(recipe)
	if err != nil {
		return info, err
	}
	var o struct{ Data string }
	if err := json.Unmarshal(b, &o); err != nil {
		return info, err
	}
	set, err := sets.Find(o.Data)
	if err != nil {
		return info, err
	}
	return train.ImageInfo{Set: set.Name, Classes: make([]string, set.NumClasses), Channels: set.Channels, Height: set.Height, Width: set.Width}, nil
}

type dataCmd struct {
	List dataListCmd `cmd:"" help:"List the data sets and where they are."`
	Get  dataGetCmd  `cmd:"" help:"Download a data set, or find it."`
	Path dataPathCmd `cmd:"" help:"Print where a data set's files are."`
	Card dataCardCmd `cmd:"" help:"Print a data set's card: what it is, holds and comes from, and what its makers have to add."`
}

type dataListCmd struct {
	DataDir string `help:"Folder to look in first." type:"path"`
}

func (c *dataListCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, s := range sets.All() {
		where, folder := "embedded", ""
		if s.Source != nil {
			where = "not here; hadal data get " + s.Name
			if paths, err := s.Source.Locate(source.Config{Dir: c.DataDir, Offline: true}); err == nil {
				folder = filepath.Dir(paths[s.Source.Files[0].Name])
				where = folder
			}
		}
		if a.json {
			if err := a.out.line(map[string]any{"name": s.Name, "title": s.Title, "summary": s.Summary, "licence": s.Licence, "embedded": s.Source == nil, "folder": folder}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Summary, s.Licence, where)
	}
	return w.Flush()
}

type dataGetCmd struct {
	Name    string `arg:"" help:"Data set."`
	DataDir string `help:"Folder to look in first." type:"path"`
	Offline bool   `help:"Never download."`
	Verify  bool   `help:"Check the SHA-256 of files that are already here too."`
}

func (c *dataGetCmd) Run(a *app) error {
	p := &progress{a: a, columns: a.columns()}
	defer p.close()
	return dataPaths(a, c.Name, source.Config{Dir: c.DataDir, Offline: c.Offline, Verify: c.Verify, Progress: p.download})
}

type dataPathCmd struct {
	Name    string `arg:"" help:"Data set."`
	DataDir string `help:"Folder to look in first." type:"path"`
}

func (c *dataPathCmd) Run(a *app) error {
	return dataPaths(a, c.Name, source.Config{Dir: c.DataDir, Offline: true})
}

// dataPaths prints the files of a data set, fetched if the configuration allows.
func dataPaths(a *app, name string, cfg source.Config) error {
	set, err := sets.Find(name)
	if err != nil {
		return usageError{err}
	}
	if set.Source == nil {
		if a.json {
			return a.out.line(map[string]any{"name": name, "embedded": true})
		}
		fmt.Fprintf(a.out, "%s is embedded in the program\n", name)
		return nil
	}
	paths, err := set.Source.Get(a.ctx, cfg)
	if err != nil {
		return err
	}
	for _, f := range set.Source.Files {
		if a.json {
			if err := a.out.line(map[string]any{"name": name, "file": f.Name, "path": paths[f.Name]}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(a.out, paths[f.Name])
	}
	return nil
}

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	if a.json {
		return a.out.line(map[string]any{"version": version(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "kernels": cpu.Current()})
	}
	fmt.Fprintf(a.out, "hadal %s (%s, %s/%s), kernels %s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu.Current())
	return nil
}

func version() string {
	if b, ok := rtdebug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "(devel)"
}

// completionCmd is kong-completion's command with a mend for a shell that it cannot guess.
type completionCmd struct {
	kongcompletion.Completion
}

func (c *completionCmd) Run(k *kong.Context) error {
	if err := c.Completion.Run(k); err != nil {
		return usageError{fmt.Errorf("%w; name it: hadal completion bash, zsh or fish", err)}
	}
	return nil
}

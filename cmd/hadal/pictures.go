package main

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/recipes"
)

// openPictures loads the model of a run that draws on pictures; ok tells whether it does.
func openPictures(dir string) (model recipes.PictureModel, recipe string, ok bool, err error) {
	run, meta, options, err := openRun(dir)
	if err != nil {
		return nil, "", false, err
	}
	r, ok := options.(recipes.PictureRecipe)
	if !ok {
		return nil, meta.Recipe, false, nil
	}
	model, err = r.Open(run, meta)
	return model, meta.Recipe, true, err
}

// pictures measures a model that draws on pictures.
func (c *evalCmd) pictures(a *app, model recipes.PictureModel, recipe string) error {
	if c.Data != "" {
		return usageError{fmt.Errorf("--data: %s is measured on what it held out; leave --data out", c.Run_)}
	}
	m, err := model.Evaluate(a.ctx, c.source())
	if err != nil {
		return err
	}
	if a.json {
		return a.out.line(map[string]any{"event": "done", "recipe": recipe, "metrics": m, "run_dir": c.Run_})
	}
	fmt.Fprintf(a.out, "%s\n", figures(m))
	return nil
}

// pictures draws what a model sees on each picture.
func (c *predictCmd) pictures(a *app, model recipes.PictureModel) error {
	for _, f := range a.flags {
		if f.Name == "top" || f.Name == "invert" {
			return usageError{fmt.Errorf("--%s is for runs that classify; %s draws on pictures", f.Name, c.Run_)}
		}
	}
	names, err := c.drawings()
	if err != nil {
		return err
	}
	failed := 0
	for i, f := range c.Files {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		img, err := readImage(f)
		if err != nil { // the others are still worth looking at
			fmt.Fprintf(a.err, "hadal: %v\n", oneLine(err))
			failed++
			continue
		}
		p, err := model.Predict(a.ctx, img)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", c.Run_, f, err)
		}
		if err := os.MkdirAll(filepath.Dir(names[i]), 0o755); err != nil {
			return fmt.Errorf("%s cannot be made: %w; choose another with --out", filepath.Dir(names[i]), errors.Unwrap(err))
		}
		if err := atomicfile.WriteFile(names[i], func(w io.Writer) error { return png.Encode(w, p.Drawn) }); err != nil {
			return err
		}
		if !a.json {
			fmt.Fprintf(a.out, "%s: %s; drawn in %s\n", f, p.Text, names[i])
			continue
		}
		line := map[string]any{"event": "prediction", "file": f, "drawn": names[i]}
		maps.Copy(line, p.Result)
		if err := a.out.line(line); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pictures could not be read", failed, len(c.Files))
	}
	return nil
}

// drawings returns the names of the files to write, one for each picture and all different: photo-predicted.png for photo.jpg.
func (c *predictCmd) drawings() (names []string, err error) {
	if strings.EqualFold(filepath.Ext(c.Out), ".png") {
		if len(c.Files) > 1 {
			return nil, usageError{fmt.Errorf("--out %s: %d pictures do not go into one file; give a folder", c.Out, len(c.Files))}
		}
		return []string{c.Out}, nil
	}
	if info, err := os.Stat(c.Out); c.Out != "" && err == nil && !info.IsDir() {
		return nil, usageError{fmt.Errorf("--out %s is a file that does not end in .png; give another or a folder", c.Out)}
	}
	taken := map[string]bool{}
	for _, f := range c.Files {
		base := filepath.Base(f)
		base = strings.TrimSuffix(base, filepath.Ext(base)) + "-predicted"
		name := base
		for n := 2; taken[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[strings.ToLower(name)] = true
		names = append(names, filepath.Join(c.Out, name+".png"))
	}
	return names, nil
}

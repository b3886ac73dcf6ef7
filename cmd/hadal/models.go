package main

import (
	"fmt"
	"reflect"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

type modelsCmd struct{}

// Run lists the classifiers, built without data.
func (modelsCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if !a.json {
		fmt.Fprintln(w, "model\tpictures\tclasses\tparameters\tGFLOPs\tname\tsource")
	}
	for _, e := range models.All() {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		s, err := (&modelOptions{}).summary(e)
		if err != nil {
			return err
		}
		channels, classes := s.Input.Dim(1), s.Output.Dim(1)
		if a.json {
			if err := a.out.line(map[string]any{
				"model": e.Name, "title": e.Title, "paper": e.Paper, "size": e.Size, "channels": channels, "classes": classes, "params": s.Params, "flops": s.FLOPs,
			}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%s\t%d x %d x %d\t%d\t%s\t%.3g\t%s\t%s\n", e.Name, channels, e.Size, e.Size, classes, thousands(s.Params), float64(s.FLOPs)/1e9, e.Title, e.Paper)
	}
	return w.Flush()
}

// thousands writes 61706 as 61,706.
func thousands[T int | int64](n T) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// modelOptions are the options of a model's summary; zero is the published network.
type modelOptions struct {
	In       int     `help:"Height and width of the pictures; 0: as published." default:"0"`
	Channels int     `help:"Channels of the pictures; 0: as published." default:"0"`
	Classes  int     `help:"Classes; 0: as published." default:"0"`
	Width    float64 `help:"Factor on the channels of every layer; 0: 1." default:"0"`
	Small    bool    `help:"The form for pictures of 28 to 64 pixels, which the first layers do not shrink."`
}

// Validate is called by kong.
func (o *modelOptions) Validate() error {
	for _, n := range []struct {
		name    string
		n, most int
	}{{"in", o.In, 1 << 14}, {"channels", o.Channels, 1 << 12}, {"classes", o.Classes, 1 << 20}} {
		if n.n < 0 || n.n > n.most {
			return fmt.Errorf("--%s %d: give 1 to %d, or 0 for the published network's", n.name, n.n, n.most)
		}
	}
	if most := 64.; !(o.Width >= 0 && o.Width <= most) {
		return fmt.Errorf("--width %v: give a factor above 0 and up to %v", o.Width, most)
	}
	return nil
}

// summary lists the layers of a network, built without data.
func (o *modelOptions) summary(e models.Entry) (s nn.ModelSummary, err error) {
	cfg := models.Config{Classes: o.Classes, Channels: o.Channels, Width: o.Width}
	if o.Small {
		cfg.Stem = models.SmallStem
	}
	side := e.Size
	if o.In > 0 {
		side = o.In
	}
	err = tensor.Catch(func() {
		m := e.New(random.Shapes(), cfg)
		s = nn.Summary(m, tensor.ShapeOf(1, nn.Params(m)[0].Dim(1), side, side))
	})
	if err != nil {
		return s, usageError{fmt.Errorf("%s does not fit pictures of %d x %d: %w", e.Name, side, side, err)}
	}
	return s, nil
}

// modelCommands returns a struct with a command for each model.
func modelCommands() kong.Plugins {
	var fields []reflect.StructField
	for i, e := range models.All() {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Model%d", i), Type: reflect.TypeFor[modelOptions](),
			Tag: reflect.StructTag(fmt.Sprintf(`cmd:"" name:%q help:%q`, e.Name, e.Title+".")),
		})
	}
	return kong.Plugins{reflect.New(reflect.StructOf(fields)).Interface()}
}

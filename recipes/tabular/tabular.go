// Package tabular trains models on tables: a CSV file with a column to predict, classes or numbers, from the others.
package tabular

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:  "tabular",
		Area:  "tabular",
		Title: "a linear model, a support vector machine or a multilayer perceptron on a CSV file of yours",
		Paper: "Stone (1974), Cross-validatory choice and assessment of statistical predictions",
		New:   func() recipes.Recipe { return new(Recipe) },
	})
}

// Recipe are the options of the recipe.
type Recipe struct {
	Data   string `help:"CSV file, plain or gzip, with a header." type:"path"`
	Target string `help:"Column to predict. Rows without it are left out."`
	Model  string `help:"${enum}; auto: logistic for classes, ridge for numbers." enum:"auto,linear,ridge,logistic,svm,mlp" default:"auto"`
	Task   string `help:"${enum}; auto: classification for texts and for at most 10 different whole numbers." enum:"auto,classification,regression" default:"auto"`

	Folds int     `help:"Parts of the cross-validation, by which models are compared; 0: none." default:"5"`
	Test  float64 `help:"Share of the rows that is held out and measured once, at the end." default:"0.2"`

	Drop        []string `help:"Columns to leave out."`
	Numeric     []string `help:"Columns that are numbers, whatever they look like."`
	Categorical []string `help:"Columns that are categories, whatever they look like."`
	Missing     []string `help:"Texts that stand for a missing value, besides the empty one; default: ?, NA, NaN, null and their like."`
	Separator   string   `help:"What stands between fields: a character, or tab; default: seen from the first lines."`
	NoHeader    bool     `help:"The first line is data; the columns are column1, column2, ..."`
	Decimal     string   `help:"Decimal sign of numbers: ${enum}." enum:"point,comma" default:"point"`

	Impute    string `help:"What missing numbers become: ${enum}. A missing category becomes the most frequent one; with constant, 0 and a category of its own." enum:"mean,median,most-frequent,constant" default:"mean"`
	Indicator bool   `help:"Add a column that tells where a value was missing."`
	Scale     string `help:"What numbers are brought to: mean 0 and deviation 1, or the range from 0 to 1: ${enum}." enum:"standard,minmax,none" default:"standard"`

	Alpha  float64 `help:"Strength of ridge's penalty." default:"1"`
	C      float64 `name:"c" help:"Inverse strength of the penalty of logistic and svm." default:"1"`
	Kernel string  `help:"Kernel of svm: ${enum}; linear is the one for many rows." enum:"rbf,polynomial,linear" default:"rbf"`

	Hidden      []int   `help:"mlp: sizes of the hidden layers." default:"64,32"`
	Dropout     float64 `help:"mlp: probability that a hidden unit is dropped while training." default:"0"`
	Epochs      int     `help:"mlp: times the data is seen at most." default:"200"`
	BatchSize   int     `help:"mlp: rows in a step." default:"32"`
	LR          float64 `name:"lr" help:"mlp: learning rate." default:"0.001"`
	WeightDecay float64 `help:"mlp: weight decay of AdamW." default:"0.01"`
	Validation  float64 `help:"mlp: share of the training rows that chooses the best epoch; 0: the last is taken." default:"0.15"`
	Patience    int     `help:"mlp: stop after this many epochs without a lower validation loss; 0: never." default:"20"`
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *Recipe) Validate() error {
	share := func(flag string, v float64) error {
		if !(v >= 0 && v < 1) {
			return fmt.Errorf("--%s %v: give a share from 0 to below 1", flag, v)
		}
		return nil
	}
	numbers, classes := c.Model == "linear" || c.Model == "ridge", c.Model == "logistic" || c.Model == "svm"
	switch {
	case c.Folds == 1:
		return errors.New("--folds 1: give 2 or more, or 0 for none")
	case !(c.C > 0) && classes:
		return fmt.Errorf("--c %v: give a number above 0", c.C)
	case numbers && c.Task == "classification":
		return fmt.Errorf("--model %s predicts numbers; choose logistic, svm or mlp for classes", c.Model)
	case classes && c.Task == "regression":
		return fmt.Errorf("--model %s predicts classes; choose linear, ridge or mlp for numbers", c.Model)
	}
	if _, err := c.separator(); err != nil {
		return err
	}
	for _, name := range c.Numeric {
		if slices.Contains(c.Categorical, name) {
			return fmt.Errorf("column %q is given as --numeric and as --categorical; choose one", name)
		}
	}
	for _, name := range c.Drop {
		if name == c.Target {
			return fmt.Errorf("--drop %s: it is the target", name)
		}
	}
	return errors.Join(share("test", c.Test), share("dropout", c.Dropout), share("validation", c.Validation))
}

// separator is what Separator means, 0 for what the file shows.
func (c *Recipe) separator() (rune, error) {
	switch r := []rune(c.Separator); {
	case len(r) == 0:
		return 0, nil
	case c.Separator == "tab" || c.Separator == `\t`:
		return '\t', nil
	case len(r) == 1:
		return r[0], nil
	}
	return 0, fmt.Errorf("--separator %q: give one character, or tab", c.Separator)
}

// Train runs the recipe.
func (c *Recipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	p, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range p.notes {
		env.Tell(n)
	}
	training, test, err := c.split(p, env.Seed)
	if err != nil {
		return nil, err
	}
	pipeline, err := c.pipeline(p, training)
	if err != nil {
		return nil, err
	}
	for _, d := range pipeline.Dropped {
		env.Tell(fmt.Sprintf("column %q is left out: %s", d.Name, d.Reason))
	}
	x, y, _, err := p.tensors(pipeline, training)
	if err != nil {
		return nil, err
	}
	// The final model comes first, because an mlp's training is what can be interrupted and continued.
	model := c.learner(p.target, pipeline, env.Seed)
	if m, ok := model.(*mlp); ok {
		m.run, m.observe = env.Run, env.Observe
	}
	if err := env.Describe(p.info); err != nil {
		return nil, err
	}
	if err := model.fit(ctx, x, y); errors.Is(err, linear.ErrNotConverged) { // it holds the last weights
		env.Tell(err.Error())
	} else if err != nil {
		return nil, err
	}
	result, pooled, err := c.crossValidate(ctx, p, training, env)
	if err != nil {
		return nil, err
	}
	judged := pooled
	if len(test) > 0 {
		if judged, err = p.judge(ctx, model, pipeline, test); err != nil {
			return nil, err
		}
		for _, n := range unseenNotes(judged.unseen, len(test)) {
			env.Tell("test rows: " + n)
		}
		result = append(result, judged.metrics(p.target, c.probabilities(p.target)).With("test_")...)
	}
	if result == nil {
		if judged, err = p.judge(ctx, model, pipeline, training); err != nil {
			return nil, err
		}
		env.Tell("there are neither folds nor test rows: the figures are those of the rows that it was trained on")
		result = judged.metrics(p.target, c.probabilities(p.target)).With("train_")
	}
	if err := c.save(env.Run, p, pipeline, model); err != nil {
		return nil, err
	}
	if err := c.plots(env.Run, p.target, judged, model); err != nil {
		return nil, err
	}
	return result, env.Run.WriteJSON(train.ResultFile, result)
}

// pipeline learns what the columns become from some rows.
func (c *Recipe) pipeline(p *problem, rows []int) (*table.Pipeline, error) {
	scale := table.Scale(c.Scale)
	if c.Scale == "standard" {
		scale = table.Standard
	}
	return table.FitPipeline(p.table, rows, table.PipelineConfig{
		ColumnConfig: table.ColumnConfig{Impute: table.Impute(c.Impute), Indicator: c.Indicator, Scale: scale},
		Skip:         append([]string{c.Target}, c.Drop...),
	})
}

// save writes the weights, unless the loop has, and what turns tables into their inputs.
func (c *Recipe) save(run *train.Run, p *problem, pipeline *table.Pipeline, model learner) error {
	l := learned{Model: c.Model, Read: p.read, Target: *p.target, Pipeline: pipeline}
	l.Read.Kinds = nil // the pipeline has those of the columns it needs
	if m, ok := model.(*mlp); ok {
		l.Offset, l.Scale = m.offset, m.scale
	} else if err := safetensors.Save(run.Path(train.ModelFile), model.state(), nil); err != nil {
		return err
	}
	return run.WriteJSON(pipelineFile, l)
}

// names is "a, b and c" for the classes or columns of a message.
func names(s []string) string {
	if n := len(s); n > 1 {
		return strings.Join(s[:n-1], ", ") + " and " + s[n-1]
	}
	return strings.Join(s, "")
}

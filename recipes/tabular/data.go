package tabular

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/internal/oserr"
	"github.com/hadal-go/hadal/tensor"
)

// problem is a table and what is to be predicted.
type problem struct {
	table  *table.Table
	target *table.Target
	rows   []int // those that have a target
	read   table.ReadConfig
	notes  []string
	info   Info
}

// Info is what a model was trained on; it is kept in the run's config.json.
type Info struct {
	Set     string   `json:"set"` // the file's name
	Rows    int      `json:"rows"`
	Columns int      `json:"columns"`
	Target  string   `json:"target"`
	Classes []string `json:"classes,omitempty"`
	SHA256  string   `json:"sha256"` // of the file
}

// openFile opens a file for reading. What it returns ends with ctx.
func openFile(ctx context.Context, path string) (io.Reader, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s cannot be opened: %w; check the path", path, oserr.Cause(err))
	}
	return until{ctx, f}, f, nil
}

// until is a reader that ends with its context.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u until) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}

// open reads the table and finds out what is to be predicted.
func (c *Recipe) open(ctx context.Context) (*problem, error) {
	switch {
	case c.Data == "":
		return nil, errors.New("there is no table: name a CSV file with --data")
	case c.Target == "":
		return nil, errors.New("nothing is to be predicted: name a column with --target")
	}
	separator, err := c.separator()
	if err != nil {
		return nil, err
	}
	p := &problem{read: table.ReadConfig{Separator: separator, NoHeader: c.NoHeader, Missing: c.Missing, DecimalComma: c.Decimal == "comma", Kinds: map[string]table.Kind{}}}
	for _, name := range c.Drop {
		p.read.Kinds[name] = table.Text // it is not kept
	}
	for _, name := range c.Numeric {
		p.read.Kinds[name] = table.Number
	}
	for _, name := range c.Categorical {
		p.read.Kinds[name] = table.Category
	}
	r, file, err := openFile(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	sum := sha256.New()
	if p.table, err = table.Read(io.TeeReader(r, sum), p.read); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	task := table.Task(c.Task)
	switch {
	case c.Model == "linear" || c.Model == "ridge":
		task = table.Regression
	case c.Model == "logistic" || c.Model == "svm":
		task = table.Classification
	case c.Task == "auto":
		task = table.AnyTask
	}
	if p.target, p.rows, err = table.FitTarget(p.table, c.Target, task); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	p.notes = slices.Clone(p.table.Notes)
	if without := p.table.Rows - len(p.rows); without > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d of %d rows have no %s and are left out", without, p.table.Rows, c.Target))
	}
	if p.target.Numeric && task == table.AnyTask && len(p.target.Classes) > 2 {
		p.notes = append(p.notes, fmt.Sprintf("%s is taken for %d classes: %s; --task regression predicts a number", c.Target, len(p.target.Classes), names(p.target.Classes)))
	}
	p.info = Info{filepath.Base(c.Data), len(p.rows), len(p.table.Columns), c.Target, p.target.Classes, hex.EncodeToString(sum.Sum(nil))}
	return p, nil
}

// labels returns the class of each of rows, 0 for all of a number.
func (p *problem) labels(rows []int) ([]int64, error) {
	if p.target.Classes == nil {
		return make([]int64, len(rows)), nil
	}
	y, err := p.target.Encode(p.table, rows)
	if err != nil {
		return nil, err
	}
	return tensor.Data[int64](y), nil
}

// split holds out the test rows, each class's share of them. It is an error when too few rows are left to learn from.
func (c *Recipe) split(p *problem, seed uint64) (training, test []int, err error) {
	training = p.rows
	labels, err := p.labels(p.rows)
	if err != nil {
		return nil, nil, err
	}
	if c.Test > 0 {
		parts, err := dataset.StratifiedSplit(dataset.Slice[int](p.rows), labels, seed, 1-c.Test, c.Test)
		if err != nil {
			return nil, nil, fmt.Errorf("%d rows are too few to hold out %v of them for the test: give more, or --test 0", len(p.rows), c.Test)
		}
		training, test = chosen(p.rows, parts[0].Indices), chosen(p.rows, parts[1].Indices)
		labels = chosen(labels, parts[0].Indices)
	}
	least, what := max(c.Folds, 1), fmt.Sprintf("%d folds need %d; give more rows of it, or fewer --folds", c.Folds, c.Folds)
	if c.Folds == 0 {
		what = "give more rows of it, or leave it out"
	}
	if p.target.Classes == nil {
		if least = max(least, 2); len(training) < least {
			return nil, nil, fmt.Errorf("there are %d rows to train on, and %d are needed; give more rows, or fewer --folds", len(training), least)
		}
		return training, test, nil
	}
	count := make([]int, len(p.target.Classes))
	for _, k := range labels {
		count[k]++
	}
	for k, n := range count {
		if n < least {
			return nil, nil, fmt.Errorf("class %q has %d rows to train on: %s", p.target.Classes[k], n, what)
		}
	}
	return training, test, nil
}

// chosen returns the elements at some places.
func chosen[T any](all []T, at []int) []T {
	some := make([]T, len(at))
	for i, k := range at {
		some[i] = all[k]
	}
	return some
}

// tensors returns the features (N, D) and targets (N,) of rows.
func (p *problem) tensors(pipeline *table.Pipeline, rows []int) (x, y *tensor.Tensor, unseen table.Unseen, err error) {
	if x, unseen, err = pipeline.Transform(p.table, rows); err != nil {
		return nil, nil, nil, err
	}
	y, err = p.target.Encode(p.table, rows)
	return x, y, unseen, err
}

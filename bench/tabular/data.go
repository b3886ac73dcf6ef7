package main

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/breastcancer"
	"github.com/hadal-go/hadal/dataset/diabetes"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/dataset/tableset"
	"github.com/hadal-go/hadal/dataset/titanic"
	"github.com/hadal-go/hadal/dataset/wine"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// data is a data set cut into folds.
type data struct {
	name        string
	rows        [][]*float64 // as scikit-learn gets them; nil: missing
	categories  []int        // columns of rows that are categories
	y           *tensor.Tensor
	regression  bool
	train, test [][]int // rows of each fold

	// features fits what turns rows into numbers, and returns it.
	features func(train []int) (func(rows []int) (*tensor.Tensor, error), error)
}

// newData cuts a data set of n rows at random into folds, with the classes in equal parts in each.
func newData(d data, folds int) (*data, error) {
	n := d.y.Dim(0)
	var cut []dataset.Fold[int]
	var err error
	if d.regression {
		cut, err = dataset.KFold(rowNumbers(n), folds, 1)
	} else {
		cut, err = dataset.StratifiedKFold(rowNumbers(n), tensor.Data[int64](d.y), folds, 1)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	for _, f := range cut {
		d.train, d.test = append(d.train, f.Train.Indices), append(d.test, f.Test.Indices)
	}
	return &d, nil
}

// rowNumbers is the data set of the numbers of n rows.
type rowNumbers int

func (n rowNumbers) Len() int { return int(n) }

func (rowNumbers) At(_ context.Context, i int, _ *random.Generator) (int, error) { return i, nil }

// numeric is a data set whose features are numbers x (N, D), to be standardised.
func numeric(name string, x, y *tensor.Tensor, regression bool, folds int) (*data, error) {
	d := data{name: name, y: y, regression: regression}
	v, n, cols := tensor.Data[float64](x), x.Dim(0), x.Dim(1)
	for i := range n {
		d.rows = append(d.rows, pointers(v[i*cols:(i+1)*cols]))
	}
	d.features = func(train []int) (func([]int) (*tensor.Tensor, error), error) {
		s := linear.NewStandardScaler(linear.StandardScalerConfig{})
		if err := s.Fit(pick(x, train)); err != nil {
			return nil, err
		}
		return func(rows []int) (*tensor.Tensor, error) { return s.Transform(pick(x, rows)), nil }, nil
	}
	return newData(d, folds)
}

// pointers returns pointers to numbers, nil for NaN.
func pointers(v []float64) []*float64 {
	p := make([]*float64, len(v))
	for j := range v {
		if !math.IsNaN(v[j]) {
			p[j] = &v[j]
		}
	}
	return p
}

// pick returns rows of t.
func pick(t *tensor.Tensor, rows []int) *tensor.Tensor {
	return t.IndexSelect(0, tensor.Of(indices(rows), len(rows)))
}

func indices(rows []int) []int64 {
	i := make([]int64, len(rows))
	for k, r := range rows {
		i[k] = int64(r)
	}
	return i
}

// mixed is a data set whose features are the columns of a table besides the target: numbers, with the median where they are missing, to be
// standardised, and categories, to be one-hot.
func mixed(name string, t *table.Table, target string, folds int) (*data, error) {
	g, all, err := table.FitTarget(t, target, table.Classification)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d := data{name: name}
	if d.y, err = g.Encode(t, all); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, i := range all {
		var row []float64
		for _, c := range t.Columns {
			switch {
			case c.Name == target:
			case c.Kind == table.Category:
				row = append(row, float64(c.Code(i)))
			default:
				row = append(row, c.Float(i))
			}
		}
		d.rows = append(d.rows, pointers(row))
	}
	column := 0
	for _, c := range t.Columns {
		if c.Kind == table.Category && c.Name != target {
			d.categories = append(d.categories, column)
		}
		if c.Name != target {
			column++
		}
	}
	tableRows := func(rows []int) []int {
		r := make([]int, len(rows))
		for k, i := range rows {
			r[k] = all[i]
		}
		return r
	}
	cfg := table.PipelineConfig{ColumnConfig: table.ColumnConfig{Impute: table.Median}, Skip: []string{target}}
	d.features = func(train []int) (func([]int) (*tensor.Tensor, error), error) {
		p, err := table.FitPipeline(t, tableRows(train), cfg)
		if err != nil {
			return nil, err
		}
		return func(rows []int) (*tensor.Tensor, error) {
			x, _, err := p.Transform(t, tableRows(rows))
			return x, err
		}, nil
	}
	return newData(d, folds)
}

// set is a data set that is not loaded yet.
type set struct {
	name       string
	regression bool
	load       func() (*data, error)
}

// sets lists the data sets in the order of the table. The Titanic's passengers are found as package source says.
func sets(ctx context.Context, dir string, folds int) []set {
	classes := func(name string, load func() *tableset.Table) set {
		return set{name, false, func() (*data, error) {
			t := load()
			return numeric(name, t.X, t.Y, false, folds)
		}}
	}
	return []set{
		classes("iris", iris.Load),
		classes("wine", wine.Load),
		classes("breast cancer", breastcancer.Load),
		{"diabetes", true, func() (*data, error) {
			t := diabetes.LoadRaw()
			return numeric("diabetes", t.X, t.Y, true, folds)
		}},
		{"Titanic", false, func() (*data, error) {
			t, err := titanic.Load(ctx, source.Config{Dir: dir})
			if err != nil {
				return nil, err
			}
			return mixed("Titanic", t, "survived", folds)
		}},
	}
}

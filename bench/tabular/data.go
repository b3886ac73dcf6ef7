package main

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/breastcancer"
	"github.com/hadal-go/hadal/dataset/diabetes"
	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/dataset/tableset"
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

// allData returns the data sets in the order of the table.
func allData(folds int) (all []*data, err error) {
	for _, s := range []struct {
		name string
		t    *tableset.Table
	}{{"iris", iris.Load()}, {"wine", wine.Load()}, {"breast cancer", breastcancer.Load()}} {
		d, err := numeric(s.name, s.t.X, s.t.Y, false, folds)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	t := diabetes.LoadRaw()
	d, err := numeric("diabetes", t.X, t.Y, true, folds)
	if err != nil {
		return nil, err
	}
	return append(all, d), nil
}

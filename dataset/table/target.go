package table

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/hadal-go/hadal/tensor"
)

// Task is what a target is for.
type Task string

// The tasks.
const (
	AnyTask        Task = ""               // classification for texts and for at most 10 different whole numbers, else regression
	Classification Task = "classification" // the target is one of several classes
	Regression     Task = "regression"     // the target is a number
)

// fewClasses is how many different whole numbers are classes rather than amounts, unless the task is given.
const fewClasses = 10

// maxClasses bounds the classes of numbers; those of texts are bound as categories are.
const maxClasses = 1000

// Target turns the column that is to be predicted into what models are fitted to: class numbers, or numbers.
type Target struct {
	Name    string   `json:"name"`
	Classes []string `json:"classes,omitempty"` // in order; none: the target is a number
	Numeric bool     `json:"numeric,omitempty"` // the classes are numbers: 1 and 1.0 are the same one
}

// FitTarget finds out what the column of a name is for and which rows have a value there; those without cannot be learned from. It is an
// error when there is no such column, when it holds ever new texts or nothing, when all its values are the same, and when it holds texts or
// fractions and the task is regression or classification, respectively.
func FitTarget(t *Table, name string, task Task) (target *Target, rows []int, err error) {
	c, err := t.Column(name)
	if err != nil {
		return nil, nil, err
	}
	fail := func(format string, args ...any) (*Target, []int, error) {
		return nil, nil, fmt.Errorf("target %q: "+format, append([]any{name}, args...)...)
	}
	target = &Target{Name: name}
	switch c.Kind {
	case Empty:
		return fail("every value is missing")
	case Text:
		return fail("it holds ever new texts, which are no classes; choose another column, or declare it a category")
	case Category:
		if task == Regression && len(c.Values) > 0 { // none: declared a category, and every value is missing
			return fail("%q is not a number, as regression needs; predict classes, or choose another column", c.Values[0])
		}
		target.Classes = c.Values
		for i := range t.Rows {
			if c.Code(i) >= 0 {
				rows = append(rows, i)
			}
		}
	case Number:
		distinct, whole := map[float64]bool{}, true
		for i := range t.Rows {
			v := c.Float(i)
			if math.IsNaN(v) {
				continue
			}
			rows = append(rows, i)
			if len(distinct) <= maxClasses {
				distinct[v] = true
			}
			whole = whole && v == math.Trunc(v)
		}
		if task == AnyTask && whole && len(distinct) <= fewClasses {
			task = Classification
		}
		if task == Classification {
			if !whole {
				return fail("fractions are no classes; predict a number, or declare the column a category")
			}
			if len(distinct) > maxClasses {
				return fail("there are more than %d different numbers, which are no classes; predict a number", maxClasses)
			}
			target.Numeric = true
			for _, v := range slices.Sorted(maps.Keys(distinct)) {
				target.Classes = append(target.Classes, formatNumber(v))
			}
		} else if len(distinct) == 1 {
			return fail("all %d values are the same, so there is nothing to learn", len(rows))
		}
	}
	if len(target.Classes) == 1 {
		return fail("all %d values are %q; classes need two at least", len(rows), target.Classes[0])
	}
	if len(rows) == 0 {
		return fail("every value is missing")
	}
	return target, rows, nil
}

// Kind returns what the column is to be read as.
func (g *Target) Kind() Kind {
	if g.Classes != nil && !g.Numeric {
		return Category
	}
	return Number
}

// ErrUnseenClass is the error of a class that was not among those that the target was fitted on.
var ErrUnseenClass = errors.New("unseen class")

// Encode returns the targets of rows: their class numbers (N,) int64, or their numbers (N,) float64. A row without a value is an error, and
// one of a class that is not among Classes is an ErrUnseenClass.
func (g *Target) Encode(t *Table, rows []int) (*tensor.Tensor, error) {
	c, err := t.Column(g.Name)
	if err != nil {
		return nil, err
	}
	if c.Len() != t.Rows {
		return nil, fmt.Errorf("target %q: the column holds no values", g.Name)
	}
	missing := func(row int) error {
		return fmt.Errorf("target %q: row %d has no value; leave it out", g.Name, row+1)
	}
	if g.Classes == nil {
		y := make([]float64, len(rows))
		for i, row := range rows {
			if y[i] = c.Float(row); math.IsNaN(y[i]) {
				return nil, missing(row)
			}
		}
		return tensor.Of(y, len(y)), nil
	}
	class := map[string]int64{}
	for k, name := range g.Classes {
		class[name] = int64(k)
	}
	y := make([]int64, len(rows))
	for i, row := range rows {
		text := c.Text(row)
		if v, err := strconv.ParseFloat(text, 64); g.Numeric && err == nil {
			text = formatNumber(v)
		}
		k, ok := class[text]
		if !ok {
			if text == "" {
				return nil, missing(row)
			}
			return nil, fmt.Errorf("target %q: row %d is %q: %w; there are %s", g.Name, row+1, short(text), ErrUnseenClass, list(g.Classes))
		}
		y[i] = k
	}
	return tensor.Of(y, len(y)), nil
}

// Check returns an error unless the target, read from a file, makes sense.
func (g *Target) Check() error {
	if g.Name == "" || len(g.Classes) == 1 || len(g.Classes) > 1<<16 {
		return errors.New("the target has no name, or one class alone")
	}
	seen := map[string]bool{}
	for _, c := range g.Classes {
		if seen[c] || c == "" {
			return fmt.Errorf("the target has the class %q twice, or a class without a name", c)
		}
		seen[c] = true
	}
	return nil
}

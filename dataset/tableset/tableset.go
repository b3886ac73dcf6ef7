// Package tableset holds a table of numbers with a class, or a number to predict, for each row, the forms that small tabular data sets
// return.
package tableset

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/hadal-go/hadal/tensor"
)

// Table is N rows of D features, each row of one class.
type Table struct {
	X        *tensor.Tensor // (N, D) float64
	Y        *tensor.Tensor // (N,) int64, each from 0 to len(Classes) - 1
	Features []string       // D names, with their units
	Classes  []string
}

// Regression is N rows of D features, each row with a number to predict.
type Regression struct {
	X        *tensor.Tensor // (N, D) float64
	Y        *tensor.Tensor // (N,) float64
	Features []string       // D names
	Target   string         // name of what Y measures
}

// maxValues bounds what Parse and ParseRegression read.
const maxValues = 1 << 24

// Parse reads a table as scikit-learn stores its own: a line "rows,columns,class names..." and then, line by line, the features and
// the class number. It returns an error unless the text is exactly that, with as many columns as there are names of features.
func Parse(r io.Reader, features []string) (*Table, error) {
	t := &Table{Features: features}
	var y []int64
	x, names, err := parse(r, len(features), "class names", func(names []string, row int, field string) error {
		c, err := strconv.Atoi(field)
		if err != nil || c < 0 || c >= len(names) {
			return fmt.Errorf("row %d: class %q, want 0 to %d", row, field, len(names)-1)
		}
		y = append(y, int64(c))
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.X, t.Y, t.Classes = x, tensor.Of(y, len(y)), names
	return t, nil
}

// ParseRegression reads a table with a number to predict: a line "rows,columns,name of the target" and then, line by line, the features and
// the target. It returns an error unless the text is exactly that, with as many columns as there are names of features.
func ParseRegression(r io.Reader, features []string) (*Regression, error) {
	t := &Regression{Features: features}
	var y []float64
	x, names, err := parse(r, len(features), "name of the target", func(_ []string, row int, field string) error {
		v, ok := finite(field)
		if !ok {
			return fmt.Errorf("row %d: target %q is not a finite number", row, field)
		}
		y = append(y, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("the first line names %d targets, want 1", len(names))
	}
	t.X, t.Y, t.Target = x, tensor.Of(y, len(y)), names[0]
	return t, nil
}

// parse reads a line "rows,columns,names..." and rows of d features, which it returns, and one last field, which it gives to last with the
// names and the number of the row, from 1.
func parse(r io.Reader, d int, what string, last func(names []string, row int, field string) error) (x *tensor.Tensor, names []string, err error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	head, err := lines.Read()
	if err != nil || len(head) < 3 {
		return nil, nil, fmt.Errorf("the first line must be rows,columns,%s (%v)", what, err)
	}
	n, errN := strconv.Atoi(head[0])
	columns, errD := strconv.Atoi(head[1])
	if errN != nil || errD != nil || n < 0 || columns != d || d > 0 && n > maxValues/d {
		return nil, nil, fmt.Errorf("the first line gives %q rows and %q columns, want at most %d values and %d columns", head[0], head[1], maxValues, d)
	}
	names = head[2:]
	values, rows := make([]float64, 0, n*d), 0
	lines.FieldsPerRecord = d + 1
	for {
		row, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if rows == n {
			return nil, nil, fmt.Errorf("there are more than the %d rows that the first line gives", n)
		}
		rows++
		for j, field := range row[:d] {
			v, ok := finite(field)
			if !ok {
				return nil, nil, fmt.Errorf("row %d, column %d: %q is not a finite number", rows, j+1, field)
			}
			values = append(values, v)
		}
		if err := last(names, rows, row[d]); err != nil {
			return nil, nil, err
		}
	}
	if rows != n {
		return nil, nil, fmt.Errorf("there are %d rows; the first line gives %d", rows, n)
	}
	return tensor.Of(values, n, d), names, nil
}

// finite returns the number that a field holds, and whether it is one and finite.
func finite(field string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(field, 64)
	return v, err == nil && v-v == 0
}

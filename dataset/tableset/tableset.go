// Package tableset holds a table of numbers with a class for each row, the form that small tabular data sets return.
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

// maxValues bounds what Parse reads.
const maxValues = 1 << 24

// Parse reads a table as scikit-learn stores its own: a line "rows,columns,class names..." and then, line by line, the features and
// the class number. It returns an error unless the text is exactly that, with as many columns as there are names of features.
func Parse(r io.Reader, features []string) (*Table, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	head, err := lines.Read()
	if err != nil || len(head) < 3 {
		return nil, fmt.Errorf("the first line must be rows,columns,class names (%v)", err)
	}
	n, errN := strconv.Atoi(head[0])
	d, errD := strconv.Atoi(head[1])
	if errN != nil || errD != nil || n < 0 || d != len(features) || d > 0 && n > maxValues/d {
		return nil, fmt.Errorf("the first line gives %q rows and %q columns, want at most %d values and %d columns", head[0], head[1], maxValues, len(features))
	}
	t := &Table{Features: features, Classes: head[2:]}
	x, y := make([]float64, 0, n*d), make([]int64, 0, n)
	lines.FieldsPerRecord = d + 1
	for {
		row, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(y) == n {
			return nil, fmt.Errorf("there are more than the %d rows that the first line gives", n)
		}
		for j, field := range row[:d] {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil || v-v != 0 {
				return nil, fmt.Errorf("row %d, column %d: %q is not a finite number", len(y)+1, j+1, field)
			}
			x = append(x, v)
		}
		c, err := strconv.Atoi(row[d])
		if err != nil || c < 0 || c >= len(t.Classes) {
			return nil, fmt.Errorf("row %d: class %q, want 0 to %d", len(y)+1, row[d], len(t.Classes)-1)
		}
		y = append(y, int64(c))
	}
	if len(y) != n {
		return nil, fmt.Errorf("there are %d rows; the first line gives %d", len(y), n)
	}
	t.X, t.Y = tensor.Of(x, n, d), tensor.Of(y, n)
	return t, nil
}

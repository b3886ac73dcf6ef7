// Package table reads tables as spreadsheets and databases export them, CSV with a header, and turns their columns into the numbers that
// models take.
//
//	t, err := table.ReadFile("titanic.csv", table.ReadConfig{})        // kinds inferred, missing values found
//	target, rows, err := table.FitTarget(t, "survived", table.AnyTask) // classes or numbers, of the rows that have one
//	p, err := table.FitPipeline(t, trainingRows, table.PipelineConfig{Skip: []string{"survived"}})
//	x, unseen, err := p.Transform(t, trainingRows)                     // (N, D) float64
//
// A Pipeline learns from the rows it is fitted on alone: what fills in missing values, means and deviations, the categories. It is saved as
// JSON beside the model and transforms any other table that has the columns, in any order.
//
// Reading is a stream. Of a column of numbers 8 bytes a row are kept, or 2 while it has few different ones; of a category 2 bytes a row and
// each text once; of a column of ever new texts, such as names, nothing. Reader.Block reads a table piece by piece.
package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hadal-go/hadal/metrics"
)

// Kind is what a column holds.
type Kind string

// The kinds of columns.
const (
	Number   Kind = "number"
	Category Kind = "category" // one of few texts; true and false, or yes and no, are two
	Text     Kind = "text"     // ever new texts, such as names or identifiers: they are not kept
	Empty    Kind = "empty"    // every value is missing
)

// Table is what was read of a file: its columns, in the file's order.
type Table struct {
	Columns []*Column
	Rows    int
	Notes   []string // what a user should know of how it was read, a line each
}

// Column is one column of a table.
type Column struct {
	Name    string
	Kind    Kind
	Missing int      // rows without a value; not counted of a Text
	Values  []string // of a Category: the different texts, sorted

	numbers []float64       // of a Number with codes: the number of each code
	codes   blocks[uint16]  // 0: missing; code c is Values[c-1] or numbers[c-1]
	floats  blocks[float64] // of a Number without codes; NaN: missing
}

// Len returns the number of rows, 0 of a column whose values are not kept.
func (c *Column) Len() int { return max(c.codes.n, c.floats.n) }

// Float returns the number in a row, NaN where it is missing or the column holds none. Rows count from 0.
func (c *Column) Float(row int) float64 {
	switch {
	case c.Kind != Number:
		return math.NaN()
	case c.floats.n > 0:
		return c.floats.at(row)
	}
	if k := c.codes.at(row); k > 0 {
		return c.numbers[k-1]
	}
	return math.NaN()
}

// Code returns the place in Values of a Category's text in a row, -1 where it is missing or the column holds none.
func (c *Column) Code(row int) int {
	if c.Kind != Category {
		return -1
	}
	return int(c.codes.at(row)) - 1
}

// Text returns the value in a row as text, "" where it is missing or not kept.
func (c *Column) Text(row int) string {
	switch c.Kind {
	case Number:
		if v := c.Float(row); v == v {
			return formatNumber(v)
		}
	case Category:
		if k := c.Code(row); k >= 0 {
			return c.Values[k]
		}
	}
	return ""
}

// formatNumber writes a number with as many digits as it needs; -0 is the number that 0 is.
func formatNumber(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Names returns the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Column returns the column of a name, or an error that says which there are and which is meant perhaps.
func (t *Table) Column(name string) (*Column, error) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, unknownColumn(name, t.Names())
}

// unknownColumn says which columns there are, and which is meant perhaps.
func unknownColumn(name string, names []string) error {
	closest, least := "", 1+len([]rune(name))/2
	for _, n := range names {
		if d := metrics.EditDistance([]rune(strings.ToLower(n)), []rune(strings.ToLower(name))).Distance(); d < least {
			closest, least = n, d
		}
	}
	if closest != "" {
		closest = fmt.Sprintf(" did you mean %q?", closest)
	}
	return fmt.Errorf("there is no column %q;%s the columns are %s", name, closest, list(names))
}

// list is "a, b, c", at most twenty of them.
func list(names []string) string {
	const most = 20
	quoted := make([]string, 0, most+1)
	for i, n := range names {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		quoted = append(quoted, strconv.Quote(n))
	}
	return strings.Join(quoted, ", ")
}

// AllRows returns the numbers of all rows.
func (t *Table) AllRows() []int {
	rows := make([]int, t.Rows)
	for i := range rows {
		rows[i] = i
	}
	return rows
}

// blocks is a list that grows without being copied, so that memory never holds it twice.
type blocks[T any] struct {
	n   int
	all [][]T
}

const blockBits = 16

func (b *blocks[T]) add(v T) {
	if b.n>>blockBits == len(b.all) {
		b.all = append(b.all, make([]T, 0, min(1<<blockBits, max(64, b.n)))) // the first ones small
	}
	last := &b.all[len(b.all)-1]
	*last = append(*last, v)
	b.n++
}

func (b *blocks[T]) at(i int) T { return b.all[i>>blockBits][i&(1<<blockBits-1)] }

// sorted returns values in order and, for each of the old places, the new one.
func sorted(values []string) (in []string, place []uint16) {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(values[i], values[j]) })
	in, place = make([]string, len(values)), make([]uint16, len(values))
	for to, from := range order {
		in[to], place[from] = values[from], uint16(to)
	}
	return in, place
}

package table

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

// Impute is what fills in a missing value.
type Impute string

// The ways to fill in a missing value, each learned from the values that are there.
const (
	Auto         Impute = ""              // Mean for numbers, MostFrequent for categories
	Mean         Impute = "mean"          // of numbers
	Median       Impute = "median"        // of numbers; of an even number of values the mean of the middle two
	MostFrequent Impute = "most-frequent" // of several the least
	Constant     Impute = "constant"      // ColumnConfig.Fill or FillText, which is a category of its own
)

// Scale is how numbers are brought to a common scale.
type Scale string

// The scales. Each is that of the scaler in package linear.
const (
	Standard Scale = ""       // (x - mean) / deviation, with the deviation √(Σ (x - mean)² / N)
	MinMax   Scale = "minmax" // (x - min) / (max - min): the training rows lie in [0, 1]
	Unscaled Scale = "none"
)

// ColumnConfig says what becomes of a column. Numbers are imputed and scaled; a category is imputed and becomes a column of 0 and 1 for each
// of its texts (one-hot).
type ColumnConfig struct {
	Impute    Impute
	Fill      float64 // of numbers with Constant
	FillText  string  // of categories with Constant; "": "missing"
	Indicator bool    // adds a column of 0 and 1, 1 where the value was missing, if one is in the rows that are fitted
	Scale     Scale
	DropFirst bool // leaves out a category's first text, which the others then tell of; of use without a penalty
}

// PipelineConfig configures a pipeline: for all columns, for some of them, and which to leave out.
type PipelineConfig struct {
	ColumnConfig
	Columns map[string]ColumnConfig // instead of ColumnConfig, by name
	Skip    []string                // columns that are no features, such as the target
}

// Pipeline turns rows of a table into numbers by what it learned from the rows that it was fitted on. It is saved with json.Marshal and back
// with json.Unmarshal, exactly: the same table gives the same bits.
type Pipeline struct {
	Columns []Feature `json:"columns"`
	Dropped []Dropped `json:"dropped,omitempty"`
}

// Feature is a column of the table and what it is turned into.
type Feature struct {
	Name      string `json:"name"`
	Kind      Kind   `json:"kind"` // Number or Category
	Indicator bool   `json:"indicator,omitempty"`
	// Of a Number: a missing value becomes Fill, and then every x becomes (x - Offset) / Scale.
	Fill   float64 `json:"fill"`
	Offset float64 `json:"offset"`
	Scale  float64 `json:"scale"`
	// Of a Category: a missing value becomes FillText, and then text k of Categories has a 1 in column k. Another text has 0 in all of them.
	FillText   string   `json:"fill_text,omitempty"`
	Categories []string `json:"categories,omitempty"`
	DropFirst  bool     `json:"drop_first,omitempty"`
}

// Dropped is a column that is no feature, and why.
type Dropped struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Unseen counts, by column, the values of a transformed table that were not among the categories of the rows that the pipeline was fitted on.
type Unseen map[string]int

// Add adds the counts of other rows.
func (u Unseen) Add(o Unseen) {
	for name, n := range o {
		u[name] += n
	}
}

// FitPipeline learns from some rows of a table, nil for all. What tells nothing is left out and listed in Dropped: columns of Text, columns
// without any value in these rows, and those of one value alone. It is an error when there are no rows or nothing is left, when cfg names a
// column that is not there, and when numbers are to be filled in by what only texts have, or the other way round.
func FitPipeline(t *Table, rows []int, cfg PipelineConfig) (*Pipeline, error) {
	if rows == nil {
		rows = t.AllRows()
	}
	if len(rows) == 0 {
		return nil, errors.New("pipeline: there are no rows to learn from")
	}
	for _, name := range cfg.Skip {
		if _, err := t.Column(name); err != nil {
			return nil, err
		}
	}
	for name := range cfg.Columns {
		if _, err := t.Column(name); err != nil {
			return nil, err
		}
	}
	p := &Pipeline{}
	for _, c := range t.Columns {
		if slices.Contains(cfg.Skip, c.Name) {
			continue
		}
		own, given := cfg.Columns[c.Name]
		if !given {
			own = cfg.ColumnConfig
			// One choice for all columns means the columns that it can be made for.
			if c.Kind == Category && (own.Impute == Mean || own.Impute == Median) {
				own.Impute = Auto
			}
		}
		f, why, err := fitFeature(c, rows, own)
		switch {
		case err != nil:
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		case why != "":
			p.Dropped = append(p.Dropped, Dropped{c.Name, why})
		default:
			p.Columns = append(p.Columns, f)
		}
	}
	if len(p.Columns) == 0 {
		return nil, errors.New("pipeline: no column tells rows apart: all are constant, empty, left out, or ever new texts")
	}
	return p, nil
}

// fitFeature returns what a column becomes, or why it is left out.
func fitFeature(c *Column, rows []int, cfg ColumnConfig) (f Feature, why string, err error) {
	f = Feature{Name: c.Name, Kind: c.Kind, Scale: 1}
	switch cfg.Scale {
	case Standard, MinMax, Unscaled:
	default:
		return f, "", fmt.Errorf("there is no scale %q", cfg.Scale)
	}
	switch c.Kind {
	case Number:
		return fitNumber(f, c, rows, cfg)
	case Category:
		return fitCategory(f, c, rows, cfg)
	case Empty:
		return f, "every value is missing", nil
	}
	return f, "ever new texts", nil
}

func fitNumber(f Feature, c *Column, rows []int, cfg ColumnConfig) (Feature, string, error) {
	present := make([]float64, 0, len(rows))
	for _, row := range rows {
		if v := c.Float(row); v == v {
			present = append(present, v)
		}
	}
	missing := len(rows) - len(present)
	switch {
	case len(present) == 0:
		return f, "every value is missing", nil
	case slices.Min(present) == slices.Max(present) && (missing == 0 || !cfg.Indicator && (cfg.Impute != Constant || cfg.Fill == present[0])):
		return f, fmt.Sprintf("every value is %s", formatNumber(present[0])), nil
	}
	f.Indicator = cfg.Indicator && missing > 0
	switch cfg.Impute {
	case Auto, Mean:
		for _, v := range present {
			f.Fill += v
		}
		f.Fill /= float64(len(present))
	case Median:
		f.Fill = median(present)
	case MostFrequent:
		f.Fill = mostFrequent(present)
	case Constant:
		if f.Fill = cfg.Fill; f.Fill-f.Fill != 0 {
			return f, "", fmt.Errorf("a missing value cannot become %v", cfg.Fill)
		}
	default:
		return f, "", fmt.Errorf("numbers cannot be filled in by %q", cfg.Impute)
	}
	for range missing {
		present = append(present, f.Fill)
	}
	x := tensor.Of(present, len(present), 1)
	switch cfg.Scale {
	case Standard:
		s := linear.NewStandardScaler(linear.StandardScalerConfig{})
		if err := s.Fit(x); err != nil {
			return f, "", err
		}
		f.Offset, f.Scale = s.Mean.Item(), s.Scale.Item()
	case MinMax:
		s := linear.NewMinMaxScaler(linear.MinMaxScalerConfig{})
		if err := s.Fit(x); err != nil {
			return f, "", err
		}
		f.Offset, f.Scale = s.Offset.Item(), s.Scale.Item()
	}
	if !f.finite() {
		return f, "", errors.New("its numbers are too large to be scaled; leave it out, or divide them")
	}
	return f, "", nil
}

func (f Feature) finite() bool {
	sum := f.Fill/2 + f.Offset/2 + f.Scale/2
	return sum-sum == 0 && f.Scale > 0
}

// median sorts v.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return v[(n-1)/2]/2 + v[n/2]/2
}

// mostFrequent sorts v.
func mostFrequent(v []float64) float64 {
	slices.Sort(v)
	best, most := v[0], 0
	for i := 0; i < len(v); {
		j := i
		for j < len(v) && v[j] == v[i] {
			j++
		}
		if j-i > most {
			best, most = v[i], j-i
		}
		i = j
	}
	return best
}

func fitCategory(f Feature, c *Column, rows []int, cfg ColumnConfig) (Feature, string, error) {
	count := make([]int, len(c.Values))
	missing := 0
	for _, row := range rows {
		if k := c.Code(row); k >= 0 {
			count[k]++
		} else {
			missing++
		}
	}
	best := -1
	for k, n := range count {
		if n > 0 {
			f.Categories = append(f.Categories, c.Values[k])
		}
		if n > 0 && (best < 0 || n > count[best]) {
			best = k
		}
	}
	if best < 0 {
		return f, "every value is missing", nil
	}
	f.Indicator, f.DropFirst = cfg.Indicator && missing > 0, cfg.DropFirst
	switch cfg.Impute {
	case Auto, MostFrequent:
		f.FillText = c.Values[best]
	case Constant:
		f.FillText = cmp.Or(cfg.FillText, "missing")
		if at, found := slices.BinarySearch(f.Categories, f.FillText); missing > 0 && !found {
			f.Categories = slices.Insert(f.Categories, at, f.FillText)
		}
	default:
		return f, "", fmt.Errorf("categories cannot be filled in by %q", cfg.Impute)
	}
	if len(f.Categories) == 1 && !f.Indicator {
		return f, fmt.Sprintf("every value is %q", f.Categories[0]), nil
	}
	return f, "", nil
}

// Features returns the names of the D columns that Transform makes: that of a number's column, column=text for a category, and "column
// missing" for an indicator.
func (p *Pipeline) Features() (names []string) {
	for _, f := range p.Columns {
		if f.Kind == Number {
			names = append(names, f.Name)
		}
		for _, text := range f.texts() {
			names = append(names, f.Name+"="+text)
		}
		if f.Indicator {
			names = append(names, f.Name+" missing")
		}
	}
	return names
}

// texts are those that have a column.
func (f Feature) texts() []string {
	if f.DropFirst && len(f.Categories) > 0 {
		return f.Categories[1:]
	}
	return f.Categories
}

func (f Feature) width() int {
	n := len(f.texts())
	if f.Kind == Number {
		n = 1
	}
	if f.Indicator {
		n++
	}
	return n
}

// Kinds returns how the columns that the pipeline needs are to be read, for ReadConfig.Kinds.
func (p *Pipeline) Kinds() map[string]Kind {
	kinds := map[string]Kind{}
	for _, f := range p.Columns {
		kinds[f.Name] = f.Kind
	}
	return kinds
}

// maxValues bounds what Transform makes: 8 GB.
const maxValues = 1 << 30

// Transform turns rows of a table, nil for all, into (N, D) float64. The table needs the columns that the pipeline was fitted on, in any
// order and of the same kinds; others do not matter. A category that was not there then has 0 in all its columns and is counted in unseen;
// a missing one has 0 in all of them too where Constant is to fill it in and none was missing then.
func (p *Pipeline) Transform(t *Table, rows []int) (x *tensor.Tensor, unseen Unseen, err error) {
	if rows == nil {
		rows = t.AllRows()
	}
	d, widest := 0, 0
	for i, f := range p.Columns {
		d += f.width()
		if f.width() > p.Columns[widest].width() {
			widest = i
		}
	}
	if d > 0 && len(rows) > maxValues/d {
		return nil, nil, fmt.Errorf("pipeline: %d rows of %d features are too many; column %q alone makes %d: leave it out", len(rows), d, p.Columns[widest].Name, p.Columns[widest].width())
	}
	v, unseen := make([]float64, len(rows)*d), Unseen{}
	columns := make(map[string]*Column, len(t.Columns)) // there may be tens of thousands
	for _, c := range t.Columns {
		columns[c.Name] = c
	}
	at := 0
	for _, f := range p.Columns {
		c := columns[f.Name]
		if c == nil {
			return nil, nil, unknownColumn(f.Name, t.Names())
		}
		if c.Kind != f.Kind && c.Kind != Empty || c.Kind != Empty && c.Len() != t.Rows {
			return nil, nil, fmt.Errorf("pipeline: column %q holds %s and was fitted as %s; read it as that", f.Name, c.Kind, f.Kind)
		}
		if f.Kind == Number {
			f.numbers(c, rows, v[at:], d)
		} else if n := f.oneHot(c, rows, v[at:], d); n > 0 {
			unseen[f.Name] = n
		}
		at += f.width()
	}
	return tensor.Of(v, len(rows), d), unseen, nil
}

// numbers writes a number's columns into v, a row every d values.
func (f Feature) numbers(c *Column, rows []int, v []float64, d int) {
	for i, row := range rows {
		x := math.NaN()
		if c.Kind == Number {
			x = c.Float(row)
		}
		if x != x {
			x = f.Fill
			if f.Indicator {
				v[i*d+1] = 1
			}
		}
		v[i*d] = (x - f.Offset) / f.Scale
	}
}

// oneHot writes a category's columns into v, a row every d values, and returns how many rows had a text that is in none.
func (f Feature) oneHot(c *Column, rows []int, v []float64, d int) (unseen int) {
	place := func(text string) int {
		if k, found := slices.BinarySearch(f.Categories, text); found {
			return k
		}
		return -1
	}
	fill, to := place(f.FillText), make([]int, len(c.Values))
	for k, text := range c.Values {
		to[k] = place(text)
	}
	first := 0
	if f.DropFirst {
		first = 1
	}
	for i, row := range rows {
		k := fill
		if code := c.Code(row); code >= 0 {
			if k = to[code]; k < 0 {
				unseen++
			}
		} else if f.Indicator {
			v[i*d+len(f.Categories)-first] = 1
		}
		if k >= first {
			v[i*d+k-first] = 1
		}
	}
	return unseen
}

// UnmarshalJSON reads a pipeline, and returns an error when it is damaged.
func (p *Pipeline) UnmarshalJSON(b []byte) error {
	type plain Pipeline
	var q plain
	if err := json.Unmarshal(b, &q); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, f := range q.Columns {
		switch {
		case f.Name == "" || seen[f.Name]:
			return fmt.Errorf("the pipeline has the column %q twice, or a column without a name", f.Name)
		case f.Kind == Number && (!f.finite() || len(f.Categories) > 0), f.Kind == Category && (len(f.Categories) == 0 || len(f.Categories) > 1<<16):
			return fmt.Errorf("the pipeline's column %q is damaged", f.Name)
		case f.Kind != Number && f.Kind != Category:
			return fmt.Errorf("the pipeline's column %q is of the kind %q", f.Name, f.Kind)
		}
		for k := 1; k < len(f.Categories); k++ {
			if f.Categories[k-1] >= f.Categories[k] {
				return fmt.Errorf("the pipeline's column %q has categories out of order", f.Name)
			}
		}
		seen[f.Name] = true
	}
	if len(q.Columns) == 0 {
		return errors.New("the pipeline has no columns")
	}
	*p = Pipeline(q)
	return nil
}

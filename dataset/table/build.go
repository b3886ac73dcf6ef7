package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/hadal-go/hadal/internal/oserr"
)

// ReadFile reads a whole table from a file; see Read.
func ReadFile(path string, cfg ReadConfig) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w; check the path", path, oserr.Cause(err))
	}
	defer f.Close()
	t, err := Read(f, cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// Read reads a whole table. The kind of a column that cfg does not give is inferred: Empty where all is missing, Number where all else is
// numbers, Category where there are at most MaxCategories different texts, and Text where there are more, or at least 20 of which each occurs
// less than twice on average. Space around a value does not count, and blank lines are no rows.
//
// Rows with another number of fields than the first line, infinities among numbers, what is no number in a column declared Number, too many
// texts in one declared Category, text that is not UTF-8, and a table without rows are errors that name the line.
func Read(r io.Reader, cfg ReadConfig) (*Table, error) {
	t, err := NewReader(r, cfg)
	if err != nil {
		return nil, err
	}
	table, err := t.rows(math.MaxInt, t.cfg.MaxCategories)
	if err != nil {
		return nil, err
	}
	if table.Rows == 0 {
		return nil, fmt.Errorf("line %d is the header, and there are no rows after it", t.line)
	}
	table.Notes = append(t.notes, table.Notes...)
	return table, nil
}

// Block reads up to n of the next rows, 1 to 65,534, as a table of their own; at the end its error is io.EOF. Kinds that are not given are
// inferred for each block anew.
func (t *Reader) Block(n int) (*Table, error) {
	if n < 1 || n > 1<<16-2 {
		return nil, fmt.Errorf("a block of %d rows: give 1 to %d", n, 1<<16-2)
	}
	table, err := t.rows(n, max(n, t.cfg.MaxCategories))
	if err == nil && table.Rows == 0 {
		return nil, io.EOF
	}
	return table, err
}

// rows reads at most n rows.
func (t *Reader) rows(n, maxCategories int) (*Table, error) {
	table := &Table{}
	columns := make([]*builder, len(t.keep))
	for j, i := range t.keep {
		columns[j] = &builder{reader: t, declared: t.kinds[j], most: maxCategories, column: &Column{Name: t.names[i]}, code: map[string]uint16{}, allNumbers: true}
		columns[j].dropped, columns[j].floats = t.kinds[j] == Text, t.kinds[j] == Number
	}
	for table.Rows < n {
		record, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		table.Rows++
		for j, i := range t.keep {
			if b := columns[j]; !b.dropped {
				if err := b.add(strings.TrimSpace(record[i])); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, b := range columns {
		c, err := b.finish(table.Rows)
		if err != nil {
			return nil, err
		}
		table.Columns = append(table.Columns, c)
		if b.note != "" {
			table.Notes = append(table.Notes, b.note)
		}
	}
	return table, nil
}

// builder collects a column. It begins with codes of texts, unless it is declared Number; a column of numbers with too many different ones
// goes on with numbers, and one of too many different texts with nothing.
type builder struct {
	reader   *Reader
	declared Kind
	most     int // different texts
	column   *Column
	code     map[string]uint16
	values   []string
	lines    []int     // where each value stands first
	numbers  []float64 // of each value, NaN for texts

	allNumbers bool
	floats     bool
	dropped    bool
	note       string
}

func (b *builder) add(s string) error {
	c, r := b.column, b.reader
	if r.missing[s] {
		c.Missing++
		if b.floats {
			c.floats.add(math.NaN())
		} else {
			c.codes.add(0)
		}
		return nil
	}
	if b.floats {
		v, ok := r.number(s)
		switch {
		case !ok && b.declared == Number:
			return b.notNumber(s, r.line)
		case !ok:
			b.drop("numbers up to line %d, where it says %q; %s", r.line, short(s), mend)
			return nil
		case v-v != 0:
			return b.notFinite(s, r.line)
		}
		c.floats.add(v)
		return nil
	}
	if k, ok := b.code[s]; ok {
		c.codes.add(k)
		return nil
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("line %d, column %q: the text is not UTF-8; convert the file, as with iconv -f latin1 -t utf8", r.line, c.Name)
	}
	v, ok := r.number(s)
	if !ok {
		v = math.NaN()
	}
	b.allNumbers = b.allNumbers && ok
	if len(b.values) == b.most {
		switch {
		case b.declared == Category:
			return fmt.Errorf("line %d, column %q: there are more than %d categories; raise MaxCategories, or leave the column out (--drop)", r.line, c.Name, b.most)
		case b.allNumbers:
			return b.expand(s)
		}
		b.drop("more than %d different texts, as names or identifiers are", b.most)
		return nil
	}
	s = strings.Clone(s) // csv's strings hold a whole row
	b.values, b.lines, b.numbers = append(b.values, s), append(b.lines, r.line), append(b.numbers, v)
	b.code[s] = uint16(len(b.values))
	c.codes.add(uint16(len(b.values)))
	return nil
}

// expand turns codes into numbers and goes on with the value s.
func (b *builder) expand(s string) error {
	if err := b.checkFinite(); err != nil {
		return err
	}
	c := b.column
	for i := range c.codes.n {
		v := math.NaN()
		if k := c.codes.at(i); k > 0 {
			v = b.numbers[k-1]
		}
		c.floats.add(v)
	}
	c.codes, b.code, b.values, b.numbers, b.lines, b.floats = blocks[uint16]{}, nil, nil, nil, nil, true
	return b.add(s)
}

// drop stops keeping the column.
func (b *builder) drop(format string, args ...any) {
	b.note = fmt.Sprintf("column %q is left out: ", b.column.Name) + fmt.Sprintf(format, args...)
	if b.decimalCommas() {
		b.note = fmt.Sprintf("column %q is left out: %s", b.column.Name, commas)
	}
	b.column.codes, b.column.floats, b.code, b.values = blocks[uint16]{}, blocks[float64]{}, nil, nil
	b.dropped = true
}

const commas = "its numbers have decimal commas; say so (--decimal comma)"

// decimalCommas reports whether the texts so far are numbers but for commas in the place of the decimal point.
func (b *builder) decimalCommas() bool {
	r := b.reader
	if r.cfg.DecimalComma || r.cfg.Separator == ',' || len(b.values) == 0 {
		return false
	}
	for k, s := range b.values {
		if _, ok := r.number(strings.Replace(s, ",", ".", 1)); !ok && b.numbers[k] != b.numbers[k] {
			return false
		}
	}
	return true
}

const mend = "mend it, or name it as a missing value (--missing)"

func (b *builder) notNumber(s string, line int) error {
	return fmt.Errorf("line %d, column %q: %q is not a number; %s", line, b.column.Name, short(s), mend)
}

func (b *builder) notFinite(s string, line int) error {
	return fmt.Errorf("line %d, column %q: %q is not a finite number; %s", line, b.column.Name, short(s), mend)
}

// short cuts a long text.
func short(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}

func (b *builder) checkFinite() error {
	for k, v := range b.numbers {
		if v-v != 0 {
			return b.notFinite(b.values[k], b.lines[k])
		}
	}
	return nil
}

// finish decides what the column holds.
func (b *builder) finish(rows int) (*Column, error) {
	c := b.column
	c.Kind = b.declared
	if c.Kind == "" {
		c.Kind = b.infer(rows)
	}
	switch c.Kind {
	case Number:
		if b.floats {
			break
		}
		if err := b.checkFinite(); err != nil {
			return nil, err
		}
		c.numbers = b.numbers
	case Category:
		var place []uint16
		c.Values, place = sorted(b.values)
		for _, block := range c.codes.all {
			for i, k := range block {
				if k > 0 {
					block[i] = place[k-1] + 1
				}
			}
		}
	default:
		c.codes, c.floats = blocks[uint16]{}, blocks[float64]{}
	}
	return c, nil
}

// infer returns the kind of a column whose kind is not given.
func (b *builder) infer(rows int) Kind {
	const few = 20
	present := rows - b.column.Missing
	switch {
	case b.dropped:
		return Text
	case b.floats:
		return Number
	case len(b.values) == 0:
		return Empty
	case b.allNumbers:
		return Number
	case len(b.values) >= few && 2*len(b.values) > present:
		b.drop("%d different texts in %d rows, as names or identifiers are", len(b.values), present)
		return Text
	}
	if b.decimalCommas() {
		b.note = fmt.Sprintf("column %q is taken for a category: %s", b.column.Name, commas)
		return Category
	}
	texts, first := 0, -1
	for k, v := range b.numbers {
		if v != v {
			texts++
			if first < 0 {
				first = k
			}
		}
	}
	if texts < len(b.values)-texts {
		b.note = fmt.Sprintf("column %q is taken for a category: most of it is numbers, but line %d says %q; %s", b.column.Name, b.lines[first], short(b.values[first]), mend)
	}
	return Category
}

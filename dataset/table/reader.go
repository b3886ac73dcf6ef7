package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hadal-go/hadal/internal/oserr"
)

// ReadConfig says how a table is read. The zero value reads a CSV file with a header.
type ReadConfig struct {
	// Separator is what stands between fields; 0: a comma, semicolon, tab or bar, whichever cuts the first lines into equally many fields.
	Separator rune `json:"separator,omitempty"`
	// NoHeader means that the first line is data; the columns are called column1, column2, ...
	NoHeader bool `json:"no_header,omitempty"`
	// Missing are the texts that stand for a missing value besides the empty one; nil: Missing.
	Missing []string `json:"missing,omitzero"` // an empty list is kept, as it means another thing than nil
	// DecimalComma reads 3,14 as a number; the separator must be another then.
	DecimalComma bool `json:"decimal_comma,omitempty"`
	// Kinds are the kinds of columns that are not to be inferred: Number, Category, or Text for a column that is not kept.
	Kinds map[string]Kind `json:"kinds,omitempty"`
	// Only are the columns to keep; nil: all. One that the file lacks is an error.
	Only []string `json:"only,omitempty"`
	// MaxCategories is how many different texts a category may have, at most 65,534; 0: 1,000. A column of more is Text.
	MaxCategories int `json:"max_categories,omitempty"`
}

// Missing are the texts that stand for a missing value unless others are given.
var Missing = []string{"?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "Null", "null", "None"}

const (
	maxRecord            = 1 << 24 // bytes of one row, and so of one field
	maxColumns           = 1 << 16
	defaultMaxCategories = 1000
	peeked               = 1 << 16 // bytes that the separator is guessed from
)

var separators = []rune{',', ';', '\t', '|'}

// Reader reads a table row by row.
type Reader struct {
	cfg     ReadConfig
	source  *source
	csv     *csv.Reader
	names   []string
	keep    []int    // the columns that are kept
	kinds   []Kind   // of those, "": to be inferred
	first   []string // a row that was read with the header
	missing map[string]bool
	line    int // of the row that was read last
	notes   []string
}

// NewReader reads the header. It takes plain or gzip-compressed text in UTF-8, with or without a byte-order mark. Everything that is wrong
// with the text is an error that begins with the line's number.
func NewReader(r io.Reader, cfg ReadConfig) (*Reader, error) {
	if cfg.MaxCategories == 0 {
		cfg.MaxCategories = defaultMaxCategories
	}
	if cfg.MaxCategories < 2 || cfg.MaxCategories > 1<<16-2 {
		return nil, fmt.Errorf("%d categories at most: give 2 to %d", cfg.MaxCategories, 1<<16-2)
	}
	if cfg.Missing == nil {
		cfg.Missing = Missing
	}
	text := bufio.NewReaderSize(r, peeked)
	switch head, _ := text.Peek(4); {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("the gzip file is damaged: %w", err)
		}
		text = bufio.NewReaderSize(z, peeked)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("it is a zip file or a spreadsheet, not text; export it as CSV")
	}
	head, err := text.Peek(3)
	switch {
	case len(head) == 0 && err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("it cannot be read: %w", oserr.Cause(err))
	case len(head) == 0:
		return nil, errors.New("the file is empty; a table has a line of column names and a line for each row")
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		text.Discard(3)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return nil, errors.New("line 1: the text is UTF-16; save it as UTF-8")
	}
	t := &Reader{cfg: cfg, source: &source{r: text}, missing: map[string]bool{"": true}}
	for _, m := range cfg.Missing {
		t.missing[strings.TrimSpace(m)] = true
	}
	if t.cfg.Separator == 0 {
		if t.cfg.Separator, err = guessSeparator(text, cfg.DecimalComma); err != nil {
			return nil, err
		}
	}
	if s := t.cfg.Separator; s == '"' || s == '\r' || s == '\n' || s == utf8.RuneError || !utf8.ValidRune(s) || cfg.DecimalComma && s == ',' {
		return nil, fmt.Errorf("the separator %q cannot stand between fields; give another", s)
	}
	t.csv = csv.NewReader(bufio.NewReaderSize(t.source, peeked))
	t.csv.Comma, t.csv.ReuseRecord = t.cfg.Separator, true
	return t, t.header()
}

// guessSeparator returns the only separator that cuts the first lines into equally many fields, at least two; if none is there a comma,
// or a semicolon where commas are decimal signs.
func guessSeparator(text *bufio.Reader, decimalComma bool) (rune, error) {
	head, err := text.Peek(peeked)
	if err == nil { // there is more: the last line is not whole
		if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
			head = head[:i+1]
		}
	}
	var even, some []rune
	for _, s := range separators {
		r := csv.NewReader(bytes.NewReader(head))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = s, -1, true
		fields, lines := 0, 0
		for lines < 100 {
			record, err := r.Read()
			if err != nil {
				if !errors.Is(err, io.EOF) && lines == 0 {
					fields = 0
				}
				break
			}
			lines++
			if lines == 1 {
				fields = len(record)
			}
			if len(record) != fields {
				lines = -1
				break
			}
		}
		if fields > 1 {
			some = append(some, s)
			if lines > 0 {
				even = append(even, s)
			}
		}
	}
	switch {
	case len(even) == 1:
		return even[0], nil
	case len(even) > 1:
		return 0, fmt.Errorf("line 1: the separator may be any of %q; say which (--separator)", string(even))
	case len(some) == 1: // the row that has another number of fields is named when it is read
		return some[0], nil
	case len(some) > 1:
		return 0, fmt.Errorf("line 1: the separator may be any of %q, and with none have all lines equally many fields; say which it is (--separator)", string(some))
	case decimalComma:
		return ';', nil
	}
	return ',', nil
}

// header reads the names of the columns.
func (t *Reader) header() error {
	record, err := t.read()
	if errors.Is(err, io.EOF) {
		return errors.New("the file holds blank lines alone; a table has a line of column names and a line for each row")
	}
	if err != nil {
		return err
	}
	if len(record) > maxColumns {
		return fmt.Errorf("line %d has %d columns; at most %d are read", t.line, len(record), maxColumns)
	}
	place := map[string]int{}
	numbers := 0
	for i, field := range record {
		name := strings.Clone(strings.TrimSpace(field))
		if _, ok := t.number(name); ok {
			numbers++
		}
		if t.cfg.NoHeader || name == "" {
			if name = fmt.Sprintf("column%d", i+1); !t.cfg.NoHeader {
				t.notes = append(t.notes, fmt.Sprintf("column %d has no name; it is called %s", i+1, name))
			}
		}
		if !utf8.ValidString(name) {
			return fmt.Errorf("line %d: the name of column %d is not UTF-8; convert the file, as with iconv -f latin1 -t utf8", t.line, i+1)
		}
		if before, taken := place[name]; taken {
			return fmt.Errorf("line %d: columns %d and %d are both called %q; rename one", t.line, before+1, i+1, name)
		}
		place[name] = i
		t.names = append(t.names, name)
	}
	if t.cfg.NoHeader {
		for _, f := range record {
			t.first = append(t.first, strings.Clone(f))
		}
	} else if numbers > 0 && numbers == len(record) {
		t.notes = append(t.notes, "the names of all columns are numbers: if the file has no header, say so (--no-header)")
	}
	var absent []string
	only := map[string]bool{}
	for _, name := range t.cfg.Only {
		only[name] = true
		if _, ok := place[name]; !ok {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		return fmt.Errorf("line %d: the columns %s are missing; there are %s", t.line, list(absent), list(t.names))
	}
	for _, name := range slices.Sorted(maps.Keys(t.cfg.Kinds)) {
		if _, ok := place[name]; !ok {
			return unknownColumn(name, t.names)
		}
	}
	for i, name := range t.names {
		if t.cfg.Only != nil && !only[name] {
			continue
		}
		switch k := t.cfg.Kinds[name]; k {
		case "", Number, Category, Text:
			t.keep, t.kinds = append(t.keep, i), append(t.kinds, k)
		default:
			return fmt.Errorf("column %q cannot be read as %q; choose %s, %s or %s", name, k, Number, Category, Text)
		}
	}
	return nil
}

// Names returns the names of all columns of the file.
func (t *Reader) Names() []string { return slices.Clone(t.names) }

// Line returns the number of the line on which the row that was read last begins.
func (t *Reader) Line() int { return t.line }

// next returns the next row as it stands, until the next call. Its error at the end is io.EOF.
func (t *Reader) next() ([]string, error) {
	if t.first != nil {
		r := t.first
		t.first = nil
		return r, nil
	}
	return t.read()
}

func (t *Reader) read() ([]string, error) {
	t.source.left = maxRecord + peeked
	record, err := t.csv.Read()
	if err == nil || errors.Is(err, csv.ErrFieldCount) {
		t.line, _ = t.csv.FieldPos(0)
	}
	if err == nil {
		return record, nil
	}
	if t.source.err != nil { // of reading, which csv may wrap
		err = t.source.err
	}
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errLong):
		return nil, fmt.Errorf("line %d: a row of more than %d MB begins after it; is a quotation mark not closed?", t.line, maxRecord>>20)
	case errors.Is(err, csv.ErrFieldCount):
		return nil, fmt.Errorf("line %d has %s, the first line has %d; mend the line, or quote fields that hold a %q", t.line, fields(len(record)), t.csv.FieldsPerRecord, t.cfg.Separator)
	case errors.As(err, &p) && errors.Is(err, csv.ErrBareQuote):
		return nil, fmt.Errorf("line %d, column %d: a quotation mark stands inside a field that is not quoted; quote the field and double the mark", p.Line, p.Column)
	case errors.As(err, &p) && errors.Is(err, csv.ErrQuote):
		return nil, fmt.Errorf("line %d: the field that begins on line %d is quoted and not closed rightly; double the quotation marks inside it", p.Line, p.StartLine)
	case errors.Is(err, errNUL):
		return nil, fmt.Errorf("line %d: there is a NUL byte, so this is no text; export the table as CSV in UTF-8", t.source.line)
	}
	return nil, fmt.Errorf("after line %d: %w", t.line, oserr.Cause(err))
}

func fields(n int) string {
	if n == 1 {
		return "1 field"
	}
	return strconv.Itoa(n) + " fields"
}

// number reads a number.
func (t *Reader) number(s string) (v float64, ok bool) {
	if s == "" || s[0] > '9' && s[0]|0x20 != 'i' && s[0]|0x20 != 'n' { // most texts
		return 0, false
	}
	if t.cfg.DecimalComma {
		s = strings.Replace(s, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil || errors.Is(err, strconv.ErrRange)
}

var (
	errNUL  = errors.New("a NUL byte")
	errLong = errors.New("a long row")
)

// source is a text that is checked while it is read.
type source struct {
	r    io.Reader
	left int // bytes that may be read for this row
	line int // of the NUL byte
	err  error
}

func (s *source) Read(b []byte) (n int, err error) {
	if s.left <= 0 {
		s.err = errLong
		return 0, s.err
	}
	n, err = s.r.Read(b)
	s.left -= n
	if i := bytes.IndexByte(b[:n], 0); i >= 0 {
		s.line += 1 + bytes.Count(b[:i], []byte{'\n'})
		n, err = 0, errNUL
	} else {
		s.line += bytes.Count(b[:n], []byte{'\n'})
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

package table_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/table"
)

func read(t *testing.T, text string, cfg table.ReadConfig) *table.Table {
	t.Helper()
	tab, err := table.Read(strings.NewReader(text), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// kinds is "name:kind" of each column.
func kinds(tab *table.Table) (s []string) {
	for _, c := range tab.Columns {
		s = append(s, c.Name+":"+string(c.Kind))
	}
	return s
}

// texts are the values of a column, "-" where one is missing.
func texts(c *table.Column, rows int) (s []string) {
	for i := range rows {
		v := c.Text(i)
		if v == "" {
			v = "-"
		}
		s = append(s, v)
	}
	return s
}

func TestRead(t *testing.T) {
	type config = table.ReadConfig
	for _, c := range []struct {
		name, text string
		cfg        config
		kinds      string
		first      string // values of the first column
	}{
		{"comma", "a,b\n1,x\n2,y\n", config{}, "a:number b:category", "1 2"},
		{"no line end", "a,b\n1,x\n2,y", config{}, "a:number b:category", "1 2"},
		{"semicolon", "a;b\n1;x\n2;y\n", config{}, "a:number b:category", "1 2"},
		{"tab", "a\tb\n1\tx\n2\ty\n", config{}, "a:number b:category", "1 2"},
		{"bar", "a|b\n1|x\n2|y\n", config{}, "a:number b:category", "1 2"},
		{"commas inside semicolons", "a;b\n\"x,y\";1,5\nz;2,5\n", config{DecimalComma: true}, "a:category b:number", "x,y z"},
		{"the separator asked for", "a;b,c\n1;2,3\n", config{Separator: ';'}, "a:number b,c:category", "1"},
		{"one column", "a\n3\n4\n", config{}, "a:number", "3 4"},
		{"byte-order mark", "\xef\xbb\xbfa,b\n1,x\n", config{}, "a:number b:category", "1"},
		{"CR LF", "a,b\r\n1,x\r\n2,y\r\n", config{}, "a:number b:category", "1 2"},
		{"quotes", "a,b\n\"x, \"\"y\"\"\",1\n\"two\nlines\",2\n", config{}, "a:category b:number", `x, "y" two|lines`},
		{"space around", " a , b\n 1 , x \n  2,x\n", config{}, "a:number b:category", "1 2"},
		{"blank lines", "a,b\n\n1,x\n\n\n2,y\n\n", config{}, "a:number b:category", "1 2"},
		{"no header", "1,x\n2,y\n", config{NoHeader: true}, "column1:number column2:category", "1 2"},
		{"booleans", "a,b\ntrue,False\nfalse,True\ntrue,False\n", config{}, "a:category b:category", "true false true"},
		{"missing", "a,b\n1,x\n,?\nNA,NaN\nnull,y\n", config{}, "a:number b:category", "1 - - -"},
		{"missing, own", "a,b\n1,x\n-999,?\n", config{Missing: []string{"-999"}}, "a:number b:category", "1 -"},
		{"all missing", "a,b\n,1\nNA,2\n", config{}, "a:empty b:number", "- -"},
		{"numbers of all sorts", "a,b\n-1,1e3\n+.5,1\n1e-300,2\n0x1p-2,3\n", config{}, "a:number b:number", "-1 0.5 1e-300 0.25"},
		{"numbers and texts", "a,b\n1,1\nx,2\n2.0,3\n", config{}, "a:category b:number", "1 x 2.0"},
		{"one column, decimal commas", "a\n1,5\n-2,5\n", config{DecimalComma: true}, "a:number", "1.5 -2.5"},
		{"declared category", "a,b\n1,x\n01,y\n", config{Kinds: map[string]table.Kind{"a": table.Category}}, "a:category b:category", "1 01"},
		{"declared number", "a,b\n,x\n2,y\n", config{Kinds: map[string]table.Kind{"a": table.Number}}, "a:number b:category", "- 2"},
		{"declared text", "a,b\n1,x\n2,y\n", config{Kinds: map[string]table.Kind{"a": table.Text}}, "a:text b:category", "- -"},
		{"some columns", "a,b,c\n1,x,7\n2,y,8\n", config{Only: []string{"c", "b"}}, "b:category c:number", "x y"},
		{"a column without a name", ",b\n1,x\n", config{}, "column1:number b:category", "1"},
		{"inf among texts", "a,b\ninf,1\nx,2\n", config{}, "a:category b:number", "inf x"},
	} {
		tab := read(t, c.text, c.cfg)
		if got := strings.Join(kinds(tab), " "); got != c.kinds {
			t.Errorf("%s: %s, want %s", c.name, got, c.kinds)
		}
		if got := strings.ReplaceAll(strings.Join(texts(tab.Columns[0], tab.Rows), " "), "\n", "|"); got != c.first {
			t.Errorf("%s: %s, want %s", c.name, got, c.first)
		}
	}
}

// What a run keeps of how its table was read means the same when it is read back.
func TestReadConfigJSON(t *testing.T) {
	for _, c := range []table.ReadConfig{{}, {Missing: []string{}}, {Missing: []string{"-"}}, {Separator: '\t', NoHeader: true, DecimalComma: true, MaxCategories: 7, Kinds: map[string]table.Kind{"a": table.Number}, Only: []string{"a"}}} {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var again table.ReadConfig
		if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%+v became %+v by %s, %v", c, again, b, err)
		}
	}
}

// What is wrong with a table is one line that says where.
func TestReadErrors(t *testing.T) {
	type config = table.ReadConfig
	number := config{Kinds: map[string]table.Kind{"a": table.Number}}
	many := func(n int) string {
		var b strings.Builder
		b.WriteString("a,b\n")
		for i := range n {
			fmt.Fprintf(&b, "%d,x\n", i)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, text string
		cfg        config
		want       string
	}{
		{"empty", "", config{}, "the file is empty"},
		{"byte-order mark alone", "\xef\xbb\xbf", config{}, "blank lines alone"},
		{"blank", "\n\n\n", config{}, "blank lines alone"},
		{"header only", "a,b\n", config{}, "line 1 is the header, and there are no rows"},
		{"too few fields", "a,b\n1,2\n3\n", config{}, "line 3 has 1 field, the first line has 2"},
		{"too many fields", "a,b\n1,2\n\n3,4,5\n", config{}, "line 4 has 3 fields, the first line has 2"},
		{"after a field of lines", "a,b\n\"x\ny\",2\n3\n", config{}, "line 4 has 1 field"},
		{"twice a name", "a,b,a\n1,2,3\n", config{}, `line 1: columns 1 and 3 are both called "a"`},
		{"NUL", "a,b\n1,2\n3,\x004\n", config{}, "line 3: there is a NUL byte"},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00\n\x00", config{}, "UTF-16"},
		{"UTF-16, other end", "\xfe\xff\x00a\x00,", config{}, "UTF-16"},
		{"spreadsheet", "PK\x03\x04...", config{}, "a zip file or a spreadsheet"},
		{"damaged gzip", "\x1f\x8b\x08\x00", config{}, "gzip"},
		{"Latin 1", "a,b\n1,K\xf6ln\n", config{}, `line 2, column "b": the text is not UTF-8`},
		{"Latin 1 in the header", "a,K\xf6ln\n1,2\n", config{}, "the name of column 2 is not UTF-8"},
		{"open quote", "a,b\n1,2\n\"3,4\n5,6\n", config{}, "line 4: the field that begins on line 3 is quoted and not closed"},
		{"bare quote", "a,b\n1,x\"y\n", config{}, "line 2, column 4: a quotation mark stands inside"},
		{"infinity", "a,b\n1,2\nNaN,3\n-inf,4\n", config{}, `line 4, column "a": "-inf" is not a finite number`},
		{"too large a number", "a,b\n1,2\n1e999,3\n", config{}, `line 3, column "a": "1e999" is not a finite number`},
		{"infinity late", many(2000) + "Infinity,x\n", config{}, `line 2002, column "a": "Infinity" is not a finite`},
		{"infinity early", "a,b\ninf,x\n" + strings.TrimPrefix(many(2000), "a,b\n"), config{}, `line 2, column "a": "inf"`},
		{"declared number", "a,b\n1,2\nx1,3\n", number, `line 3, column "a": "x1" is not a number; mend it, or name it as a missing value (--missing)`},
		{"declared number, late", many(2000) + "x1,x\n", number, `line 2002, column "a": "x1" is not a number`},
		{"too many categories", many(2000), config{Kinds: map[string]table.Kind{"a": table.Category}}, `line 1002, column "a": there are more than 1000 categories`},
		{"declared, not there", "apple,b\n1,2\n", config{Kinds: map[string]table.Kind{"aple": table.Number}}, `no column "aple"; did you mean "apple"? the columns are "apple", "b"`},
		{"no such kind", "a,b\n1,2\n", config{Kinds: map[string]table.Kind{"a": "date"}}, `column "a" cannot be read as "date"`},
		{"columns missing", "a,b\n1,2\n", config{Only: []string{"b", "c", "d"}}, `the columns "c", "d" are missing; there are "a", "b"`},
		{"two separators", "a,b;c\n1,2;3\n", config{}, `the separator may be any of ",;"`},
		{"no separator for all lines", "a,b;c\n1\n", config{}, `may be any of ",;", and with none have all lines`},
		{"no separator", "a,b\n1,2\n", config{Separator: '"'}, "cannot stand between fields"},
		{"comma for two", "a,b\n1,2\n", config{DecimalComma: true}, "cannot stand between fields"},
		{"categories", "a\n1\n", config{MaxCategories: 1 << 16}, "give 2 to 65534"},
	} {
		tab, err := table.Read(strings.NewReader(c.text), c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q; %v", c.name, err, c.want, tab)
		}
	}
}

// A quotation mark that is never closed does not take the rest of the file into memory.
func TestReadHugeField(t *testing.T) {
	r := io.MultiReader(strings.NewReader("a,b\n1,2\n3,\""), io.LimitReader(endless{}, 1<<40))
	if _, err := table.Read(r, table.ReadConfig{}); err == nil || !strings.Contains(err.Error(), "line 2: a row of more than 16 MB begins after it") {
		t.Error(err)
	}
	// One of a megabyte is a field like others.
	tab := read(t, "a,b\n1,"+strings.Repeat("x", 1<<20)+"\n", table.ReadConfig{})
	if n := len(tab.Columns[1].Text(0)); n != 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

type failing struct{}

var errDisk = errors.New("the disk is gone")

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestReadFails(t *testing.T) {
	if _, err := table.Read(io.MultiReader(strings.NewReader("a,b\n1,2\n"), failing{}), table.ReadConfig{Separator: ','}); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// What a user should know is a note, and a column of ever new texts is left out.
func TestNotes(t *testing.T) {
	var many, names strings.Builder
	many.WriteString("id,x\n")
	names.WriteString("name,x\n")
	for i := range 3000 {
		fmt.Fprintf(&many, "u%d,%d\n", i, i%2)
	}
	for i := range 30 {
		fmt.Fprintf(&names, "n%d,%d\n", i, i)
	}
	prices := "price;x\n" + strings.ReplaceAll(strings.NewReplacer(",", ";", "u", "-0,").Replace(strings.TrimPrefix(many.String(), "id,x\n")), "\n", "\r\n")
	for _, c := range []struct{ text, kinds, want string }{
		{many.String(), "id:text x:number", `column "id" is left out: more than 1000 different texts`},
		{names.String(), "name:text x:number", `column "name" is left out: 30 different texts in 30 rows`},
		{"a,b\n1,1\n2,2\n3,3\nn.a.,4\n", "a:category b:number", `column "a" is taken for a category: most of it is numbers, but line 5 says "n.a."`},
		{prices, "price:text x:number", `column "price" is left out: its numbers have decimal commas; say so (--decimal comma)`},
		{strings.Join(strings.SplitAfter(prices, "\n")[:30], ""), "price:text x:number", `column "price" is left out: its numbers have decimal commas`},
		{"price;x\n1;1\n2;2\n2,5;3\n", "price:category x:number", `column "price" is taken for a category: its numbers have decimal commas`},
		{"1,2\n3,4\n", "1:number 2:number", "the names of all columns are numbers"},
		{",b\n3,4\n", "column1:number b:number", "column 1 has no name"},
		{strings.ReplaceAll(many.String(), "\nu", "\n") + "x9,1\n", "id:text x:number", `column "id" is left out: numbers up to line 3002, where it says "x9"`},
	} {
		tab := read(t, c.text, table.ReadConfig{})
		if strings.Join(kinds(tab), " ") != c.kinds || len(tab.Notes) != 1 || !strings.Contains(tab.Notes[0], c.want) {
			t.Errorf("%v, %q, want %q", kinds(tab), tab.Notes, c.want)
		}
	}
	if tab := read(t, "a,b\n1,x\n2,y\n", table.ReadConfig{}); tab.Notes != nil {
		t.Errorf("%q", tab.Notes)
	}
}

// Numbers are the same whether there are few different ones, kept as codes, or many; block by block and at once.
func TestNumbersAndBlocks(t *testing.T) {
	var b strings.Builder
	b.WriteString("few,many,city\n")
	want := [2][]float64{}
	const n = 70_001 // more than one block of memory
	for i := range n {
		few, many := float64(i%7)/3, math.Sin(float64(i))
		if i%11 == 0 {
			many = math.NaN()
		}
		want[0], want[1] = append(want[0], few), append(want[1], many)
		fmt.Fprintf(&b, "%v,%v,c%d\n", few, many, i%5)
	}
	whole := read(t, b.String(), table.ReadConfig{})
	check := func(tab *table.Table, from int) {
		t.Helper()
		for j, w := range want {
			for i := range tab.Rows {
				if v := tab.Columns[j].Float(i); v != w[from+i] && !(math.IsNaN(v) && math.IsNaN(w[from+i])) {
					t.Fatalf("row %d, column %d: %v, want %v", from+i, j, v, w[from+i])
				}
			}
		}
		for i := range tab.Rows {
			if s := tab.Columns[2].Text(i); s != fmt.Sprintf("c%d", (from+i)%5) {
				t.Fatalf("row %d: %s", from+i, s)
			}
		}
	}
	if whole.Rows != n || whole.Columns[1].Missing != (n+10)/11 {
		t.Fatalf("%d rows, %d missing", whole.Rows, whole.Columns[1].Missing)
	}
	check(whole, 0)
	r, err := table.NewReader(strings.NewReader(b.String()), table.ReadConfig{Kinds: map[string]table.Kind{"few": table.Number, "many": table.Number, "city": table.Category}})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for {
		block, err := r.Block(4096)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		check(block, rows)
		rows += block.Rows
	}
	if rows != n || r.Line() != n+1 {
		t.Errorf("%d rows, the last on line %d", rows, r.Line())
	}
	if _, err := r.Block(0); err == nil {
		t.Error("a block of no rows")
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte("a,b\n1,x\n2,y\n"))
	w.Close()
	path := filepath.Join(dir, "t.csv.gz")
	if err := os.WriteFile(path, z.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	tab, err := table.ReadFile(path, table.ReadConfig{})
	if err != nil || tab.Rows != 2 || !slices.Equal(tab.Names(), []string{"a", "b"}) {
		t.Errorf("%v, %v", tab, err)
	}
	for p, want := range map[string]string{filepath.Join(dir, "no"): "cannot be opened: no such file or directory; check the path", dir: "directory"} {
		if _, err := table.ReadFile(p, table.ReadConfig{}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), p) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// synthetic is a CSV file of at least a number of bytes that is made while it is read: a number, one of few numbers, a category, an
// identifier and a long remark.
type synthetic struct {
	left int64
	row  int
	buf  []byte
}

func (s *synthetic) Read(b []byte) (int, error) {
	if len(s.buf) == 0 {
		if s.left <= 0 {
			return 0, io.EOF
		}
		if s.row == 0 {
			s.buf = append(s.buf, "x,few,city,id,remark\n"...)
		}
		for range 1000 {
			s.row++
			s.buf = fmt.Appendf(s.buf, "%.6f,%d,city%d,user-%d,\"the customer of row %d said that it was well, and so on\"\n", math.Sin(float64(s.row)), s.row%10, s.row%50, s.row, s.row)
		}
		s.left -= int64(len(s.buf))
	}
	n := copy(b, s.buf)
	s.buf = s.buf[n:]
	if len(s.buf) == 0 {
		s.buf = nil
	}
	return n, nil
}

// peakReader notes the largest heap while it is read.
type peakReader struct {
	r     io.Reader
	n     int64
	calls int
	peak  uint64
}

func (p *peakReader) Read(b []byte) (int, error) {
	if p.calls++; p.calls%200 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.peak = max(p.peak, m.HeapAlloc)
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	return n, err
}

// Memory is bounded by what is kept: 8 bytes a number, 2 a category or one of few numbers, and nothing for texts that are always new. The
// same holds for a file of any size, of which HADAL_TEST_CSV_MB gives the megabytes.
func TestReadMemory(t *testing.T) {
	size := int64(48 << 20)
	if s := os.Getenv("HADAL_TEST_CSV_MB"); s != "" {
		fmt.Sscan(s, &size)
		size <<= 20
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	p := &peakReader{r: &synthetic{left: size}}
	tab, err := table.Read(p, table.ReadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(kinds(tab), " "); got != "x:number few:number city:category id:text remark:text" {
		t.Fatal(got)
	}
	kept := uint64(tab.Rows) * (8 + 2 + 2)
	used := p.peak - min(p.peak, before)
	t.Logf("%d MB, %d rows: %.1f MB are kept, the heap grew by %.1f MB at most", p.n>>20, tab.Rows, float64(kept)/(1<<20), float64(used)/(1<<20))
	if used > kept+(3<<20) {
		t.Errorf("the heap grew by %d bytes for %d that are kept", used, kept)
	}
	runtime.KeepAlive(tab)
}

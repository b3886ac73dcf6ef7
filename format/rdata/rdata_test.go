package rdata

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkFrame compares with the data frame of make.R.
func checkFrame(t *testing.T, o *Object) {
	t.Helper()
	f := must[*DataFrame](t)(o.DataFrame())
	if f.Rows != 5 || f.RowNames != nil || !slices.Equal(f.Names, []string{"id", "size", "kind", "name", "ok"}) {
		t.Fatalf("%d rows, names %q, columns %q", f.Rows, f.RowNames, f.Names)
	}
	column := func(name string) *Object { return must[*Object](t)(f.Column(name)) }
	if id, ok := column("id").Data.(Integer); !ok || !slices.Equal(id, Integer{1, 2, 3, 4, 5}) {
		t.Errorf("id %v", column("id"))
	}
	size, ok := column("size").Data.(Real)
	if !ok || len(size) != 5 || size[0] != 1.5 || !IsNA(size[1]) || IsNA(size[2]) || !math.IsNaN(size[2]) || !math.IsInf(size[3], 1) || size[4] != -2 {
		t.Errorf("size %v", size)
	}
	levels, index, err := column("kind").Factor()
	if err != nil || !slices.Equal(levels, []string{"c", "b", "a"}) || !slices.Equal(index, []int{1, 2, -1, 1, 0}) {
		t.Errorf("kind: levels %q, %v, %v", levels, index, err)
	}
	values, na, err := column("kind").Strings()
	if err != nil || !slices.Equal(values, []string{"b", "a", "", "b", "c"}) || !slices.Equal(na, []bool{false, false, true, false, false}) {
		t.Errorf("kind %q, %v, %v", values, na, err)
	}
	values, na, err = column("name").Strings()
	if err != nil || !slices.Equal(values, []string{"x", "", "", "été", "y"}) || !slices.Equal(na, []bool{false, true, false, false, false}) {
		t.Errorf("name %q, %v, %v", values, na, err)
	}
	if v, ok := column("ok").Data.(Logical); !ok || !slices.Equal(v, Logical{1, 0, NAInteger, 1, 0}) {
		t.Errorf("ok %v", v)
	}
	if v, err := column("ok").Floats(); err != nil || len(v) != 5 || v[0] != 1 || v[1] != 0 || !math.IsNaN(v[2]) {
		t.Errorf("ok as numbers: %v, %v", v, err)
	}
}

// testdata/make.R says what the files hold; R wrote them.
func TestFrame(t *testing.T) {
	for _, name := range []string{"frame.rds", "frame2.rds", "frame.bz2.rds"} {
		checkFrame(t, must[*Object](t)(ReadFile(filepath.Join("testdata", name))))
	}
	named := must[*DataFrame](t)(must[*Object](t)(ReadFile("testdata/named.rds")).DataFrame())
	if named.Rows != 2 || !slices.Equal(named.RowNames, []string{"first", "second"}) {
		t.Errorf("%+v", named)
	}
}

func TestLoad(t *testing.T) {
	for file, want := range map[string][]string{"two.rda": {"frame", "named", "wrapped"}, "two2.rda": {"frame"}} {
		variables := must[[]Variable](t)(LoadFile(filepath.Join("testdata", file)))
		var names []string
		for _, v := range variables {
			names = append(names, v.Name)
		}
		if !slices.Equal(names, want) {
			t.Fatalf("%s: %q, want %q", file, names, want)
		}
		checkFrame(t, variables[0].Object)
	}
}

func TestThings(t *testing.T) {
	o := must[*Object](t)(ReadFile("testdata/things.rds"))
	data := func(name string) any {
		t.Helper()
		if o.Elem(name) == nil {
			t.Fatalf("no element %q in %q", name, o.Names())
		}
		return o.Elem(name).Data
	}
	for name, want := range map[string]any{
		"a": Integer{1}, "none": nil, "z": Complex{1 - 2i}, "raw": Raw{0, 255}, "f": Opaque("language"), "fun": Opaque("function"),
		"env": Opaque("environment"), "sum": Opaque("function"), "m": Integer{1, 2, 3, 4, 5, 6}, "e": Opaque("expression"),
		"latin": Character{Values: []string{"café"}},
	} {
		if got := data(name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", name, got, want)
		}
	}
	if dim := o.Elem("m").Attr("dim"); dim == nil || !reflect.DeepEqual(dim.Data, Integer{2, 3}) {
		t.Errorf("dim of m: %v", dim)
	}
	b := o.Elem("b")
	if !slices.Equal(b.Names(), []string{"c", ""}) || !reflect.DeepEqual(b.Elem("c").Data, Character{Values: []string{"deep"}}) || b.Elem("d") != nil {
		t.Errorf("b: %v %q", b, b.Names())
	}
	if dots := o.Elem("dots"); !slices.Equal(dots.Names(), []string{"u", ""}) || dots.Len() != 2 {
		t.Errorf("dots: %v", dots)
	}
	// Symbols that occur again are references.
	if s := data("symbols").(List); s[0].Data != Symbol("again") || s[1].Data != Symbol("again") {
		t.Errorf("symbols %v, %v", s[0].Data, s[1].Data)
	}
	if !o.Elem("f").Is("formula") {
		t.Errorf("class of f: %v", o.Elem("f").Attr("class"))
	}
}

func TestALTREP(t *testing.T) {
	o := must[*Object](t)(ReadFile("testdata/altrep.rds"))
	ints, down := o.Elem("ints").Data.(Integer), o.Elem("down").Data.(Integer)
	if len(ints) != 1000 || ints[0] != 1 || ints[999] != 1000 {
		t.Errorf("ints: %d", len(ints))
	}
	if !slices.Equal(down, Integer{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) {
		t.Errorf("down: %v", down)
	}
	if reals := o.Elem("reals").Data.(Real); !slices.Equal(reals, Real{5, 6, 7, 8, 9}) {
		t.Errorf("reals: %v", reals)
	}
	if w := o.Elem("wrapped").Data.(Real); len(w) != 104 || w[0] != 1.5 || w[2] != 3.5 || w[3] != 100 || w[103] != 200 {
		t.Errorf("wrapped: %v", w)
	}
	values, na, err := o.Elem("texts").Strings()
	if err != nil || len(values) != 12 || values[0] != "1" || values[11] != "12" || slices.Contains(na, true) {
		t.Errorf("texts: %q, %v, %v", values, na, err)
	}
	// What R 4.2.2 prints for as.character(numbers).
	want := []string{"1", "1e+05", "123456", "0.3", "0.333333333333333", "1e-05", "1e-04", "1e+15", "123456789012345680", "-2.5e+300", "", "NaN", "-Inf", "0"}
	values, na, err = o.Elem("deferred").Strings()
	if err != nil || !slices.Equal(values, want) || slices.Index(na, true) != 10 || slices.Contains(na[11:], true) {
		t.Errorf("deferred: %q, %v, %v", values, na, err)
	}
}

// Texts of numbers count as the memory that they take: with R's option scipen a number has hundreds of digits.
func TestDeferredMemory(t *testing.T) {
	for left, refused := range map[int64]bool{10_000: false, 4000: true} {
		d := &decoder{left: left}
		d.deferred(List{{Data: slices.Repeat(Real{1e300}, 20)}, {Data: Integer{1000}}}) // 301 digits
		if (d.err != nil) != refused {
			t.Errorf("%d bytes: %v", left, d.err)
		}
	}
}

func TestLazyDB(t *testing.T) {
	for kind, what := range map[int]string{0: "as it is", 1: "zlib", 2: "bzip2"} {
		base := filepath.Join("testdata", fmt.Sprint("lazy", kind))
		db := must[*LazyDB](t)(OpenLazyDB(base+".rdx", base+".rdb"))
		if names := db.Names(); !slices.Equal(names, []string{"frame", "text"}) {
			t.Errorf("%s: %q", what, names)
		}
		checkFrame(t, must[*Object](t)(db.Get("frame")))
		text := must[*Object](t)(db.Get("text"))
		if want := strings.TrimSpace(strings.Repeat("long enough to be compressed ", 20)); !reflect.DeepEqual(text.Data, Character{Values: []string{want}}) {
			t.Errorf("%s: %v", what, text.Data)
		}
		if _, err := db.Get("other"); err == nil || !strings.Contains(err.Error(), `no variable "other"; there are ["frame" "text"]`) {
			t.Errorf("%s: %v", what, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	db := must[*LazyDB](t)(OpenLazyDB("testdata/lazy3.rdx", "testdata/lazy3.rdb"))
	defer db.Close()
	if _, err := db.Get("text"); err == nil || !strings.Contains(err.Error(), "xz") {
		t.Errorf("xz: %v", err)
	}
	rdx := must[[]byte](t)(os.ReadFile("testdata/lazy1.rdx"))
	if _, err := NewLazyDB(bytes.NewReader(rdx), bytes.NewReader(nil), 100); err == nil || !strings.Contains(err.Error(), "of the 100 bytes") {
		t.Errorf("short .rdb: %v", err)
	}
	if _, err := OpenLazyDB("testdata/frame.rds", "testdata/lazy1.rdb"); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("no index: %v", err)
	}
	if _, err := OpenLazyDB("testdata/lazy1.rdx", "testdata/none.rdb"); err == nil || !strings.Contains(err.Error(), "check the path") {
		t.Errorf("no .rdb: %v", err)
	}
}

// stream writes items as R does.
type stream struct{ bytes.Buffer }

func (s *stream) ints(v ...int) *stream {
	for _, x := range v {
		s.Write([]byte{byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)})
	}
	return s
}

func (s *stream) text(flags int, t string) *stream {
	s.ints(charType|flags, len(t))
	s.WriteString(t)
	return s
}

func begin() *stream {
	s := &stream{}
	s.WriteString("X\n")
	return s.ints(2, 0x40202, 0x20300)
}

// altrepClass writes the start of a vector in another form, and of its class.
func (s *stream) altrepClass(class string) *stream {
	return s.ints(altrepType, pairsType, symbolType).text(0, class).ints(pairsType, symbolType).text(0, "base").ints(pairsType, integerType, 1, integerType, nullType)
}

func TestRefuses(t *testing.T) {
	deep := begin()
	for range 10000 {
		deep.ints(listType, 1)
	}
	deep.ints(nullType)
	calls := begin().ints(bytecodeType, 0, nullType, 1)
	for range 10000 {
		calls.ints(languageType, nullType)
	}
	huge := begin().altrepClass("compact_intseq").ints(realType, 3)
	huge.Write([]byte{0x41, 0xd0, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0})
	huge.ints(nullType)
	many := begin().ints(listType, 1<<29)
	for range 1000 {
		many.ints(nullType)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "it is empty"},
		"a picture":         {[]byte("\x89PNG\r\n\x1a\n...."), "no file of R's"},
		"variables":         {[]byte("RDX2\nX\n"), "read it with Load"},
		"text":              {[]byte("A\n3\n"), "ascii = FALSE"},
		"version 1":         {begin().Bytes()[:2], "too early"},
		"version 4":         {append([]byte("X\n"), 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0), "version 4"},
		"encoding":          {append([]byte("X\n"), 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0), "256 bytes"},
		"no item":           {begin().Bytes(), "too early"},
		"unknown type":      {begin().ints(99).Bytes(), "type 99"},
		"negative length":   {begin().ints(integerType, -5).Bytes(), "length of -5"},
		"long length":       {begin().ints(realType, -1, 1, 0).Bytes(), "length of 4294967296"},
		"length alone":      {begin().ints(realType, 1<<27-100).Bytes(), "too early"},
		"too much memory":   {begin().ints(realType, 1<<28).Bytes(), "more than the 1073741824 bytes"},
		"list alone":        {many.Bytes(), "too early"},
		"text of -2":        {begin().ints(characterType, 1, charType, -2).Bytes(), "text of -2 bytes"},
		"no text":           {begin().ints(characterType, 1, integerType, 1).Bytes(), "in the place of a text"},
		"reference":         {begin().ints(referenceType | 1<<8).Bytes(), "object 1 of 0"},
		"large reference":   {begin().ints(referenceType, -3).Bytes(), "object -3 of 0"},
		"deep":              {deep.Bytes(), "deep in each other"},
		"deep calls":        {calls.Bytes(), "deep in each other"},
		"huge sequence":     {huge.Bytes(), "sequences of more than"},
		"damaged sequence":  {begin().altrepClass("compact_intseq").ints(nullType, nullType).Bytes(), "damaged sequence"},
		"another form":      {begin().altrepClass("mmap_real").ints(nullType, nullType).Bytes(), `"mmap_real", which is not known: save it in R with version = 2`},
		"bytes after":       {append(begin().ints(nullType).Bytes(), 0), "bytes after its end"},
		"broken gzip":       {[]byte("\x1f\x8b\x08"), "too early"},
		"deferred of texts": {begin().altrepClass("deferred_string").ints(pairsType, nullType, nullType, nullType).Bytes(), "texts made of an object of type NULL"},
	} {
		_, err := Read(bytes.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for file, want := range map[string]string{
		"xz.rds": `compressed by xz, which is not read: unpack it with xz -d, or save it in R with compress = "gzip"`, "ascii.rds": "ascii = FALSE", "none.rds": "check the path",
	} {
		if _, err := ReadFile(filepath.Join("testdata", file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", file, err)
		}
	}
	for text, want := range map[string]string{"RDA3\n": "ascii = FALSE", "X\n": "read it with Read", "hello": "want RDX2 or RDX3", "RDX3\n": "too early"} {
		if _, err := Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	noNames := append([]byte("RDX2\n"), begin().ints(integerType, 1, 7).Bytes()...)
	if _, err := Load(bytes.NewReader(noNames)); err == nil || !strings.Contains(err.Error(), "no names") {
		t.Errorf("no pairs: %v", err)
	}
}

// A file that is cut short anywhere is an error.
func TestCutShort(t *testing.T) {
	whole := must[[]byte](t)(os.ReadFile("testdata/named.rds")) // not compressed
	for n := range whole {
		if _, err := Read(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("%d of %d bytes: no error", n, len(whole))
		}
	}
	packed := must[[]byte](t)(os.ReadFile("testdata/frame.rds"))
	packed[len(packed)-6] ^= 1 // the checksum
	if _, err := Read(bytes.NewReader(packed)); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a wrong checksum: %v", err)
	}
}

func TestAccessors(t *testing.T) {
	attrs := func(class string, rest ...Attribute) []Attribute {
		return append(rest, Attribute{"class", &Object{Data: Character{Values: []string{class}}}})
	}
	texts := func(v ...string) *Object { return &Object{Data: Character{Values: v}} }
	factor := &Object{Integer{1, 3}, attrs("factor", Attribute{"levels", texts("a", "b")})}
	frame := func(rows *Object, columns ...*Object) *Object {
		names := make([]string, len(columns))
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		return &Object{List(columns), attrs("data.frame", Attribute{"names", texts(names...)}, Attribute{"row.names", rows})}
	}
	fails := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, _, err := factor.Factor()
	fails("level 3", "level 3, of 2", err)
	_, err = factor.Floats()
	fails("factor", "a factor has no numbers", err)
	_, err = texts("x").Floats()
	fails("texts", "type character has no numbers", err)
	_, _, err = (&Object{Data: Real{1}}).Factor()
	fails("reals", "type double is no factor", err)
	_, _, err = (&Object{Data: Real{1}}).Strings()
	fails("reals", "has no texts", err)
	_, err = (&Object{}).DataFrame()
	fails("NULL", "type NULL is no data frame", err)
	_, err = (&Object{List{texts("a")}, attrs("data.frame")}).DataFrame()
	fails("no names", "have no names", err)
	short := &Object{Data: Integer{NAInteger, -3}}
	_, err = frame(short, texts("a", "b")).DataFrame()
	fails("short column", `column "c0" of the data frame is an object of type character with 2 elements, want a vector of 3`, err)
	_, err = frame(short, &Object{Data: List{texts("a"), texts("b"), texts("c")}}).DataFrame()
	fails("list", "want a vector", err)
	named := &Object{Integer{1}, []Attribute{{"names", texts("a")}}}
	if named.Elem("a") != nil || attributes(named) != nil || !slices.Equal(named.Names(), []string{"a"}) {
		t.Error("a vector with names was taken for a list")
	}
	f, err := frame(&Object{Data: Integer{4, 2}}, texts("a", "b")).DataFrame()
	if err != nil || f.Rows != 2 || !slices.Equal(f.RowNames, []string{"4", "2"}) {
		t.Errorf("%+v, %v", f, err)
	}
	_, err = f.Column("d")
	fails("column", `no column "d"; the columns are ["c0"]`, err)
	if f, err = frame(short).DataFrame(); err != nil || f.Rows != 3 || len(f.Columns) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	if IsNA(math.NaN()) || IsNA(1954) {
		t.Error("IsNA of another number")
	}
}

func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.rd*")
	if err != nil || len(names) < 10 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		if r, err := unpack(bytes.NewReader(b)); err == nil { // what is inside is easier to change sensibly
			var plain bytes.Buffer
			if _, err := plain.ReadFrom(r); err == nil {
				f.Add(plain.Bytes())
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(o *Object, err error) {
			if err != nil {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("more than a line: %v", err)
				}
				return
			}
			o.Names()
			o.Floats()
			o.Strings()
			if f, err := o.DataFrame(); err == nil && len(f.Names) != len(f.Columns) {
				t.Errorf("%d names of %d columns", len(f.Names), len(f.Columns))
			}
		}
		check(Read(bytes.NewReader(b)))
		if variables, err := Load(bytes.NewReader(b)); err == nil {
			for _, v := range variables {
				check(v.Object, nil)
			}
		}
		if db, err := NewLazyDB(bytes.NewReader(b), bytes.NewReader(b), int64(len(b))); err == nil {
			for _, name := range db.Names() {
				check(db.Get(name))
			}
		}
	})
}

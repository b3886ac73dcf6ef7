package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/hadal-go/hadal/format/safetensors"
)

// file is a file of the given header and n bytes of data.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

// oneTensor is a header of one tensor.
func oneTensor(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"w":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

// hostile lists files that must be refused, with a part of the message. The reference implementation refuses all of them
// but those marked.
func hostile() map[string]struct {
	file []byte
	want string
} {
	type c = struct {
		file []byte
		want string
	}
	two := func(a, b, c, d int) string {
		return fmt.Sprintf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]},"b":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]}}`, a, b, c, d)
	}
	length := func(n uint64) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, n), "{}                    "...)
	}
	return map[string]c{
		"empty":                   {nil, "0 bytes are too few for a header"},
		"short length":            {[]byte("1234567"), "7 bytes are too few"},
		"length of 1 TB":          {length(1 << 40), "a header of 1099511627776 bytes is too long, at most 100000000"},
		"length over the limit":   {length(safetensors.MaxHeader + 1), "is too long"},
		"length at the limit":     {length(safetensors.MaxHeader), "a header of 100000000 bytes does not fit into the 22 bytes after its length"},
		"length 2^64-1":           {length(math.MaxUint64), "is too long"},
		"length over file by one": {length(23), "does not fit into the 22 bytes"},
		"HTML":                    {[]byte("<!DOCTYPE html><html>404"), "is too long"},
		"zip":                     {[]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00abc"), "is too long"},

		"no header":        {file("", 0), "unexpected EOF"},
		"not UTF-8":        {file("{\"\xff\":1}", 0), "not UTF-8"},
		"not JSON":         {file("hello", 0), "invalid character 'h'"},
		"open brace":       {file("{", 0), "unexpected EOF"},
		"list":             {file("[]", 0), "[ instead of {"},
		"null":             {file("null", 0), "null instead of {"},
		"number":           {file("12345678", 0), "12345678 instead of {"},
		"after the object": {file("{}{}", 0), "something follows the object"},
		"padded by zeros":  {file("{}\x00\x00", 0), "something follows the object"},
		"byte order mark":  {file("\uFEFF{}", 0), "invalid character"},
		"trailing comma":   {file(`{"__metadata__":{},}`, 0), "invalid character"},
		"half a character": {file(`{"\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1), "half a character"},
		"other half":       {file(`{"__metadata__":{"a":"\\\uDC00"}}`, 0), "half a character"},
		"two first halves": {file(`{"__metadata__":{"a":"\ud83d\ud83d"}}`, 0), "half a character"},
		"control in name":  {file("{\"a\nb\":{}}", 0), "invalid character"},

		"metadata list":      {file(`{"__metadata__":[]}`, 0), "__metadata__: [ instead of {"},
		"metadata number":    {file(`{"__metadata__":{"a":1}}`, 0), `__metadata__: "a": 1 instead of text`},
		"metadata object":    {file(`{"__metadata__":{"a":{}}}`, 0), `__metadata__: "a": { instead of text`},
		"metadata twice":     {file(`{"__metadata__":{},"__metadata__":{}}`, 0), `key "__metadata__" is there twice`},
		"metadata key twice": {file(`{"__metadata__":{"a":"1","a":"2"}}`, 0), `key "a" is there twice`}, // the reference takes one
		"name twice": {file(`{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1),
			`key "a" is there twice`}, // the reference takes one
		"name twice by escape": {file(`{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1),
			`key "a" is there twice`}, // the reference takes one
		"field twice":    {file(`{"w":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1), `tensor "w": key "dtype" is there twice`},
		"tensor is null": {file(`{"w":null}`, 0), `tensor "w": null instead of {`},
		"tensor is list": {file(`{"w":["U8",[],[0,1]]}`, 1), `tensor "w": [ instead of {`}, // the reference reads it
		"no fields":      {file(`{"w":{}}`, 0), "dtype, shape or data_offsets is missing"},
		"no dtype":       {file(`{"w":{"shape":[],"data_offsets":[0,1]}}`, 1), "is missing"},
		"no shape":       {file(`{"w":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "is missing"},
		"no offsets":     {file(`{"w":{"dtype":"U8","shape":[]}}`, 1), "is missing"},
		"capital field":  {file(`{"w":{"dtype":"U8","Shape":[],"data_offsets":[0,1]}}`, 1), "is missing"},
		"broken extra":   {file(`{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":}}`, 1), "invalid character"},

		"unknown dtype":    {file(oneTensor("F128", "[1]", "[0,16]"), 16), `tensor "w": dtype "F128" is unknown, want one of`},
		"lower case dtype": {file(oneTensor("f32", "[1]", "[0,4]"), 4), `dtype "f32" is unknown`},
		"dtype is null":    {file(`{"w":{"dtype":null,"shape":[],"data_offsets":[0,1]}}`, 1), "null instead of text"},
		"shape is text":    {file(oneTensor("U8", `"1"`, "[0,1]"), 1), `text "1" instead of [`},
		"shape has text":   {file(oneTensor("U8", `["1"]`, "[0,1]"), 1), `text "1" is not a whole number`},
		"nested shape":     {file(oneTensor("U8", `[[1]]`, "[0,1]"), 1), `[ is not a whole number`},
		"negative":         {file(oneTensor("U8", "[-1]", "[0,1]"), 1), "-1 is not a whole number"},
		"minus zero":       {file(oneTensor("U8", "[-0]", "[0,0]"), 0), "-0 is not a whole number"},
		"fraction":         {file(oneTensor("U8", "[1.0]", "[0,1]"), 1), "1.0 is not a whole number"},
		"exponent":         {file(oneTensor("U8", "[1e0]", "[0,1]"), 1), "1e0 is not a whole number"},
		"leading zero":     {file(oneTensor("U8", "[01]", "[0,1]"), 1), "invalid character '1'"},
		"above 64 bits":    {file(oneTensor("U8", "[18446744073709551616]", "[0,1]"), 1), "18446744073709551616 is not a whole number"},
		"one offset":       {file(oneTensor("U8", "[1]", "[1]"), 1), "data_offsets are 1 numbers, want 2"},
		"three offsets":    {file(oneTensor("U8", "[1]", "[0,1,1]"), 1), "data_offsets are 3 numbers, want 2"},
		"negative offset":  {file(oneTensor("U8", "[1]", "[-1,0]"), 1), "-1 is not a whole number"},
		"offsets object":   {file(oneTensor("U8", "[1]", `{"0":0,"1":1}`), 1), "{ instead of ["},

		"size too small":   {file(oneTensor("I32", "[2,2]", "[0,4]"), 4), `tensor "w": data_offsets [0, 4] hold 4 bytes, but I32 of shape [2 2] is 16 bytes`},
		"size too large":   {file(oneTensor("I32", "[1]", "[0,8]"), 8), "hold 8 bytes, but I32 of shape [1] is 4 bytes"},
		"product overflow": {file(oneTensor("I32", "[2,18446744073709551614]", "[0,16]"), 16), "18446744073709551614 is not a whole number"},
		"size overflow":    {file(oneTensor("I32", "[2,9223372036854775807]", "[0,16]"), 16), "too many elements"},
		"wraps to 16":      {file(oneTensor("I32", "[4611686018427387908]", "[0,16]"), 16), "too many elements"},
		"wraps to 0":       {file(oneTensor("I32", "[4294967296,4294967296]", "[0,0]"), 0), "too many elements"},
		"half a byte":      {file(oneTensor("F4", "[3]", "[0,2]"), 2), "ends inside a byte"},
		"1 TB claimed":     {file(oneTensor("U8", "[1099511627776]", "[0,1099511627776]"), 4), "describes 1099511627776 bytes of data, but 4 follow"},

		"reversed":             {file(oneTensor("U8", "[1]", "[1,0]"), 1), "data_offsets [1, 0] end before they begin"},
		"first hole":           {file(oneTensor("U8", "[1]", "[1,2]"), 2), "leave a hole of 1 bytes before it"},
		"hole":                 {file(two(0, 8, 9, 17), 17), `tensor "b": data_offsets [9, 17] leave a hole of 1 bytes`},
		"overlap":              {file(two(0, 8, 7, 15), 15), `tensor "b": data_offsets [7, 15] overlap the tensor before, which ends at 8`},
		"same data":            {file(two(0, 8, 0, 8), 8), `overlap the tensor before`},
		"empty apart":          {file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}`, 2), "overlap"},
		"cut short":            {file(two(0, 8, 8, 16), 15), "describes 16 bytes of data, but 15 follow"},
		"trailing":             {file(two(0, 8, 8, 16), 17), "describes 16 bytes of data, but 17 follow"},
		"trailing, no tensors": {file(`{}`, 1), "describes 0 bytes of data, but 1 follow"},
	}
}

func TestHostile(t *testing.T) {
	for name, c := range hostile() {
		r, err := safetensors.Read(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil || r != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Read = %v\nwant %s", name, err, c.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, "\n") || !strings.HasPrefix(s, "safetensors: ") || !strings.HasSuffix(s, ": get it again") {
			t.Errorf("%s: %q is not one line that says what and the mend", name, s)
		}
		path := filepath.Join(t.TempDir(), "w.safetensors")
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := safetensors.ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: ReadFile = %v", name, err)
		}
	}
}

// What is odd but allowed: the reference implementation reads these too.
func TestAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want []safetensors.Entry
	}{
		"white space around":  {file("\t\n{}\r ", 0), nil},
		"metadata null":       {file(`{"__metadata__":null}`, 0), nil},
		"scalar":              {file(oneTensor("I32", "[]", "[0,4]"), 4), []safetensors.Entry{{"w", "I32", []int{}, make([]byte, 4)}}},
		"no elements":         {file(oneTensor("I32", "[2,0]", "[0, 0]"), 0), []safetensors.Entry{{"w", "I32", []int{2, 0}, []byte{}}}},
		"fields in any order": {file(`{"w":{"data_offsets":[0,1],"shape":[1],"dtype":"U8"}}`, 1), []safetensors.Entry{{"w", "U8", []int{1}, []byte{0}}}},
		"other fields":        {file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":[{"y":1e9}]}}`, 1), []safetensors.Entry{{"w", "U8", []int{1}, []byte{0}}}},
		"escaped names":       {file(`{"\u0077\ud83d\ude00\\u0041":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), []safetensors.Entry{{"w😀\\u0041", "U8", []int{1}, []byte{0}}}},
		"header out of order": {file(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 3),
			[]safetensors.Entry{{"a", "U8", []int{1}, []byte{0}}, {"b", "U8", []int{2}, []byte{0, 0}}}},
		"empty between": {file(`{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"e":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2),
			[]safetensors.Entry{{"a", "U8", []int{1}, []byte{0}}, {"e", "U8", []int{0}, []byte{}}, {"b", "U8", []int{1}, []byte{0}}}},
	} {
		r, err := safetensors.Read(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f, err := r.All()
		if err != nil || f.Metadata != nil || len(f.Entries) != len(c.want) || len(c.want) > 0 && !reflect.DeepEqual(f.Entries, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, f, err, c.want)
		}
	}
}

// A few bytes that claim a lot must not cost memory. TotalAlloc counts every byte ever taken.
func TestNoMemoryForClaims(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, name := range []string{"length of 1 TB", "length at the limit", "length over the limit", "length 2^64-1", "1 TB claimed"} {
		f := hostile()[name].file
		if _, err := safetensors.Read(bytes.NewReader(f), int64(len(f))); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	good := safetensors.Entry{Name: "a", DType: "U8", Shape: []int{1}, Data: []byte{1}}
	if err := safetensors.WriteFile(path, &safetensors.File{Entries: []safetensors.Entry{good}}); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(path)
	for want, f := range map[string]*safetensors.File{
		`tensor "w" has 3 bytes of data, but F32 of shape [1] is 4 bytes`:      {Entries: []safetensors.Entry{good, {"w", "F32", []int{1}, make([]byte, 3)}}},
		`tensor "w": dtype "float32" is unknown, want one of BOOL`:             {Entries: []safetensors.Entry{{"w", "float32", []int{1}, make([]byte, 4)}}},
		`tensor "w": shape [-1] of U8 has a negative dimension`:                {Entries: []safetensors.Entry{{"w", "U8", []int{-1}, nil}}},
		`tensor "w": shape [2 4611686018427387904] of U8 has a negative dim`:   {Entries: []safetensors.Entry{{"w", "U8", []int{2, math.MaxInt/2 + 1}, nil}}},
		`tensor "w": shape [1] of F4 ends inside a byte`:                       {Entries: []safetensors.Entry{{"w", "F4", []int{1}, []byte{1}}}},
		`two tensors are named "a": rename one`:                                {Entries: []safetensors.Entry{good, good}},
		`tensor name "__metadata__" is reserved by the format: rename it`:      {Entries: []safetensors.Entry{{"__metadata__", "U8", nil, []byte{1}}}},
		`tensor name "\xff" is not UTF-8 text: rename it`:                      {Entries: []safetensors.Entry{{"\xff", "U8", nil, []byte{1}}}},
		`metadata "k" is not UTF-8 text: encode it, for example as base64`:     {Metadata: map[string]string{"k": "\xff"}},
		`metadata "\xff" is not UTF-8 text`:                                    {Metadata: map[string]string{"\xff": ""}},
		`the header would have more than 100000000 bytes: write several files`: {Metadata: map[string]string{"k": strings.Repeat("a", safetensors.MaxHeader)}},
	} {
		var b bytes.Buffer
		if err := safetensors.Write(&b, f); err == nil || !strings.HasPrefix(err.Error(), "safetensors: "+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Write = %v\nwant %s", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes were written", want, b.Len())
		}
		if err := safetensors.WriteFile(path, f); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) {
			t.Errorf("WriteFile = %v\nwant %s", err, want)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
			t.Errorf("%s: the old file is lost: %q, %v", want, now, err)
		}
	}
}

func TestReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	f := &safetensors.File{Metadata: map[string]string{"k": "v"}, Entries: []safetensors.Entry{
		{"b", "U8", []int{3}, []byte{1, 2, 3}}, {"a", "F32", []int{1, 2}, []byte{0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f}},
	}}
	if err := safetensors.WriteFile(path, f); err != nil {
		t.Fatal(err)
	}
	r, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Names(); !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("Names = %q", got)
	}
	r.Metadata()["k"] = "changed"
	if got := r.Metadata(); !reflect.DeepEqual(got, f.Metadata) {
		t.Errorf("Metadata = %q", got)
	}
	e, ok := r.Entry("a")
	if !ok || e.Name != "a" || e.DType != "F32" || !reflect.DeepEqual(e.Shape, []int{1, 2}) || e.Data != nil {
		t.Errorf("Entry = %v, %v", e, ok)
	}
	e.Shape[0] = 9
	if e, _ := r.Entry("a"); e.Shape[0] != 1 {
		t.Error("Entry hands out its own shape")
	}
	if e, ok := r.Entry("c"); ok || e.Name != "" {
		t.Errorf("Entry of a missing tensor = %v, %v", e, ok)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, e := range f.Entries {
				got := make([]byte, len(e.Data))
				if err := r.ReadInto(e.Name, got); err != nil || !bytes.Equal(got, e.Data) {
					t.Errorf("ReadInto(%q) = %v, %v", e.Name, got, err)
				}
			}
		})
	}
	wait.Wait()
	if err := r.ReadInto("c", nil); err == nil || err.Error() != path+` has no tensor "c": its 2 tensors are what Names lists` {
		t.Errorf("ReadInto = %v", err)
	}
	if err := r.ReadInto("a", make([]byte, 9)); err == nil || err.Error() != path+`: tensor "a" has 8 bytes, but the buffer for it has 9` {
		t.Errorf("ReadInto = %v", err)
	}
	if err := os.Truncate(path, 8); err != nil {
		t.Fatal(err)
	}
	if err := r.ReadInto("a", make([]byte, 8)); err == nil || err.Error() != path+`: tensor "a": the file became shorter after it was opened; get it again` {
		t.Errorf("ReadInto of a shortened file = %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.ReadInto("a", make([]byte, 8)); !errors.Is(err, os.ErrClosed) || strings.Count(err.Error(), path) != 1 {
		t.Errorf("ReadInto of a closed file = %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no.safetensors")
	if _, err := safetensors.Open(missing); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), missing+" cannot be opened: ") || strings.Count(err.Error(), missing) != 1 {
		t.Errorf("Open = %v", err)
	}
	if _, err := safetensors.Open(dir); err == nil || !strings.Contains(err.Error(), "give the path of a safetensors file") {
		t.Errorf("Open of a folder = %v", err)
	}
	broken := errors.New("broken disk")
	r := struct{ io.ReaderAt }{readerAt{iotest.ErrReader(broken)}}
	if _, err := safetensors.Read(r, 100); !errors.Is(err, broken) {
		t.Errorf("Read = %v", err)
	}
}

type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }

func FuzzRead(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add([]byte(g.File))
	}
	for _, c := range hostile() {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		file, err := r.All()
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, e := range file.Entries {
			total += len(e.Data)
			if x, err := r.Tensor(e.Name); err == nil && x.Numel()*x.DType().Size() != len(e.Data) {
				t.Errorf("%q has %d bytes and became %v", e.Name, len(e.Data), x.Spec())
			} else if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
		}
		if total > len(b) {
			t.Errorf("%d bytes of data from %d", total, len(b))
		}
		var first, second bytes.Buffer
		if err := safetensors.Write(&first, file); err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		r, err = safetensors.Read(bytes.NewReader(first.Bytes()), int64(first.Len()))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		again, err := r.All()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.Metadata, file.Metadata) || !reflect.DeepEqual(byName(again.Entries), byName(file.Entries)) {
			t.Errorf("read %v, written and read again %v", file, again)
		}
		if err := safetensors.Write(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("written twice, the bytes differ: %v", err)
		}
	})
}

package npy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hadal-go/hadal/format/npy"
)

// file is a version 1 file of the given header and n bytes of elements, 0, 1, 2, ...
func file(header string, n int) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b = append(b, header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

// dict is the header of an array.
func dict(descr, fortran, shape string) string {
	return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }"
}

// hostile lists files that must be refused, with a part of the message.
func hostile() map[string]struct {
	file []byte
	want string
} {
	type c = struct {
		file []byte
		want string
	}
	good := dict("'<f4'", "False", "(2,)")
	m := map[string]c{
		"empty":               {nil, "the file ends inside its header"},
		"magic only":          {[]byte("\x93NUMPY"), "the file ends inside its header"},
		"no length":           {[]byte("\x93NUMPY\x01\x00\x10"), "the file ends inside its header"},
		"HTML":                {[]byte("<!DOCTYPE html>"), `begins with "<!DOCT", not with "\x93NUMPY"`},
		"zip":                 {[]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), "it is no .npy file"},
		"version 0":           {[]byte("\x93NUMPY\x00\x00\x01\x00{"), "version 0.0 is unknown"},
		"version 4":           {[]byte("\x93NUMPY\x04\x00\x01\x00{"), "version 4.0 is unknown"},
		"version 1.1":         {[]byte("\x93NUMPY\x01\x01\x01\x00{"), "version 1.1 is unknown"},
		"header past the end": {file(good, 0)[:30], "the file ends inside its header"},
		"header of 4 GB":      {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '<f4'"), "a header of 4294967295 bytes is too long"},
		"header of 1 MiB":     {[]byte("\x93NUMPY\x03\x00\x00\x00\x10\x00{'descr': '<f4'"), "the file ends inside its header"},
		"header over 1 MiB":   {[]byte("\x93NUMPY\x03\x00\x01\x00\x10\x00{'descr': '<f4'"), "a header of 1048577 bytes is too long"},
		"no data":             {file(good, 0), "the data end before the 8 bytes of f4 of shape [2]"},
		"cut short":           {file(good, 7), "the data end before the 8 bytes of f4 of shape [2]"},
		"1 TB claimed":        {file(dict("'|u1'", "False", "(1099511627776,)"), 30), "the data end before the 1099511627776 bytes"},
		"1 TB in Fortran":     {file(dict("'|u1'", "True", "(1048576, 1048576)"), 30), "the data end before the 1099511627776 bytes"},
		"overflow":            {file(dict("'<f8'", "False", "(4294967296, 4294967296)"), 30), "more bytes than an array can have"},
		"overflow by size":    {file(dict("'<f8'", "False", "(2305843009213693952,)"), 30), "more bytes than an array can have"},
	}
	for header, want := range map[string]string{
		"":              "it is no dictionary",
		"[]":            "it is no dictionary",
		"{":             "the dictionary is broken",
		"{}":            "is missing",
		good[:40]:       "the dictionary is broken",
		good + "x":      "text follows the dictionary",
		good + "\x00":   "text follows the dictionary",
		good + good:     "text follows the dictionary",
		"{'descr': 1}":  "descr is no plain text",
		"{descr: 1}":    "the dictionary is broken",
		"{'descr' '1'}": "the dictionary is broken",
		"{'descr': '<f4' 'fortran_order': False, 'shape': (), }":                  "the dictionary is broken",
		"{'descr': '<f4',, 'fortran_order': False, 'shape': (), }":                "the dictionary is broken",
		"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (), }": "descr is there twice",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1, }":         `"x" is no key of the format`,
		"{'descr': '<f4', 'fortran_order': False, }":                              "is missing",
		"{'descr': '<f4', 'shape': (), }":                                         "is missing",
		"{'fortran_order': False, 'shape': (), }":                                 "is missing",
		"__import__('os').system('true')":                                         "it is no dictionary",
		"{'descr': __import__('os').name, 'fortran_order': False, 'shape': (), }": "descr is no plain text",
		"{'descr': '<f4\\'', 'fortran_order': False, 'shape': (), }":              "descr is no plain text",
		dict("'<f4\"", "False", "(2,)"):                                           "convert with astype",
		dict("''", "False", "(2,)"):                                               "convert with astype",
		dict("'<'", "False", "(2,)"):                                              "convert with astype",
		dict("' <f4'", "False", "(2,)"):                                           "convert with astype",
		dict("'<f3'", "False", "(2,)"):                                            "elements of type \"<f3\" are not read",
		dict("'<b2'", "False", "(2,)"):                                            "are not read",
		dict("'|O'", "False", "(2,)"):                                             "run code when loaded",
		dict("'|O8'", "False", "(2,)"):                                            "run code when loaded",
		dict("'<V2'", "False", "(2,)"):                                            "are not read",
		dict("'|f4'", "False", "(2,)"):                                            "the byte order of \"|f4\" is unknown",
		dict("'=f4'", "False", "(2,)"):                                            "the byte order of \"=f4\" is unknown",
		dict("[('x', '<f4')]", "False", "(2,)"):                                   "the elements have fields",
		dict("'<f4'", "false", "(2,)"):                                            "fortran_order is not True or False",
		dict("'<f4'", "0", "(2,)"):                                                "fortran_order is not True or False",
		dict("'<f4'", "False", "[2]"):                                             "shape is no tuple",
		dict("'<f4'", "False", "2"):                                               "shape is no tuple",
		dict("'<f4'", "False", "(2)"):                                             "shape is no tuple",
		dict("'<f4'", "False", "(2"):                                              "shape is no tuple",
		dict("'<f4'", "False", "(,)"):                                             "shape is no tuple",
		dict("'<f4'", "False", "(2,,3)"):                                          "shape is no tuple",
		dict("'<f4'", "False", "(2 3)"):                                           "shape is no tuple",
		dict("'<f4'", "False", "(-2,)"):                                           "shape is no tuple",
		dict("'<f4'", "False", "(02,)"):                                           "shape is no tuple",
		dict("'<f4'", "False", "(0x2,)"):                                          "shape is no tuple",
		dict("'<f4'", "False", "(2.0,)"):                                          "shape is no tuple",
		dict("'<f4'", "False", "(1_0,)"):                                          "shape is no tuple",
		dict("'<f4'", "False", "(2+2,)"):                                          "shape is no tuple",
		dict("'<f4'", "False", "((2,),)"):                                         "shape is no tuple",
		dict("'<f4'", "False", "(9223372036854775808,)"):                          "shape is no tuple",
		dict("'<f4'", "False", strings.Repeat("(", 60_000)):                       "shape is no tuple",
		strings.Repeat("{", 60_000):                                               "the dictionary is broken",
	} {
		m["header "+header] = c{file(header, 8), want}
	}
	return m
}

func TestHostile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	for name, c := range hostile() {
		name := name[:min(len(name), 100)]
		a, err := npy.Read(bytes.NewReader(c.file))
		if err == nil || a != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Read = %v, %v\nwant %s", name, a, err, c.want)
			continue
		}
		if s := err.Error(); strings.Contains(s, "\n") || !strings.HasPrefix(s, "npy: ") || len(s) > 1500 {
			t.Errorf("%s: %q is not one line", name, s)
		}
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := npy.ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: ReadFile = %v", name, err)
		}
	}
}

// What NumPy does not write like this but reads.
func TestAllowed(t *testing.T) {
	data := []byte{0, 1, 2, 3, 4, 5}
	for _, header := range []string{
		"{'descr':'|u1','fortran_order':False,'shape':(2,3)}",
		"{\n  \"shape\" : ( 2 ,\t3, ) , \"fortran_order\" : False , \"descr\" : \"<u1\"\n}  \n",
		"{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 3L), }\n", // Python 2
	} {
		a, err := npy.Read(bytes.NewReader(file(header, 6)))
		if want := (&npy.Array{DType: "u1", Shape: []int{2, 3}, Data: data}); err != nil || !reflect.DeepEqual(a, want) {
			t.Errorf("%q: Read = %v, %v", header, a, err)
		}
	}
}

// A few bytes that claim a lot must not cost memory. TotalAlloc counts every byte ever taken.
func TestNoMemoryForClaims(t *testing.T) {
	files := hostile()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, name := range []string{"1 TB claimed", "1 TB in Fortran", "header of 4 GB", "header of 1 MiB", "overflow"} {
		if _, err := npy.Read(bytes.NewReader(files[name].file)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

// Each element of a Fortran file must come to its place: the oracle computes places from indices one by one.
func TestFortran(t *testing.T) {
	for _, shape := range [][]int{{7}, {3, 5}, {1, 4}, {4, 1}, {2, 3, 4}, {5, 1, 2, 3}, {2, 2, 2, 2, 2}} {
		n := 1
		text := "("
		for _, d := range shape {
			n *= d
			text += string(rune('0'+d)) + ", "
		}
		a, err := npy.Read(bytes.NewReader(file(dict("'|u1'", "True", text+")"), n)))
		if err != nil {
			t.Fatal(err)
		}
		for at := range n {
			rest, place, stride := at, 0, 1
			index := make([]int, len(shape)) // of element at in C order
			for i := len(shape) - 1; i >= 0; i-- {
				index[i], rest = rest%shape[i], rest/shape[i]
			}
			for i, d := range shape {
				place += index[i] * stride
				stride *= d
			}
			if a.Data[at] != byte(place) {
				t.Fatalf("shape %v, index %v: %d, want %d", shape, index, a.Data[at], place)
			}
		}
	}
}

func TestReadSeveral(t *testing.T) {
	var b bytes.Buffer
	arrays := []*npy.Array{{"u1", []int{3}, []byte{1, 2, 3}}, {"b1", []int{}, []byte{1}}, {"f8", []int{0, 2}, []byte{}}}
	for _, a := range arrays {
		if err := npy.Write(&b, a); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := npy.ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": more bytes follow the array: ") {
		t.Errorf("ReadFile of several arrays = %v", err)
	}
	for _, want := range arrays {
		if got, err := npy.Read(&b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Read = %v, %v; want %v", got, err, want)
		}
	}
	if _, err := npy.Read(&b); err == nil {
		t.Error("Read reads past the last array")
	}
}

// Thousands of dimensions need version 2: its length has 4 bytes, and elements begin at a multiple of 64 again.
func TestVersion2(t *testing.T) {
	for dims, version := range map[int]byte{21_000: 1, 22_000: 2} {
		a := &npy.Array{DType: "u1", Shape: slices.Repeat([]int{1}, dims), Data: []byte{42}}
		var b bytes.Buffer
		if err := npy.Write(&b, a); err != nil {
			t.Fatal(err)
		}
		head := b.Bytes()[:12]
		length := int(binary.LittleEndian.Uint16(head[8:])) + 10
		if version == 2 {
			length = int(binary.LittleEndian.Uint32(head[8:])) + 12
		}
		if head[6] != version || head[7] != 0 || length != b.Len()-1 || length%64 != 0 {
			t.Errorf("%d dimensions: version %d.%d, elements at %d of %d", dims, head[6], head[7], length, b.Len())
		}
		if got, err := npy.Read(&b); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%d dimensions: %v", dims, err)
		}
	}
	a := &npy.Array{DType: "u1", Shape: slices.Repeat([]int{1}, 400_000), Data: []byte{42}}
	if err := npy.Write(io.Discard, a); err == nil || err.Error() != "npy: 400000 dimensions are too many for the format" {
		t.Errorf("Write = %v", err)
	}
}

func TestWriteErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	for want, a := range map[string]*npy.Array{
		`dtype "float32" is unknown, want one of f2`:                        {"float32", []int{1}, make([]byte, 4)},
		`dtype "" is unknown`:                                               {"", nil, nil},
		`3 bytes of data, but f4 of shape [1] is 4 bytes`:                   {"f4", []int{1}, make([]byte, 3)},
		`0 bytes of data, but u1 of shape [] is 1 bytes`:                    {"u1", nil, nil},
		`shape [-1] of f4 has a negative dimension`:                         {"f4", []int{-1}, nil},
		`shape [9223372036854775807] of f4 has a negative dimension or too`: {"f4", []int{math.MaxInt}, nil},
	} {
		var b bytes.Buffer
		if err := npy.Write(&b, a); err == nil || !strings.HasPrefix(err.Error(), "npy: "+want) || b.Len() > 0 {
			t.Errorf("Write = %v, want %s", err, want)
		}
		if err := npy.WriteFile(path, a); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) {
			t.Errorf("WriteFile = %v, want %s", err, want)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file is left", want)
		}
	}
	broken := errors.New("broken")
	if _, err := npy.Read(io.MultiReader(strings.NewReader("\x93NUM"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("Read of a broken reader = %v", err)
	}
	for path, want := range map[string]string{path: "cannot be opened", filepath.Dir(path): filepath.Dir(path) + ": "} {
		if _, err := npy.ReadFile(path); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("ReadFile(%s) = %v", path, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	g := golden(f)
	for _, c := range g.NPY {
		f.Add([]byte(c.File))
	}
	for _, b := range g.Refused {
		f.Add([]byte(b))
	}
	for _, c := range hostile() {
		if len(c.file) < 1000 {
			f.Add(c.file)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := npy.Read(bytes.NewReader(b))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		if len(a.Data) > len(b) {
			t.Errorf("%d bytes of data from %d", len(a.Data), len(b))
		}
		if x, err := a.Tensor(); err == nil && x.Numel()*x.DType().Size() != len(a.Data) {
			t.Errorf("%d bytes became %v", len(a.Data), x.Spec())
		} else if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %v", err)
		}
		var out bytes.Buffer
		if err := npy.Write(&out, a); err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		if again, err := npy.Read(&out); err != nil || !reflect.DeepEqual(again, a) {
			t.Errorf("read %v, written and read again %v, %v", a, again, err)
		}
	})
}

package idx_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hadal-go/hadal/format/idx"
	"github.com/hadal-go/hadal/internal/optest"
)

// hexBytes is written in hexadecimal in JSON.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// golden is a case of testdata/golden.json, which make_golden.py made with NumPy.
type golden struct {
	Type       idx.Type
	Shape      []int
	Data       hexBytes
	File, GZip hexBytes
}

func goldens(t testing.TB) (cases []golden) {
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	if len(cases) < 40 {
		t.Fatalf("golden.json has %d cases", len(cases))
	}
	return cases
}

func TestGolden(t *testing.T) {
	dir := t.TempDir()
	for _, g := range goldens(t) {
		want := &idx.Array{Type: g.Type, Shape: g.Shape, Data: g.Data}
		for name, file := range map[string][]byte{"raw": g.File, "gzip": g.GZip} {
			if got, err := idx.Read(bytes.NewReader(file)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %v %s: Read = %v, %v; want %v", g.Type, g.Shape, name, got, err, want)
			}
			if got, err := idx.Read(iotest.OneByteReader(bytes.NewReader(file))); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %v %s: Read byte by byte = %v, %v", g.Type, g.Shape, name, got, err)
			}
		}
		var b bytes.Buffer
		if err := idx.Write(&b, want); err != nil || !bytes.Equal(b.Bytes(), g.File) {
			t.Errorf("%v %v: Write gives %x, %v; want %x", g.Type, g.Shape, b.Bytes(), err, g.File)
		}
		for _, name := range []string{"a-idx", "a-idx.gz"} {
			path := filepath.Join(dir, name)
			if err := idx.WriteFile(path, want); err != nil {
				t.Fatal(err)
			}
			if got, err := idx.ReadFile(path); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v %v: ReadFile(%s) = %v, %v; want %v", g.Type, g.Shape, name, got, err, want)
			}
		}
		file, err := os.ReadFile(filepath.Join(dir, "a-idx.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); err != nil || !bytes.Equal(plain, g.File) || !z.ModTime.IsZero() {
			t.Errorf("%v %v: compressed %x, %v, time %v", g.Type, g.Shape, plain, err, z.ModTime)
		}
	}
}

// An array larger than the block in which Write turns its bytes: every element must have its place.
func TestLarge(t *testing.T) {
	const n = 100_003
	a := &idx.Array{Type: idx.Float64, Shape: []int{n}, Data: make([]byte, 8*n)}
	for i := range a.Data {
		a.Data[i] = byte(i*i>>7 ^ i)
	}
	var b bytes.Buffer
	if err := idx.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	for i, got := range b.Bytes()[8:] {
		if want := a.Data[i&^7+7-i&7]; got != want {
			t.Fatalf("byte %d of the elements is %d, want %d", i, got, want)
		}
	}
	if got, err := idx.Read(&b); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("Read: %v", err)
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
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
	good := []byte("\x00\x00\x08\x02\x00\x00\x00\x02\x00\x00\x00\x03abcdef")
	max := strings.Repeat("\xff", 12)
	z := zipped(good)
	bomb := zipped(append([]byte("\x00\x00\x08\x01\x00\x00\x00\x03"), make([]byte, 10_000_000)...))
	damaged := bytes.Clone(z)
	damaged[len(damaged)-8] ^= 1
	corrupt := bytes.Clone(z)
	corrupt[10] = 0xff
	return map[string]c{
		"empty":          {nil, "the file ends too early"},
		"short":          {good[:3], "the file ends too early"},
		"no dimensions":  {good[:4], "the file ends too early"},
		"short header":   {good[:11], "the file ends too early"},
		"no data":        {good[:12], "the data end before the 6 bytes of uint8 of shape [2 3]: the file is cut short"},
		"cut short":      {good[:len(good)-1], "the data end before the 6 bytes of uint8 of shape [2 3]"},
		"trailing":       {append(bytes.Clone(good), 0), "more bytes follow the 6 of uint8 of shape [2 3]"},
		"HTML":           {[]byte("<!DOCTYPE html>"), `begins with "<!DO"`},
		"little endian":  {[]byte("\x01\x08\x00\x00\x01\x00\x00\x00a"), "it is no idx file"},
		"unknown type":   {[]byte("\x00\x00\x0a\x01\x00\x00\x00\x01a"), "it is no idx file"},
		"type 0":         {[]byte("\x00\x00\x00\x01\x00\x00\x00\x01a"), "it is no idx file"},
		"overflow":       {[]byte("\x00\x00\x08\x03" + max + "abcdef"), "shape [4294967295 4294967295 4294967295] of uint8 has more bytes than an array can have"},
		"overflow by 8":  {[]byte("\x00\x00\x0e\x02\x80\x00\x00\x00\x20\x00\x00\x00abcdef"), "more bytes than an array can have"},
		"255 dimensions": {[]byte("\x00\x00\x08\xff" + strings.Repeat("\xff", 1020)), "shape of 255 dimensions of uint8 has more bytes"},
		"wraps to 0":     {[]byte("\x00\x00\x08\x04\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00"), "more bytes than an array can have"},
		"1 TB claimed":   {[]byte("\x00\x00\x08\x02\x00\x10\x00\x00\x00\x10\x00\x00abcdef"), "the data end before the 1099511627776 bytes"},

		"gzip cut short":    {z[:len(z)-12], "the file ends too early"},
		"gzip no end":       {z[:len(z)-1], "the file ends too early"},
		"gzip header":       {z[:5], "the file ends too early"},
		"gzip magic only":   {z[:2], "the file ends too early"},
		"gzip bad header":   {append([]byte("\x1f\x8b\x09"), z[3:]...), "gzip: invalid header: the compressed file is damaged"},
		"gzip checksum":     {damaged, "gzip: invalid checksum: the compressed file is damaged"},
		"gzip corrupt":      {corrupt, "flate: corrupt input before offset"},
		"gzip trailing":     {append(bytes.Clone(z), "garbage and more"...), "gzip: invalid header: the compressed file is damaged or has other bytes behind it"},
		"gzip second array": {append(bytes.Clone(z), z...), "more bytes follow"},
		"gzip in gzip":      {zipped(z), "it is no idx file"},
		"gzip bomb":         {bomb, "more bytes follow the 3 of uint8"},
		"gzip 1 TB claimed": {zipped([]byte("\x00\x00\x08\x02\x00\x10\x00\x00\x00\x10\x00\x00abcdef")), "the data end before the 1099511627776 bytes"},
	}
}

func TestHostile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a-idx")
	for name, c := range hostile() {
		a, err := idx.Read(bytes.NewReader(c.file))
		if err == nil || a != nil || !strings.HasPrefix(err.Error(), "idx: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Read = %v, %v\nwant %s", name, a, err, c.want)
		}
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := idx.ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: ReadFile = %v\nwant %s", name, err, c.want)
		}
	}
}

// A few bytes that claim or unpack to a lot must not cost memory. TotalAlloc counts every byte ever taken.
func TestNoMemoryForClaims(t *testing.T) {
	files := hostile()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, name := range []string{"1 TB claimed", "gzip 1 TB claimed", "gzip bomb", "255 dimensions"} {
		if _, err := idx.Read(bytes.NewReader(files[name].file)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a-idx")
	for want, a := range map[string]*idx.Array{
		`the format has no unknown type 0x00, want Uint8`:                                               {},
		`the format has no unknown type 0x0a`:                                                           {Type: 10, Shape: []int{1}, Data: []byte{1}},
		`3 bytes of data, but float32 of shape [1] is 4 bytes`:                                          {Type: idx.Float32, Shape: []int{1}, Data: make([]byte, 3)},
		`shape [-1] of uint8 has a negative dimension`:                                                  {Type: idx.Uint8, Shape: []int{-1}},
		`shape [9223372036854775807] of int16 has a negative dimension, too many`:                       {Type: idx.Int16, Shape: []int{math.MaxInt}},
		`shape of 256 dimensions of uint8 has a negative dimension, too many elements or more than 255`: {Type: idx.Uint8, Shape: make([]int, 256)},
		`dimension 4294967296 is too large for the format`:                                              {Type: idx.Uint8, Shape: []int{0, math.MaxUint32 + 1}},
	} {
		var b bytes.Buffer
		if err := idx.Write(&b, a); err == nil || !strings.HasPrefix(err.Error(), "idx: "+want) || b.Len() > 0 {
			t.Errorf("Write = %v, want %s", err, want)
		}
		for _, path := range []string{path, path + ".gz"} {
			if err := idx.WriteFile(path, a); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) {
				t.Errorf("WriteFile = %v, want %s", err, want)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: a file is left", want)
			}
		}
	}
	broken := errors.New("broken")
	good := goldens(t)[2]
	for _, file := range [][]byte{good.File, good.GZip} {
		for n := range file {
			r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
			if _, err := idx.Read(r); !errors.Is(err, broken) {
				t.Errorf("Read of a reader that breaks after %d bytes = %v", n, err)
			}
		}
	}
	for path, want := range map[string]string{path: "cannot be opened", filepath.Dir(path): filepath.Dir(path) + ": "} {
		if _, err := idx.ReadFile(path); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("ReadFile(%s) = %v", path, err)
		}
	}
}

func TestType(t *testing.T) {
	for typ, want := range map[idx.Type]string{idx.Uint8: "uint8", idx.Int8: "int8", idx.Int16: "int16", idx.Int32: "int32", idx.Float32: "float32", idx.Float64: "float64", 7: "unknown type 0x07"} {
		if got := typ.String(); got != want {
			t.Errorf("String = %s, want %s", got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, g := range goldens(f) {
		f.Add([]byte(g.File))
		f.Add([]byte(g.GZip))
	}
	for _, c := range hostile() {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := idx.Read(bytes.NewReader(b))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		if len(a.Data) > 1032*len(b) {
			t.Errorf("%d bytes of data from %d", len(a.Data), len(b))
		}
		var out bytes.Buffer
		if err := idx.Write(&out, a); err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		if again, err := idx.Read(&out); err != nil || !reflect.DeepEqual(again, a) {
			t.Errorf("read %v, written and read again %v, %v", a, again, err)
		}
	})
}

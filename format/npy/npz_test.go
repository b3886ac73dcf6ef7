package npy_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/format/npy"
)

// member is a file of an archive. The sizes and the checksum are those of data unless given.
type member struct {
	name                     string
	method, flags            uint16
	data                     []byte // as stored or deflated
	size, compressed, offset int64  // -1 where it is to be computed
}

// archive writes a zip file with whatever its directory is to claim. The layout is that of PKWARE's APPNOTE 4.3.
func archive(members ...member) []byte {
	var local, central []byte
	for _, m := range members {
		plain := m.data
		if m.method == zip.Deflate {
			plain, _ = io.ReadAll(flate.NewReader(bytes.NewReader(m.data)))
		}
		if m.size < 0 {
			m.size = int64(len(plain))
		}
		if m.compressed < 0 {
			m.compressed = int64(len(m.data))
		}
		if m.offset < 0 {
			m.offset = int64(len(local))
		}
		head := binary.LittleEndian.AppendUint16(nil, 45)
		head = binary.LittleEndian.AppendUint16(head, m.flags)
		head = binary.LittleEndian.AppendUint16(head, m.method)
		head = append(head, 0, 0, 0, 0) // time
		head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(plain))
		head = append(head, "\xff\xff\xff\xff\xff\xff\xff\xff"...) // sizes: in the zip64 field
		head = binary.LittleEndian.AppendUint16(head, uint16(len(m.name)))
		extra := []byte{1, 0, 16, 0}
		extra = binary.LittleEndian.AppendUint64(extra, uint64(m.size))
		extra = binary.LittleEndian.AppendUint64(extra, uint64(m.compressed))
		head = binary.LittleEndian.AppendUint16(head, uint16(len(extra)))

		central = append(append(central, "PK\x01\x02\x2d\x00"...), head...)
		central = append(central, make([]byte, 10)...) // comment, disk, attributes
		central = binary.LittleEndian.AppendUint32(central, uint32(m.offset))
		central = append(append(central, m.name...), extra...)
		local = append(append(local, "PK\x03\x04"...), head...)
		local = append(append(append(local, m.name...), extra...), m.data...)
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	end = binary.LittleEndian.AppendUint16(end, uint16(len(members)))
	end = binary.LittleEndian.AppendUint16(end, uint16(len(members)))
	end = binary.LittleEndian.AppendUint32(end, uint32(len(central)))
	end = binary.LittleEndian.AppendUint32(end, uint32(len(local)))
	return append(append(append(local, central...), end...), 0, 0)
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func stored(name string, data []byte) member { return member{name, zip.Store, 0, data, -1, -1, -1} }

// hostileNPZ lists archives that must be refused, when opened or when read, with a part of the message.
func hostileNPZ() map[string]struct {
	file []byte
	want string
} {
	type c = struct {
		file []byte
		want string
	}
	good := file(dict("'|u1'", "False", "(3,)"), 3)
	large := file(dict("'|u1'", "False", "(1099511627776,)"), 30)
	million := append(file(dict("'|u1'", "False", "(1000000,)"), 0), make([]byte, 1_000_000)...)
	zeros, zerosLen := deflated(million), int64(len(million))
	bomb := deflated(append(file(dict("'|u1'", "False", "(3,)"), 3), make([]byte, 1_000_000)...))
	with := func(m member, change func(*member)) []byte {
		change(&m)
		return archive(m)
	}
	x := stored("x.npy", good)
	return map[string]c{
		"empty":        {nil, "not a valid zip file; it is damaged or no .npz file"},
		"HTML":         {[]byte("<!DOCTYPE html>"), "not a valid zip file"},
		"an .npy file": {good, "not a valid zip file"},
		"cut short":    {archive(x)[:100], "not a valid zip file"},
		"other file":   {archive(stored("readme.txt", good)), `member "readme.txt" is no .npy file`},
		"folder":       {archive(stored("x/", nil)), `member "x/" is no .npy file`},
		"twice":        {archive(x, x), `two members are named "x.npy"`},
		"encrypted":    {with(x, func(m *member) { m.flags = 1 }), "is encrypted"},
		"bzip2":        {with(x, func(m *member) { m.method = 12 }), "is compressed by method 12"},
		"no array":     {archive(stored("x.npy", []byte("hello"))), `array "x": the file ends inside its header`},
		"objects":      {archive(stored("x.npy", file(dict("'|O'", "False", "(1,)"), 8))), `array "x": header`},
		"trailing":     {archive(stored("x.npy", append(good, 0))), `array "x": more bytes follow the array`},
		"short data":   {archive(stored("x.npy", good[:len(good)-1])), `array "x": the data end before the 3 bytes`},
		"1 TB claimed": {archive(stored("x.npy", large)), `array "x": the data end before the 1099511627776 bytes`},
		"1 TB in the directory": {with(stored("x.npy", large), func(m *member) { m.size, m.compressed = 1<<40, 1<<40 }),
			`member "x.npy" lies outside the file`},
		"1 TB from little": {with(stored("x.npy", large), func(m *member) { m.size = 1 << 40 }), "which no compression does"},
		"says more":        {with(x, func(m *member) { m.size = int64(len(good)) + 1 }), `array "x": `},
		"says less":        {with(x, func(m *member) { m.size = int64(len(good)) - 1 }), `array "x": `},
		"deflate says more": {with(member{"x.npy", zip.Deflate, 0, zeros, -1, -1, -1}, func(m *member) { m.size = zerosLen + 1 }),
			`array "x": `},
		"deflate says less": {with(member{"x.npy", zip.Deflate, 0, zeros, -1, -1, -1}, func(m *member) { m.size = zerosLen - 1 }),
			`array "x": `},
		"bomb behind the array": {archive(member{"x.npy", zip.Deflate, 0, bomb, -1, -1, -1}), "more bytes follow the array"},
		"bomb, small claim": {with(member{"x.npy", zip.Deflate, 0, bomb, -1, -1, -1}, func(m *member) { m.size = int64(len(good)) }),
			`array "x": `},
		"not deflate":    {with(x, func(m *member) { m.method = zip.Deflate }), `array "x": `},
		"wrong checksum": {bytes.Replace(archive(x), []byte("\x00\x01\x02"), []byte("\x00\x01\x03"), 1), "zip: checksum error: it does not hold"},
		"shared bytes": {archive(member{"a.npy", zip.Deflate, 0, zeros, -1, -1, -1},
			member{"b.npy", zip.Deflate, 0, nil, 1_000_000, int64(len(zeros)), 0}), `member "b.npy" lies outside the file or shares bytes`},
		"outside": {with(x, func(m *member) { m.offset = 1 << 30 }), `array "x": `},
	}
}

func TestHostileNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	for name, c := range hostileNPZ() {
		z, err := npy.ReadNPZ(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil {
			_, err = z.All()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "npz: ") {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := npy.ReadNPZFile(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: ReadNPZFile = %v", name, err)
		}
	}
	// The archives are refused for what the table says, not because archive is wrong.
	good := file(dict("'|u1'", "False", "(3,)"), 3)
	b := archive(stored("x.npy", good), member{"y.npy", zip.Deflate, 0, deflated(good), -1, -1, -1})
	z, err := npy.ReadNPZ(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	a := &npy.Array{DType: "u1", Shape: []int{3}, Data: []byte{0, 1, 2}}
	if got, err := z.All(); err != nil || !reflect.DeepEqual(got, []npy.Named{{"x", a}, {"y", a}}) {
		t.Errorf("All = %v, %v", got, err)
	}
}

func TestNPZNoMemoryForClaims(t *testing.T) {
	files := hostileNPZ()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	names := []string{"1 TB claimed", "1 TB in the directory", "1 TB from little", "bomb behind the array", "bomb, small claim"}
	for _, name := range names {
		b := files[name].file
		if z, err := npy.ReadNPZ(bytes.NewReader(b), int64(len(b))); err == nil {
			if _, err = z.All(); err == nil {
				t.Errorf("%s is read", name)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestNPZ(t *testing.T) {
	arrays := []npy.Named{
		{"weight", &npy.Array{DType: "f4", Shape: []int{2, 1}, Data: []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}}},
		{"a/ü", &npy.Array{DType: "b1", Shape: []int{}, Data: []byte{1}}},
		{"", &npy.Array{DType: "i8", Shape: []int{0, 5}, Data: []byte{}}},
	}
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		if err := npy.WriteNPZ(b, arrays); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same arrays give other bytes")
	}
	zr, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range zr.File {
		if f.Name != arrays[i].Name+".npy" || f.Method != zip.Store || len(f.Extra) != 0 || f.Modified.Year() > 1980 {
			t.Errorf("member %q: method %d, extra %x, time %v", f.Name, f.Method, f.Extra, f.Modified)
		}
	}
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := npy.WriteNPZFile(path, arrays); err != nil {
		t.Fatal(err)
	}
	z, err := npy.OpenNPZ(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := z.Names(); !reflect.DeepEqual(got, []string{"weight", "a/ü", ""}) {
		t.Errorf("Names = %q", got)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, want := range arrays {
				if got, err := z.Read(want.Name); err != nil || !reflect.DeepEqual(got, want.Array) {
					t.Errorf("Read(%q) = %v, %v", want.Name, got, err)
				}
			}
		})
	}
	wait.Wait()
	if _, err := z.Read("b"); err == nil || err.Error() != path+` has no array "b": its 3 arrays are what Names lists` {
		t.Errorf("Read = %v", err)
	}
	if err := z.Close(); err != nil {
		t.Error(err)
	}
	if _, err := z.Read("weight"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read of a closed archive = %v", err)
	}
	if got, err := npy.ReadNPZFile(path); err != nil || !reflect.DeepEqual(got, arrays) {
		t.Errorf("ReadNPZFile = %v, %v", got, err)
	}
}

func TestWriteNPZErrors(t *testing.T) {
	a := &npy.Array{DType: "u1", Shape: []int{1}, Data: []byte{1}}
	path := filepath.Join(t.TempDir(), "a.npz")
	for want, arrays := range map[string][]npy.Named{
		`two arrays are named "a": rename one`:                            {{"a", a}, {"b", a}, {"a", a}},
		`array "b" is nil`:                                                {{"a", a}, {"b", nil}},
		`array "b": 0 bytes of data, but u1 of shape [2] is 2 bytes`:      {{"a", a}, {"b", &npy.Array{DType: "u1", Shape: []int{2}}}},
		`array name "` + strings.Repeat("n", 80) + `"... has 65532 bytes`: {{strings.Repeat("n", 65532), a}},
	} {
		if err := npy.WriteNPZ(io.Discard, arrays); err == nil || !strings.HasPrefix(err.Error(), "npz: "+want) {
			t.Errorf("WriteNPZ = %v, want %s", err, want)
		}
		if err := npy.WriteNPZFile(path, arrays); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) {
			t.Errorf("WriteNPZFile = %v, want %s", err, want)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file is left", want)
		}
	}
	for path, want := range map[string]string{path: "cannot be opened", filepath.Dir(path): "give the path of an .npz file"} {
		if _, err := npy.OpenNPZ(path); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("OpenNPZ(%s) = %v", path, err)
		}
	}
}

func FuzzReadNPZ(f *testing.F) {
	for _, g := range golden(f).NPZ {
		f.Add([]byte(g.File))
	}
	for _, c := range hostileNPZ() {
		f.Add(c.file)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		z, err := npy.ReadNPZ(bytes.NewReader(b), int64(len(b)))
		var arrays []npy.Named
		if err == nil {
			arrays, err = z.All()
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		total := 0
		for _, a := range arrays {
			total += len(a.Data)
		}
		if total > 1032*len(b) {
			t.Errorf("%d bytes of data from %d", total, len(b))
		}
		var out bytes.Buffer
		if err := npy.WriteNPZ(&out, arrays); err != nil {
			t.Fatalf("what was read is not written: %v", err)
		}
		z, err = npy.ReadNPZ(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if again, err := z.All(); err != nil || !reflect.DeepEqual(again, arrays) {
			t.Errorf("read %v, written and read again %v, %v", arrays, again, err)
		}
	})
}

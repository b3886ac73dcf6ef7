package safetensors_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/internal/optest"
)

// hexBytes is written in hexadecimal in JSON.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// golden is a case of testdata/golden.json, which make_golden.py made from the description of the format.
type golden struct {
	Name     string
	Metadata map[string]string
	File     hexBytes
	Tensors  []struct {
		Name, DType string
		Shape       []int
		Data        hexBytes
	}
}

func (g golden) content() *safetensors.File {
	f := &safetensors.File{Metadata: g.Metadata}
	for _, t := range g.Tensors {
		f.Entries = append(f.Entries, safetensors.Entry{Name: t.Name, DType: t.DType, Shape: t.Shape, Data: t.Data})
	}
	return f
}

func goldens(t testing.TB) (cases []golden) {
	optest.ReadGolden(t, "testdata/golden.json", &cases)
	if len(cases) == 0 {
		t.Fatal("no goldens")
	}
	return cases
}

func byName(entries []safetensors.Entry) []safetensors.Entry {
	return slices.SortedFunc(slices.Values(entries), func(a, b safetensors.Entry) int { return strings.Compare(a.Name, b.Name) })
}

func TestGolden(t *testing.T) {
	for _, g := range goldens(t) {
		want := g.content()
		var b bytes.Buffer
		if err := safetensors.Write(&b, want); err != nil || !bytes.Equal(b.Bytes(), g.File) {
			t.Errorf("%s: Write: %v\n got %q\nwant %q", g.Name, err, b.Bytes(), g.File)
		}
		path := filepath.Join(t.TempDir(), "model.safetensors")
		if err := safetensors.WriteFile(path, want); err != nil {
			t.Fatal(err)
		}
		if file, err := os.ReadFile(path); err != nil || !bytes.Equal(file, g.File) {
			t.Errorf("%s: WriteFile wrote %q, %v", g.Name, file, err)
		}
		got, err := safetensors.ReadFile(path)
		if err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		if !reflect.DeepEqual(got.Metadata, want.Metadata) {
			t.Errorf("%s: metadata %q, want %q", g.Name, got.Metadata, want.Metadata)
		}
		a, b2 := byName(got.Entries), byName(want.Entries)
		if len(a) != len(b2) || len(a) > 0 && !reflect.DeepEqual(a, b2) {
			t.Errorf("%s: ReadFile = %v, want %v", g.Name, a, b2)
		}
	}
}

// The files that the tests of the reference implementation (safetensors/src/tensor.rs) expect, byte for byte.
func TestReference(t *testing.T) {
	data := []byte{0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64} // 0 to 5 as F32
	one := func(dtype string, shape []int, data []byte) *safetensors.File {
		return &safetensors.File{Entries: []safetensors.Entry{{Name: "attn.0", DType: dtype, Shape: shape, Data: data}}}
	}
	for _, c := range []struct {
		file *safetensors.File
		want string
	}{
		{&safetensors.File{}, "\x08\x00\x00\x00\x00\x00\x00\x00{}      "},
		{&safetensors.File{Metadata: map[string]string{"framework": "pt"}}, "\x28\x00\x00\x00\x00\x00\x00\x00" + `{"__metadata__":{"framework":"pt"}}     `},
		{one("F32", []int{1, 2, 3}, data), "\x40\x00\x00\x00\x00\x00\x00\x00" + `{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}` + string(data)},
		{one("F32", []int{1, 1, 2, 3}, data), "\x48\x00\x00\x00\x00\x00\x00\x00" + `{"attn.0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}      ` + string(data)},
		{one("F4", []int{1, 2}, []byte{0}), "\x40\x00\x00\x00\x00\x00\x00\x00" + `{"attn.0":{"dtype":"F4","shape":[1,2],"data_offsets":[0,1]}}    ` + "\x00"},
	} {
		var b bytes.Buffer
		if err := safetensors.Write(&b, c.file); err != nil || b.String() != c.want {
			t.Errorf("Write: %v\n got %q\nwant %q", err, b.String(), c.want)
		}
	}
}

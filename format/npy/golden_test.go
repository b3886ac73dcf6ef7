package npy_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/internal/optest"
)

// hexBytes is written in hexadecimal in JSON.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type array struct {
	Name, DType string
	Shape       []int
	Data        hexBytes
}

func (a array) array() *npy.Array { return &npy.Array{DType: a.DType, Shape: a.Shape, Data: a.Data} }

// goldenFile is testdata/golden.json, which make_golden.py made with NumPy.
type goldenFile struct {
	NPY []struct {
		array
		File      hexBytes
		Canonical bool
	}
	NPZ []struct {
		Name   string
		File   hexBytes
		Arrays []array
	}
	Refused map[string]hexBytes
}

func golden(t testing.TB) (g goldenFile) {
	optest.ReadGolden(t, "testdata/golden.json", &g)
	if len(g.NPY) < 60 || len(g.NPZ) < 4 || len(g.Refused) < 8 {
		t.Fatalf("golden.json has %d, %d and %d cases", len(g.NPY), len(g.NPZ), len(g.Refused))
	}
	return g
}

func TestGolden(t *testing.T) {
	for _, g := range golden(t).NPY {
		want := g.array.array()
		got, err := npy.Read(bytes.NewReader(g.File))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Read = %v, %v\nwant %v", g.Name, got, err, want)
		}
		path := filepath.Join(t.TempDir(), "a.npy")
		if err := os.WriteFile(path, g.File, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := npy.ReadFile(path); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ReadFile = %v, %v\nwant %v", g.Name, got, err, want)
		}
		var b bytes.Buffer
		if err := npy.Write(&b, want); err != nil {
			t.Errorf("%s: Write: %v", g.Name, err)
		}
		if g.Canonical && !bytes.Equal(b.Bytes(), g.File) {
			t.Errorf("%s: Write gives\n%q, NumPy\n%q", g.Name, b.Bytes(), g.File)
		}
		if got, err := npy.Read(&b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: written and read = %v, %v\nwant %v", g.Name, got, err, want)
		}
	}
}

func TestGoldenNPZ(t *testing.T) {
	for _, g := range golden(t).NPZ {
		var want []npy.Named
		for _, a := range g.Arrays {
			want = append(want, npy.Named{Name: a.Name, Array: a.array()})
		}
		path := filepath.Join(t.TempDir(), "a.npz")
		if err := os.WriteFile(path, g.File, 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 { // NumPy's file, then ours
			got, err := npy.ReadNPZFile(path)
			if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("%s: ReadNPZFile = %v, %v\nwant %v", g.Name, got, err, want)
			}
			if err := npy.WriteNPZFile(path, want); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What NumPy saves but is no array of numbers.
func TestRefused(t *testing.T) {
	for name, file := range golden(t).Refused {
		want := "convert with astype and save again"
		switch name {
		case "objects":
			want = "the elements are Python objects, which run code when loaded: save numbers instead, with allow_pickle=False"
		case "records":
			want = "the elements have fields, which are not read: save each field as its own array"
		}
		a, err := npy.Read(bytes.NewReader(file))
		if err == nil || a != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Read = %v, %v; want %s", name, a, err, want)
		}
	}
}

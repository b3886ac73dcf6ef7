package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/internal/writetest"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// le returns numbers as little-endian bytes, the way of the format.
func le(numbers any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, numbers)
	if err != nil {
		panic(err)
	}
	return b
}

// specials are tensors of every dtype with their elements' bytes, among them NaNs with a payload, negative zeros,
// subnormals and infinities: values that a conversion on the way would change.
func specials() []struct {
	name, dtype string
	t           *tensor.Tensor
	data        []byte
} {
	f32 := []uint32{0x7fc00001, 0xffa00000, 0x80000000, 1, 0x7f800000, 0x3f800000}
	f64 := []uint64{0x7ff8000000000001, 0xfff4000000000000, 1 << 63, 1, 0x7ff0000000000000, 0x3ff0000000000000}
	half := []uint16{0x7e01, 0xfd00, 0x8000, 1, 0x7c00, 0x3c00}
	i64 := []int64{math.MinInt64, -1, 0, 1, 1 << 53, math.MaxInt64}
	i32 := []int32{math.MinInt32, -1, 0, 1, 1 << 24, math.MaxInt32}
	f32s, f64s, f16s, bf16s := make([]float32, 6), make([]float64, 6), make([]tensor.F16, 6), make([]tensor.BF16, 6)
	for i := range 6 {
		f32s[i], f64s[i] = math.Float32frombits(f32[i]), math.Float64frombits(f64[i])
		f16s[i], bf16s[i] = tensor.F16(half[i]), tensor.BF16(half[i])
	}
	return []struct {
		name, dtype string
		t           *tensor.Tensor
		data        []byte
	}{
		{"float64", "F64", tensor.Of(f64s, 2, 3), le(f64)}, {"int64", "I64", tensor.Of(i64, 2, 3), le(i64)},
		{"float32", "F32", tensor.Of(f32s, 2, 3), le(f32)}, {"int32", "I32", tensor.Of(i32, 2, 3), le(i32)},
		{"float16", "F16", tensor.Of(f16s, 2, 3), le(half)}, {"bfloat16", "BF16", tensor.Of(bf16s, 2, 3), le(half)},
		{"uint8", "U8", tensor.Of([]uint8{0, 1, 127, 128, 255, 2}, 2, 3), []byte{0, 1, 127, 128, 255, 2}},
		{"bool", "BOOL", tensor.Of([]bool{true, false, false, true, true, true}, 2, 3), []byte{1, 0, 0, 1, 1, 1}},
	}
}

// save saves tensors and returns the file's path and bytes.
func save(t *testing.T, tensors []tensor.Named, metadata map[string]string) (path string, b []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "m.safetensors")
	if err := safetensors.Save(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, b
}

// The bytes of every dtype are in the file as the format has them, and come back bit for bit.
func TestSaveLoadEveryDType(t *testing.T) {
	var tensors []tensor.Named
	covered := map[tensor.DType]bool{}
	for _, s := range specials() {
		tensors = append(tensors, tensor.Named{Name: s.name, Tensor: s.t})
		covered[s.t.DType()] = true
	}
	for d := tensor.DType(0); d.String() != "invalid dtype"; d++ {
		if !covered[d] {
			t.Errorf("%v is not tested", d)
		}
	}
	metadata := map[string]string{"format": "pt", "é\n": "\U0001f600\x00"}
	path, _ := save(t, tensors, metadata)
	f, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specials() {
		i := slices.IndexFunc(f.Entries, func(e safetensors.Entry) bool { return e.Name == s.name })
		if want := (safetensors.Entry{Name: s.name, DType: s.dtype, Shape: []int{2, 3}, Data: s.data}); i < 0 || !reflect.DeepEqual(f.Entries[i], want) {
			t.Errorf("the file has %v\nwant %v", f.Entries, want)
		}
	}
	loaded, meta, err := safetensors.Load(path)
	if err != nil || !maps.Equal(meta, metadata) || len(loaded) != len(tensors) {
		t.Fatalf("%d tensors, metadata %q, %v", len(loaded), meta, err)
	}
	for _, l := range loaded {
		for _, s := range specials() {
			if l.Name == s.name && (l.Spec() != s.t.Spec() || !bytes.Equal(l.Bytes(), s.data)) {
				t.Errorf("%s came back as %v", s.name, l.Tensor)
			}
		}
	}
}

// A tensor's file depends on its elements, not on how they lie in memory.
func TestSaveViews(t *testing.T) {
	x := tensor.Of([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4)
	for name, c := range map[string]struct {
		t    *tensor.Tensor
		dims []int
		want []int32
	}{
		"transposed": {x.Transpose(0, 1), []int{4, 3}, []int32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		"columns":    {x.Narrow(1, 1, 2), []int{3, 2}, []int32{1, 2, 5, 6, 9, 10}},
		"every 2nd":  {x.Slice(1, 0, 4, 2), []int{3, 2}, []int32{0, 2, 4, 6, 8, 10}},
		"row":        {x.Select(0, 2), []int{4}, []int32{8, 9, 10, 11}},
		"expanded":   {x.Narrow(0, 1, 1).Select(1, 3).Expand(3), []int{3}, []int32{7, 7, 7}},
		"scalar":     {tensor.Scalar(int32(-5)), []int{}, []int32{-5}},
		"element":    {x.Select(0, 1).Select(0, 1), []int{}, []int32{5}},
		"empty":      {tensor.With(tensor.Int32).Zeros(0), []int{0}, nil},
		"no columns": {x.Narrow(1, 2, 0), []int{3, 0}, nil},
		"eight dims": {x.Reshape(1, 3, 1, 2, 1, 2, 1, 1), []int{1, 3, 1, 2, 1, 2, 1, 1}, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
	} {
		path, _ := save(t, []tensor.Named{{Name: name, Tensor: c.t}}, nil)
		f, err := safetensors.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := (safetensors.Entry{Name: name, DType: "I32", Shape: c.dims, Data: append([]byte{}, le(c.want)...)}); len(f.Entries) != 1 || !reflect.DeepEqual(f.Entries[0], want) {
			t.Errorf("%s: the file has %v\nwant %v", name, f.Entries, want)
		}
		got, _, err := safetensors.Load(path)
		if err != nil || got[0].Shape() != c.t.Shape() || !slices.Equal(tensor.Data[int32](got[0].Tensor), c.want) || !got[0].IsContiguous() {
			t.Errorf("%s came back as %v, %v", name, got, err)
		}
	}
}

// Parameters are saved as values and come back without a graph.
func TestSaveParam(t *testing.T) {
	p := tensor.NewParam(tensor.Of([]float32{1, 2}))
	path, _ := save(t, []tensor.Named{{Name: "p", Tensor: p.Tensor}, {Name: "y", Tensor: p.MulScalar(3)}}, nil)
	got, meta, err := safetensors.Load(path)
	if err != nil || meta != nil {
		t.Fatal(meta, err)
	}
	for i, want := range [][]float32{{1, 2}, {3, 6}} {
		if !slices.Equal(tensor.Data[float32](got[i].Tensor), want) || got[i].RequiresGrad() {
			t.Errorf("%s came back as %v", got[i].Name, got[i].Tensor)
		}
	}
}

// The file that the format's description asks for, byte by byte: by decreasing alignment, then by name.
func TestSaveLayout(t *testing.T) {
	_, b := save(t, []tensor.Named{
		{Name: "b", Tensor: tensor.Of([]uint8{9})}, {Name: "z", Tensor: tensor.Of([]float32{1})}, {Name: "a", Tensor: tensor.Of([]float32{-2}, 1, 1)},
		{Name: "n", Tensor: tensor.Scalar(int64(3))},
	}, map[string]string{"k": "v"})
	header := `{"__metadata__":{"k":"v"},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},` +
		`"a":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},"z":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},` +
		`"b":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := slices.Concat(le(uint64(len(header))), []byte(header), le(int64(3)), le(float32(-2)), le(float32(1)), []byte{9})
	if !bytes.Equal(b, want) {
		t.Errorf("%q\nwant %q", b, want)
	}
}

// Files as Python writes them: testdata/golden.json.
func TestLoadGolden(t *testing.T) {
	ours := map[string]string{"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "U8": "uint8", "BOOL": "bool"}
	tensors := 0
	for _, g := range goldens(t) {
		path := filepath.Join(t.TempDir(), "m.safetensors")
		if err := os.WriteFile(path, g.File, 0o644); err != nil {
			t.Fatal(err)
		}
		refused := slices.ContainsFunc(g.content().Entries, func(e safetensors.Entry) bool { return ours[e.DType] == "" || len(e.Shape) > tensor.MaxRank })
		ts, meta, err := safetensors.Load(path)
		if refused {
			if err == nil || !strings.HasPrefix(err.Error(), path+": tensor ") || !strings.Contains(err.Error(), "read it with ReadFile") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", g.Name, err)
			}
		} else if err != nil || !reflect.DeepEqual(meta, g.Metadata) || len(ts) != len(g.Tensors) {
			t.Errorf("%s: %d tensors, %v, %v", g.Name, len(ts), meta, err)
		}
		r, err := safetensors.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, e := range g.content().Entries {
			if ours[e.DType] == "" || len(e.Shape) > tensor.MaxRank {
				continue
			}
			x, err := r.Tensor(e.Name)
			if err != nil || x.DType().String() != ours[e.DType] || x.Shape() != tensor.ShapeOf(e.Shape...) || !bytes.Equal(x.Bytes(), e.Data) {
				t.Errorf("%s: %q = %v, %v", g.Name, e.Name, x, err)
			}
			tensors++
		}
	}
	if tensors < 20 {
		t.Errorf("only %d tensors", tensors)
	}
}

// Truth values of other programs may be any byte; ours are 0 and 1.
func TestLoadBool(t *testing.T) {
	b := append(file(oneTensor("BOOL", "[4]", "[0,4]"), 0), 0, 1, 2, 255)
	r, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if x, err := r.Tensor("w"); err != nil || !bytes.Equal(x.Bytes(), []byte{0, 1, 1, 1}) {
		t.Errorf("%v, %v", x, err)
	}
}

// What the format allows and tensors do not, and what the format does not allow: one line, and no memory for what is claimed.
func TestLoadHostile(t *testing.T) {
	files := map[string]struct {
		file []byte
		want string
	}{
		"nine dimensions": {file(oneTensor("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1), `tensor "w": 9 dimensions; at most 8 are supported: read it with ReadFile`},
		"long dimension":  {file(oneTensor("U8", "[0,2147483648]", "[0,0]"), 0), `tensor "w": size 2147483648 of dimension 1 is larger`},
		"huge dimensions": {file(oneTensor("F64", "[0,2000000000,2000000000,2000000000]", "[0,0]"), 0), `tensor "w": sizes [0 2000000000 2000000000 2000000000]`},
		"largest":         {file(oneTensor("U8", "[0,9223372036854775807]", "[0,0]"), 0), `tensor "w": size 9223372036854775807`},
		"foreign dtype":   {file(oneTensor("F8_E4M3", "[1]", "[0,1]"), 1), `tensor "w" has dtype F8_E4M3, which tensors do not have: read it with ReadFile`},
	}
	for name, c := range hostile() {
		files[name] = c
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	var before, after runtime.MemStats
	for name, c := range files {
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&before)
		ts, meta, err := safetensors.Load(path)
		runtime.ReadMemStats(&after)
		if err == nil || ts != nil || meta != nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Load = %v\nwant %s", name, err, c.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes were taken", name, n)
		}
	}
	if _, _, err := safetensors.Load(filepath.Join(filepath.Dir(path), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load of a missing file = %v", err)
	}
}

func TestReaderTensor(t *testing.T) {
	path, _ := save(t, []tensor.Named{{Name: "a", Tensor: tensor.Of([]float32{1, 2})}}, nil)
	r, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := r.Tensor("a"); err != nil || !slices.Equal(tensor.Data[float32](x), []float32{1, 2}) {
		t.Errorf("%v, %v", x, err)
	}
	if _, err := r.Tensor("b"); err == nil || err.Error() != path+` has no tensor "b": its 1 tensors are what Names lists` {
		t.Error(err)
	}
	if err := os.Truncate(path, 8); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Tensor("a"); err == nil || !strings.Contains(err.Error(), "the file became shorter") {
		t.Error(err)
	}
	r.Close()
	if _, err := r.Tensor("a"); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// A failed Save leaves the old file and nothing else.
func TestSaveErrors(t *testing.T) {
	one := tensor.Of([]float32{1})
	path, old := save(t, []tensor.Named{{Name: "a", Tensor: one}}, nil)
	for want, f := range map[string]func() error{
		`two tensors are named "a": rename one`: func() error {
			return safetensors.Save(path, []tensor.Named{{Name: "a", Tensor: one}, {Name: "a", Tensor: one}}, nil)
		},
		`tensor name "__metadata__" is reserved`: func() error { return safetensors.Save(path, []tensor.Named{{Name: "__metadata__", Tensor: one}}, nil) },
		`tensor name "\xff" is not UTF-8`:        func() error { return safetensors.Save(path, []tensor.Named{{Name: "\xff", Tensor: one}}, nil) },
		`metadata "k" is not UTF-8`:              func() error { return safetensors.Save(path, nil, map[string]string{"k": "\xff"}) },
	} {
		if err := f(); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Save = %v\nwant %s", err, want)
		}
	}
	meta := tensor.Factory{Device: tensor.Meta}.Zeros(3)
	if err := tensor.Catch(func() { safetensors.Save(path, []tensor.Named{{Name: "a", Tensor: meta}}, nil) }); !errors.Is(err, tensor.ErrDevice) {
		t.Errorf("Save of a tensor without data: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, old) {
		t.Errorf("the old file is now %q, %v", b, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}

	missing := filepath.Join(filepath.Dir(path), "no", "m.safetensors")
	if err := safetensors.Save(missing, nil, nil); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), missing+" cannot be written: folder ") {
		t.Errorf("Save into a missing folder = %v", err)
	}
	if err := safetensors.Save(filepath.Dir(path), nil, nil); err == nil || !strings.Contains(err.Error(), "is not a file but a folder") {
		t.Errorf("Save to a folder = %v", err)
	}
}

// Wherever the disk is full, Write says so.
func TestWriteToAFullDisk(t *testing.T) {
	f := &safetensors.File{Entries: []safetensors.Entry{{Name: "a", DType: "U8", Shape: []int{40}, Data: make([]byte, 40)}, {Name: "b", DType: "U8", Shape: []int{40}, Data: make([]byte, 40)}}}
	writetest.FullDisk(t, func(w io.Writer) error { return safetensors.Write(w, f) })
}

func BenchmarkSaveLoad(b *testing.B) {
	var tensors []tensor.Named
	g := random.New(1)
	for _, name := range []string{"a", "b", "c", "d"} {
		tensors = append(tensors, tensor.Named{Name: name, Tensor: tensor.Randn(g, 1024, 1024)})
	}
	path := filepath.Join(b.TempDir(), "m.safetensors")
	b.Run("save", func(b *testing.B) {
		b.SetBytes(16 << 20)
		for b.Loop() {
			if err := safetensors.Save(path, tensors, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.SetBytes(16 << 20)
		for b.Loop() {
			if _, _, err := safetensors.Load(path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

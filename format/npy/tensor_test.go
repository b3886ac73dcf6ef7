package npy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/internal/writetest"
	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/tensor"
)

// le returns numbers as little-endian bytes.
func le(numbers any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, numbers)
	if err != nil {
		panic(err)
	}
	return b
}

// Every dtype goes into a file and comes back bit for bit, among them NaNs with a payload, negative zeros, subnormals and
// infinities: values that a conversion on the way would change.
func TestTensorEveryDType(t *testing.T) {
	f32 := []uint32{0x7fc00001, 0xffa00000, 0x80000000, 1, 0x7f800000, 0x3f800000}
	f64 := []uint64{0x7ff8000000000001, 0xfff4000000000000, 1 << 63, 1, 0x7ff0000000000000, 0x3ff0000000000000}
	half := []uint16{0x7e01, 0xfd00, 0x8000, 1, 0x7c00, 0x3c00}
	i64 := []int64{math.MinInt64, -1, 0, 1, 1 << 53, math.MaxInt64}
	i32 := []int32{math.MinInt32, -1, 0, 1, 1 << 24, math.MaxInt32}
	f32s, f64s, f16s := make([]float32, 6), make([]float64, 6), make([]tensor.F16, 6)
	for i := range 6 {
		f32s[i], f64s[i], f16s[i] = math.Float32frombits(f32[i]), math.Float64frombits(f64[i]), tensor.F16(half[i])
	}
	path := filepath.Join(t.TempDir(), "a.npy")
	covered := map[tensor.DType]bool{tensor.BFloat16: true} // NumPy has none
	for _, c := range []struct {
		dtype string
		t     *tensor.Tensor
		data  []byte
	}{
		{"f8", tensor.Of(f64s, 2, 3), le(f64)}, {"f4", tensor.Of(f32s, 2, 3), le(f32)}, {"f2", tensor.Of(f16s, 2, 3), le(half)},
		{"i8", tensor.Of(i64, 2, 3), le(i64)}, {"i4", tensor.Of(i32, 2, 3), le(i32)},
		{"u1", tensor.Of([]uint8{0, 1, 127, 128, 255, 2}, 2, 3), []byte{0, 1, 127, 128, 255, 2}},
		{"b1", tensor.Of([]bool{true, false, false, true, true, true}, 2, 3), []byte{1, 0, 0, 1, 1, 1}},
	} {
		covered[c.t.DType()] = true
		a, err := npy.FromTensor(c.t)
		if err != nil || a.DType != c.dtype || !slices.Equal(a.Shape, []int{2, 3}) || !bytes.Equal(a.Data, c.data) {
			t.Errorf("%s: FromTensor = %v, %v", c.dtype, a, err)
			continue
		}
		if err := npy.WriteFile(path, a); err != nil {
			t.Fatal(err)
		}
		if a, err = npy.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if x, err := a.Tensor(); err != nil || x.Spec() != c.t.Spec() || !bytes.Equal(x.Bytes(), c.data) {
			t.Errorf("%s came back as %v, %v", c.dtype, x, err)
		}
	}
	for d := tensor.DType(0); d.String() != "invalid dtype"; d++ {
		if !covered[d] {
			t.Errorf("%v is not tested", d)
		}
	}
	if a, err := npy.FromTensor(tensor.With(tensor.BFloat16).Ones(2)); err == nil || a != nil || err.Error() != "npy: NumPy has no bfloat16; convert with To(tensor.Float32)" {
		t.Errorf("bfloat16: %v, %v", a, err)
	}
}

func TestTensorViews(t *testing.T) {
	x := tensor.Of([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 3, 4)
	for name, c := range map[string]struct {
		t    *tensor.Tensor
		dims []int
		want []int32
	}{
		"transposed":  {x.Transpose(0, 1), []int{4, 3}, []int32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
		"every 2nd":   {x.Slice(1, 0, 4, 2), []int{3, 2}, []int32{0, 2, 4, 6, 8, 10}},
		"expanded":    {x.Narrow(0, 1, 1).Select(1, 3).Expand(3), []int{3}, []int32{7, 7, 7}},
		"scalar":      {tensor.Scalar(int32(-5)), []int{}, []int32{-5}},
		"empty":       {tensor.With(tensor.Int32).Zeros(0), []int{0}, nil},
		"no columns":  {x.Narrow(1, 2, 0), []int{3, 0}, nil},
		"a parameter": {tensor.NewParam(tensor.With(tensor.Float32).Ones(1)).Tensor.Detach().To(tensor.Int32), []int{1}, []int32{1}},
	} {
		a, err := npy.FromTensor(c.t)
		if err != nil || !slices.Equal(a.Shape, c.dims) || !bytes.Equal(a.Data, le(c.want)) {
			t.Errorf("%s: FromTensor = %v, %v", name, a, err)
			continue
		}
		got, err := a.Tensor()
		if err != nil || got.Shape() != c.t.Shape() || !slices.Equal(tensor.Data[int32](got), c.want) {
			t.Errorf("%s came back as %v, %v", name, got, err)
		}
	}
	p := tensor.NewParam(tensor.Ones(2))
	if a, err := npy.FromTensor(p.Tensor); err != nil || !bytes.Equal(a.Data, le([]float32{1, 1})) {
		t.Errorf("a parameter: %v, %v", a, err)
	}
}

// NumPy's files as tensors: testdata/golden.json, in both byte orders and both element orders.
func TestTensorGolden(t *testing.T) {
	ours := map[string]tensor.DType{"f2": tensor.Float16, "f4": tensor.Float32, "f8": tensor.Float64, "i4": tensor.Int32, "i8": tensor.Int64, "u1": tensor.Uint8, "b1": tensor.Bool}
	seen := map[string]int{}
	for _, g := range golden(t).NPY {
		a, err := npy.Read(bytes.NewReader(g.File))
		if err != nil {
			t.Fatal(err)
		}
		x, err := a.Tensor()
		d, ok := ours[g.DType]
		if !ok || len(g.Shape) > tensor.MaxRank {
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, %v", g.Name, x, err)
			}
			continue
		}
		if err != nil || x.DType() != d || x.Shape() != tensor.ShapeOf(g.Shape...) || !bytes.Equal(x.Bytes(), g.Data) {
			t.Errorf("%s: %v, %v", g.Name, x, err)
		}
		seen[g.DType]++
	}
	for d := range ours {
		if seen[d] < 4 {
			t.Errorf("%d files of %s", seen[d], d)
		}
	}
}

// Arrays that no tensor can be: one line, no panic, no memory for what is claimed.
func TestTensorErrors(t *testing.T) {
	for want, a := range map[string]*npy.Array{
		"npy: tensors have no dtype \"u4\"; they have f2 f4 f8 i4 i8 u1 and b1":                  {DType: "u4", Shape: []int{1}, Data: make([]byte, 4)},
		"npy: tensors have no dtype \"\";":                                                       {},
		"npy: the array cannot be a tensor: 9 dimensions; at most 8 are supported":               {DType: "u1", Shape: slices.Repeat([]int{1}, 9), Data: []byte{1}},
		"npy: the array cannot be a tensor: size 2147483648 of dimension 1 is larger than":       {DType: "u1", Shape: []int{0, 1 << 31}},
		"npy: the array cannot be a tensor: sizes [0 2000000000 2000000000 2000000000] are more": {DType: "f8", Shape: []int{0, 2e9, 2e9, 2e9}},
		"npy: the array cannot be a tensor: size -1 of dimension 0 is negative":                  {DType: "f8", Shape: []int{-1}},
	} {
		if x, err := a.Tensor(); err == nil || x != nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, %v; want %s", x, err, want)
		}
	}
	short := &npy.Array{DType: "f4", Shape: []int{2}, Data: make([]byte, 4)}
	if err := tensor.Catch(func() { short.Tensor() }); !errors.Is(err, tensor.ErrShape) {
		t.Errorf("data that does not fill the shape: %v", err)
	}
}

// Wherever the disk is full, Write and WriteNPZ say so.
func TestWriteToAFullDisk(t *testing.T) {
	a, err := npy.FromTensor(tensor.Ones(3, 7))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("npy", func(t *testing.T) {
		writetest.FullDisk(t, func(w io.Writer) error { return npy.Write(w, a) })
	})
	t.Run("npz", func(t *testing.T) {
		writetest.FullDisk(t, func(w io.Writer) error { return npy.WriteNPZ(w, []npy.Named{{"a", a}, {"b", a}}) })
	})
}

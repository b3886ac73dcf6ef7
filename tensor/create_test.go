package tensor_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestFull(t *testing.T) {
	for d := tensor.Float32; d <= tensor.Bool; d++ {
		f := tensor.With(d)
		for _, c := range []struct {
			name string
			got  *tensor.Tensor
			v    float64
		}{
			{"zeros", f.Zeros(2, 3), 0}, {"ones", f.Ones(2, 3), 1}, {"full", f.Full(1, 2, 3), 1}, {"full shape", f.FullShape(0, tensor.ShapeOf(2, 3)), 0},
			{"zeros like", tensor.ZerosLike(f.Ones(2, 3).T().T()), 0}, {"ones like", tensor.OnesLike(f.Zeros(2, 3)), 1}, {"full like", tensor.FullLike(f.Zeros(2, 3), 1), 1},
		} {
			if c.got.DType() != d || c.got.Shape() != tensor.ShapeOf(2, 3) || c.got.Device() != tensor.CPU || !c.got.IsContiguous() {
				t.Errorf("%s of %v is %v %v on %v", c.name, d, c.got.DType(), c.got.Shape(), c.got.Device())
			}
			wantFloats(t, c.name+" of "+d.String(), c.got, c.v, c.v, c.v, c.v, c.v, c.v)
		}
	}
	if d := tensor.Zeros(1).DType(); d != tensor.Float32 {
		t.Errorf("the default dtype is %v", d)
	}
	wantFloats(t, "scalar", tensor.Full(2.5), 2.5)
	wantFloats(t, "nothing", tensor.Ones(3, 0))
	wantFloats(t, "converted", tensor.With(tensor.Int64).Full(-2.9, 1), -2)
	wantFloats(t, "wrapped", tensor.With(tensor.Uint8).Full(257, 1), 1)
	wantFloats(t, "rounded", tensor.With(tensor.Float16).Full(1.0/3, 1), 0.333251953125)
	wantFloats(t, "NaN", tensor.Full(nan, 2), nan, nan)
	wantFloats(t, "tiles", tensor.Full(3, 100_001).Sum(), 300_003)
	like := tensor.ZerosLike(tensor.Ones(2, 3).T())
	if like.Shape() != tensor.ShapeOf(3, 2) || !like.IsContiguous() {
		t.Errorf("zeros like a transpose: %v, strides %v", like.Shape(), like.Strides())
	}
}

func TestArange(t *testing.T) {
	f64 := tensor.With(tensor.Float64)
	for _, c := range []struct {
		name string
		got  *tensor.Tensor
		want []float64
	}{
		{"int64", tensor.Arange(0, 4, 1), []float64{0, 1, 2, 3}},
		{"steps", tensor.Arange(1, 8, 3), []float64{1, 4, 7}},
		{"end left out", tensor.Arange(1, 7, 3), []float64{1, 4}},
		{"down", tensor.Arange(3, -2, -2), []float64{3, 1, -1}},
		{"empty", tensor.Arange(2, 2, -1), nil},
		{"float64", f64.Arange(0, 1, 0.25), []float64{0, 0.25, 0.5, 0.75}},
		{"tenths", f64.Arange(0, 0.3, 0.1), []float64{0, 0.1, 0.2}}, // 3 · 0.1 > 0.3, 0.3 / 0.1 rounds to 3
		{"fraction left over", f64.Arange(0, 1, 0.3), []float64{0, 0.3, 0.6, 0.9}},
		{"down by fractions", f64.Arange(1, -0.5, -0.5), []float64{1, 0.5, 0}},
		{"empty float64", f64.Arange(1, 1, 1), nil},
		{"half", tensor.With(tensor.BFloat16).Arange(255, 259, 1), []float64{255, 256, 256, 258}}, // 257 is a tie, rounded to even
		{"uint8", tensor.With(tensor.Uint8).Arange(254, 257, 1), []float64{254, 255, 0}},
	} {
		if g := c.got.Floats(); len(g) != len(c.want) || !tensor.AllClose(c.got, tensor.Of(append([]float64{}, c.want...)), 1e-15, 0, false) {
			t.Errorf("%s: got %v, want %v", c.name, g, c.want)
		}
	}
	if d := tensor.Arange(0, 1, 1).DType(); d != tensor.Int64 {
		t.Errorf("Arange gives %v", d)
	}
	large := tensor.Data[int64](tensor.Arange(math.MaxInt64-2, math.MaxInt64, 1))
	if !slices.Equal(large, []int64{math.MaxInt64 - 2, math.MaxInt64 - 1}) {
		t.Errorf("the last int64: %v", large)
	}
	if n := tensor.Arange(math.MinInt64, math.MaxInt64, 1<<62).Numel(); n != 4 {
		t.Errorf("a range over all int64 has %d values", n)
	}
	if n := tensor.Arange(math.MaxInt64, math.MinInt64, math.MinInt64).Numel(); n != 2 {
		t.Errorf("the longest step makes %d values", n)
	}
	for _, f := range []func(){
		func() { tensor.Arange(0, 1, 0) }, func() { tensor.Arange(0, 3, -1) }, func() { tensor.Arange(3, 0, 1) },
		func() { f64.Arange(0, 1, 0) }, func() { f64.Arange(0, 0, 0) }, func() { f64.Arange(0, 1, -0.1) }, func() { f64.Arange(0, nan, 1) },
		func() { f64.Arange(0, inf, 1) }, func() { f64.Arange(0, 1, 1e-300) }, func() { tensor.Arange(0, 1<<40, 1) },
	} {
		rejects(t, tensor.ErrValue, "arange", "the step must be towards the end", f)
	}
}

func TestLinspace(t *testing.T) {
	f64 := tensor.With(tensor.Float64)
	wantFloats(t, "fifths", f64.Linspace(-1, 1, 5), -1, -0.5, 0, 0.5, 1)
	wantFloats(t, "down", f64.Linspace(3, 0, 4), 3, 2, 1, 0)
	wantFloats(t, "one", f64.Linspace(3, 5, 1), 3)
	wantFloats(t, "two", f64.Linspace(3, 5, 2), 3, 5)
	wantFloats(t, "none", f64.Linspace(3, 5, 0))
	wantFloats(t, "constant", f64.Linspace(0.1, 0.1, 3), 0.1, 0.1, 0.1)
	wantFloats(t, "int64", tensor.With(tensor.Int64).Linspace(0, 10, 5), 0, 2, 5, 7, 10)
	if d := tensor.Linspace(0, 1, 3).DType(); d != tensor.Float32 {
		t.Errorf("Linspace gives %v", d)
	}
	for n := 2; n < 200; n++ { // both ends are exact, and the sequence is monotonic
		v := f64.Linspace(0.1, 0.7, n).Floats()
		if v[0] != 0.1 || v[n-1] != 0.7 || !slices.IsSorted(v) {
			t.Errorf("%d values from 0.1 to 0.7: %v", n, v)
		}
	}
	rejects(t, tensor.ErrValue, "linspace", "the number of values, -1, is negative", func() { f64.Linspace(0, 1, -1) })
	rejects(t, tensor.ErrShape, "shape", "larger than", func() { f64.Linspace(0, 1, 1<<40) })
}

func TestEye(t *testing.T) {
	wantFloats(t, "3 by 3", tensor.Eye(3), 1, 0, 0, 0, 1, 0, 0, 0, 1)
	wantFloats(t, "1 by 1", tensor.Eye(1), 1)
	if e := tensor.Eye(0); e.Shape() != tensor.ShapeOf(0, 0) {
		t.Errorf("the empty matrix has shape %v", e.Shape())
	}
	if e := tensor.With(tensor.Bool).Eye(2); !tensor.Equal(e, tensor.Of([]bool{true, false, false, true}, 2, 2)) {
		t.Errorf("bools: %v", e)
	}
	rejects(t, tensor.ErrShape, "shape", "size -2 of dimension 0 is negative", func() { tensor.Eye(-2) })
	rejects(t, tensor.ErrShape, "shape", "more elements than memory can hold", func() { tensor.Eye(math.MaxInt32) })
}

// TestMetaCreation checks that no data is made for a device that has none.
func TestMetaCreation(t *testing.T) {
	f, g := tensor.With(tensor.Float64).On(tensor.Meta), random.New(1)
	const n = 1 << 30
	for _, x := range []*tensor.Tensor{f.Zeros(n, 4), f.Ones(n, 4), f.Full(2, n, 4), f.Rand(g, n, 4), f.Randn(g, n, 4)} {
		if x.Device() != tensor.Meta || x.Shape() != tensor.ShapeOf(n, 4) || x.DType() != tensor.Float64 {
			t.Errorf("%v", x)
		}
	}
	for _, x := range []*tensor.Tensor{f.Arange(0, 6, 2), f.Linspace(0, 1, 3), f.Eye(3).Select(0, 0), f.RandInt(g, 0, 2, 3).To(tensor.Float64)} {
		if x.Device() != tensor.Meta || x.Shape() != tensor.ShapeOf(3) || x.DType() != tensor.Float64 {
			t.Errorf("%v", x)
		}
	}
	rejects(t, tensor.ErrDevice, "floats", "has no data", func() { f.Zeros(1).Item() })
	rejects(t, tensor.ErrDevice, "read", "has no data", func() { tensor.Data[float64](f.Zeros(1)) })
	rejects(t, tensor.ErrDevice, "bytes", "has no data", func() { f.Zeros(1).Bytes() })
}

// TestRandom compares with package random, whose streams have tests of their own: a tensor is one key's stream.
func TestRandom(t *testing.T) {
	const n = 50_000 // several workers' shares
	key := func() random.Key { return random.New(7).Next() }
	u32, u64, n32, n64, i64 := make([]float32, n), make([]float64, n), make([]float32, n), make([]float64, n), make([]int64, n)
	random.Uniform32(u32, key(), 0)
	random.Uniform64(u64, key(), 0)
	random.Normal32(n32, key(), 0)
	random.Normal64(n64, key(), 0)
	random.RandInt64(i64, -3, 10, key(), 0)
	f64 := tensor.With(tensor.Float64)
	for workers := 1; workers <= 3; workers++ {
		parallel.SetWorkers(workers)
		for _, c := range []struct {
			name      string
			got, want *tensor.Tensor
		}{
			{"rand", tensor.Rand(random.New(7), n), tensor.Of(u32)}, {"rand float64", f64.Rand(random.New(7), n), tensor.Of(u64)},
			{"randn", tensor.Randn(random.New(7), n), tensor.Of(n32)}, {"randn float64", f64.Randn(random.New(7), n), tensor.Of(n64)},
			{"randn bfloat16", tensor.With(tensor.BFloat16).Randn(random.New(7), n), tensor.Of(n32).To(tensor.BFloat16)},
			{"randint", tensor.RandInt(random.New(7), -3, 10, n), tensor.Of(i64)},
			{"randint of floats", f64.RandInt(random.New(7), -3, 10, n), tensor.Of(i64)},
			{"randint int32", tensor.With(tensor.Int32).RandInt(random.New(7), -3, 10, n), tensor.Of(i64).To(tensor.Int32)},
		} {
			if !tensor.Equal(c.got, c.want) {
				t.Errorf("%s with %d workers is not the key's stream", c.name, workers)
			}
		}
	}
	parallel.SetWorkers(0)

	g := random.New(7)
	first, second := tensor.Rand(g, 2, 3), tensor.Rand(g, 2, 3)
	if tensor.Equal(first, second) || first.Shape() != tensor.ShapeOf(2, 3) {
		t.Errorf("two draws of one generator are equal, or of shape %v", first.Shape())
	}
	// Numbers rounded to 11 or 8 bits must not reach 1, which a float32 in [0, 1) may round to.
	for d, steps := range map[tensor.DType]float64{tensor.Float16: 1 << 11, tensor.BFloat16: 1 << 8} {
		x := tensor.With(d).Rand(random.New(7), n).To(tensor.Float32)
		down := tensor.Of(u32).MulScalar(steps).Floor().DivScalar(steps)
		if lo, hi := x.Min().Item(), x.Max().Item(); lo != 0 || hi != 1-1/steps {
			t.Errorf("rand of %v lies in [%v, %v]", d, lo, hi)
		}
		if !tensor.Equal(x, down) {
			t.Errorf("rand of %v is not that of float32, rounded down", d)
		}
	}
	rejects(t, tensor.ErrDType, "rand", "there are no random fractions of int64; use RandInt", func() { tensor.With(tensor.Int64).Rand(g, 2) })
	rejects(t, tensor.ErrDType, "randn", "bool; use RandInt", func() { tensor.With(tensor.Bool).Randn(g, 2) })
	rejects(t, tensor.ErrValue, "randint", "the range [3, 3) is empty", func() { tensor.RandInt(g, 3, 3, 2) })
	rejects(t, tensor.ErrShape, "shape", "negative", func() { tensor.Rand(g, -1) })
}

func TestOf(t *testing.T) {
	data := []float32{1, 2, 3, 4, 5, 6}
	x := tensor.Of(data, 2, 3)
	data[0] = 99
	wantFloats(t, "a copy", x, 1, 2, 3, 4, 5, 6)
	out := tensor.Data[float32](x)
	out[0] = 99
	wantFloats(t, "unchanged through Data", x, 1, 2, 3, 4, 5, 6)
	wantFloats(t, "one dimension", tensor.Of([]int64{4, 5}), 4, 5)
	if s := tensor.Of([]bool{}).Shape(); s != tensor.ShapeOf(0) {
		t.Errorf("no data has shape %v", s)
	}
	if s := tensor.Scalar(int32(7)); s.Rank() != 0 || s.DType() != tensor.Int32 || s.Item() != 7 {
		t.Errorf("scalar: %v", s)
	}
	if s := tensor.OfShape([]float64{3}, tensor.Shape{}); s.Rank() != 0 || s.Item() != 3 {
		t.Errorf("scalar: %v", s)
	}
	if got := tensor.Data[float32](x.T()); !slices.Equal(got, []float32{1, 4, 2, 5, 3, 6}) {
		t.Errorf("a transpose reads %v", got)
	}
	tensor.Read(x.Select(0, 1), func(d []float32) { // a view that is contiguous is not copied
		tensor.Read(x, func(all []float32) {
			if &d[0] != &all[3] || len(d) != 3 {
				t.Error("Read copies a contiguous view")
			}
		})
	})
	if got := tensor.Of([]bool{true, false}).Floats(); !slices.Equal(got, []float64{1, 0}) {
		t.Errorf("bools as floats: %v", got)
	}
	if got := tensor.Data[int64](tensor.Of([]int64{math.MaxInt64})); got[0] != math.MaxInt64 {
		t.Errorf("int64: %v", got)
	}
	rejects(t, tensor.ErrShape, "of", "6 elements do not fill the shape, which holds 4", func() { tensor.Of(data, 2, 2) })
	rejects(t, tensor.ErrShape, "shape", "size -1 of dimension 1 is negative", func() { tensor.Of(data, 2, -1) })
	rejects(t, tensor.ErrShape, "shape", "at most 8", func() { tensor.Of(data, 1, 1, 1, 1, 1, 1, 1, 2, 3) })
	rejects(t, tensor.ErrShape, "shape", "more elements than memory can hold", func() { tensor.Of(data, 1<<30, 1<<30, 16) }) // 2⁶⁴, not 0
	rejects(t, tensor.ErrDType, "read", "the tensor holds float32, not float64; convert it with To", func() { tensor.Data[float64](x) })
	rejects(t, tensor.ErrShape, "item", "this has 6", func() { x.Item() })
	rejects(t, tensor.ErrShape, "item", "this has 0", func() { tensor.Zeros(0).Item() })
}

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		x    *tensor.Tensor
		want []byte
	}{
		{"uint8", tensor.Of([]uint8{1, 254}), []byte{1, 254}},
		{"bool", tensor.Of([]bool{true, false}), []byte{1, 0}},
		{"int32", tensor.Of([]int32{1, -2}), []byte{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}},
		{"int64", tensor.Of([]int64{0x0102030405060708}), []byte{8, 7, 6, 5, 4, 3, 2, 1}},
		{"float32", tensor.Of([]float32{1, -2.5}), []byte{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}},
		{"float64", tensor.Of([]float64{1}), []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}},
		{"bfloat16", tensor.Of([]float32{1, -2.5}).To(tensor.BFloat16), []byte{0x80, 0x3f, 0x20, 0xc0}},
		{"float16", tensor.Of([]float32{1, -2.5}).To(tensor.Float16), []byte{0, 0x3c, 0, 0xc1}},
		{"matrix", tensor.Of([]uint8{1, 2, 3, 4}, 2, 2), []byte{1, 2, 3, 4}},
		{"transpose", tensor.Of([]uint8{1, 2, 3, 4}, 2, 2).T(), []byte{1, 3, 2, 4}},
		{"slice", tensor.Of([]int32{1, 2, 3}).Slice(0, 2, 3, 1), []byte{3, 0, 0, 0}},
		{"every other", tensor.Of([]uint8{1, 2, 3}).Slice(0, 0, 3, 2), []byte{1, 3}},
		{"expanded", tensor.Of([]uint8{7}).Expand(3), []byte{7, 7, 7}},
		{"scalar", tensor.Scalar(uint8(9)), []byte{9}},
		{"nothing", tensor.Zeros(2, 0), []byte{}},
		{"a leaf", leaf(0), make([]byte, 8)},
	} {
		b := c.x.Bytes()
		if !slices.Equal(b, c.want) {
			t.Errorf("%s: %v, want %v", c.name, b, c.want)
			continue
		}
		back := tensor.FromBytes(b, c.x.DType(), c.x.Shape())
		for i := range b {
			b[i] ^= 0xff // the tensor has a copy
		}
		if !tensor.Equal(back, c.x.Detach()) {
			t.Errorf("%s comes back as %v", c.name, back)
		}
	}
	if x := tensor.FromBytes([]byte{0, 1, 2, 255}, tensor.Bool, tensor.ShapeOf(2, 2)); !tensor.Equal(x, tensor.Of([]bool{false, true, true, true}, 2, 2)) || !slices.Equal(x.Bytes(), []byte{0, 1, 1, 1}) {
		t.Errorf("bytes as bools: %v", x)
	}
	bits := math.Float64bits(nan) | 0xabc // NaNs keep their bits
	x := tensor.Of([]float64{math.Float64frombits(bits)})
	if got := math.Float64bits(tensor.Data[float64](tensor.FromBytes(x.Bytes(), tensor.Float64, x.Shape()))[0]); got != bits {
		t.Errorf("a NaN comes back as %x", got)
	}
	rejects(t, tensor.ErrShape, "from_bytes", "7 bytes do not fill the shape, which holds 8 of int32", func() { tensor.FromBytes(make([]byte, 7), tensor.Int32, tensor.ShapeOf(2)) })
	rejects(t, tensor.ErrShape, "from_bytes", "0 bytes do not fill", func() { tensor.FromBytes(nil, tensor.Bool, tensor.Shape{}) })
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		x    fmt.Stringer
		want string
	}{
		{tensor.Of([]float32{1, 2.5, -3, 1.0 / 3}, 2, 2), "tensor([[1, 2.5], [-3, 0.33333]], float32 (2, 2))"},
		{tensor.Scalar(2.5), "tensor(2.5, float64 ())"},
		{tensor.Of([]bool{true, false}), "tensor([true, false], bool (2,))"},
		{tensor.Of([]int64{math.MaxInt64, -123456789}), "tensor([9223372036854775807, -123456789], int64 (2,))"},
		{tensor.Of([]uint8{0, 255}), "tensor([0, 255], uint8 (2,))"},
		{tensor.Of([]float64{nan, inf, -inf, 1e20, 123456}), "tensor([NaN, +Inf, -Inf, 1e+20, 1.2346e+05], float64 (5,))"},
		{tensor.Of([]float32{0.1, 65504}).To(tensor.Float16), "tensor([0.099976, 65504], float16 (2,))"},
		{tensor.Zeros(2, 0), "tensor([[], []], float32 (2, 0))"},
		{tensor.Zeros(0), "tensor([], float32 (0,))"},
		{tensor.Of([]int32{1, 2, 3, 4}, 2, 2).T(), "tensor([[1, 3], [2, 4]], int32 (2, 2))"},
		{tensor.Zeros(1001), "tensor(1001 elements, float32 (1001,))"},
		{tensor.With(tensor.Float64).On(tensor.Meta).Zeros(2), "tensor(float64 (2,) on meta)"},
		{tensor.ShapeOf(), "()"}, {tensor.ShapeOf(5), "(5,)"}, {tensor.ShapeOf(2, 3), "(2, 3)"},
	} {
		if got := c.x.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got := tensor.Zeros(1000).String(); strings.Count(got, "0,") != 999+1 { // and that of the shape
		t.Errorf("1000 elements: %s", got)
	}
}

// What is drawn from a generator of shapes has a shape and a dtype alone.
func TestCreateShapes(t *testing.T) {
	g := random.Shapes()
	for want, x := range map[tensor.DType]*tensor.Tensor{
		tensor.Float32: tensor.Randn(g, 1<<15, 1<<14), tensor.Float64: tensor.With(tensor.Float64).Rand(g, 1<<15, 1<<14), tensor.BFloat16: tensor.With(tensor.BFloat16).Rand(g, 1<<15, 1<<14),
		tensor.Int64: tensor.RandInt(g, 0, 9, 1<<15, 1<<14), tensor.Uint8: tensor.With(tensor.Uint8).RandInt(g, 0, 9, 1<<15, 1<<14),
	} {
		if x.Device() != tensor.Meta || x.DType() != want || x.Shape() != tensor.ShapeOf(1<<15, 1<<14) {
			t.Errorf("%v %v on %v, want %v on meta", x.DType(), x.Shape(), x.Device(), want)
		}
	}
	p := tensor.NewParam(tensor.Randn(g, 2, 3))
	p.CopyFrom(tensor.Randn(g, 2, 3))
	p.CopyFrom(tensor.Zeros(2, 3)) // of data nothing stays
	rejects(t, tensor.ErrDevice, "copy_from", "has no data", func() { tensor.NewParam(tensor.Zeros(2, 3)).CopyFrom(p.Tensor) })
	rejects(t, tensor.ErrDevice, "copy_from", "has no data", func() { tensor.NewBuffer(tensor.Zeros(2, 3)).CopyFrom(p.Tensor) })
	if y := p.MatMul(tensor.Ones(3, 4)); y.Device() != tensor.Meta || y.Shape() != tensor.ShapeOf(2, 4) {
		t.Errorf("the product is %v on %v", y.Shape(), y.Device())
	}
}

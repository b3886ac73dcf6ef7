package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestDTypes(t *testing.T) {
	for _, c := range []struct {
		d     tensor.DType
		name  string
		bytes int
		float bool
		of    tensor.DType
	}{
		{tensor.Float32, "float32", 4, true, tensor.DTypeOf[float32]()},
		{tensor.Float64, "float64", 8, true, tensor.DTypeOf[float64]()},
		{tensor.BFloat16, "bfloat16", 2, true, tensor.DTypeOf[tensor.BF16]()},
		{tensor.Float16, "float16", 2, true, tensor.DTypeOf[tensor.F16]()},
		{tensor.Int64, "int64", 8, false, tensor.DTypeOf[int64]()},
		{tensor.Int32, "int32", 4, false, tensor.DTypeOf[int32]()},
		{tensor.Uint8, "uint8", 1, false, tensor.DTypeOf[uint8]()},
		{tensor.Bool, "bool", 1, false, tensor.DTypeOf[bool]()},
	} {
		if c.d.String() != c.name || c.d.Size() != c.bytes || c.d.IsFloat() != c.float || c.of != c.d {
			t.Errorf("%s: %v, %d bytes, float %v, of its Go type %v", c.name, c.d, c.d.Size(), c.d.IsFloat(), c.of)
		}
		if d, ok := tensor.ParseDType(c.name); !ok || d != c.d {
			t.Errorf("%s is read as %v, %v", c.name, d, ok)
		}
	}
	if _, ok := tensor.ParseDType("float"); ok {
		t.Error(`"float" is a dtype`)
	}
	if s := tensor.DType(99).String(); s != "invalid dtype" {
		t.Errorf("dtype 99 is called %q", s)
	}
}

// minifloat is a binary floating-point format by its definition in IEEE 754: a sign, exponent bits with a bias, fraction bits.
type minifloat struct {
	name               string
	exponent, fraction int
	encode             func(float32) uint16
	decode             func(uint16) float32
}

var minifloats = []minifloat{
	{"float16", 5, 10, func(f float32) uint16 { return uint16(tensor.F16FromFloat32(f)) }, func(h uint16) float32 { return tensor.F16(h).Float32() }},
	{"bfloat16", 8, 7, func(f float32) uint16 { return uint16(tensor.BF16FromFloat32(f)) }, func(h uint16) float32 { return tensor.BF16(h).Float32() }},
}

// value returns the number that non-negative bits stand for; the bits of infinity give the next power of two.
func (m minifloat) value(bits int) float64 {
	e, f := bits>>m.fraction, bits&(1<<m.fraction-1)
	bias := 1<<(m.exponent-1) - 1
	if e == 0 {
		return math.Ldexp(float64(f), 1-bias-m.fraction)
	}
	return math.Ldexp(float64(f+1<<m.fraction), e-bias-m.fraction)
}

// TestMinifloats checks every number of both formats, and everything between them: as rounding is monotonic, the numbers just
// below, at and just above the middle of two neighbours decide it.
func TestMinifloats(t *testing.T) {
	for _, m := range minifloats {
		infinity := (1<<m.exponent - 1) << m.fraction
		for bits := range infinity {
			v := m.value(bits)
			for _, sign := range []uint16{0, 1 << 15} {
				s := math.Copysign(1, 0.5-float64(sign))
				h := uint16(bits) | sign
				if got := m.decode(h); float64(got) != s*v || math.Signbit(float64(got)) != (s < 0) {
					t.Fatalf("%s: %#04x stands for %g, want %g", m.name, h, got, s*v)
				}
				if got := m.encode(float32(s * v)); got != h {
					t.Fatalf("%s: %g becomes %#04x, want %#04x", m.name, s*v, got, h)
				}
				// The neighbour above; beyond the largest number it is infinity, in the place of the next power of two.
				middle := float32((v + m.value(bits+1)) / 2)
				even := h + h&1
				for _, c := range []struct {
					f    float32
					want uint16
				}{{math.Nextafter32(middle, 0), h}, {middle, even}, {math.Nextafter32(middle, float32(inf)), h + 1}} {
					if f := float32(s) * c.f; m.encode(f) != c.want {
						t.Fatalf("%s: %g, beside %g, becomes %#04x, want %#04x", m.name, f, s*v, m.encode(f), c.want)
					}
				}
			}
		}
		for _, sign := range []uint16{0, 1 << 15} {
			h := uint16(infinity) | sign
			f := float32(math.Copysign(inf, 0.5-float64(sign)))
			if m.decode(h) != f || m.encode(f) != h || m.encode(f/2) != h || m.encode(float32(math.Copysign(math.MaxFloat32, float64(f)))) != h {
				t.Errorf("%s: infinity %g: %g, %#04x", m.name, f, m.decode(h), m.encode(f))
			}
			for fraction := 1; fraction < 1<<m.fraction; fraction++ {
				if f := m.decode(h | uint16(fraction)); f == f {
					t.Fatalf("%s: %#04x is %g, want NaN", m.name, h|uint16(fraction), f)
				}
			}
		}
		for _, bits := range []uint32{0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff, 0x7f801fff, 0x7f80ffff} { // quiet and not, all payload or little
			h := m.encode(math.Float32frombits(bits))
			if f := m.decode(h); f == f || int(h&0x7fff) <= infinity || h>>15 != uint16(bits>>31) {
				t.Errorf("%s: the NaN %#08x becomes %#04x", m.name, bits, h)
			}
		}
	}
}

// TestConversions converts all types into each other; the values are what each type makes of them by C's and IEEE's rules.
func TestConversions(t *testing.T) {
	from := []struct {
		name string
		x    *tensor.Tensor
		to   map[tensor.DType][]float64
	}{
		{"float64", tensor.Of([]float64{-1.9, 0.5, 257.25, 1e10, math.Copysign(0, -1)}), map[tensor.DType][]float64{
			tensor.Float32: {float64(float32(-1.9)), 0.5, 257.25, 1e10, 0}, tensor.BFloat16: {-1.8984375, 0.5, 258, 149 << 26, 0}, tensor.Float16: {-1.900390625, 0.5, 257.25, inf, 0},
			tensor.Int64: {-1, 0, 257, 1e10, 0}, tensor.Bool: {1, 1, 1, 1, 0},
		}},
		{"small float64", tensor.Of([]float64{-1.9, 0.99, 300, -300}), map[tensor.DType][]float64{
			tensor.Int32: {-1, 0, 300, -300}, tensor.Uint8: {255, 0, 44, 212},
		}},
		{"special float64", tensor.Of([]float64{nan, inf, -inf, 1e300, 1e-300}), map[tensor.DType][]float64{
			tensor.Float32: {nan, inf, -inf, inf, 0}, tensor.BFloat16: {nan, inf, -inf, inf, 0}, tensor.Float16: {nan, inf, -inf, inf, 0}, tensor.Bool: {1, 1, 1, 1, 1},
		}},
		{"float32", tensor.Of([]float32{-7.5, 65519, 65520, 1e-8}), map[tensor.DType][]float64{
			tensor.Float64: {-7.5, 65519, 65520, float64(float32(1e-8))}, tensor.Float16: {-7.5, 65504, inf, 0}, tensor.BFloat16: {-7.5, 65536, 65536, 172 * 0x1p-34},
			tensor.Int64: {-7, 65519, 65520, 0}, tensor.Int32: {-7, 65519, 65520, 0}, tensor.Uint8: {249, 239, 240, 0}, tensor.Bool: {1, 1, 1, 1},
		}},
		{"int64", tensor.Of([]int64{1<<53 + 1, -1, 1<<32 + 7, 0}), map[tensor.DType][]float64{
			tensor.Float64: {1 << 53, -1, 1<<32 + 7, 0}, tensor.Float32: {1 << 53, -1, 1 << 32, 0}, tensor.BFloat16: {1 << 53, -1, 1 << 32, 0}, tensor.Float16: {inf, -1, inf, 0},
			tensor.Int32: {1, -1, 7, 0}, tensor.Uint8: {1, 255, 7, 0}, tensor.Bool: {1, 1, 1, 0},
		}},
		{"int32", tensor.Of([]int32{math.MaxInt32, math.MinInt32, -1}), map[tensor.DType][]float64{
			tensor.Float64: {math.MaxInt32, math.MinInt32, -1}, tensor.Float32: {1 << 31, math.MinInt32, -1}, tensor.Int64: {math.MaxInt32, math.MinInt32, -1}, tensor.Uint8: {255, 0, 255}, tensor.Bool: {1, 1, 1},
		}},
		{"uint8", tensor.Of([]uint8{0, 200, 255}), map[tensor.DType][]float64{
			tensor.Float64: {0, 200, 255}, tensor.Float32: {0, 200, 255}, tensor.BFloat16: {0, 200, 255}, tensor.Float16: {0, 200, 255}, tensor.Int64: {0, 200, 255}, tensor.Int32: {0, 200, 255}, tensor.Bool: {0, 1, 1},
		}},
		{"bool", tensor.Of([]bool{false, true}), map[tensor.DType][]float64{
			tensor.Float64: {0, 1}, tensor.Float32: {0, 1}, tensor.BFloat16: {0, 1}, tensor.Float16: {0, 1}, tensor.Int64: {0, 1}, tensor.Int32: {0, 1}, tensor.Uint8: {0, 1},
		}},
	}
	for _, h := range []tensor.DType{tensor.Float16, tensor.BFloat16} {
		from = append(from, struct {
			name string
			x    *tensor.Tensor
			to   map[tensor.DType][]float64
		}{h.String(), tensor.Of([]float64{-1.5, 0.25, 200, math.Copysign(0, -1)}).To(h), map[tensor.DType][]float64{
			tensor.Float64: {-1.5, 0.25, 200, 0}, tensor.Float32: {-1.5, 0.25, 200, 0}, tensor.BFloat16: {-1.5, 0.25, 200, 0}, tensor.Float16: {-1.5, 0.25, 200, 0},
			tensor.Int64: {-1, 0, 200, 0}, tensor.Int32: {-1, 0, 200, 0}, tensor.Uint8: {255, 0, 200, 0}, tensor.Bool: {1, 1, 1, 0},
		}})
	}
	for _, c := range from {
		for d, want := range c.to {
			y := c.x.To(d)
			if y.DType() != d {
				t.Errorf("%s to %v is %v", c.name, d, y.DType())
			}
			wantFloats(t, c.name+" to "+d.String(), y, want...)
			twice := c.x.Unsqueeze(1).Expand(-1, 2).T().To(d) // strided, then contiguous
			wantFloats(t, c.name+" to "+d.String()+", strided", twice, append(append([]float64{}, want...), want...)...)
		}
	}

	if z := tensor.Of([]float32{float32(math.Copysign(0, -1))}); !math.Signbit(z.To(tensor.Float16).Item()) || !math.Signbit(z.To(tensor.BFloat16).To(tensor.Float64).Item()) {
		t.Error("a conversion loses the sign of zero")
	}
	long := tensor.Arange(0, 100_000, 1) // several workers' shares
	for _, d := range []tensor.DType{tensor.Float32, tensor.Float64, tensor.Int32} {
		if !tensor.Equal(long.To(d).To(tensor.Int64), long) {
			t.Errorf("100000 integers come back from %v as others", d)
		}
	}
	if n := tensor.Zeros(0, 3).To(tensor.BFloat16); n.Shape() != tensor.ShapeOf(0, 3) || n.DType() != tensor.BFloat16 {
		t.Errorf("nothing converts to %v", n)
	}
}

// TestGradientsThroughHalves: a gradient takes the types back that its value took, and is rounded as it was.
func TestGradientsThroughHalves(t *testing.T) {
	for _, h := range []tensor.DType{tensor.Float16, tensor.BFloat16} {
		x := tensor.Of([]float32{1, 2}).RequireGrad()
		y := x.To(h).To(tensor.Float32).Mul(tensor.Of([]float32{1.0 / 3, 4}))
		y.Sum().Backward()
		want := tensor.Of([]float32{1.0 / 3, 4}).To(h).To(tensor.Float32)
		if x.Grad().DType() != tensor.Float32 || !tensor.Equal(x.Grad(), want) {
			t.Errorf("gradient through %v: %v, want %v", h, x.Grad(), want)
		}
	}
	rejects(t, tensor.ErrDType, "require_grad", "only floating-point tensors have gradients, not int64", func() { tensor.Arange(0, 2, 1).RequireGrad() })
}

// Halves are added up in float32 and rounded once: 1 + 2⁻⁸ and 255 more like it sum to 257 in float32, which bfloat16 rounds
// to 256; rounding at each step would have stayed at 2.
func TestHalvesAccumulateInFloat32(t *testing.T) {
	x := tensor.With(tensor.BFloat16).Full(1.0/256, 4096).RequireGrad()
	if y := x.Sum(); y.DType() != tensor.BFloat16 || y.Item() != 16 {
		t.Errorf("4096 times 1/256 is %v, want 16", y)
	}
	if y := x.Detach().MatMul(tensor.With(tensor.BFloat16).Ones(4096)); y.Item() != 16 {
		t.Errorf("as a product it is %v, want 16", y)
	}
	if y := tensor.With(tensor.Float16).Full(4, 65536).Mean(); y.Item() != 4 {
		t.Errorf("the mean of 65536 fours is %v, want 4: their sum is beyond float16", y)
	}
	x.Add(x).Sum().Backward()
	x.Sum().Backward()
	if g := x.Grad(); g.DType() != tensor.BFloat16 || g.Select(0, 7).Item() != 3 {
		t.Errorf("the gradients add up to %v, want 3", g.Select(0, 7))
	}
	tensor.DetectAnomaly(true)
	defer tensor.DetectAnomaly(false)
	wantFail(t, tensor.ErrNaN, "log", func() { tensor.With(tensor.BFloat16).Zeros(3).Log() })
}

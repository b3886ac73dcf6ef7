package nn_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestRotaryOp(t *testing.T) {
	var cases []optest.Case
	add := func(name string, dim, offset int, interleaved bool, shape ...int) {
		r := nn.NewRotary(dim, 90, nn.RotaryConfig{Base: 50, Interleaved: interleaved})
		cases = append(cases, optest.Case{Op: "nn.rotaryOp", Name: name, In: []optest.Input{{Shape: shape}},
			F: func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{r.Rotate(in[0], offset)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(shape, func(at []int) float64 {
					n := len(at) - 1
					p, c := float64(offset+at[n-1]), at[n]
					if c >= dim {
						return in[0].At(at...)
					}
					pair, other, sign := c%(dim/2), (c+dim/2)%dim, 1.0
					second := c >= dim/2
					if interleaved {
						pair, other, second = c/2, c^1, c%2 == 1
					}
					if !second {
						sign = -1
					}
					mate := append([]int(nil), at...)
					mate[n] = other
					angle := p * math.Pow(50, -2*float64(pair)/float64(dim))
					return in[0].At(at...)*math.Cos(angle) + sign*in[0].At(mate...)*math.Sin(angle)
				})}
			}})
	}
	add("halves", 6, 0, false, 2, 2, 5, 6)
	add("interleaved", 6, 3, true, 2, 2, 5, 6)
	add("halves, part", 4, 2, false, 3, 7)
	add("interleaved, part", 2, 2, true, 3, 5)
	add("one position", 2, 7, false, 1, 2)
	add("no positions", 4, 0, false, 2, 0, 4)
	add("chunks", 64, 1, true, 1, 2, 80, 64)
	optest.Run(t, cases)
}

// Products of turned queries and keys depend on the distance of their positions alone (Su et al., 2021, equation 16).
func TestRotaryIsRelative(t *testing.T) {
	g := random.New(1)
	for _, interleaved := range []bool{false, true} {
		r := nn.NewRotary(8, 100, nn.RotaryConfig{Interleaved: interleaved})
		q, k := tensor.With(tensor.Float64).Randn(g, 1, 8), tensor.With(tensor.Float64).Randn(g, 1, 8)
		product := func(i, j int) float64 { return r.Rotate(q, i).Mul(r.Rotate(k, j)).Sum().Item() }
		if a, b := product(7, 3), product(90, 86); math.Abs(a-b) > 1e-12 {
			t.Errorf("distance 4 gives %v and %v", a, b)
		}
		if a, b := product(7, 3), product(7, 4); math.Abs(a-b) < 1e-6 {
			t.Errorf("distances 4 and 3 both give %v", a)
		}
	}
}

func TestRotaryBadArguments(t *testing.T) {
	r := nn.NewRotary(4, 5, nn.RotaryConfig{})
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	refusesAttention(t, tensor.ErrValue, "must be even", func() { nn.NewRotary(3, 5, nn.RotaryConfig{}) })
	refusesAttention(t, tensor.ErrValue, "positive", func() { nn.NewRotary(4, 0, nn.RotaryConfig{}) })
	refusesAttention(t, tensor.ErrValue, "positive", func() { nn.NewRotary(4, 5, nn.RotaryConfig{Base: -1}) })
	refusesAttention(t, tensor.ErrShape, "D at least 4", func() { r.Rotate(z(2, 3), 0) })
	refusesAttention(t, tensor.ErrShape, "(..., L, D)", func() { r.Rotate(z(4), 0) })
	refusesAttention(t, tensor.ErrShape, "positions 3 to 6 are not all in [0, 5)", func() { r.Rotate(z(3, 4), 3) })
	refusesAttention(t, tensor.ErrShape, "not all in", func() { r.Rotate(z(3, 4), -1) })
	refusesAttention(t, tensor.ErrDType, "not supported", func() { r.Rotate(z(3, 4).To(tensor.Int64), 0) })
}

func TestSinusoidalPositionalEncoding(t *testing.T) {
	g := random.New(2)
	for _, batchFirst := range []bool{false, true} {
		pe := nn.NewSinusoidalPositionalEncoding(9, 5, nn.SinusoidalPositionalEncodingConfig{BatchFirst: batchFirst})
		for _, shape := range [][]int{{4, 3, 5}, {4, 5}} {
			x := tensor.With(tensor.Float64).Randn(g, shape...)
			got := optest.Array{Shape: shape, Data: pe.From(x, 2).Sub(x).Floats()}
			optest.Each(shape, func(at []int) {
				p := 2 + at[0]
				if batchFirst && len(at) == 3 {
					p = 2 + at[1]
				}
				c := at[len(at)-1]
				angle := float64(p) / math.Pow(10000, float64(c-c%2)/5)
				want := math.Sin(angle)
				if c%2 == 1 {
					want = math.Cos(angle)
				}
				if math.Abs(got.At(at...)-want) > 1e-12 {
					t.Errorf("batch first %v: element %v is %v, want %v", batchFirst, at, got.At(at...), want)
				}
			})
			if y := pe.Forward(x.To(tensor.Float32)); y.DType() != tensor.Float32 || !tensor.Equal(y, pe.From(x.To(tensor.Float32), 0)) {
				t.Errorf("Forward gives %v", y)
			}
		}
		refusesAttention(t, tensor.ErrShape, "the input must be", func() { pe.Forward(tensor.Zeros(2, 4)) })
		refusesAttention(t, tensor.ErrShape, "positions 8 to 10", func() { pe.From(tensor.Zeros(2, 5), 8) })
	}
	refusesAttention(t, tensor.ErrValue, "must be positive", func() { nn.NewSinusoidalPositionalEncoding(0, 4, nn.SinusoidalPositionalEncodingConfig{}) })
}

// The slopes of Press, Smith and Lewis (2021), section 3, and of their code for numbers that are no powers of 2.
func TestALiBi(t *testing.T) {
	for n, want := range map[int][]float64{
		1: {1. / 256}, 2: {1. / 16, 1. / 256}, 4: {1. / 4, 1. / 16, 1. / 64, 1. / 256},
		8:  {1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256},
		3:  {1. / 16, 1. / 256, 1. / 4},
		12: {1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256, math.Exp2(-0.5), math.Exp2(-1.5), math.Exp2(-2.5), math.Exp2(-3.5)},
	} {
		got := nn.ALiBiSlopes(n)
		for i, w := range want {
			if len(got) != n || math.Abs(got[i]-w) > 1e-15 {
				t.Errorf("%d heads: %v, want %v", n, got, want)
				break
			}
		}
	}
	// In causal attention the bias does what the paper's slope (j - i) does.
	g := random.New(3)
	f := tensor.With(tensor.Float64)
	q, k, v := f.Randn(g, 1, 3, 6, 2), f.Randn(g, 1, 3, 6, 2), f.Randn(g, 1, 3, 6, 2)
	at := f.Arange(0, 6, 1)
	paper := tensor.Of(nn.ALiBiSlopes(3), 3, 1, 1).Mul(at.Unsqueeze(0).Sub(at.Unsqueeze(1)))
	attend := func(bias *tensor.Tensor) *tensor.Tensor {
		return nn.ScaledDotProductAttention(q, k, v, nn.AttentionConfig{AttnBias: bias, Causal: true})
	}
	if got, want := attend(nn.ALiBi(3, 6, tensor.Float64)), attend(paper); !tensor.AllClose(got, want, 1e-12, 1e-12, false) {
		t.Errorf("%v, want %v", got, want)
	}
	refusesAttention(t, tensor.ErrValue, "heads", func() { nn.ALiBiSlopes(0) })
	refusesAttention(t, tensor.ErrValue, "negative", func() { nn.ALiBi(2, -1, tensor.Float32) })
}

package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// layerNormed is LayerNorm by its definition, for samples of len(weight) values.
func layerNormed(eps float64) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w, b := in[0], in[1].Data, in[2].Data
		y := optest.Array{Shape: x.Shape, Data: make([]float64, len(x.Data))}
		n := len(w)
		for at := 0; at < len(x.Data); at += n {
			var mean, variance float64
			for _, v := range x.Data[at : at+n] {
				mean += v / float64(n)
			}
			for _, v := range x.Data[at : at+n] {
				variance += (v - mean) * (v - mean) / float64(n)
			}
			for i, v := range x.Data[at : at+n] {
				y.Data[at+i] = (v-mean)/math.Sqrt(variance+eps)*w[i] + b[i]
			}
		}
		return []optest.Array{y}
	}
}

func TestLayerNorm(t *testing.T) {
	var cases []optest.Case
	norm := func(name string, x tin, last int, eps float64) {
		w := x.Shape[len(x.Shape)-last:]
		cases = append(cases, optest.Case{Op: "tensor.layerNormOp", Name: name, In: []tin{x, {Shape: w}, {Shape: w}}, Want: layerNormed(eps),
			F: func(in tensors) tensors { return tensors{tensor.LayerNorm(in[0], in[1], in[2], eps)} }})
	}
	norm("rows", tin{Shape: []int{4, 5}}, 1, 1e-5)
	norm("batch of sequences", tin{Shape: []int{2, 3, 4}}, 1, 1e-5)
	norm("two dimensions", tin{Shape: []int{3, 2, 4}}, 2, 1e-3)
	norm("all dimensions", tin{Shape: []int{3, 4}}, 2, 1e-5)
	norm("one row", tin{Shape: []int{6}}, 1, 1e-5)
	norm("square", tin{Shape: []int{3, 3}}, 1, 0.5)
	// A row of one value has variance 0: the result is the bias.
	norm("one element", tin{Shape: []int{1}}, 1, 0.5)
	norm("rows of one", tin{Shape: []int{3, 1}}, 1, 1)
	norm("no rows", tin{Shape: []int{0, 3}}, 1, 1e-5)
	norm("chunks of rows", tin{Shape: []int{131, 3}}, 1, 1e-1) // weight gradients are summed over 64 rows at a time
	norm("long rows", tin{Shape: []int{3, 1001}}, 1, 1e-5)
	norm("mean of 5000 deviations", tin{Shape: []int{3, 12}, Lo: 65536, Hi: 65576}, 1, 1e-5)
	optest.Run(t, cases)
}

// TestLayerNormOffset is TestBatchNormOffset for rows.
func TestLayerNormOffset(t *testing.T) {
	const n = 96
	for _, offset := range []float64{10, 100, 4096, 1e6} {
		v := make([]float32, 5*n)
		random.Uniform32(v, random.New(6).Next(), 0)
		for i := range v {
			v[i] = float32(offset) + v[i]*float32(math.Max(4, offset/1e4))
		}
		x, w, b := tensor.Of(v, 5, n), optest.Array{Shape: []int{n}}, optest.Array{Shape: []int{n}}
		for range n {
			w.Data, b.Data = append(w.Data, 1), append(b.Data, 0)
		}
		want := layerNormed(1e-5)([]optest.Array{{Shape: []int{5, n}, Data: x.Floats()}, w, b})[0].Data
		for i, g := range tensor.LayerNorm(x, tensor.Ones(n), tensor.Zeros(n), 1e-5).Floats() {
			if math.Abs(g-want[i]) > 5e-6 {
				t.Errorf("values around %v: element %d is %v, want %v", offset, i, g, want[i])
				break
			}
		}
	}
}

// TestLayerNormSpecial: a constant row is the bias, a NaN or an infinity spoils its row alone.
func TestLayerNormSpecial(t *testing.T) {
	x := tensor.Of([]float64{3, 3, 3, 1, nan, 2, -1, 0, 1, 1, inf, 2}, 4, 3)
	v := tensor.LayerNorm(x, tensor.With(tensor.Float64).Ones(3), tensor.Of([]float64{10, 20, 30}), 0.5).Floats()
	r := 1 / math.Sqrt(2./3+0.5)
	for i, w := range []float64{10, 20, 30, nan, nan, nan, 10 - r, 20, 30 + r, nan, nan, nan} {
		if math.Abs(v[i]-w) > 1e-13 || (v[i] == v[i]) != (w == w) {
			t.Errorf("element %d is %v, want %v", i, v[i], w)
		}
	}
}

func TestLayerNormBadArguments(t *testing.T) {
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	norm := func(x, w, b *tensor.Tensor) func() { return func() { tensor.LayerNorm(x, w, b, 1e-5) } }
	const words = "weight and bias must have the shape of the input's last dimensions"
	refuses(t, tensor.ErrShape, "layer_norm (2, 3), (2,), (2,): "+words, norm(z(2, 3), z(2), z(2)))
	refuses(t, tensor.ErrShape, words, norm(z(2, 3), z(3), z(2)))
	refuses(t, tensor.ErrShape, words, norm(z(2, 3), z(4, 2, 3), z(4, 2, 3)))
	refuses(t, tensor.ErrShape, words, norm(z(2, 3), z(), z()))
	refuses(t, tensor.ErrShape, words, norm(z(), z(), z()))
	refuses(t, tensor.ErrShape, "not empty", norm(z(2, 0), z(0), z(0)))
	refuses(t, tensor.ErrDType, "convert one with To", norm(z(2, 3).To(tensor.Float64), z(3), z(3)))
	refuses(t, tensor.ErrDType, "convert with To", norm(z(2, 3).To(tensor.Int32), z(3).To(tensor.Int32), z(3).To(tensor.Int32)))
	refuses(t, tensor.ErrValue, "nil", norm(z(2, 3), nil, z(3)))
	refuses(t, tensor.ErrValue, "nil", norm(z(2, 3), z(3), nil))
}

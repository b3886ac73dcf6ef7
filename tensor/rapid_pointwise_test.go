package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

func TestRapidUnary(t *testing.T) {
	fs := []struct {
		name string
		f    func(x *tensor.Tensor) *tensor.Tensor
		want func(v float64) float64
	}{
		{"neg", (*tensor.Tensor).Neg, func(v float64) float64 { return -v }},
		{"abs", (*tensor.Tensor).Abs, math.Abs},
		{"square", (*tensor.Tensor).Square, func(v float64) float64 { return v * v }},
		{"exp", (*tensor.Tensor).Exp, math.Exp},
		{"log", (*tensor.Tensor).Log, math.Log},
		{"sqrt", (*tensor.Tensor).Sqrt, math.Sqrt},
		{"sin", (*tensor.Tensor).Sin, math.Sin},
		{"tanh", (*tensor.Tensor).Tanh, math.Tanh},
		{"sigmoid", (*tensor.Tensor).Sigmoid, func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }},
		{"relu", (*tensor.Tensor).ReLU, func(v float64) float64 { return max(0, v) }},
		{"gelu", (*tensor.Tensor).GELU, func(v float64) float64 { return v / 2 * (1 + math.Erf(v/math.Sqrt2)) }},
		{"silu", (*tensor.Tensor).SiLU, func(v float64) float64 { return v / (1 + math.Exp(-v)) }},
		{"erf", (*tensor.Tensor).Erf, math.Erf},
		{"floor", (*tensor.Tensor).Floor, math.Floor},
		{"clamp", func(x *tensor.Tensor) *tensor.Tensor { return x.Clamp(-0.5, 1) }, func(v float64) float64 { return min(max(v, -0.5), 1) }},
	}
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		x, a := drawView(t, d, drawShape(t, 0, 4, true))
		for _, f := range fs {
			want := ndMap(a.shape, func(i []int) float64 { return f.want(a.at(i...)) })
			sameND(t, f.name, f.f(x), want, tolerance(d))
		}
	})
}

// TestRapidBroadcast has inputs of different shapes and strides.
func TestRapidBroadcast(t *testing.T) {
	fs := []struct {
		name string
		f    func(x, y *tensor.Tensor) *tensor.Tensor
		want func(v, w float64) float64
	}{
		{"add", (*tensor.Tensor).Add, func(v, w float64) float64 { return v + w }},
		{"sub", (*tensor.Tensor).Sub, func(v, w float64) float64 { return v - w }},
		{"mul", (*tensor.Tensor).Mul, func(v, w float64) float64 { return v * w }},
		{"div", (*tensor.Tensor).Div, func(v, w float64) float64 { return v / w }},
		{"maximum", (*tensor.Tensor).Maximum, func(v, w float64) float64 { return max(v, w) }},
		{"minimum", (*tensor.Tensor).Minimum, func(v, w float64) float64 { return min(v, w) }},
		{"lt", func(x, y *tensor.Tensor) *tensor.Tensor { return x.Lt(y).To(x.DType()) }, func(v, w float64) float64 {
			if v < w {
				return 1
			}
			return 0
		}},
		{"lerp", func(x, y *tensor.Tensor) *tensor.Tensor { return x.Lerp(y, 0.25) }, func(v, w float64) float64 { return v + 0.25*(w-v) }},
		{"atan2", (*tensor.Tensor).Atan2, math.Atan2},
	}
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		full := drawShape(t, 0, 4, true)
		x, a := drawView(t, d, drawPart(t, full))
		y, b := drawView(t, d, drawPart(t, full))
		shape := broadcastND(a.shape, b.shape)
		for _, f := range fs {
			want := ndMap(shape, func(i []int) float64 { return f.want(a.at(i...), b.at(i...)) })
			sameND(t, f.name, f.f(x, y), want, tolerance(d))
		}
		c, _ := drawView(t, d, drawPart(t, full))
		mask := c.GtScalar(0)
		m := nd{mask.Shape().Dims(), mask.To(tensor.Float64).Floats()}
		want := ndMap(broadcastND(shape, m.shape), func(i []int) float64 {
			if m.at(i...) != 0 {
				return a.at(i...)
			}
			return b.at(i...)
		})
		sameND(t, "where", tensor.Where(mask, x, y), want, 0)
	})
}

// broadcastND returns the common shape of two that fit.
func broadcastND(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	s := append([]int(nil), a...)
	for i, n := range b {
		if k := len(a) - len(b) + i; s[k] == 1 {
			s[k] = n
		}
	}
	return s
}

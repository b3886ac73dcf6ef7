package bench

import (
	"fmt"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// ops are products and operations on elements and rows.
func ops() []Case {
	var cs []Case
	for _, n := range []int{64, 128, 256, 512, 1024, 2048, 4096} {
		cs = append(cs, matmul(n, n, n))
	}
	cs = append(cs, matmul(64, 256, 784), matmul(128, 2048, 512))
	for _, n := range []int{1000, 100000, 10000000} {
		cs = append(cs,
			unary("exp", n, (*tensor.Tensor).Exp), unary("tanh", n, (*tensor.Tensor).Tanh), unary("gelu", n, (*tensor.Tensor).GELU),
			add(n))
	}
	return append(cs, softmax(), layerNorm(), sum(10000000), layerNormBoth(), softmaxBoth())
}

func matmul(m, n, k int) Case {
	return Case{Name: fmt.Sprintf("matmul/%dx%dx%d", m, n, k), FLOPs: 2 * float64(m) * float64(n) * float64(k), New: func() func() {
		g := generator()
		a, b := randn(g, m, k), randn(g, k, n)
		return scoped(func(s *tensor.Scope) { s.Enter(a).MatMul(b) })
	}}
}

func unary(name string, n int, f func(*tensor.Tensor) *tensor.Tensor) Case {
	return Case{Name: fmt.Sprintf("%s/%d", name, n), Bytes: 8 * float64(n), New: func() func() {
		x := randn(generator(), n)
		return scoped(func(s *tensor.Scope) { f(s.Enter(x)).Materialize() })
	}}
}

func add(n int) Case {
	return Case{Name: fmt.Sprintf("add/%d", n), Bytes: 12 * float64(n), New: func() func() {
		g := generator()
		x, y := randn(g, n), randn(g, n)
		return scoped(func(s *tensor.Scope) { s.Enter(x).Add(y).Materialize() })
	}}
}

func sum(n int) Case {
	return Case{Name: fmt.Sprintf("sum/%d", n), Bytes: 4 * float64(n), New: func() func() {
		x := randn(generator(), n)
		return scoped(func(s *tensor.Scope) { s.Enter(x).Sum() })
	}}
}

// The rows of softmax and layer normalisation.
const rows, columns = 4096, 1024

func softmax() Case {
	return Case{Name: "softmax/4096x1024", Bytes: 8 * rows * columns, New: func() func() {
		x := randn(generator(), rows, columns)
		return scoped(func(s *tensor.Scope) { s.Enter(x).Softmax(-1) })
	}}
}

func layerNorm() Case {
	return Case{Name: "layer_norm/4096x1024", Bytes: 8 * rows * columns, New: func() func() {
		x, w, b := randn(generator(), rows, columns), tensor.Ones(columns), tensor.Zeros(columns)
		return scoped(func(s *tensor.Scope) { tensor.LayerNorm(s.Enter(x), w, b, 1e-5) })
	}}
}

func softmaxBoth() Case {
	return Case{Name: "softmax_fwdbwd/4096x1024", New: func() func() {
		g := generator()
		x, dy := randn(g, rows, columns).RequireGrad(), randn(g, rows, columns)
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			gradient(x.Softmax(-1), dy, x)
		})
	}}
}

func layerNormBoth() Case {
	return Case{Name: "layer_norm_fwdbwd/4096x1024", New: func() func() {
		g := generator()
		x, dy := randn(g, rows, columns).RequireGrad(), randn(g, rows, columns)
		l := nn.NewLayerNorm([]int{columns}, nn.LayerNormConfig{})
		return scoped(func(s *tensor.Scope) {
			x := s.Enter(x)
			gradient(l.Forward(x), dy, x, l.Weight.Tensor, l.Bias.Tensor)
		})
	}}
}

// gradient takes the gradient of <y, dy> with respect to each of wrt.
func gradient(y, dy *tensor.Tensor, wrt ...*tensor.Tensor) {
	autograd.Grad([]*tensor.Tensor{y.Materialize()}, wrt, autograd.GradConfig{Douts: []*tensor.Tensor{dy}})
}

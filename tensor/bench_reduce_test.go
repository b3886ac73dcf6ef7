package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkReduce folds 1e6 float32 (sums, maxima, positions), whole and along rows, columns and channels.
func BenchmarkReduce(b *testing.B) {
	g := random.New(1)
	square, short, tall := tensor.Randn(g, 1000, 1000), tensor.Randn(g, 100_000, 10), tensor.Randn(g, 125_000, 8)
	images, small := tensor.Randn(g, 16, 64, 32, 32), tensor.Randn(g, 32, 640, 7, 7)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"sum all", func() { square.Sum() }},
		{"sum rows", func() { square.Sum(1) }},
		{"sum short rows", func() { short.Sum(1) }},
		{"sum columns", func() { square.Sum(0) }},
		{"sum few columns", func() { tall.Sum(0) }},
		{"sum NHW of NCHW", func() { images.Sum(0, 2, 3) }},
		{"sum NHW of small planes", func() { small.Sum(0, 2, 3) }},
		{"sum HW of small planes", func() { small.Sum(2, 3) }},
		{"sum transposed", func() { square.T().Sum(1) }},
		{"mean all", func() { square.Mean() }},
		{"max all", func() { square.Max() }},
		{"max rows", func() { square.Max(1) }},
		{"max columns", func() { square.Max(0) }},
		{"argmax rows", func() { square.ArgMax(1) }},
		{"argmax short rows", func() { short.ArgMax(1) }},
		{"norm all", func() { square.Norm(2) }},
		{"var rows", func() { square.Var(1, 1) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}

// BenchmarkIndex moves or adds about 1e6 float32 by indices.
func BenchmarkIndex(b *testing.B) {
	g := random.New(1)
	x, table := tensor.Randn(g, 1000, 1000), tensor.Randn(g, 30_000, 64)
	rows, cols, tokens := tensor.RandInt(g, 0, 1000, 1000), tensor.RandInt(g, 0, 1000, 1000, 1000), tensor.RandInt(g, 0, 30_000, 16_000)
	one := tensor.RandInt(g, 0, 1000, 1000, 1)
	leaf, dy := table.RequireGrad(), tensor.Randn(g, 16_000, 64)
	images := tensor.Randn(g, 16, 64, 32, 32)
	grad := func(y *tensor.Tensor, dy *tensor.Tensor, x *tensor.Tensor) {
		tensor.Gradients([]*tensor.Tensor{y}, []*tensor.Tensor{dy}, []*tensor.Tensor{x}, false, true)
	}
	embedded, gathered := tensor.Embedding(leaf, tokens, nil), x.RequireGrad()
	picked := gathered.Gather(1, cols)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"index_select rows", func() { x.IndexSelect(0, rows) }},
		{"index_select columns", func() { x.IndexSelect(1, rows) }},
		{"embedding", func() { tensor.Embedding(table, tokens, nil) }},
		{"embedding gradient", func() { grad(embedded, dy, leaf) }},
		{"gather columns", func() { x.Gather(1, cols) }},
		{"gather rows", func() { x.Gather(0, cols) }},
		{"gather one a row", func() { x.Gather(1, one) }},
		{"gather gradient", func() { grad(picked, x, gathered) }},
		{"scatter", func() { x.Scatter(1, cols, x) }},
		{"concat rows", func() { tensor.Concat(0, x, x) }},
		{"concat columns", func() { tensor.Concat(1, x, x) }},
		{"flip columns", func() { x.Flip(1) }},
		{"roll columns", func() { x.Roll(1, 3) }},
		{"pad", func() { images.Pad(tensor.PadConstant, 0, 1, 1, 1, 1) }},
		{"pad reflect", func() { images.Pad(tensor.PadReflect, 0, 1, 1, 1, 1) }},
		{"to float64", func() { x.To(tensor.Float64) }},
		{"to bfloat16", func() { x.To(tensor.BFloat16) }},
		{"to float16", func() { x.To(tensor.Float16) }},
		{"to int64", func() { x.To(tensor.Int64) }},
		{"full", func() { tensor.Full(1, 1000, 1000) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}

// BenchmarkMatMulViews multiplies 256 by 256 matrices, each contiguous or transposed, and a batch of 64 of 64 by 64.
func BenchmarkMatMulViews(b *testing.B) {
	g := random.New(1)
	x, y, batch := tensor.Randn(g, 256, 256), tensor.Randn(g, 256, 256), tensor.Randn(g, 64, 64, 64)
	for _, c := range []struct {
		name string
		x, y *tensor.Tensor
	}{
		{"plain", x, y}, {"left transposed", x.T(), y}, {"right transposed", x, y.T()}, {"both transposed", x.T(), y.T()},
		{"batch", batch, batch}, {"batch transposed", batch, batch.Transpose(1, 2)}, {"batch by matrix", batch, batch.Select(0, 0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.x.MatMul(c.y)
			}
		})
	}
}

package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkSegment measures what a graph network does with E messages of D numbers for N nodes.
func BenchmarkSegment(b *testing.B) {
	g := random.New(1)
	const n, e = 10_000, 200_000
	random := tensor.RandInt(g, 0, n, e)
	sorted := make([]int64, e)
	for i := range sorted {
		sorted[i] = int64(i) * n / e
	}
	for _, d := range []int{1, 8, 64} {
		x := tensor.Randn(g, e, d)
		for _, ids := range []struct {
			name string
			ids  *tensor.Tensor
		}{{"unsorted", random}, {"sorted", tensor.Of(sorted)}} {
			for _, o := range []struct {
				name string
				f    func(x, ids *tensor.Tensor, n int) *tensor.Tensor
			}{{"sum", (*tensor.Tensor).SegmentSum}, {"max", (*tensor.Tensor).SegmentMax}, {"softmax", (*tensor.Tensor).SegmentSoftmax}} {
				b.Run(fmt.Sprintf("%s/%s/D=%d", o.name, ids.name, d), func(b *testing.B) {
					b.SetBytes(int64(4 * e * d))
					for b.Loop() {
						o.f(x, ids.ids, n)
					}
				})
			}
		}
	}
}

// BenchmarkRows measures the other ways of moving rows and elements.
func BenchmarkRows(b *testing.B) {
	g := random.New(1)
	x, src, at := tensor.Randn(g, 10_000, 64), tensor.Randn(g, 100_000, 64), tensor.RandInt(g, 0, 10_000, 100_000)
	wide := at.Unsqueeze(1).Expand(100_000, 64).Contiguous()
	columns := tensor.RandInt(g, 0, 64, 100_000)
	images := tensor.Randn(g, 8, 16, 56, 56)
	cfg := tensor.FoldConfig{Kernel: [2]int{3, 3}, Padding: [2]int{1, 1}}
	unfolded := tensor.Unfold(images, cfg)
	points := tensor.Randn(g, 1000, 64)
	for _, o := range []struct {
		name string
		f    func()
	}{
		{"IndexSelect", func() { x.IndexSelect(0, at) }},
		{"IndexPairs", func() { x.Index(at, columns) }},
		{"Gather", func() { x.Gather(0, wide) }},
		{"ScatterAdd", func() { x.ScatterAdd(0, wide, src) }},
		{"ScatterAmax", func() { x.ScatterReduce(0, wide, src, tensor.ReduceAmax, true) }},
		{"IndexAdd", func() { x.IndexAdd(0, at, src) }},
		{"Unfold", func() { tensor.Unfold(images, cfg) }},
		{"Fold", func() { tensor.Fold(unfolded, 56, 56, cfg) }},
		{"Cdist1", func() { tensor.Cdist(points, points, 1) }},
		{"Cdist2", func() { tensor.Cdist(points, points, 2) }},
	} {
		b.Run(o.name, func(b *testing.B) {
			for b.Loop() {
				o.f()
			}
		})
	}
}

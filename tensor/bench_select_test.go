package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func BenchmarkSelect(b *testing.B) {
	g := random.New(1)
	long, wide := tensor.Randn(g, 1_000_000), tensor.Randn(g, 1000, 1000)
	double, ints := tensor.With(tensor.Float64).Randn(g, 1_000_000), tensor.RandInt(g, 0, 1000, 1_000_000)
	many := tensor.Randn(g, 100_000, 10)
	logits := tensor.Randn(g, 64, 50_000)
	sorted, _ := tensor.Randn(g, 10_000).Sort(0, false)
	some, rows := ints.Narrow(0, 0, 1000), tensor.RandInt(g, 0, 30, 100_000, 3)
	mask := long.GtScalar(0)
	for _, v := range []struct {
		name string
		f    func()
	}{
		{"sort 1e6", func() { long.Sort(0, false) }},
		{"sort 1e6 float64", func() { double.Sort(0, false) }},
		{"sort 1e6 int64 below 1000", func() { ints.Sort(0, false) }},
		{"sort 1000x1000", func() { wide.Sort(1, false) }},
		{"sort 1000x1000 columns", func() { wide.Sort(0, false) }},
		{"sort 100000x10", func() { many.Sort(1, false) }},
		{"topk 50 of 64x50000", func() { logits.TopK(50, 1, true) }},
		{"topk 5 of 1000x1000", func() { wide.TopK(5, 1, true) }},
		{"topk 100000 of 1e6", func() { long.TopK(100_000, 0, true) }},
		{"kthvalue 1e6", func() { long.Kthvalue(500_000, 0) }},
		{"median 1000x1000", func() { wide.Median(1) }},
		{"searchsorted 1e6 in 1e4", func() { tensor.SearchSorted(sorted, long, tensor.SearchSortedConfig{}) }},
		{"isin 1e6 in 1000", func() { ints.Isin(some) }},
		{"unique 1e6", func() { long.Unique() }},
		{"unique 1e6 int64 below 1000", func() { ints.Unique() }},
		{"unique 100000 rows of 3", func() { rows.UniqueAlong(0) }},
		{"nonzero 1e6", func() { mask.NonZero() }},
		{"masked_select 1e6", func() { long.MaskedSelect(mask) }},
		{"bincount 1e6", func() { ints.Bincount(nil, 0) }},
		{"histc 1e6", func() { long.HistC(100, 0, 0) }},
		{"histogram 1e6", func() { long.Histogram(100, tensor.HistogramConfig{}) }},
		{"quantile 1e6", func() { long.Quantile([]float64{0.3}, 0, tensor.QuantileLinear) }},
		{"quantile 1000x1000", func() { wide.Quantile([]float64{0.1, 0.5}, 1, tensor.QuantileLinear) }},
	} {
		b.Run(v.name, func(b *testing.B) {
			for range 5 { // the pool gets its pages
				v.f()
			}
			for b.Loop() {
				v.f()
			}
		})
	}
}

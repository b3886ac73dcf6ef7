package cpu

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/internal/parallel"
)

// BenchmarkGemm reports the rate of products (m, k) x (k, n), row-major, on one worker. Compare with BenchmarkPeak.
func BenchmarkGemm(b *testing.B) {
	for _, s := range [][3]int{{64, 64, 64}, {128, 128, 128}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048},
		{64, 256, 784}, {128, 2048, 512}} {
		benchGemm[float32](b, "F32", shape(s[0], s[1], s[2], false, false), 1)
	}
}

// BenchmarkGemmKinds is one size in every transposition, type and number of workers.
func BenchmarkGemmKinds(b *testing.B) {
	for _, n := range []int{64, 512} {
		eachTranspose(func(ta, tb bool) {
			benchGemm[float32](b, fmt.Sprintf("F32/ta=%v/tb=%v", ta, tb), shape(n, n, n, ta, tb), 1)
		})
		benchGemm[float64](b, "F64", shape(n, n, n, false, false), 1)
		benchGemm[float32](b, "F32/workers=2", shape(n, n, n, false, false), 2)
	}
}

// BenchmarkGemmVector is products with few rows or columns, bounded by memory from the larger ones on.
func BenchmarkGemmVector(b *testing.B) {
	for _, s := range [][3]int{{4, 4, 4}, {1, 64, 64}, {64, 1, 64}, {1, 1024, 1024}, {1024, 1, 1024}, {4, 1024, 1024}, {32, 10, 64}} {
		eachTranspose(func(ta, tb bool) {
			benchGemm[float32](b, fmt.Sprintf("F32/ta=%v/tb=%v", ta, tb), shape(s[0], s[1], s[2], ta, tb), 1)
		})
	}
}

func benchGemm[T Float](b *testing.B, name string, g gemmCase, workers int) {
	defer Use(Current())
	defer parallel.SetWorkers(0)
	parallel.SetWorkers(workers)
	x, y, c := make([]T, reach(g.m, g.ars, g.k, g.acs)), make([]T, reach(g.k, g.brs, g.n, g.bcs)), make([]T, g.m*g.n)
	for i := range x {
		x[i] = T(i % 7)
	}
	for i := range y {
		y[i] = T(i % 5)
	}
	flops := 2 * g.m * g.n * g.k
	for _, im := range Impls() {
		if im == implGo && flops > 1<<28 {
			continue
		}
		Use(im.String())
		b.Run(fmt.Sprintf("%s/%s/%dx%dx%d", im, name, g.m, g.n, g.k), func(b *testing.B) {
			for b.Loop() {
				call(g, x, y, c, Epilogue[T]{})
			}
			b.ReportMetric(float64(flops)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}

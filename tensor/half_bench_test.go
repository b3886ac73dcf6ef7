package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkMatMulHalves is of products x wᵀ (m, k) (n, k) and x w.
func BenchmarkMatMulHalves(b *testing.B) {
	g := random.New(1)
	for _, s := range [][3]int{{1024, 1024, 1024}, {64, 2048, 512}, {64, 4096, 4096}, {1, 4096, 4096}} {
		for _, d := range []tensor.DType{tensor.Float32, tensor.BFloat16, tensor.Float16} {
			x, w, v := tensor.Randn(g, s[0], s[2]).To(d), tensor.Randn(g, s[1], s[2]).To(d), tensor.Randn(g, s[2], s[1]).To(d)
			run := func(name string, f func()) {
				b.Run(fmt.Sprintf("%s/%v/%v", name, s, d), func(b *testing.B) {
					for b.Loop() {
						tensor.WithScope(func(*tensor.Scope) { f() })
					}
					b.ReportMetric(2*float64(s[0]*s[1]*s[2])*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
			run("linear", func() { tensor.Linear(x, w, nil) })
			run("matmul", func() { x.MatMul(v) })
		}
	}
}

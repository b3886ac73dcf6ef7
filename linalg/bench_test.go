package linalg_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/linalg"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkLinalg is to be compared with numpy.linalg on as many cores, in float64.
func BenchmarkLinalg(b *testing.B) {
	for _, shape := range [][]int{{512, 512}, {1000, 4, 4}} {
		a := f64.Randn(random.New(1), shape...)
		spd := positive(a)
		bench := func(name string, f func() error) {
			b.Run(fmt.Sprintf("%s/%v", name, shape), func(b *testing.B) {
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		for _, name := range []string{"solve", "inv", "qr", "svdvals", "svd", "eig"} {
			bench(name, func() error { return calls[name](a) })
		}
		for _, name := range []string{"cholesky", "eigh", "eigvalsh"} {
			bench(name, func() error { return calls[name](spd) })
		}
		bench("expm", func() error { _, err := linalg.Expm(a.MulScalar(1.0 / 64)); return err })
	}
	a, x := f64.Randn(random.New(1), 4, 4), tensor.With(tensor.Float64).Ones(4, 1)
	b.Run("solve/one 4x4", func(b *testing.B) {
		for b.Loop() {
			_, _ = linalg.Solve(a, x)
		}
	})
}

package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkApply is the cost of dispatch: adding two tensors of 4 elements, with and without recording, and what a
// backward pass adds for each op.
func BenchmarkApply(b *testing.B) {
	x, y := tensor.Of([]float32{1, 2, 3, 4}), tensor.Of([]float32{1, 2, 3, 4})
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x.Add(y)
		}
	})
	b.Run("recorded", func(b *testing.B) {
		b.ReportAllocs()
		p := x.RequireGrad()
		for b.Loop() {
			p.Add(y)
		}
	})
	b.Run("recorded in scope", func(b *testing.B) {
		b.ReportAllocs()
		p := x.RequireGrad()
		for n := b.N; n > 0; n -= 1000 {
			tensor.WithScope(func(s *tensor.Scope) {
				y := s.Enter(y)
				for range min(n, 1000) {
					p.Add(y)
				}
			})
		}
	})
	b.Run("forward and backward", func(b *testing.B) { // an op is one of 1000 in a chain
		b.ReportAllocs()
		p := x.RequireGrad()
		for n := b.N; n > 0; n -= 1000 {
			t := p
			for range min(n, 1000) {
				t = t.Add(y)
			}
			t.BackwardWith(tensor.BackwardConfig{Grad: y})
			p.ZeroGrad()
		}
	})
}

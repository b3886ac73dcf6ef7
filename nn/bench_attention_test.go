package nn_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/hadal-go/hadal/internal/mem"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// plainAttention is attention with its scores as a tensor.
func plainAttention(q, k, v *tensor.Tensor, causal bool) *tensor.Tensor {
	s := q.MatMul(k.Transpose(2, 3)).MulScalar(1 / math.Sqrt(float64(q.Dim(3))))
	if causal {
		s = s.MaskedFill(tensor.Ones(q.Dim(2), k.Dim(2)).Triu(1).To(tensor.Bool), math.Inf(-1))
	}
	return s.Softmax(3).MatMul(v)
}

func fusedAttention(q, k, v *tensor.Tensor, causal bool) *tensor.Tensor {
	return nn.ScaledDotProductAttention(q, k, v, nn.AttentionConfig{Causal: causal})
}

// BenchmarkAttention is one sample of 8 heads of 64: the result alone and with its gradients, fused and not;
// testdata/bench_attention.py times PyTorch on the same. peak-B is the most memory that one call and its gradients took.
func BenchmarkAttention(b *testing.B) {
	g := random.New(1)
	for _, n := range []int{128, 256, 1024, 4096} {
		x := []*tensor.Tensor{tensor.Randn(g, 1, 8, n, 64), tensor.Randn(g, 1, 8, n, 64), tensor.Randn(g, 1, 8, n, 64)}
		dy := tensor.Randn(g, 1, 8, n, 64)
		for _, f := range []struct {
			name string
			f    func(q, k, v *tensor.Tensor, causal bool) *tensor.Tensor
		}{{"fused", fusedAttention}, {"plain", plainAttention}} {
			for _, causal := range []bool{false, true} {
				name := fmt.Sprintf("%d/%s/causal=%v/", n, f.name, causal)
				b.Run(name+"forward", func(b *testing.B) {
					for b.Loop() {
						tensor.WithScope(func(s *tensor.Scope) {
							f.f(s.Enter(x[0]), s.Enter(x[1]), s.Enter(x[2]), causal)
						})
					}
				})
				b.Run(name+"backward", func(b *testing.B) {
					peak := attentionPeak(f.f, x, dy, causal)
					for b.Loop() {
						attentionStep(f.f, x, dy, causal)
					}
					b.ReportMetric(float64(peak), "peak-B")
				})
			}
		}
	}
}

// attentionStep computes attention and its gradients.
func attentionStep(f func(q, k, v *tensor.Tensor, causal bool) *tensor.Tensor, x []*tensor.Tensor, dy *tensor.Tensor, causal bool) {
	tensor.WithScope(func(s *tensor.Scope) {
		q, k, v := s.Enter(x[0]).RequireGrad(), s.Enter(x[1]).RequireGrad(), s.Enter(x[2]).RequireGrad()
		tensor.Gradients([]*tensor.Tensor{f(q, k, v, causal)}, []*tensor.Tensor{dy}, []*tensor.Tensor{q, k, v}, false, false)
	})
}

// attentionPeak returns how many bytes attentionStep takes at once, its results included.
func attentionPeak(f func(q, k, v *tensor.Tensor, causal bool) *tensor.Tensor, x []*tensor.Tensor, dy *tensor.Tensor, causal bool) uint64 {
	runtime.GC()
	runtime.GC()
	mem.ResetPeak()
	before := mem.ReadStats().InUse
	attentionStep(f, x, dy, causal)
	return mem.ReadStats().Peak - before
}

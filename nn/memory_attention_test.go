package nn_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The memory of attention and its gradients grows with N, not with N²: under a tenth of that of the form with (N, N) scores,
// and no more than what its own tensors take.
func TestAttentionMemory(t *testing.T) {
	const n, d = 1024, 64
	g := random.New(1)
	x := []*tensor.Tensor{tensor.Randn(g, 1, 1, n, d), tensor.Randn(g, 1, 1, n, d), tensor.Randn(g, 1, 1, n, d)}
	dy := tensor.Randn(g, 1, 1, n, d)
	fused, plain := attentionPeak(fusedAttention, x, dy, true), attentionPeak(plainAttention, x, dy, true)
	t.Logf("N = %d, one head of %d: %d bytes, with (N, N) scores %d", n, d, fused, plain)
	if fused*10 > plain {
		t.Errorf("%d bytes are more than a tenth of %d", fused, plain)
	}
	// y, dq, dk and dv, what tasks sum dq in, logsumexp and Δ, and a quarter for rounding up to sizes of blocks.
	if most := uint64(n * (4*(4+3)*d + 2*8) * 5 / 4); fused > most {
		t.Errorf("%d bytes are more than the %d of its tensors", fused, most)
	}
}

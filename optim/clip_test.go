package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

func TestClipNotFinite(t *testing.T) {
	for _, norm := range []float64{2, math.Inf(1)} {
		for _, bad := range []float64{math.Inf(1), math.NaN()} {
			p := start(tensor.Float32)[:1]
			p[0].SetGrad(tensor.Ones(3, 5).MulScalar(bad))
			n := optim.ClipGradNorm(p, 1, norm)
			if err := optim.FiniteNorm(n); err == nil || !strings.Contains(err.Error(), "norm is") {
				t.Errorf("gradients of %v: norm %v, error %v", bad, n, err)
			}
		}
	}
}

func TestClipWithoutGradients(t *testing.T) {
	for _, norm := range []float64{1, 2, math.Inf(1)} {
		p := append(start(tensor.Float32), tensor.NewParam(tensor.Zeros(0, 3)))
		p[3].SetGrad(tensor.Zeros(0, 3))
		n := optim.ClipGradNorm(p, 1, norm)
		if n != 0 || optim.FiniteNorm(n) != nil {
			t.Errorf("without gradients the %v-norm is %v", norm, n)
		}
		optim.ClipGradValue(p, 1)
		if p[0].Grad() != nil {
			t.Error("clipping made a gradient")
		}
	}
}

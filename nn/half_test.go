package nn_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// In bfloat16 a network learns as it does in float32.
func TestMixedPrecisionTrains(t *testing.T) {
	train := func(half bool) (first, last float64) {
		g := random.New(5)
		net := NewLeNet(g)
		var model nn.Layer = net
		if half {
			model = &nn.MixedPrecision{Layer: net, Compute: tensor.BFloat16}
		}
		opt := optim.NewAdam(nn.Params(net), optim.AdamConfig{LR: 2e-3})
		x, y := tensor.Randn(g, 16, 1, 28, 28), tensor.RandInt(g, 0, 10, 16)
		for k := range 12 {
			tensor.WithScope(func(s *tensor.Scope) {
				loss := losses.CrossEntropy(model.Forward(s.Enter(x)), y)
				opt.ZeroGrad()
				loss.Backward()
				opt.Step()
				if last = loss.Item(); k == 0 {
					first = last
				}
			})
		}
		return first, last
	}
	first, last := train(false)
	halfFirst, halfLast := train(true)
	if d := math.Abs(halfFirst - first); d > 0.01*first {
		t.Errorf("the loss begins at %v, in float32 at %v", halfFirst, first)
	}
	if drop, halfDrop := first-last, halfFirst-halfLast; drop < 0.5 || math.Abs(halfDrop-drop) > 0.1*drop {
		t.Errorf("the loss falls by %v, in float32 by %v", halfDrop, drop)
	}
}

// sameRounded checks that y, of dtype bfloat16, is want within the rounding of one result.
func sameRounded(t *testing.T, what string, y, want *tensor.Tensor) {
	t.Helper()
	a, b := y.Detach().Floats(), want.Detach().Floats()
	for i := range b {
		if !(math.Abs(a[i]-b[i]) <= 0x1p-8*math.Abs(b[i])+1e-3) {
			t.Errorf("%s: element %d is %v, in float32 %v", what, i, a[i], b[i])
			return
		}
	}
}

// A mean far from 0 is where statistics rounded to bfloat16 would show.
func TestBatchNormInHalf(t *testing.T) {
	x := tensor.Randn(random.New(1), 64, 3).AddScalar(50.3).To(tensor.BFloat16)
	wide := x.To(tensor.Float32)
	for name, cfg := range map[string]nn.BatchNormConfig{"alone": {}, "synchronised": {}} {
		run := func(half bool, group nn.AllReducer) (y *tensor.Tensor, l *nn.BatchNorm) {
			cfg.Sync = group
			l = nn.NewBatchNorm1d(3, cfg)
			for range 3 {
				if half {
					y = nn.Cast(l, tensor.BFloat16).Forward(x)
				} else {
					y = l.Forward(wide)
				}
			}
			return y, l
		}
		check := func(_ int, group nn.AllReducer) {
			if name == "alone" {
				group = nil
			}
			want, ref := run(false, group)
			y, l := run(true, group)
			if y.DType() != tensor.BFloat16 {
				t.Errorf("%s: the result is %v", name, y.DType())
			}
			sameRounded(t, name+": result", y, want)
			for i, m := range l.RunningMean.Floats() {
				if w := ref.RunningMean.Floats()[i]; math.Abs(m-w) > 1e-4*w {
					t.Errorf("%s: running mean %v, in float32 %v", name, m, w)
				}
				if v, w := l.RunningVar.Floats()[i], ref.RunningVar.Floats()[i]; math.Abs(v-w) > 1e-4*w {
					t.Errorf("%s: running variance %v, in float32 %v", name, v, w)
				}
			}
			l.RunningMean.CopyFrom(tensor.Full(50.3, 3))
			ref.RunningMean.CopyFrom(tensor.Full(50.3, 3))
			sameRounded(t, name+": inference", nn.Eval(nn.Cast(l, tensor.BFloat16)).Forward(x), nn.Eval(ref).Forward(wide))
		}
		nn.Replicate(1, check)
	}
}

func TestCastOfReparametrized(t *testing.T) {
	g := random.New(3)
	x := tensor.Randn(g, 4, 6)
	for name, l := range map[string]nn.Layer{
		"weight norm":   nn.NewWeightNorm(nn.NewLinear(g, 6, 5, nn.LinearConfig{}), 0),
		"spectral norm": nn.NewSpectralNorm(g, nn.NewLinear(g, 6, 5, nn.LinearConfig{}), nn.SpectralNormConfig{}),
		"parametrized":  nn.NewParametrized(nn.NewLinear(g, 6, 5, nn.LinearConfig{}), (*tensor.Tensor).Tanh),
	} {
		half := &nn.MixedPrecision{Layer: l, Compute: tensor.BFloat16}
		y, z := nn.Eval(l).Forward(x), half.Forward(x)
		if d := y.Sub(z).Detach().Abs().Max().Item(); d > 0.05*y.Abs().Max().Item() {
			t.Errorf("%s: in bfloat16 off by %v", name, d)
		}
		z.Sum().Backward()
		for _, p := range nn.NamedParams(l) {
			if p.Grad() == nil || p.Grad().DType() != tensor.Float32 {
				t.Errorf("%s: %s has the gradient %v", name, p.Name, p.Grad())
			}
		}
	}
}

func TestSpectralNormNegativeDim(t *testing.T) {
	x := tensor.Randn(random.New(2), 3, 6)
	run := func(dim int) *tensor.Tensor {
		g := random.New(1)
		return nn.NewSpectralNorm(g, nn.NewLinear(g, 6, 5, nn.LinearConfig{}), nn.SpectralNormConfig{Dim: dim}).Forward(x)
	}
	sameRounded(t, "dimension -2", run(-2), run(0))
	wantError(t, "dim", func() { run(2) })
}

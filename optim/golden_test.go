package optim_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// golden is what testdata/make_golden.py wrote with PyTorch.
type golden struct {
	Optimizers map[string]map[string][][][]float64 // name, dtype: after each step shown, each parameter
	Schedules  map[string][]float64
	Plateaus   []struct {
		Values        []float64
		Patience      int
		Factor, Least float64
		Maximize      bool
		LR            []float64
	}
	Clips map[string]struct {
		Norm  *float64
		Grads [][]float64
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// start returns the golden runs' two parameters.
func start(d tensor.DType) []*tensor.Param {
	a, b := make([]float64, 15), make([]float64, 4)
	for i := range a {
		a[i] = 0.2*float64(i) - 1
	}
	for i := range b {
		b[i] = 0.5 - 0.3*float64(i)
	}
	return []*tensor.Param{tensor.NewParam(tensor.Of(a, 3, 5).To(d)), tensor.NewParam(tensor.Of(b, 4).To(d))}
}

// gradient is 0.3 p + sin(2 p + 0.1 t + i), computed in float64.
func gradient(p *tensor.Param, t int) *tensor.Tensor {
	x := values(p)
	for i, v := range x {
		x[i] = 0.3*v + math.Sin(2*v+0.1*float64(t)+float64(i))
	}
	return tensor.Of(x, p.Shape().Dims()...).To(p.DType())
}

func values(p *tensor.Param) []float64 {
	return append([]float64(nil), tensor.Data[float64](p.Detach().To(tensor.Float64))...)
}

// steps takes n golden steps from step number from on.
func steps(opt optim.Optimizer, from, n int) {
	for t := from; t < from+n; t++ {
		grads := make([]*tensor.Tensor, 2)
		for k, p := range opt.Params() {
			if k == 0 || t%3 != 0 {
				grads[k] = gradient(p, t)
			}
		}
		opt.StepWith(grads)
	}
}

func ptr(v float64) *float64 { return &v }

func groups(p []*tensor.Param) []optim.Group {
	return []optim.Group{{Params: p[:1], LR: 0.1}, {Params: p[1:], LR: 0.01, WeightDecay: 0.2}}
}

var makers = map[string]func(p []*tensor.Param) optim.Optimizer{
	"sgd": func(p []*tensor.Param) optim.Optimizer { return optim.NewSGD(p, optim.SGDConfig{LR: 0.1}) },
	"sgd decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, WeightDecay: 0.05})
	},
	"sgd momentum": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9})
	},
	"sgd dampening": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.01})
	},
	"sgd nesterov": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.05, Momentum: 0.9, Nesterov: true, WeightDecay: 0.01})
	},
	"sgd maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.02, Momentum: 0.5, Maximize: true, WeightDecay: 0.1})
	},
	"sgd groups": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGDGroups(groups(p), optim.SGDConfig{Momentum: 0.9})
	},
	"sgd cosine": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDConfig{LR: 0.1, Momentum: 0.9})
	},
	"adam": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{}) },
	"adam betas": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.03, Beta1: ptr(0.8), Beta2: ptr(0.95), Eps: ptr(1e-3)})
	},
	"adam decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.03, WeightDecay: 0.1})
	},
	"adam amsgrad": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.1, AMSGrad: true})
	},
	"adam maximize": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamConfig{LR: 0.01, Maximize: true, WeightDecay: 0.1})
	},
	"adam groups": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamGroups(groups(p), optim.AdamConfig{}) },
	"adam step":   func(p []*tensor.Param) optim.Optimizer { return optim.NewAdam(p, optim.AdamConfig{LR: 0.1}) },
	"adamw":       func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamW(p, optim.AdamWConfig{}) },
	"adamw decay": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.05, WeightDecay: ptr(0.3)})
	},
	"adamw amsgrad": func(p []*tensor.Param) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamWConfig{LR: 0.1, AMSGrad: true, WeightDecay: ptr(0.1)})
	},
	"adamw groups": func(p []*tensor.Param) optim.Optimizer { return optim.NewAdamWGroups(groups(p), optim.AdamWConfig{}) },
}

var scheduled = map[string]optim.Schedule{"sgd cosine": optim.Cosine(50, 0), "adam step": optim.StepDecay(10, 0.5)}

func TestGoldenSteps(t *testing.T) {
	shown := []int{1, 2, 10, 50}
	all := readGolden(t).Optimizers
	if len(all) != len(makers) {
		t.Errorf("%d optimizers in the golden file, %d here", len(all), len(makers))
	}
	for name, byType := range all {
		for dtype, tol := range map[tensor.DType]float64{tensor.Float64: 1e-13, tensor.Float32: 4e-6} {
			opt := makers[name](start(dtype))
			var s *optim.Scheduler
			if f := scheduled[name]; f != nil {
				s = optim.NewScheduler(opt, f)
			}
			k := 0
			for step := 1; step <= 50; step++ {
				steps(opt, step, 1)
				if s != nil {
					s.Step()
				}
				if step != shown[k] {
					continue
				}
				for i, want := range byType[dtype.String()][k] {
					for j, got := range values(opt.Params()[i]) {
						if !(math.Abs(got-want[j]) <= tol*max(1, math.Abs(want[j]))) {
							t.Fatalf("%s %v: after step %d element %d of parameter %d is %v, PyTorch's %v", name, dtype, step, j, i, got, want[j])
						}
					}
				}
				k++
			}
		}
	}
}

func TestGoldenSchedules(t *testing.T) {
	schedules := map[string]optim.Schedule{
		"step": optim.StepDecay(7, 0.3), "multistep": optim.MultiStep(0.5, 3, 10, 11), "exponential": optim.Exponential(0.9),
		"cosine": optim.Cosine(39, 0.1), "restarts": optim.CosineRestarts(5, 2, 0.1), "linear": optim.Linear(0.25, 1, 10),
		"polynomial": optim.Polynomial(30, 2), "onecycle": optim.OneCycle(41, 0.3, 25, 1e4),
		"sequential": optim.Chain(optim.Part{Steps: 8, Schedule: optim.Linear(0.1, 1, 8)}, optim.Part{Schedule: optim.Cosine(32, 0)}),
	}
	want := readGolden(t).Schedules
	if len(want) != len(schedules) {
		t.Errorf("%d schedules in the golden file, %d here", len(want), len(schedules))
	}
	for name, w := range want {
		for step, f := range w {
			if got := schedules[name](step); math.Abs(got-f) > 1e-12 {
				t.Errorf("%s: the factor of step %d is %v, PyTorch's %v", name, step, got, f)
			}
		}
	}
}

func TestGoldenPlateau(t *testing.T) {
	for _, c := range readGolden(t).Plateaus {
		opt := optim.NewSGD(start(tensor.Float32), optim.SGDConfig{LR: 0.5})
		p := &optim.Plateau{Factor: c.Factor, Patience: c.Patience, Least: c.Least, Maximize: c.Maximize}
		for i, v := range c.Values {
			p.Step(opt, v)
			if got := opt.Groups()[0].LR; math.Abs(got-c.LR[i]) > 1e-9 {
				t.Errorf("patience %d, factor %v: after value %d (%v) the rate is %v, PyTorch's %v", c.Patience, c.Factor, i, v, got, c.LR[i])
			}
		}
	}
}

func TestGoldenClip(t *testing.T) {
	clips := map[string]func(p []*tensor.Param) float64{
		"norm 2":       func(p []*tensor.Param) float64 { return optim.ClipGradNorm(p, 1.5, 2) },
		"norm 2 large": func(p []*tensor.Param) float64 { return optim.ClipGradNorm(p, 1000, 2) },
		"norm inf":     func(p []*tensor.Param) float64 { return optim.ClipGradNorm(p, 0.7, math.Inf(1)) },
		"value":        func(p []*tensor.Param) float64 { optim.ClipGradValue(p, 0.4); return 0 },
	}
	for name, want := range readGolden(t).Clips {
		params := start(tensor.Float64)
		for _, p := range params {
			p.SetGrad(gradient(p, 1).MulScalar(3))
		}
		norm := clips[name](params)
		if want.Norm != nil && math.Abs(norm-*want.Norm) > 1e-12 {
			t.Errorf("%s: the norm is %v, PyTorch's %v", name, norm, *want.Norm)
		}
		for i, p := range params {
			for j, g := range tensor.Data[float64](p.Grad()) {
				if math.Abs(g-want.Grads[i][j]) > 1e-13 {
					t.Errorf("%s: gradient %d of parameter %d is %v, PyTorch's %v", name, j, i, g, want.Grads[i][j])
				}
			}
		}
	}
}

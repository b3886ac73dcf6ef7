package optim_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// golden is what testdata/make_golden.py wrote with PyTorch.
type golden struct {
	Optimizers map[string]map[string][][][]float64 // name, dtype: after each step shown, each parameter
	Schedules  map[string][]float64
	Plateaus   []struct {
		Values  []float64
		Options struct {
			Mode      string
			Factor    float64
			Patience  *int
			Threshold *float64
			Cooldown  int
			MinLR     float64 `json:"min_lr"`
		}
		LR []float64
	}
	Clips map[string]map[string]struct {
		Norm  *number
		Grads [][]number
	}
}

// number may be a string such as "inf".
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden.json", &g)
	return g
}

// papers is what testdata/make_golden_papers.py wrote with numpy.
type papers struct {
	Optimizers map[string][][][]float64
	Switched   [2]float64 // the step at which "swats early" goes over to SGD, and its rate
}

func readPapers(t *testing.T) (g papers) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden_papers.json", &g)
	return g
}

// start returns the golden runs' parameters.
func start(d tensor.DType) []*tensor.Param {
	a, b := make([]float64, 15), make([]float64, 7)
	for i := range a {
		a[i] = 0.2*float64(i) - 1
	}
	for i := range b {
		b[i] = 0.5 - 0.3*float64(i)
	}
	return []*tensor.Param{tensor.NewParam(tensor.Of(a, 3, 5).To(d)), tensor.NewParam(tensor.Of(b, 7).To(d)), tensor.NewParam(tensor.Of([]float64{0.7}).To(d))}
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
		grads := make([]*tensor.Tensor, 3)
		for k, p := range opt.Params() {
			if k == 0 || k == 1 && t%3 != 0 || k == 2 && t >= 5 {
				grads[k] = gradient(p, t)
			}
		}
		opt.StepWith(grads)
	}
}

func groups(p []*tensor.Param) []optim.Group {
	return []optim.Group{{Params: p[:1], LR: 0.1}, {Params: p[1:2], WeightDecay: new(0.2)}, {Params: p[2:], LR: 0.03, WeightDecay: new(0.0)}}
}

func TestGoldenSteps(t *testing.T) {
	shown := []int{1, 2, 10, 50}
	all := readGolden(t).Optimizers
	papers := readPapers(t)
	for name, values := range papers.Optimizers {
		all[name] = map[string][][][]float64{"float64": values}
	}
	for name := range makers {
		if all[name] == nil {
			t.Errorf("%s is not in the golden files", name)
		}
	}
	for name, byType := range all {
		for dtype, tol := range map[tensor.DType]float64{tensor.Float64: 5e-14, tensor.Float32: 1e-6} {
			if byType[dtype.String()] == nil {
				continue // numpy's are float64
			}
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
							t.Errorf("%s %v: after step %d element %d of parameter %d is %v, not %v", name, dtype, step, j, i, got, want[j])
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
		"polynomial": optim.Polynomial(30, 2), "polynomial 1": optim.Polynomial(17, 1), "restarts 1": optim.CosineRestarts(7, 1, 0),
		"onecycle": optim.OneCycle(41, 0.3, 25, 1e4), "onecycle short": optim.OneCycle(40, 0.05, 10, 100), "onecycle falling": optim.OneCycle(40, 0, 25, 1e4),
		"cyclic": optim.Cyclic(7, 4, 0.1), "cyclic even": optim.Cyclic(5, 5, 0),
		"sequential": optim.Sequential(optim.Part{Steps: 8, Schedule: optim.Linear(0.1, 1, 8)}, optim.Part{Schedule: optim.Cosine(32, 0)}),
	}
	want := readGolden(t).Schedules
	if len(want) != len(schedules) {
		t.Errorf("%d schedules in the golden file, %d here", len(want), len(schedules))
	}
	for name, w := range want {
		for step, f := range w {
			if got := schedules[name](step); !(math.Abs(got-f) <= 1e-12) {
				t.Errorf("%s: the factor of step %d is %v, PyTorch's %v", name, step, got, f)
			}
		}
	}
}

func TestGoldenPlateau(t *testing.T) {
	for _, c := range readGolden(t).Plateaus {
		opt := optim.NewSGD(start(tensor.Float32), optim.SGDConfig{LR: 0.5})
		o := c.Options
		p := &optim.Plateau{Factor: o.Factor, Patience: o.Patience, Threshold: o.Threshold, Cooldown: o.Cooldown, Least: o.MinLR, Maximize: o.Mode == "max"}
		for i, v := range c.Values {
			p.Step(opt, v)
			if got := opt.Groups()[0].LR; !(math.Abs(got-c.LR[i]) <= 1e-15) {
				t.Errorf("%+v: after value %d (%v) the rate is %v, PyTorch's %v", o, i, v, got, c.LR[i])
			}
		}
	}
}

func TestGoldenClip(t *testing.T) {
	norm := func(limit, p float64) func([]*tensor.Param) float64 {
		return func(params []*tensor.Param) float64 { return optim.ClipGradNorm(params, limit, p) }
	}
	clips := map[string]func(p []*tensor.Param) float64{
		"norm 2": norm(1.5, 2), "norm 2 large": norm(1000, 2), "norm 1": norm(3, 1), "norm 3": norm(0.5, 3), "norm inf": norm(0.7, math.Inf(1)),
		"value": func(p []*tensor.Param) float64 { optim.ClipGradValue(p, 0.4); return 0 },
	}
	all := readGolden(t).Clips
	if len(all) != len(clips) {
		t.Errorf("%d clippings in the golden file, %d here", len(all), len(clips))
	}
	for name, cases := range all {
		for kind, want := range cases {
			dtype, tol := tensor.Float64, 1e-13
			if kind == "float32" {
				dtype, tol = tensor.Float32, 1e-6
			}
			near := func(got, want float64) bool {
				return got == want || got != got && want != want || math.Abs(got-want) <= tol*max(1, math.Abs(want))
			}
			params := start(dtype)
			for _, p := range params[:2] {
				p.SetGrad(gradient(p, 1).MulScalar(3))
			}
			if kind == "inf" || kind == "nan" {
				g := tensor.Data[float64](params[0].Grad())
				g[7] = map[string]float64{"inf": math.Inf(-1), "nan": math.NaN()}[kind]
				params[0].SetGrad(tensor.Of(g, 3, 5))
			}
			before := [][]float64{params[0].Grad().Floats(), params[1].Grad().Floats()}
			norm := clips[name](params)
			if want.Norm != nil && !near(norm, float64(*want.Norm)) {
				t.Errorf("%s, %s: the norm is %v, PyTorch's %v", name, kind, norm, *want.Norm)
			}
			for i, p := range params[:2] {
				for j, g := range p.Grad().Floats() {
					w := float64(want.Grads[i][j])
					if want.Norm != nil && optim.FiniteNorm(norm) != nil {
						w = before[i][j] // unlike PyTorch's, as documented
					}
					if !near(g, w) {
						t.Errorf("%s, %s: gradient %d of parameter %d is %v, not %v", name, kind, j, i, g, w)
					}
				}
			}
			if params[2].Grad() != nil {
				t.Errorf("%s: a parameter without a gradient has one", name)
			}
		}
	}
}

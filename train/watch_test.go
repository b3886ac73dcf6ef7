package train

import (
	"context"
	"fmt"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Every number of a distribution against its definition, over several chunks, with what is not finite left out.
func TestDistribution(t *testing.T) {
	g := random.New(1)
	for _, c := range []struct {
		name string
		n    int
		at   func(i int) float64
	}{
		{"normal", 200_001, func(int) float64 { return g.NormFloat64() }},
		{"half zeros", 70_000, func(int) float64 { return max(0, g.NormFloat64()) }},
		{"far from 0", 1000, func(int) float64 { return 1e9 + g.NormFloat64() }},
		{"not finite", 999, func(i int) float64 {
			return []float64{math.NaN(), math.Inf(1), math.Inf(-1), -float64(i), float64(i)}[i%5]
		}},
		{"powers of two", 33, func(i int) float64 { return math.Ldexp(float64(1-i%2*2), i-16) }},
		{"one", 1, func(int) float64 { return -3 }},
		{"zeros", 5, func(int) float64 { return 0 }},
		{"none", 0, nil},
		{"nothing finite", 3, func(int) float64 { return math.NaN() }},
		{"beyond float32", 4, func(i int) float64 { return []float64{1e100, -1e100, 1e-100, 2}[i] }},
	} {
		x := make([]float64, c.n)
		for i := range x {
			x[i] = c.at(i)
		}
		d := tallied(tensor.Of(x, c.n), bounds{}).distribution()
		var finite []float64
		for _, v := range x {
			if v-v == 0 {
				finite = append(finite, v)
			}
		}
		n := float64(len(finite))
		if d.N != int64(n) || d.NonFinite != int64(c.n-len(finite)) || len(d.Counts) != max(0, len(d.Limits)-1) {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		if n == 0 {
			continue
		}
		mean, variance, zeros := 0., 0., 0.
		for _, v := range finite {
			mean += v / n
			if v == 0 || c.name == "beyond float32" && v == 1e-100 {
				zeros++
			}
		}
		for _, v := range finite {
			variance += (v - mean) * (v - mean) / n
		}
		near := func(what string, got, want, tolerance float64) {
			if !(math.Abs(got-want) <= tolerance) {
				t.Errorf("%s: %s %v, want %v", c.name, what, got, want)
			}
		}
		near("mean", d.Mean, mean, 1e-12*(1+max(math.Abs(d.Min), math.Abs(d.Max))))
		near("deviation", d.Std, math.Sqrt(variance), 1e-9*(math.Sqrt(variance)+1e-9*math.Abs(mean)))
		near("zeros", d.Zeros, zeros/n, 0)
		near("least", d.Min, slices.Min(finite), 0)
		near("greatest", d.Max, slices.Max(finite), 0)
		if !slices.IsSorted(d.Limits) || len(slices.Compact(slices.Clone(d.Limits))) != len(d.Limits) || len(d.Limits) > 68 {
			t.Errorf("%s: limits %v", c.name, d.Limits)
		}
		if c.name == "beyond float32" {
			continue // counted at float32's ends
		}
		var sum int64
		for i, k := range d.Counts {
			lo, hi := d.Limits[i], d.Limits[i+1]
			var want int64
			for _, v := range finite {
				f := float64(float32(v))
				switch { // a limit belongs to the bucket farther from 0
				case hi <= 0 && lo < f && f <= hi, lo >= 0 && lo <= f && f < hi, lo < 0 && hi > 0 && lo < f && f < hi:
					want++
				}
			}
			if k != want {
				t.Errorf("%s: bucket %v to %v has %d, want %d", c.name, lo, hi, k, want)
			}
			sum += k
		}
		if sum != d.N {
			t.Errorf("%s: the buckets hold %d of %d", c.name, sum, d.N)
		}
		// The same elements as float32, which networks have.
		f := tallied(tensor.Of(x, c.n).To(tensor.Float32), bounds{}).distribution()
		if c.name != "far from 0" && (f.N != d.N || !slices.Equal(f.Counts, d.Counts) || math.Abs(f.Std-d.Std) > 1e-6*d.Std) {
			t.Errorf("%s: float32 %+v, float64 %+v", c.name, f, d)
		}
	}
}

// step runs one watched step of f on x and returns the record.
func watchedStep(state *State, f func(s *tensor.Scope)) (r LayerRecord) {
	tensor.WithScope(func(s *tensor.Scope) {
		w := watch(s, state)
		f(s)
		r = w.record(1, 1, 2)
	})
	return r
}

// A record's numbers, worked out by hand: y = relu(x wᵀ + b), loss = sum y.
func TestLayerRecord(t *testing.T) {
	m := nn.NewLinear(random.New(1), 2, 3, nn.LinearConfig{})
	m.Weight.CopyFrom(tensor.Of([]float32{3, 0, 0, 4, 1, 1}, 3, 2))
	m.Bias.CopyFrom(tensor.Of([]float32{0, 0, -10}, 3))
	opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 0.1})
	x := tensor.Of([]float32{1, 2, -1, 2}, 2, 2) // outputs (3, 8, -7), (-3, 8, -9)
	r := watchedStep(new(State).Module("fc", m), func(s *tensor.Scope) {
		opt.ZeroGrad()
		m.Forward(s.Enter(x)).ReLU().Sum().Backward()
		opt.Step()
	})
	w, b := r.Params[0], r.Params[1]
	// Gradients: w (1, 2), (0, 4), (0, 0); b (1, 2, 0).
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"norm", w.Norm, math.Sqrt(27)}, {"gradient norm", w.GradientNorm, math.Sqrt(21)}, {"update", w.UpdateNorm, 0.1 * math.Sqrt(21)},
		{"ratio", w.UpdateRatio, 0.1 * math.Sqrt(21.0/27)}, {"bias' norm", b.Norm, 10}, {"bias' gradient", b.GradientNorm, math.Sqrt(5)},
		{"mean of gradients", w.Gradient.Mean, 7. / 6}, {"zeros of gradients", w.Gradient.Zeros, 0.5},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s %v, want %v", c.what, c.got, c.want)
		}
	}
	if w.Name != "weight" || b.Name != "bias" || len(r.Params) != 2 || w.Module != "fc" || !slices.Equal(w.Dims, []int{3, 2}) {
		t.Errorf("%+v", r.Params)
	}
	out, relu := r.Activations[0], r.Activations[1]
	if out.Name != "fc" || out.Op != "linear" || out.Units != 0 || out.Output.Mean != 0 || out.Output.Min != -9 || out.Output.Max != 8 {
		t.Errorf("%+v", out)
	}
	if relu.Name != "fc.relu" || relu.Units != 3 || relu.Dead != 1 || !slices.Equal(relu.DeadUnits, []byte{4}) || relu.Output.Zeros != 0.5 || relu.Output.N != 6 {
		t.Errorf("%+v", relu)
	}
	if len(r.Activations) != 2 {
		t.Errorf("%d activations", len(r.Activations))
	}
}

// A step may compute on several goroutines.
func TestWatchGoroutines(t *testing.T) {
	m := nn.NewLinear(random.New(1), 2, 3, nn.LinearConfig{})
	x := tensor.Ones(1, 2)
	r := watchedStep(new(State).Module("fc", m), func(s *tensor.Scope) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 500 {
					m.Forward(s.Enter(x)).ReLU()
				}
			})
		}
		wg.Wait()
	})
	if a := r.Activations; len(a) != 2 || a[0].Output.N != 6000 || a[1].Output.N != 6000 {
		t.Errorf("%+v", a)
	}
}

// Layers are found by the parameters that ops read, whatever ops a layer is made of.
func TestLayerNames(t *testing.T) {
	g := random.New(1)
	fc, out := nn.NewLinear(g, 4, 4, nn.LinearConfig{}), nn.NewLinear(g, 4, 2, nn.LinearConfig{NoBias: true})
	conv, norm := nn.NewConv2d(g, 1, 3, 3, nn.ConvConfig{}), nn.NewBatchNorm2d(3, nn.BatchNormConfig{})
	type model struct {
		FC, Out *nn.Linear
		Conv    *nn.Conv2d
		Norm    *nn.BatchNorm
	}
	m := &model{fc, out, conv, norm}
	x, picture := tensor.Ones(2, 4), tensor.Ones(2, 1, 5, 5)
	for _, c := range []struct {
		name, want string
		run        func(s *tensor.Scope)
	}{
		{"two layers", "fc linear 8, fc.tanh tanh 8, out matmul 4", func(s *tensor.Scope) { out.Forward(fc.Forward(s.Enter(x)).Tanh()).Sum().Backward() }},
		{"used twice", "fc linear 16, fc.relu relu 16", func(s *tensor.Scope) { fc.Forward(fc.Forward(s.Enter(x)).ReLU()).ReLU().Sum().Backward() }},
		{"product and sum", "fc add 8, fc.sigmoid sigmoid 8", func(s *tensor.Scope) {
			s.Enter(x).MatMul(fc.Weight.T()).Add(fc.Bias.Tensor).Sigmoid().Sum().Backward()
		}},
		{"convolution", "conv conv2d 54, norm batch_norm 54, norm.relu relu 54, out matmul 12", func(s *tensor.Scope) {
			y := norm.Forward(conv.Forward(s.Enter(picture))).ReLU().MaxPool2d(2).Flatten(1)
			out.Forward(tensor.Concat(1, y, y.Narrow(1, 0, 1)).Reshape(-1, 4).Narrow(0, 0, 2)).Sum().Backward()
			out.Forward(s.Enter(tensor.Ones(4, 4))).Sum().Backward()
		}},
		{"residual", "fc linear 8, fc.relu relu 8, out matmul 4", func(s *tensor.Scope) {
			in := s.Enter(x)
			out.Forward(in.Add(fc.Forward(in)).ReLU()).Sum().Backward()
		}},
		{"checkpoint", "fc linear 8, fc.relu relu 8", func(s *tensor.Scope) {
			autograd.Checkpoint(func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{fc.Forward(in[0]).ReLU()} }, s.Enter(x))[0].Sum().Backward()
		}},
		{"gradients of gradients", "fc linear 8, fc.tanh tanh 8", func(s *tensor.Scope) {
			in := s.Enter(x.RequireGrad())
			d := tensor.Gradients([]*tensor.Tensor{fc.Forward(in).Tanh().Sum()}, nil, []*tensor.Tensor{in}, true, true)
			d[0].Square().Sum().Backward()
		}},
		{"not in the scope", "", func(*tensor.Scope) { fc.Forward(x).ReLU().Sum().Backward() }},
	} {
		nn.ZeroGrad(m)
		r := watchedStep(new(State).Module("model", m), c.run)
		var got []string
		for _, a := range r.Activations {
			got = append(got, fmt.Sprint(a.Name, " ", a.Op, " ", a.Output.N))
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if r.Params[0].Name != "fc.weight" {
			t.Errorf("%s: %q", c.name, r.Params[0].Name)
		}
		if (r.Params[0].Gradient != nil) != (fc.Weight.Grad() != nil) {
			t.Errorf("%s: gradient %v", c.name, r.Params[0].Gradient)
		}
	}
}

// Watching changes nothing of what is trained, whatever is in the model and the step.
func TestWatchingChangesNothing(t *testing.T) {
	watched, blind := newRig(t, newTestRun(t), rigConfig{adam: true}), newRig(t, newTestRun(t), rigConfig{adam: true})
	blind.Run.NoHistograms = true
	finish(t, watched)
	finish(t, blind)
	got, want := outcomeOf(t, watched), outcomeOf(t, blind)
	if want.layers != "" || got.layers == "" {
		t.Fatalf("%d and %d bytes of histograms", len(got.layers), len(want.layers))
	}
	got.layers = ""
	same(t, "watched", got, want)

	records, err := watched.Run.Layers()
	if err != nil || len(records) != rigLast {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, r := range records {
		if r.Epoch != i+1 || r.Step != i*rigBatches+1 || r.Samples != 12 || len(r.Params) != 6 {
			t.Errorf("record %d: epoch %d, step %d, %d samples, %d parameters", i, r.Epoch, r.Step, r.Samples, len(r.Params))
		}
		var names []string
		for _, a := range r.Activations {
			names = append(names, a.Name)
		}
		if s := strings.Join(names, " "); s != "conv norm norm.relu fc" {
			t.Errorf("record %d: %s", i, s)
		}
		// Both parts of the batch were seen, and the gradient is the clipped one.
		norm := 0.
		for _, p := range r.Params {
			norm += p.GradientNorm * p.GradientNorm
		}
		if n := r.Activations[2].Output.N; n != 12*4*8*8 || r.Activations[2].Units != 4 || math.Sqrt(norm) > 1.0001 {
			t.Errorf("record %d: %d outputs of %d units, gradient %v", i, n, r.Activations[2].Units, math.Sqrt(norm))
		}
	}
	entries, err := os.ReadDir(watched.Run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "events.out.tfevents.") {
			b, err := os.ReadFile(watched.Run.Path(e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for tag, n := range map[string]int{"gradients/conv.weight": rigLast, "activations/norm.relu": rigLast, "gradient_norm/fc.bias": rigLast, "update_ratio/fc.weight": rigLast} {
				if strings.Count(string(b), tag) != n {
					t.Errorf("%s is %d times in TensorBoard's file, want %d", tag, strings.Count(string(b), tag), n)
				}
			}
		}
	}
	if err := watched.Run.PlotLayers(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gradients.png", "activations.png", "units.png"} {
		if !exists(watched.Run.Path(name)) {
			t.Errorf("there is no %s", name)
		}
	}
	if err := blind.Run.PlotLayers(); err != nil || exists(blind.Run.Path("gradients.png")) {
		t.Errorf("%v: drawn of nothing", err)
	}
}

// Any step is watched: here that of two networks against each other, whose names begin with those of the modules.
func TestWatchTwoModules(t *testing.T) {
	g := random.New(1)
	a, b := nn.NewLinear(g, 3, 3, nn.LinearConfig{}), nn.NewSequential(nn.NewLinear(g, 3, 4, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 4, 1, nn.LinearConfig{}))
	optA, optB := optim.NewSGD(nn.Params(a), optim.SGDConfig{LR: 0.01}), optim.NewSGD(nn.Params(b), optim.SGDConfig{LR: 0.01})
	run := newTestRun(t)
	loop := Loop[*tensor.Tensor]{
		Step: func(s *tensor.Scope, x *tensor.Tensor) (Metrics, error) {
			x = s.Enter(x)
			optB.ZeroGrad()
			b.Forward(a.Forward(x)).Mean().Backward(tensors(nn.Params(b))...)
			optB.Step()
			optA.ZeroGrad()
			loss := b.Forward(a.Forward(x)).Mean().Neg()
			loss.Backward(tensors(nn.Params(a))...)
			optA.Step()
			return Metrics{{"loss", loss.Detach().Item()}}, nil
		},
		Batches: func(context.Context, int, int) iter.Seq2[*tensor.Tensor, error] {
			return func(yield func(*tensor.Tensor, error) bool) { yield(tensor.Ones(5, 3), nil) }
		},
		State: new(State).Module("generator", a).Module("critic", b),
		Run:   run, Config: Config{Epochs: 2},
	}
	if _, err := loop.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	records, err := run.Layers()
	if err != nil || len(records) != 2 {
		t.Fatal(len(records), err)
	}
	var names []string
	for _, p := range records[1].Params {
		names = append(names, p.Name)
		if p.Gradient == nil {
			t.Errorf("%s has no gradient", p.Name)
		}
	}
	for _, a := range records[1].Activations {
		names = append(names, fmt.Sprint(a.Name, a.Output.N))
	}
	want := "[generator.weight generator.bias critic.0.weight critic.0.bias critic.2.weight critic.2.bias generator30 critic.040 critic.0.relu40 critic.210]"
	if fmt.Sprint(names) != want {
		t.Errorf("%v, want %v", names, want)
	}
}

func tensors(ps []*nn.Param) (ts []*tensor.Tensor) {
	for _, p := range ps {
		ts = append(ts, p.Tensor)
	}
	return ts
}

// What histograms.jsonl may not hold, and what becomes of a file that was cut short, removed or is a folder.
func TestLayersFile(t *testing.T) {
	run := newTestRun(t)
	if r, err := run.Layers(); err != nil || r != nil {
		t.Errorf("%v, %v", r, err)
	}
	good := `{"epoch":1,"step":1,"samples":2,"params":[],"activations":[{"name":"a.relu","op":"relu","output":{"n":1,"limits":[0,1],"counts":[1]},"units":3,"dead":1,"dead_units":"BA=="}]}` + "\n"
	write(t, run.Path(HistogramsFile), good+`{"epoch":2`)
	if r, err := run.Layers(); err != nil || len(r) != 1 || r[0].Activations[0].DeadUnits[0] != 4 {
		t.Errorf("%v, %v", r, err)
	}
	for bad, want := range map[string]string{
		"noise\n": "line 2: invalid character",
		strings.Replace(good, `"dead":1`, `"dead":2`, 1):      "line 2: the dead units of a.relu are 2 of 3, their bits say 1",
		strings.Replace(good, `"units":3`, `"units":30`, 1):   "line 2: the dead units of a.relu",
		strings.Replace(good, `"limits":[0,1]`, `"x":[1]`, 1): "line 2: the histogram of a.relu has 0 limits for 1 counts",
	} {
		write(t, run.Path(HistogramsFile), good+bad)
		_, err := run.Layers()
		wantError(t, want, err, want)
	}
	write(t, run.Path(HistogramsFile), "short")
	wantError(t, "shorter", run.checkLogs(&position{Histograms: 10}), run.Path(HistogramsFile)+" has 5 bytes, the checkpoint says 10")
	os.Remove(run.Path(HistogramsFile))
	p := position{Histograms: 10}
	if err := run.checkLogs(&p); err != nil || p.Histograms != 0 {
		t.Errorf("%v, %d", err, p.Histograms)
	}
	if err := os.Mkdir(run.Path(HistogramsFile), 0o755); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a folder", run.logLayers(&p, LayerRecord{}), run.Path(HistogramsFile)+" cannot be written")
}

// trainedRun trains a classifier of the digits and returns its folder.
func trainedRun(t *testing.T, model nn.Layer, samples, epochs int, lr float64) *Run {
	t.Helper()
	data := pictures(t, 0, samples)
	loader := dataset.NewLoader(data, dataset.Collate, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: 1})
	opt := optim.NewSGD(nn.Params(model), optim.SGDConfig{LR: lr, Momentum: 0.9})
	run := newTestRun(t)
	loop := Loop[dataset.Batch]{
		Step:    Supervised(model, losses.CrossEntropy, opt, SupervisedConfig{Metrics: BatchAccuracy}),
		Batches: loader.Epoch, NumBatches: loader.Batches(), Size: dataset.Batch.Len,
		State: new(State).Module("model", model).Optimizer("optimizer", opt), Run: run, Config: Config{Epochs: epochs},
	}
	if _, err := loop.Train(context.Background()); err != nil {
		t.Fatal(err)
	}
	return run
}

// Networks that really have what is diagnosed, and healthy ones, in which nothing is found.
func TestDiagnoseLayers(t *testing.T) {
	mlp := func(seed uint64, hidden, width int, f nn.Layer) nn.Sequential {
		g := random.New(seed)
		layers := []nn.Layer{nn.NewFlatten()}
		in := 64
		for range hidden {
			layers = append(layers, nn.NewLinear(g, in, width, nn.LinearConfig{}), f)
			in = width
		}
		return nn.NewSequential(append(layers, nn.NewLinear(g, in, 10, nn.LinearConfig{}))...)
	}
	lenet := func(seed uint64) nn.Sequential {
		g := random.New(seed)
		return nn.NewSequential(nn.NewConv2d(g, 1, 8, 3, nn.ConvConfig{Padding: 1}), nn.ReLU{}, nn.NewMaxPool2d(2),
			nn.NewConv2d(g, 8, 16, 3, nn.ConvConfig{Padding: 1}), nn.ReLU{}, nn.NewFlatten(),
			nn.NewLinear(g, 16*16, 64, nn.LinearConfig{}), nn.ReLU{}, nn.NewLinear(g, 64, 10, nn.LinearConfig{}))
	}
	dead := mlp(1, 2, 32, nn.ReLU{})
	dead[3].(*nn.Linear).Bias.CopyFrom(tensor.Full(-10, 32))
	half := mlp(1, 1, 32, nn.ReLU{})
	half[1].(*nn.Linear).Bias.CopyFrom(tensor.Concat(0, tensor.Full(-10, 16), tensor.Zeros(16)))
	// Weights of variance 25/n keep tanh's outputs at its ends, while the gradient grows from layer to layer (Poole et al. 2016).
	chaotic := mlp(5, 24, 64, nn.Tanh{})
	for i, g := 3, random.New(6); i < 49; i += 2 {
		chaotic[i].(*nn.Linear).Weight.CopyFrom(tensor.Randn(g, 64, 64).MulScalar(5. / 8))
	}
	for _, c := range []struct {
		name    string
		model   nn.Layer
		samples int
		epochs  int
		lr      float64
		want    []string
		words   []string
	}{
		{"biases of -10", dead, 256, 5, 0.01, []string{DeadUnits}, []string{"32 of 32 units of 3.relu (100%) gave 0 for all of the 128 samples"}},
		{"half of the biases", half, 256, 5, 0.01, []string{DeadUnits}, []string{"16 of 32 units of 1.relu (50%)", "128 samples"}},
		{"20 layers of sigmoids", mlp(2, 20, 32, nn.Sigmoid{}), 128, 3, 0.1, []string{VanishingGradients}, []string{"gradient of 1.weight, the first layer, is", "that of 41.weight, the last,", "(medians of 3 steps)"}},
		{"tanh with large weights", chaotic, 128, 3, 1e-9, []string{ExplodingGradients}, []string{"gradient of 1.weight, the first layer, is"}},
		{"LeNet", lenet(1), 512, 6, 0.02, nil, nil},
		{"LeNet for an epoch", lenet(2), 512, 1, 0.02, nil, nil},
		{"MLP", mlp(3, 2, 64, nn.ReLU{}), 512, 6, 0.02, nil, nil},
		{"three layers of sigmoids", mlp(4, 2, 32, nn.Sigmoid{}), 512, 5, 0.1, nil, nil},
	} {
		run := trainedRun(t, c.model, c.samples, c.epochs, c.lr)
		records, err := run.Layers()
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		found := DiagnoseLayers(records)
		for _, f := range found {
			kinds = append(kinds, f.Kind)
		}
		if !slices.Equal(kinds, c.want) {
			t.Errorf("%s: %v, want %v", c.name, found, c.want)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(found[0].Basis, w) {
				t.Errorf("%s: %q is not in %q", c.name, w, found[0].Basis)
			}
		}
		all, err := run.Diagnose()
		if err != nil || len(all) < len(found) || !slices.Equal(all[:len(found)], found) || len(found) == 0 && len(all) == 0 {
			t.Errorf("%s: %v, %v", c.name, all, err)
		}
		t.Logf("%s: %v", c.name, found)
	}
	if f := DiagnoseLayers(nil); f != nil {
		t.Errorf("of nothing: %v", f)
	}
}

// Dead units explain a loss that creeps: the advice to raise the learning rate is not given.
func TestDiagnoseRun(t *testing.T) {
	run := newTestRun(t)
	var p position
	for epoch := range 8 {
		p.Epoch = epoch + 1
		if err := run.logEpoch(&p, Metrics{{"train_loss", 2.3 - 0.02*float64(epoch)}}, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	kinds := func() (s string) {
		found, err := run.Diagnose()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			s += f.Kind + "; "
		}
		return s
	}
	if s := kinds(); s != TooLowLR+"; " {
		t.Error(s)
	}
	a := ActivationRecord{Name: "fc.relu", Op: "relu", Units: 4, Dead: 3, DeadUnits: []byte{7}, Output: Distribution{Limits: []float64{}, Counts: []int64{}}}
	if err := run.logLayers(&p, LayerRecord{Epoch: 1, Step: 1, Samples: 200, Activations: []ActivationRecord{a}}); err != nil {
		t.Fatal(err)
	}
	if s := kinds(); s != DeadUnits+"; " {
		t.Error(s)
	}
	for _, name := range []string{HistogramsFile, MetricsFile} {
		write(t, run.Path(name), "x\n")
		_, err := run.Diagnose()
		wantError(t, name, err, run.Path(name)+", line 1")
		os.Remove(run.Path(name))
	}
}

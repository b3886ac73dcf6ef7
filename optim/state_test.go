package optim_test

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/tensor"
)

// filed writes a state to files and reads it back.
func filed(t *testing.T, s optim.State) (r optim.State) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.safetensors")
	text, err := json.Marshal(s.Scalars)
	if err == nil {
		err = safetensors.Save(path, s.Tensors, map[string]string{"scalars": string(text)})
	}
	var meta map[string]string
	if err == nil {
		r.Tensors, meta, err = safetensors.Load(path)
	}
	if err == nil {
		err = json.Unmarshal([]byte(meta["scalars"]), &r.Scalars)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestResume stops each optimizer after 7 steps, the rates having been changed, and goes on in another process's place.
func TestResume(t *testing.T) {
	for name, make := range makers {
		for _, dtype := range []tensor.DType{tensor.Float32, tensor.Float64} {
			lower := func(o optim.Optimizer) {
				g := o.Groups()[0]
				g.LR, g.WeightDecay = g.LR/3, new(0.07)
			}
			whole := make(start(dtype))
			steps(whole, 1, 4)
			lower(whole)
			steps(whole, 5, 16)

			first := make(start(dtype))
			steps(first, 1, 4) // the third parameter has no state yet in half of the runs
			lower(first)
			if dtype == tensor.Float64 {
				steps(first, 5, 3)
			}
			state, done := first.State(), map[tensor.DType]int{tensor.Float32: 4, tensor.Float64: 7}[dtype]
			params := []*tensor.Param{}
			for _, p := range first.Params() {
				params = append(params, tensor.NewParam(p.Detach()))
			}
			steps(first, done+1, 3) // the state is a copy
			second, third := make(params), make(start(dtype))
			for i, p := range third.Params() {
				p.CopyFrom(params[i].Detach())
			}
			if err := second.LoadState(state); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			steps(second, done+1, 20-done) // on a copy of the state again
			if err := third.LoadState(filed(t, state)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			steps(third, done+1, 20-done)
			if !slices.Equal(bits(second.Params()), bits(whole.Params())) {
				t.Errorf("%s %v: %d steps, a load and the rest differ from 20", name, dtype, done)
			}
			if !slices.Equal(bits(third.Params()), bits(whole.Params())) {
				t.Errorf("%s %v: %d steps, a file and the rest differ from 20", name, dtype, done)
			}
		}
	}
}

func TestStateOfFreshOptimizer(t *testing.T) {
	opt := optim.NewAdam(start(tensor.Float32), optim.AdamConfig{})
	state := opt.State()
	steps(opt, 1, 5)
	if err := opt.LoadState(state); err != nil {
		t.Fatal(err)
	}
	if s := opt.State(); len(s.Tensors) != 0 || s.Scalars["0.step"] != 0 {
		t.Errorf("after loading the state before the first step: %v", s)
	}
}

func TestLoadStateRefuses(t *testing.T) {
	adam := makers["adam"]
	set := func(key string, v float64) func(*optim.State) {
		return func(s *optim.State) { s.Scalars[key] = v }
	}
	for name, c := range map[string]struct {
		from func(p []*tensor.Param) optim.Optimizer
		into func(p []*tensor.Param) optim.Optimizer
		edit func(s *optim.State)
		want string
	}{
		"sgd into adam":       {from: makers["sgd momentum"], into: adam, want: "another kind"},
		"adam into adamw":     {from: adam, into: makers["adamw"], want: "another kind"},
		"adamw into adam":     {from: makers["adamw"], into: adam, want: "another kind"},
		"without momentum":    {from: makers["sgd"], into: makers["sgd momentum"], want: "0.momentum_buffer must be float32 (3, 5)"},
		"momentum":            {from: makers["sgd momentum"], into: makers["sgd"], want: "3 tensors"},
		"amsgrad":             {from: makers["adam amsgrad"], into: adam, want: "9 tensors"},
		"without amsgrad":     {from: adam, into: makers["adam amsgrad"], want: "0.max_exp_avg_sq must"},
		"more groups":         {from: makers["adam groups"], into: adam, want: "group 0 needs 3 parameters"},
		"fewer groups":        {from: adam, into: makers["adam groups"], want: "group 0 needs 1 parameters"},
		"group too many":      {from: adam, into: adam, edit: func(s *optim.State) { s.Scalars["group1.params"] = 0 }, want: "8 numbers"},
		"no group":            {from: adam, into: adam, edit: func(s *optim.State) { delete(s.Scalars, "group0.lr") }, want: "group 0 needs"},
		"fewer parameters":    {from: func(p []*tensor.Param) optim.Optimizer { return adam(p[:2]) }, into: adam, want: "it has 2 parameters, not 3"},
		"more parameters":     {from: adam, into: func(p []*tensor.Param) optim.Optimizer { return adam(p[:2]) }, want: "it has 3 parameters, not 2"},
		"other order":         {from: func(p []*tensor.Param) optim.Optimizer { return adam([]*tensor.Param{p[1], p[0], p[2]}) }, into: adam, want: "0.exp_avg must be float32 (3, 5)"},
		"other dtype":         {from: func([]*tensor.Param) optim.Optimizer { return adam(start(tensor.Float64)) }, into: adam, want: "must be float32 (3, 5)"},
		"other shape":         {from: adam, into: adam, edit: func(s *optim.State) { s.Tensors[0].Tensor = tensor.Zeros(5, 3) }, want: "0.exp_avg must be float32 (3, 5)"},
		"nil tensor":          {from: adam, into: adam, edit: func(s *optim.State) { s.Tensors[0].Tensor = nil }, want: "0.exp_avg must"},
		"last other shape":    {from: adam, into: adam, edit: func(s *optim.State) { s.Tensors[5].Tensor = tensor.Zeros(2) }, want: "2.exp_avg_sq must be float32 (1,)"},
		"lost moment":         {from: adam, into: adam, edit: func(s *optim.State) { s.Tensors = s.Tensors[1:] }, want: "0.exp_avg"},
		"moment twice":        {from: adam, into: adam, edit: func(s *optim.State) { s.Tensors = append(s.Tensors, s.Tensors[0]) }, want: "7 tensors"},
		"half a step":         {from: adam, into: adam, edit: set("1.step", 1.5), want: "parameter 1"},
		"negative step":       {from: adam, into: adam, edit: set("1.step", -1), want: "parameter 1"},
		"too many steps":      {from: adam, into: adam, edit: set("1.step", 1e300), want: "parameter 1"},
		"NaN steps":           {from: adam, into: adam, edit: set("1.step", math.NaN()), want: "parameter 1"},
		"step of no moment":   {from: adam, into: adam, edit: set("2.step", 0), want: "6 tensors"},
		"negative rate":       {from: adam, into: adam, edit: set("group0.lr", -1), want: "-1"},
		"infinite decay":      {from: adam, into: adam, edit: set("group0.weight_decay", math.Inf(1)), want: "+Inf"},
		"nothing":             {from: adam, into: adam, edit: func(s *optim.State) { *s = optim.State{} }, want: "another kind"},
		"a number of another": {from: adam, into: adam, edit: set("momentum", 0.9), want: "8 numbers"},
	} {
		other := c.from(start(tensor.Float32))
		for range 2 {
			grads := make([]*tensor.Tensor, len(other.Params()))
			for i, p := range other.Params() {
				grads[i] = gradient(p, 1)
			}
			other.StepWith(grads)
		}
		state := other.State()
		if c.edit != nil {
			c.edit(&state)
		}
		opt, twin := c.into(start(tensor.Float32)), c.into(start(tensor.Float32))
		ones := func(o optim.Optimizer) {
			grads := make([]*tensor.Tensor, len(o.Params()))
			for i, p := range o.Params() {
				grads[i] = tensor.OnesLike(p.Detach())
			}
			o.StepWith(grads)
		}
		ones(opt)
		ones(twin)
		err := opt.LoadState(state)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %q, not a line with %q", name, err, c.want)
		}
		ones(opt)
		ones(twin)
		if !slices.Equal(bits(opt.Params()), bits(twin.Params())) {
			t.Errorf("%s: a refused state changed the optimizer", name)
		}
	}
}

package train

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// stateOf is everything that a loop's State lists, as the bytes of a checkpoint.
func stateOf(t *testing.T, s *State) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state")
	if err := s.save(path, position{}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFindLRPutsEverythingBack(t *testing.T) {
	for _, adam := range []bool{false, true} {
		r := newRig(t, newTestRun(t), rigConfig{adam: adam})
		for b, err := range r.Batches(t.Context(), 0, 0) { // so that the optimizer has moments
			if err != nil {
				t.Fatal(err)
			}
			tensor.WithScope(func(s *tensor.Scope) { _, err = r.Step(s, b) })
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		want := stateOf(t, r.State)
		c, err := FindLR(t.Context(), &r.Loop, r.opt, LRFinder{From: 1e-5, Steps: 60})
		if err != nil {
			t.Fatal(err)
		}
		if stateOf(t, r.State) != want {
			t.Error("the state is another one")
		}
		if c.Suggested <= 1e-5 || c.Suggested >= 1 || len(c.LR) < 30 || len(c.LR) > 60 || len(c.Loss) != len(c.LR) || len(c.Mean) != len(c.LR) || c.LR[0] != 1e-5 {
			t.Errorf("suggests %v after %d steps", c.Suggested, len(c.LR))
		}
		if r.Run.HasCheckpoint() {
			t.Error("it wrote a checkpoint")
		}
		path := filepath.Join(t.TempDir(), "lr.png")
		if err := c.Plot(path); err != nil {
			t.Error(err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		step, n := r.Step, 0
		r.Step = func(s *tensor.Scope, b dataset.Batch) (Metrics, error) {
			if n++; n == 5 {
				cancel()
			}
			return step(s, b)
		}
		if _, err := FindLR(ctx, &r.Loop, r.opt, LRFinder{}); !errors.Is(err, context.Canceled) || stateOf(t, r.State) != want {
			t.Error("stopped:", err)
		}
		r.Step = func(s *tensor.Scope, b dataset.Batch) (Metrics, error) {
			if _, err := step(s, b); err != nil {
				return nil, err
			}
			return nil, errors.New("broken")
		}
		if _, err := FindLR(t.Context(), &r.Loop, r.opt, LRFinder{}); err == nil || !strings.Contains(err.Error(), "step 1, with learning rate 1e-07: broken") || stateOf(t, r.State) != want {
			t.Error("a step that fails:", err)
		}
	}
}

// For a quadratic with curvature 100 gradient descent converges below a rate of 2/100 and diverges above.
func TestFindLRStaysBelowTheLimit(t *testing.T) {
	m := nn.NewLinear(random.New(1), 1, 1, nn.LinearConfig{NoBias: true})
	m.Weight.Update(func(v tensor.View) { tensor.Slice[float32](v)[0] = 3 })
	opt := optim.NewSGD(nn.Params(m), optim.SGDConfig{LR: 1})
	x := tensor.Full(10, 1, 1) // loss ½ (10 w)²
	l := Loop[int]{
		Step: func(*tensor.Scope, int) (Metrics, error) {
			opt.ZeroGrad()
			loss := losses.MSE(m.Forward(x), tensor.Zeros(1, 1)).MulScalar(0.5)
			loss.Backward()
			opt.Step()
			return Metrics{{"loss", loss.Item()}}, nil
		},
		Batches: func(context.Context, int, int) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for range 7 {
					if !yield(0, nil) {
						return
					}
				}
			}
		},
		State: new(State).Module("m", m).Optimizer("o", opt), Config: Config{Epochs: 1},
	}
	c, err := FindLR(t.Context(), &l, opt, LRFinder{From: 1e-6, To: 10})
	if err != nil || c.Suggested > 0.02 || c.Suggested < 1e-4 {
		t.Errorf("suggests %v, %v", c.Suggested, err)
	}
	if last := c.LR[len(c.LR)-1]; last < 0.02 || last > 0.2 {
		t.Errorf("stopped at %v; it diverges from 0.02 on", last)
	}
	l.Step = func(*tensor.Scope, int) (Metrics, error) { return Metrics{{"loss", 1}}, nil }
	if _, err := FindLR(t.Context(), &l, opt, LRFinder{}); err == nil || !strings.Contains(err.Error(), "did not fall") {
		t.Error("a flat loss:", err)
	}
	for _, f := range []LRFinder{{From: 1, To: 1}, {From: -1}, {Steps: 5}, {Smooth: 1}, {Stop: 1}} {
		if err := tensor.Catch(func() { FindLR(t.Context(), &l, opt, f) }); err == nil {
			t.Errorf("%+v: no panic", f)
		}
	}
}

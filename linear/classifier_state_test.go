package linear_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

type stateful interface {
	State() []tensor.Named
	LoadState([]tensor.Named) error
}

// What is loaded decides as what was saved; what does not fit changes nothing.
func TestClassifierState(t *testing.T) {
	for name, make := range classifiers {
		for k := 2; k <= 3; k++ {
			x, y := blobs(3, k, 20, 8)
			m, other := make(), make()
			if err := m.Fit(x, y); err != nil {
				t.Fatal(name, err)
			}
			wantKind(t, name+" without state", tensor.ErrValue, func() { other.(stateful).State() })
			state := m.(stateful).State()
			for i := range state {
				if err := other.(stateful).LoadState(append(slices.Clone(state[:i]), state[i+1:]...)); err == nil || !strings.Contains(err.Error(), state[i].Name) {
					t.Errorf("%s without %s: %v", name, state[i].Name, err)
				}
				cut := slices.Clone(state)
				if cut[i].Tensor.Rank() == 0 {
					continue
				}
				cut[i].Tensor = cut[i].Tensor.Narrow(0, 0, cut[i].Tensor.Dim(0)-1)
				// One row fewer of a scores' sum is only seen where other tensors name its size.
				if err := other.(stateful).LoadState(cut); err == nil {
					t.Errorf("%s with a shorter %s loads", name, cut[i].Name)
				}
			}
			wantKind(t, name+" after failed loads", tensor.ErrValue, func() { other.Predict(x) })
			if err := other.(stateful).LoadState(state); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !slices.Equal(other.DecisionFunction(x).Floats(), m.DecisionFunction(x).Floats()) {
				t.Errorf("%s, %d classes: the loaded one decides otherwise", name, k)
			}
		}
	}
}

func TestClassifierStateRefuses(t *testing.T) {
	x, y := blobs(3, 3, 20, 3)
	g := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{})
	if err := g.Fit(x, y); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]*tensor.Tensor{
		"covariance": tensor.With(tensor.Float64).Zeros(3, 2, 2), "classes": tensor.Of([]int64{1, 0, 2}, 3), "prior": tensor.Of([]float64{1, 0, 0}, 3),
	} {
		state := g.State()
		for i := range state {
			if state[i].Name == name {
				state[i].Tensor = bad
			}
		}
		if err := g.LoadState(state); err == nil {
			t.Errorf("a damaged %s loads", name)
		}
	}
}

package linear

import (
	"fmt"

	"github.com/hadal-go/hadal/tensor"
)

// State returns what the model learned, for safetensors.Save: coef and intercept.
func (m *Regressor) State() []tensor.Named {
	return named("predict", []string{"coef", "intercept"}, m.Coef, m.Intercept)
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (m *Regressor) LoadState(s []tensor.Named) error {
	t, err := load("regressor", s, []string{"coef", "intercept"}, []string{"D", ""})
	if err == nil {
		m.Coef, m.Intercept = t[0], t[1]
	}
	return err
}

// State returns what the scaler learned, for safetensors.Save: mean and scale.
func (s *StandardScaler) State() []tensor.Named {
	return named("standard scaler", []string{"mean", "scale"}, s.Mean, s.Scale)
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (s *StandardScaler) LoadState(state []tensor.Named) error {
	t, err := load("standard scaler", state, []string{"mean", "scale"}, []string{"D", "D"})
	if err == nil {
		s.Mean, s.Scale = t[0], t[1]
	}
	return err
}

// State returns what the scaler learned, for safetensors.Save: offset and scale.
func (s *MinMaxScaler) State() []tensor.Named {
	return named("min-max scaler", []string{"offset", "scale"}, s.Offset, s.Scale)
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (s *MinMaxScaler) LoadState(state []tensor.Named) error {
	t, err := load("min-max scaler", state, []string{"offset", "scale"}, []string{"D", "D"})
	if err == nil {
		s.Offset, s.Scale = t[0], t[1]
	}
	return err
}

var pcaNames = []string{"mean", "components", "singular_values", "explained_variance", "explained_variance_ratio"}

// State returns what the analysis learned, for safetensors.Save.
func (p *PCA) State() []tensor.Named {
	return named("pca", pcaNames, p.Mean, p.Components, p.SingularValues, p.ExplainedVariance, p.ExplainedVarianceRatio)
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (p *PCA) LoadState(s []tensor.Named) error {
	t, err := load("pca", s, pcaNames, []string{"D", "KD", "K", "K", "K"})
	if err == nil {
		p.Mean, p.Components, p.SingularValues, p.ExplainedVariance, p.ExplainedVarianceRatio = t[0], t[1], t[2], t[3], t[4]
	}
	return err
}

func named(op string, names []string, ts ...*tensor.Tensor) []tensor.Named {
	if ts[0] == nil {
		tensor.Fail(op, tensor.ErrValue, nil, "there is no state to save: call Fit first")
	}
	all := make([]tensor.Named, len(ts))
	for i, t := range ts {
		all[i] = tensor.Named{Name: names[i], Tensor: t}
	}
	return all
}

// load returns the tensors of the given names. shapes holds a letter for each dimension: equal letters are equal sizes.
func load(op string, state []tensor.Named, names, shapes []string) ([]*tensor.Tensor, error) {
	byName := map[string]*tensor.Tensor{}
	for _, s := range state {
		byName[s.Name] = s.Tensor
	}
	size := map[rune]int{}
	all := make([]*tensor.Tensor, len(names))
	for i, name := range names {
		t := byName[name]
		switch {
		case t == nil:
			return nil, fmt.Errorf("%s: the state has no tensor %q: it is another model's", op, name)
		case t.DType() != tensor.Float64 || t.Rank() != len(shapes[i]):
			return nil, fmt.Errorf("%s: %q is %v %v, must be float64 with %d dimensions: it is another model's", op, name, t.DType(), t.Shape(), len(shapes[i]))
		}
		for axis, letter := range shapes[i] {
			if n, ok := size[letter]; ok && n != t.Dim(axis) || t.Dim(axis) == 0 {
				return nil, fmt.Errorf("%s: %q is %v, which does not fit the others: the state is damaged", op, name, t.Shape())
			}
			size[letter] = t.Dim(axis)
		}
		if notFinite(t.Floats()) >= 0 {
			return nil, fmt.Errorf("%s: %q holds NaN or an infinity: the state is damaged", op, name)
		}
		all[i] = t
	}
	return all, nil
}

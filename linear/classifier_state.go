package linear

import (
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// State returns what the classifier learned, for safetensors.Save: classes, coef and intercept.
func (m *LinearClassifier) State() []tensor.Named {
	return withClasses(m.Classes, named("classifier", []string{"coef", "intercept"}, m.Coef, m.Intercept))
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (m *LinearClassifier) LoadState(state []tensor.Named) error {
	const op = "classifier"
	t, err := load(op, state, []string{"coef", "intercept"}, []string{"KD", "K"})
	if err != nil {
		return err
	}
	classes, err := loadClasses(op, state)
	if err != nil {
		return err
	}
	functions := len(classes)
	if functions == 2 {
		functions = 1
	}
	if t[0].Dim(0) != functions {
		return fmt.Errorf("%s: %d classes and %d functions do not fit: the state is damaged", op, len(classes), t[0].Dim(0))
	}
	m.Classes, m.Coef, m.Intercept = classes, t[0], t[1]
	return nil
}

var gaussianNames = []string{"prior", "mean", "covariance"}

// State returns what the classifier learned, for safetensors.Save: classes, prior, mean and covariance.
func (g *GaussianClassifier) State() []tensor.Named {
	return withClasses(g.Classes, named("gaussian classifier", gaussianNames, g.Prior, g.Mean, g.Covariance))
}

// LoadState puts a state back into a classifier of the same config. Nothing changes unless all of it fits.
func (g *GaussianClassifier) LoadState(state []tensor.Named) error {
	const op = "gaussian classifier"
	t, err := load(op, state, gaussianNames, []string{"K", "KD", "GDD"})
	if err != nil {
		return err
	}
	classes, err := loadClasses(op, state)
	if err != nil {
		return err
	}
	k, d, groups := len(classes), t[1].Dim(1), t[2].Dim(0)
	if t[0].Dim(0) != k || g.SharedCovariance && groups != 1 || !g.SharedCovariance && groups != k {
		return fmt.Errorf("%s: %d classes, %d priors and %d covariances do not fit: the state is damaged, or SharedCovariance is another's", op, k, t[0].Dim(0), groups)
	}
	factors := make([]*tensor.Tensor, groups)
	for i := range factors {
		if factors[i], _, err = factorCovariance(tensor.Data[float64](t[2].Select(0, i)), make([]float64, d)); err != nil {
			return fmt.Errorf("%s: covariance %d is singular: the state is damaged", op, i)
		}
	}
	if slices.Min(tensor.Data[float64](t[0])) <= 0 {
		return fmt.Errorf("%s: a prior is not positive: the state is damaged", op)
	}
	g.Classes, g.Prior, g.Mean, g.Covariance, g.factor = classes, t[0], t[1], t[2], tensor.Stack(0, factors...)
	return nil
}

var nbNames = []string{"prior", "mean", "variance"}

// State returns what the classifier learned, for safetensors.Save: classes, prior, mean and variance.
func (g *GaussianNB) State() []tensor.Named {
	return withClasses(g.Classes, named("naive bayes", nbNames, g.Prior, g.Mean, g.Variance))
}

// LoadState puts a state back. Nothing changes unless all of it fits.
func (g *GaussianNB) LoadState(state []tensor.Named) error {
	const op = "naive bayes"
	t, err := load(op, state, nbNames, []string{"K", "KD", "KD"})
	if err != nil {
		return err
	}
	classes, err := loadClasses(op, state)
	if err != nil {
		return err
	}
	if len(classes) != t[0].Dim(0) || slices.Min(tensor.Data[float64](t[0])) <= 0 || slices.Min(tensor.Data[float64](t[2].Reshape(-1))) <= 0 {
		return fmt.Errorf("%s: %d classes and %d priors do not fit, or a prior or a variance is not positive: the state is damaged", op, len(classes), t[0].Dim(0))
	}
	g.Classes, g.Prior, g.Mean, g.Variance = classes, t[0], t[1], t[2]
	return nil
}

var kernelNames = []string{"support_vectors", "dual_coef", "intercept", "gamma"}

// State returns what the machine learned, for safetensors.Save: classes, support_vectors, dual_coef, intercept and gamma. Its kernel,
// Degree and Coef0 are in its config.
func (s *KernelSVM) State() []tensor.Named {
	return withClasses(s.Classes, named("kernel svm", kernelNames, s.SupportVectors, s.DualCoef, s.Intercept, tensor.Scalar(s.FittedGamma)))
}

// LoadState puts a state back into a machine of the same config. Nothing changes unless all of it fits.
func (s *KernelSVM) LoadState(state []tensor.Named) error {
	const op = "kernel svm"
	t, err := load(op, state, kernelNames, []string{"SD", "PS", "P", ""})
	if err != nil {
		return err
	}
	classes, err := loadClasses(op, state)
	if err != nil {
		return err
	}
	if k := len(classes); t[2].Dim(0) != k*(k-1)/2 {
		return fmt.Errorf("%s: %d classes and %d functions do not fit: the state is damaged", op, k, t[2].Dim(0))
	}
	s.Classes, s.SupportVectors, s.DualCoef, s.Intercept, s.FittedGamma = classes, t[0], t[1], t[2], t[3].Item()
	s.Support = nil
	return nil
}

func withClasses(classes []int64, state []tensor.Named) []tensor.Named {
	return append(state, tensor.Named{Name: "classes", Tensor: tensor.Of(classes, len(classes))})
}

// loadClasses returns the class numbers of a state, two at least, which must rise.
func loadClasses(op string, state []tensor.Named) ([]int64, error) {
	for _, s := range state {
		if s.Name != "classes" {
			continue
		}
		if s.Tensor.DType() == tensor.Int64 && s.Tensor.Rank() == 1 && s.Tensor.Dim(0) >= 2 {
			if c := tensor.Data[int64](s.Tensor); len(slices.Compact(slices.Sorted(slices.Values(c)))) == len(c) && slices.IsSorted(c) {
				return c, nil
			}
		}
		return nil, fmt.Errorf("%s: \"classes\" is %v %v, must be rising int64 numbers, two at least: the state is damaged", op, s.Tensor.DType(), s.Tensor.Shape())
	}
	return nil, fmt.Errorf("%s: the state has no tensor \"classes\": it is another model's", op)
}

package linear_test

import (
	"errors"
	"fmt"

	"github.com/hadal-go/hadal/dataset/iris"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleLogisticRegression() {
	t := iris.Load()
	m := linear.NewLogisticRegression(linear.LogisticRegressionConfig{C: 10})
	if err := m.Fit(t.X, t.Y); err != nil {
		fmt.Println(err)
		return
	}
	flower := tensor.Of([]float64{6.1, 2.8, 4.9, 1.7}, 1, 4)
	for k, p := range m.PredictProba(flower).Floats() {
		fmt.Printf("%s %.2f\n", t.Classes[k], p)
	}
	fmt.Printf("accuracy %.2f\n", m.Score(t.X, t.Y))
	// Output:
	// setosa 0.00
	// versicolor 0.36
	// virginica 0.64
	// accuracy 0.98
}

// AND is linearly separable and XOR is not.
func ExamplePerceptron() {
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	p := linear.NewPerceptron(linear.PerceptronConfig{})
	fmt.Println(p.Fit(x, tensor.Of([]int64{0, 0, 0, 1}, 4)), p.Score(x, tensor.Of([]int64{0, 0, 0, 1}, 4)))
	err := p.Fit(x, tensor.Of([]int64{0, 1, 1, 0}, 4))
	fmt.Println(errors.Is(err, linear.ErrNotConverged))
	// Output:
	// <nil> 1
	// true
}

func ExampleLinearSVM() {
	x := tensor.Of([]float64{-3, -1, 1, 2}, 4, 1)
	s := linear.NewLinearSVM(linear.LinearSVMConfig{C: 100, Tol: 1e-9, NoIntercept: true})
	if err := s.Fit(x, tensor.Of([]int64{0, 0, 1, 1}, 4)); err != nil {
		fmt.Println(err)
		return
	}
	// The rows nearest to 0 alone hold the boundary.
	fmt.Printf("w %.3f, support vectors %v\n", s.Coef.Item(), len(s.Support))
	// Output: w 1.000, support vectors 1
}

func ExampleKernelSVM() {
	x := tensor.Of([]float64{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	y := tensor.Of([]int64{0, 1, 1, 0}, 4) // XOR
	s := linear.NewKernelSVM(linear.KernelSVMConfig{C: 10})
	if err := s.Fit(x, y); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Score(x, y), len(s.Support))
	// Output: 1 4
}

func ExampleGaussianClassifier() {
	t := iris.Load()
	m := linear.NewGaussianClassifier(linear.GaussianClassifierConfig{SharedCovariance: true})
	if err := m.Fit(t.X, t.Y); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("accuracy %.2f\n", m.Score(t.X, t.Y))
	// A column that others determine has no inverse covariance.
	err := m.Fit(tensor.Concat(1, t.X, t.X.Sum(1).Reshape(-1, 1)), t.Y)
	fmt.Println(errors.Is(err, linear.ErrSingular))
	// Output:
	// accuracy 0.98
	// true
}

func ExampleGaussianNB() {
	t := iris.Load()
	m := linear.NewGaussianNB(linear.GaussianNBConfig{})
	if err := m.Fit(t.X, t.Y); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("accuracy %.2f\n", m.Score(t.X, t.Y))
	// Output: accuracy 0.96
}

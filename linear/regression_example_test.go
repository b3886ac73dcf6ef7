package linear_test

import (
	"fmt"

	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleLinearRegression() {
	x := tensor.Of([]float64{1, 2, 3, 4}, 4, 1)
	y := tensor.Of([]float64{3, 5, 7, 9})
	m := linear.NewLinearRegression(linear.LinearRegressionConfig{})
	if err := m.Fit(x, y); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y = %.1f x + %.1f, R² %.1f\n", m.Coef.Item(), m.Intercept.Item(), m.Score(x, y))
	fmt.Printf("at 10: %.1f\n", m.Predict(tensor.Of([]float64{10}, 1, 1)).Item())
	// Output:
	// y = 2.0 x + 1.0, R² 1.0
	// at 10: 21.0
}

func ExampleRidge() {
	x := tensor.Of([]float64{-1, 0, 1}, 3, 1)
	y := tensor.Of([]float64{3, 5, 7})
	for _, alpha := range []float64{0, 2, 1e12} {
		m := linear.NewRidge(linear.RidgeConfig{Alpha: &alpha})
		if err := m.Fit(x, y); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("alpha %g: w %.2f, b %.2f\n", alpha, m.Coef.Item(), m.Intercept.Item())
	}
	// Output:
	// alpha 0: w 2.00, b 5.00
	// alpha 2: w 1.00, b 5.00
	// alpha 1e+12: w 0.00, b 5.00
}

func ExampleLasso() {
	x := tensor.Of([]float64{1, 1, -1, -1, 1, -1, 1, -1}, 2, 4).T() // two features that do not depend on each other
	y := tensor.Of([]float64{3.2, 2.8, -2.8, -3.2})                 // 3 a + 0.2 b
	m := linear.NewLasso(linear.LassoConfig{Alpha: new(0.5)})
	if err := m.Fit(x, y); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", m.Coef.Floats())
	// Output: [2.50 0.00]
}

func ExamplePolynomial() {
	p := linear.NewPolynomial(linear.PolynomialConfig{Degree: 2})
	fmt.Println(p.Names([]string{"a", "b"}))
	fmt.Println(p.Transform(tensor.Of([]float64{2, 3}, 1, 2)).Floats())
	// Output:
	// [a b a^2 a b b^2]
	// [2 3 4 6 9]
}

func ExampleStandardScaler() {
	train := tensor.Of([]float64{1, 200, 3, 600}, 2, 2)
	s := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := s.Fit(train); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Transform(train).Floats())
	fmt.Println(s.Transform(tensor.Of([]float64{2, 400}, 1, 2)).Floats()) // a test sample, by the training data's mean and deviation
	// Output:
	// [-1 -1 1 1]
	// [0 0]
}

func ExamplePCA() {
	x := tensor.Of([]float64{0, 0, 1, 1, 2, 2, 3, 3}, 4, 2) // on the line y = x
	p := linear.NewPCA(linear.PCAConfig{Components: 1})
	if err := p.Fit(x); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f %.2f\n", p.Components.Floats(), p.ExplainedVarianceRatio.Item())
	// Output: [0.707 0.707] 1.00
}

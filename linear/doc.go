// Package linear holds the classical models: linear regression, ridge, lasso and elastic net, linear and Gaussian classifiers, principal
// components, and the scaling and expansion of features that goes with them.
//
// Each method is a config and a model with the methods Fit, Predict and Score, as in scikit-learn:
//
//	m := linear.NewRidge(linear.RidgeConfig{Alpha: new(0.1)})
//	if err := m.Fit(x, y); err != nil { ... } // x (N, D), y (N,)
//	fmt.Println(m.Coef, m.Intercept, m.Score(xTest, yTest))
//
// Samples are float32 or float64 tensors (N, D), one row a sample. All is computed in float64, and what is learned is kept in it;
// predictions have the dtype of the samples. What data can be blamed for, NaN, no samples, one class only, a singular covariance, is an
// error of Fit, for which errors.Is knows the reasons below; a model keeps what it was when Fit fails. A wrong program (shapes, dtypes, a
// config out of range, Predict before Fit) panics with *tensor.Error. Predict passes NaN on.
//
// The same data give the same bits, whatever the number of workers. A model may be used by several goroutines at once once it is fitted.
package linear

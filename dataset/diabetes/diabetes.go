// Package diabetes is the diabetes data of the LARS paper: 442 patients, ten measures at the start and, to be predicted, a measure of how far
// the disease progressed in a year. It is part of the binary, so it needs no download.
//
// B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004), "Least Angle Regression", Annals of Statistics 32(2). Order and values are those
// of scikit-learn. NOTICE in this folder holds the sources and the licence.
package diabetes

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/tableset"
)

//go:embed diabetes.csv
var text string

// Load returns the 442 rows with each feature less its mean and divided by the root of the sum of the squares that leaves, as the paper and
// scikit-learn's load_diabetes have them: X (442, 10) float64, of which each column has the mean 0 and the sum of squares 1; Y (442,)
// float64, 25 to 346. Each call returns a fresh copy.
//
// The columns are scaled by all rows: for a score on rows held out, scale LoadRaw's by those trained on.
func Load() *tableset.Regression {
	t := LoadRaw()
	x := t.X.Sub(t.X.Mean(0))
	t.X = x.Div(x.Square().Sum(0).Sqrt())
	return t
}

// LoadRaw returns the 442 rows as they were measured, load_diabetes(scaled=False): age in years, sex 1 or 2, body mass index in kg/m², blood
// pressure in mmHg and six of blood serum.
func LoadRaw() *tableset.Regression {
	t, err := tableset.ParseRegression(strings.NewReader(text), []string{"age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"})
	if err != nil { // only a broken build can cause it
		panic(fmt.Sprintf("diabetes: embedded file: %v", err))
	}
	return t
}

// Package breastcancer is the Wisconsin diagnostic breast cancer data: 569 tumours, malignant (0) or benign (1), 30
// measures of the nuclei of cells in a picture of each: mean, standard error and worst of ten. It is part
// of the binary, so it needs no download.
//
// W. N. Street, W. H. Wolberg, O. L. Mangasarian (1993), "Nuclear feature extraction for breast tumor diagnosis", SPIE 1905. Order and values are those of scikit-learn.
// NOTICE in this folder holds the sources and the licence.
package breastcancer

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/tableset"
)

//go:embed breastcancer.csv
var text string

// Load returns the 569 rows, a fresh copy at each call: X (569, 30) float64, Y (569,) int64, classes malignant, benign.
func Load() *tableset.Table {
	t, err := tableset.Parse(strings.NewReader(text), []string{
		"mean radius", "mean texture", "mean perimeter", "mean area", "mean smoothness", "mean compactness", "mean concavity",
		"mean concave points", "mean symmetry", "mean fractal dimension", "radius error", "texture error", "perimeter error",
		"area error", "smoothness error", "compactness error", "concavity error", "concave points error", "symmetry error",
		"fractal dimension error", "worst radius", "worst texture", "worst perimeter", "worst area", "worst smoothness",
		"worst compactness", "worst concavity", "worst concave points", "worst symmetry", "worst fractal dimension",
	})
	if err != nil { // only a broken build can cause it
		panic(fmt.Sprintf("breastcancer: embedded file: %v", err))
	}
	return t
}

// Package iris is Fisher's iris flowers: 150 flowers of three species, four measures in cm. It is part
// of the binary, so it needs no download.
//
// R. A. Fisher (1936), "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7(2). The values are those of
// Fisher's paper, which the copy of the UCI repository has wrong in two rows. Order and values are those of scikit-learn.
// NOTICE in this folder holds the sources and the licence.
package iris

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/tableset"
)

//go:embed iris.csv
var text string

// Load returns the 150 rows, a fresh copy at each call: X (150, 4) float64, Y (150,) int64, classes setosa, versicolor, virginica.
func Load() *tableset.Table {
	t, err := tableset.Parse(strings.NewReader(text), []string{"sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"})
	if err != nil { // only a broken build can cause it
		panic(fmt.Sprintf("iris: embedded file: %v", err))
	}
	return t
}

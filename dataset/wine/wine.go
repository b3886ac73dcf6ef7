// Package wine is the UCI wine recognition data: 178 wines of three cultivars of one region of Italy, 13 chemical measures. It is part
// of the binary, so it needs no download.
//
// M. Forina et al. (1988), PARVUS: an extendible package for data exploration, classification and correlation, Institute of
// Pharmaceutical and Food Analysis and Technologies, Genoa. Order and values are those of scikit-learn.
// NOTICE in this folder holds the sources and the licence.
package wine

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/tableset"
)

//go:embed wine.csv
var text string

// Load returns the 178 rows, a fresh copy at each call: X (178, 13) float64, Y (178,) int64, classes class_0, class_1, class_2.
func Load() *tableset.Table {
	t, err := tableset.Parse(strings.NewReader(text), []string{
		"alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
		"nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
	})
	if err != nil { // only a broken build can cause it
		panic(fmt.Sprintf("wine: embedded file: %v", err))
	}
	return t
}

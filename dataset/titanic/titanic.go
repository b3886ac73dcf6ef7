// Package titanic is the 1,309 passengers of the Titanic by class, sex, age and relatives aboard, and whether they survived: a table with
// categories and missing ages.
//
// It is the data frame Titanicp of R's package vcdExtra (M. Friendly), which names as its source titanic3, compiled by F. Harrell and R.
// Dawson. The table is not part of the binary: it is found as package source says, in Debian where the package r-cran-vcdextra puts it.
package titanic

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/format/rdata"
)

const (
	indexFile = "Rdata.rdx"
	dataFile  = "Rdata.rdb"
)

// Set names the two files of the data sets of vcdExtra 0.8-2. Other versions have other bytes, and serve as well where Config.Verify does
// not ask for these.
var Set = source.Set{
	Name:    "titanic",
	Title:   "Passengers of the Titanic",
	Licence: "GPL-2+ (R's package vcdExtra)",
	Home:    "the Debian package r-cran-vcdextra (apt-get download r-cran-vcdextra, then dpkg -x; the folder usr/lib/R/site-library/vcdExtra/data)",
	Dir:     "titanic",
	Dirs:    []string{"/usr/lib/R/site-library/vcdExtra/data"},
	Files: []source.File{
		{Name: indexFile, Size: 748, SHA256: "ba33f03b5697c6680ddb2a1bc61d03a54e284947592c7d9eb0939287bf989cdd"},
		{Name: dataFile, Size: 31_021, SHA256: "00be6459b2487448ade9ffc130d41e9bb0c7d09240e77d43dd0289919bea2655"},
	},
}

// columns are those of the table and what they hold.
var columns = []struct {
	name string
	kind table.Kind
}{
	{"pclass", table.Category}, {"survived", table.Category}, {"sex", table.Category},
	{"age", table.Number}, {"sibsp", table.Number}, {"parch", table.Number},
}

// Load returns the passengers: pclass (1st, 2nd, 3rd), survived (died, survived), sex (female, male), age in years, missing of 263, sibsp and
// parch, the numbers of siblings and spouses and of parents and children aboard. The target is survived.
func Load(ctx context.Context, cfg source.Config) (*table.Table, error) {
	paths, err := Set.Get(ctx, cfg)
	if err != nil {
		return nil, err
	}
	t, err := load(paths[indexFile], paths[dataFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Set.Name, err)
	}
	return t, nil
}

func load(rdx, rdb string) (*table.Table, error) {
	db, err := rdata.OpenLazyDB(rdx, rdb)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	o, err := db.Get("Titanicp")
	if err != nil {
		return nil, err
	}
	frame, err := o.DataFrame()
	if err != nil {
		return nil, err
	}
	var lines [][]string
	kinds := map[string]table.Kind{}
	for _, c := range columns {
		values, err := column(frame, c.name, c.kind)
		if err != nil {
			return nil, err
		}
		if lines == nil { // a frame without columns may claim any number of rows
			lines = make([][]string, len(values)+1)
		}
		kinds[c.name] = c.kind
		lines[0] = append(lines[0], c.name)
		for i, v := range values {
			lines[i+1] = append(lines[i+1], v)
		}
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(lines); err != nil {
		return nil, err
	}
	return table.Read(&text, table.ReadConfig{Separator: ',', Kinds: kinds})
}

// column returns the values of a column as texts, empty where they are missing.
func column(frame *rdata.DataFrame, name string, kind table.Kind) ([]string, error) {
	c, err := frame.Column(name)
	if err != nil {
		return nil, err
	}
	if kind == table.Category {
		values, _, err := c.Strings()
		return values, err
	}
	numbers, err := c.Floats()
	if err != nil {
		return nil, err
	}
	values := make([]string, len(numbers))
	for i, v := range numbers {
		if !math.IsNaN(v) {
			values[i] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return values, nil
}

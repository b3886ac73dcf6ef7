// Package catalog lists the methods that the library implements and checks each against what it must reach.
//
// A Row is one method: what it is, where it comes from, and a test. Rows are registered by the packages of recipes, one folder an
// area, in the file that demonstrates the method. A row's test makes claims (Check.AtLeast, Check.Near, ...) about figures that it
// reached; the row passes if all of them hold. `hadal verify` runs rows and prints their figures; `go test` runs the quick ones.
package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Tier is how long a row's test takes on two cores.
type Tier string

// The tiers.
const (
	Unit   Tier = "U" // seconds, no data
	Small  Tier = "S" // up to a minute
	Medium Tier = "M" // up to 10 minutes
	Large  Tier = "L" // up to 90 minutes
)

// Tiers are all of them, the quickest first.
var Tiers = []Tier{Unit, Small, Medium, Large}

// Row is one method of the catalog.
type Row struct {
	ID     string // a letter, its area, and two digits: B01
	Title  string
	Source string // the primary source: authors and year
	Tier   Tier
	Target string // what must hold, in a line
	Note   string // a common misprint of the formula that is avoided, or why the target is what it is

	// Test makes claims through c. An error means that the test could not be made, for want of data say. It may panic with what
	// package tensor panics with.
	Test func(ctx context.Context, c *Check) error
	// Doc is where a row that is knowledge, without code to test, is written down: a path in the repository. Such a row has no Test.
	Doc string
}

// Area returns the row's area, a letter.
func (r Row) Area() string { return r.ID[:1] }

// areas are the names of the areas by letter.
var areas = map[string]string{
	"A": "mathematics", "B": "classical", "C": "core", "D": "optimizers", "E": "training", "F": "convolution", "G": "CNN architectures",
	"H": "vision", "I": "recurrent", "J": "augmented recurrent", "K": "transformers", "L": "language", "M": "graphs", "N": "latent and energy",
	"O": "moments and autoregression", "P": "GANs", "Q": "reinforcement", "R": "applications", "S": "speech", "T": "metrics", "U": "workflow",
}

var rows = map[string]Row{}

// Register adds rows to the catalog; packages call it from init. It panics on an ID that is malformed or taken, and on a row that
// lacks a title, a target, a tier, or has not one of Test and Doc.
func Register(all ...Row) {
	for _, r := range all {
		ok := len(r.ID) == 3 && areas[r.ID[:1]] != "" && strings.Trim(r.ID[1:], "0123456789") == ""
		_, taken := rows[r.ID]
		switch {
		case !ok:
			panic(fmt.Sprintf("catalog: %q is no row: give a letter and two digits, as in B01", r.ID))
		case taken:
			panic("catalog: " + r.ID + " is registered twice")
		case (r.Test == nil) == (r.Doc == ""):
			panic("catalog: " + r.ID + " needs a Test or a Doc, and not both")
		case r.Title == "" || r.Target == "" || !slices.Contains(Tiers, r.Tier):
			panic("catalog: " + r.ID + " needs a title, a target and a tier")
		}
		rows[r.ID] = r
	}
}

// All returns the rows by ID.
func All() []Row {
	all := make([]Row, 0, len(rows))
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Row) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Select returns the rows of the given areas (B, or classical) and IDs (B01), of all if none are given, that are of the given tiers, of
// all if none are given. A name that selects nothing is an error that says what there is.
func Select(names []string, tiers []Tier) ([]Row, error) {
	var chosen []Row
	used := make([]bool, len(names))
	for _, r := range All() {
		wanted := len(names) == 0
		for i, name := range names {
			if strings.EqualFold(name, r.ID) || strings.EqualFold(name, r.Area()) || strings.EqualFold(name, areas[r.Area()]) {
				wanted, used[i] = true, true
			}
		}
		if wanted && (len(tiers) == 0 || slices.Contains(tiers, r.Tier)) {
			chosen = append(chosen, r)
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("there is no row or area %q in the catalog; areas with rows: %s", names[i], strings.Join(areasWithRows(), ", "))
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no row of %s is of tier %v", cmp.Or(strings.Join(names, ", "), "the catalog"), tiers)
	}
	return chosen, nil
}

func areasWithRows() (names []string) {
	for _, r := range All() {
		if name := r.Area() + " (" + areas[r.Area()] + ")"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

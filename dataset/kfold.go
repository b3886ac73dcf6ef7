package dataset

import "fmt"

// Fold is one round of cross-validation: train on Train, test on Test.
type Fold[S any] struct {
	Train, Test Subset[S]
}

// KFold cuts a data set at random, by a seed, into k parts of sizes that differ by at most one sample. Each is the test
// part of one fold and trains in the others (Stone, 1974).
func KFold[S any](d Dataset[S], k int, seed uint64) ([]Fold[S], error) {
	return StratifiedKFold(d, make([]int64, d.Len()), k, seed)
}

// StratifiedKFold is KFold within each class, so that all parts have the classes in the same proportions, to a sample. A
// class of fewer than k samples is missing in some test parts.
func StratifiedKFold[S any](d Dataset[S], labels []int64, k int, seed uint64) ([]Fold[S], error) {
	return folds(d, labels, k, seed, "samples", d.Len(), stratify)
}

// GroupKFold is KFold with all samples of a group in one part; see GroupSplit.
func GroupKFold[S any](d Dataset[S], groups []int64, k int, seed uint64) ([]Fold[S], error) {
	distinct := map[int64]bool{}
	for _, g := range groups {
		distinct[g] = true
	}
	return folds(d, groups, k, seed, "groups", len(distinct), assignGroups)
}

func folds[S any](d Dataset[S], labels []int64, k int, seed uint64, what string, most int, assign assigner) ([]Fold[S], error) {
	if k < 2 || k > most {
		return nil, fmt.Errorf("k-fold: %d folds of %d %s: there must be at least 2 and at most one for each", k, most, what)
	}
	fractions := make([]float64, k)
	for i := range fractions {
		fractions[i] = 1 / float64(k)
	}
	parts, err := split(d, labels, seed, fractions, assign)
	if err != nil {
		return nil, err
	}
	fold := make([]int, d.Len())
	for f, p := range parts {
		for _, i := range p.Indices {
			fold[i] = f
		}
	}
	r := make([]Fold[S], k)
	for f := range r {
		r[f] = Fold[S]{Train: Subset[S]{Of: d}, Test: parts[f]}
	}
	for _, i := range splitOrder(d.Len(), seed) {
		for f := range r {
			if f != fold[i] {
				r[f].Train.Indices = append(r[f].Train.Indices, i)
			}
		}
	}
	return r, nil
}

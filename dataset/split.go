package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/random"
)

// RandomSplit cuts a data set at random, by a seed, into parts of the given fractions, which must add up to at most 1; what
// they leave out is in no part. Each part has its fraction of the samples rounded down, and the samples that are left go
// one each to the parts with the largest remainders. Fractions count in steps of 1e-9. A part without samples, unless its
// fraction is 0, is an error.
func RandomSplit[S any](d Dataset[S], seed uint64, fractions ...float64) ([]Subset[S], error) {
	return StratifiedSplit(d, make([]int64, d.Len()), seed, fractions...)
}

// RandomSplitSizes cuts a data set at random, by a seed, into parts of the given numbers of samples, together at most all.
func RandomSplitSizes[S any](d Dataset[S], seed uint64, sizes ...int) ([]Subset[S], error) {
	order, at := splitOrder(d.Len(), seed), 0
	parts := make([]Subset[S], len(sizes))
	for p, n := range sizes {
		if n < 0 || n > len(order)-at {
			return nil, fmt.Errorf("split: the sizes %v must not be negative, nor together more than the %d samples", sizes, len(order))
		}
		parts[p] = Subset[S]{d, order[at : at+n : at+n]}
		at += n
	}
	return parts, nil
}

// StratifiedSplit is RandomSplit within each class, so that all parts have the classes in the same proportions, to a
// sample. labels holds the class of every sample.
func StratifiedSplit[S any](d Dataset[S], labels []int64, seed uint64, fractions ...float64) ([]Subset[S], error) {
	return split(d, labels, seed, fractions, stratify)
}

// GroupSplit is RandomSplit with all samples of a group (a patient, a speaker, a document) in one part, so that no part is
// tested on what another was trained on. Groups are given out from the largest to the smallest, each to the part that
// lacks most samples: sizes come as close to the fractions as that allows. groups holds the group of every sample.
func GroupSplit[S any](d Dataset[S], groups []int64, seed uint64, fractions ...float64) ([]Subset[S], error) {
	return split(d, groups, seed, fractions, assignGroups)
}

// unit is the whole in which fractions are counted: with integers, sums and ties come out the same on every machine.
const unit = 1_000_000_000

// assigner gives each sample to a part: byLabel holds the samples of each label in random order, shares the fraction of
// each part in units, which add up to 1, and part receives the parts.
type assigner func(part []int, byLabel [][]int, shares []int)

func split[S any](d Dataset[S], labels []int64, seed uint64, fractions []float64, assign assigner) ([]Subset[S], error) {
	n := d.Len()
	if len(labels) != n {
		return nil, fmt.Errorf("split: %d labels for %d samples: give one for each", len(labels), n)
	}
	if len(fractions) == 0 {
		return nil, fmt.Errorf("split: there are no fractions: give one for each part")
	}
	shares, rest := make([]int, len(fractions)), unit
	for p, f := range fractions {
		if !(f >= 0 && f <= 1) {
			return nil, fmt.Errorf("split: fraction %v is not from 0 to 1", f)
		}
		shares[p] = int(math.Round(f * unit))
		rest -= shares[p]
	}
	switch {
	case rest < -len(fractions):
		return nil, fmt.Errorf("split: the fractions %v add up to more than 1", fractions)
	case rest > len(fractions):
		shares = append(shares, rest) // a part for what is left out
	default: // rounding: the shares must add up exactly
		shares[slices.Index(shares, slices.Max(shares))] += rest
	}

	order, part := splitOrder(n, seed), make([]int, n)
	assign(part, members(labels, order), shares)
	parts := make([]Subset[S], len(shares))
	for _, i := range order {
		parts[part[i]].Indices = append(parts[part[i]].Indices, i)
	}
	parts = parts[:len(fractions)]
	for p := range parts {
		if len(parts[p].Indices) == 0 && fractions[p] > 0 {
			return nil, fmt.Errorf("split: part %d, a fraction of %v, gets none of the %d samples: give it more", p, fractions[p], n)
		}
		parts[p].Of = d
	}
	return parts, nil
}

// splitOrder returns the random order that belongs to a seed.
func splitOrder(n int, seed uint64) []int {
	return permutation(n, random.KeyAt(seed, splitStream))
}

func permutation(n int, k random.Key) []int {
	p := make([]int, n)
	for i, v := range random.Permutation(n, k) {
		p[i] = int(v)
	}
	return p
}

// members lists the samples of each label. Labels and samples are in the given order.
func members(labels []int64, order []int) [][]int {
	var lists [][]int
	place := map[int64]int{}
	for _, i := range order {
		k, ok := place[labels[i]]
		if !ok {
			k = len(lists)
			place[labels[i]] = k
			lists = append(lists, nil)
		}
		lists[k] = append(lists[k], i)
	}
	return lists
}

// stratify gives each part its share of each class, rounded up for the parts that lack most of this class and those
// before, and down for the others.
func stratify(part []int, byClass [][]int, shares []int) {
	lack := make([]int, len(shares)) // in units
	for _, samples := range byClass {
		n := len(samples)
		left, sizes := n, make([]int, len(shares))
		var byLack []int // the parts whose share is no whole number
		for p, s := range shares {
			sizes[p] = n * s / unit
			left -= sizes[p]
			if remainder := n * s % unit; remainder > 0 {
				lack[p] += remainder
				byLack = append(byLack, p)
			}
		}
		slices.SortStableFunc(byLack, func(p, q int) int { return cmp.Compare(lack[q], lack[p]) })
		for _, p := range byLack[:left] {
			sizes[p]++
			lack[p] -= unit
		}
		for p, size := range sizes {
			for _, i := range samples[:size] {
				part[i] = p
			}
			samples = samples[size:]
		}
	}
}

// assignGroups gives each group, the largest first, to the part that lacks most samples.
func assignGroups(part []int, byGroup [][]int, shares []int) {
	lack := make([]int, len(shares)) // in units
	for p, s := range shares {
		lack[p] = len(part) * s
	}
	slices.SortStableFunc(byGroup, func(a, b []int) int { return cmp.Compare(len(b), len(a)) })
	for _, samples := range byGroup {
		most := 0
		for p := range lack {
			if lack[p] > lack[most] {
				most = p
			}
		}
		lack[most] -= len(samples) * unit
		for _, i := range samples {
			part[i] = most
		}
	}
}

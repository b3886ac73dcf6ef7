package dataset

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/random"
)

// RandomSplit cuts a data set at random, by a seed, into parts of the given fractions, which must add up to at most 1;
// sizes are rounded down, and what the fractions leave out of a sum of 1 goes to the last part.
func RandomSplit[S any](d Dataset[S], seed uint64, fractions ...float64) ([]Subset[S], error) {
	parts, err := cut(order(d.Len(), seed), fractions)
	return subsets(d, parts), err
}

// StratifiedSplit is RandomSplit within each class, so that every part has the classes in the same proportions (to a
// sample). labels holds the class of every sample.
func StratifiedSplit[S any](d Dataset[S], labels []int64, seed uint64, fractions ...float64) ([]Subset[S], error) {
	if len(labels) != d.Len() {
		return nil, fmt.Errorf("stratified split: %d labels for %d samples", len(labels), d.Len())
	}
	byClass := map[int64][]int{}
	var classes []int64
	for _, i := range order(d.Len(), seed) {
		if byClass[labels[i]] == nil {
			classes = append(classes, labels[i])
		}
		byClass[labels[i]] = append(byClass[labels[i]], i)
	}
	parts := make([][]int, len(fractions))
	for _, c := range classes {
		p, err := cut(byClass[c], fractions)
		if err != nil {
			return nil, err
		}
		for k := range p {
			parts[k] = append(parts[k], p[k]...)
		}
	}
	return subsets(d, parts), nil
}

func subsets[S any](d Dataset[S], parts [][]int) []Subset[S] {
	s := make([]Subset[S], len(parts))
	for i, p := range parts {
		s[i] = Subset[S]{d, p}
	}
	return s
}

func order(n int, seed uint64) []int {
	o := make([]int, n)
	for i, k := range random.Permutation(n, random.KeyAt(seed, splitStream)) {
		o[i] = int(k)
	}
	return o
}

func cut(idx []int, fractions []float64) ([][]int, error) {
	var sum float64
	for _, f := range fractions {
		if !(f >= 0) {
			return nil, fmt.Errorf("split: fraction %v is not between 0 and 1", f)
		}
		sum += f
	}
	if len(fractions) == 0 || sum > 1+1e-9 {
		return nil, fmt.Errorf("split: fractions %v must add up to at most 1", fractions)
	}
	parts, at := make([][]int, len(fractions)), 0
	for i, f := range fractions {
		n := int(math.Floor(f*float64(len(idx)) + 1e-9))
		if i == len(fractions)-1 && sum > 1-1e-9 {
			n = len(idx) - at
		}
		parts[i] = idx[at : at+n : at+n]
		at += n
	}
	return parts, nil
}

// The streams that keys of one seed are drawn from.
const (
	sampleStream = iota
	shuffleStream
	splitStream
)

package metrics

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// Ranking accumulates measures of recommended or retrieved items over users or queries, each counting as much. Of a query without relevant
// items nothing is known: it does not count.
type Ranking struct {
	k                                 int
	n                                 int
	hits, reciprocal, precision       float64
	recall, averagePrecision, ndcgSum float64
}

// NewRanking returns an empty accumulator of measures at K: the first k items alone count. It panics with ErrValue unless k >= 1.
func NewRanking(k int) *Ranking {
	if k < 1 {
		tensor.Fail("ranking", tensor.ErrValue, nil, "k is %d, must be at least 1", k)
	}
	return &Ranking{k: k}
}

// Add takes the items that a query was answered with, the best first, and the relevant ones. It panics with ErrValue on an item ranked
// twice.
func (r *Ranking) Add(ranked, relevant []int) {
	gains := make(map[int]float64, len(relevant))
	for _, i := range relevant {
		gains[i] = 1
	}
	r.AddGraded(ranked, gains)
}

// AddGraded is Add with relevance in grades: items whose gain is above 0 are relevant. The gains, not the 2^grade − 1 that some take, enter
// NDCG; the other measures do not see them. It panics with ErrValue on an item ranked twice and on a gain that is negative or NaN.
func (r *Ranking) AddGraded(ranked []int, gains map[int]float64) {
	const op = "ranking"
	var ideal []float64
	for i, g := range gains {
		if !(g >= 0) {
			tensor.Fail(op, tensor.ErrValue, nil, "the gain of item %d is %v, must not be negative", i, g)
		}
		if g > 0 {
			ideal = append(ideal, g)
		}
	}
	seen := make(map[int]bool, len(ranked))
	for _, i := range ranked {
		if seen[i] {
			tensor.Fail(op, tensor.ErrValue, nil, "item %d is ranked twice", i)
		}
		seen[i] = true
	}
	if len(ideal) == 0 {
		return
	}
	slices.SortFunc(ideal, byScore)
	found, dcg, first, average := 0, 0.0, 0.0, 0.0
	for p, i := range ranked[:min(r.k, len(ranked))] {
		if g := gains[i]; g > 0 {
			found++
			dcg += g / math.Log2(float64(p+2))
			average += float64(found) / float64(p+1)
			if found == 1 {
				first = 1 / float64(p+1)
			}
		}
	}
	best := 0.0
	for p, g := range ideal[:min(r.k, len(ideal))] {
		best += g / math.Log2(float64(p+2))
	}
	r.n++
	r.hits += float64(min(found, 1))
	r.reciprocal += first
	r.precision += float64(found) / float64(r.k)
	r.recall += float64(found) / float64(len(ideal))
	r.averagePrecision += average / float64(min(r.k, len(ideal)))
	r.ndcgSum += dcg / best
}

// Merge adds the queries of o. It panics with ErrValue unless K is the same.
func (r *Ranking) Merge(o *Ranking) {
	if r.k != o.k {
		tensor.Fail("ranking", tensor.ErrValue, nil, "measures at %d and %d cannot be merged", r.k, o.k)
	}
	r.n += o.n
	r.hits += o.hits
	r.reciprocal += o.reciprocal
	r.precision += o.precision
	r.recall += o.recall
	r.averagePrecision += o.averagePrecision
	r.ndcgSum += o.ndcgSum
}

// Queries returns how many counted.
func (r *Ranking) Queries() int { return r.n }

// HitRate returns the share of queries with a relevant item among the first K.
func (r *Ranking) HitRate() float64 { return r.hits / float64(r.n) }

// MRR returns the mean of 1/rank of the first relevant item, 0 where it is not among the first K (E. Voorhees, 1999).
func (r *Ranking) MRR() float64 { return r.reciprocal / float64(r.n) }

// Precision returns the mean of the relevant among the first K by K, also where fewer than K were ranked.
func (r *Ranking) Precision() float64 { return r.precision / float64(r.n) }

// Recall returns the mean of the relevant among the first K by all relevant ones.
func (r *Ranking) Recall() float64 { return r.recall / float64(r.n) }

// MAP returns the mean of 1/min(K, relevant) Σ_p precision at p, over the places p <= K of relevant items.
func (r *Ranking) MAP() float64 { return r.averagePrecision / float64(r.n) }

// NDCG returns the mean of DCG by that of the best order, DCG = Σ_{p<=K} gain_p / log₂(p + 1) with places p from 1 (K. Järvelin and J.
// Kekäläinen, 2002).
func (r *Ranking) NDCG() float64 { return r.ndcgSum / float64(r.n) }

// Ranked returns the items in decreasing order of their scores (N,), the first of equals first. Items to leave out, such as those a user
// knows, are dropped. It panics with ErrNaN on a NaN.
func Ranked(scores *tensor.Tensor, without ...int) []int {
	s := scores.Floats()
	ordered("ranked", "scores", s)
	drop := make(map[int]bool, len(without))
	for _, i := range without {
		drop[i] = true
	}
	return slices.DeleteFunc(increasing(negated(s)), func(i int) bool { return drop[i] })
}

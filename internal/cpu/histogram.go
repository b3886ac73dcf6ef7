package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// BinRule is how Histogram finds the bin of a value.
type BinRule uint8

// The rules: the bins are equally wide, and arithmetic alone decides; it is set right by the edges beside the bin; binary
// search in any edges. (In rounding they differ.)
const (
	BinLinear BinRule = iota
	BinLinearExact
	BinSearch
)

// Histogram adds up in hist the weights (1 each where nil) of the elements of x in [edges[i], edges[i+1]); the last bin holds
// its right edge too. Others, and NaN, count nowhere.
func Histogram[T float32 | float64](rule BinRule, edges, x, weights []T, hist []float64) {
	bins := len(edges) - 1
	left, right := edges[0], edges[bins]
	parts := max(1, min(8, len(x)/(bins+grainCheap)))
	sums := make([]float64, parts*bins)
	parallel.For(parts, 1, func(first, end int) {
		for p := first; p < end; p++ {
			sum := sums[p*bins : (p+1)*bins]
			lo, hi := p*len(x)/parts, (p+1)*len(x)/parts
			for i, v := range x[lo:hi] {
				if !(v >= left && v <= right) {
					continue
				}
				at := 0
				if rule != BinSearch {
					at = int((v - left) / (right - left) * T(bins))
				}
				switch rule {
				case BinLinearExact:
					from := max(0, at-1)
					at = from + lastAtMost(edges[from:min(at+2, bins+1)], v)
				case BinSearch:
					at = lastAtMost(edges, v)
				}
				w := T(1)
				if weights != nil {
					w = weights[lo+i]
				}
				sum[max(0, min(at, bins-1))] += float64(w)
			}
		}
	})
	clear(hist)
	for p := range parts {
		for i, v := range sums[p*bins : (p+1)*bins] {
			hist[i] += v
		}
	}
}

// lastAtMost returns the place of the last edge that is at most v, or -1.
func lastAtMost[T float32 | float64](edges []T, v T) int {
	lo, hi := 0, len(edges)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if edges[mid] <= v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

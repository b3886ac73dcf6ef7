package metrics

import (
	"math"
	"slices"
)

// Pearson returns the correlation Σ (x−x̄)(y−ȳ) / √(Σ (x−x̄)² Σ (y−ȳ)²) of pairs; NaN when one is constant or there are none. It panics
// with ErrShape when the lengths differ.
func Pearson(x, y []float64) float64 {
	sameLength("pearson", len(x), len(y))
	if len(x) == 0 {
		return math.NaN()
	}
	mx, my, n := x[0], y[0], float64(len(x)) // sums of differences: a constant's mean is then the constant
	for i := range x {
		mx += (x[i] - x[0]) / n
		my += (y[i] - y[0]) / n
	}
	var xx, yy, xy float64
	for i := range x {
		a, b := x[i]-mx, y[i]-my
		xx += a * a
		yy += b * b
		xy += a * b
	}
	return max(-1, min(1, xy/math.Sqrt(xx)/math.Sqrt(yy))) // rounding may lead outside
}

// Spearman returns the rank correlation ρ (C. Spearman, 1904): Pearson's of the ranks, where equals share the mean of their ranks. The
// short form 1 − 6 Σ d²/(n(n²−1)) holds without ties alone. NaN when one is constant. It panics with ErrShape when the lengths differ and
// with ErrNaN on a NaN.
func Spearman(x, y []float64) float64 {
	sameLength("spearman", len(x), len(y))
	return Pearson(ranks("spearman", x), ranks("spearman", y))
}

// ranks returns the places of x in increasing order, from 1, equals at the mean of theirs.
func ranks(op string, x []float64) []float64 {
	ordered(op, "values", x)
	order := increasing(x)
	r := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			r[k] = float64(i+1+j) / 2
		}
		i = j
	}
	return r
}

// increasing returns the indices of x in increasing order.
func increasing(x []float64) []int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return 0
	})
	return order
}

// Kendall returns τ_b (M. Kendall, 1945), (C − D) / √((n₀ − n₁)(n₀ − n₂)), of C concordant and D discordant pairs among n₀ = n(n−1)/2, n₁
// of which are tied in x and n₂ in y, in O(n log n) (W. Knight, 1966). NaN when one is constant. It panics with ErrShape when the lengths
// differ and with ErrNaN on a NaN.
func Kendall(x, y []float64) float64 {
	const op = "kendall"
	sameLength(op, len(x), len(y))
	rx, ry := ranks(op, x), ranks(op, y)
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if rx[a] != rx[b] {
			return int(2 * (rx[a] - rx[b])) // ranks are halves
		}
		return int(2 * (ry[a] - ry[b]))
	})
	var tiesX, tiesY, tiesBoth int
	tied := func(same func(a, b int) bool, order []int) (n int) {
		run := 0
		for i := range order {
			if run++; i+1 == len(order) || !same(order[i], order[i+1]) {
				n += run * (run - 1) / 2
				run = 0
			}
		}
		return n
	}
	tiesX = tied(func(a, b int) bool { return rx[a] == rx[b] }, order)
	tiesBoth = tied(func(a, b int) bool { return rx[a] == rx[b] && ry[a] == ry[b] }, order)
	tiesY = tied(func(a, b int) bool { return ry[a] == ry[b] }, increasing(ry))
	seq := make([]float64, len(order))
	for i, k := range order {
		seq[i] = ry[k]
	}
	n0 := len(x) * (len(x) - 1) / 2
	balance := n0 - tiesX - tiesY + tiesBoth - 2*inversions(seq, make([]float64, len(seq)))
	return float64(balance) / math.Sqrt(float64(n0-tiesX)) / math.Sqrt(float64(n0-tiesY))
}

// inversions sorts x by merging and counts the pairs that were out of order.
func inversions(x, scratch []float64) (n int) {
	if len(x) < 2 {
		return 0
	}
	half := len(x) / 2
	n = inversions(x[:half], scratch) + inversions(x[half:], scratch)
	a, b, merged := x[:half], x[half:], scratch[:0]
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
			n += len(a)
		}
	}
	merged = append(append(merged, a...), b...)
	copy(x, merged)
	return n
}

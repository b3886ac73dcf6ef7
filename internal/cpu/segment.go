package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Groups lists the rows of each of several groups in their order: a sparse matrix of ones in CSR form.
type Groups struct {
	start []int32 // group g has places start[g] to start[g+1]
	order []int32 // the row at each place; nil: the place itself, as the ids were sorted
}

// group is one of Groups.
type group struct {
	lo, n int
	order []int32
}

func (g *Groups) of(i int) group {
	lo := int(g.start[i])
	return group{lo, int(g.start[i+1]) - lo, g.order}
}

// at returns the group's p-th row.
func (g *group) at(p int) int {
	if g.order == nil {
		return g.lo + p
	}
	return int(g.order[g.lo+p])
}

// GroupRows groups the rows by their ids in [0, n), by counting.
func GroupRows(ids []int64, n int) *Groups {
	g := &Groups{start: make([]int32, n+1)}
	sorted, last := true, int64(0)
	for _, k := range ids {
		sorted = sorted && k >= last
		last = k
		g.start[k+1]++
	}
	for i := range n {
		g.start[i+1] += g.start[i]
	}
	if sorted {
		return g
	}
	g.order = make([]int32, len(ids))
	next := append([]int32(nil), g.start[:n]...)
	for j, k := range ids {
		g.order[next[k]] = int32(j)
		next[k]++
	}
	return g
}

// each shares groups lo to hi and columns k0 to k1 of outer blocks of rows of inner elements among workers: whole rows,
// unless there are too few groups to share.
func (g *Groups) each(outer, inner int, f func(o, lo, hi, k0, k1 int)) {
	n, blocks := len(g.start)-1, 1
	if outer*n == 0 {
		return
	}
	if outer*n < 16 {
		blocks = max(1, min(8, inner/16))
	}
	work := int(g.start[n])*inner/(n*blocks) + 1
	span := max(1, min(n, grainCheap/work)) // groups at a time
	spans := (n + span - 1) / span
	parallel.For(outer*spans*blocks, max(1, grainCheap/(work*span)), func(a, b int) {
		for t := a; t < b; t++ {
			p, s := t%blocks, t/blocks%spans
			f(t/blocks/spans, s*span, min(n, (s+1)*span), p*inner/blocks, (p+1)*inner/blocks)
		}
	})
}

// SegmentExtreme computes the largest (smallest) element of each group's rows of x (m, inner), column by column: y (n, inner).
// NaN is largest and smallest; an empty group gives 0.
func SegmentExtreme[T Number](largest bool, inner, n int, x []T, ids []int64, y []T) {
	groups := GroupRows(ids, n)
	groups.each(1, inner, func(_, lo, hi, k0, k1 int) {
		for g := lo; g < hi; g++ {
			d, rows := y[g*inner+k0:g*inner+k1], groups.of(g)
			if rows.n == 0 {
				clear(d)
				continue
			}
			copy(d, x[rows.at(0)*inner+k0:])
			for p := 1; p < rows.n; p++ {
				r := x[rows.at(p)*inner+k0:][:len(d)]
				if largest {
					for i, v := range r {
						d[i] = max(d[i], v)
					}
				} else {
					for i, v := range r {
						d[i] = min(d[i], v)
					}
				}
			}
		}
	})
}

// SegmentShare shares dy (n, inner) evenly among the elements of each group's rows of x (m, inner) that equal y (n, inner);
// the others get 0. Where none is equal, y being NaN, all get NaN.
func SegmentShare[T float32 | float64](inner, n int, x, y []T, ids []int64, dy, dx []T) {
	groups := GroupRows(ids, n)
	groups.each(1, inner, func(_, lo, hi, k0, k1 int) {
		share := make([]T, k1-k0)
		for g := lo; g < hi; g++ {
			rows, top := groups.of(g), y[g*inner+k0:g*inner+k1]
			clear(share)
			for p := range rows.n {
				for i, v := range x[rows.at(p)*inner+k0:][:len(top)] {
					if v == top[i] {
						share[i]++
					}
				}
			}
			for i, v := range dy[g*inner+k0 : g*inner+k1] {
				if share[i] == 0 {
					share[i] = T(math.NaN())
				} else {
					share[i] = v / share[i]
				}
			}
			for p := range rows.n {
				at := rows.at(p)*inner + k0
				d := dx[at:][:len(top)]
				for i, v := range x[at:][:len(top)] {
					d[i] = 0
					if v == top[i] || top[i] != top[i] {
						d[i] = share[i]
					}
				}
			}
		}
	})
}

// SegmentSoftmax computes y = exp(x - max) / Σ exp(x - max) over each group's rows of x (m, inner), column by column.
func SegmentSoftmax[T float32 | float64](inner, n int, x []T, ids []int64, y []T) {
	groups := GroupRows(ids, n)
	groups.each(1, inner, func(_, lo, hi, k0, k1 int) {
		top, sum := make([]T, k1-k0), make([]float64, k1-k0)
		for g := lo; g < hi; g++ {
			rows := groups.of(g)
			if inner == 1 && groups.order == nil {
				src, dst := x[rows.lo:rows.lo+rows.n], y[rows.lo:rows.lo+rows.n]
				inv := T(1 / expSum(dst, src, largest(src)))
				for i := range dst {
					dst[i] *= inv
				}
				continue
			}
			fill(top, T(math.Inf(-1)))
			clear(sum)
			for p := range rows.n {
				for i, v := range x[rows.at(p)*inner+k0:][:len(top)] {
					if v > top[i] {
						top[i] = v
					}
				}
			}
			for p := range rows.n {
				at := rows.at(p)*inner + k0
				expDiff(y[at:][:len(top)], x[at:][:len(top)], top, sum)
			}
			for i, s := range sum {
				top[i] = T(1 / s)
			}
			for p := range rows.n {
				d := y[rows.at(p)*inner+k0:][:len(top)]
				for i := range d {
					d[i] *= top[i]
				}
			}
		}
	})
}

// expDiff sets y to exp(x - top), for top no smaller than x, and adds it to sum.
func expDiff[T float32 | float64](y, x, top []T, sum []float64) {
	if x, ok := any(x).([]float32); ok {
		y, top := any(y).([]float32)[:len(x)], any(top).([]float32)[:len(x)]
		sum = sum[:len(x)]
		for i, v := range x {
			z := float64(v - top[i])
			if z < -104 {
				z = -104 // below, it is 0 in float32
			}
			s, q := expParts(z)
			e := s + float64(s*q)
			sum[i] += e
			y[i] = float32(e)
		}
		return
	}
	for i, v := range x {
		e := math.Exp(float64(v - top[i]))
		sum[i] += e
		y[i] = T(e)
	}
}

// SegmentSoftmaxGrad computes dx = y (dy - Σ dy y), the sum over each group's rows of y (m, inner), column by column.
func SegmentSoftmaxGrad[T float32 | float64](inner, n int, dy, y []T, ids []int64, dx []T) {
	groups := GroupRows(ids, n)
	groups.each(1, inner, func(_, lo, hi, k0, k1 int) {
		sum := make([]float64, k1-k0)
		for g := lo; g < hi; g++ {
			rows := groups.of(g)
			clear(sum)
			for p := range rows.n {
				at := rows.at(p)*inner + k0
				yr := y[at:][:len(sum)]
				for i, v := range dy[at:][:len(sum)] {
					sum[i] += float64(v) * float64(yr[i])
				}
			}
			for p := range rows.n {
				at := rows.at(p)*inner + k0
				yr, dr := y[at:][:len(sum)], dx[at:][:len(sum)]
				for i, v := range dy[at:][:len(sum)] {
					dr[i] = yr[i] * (v - T(sum[i]))
				}
			}
		}
	})
}

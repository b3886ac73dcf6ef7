package cpu

import (
	"math"

	"github.com/hadal-go/hadal/internal/parallel"
)

// Rows is a tensor cut along one axis: outer x n x inner elements, of which rows are the n elements apart by inner.
type Rows struct{ Outer, N, Inner int }

func (r Rows) each(body func(at int)) {
	rows := r.Outer * r.Inner
	parallel.For(rows, max(1, grainCostly/max(1, r.N)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			body(i/r.Inner*r.N*r.Inner + i%r.Inner)
		}
	})
}

// Softmax computes y = exp(x - max) / Σ exp(x - max) along rows. A row of -Inf gives NaN, as PyTorch does.
func Softmax[T float32 | float64](r Rows, x, y []T) {
	r.each(func(at int) {
		st, end := r.Inner, at+r.N*r.Inner
		m := rowMax(x, at, end, st)
		var sum float64
		for i := at; i < end; i += st {
			e := math.Exp(float64(x[i] - m))
			y[i] = T(e)
			sum += e
		}
		inv := T(1 / sum)
		for i := at; i < end; i += st {
			y[i] *= inv
		}
	})
}

// LogSoftmax computes y = x - max - ln Σ exp(x - max) along rows.
func LogSoftmax[T float32 | float64](r Rows, x, y []T) {
	r.each(func(at int) {
		st, end := r.Inner, at+r.N*r.Inner
		m, l := rowLogSumExp(x, at, end, st)
		for i := at; i < end; i += st {
			y[i] = x[i] - m - l
		}
	})
}

// SoftmaxGrad computes dx = y (dy - Σ dy y) along rows.
func SoftmaxGrad[T float32 | float64](r Rows, dy, y, dx []T) {
	r.each(func(at int) {
		st, end := r.Inner, at+r.N*r.Inner
		var sum float64
		for i := at; i < end; i += st {
			sum += float64(dy[i]) * float64(y[i])
		}
		s := T(sum)
		for i := at; i < end; i += st {
			dx[i] = y[i] * (dy[i] - s)
		}
	})
}

// LogSoftmaxGrad computes dx = dy - exp(y) Σ dy along rows.
func LogSoftmaxGrad[T float32 | float64](r Rows, dy, y, dx []T) {
	r.each(func(at int) {
		st, end := r.Inner, at+r.N*r.Inner
		var sum float64
		for i := at; i < end; i += st {
			sum += float64(dy[i])
		}
		for i := at; i < end; i += st {
			dx[i] = T(float64(dy[i]) - math.Exp(float64(y[i]))*sum)
		}
	})
}

// CrossEntropy computes, for each row of x (n, c) with class t[i], the loss Σ_k q_k (lse - x_k) and lse = ln Σ exp x,
// where q_k = (1-smooth) w_t [k = t] + smooth/c w_k. Rows of class ignore give 0. weight may be nil.
func CrossEntropy[T float32 | float64](c int, smooth float64, ignore int64, x []T, t []int64, weight, loss, lse []T) {
	parallel.For(len(t), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := x[i*c : (i+1)*c]
			m, l := rowLogSumExp(x, i*c, (i+1)*c, 1)
			lse[i] = m + l
			if t[i] == ignore {
				loss[i] = 0
				continue
			}
			// Differences to the maximum first: lse - x of large logits would cancel.
			v := float64(l) - float64(row[t[i]]-m)
			v *= (1 - smooth) * classWeight(weight, int(t[i]))
			if smooth != 0 {
				var s float64
				for k, xk := range row {
					s += classWeight(weight, k) * (float64(l) - float64(xk-m))
				}
				v += smooth / float64(c) * s
			}
			loss[i] = T(v)
		}
	})
}

// CrossEntropyGrad computes dx_k = dloss (softmax_k Σ q - q_k).
func CrossEntropyGrad[T float32 | float64](c int, smooth float64, ignore int64, dloss, x []T, t []int64, weight, lse, dx []T) {
	var total float64
	for k := range c {
		total += classWeight(weight, k)
	}
	parallel.For(len(t), max(1, grainCostly/max(1, c)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row, d := x[i*c:(i+1)*c], dx[i*c:(i+1)*c]
			if t[i] == ignore {
				clear(d)
				continue
			}
			wt := (1 - smooth) * classWeight(weight, int(t[i]))
			sum := wt + smooth/float64(c)*total
			g := float64(dloss[i])
			for k, v := range row {
				q := smooth / float64(c) * classWeight(weight, k)
				if k == int(t[i]) {
					q += wt
				}
				d[k] = T(g * (math.Exp(float64(v-lse[i]))*sum - q))
			}
		}
	})
}

func classWeight[T float32 | float64](w []T, k int) float64 {
	if w == nil {
		return 1
	}
	return float64(w[k])
}

func rowMax[T float32 | float64](x []T, at, end, st int) T {
	m := T(math.Inf(-1))
	for i := at; i < end; i += st {
		m = max(m, x[i])
	}
	return m
}

// rowLogSumExp returns the maximum m and ln Σ exp(x - m).
func rowLogSumExp[T float32 | float64](x []T, at, end, st int) (m, l T) {
	m = rowMax(x, at, end, st)
	if math.IsInf(float64(m), 0) { // differences to it would be NaN
		return 0, m
	}
	var sum float64
	for i := at; i < end; i += st {
		sum += math.Exp(float64(x[i] - m))
	}
	return m, T(math.Log(sum))
}

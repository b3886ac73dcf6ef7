package linear

import (
	"math"
	"slices"
)

// scores stores w_k·x of row i in z.
func (t *svmTask) scores(w []float64, i int, z []float64) {
	for k := range z {
		z[k] = dot(w[k*t.d:(k+1)*t.d], t.row(i))
	}
}

// crammerSinger minimises ½ Σ_k |w_k|² + Σ_i Σ_k [k ≠ y_i] α_ik over α_ik <= C [k = y_i], Σ_k α_ik = 0, w_k = Σ_i α_ik x_i: all variables
// of a row at a time, exactly (Keerthi et al., 2008).
func (t *svmTask) crammerSinger(w, alpha []float64) (passes int, ok bool) {
	classes := len(t.m.classes)
	grad, b, sorted := make([]float64, classes), make([]float64, classes), make([]float64, classes)
	rows := t.rows()
	for passes = 1; passes <= t.MaxIter; passes++ {
		t.shuffle(rows, 0, passes)
		worst := 0.0
		for _, i := range rows {
			row, right, a := t.row(i), t.m.y[i], alpha[i*classes:(i+1)*classes]
			if t.norm[i] == 0 { // no w changes its loss
				a[right], a[(right+1)%classes] = t.C, -t.C
				continue
			}
			t.scores(w, i, grad)
			most, least := math.Inf(-1), math.Inf(1)
			for k := range grad {
				limit := 0.0
				if k != right {
					grad[k]++
				} else {
					limit = t.C
				}
				most = max(most, grad[k])
				if a[k] < limit {
					least = min(least, grad[k])
				}
			}
			worst = max(worst, most-least)
			if most-least <= 1e-12 {
				continue
			}
			// The minimum is α_k = min(limit_k, (β - b_k) / |x|²), with β such that the sum is 0.
			for k := range b {
				b[k] = grad[k] - t.norm[i]*a[k]
				sorted[k] = b[k]
			}
			sorted[right] += t.norm[i] * t.C
			slices.SortFunc(sorted, func(p, q float64) int {
				switch {
				case p > q:
					return -1
				case p < q:
					return 1
				}
				return 0
			})
			beta, free := sorted[0]-t.norm[i]*t.C, 1
			for free < classes && beta/float64(free) < sorted[free] {
				beta += sorted[free]
				free++
			}
			beta /= float64(free)
			for k := range a {
				limit := 0.0
				if k == right {
					limit = t.C
				}
				next := min(limit, (beta-b[k])/t.norm[i])
				if next != a[k] {
					axpy(next-a[k], row, w[k*t.d:(k+1)*t.d])
					a[k] = next
				}
			}
		}
		if worst <= t.Tol {
			return passes, true
		}
	}
	return t.MaxIter, false
}

// westonWatkins minimises ½ Σ_k |w_k|² - Σ α_ik over 0 <= α_ik <= C for the rivals k ≠ y_i, where α_ik adds x_i to w_y and takes it from
// w_k, one variable at a time.
func (t *svmTask) westonWatkins(w, alpha []float64) (passes int, ok bool) {
	classes := len(t.m.classes)
	rows := t.rows()
	for passes = 1; passes <= t.MaxIter; passes++ {
		t.shuffle(rows, 0, passes)
		worst := 0.0
		for _, i := range rows {
			row, right, a := t.row(i), t.m.y[i], alpha[i*classes:(i+1)*classes]
			own := w[right*t.d : (right+1)*t.d]
			ahead := dot(own, row)
			for k := range a {
				switch {
				case k == right:
					continue
				case t.norm[i] == 0: // no w changes its loss
					a[k] = t.C
					continue
				}
				rival := w[k*t.d : (k+1)*t.d]
				grad := ahead - dot(rival, row) - 1
				if a[k] == 0 && grad >= 0 || a[k] == t.C && grad <= 0 {
					continue
				}
				worst = max(worst, math.Abs(grad))
				next := min(max(a[k]-grad/(2*t.norm[i]), 0), t.C)
				axpy(next-a[k], row, own)
				axpy(a[k]-next, row, rival)
				ahead += (next - a[k]) * t.norm[i]
				a[k] = next
			}
		}
		if worst <= t.Tol {
			return passes, true
		}
	}
	return t.MaxIter, false
}

// multiclassObjectives returns the primal and the dual objective of the two forms above.
func (t *svmTask) multiclassObjectives(w, alpha []float64) (primal, dual float64) {
	classes := len(t.m.classes)
	z := make([]float64, classes)
	primal = dot(w, w) / 2
	dual = -primal
	for i, right := range t.m.y {
		t.scores(w, i, z)
		loss := 0.0
		for k := range z {
			if k == right {
				continue
			}
			hinge := max(0, 1+z[k]-z[right])
			if t.Multiclass == CrammerSinger {
				loss = max(loss, hinge)
				dual -= alpha[i*classes+k]
			} else {
				loss += hinge
				dual += alpha[i*classes+k]
			}
		}
		primal += t.C * loss
	}
	return primal, dual
}

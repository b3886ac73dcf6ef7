package linear

import "math"

// smo minimises ½ Σ_ij α_i α_j y_i y_j k_ij - Σ α_i over 0 <= α_i <= C, Σ α_i y_i = 0.
type smo struct {
	svm        *KernelSVM
	x          []float64 // n rows of d
	n, d       int
	norm       []float64 // |x_i|²
	y          []float64
	alpha      []float64
	grad       []float64 // of the objective
	diagonal   []float64 // k_ii
	rows       [][]float64
	kept       []int // rows that are in memory, the oldest first
	most       int
	iterations int
}

func newSMO(s *KernelSVM, m *labelled, rows []int, y []float64) *smo {
	n := len(rows)
	o := &smo{svm: s, n: n, d: m.d, y: y, alpha: make([]float64, n), grad: make([]float64, n), diagonal: make([]float64, n),
		norm: make([]float64, n), rows: make([][]float64, n), most: max(2, s.CacheMB<<20/(8*n))}
	for i, r := range rows {
		o.x = append(o.x, m.row(r)...)
		o.norm[i] = dot(m.row(r), m.row(r))
		o.diagonal[i] = o.kernel(o.norm[i], o.norm[i], o.norm[i])
		o.grad[i] = -1
	}
	return o
}

// kernel returns k(u, v) by u·v, |u|² and |v|².
func (o *smo) kernel(uv, uu, vv float64) float64 {
	switch s := o.svm; s.Kernel {
	case RBFKernel:
		return math.Exp(-s.FittedGamma * max(0, uu+vv-2*uv))
	case PolynomialKernel:
		return math.Pow(s.FittedGamma*uv+s.Coef0, float64(s.Degree))
	}
	return uv
}

// row returns k(x_i, ·).
func (o *smo) row(i int) []float64 {
	if o.rows[i] != nil {
		return o.rows[i]
	}
	if len(o.kept) == o.most { // the oldest makes room; who uses it still has it
		old := o.kept[0]
		o.kept = o.kept[1:]
		o.rows[old] = nil
	}
	r := make([]float64, o.n)
	xi := o.x[i*o.d : (i+1)*o.d]
	for j := range r {
		r[j] = o.kernel(dot(xi, o.x[j*o.d:(j+1)*o.d]), o.norm[i], o.norm[j])
	}
	o.rows[i] = r
	o.kept = append(o.kept, i)
	return r
}

// up and low report whether α_i y_i can grow and shrink.
func (o *smo) up(i int) bool {
	return o.y[i] > 0 && o.alpha[i] < o.svm.C || o.y[i] < 0 && o.alpha[i] > 0
}

func (o *smo) low(i int) bool {
	return o.y[i] > 0 && o.alpha[i] > 0 || o.y[i] < 0 && o.alpha[i] < o.svm.C
}

// pair returns the next two variables: the one whose growth pays most at once, and the one with which the objective falls most.
func (o *smo) pair() (i, j int, violation float64) {
	i, j = -1, -1
	most, least := math.Inf(-1), math.Inf(1)
	for t, g := range o.grad {
		if v := -o.y[t] * g; o.up(t) && v > most {
			i, most = t, v
		}
	}
	if i < 0 {
		return -1, -1, 0
	}
	ki, best := o.row(i), math.Inf(-1)
	for t, g := range o.grad {
		if !o.low(t) {
			continue
		}
		v := -o.y[t] * g
		least = min(least, v)
		if b := most - v; b > 0 {
			if gain := b * b / max(o.diagonal[i]+o.diagonal[t]-2*ki[t], 1e-12); gain > best {
				j, best = t, gain
			}
		}
	}
	return i, j, most - least
}

// solve moves pairs until none violates its optimality by more than tol, and reports whether that came within maxIter.
func (o *smo) solve(tol float64, maxIter int) bool {
	c := o.svm.C
	for ; o.iterations < maxIter; o.iterations++ {
		i, j, violation := o.pair()
		if j < 0 || violation <= tol {
			return true
		}
		ki, kj := o.row(i), o.row(j)
		// α_i y_i grows by t and α_j y_j shrinks by it.
		t := (-o.y[i]*o.grad[i] + o.y[j]*o.grad[j]) / max(o.diagonal[i]+o.diagonal[j]-2*ki[j], 1e-12)
		room := func(sign, a float64) float64 { // for a + sign t in [0, C]
			if sign > 0 {
				return c - a
			}
			return a
		}
		ri, rj := room(o.y[i], o.alpha[i]), room(-o.y[j], o.alpha[j])
		t = min(t, ri, rj)
		o.alpha[i] = snap(o.alpha[i]+o.y[i]*t, o.y[i], t == ri, c)
		o.alpha[j] = snap(o.alpha[j]-o.y[j]*t, -o.y[j], t == rj, c)
		for s := range o.grad {
			o.grad[s] += o.y[s] * t * (ki[s] - kj[s])
		}
	}
	return false
}

// snap puts a variable that used all its room on the bound itself, which rounding may miss.
func snap(a, sign float64, bound bool, c float64) float64 {
	switch {
	case bound && sign > 0:
		return c
	case bound:
		return 0
	}
	return a
}

// objective is ½ αᵀQα - Σα, with Qα = grad + 1.
func (o *smo) objective() (sum float64) {
	for i, a := range o.alpha {
		sum += a * (o.grad[i] - 1) / 2
	}
	return sum
}

// intercept is b: free variables lie on the margin, y (f + b) = 1; without any it is the middle of what the others allow.
func (o *smo) intercept() float64 {
	sum, free, lo, hi := 0.0, 0, math.Inf(-1), math.Inf(1)
	for i, g := range o.grad {
		v := -o.y[i] * g // b that puts row i on its margin
		switch a := o.alpha[i]; {
		case a > 0 && a < o.svm.C:
			sum += v
			free++
		case (a == 0) == (o.y[i] > 0): // y = 1 beyond the margin, or y = -1 inside: b is at least v
			lo = max(lo, v)
		default:
			hi = min(hi, v)
		}
	}
	if free > 0 {
		return sum / float64(free)
	}
	return (lo + hi) / 2
}

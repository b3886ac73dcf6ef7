package linear

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// mostProducts is how many rows have all of their products computed at once, in 32 MB: much quicker than one by one.
const mostProducts = 2048

// smo minimises ½ Σ_ij α_i α_j y_i y_j k_ij - Σ α_i over 0 <= α_i <= C, Σ α_i y_i = 0.
type smo struct {
	svm        *KernelSVM
	x          []float64 // n rows of d
	n, d       int
	norm       []float64      // |x_i|²
	products   *tensor.Tensor // x_i·x_j, nil with too many rows
	y          []float64
	alpha      []float64
	v          []float64 // -y_i times the gradient of the objective: how fast it falls as α_i y_i grows
	up, low    []bool    // whether α_i y_i can grow and shrink
	diagonal   []float64 // k_ii
	rows       [][]float64
	kept       []int // rows that are in memory, the oldest first
	most       int
	iterations int
}

func newSMO(s *KernelSVM, m *labelled, rows []int, y []float64) *smo {
	n := len(rows)
	o := &smo{svm: s, n: n, d: m.d, y: y, alpha: make([]float64, n), v: make([]float64, n), diagonal: make([]float64, n),
		up: make([]bool, n), low: make([]bool, n), norm: make([]float64, n), rows: make([][]float64, n), most: max(2, s.CacheMB<<20/(8*n))}
	for _, r := range rows {
		o.x = append(o.x, m.row(r)...)
	}
	if n <= mostProducts {
		x := tensor.Of(o.x, n, m.d)
		o.products = x.MatMul(x.T())
	}
	for i := range n {
		xi := o.x[i*o.d : (i+1)*o.d]
		o.norm[i], o.v[i] = dot(xi, xi), y[i]
		o.bounds(i)
		o.diagonal[i] = 1
	}
	if s.Kernel != RBFKernel {
		copy(o.diagonal, o.norm)
		o.kernel(o.diagonal, 0)
	}
	return o
}

// kernel replaces the products u·x_j by k(u, x_j); norm is |u|².
func (o *smo) kernel(r []float64, norm float64) {
	switch s := o.svm; s.Kernel {
	case RBFKernel:
		for j, uv := range r {
			r[j] = -s.FittedGamma * max(0, norm+o.norm[j]-2*uv)
		}
		expAll(r)
	case PolynomialKernel:
		for j, uv := range r {
			r[j] = math.Pow(s.FittedGamma*uv+s.Coef0, float64(s.Degree))
		}
	}
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
	if o.products != nil {
		tensor.Read(o.products, func(all []float64) { copy(r, all[i*o.n:]) })
	} else {
		xi := o.x[i*o.d : (i+1)*o.d]
		for j := range r {
			r[j] = dot(xi, o.x[j*o.d:(j+1)*o.d])
		}
	}
	o.kernel(r, o.norm[i])
	o.rows[i] = r
	o.kept = append(o.kept, i)
	return r
}

// bounds stores whether α_i y_i can grow and shrink.
func (o *smo) bounds(i int) {
	above, below := o.alpha[i] > 0, o.alpha[i] < o.svm.C
	if o.up[i], o.low[i] = below, above; o.y[i] < 0 {
		o.up[i], o.low[i] = above, below
	}
}

// pair returns the next two variables: the one whose growth pays most at once, and the one with which the objective falls most.
func (o *smo) pair() (i, j int, violation float64) {
	i, j = -1, -1
	most, least := math.Inf(-1), math.Inf(1)
	for t, v := range o.v {
		if v > most && o.up[t] {
			i, most = t, v
		}
	}
	if i < 0 {
		return -1, -1, 0
	}
	ki, di, best := o.row(i), o.diagonal[i], math.Inf(-1)
	for t, v := range o.v {
		if !o.low[t] {
			continue
		}
		if v < least {
			least = v
		}
		if b := most - v; b > 0 {
			if gain := b * b / max(di+o.diagonal[t]-2*ki[t], 1e-12); gain > best {
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
		t := (o.v[i] - o.v[j]) / max(o.diagonal[i]+o.diagonal[j]-2*ki[j], 1e-12)
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
		o.bounds(i)
		o.bounds(j)
		for s, k := range ki {
			o.v[s] -= t * (k - kj[s])
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

// objective is ½ αᵀQα - Σα, with Qα = 1 + its gradient.
func (o *smo) objective() (sum float64) {
	for i, a := range o.alpha {
		sum -= a * (o.y[i]*o.v[i] + 1) / 2
	}
	return sum
}

// intercept is b: free variables lie on the margin, y (f + b) = 1; without any it is the middle of what the others allow.
func (o *smo) intercept() float64 {
	sum, free, lo, hi := 0.0, 0, math.Inf(-1), math.Inf(1)
	for i, v := range o.v { // b that puts row i on its margin
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

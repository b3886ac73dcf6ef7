package linear

import "math"

// LBFGS minimises a smooth function f of any number of variables from x, in place, by limited-memory BFGS (D. C. Liu and J. Nocedal,
// 1989) with 10 pairs and a line search for the strong Wolfe conditions. f returns the value at x and stores the gradient in grad. It
// stops when |gradient| <= tol √max(1, |f|), after maxIter iterations, or when no step along the gradient lowers f; converged tells
// whether it was the first.
func LBFGS(f func(x, grad []float64) float64, x []float64, tol float64, maxIter int) (iterations int, converged bool) {
	const history = 10
	type pair struct {
		s, y []float64
		rho  float64
	}
	var pairs []pair
	g := make([]float64, len(x))
	fx := f(x, g)
	for iterations = 0; iterations < maxIter; iterations++ {
		if norm := math.Sqrt(dot(g, g)); norm <= tol*math.Sqrt(max(1, math.Abs(fx))) {
			return iterations, true
		}
		// The two loops: d = -H g.
		d, alpha := append([]float64(nil), g...), make([]float64, len(pairs))
		for i := len(pairs) - 1; i >= 0; i-- {
			alpha[i] = pairs[i].rho * dot(pairs[i].s, d)
			axpy(-alpha[i], pairs[i].y, d)
		}
		scale := 1 / max(1, math.Sqrt(dot(g, g)))
		if len(pairs) > 0 {
			last := pairs[len(pairs)-1]
			scale = 1 / (last.rho * dot(last.y, last.y))
		}
		for i := range d {
			d[i] *= -scale
		}
		for i, p := range pairs {
			axpy(-alpha[i]-p.rho*dot(p.y, d), p.s, d)
		}
		next, gNext := make([]float64, len(x)), make([]float64, len(x))
		t, fNext := wolfe(func(t float64) (float64, float64) {
			copy(next, x)
			axpy(t, d, next)
			v := f(next, gNext)
			return v, dot(gNext, d)
		}, fx, dot(g, d))
		if t == 0 {
			if pairs == nil {
				return iterations, false
			}
			pairs = nil // start again along the gradient
			continue
		}
		p := pair{s: make([]float64, len(x)), y: make([]float64, len(x))}
		for i := range x {
			p.s[i], p.y[i] = next[i]-x[i], gNext[i]-g[i]
		}
		if sy := dot(p.s, p.y); sy > 1e-300 {
			p.rho = 1 / sy
			pairs = append(pairs, p)
			if len(pairs) > history {
				pairs = pairs[1:]
			}
		}
		copy(x, next)
		copy(g, gNext)
		fx = fNext
	}
	return iterations, false
}

// wolfe returns a step t with phi(t) <= phi(0) + 1e-4 t phi'(0) and |phi'(t)| <= 0.9 |phi'(0)|, and phi(t), by bracketing and
// bisection with cubic steps (Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6). phi was called with t last. t is
// 0 when rounding leaves no such step.
func wolfe(phi func(t float64) (f, slope float64), f0, slope0 float64) (t, f float64) {
	if !(slope0 < 0) {
		return 0, f0
	}
	const c1, c2 = 1e-4, 0.9
	noise := 1e-14 * math.Abs(f0) // below it slopes, not values, say where f falls (W. Hager and H. Zhang, 2005)
	lo, fLo, sLo := 0.0, f0, slope0
	hi, fHi, sHi := math.Inf(1), 0.0, 0.0
	t = 1
	for range 40 {
		f, s := phi(t)
		switch {
		case !(f <= f0+c1*t*slope0) && !(f <= f0+noise && s <= (2*c1-1)*slope0) || lo > 0 && f > fLo+noise: // also NaN
			hi, fHi, sHi = t, f, s
		case math.Abs(s) <= -c2*slope0:
			return t, f
		case s >= 0:
			hi, fHi, sHi = t, f, s
		default:
			lo, fLo, sLo = t, f, s
		}
		if math.IsInf(hi, 1) {
			t *= 2.5
			continue
		}
		// The minimum of the cubic through both ends, kept off them.
		width := hi - lo
		d1 := sLo + sHi - 3*(fLo-fHi)/(lo-hi)
		d2 := math.Sqrt(d1*d1 - sLo*sHi)
		t = hi - width*(sHi+d2-d1)/(sHi-sLo+2*d2)
		if !(t > lo+0.1*width && t < hi-0.1*width) {
			t = lo + width/2
		}
		if width <= 1e-14*hi {
			break
		}
	}
	if lo > 0 { // it decreases f enough, if not the slope
		f, _ := phi(lo)
		return lo, f
	}
	return 0, f0
}

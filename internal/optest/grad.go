package optest

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/tensor"
)

const (
	// step of the finite differences: exact in binary, small against the distance of 0.05 that inputs keep from kinks.
	step = 1.0 / (1 << 13)
	// allCoordinates is the size up to which an input is checked along every coordinate, larger ones in random directions.
	allCoordinates = 64
	directions     = 4

	tolOrder1 = 1e-6
	tolOrder2 = 1e-5
)

// backward checks the gradients of orders 1 and 2. Finite differences in float64 are the judge of float64 gradients in
// each layout; those in turn are the judge of float32.
func (s *suite) backward() {
	s.drawDouts()
	want := s.second(s.vals, s.inputs(s.vals, tensor.Float64, contiguous), s.diff)
	s.againstDifferences(1, want.grad, len(s.diff), func(v [][]float64) float64 {
		return s.objective(v[:len(s.vals)])
	})
	if s.order > 1 {
		w := s.weights("w")
		s.againstDifferences(2, want.grad2, len(want.grad2), func(v [][]float64) float64 {
			douts := s.douts
			defer func() { s.douts = douts }()
			s.douts = v[len(s.vals):]
			total := 0.0
			for i, g := range s.first(v[:len(s.vals)], s.inputs(v[:len(s.vals)], tensor.Float64, contiguous), s.diff) {
				total += dot(g, w[i])
			}
			return total
		})
	}
	for _, d := range []tensor.DType{tensor.Float64, tensor.Float32} {
		if d == tensor.Float32 && s.c.Float64Only {
			continue
		}
		for _, l := range []layout{contiguous, strided} {
			in := s.inputs(s.vals, d, l)
			s.watching = l == contiguous
			s.same(d, l, "gradient", s.first(s.vals, in, s.diff), want.grad, 1)
			s.unchanged(d, l, in, s.vals)
			if s.order > 1 {
				s.same(d, l, "second derivative", s.second(s.vals, in, s.diff).grad2, want.grad2, 2)
			}
			s.watching = false
			s.lower(d)
		}
		if v := s.constantAlongAxis(); v != nil {
			s.same(d, expanded, "gradient", s.first(v, s.inputs(v, d, expanded), s.diff), s.first(v, s.inputs(v, tensor.Float64, contiguous), s.diff), 1)
		}
	}
	s.alone(want.grad)
	s.twice()
}

// same compares gradients, of which order is the order, with those of float64.
func (s *suite) same(d tensor.DType, l layout, what string, got, want [][]float64, order int) {
	for i := range want {
		e := s.near(d, l.String(), fmt.Sprintf("%s %d", what, i), got[i], want[i], gradTolerance(d))
		if d == tensor.Float32 {
			report.worst([...]stat{0, worstGrad32, worstGrad32Order2}[order], e)
		}
	}
}

// alone checks that the gradient of one input, the only one asked for, is that of all together.
func (s *suite) alone(want [][]float64) {
	if len(s.diff) < 2 {
		return
	}
	for i, k := range s.diff {
		got := s.first(s.vals, s.inputs(s.vals, tensor.Float64, contiguous), []int{k})
		s.near(tensor.Float64, "", fmt.Sprintf("gradient of input %d alone (Back.Need)", k), got[0], want[i], gradTolerance(tensor.Float64))
	}
}

// twice checks that a tensor given as both of the first two like inputs gets the sum of their gradients, at both orders.
func (s *suite) twice() {
	a, b := -1, -1
	for x := range s.diff {
		for y := x + 1; y < len(s.diff) && b < 0; y++ {
			if alike(&s.c.In[s.diff[x]], &s.c.In[s.diff[y]]) {
				a, b = x, y
			}
		}
	}
	if b < 0 {
		return
	}
	vals := append([][]float64(nil), s.vals...)
	vals[s.diff[b]] = vals[s.diff[a]]
	w := s.weights("w")
	w[b] = w[a]
	rest := append(append([]int(nil), s.diff[:b]...), s.diff[b+1:]...)
	run := func(in []*tensor.Tensor, diff []int) derivatives { return s.derive(vals, in, diff, s.order, w) }

	apart := run(s.inputs(vals, tensor.Float64, contiguous), s.diff)
	in := s.inputs(vals, tensor.Float64, contiguous)
	in[s.diff[b]] = in[s.diff[a]]
	shared := run(in, rest)
	for order, pair := range [][2][][]float64{{apart.grad, shared.grad}, {apart.grad2, shared.grad2}} {
		if pair[0] == nil {
			continue
		}
		sum := append([]float64(nil), pair[0][a]...)
		for i := range sum {
			sum[i] += pair[0][b][i]
		}
		s.near(tensor.Float64, "", fmt.Sprintf("derivative of order %d by a tensor that is inputs %d and %d", order+1, s.diff[a], s.diff[b]), pair[1][a], sum, gradTolerance(tensor.Float64))
	}
}

func alike(a, b *Input) bool {
	if len(a.Shape) != len(b.Shape) || a.Lo != b.Lo || a.Hi != b.Hi || len(a.Away) != len(b.Away) || (a.Values == nil) != (b.Values == nil) {
		return false
	}
	for i := range a.Shape {
		if a.Shape[i] != b.Shape[i] {
			return false
		}
	}
	for i := range a.Away {
		if a.Away[i] != b.Away[i] {
			return false
		}
	}
	return true
}

// drawDouts draws the gradients of the results, which need the results' sizes.
func (s *suite) drawDouts() {
	if s.douts != nil {
		return
	}
	for i, o := range s.c.F(s.inputs(s.vals, tensor.Float64, contiguous)) {
		in := Input{Lo: -1, Hi: 1}
		s.douts = append(s.douts, in.draw(s.generator(fmt.Sprint("dout", i)), o.Numel()))
	}
}

// weights are what the second derivative's scalar, the sum of <gradient, weight>, weighs each gradient with.
func (s *suite) weights(what string) (w [][]float64) {
	for _, i := range s.diff {
		in := Input{Lo: -1, Hi: 1}
		w = append(w, in.draw(s.generator(fmt.Sprint(what, i)), len(s.vals[i])))
	}
	return w
}

// objective is the scalar that is differentiated: the sum of <result, dout> over the floating-point results.
func (s *suite) objective(vals [][]float64) float64 {
	total := 0.0
	for i, o := range s.c.F(s.inputs(vals, tensor.Float64, contiguous)) {
		if o.DType().IsFloat() {
			total += dot(o.Floats(), s.douts[i])
		}
	}
	return total
}

// derivatives are the gradients by the inputs asked for, and those of the sum of <gradient, weight> by the same inputs and
// then by the results' gradients.
type derivatives struct{ grad, grad2 [][]float64 }

// first returns the gradients by the inputs numbered diff.
func (s *suite) first(vals [][]float64, in []*tensor.Tensor, diff []int) [][]float64 {
	return s.derive(vals, in, diff, 1, nil).grad
}

func (s *suite) second(vals [][]float64, in []*tensor.Tensor, diff []int) derivatives {
	return s.derive(vals, in, diff, s.order, s.weights("w"))
}

func (s *suite) derive(vals [][]float64, in []*tensor.Tensor, diff []int, order int, weights [][]float64) (d derivatives) {
	in = append([]*tensor.Tensor(nil), in...)
	leaves := make([]*tensor.Tensor, len(diff))
	for i, k := range diff {
		leaves[i] = in[k].RequireGrad()
		for j := range in { // a tensor that is two inputs is one leaf
			if j != k && in[j] == in[k] {
				in[j] = leaves[i]
			}
		}
		in[k] = leaves[i]
	}
	var outs, douts []*tensor.Tensor
	seeds := make([]*tensor.Tensor, len(s.douts))
	for i, o := range s.c.F(in) {
		if !o.DType().IsFloat() {
			continue
		}
		seeds[i] = tensor.OfShape(s.douts[i], o.Shape()).To(o.DType())
		if order > 1 {
			seeds[i] = seeds[i].RequireGrad()
		}
		if o.RequiresGrad() {
			outs, douts = append(outs, o), append(douts, seeds[i])
		}
	}
	grads := make([]*tensor.Tensor, len(leaves))
	if len(outs) > 0 {
		grads = tensor.Gradients(outs, douts, leaves, order > 1, false)
	}
	d.grad = s.floats(grads, leaves, 1)
	if order < 2 {
		return d
	}
	var by, heads, ws []*tensor.Tensor
	by = append(by, leaves...)
	for _, t := range seeds {
		if t != nil {
			by = append(by, t)
		}
	}
	for i, g := range grads {
		if g != nil && g.RequiresGrad() {
			k := 0
			for s.diff[k] != diff[i] {
				k++
			}
			heads = append(heads, g)
			ws = append(ws, tensor.OfShape(weights[k], g.Shape()).To(g.DType()))
		}
	}
	grads2 := make([]*tensor.Tensor, len(by))
	if len(heads) > 0 {
		grads2 = tensor.Gradients(heads, ws, by, false, false)
	}
	d.grad2 = s.floats(grads2, by, 2)
	return d
}

// floats returns gradients as numbers, zeros for nil, after checking their specs.
func (s *suite) floats(grads, of []*tensor.Tensor, order int) [][]float64 {
	r := make([][]float64, len(grads))
	for i, g := range grads {
		r[i] = make([]float64, of[i].Numel())
		if g == nil {
			continue
		}
		if s.checks++; g.Shape() != of[i].Shape() || g.DType() != of[i].DType() {
			s.fail(of[i].DType(), "", "gradient %d of order %d is %v %v, the input %v %v", i, order, g.DType(), g.Shape(), of[i].DType(), of[i].Shape())
			continue
		}
		r[i] = g.Detach().Floats()
	}
	return r
}

// againstDifferences compares n gradients of f, by the inputs in s.diff and then by the results' gradients, with central
// finite differences of fourth order, (8 f(h) - 8 f(-h) - f(2h) + f(-2h)) / 12h.
func (s *suite) againstDifferences(order int, grads [][]float64, n int, f func(v [][]float64) float64) {
	vars := append(append([][]float64(nil), s.vals...), s.douts...)
	at := append([]int(nil), s.diff...)
	if n > len(s.diff) {
		for k, o := range s.c.F(s.inputs(s.vals, tensor.Float64, contiguous)) {
			if o.DType().IsFloat() {
				at = append(at, len(s.vals)+k)
			}
		}
	}
	tol, st := tolOrder1, worstOrder1
	if order == 2 {
		tol, st = tolOrder2, worstOrder2
	}
	if s.c.Tol > 1 {
		tol *= s.c.Tol
	}
	// Differences cannot resolve gradients below the rounding errors of f.
	floor := 1e-4 * math.Abs(f(vars))
	for i, k := range at[:n] {
		x := vars[k]
		along := func(dir []float64) float64 {
			defer func() { vars[k] = x }()
			value := func(t float64) float64 {
				moved := make([]float64, len(x))
				for j := range x {
					moved[j] = x[j] + t*dir[j]
				}
				vars[k] = moved
				return f(vars)
			}
			return (8*(value(step)-value(-step)) - (value(2*step) - value(-2*step))) / (12 * step)
		}
		g := grads[i]
		scale := floor
		for _, v := range g {
			scale = max(scale, math.Abs(v))
		}
		try := func(where string, got, want, scale float64) {
			s.checks++
			scale = max(scale, math.Abs(want))
			e := math.Abs(got - want)
			if e > 0 {
				e /= scale
			}
			if !(e < tol) {
				s.fail(tensor.Float64, "", "derivative of order %d by variable %d %s is %.12g, by finite differences %.12g", order, i, where, got, want)
				return
			}
			report.worst(st, e)
		}
		if len(x) <= allCoordinates {
			for j := range x {
				dir := make([]float64, len(x))
				dir[j] = 1
				try(fmt.Sprintf("at element %d", j), g[j], along(dir), scale)
			}
			continue
		}
		r := s.generator(fmt.Sprint("direction", order, i))
		for j := range directions {
			dir := make([]float64, len(x))
			norm := 0.0
			for m := range dir {
				dir[m] = float64(1 - 2*r.IntN(2))
				norm += g[m] * g[m]
			}
			try(fmt.Sprintf("in direction %d", j), dot(g, dir), along(dir), max(floor, math.Sqrt(norm)))
		}
	}
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

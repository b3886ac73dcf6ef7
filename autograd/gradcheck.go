package autograd

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// GradCheckConfig are the options of GradCheck.
type GradCheckConfig struct {
	Order int     // how often to differentiate; default 2
	Eps   float64 // step of the finite differences; default 1e-4
	Tol   float64 // largest relative error of the first derivative; default 1e-6; ten times as much for each further order
	Seed  uint64  // of the random vectors
	// MaxElements is the size up to which an input is checked along every coordinate, larger ones in a few random
	// directions; default 64.
	MaxElements int
}

// GradCheck compares the derivatives of f at in with finite differences in float64 and returns an error that names the
// first derivative that is off. Floating-point inputs are converted to float64, others are constants. With fixed random
// vectors u it differentiates the scalar L(in) = Σ_k <f_k(in), u_k>: the gradient by tensor.Gradients must equal
//
//	(8 (L(x+εd) - L(x-εd)) - (L(x+2εd) - L(x-2εd))) / 12ε
//
// along each coordinate d. Order 2 checks in the same way the function that maps in and u to that gradient, and so on. f
// must be smooth around in: keep kinks, ties and poles several Eps away.
func GradCheck(f Func, in []*tensor.Tensor, cfg GradCheckConfig) error {
	if cfg.Order == 0 {
		cfg.Order = 2
	}
	if cfg.Eps == 0 {
		cfg.Eps = 1e-4
	}
	if cfg.Tol == 0 {
		cfg.Tol = 1e-6
	}
	if cfg.MaxElements == 0 {
		cfg.MaxElements = 64
	}
	x := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		if x[i] = t.Detach(); t.DType().IsFloat() {
			x[i] = x[i].To(tensor.Float64)
		}
	}
	g := random.New(cfg.Seed)
	for order := 1; order <= cfg.Order; order++ {
		c := checker{cfg: cfg, f: f, g: g, order: order}
		u, err := c.check(x)
		if err != nil || order == cfg.Order || len(u) == 0 {
			return err
		}
		f, x = gradientOf(f, len(x)), append(append([]*tensor.Tensor(nil), x...), u...)
		cfg.Tol *= 10
	}
	return nil
}

// gradientOf returns the function that maps the n inputs of f and the gradients of its floating-point outputs to the
// gradients of the floating-point inputs, recorded if its inputs require grad.
func gradientOf(f Func, n int) Func {
	return func(in []*tensor.Tensor) []*tensor.Tensor {
		x, douts := append([]*tensor.Tensor(nil), in[:n]...), in[n:]
		create := false
		var wrt []*tensor.Tensor
		for i, t := range in {
			create = create || t.RequiresGrad()
			if i < n && t.DType().IsFloat() {
				if !t.RequiresGrad() {
					x[i] = t.RequireGrad()
				}
				wrt = append(wrt, x[i])
			}
		}
		return gradients(floats(f(x)), douts, wrt, create, create)
	}
}

// floats returns the floating-point tensors of t.
func floats(t []*tensor.Tensor) (r []*tensor.Tensor) {
	for _, t := range t {
		if t.DType().IsFloat() {
			r = append(r, t)
		}
	}
	return r
}

// checker checks the first derivative of f.
type checker struct {
	cfg   GradCheckConfig
	f     Func
	g     *random.Generator
	order int
}

// check returns the random gradients of the floating-point outputs that it used.
func (c *checker) check(in []*tensor.Tensor) (u []*tensor.Tensor, err error) {
	x := append([]*tensor.Tensor(nil), in...)
	var wrt []*tensor.Tensor
	for i, t := range x {
		if t.DType().IsFloat() {
			x[i] = t.RequireGrad()
			wrt = append(wrt, x[i])
		}
	}
	outs := floats(c.f(x))
	for i, o := range outs {
		if o.DType() != tensor.Float64 {
			return nil, fmt.Errorf("gradcheck: output %d is %v for float64 inputs: finite differences need float64", i, o.DType())
		}
		u = append(u, tensor.With(tensor.Float64).Randn(c.g, o.Shape().Dims()...))
	}
	value := func() float64 {
		total := 0.0
		for k, o := range floats(c.f(x)) {
			total += o.Detach().Mul(u[k]).Sum().Item()
		}
		return total
	}
	grads := gradients(outs, u, wrt, false, false)
	copy(x, in)
	// Differences cannot resolve gradients below the rounding errors of L.
	floor := 1e-4 * math.Abs(value())
	at := 0
	for i, t := range in {
		if !t.DType().IsFloat() {
			continue
		}
		g := grads[at].Floats()
		at++
		along := func(d *tensor.Tensor) float64 {
			defer func() { x[i] = t }()
			moved := func(step float64) float64 {
				x[i] = t.Add(d.MulScalar(step))
				return value()
			}
			e := c.cfg.Eps
			return (8*(moved(e)-moved(-e)) - (moved(2*e) - moved(-2*e))) / (12 * e)
		}
		if err := c.compare(i, t, g, floor, along); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// compare checks the gradient g by input i, t, against derivatives along coordinates or random directions.
func (c *checker) compare(i int, t *tensor.Tensor, g []float64, floor float64, along func(d *tensor.Tensor) float64) error {
	const directions = 4
	scale, norm := floor, 0.0
	for _, v := range g {
		scale, norm = max(scale, math.Abs(v)), norm+v*v
	}
	off := func(where string, got, want, scale float64) error {
		if e := math.Abs(got - want); e <= c.cfg.Tol*max(scale, math.Abs(want)) {
			return nil
		}
		return fmt.Errorf("gradcheck: derivative of order %d by input %d %v %s is %.10g, by finite differences %.10g", c.order, i, t.Shape(), where, got, want)
	}
	if len(g) <= c.cfg.MaxElements {
		for k := range g {
			d := make([]float64, len(g))
			d[k] = 1
			if err := off(fmt.Sprintf("at element %d", k), g[k], along(tensor.OfShape(d, t.Shape())), scale); err != nil {
				return err
			}
		}
		return nil
	}
	for k := range directions {
		d := tensor.With(tensor.Float64).Randn(c.g, t.Shape().Dims()...)
		dot := 0.0
		for m, v := range d.Floats() {
			dot += v * g[m]
		}
		if err := off(fmt.Sprintf("in random direction %d", k), dot, along(d), max(floor, math.Sqrt(norm))); err != nil {
			return err
		}
	}
	return nil
}

package cpu

// bluestein computes a transform of any size as a convolution with a chirp (Bluestein, 1970): jk = (j² + k² - (k-j)²)/2.
type bluestein[T float32 | float64] struct {
	chirp       []Complex[T] // exp(∓πi k²/n)
	filter      []Complex[T] // the transform of the chirp's conjugate, around 0, over the size
	forth, back *fftPlan[T]
}

func newBluestein[T float32 | float64](p *fftPlan[T]) *bluestein[T] {
	n := p.n
	m := FastFFTSize(2*n - 1)
	c := &bluestein[T]{chirp: make([]Complex[T], n), filter: make([]Complex[T], m), forth: newFFTPlan[T](m, false), back: newFFTPlan[T](m, true)}
	g := make([]Complex[T], m)
	for k := range n {
		c.chirp[k] = p.root(k*k%(2*n), 2*n)
		w := c.chirp[k].conj().times(1 / T(m))
		g[k], g[(m-k)%m] = w, w
	}
	c.forth.run(g, c.filter, make([]Complex[T], m), 1)
	return c
}

// run is fftPlan.run; it needs no work and x may be y.
func (c *bluestein[T]) run(x, y, _ []Complex[T], b int) {
	n, m := len(c.chirp), len(c.filter)
	buf := c.forth.buffer(3 * m)
	u, v, work := (*buf)[:m], (*buf)[m:2*m], (*buf)[2*m:3*m]
	for q := range b {
		for j, w := range c.chirp {
			u[j] = x[j*b+q].mul(w)
		}
		clear(u[n:])
		c.forth.run(u, v, work, 1)
		for k, w := range c.filter {
			v[k] = v[k].mul(w)
		}
		c.back.run(v, u, work, 1)
		for k, w := range c.chirp {
			y[k*b+q] = u[k].mul(w)
		}
	}
	c.forth.scratch.Put(buf)
}

package cpu

import "github.com/hadal-go/hadal/internal/parallel"

// Contraction is the geometry of a sum of products of complex numbers, y[g,i,j,f] = Σ_l a[g,i,l,f]·b[g,j,l,f], in which the
// conjugate of a or b is taken where ConjA or ConjB says so: a matrix product for each f, without moving f from the last
// place.
type Contraction struct {
	G, I, J, L, F int
	ConjA, ConjB  bool
}

// contractBlock is how many neighbouring f are computed at a time, so that they stay in the first-level cache.
const contractBlock = 128

// Contract computes y from a and b.
func Contract[T float32 | float64](c Contraction, a, b, y []Complex[T]) {
	blocks := (c.F + contractBlock - 1) / contractBlock
	parallel.For(c.G*c.I*blocks, max(1, grainCostly/max(1, c.J*c.L*contractBlock)), func(lo, hi int) {
		for t := lo; t < hi; t++ {
			gi, f := t/blocks, t%blocks*contractBlock
			n := min(contractBlock, c.F-f)
			for j := range c.J {
				sum := y[(gi*c.J+j)*c.F+f:][:n]
				clear(sum)
				for l := range c.L {
					u, v := a[(gi*c.L+l)*c.F+f:][:n], b[((gi/c.I*c.J+j)*c.L+l)*c.F+f:][:n]
					if c.ConjA == c.ConjB {
						addProducts(sum, u, v)
					} else {
						addConjProducts(sum, u, v)
					}
				}
				if c.ConjA { // of all factors, in place of the first ones'
					for k := range sum {
						sum[k].Im = -sum[k].Im
					}
				}
			}
		}
	})
}

// addProducts computes y += a·b.
func addProducts[T float32 | float64](y, a, b []Complex[T]) {
	a, b = a[:len(y)], b[:len(y)]
	for k := range y {
		u, v := a[k], b[k]
		y[k] = Complex[T]{y[k].Re + u.Re*v.Re - u.Im*v.Im, y[k].Im + u.Re*v.Im + u.Im*v.Re}
	}
}

// addConjProducts computes y += a·b*.
func addConjProducts[T float32 | float64](y, a, b []Complex[T]) {
	a, b = a[:len(y)], b[:len(y)]
	for k := range y {
		u, v := a[k], b[k]
		y[k] = Complex[T]{y[k].Re + u.Re*v.Re + u.Im*v.Im, y[k].Im + u.Im*v.Re - u.Re*v.Im}
	}
}

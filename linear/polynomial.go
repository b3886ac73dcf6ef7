package linear

import (
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/tensor"
)

// PolynomialConfig are the options of Polynomial.
type PolynomialConfig struct {
	Degree          int  // highest degree of a term; 0 is 2
	InteractionOnly bool // no feature twice in a term: x₀x₁, but not x₀²
	Bias            bool // begins with the term 1, which models with an intercept do not need
}

// Polynomial expands features into all their products up to a degree, in the order of scikit-learn's PolynomialFeatures: by degree, then by
// feature. Of (a, b) and degree 2 it makes
//
//	a, b, a², ab, b²
//
// With D features there are C(D + degree, degree) - 1 terms. High powers want StandardScaler before and after.
type Polynomial struct{ cfg PolynomialConfig }

// mostTerms bounds what Polynomial makes of one row.
const mostTerms = 1 << 20

// NewPolynomial returns the expansion. It panics with ErrValue when Degree is negative.
func NewPolynomial(cfg PolynomialConfig) *Polynomial {
	if cfg.Degree == 0 {
		cfg.Degree = 2
	}
	if cfg.Degree < 0 {
		tensor.Fail("polynomial", tensor.ErrValue, nil, "Degree is %d, must be positive", cfg.Degree)
	}
	return &Polynomial{cfg}
}

// Transform returns the terms (N, M) of rows x (N, D), in the dtype of x, computed in float64. It panics with ErrValue when M is more than
// 2²⁰.
func (p *Polynomial) Transform(x *tensor.Tensor) *tensor.Tensor {
	const op = "polynomial"
	checkSamples(op, x)
	terms := p.Terms(x.Dim(1))
	col := tensor.Data[float64](x.Detach().To(tensor.Float64).T().Contiguous())
	n := x.Dim(0)
	out := make([]float64, n*len(terms))
	for k, term := range terms {
		for i := range n {
			v := 1.0
			for _, j := range term {
				v *= col[j*n+i]
			}
			out[i*len(terms)+k] = v
		}
	}
	return tensor.Of(out, n, len(terms)).To(x.DType())
}

// Terms returns the features that each of the M terms of d features multiplies: [0 0 1] is x₀²x₁.
func (p *Polynomial) Terms(d int) [][]int {
	var all [][]int
	if p.cfg.Bias {
		all = append(all, nil)
	}
	last := [][]int{nil}
	for range p.cfg.Degree {
		var next [][]int
		for _, t := range last {
			first := 0
			if len(t) > 0 {
				first = t[len(t)-1]
				if p.cfg.InteractionOnly {
					first++
				}
			}
			for j := first; j < d; j++ {
				next = append(next, append(t[:len(t):len(t)], j))
			}
			if len(all)+len(next) > mostTerms {
				tensor.Fail("polynomial", tensor.ErrValue, nil, "degree %d of %d features makes more than %d terms; lower the degree", p.cfg.Degree, d, mostTerms)
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// Names returns a name for each term from those of the features: "1", "a", "a^2 b".
func (p *Polynomial) Names(features []string) []string {
	var names []string
	for _, t := range p.Terms(len(features)) {
		var factors []string
		for i := 0; i < len(t); {
			power := 1
			for i+power < len(t) && t[i+power] == t[i] {
				power++
			}
			f := features[t[i]]
			if power > 1 {
				f = fmt.Sprintf("%s^%d", f, power)
			}
			factors = append(factors, f)
			i += power
		}
		if len(factors) == 0 {
			factors = []string{"1"}
		}
		names = append(names, strings.Join(factors, " "))
	}
	return names
}

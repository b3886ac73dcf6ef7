package random

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// Rejection with parameters that make every proposal a failure would never end.
func TestStreamRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	s := New(1).Next().Stream(0)
	for name, f := range map[string]func(){
		"Gamma: shape NaN":             func() { s.Gamma(nan) },
		"Gamma: shape +Inf":            func() { s.Gamma(inf) },
		"Gamma: shape -1":              func() { s.Gamma(-1) },
		"Gamma: shape 0":               func() { s.Gamma(0) },
		"LogGamma: shape -0.5":         func() { s.LogGamma(-0.5) },
		"Beta: a = NaN":                func() { s.Beta(nan, 1) },
		"Beta: a = 1, b = 0":           func() { s.Beta(1, 0) },
		"Poisson: rate NaN":            func() { s.Poisson(nan) },
		"Poisson: rate -1":             func() { s.Poisson(-1) },
		"Poisson: rate +Inf":           func() { s.Poisson(inf) },
		"Poisson: rate 1e+30":          func() { s.Poisson(1e30) },
		"Binomial: n = -1, p = 0.5":    func() { s.Binomial(-1, 0.5) },
		"Binomial: n = 5, p = NaN":     func() { s.Binomial(5, nan) },
		"Binomial: n = 5, p = -0.1":    func() { s.Binomial(5, -0.1) },
		"Binomial: n = 1000, p = 1.01": func() { s.Binomial(1000, 1.01) },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.HasPrefix(r, "random: "+name) {
					t.Errorf("%s: got %q", name, r)
				}
			}()
			f()
		}()
	}
}

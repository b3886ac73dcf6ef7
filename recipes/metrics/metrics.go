// Package metrics holds the rows of the catalog's area T: every measure on examples that can be computed by hand.
package metrics

import (
	"context"
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/tensor"
)

// within is how near a float64 comes to what is computed by hand.
const within = 1e-12

// row registers a row of tier U.
func row(id, title, source, target string, test func(c *catalog.Check) error) {
	catalog.Register(catalog.Row{ID: id, Title: title, Source: source, Tier: catalog.Unit, Target: target,
		Test: func(_ context.Context, c *catalog.Check) error { return test(c) }})
}

// f64 returns a float64 tensor of the given shape.
func f64(shape []int, data ...float64) *tensor.Tensor { return tensor.Of(data, shape...) }

// undefined claims that a measure is NaN.
func undefined(c *catalog.Check, what string, got float64) { c.True(what+" is NaN", math.IsNaN(got)) }

// refused claims that f panics with an error of package tensor of a kind.
func refused(c *catalog.Check, what string, kind tensor.Kind, f func()) {
	err, ok := tensor.Catch(f).(*tensor.Error)
	c.True(what+" is refused", ok && err.Kind == kind)
}

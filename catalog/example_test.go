package catalog_test

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/catalog"
)

// A row's test makes claims about figures that it reached, and about a control that must fall short.
func ExampleVerify() {
	row := catalog.Row{
		ID: "A01", Tier: catalog.Unit, Title: "Square root", Source: "Heron", Target: "x·x = 2 to 1e-15",
		Test: func(_ context.Context, c *catalog.Check) error {
			c.Near("Newton's square", math.Pow(newton(6), 2), 2, 1e-15)
			c.Control(func() { c.AtLeast("error after one step", math.Abs(newton(1)-math.Sqrt2), 0.01) })
			return nil
		},
	}
	report, err := catalog.Verify(context.Background(), row, catalog.Env{})
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Passed, report.Reached())
	// Output: true Newton's square 2 = 2 ± 1e-15 (and 1 more)
}

// newton returns the square root of 2 after n steps from 1.
func newton(n int) float64 {
	x := 1.0
	for range n {
		x = (x + 2/x) / 2
	}
	return x
}

package workflow

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/hadal-go/hadal/catalog"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "U08", Tier: catalog.Unit, Title: "Misprints: what notes and slides often say, and what is so",
		Target: "of each formula in docs/misprints.md the correct form holds, and the misprinted one is off by far",
		Note:   "the page is made from the same list; rows show more of each",
		Test: func(_ context.Context, c *catalog.Check) error {
			var formulas []misprint
			for _, m := range misprints {
				if m.test != nil { // the others are matters of words
					formulas = append(formulas, m)
				}
			}
			c.AtLeast("formulas tested in both forms", float64(len(formulas)), 18)
			for _, m := range formulas {
				right, wrong := m.test()
				c.AtMost(m.row+", "+m.about+": error of the correct form", right, m.within())
				c.Control(func() {
					c.AtLeast(m.row+", "+m.about+": error of the misprinted form", wrong, max(1e-2, 100*m.within()))
				})
			}
			return nil
		},
	})
}

// misprint is a formula or a statement as it is often printed, and as it is.
type misprint struct {
	row, about       string
	printed, correct string
	shown            string                        // what the test compares, in words
	test             func() (right, wrong float64) // errors of the two forms, from a source that is neither; nil for words
	tolerance        float64                       // of right; 0 is 1e-9
}

func (m misprint) within() float64 {
	if m.tolerance == 0 {
		return 1e-9
	}
	return m.tolerance
}

// page is docs/misprints.md.
func page() string {
	var b strings.Builder
	b.WriteString(`# Misprints

Formulas and statements that lecture notes, slides and books of the field often misprint, beside what is so and what this library computes. Each formula is
tested in both forms by row U08 (` + "`hadal verify U08`" + `, file recipes/workflow/misprint_list.go, from which this page is made): the correct form must hold, the misprinted
one must fail. The row in the first column tests the method itself.

| row | about | misprinted | correct | how the test tells them apart |
|---|---|---|---|---|
`)
	for _, m := range misprints {
		shown := m.shown
		if m.test == nil {
			shown = "a matter of words"
		}
		cells := []string{m.row, m.about, m.printed, m.correct, shown}
		for i, s := range cells {
			cells[i] = strings.ReplaceAll(s, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// slope returns f'(x) by central differences.
func slope(f func(float64) float64, x float64) float64 {
	const h = 1e-5
	return (f(x+h) - f(x-h)) / (2 * h)
}

func sigma(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// oneIf is 1 for true.
func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

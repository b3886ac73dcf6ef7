// Package search looks for hyper-parameters: on a grid, at random (Bergstra and Bengio, 2012) and by successive halving (Jamieson and
// Talwalkar, 2016). Trials run side by side, each result goes into a file as soon as it is known, and a search that was stopped
// continues with what is missing. A trial's values and seed follow from the search's seed and the trial's number, so that a search
// finds the same whatever the number of workers is.
package search

import (
	"fmt"
	"math"

	"github.com/hadal-go/hadal/random"
)

// Range is the values that a hyper-parameter may have.
type Range interface {
	draw(g *random.Generator) any
	points() []any // nil: there are infinitely many
	check() string // what is wrong
}

// Param is a hyper-parameter by name.
type Param struct {
	Name  string
	Range Range
}

// Choice is one of some values: numbers, strings or bools, which JSON can hold.
func Choice[T int | float64 | string | bool](values ...T) Range {
	c := make(choice, len(values))
	for i, v := range values {
		c[i] = v
	}
	return c
}

// Uniform is a number from lo to hi.
func Uniform(lo, hi float64) Range { return interval{lo, hi, false} }

// LogUniform is a number from lo to hi, both above 0, whose logarithm is spread evenly: learning rates, penalties.
func LogUniform(lo, hi float64) Range { return interval{lo, hi, true} }

// Integers is a whole number from lo to hi.
func Integers(lo, hi int) Range { return integers{lo, hi} }

type choice []any

func (c choice) draw(g *random.Generator) any { return c[g.Intn(len(c))] }
func (c choice) points() []any                { return c }
func (c choice) check() string {
	if len(c) == 0 {
		return "there is nothing to choose from"
	}
	return ""
}

type interval struct {
	lo, hi float64
	log    bool
}

func (r interval) draw(g *random.Generator) any {
	u := g.Float64()
	if r.log {
		return min(max(math.Exp(math.Log(r.lo)+u*(math.Log(r.hi)-math.Log(r.lo))), r.lo), r.hi)
	}
	return r.lo + u*(r.hi-r.lo)
}
func (r interval) points() []any { return nil }
func (r interval) check() string {
	switch {
	case !(r.lo <= r.hi) || math.IsInf(r.lo, 0) || math.IsInf(r.hi, 0):
		return fmt.Sprintf("%v to %v is no range", r.lo, r.hi)
	case r.log && r.lo <= 0:
		return fmt.Sprintf("a logarithmic range begins above 0, not at %v", r.lo)
	}
	return ""
}

type integers struct{ lo, hi int }

func (r integers) draw(g *random.Generator) any { return r.lo + g.Intn(r.hi-r.lo+1) }
func (r integers) points() (all []any) {
	for i := range r.hi - r.lo + 1 {
		all = append(all, r.lo+i)
	}
	return all
}
func (r integers) check() string {
	if r.lo > r.hi || uint64(r.hi)-uint64(r.lo) >= 1<<20 {
		return fmt.Sprintf("%d to %d is no range of at most %d numbers", r.lo, r.hi, 1<<20)
	}
	return ""
}

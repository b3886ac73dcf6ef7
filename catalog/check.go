package catalog

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/hadal-go/hadal/dataset/source"
)

// Claim is a figure beside what it must be.
type Claim struct {
	What     string `json:"what"`
	Got      Figure `json:"got"`
	Relation string `json:"relation"` // of Got to Want: >=, <=, =, or ± with a tolerance
	Want     Figure `json:"want"`
	Within   Figure `json:"within,omitzero"`  // the tolerance of ±
	Control  bool   `json:"control,omitzero"` // a negative control: the method without what makes it work
	Holds    bool   `json:"holds"`
}

// Figure is a number that JSON can hold even if it is no finite one.
type Figure float64

// MarshalJSON writes NaN and infinities as strings.
func (f Figure) MarshalJSON() ([]byte, error) {
	if x := float64(f); math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Appendf(nil, "%q", fmt.Sprint(x)), nil
	}
	return fmt.Appendf(nil, "%g", float64(f)), nil
}

// String is the figure with 6 significant digits.
func (f Figure) String() string { return fmt.Sprintf("%.6g", float64(f)) }

// String is the claim in words: "test accuracy 0.912 >= 0.9".
func (c Claim) String() string {
	got, want := c.Got.String(), c.Want.String()
	if !c.Holds && got == want { // the digits that matter come later
		got, want = fmt.Sprint(float64(c.Got)), fmt.Sprint(float64(c.Want))
	}
	s := fmt.Sprintf("%s %s %s %s", c.What, got, c.Relation, want)
	switch {
	case c.Relation == "holds":
		s = c.What
		if !c.Holds {
			s += " does not hold"
		}
	case c.Relation == "±":
		s = fmt.Sprintf("%s %s = %s ± %v", c.What, got, want, c.Within)
	}
	return s
}

// Env is what tests of rows are given.
type Env struct {
	Source   source.Config                    // where data sets are found
	Pictures string                           // folder for plots; empty: none are made
	Seed     uint64                           // first of the seeds that tests train with; 0 is 1
	Say      func(format string, args ...any) // is told how far a test is; nil: nobody
}

// Check is where a row's test makes its claims. It is not for several goroutines at once.
type Check struct {
	Env
	claims []Claim
	seeds  int
	row    string
}

func (c *Check) add(cl Claim) { c.claims = append(c.claims, cl) }

// AtLeast claims got >= want. The first claim of a row is its headline.
func (c *Check) AtLeast(what string, got, want float64) {
	c.add(Claim{What: what, Got: Figure(got), Relation: ">=", Want: Figure(want), Holds: got >= want})
}

// AtMost claims got <= want.
func (c *Check) AtMost(what string, got, want float64) {
	c.add(Claim{What: what, Got: Figure(got), Relation: "<=", Want: Figure(want), Holds: got <= want})
}

// Near claims |got - want| <= within.
func (c *Check) Near(what string, got, want, within float64) {
	c.add(Claim{What: what, Got: Figure(got), Relation: "±", Want: Figure(want), Within: Figure(within), Holds: math.Abs(got-want) <= within})
}

// Equal claims got = want, to the bit but for the sign of zero.
func (c *Check) Equal(what string, got, want float64) {
	c.add(Claim{What: what, Got: Figure(got), Relation: "=", Want: Figure(want), Holds: got == want})
}

// True claims what, which is or is not so.
func (c *Check) True(what string, holds bool) {
	got := Figure(0)
	if holds {
		got = 1
	}
	c.add(Claim{What: what, Got: got, Relation: "holds", Want: 1, Holds: holds})
}

// Control marks the claims that f makes as made of a negative control: the method without the part that makes it work, labels
// shuffled, the misprinted formula. They say that the control falls short, so they hold too when all is well.
func (c *Check) Control(f func()) {
	n := len(c.claims)
	f()
	for i := range c.claims[n:] {
		c.claims[n+i].Control = true
	}
}

// Median returns the median of f over n seeds from Seed on. The error of a seed ends it.
func (c *Check) Median(n int, f func(seed uint64) (float64, error)) (float64, error) {
	all, err := c.Seeds(n, f)
	if err != nil {
		return math.NaN(), err
	}
	return Median(all), nil
}

// Seeds returns what f gives for n seeds from Seed on.
func (c *Check) Seeds(n int, f func(seed uint64) (float64, error)) ([]float64, error) {
	c.seeds = max(c.seeds, n)
	all := make([]float64, n)
	for i := range all {
		seed := max(c.Seed, 1) + uint64(i)
		x, err := f(seed)
		if err != nil {
			return nil, fmt.Errorf("seed %d: %w", seed, err)
		}
		all[i] = x
		if c.Say != nil {
			c.Say("seed %d of %d: %.4g", i+1, n, x)
		}
	}
	return all, nil
}

// Median is the middle of x, or the mean of the two middle ones; NaN for none and when one is NaN.
func Median(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s) // NaN first
	n := len(s)
	if n == 0 || math.IsNaN(s[0]) {
		return math.NaN()
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// Picture calls draw with the path of a picture of the row, such as B03-degrees.png, if pictures are wanted. draw is a function of
// package plot.
func (c *Check) Picture(name string, draw func(path string) error) error {
	if c.Pictures == "" {
		return nil
	}
	if err := os.MkdirAll(c.Pictures, 0o755); err != nil {
		return err
	}
	return draw(filepath.Join(c.Pictures, c.row+"-"+name+".png"))
}

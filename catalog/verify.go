package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hadal-go/hadal/tensor"
)

// Report is what came of a row's test.
type Report struct {
	ID      string  `json:"id"`
	Area    string  `json:"area"`
	Title   string  `json:"title"`
	Source  string  `json:"source,omitempty"`
	Tier    Tier    `json:"tier"`
	Target  string  `json:"target"`
	Note    string  `json:"note,omitempty"`
	Doc     string  `json:"doc,omitempty"`
	Claims  []Claim `json:"claims,omitempty"`
	Seeds   int     `json:"seeds,omitempty"` // that figures are the median of
	Passed  bool    `json:"passed"`
	Error   string  `json:"error,omitempty"` // why the test could not be made
	Seconds float64 `json:"seconds"`
}

// Verify runs a row's test. A row passes if its test makes a claim and all its claims hold; one that is documented alone passes.
// An error is returned only when ctx ends.
func Verify(ctx context.Context, r Row, env Env) (Report, error) {
	rep := Report{ID: r.ID, Area: areas[r.Area()], Title: r.Title, Source: r.Source, Tier: r.Tier, Target: r.Target, Note: r.Note, Doc: r.Doc}
	if r.Test == nil {
		rep.Passed = true
		return rep, nil
	}
	c := &Check{Env: env, row: r.ID}
	start := time.Now()
	var err error
	if caught := tensor.Catch(func() { err = r.Test(ctx, c) }); caught != nil {
		err = caught
	}
	rep.Seconds = time.Since(start).Seconds()
	if e := ctx.Err(); e != nil && (err == nil || errors.Is(err, e)) {
		return rep, e
	}
	if err == nil && len(c.claims) == 0 {
		err = errors.New("the test claims nothing")
	}
	rep.Claims, rep.Seeds, rep.Passed = c.claims, c.seeds, err == nil
	if err != nil {
		rep.Error = err.Error()
	}
	for _, cl := range c.claims {
		rep.Passed = rep.Passed && cl.Holds
	}
	return rep, nil
}

// Reached is the report's headline: the first claim, or why there is none.
func (r Report) Reached() string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Doc != "":
		return r.Doc
	case len(r.Claims) == 1:
		return r.Claims[0].String()
	}
	return fmt.Sprintf("%v (and %d more)", r.Claims[0], len(r.Claims)-1)
}

// Failed returns the claims that do not hold.
func (r Report) Failed() (bad []Claim) {
	for _, c := range r.Claims {
		if !c.Holds {
			bad = append(bad, c)
		}
	}
	return bad
}

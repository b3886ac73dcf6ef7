package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/source"
)

type verifyCmd struct {
	Rows     []string `arg:"" optional:"" help:"Areas (B, or classical) and rows (B01) of the catalog; default: all."`
	Tier     []string `help:"Only rows that take seconds (U), up to a minute (S), up to 10 minutes (M), up to 90 (L); several with commas." placeholder:"U,S,M,L"`
	Seed     uint64   `help:"First of the seeds that are trained with." default:"1"`
	Pictures string   `help:"Folder for the plots that rows make; default: none are made." type:"path"`
	List     bool     `help:"Print the rows and what they must reach, without running them."`
	DataDir  string   `help:"Folder with the data sets' files." type:"path"`
	Offline  bool     `help:"Never download."`
}

// shortError is a verification in which rows fell short: the table says which.
type shortError struct{ short, of int }

func (e shortError) Error() string {
	return fmt.Sprintf("%d of %d rows fell short", e.short, e.of)
}

// Run prints a line for each row, a Markdown table or JSON, and fails if one falls short.
func (c *verifyCmd) Run(a *app) error {
	var tiers []catalog.Tier
	for _, t := range c.Tier {
		tier := catalog.Tier(strings.ToUpper(t))
		if !slices.Contains(catalog.Tiers, tier) {
			return usageError{fmt.Errorf("--tier %q: give some of U, S, M and L", t)}
		}
		tiers = append(tiers, tier)
	}
	rows, err := catalog.Select(c.Rows, tiers)
	if err != nil {
		return usageError{err}
	}
	if !a.json {
		if c.List {
			fmt.Fprint(a.out, "| row | tier | method | source | must hold |\n|---|---|---|---|---|\n")
		} else {
			fmt.Fprint(a.out, "| row | tier | method | reached | seeds | result | seconds |\n|---|---|---|---|---|---|---|\n")
		}
	}
	env := catalog.Env{Source: source.Config{Dir: c.DataDir, Offline: c.Offline}, Pictures: c.Pictures, Seed: c.Seed}
	short, start := 0, time.Now()
	for _, r := range rows {
		if c.List {
			if a.json {
				err = a.out.line(struct {
					ID     string       `json:"id"`
					Title  string       `json:"title"`
					Source string       `json:"source,omitempty"`
					Tier   catalog.Tier `json:"tier"`
					Target string       `json:"target"`
					Note   string       `json:"note,omitempty"`
					Doc    string       `json:"doc,omitempty"`
				}{r.ID, r.Title, r.Source, r.Tier, r.Target, r.Note, r.Doc})
			} else {
				_, err = fmt.Fprintf(a.out, "| %s | %s | %s | %s | %s |\n", r.ID, r.Tier, cell(r.Title), cell(r.Source), cell(r.Target))
			}
			if err != nil {
				return err
			}
			continue
		}
		if a.columns() > 0 {
			env.Say = func(format string, args ...any) {
				fmt.Fprintf(a.err, "\r\x1b[K%s: "+format, append([]any{r.ID}, args...)...)
			}
		}
		rep, err := catalog.Verify(a.ctx, r, env)
		if env.Say != nil {
			fmt.Fprint(a.err, "\r\x1b[K")
		}
		if err != nil {
			return err
		}
		if !rep.Passed {
			short++
		}
		if a.json {
			err = a.out.line(rep)
		} else {
			_, err = fmt.Fprintln(a.out, tableRow(rep))
		}
		if err != nil {
			return err
		}
	}
	if c.List {
		return nil
	}
	if !a.json {
		fmt.Fprintf(a.out, "\n%d rows, %d passed, %d fell short, %s.\n", len(rows), len(rows)-short, short, time.Since(start).Round(time.Second))
	}
	if short > 0 {
		return shortError{short, len(rows)}
	}
	return nil
}

func tableRow(r catalog.Report) string {
	result, reached := "pass", r.Reached()
	switch {
	case r.Doc != "":
		result = "documented"
	case r.Error != "":
		result = "**error**"
	case !r.Passed:
		result = "**short**"
		var bad []string
		for _, c := range r.Failed() {
			bad = append(bad, c.String())
		}
		reached = "short: " + strings.Join(bad, "; ")
	}
	seeds := ""
	if r.Seeds > 0 {
		seeds = fmt.Sprint(r.Seeds)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %.1f |", r.ID, r.Tier, cell(r.Title), cell(reached), seeds, result, r.Seconds)
}

// cell is text that may stand in a cell of a Markdown table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

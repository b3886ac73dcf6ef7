package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/hadal-go/hadal/bench"
	"github.com/hadal-go/hadal/tensor"
)

type benchCmd struct {
	Filter string  `help:"Regular expression of the workloads to run; default: all." placeholder:"RE"`
	Budget float64 `help:"Seconds to measure each for, after a fifth as much of warm-up." default:"1"`
	List   bool    `help:"Print the workloads' names only."`
}

// Run prints a line of JSON on the machine and one for each workload, with or without --json.
func (c *benchCmd) Run(a *app) error {
	re, err := regexp.Compile(c.Filter)
	if err != nil {
		return usageError{fmt.Errorf("--filter %q: %w; give a regular expression such as ^train/", c.Filter, err)}
	}
	if most := 3600.; !(c.Budget > 0 && c.Budget <= most) {
		return usageError{fmt.Errorf("--budget %v: give seconds above 0 and up to %v", c.Budget, most)}
	}
	cases := bench.Match(re)
	if len(cases) == 0 {
		return usageError{fmt.Errorf("--filter %q matches no workload; see hadal bench --list", c.Filter)}
	}
	if c.List {
		for _, w := range cases {
			fmt.Fprintln(a.out, w.Name)
		}
		return nil
	}
	if err := a.out.line(bench.ThisMachine()); err != nil {
		return err
	}
	for _, w := range cases {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		var r bench.Result
		if err := tensor.Catch(func() { r = w.Run(time.Duration(c.Budget * float64(time.Second))) }); err != nil {
			return fmt.Errorf("%s: %w", w.Name, err)
		}
		if err := a.out.line(r); err != nil {
			return err
		}
	}
	return nil
}

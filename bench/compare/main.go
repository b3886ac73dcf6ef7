// Command compare runs the workloads of package bench beside PyTorch's, alternating, and prints the table of ratios:
//
//	go run ./bench/compare [--filter RE] [--threads 1,2] [--budget S] [--rounds N] [--out bench/RESULTS.md]
//
// Each measurement is a process of its own, so that peak memory is that of the workload. PyTorch is measured with every
// setting that helps it somewhere (kept memory, a kept result, memory layout, multi-tensor optimizers, its kernels for
// AVX-512); its time and its memory in the table are the best of them. It comes from apt-get install python3-torch
// python3-torchvision libopenblas0-openmp; --python names another.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/hadal-go/hadal/bench"
	"github.com/hadal-go/hadal/bench/python"
	"github.com/hadal-go/hadal/internal/parallel"
)

type cli struct {
	Filter  string  `help:"Regular expression of the workloads to run; default: all." placeholder:"RE"`
	Threads []int   `help:"Numbers of threads." default:"1,2"`
	Budget  float64 `help:"Seconds to measure each for, on each side and with each setting of PyTorch's." default:"1"`
	Rounds  int     `help:"Times to measure each side; the median counts." default:"1"`
	Python  string  `help:"A Python that has PyTorch; default: python3, then /usr/bin/python3." placeholder:"PROGRAM"`
	Out     string  `help:"Markdown file to put the result into, in place of the last one." placeholder:"FILE" type:"path"`
	Measure string  `hidden:"" help:"Measure this workload of Hadal's in this process."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser, err := kong.New(&c, kong.Name("compare"), kong.Description("Measure Hadal beside PyTorch."))
	if err != nil {
		panic(err)
	}
	fail := func(err error, status int) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "compare:", strings.Join(strings.Fields(err.Error()), " "))
			os.Exit(status)
		}
	}
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fail(fmt.Errorf("%w; see --help", err), 2)
	}
	if c.Measure != "" {
		fail(c.measure(os.Stdout), 1)
		return
	}
	cases, err := c.check()
	fail(err, 2)
	fail(c.compare(ctx, cases, os.Stdout), 1)
}

// check returns the workloads to run, or what is wrong with the flags.
func (c *cli) check() ([]bench.Case, error) {
	re, err := regexp.Compile(c.Filter)
	if err != nil {
		return nil, fmt.Errorf("--filter %q: %w; give a regular expression such as ^train/", c.Filter, err)
	}
	cases := bench.Match(re)
	switch {
	case len(cases) == 0:
		return nil, fmt.Errorf("--filter %q matches no workload; see hadal bench --list", c.Filter)
	case !(c.Budget > 0 && c.Budget <= 3600):
		return nil, fmt.Errorf("--budget %v: give seconds above 0 and up to 3600", c.Budget)
	case c.Rounds < 1:
		return nil, fmt.Errorf("--rounds %d: give at least 1", c.Rounds)
	case len(c.Threads) == 0 || slices.Min(c.Threads) < 1 || slices.Max(c.Threads) > 1024:
		return nil, fmt.Errorf("--threads %v: give numbers from 1 to 1024, such as 1,2", c.Threads)
	}
	return cases, nil
}

// measure is what the processes for Hadal's side do.
func (c *cli) measure(w io.Writer) error {
	parallel.SetWorkers(c.Threads[0])
	for _, x := range bench.Cases() {
		if x.Name == c.Measure {
			return json.NewEncoder(w).Encode(x.Run(time.Duration(c.Budget * float64(time.Second))))
		}
	}
	return fmt.Errorf("there is no workload %q", c.Measure)
}

// hadal measures a workload in a process of its own.
func (c *cli) hadal(ctx context.Context, name string, threads int) (r bench.Result, err error) {
	program, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, program, "--measure", name, "--threads", strconv.Itoa(threads), "--budget", fmt.Sprint(c.Budget))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	return r, json.Unmarshal(out, &r)
}

// compare runs every workload on both sides and prints the table.
func (c *cli) compare(ctx context.Context, cases []bench.Case, stdout io.Writer) error {
	interpreter, err := python.Find(ctx, c.Python, "torch", "PyTorch", "python3-torch python3-torchvision libopenblas0-openmp")
	if err != nil {
		return err
	}
	torch := &torchSide{python: interpreter, budget: c.Budget}
	defer torch.close()
	if err := torch.start(ctx, c.Threads); err != nil {
		return err
	}
	machine := bench.ThisMachine()
	var text strings.Builder
	w := io.MultiWriter(stdout, &text)
	header(w, machine, torch.version, c)
	var rows []row
	for _, x := range cases {
		for _, threads := range c.Threads {
			var ours []bench.Result
			var theirs []torchResult
			for range c.Rounds {
				r, err := c.hadal(ctx, x.Name, threads)
				if err != nil {
					return errors.Join(ctx.Err(), err)
				}
				ours = append(ours, r)
				rs, err := torch.run(x.Name, threads)
				if err != nil {
					return errors.Join(ctx.Err(), err)
				}
				theirs = append(theirs, rs...)
			}
			r := newRow(ours, theirs)
			rows = append(rows, r)
			r.print(w, machine.Peak*float64(threads))
		}
	}
	summary(w, rows)
	if c.Out == "" {
		return nil
	}
	return putInto(c.Out, text.String())
}

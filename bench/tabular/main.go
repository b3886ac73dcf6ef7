// Command tabular fits the models of small tables beside scikit-learn's, on the same rows with the same hyper-parameters, and prints a table of
// the scores and of the times of a fit:
//
//	go run ./bench/tabular [--filter RE] [--folds 10] [--seeds N] [--budget S] [--rounds N] [--out bench/TABULAR.md]
//
// The folds are cut here and sent to scikit-learn, as are the data. Both sides take turns in measuring. scikit-learn comes from apt-get
// install python3-sklearn; --python names another.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/hadal-go/hadal/bench"
	"github.com/hadal-go/hadal/bench/python"
	"github.com/hadal-go/hadal/format/atomicfile"
	"github.com/hadal-go/hadal/internal/parallel"
)

type cli struct {
	Filter string  `help:"Regular expression of the rows to run, such as ^wine/.*SVM; default: all." placeholder:"RE"`
	Folds  int     `help:"Parts that each data set is cut into; each is held out once." default:"10"`
	Seeds  int     `help:"Networks to train for each fold." default:"5"`
	Budget float64 `help:"Seconds to fit again and again in each measurement of time; one fit at least." default:"0.1"`
	Rounds int     `help:"Measurements of time on each side; the median counts." default:"3"`
	Python string  `help:"A Python that has scikit-learn; default: python3, then /usr/bin/python3." placeholder:"PROGRAM"`
	Data   string  `name:"data-dir" help:"Folder to look for the Titanic's passengers in first." placeholder:"DIR" type:"path"`
	Out    string  `help:"Markdown file to write the result into." placeholder:"FILE" type:"path"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	parser, err := kong.New(&c, kong.Name("tabular"), kong.Description("Fit the models of small tables beside scikit-learn's."))
	if err != nil {
		panic(err)
	}
	fail := func(err error, status int) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "tabular:", strings.Join(strings.Fields(err.Error()), " "))
			os.Exit(status)
		}
	}
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fail(fmt.Errorf("%w; see --help", err), 2)
	}
	pairs, err := c.check(ctx)
	fail(err, 2)
	fail(c.run(ctx, pairs, os.Stdout), 1)
}

// pair is a model on a data set.
type pair struct {
	d *data
	m *model
}

func (p pair) String() string { return p.d.name + "/" + p.m.name }

// check returns what is to be run, or what is wrong with the flags.
func (c *cli) check(ctx context.Context) (pairs []pair, err error) {
	re, err := regexp.Compile(c.Filter)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--filter %q: %w; give a regular expression such as ^wine/", c.Filter, err)
	case c.Folds < 2 || c.Folds > 48: // the least class of wine has 48 rows
		return nil, fmt.Errorf("--folds %d: give 2 to 48", c.Folds)
	case c.Seeds < 1 || c.Seeds > 100:
		return nil, fmt.Errorf("--seeds %d: give 1 to 100", c.Seeds)
	case !(c.Budget > 0 && c.Budget <= 3600):
		return nil, fmt.Errorf("--budget %v: give seconds above 0 and up to 3600", c.Budget)
	case c.Rounds < 1:
		return nil, fmt.Errorf("--rounds %d: give at least 1", c.Rounds)
	}
	for _, s := range sets(ctx, c.Data, c.Folds) {
		var d *data
		for i := range models {
			m := &models[i]
			if m.regression != s.regression || !re.MatchString(s.name+"/"+m.name) {
				continue
			}
			if d == nil {
				if d, err = s.load(); err != nil {
					return nil, err
				}
			}
			pairs = append(pairs, pair{d, m})
		}
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("--filter %q matches no row, such as iris/logistic regression", c.Filter)
	}
	return pairs, nil
}

// run fits everything on both sides and prints the table.
func (c *cli) run(ctx context.Context, pairs []pair, stdout io.Writer) error {
	interpreter, err := python.Find(ctx, c.Python, "sklearn", "scikit-learn", "python3-sklearn")
	if err != nil {
		return err
	}
	workers := parallel.Workers()
	defer parallel.SetWorkers(workers)
	threads := [2]int{workers, 1}
	var theirs [2]*sklearn
	for i, n := range []int{0, 1} {
		if theirs[i], err = startSklearn(ctx, interpreter, n); err != nil {
			return err
		}
		defer theirs[i].close()
	}
	var text strings.Builder
	w := io.MultiWriter(stdout, &text)
	header(w, c, bench.ThisMachine(), theirs[0].Version, [2]int{workers, theirs[0].Threads})
	var rows []*row
	var sent *data
	for _, p := range pairs {
		if p.d != sent {
			for _, s := range theirs {
				if err := s.send(p.d); err != nil {
					return err
				}
			}
			sent = p.d
		}
		r := &row{data: p.d.name, model: p.m.name, regression: p.d.regression}
		if err := c.score(p, theirs[0], r); err != nil {
			return err
		}
		for range c.Rounds {
			for k, s := range theirs {
				parallel.SetWorkers(threads[k])
				ms, err := p.time(ctx, c.Budget)
				if err != nil {
					return err
				}
				t := &r.threads[k]
				t.ours = append(t.ours, ms)
				if ms, err = s.time(p.d, p.m, c.Budget); err != nil {
					return err
				}
				t.theirs = append(t.theirs, ms)
			}
		}
		parallel.SetWorkers(workers)
		r.print(w)
		rows = append(rows, r)
	}
	summary(w, rows)
	if c.Out == "" {
		return nil
	}
	return atomicfile.WriteFile(c.Out, func(w io.Writer) error {
		_, err := io.WriteString(w, title+text.String())
		return err
	})
}

const title = "# Small tables beside scikit-learn\n\nThe latest output of `go run ./bench/tabular`, unedited.\n\n"

// score fills in the scores of both sides, means over the seeds.
func (c *cli) score(p pair, theirs *sklearn, r *row) error {
	seeds := 1
	if p.m.seeded {
		seeds = c.Seeds
	}
	add := func(to *[][]float64, scores [][]float64) {
		if *to == nil {
			*to = make([][]float64, len(r.measures()))
			for i := range *to {
				(*to)[i] = make([]float64, len(scores))
			}
		}
		for fold, s := range scores {
			for i, v := range s {
				(*to)[i][fold] += v / float64(seeds)
			}
		}
	}
	for seed := range uint64(seeds) {
		scores, err := p.m.score(p.d, seed)
		if err != nil {
			return fmt.Errorf("%v: %w", p, err)
		}
		add(&r.ours, scores)
		if scores, err = theirs.score(p.d, p.m, seed); err != nil {
			return err
		}
		add(&r.theirs, scores)
	}
	return nil
}

// time fits fold after fold until the budget of seconds is over, and returns the milliseconds of a fit.
func (p pair) time(ctx context.Context, budget float64) (float64, error) {
	begin, fits := time.Now(), 0
	for fits == 0 || time.Since(begin).Seconds() < budget {
		if _, _, err := p.m.fitFold(p.d, fits%len(p.d.test), 0); err != nil {
			return 0, fmt.Errorf("%v: %w", p, err)
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		fits++
	}
	return time.Since(begin).Seconds() * 1000 / float64(fits), nil
}

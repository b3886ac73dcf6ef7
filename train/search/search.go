package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Trial is one set of hyper-parameters to try.
type Trial struct {
	Number int            `json:"trial"`
	Budget int            `json:"budget,omitzero"` // what Halving grants: epochs, say; 0 elsewhere
	Values map[string]any `json:"values"`
	Seed   uint64         `json:"seed"` // for what is random in the trial
}

func get[T any](t Trial, name string) T {
	v, ok := t.Values[name].(T)
	if !ok {
		tensor.Fail("search", tensor.ErrValue, nil, "trial has no %T called %q, only %v", v, name, t.Values)
	}
	return v
}

// Float returns a value of Uniform, LogUniform or a Choice of float64. It panics with ErrValue if there is none of that name; so do
// Int, String and Bool.
func (t Trial) Float(name string) float64 { return get[float64](t, name) }

// Int returns a value of Integers or a Choice of int.
func (t Trial) Int(name string) int { return get[int](t, name) }

// String returns a value of a Choice of string.
func (t Trial) String(name string) string { return get[string](t, name) }

// Bool returns a value of a Choice of bool.
func (t Trial) Bool(name string) bool { return get[bool](t, name) }

// Outcome is what came of a trial.
type Outcome struct {
	Trial
	Score   float64 `json:"score"`           // NaN if it failed
	Error   string  `json:"error,omitempty"` // why it failed
	Seconds float64 `json:"seconds"`
}

// Config are the options of a search.
type Config struct {
	Trials   int    // how many to try; Grid tries all
	Seed     uint64 // of the values drawn and of the trials' seeds
	Maximize bool   // a larger score is better; default: a smaller one, a loss
	Workers  int    // trials that run side by side; 0: 1
	// File keeps the outcomes, a line of JSON each, and continues the search that it is of; "": none is written. Beside it File.lock
	// keeps a second process from the same search.
	File    string
	Observe func(o Outcome, done, of int) // is told of each outcome, one at a time; nil: nobody
}

// Objective tries hyper-parameters and returns a score. It is called by several goroutines when there are Workers. An error, a NaN, or a
// panic with *tensor.Error is a trial that failed: the search goes on.
type Objective func(ctx context.Context, t Trial) (score float64, err error)

// Result is what a search found.
type Result struct {
	Best Outcome
	All  []Outcome // of Halving the last round first; of a round the best first, those that failed last
}

// Grid tries every combination of the values of space, the last parameter's changing fastest. It returns an error for a range with
// infinitely many values, for more than a million combinations, when ctx ends, when the file cannot be used, and when every trial failed.
func Grid(ctx context.Context, space []Param, cfg Config, f Objective) (*Result, error) {
	if err := checkSpace(space); err != nil {
		return nil, err
	}
	total := 1
	for _, p := range space {
		n := len(p.Range.points())
		if n == 0 {
			return nil, fmt.Errorf("search: %s has infinitely many values: give a Choice for a grid, or search at random", p.Name)
		}
		if total *= n; total > 1e6 {
			return nil, errors.New("search: the grid has more than a million points: give fewer values, or search at random")
		}
	}
	trials := make([]Trial, total)
	for i := range trials {
		t := Trial{Number: i, Values: map[string]any{}, Seed: seedOf(cfg.Seed, i)}
		for k, rest := len(space)-1, i; k >= 0; k-- {
			points := space[k].Range.points()
			t.Values[space[k].Name] = points[rest%len(points)]
			rest /= len(points)
		}
		trials[i] = t
	}
	return search(ctx, cfg, f, trials, nil)
}

// Random tries cfg.Trials combinations drawn independently. It returns an error as Grid does, and for no trials.
func Random(ctx context.Context, space []Param, cfg Config, f Objective) (*Result, error) {
	trials, err := drawn(space, cfg)
	if err != nil {
		return nil, err
	}
	return search(ctx, cfg, f, trials, nil)
}

// HalvingConfig are the options of Halving.
type HalvingConfig struct {
	Config
	Least int // budget of the first round
	Most  int // no trial gets more
	Eta   int // a round keeps the best of so many, and grants the others so many times the budget; 0: 3
}

// Halving draws cfg.Trials combinations, tries each with the budget Least, the best 1/Eta of them again with Eta times as much, and so on
// while the budget is at most Most and more than one is left. The best is that of the last round in which a trial did not fail. Trials keep number, values and seed from
// round to round, so that an objective may continue from where it left off.
func Halving(ctx context.Context, space []Param, cfg HalvingConfig, f Objective) (*Result, error) {
	eta := cmp.Or(cfg.Eta, 3)
	if cfg.Least < 1 || cfg.Most < cfg.Least || eta < 2 {
		return nil, fmt.Errorf("search: budgets from %d to %d by factors of %d make no rounds", cfg.Least, cfg.Most, eta)
	}
	trials, err := drawn(space, cfg.Config)
	if err != nil {
		return nil, err
	}
	for i := range trials {
		trials[i].Budget = cfg.Least
	}
	return search(ctx, cfg.Config, f, trials, func(round []Outcome) []Trial {
		keep := len(round) / eta
		if keep < 1 || round[0].Budget > cfg.Most/eta {
			return nil
		}
		next := make([]Trial, 0, keep)
		for _, o := range round[:keep] {
			if o.Error == "" {
				o.Trial.Budget *= eta
				next = append(next, o.Trial)
			}
		}
		return next
	})
}

func seedOf(seed uint64, trial int) uint64 {
	b := random.KeyAt(seed, uint64(trial)).Bytes()
	return binary.LittleEndian.Uint64(b[:]) >> 11 // exact in a JSON reader's float64
}

func checkSpace(space []Param) error {
	names := map[string]bool{}
	for _, p := range space {
		if p.Name == "" || names[p.Name] || p.Range == nil {
			return fmt.Errorf("search: parameter %q needs a name of its own and a range", p.Name)
		}
		if why := p.Range.check(); why != "" {
			return fmt.Errorf("search: %s: %s", p.Name, why)
		}
		names[p.Name] = true
	}
	if len(space) == 0 {
		return errors.New("search: there are no parameters to search for")
	}
	return nil
}

// drawn returns trials with values from the space. Trial i is the same however many there are.
func drawn(space []Param, cfg Config) ([]Trial, error) {
	if err := checkSpace(space); err != nil {
		return nil, err
	}
	if cfg.Trials < 1 {
		return nil, fmt.Errorf("search: Trials is %d: give at least 1", cfg.Trials)
	}
	trials := make([]Trial, cfg.Trials)
	for i := range trials {
		seed := seedOf(cfg.Seed, i)
		g := random.New(seed)
		trials[i] = Trial{Number: i, Values: map[string]any{}, Seed: seed}
		for _, p := range space {
			trials[i].Values[p.Name] = p.Range.draw(g)
		}
	}
	return trials, nil
}

// search runs rounds of trials; next says what follows a round, given its outcomes from the best to the worst.
func search(ctx context.Context, cfg Config, f Objective, trials []Trial, next func([]Outcome) []Trial) (*Result, error) {
	log, err := openLog(cfg.File)
	if err != nil {
		return nil, err
	}
	defer log.close()
	better := func(a, b Outcome) int {
		x, y := a.Score, b.Score
		if cfg.Maximize {
			x, y = -x, -y
		}
		if nx, ny := math.IsNaN(x), math.IsNaN(y); nx != ny {
			if nx {
				return 1
			}
			return -1
		} else if !nx && x != y {
			return cmp.Compare(x, y)
		}
		return a.Number - b.Number
	}
	var all []Outcome
	var last []Outcome
	for len(trials) > 0 {
		if last, err = round(ctx, cfg, f, trials, log); err != nil {
			return nil, err
		}
		slices.SortFunc(last, better)
		all = append(slices.Clone(last), all...)
		if next == nil {
			break
		}
		trials = next(last)
	}
	best := slices.IndexFunc(all, func(o Outcome) bool { return o.Error == "" })
	if best < 0 {
		return nil, fmt.Errorf("search: every trial failed; the first with: %s", slices.MinFunc(last, func(a, b Outcome) int { return a.Number - b.Number }).Error)
	}
	return &Result{Best: all[best], All: all}, nil
}

// round tries all trials and returns their outcomes in order. It waits for what runs, also when ctx ends.
func round(ctx context.Context, cfg Config, f Objective, trials []Trial, log *journal) ([]Outcome, error) {
	outcomes := make([]Outcome, len(trials))
	var mu sync.Mutex // guards what follows, and Observe
	var failure error
	var panicked any
	next, done := 0, 0
	var wg sync.WaitGroup
	for range min(max(cfg.Workers, 1), len(trials)) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= len(trials) || failure != nil || panicked != nil || ctx.Err() != nil
				mu.Unlock()
				if stop {
					return
				}
				o, old, err := log.find(trials[i])
				var p any
				if err == nil && !old {
					if o, p = try(ctx, f, trials[i]); ctx.Err() == nil && p == nil {
						err = log.add(o)
					}
				}
				mu.Lock()
				outcomes[i] = o
				if failure == nil {
					failure = err
				}
				panicked = either(panicked, p)
				if done++; err == nil && p == nil && ctx.Err() == nil && cfg.Observe != nil {
					cfg.Observe(o, done, len(trials))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if panicked != nil {
		panic(panicked)
	}
	if failure == nil {
		failure = ctx.Err()
	}
	return outcomes, failure
}

func either(a, b any) any {
	if a != nil {
		return a
	}
	return b
}

// try runs one trial. A panic that is no *tensor.Error is returned, for the caller's goroutine.
func try(ctx context.Context, f Objective, t Trial) (o Outcome, panicked any) {
	defer func() { panicked = either(panicked, parallel.Recovered(recover())) }()
	start := time.Now()
	var err error
	o = Outcome{Trial: t, Score: math.NaN()}
	if caught := tensor.Catch(func() { o.Score, err = f(ctx, t) }); caught != nil {
		err = caught
	}
	if err == nil && math.IsNaN(o.Score) {
		err = errors.New("the score is NaN")
	}
	if err != nil {
		o.Score, o.Error = math.NaN(), cmp.Or(err.Error(), "failed")
	}
	o.Seconds = time.Since(start).Seconds()
	return o, nil
}

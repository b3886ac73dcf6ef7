package search_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train/search"
)

var space = []search.Param{
	{Name: "lr", Range: search.LogUniform(1e-4, 1)}, {Name: "hidden", Range: search.Choice(8, 16, 32)},
	{Name: "kind", Range: search.Choice("a", "b")}, {Name: "bias", Range: search.Choice(true, false)}, {Name: "depth", Range: search.Integers(1, 3)},
	{Name: "dropout", Range: search.Uniform(0, 0.5)},
}

// distance is least at lr 0.01, dropout 0.25.
func distance(_ context.Context, t search.Trial) (float64, error) {
	return math.Pow(math.Log10(t.Float("lr"))+2, 2) + math.Pow(t.Float("dropout")-0.25, 2), nil
}

func TestGrid(t *testing.T) {
	grid := []search.Param{{"x", search.Integers(-2, 2)}, {"y", search.Choice(0.5, 1.5)}}
	var seen []string
	r, err := search.Grid(t.Context(), grid, search.Config{Maximize: true, Observe: func(o search.Outcome, done, of int) {
		seen = append(seen, fmt.Sprint(o.Number, o.Int("x"), o.Float("y"), done, of))
	}}, func(_ context.Context, t search.Trial) (float64, error) {
		return t.Float("y") - math.Abs(float64(t.Int("x")-1)), nil
	})
	if err != nil || r.Best.Int("x") != 1 || r.Best.Float("y") != 1.5 || r.Best.Score != 1.5 || len(r.All) != 10 {
		t.Fatalf("%+v, %v", r, err)
	}
	if seen[0] != "0 -2 0.5 1 10" || seen[1] != "1 -2 1.5 2 10" || seen[9] != "9 2 1.5 10 10" {
		t.Errorf("%q", seen)
	}
	for i := 1; i < 10; i++ {
		if a, b := r.All[i-1], r.All[i]; a.Score < b.Score || a.Score == b.Score && a.Number > b.Number {
			t.Errorf("not in order: %+v before %+v", a, b)
		}
	}
}

func TestRandomDoesNotDependOnWorkers(t *testing.T) {
	var want []search.Outcome
	for _, workers := range []int{0, 1, 3, 16} {
		r, err := search.Random(t.Context(), space, search.Config{Trials: 12, Seed: 5, Workers: workers}, distance)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range r.All {
			r.All[i].Seconds = 0
			if lr, d := o.Float("lr"), o.Float("dropout"); lr < 1e-4 || lr > 1 || d < 0 || d > 0.5 || o.Int("depth") < 1 || o.Int("depth") > 3 || !strings.Contains("a b", o.String("kind")) {
				t.Errorf("%+v is outside", o.Values)
			}
			o.Bool("bias")
		}
		if want == nil {
			want = r.All
		}
		if !reflect.DeepEqual(r.All, want) {
			t.Errorf("%d workers find %v, one %v", workers, r.All, want)
		}
	}
	more, err := search.Random(t.Context(), space, search.Config{Trials: 40, Seed: 5}, distance)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, o := range more.All {
		for _, w := range want {
			if o.Number == w.Number && o.Seed == w.Seed && reflect.DeepEqual(o.Values, w.Values) {
				found++
			}
		}
	}
	if found != 12 {
		t.Errorf("of 12 trials %d are among the first of 40", found)
	}
	other, err := search.Random(t.Context(), space, search.Config{Trials: 12, Seed: 6}, distance)
	if err != nil || other.Best.Float("lr") == want[0].Float("lr") {
		t.Error("another seed draws the same", err)
	}
}

// LogUniform spreads logarithms evenly: a quarter of the draws lies in each decade.
func TestLogUniform(t *testing.T) {
	counts := map[int]int{}
	_, err := search.Random(t.Context(), space[:1], search.Config{Trials: 2000}, func(_ context.Context, t search.Trial) (float64, error) {
		return math.Floor(math.Log10(t.Float("lr"))), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := search.Random(t.Context(), space[:1], search.Config{Trials: 2000}, func(_ context.Context, t search.Trial) (float64, error) {
		return math.Floor(math.Log10(t.Float("lr"))), nil
	})
	for _, o := range r.All {
		counts[int(o.Score)]++
	}
	for d := -4; d < 0; d++ {
		if n := counts[d]; n < 400 || n > 600 { // 500 ± 5 standard deviations
			t.Errorf("%d of 2000 in decade %d", n, d)
		}
	}
}

func TestHalving(t *testing.T) {
	tried := map[int][]int{} // budgets by trial
	r, err := search.Halving(t.Context(), space, search.HalvingConfig{Config: search.Config{Trials: 27, Seed: 1}, Least: 1, Most: 9}, func(ctx context.Context, tr search.Trial) (float64, error) {
		tried[tr.Number] = append(tried[tr.Number], tr.Budget)
		d, err := distance(ctx, tr)
		return d / float64(tr.Budget), err
	})
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for n, budgets := range tried {
		for i, b := range budgets {
			count[b]++
			if want := []int{1, 3, 9}[i]; b != want {
				t.Errorf("trial %d has budgets %v", n, budgets)
			}
		}
	}
	if !reflect.DeepEqual(count, map[int]int{1: 27, 3: 9, 9: 3}) || len(r.All) != 39 || r.Best.Budget != 9 {
		t.Errorf("trials by budget %v, best %+v", count, r.Best)
	}
	all, _ := search.Random(t.Context(), space, search.Config{Trials: 27, Seed: 1}, distance)
	if all.Best.Number != r.Best.Number {
		t.Errorf("halving kept trial %d, the best is %d", r.Best.Number, all.Best.Number)
	}
}

func TestFailedTrials(t *testing.T) {
	f := func(_ context.Context, t search.Trial) (float64, error) {
		switch t.Number {
		case 0:
			return 0, errors.New("diverged")
		case 1:
			return math.NaN(), nil
		case 2:
			tensor.Zeros(2).Reshape(3)
		}
		return float64(t.Number), nil
	}
	r, err := search.Random(t.Context(), space, search.Config{Trials: 5}, f)
	if err != nil || r.Best.Number != 3 || r.All[2].Error != "diverged" || r.All[3].Error != "the score is NaN" || !strings.Contains(r.All[4].Error, "reshape") || !math.IsNaN(r.All[4].Score) {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := search.Random(t.Context(), space, search.Config{Trials: 2}, f); err == nil || !strings.Contains(err.Error(), "every trial failed; the first with: diverged") {
		t.Error(err)
	}
	defer func() {
		if p := recover(); p == nil {
			t.Error("a bug's panic was swallowed")
		}
	}()
	search.Random(t.Context(), space, search.Config{Trials: 5, Workers: 2}, func(context.Context, search.Trial) (float64, error) { panic("bug") })
}

func TestResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "search.jsonl")
	cfg := search.HalvingConfig{Config: search.Config{Trials: 18, Seed: 3, File: file, Workers: 2}, Least: 2, Most: 30}
	failing := func(ctx context.Context, tr search.Trial) (float64, error) {
		if tr.Number == 4 {
			return 0, errors.New("no")
		}
		return distance(ctx, tr)
	}
	plain := cfg
	plain.File = ""
	want, err := search.Halving(t.Context(), space, plain, failing)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	for stop := int64(3); ; stop += 5 { // stopped again and again, and once with half a line at the end
		ctx, cancel := context.WithCancel(t.Context())
		var mine atomic.Int64
		r, err := search.Halving(ctx, space, cfg, func(c context.Context, tr search.Trial) (float64, error) {
			if mine.Add(1) > stop {
				cancel()
				return 0, c.Err()
			}
			calls.Add(1)
			return failing(c, tr)
		})
		cancel()
		if err == nil {
			for i := range r.All {
				a, b := r.All[i], want.All[i]
				if a.Number != b.Number || a.Budget != b.Budget || a.Error != b.Error || a.Score != b.Score && a.Error == "" || !reflect.DeepEqual(a.Values, b.Values) {
					t.Errorf("%d: %+v, uninterrupted %+v", i, a, b)
				}
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, `{"trial":17,"bud`)
		f.Close()
	}
	if n := calls.Load(); n != int64(len(want.All)) {
		t.Errorf("%d trials were made, of %d", n, len(want.All))
	}
	other := cfg
	other.Seed = 4
	if _, err := search.Halving(t.Context(), space, other, failing); err == nil || !strings.Contains(err.Error(), "another search") {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Halving(t.Context(), space, cfg, failing); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	one := search.Config{Trials: 1}
	for what, c := range map[string]struct {
		space []search.Param
		cfg   search.Config
		want  string
	}{
		"nothing":      {nil, one, "no parameters"},
		"twice":        {[]search.Param{{"a", search.Integers(0, 1)}, {"a", search.Integers(0, 1)}}, one, `"a"`},
		"no name":      {[]search.Param{{"", search.Integers(0, 1)}}, one, `""`},
		"no range":     {[]search.Param{{"a", nil}}, one, "range"},
		"turned":       {[]search.Param{{"a", search.Uniform(1, 0)}}, one, "1 to 0"},
		"NaN":          {[]search.Param{{"a", search.Uniform(math.NaN(), 0)}}, one, "NaN"},
		"infinite":     {[]search.Param{{"a", search.Uniform(0, math.Inf(1))}}, one, "Inf"},
		"log of zero":  {[]search.Param{{"a", search.LogUniform(0, 1)}}, one, "above 0"},
		"turned whole": {[]search.Param{{"a", search.Integers(2, 1)}}, one, "2 to 1"},
		"no choice":    {[]search.Param{{"a", search.Choice[int]()}}, one, "nothing to choose"},
		"no trials":    {space, search.Config{}, "at least 1"},
		"no file":      {space, search.Config{Trials: 1, File: "/nowhere/at/all"}, "/nowhere/at/all"},
	} {
		if _, err := search.Random(t.Context(), c.space, c.cfg, distance); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := search.Grid(t.Context(), space, one, distance); err == nil || !strings.Contains(err.Error(), "infinitely many") {
		t.Error(err)
	}
	if _, err := search.Grid(t.Context(), []search.Param{{"a", search.Integers(1, 2000)}, {"b", search.Integers(1, 2000)}}, one, distance); err == nil || !strings.Contains(err.Error(), "million") {
		t.Error(err)
	}
	for _, c := range []search.HalvingConfig{{Config: one, Most: 3}, {Config: one, Least: 3, Most: 2}, {Config: one, Least: 1, Most: 2, Eta: 1}} {
		if _, err := search.Halving(t.Context(), space, c, distance); err == nil || !strings.Contains(err.Error(), "no rounds") {
			t.Error(err)
		}
	}
	if err := tensor.Catch(func() { search.Trial{Values: map[string]any{"a": 1}}.Float("a") }); err == nil {
		t.Error("an int was taken for a float64")
	}
}

// The learning rate and size of a model, tried at random with two at a time.
func ExampleRandom() {
	space := []search.Param{{Name: "lr", Range: search.LogUniform(1e-4, 1)}, {Name: "hidden", Range: search.Choice(32, 64)}}
	r, err := search.Random(context.Background(), space, search.Config{Trials: 30, Workers: 2}, func(ctx context.Context, t search.Trial) (float64, error) {
		return math.Abs(math.Log10(t.Float("lr")) + 2), nil // where a real one trains a model and returns its validation loss
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(r.All), r.Best.Float("lr") > 0.003 && r.Best.Float("lr") < 0.03)
	// Output: 30 true
}

// A file that is no search's is left alone, also if its last line does not end.
func TestForeignFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.json")
	const text = `{"precious":1}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Random(t.Context(), space, search.Config{Trials: 1, File: file}, distance); err == nil || !strings.Contains(err.Error(), "p.json does not end") {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != text {
		t.Errorf("the file is now %q, %v", b, err)
	}
}

// What earlier rounds found stands when the last one fails.
func TestHalvingWhoseLastRoundFails(t *testing.T) {
	r, err := search.Halving(t.Context(), space, search.HalvingConfig{Config: search.Config{Trials: 3}, Least: 1, Most: 3}, func(ctx context.Context, tr search.Trial) (float64, error) {
		if tr.Budget == 3 {
			return 0, errors.New("no memory")
		}
		return distance(ctx, tr)
	})
	if err != nil || r.Best.Budget != 1 || r.Best.Error != "" || len(r.All) != 4 || r.All[0].Error != "no memory" {
		t.Errorf("%+v, %v", r, err)
	}
}

// Two searches at once would spoil the file, so that the second is told to wait.
func TestOneSearchAtATime(t *testing.T) {
	cfg := search.Config{File: filepath.Join(t.TempDir(), "search.jsonl")}
	space := []search.Param{{"a", search.Choice(1, 2)}}
	var second error
	_, err := search.Grid(t.Context(), space, cfg, func(ctx context.Context, _ search.Trial) (float64, error) {
		_, second = search.Grid(ctx, space, cfg, func(context.Context, search.Trial) (float64, error) { return 0, nil })
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if second == nil || !strings.Contains(second.Error(), "another process searches with") {
		t.Errorf("the second search: %v", second)
	}
	if _, err := search.Grid(t.Context(), space, cfg, func(context.Context, search.Trial) (float64, error) { return 0, errors.New("it ran again") }); err != nil {
		t.Errorf("after both ended: %v", err)
	}
}

// Whole numbers that no float64 holds are found again.
func TestResumeLargeIntegers(t *testing.T) {
	cfg := search.Config{File: filepath.Join(t.TempDir(), "search.jsonl")}
	space := []search.Param{{"a", search.Choice(1<<53+1, 3)}}
	for range 2 {
		r, err := search.Grid(t.Context(), space, cfg, func(_ context.Context, tr search.Trial) (float64, error) { return float64(tr.Int("a")), nil })
		if err != nil || len(r.All) != 2 {
			t.Fatalf("%v, %v", r, err)
		}
	}
}

package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

// withRows replaces the catalog for a test.
func withRows(t *testing.T, all ...Row) {
	before := rows
	t.Cleanup(func() { rows = before })
	rows = map[string]Row{}
	Register(all...)
}

func claims(f func(c *Check)) Row {
	return Row{ID: "B01", Title: "t", Target: "x", Tier: Unit, Test: func(_ context.Context, c *Check) error { f(c); return nil }}
}

func verify(t *testing.T, r Row, env Env) Report {
	t.Helper()
	rep, err := Verify(t.Context(), r, env)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestClaims(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		claim func(c *Check)
		holds bool
		text  string
	}{
		{func(c *Check) { c.AtLeast("a", 2, 2) }, true, "a 2 >= 2"},
		{func(c *Check) { c.AtLeast("a", 1.5, 2) }, false, "a 1.5 >= 2"},
		{func(c *Check) { c.AtLeast("a", nan, 2) }, false, "a NaN >= 2"},
		{func(c *Check) { c.AtMost("a", 2, 2) }, true, "a 2 <= 2"},
		{func(c *Check) { c.AtMost("a", 2.5, 2) }, false, "a 2.5 <= 2"},
		{func(c *Check) { c.AtMost("a", nan, 2) }, false, "a NaN <= 2"},
		{func(c *Check) { c.Near("a", 2.5, 2, 0.5) }, true, "a 2.5 = 2 ± 0.5"},
		{func(c *Check) { c.Near("a", 1.4, 2, 0.5) }, false, "a 1.4 = 2 ± 0.5"},
		{func(c *Check) { c.Near("a", nan, 2, 0.5) }, false, "a NaN = 2 ± 0.5"},
		{func(c *Check) { c.Near("a", nan, nan, nan) }, false, "a NaN = NaN ± NaN"},
		{func(c *Check) { c.Equal("a", 1.0/3, 1.0/3) }, true, "a 0.333333 = 0.333333"},
		{func(c *Check) { c.Equal("a", nan, nan) }, false, "a NaN = NaN"},
		{func(c *Check) { c.True("it is so", true) }, true, "it is so"},
		{func(c *Check) { c.True("it is so", false) }, false, "it is so does not hold"},
	} {
		rep := verify(t, claims(c.claim), Env{})
		if rep.Passed != c.holds || rep.Claims[0].Holds != c.holds || rep.Claims[0].String() != c.text || (len(rep.Failed()) == 0) != c.holds {
			t.Errorf("%q: holds %v, %q", c.text, rep.Passed, rep.Claims[0])
		}
		if _, err := json.Marshal(rep); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestVerify(t *testing.T) {
	rep := verify(t, claims(func(c *Check) {
		c.AtLeast("first", 1, 0)
		c.Control(func() { c.AtMost("control", 1, 0) })
	}), Env{})
	if rep.Passed || !rep.Claims[1].Control || rep.Claims[0].Control || rep.Reached() != "first 1 >= 0 (and 1 more)" {
		t.Errorf("one claim of two that does not hold: %+v", rep)
	}
	if rep := verify(t, claims(func(*Check) {}), Env{}); rep.Passed || rep.Error == "" {
		t.Errorf("a test without claims: %+v", rep)
	}
	failing := claims(nil)
	failing.Test = func(context.Context, *Check) error { return errors.New("no data") }
	if rep := verify(t, failing, Env{}); rep.Passed || rep.Reached() != "no data" {
		t.Errorf("a test that fails: %+v", rep)
	}
	if rep := verify(t, claims(func(c *Check) { tensor.Zeros(2).Add(tensor.Zeros(3)) }), Env{}); rep.Passed || !strings.Contains(rep.Error, "(2,)") {
		t.Errorf("a test that adds what does not fit: %+v", rep)
	}
	if rep := verify(t, Row{ID: "B23", Title: "t", Target: "x", Tier: Unit, Doc: "docs/x.md"}, Env{}); !rep.Passed || rep.Reached() != "docs/x.md" {
		t.Errorf("a row without a test: %+v", rep)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := claims(nil)
	stopped.Test = func(ctx context.Context, c *Check) error { cancel(); return ctx.Err() }
	if _, err := Verify(ctx, stopped, Env{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestSeeds(t *testing.T) {
	rep := verify(t, claims(func(c *Check) {
		var seen []uint64
		m, err := c.Median(4, func(seed uint64) (float64, error) { seen = append(seen, seed); return float64(seed), nil })
		c.True("median of 7, 8, 9, 10", err == nil && m == 8.5 && len(seen) == 4 && seen[0] == 7)
		_, err = c.Median(2, func(seed uint64) (float64, error) { return 0, errors.New("broken") })
		c.True("error names the seed", err != nil && err.Error() == "seed 7: broken")
	}), Env{Seed: 7})
	if !rep.Passed || rep.Seeds != 4 {
		t.Errorf("%+v", rep)
	}
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1}, 2.5}} {
		if got := Median(c.x); got != c.want {
			t.Errorf("median of %v is %v", c.x, got)
		}
	}
	if !math.IsNaN(Median(nil)) || !math.IsNaN(Median([]float64{1, math.NaN(), 2})) {
		t.Error("median of nothing, or with NaN, is a number")
	}
}

func TestPicture(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	draw := func(path string) error { return os.WriteFile(path, nil, 0o644) }
	verify(t, claims(func(c *Check) { c.True("drawn", c.Picture("a", draw) == nil) }), Env{Pictures: dir})
	if _, err := os.Stat(filepath.Join(dir, "B01-a.png")); err != nil {
		t.Error(err)
	}
	verify(t, claims(func(c *Check) {
		c.True("not drawn", c.Picture("a", func(string) error { return errors.New("called") }) == nil)
	}), Env{})
}

func TestSelect(t *testing.T) {
	ok := func(_ context.Context, c *Check) error { return nil }
	withRows(t, Row{ID: "B02", Title: "t", Target: "x", Tier: Small, Test: ok}, Row{ID: "A01", Title: "t", Target: "x", Tier: Unit, Test: ok}, Row{ID: "B01", Title: "t", Target: "x", Tier: Unit, Test: ok})
	for _, c := range []struct {
		names string
		tiers []Tier
		want  string
	}{
		{"", nil, "A01 B01 B02"}, {"b", nil, "B01 B02"}, {"Classical", nil, "B01 B02"}, {"b02 A", nil, "A01 B02"}, {"", []Tier{Unit}, "A01 B01"}, {"B", []Tier{Small, Large}, "B02"},
	} {
		got, err := Select(strings.Fields(c.names), c.tiers)
		var ids []string
		for _, r := range got {
			ids = append(ids, r.ID)
		}
		if strings.Join(ids, " ") != c.want || err != nil {
			t.Errorf("%q %v: %v, %v", c.names, c.tiers, ids, err)
		}
	}
	for names, want := range map[string]string{"B03": "B (classical)", "Z": `"Z"`, "A B04": `"B04"`} {
		if _, err := Select(strings.Fields(names), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", names, err)
		}
	}
	if _, err := Select([]string{"A"}, []Tier{Large}); err == nil {
		t.Error("no row of the tier: no error")
	}
}

func TestRegisterRefuses(t *testing.T) {
	withRows(t, Row{ID: "B01", Title: "t", Target: "x", Tier: Unit, Doc: "d"})
	for what, r := range map[string]Row{
		"taken":     {ID: "B01", Title: "t", Target: "x", Tier: Unit, Doc: "d"},
		"no area":   {ID: "Z01", Title: "t", Target: "x", Tier: Unit, Doc: "d"},
		"no number": {ID: "B1x", Title: "t", Target: "x", Tier: Unit, Doc: "d"},
		"short":     {ID: "B1", Title: "t", Target: "x", Tier: Unit, Doc: "d"},
		"no test":   {ID: "B02", Title: "t", Target: "x", Tier: Unit},
		"no tier":   {ID: "B02", Title: "t", Target: "x", Doc: "d"},
		"no target": {ID: "B02", Title: "t", Tier: Unit, Doc: "d"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: registered", what)
				}
			}()
			Register(r)
		}()
	}
}

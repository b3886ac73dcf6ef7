package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row := func(id string, tier catalog.Tier, test func(ctx context.Context, c *catalog.Check) error) catalog.Row {
		return catalog.Row{ID: id, Tier: tier, Title: "row " + id, Source: "Somebody | 1950", Target: "it works", Test: test}
	}
	catalog.Register(
		row("S90", catalog.Unit, func(_ context.Context, c *catalog.Check) error {
			m, err := c.Median(3, func(seed uint64) (float64, error) { return float64(seed), nil })
			c.AtLeast("middle", m, 2)
			c.Near("a|b", 1, 1, 0)
			return errors.Join(err, c.Picture("dot", func(path string) error { return os.WriteFile(path, nil, 0o644) }))
		}),
		row("S91", catalog.Small, func(_ context.Context, c *catalog.Check) error { c.AtLeast("accuracy", 0.5, 0.9); return nil }),
		row("S92", catalog.Small, func(context.Context, *catalog.Check) error { return errors.New("no data\nhere") }),
		row("S93", catalog.Medium, func(context.Context, *catalog.Check) error { tensor.Zeros(2).Reshape(3); return nil }),
		catalog.Row{ID: "S94", Tier: catalog.Unit, Title: "knowledge", Target: "written down", Doc: "docs/knowledge.md"},
	)
}

func TestVerify(t *testing.T) {
	pictures := filepath.Join(t.TempDir(), "pictures")
	out := must(t, "verify", "s90", "S94", "--pictures", pictures)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 6 || !strings.HasPrefix(lines[2], `| S90 | U | row S90 | middle 2 >= 2 (and 1 more) | 3 | pass | 0.`) ||
		!strings.HasPrefix(lines[3], "| S94 | U | knowledge | docs/knowledge.md |  | documented | 0.") || !strings.HasPrefix(lines[5], "2 rows, 2 passed, 0 fell short, ") {
		t.Errorf("%s", out)
	}
	if _, err := os.Stat(filepath.Join(pictures, "S90-dot.png")); err != nil {
		t.Error(err)
	}
	if l := jsonLines(t, must(t, "verify", "S", "--tier=U", "--json", "--seed=5")); len(l) != 2 || l[0]["passed"] != true || l[0]["seeds"] != 3. || l[0]["claims"].([]any)[0].(map[string]any)["got"] != 6. {
		t.Errorf("%v", l)
	}
	if out := must(t, "verify", "speech", "--list", "--json"); strings.Contains(out, "passed") || strings.Contains(out, "seconds") || !strings.Contains(out, `"id":"S90"`) {
		t.Errorf("a list of rows that did not run tells how they did:\n%s", out)
	}
	if out := must(t, "verify", "speech", "--list", "--tier", "u,M"); !strings.Contains(out, `| S90 | U | row S90 | Somebody \| 1950 | it works |`) || strings.Count(out, "\n") != 5 {
		t.Errorf("%s", out)
	}

	r := hadal("verify", "S90", "S91", "S92", "S93")
	oneLineError(t, "rows that fall short", r, 1, "3 of 4 rows fell short")
	for _, want := range []string{"| short: accuracy 0.5 >= 0.9 |  | **short** |", "| no data here |  | **error** |", "| S93 | M | row S93 | reshape", "4 rows, 1 passed, 3 fell short"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%s\nlacks %s", r.out, want)
		}
	}
	for args, want := range map[string]string{
		"verify S95":          `no row or area "S95"`,
		"verify speeches":     "S (speech)",
		"verify S --tier=X":   `--tier "X": give some of U, S, M and L`,
		"verify S91 --tier=U": "no row of S91 is of tier",
	} {
		oneLineError(t, args, hadal(strings.Fields(args)...), 2, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := hadalContext(ctx, "verify", "S90"); r.status != exitInterrupted {
		t.Errorf("interrupted: status %d, %s", r.status, r.err)
	}
}

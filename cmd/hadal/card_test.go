package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCard(t *testing.T) {
	t.Parallel()
	dir := undisturbed(t)
	out := must(t, "card", dir)
	for _, want := range []string{"# Model card: mlp\n", "## Model details\n\nA multilayer perceptron", "| seed | 1 |", "| option Hidden | ", "## Intended use\n\n*Not stated.", "| test accuracy | 0.", "- set: digits", "## Caveats", "- too short to tell: "} {
		if !strings.Contains(out, want) {
			t.Errorf("the card lacks %q:\n%s", want, out)
		}
	}
	path := filepath.Join(t.TempDir(), "card.md")
	must(t, "card", dir, "--out", path)
	if b, err := os.ReadFile(path); err != nil || string(b) != out {
		t.Errorf("%v: the file is another text", err)
	}
	oneLineError(t, "no run", hadal("card", t.TempDir()), 1, "is not a run folder")
	oneLineError(t, "no folder", hadal("card", dir, "--out", filepath.Join(t.TempDir(), "a", "b.md")), 1, "b.md")
}

func TestDataCard(t *testing.T) {
	t.Parallel()
	out := must(t, "data", "card", "wine")
	for _, want := range []string{"# Data-set card: Wine recognition\n", "178 rows: 13 features", "| class_0 | 59 | 33.1% |", "Licence: BSD-3-Clause", "## Known biases\n\n*Not stated."} {
		if !strings.Contains(out, want) {
			t.Errorf("the card lacks %q:\n%s", want, out)
		}
	}
	path := filepath.Join(t.TempDir(), "card.md")
	must(t, "data", "card", "wine", "--out", path)
	if b, err := os.ReadFile(path); err != nil || string(b) != out {
		t.Errorf("%v: the file is another text", err)
	}
	oneLineError(t, "no such set", hadal("data", "card", "nope"), 2, `there is no data set "nope"; choose one of breast-cancer, digits`)
	oneLineError(t, "not here", hadal("data", "card", "fashion-mnist", "--offline", "--data-dir", filepath.Join(t.TempDir(), "none")), 1, "fashion-mnist")
	if out := must(t, "data", "card", "--help"); !strings.Contains(out, "pokemon-stats, wine") {
		t.Errorf("the help names no sets:\n%s", out)
	}
}

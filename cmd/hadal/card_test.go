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

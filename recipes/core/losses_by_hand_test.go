package core

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/random"
)

// TestEveryLoss compares row C14's list with the loss types of package losses, so that a new one is not forgotten.
func TestEveryLoss(t *testing.T) {
	files, err := filepath.Glob("../../nn/losses/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^type ([A-Z]\w*)Loss\b`).FindAllSubmatch(source, -1) {
			want = append(want, string(m[1]))
		}
	}
	for _, l := range handmadeLosses(random.New(1)) {
		got = append(got, l.name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("C14 has derivatives of %v\nand package losses has %v", got, want)
	}
}

// TestFarApartNaN checks that a NaN is not lost among other numbers, wherever it stands.
func TestFarApartNaN(t *testing.T) {
	zero := 0.0
	for i := range 3 {
		a := []float64{1, 2, 3}
		a[i] = zero / zero
		if d := farApart(a, []float64{1, 1, 1}); d == d {
			t.Errorf("NaN in place %d gives %v", i, d)
		}
	}
}

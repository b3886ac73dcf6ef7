package sets_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/dataset/source"
)

// Every data set has a card; those that are embedded fill it in, with figures that their documentation gives.
func TestCards(t *testing.T) {
	t.Setenv("HADAL_DATA", "")
	t.Setenv("HADAL_CACHE", t.TempDir())
	names := sets.CardNames()
	for _, s := range sets.All() {
		if !slices.Contains(names, s.Name) {
			t.Errorf("%s has no card", s.Name)
		}
	}
	// Rows and values of the first feature: scikit-learn's DESCR of iris, wine and breast cancer; UCI's page of the digits.
	for name, want := range map[string][]string{
		"iris":          {"150 rows: 4 features", "| versicolor | 50 | 33.3% |", "| sepal length (cm) | 150 | 0 | 5.8433 | 0.8253 | 4.3 | 7.9 |", "Licence: BSD-3-Clause", "Fisher (1936)"},
		"wine":          {"178 rows: 13 features", "| class_1 | 71 | 39.9% |", "| alcohol | 178 | 0 | 13.001 | 0.80954 | 11.03 | 14.83 |"},
		"breast-cancer": {"569 rows: 30 features", "| malignant | 212 | 37.3% |", "| mean radius | 569 | 0 | 14.127 | 3.521", "6.981 | 28.11 |"},
		"digits":        {"1797 pictures: 8 x 8 pixels (H x W) of 17 levels", "| train | 1438 | 0 | 0 |", "| test | 359 | 0 | 0 |", "13 writers"},
	} {
		c, err := sets.Card(t.Context(), name, source.Config{Offline: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(c.Markdown(), w) {
				t.Errorf("the card of %s lacks %q:\n%s", name, w, c.Markdown())
			}
		}
	}
	for _, name := range names {
		c, err := sets.Card(t.Context(), name, source.Config{Offline: true})
		var missing *source.MissingError
		switch {
		case errors.As(err, &missing):
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.Name != name || c.Title == "" || c.Summary == "" || c.Licence == "" || len(c.Source) == 0 || c.Collection == "" || len(c.Checksum) != 64:
			t.Errorf("%s says too little: %+v", name, c)
		}
	}
	if _, err := sets.Card(t.Context(), "nope", source.Config{}); err == nil || !strings.Contains(err.Error(), strings.Join(names, ", ")) {
		t.Error(err)
	}
}

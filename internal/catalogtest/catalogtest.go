// Package catalogtest runs the quick rows of the catalog as tests.
package catalogtest

import (
	"testing"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/source"
)

// Units runs the rows of an area that take seconds and fails for each claim that does not hold. Without their data rows are
// not run: unit rows need none.
func Units(t *testing.T, area string) {
	all, err := catalog.Select([]string{area}, []catalog.Tier{catalog.Unit})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		t.Run(r.ID, func(t *testing.T) {
			rep, err := catalog.Verify(t.Context(), r, catalog.Env{Source: source.Config{Offline: true}})
			if err != nil {
				t.Fatal(err)
			}
			if rep.Error != "" {
				t.Error(rep.Error)
			}
			for _, c := range rep.Failed() {
				t.Errorf("%s: %v", r.Title, c)
			}
		})
	}
}

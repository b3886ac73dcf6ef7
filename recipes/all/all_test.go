package all

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/catalog"
)

// Every row of the areas that are done is there, and no other: none is skipped, none is left over.
func TestRowsAreComplete(t *testing.T) {
	rows := map[string]bool{}
	for _, r := range catalog.All() {
		rows[r.ID] = true
	}
	for _, area := range []struct {
		letter      string
		first, last int
	}{{"A", 1, 11}, {"B", 1, 23}, {"C", 1, 17}, {"D", 0, 18}, {"E", 1, 15}, {"F", 1, 16}, {"G", 1, 9}, {"H", 1, 11}, {"H", 13, 17}, {"T", 1, 31}, {"U", 1, 8}} {
		for i := area.first; i <= area.last; i++ {
			id := fmt.Sprintf("%s%02d", area.letter, i)
			if !rows[id] {
				t.Errorf("row %s is not in the catalog", id)
			}
			delete(rows, id)
		}
	}
	for id := range rows {
		t.Errorf("row %s is of no area that is done; add it to this list", id)
	}
}

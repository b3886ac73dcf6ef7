package classical_test

import (
	"testing"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/dataset/source/sourcetest"
)

// TestEvolutionRows runs the rows on the evolutions of Pokémon where these are found.
func TestEvolutionRows(t *testing.T) {
	env := catalog.Env{Source: sourcetest.Find(t, pokemon.Set)}
	rows, err := catalog.Select([]string{"B02", "B03", "B04", "B07"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		rep, err := catalog.Verify(t.Context(), r, env)
		if err != nil || !rep.Passed {
			t.Errorf("%s: %v, %s, %v", r.ID, err, rep.Error, rep.Failed())
		}
	}
}

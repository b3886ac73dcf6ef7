package classical_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/dataset/source"
)

// TestEvolutionRows runs the rows on the evolutions of Pokémon where these are found.
func TestEvolutionRows(t *testing.T) {
	env := catalog.Env{Source: source.Config{Offline: true}}
	if dir := filepath.Join("..", "..", "..", "shared", "data"); os.Getenv("HADAL_DATA") == "" {
		if _, err := os.Stat(filepath.Join(dir, pokemon.Set.Dir)); err == nil {
			env.Source.Dir = dir
		}
	}
	if _, err := pokemon.Set.Locate(env.Source); errors.As(err, new(*source.MissingError)) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
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

package pokemon_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset/pokemon"
	"github.com/hadal-go/hadal/dataset/source"
)

// The tables are never downloaded: they are in the subfolder pokemon of the folder given.
func Example() {
	evolutions, err := pokemon.EvolutionCP(context.Background(), source.Config{Dir: "data"})
	if err != nil {
		panic(err)
	}
	e := evolutions[0]
	fmt.Printf("%s had %g combat power before it evolved and %g after\n", e.Name, e.Before.CP, e.After.CP)
}

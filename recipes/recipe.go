// Package recipes is the list of training programs. Each is one file in a folder below, written to be read from top to
// bottom: its options, the model, the data, the loop, and the result it must reach.
package recipes

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/train"
)

// Recipe is a training program: a pointer to a struct whose fields are its options. Their tags are the command's help:
// `help:"..."`, `default:"..."`, `enum:"..."`.
type Recipe interface {
	// Train runs the program and returns the figures it is judged by, such as test_accuracy.
	Train(ctx context.Context, env *Env) (train.Metrics, error)
}

// ImageRecipe is a recipe that trains an image classifier, so that it can be evaluated and asked for predictions.
type ImageRecipe interface {
	Recipe
	// Model builds the untrained model for pictures of the given kind.
	Model(g *random.Generator, info train.ImageInfo) nn.Layer
}

// Env is what a recipe is given besides its options.
type Env struct {
	Seed    uint64
	Run     *train.Run        // the run's folder
	Source  source.Config     // where data sets are found
	Observe func(train.Event) // shows progress
	// Describe is told what the model will see, before training; it goes into the run's config.json.
	Describe func(data any) error
}

// Expectation is a result that a recipe must reach on a data set, as the median over seeds.
type Expectation struct {
	Data   string
	Metric string
	Least  float64
}

// Entry describes a recipe.
type Entry struct {
	Name   string // as on the command line
	Area   string // its folder
	Title  string // one line
	Paper  string // the source
	Expect []Expectation
	New    func() Recipe // with zero options; the command line fills in the defaults
}

var entries = map[string]Entry{}

// Register adds a recipe to the list; packages call it from init. It panics on a name that is taken.
func Register(e Entry) {
	if _, taken := entries[e.Name]; taken {
		panic("recipes: " + e.Name + " is registered twice")
	}
	entries[e.Name] = e
}

// All returns the recipes by area and name.
func All() []Entry {
	var all []Entry
	for _, e := range entries {
		all = append(all, e)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Area != all[j].Area {
			return all[i].Area < all[j].Area
		}
		return all[i].Name < all[j].Name
	})
	return all
}

// Find returns the recipe of a name, or an error that lists the names.
func Find(name string) (Entry, error) {
	if e, ok := entries[name]; ok {
		return e, nil
	}
	var names []string
	for _, e := range All() {
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("there is no recipe %q; choose one of %s", name, strings.Join(names, ", "))
}

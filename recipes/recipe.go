// Package recipes is the list of training programs. Each is one file in a folder below, written to be read from top to
// bottom: its options, the model, the data, the loop, and the result it must reach.
package recipes

import (
	"context"
	"fmt"
	"image"
	"io"
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

// TableRecipe is a recipe that trains on a table, so that its runs predict the rows of others.
type TableRecipe interface {
	Recipe
	// Open loads the model of a run that was trained with these options.
	Open(run *train.Run, info train.Info) (TableModel, error)
}

// TableModel predicts a column of tables in CSV, a class or a number, from the others.
type TableModel interface {
	// Classes returns the names of the classes, none where a number is predicted.
	Classes() []string
	// Scores returns what TablePrediction.Scores are, such as probability; "" where a number is predicted.
	Scores() string
	// Predict reads a table piece by piece and calls emit with each row's prediction. The notes are what the user should know.
	Predict(ctx context.Context, r io.Reader, emit func(TablePrediction) error) (notes []string, err error)
	// Evaluate measures the model on the rows that training held out or, where path is given, on the table there.
	Evaluate(ctx context.Context, path string) (TableEvaluation, error)
}

// TablePrediction is what a model says of a row.
type TablePrediction struct {
	Row    int // of the table, counted from 1
	Number float64
	Class  string
	Scores []float64 // of the classes
}

// TableEvaluation is how well a model predicts a table.
type TableEvaluation struct {
	Data    string // the table
	Metrics train.Metrics
	Report  string // a table of figures by class; "" for numbers
	Notes   []string
}

// PictureRecipe is a recipe whose runs answer with a picture: boxes or masks drawn on the one they are given.
type PictureRecipe interface {
	Recipe
	// Open loads the model of a run that was trained with these options.
	Open(run *train.Run, info train.Info) (PictureModel, error)
}

// PictureModel draws what it sees on pictures.
type PictureModel interface {
	// Predict looks at a picture of any size and colours.
	Predict(ctx context.Context, img image.Image) (PicturePrediction, error)
	// Evaluate measures the model on the pictures that training held out, of data that are found as from says.
	Evaluate(ctx context.Context, from source.Config) (train.Metrics, error)
}

// PicturePrediction is what a model sees on a picture.
type PicturePrediction struct {
	Drawn  image.Image    // the picture, enlarged if it is small, with what was seen drawn on it
	Text   string         // the same in a line of words
	Result map[string]any // the same for programs: further keys of the line that --json prints, in pixels of the picture given
}

// Env is what a recipe is given besides its options.
type Env struct {
	Seed    uint64
	Run     *train.Run        // the run's folder
	Source  source.Config     // where data sets are found
	Observe func(train.Event) // shows progress
	Note    func(string)      // tells the user what is worth knowing; nil: nobody
	// Describe is told what the model will see, for the run's config.json. A recipe calls it once it has accepted its data and options,
	// right before it trains: the run's folder is made then, so that a mistake leaves none behind.
	Describe func(data any) error
}

// Tell calls Note if there is one.
func (e *Env) Tell(note string) {
	if e.Note != nil {
		e.Note(note)
	}
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

// Package sets lists the data sets by name.
package sets

import (
	"context"
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/dataset/emoji"
	"github.com/hadal-go/hadal/dataset/fashionmnist"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
)

// Set is a data set of labelled pictures.
type Set struct {
	Name    string
	Title   string
	Licence string
	Summary string

	Channels, Height, Width int // of each picture
	NumClasses              int
	White                   bool // drawn on a white ground; else black

	Source *source.Set // nil: embedded in the program
	train  func(context.Context, source.Config) (*imageset.Images, error)
	test   func(context.Context, source.Config) (*imageset.Images, error)
}

// All returns the data sets in the order in which they are listed.
func All() []Set {
	return []Set{
		{
			Name: "digits", Title: "UCI handwritten digits", Licence: "BSD-3-Clause (scikit-learn), CC BY 4.0 (UCI)",
			Summary: "1,797 pictures of 8x8, 10 classes; embedded", Channels: 1, Height: 8, Width: 8, NumClasses: 10,
			train: func(context.Context, source.Config) (*imageset.Images, error) { return digits.Train(), nil },
			test:  func(context.Context, source.Config) (*imageset.Images, error) { return digits.Test(), nil },
		},
		{
			Name: "emoji", Title: emoji.Set.Title, Licence: emoji.Set.Licence,
			Summary: "3,822 pictures of 64x64 in colour, 10 classes; one style to train on, another to test on", Channels: 3, Height: 64, Width: 64, NumClasses: 10, Source: &emoji.Set,
			train: emoji.Train, test: emoji.Test, White: true,
		},
		{
			Name: "fashion-mnist", Title: fashionmnist.Set.Title, Licence: fashionmnist.Set.Licence,
			Summary: "70,000 pictures of 28x28, 10 classes", Channels: 1, Height: 28, Width: 28, NumClasses: 10, Source: &fashionmnist.Set,
			train: fashionmnist.Train, test: fashionmnist.Test,
		},
		{
			Name: "mnist", Title: mnist.Set.Title, Licence: mnist.Set.Licence,
			Summary: "70,000 pictures of 28x28, 10 classes", Channels: 1, Height: 28, Width: 28, NumClasses: 10, Source: &mnist.Set,
			train: mnist.Train, test: mnist.Test,
		},
	}
}

// Find returns the data set of a name, or an error that lists the names.
func Find(name string) (Set, error) {
	var names []string
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Set{}, fmt.Errorf("there is no data set %q; choose one of %s", name, strings.Join(names, ", "))
}

// Images returns the training and the test pictures, found or downloaded as package source says.
func (s Set) Images(ctx context.Context, cfg source.Config) (train, test *imageset.Images, err error) {
	if train, err = s.train(ctx, cfg); err != nil {
		return nil, nil, err
	}
	test, err = s.test(ctx, cfg)
	return train, test, err
}

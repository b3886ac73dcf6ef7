// Package pictureset finds the pictures of ten classes that rows of the catalog learn from: MNIST, or what is at hand instead.
package pictureset

import (
	"context"
	"errors"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/dataset/fashionmnist"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Set is a data set of ten classes of square grey pictures, each a row of Side * Side pixels from 0 to 1.
type Set struct {
	Name         string         // MNIST (10000): the first 10,000 training pictures
	X, Y         *tensor.Tensor // (N, Side * Side) float64, (N,) int64: the first of the training pictures
	XTest, YTest *tensor.Tensor // all of the test pictures
	Side         int            // pixels
	Classes      []string
	Least        float64             // the figure that must be reached on this set
	Of           func(Least) float64 // picks this set's figure
}

// Least is the figure that a method must reach on each of the sets.
type Least struct{ MNIST, Fashion, Digits float64 }

// Note is what a row on these pictures tells of its data.
const Note = "on pictures of MNIST; where they are not at hand, of Fashion-MNIST, and where neither is, on the embedded digits of 8 x 8 pixels, each with a " +
	"target of its own; nothing is downloaded"

// Load returns the best of the sets that is at hand, with at most n training pictures. Nothing is downloaded.
func Load(ctx context.Context, c *catalog.Check, n int, least Least) (Set, error) {
	cfg := c.Source
	cfg.Offline = true
	for _, s := range []struct {
		name        string
		train, test func(context.Context, source.Config) (*imageset.Images, error)
		of          func(Least) float64
	}{
		{"MNIST", mnist.Train, mnist.Test, func(l Least) float64 { return l.MNIST }},
		{"Fashion-MNIST", fashionmnist.Train, fashionmnist.Test, func(l Least) float64 { return l.Fashion }},
		{"digits", func(context.Context, source.Config) (*imageset.Images, error) { return digits.Train(), nil },
			func(context.Context, source.Config) (*imageset.Images, error) { return digits.Test(), nil }, func(l Least) float64 { return l.Digits }},
	} {
		train, err := s.train(ctx, cfg)
		var test *imageset.Images
		if err == nil {
			test, err = s.test(ctx, cfg)
		}
		if _, missing := errors.AsType[*source.MissingError](err); missing {
			continue
		}
		if err != nil {
			return Set{}, err
		}
		p := Set{Name: s.name, Side: train.W, Least: s.of(least), Of: s.of, Classes: train.Classes}
		if n < train.N {
			p.Name = fmt.Sprintf("%s (%d)", s.name, n)
		}
		p.X, p.Y = rows(train.Head(min(train.N, n)))
		p.XTest, p.YTest = rows(test)
		return p, nil
	}
	panic("the embedded digits are always there")
}

// rows returns the pictures as rows of pixels from 0 to 1, and their classes.
func rows(m *imageset.Images) (x, y *tensor.Tensor) {
	labels := make([]int64, m.N)
	for i, c := range m.Labels {
		labels[i] = int64(c)
	}
	return tensor.Of(m.Pix, m.N, m.H*m.W*m.C).To(tensor.Float64).DivScalar(float64(m.Max)), tensor.Of(labels)
}

// ShuffledLabels returns the labels in another order, for networks that are to learn nothing.
func ShuffledLabels(y *tensor.Tensor) *tensor.Tensor {
	return y.IndexSelect(0, tensor.Of(random.Permutation(y.Dim(0), random.KeyAt(1))))
}

package classical

import (
	"context"
	"errors"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/dataset/fashionmnist"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/tensor"
)

// pictureSet is a data set of ten classes of grey pictures, each a row of pixels from 0 to 1.
type pictureSet struct {
	name         string
	x, y         *tensor.Tensor // at most 10,000 rows to train on, the first of the set
	xTest, yTest *tensor.Tensor
	classes      []string
	least        float64 // accuracy that a linear classifier must reach: the catalog's on MNIST
}

const (
	pictureNote = "on the first 10,000 pictures of MNIST; where they are not at hand, of Fashion-MNIST (target 0.80, its pictures are harder), and where neither is, " +
		"on the embedded digits of 8 x 8 pixels (target 0.92); nothing is downloaded"
	fashionLeast, digitsLeast = 0.80, 0.92
)

// pictures returns the best of the sets that is at hand.
func pictures(ctx context.Context, c *catalog.Check, mnistLeast float64) (pictureSet, error) {
	cfg := c.Source
	cfg.Offline = true
	for _, s := range []struct {
		name        string
		train, test func(context.Context, source.Config) (*imageset.Images, error)
		least       float64
	}{
		{"MNIST-10k", mnist.Train, mnist.Test, mnistLeast}, {"Fashion-MNIST-10k", fashionmnist.Train, fashionmnist.Test, fashionLeast},
		{"digits", func(context.Context, source.Config) (*imageset.Images, error) { return digits.Train(), nil },
			func(context.Context, source.Config) (*imageset.Images, error) { return digits.Test(), nil }, digitsLeast},
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
			return pictureSet{}, err
		}
		p := pictureSet{name: s.name, least: s.least, classes: train.Classes}
		p.x, p.y = rows(train.Head(min(train.N, 10000)))
		p.xTest, p.yTest = rows(test)
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

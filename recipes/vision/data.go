// Package vision holds recipes that look at pictures.
package vision

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/train"
)

// pictures is a data set cut into what trains, what chooses the best epoch, and what is measured once at the end.
type pictures struct {
	Train, Validation, Test dataset.Dataset[dataset.Sample]
	Info                    train.ImageInfo
}

// heldBack is the share of the training pictures of a set that choose the best epoch.
const heldBack = 0.1

// maxPictures is the most that are made to train on.
const maxPictures = 1_000_000

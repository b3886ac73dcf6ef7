// Package vision holds recipes that look at pictures.
package vision

import (
	"context"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/sets"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// pictures is a data set cut into what trains, what chooses the best epoch, and what is measured once at the end.
type pictures struct {
	Train, Validation, Test dataset.Dataset[dataset.Sample]
	Info                    train.ImageInfo
}

// validation is the share of the training pictures that are held back to choose the best epoch.
const validation = 0.1

// load finds a data set by name, normalises it by the training pictures' mean and standard deviation, and tells the run
// what the model will see. The training pictures are changed by the transforms anew in every epoch.
func load(ctx context.Context, name string, env *recipes.Env, transforms ...dataset.Transform) (*pictures, error) {
	set, err := sets.Find(name)
	if err != nil {
		return nil, err
	}
	trainSet, testSet, err := set.Images(ctx, env.Source)
	if err != nil {
		return nil, err
	}
	mean, std := dataset.MeanStd(trainSet)
	all, err := dataset.NewImages(trainSet, mean, std)
	if err != nil {
		return nil, err
	}
	test, err := dataset.NewImages(testSet, mean, std)
	if err != nil {
		return nil, err
	}
	parts, err := dataset.StratifiedSplit(all, all.Labels(), env.Seed, 1-validation, validation)
	if err != nil {
		return nil, err
	}
	var trainPart dataset.Dataset[dataset.Sample] = parts[0]
	if len(transforms) > 0 { // they see values from 0, black, to 1
		plain, err := dataset.NewImages(trainSet, nil, nil)
		if err != nil {
			return nil, err
		}
		transforms = append(transforms, dataset.Normalize(mean, std))
		trainPart = dataset.Augment(dataset.Subset[dataset.Sample]{Of: plain, Indices: parts[0].Indices}, transforms...)
	}
	p := &pictures{trainPart, parts[1], test, train.ImageInfo{
		Set: name, Classes: trainSet.Classes, Channels: trainSet.C, Height: trainSet.H, Width: trainSet.W, Mean: mean, Std: std,
	}}
	return p, env.Describe(p.Info)
}

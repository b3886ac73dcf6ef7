package bench

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// recipeResNet18 is a step of a whole recipe: the loader crops and mirrors pictures of bytes at random and normalises them, the step adds
// up loss and accuracy.
func recipeResNet18() Case {
	return Case{Name: "recipe/resnet18_cifar_b32_crop_flip_sgdm", FLOPs: 3 * batch * 2 * 0.5556e9, Note: "with its loader", Open: func() (call, close func()) {
		const n = 2048
		g := generator()
		set := &imageset.Images{N: n, H: 32, W: 32, C: 3, Max: 255, Labels: make([]uint8, n), Classes: make([]string, 10)}
		set.Pix = tensor.Data[uint8](tensor.RandInt(g, 0, 256, n*32*32*3).To(tensor.Uint8))
		for i := range set.Labels {
			set.Labels[i] = uint8(i % 10)
		}
		pictures, err := dataset.NewImages(set, nil, nil)
		if err != nil {
			panic(err)
		}
		half := []float64{0.5, 0.5, 0.5}
		augmented := dataset.Augment(pictures, dataset.RandomCrop(32, 32, 4), dataset.RandomHorizontalFlip(0.5), dataset.Normalize(half, half))
		loader := dataset.NewBatchLoader(augmented, dataset.LoaderConfig{BatchSize: batch, Shuffle: true, Workers: 1})
		model := cifarResNet18(g)
		return recipe(loader, train.Supervised(model, losses.CrossEntropy, sgd(model), train.SupervisedConfig{Metrics: train.BatchAccuracy}))
	}}
}

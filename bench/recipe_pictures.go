package bench

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// recipePictures is a step of a whole recipe: the loader crops and mirrors square pictures of bytes at random and normalises them, the step
// adds up loss and accuracy.
func recipePictures(name string, flops float64, n, side, channels, padding int, build func(*random.Generator) nn.Layer) Case {
	return Case{Name: name, FLOPs: 3 * float64(n) * 2 * flops, Note: "with its loader", Open: func() (call, close func()) {
		const all = 2048
		g := generator()
		set := &imageset.Images{N: all, H: side, W: side, C: channels, Max: 255, Labels: make([]uint8, all), Classes: make([]string, 10)}
		set.Pix = tensor.Data[uint8](tensor.RandInt(g, 0, 256, all*side*side*channels).To(tensor.Uint8))
		for i := range set.Labels {
			set.Labels[i] = uint8(i % 10)
		}
		pictures, err := dataset.NewImages(set, nil, nil)
		if err != nil {
			panic(err)
		}
		half := []float64{0.5, 0.5, 0.5}[:channels]
		augmented := dataset.Augment(pictures, dataset.RandomCrop(side, side, padding), dataset.RandomHorizontalFlip(0.5), dataset.Normalize(half, half))
		loader := dataset.NewBatchLoader(augmented, dataset.LoaderConfig{BatchSize: n, Shuffle: true, Workers: 1})
		model := build(g)
		return recipe(loader, train.Supervised(model, losses.CrossEntropy, sgd(model), train.SupervisedConfig{Metrics: train.BatchAccuracy}))
	}}
}

// recipes are trainings on pictures like CIFAR-10's, and on some like Fashion-MNIST's with networks of half their width, as hadal train cnn
// trains them: 60,000 pictures are 469 steps.
func recipes() []Case {
	fashion := models.Config{Channels: 1, Classes: 10, Width: 0.5, Stem: models.SmallStem, Dropout: new(0.0)}
	return []Case{
		recipePictures("recipe/resnet18_cifar_b32_crop_flip_sgdm", 0.5556e9, batch, 32, 3, 4, func(g *random.Generator) nn.Layer { return cifarResNet18(g) }),
		recipePictures("recipe/resnet18_half_fashion_b128_crop_flip_sgdm", 0.1141e9, 128, 28, 1, 2, func(g *random.Generator) nn.Layer {
			return models.NewResNet(g, 18, models.ResNetConfig{Config: fashion})
		}),
		recipePictures("recipe/vgg11_bn_half_fashion_b128_crop_flip_sgdm", 0.0337e9, 128, 28, 1, 2, func(g *random.Generator) nn.Layer {
			return models.NewVGG(g, 11, models.VGGConfig{Config: fashion, BatchNorm: true})
		}),
	}
}

package models_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/format/safetensors"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A network that was trained on the digits 0 to 6 and saved serves the digits 7 to 9: first it makes features for a linear SVM, then it is
// tuned under a new last layer, which learns faster than the rest, with its first layers frozen. A file of torchvision's is used in the same way.
func Example_transfer() {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "resnet8.safetensors")
	build := func(seed uint64, classes int) *models.ResNet {
		return models.NewCIFARResNet(random.New(seed), 8, models.ResNetConfig{Config: models.Config{Classes: classes, Channels: 1, Width: 0.5}})
	}
	old := build(1, 7)
	fit(old, optim.NewAdam(nn.Params(old), optim.AdamConfig{LR: 0.01}), chosen(digits.Train(), 0, 7))
	if err := safetensors.Save(file, nn.State(old), nil); err != nil {
		log.Fatal(err)
	}

	// All weights but the last layer's come out of the file, and that is for other classes. For networks of the registry, Entry.LoadBackbone
	// knows its name.
	weights, _, err := safetensors.Load(file)
	if err != nil {
		log.Fatal(err)
	}
	m := build(2, 3)
	if err := nn.Load(m, weights, nn.LoadConfig{Skip: []string{"fc.*"}}); err != nil {
		log.Fatal(err)
	}
	train, test := chosen(digits.Train(), 7, 10), chosen(digits.Test(), 7, 10)

	// Features are the means of the last feature maps, scaled as an SVM likes them.
	codes := func(b dataset.Batch) *tensor.Tensor { return nn.Eval(m).FeatureMaps(b.X).Mean(2, 3) }
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(codes(train)); err != nil {
		log.Fatal(err)
	}
	svm := linear.NewLinearSVM(linear.LinearSVMConfig{C: 0.1, Tol: 0.01})
	if err := svm.Fit(scaler.Transform(codes(train)), train.Y); err != nil {
		log.Fatal(err)
	}
	fmt.Println("SVM on features, more than 85% right:", svm.Score(scaler.Transform(codes(test)), test.Y) > 0.85)

	// Fine-tuning: what is frozen keeps its bits, statistics too.
	nn.FreezeMatching(m, "conv1.*", "bn1.*", "layer1.*")
	nn.FreezeStatistics(m)
	head, body := nn.SplitParams(m, "fc.*")
	fit(m, optim.NewAdamGroups([]optim.Group{{Params: head, LR: 0.01}, {Params: body}}, optim.AdamConfig{LR: 0.002}), train)
	right := nn.Eval(m).Forward(test.X).ArgMax(1).Eq(test.Y).To(tensor.Float32).Mean().Item()
	fmt.Println("tuned, more than 95% right:", right > 0.95)
	// Output:
	// SVM on features, more than 85% right: true
	// tuned, more than 95% right: true
}

// chosen returns the pictures of the digits from lo to hi-1 and their classes, counted from 0.
func chosen(images *imageset.Images, lo, hi int64) dataset.Batch {
	set, err := dataset.NewImages(images, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	var indices []int
	for i, digit := range set.Labels() {
		if lo <= digit && digit < hi {
			indices = append(indices, i)
		}
	}
	b, err := set.Gather(context.Background(), indices)
	if err != nil {
		log.Fatal(err)
	}
	return dataset.Batch{X: b.X, Y: b.Y.SubScalar(float64(lo))}
}

// fit trains for three epochs.
func fit(m nn.Layer, opt optim.Optimizer, data dataset.Batch) {
	loader := dataset.NewBatchLoader(dataset.NewTensors(data.X, data.Y), dataset.LoaderConfig{BatchSize: 32, Shuffle: true})
	for epoch := range 3 {
		for batch, err := range loader.Epoch(context.Background(), epoch, 0) {
			if err != nil {
				log.Fatal(err)
			}
			loss := losses.CrossEntropy(m.Forward(batch.X), batch.Y)
			opt.ZeroGrad()
			loss.Backward()
			opt.Step()
		}
	}
}

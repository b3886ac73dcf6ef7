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

// A network that was trained on the digits 0 to 4 and saved serves the digits 5 to 9: first it makes features for a linear SVM, then it is
// tuned under a new last layer, which learns faster than the rest, with its first layers frozen. A file of torchvision's is used in the same way.
func Example_transfer() {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "resnet20.safetensors")
	entry, err := models.Find("resnet20")
	if err != nil {
		log.Fatal(err)
	}
	cfg := models.Config{Classes: 5, Channels: 1, Width: 0.25}
	old := entry.New(random.New(1), cfg)
	fit(old, optim.NewAdam(nn.Params(old), optim.AdamConfig{LR: 0.01}), digitsFrom(0, digits.Train()), 8)
	if err := safetensors.Save(file, nn.State(old), nil); err != nil {
		log.Fatal(err)
	}

	// All weights but the last layer's come out of the file. There may be other classes, and another number of them.
	weights, _, err := safetensors.Load(file)
	if err != nil {
		log.Fatal(err)
	}
	m := entry.New(random.New(2), cfg)
	if err := entry.LoadBackbone(m, weights); err != nil {
		log.Fatal(err)
	}
	train, test := digitsFrom(5, digits.Train()), digitsFrom(5, digits.Test())

	// Features: the means of the last feature maps, scaled for the SVM.
	codes := func(b dataset.Batch) *tensor.Tensor { return nn.Eval(m).FeatureMaps(b.X).Mean(2, 3) }
	scaler := linear.NewStandardScaler(linear.StandardScalerConfig{})
	if err := scaler.Fit(codes(train)); err != nil {
		log.Fatal(err)
	}
	svm := linear.NewLinearSVM(linear.LinearSVMConfig{C: 0.1})
	if err := svm.Fit(scaler.Transform(codes(train)), train.Y); err != nil {
		log.Fatal(err)
	}
	fmt.Println("SVM on features, 85% right:", svm.Score(scaler.Transform(codes(test)), test.Y) > 0.85)

	// Fine-tuning: what is frozen keeps its bits, statistics too.
	nn.FreezeMatching(m, "conv1.*", "bn1.*", "layer1.*")
	nn.FreezeStatistics(m)
	head, body := nn.SplitParams(m, entry.Head+"*")
	fit(m, optim.NewAdamGroups([]optim.Group{{Params: head, LR: 0.01}, {Params: body}}, optim.AdamConfig{LR: 0.002}), train, 4)
	right := nn.Eval(m).Forward(test.X).ArgMax(1).Eq(test.Y).To(tensor.Float32).Mean().Item()
	fmt.Println("tuned, 95% right:", right > 0.95)
	// Output:
	// SVM on features, 85% right: true
	// tuned, 95% right: true
}

// digitsFrom returns the pictures of the digits from first to first+4 and their classes, counted from 0.
func digitsFrom(first int64, images *imageset.Images) dataset.Batch {
	set, err := dataset.NewImages(images, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	var chosen []int
	for i, digit := range set.Labels() {
		if first <= digit && digit < first+5 {
			chosen = append(chosen, i)
		}
	}
	b, err := set.Gather(context.Background(), chosen)
	if err != nil {
		log.Fatal(err)
	}
	return dataset.Batch{X: b.X, Y: b.Y.SubScalar(float64(first))}
}

// fit trains for some epochs.
func fit(m nn.Layer, opt optim.Optimizer, data dataset.Batch, epochs int) {
	loader := dataset.NewBatchLoader(dataset.NewTensors(data.X, data.Y), dataset.LoaderConfig{BatchSize: 32, Shuffle: true})
	for epoch := range epochs {
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

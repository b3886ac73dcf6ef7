package dataset_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// The pictures of a data set, normalised, cut into training and validation parts, and loaded in batches.
func Example() {
	set := digits.Train()
	images, err := dataset.NewImages(set, []float64{0.305}, []float64{0.376})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, err := dataset.StratifiedSplit(images, images.Labels(), 1, 0.9, 0.1)
	if err != nil {
		fmt.Println(err)
		return
	}
	shifted := dataset.Augment(parts[0], dataset.RandomCrop(8, 8, 1))
	loader := dataset.NewBatchLoader(shifted, dataset.LoaderConfig{BatchSize: 500, Shuffle: true, Seed: 1, Workers: 2})
	for epoch := range 2 {
		for batch, err := range loader.Epoch(context.Background(), epoch, 0) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(epoch, batch.X.Shape(), batch.Y.Shape())
		}
	}
	// Output:
	// 0 (500, 1, 8, 8) (500,)
	// 0 (500, 1, 8, 8) (500,)
	// 0 (294, 1, 8, 8) (294,)
	// 1 (500, 1, 8, 8) (500,)
	// 1 (500, 1, 8, 8) (500,)
	// 1 (294, 1, 8, 8) (294,)
}

// Samples and batches may be of any type: here sentences, and a collate function that joins them.
func ExampleNewLoader() {
	words := dataset.Slice[string]{"to", "be", "or", "not", "to", "be"}
	pairs := dataset.NewLoader(words, func(samples []string) (string, error) {
		return fmt.Sprint(samples), nil
	}, dataset.LoaderConfig{BatchSize: 2})
	for batch, err := range pairs.Epoch(context.Background(), 0, 0) {
		fmt.Println(batch, err)
	}
	// Output:
	// [to be] <nil>
	// [or not] <nil>
	// [to be] <nil>
}

// An interrupted epoch goes on from its next batch.
func ExampleLoader_Epoch() {
	loader := dataset.NewLoader(dataset.Slice[int]{10, 11, 12, 13, 14, 15, 16}, func(samples []int) ([]int, error) {
		return samples, nil
	}, dataset.LoaderConfig{BatchSize: 2, Shuffle: true, Seed: 42})
	var first, resumed [][]int
	for batch := range loader.Epoch(context.Background(), 3, 0) {
		first = append(first, batch)
	}
	for batch := range loader.Epoch(context.Background(), 3, 2) {
		resumed = append(resumed, batch)
	}
	fmt.Println(fmt.Sprint(first[2:]) == fmt.Sprint(resumed))
	// Output: true
}

func ExampleKFold() {
	folds, err := dataset.KFold(dataset.Slice[string]{"a", "b", "c", "d", "e", "f", "g"}, 3, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folds {
		fmt.Println("train on", f.Train.Len(), "test on", f.Test.Len())
	}
	// Output:
	// train on 4 test on 3
	// train on 5 test on 2
	// train on 5 test on 2
}

func ExampleMap() {
	numbers := dataset.Slice[int]{1, 2, 3}
	squares := dataset.Map(numbers, func(x int, _ *random.Generator) (float64, error) { return float64(x * x), nil })
	s, _ := squares.At(context.Background(), 2, nil)
	fmt.Println(s)
	// Output: 9
}

func ExampleResize() {
	x := tensor.Of([]float32{0, 4, 8, 12}, 1, 2, 2)
	fmt.Println(dataset.Resize(1, 2)(x, nil))
	// Output: tensor([[[4, 8]]], float32 (1, 1, 2))
}

// Pictures and classes of a batch are mixed; losses.CrossEntropy takes the probabilities.
func ExampleMixUp() {
	pictures := dataset.Slice[dataset.Sample]{{X: tensor.Zeros(1, 2, 2), Y: 0}, {X: tensor.Ones(1, 2, 2), Y: 1}}
	loader := dataset.NewBatchLoader(pictures, dataset.LoaderConfig{BatchSize: 2}).MapBatches(dataset.MixUp(0.2, 2))
	for batch, err := range loader.Epoch(context.Background(), 0, 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(batch.X.Shape(), batch.Y.Shape())
	}
	// Output: (2, 1, 2, 2) (2, 2)
}

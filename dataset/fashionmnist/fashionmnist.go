// Package fashionmnist is Fashion-MNIST: 60,000 pictures of clothes to train on and 10,000 to test on, 28 x 28 grey
// pixels, in MNIST's format but harder.
//
// H. Xiao, K. Rasul, R. Vollgraf (2017), Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
// Algorithms, arXiv:1708.07747.
package fashionmnist

import (
	"context"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/mnist"
	"github.com/hadal-go/hadal/dataset/source"
)

// Set names the four files. The hashes are those of the idx files that the gzip files of the addresses hold. These have
// 26,421,880, 29,515, 4,422,102 and 5,148 bytes, and their own SHA-256 are in TensorFlow Datasets
// (tensorflow_datasets/url_checksums/fashion_mnist.txt). The gzip files of Debian's package dataset-fashion-mnist are
// packed anew and hold the same idx files.
var Set = source.Set{
	Name:    "fashion-mnist",
	Title:   "Fashion-MNIST",
	Licence: "MIT (Zalando SE)",
	Home:    "https://github.com/zalandoresearch/fashion-mnist",
	Dir:     "fashion-mnist",
	Dirs:    []string{"/usr/share/datasets/fashion-mnist"}, // Debian and Ubuntu: package dataset-fashion-mnist
	Files: []source.File{
		file("train-images-idx3-ubyte.gz", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
		file("train-labels-idx1-ubyte.gz", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
		file("t10k-images-idx3-ubyte.gz", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
		file("t10k-labels-idx1-ubyte.gz", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
	},
}

func file(name string, size int64, sha256 string) source.File {
	return source.File{Name: name, Size: size, SHA256: sha256, URLs: []string{
		"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/" + name,
		"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/" + name,
	}}
}

// Train returns the 60,000 training pictures: (60000, 28, 28, 1), values 0 to 255. It looks for the files as package
// source says and downloads them if need be.
func Train(ctx context.Context, cfg source.Config) (*imageset.Images, error) {
	return mnist.Load(ctx, cfg, Set, mnist.TrainPrefix, classes())
}

// Test returns the 10,000 test pictures: (10000, 28, 28, 1), values 0 to 255.
func Test(ctx context.Context, cfg source.Config) (*imageset.Images, error) {
	return mnist.Load(ctx, cfg, Set, mnist.TestPrefix, classes())
}

func classes() []string {
	return []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
}

// Package mnist is the MNIST database of handwritten digits: 60,000 pictures to train on and 10,000 to test on, 28 x 28
// grey pixels.
//
// Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998), Gradient-based learning applied to document recognition,
// Proceedings of the IEEE 86(11).
package mnist

import (
	"bufio"
	"context"
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/format/idx"
)

// Set names the four files. The hashes are those of the idx files that the gzip files of the addresses hold. These have
// 9,912,422, 28,881, 1,648,877 and 4,542 bytes, and their own SHA-256 are in TensorFlow Datasets
// (tensorflow_datasets/url_checksums/mnist.txt).
var Set = source.Set{
	Name:    "mnist",
	Title:   "MNIST",
	Licence: "CC BY-SA 3.0 (Y. LeCun and C. Cortes)",
	Home:    "https://github.com/cvdfoundation/mnist", // the original page no longer holds the files
	Dir:     "mnist",
	Files: []source.File{
		file("train-images-idx3-ubyte.gz", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
		file("train-labels-idx1-ubyte.gz", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
		file("t10k-images-idx3-ubyte.gz", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
		file("t10k-labels-idx1-ubyte.gz", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
	},
}

func file(name string, size int64, sha256 string) source.File {
	return source.File{Name: name, Size: size, SHA256: sha256, URLs: []string{
		"https://ossci-datasets.s3.amazonaws.com/mnist/" + name, // PyTorch's mirror
		"https://storage.googleapis.com/cvdf-datasets/mnist/" + name,
		"http://yann.lecun.com/exdb/mnist/" + name, // the original, last: it has answered 403 or 404 for years
	}}
}

// Train returns the 60,000 training pictures: (60000, 28, 28, 1), values 0 to 255. It looks for the files as package
// source says and downloads them if need be.
func Train(ctx context.Context, cfg source.Config) (*imageset.Images, error) {
	return Load(ctx, cfg, Set, TrainPrefix, classes())
}

// Test returns the 10,000 test pictures: (10000, 28, 28, 1), values 0 to 255.
func Test(ctx context.Context, cfg source.Config) (*imageset.Images, error) {
	return Load(ctx, cfg, Set, TestPrefix, classes())
}

func classes() []string { return []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} }

// The names of the files begin with one of these.
const (
	TrainPrefix = "train"
	TestPrefix  = "t10k"
)

// Load returns one part of a set that is laid out like MNIST (Fashion-MNIST is): the files prefix-images-idx3-ubyte.gz
// and prefix-labels-idx1-ubyte.gz of set, with N x 28 x 28 pixels and N labels below len(classes).
func Load(ctx context.Context, cfg source.Config, set source.Set, prefix string, classes []string) (*imageset.Images, error) {
	const side = 28
	imagesName, labelsName := prefix+"-images-idx3-ubyte.gz", prefix+"-labels-idx1-ubyte.gz"
	paths, err := set.Get(ctx, cfg, imagesName, labelsName)
	if err != nil {
		return nil, err
	}
	pix, shape, err := read(set, imagesName, paths[imagesName])
	if err != nil {
		return nil, err
	}
	if len(shape) != 3 || shape[1] != side || shape[2] != side {
		return nil, fmt.Errorf("%s: %s has shape %v, want N x %d x %d: it is another data set's", set.Name, paths[imagesName], shape, side, side)
	}
	labels, labelShape, err := read(set, labelsName, paths[labelsName])
	if err != nil {
		return nil, err
	}
	if !slices.Equal(labelShape, shape[:1]) {
		return nil, fmt.Errorf("%s: %s has shape %v, but %s has %d pictures: they do not belong together",
			set.Name, paths[labelsName], labelShape, paths[imagesName], shape[0])
	}
	m := &imageset.Images{N: shape[0], H: side, W: side, C: 1, Max: 255, Pix: pix, Labels: labels, Classes: classes}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %s: %w: it is damaged, or another data set's", set.Name, paths[labelsName], err)
	}
	return m, nil
}

// read returns the bytes and the shape of an idx file of unsigned bytes.
func read(set source.Set, name, path string) (data []uint8, shape []int, err error) {
	f, _ := set.File(name)
	r, err := f.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", set.Name, err)
	}
	defer r.Close()
	content := bufio.NewReader(r)
	if head, _ := content.Peek(2); string(head) == "\x1f\x8b" { // idx.Read would unpack it, past the bound of Open
		return nil, nil, fmt.Errorf("%s: %s is compressed twice: unpack it once", set.Name, path)
	}
	array, err := idx.Read(content)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", set.Name, path, err)
	}
	if array.Type != idx.Uint8 {
		return nil, nil, fmt.Errorf("%s: %s has elements of type %v, want unsigned bytes: it is another data set's", set.Name, path, array.Type)
	}
	return array.Data, array.Shape, nil
}

// Package mnist1d is MNIST-1D: 4,000 training and 1,000 test series of 40 numbers, made from templates of the ten digits by random
// shifts, scales, shears and noise. What a model knows about order shows: a linear one reaches 32% of the test set, a multilayer perceptron
// 68%, recurrent and convolutional networks above 90% (S. Greydanus and D. Kobak, "Scaling Down Deep Learning with MNIST-1D", 2020).
//
// The set is not part of the binary: it is found as package source says, in the subfolder mnist1d of the folders that it looks in.
package mnist1d

import (
	"archive/zip"
	"context"
	"fmt"
	"io"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/format/npy"
	"github.com/hadal-go/hadal/tensor"
)

// fileName is the archive that holds the set.
const fileName = "mnist1d.npz"

// Set names the file. The original is a Python pickle, which runs code when it is loaded, and is never downloaded; Python makes the
// archive of it:
//
//	d = pickle.load(open("mnist1d_data.pkl", "rb"))
//	numpy.savez_compressed("mnist1d.npz", x=d["x"].astype("f4"), y=d["y"], x_test=d["x_test"].astype("f4"), y_test=d["y_test"])
var Set = source.Set{
	Name:    "mnist1d",
	Title:   "MNIST-1D",
	Licence: "Apache-2.0",
	Home:    "https://github.com/greydanus/mnist1d",
	Dir:     "mnist1d",
	Files: []source.File{
		{Name: fileName, Size: 749_670, SHA256: "89b04c63cd99d1bf33631f35e2199dd6efc6a151ade15d9940c7ac514e2717a0"},
	},
}

const (
	// Length is how many numbers a series has.
	Length = 40
	// Classes are the digits 0 to 9.
	Classes = 10

	maxBytes = 1 << 24 // of an array in the file
)

// Series are N series with their classes.
type Series struct {
	X *tensor.Tensor // (N, 40) float32
	Y *tensor.Tensor // (N,) int64, 0 to 9
}

// Train returns the 4,000 training series.
func Train(ctx context.Context, cfg source.Config) (Series, error) { return load(ctx, cfg, "x", "y") }

// Test returns the 1,000 test series.
func Test(ctx context.Context, cfg source.Config) (Series, error) {
	return load(ctx, cfg, "x_test", "y_test")
}

func load(ctx context.Context, cfg source.Config, x, y string) (Series, error) {
	paths, err := Set.Get(ctx, cfg)
	if err != nil {
		return Series{}, err
	}
	s, err := read(paths[fileName], x, y)
	if err != nil {
		return Series{}, fmt.Errorf("%s: %w", Set.Name, err)
	}
	return s, nil
}

// read reads the two arrays of that name.
func read(path, x, y string) (Series, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return Series{}, fmt.Errorf("%s: %w: it is damaged or no .npz file", path, err)
	}
	defer archive.Close()
	var s Series
	if s.X, err = array(archive, x); err == nil {
		s.Y, err = array(archive, y)
	}
	if err != nil {
		return Series{}, fmt.Errorf("%s: %w", path, err)
	}
	n := s.Y.Numel()
	if !s.X.DType().IsFloat() || s.Y.DType().IsFloat() || s.X.Rank() != 2 || s.Y.Rank() != 1 || s.X.Dim(0) != n || s.X.Dim(1) != Length || n == 0 {
		return Series{}, fmt.Errorf("%s: %s is %v of shape %v and %s %v of shape %v, want numbers (N, %d) and classes (N,)",
			path, x, s.X.DType(), s.X.Shape(), y, s.Y.DType(), s.Y.Shape(), Length)
	}
	s.X, s.Y = s.X.To(tensor.Float32), s.Y.To(tensor.Int64)
	for i, c := range tensor.Data[int64](s.Y) {
		if c < 0 || c >= Classes {
			return Series{}, fmt.Errorf("%s: %s: sample %d is of class %d, want 0 to %d", path, y, i, c, Classes-1)
		}
	}
	for i, v := range tensor.Data[float32](s.X) {
		if v-v != 0 {
			return Series{}, fmt.Errorf("%s: %s: sample %d has a %v, want finite numbers", path, x, i/Length, v)
		}
	}
	return s, nil
}

// array reads one array. The limit is here because a compressed file may stand for a thousand times its size.
func array(archive *zip.ReadCloser, name string) (*tensor.Tensor, error) {
	member, err := archive.Open(name + ".npy")
	if err != nil {
		return nil, fmt.Errorf("there is no array %s: it is another file", name)
	}
	defer member.Close()
	a, err := npy.Read(io.LimitReader(member, maxBytes))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t, err := a.Tensor()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

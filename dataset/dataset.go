// Package dataset feeds training: data sets, splits, transforms of pictures, and a Loader that makes batches in parallel
// and always the same ones. The data sets themselves are packages below: digits, mnist, fashionmnist, emoji; imagefolder reads folders of
// pictures.
//
// A Dataset hands out samples one by one, Map and Augment change them, RandomSplit and KFold cut the set into parts, and
// a Loader yields batches:
//
//	images, err := dataset.NewImages(fashionTrain, mean, std)
//	parts, err := dataset.StratifiedSplit(images, images.Labels(), seed, 0.9, 0.1)
//	shifted := dataset.Augment(parts[0], dataset.RandomCrop(28, 28, 2))
//	loader := dataset.NewBatchLoader(shifted, dataset.LoaderConfig{BatchSize: 64, Shuffle: true, Seed: seed, Workers: 2})
//	for batch, err := range loader.Epoch(ctx, epoch, 0) { ... }
//
// MixUp and CutMix mix whole batches: loader.MapBatches(dataset.MixUp(0.2, 10)).
//
// All that is random depends on the seed, the epoch and the sample's number alone.
package dataset

import (
	"context"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Dataset is a list of samples. At may be called from several goroutines at once; g is the sample's own generator for
// random transforms, which depends on the seed, the epoch and i alone, so that every run sees the same samples however
// loading is split up. The same i and an equal g must give the same sample.
type Dataset[S any] interface {
	Len() int
	At(ctx context.Context, i int, g *random.Generator) (S, error)
}

// Sample is one labelled example.
type Sample struct {
	X *tensor.Tensor // features, such as (C, H, W)
	Y int64          // class
}

// Batch is a number of samples stacked: X (N, ...), Y (N,) int64 classes, or probabilities of the classes (N, C).
type Batch struct {
	X, Y *tensor.Tensor
}

// Len returns the number of samples.
func (b Batch) Len() int { return b.Y.Dim(0) }

// Enter returns the batch as a member of a scope; see tensor.Scope.
func (b Batch) Enter(s *tensor.Scope) Batch { return Batch{s.Enter(b.X), s.Enter(b.Y)} }

// Collate stacks samples into a batch. Samples of different shapes, or none, are an error.
func Collate(samples []Sample) (Batch, error) {
	xs, ys := make([]*tensor.Tensor, len(samples)), make([]int64, len(samples))
	for i, s := range samples {
		xs[i], ys[i] = s.X, s.Y
	}
	var b Batch
	err := tensor.Catch(func() { b = Batch{tensor.Stack(0, xs...), tensor.Of(ys)} })
	return b, err
}

// Slice is a Dataset of samples in memory.
type Slice[S any] []S

// Len returns the number of samples.
func (s Slice[S]) Len() int { return len(s) }

// At returns sample i. It panics with ErrIndex unless 0 <= i < Len().
func (s Slice[S]) At(_ context.Context, i int, _ *random.Generator) (S, error) {
	checkIndex("slice", i, len(s))
	return s[i], nil
}

// Subset is the part of a data set at the given indices, in that order.
type Subset[S any] struct {
	Of      Dataset[S]
	Indices []int
}

// Len returns the number of indices.
func (s Subset[S]) Len() int { return len(s.Indices) }

// At returns the sample at the i-th index. It panics with ErrIndex unless 0 <= i < Len().
func (s Subset[S]) At(ctx context.Context, i int, g *random.Generator) (S, error) {
	checkIndex("subset", i, len(s.Indices))
	return s.Of.At(ctx, s.Indices[i], g)
}

// Concat returns the samples of all sets, one set after the other.
func Concat[S any](sets ...Dataset[S]) Dataset[S] { return concat[S](sets) }

type concat[S any] []Dataset[S]

func (c concat[S]) Len() (n int) {
	for _, d := range c {
		n += d.Len()
	}
	return n
}

func (c concat[S]) At(ctx context.Context, i int, g *random.Generator) (S, error) {
	checkIndex("concat", i, c.Len())
	k := 0
	for ; i >= c[k].Len(); k++ {
		i -= c[k].Len()
	}
	return c[k].At(ctx, i, g)
}

// Map returns a data set whose samples are f of those of d; f may draw from the sample's generator. Like At, f may be
// called from several goroutines at once.
func Map[S, T any](d Dataset[S], f func(S, *random.Generator) (T, error)) Dataset[T] {
	return mapped[S, T]{d, f}
}

type mapped[S, T any] struct {
	of Dataset[S]
	f  func(S, *random.Generator) (T, error)
}

func (m mapped[S, T]) Len() int { return m.of.Len() }

func (m mapped[S, T]) At(ctx context.Context, i int, g *random.Generator) (t T, err error) {
	s, err := m.of.At(ctx, i, g)
	if err != nil {
		return t, err
	}
	return m.f(s, g)
}

func checkIndex(op string, i, n int) {
	if i < 0 || i >= n {
		tensor.Fail(op, tensor.ErrIndex, nil, "there is no sample %d: the data set has %d, numbered from 0", i, n)
	}
}

// The streams that keys of one seed are drawn from.
const (
	sampleStream = iota
	shuffleStream
	splitStream
	batchStream
)

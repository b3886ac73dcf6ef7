package dataset

import (
	"context"
	"fmt"
	"math"

	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Images is a Dataset of labelled pictures: X is (C, H, W) float32 with values scaled to [0, 1] and then normalised,
// (v/Max − mean)/std by channel.
type Images struct {
	set    *imageset.Images
	values [][256]float32 // by channel: what each byte stands for
}

// NewImages returns the pictures, normalised by the given mean and standard deviation of each channel (nil: not at all).
// The set must not be changed any more.
func NewImages(set *imageset.Images, mean, std []float64) (*Images, error) {
	if err := set.Check(); err != nil {
		return nil, err
	}
	if set.Max == 0 {
		return nil, fmt.Errorf("images: the value of a bright pixel, Max, is 0: set it, to 255 for most pictures")
	}
	values, err := ByteValues(set.Max, set.C, mean, std)
	if err != nil {
		return nil, err
	}
	return &Images{set, values}, nil
}

// ByteValues returns what each byte of each of the channels stands for, (v/bright − mean)/std; without mean and std v/bright.
func ByteValues(bright uint8, channels int, mean, std []float64) ([][256]float32, error) {
	if len(mean) != len(std) || mean != nil && len(mean) != channels {
		return nil, fmt.Errorf("images: mean and std must have one value for each of %d channels, not %d and %d", channels, len(mean), len(std))
	}
	values := make([][256]float32, channels)
	for c := range values {
		m, s := 0.0, 1.0
		if mean != nil {
			m, s = mean[c], std[c]
		}
		if math.IsNaN(m) || math.IsInf(m, 0) || !(s > 0) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("images: channel %d cannot be normalised by mean %v and std %v: they must be finite and std above 0", c, m, s)
		}
		for v := range values[c] {
			values[c][v] = float32((float64(v)/float64(bright) - m) / s)
		}
	}
	return values, nil
}

// Len returns the number of pictures.
func (d *Images) Len() int { return d.set.N }

// Labels returns the class of every picture.
func (d *Images) Labels() []int64 {
	l := make([]int64, d.set.N)
	for i, v := range d.set.Labels {
		l[i] = int64(v)
	}
	return l
}

// At returns picture i. It panics with ErrIndex unless 0 <= i < Len().
func (d *Images) At(_ context.Context, i int, _ *random.Generator) (Sample, error) {
	checkIndex("images", i, d.set.N)
	return Sample{d.Tensor(i), int64(d.set.Labels[i])}, nil
}

// Tensor returns picture i as (C, H, W).
func (d *Images) Tensor(i int) *tensor.Tensor {
	return tensor.Apply1(imagesOp{d, []int{i}, tensor.ShapeOf(d.set.C, d.set.H, d.set.W)})
}

// Gather returns the pictures at the indices as a batch; see Gatherer.
func (d *Images) Gather(_ context.Context, indices []int) (Batch, error) {
	y := make([]int64, len(indices))
	for k, i := range indices {
		checkIndex("images", i, d.set.N)
		y[k] = int64(d.set.Labels[i])
	}
	shape := tensor.ShapeOf(len(indices), d.set.C, d.set.H, d.set.W)
	return Batch{tensor.Apply1(imagesOp{d, indices, shape}), tensor.Of(y)}, nil
}

// imagesOp makes pictures where they stay: tensor.Of would copy them.
type imagesOp struct {
	d       *Images
	indices []int
	shape   tensor.Shape
}

func (imagesOp) Name() string                      { return "images" }
func (imagesOp) Reads() tensor.Reads               { return tensor.ReadsNothing }
func (imagesOp) VJP(*tensor.Back) []*tensor.Tensor { return nil } // it has no inputs
func (o imagesOp) Infer(c *tensor.Call)            { c.Output(o.shape, tensor.Float32) }
func (o imagesOp) Run(_ tensor.Device, c *tensor.Call) bool {
	planes := tensor.Slice[float32](c.Y(0))
	n := o.d.set.H * o.d.set.W
	for _, i := range o.indices {
		pix := o.d.set.Image(i) // (H, W, C)
		for ch := range o.d.values {
			toFloats(planes[:n], pix[ch:], len(o.d.values), &o.d.values[ch])
			planes = planes[n:]
		}
	}
	return true
}

// toFloats sets plane[j] to what byte pix[j*channels] stands for.
func toFloats(plane []float32, pix []uint8, channels int, values *[256]float32) {
	if channels == 1 {
		pix = pix[:len(plane)] // saves the checks of bounds
		for j := range plane {
			plane[j] = values[pix[j]]
		}
		return
	}
	for j := range plane {
		plane[j] = values[pix[j*channels]]
	}
}

// MeanStd returns the mean and the standard deviation (dividing by their number) of each channel over all pixels, in
// [0, 1]; zeros for a set without pictures.
func MeanStd(s *imageset.Images) (mean, std []float64) {
	counts := make([][256]int, s.C)
	for i, v := range s.Pix {
		counts[i%s.C][v]++
	}
	return HistogramMeanStd(s.Max, counts)
}

// HistogramMeanStd is MeanStd of the numbers of pixels of each value, by channel; bright is the value of a bright one.
func HistogramMeanStd(bright uint8, counts [][256]int) (mean, std []float64) {
	mean, std = make([]float64, len(counts)), make([]float64, len(counts))
	for c := range mean {
		pixels := 0
		for _, k := range counts[c] {
			pixels += k
		}
		if pixels == 0 {
			continue
		}
		n := float64(pixels)
		for v, k := range counts[c] {
			mean[c] += float64(k) * float64(v) / float64(bright) / n
		}
		for v, k := range counts[c] {
			d := float64(v)/float64(bright) - mean[c]
			std[c] += float64(k) * d * d / n
		}
		std[c] = math.Sqrt(std[c])
	}
	return mean, std
}

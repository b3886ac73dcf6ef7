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
// (x − Mean)/Std by channel.
type Images struct {
	Set       *imageset.Images
	Mean, Std []float64 // one a channel, or nil for none
}

// NewImages returns the pictures, normalised by the given mean and standard deviation of each channel (nil: not at all).
func NewImages(set *imageset.Images, mean, std []float64) (*Images, error) {
	if err := set.Check(); err != nil {
		return nil, err
	}
	if len(mean) != len(std) || mean != nil && len(mean) != set.C {
		return nil, fmt.Errorf("images: mean and std must have one value for each of %d channels, not %d and %d", set.C, len(mean), len(std))
	}
	return &Images{set, mean, std}, nil
}

// Len returns the number of pictures.
func (d *Images) Len() int { return d.Set.N }

// Labels returns the class of every picture.
func (d *Images) Labels() []int64 {
	l := make([]int64, d.Set.N)
	for i, v := range d.Set.Labels {
		l[i] = int64(v)
	}
	return l
}

// At returns picture i.
func (d *Images) At(_ context.Context, i int, _ *random.Generator) (Sample, error) {
	return Sample{d.Tensor(i), int64(d.Set.Labels[i])}, nil
}

// Tensor returns picture i as (C, H, W).
func (d *Images) Tensor(i int) *tensor.Tensor {
	s := d.Set
	x := make([]float32, s.C*s.H*s.W)
	for c := range s.C {
		scale, shift := 1/float32(s.Max), float32(0)
		if d.Mean != nil {
			scale, shift = float32(1/(float64(s.Max)*d.Std[c])), float32(-d.Mean[c]/d.Std[c])
		}
		plane := x[c*s.H*s.W : (c+1)*s.H*s.W]
		for j := range plane {
			plane[j] = float32(s.Image(i)[j*s.C+c])*scale + shift
		}
	}
	return tensor.Of(x, s.C, s.H, s.W)
}

// MeanStd returns the mean and standard deviation of each channel over all pictures, in [0, 1].
func MeanStd(s *imageset.Images) (mean, std []float64) {
	mean, std = make([]float64, s.C), make([]float64, s.C)
	sum, sq := make([]int64, s.C), make([]int64, s.C) // exact
	for i, v := range s.Pix {
		sum[i%s.C] += int64(v)
		sq[i%s.C] += int64(v) * int64(v)
	}
	n := float64(max(1, s.N*s.H*s.W))
	for c := range mean {
		m := float64(sum[c]) / n
		mean[c] = m / float64(s.Max)
		std[c] = math.Sqrt(max(0, float64(sq[c])/n-m*m)) / float64(s.Max)
	}
	return mean, std
}

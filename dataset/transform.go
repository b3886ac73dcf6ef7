package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Transform changes a picture, float32 of shape (C, H, W), into a new one; random ones draw from g, which depends on the
// seed, the epoch and the sample alone. One that does not fit its picture panics with *tensor.Error.
type Transform func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor

// Augment returns the data set with the transforms applied to every picture, in order. A transform that does not fit a
// picture makes an error of that sample.
//
// Transforms that fill in what they lack, such as RandomCrop, fill in zeros. That is black before Normalize, and the mean
// colour after it, as for pictures of NewImages with a mean.
func Augment(d Dataset[Sample], transforms ...Transform) Dataset[Sample] {
	return Map(d, func(s Sample, g *random.Generator) (Sample, error) {
		err := tensor.Catch(func() {
			for _, t := range transforms {
				s.X = t(s.X, g)
			}
		})
		return s, err
	})
}

// Normalize maps x to (x − mean)/std by channel.
func Normalize(mean, std []float64) Transform {
	if len(mean) != len(std) {
		tensor.Fail("normalize", tensor.ErrValue, nil, "%d means and %d standard deviations: give one of each for each channel", len(mean), len(std))
	}
	for c := range mean {
		if math.IsNaN(mean[c]) || math.IsInf(mean[c], 0) || !(std[c] > 0) || math.IsInf(std[c], 0) {
			tensor.Fail("normalize", tensor.ErrValue, nil, "mean %v and std %v of channel %d must be finite and std above 0", mean[c], std[c], c)
		}
	}
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		h, w := size("normalize", x)
		if x.Dim(0) != len(mean) {
			tensor.Fail("normalize", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture has %d channels, mean and std have %d", x.Dim(0), len(mean))
		}
		return paint(x, h, w, func(c int, dst, src []float32) {
			m, s := float32(mean[c]), float32(std[c])
			for i, v := range src {
				dst[i] = (v - m) / s
			}
		})
	}
}

// GaussianNoise adds independent values of mean 0 and standard deviation sigma to all pixels.
func GaussianNoise(sigma float64) Transform {
	if !(sigma >= 0) || math.IsInf(sigma, 0) {
		tensor.Fail("gaussian_noise", tensor.ErrValue, nil, "sigma %v must be finite and not negative", sigma)
	}
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		return x.Add(tensor.Randn(g, x.Shape().Dims()...).MulScalar(sigma))
	}
}

// size returns the height and the width of a picture.
func size(op string, x *tensor.Tensor) (h, w int) {
	if x.Rank() != 3 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "a picture has the shape (C, H, W)")
	}
	return x.Dim(1), x.Dim(2)
}

// paint returns a picture (C, h, w). f paints channel c of it, black at first, from that of x.
func paint(x *tensor.Tensor, h, w int, f func(c int, dst, src []float32)) *tensor.Tensor {
	channels, m, n := x.Dim(0), h*w, x.Dim(1)*x.Dim(2)
	dst := make([]float32, channels*m)
	tensor.Read(x, func(src []float32) {
		for c := range channels {
			f(c, dst[c*m:(c+1)*m], src[c*n:(c+1)*n])
		}
	})
	return tensor.Of(dst, channels, h, w)
}

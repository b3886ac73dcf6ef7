package dataset

import (
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Grayscale turns a picture of three channels grey, 0.2989 R + 0.587 G + 0.114 B, and returns it with one channel or with three equal
// ones. A picture of one channel stays, or is repeated.
func Grayscale(channels int) Transform {
	if channels != 1 && channels != 3 {
		tensor.Fail("grayscale", tensor.ErrValue, nil, "%d channels: ask for 1 or 3", channels)
	}
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		checkColors("grayscale", x)
		n := x.Dim(1) * x.Dim(2)
		dst := make([]float32, channels*n)
		grey := dst[:n]
		tensor.Read(x, func(src []float32) {
			if copy(grey, src) == len(src) {
				return
			}
			r, g, b := split3(src)
			for i := range grey {
				grey[i] = greyR*r[i] + greyG*g[i] + greyB*b[i]
			}
		})
		for c := 1; c < channels; c++ {
			copy(dst[c*n:], grey)
		}
		return tensor.Of(dst, channels, x.Dim(1), x.Dim(2))
	}
}

// RandomGrayscale turns the picture grey with probability p and keeps its number of channels, as Grayscale(3) does.
func RandomGrayscale(p float64) Transform {
	to3 := Grayscale(3)
	return randomly("random_grayscale", p, func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		checkColors("random_grayscale", x)
		if x.Dim(0) == 1 {
			return x
		}
		return to3(x, g)
	})
}

package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Transform changes a picture (C, H, W); random ones draw from g, which depends on the seed, the epoch and the sample
// alone.
type Transform func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor

// Augment returns the data set with the transforms applied to every picture, in order.
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

// RandomHorizontalFlip mirrors the picture left to right with probability p.
func RandomHorizontalFlip(p float64) Transform {
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		if g.Float64() < p {
			return x.Flip(-1)
		}
		return x
	}
}

// RandomCrop pads the picture with zeros on every side and cuts a part of size h by w out at random.
func RandomCrop(h, w, padding int) Transform {
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		x = x.Pad(tensor.PadConstant, 0, padding, padding, padding, padding)
		if x.Dim(1) < h || x.Dim(2) < w {
			tensor.Fail("random_crop", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the padded picture is smaller than %d by %d", h, w)
		}
		top, left := g.Intn(x.Dim(1)-h+1), g.Intn(x.Dim(2)-w+1)
		return x.Narrow(1, top, h).Narrow(2, left, w)
	}
}

// CenterCrop cuts the middle h by w of the picture out.
func CenterCrop(h, w int) Transform {
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		if x.Dim(1) < h || x.Dim(2) < w {
			tensor.Fail("center_crop", tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture is smaller than %d by %d", h, w)
		}
		return x.Narrow(1, (x.Dim(1)-h)/2, h).Narrow(2, (x.Dim(2)-w)/2, w)
	}
}

// Pad adds n zeros on every side.
func Pad(n int) Transform {
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor {
		return x.Pad(tensor.PadConstant, 0, n, n, n, n)
	}
}

// Normalize maps x to (x − mean)/std by channel.
func Normalize(mean, std []float64) Transform {
	m := tensor.Of(mean, len(mean), 1, 1).To(tensor.Float32)
	s := tensor.Of(std, len(std), 1, 1).To(tensor.Float32)
	return func(x *tensor.Tensor, _ *random.Generator) *tensor.Tensor { return x.Sub(m).Div(s) }
}

// RandomErasing fills a random rectangle of 2% to 33% of the picture with zeros, with probability p (Zhong et al., 2020;
// the paper's sizes and aspect ratios of 0.3 to 3.3).
func RandomErasing(p float64) Transform {
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		if g.Float64() >= p {
			return x
		}
		H, W := x.Dim(1), x.Dim(2)
		for range 10 {
			area := (0.02 + 0.31*g.Float64()) * float64(H*W)
			ratio := math.Exp(math.Log(0.3) + g.Float64()*(math.Log(3.3)-math.Log(0.3)))
			h, w := int(math.Round(math.Sqrt(area*ratio))), int(math.Round(math.Sqrt(area/ratio)))
			if h < 1 || w < 1 || h >= H || w >= W {
				continue
			}
			top, left := g.Intn(H-h+1), g.Intn(W-w+1)
			keep := tensor.Full(-1, h, w).Pad(tensor.PadConstant, 0, left, W-left-w, top, H-top-h).AddScalar(1)
			return x.Mul(keep)
		}
		return x
	}
}

// RandomAffine rotates by up to ±degrees, shifts by up to ±translate of the size and scales by a factor in [lo, hi], about
// the centre, with bilinear interpolation; what comes in from outside is zero.
func RandomAffine(degrees, translate, lo, hi float64) Transform {
	return func(x *tensor.Tensor, g *random.Generator) *tensor.Tensor {
		a := (2*g.Float64() - 1) * degrees * math.Pi / 180
		ty, tx := (2*g.Float64()-1)*translate*float64(x.Dim(1)), (2*g.Float64()-1)*translate*float64(x.Dim(2))
		s := lo + (hi-lo)*g.Float64()
		return affine(x, a, s, ty, tx)
	}
}

// affine samples x where the inverse of "scale by s, turn by a, shift by (ty, tx)" maps each pixel.
func affine(x *tensor.Tensor, a, s, ty, tx float64) *tensor.Tensor {
	C, H, W := x.Dim(0), x.Dim(1), x.Dim(2)
	out := make([]float32, C*H*W)
	cy, cx := float64(H-1)/2, float64(W-1)/2
	sin, cos := math.Sin(a)/s, math.Cos(a)/s
	tensor.Read(x, func(in []float32) {
		at := func(c, i, j int) float64 {
			if i < 0 || j < 0 || i >= H || j >= W {
				return 0
			}
			return float64(in[(c*H+i)*W+j])
		}
		for i := range H {
			for j := range W {
				v, u := float64(i)-cy-ty, float64(j)-cx-tx
				y, z := cos*v-sin*u+cy, sin*v+cos*u+cx
				i0, j0 := int(math.Floor(y)), int(math.Floor(z))
				fy, fz := y-float64(i0), z-float64(j0)
				for c := range C {
					out[(c*H+i)*W+j] = float32((1-fy)*((1-fz)*at(c, i0, j0)+fz*at(c, i0, j0+1)) + fy*((1-fz)*at(c, i0+1, j0)+fz*at(c, i0+1, j0+1)))
				}
			}
		}
	})
	return tensor.Of(out, C, H, W)
}

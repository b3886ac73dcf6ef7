package dataset

import (
	"math"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BatchTransform changes a batch into a new one; random ones draw from g, which depends on the seed, the epoch and the batch's number
// alone. Loader.MapBatches applies it.
type BatchTransform func(b Batch, g *random.Generator) (Batch, error)

// MixUp mixes each picture with another of its batch, λ x_i + (1 − λ) x_j, and their classes in the same way (H. Zhang, M. Cisse,
// Y. N. Dauphin and D. Lopez-Paz, 2018, mixup: beyond empirical risk minimization). j is i's place in a random permutation, and λ,
// one for the batch, is drawn from Beta(alpha, alpha). The targets become probabilities (N, classes), as losses.CrossEntropy takes them;
// those of a batch may be probabilities already.
func MixUp(alpha float64, classes int) BatchTransform {
	checkMix("mixup", alpha, classes)
	return func(b Batch, g *random.Generator) (Batch, error) {
		return mix(b, g, alpha, classes, func(x, src []float32, others []int, λ float32) float64 {
			n := len(x) / len(others)
			for i, j := range others {
				to, from := x[i*n:][:n], src[j*n:][:n] // x is a copy of src
				for k, v := range from {
					to[k] = λ*to[k] + (1-λ)*v
				}
			}
			return float64(λ)
		})
	}
}

// CutMix puts a rectangle of another picture of the batch into each picture, and mixes their classes by area (S. Yun, D. Han, S. J. Oh,
// S. Chun, J. Choe and Y. Yoo, 2019, CutMix: regularization strategy to train strong classifiers with localizable features). The rectangle has
// a random centre and sides of √(1 − λ) of the picture's, cut off at its edges, for λ from Beta(alpha, alpha); place, size and permutation are one
// for the batch. The targets are as MixUp's. X must be pictures (N, C, H, W).
func CutMix(alpha float64, classes int) BatchTransform {
	checkMix("cutmix", alpha, classes)
	return func(b Batch, g *random.Generator) (Batch, error) {
		if b.X.Rank() != 4 {
			return b, tensor.Catch(func() {
				tensor.Fail("cutmix", tensor.ErrShape, []tensor.Shape{b.X.Shape()}, "pictures have the shape (N, C, H, W)")
			})
		}
		h, w := b.X.Dim(2), b.X.Dim(3)
		return mix(b, g, alpha, classes, func(x, src []float32, others []int, λ float32) float64 {
			side := math.Sqrt(1 - float64(λ))
			top, bottom := cutSpan(h, side, g)
			left, right := cutSpan(w, side, g)
			n := len(x) / len(others)
			for i, j := range others {
				for row := range n / w { // of all channels
					if r := row % h; r >= top && r < bottom {
						copy(x[i*n+row*w+left:i*n+row*w+right], src[j*n+row*w+left:])
					}
				}
			}
			return 1 - float64((bottom-top)*(right-left))/float64(h*w)
		})
	}
}

// cutSpan returns a stretch of an axis of n pixels: its length is a part of n, its centre random, and what is outside is cut off.
func cutSpan(n int, part float64, g *random.Generator) (lo, hi int) {
	length, centre := int(float64(n)*part), g.Intn(n)
	return max(0, centre-length/2), min(n, centre+(length+1)/2)
}

// EitherOf applies one of the transforms to each batch, each as often as the others: MixUp and CutMix are used together in this way.
func EitherOf(ts ...BatchTransform) BatchTransform {
	if len(ts) == 0 {
		tensor.Fail("either_of", tensor.ErrValue, nil, "there is nothing to choose from: give at least one transform")
	}
	return func(b Batch, g *random.Generator) (Batch, error) { return ts[g.Intn(len(ts))](b, g) }
}

func checkMix(op string, alpha float64, classes int) {
	if !(alpha > 0) || math.IsInf(alpha, 0) || classes < 1 {
		tensor.Fail(op, tensor.ErrValue, nil, "alpha %v must be positive and finite, and the number of classes, %d, positive", alpha, classes)
	}
}

// mix returns a batch whose classes are mixed by the share that f returns. f mixes x, a copy of the values src, with those of others.
func mix(b Batch, g *random.Generator, alpha float64, classes int, f func(x, src []float32, others []int, λ float32) float64) (r Batch, err error) {
	err = tensor.Catch(func() {
		n := b.Len()
		if n == 0 || b.X.Numel() == 0 {
			tensor.Fail("mix", tensor.ErrShape, []tensor.Shape{b.X.Shape()}, "there is nothing to mix in an empty batch")
		}
		y := probabilities(b.Y, classes)
		draws := g.Next().Stream(0)
		λ, others := float32(draws.Beta(alpha, alpha)), g.Perm(n)
		x, share := make([]float32, b.X.Numel()), float32(0)
		tensor.Read(b.X, func(src []float32) {
			copy(x, src)
			share = float32(f(x, src, others, λ))
		})
		mixed := make([]float32, len(y))
		for i, j := range others {
			for k := range classes {
				mixed[i*classes+k] = share*y[i*classes+k] + (1-share)*y[j*classes+k]
			}
		}
		r = Batch{tensor.OfShape(x, b.X.Shape()), tensor.Of(mixed, n, classes)}
	})
	return r, err
}

// probabilities returns targets (N, classes): of classes (N,), 1 for each, or as they are.
func probabilities(y *tensor.Tensor, classes int) []float32 {
	if y.DType().IsFloat() {
		if y.Rank() != 2 || y.Dim(1) != classes {
			tensor.Fail("mix", tensor.ErrShape, []tensor.Shape{y.Shape()}, "probabilities of %d classes have the shape (N, %d)", classes, classes)
		}
		return tensor.Data[float32](y.To(tensor.Float32))
	}
	p := make([]float32, y.Numel()*classes)
	for i, c := range tensor.Data[int64](y) {
		if c < 0 || c >= int64(classes) {
			tensor.Fail("mix", tensor.ErrIndex, []tensor.Shape{y.Shape()}, "class %d of sample %d is not one of %d, numbered from 0", c, i, classes)
		}
		p[i*classes+int(c)] = 1
	}
	return p
}

package vision

import (
	"cmp"
	"slices"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BalancedSample draws n of the anchors that matches (A), Int64, of MatchAnchors describes, as many as fraction·n of them with a box: the
// positives, and the rest background: the negatives. Where there are fewer positives, negatives take their places; where there are fewer of
// these, the sample is smaller. It returns the indices of both, Int64 in rising order (Ren et al., Faster R-CNN, 2015). It panics with
// ErrDType or ErrShape on other matches and with ErrValue unless n >= 0 and fraction is in [0, 1].
func BalancedSample(g *random.Generator, matches *tensor.Tensor, n int, fraction float64) (positives, negatives *tensor.Tensor) {
	const op = "balanced_sample"
	m := matchesOf(op, matches)
	if n < 0 || !(fraction >= 0 && fraction <= 1) {
		tensor.Fail(op, tensor.ErrValue, []tensor.Shape{matches.Shape()}, "%d samples with %v positives: the number must not be negative and the fraction lie in [0, 1]", n, fraction)
	}
	var with, without []int64
	for i, k := range m {
		if k >= 0 {
			with = append(with, int64(i))
		} else if k == Background {
			without = append(without, int64(i))
		}
	}
	draw := func(from []int64, most int) *tensor.Tensor {
		order := g.Perm(len(from))
		chosen := make([]int64, min(most, len(from)))
		for i := range chosen {
			chosen[i] = from[order[i]]
		}
		slices.Sort(chosen)
		return tensor.OfShape(chosen, tensor.ShapeOf(len(chosen)))
	}
	positives = draw(with, int(float64(n)*fraction))
	return positives, draw(without, n-positives.Numel())
}

// HardNegatives returns the indices, Int64 in rising order, of the background anchors of largest loss (A), ratio of them for each anchor
// that matches (A), Int64, gives a box: the hard negatives, beside which the easy ones, far more, would drown the objects (Liu et al., SSD,
// 2016). Of equal losses the lower index comes first. It panics with ErrDType or ErrShape on other inputs and with ErrValue on a negative
// ratio or a loss that is NaN.
func HardNegatives(loss, matches *tensor.Tensor, ratio float64) *tensor.Tensor {
	const op = "hard_negatives"
	m := matchesOf(op, matches)
	shapes := []tensor.Shape{loss.Shape(), matches.Shape()}
	if loss.Shape() != matches.Shape() {
		tensor.Fail(op, tensor.ErrShape, shapes, "there must be a loss for each anchor")
	}
	if !loss.DType().IsFloat() {
		tensor.Fail(op, tensor.ErrDType, shapes, "the losses are %v, not of a floating-point type", loss.DType())
	}
	if !(ratio >= 0) {
		tensor.Fail(op, tensor.ErrValue, shapes, "the ratio %v must not be negative", ratio)
	}
	v := loss.Detach().Floats()
	positives := 0
	var background []int64
	for i, k := range m {
		if v[i] != v[i] {
			tensor.Fail(op, tensor.ErrValue, shapes, "the loss of anchor %d is NaN", i)
		}
		if k >= 0 {
			positives++
		} else if k == Background {
			background = append(background, int64(i))
		}
	}
	var hard []int64
	if positives > 0 { // an infinite ratio of 0 is NaN
		slices.SortStableFunc(background, func(i, j int64) int { return cmp.Compare(v[j], v[i]) })
		hard = background[:int(min(float64(len(background)), ratio*float64(positives)))]
	}
	slices.Sort(hard)
	return tensor.OfShape(hard, tensor.ShapeOf(len(hard)))
}

func matchesOf(op string, matches *tensor.Tensor) []int64 {
	if matches.DType() != tensor.Int64 || matches.Rank() != 1 {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{matches.Shape()}, "the matches are %v of shape %v; give what MatchAnchors returns, (A) Int64", matches.DType(), matches.Shape())
	}
	return tensor.Data[int64](matches)
}

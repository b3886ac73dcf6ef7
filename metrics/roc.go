package metrics

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// BinaryScores collects scores of samples of two classes, positive (1) and negative (0). Exact areas need all of them: 16 bytes a sample
// are kept. The zero value is empty.
type BinaryScores struct {
	all []binaryScore
}

type binaryScore struct {
	score    float64
	positive bool
}

// Add takes scores (N,), larger for samples that are more likely positive, and their classes y (N,) int64, 0 or 1. It panics, taking
// nothing, with ErrIndex on another class and with ErrNaN on a score that is NaN.
func (b *BinaryScores) Add(scores, y *tensor.Tensor) { b.add("binary_scores", scores, y) }

func (b *BinaryScores) add(op string, scores, y *tensor.Tensor) {
	t := integers(op, "classes", y)
	if scores.Rank() != 1 || y.Shape() != scores.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{scores.Shape(), y.Shape()}, "scores and classes must both be (N,)")
	}
	x := scores.Floats()
	ordered(op, "scores", x)
	for i, c := range t {
		if c != 0 && c != 1 {
			tensor.Fail(op, tensor.ErrIndex, []tensor.Shape{y.Shape()}, "class %d at %d: must be 0 or 1; for more classes use ROCAUCOneVsRest", c, i)
		}
	}
	for i, s := range x {
		b.all = append(b.all, binaryScore{s, t[i] == 1})
	}
}

// Merge adds what o holds.
func (b *BinaryScores) Merge(o *BinaryScores) { b.all = append(b.all, o.all...) }

// thresholds calls f for each distinct score, the largest first, with the numbers of positives and negatives that score as much or
// more. It returns their totals.
func (b *BinaryScores) thresholds(f func(score float64, tp, fp int)) (positives, negatives int) {
	s := slices.Clone(b.all)
	slices.SortFunc(s, func(a, b binaryScore) int { // no NaN
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	for i, v := range s {
		if v.positive {
			positives++
		} else {
			negatives++
		}
		if i+1 == len(s) || s[i+1].score != v.score {
			f(v.score, positives, negatives)
		}
	}
	return positives, negatives
}

// ROCAUC returns the area under the ROC curve: the probability that a positive scores higher than a negative, ties counting half (Mann
// and Whitney, 1947; Hanley and McNeil, 1982). NaN unless there are samples of both classes.
func (b *BinaryScores) ROCAUC() float64 {
	var wins2, tp, fp int // twice the pairs that are in order
	p, n := b.thresholds(func(_ float64, t, f int) {
		wins2 += (f - fp) * (tp + t)
		tp, fp = t, f
	})
	return float64(wins2) / 2 / (float64(p) * float64(n))
}

// AveragePrecision returns Σ (R_i − R_{i−1}) P_i over the distinct scores, where P_i and R_i are precision and recall when what scores
// as much or more is taken for positive: the area under the precision-recall curve without interpolation. NaN without positives.
func (b *BinaryScores) AveragePrecision() float64 {
	var sum float64
	before := 0
	p, _ := b.thresholds(func(_ float64, tp, fp int) {
		sum += float64(tp-before) * float64(tp) / float64(tp+fp)
		before = tp
	})
	return sum / float64(p)
}

// BinaryCurve are points of a curve, one for each threshold: samples that score as much or more count as positive.
type BinaryCurve struct {
	X, Y, Threshold []float64
}

// ROCCurve returns false positive rates X against true positive rates Y from (0, 0), at the threshold +Inf, to (1, 1). Rates
// of a class without samples are NaN.
func (b *BinaryScores) ROCCurve() BinaryCurve {
	c := BinaryCurve{[]float64{0}, []float64{0}, []float64{math.Inf(1)}}
	p, n := b.thresholds(func(s float64, tp, fp int) {
		c.X, c.Y, c.Threshold = append(c.X, float64(fp)), append(c.Y, float64(tp)), append(c.Threshold, s)
	})
	for i := range c.X {
		c.X[i] /= float64(n)
		c.Y[i] /= float64(p)
	}
	return c
}

// PrecisionRecallCurve returns recall X against precision Y from (0, 1), at the threshold +Inf, to full recall. The recall
// is NaN without positives.
func (b *BinaryScores) PrecisionRecallCurve() BinaryCurve {
	c := BinaryCurve{[]float64{0}, []float64{1}, []float64{math.Inf(1)}}
	p, _ := b.thresholds(func(s float64, tp, fp int) {
		c.X, c.Y, c.Threshold = append(c.X, float64(tp)), append(c.Y, float64(tp)/float64(tp+fp)), append(c.Threshold, s)
	})
	for i := range c.X {
		c.X[i] /= float64(p)
	}
	return c
}

// ROCAUC is BinaryScores.ROCAUC of scores (N,) and classes y (N,) int64, 0 or 1.
func ROCAUC(scores, y *tensor.Tensor) float64 {
	var b BinaryScores
	b.add("roc_auc", scores, y)
	return b.ROCAUC()
}

// AveragePrecision is BinaryScores.AveragePrecision of scores (N,) and classes y (N,) int64, 0 or 1.
func AveragePrecision(scores, y *tensor.Tensor) float64 {
	var b BinaryScores
	b.add("average_precision", scores, y)
	return b.AveragePrecision()
}

// ClassAverage is a measure of each class against all others, and its means.
type ClassAverage struct {
	Classes  []float64 // NaN where undefined
	Macro    float64   // the plain mean; NaN if that of a class is
	Weighted float64   // by the samples of each class; classes without samples do not count
}

// ROCAUCOneVsRest returns the areas under the ROC curves of each class k against the rest, of scores (N, C) and classes y (N,) int64.
// A class is NaN unless some samples are of it and some are not.
func ROCAUCOneVsRest(scores, y *tensor.Tensor) ClassAverage {
	return oneVsRest("roc_auc_one_vs_rest", scores, y, (*BinaryScores).ROCAUC)
}

// AveragePrecisionOneVsRest returns the average precision of each class k against the rest, of scores (N, C) and classes y (N,) int64.
// A class without samples is NaN.
func AveragePrecisionOneVsRest(scores, y *tensor.Tensor) ClassAverage {
	return oneVsRest("average_precision_one_vs_rest", scores, y, (*BinaryScores).AveragePrecision)
}

func oneVsRest(op string, scores, y *tensor.Tensor, area func(*BinaryScores) float64) (r ClassAverage) {
	n, c := check(op, scores, y)
	x, t := scores.Floats(), tensor.Data[int64](y)
	ordered(op, "scores", x)
	for k := range c {
		b, support := BinaryScores{make([]binaryScore, n)}, 0
		for i := range n {
			b.all[i] = binaryScore{x[i*c+k], t[i] == int64(k)}
			if t[i] == int64(k) {
				support++
			}
		}
		a := area(&b)
		r.Classes = append(r.Classes, a)
		if support > 0 {
			r.Weighted += a * float64(support) / float64(n)
		}
	}
	r.Macro = mean(r.Classes)
	if n == 0 {
		r.Weighted = math.NaN()
	}
	return r
}

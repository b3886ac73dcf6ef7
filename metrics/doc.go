// Package metrics measures how good predictions are, one file a family of measures.
//
// What models give is taken as tensors of any floating-point type and measured in float64; sentences, rankings and returns are
// slices. A measure of a whole test set is a function. Where the test set may be larger than memory it is an accumulator too:
// Add batches, Merge what other workers counted, then ask for the value. Both give the same number.
//
//	classification.go  accuracy, top-k, confusion matrix, precision, recall, F1
//	roc.go             ROC and precision-recall curves, areas under them
//	calibration.go     log loss, Brier score, reliability bins, calibration errors
//	regression.go      MSE, RMSE, MAE, R², MAPE
//	correlation.go     Pearson, Spearman, Kendall
//	likelihood.go      nats, bits, perplexity, bits per character and dimension
//	bleu.go            BLEU
//	edits.go           word and character error rate
//	alignment.go       alignment error rate
//	embeddings.go      analogies
//	segmentation.go    pixel accuracy, intersection over union, Dice
//	detection.go       mean average precision of boxes
//	keypoints.go       correct keypoints
//	image.go           PSNR, SSIM
//	explanation.go     pointing game, deletion, insertion
//	generative.go      Inception score, FID, mode coverage, Parzen windows
//	mmd.go             maximum mean discrepancy, KID
//	ais.go             annealed importance sampling
//	disentanglement.go FactorVAE score
//	molecules.go       validity, uniqueness, novelty
//	ranking.go         hit rate, MRR, precision, recall, NDCG at K
//	rl.go              mean return, success rate, regret
//	rating.go          Elo
//
// Arguments that fit no use of a function (shapes, dtypes, a class that is none, a NaN where an order is asked for) panic with
// *tensor.Error. A measure that the data leave undefined, such as an accuracy of no samples or the area under the ROC curve of one class
// alone, is NaN. In sums, such as a mean squared error, a NaN among the predictions gives NaN.
package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// sameShape returns the elements of two tensors of one shape.
func sameShape(op string, a, b *tensor.Tensor) (x, y []float64) {
	if a.Shape() != b.Shape() {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{a.Shape(), b.Shape()}, "predictions and targets must have one shape")
	}
	return a.Floats(), b.Floats()
}

// sameLength panics unless a and b are equal.
func sameLength(op string, a, b int) {
	if a != b {
		tensor.Fail(op, tensor.ErrShape, nil, "%d and %d values; there must be as many of either", a, b)
	}
}

// ordered panics if there is a NaN, which has no place in an order.
func ordered(op, what string, x []float64) {
	for i, v := range x {
		if v != v {
			tensor.Fail(op, tensor.ErrNaN, nil, "element %d of the %s is NaN, which has no place in their order", i, what)
		}
	}
}

// integers returns the elements of an Int64 tensor.
func integers(op, what string, t *tensor.Tensor) []int64 {
	if t.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{t.Shape()}, "the %s must be int64, not %v; convert with To(tensor.Int64)", what, t.DType())
	}
	return tensor.Data[int64](t)
}

// features returns the rows of a matrix (N, D).
func features(op, what string, t *tensor.Tensor) (x []float64, n, d int) {
	if t.Rank() != 2 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{t.Shape()}, "the %s must be (N, D)", what)
	}
	return t.Floats(), t.Dim(0), t.Dim(1)
}

// mean returns the mean; NaN of nothing.
func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// logMeanExp returns ln (1/n Σ eˣ).
func logMeanExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v) // NaN stays
	}
	if math.IsInf(top, 0) || top != top {
		return top
	}
	var s float64
	for _, v := range x {
		s += math.Exp(v - top)
	}
	return top + math.Log(s/float64(len(x)))
}

// trapezoids returns the area under the polygon through the points (x, y).
func trapezoids(x, y []float64) (area float64) {
	for i := 1; i < len(x); i++ {
		area += (x[i] - x[i-1]) * (y[i] + y[i-1]) / 2
	}
	return area
}

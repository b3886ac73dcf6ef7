package metrics

import "github.com/hadal-go/hadal/tensor"

// AddClasses counts predicted classes against true ones, int64 tensors of one shape, any: the pixels of segmented images (N, H, W), or
// samples (N,). What truly is of the class ignore, 255 in many data sets, does not count; −1 ignores nothing more. It panics, counting
// nothing, with ErrIndex when another class is out of range.
func (m *Confusion) AddClasses(pred, y *tensor.Tensor, ignore int64) {
	const op = "confusion"
	shapes := []tensor.Shape{pred.Shape(), y.Shape()}
	if pred.Shape() != y.Shape() {
		tensor.Fail(op, tensor.ErrShape, shapes, "predicted and true classes must have one shape")
	}
	p, t := integers(op, "predicted classes", pred), integers(op, "classes", y)
	c := int64(len(m.Counts))
	for i := range t {
		if t[i] != ignore && (t[i] < 0 || t[i] >= c || p[i] < 0 || p[i] >= c) {
			tensor.Fail(op, tensor.ErrIndex, shapes, "class %d predicted as %d at element %d: the matrix has classes in [0, %d)", t[i], p[i], i, c)
		}
	}
	for i := range t {
		if t[i] != ignore {
			m.Counts[t[i]][p[i]]++
		}
	}
}

// Merge adds what o counted. It panics with ErrShape unless the classes are as many.
func (m *Confusion) Merge(o *Confusion) {
	sameLength("confusion", len(m.Counts), len(o.Counts))
	for t, row := range o.Counts {
		for p, n := range row {
			m.Counts[t][p] += n
		}
	}
}

// IoU returns the intersection over union of each class, also the Jaccard index: TP/(TP + FP + FN); NaN for a class that is neither
// truth nor predicted.
func (m *Confusion) IoU() []float64 {
	return m.overlap(func(tp, truth, taken float64) float64 { return tp / (truth + taken - tp) })
}

// Dice returns the Dice coefficient of each class, 2TP/(2TP + FP + FN), which is its F1; NaN for a class that is neither truth nor
// predicted.
func (m *Confusion) Dice() []float64 {
	return m.overlap(func(tp, truth, taken float64) float64 { return 2 * tp / (truth + taken) })
}

func (m *Confusion) overlap(f func(tp, truth, taken float64) float64) []float64 {
	r := make([]float64, len(m.Counts))
	for k := range r {
		var truth, taken int
		for j := range r {
			truth += m.Counts[k][j]
			taken += m.Counts[j][k]
		}
		r[k] = f(float64(m.Counts[k][k]), float64(truth), float64(taken))
	}
	return r
}

// MeanIoU returns the mean of IoU over the classes where it is defined (J. Long et al., 2015); NaN without samples. Pixel accuracy is
// Accuracy.
func (m *Confusion) MeanIoU() float64 { return definedMean(m.IoU()) }

// MeanDice returns the mean of Dice over the classes where it is defined; NaN without samples.
func (m *Confusion) MeanDice() float64 { return definedMean(m.Dice()) }

// MeanAccuracy returns the mean recall over the classes that have samples, also called balanced accuracy; NaN without samples.
func (m *Confusion) MeanAccuracy() float64 {
	return definedMean(m.overlap(func(tp, truth, _ float64) float64 { return tp / truth }))
}

// FrequencyWeightedIoU returns Σ_k share_k IoU_k, share_k that of class k among the samples (Long et al., 2015); NaN without samples.
func (m *Confusion) FrequencyWeightedIoU() float64 {
	n := float64(m.Total())
	var sum float64
	for _, v := range m.overlap(func(tp, truth, taken float64) float64 { return truth * tp / (truth + taken - tp) }) {
		if v == v {
			sum += v
		}
	}
	return sum / n
}

// definedMean is the mean of what is not NaN.
func definedMean(x []float64) float64 {
	var s float64
	n := 0
	for _, v := range x {
		if v == v {
			s += v
			n++
		}
	}
	return s / float64(n)
}

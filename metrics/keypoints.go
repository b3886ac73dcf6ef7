package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// PCK accumulates the share of keypoints that lie within Alpha times a reference length of where they are (Y. Yang and D. Ramanan, 2013):
// the larger side of the person's box, or that of the head with Alpha 0.5 (PCKh: M. Andriluka et al., 2014).
type PCK struct {
	Alpha         float64
	right, counts []int // by joint
}

// NewPCK returns an empty accumulator. It panics with ErrValue unless alpha is positive.
func NewPCK(alpha float64) *PCK {
	if !(alpha > 0) {
		tensor.Fail("pck", tensor.ErrValue, nil, "alpha is %v, must be positive", alpha)
	}
	return &PCK{Alpha: alpha}
}

// Add takes predicted and true keypoints (N, K, 2), which of them are annotated (N, K), not 0, or nil for all, and the reference lengths
// (N,), in the same unit. A prediction that is NaN is wrong. It panics with ErrShape when the shapes do not fit or K changes.
func (m *PCK) Add(pred, truth, annotated, length *tensor.Tensor) {
	const op = "pck"
	shapes := []tensor.Shape{pred.Shape(), truth.Shape(), length.Shape()}
	if pred.Rank() != 3 || pred.Dim(2) != 2 || truth.Shape() != pred.Shape() || length.Shape() != tensor.ShapeOf(pred.Dim(0)) ||
		annotated != nil && annotated.Shape() != tensor.ShapeOf(pred.Dim(0), pred.Dim(1)) {
		tensor.Fail(op, tensor.ErrShape, shapes, "keypoints must be (N, K, 2), what is annotated (N, K) and the reference lengths (N,)")
	}
	n, k := pred.Dim(0), pred.Dim(1)
	if m.counts == nil {
		m.right, m.counts = make([]int, k), make([]int, k)
	}
	if k != len(m.counts) {
		tensor.Fail(op, tensor.ErrShape, shapes, "%d keypoints after %d", k, len(m.counts))
	}
	p, t, l := pred.Floats(), truth.Floats(), length.Floats()
	seen := make([]float64, n*k)
	if annotated != nil {
		seen = annotated.Floats()
	}
	for i := range n {
		for j := range k {
			at := i*k + j
			if annotated != nil && seen[at] == 0 {
				continue
			}
			m.counts[j]++
			if math.Hypot(p[2*at]-t[2*at], p[2*at+1]-t[2*at+1]) <= m.Alpha*l[i] {
				m.right[j]++
			}
		}
	}
}

// Merge adds what o counted. It panics with ErrShape unless the keypoints are as many.
func (m *PCK) Merge(o *PCK) {
	if o.counts == nil {
		return
	}
	if m.counts == nil {
		m.right, m.counts = make([]int, len(o.counts)), make([]int, len(o.counts))
	}
	sameLength("pck", len(m.counts), len(o.counts))
	for j := range m.counts {
		m.right[j] += o.right[j]
		m.counts[j] += o.counts[j]
	}
}

// Joints returns the share of each keypoint; NaN for one that was never annotated.
func (m *PCK) Joints() []float64 {
	r := make([]float64, len(m.counts))
	for j := range r {
		r[j] = float64(m.right[j]) / float64(m.counts[j])
	}
	return r
}

// Value returns the share of all annotated keypoints; NaN when there are none.
func (m *PCK) Value() float64 {
	var right, n int
	for j := range m.counts {
		right += m.right[j]
		n += m.counts[j]
	}
	return float64(right) / float64(n)
}

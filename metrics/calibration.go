package metrics

import (
	"math"

	"github.com/hadal-go/hadal/tensor"
)

// probabilities checks p (N, C), or (N,) for two classes of which it is the second's, against the classes y (N,) int64, and returns them.
func probabilities(op string, p, y *tensor.Tensor) (x []float64, t []int64, n, c int) {
	shapes := []tensor.Shape{p.Shape(), y.Shape()}
	binary := p.Rank() == 1
	t = integers(op, "classes", y)
	if binary && y.Shape() == p.Shape() {
		n, c = p.Dim(0), 2
		for i, k := range t {
			if k != 0 && k != 1 {
				tensor.Fail(op, tensor.ErrIndex, shapes, "class %d at %d: must be 0 or 1; for more classes give probabilities (N, C)", k, i)
			}
		}
	} else if p.Rank() == 2 {
		n, c = check(op, p, y)
	} else {
		tensor.Fail(op, tensor.ErrShape, shapes, "probabilities must be (N, C), or (N,) for the second of two classes, and the classes (N,)")
	}
	x = p.Floats()
	for i, v := range x {
		if !(v >= 0 && v <= 1) {
			tensor.Fail(op, tensor.ErrValue, shapes, "%v at %d is no probability; scores become probabilities by Softmax or Sigmoid", v, i)
		}
	}
	for i := 0; !binary && i < n; i++ {
		var sum float64
		for _, v := range x[i*c : (i+1)*c] {
			sum += v
		}
		if math.Abs(sum-1) > 0.01 { // bfloat16 rounds that much
			tensor.Fail(op, tensor.ErrValue, shapes, "the probabilities of row %d sum to %v, not 1", i, sum)
		}
	}
	return x, t, n, c
}

// LogLoss returns −1/N Σ ln p_i[y_i], in nats, of probabilities (N, C), or (N,) those of the second of two classes, and classes y (N,)
// int64: the cross-entropy. It is +Inf when a sample's class has probability 0, NaN when N is 0. It panics with ErrValue on what is no
// distribution.
func LogLoss(p, y *tensor.Tensor) float64 {
	x, t, n, c := probabilities("log_loss", p, y)
	var sum float64
	for i := range n {
		switch {
		case p.Rank() == 2:
			sum -= math.Log(x[i*c+int(t[i])])
		case t[i] == 1:
			sum -= math.Log(x[i])
		default:
			sum -= math.Log1p(-x[i])
		}
	}
	return sum / float64(n)
}

// Brier returns the mean squared error of probabilities (G. Brier, 1950): of (N, C) the mean of Σ_k (p_k − [y = k])², between 0 and 2; of
// (N,), those of the second of two classes, the mean of (p − y)², between 0 and 1, half the former. y is (N,) int64. NaN when N is 0.
// It panics with ErrValue on what is no distribution.
func Brier(p, y *tensor.Tensor) float64 {
	x, t, n, c := probabilities("brier", p, y)
	var sum float64
	for i := range n {
		if p.Rank() == 1 {
			d := x[i] - float64(t[i])
			sum += d * d
			continue
		}
		for k, v := range x[i*c : (i+1)*c] {
			if k == int(t[i]) {
				v -= 1
			}
			sum += v * v
		}
	}
	return sum / float64(n)
}

// ReliabilityBin is what was predicted with a confidence in (Low, High], the first bin with 0.
type ReliabilityBin struct {
	Low, High  float64
	Count      int
	Confidence float64 // mean predicted probability; NaN without samples
	Accuracy   float64 // share that came true; NaN without samples
}

// Calibration sorts predictions by their confidence into bins of equal width, to see whether of those made with confidence p the share
// p comes true: the reliability diagram.
type Calibration struct {
	count, hits []int
	confidence  []float64
}

// NewCalibration returns empty bins. It panics with ErrValue unless there is one. 15 is customary (Guo et al., 2017).
func NewCalibration(bins int) *Calibration {
	if bins < 1 {
		tensor.Fail("calibration", tensor.ErrValue, nil, "%d bins; there must be at least 1", bins)
	}
	return &Calibration{make([]int, bins), make([]int, bins), make([]float64, bins)}
}

// Add counts probabilities (N, C) by the largest of each row, the first of equals, which comes true when the class in y (N,) int64 is
// its own; probabilities (N,) by themselves, which come true when the class, 0 or 1, is 1. It panics with ErrValue on what is no
// distribution.
func (m *Calibration) Add(p, y *tensor.Tensor) {
	x, t, n, c := probabilities("calibration", p, y)
	for i := range n {
		confidence, hit := 0.0, false
		if p.Rank() == 1 {
			confidence, hit = x[i], t[i] == 1
		} else {
			best := 0
			for k, v := range x[i*c : (i+1)*c] {
				if v > x[i*c+best] {
					best = k
				}
			}
			confidence, hit = x[i*c+best], best == int(t[i])
		}
		bins := float64(len(m.count))
		b := min(len(m.count)-1, int(confidence*bins))
		if b > 0 && confidence <= float64(b)/bins {
			b-- // the upper end of the bin below is its own
		}
		m.count[b]++
		m.confidence[b] += confidence
		if hit {
			m.hits[b]++
		}
	}
}

// Merge adds what o counted. It panics with ErrShape unless the bins are as many.
func (m *Calibration) Merge(o *Calibration) {
	sameLength("calibration", len(m.count), len(o.count))
	for b := range m.count {
		m.count[b] += o.count[b]
		m.hits[b] += o.hits[b]
		m.confidence[b] += o.confidence[b]
	}
}

// Bins returns all bins, also empty ones.
func (m *Calibration) Bins() []ReliabilityBin {
	r := make([]ReliabilityBin, len(m.count))
	for b := range r {
		n := float64(m.count[b])
		r[b] = ReliabilityBin{float64(b) / float64(len(r)), float64(b+1) / float64(len(r)), m.count[b], m.confidence[b] / n, float64(m.hits[b]) / n}
	}
	return r
}

// ECE returns the expected calibration error Σ_b n_b/n |accuracy_b − confidence_b| (Naeini, Cooper and Hauskrecht, 2015); NaN without
// samples.
func (m *Calibration) ECE() float64 {
	var sum float64
	n := 0
	for b := range m.count {
		n += m.count[b]
		sum += math.Abs(float64(m.hits[b]) - m.confidence[b])
	}
	return sum / float64(n)
}

// MCE returns the maximum calibration error max_b |accuracy_b − confidence_b| over bins with samples; NaN without samples.
func (m *Calibration) MCE() float64 {
	worst := math.NaN()
	for _, b := range m.Bins() {
		if d := math.Abs(b.Accuracy - b.Confidence); b.Count > 0 && !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// ECE is the expected calibration error of probabilities p and classes y with the given number of bins: see Calibration.
func ECE(p, y *tensor.Tensor, bins int) float64 {
	m := NewCalibration(bins)
	m.Add(p, y)
	return m.ECE()
}

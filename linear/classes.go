package linear

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/tensor"
)

// LinearClassifier decides by linear functions of the features, z = W x + b. Perceptron, LogisticRegression and LinearSVM learn one.
//
// For two classes there is one function, and z > 0 says Classes[1]: the boundary is the hyperplane w·x + b = 0. For K > 2 there is one
// for each class and the largest z wins. The fields are what is to be saved and loaded.
type LinearClassifier struct {
	Classes   []int64        // the distinct class numbers of the training data, rising: class k is column k
	Coef      *tensor.Tensor // W: (1, D) for two classes, (K, D) for more; float64
	Intercept *tensor.Tensor // b: (1,) or (K,); float64
}

// DecisionFunction returns z = W x + b of the rows of x (N, D), in the dtype of x: (N,) for two classes, (N, K) for more. It panics unless
// x has as many columns as the training data had.
func (m *LinearClassifier) DecisionFunction(x *tensor.Tensor) *tensor.Tensor {
	z := m.scores(x).To(x.DType())
	if len(m.Classes) == 2 {
		return z.Reshape(-1)
	}
	return z
}

// scores returns W x + b as (N, 1) or (N, K), float64.
func (m *LinearClassifier) scores(x *tensor.Tensor) *tensor.Tensor {
	return affine("DecisionFunction", x.To(tensor.Float64), m.Coef, m.Intercept)
}

// Predict returns the classes (N,) int64 of the rows of x (N, D).
func (m *LinearClassifier) Predict(x *tensor.Tensor) *tensor.Tensor {
	return decide(m.Classes, m.scores(x))
}

// Score returns the accuracy on rows x (N, D) of classes y (N,): the fraction for which Predict is right.
func (m *LinearClassifier) Score(x, y *tensor.Tensor) float64 { return accuracy(m.Predict(x), y) }

// decide returns the class of the largest column of each row, the first of equal ones; of a single column, Classes[1] where it is
// positive.
func decide(classes []int64, z *tensor.Tensor) *tensor.Tensor {
	n, k := z.Dim(0), z.Dim(1)
	s, r := tensor.Data[float64](z), make([]int64, n)
	for i := range r {
		row := s[i*k : (i+1)*k]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		if k == 1 && row[0] > 0 {
			best = 1
		}
		r[i] = classes[best]
	}
	return tensor.Of(r, n)
}

// accuracy is the fraction of equal class numbers.
func accuracy(predicted, y *tensor.Tensor) float64 {
	p, want := tensor.Data[int64](predicted), classNumbers("Score", y, predicted.Dim(0))
	right := 0
	for i, c := range want {
		if p[i] == c {
			right++
		}
	}
	return float64(right) / float64(len(want))
}

// classNumbers panics unless y is int64 and (n,).
func classNumbers(op string, y *tensor.Tensor, n int) []int64 {
	if y.Rank() != 1 || y.Dim(0) != n {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{y.Shape()}, "y must be (%d,), the class number of each row of x", n)
	}
	if y.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, []tensor.Shape{y.Shape()}, "y is %v; class numbers are int64", y.DType())
	}
	return tensor.Data[int64](y)
}

// labelled is training data of a classifier, checked.
type labelled struct {
	n, d    int
	x       []float64 // n rows of d
	t       *tensor.Tensor
	y       []int // index into classes
	classes []int64
	counts  []int // rows of each class
}

func (m *labelled) row(i int) []float64 { return m.x[i*m.d : (i+1)*m.d] }

// labelledData checks and unpacks what Fit is given, as samples does; y must be (N,) int64 and name two classes at least.
func labelledData(op string, x, y *tensor.Tensor) (*labelled, error) {
	t, err := samples(op, x)
	labels := classNumbers(op, y, x.Dim(0))
	if err != nil {
		return nil, err
	}
	m := &labelled{n: t.Dim(0), d: t.Dim(1), t: t, x: tensor.Data[float64](t)}
	m.classes = slices.Compact(slices.Sorted(slices.Values(labels)))
	if len(m.classes) < 2 {
		return nil, fitError(op, ErrOneClass, "all %d rows are of class %d; a classifier needs rows of another", m.n, m.classes[0])
	}
	m.y, m.counts = make([]int, m.n), make([]int, len(m.classes))
	for i, c := range labels {
		k, _ := slices.BinarySearch(m.classes, c)
		m.y[i] = k
		m.counts[k]++
	}
	return m, nil
}

// sides returns, for one-vs-rest, +1 for rows of class k and -1 for others. Two classes have one problem, with Classes[1] on the side
// of +1, whatever k is.
func (m *labelled) sides(k int) []float64 {
	if len(m.classes) == 2 {
		k = 1
	}
	s := make([]float64, m.n)
	for i, c := range m.y {
		s[i] = -1
		if c == k {
			s[i] = 1
		}
	}
	return s
}

// problems is how many linear functions separate the classes: 1 for two, else one for each.
func (m *labelled) problems() int {
	if len(m.classes) == 2 {
		return 1
	}
	return len(m.classes)
}

// setPlanes stores weights w, problems rows of d features and, last, the intercept.
func (c *LinearClassifier) setPlanes(m *labelled, w []float64) {
	k := len(w) / (m.d + 1)
	coef, intercept := make([]float64, 0, k*m.d), make([]float64, k)
	for i := range k {
		row := w[i*(m.d+1) : (i+1)*(m.d+1)]
		coef = append(coef, row[:m.d]...)
		intercept[i] = row[m.d]
	}
	c.Classes, c.Coef, c.Intercept = m.classes, tensor.Of(coef, k, m.d), tensor.Of(intercept, k)
}

// setting returns v, or the default for zero. It panics unless the result is positive and finite.
func setting(op, name string, v, byDefault float64) float64 {
	if v == 0 {
		v = byDefault
	}
	if !(v > 0) || math.IsInf(v, 1) {
		tensor.Fail(op, tensor.ErrValue, nil, "%s is %v; give a positive number, or 0 for %v", name, v, byDefault)
	}
	return v
}

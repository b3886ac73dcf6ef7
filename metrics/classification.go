package metrics

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/hadal-go/hadal/tensor"
)

// Accuracy returns the share of rows of scores (N, C) whose largest entry is the class in y (N,) int64; of equal entries the
// first counts as largest. A row with a NaN is wrong. NaN when N is 0.
func Accuracy(scores, y *tensor.Tensor) float64 { return TopK(scores, y, 1) }

// TopK returns the share of rows of scores (N, C) in which fewer than k entries are larger than that of the class in y
// (N,) int64; of equal entries the earlier counts as larger. A row with a NaN is wrong. NaN when N is 0. It panics with
// ErrIndex when a class is outside [0, C) and with ErrValue unless k >= 1.
func TopK(scores, y *tensor.Tensor, k int) float64 {
	n, c := check("top_k", scores, y)
	if k < 1 {
		tensor.Fail("top_k", tensor.ErrValue, []tensor.Shape{scores.Shape()}, "k is %d, must be at least 1", k)
	}
	x, t := scores.Floats(), tensor.Data[int64](y)
	right := 0
	for i := range n {
		if r := rank(x[i*c:(i+1)*c], int(t[i])); r >= 0 && r < k {
			right++
		}
	}
	return float64(right) / float64(n)
}

// rank returns the place of entry t of a row in decreasing order, earlier entries first among equals; -1 if there is a NaN.
func rank(row []float64, t int) (r int) {
	for j, v := range row {
		switch {
		case v != v:
			return -1
		case v > row[t] || v == row[t] && j < t:
			r++
		}
	}
	return r
}

func check(op string, scores, y *tensor.Tensor) (n, c int) {
	shapes := []tensor.Shape{scores.Shape(), y.Shape()}
	if y.DType() != tensor.Int64 {
		tensor.Fail(op, tensor.ErrDType, shapes, "the target must be int64 classes, not %v; convert with To(tensor.Int64)", y.DType())
	}
	if scores.Rank() != 2 || y.Shape() != tensor.ShapeOf(scores.Dim(0)) {
		tensor.Fail(op, tensor.ErrShape, shapes, "scores must be (N, C) and the target classes (N,)")
	}
	n, c = scores.Dim(0), scores.Dim(1)
	tensor.Read(y, func(y []int64) {
		for i, t := range y {
			if t < 0 || t >= int64(c) {
				tensor.Fail(op, tensor.ErrIndex, shapes, "target %d at row %d is not a class in [0, %d)", t, i, c)
			}
		}
	})
	return n, c
}

// Confusion counts predictions: Counts[t][p] samples of class t were taken for class p.
type Confusion struct {
	Counts [][]int
}

// NewConfusion returns an empty matrix for the given number of classes. It panics with ErrValue unless there is one.
func NewConfusion(classes int) *Confusion {
	if classes < 1 {
		tensor.Fail("confusion", tensor.ErrValue, nil, "%d classes; there must be at least 1", classes)
	}
	m := &Confusion{make([][]int, classes)}
	for i := range m.Counts {
		m.Counts[i] = make([]int, classes)
	}
	return m
}

// Add counts the largest entry of each row of scores (N, C), the first of equals, against the class in y (N,) int64. It
// panics, counting nothing, with ErrIndex when a class is outside [0, C) and with ErrNaN when a score is NaN.
func (m *Confusion) Add(scores, y *tensor.Tensor) {
	n, c := check("confusion", scores, y)
	if c != len(m.Counts) {
		tensor.Fail("confusion", tensor.ErrShape, []tensor.Shape{scores.Shape()}, "the matrix has %d classes, the scores %d", len(m.Counts), c)
	}
	x := scores.Floats()
	for i, v := range x {
		if v != v {
			tensor.Fail("confusion", tensor.ErrNaN, []tensor.Shape{scores.Shape()}, "the scores of row %d hold a NaN, which predicts nothing; the model has diverged", i/c)
		}
	}
	t := tensor.Data[int64](y)
	for i := range n {
		row, p := x[i*c:(i+1)*c], 0
		for j, v := range row {
			if v > row[p] {
				p = j
			}
		}
		m.Counts[t[i]][p]++
	}
}

// Total returns the number of samples counted.
func (m *Confusion) Total() (n int) {
	for _, row := range m.Counts {
		for _, v := range row {
			n += v
		}
	}
	return n
}

func (m *Confusion) right() (n int) {
	for i := range m.Counts {
		n += m.Counts[i][i]
	}
	return n
}

// Accuracy returns the share of samples on the diagonal; NaN without samples.
func (m *Confusion) Accuracy() float64 { return float64(m.right()) / float64(m.Total()) }

// ClassScore are the measures of one class against all others, or averages of them.
type ClassScore struct {
	Precision float64 // right among those taken for the class; 0 when none was
	Recall    float64 // right among those of the class; 0 when there is none
	F1        float64 // 2PR/(P+R); 0 when both are
	Support   int     // samples of the class
}

// Classes returns the scores of every class.
func (m *Confusion) Classes() []ClassScore {
	s := make([]ClassScore, len(m.Counts))
	for k := range s {
		hit, taken := m.Counts[k][k], 0
		for j := range m.Counts {
			s[k].Support += m.Counts[k][j]
			taken += m.Counts[j][k]
		}
		s[k].Precision = ratio(hit, taken)
		s[k].Recall = ratio(hit, s[k].Support)
		s[k].F1 = ratio(2*hit, taken+s[k].Support)
	}
	return s
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// Macro returns the plain means of precision, recall and F1 over all classes of the matrix, also those without samples;
// Support is the number of samples.
func (m *Confusion) Macro() ClassScore {
	return m.average(func(ClassScore) float64 { return 1 / float64(len(m.Counts)) })
}

// Weighted returns the means of precision, recall and F1 weighted by each class's share of the samples; 0 without samples.
func (m *Confusion) Weighted() ClassScore {
	n := m.Total()
	return m.average(func(s ClassScore) float64 { return ratio(s.Support, n) })
}

// Micro returns precision, recall and F1 of all decisions pooled. As each sample has one class and is taken for one, all
// three are the accuracy; 0 without samples.
func (m *Confusion) Micro() ClassScore {
	n := m.Total()
	a := ratio(m.right(), n)
	return ClassScore{a, a, a, n}
}

func (m *Confusion) average(weight func(ClassScore) float64) (r ClassScore) {
	for _, s := range m.Classes() {
		w := weight(s)
		r.Precision += w * s.Precision
		r.Recall += w * s.Recall
		r.F1 += w * s.F1
		r.Support += s.Support
	}
	return r
}

// Report is a table of precision, recall, F1 and support by class, with averages and the accuracy. Classes without a name
// are numbered.
func (m *Confusion) Report(classes []string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, s ClassScore) {
		fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.4f\t%d\t\n", name, s.Precision, s.Recall, s.F1, s.Support)
	}
	fmt.Fprintln(w, "\tprecision\trecall\tf1\tsupport\t")
	for k, s := range m.Classes() {
		name := fmt.Sprint(k)
		if k < len(classes) {
			name = classes[k]
		}
		line(name, s)
	}
	line("macro average", m.Macro())
	line("weighted average", m.Weighted())
	w.Flush()
	if n := m.Total(); n > 0 {
		fmt.Fprintf(&b, "accuracy %.4f on %d samples\n", m.Accuracy(), n)
	}
	return b.String()
}

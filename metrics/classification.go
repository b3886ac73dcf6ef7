// Package metrics measures how good predictions are.
package metrics

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/hadal-go/hadal/tensor"
)

// Accuracy returns the share of rows of scores (N, C) whose largest entry is the class in y (N,) int64; NaN when N is 0.
func Accuracy(scores, y *tensor.Tensor) float64 { return TopK(scores, y, 1) }

// TopK returns the share of rows of scores (N, C) in which fewer than k entries are larger than that of the class in y
// (N,) int64; of equal entries the earlier counts as larger. A row with a NaN is wrong. NaN when N is 0.
func TopK(scores, y *tensor.Tensor, k int) float64 {
	n, c := check("top_k", scores, y)
	if k < 1 {
		tensor.Fail("top_k", tensor.ErrValue, []tensor.Shape{scores.Shape()}, "k is %d, must be at least 1", k)
	}
	x, t := scores.Floats(), tensor.Data[int64](y)
	right := 0
	for i := range n {
		row := x[i*c : (i+1)*c]
		v, above := row[t[i]], 0
		for j, w := range row {
			if w != w || v != v {
				above = c
				break
			}
			if w > v || w == v && j < int(t[i]) {
				above++
			}
		}
		if above < k {
			right++
		}
	}
	return float64(right) / float64(n)
}

func check(op string, scores, y *tensor.Tensor) (n, c int) {
	if scores.Rank() != 2 || y.DType() != tensor.Int64 || y.Shape() != tensor.ShapeOf(scores.Dim(0)) {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{scores.Shape(), y.Shape()}, "scores must be (N, C) and the target int64 classes (N,), not %v", y.DType())
	}
	n, c = scores.Dim(0), scores.Dim(1)
	tensor.Read(y, func(y []int64) {
		for i, t := range y {
			if t < 0 || t >= int64(c) {
				tensor.Fail(op, tensor.ErrIndex, []tensor.Shape{scores.Shape(), tensor.ShapeOf(n)}, "target %d at row %d is not a class in [0, %d)", t, i, c)
			}
		}
	})
	return n, c
}

// Confusion counts predictions: Counts[t][p] samples of class t were taken for class p.
type Confusion struct {
	Counts [][]int
}

// NewConfusion returns an empty matrix for the given number of classes.
func NewConfusion(classes int) *Confusion {
	m := &Confusion{make([][]int, classes)}
	for i := range m.Counts {
		m.Counts[i] = make([]int, classes)
	}
	return m
}

// Add counts the largest entry of each row of scores (N, C) against the class in y (N,).
func (m *Confusion) Add(scores, y *tensor.Tensor) {
	_, c := check("confusion", scores, y)
	if c != len(m.Counts) {
		tensor.Fail("confusion", tensor.ErrShape, []tensor.Shape{scores.Shape()}, "the matrix has %d classes, the scores %d", len(m.Counts), c)
	}
	p := tensor.Data[int64](scores.Detach().ArgMax(1))
	for i, t := range tensor.Data[int64](y) {
		m.Counts[t][p[i]]++
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

// Accuracy returns the share of samples on the diagonal; NaN without samples.
func (m *Confusion) Accuracy() float64 {
	right := 0
	for i := range m.Counts {
		right += m.Counts[i][i]
	}
	return float64(right) / float64(m.Total())
}

// ClassScore are the measures of one class against all others.
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

// Macro returns the plain means of precision, recall and F1 over classes; Support is the number of samples.
func (m *Confusion) Macro() (r ClassScore) {
	return m.average(func(ClassScore) float64 { return 1 / float64(len(m.Counts)) })
}

// Weighted returns the means of precision, recall and F1 weighted by each class's share of the samples.
func (m *Confusion) Weighted() ClassScore {
	n := float64(m.Total())
	return m.average(func(s ClassScore) float64 { return float64(s.Support) / n })
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

// Report is a table of precision, recall, F1 and support by class, with averages.
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
	fmt.Fprintf(&b, "accuracy %.4f on %d samples\n", m.Accuracy(), m.Total())
	return b.String()
}

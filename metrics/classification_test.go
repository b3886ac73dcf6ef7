package metrics_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

func scores(rows ...[]float64) *tensor.Tensor {
	return tensor.Of(slices.Concat(rows...), len(rows), len(rows[0]))
}

func classes(y ...int64) *tensor.Tensor { return tensor.OfShape(y, tensor.ShapeOf(len(y))) }

// oneHot are scores that predict the given classes.
func oneHot(n int, predicted ...int) *tensor.Tensor {
	rows := make([][]float64, len(predicted))
	for i, p := range predicted {
		rows[i] = make([]float64, n)
		rows[i][p] = 1
	}
	return scores(rows...)
}

// counted is a matrix of truths and predictions.
func counted(n int, truth []int64, predicted []int) *metrics.Confusion {
	m := metrics.NewConfusion(n)
	m.Add(oneHot(n, predicted...), classes(truth...))
	return m
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 || a != a && b != b }

func TestTopK(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	// The example of scikit-learn's top_k_accuracy_score.
	x, y := scores([]float64{0.5, 0.2, 0.2}, []float64{0.3, 0.4, 0.2}, []float64{0.2, 0.4, 0.3}, []float64{0.7, 0.2, 0.1}), classes(0, 1, 2, 2)
	for _, c := range []struct {
		name string
		x, y *tensor.Tensor
		k    int
		want float64
	}{
		{"scikit-learn", x, y, 2, 0.75},
		{"first", x, y, 1, 0.5},
		{"all", x, y, 3, 1},
		{"more than all", x, y, 9, 1},
		{"ties: the first of equals is predicted", scores([]float64{1, 1, 1}, []float64{1, 1, 1}, []float64{1, 1, 1}), classes(0, 1, 2), 1, 1.0 / 3},
		{"ties in the first two", scores([]float64{1, 1, 1}, []float64{1, 1, 1}, []float64{1, 1, 1}), classes(0, 1, 2), 2, 2.0 / 3},
		{"NaN is never right", scores([]float64{nan, 1}, []float64{nan, 1}, []float64{0, nan}, []float64{0, 1}), classes(0, 1, 1, 1), 1, 0.25},
		{"NaN among all", scores([]float64{nan, 1}, []float64{0, 1}), classes(0, 1), 2, 0.5},
		{"infinities", scores([]float64{-inf, 0, inf}, []float64{-inf, -inf, -inf}), classes(2, 0), 1, 1},
		{"nobody", tensor.Zeros(0, 3), classes(), 1, nan},
		{"one class", scores([]float64{0}), classes(0), 1, 1},
		{"bfloat16", x.To(tensor.BFloat16), y, 2, 0.75},
		{"not contiguous", x.Transpose(0, 1).Contiguous().Transpose(0, 1), y, 2, 0.75},
		{"recorded", x.RequireGrad(), y, 2, 0.75},
	} {
		if got := metrics.TopK(c.x, c.y, c.k); !near(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := metrics.Accuracy(c.x, c.y); c.k == 1 && !near(got, c.want) {
			t.Errorf("%s: accuracy %v, want %v", c.name, got, c.want)
		}
	}
}

func TestConfusion(t *testing.T) {
	// The example of scikit-learn's confusion_matrix.
	m := counted(3, []int64{2, 0, 2, 2, 0, 1}, []int{0, 0, 2, 2, 0, 2})
	if want := [][]int{{2, 0, 0}, {0, 0, 1}, {1, 0, 2}}; !reflect.DeepEqual(m.Counts, want) {
		t.Errorf("counts %v, want %v", m.Counts, want)
	}
	if m.Total() != 6 || !near(m.Accuracy(), 4.0/6) {
		t.Errorf("total %d, accuracy %v", m.Total(), m.Accuracy())
	}
	m.Add(scores([]float64{1, 1, 0}, []float64{0, 1, 1}), classes(1, 1)) // ties: the first is predicted
	if want := [][]int{{2, 0, 0}, {1, 1, 1}, {1, 0, 2}}; !reflect.DeepEqual(m.Counts, want) {
		t.Errorf("counts %v, want %v", m.Counts, want)
	}
	x, y := scores([]float64{3, 1, 2, 0}, []float64{0, 0, 0, 0}, []float64{-1, -2, -3, -0.5}), classes(0, 3, 3)
	c := metrics.NewConfusion(4)
	c.Add(x, y)
	if !near(c.Accuracy(), metrics.Accuracy(x, y)) {
		t.Errorf("the matrix says %v, Accuracy %v", c.Accuracy(), metrics.Accuracy(x, y))
	}
}

// TestScores has what scikit-learn documents for precision_recall_fscore_support and its kin.
func TestScores(t *testing.T) {
	type s = metrics.ClassScore
	third := 1.0 / 3
	for _, c := range []struct {
		name                   string
		m                      *metrics.Confusion
		classes                []s
		macro, weighted, micro s
	}{
		{
			// f1_score(y_true, y_pred, average=None) is [0.8, 0, 0], macro and weighted 0.26..., micro 0.33...;
			// precision_score macro 0.22..., weighted 0.22...; recall_score macro 0.33...
			"f1_score", counted(3, []int64{0, 1, 2, 0, 1, 2}, []int{0, 2, 1, 0, 0, 1}),
			[]s{{2 * third, 1, 0.8, 2}, {0, 0, 0, 2}, {0, 0, 0, 2}},
			s{2.0 / 9, third, 0.8 / 3, 6}, s{2.0 / 9, third, 0.8 / 3, 6}, s{third, third, third, 6},
		},
		{
			// classification_report: macro avg 0.50 0.56 0.49, weighted avg 0.70 0.60 0.61, accuracy 0.60.
			"classification_report", counted(3, []int64{0, 1, 2, 2, 2}, []int{0, 0, 2, 2, 1}),
			[]s{{0.5, 1, 2 * third, 1}, {0, 0, 0, 1}, {1, 2 * third, 0.8, 3}},
			s{0.5, 5.0 / 9, (2*third + 0.8) / 3, 5}, s{0.7, 0.6, (2*third + 2.4) / 5, 5}, s{0.6, 0.6, 0.6, 5},
		},
		{
			// By hand: class 2 is never the truth, class 3 neither truth nor prediction; both count in the macro average.
			"absent classes", counted(4, []int64{0, 0, 1}, []int{0, 2, 1}),
			[]s{{1, 0.5, 2 * third, 2}, {1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}},
			s{0.5, 0.375, 5.0 / 12, 3}, s{1, 2 * third, (4*third + 1) / 3, 3}, s{2 * third, 2 * third, 2 * third, 3},
		},
		{"perfect", counted(2, []int64{0, 1}, []int{0, 1}), []s{{1, 1, 1, 1}, {1, 1, 1, 1}}, s{1, 1, 1, 2}, s{1, 1, 1, 2}, s{1, 1, 1, 2}},
		{"empty", metrics.NewConfusion(2), []s{{}, {}}, s{}, s{}, s{}},
	} {
		same := func(a, b s) bool {
			return near(a.Precision, b.Precision) && near(a.Recall, b.Recall) && near(a.F1, b.F1) && a.Support == b.Support
		}
		if got := c.m.Classes(); !slices.EqualFunc(got, c.classes, same) {
			t.Errorf("%s: classes %v, want %v", c.name, got, c.classes)
		}
		if got := c.m.Macro(); !same(got, c.macro) {
			t.Errorf("%s: macro %v, want %v", c.name, got, c.macro)
		}
		if got := c.m.Weighted(); !same(got, c.weighted) {
			t.Errorf("%s: weighted %v, want %v", c.name, got, c.weighted)
		}
		if got := c.m.Micro(); !same(got, c.micro) {
			t.Errorf("%s: micro %v, want %v", c.name, got, c.micro)
		}
	}
	if a := metrics.NewConfusion(2).Accuracy(); !math.IsNaN(a) {
		t.Errorf("the accuracy of nothing is %v", a)
	}
}

func TestReport(t *testing.T) {
	m := counted(3, []int64{0, 1, 2, 2, 2}, []int{0, 0, 2, 2, 1})
	want := `                    precision  recall      f1  support
               cat     0.5000  1.0000  0.6667        1
               dog     0.0000  0.0000  0.0000        1
                 2     1.0000  0.6667  0.8000        3
     macro average     0.5000  0.5556  0.4889        5
  weighted average     0.7000  0.6000  0.6133        5
accuracy 0.6000 on 5 samples
`
	if got := m.Report([]string{"cat", "dog"}); got != want {
		t.Errorf("the report is\n%s, want\n%s", got, want)
	}
	empty := metrics.NewConfusion(1).Report(nil)
	if strings.Contains(empty, "NaN") || !strings.Contains(empty, "weighted average") {
		t.Errorf("the report of nothing is\n%s", empty)
	}
}

func TestBadArguments(t *testing.T) {
	x := tensor.Zeros(2, 3)
	m := metrics.NewConfusion(3)
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"k":              {tensor.ErrValue, "k is 0, must be at least 1", func() { metrics.TopK(x, classes(0, 0), 0) }},
		"rank":           {tensor.ErrShape, "scores must be (N, C) and the target classes (N,)", func() { metrics.Accuracy(tensor.Zeros(3), classes(0, 0, 0)) }},
		"rows":           {tensor.ErrShape, "top_k (2, 3), (3,)", func() { metrics.Accuracy(x, classes(0, 0, 0)) }},
		"one-hot target": {tensor.ErrShape, "classes (N,)", func() { metrics.Accuracy(x, x.To(tensor.Int64)) }},
		"dtype":          {tensor.ErrDType, "not float32; convert with To(tensor.Int64)", func() { metrics.Accuracy(x, tensor.Zeros(2)) }},
		"class":          {tensor.ErrIndex, "target 3 at row 1 is not a class in [0, 3)", func() { metrics.Accuracy(x, classes(0, 3)) }},
		"negative class": {tensor.ErrIndex, "target -1 at row 0", func() { m.Add(x, classes(-1, 0)) }},
		"classes":        {tensor.ErrShape, "the matrix has 3 classes, the scores 4", func() { m.Add(tensor.Zeros(1, 4), classes(0)) }},
		"no classes":     {tensor.ErrValue, "0 classes; there must be at least 1", func() { metrics.NewConfusion(0) }},
		"NaN": {tensor.ErrNaN, "the scores of row 1 hold a NaN", func() {
			m.Add(scores([]float64{0, 1, 0}, []float64{0, 0, math.NaN()}), classes(1, 2))
		}},
		"meta": {tensor.ErrDevice, "no data", func() { metrics.Accuracy(tensor.With(tensor.Float32).On(tensor.Meta).Zeros(2, 3), classes(0, 0)) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
		if err != nil && !strings.Contains(err.Error(), "classification_test.go") {
			t.Errorf("%s: %v does not name the caller", name, err)
		}
	}
	if m.Total() != 0 {
		t.Errorf("refused batches were counted: %v", m.Counts)
	}
}

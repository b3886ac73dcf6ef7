package metrics_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

func TestROC(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name    string
		x       []float64
		y       []int64
		auc, ap float64
	}{
		// roc_auc_score's and average_precision_score's example in scikit-learn's documentation.
		{"scikit-learn", []float64{0.1, 0.4, 0.35, 0.8}, []int64{0, 0, 1, 1}, 0.75, 0.5 + 0.5*2/3},
		{"perfect", []float64{1, 2, 3}, []int64{0, 0, 1}, 1, 1},
		{"reversed", []float64{3, 2, 1}, []int64{0, 0, 1}, 0, 1.0 / 3},
		{"all tied", []float64{1, 1, 1, 1}, []int64{0, 1, 1, 1}, 0.5, 0.75},
		{"one tie of three pairs", []float64{2, 2, 1}, []int64{1, 0, 0}, 0.75, 0.5},
		{"infinities", []float64{math.Inf(-1), math.Inf(1)}, []int64{0, 1}, 1, 1},
		{"positives alone", []float64{1, 2}, []int64{1, 1}, nan, 1},
		{"negatives alone", []float64{1, 2}, []int64{0, 0}, nan, nan},
		{"nothing", nil, nil, nan, nan},
	} {
		x, y := tensor.OfShape(c.x, tensor.ShapeOf(len(c.x))), classes(c.y...)
		equal(t, c.name+": ROC-AUC", metrics.ROCAUC(x, y), c.auc)
		equal(t, c.name+": average precision", metrics.AveragePrecision(x, y), c.ap)
	}
	x, y := scores([]float64{3, 1, 0}, []float64{1, 3, 0}, []float64{2, 2, 0}), classes(0, 1, 0)
	r := metrics.ROCAUCOneVsRest(x, y)
	equalAll(t, "one class is absent", r.Classes, []float64{1, 1, nan})
	equal(t, "its mean", r.Macro, nan)
	equal(t, "weighted", r.Weighted, 1)
	equal(t, "nobody", metrics.ROCAUCOneVsRest(tensor.Zeros(0, 3), classes()).Weighted, nan)
}

func TestProbabilities(t *testing.T) {
	p, y := scores([]float64{0.5, 0.5}, []float64{0.25, 0.75}), classes(0, 1)
	equal(t, "log loss", metrics.LogLoss(p, y), (math.Log(2)+math.Log(4.0/3))/2)
	equal(t, "Brier", metrics.Brier(p, y), (0.5+0.125)/2)
	equal(t, "Brier of the second class", metrics.Brier(tensor.Of([]float64{0.5, 0.75}), y), (0.25+0.0625)/2)
	equal(t, "surely wrong", metrics.LogLoss(scores([]float64{0, 1}), classes(0)), math.Inf(1))
	equal(t, "surely right", metrics.LogLoss(tensor.Of([]float64{0, 1}), classes(0, 1)), 0)
	equal(t, "nobody", metrics.LogLoss(tensor.Zeros(0), classes()), math.NaN())

	// Confidences 0.8, 0.8, 0.6 of two bins: (0.6, 1] has 2 of 3 right at a mean of 2.2/3.
	m, n := metrics.NewCalibration(2), metrics.NewCalibration(2)
	equal(t, "nothing", m.ECE(), math.NaN())
	equal(t, "nothing", m.MCE(), math.NaN())
	m.Add(scores([]float64{0.8, 0.2}, []float64{0.2, 0.8}), classes(0, 1))
	n.Add(scores([]float64{0.4, 0.6}), classes(0))
	m.Merge(n)
	equal(t, "ECE", m.ECE(), 2.2/3-2.0/3)
	b := m.Bins()
	if b[0].Count != 0 || b[1].Count != 3 || b[1].Low != 0.5 || b[1].High != 1 {
		t.Errorf("bins %+v", b)
	}
	equal(t, "empty bin", b[0].Accuracy, math.NaN())
	// Single probabilities: 0.1 came true once in two, 0.5 never, 1 always. The end of a bin is its own.
	equal(t, "of the second class", metrics.ECE(tensor.Of([]float64{0.1, 0.1, 0.5, 1, 0}), classes(1, 0, 0, 1, 0), 2), (math.Abs(1-0.7)+0)/5)
	for _, e := range []struct {
		p    float64
		bins int
		at   int
	}{{0, 10, 0}, {0.1, 10, 0}, {0.3, 10, 2}, {0.6, 10, 5}, {0.7, 10, 6}, {1, 10, 9}, {0.2, 15, 2}, {math.Nextafter(0.1, 1), 10, 1}} {
		c := metrics.NewCalibration(e.bins)
		c.Add(tensor.Of([]float64{e.p}), classes(1))
		for i, b := range c.Bins() {
			if (b.Count == 1) != (i == e.at) {
				t.Errorf("%v is not in bin %d of %d", e.p, e.at, e.bins)
			}
		}
	}
}

func TestRegression(t *testing.T) {
	// scikit-learn's examples for mean_squared_error and r2_score.
	x, y := tensor.Of([]float64{2.5, 0, 2, 8}), tensor.Of([]float64{3, -0.5, 2, 7})
	equal(t, "MSE", metrics.MSE(x, y), 0.375)
	equal(t, "MAE", metrics.MAE(x, y), 0.5)
	equal(t, "R2", metrics.R2(x, y), 1-1.5/29.1875)
	equal(t, "MAPE", metrics.MAPE(x, y), (0.5/3+1+0+1.0/7)/4)
	flat := tensor.Of([]float64{1, 1})
	equal(t, "R2 of equal targets that are met", metrics.R2(flat, flat), math.NaN())
	equal(t, "R2 of equal targets that are missed", metrics.R2(flat.AddScalar(1), flat), math.Inf(-1))
	equal(t, "the mean", metrics.R2(tensor.Full(2.875, 4), y), 0)
	equal(t, "MAPE of a zero that is missed", metrics.MAPE(flat, flat.SubScalar(1)), math.Inf(1))
	equal(t, "MAPE of a zero that is met", metrics.MAPE(tensor.Zeros(2), tensor.Zeros(2)), 0)
	equal(t, "NaN", metrics.RMSE(flat.MulScalar(math.NaN()), flat), math.NaN())
	var empty metrics.Regression
	for _, v := range []float64{empty.MSE(), empty.MAE(), empty.R2(), empty.MAPE(), empty.RMSE()} {
		equal(t, "nothing", v, math.NaN())
	}
	equal(t, "far from zero", metrics.R2(x.AddScalar(1e9), y.AddScalar(1e9)), 1-1.5/29.1875)
}

func TestCorrelation(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5}
	equal(t, "Pearson of a line", metrics.Pearson(x, []float64{3, 5, 7, 9, 11}), 1)
	equal(t, "Spearman of a curve", metrics.Spearman(x, []float64{1, 8, 27, 64, 125}), 1)
	equal(t, "Spearman, reversed", metrics.Spearman(x, []float64{5, 4, 3, 2, 1}), -1)
	equal(t, "without ties: 1 - 6·4/(5·24)", metrics.Spearman(x, []float64{2, 1, 4, 3, 5}), 0.8)
	// Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: 4.5/√(4.5·5). The short form gives 0.95.
	equal(t, "with a tie", metrics.Spearman([]float64{1, 2, 2, 3}, []float64{1, 3, 2, 4}), math.Sqrt(0.9))
	equal(t, "Kendall, 8 of 10 pairs in order", metrics.Kendall(x, []float64{2, 1, 4, 3, 5}), 0.6)
	equal(t, "Kendall with a tie: 5/√(5·6)", metrics.Kendall([]float64{1, 2, 2, 3}, []float64{1, 3, 2, 4}), 5/math.Sqrt(30))
	for _, f := range []func(x, y []float64) float64{metrics.Pearson, metrics.Spearman, metrics.Kendall} {
		equal(t, "constant", f(x, []float64{1, 1, 1, 1, 1}), math.NaN())
		equal(t, "nothing", f(nil, nil), math.NaN())
		equal(t, "one pair", f(x[:1], x[:1]), math.NaN())
	}
}

func TestRanking(t *testing.T) {
	// Relevant at places 2 and 4 of 4, of three relevant items.
	r := metrics.NewRanking(3)
	r.Add([]int{9, 1, 8, 2}, []int{1, 2, 3, 3})
	equal(t, "hit rate", r.HitRate(), 1)
	equal(t, "MRR", r.MRR(), 0.5)
	equal(t, "precision", r.Precision(), 1.0/3)
	equal(t, "recall", r.Recall(), 1.0/3)
	equal(t, "MAP", r.MAP(), 0.5/3)
	equal(t, "NDCG", r.NDCG(), 1/math.Log2(3)/(1+1/math.Log2(3)+0.5))
	other := metrics.NewRanking(3)
	other.Add([]int{5, 6, 7, 4}, []int{4})
	other.Add([]int{5}, nil) // does not count
	r.Merge(other)
	equal(t, "hit rate of two", r.HitRate(), 0.5)
	equal(t, "MRR of two", r.MRR(), 0.25)
	if r.Queries() != 2 {
		t.Errorf("%d queries", r.Queries())
	}
	equal(t, "nothing", metrics.NewRanking(1).NDCG(), math.NaN())
	// Järvelin and Kekäläinen, 2002, with the discount from the first place on: gains 3 2 3 0 1 2.
	g := metrics.NewRanking(6)
	g.AddGraded([]int{0, 1, 2, 3, 4, 5}, map[int]float64{0: 3, 1: 2, 2: 3, 4: 1, 5: 2})
	l := math.Log2
	equal(t, "graded", g.NDCG(), (3+2/l(3)+3/l(4)+1/l(6)+2/l(7))/(3+3/l(3)+2/l(4)+2/l(5)+1/l(6)))
	if got := metrics.Ranked(tensor.Of([]float64{1, 3, 3, 2}), 1); len(got) != 3 || got[0] != 2 || got[1] != 3 || got[2] != 0 {
		t.Errorf("ranked %v", got)
	}
}

func TestReturns(t *testing.T) {
	// Mean 2, s = 1, n = 3, t = 4.302652729911275.
	m := metrics.MeanReturn([]float64{1, 2, 3}, 0.95)
	equal(t, "mean", m.Value, 2)
	equal(t, "low", m.Low, 2-4.302652729911275/math.Sqrt(3))
	equal(t, "high", m.High, 2+4.302652729911275/math.Sqrt(3))
	one := metrics.MeanReturn([]float64{5}, 0.95)
	equal(t, "one return", one.Value, 5)
	equal(t, "its bound", one.Low, math.NaN())
	equal(t, "none", metrics.MeanReturn(nil, 0.95).Value, math.NaN())
	if same := metrics.MeanReturn([]float64{4, 4, 4}, 0.95); same.Low != 4 || same.High != 4 {
		t.Errorf("equal returns: %+v", same)
	}
	w := metrics.SuccessRate(0, 10, 0.95) // high is z²/(n + z²)
	const z2 = 1.959963984540054 * 1.959963984540054
	equal(t, "never: low", w.Low, 0)
	equal(t, "never: high", w.High, z2/(10+z2))
	equal(t, "always: low", metrics.SuccessRate(10, 10, 0.95).Low, 10/(10+z2))
	equal(t, "no trials", metrics.SuccessRate(0, 0, 0.95).Low, math.NaN())
	equal(t, "games", metrics.WinRate(3, 2, 5, 0.9).Value, 0.4)
	equalAll(t, "regret", metrics.Regret(1, []float64{0.5, 1, 0.25}), []float64{0.5, 0.5, 1.25})
	equal(t, "discounted return", metrics.DiscountedReturn([]float64{1, 2, 4}, 0.5), 3)
}

func TestElo(t *testing.T) {
	equal(t, "equals", metrics.EloExpected(1500, 1500), 0.5)
	equal(t, "400 points more", metrics.EloExpected(1900, 1500), 10.0/11)
	equal(t, "200 points more", metrics.EloExpected(1700, 1500), 1/(1+1/math.Sqrt(10)))
	equal(t, "back", metrics.EloDifference(10.0/11), 400)
	equal(t, "always won", metrics.EloDifference(1), math.Inf(1))
	e := metrics.NewElo(3, 32, 1500)
	e.Add(0, 1, 1)
	equalAll(t, "a win among equals", e.Ratings, []float64{1516, 1484, 1500})
	e.Add(1, 0, 0.5)
	move := 32 * (0.5 - 1/(1+math.Pow(10, 32.0/400)))
	equalAll(t, "a draw raises the weaker", e.Ratings, []float64{1516 - move, 1484 + move, 1500})
	// The expected score is the fixed point: ratings stay.
	e = metrics.NewElo(2, 32, 0)
	e.Ratings[0] = 400
	e.Add(0, 1, 10.0/11)
	equal(t, "as expected", e.Ratings[0], 400)
}

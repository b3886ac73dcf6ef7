package metrics

import (
	"math"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	row("T01", "Accuracy, 0-1 loss, top-k", "", "3 of 5 right; ties go to the first class; NaN is never right", accuracy)
	row("T02", "Confusion matrix", "", "counts of 6 samples of 3 classes; streamed batches count as one", confusion)
	row("T03", "Precision, recall, F1", "van Rijsbergen 1979", "per class, macro, micro and weighted equal what is counted by hand", precisionRecall)
	row("T04", "ROC-AUC and average precision", "Hanley and McNeil 1982", "AUC 3/4 and AP 5/6 of 4 samples; ties count half; one class alone is undefined", rocAUC)
	row("T05", "Calibration error, log loss, Brier score", "Brier 1950; Guo et al. 2017", "ECE 0.1625, MCE 0.4, exact log loss and Brier score", calibration)
	row("T06", "RMSE, MAE, R², MAPE", "", "√0.375, 1/2 and 1 − 1.5/29.1875 of 4 pairs; R² = 0 for the mean", regression)
}

// five are scores of five samples of three classes; the largest are classes 0, 1, 0, 2, 0 (the first of equals).
var five = f64([]int{5, 3},
	0.7, 0.2, 0.1,
	0.1, 0.6, 0.3,
	0.5, 0.4, 0.1,
	0.2, 0.2, 0.6,
	0.4, 0.4, 0.2)

func accuracy(c *catalog.Check) error {
	y := tensor.Of([]int64{0, 1, 1, 2, 1})
	c.Equal("accuracy", metrics.Accuracy(five, y), 3.0/5)
	c.Equal("0-1 loss", 1-metrics.Accuracy(five, y), 2.0/5)
	c.Equal("top-2 accuracy", metrics.TopK(five, y, 2), 1)
	c.Equal("accuracy with a NaN in each row", metrics.Accuracy(five.AddScalar(math.NaN()), y), 0)
	undefined(c, "accuracy of no samples", metrics.Accuracy(tensor.Zeros(0, 3), tensor.Of([]int64{})))
	refused(c, "a class that is none", tensor.ErrIndex, func() { metrics.Accuracy(five, y.AddScalar(2)) })
	return nil
}

func confusion(c *catalog.Check) error {
	truth, taken := tensor.Of([]int64{2, 0, 2, 2, 0, 1}), tensor.Of([]int64{0, 0, 2, 2, 0, 2})
	all, first, second := metrics.NewConfusion(3), metrics.NewConfusion(3), metrics.NewConfusion(3)
	all.AddClasses(taken, truth, -1)
	first.AddClasses(taken.Slice(0, 0, 2, 1), truth.Slice(0, 0, 2, 1), -1)
	second.AddClasses(taken.Slice(0, 2, 6, 1), truth.Slice(0, 2, 6, 1), -1)
	first.Merge(second)
	off, merged := 0.0, 0.0
	for t, row := range [][]int{{2, 0, 0}, {0, 0, 1}, {1, 0, 2}} {
		for p, n := range row {
			off += math.Abs(float64(all.Counts[t][p] - n))
			merged += math.Abs(float64(first.Counts[t][p] - n))
		}
	}
	c.Equal("counts that differ", off, 0)
	c.Equal("counts of two workers that differ", merged, 0)
	c.Equal("share on the diagonal", all.Accuracy(), 4.0/6)
	refused(c, "another number of classes", tensor.ErrShape, func() { all.Merge(metrics.NewConfusion(2)) })
	return c.Picture("confusion", func(path string) error {
		return plot.ConfusionMatrix(path, all.Counts, []string{"ant", "bird", "cat"}, plot.ConfusionMatrixConfig{})
	})
}

func precisionRecall(c *catalog.Check) error {
	m := metrics.NewConfusion(3)
	m.AddClasses(tensor.Of([]int64{0, 0, 2, 2, 1}), tensor.Of([]int64{0, 1, 2, 2, 2}), -1)
	k := m.Classes()
	c.Near("macro F1", m.Macro().F1, (2.0/3+0+0.8)/3, within)
	c.Equal("precision of class 0, 1 of 2", k[0].Precision, 0.5)
	c.Equal("recall of class 2, 2 of 3", k[2].Recall, 2.0/3)
	c.Equal("F1 of a class that is never right", k[1].F1, 0)
	c.Near("micro F1 is the accuracy", m.Micro().F1, 0.6, within)
	c.Near("weighted F1", m.Weighted().F1, (2.0/3+3*0.8)/5, within)
	c.Near("macro recall", m.Macro().Recall, (1+0+2.0/3)/3, within)
	c.Control(func() { // a mean of F1s is not the F1 of means
		p, r := m.Macro().Precision, m.Macro().Recall
		c.AtLeast("F1 of macro precision and recall is off by", math.Abs(2*p*r/(p+r)-m.Macro().F1), 0.01)
	})
	return nil
}

func rocAUC(c *catalog.Check) error {
	s, y := f64([]int{4}, 0.1, 0.4, 0.35, 0.8), tensor.Of([]int64{0, 0, 1, 1})
	c.Equal("AUC, 3 of 4 pairs in order", metrics.ROCAUC(s, y), 0.75)
	c.Near("average precision, ½·1 + ½·2/3", metrics.AveragePrecision(s, y), 5.0/6, within)
	c.Equal("AUC of scores that are all the same", metrics.ROCAUC(tensor.Zeros(4), y), 0.5)
	c.Equal("AUC upside down", metrics.ROCAUC(s.Neg(), y), 0.25)
	c.Equal("AUC with one tie among two pairs", metrics.ROCAUC(f64([]int{3}, 2, 2, 1), tensor.Of([]int64{1, 0, 0})), 0.75)
	c.Equal("AUC of the logits is that of the probabilities", metrics.ROCAUC(s.Log(), y), metrics.ROCAUC(s, y))
	three := metrics.ROCAUCOneVsRest(five, tensor.Of([]int64{0, 1, 0, 2, 1})) // of class 1 one pair of six is tied
	c.Near("one against the rest, macro", three.Macro, (1+5.5/6+1)/3, within)
	c.Near("one against the rest, weighted", three.Weighted, (2+2*5.5/6+1)/5, within)
	undefined(c, "AUC of one class alone", metrics.ROCAUC(s, tensor.Of([]int64{1, 1, 1, 1})))
	refused(c, "a score that is NaN", tensor.ErrNaN, func() { metrics.ROCAUC(s.MulScalar(math.NaN()), y) })
	return c.Picture("roc", func(path string) error {
		var b metrics.BinaryScores
		b.Add(s, y)
		curve := b.ROCCurve()
		return plot.Lines(path, plot.Chart{Title: "ROC curve of 4 samples, area 0.75", XLabel: "false positive rate", YLabel: "true positive rate", Series: []plot.Series{
			{Name: "scores", X: curve.X, Y: curve.Y}, {Name: "chance", X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true}}})
	})
}

func calibration(c *catalog.Check) error {
	// In bins of width 0.2: 0.9, 0.9 with one right (gap 0.4), 0.75, 0.75 with both right of (0.6, 0.8] (gap 0.25), and 0.5 four times with
	// half right (no gap): (2·0.4 + 2·0.25 + 4·0)/8.
	p := f64([]int{8}, 0.9, 0.9, 0.75, 0.75, 0.5, 0.5, 0.5, 0.5)
	y := tensor.Of([]int64{1, 0, 1, 1, 1, 0, 1, 0})
	m := metrics.NewCalibration(5)
	m.Add(p, y)
	c.Near("ECE", m.ECE(), 1.3/8, within)
	c.Near("MCE", m.MCE(), 0.4, within)
	c.Near("log loss", metrics.LogLoss(p, y), -(math.Log(0.9)+math.Log(0.1)+2*math.Log(0.75)+4*math.Log(0.5))/8, within)
	c.Near("Brier score", metrics.Brier(p, y), (0.01+0.81+2*0.0625+4*0.25)/8, within)
	both := tensor.Stack(1, p.RSubScalar(1), p)
	c.Near("Brier score of both classes, twice that", metrics.Brier(both, y), 2*metrics.Brier(p, y), within)
	c.Equal("log loss of what was impossible", metrics.LogLoss(f64([]int{1}, 0), tensor.Of([]int64{1})), math.Inf(1))
	undefined(c, "ECE of nothing", metrics.NewCalibration(5).ECE())
	refused(c, "a logit for a probability", tensor.ErrValue, func() { metrics.ECE(p.MulScalar(9), y, 5) })
	return c.Picture("reliability", func(path string) error {
		var names []string
		var said, came []float64
		for _, b := range m.Bins() {
			if b.Count == 0 {
				continue
			}
			names = append(names, catalog.Figure(b.Low).String()+" to "+catalog.Figure(b.High).String())
			said, came = append(said, b.Confidence), append(came, b.Accuracy)
		}
		return plot.Bars(path, names, []plot.Group{{Name: "mean prediction", Values: said}, {Name: "came true", Values: came}},
			plot.BarsConfig{Title: "Reliability of 8 predictions", XLabel: "probability"})
	})
}

func regression(c *catalog.Check) error {
	x, y := f64([]int{4}, 2.5, 0, 2, 8), f64([]int{4}, 3, -0.5, 2, 7)
	c.Near("RMSE", metrics.RMSE(x, y), math.Sqrt(0.375), within)
	c.Near("MAE", metrics.MAE(x, y), 0.5, within)
	c.Near("R²", metrics.R2(x, y), 1-1.5/29.1875, within)
	c.Near("MAPE", metrics.MAPE(x, y), (0.5/3+1+1.0/7)/4, within)
	c.Near("R² of the mean", metrics.R2(tensor.FullLike(y, 2.875), y), 0, within)
	c.Equal("R² of perfect predictions", metrics.R2(y, y), 1)
	c.Near("R² far from zero", metrics.R2(x.AddScalar(1e8), y.AddScalar(1e8)), 1-1.5/29.1875, within)
	c.Equal("R² where all targets are equal", metrics.R2(x, tensor.OnesLike(x)), math.Inf(-1))
	c.Equal("MAPE where a target is zero", metrics.MAPE(x, tensor.ZerosLike(x)), math.Inf(1))
	undefined(c, "RMSE of NaN", metrics.RMSE(x.MulScalar(math.NaN()), y))
	refused(c, "shapes that broadcast", tensor.ErrShape, func() { metrics.RMSE(x, y.Reshape(4, 1)) })
	return nil
}

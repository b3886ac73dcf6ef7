package metrics_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/tensor"
)

// golden is what testdata/golden.py computes with scikit-learn, SciPy, NLTK and NumPy.
type golden struct {
	Binary []struct {
		P                           []float64
		Y                           []int64
		ROCAUC                      float64 `json:"roc_auc"`
		AP, Brier                   float64
		LogLoss                     float64 `json:"log_loss"`
		FPR, TPR, Precision, Recall []float64
	}
	Classes []struct {
		P                                    array
		Y                                    []int64
		ROCMacro                             float64 `json:"roc_macro"`
		ROCWeighted                          float64 `json:"roc_weighted"`
		LogLoss                              float64 `json:"log_loss"`
		Brier, ECE, MCE, Balanced, FWIoU, IS float64
		AP, IoU, Dice                        []float64
	}
	Pairs []struct {
		X, Y                                           []float64
		MSE, MAE, R2, MAPE, Pearson, Spearman, Kendall float64
	}
	BLEU struct {
		Hyps           [][]string
		Refs           [][][]string
		Corpus, Order2 float64
		Sentences      []struct{ None, Floor, Add, Exp float64 }
		Edits          []int
	}
	Images struct {
		A, B array
		SSIM []float64
		PSNR float64
	}
	Features []struct {
		X, Y           array
		FID, Poly, RBF float64
		Parzen         []float64
	}
	Ranking []struct {
		K             int
		Gains, Scores []float64
		NDCG          float64
	}
	Returns struct {
		X         []float64
		Low, High float64
	}
	Wilson []struct {
		K, N      int
		Low, High float64
	}
}

type array struct {
	Shape []int
	Data  []float64
}

func (a array) tensor() *tensor.Tensor { return tensor.OfShape(a.Data, tensor.ShapeOf(a.Shape...)) }

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	optest.ReadGolden(t, "testdata/golden.json", &g)
	return g
}

// equal fails unless got is want but for rounding.
func equal(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-10*(1+math.Abs(want))) && !(got != got && want != want) && got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func equalAll(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		equal(t, what, got[i], want[i])
	}
}

func TestGoldenBinary(t *testing.T) {
	for _, c := range readGolden(t).Binary {
		p, y := tensor.Of(c.P), tensor.Of(c.Y)
		equal(t, "ROC-AUC", metrics.ROCAUC(p, y), c.ROCAUC)
		equal(t, "average precision", metrics.AveragePrecision(p, y), c.AP)
		equal(t, "log loss", metrics.LogLoss(p, y), c.LogLoss)
		equal(t, "Brier score", metrics.Brier(p, y), c.Brier)
		half := len(c.P) / 2 // in batches, by two workers
		var b, other metrics.BinaryScores
		b.Add(tensor.Of(c.P[:half]), tensor.Of(c.Y[:half]))
		other.Add(tensor.Of(c.P[half:]), tensor.Of(c.Y[half:]))
		b.Merge(&other)
		equal(t, "merged ROC-AUC", b.ROCAUC(), c.ROCAUC)
		roc, pr := b.ROCCurve(), b.PrecisionRecallCurve()
		equalAll(t, "false positive rates", roc.X, c.FPR)
		equalAll(t, "true positive rates", roc.Y, c.TPR)
		// scikit-learn's curve may end before the last thresholds, once all positives are found.
		equalAll(t, "recalls", pr.X[:len(c.Recall)], c.Recall)
		equalAll(t, "precisions", pr.Y[:len(c.Precision)], c.Precision)
	}
}

func TestGoldenClasses(t *testing.T) {
	for _, c := range readGolden(t).Classes {
		p, y := c.P.tensor(), tensor.Of(c.Y)
		roc := metrics.ROCAUCOneVsRest(p, y)
		equal(t, "macro ROC-AUC", roc.Macro, c.ROCMacro)
		equal(t, "weighted ROC-AUC", roc.Weighted, c.ROCWeighted)
		equalAll(t, "average precision", metrics.AveragePrecisionOneVsRest(p, y).Classes, c.AP)
		equal(t, "log loss", metrics.LogLoss(p, y), c.LogLoss)
		equal(t, "Brier score", metrics.Brier(p, y), c.Brier)
		m := metrics.NewCalibration(10)
		m.Add(p, y)
		equal(t, "ECE", m.ECE(), c.ECE)
		equal(t, "MCE", m.MCE(), c.MCE)
		f := metrics.NewConfusion(p.Dim(1))
		f.AddClasses(p.ArgMax(1), y, -1)
		equalAll(t, "IoU", f.IoU(), c.IoU)
		equalAll(t, "Dice", f.Dice(), c.Dice)
		equal(t, "mean accuracy", f.MeanAccuracy(), c.Balanced)
		equal(t, "frequency-weighted IoU", f.FrequencyWeightedIoU(), c.FWIoU)
		is, std := metrics.InceptionScore(p, 1)
		equal(t, "Inception score", is, c.IS)
		equal(t, "its standard deviation", std, 0)
		var l metrics.Likelihood
		l.Add(p.Log().AddScalar(3), y) // scores are log-probabilities up to a constant
		equal(t, "nats", l.Nats(), c.LogLoss)
	}
}

func TestGoldenPairs(t *testing.T) {
	for _, c := range readGolden(t).Pairs {
		x, y := tensor.Of(c.X), tensor.Of(c.Y)
		equal(t, "MSE", metrics.MSE(x, y), c.MSE)
		equal(t, "RMSE", metrics.RMSE(x, y), math.Sqrt(c.MSE))
		equal(t, "MAE", metrics.MAE(x, y), c.MAE)
		equal(t, "R2", metrics.R2(x, y), c.R2)
		equal(t, "MAPE", metrics.MAPE(x, y), c.MAPE)
		var r, other metrics.Regression
		r.Merge(&other)
		r.Add(tensor.Of(c.X[:7]), tensor.Of(c.Y[:7]))
		other.Add(tensor.Of(c.X[7:]), tensor.Of(c.Y[7:]))
		r.Merge(&other)
		equal(t, "merged R2", r.R2(), c.R2)
		equal(t, "merged MAPE", r.MAPE(), c.MAPE)
		equal(t, "merged RMSE", r.RMSE(), math.Sqrt(c.MSE))
		equal(t, "merged MAE", r.MAE(), c.MAE)
		equal(t, "Pearson", metrics.Pearson(c.X, c.Y), c.Pearson)
		equal(t, "Spearman", metrics.Spearman(c.X, c.Y), c.Spearman)
		equal(t, "Kendall", metrics.Kendall(c.X, c.Y), c.Kendall)
	}
}

func TestGoldenSentences(t *testing.T) {
	c := readGolden(t).BLEU
	one, two := metrics.NewBLEU(metrics.BLEUConfig{}), metrics.NewBLEU(metrics.BLEUConfig{})
	pairs := metrics.NewBLEU(metrics.BLEUConfig{MaxOrder: 2})
	for i, h := range c.Hyps {
		[]*metrics.BLEU{one, two}[i%2].Add(h, c.Refs[i]...)
		pairs.Add(h, c.Refs[i]...)
		for s, want := range map[metrics.Smoothing]float64{metrics.SmoothNone: c.Sentences[i].None, metrics.SmoothFloor: c.Sentences[i].Floor,
			metrics.SmoothAddK: c.Sentences[i].Add, metrics.SmoothExp: c.Sentences[i].Exp} {
			got := metrics.SentenceBLEU(h, c.Refs[i], metrics.BLEUConfig{Smoothing: s})
			if want < 1e-70 { // NLTK's logarithm of zero
				want = 0
			}
			equal(t, "sentence BLEU", got, want)
		}
		if d := metrics.EditDistance(c.Refs[i][0], h).Distance(); d != c.Edits[i] {
			t.Errorf("%d edits, want %d", d, c.Edits[i])
		}
	}
	one.Merge(two)
	equal(t, "corpus BLEU", one.Score(), c.Corpus)
	equal(t, "corpus BLEU-2", pairs.Score(), c.Order2)
}

func TestGoldenImages(t *testing.T) {
	c := readGolden(t).Images
	a, b := c.A.tensor(), c.B.tensor()
	equal(t, "PSNR", metrics.PSNR(a, b, 255), c.PSNR)
	equalAll(t, "SSIM", metrics.SSIM(a.Unsqueeze(1), b.Unsqueeze(1), 255, metrics.SSIMConfig{}), c.SSIM)
	both := metrics.SSIM(a.Unsqueeze(0), b.Unsqueeze(0), 255, metrics.SSIMConfig{}) // as channels of one image
	equalAll(t, "SSIM of channels", both, []float64{(c.SSIM[0] + c.SSIM[1]) / 2})
	scaled := metrics.SSIM(a.Unsqueeze(1).DivScalar(255), b.Unsqueeze(1).DivScalar(255), 1, metrics.SSIMConfig{})
	equalAll(t, "SSIM of scaled images", scaled, c.SSIM)
}

func TestGoldenFeatures(t *testing.T) {
	for _, c := range readGolden(t).Features {
		x, y := c.X.tensor(), c.Y.tensor()
		fid, err := metrics.FID(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(fid-c.FID) < 1e-6) {
			t.Errorf("FID %v, want %v", fid, c.FID)
		}
		var a, b metrics.Moments
		a.Merge(&b)
		a.Add(x.Slice(0, 0, 2, 1))
		b.Add(x.Slice(0, 2, x.Dim(0), 1))
		a.Merge(&b)
		var g metrics.Moments
		g.Add(y)
		merged, err := metrics.FrechetDistance(&a, &g)
		if err != nil || !(math.Abs(merged-fid) < 1e-6) {
			t.Errorf("FID %v of batches, %v of all: %v", merged, fid, err)
		}
		d := float64(x.Dim(1))
		equal(t, "MMD, polynomial", metrics.MMD2(x, y, metrics.PolynomialKernel(3, 1/d, 1)), c.Poly)
		equal(t, "MMD, Gaussian", metrics.MMD2(x, y, metrics.RBFKernel(1.3, 0.4)), c.RBF)
		equalAll(t, "Parzen", metrics.Parzen(x, y, 0.6), c.Parzen)
	}
}

func TestGoldenRanking(t *testing.T) {
	for _, c := range readGolden(t).Ranking {
		gains := map[int]float64{}
		for i, g := range c.Gains {
			gains[i] = g
		}
		r := metrics.NewRanking(c.K)
		r.AddGraded(metrics.Ranked(tensor.Of(c.Scores)), gains)
		equal(t, "NDCG", r.NDCG(), c.NDCG)
	}
}

func TestGoldenIntervals(t *testing.T) {
	g := readGolden(t)
	m := metrics.MeanReturn(g.Returns.X, 0.9)
	equal(t, "low", m.Low, g.Returns.Low)
	equal(t, "high", m.High, g.Returns.High)
	for _, c := range g.Wilson {
		w := metrics.SuccessRate(c.K, c.N, 0.95)
		equal(t, "low", w.Low, c.Low)
		equal(t, "high", w.High, c.High)
	}
}

package metrics_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func TestRefuses(t *testing.T) {
	z := tensor.Zeros
	nan := math.NaN()
	half := scores([]float64{0.5, 0.5})
	box := metrics.Box{0, 0, 1, 1}
	line := func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(1) }
	for name, c := range map[string]struct {
		kind tensor.Kind
		want string
		f    func()
	}{
		"ROC: shapes":           {tensor.ErrShape, "(2,), (3,)", func() { metrics.ROCAUC(z(2), classes(0, 1, 1)) }},
		"ROC: rank":             {tensor.ErrShape, "both be (N,)", func() { metrics.ROCAUC(z(2, 1), classes(0, 1).Reshape(2, 1)) }},
		"ROC: class":            {tensor.ErrIndex, "class 2 at 1: must be 0 or 1", func() { metrics.ROCAUC(z(2), classes(0, 2)) }},
		"ROC: dtype":            {tensor.ErrDType, "must be int64, not float32", func() { metrics.AveragePrecision(z(2), z(2)) }},
		"ROC: NaN":              {tensor.ErrNaN, "element 1 of the scores is NaN", func() { metrics.ROCAUC(tensor.Of([]float64{0, nan}), classes(0, 1)) }},
		"one against rest: NaN": {tensor.ErrNaN, "scores is NaN", func() { metrics.ROCAUCOneVsRest(scores([]float64{0, nan}), classes(0)) }},
		"log loss: scores":      {tensor.ErrValue, "3 at 1 is no probability; scores become probabilities by Softmax", func() { metrics.LogLoss(scores([]float64{0, 3}), classes(0)) }},
		"log loss: NaN":         {tensor.ErrValue, "NaN at 0 is no probability", func() { metrics.LogLoss(tensor.Of([]float64{nan}), classes(0)) }},
		"log loss: sum":         {tensor.ErrValue, "row 0 sum to 0.8", func() { metrics.LogLoss(scores([]float64{0.4, 0.4}), classes(0)) }},
		"log loss: class":       {tensor.ErrIndex, "target 2", func() { metrics.LogLoss(half, classes(2)) }},
		"log loss: binary":      {tensor.ErrIndex, "must be 0 or 1", func() { metrics.LogLoss(z(1), classes(2)) }},
		"log loss: rank":        {tensor.ErrShape, "probabilities must be", func() { metrics.Brier(z(1, 2, 3), classes(0)) }},
		"bins":                  {tensor.ErrValue, "0 bins", func() { metrics.NewCalibration(0) }},
		"bins: merge":           {tensor.ErrShape, "2 and 3", func() { metrics.NewCalibration(2).Merge(metrics.NewCalibration(3)) }},
		"regression":            {tensor.ErrShape, "rmse (2,), (2, 1)", func() { metrics.RMSE(z(2), z(2, 1)) }},
		"correlation":           {tensor.ErrShape, "1 and 2 values", func() { metrics.Pearson(make([]float64, 1), make([]float64, 2)) }},
		"Spearman: NaN":         {tensor.ErrNaN, "no place in their order", func() { metrics.Spearman([]float64{nan}, []float64{1}) }},
		"Kendall: NaN":          {tensor.ErrNaN, "no place in their order", func() { metrics.Kendall([]float64{1}, []float64{nan}) }},
		"likelihood: rank":      {tensor.ErrShape, "Flatten batch and time", func() { new(metrics.Likelihood).Add(z(2, 3, 4), classes(0, 0)) }},
		"likelihood: class":     {tensor.ErrIndex, "class 4 at 1 is not in [0, 4)", func() { new(metrics.Likelihood).Add(z(2, 4), classes(0, 4)) }},
		"likelihood: count":     {tensor.ErrValue, "negative", func() { new(metrics.Likelihood).AddNats(1, -1) }},
		"bits per dim":          {tensor.ErrValue, "0 dimensions", func() { metrics.BitsPerDim(1, 0, 256) }},
		"BLEU: order":           {tensor.ErrValue, "order -1", func() { metrics.NewBLEU(metrics.BLEUConfig{MaxOrder: -1}) }},
		"BLEU: references":      {tensor.ErrValue, "at least one reference", func() { metrics.NewBLEU(metrics.BLEUConfig{}).Add([]string{"a"}) }},
		"BLEU: merge": {tensor.ErrValue, "different options", func() {
			metrics.NewBLEU(metrics.BLEUConfig{}).Merge(metrics.NewBLEU(metrics.BLEUConfig{MaxOrder: 2}))
		}},
		"WER":                 {tensor.ErrShape, "1 and 0 values", func() { metrics.WER([]string{"a"}, nil) }},
		"analogies: index":    {tensor.ErrIndex, "question 0 names vector 2 of 2", func() { metrics.AnalogyAccuracy(z(2, 2), [][4]int{{0, 1, 2, 0}}, metrics.AnalogyConfig{}) }},
		"analogies: rank":     {tensor.ErrShape, "must be (N, D)", func() { metrics.Analogies(z(2), nil, metrics.AnalogyConfig{}) }},
		"segmentation: shape": {tensor.ErrShape, "one shape", func() { metrics.NewConfusion(2).AddClasses(classes(0), classes(0, 1), 255) }},
		"segmentation: class": {tensor.ErrIndex, "class 255 predicted as 0 at element 0", func() { metrics.NewConfusion(2).AddClasses(classes(0), classes(255), -1) }},
		"segmentation: merge": {tensor.ErrShape, "2 and 3", func() { metrics.NewConfusion(2).Merge(metrics.NewConfusion(3)) }},
		"detection: IoU":      {tensor.ErrValue, "IoU of 50", func() { metrics.NewDetectionAP(1, metrics.DetectionConfig{IoU: []float64{50}}) }},
		"detection: classes":  {tensor.ErrValue, "0 classes", func() { metrics.NewDetectionAP(0, metrics.DetectionConfig{}) }},
		"detection: class": {tensor.ErrIndex, "object 0 is of class 1", func() {
			metrics.NewDetectionAP(1, metrics.DetectionConfig{}).Add(nil, []metrics.Object{{Box: box, Class: 1}})
		}},
		"detection: NaN": {tensor.ErrNaN, "detection is NaN", func() {
			metrics.NewDetectionAP(1, metrics.DetectionConfig{}).Add([]metrics.Detection{{Box: box, Score: nan}}, nil)
		}},
		"PCK: shape":     {tensor.ErrShape, "(N, K, 2)", func() { metrics.NewPCK(1).Add(z(1, 2, 3), z(1, 2, 3), nil, z(1)) }},
		"PCK: alpha":     {tensor.ErrValue, "must be positive", func() { metrics.NewPCK(0) }},
		"PSNR":           {tensor.ErrValue, "the peak is 0", func() { metrics.PSNR(z(1), z(1), 0) }},
		"SSIM: small":    {tensor.ErrShape, "smaller than the window of 11", func() { metrics.SSIM(z(1, 1, 8, 20), z(1, 1, 8, 20), 1, metrics.SSIMConfig{}) }},
		"SSIM: rank":     {tensor.ErrShape, "Unsqueeze(0)", func() { metrics.SSIM(z(20, 20), z(20, 20), 1, metrics.SSIMConfig{}) }},
		"SSIM: window":   {tensor.ErrValue, "odd", func() { metrics.SSIM(z(1, 1, 9, 9), z(1, 1, 9, 9), 1, metrics.SSIMConfig{Window: 4}) }},
		"pointing: NaN":  {tensor.ErrNaN, "saliency is NaN", func() { new(metrics.PointingGame).Add(z(1, 1).AddScalar(nan), z(1, 1)) }},
		"pointing: rank": {tensor.ErrShape, "(H, W)", func() { new(metrics.PointingGame).Add(z(4), z(4)) }},
		"deletion: shape": {tensor.ErrShape, "the image must be (C, H, W)", func() {
			metrics.Deletion(line, z(1, 2, 2), z(2, 3), metrics.PerturbationConfig{})
		}},
		"deletion: model": {tensor.ErrShape, "one score for each of 5 images", func() {
			metrics.Deletion(line, z(1, 2, 2), z(2, 2), metrics.PerturbationConfig{})
		}},
		"insertion: baseline": {tensor.ErrShape, "baseline", func() {
			metrics.Insertion(line, z(1, 2, 2), z(2, 2), metrics.PerturbationConfig{Baseline: z(1)})
		}},
		"Inception score": {tensor.ErrValue, "2 splits of 1 samples", func() { metrics.InceptionScore(half, 2) }},
		"moments":         {tensor.ErrShape, "one length", func() { var m metrics.Moments; m.Add(z(1, 2)); m.Add(z(1, 3)) }},
		"MMD":             {tensor.ErrShape, "as many columns", func() { metrics.MMD2(z(2, 2), z(2, 3), metrics.RBFKernel(1)) }},
		"kernel":          {tensor.ErrValue, "the degree is 0", func() { metrics.PolynomialKernel(0, 1, 1) }},
		"KID":             {tensor.ErrShape, "as many columns", func() { metrics.KID(random.New(1), z(2, 2), z(2, 3), metrics.KIDConfig{}) }},
		"modes":           {tensor.ErrShape, "as many columns", func() { metrics.ModeCoverage(z(2, 2), z(2, 3), 1) }},
		"Parzen: samples": {tensor.ErrShape, "there must be a sample", func() { metrics.Parzen(z(0, 2), z(1, 2), 1) }},
		"Parzen: sigma":   {tensor.ErrValue, "sigma is 0", func() { metrics.Parzen(z(1, 2), z(1, 2), 0) }},
		"AIS":             {tensor.ErrShape, "(K, D)", func() { metrics.AIS(random.New(1), z(3), nil, nil, metrics.AISConfig{}) }},
		"disentanglement": {tensor.ErrIndex, "factor 2 is not in [0, 2)", func() { metrics.NewFactorVAEScore(half.Expand(2, 2), 2, 0).Add(z(2, 2), 2) }},
		"ranking: k":      {tensor.ErrValue, "k is 0", func() { metrics.NewRanking(0) }},
		"ranking: twice":  {tensor.ErrValue, "item 3 is ranked twice", func() { metrics.NewRanking(1).Add([]int{1, 3, 3}, []int{1}) }},
		"ranking: gain":   {tensor.ErrValue, "gain of item 1 is -1", func() { metrics.NewRanking(1).AddGraded(nil, map[int]float64{1: -1}) }},
		"ranking: merge":  {tensor.ErrValue, "1 and 2", func() { metrics.NewRanking(1).Merge(metrics.NewRanking(2)) }},
		"confidence":      {tensor.ErrValue, "the confidence is 95", func() { metrics.MeanReturn(nil, 95) }},
		"successes":       {tensor.ErrValue, "3 successes in 2 trials", func() { metrics.SuccessRate(3, 2, 0.9) }},
		"wins":            {tensor.ErrValue, "negative", func() { metrics.WinRate(-1, 3, 0, 0.9) }},
		"discount":        {tensor.ErrValue, "gamma is 2", func() { metrics.DiscountedReturn(nil, 2) }},
		"Elo: player":     {tensor.ErrIndex, "players 0 and 0 of 2", func() { metrics.NewElo(2, 32, 0).Add(0, 0, 1) }},
		"Elo: score":      {tensor.ErrValue, "a score of 2", func() { metrics.EloDifference(2) }},
		"Elo: K":          {tensor.ErrValue, "both must be positive", func() { metrics.NewElo(2, 0, 0) }},
	} {
		err := tensor.Catch(c.f)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v: %q", name, err, c.kind, c.want)
		}
	}
}

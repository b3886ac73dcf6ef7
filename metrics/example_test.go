package metrics_test

import (
	"fmt"
	"strings"

	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleAccuracy() {
	scores := tensor.Of([]float32{ // (N, C)
		0.1, 0.7, 0.2,
		0.5, 0.2, 0.3,
		0.4, 0.5, 0.1,
	}, 3, 3)
	y := tensor.Of([]int64{1, 2, 1})
	fmt.Printf("%.3f %.3f\n", metrics.Accuracy(scores, y), metrics.TopK(scores, y, 2))
	// Output: 0.667 1.000
}

func ExampleConfusion() {
	m := metrics.NewConfusion(2)
	// For each batch of a test set:
	m.Add(tensor.Of([]float32{0.9, 0.1, 0.8, 0.2, 0.3, 0.7}, 3, 2), tensor.Of([]int64{0, 1, 1}))
	m.Add(tensor.Of([]float32{0.6, 0.4}, 1, 2), tensor.Of([]int64{0}))
	fmt.Println(m.Counts)
	fmt.Printf("macro F1 %.3f\n", m.Macro().F1)
	fmt.Print(m.Report([]string{"no", "yes"}))
	// Output:
	// [[2 0] [1 1]]
	// macro F1 0.733
	//                     precision  recall      f1  support
	//                 no     0.6667  1.0000  0.8000        2
	//                yes     1.0000  0.5000  0.6667        2
	//      macro average     0.8333  0.7500  0.7333        4
	//   weighted average     0.8333  0.7500  0.7333        4
	// accuracy 0.7500 on 4 samples
}

func ExampleROCAUC() {
	scores := tensor.Of([]float32{0.1, 0.4, 0.35, 0.8}) // one pair of four is out of order
	y := tensor.Of([]int64{0, 0, 1, 1})
	fmt.Printf("%.2f %.2f\n", metrics.ROCAUC(scores, y), metrics.AveragePrecision(scores, y))
	// Output: 0.75 0.83
}

func ExampleCalibration() {
	m := metrics.NewCalibration(5)
	// For each batch of a test set, probabilities (N, C):
	m.Add(tensor.Of([]float32{0.9, 0.1, 0.1, 0.9, 0.3, 0.7}, 3, 2), tensor.Of([]int64{0, 0, 1}))
	for _, b := range m.Bins() {
		if b.Count > 0 {
			fmt.Printf("(%.1f, %.1f]: %d said %.1f, came true %.1f\n", b.Low, b.High, b.Count, b.Confidence, b.Accuracy)
		}
	}
	fmt.Printf("ECE %.3f\n", m.ECE())
	// Output:
	// (0.6, 0.8]: 1 said 0.7, came true 1.0
	// (0.8, 1.0]: 2 said 0.9, came true 0.5
	// ECE 0.367
}

func ExampleRegression() {
	var r metrics.Regression
	r.Add(tensor.Of([]float64{2.5, 0}), tensor.Of([]float64{3, -0.5}))
	r.Add(tensor.Of([]float64{2, 8}), tensor.Of([]float64{2, 7}))
	fmt.Printf("RMSE %.3f, R² %.3f\n", r.RMSE(), r.R2())
	// Output: RMSE 0.612, R² 0.949
}

func ExampleBLEU() {
	b := metrics.NewBLEU(metrics.BLEUConfig{})
	b.Add(strings.Fields("the cat sat on the mat"), strings.Fields("the cat sat on a mat"), strings.Fields("there sat a cat on the mat"))
	fmt.Printf("%.1f\n", 100*b.Score())
	// Output: 67.6
}

func ExampleEditDistance() {
	e := metrics.WordEdits("turn the light on in the hall", "turn light on in a hall")
	fmt.Printf("%d substituted, %d deleted, %d inserted: WER %.3f\n", e.Substitutions, e.Deletions, e.Insertions, e.Rate())
	// Output: 1 substituted, 1 deleted, 0 inserted: WER 0.286
}

func ExampleDetectionAP() {
	m := metrics.NewDetectionAP(1, metrics.DetectionConfig{Protocol: metrics.COCO})
	// For each image:
	m.Add(
		[]metrics.Detection{{Box: metrics.Box{0, 0, 10, 8}, Score: 0.9}, {Box: metrics.Box{50, 50, 60, 60}, Score: 0.3}},
		[]metrics.Object{{Box: metrics.Box{0, 0, 10, 10}}},
	)
	fmt.Printf("AP %.2f, AP50 %.2f, AP75 %.2f\n", m.MeanAP(), m.MeanAPAt(0), m.MeanAPAt(5))
	// Output: AP 0.70, AP50 1.00, AP75 1.00
}

func ExampleFID() {
	g := random.New(1)
	real := tensor.Randn(g, 500, 2)
	fid, err := metrics.FID(real, real.AddScalar(3)) // two dimensions, moved by 3 in each
	fmt.Printf("%.2f %v\n", fid, err)
	// Output: 18.00 <nil>
}

func ExampleRanking() {
	r := metrics.NewRanking(3)
	scores := tensor.Of([]float32{0.1, 0.9, 0.3, 0.8, 0.2})
	r.Add(metrics.Ranked(scores, 1), []int{2, 4}) // the user knows item 1, and likes 2 and 4: ranked are 3, 2, 4
	fmt.Printf("hit rate %.0f, MRR %.2f, recall %.0f, NDCG %.3f\n", r.HitRate(), r.MRR(), r.Recall(), r.NDCG())
	// Output: hit rate 1, MRR 0.50, recall 1, NDCG 0.693
}

func ExampleMeanReturn() {
	m := metrics.MeanReturn([]float64{195, 210, 188, 201, 199}, 0.95) // of five seeds
	fmt.Printf("%.1f [%.1f, %.1f]\n", m.Value, m.Low, m.High)
	// Output: 198.6 [188.6, 208.6]
}

func ExampleElo() {
	e := metrics.NewElo(2, 32, 1500)
	e.Add(0, 1, 1) // the first wins
	fmt.Println(e.Ratings)
	fmt.Printf("%.3f\n", metrics.EloExpected(e.Ratings[0], e.Ratings[1]))
	// Output:
	// [1516 1484]
	// 0.546
}

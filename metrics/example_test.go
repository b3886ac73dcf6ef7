package metrics_test

import (
	"fmt"

	"github.com/hadal-go/hadal/metrics"
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

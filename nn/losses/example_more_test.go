package losses_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleTripletMargin() {
	anchor := tensor.Of([]float32{0, 0, 0, 0}, 2, 2) // (N, D)
	positive := tensor.Of([]float32{3, 4, 1, 0}, 2, 2)
	negative := tensor.Of([]float32{0, 4, 0, 9}, 2, 2)
	// Distances 5 and 4: 5 − 4 + 1. Distances 1 and 9 are far enough apart.
	fmt.Printf("%.3f\n", losses.TripletMarginLoss{Reduction: losses.None}.Of(anchor, positive, negative).Floats())
	fmt.Printf("%.3f\n", losses.TripletMargin(anchor, positive, negative).Item())
	// Output:
	// [2.000 0.000]
	// 1.000
}

func ExampleInfoNCELoss() {
	views := tensor.Of([]float32{1, 0, 0, 2}, 2, 2)  // (N, D): one view of each of two images
	others := tensor.Of([]float32{3, 0, 0, 1}, 2, 2) // the other view
	loss := losses.InfoNCELoss{Cosine: true, Temperature: 0.5}
	fmt.Printf("%.4f\n", loss.Of(views, others).Item()) // ln(1 + exp(−1/0.5))
	fmt.Printf("%.4f\n", loss.Of(views, tensor.ZerosLike(others)).Item())
	// Output:
	// 0.1269
	// 0.6931
}

package losses_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/tensor"
)

func ExampleCrossEntropy() {
	logits := tensor.Of([]float32{2, 0, 0, 0, 3, 0}, 2, 3).RequireGrad() // (N, C)
	classes := tensor.Of([]int64{0, 2})
	loss := losses.CrossEntropy(logits, classes)
	loss.Backward()
	fmt.Printf("%.4f\n", loss.Item())
	fmt.Printf("%.3f\n", logits.Grad().Floats()) // (softmax − one-hot)/N
	// Output:
	// 1.6672
	// [-0.107 0.053 0.053 0.023 0.455 -0.477]
}

func ExampleCrossEntropyLoss() {
	logits := tensor.Of([]float32{2, 0, 0, 0, 3, 0}, 2, 3)
	loss := losses.CrossEntropyLoss{
		LabelSmoothing: 0.1,
		Weight:         tensor.Of([]float32{1, 1, 4}), // class 2 is rare
		Reduction:      losses.None,
	}
	fmt.Printf("%.4f\n", loss.Of(logits, tensor.Of([]int64{0, 2})).Floats())
	// Output: [0.5968 11.6607]
}

func ExampleBCEWithLogits() {
	logits, targets := tensor.Of([]float32{0, 100, -100}), tensor.Of([]float32{1, 1, 0})
	fmt.Printf("%.4f\n", losses.BCEWithLogits(logits, targets).Item()) // ln 2 and two zeros
	// Output: 0.2310
}

func ExampleHuberLoss() {
	x, y := tensor.Of([]float32{0.5, 3}), tensor.Of([]float32{0, 0})
	fmt.Println(losses.HuberLoss{Delta: 1, Reduction: losses.None}.Of(x, y).Floats())
	// Output: [0.125 2.5]
}

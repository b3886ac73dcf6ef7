package nn_test

import (
	"fmt"

	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// Sentences of 4, 2 and 5 words, padded to 5, become one vector each: the last states of both directions.
func ExampleLSTM_ForwardWith() {
	lstm := nn.NewLSTM(random.New(1), 16, 32, nn.LSTMConfig{Bidirectional: true, BatchFirst: true})
	words := tensor.Randn(random.New(2), 3, 5, 16)
	y, hn, _ := lstm.ForwardWith(words, nn.LSTMInput{Lengths: []int{4, 2, 5}})
	vectors := tensor.Concat(1, hn.Select(0, 0), hn.Select(0, 1))
	fmt.Println(y.Shape(), vectors.Shape())
	// Output: (3, 5, 64) (3, 64)
}

// A stream is processed one step at a time.
func ExampleGRUCell() {
	cell := nn.Eval(nn.NewGRUCell(random.New(1), 8, 4, nn.GRUCellConfig{}))
	var h *tensor.Tensor // nil: zeros
	for i := range 3 {
		h = cell.Forward(tensor.Full(float64(i), 8), h)
	}
	fmt.Println(h.Shape())
	// Output: (4,)
}

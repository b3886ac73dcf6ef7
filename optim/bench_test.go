package optim_test

import (
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// BenchmarkStep is one step of each optimizer on a parameter of 1e6 elements and on the six of a perceptron 4-64-64-2.
func BenchmarkStep(b *testing.B) {
	for _, size := range []struct {
		name   string
		shapes [][]int
	}{
		{"1e6", [][]int{{1000, 1000}}},
		{"4-64-64-2", [][]int{{64, 4}, {64}, {64, 64}, {64}, {2, 64}, {2}}},
	} {
		for _, name := range []string{"sgd", "sgd momentum", "adam", "adamw"} {
			b.Run(name+"/"+size.name, func(b *testing.B) {
				g := random.New(1)
				var params []*tensor.Param
				var grads []*tensor.Tensor
				for _, s := range size.shapes {
					params, grads = append(params, tensor.NewParam(tensor.Randn(g, s...))), append(grads, tensor.Randn(g, s...))
				}
				opt := makers[name](params)
				b.ReportAllocs()
				for b.Loop() {
					opt.StepWith(grads)
				}
			})
		}
	}
}

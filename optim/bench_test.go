package optim_test

import (
	"slices"
	"testing"

	"github.com/hadal-go/hadal/optim"
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
			b.Run(name+"/"+size.name, func(b *testing.B) { benchmark(b, name, size.shapes...) })
		}
	}
}

// traffic is the number of float32 that a step reads and writes for each parameter: the parameter, each slot twice, the gradient.
var traffic = map[string]int{
	"sgd": 3, "sgd momentum": 5, "adam": 7, "adam amsgrad": 9, "adamw": 7, "adagrad": 5, "rmsprop": 5, "rmsprop centered momentum": 9, "adadelta": 7,
	"adamax": 7, "nadam": 7, "radam": 7, "rprop": 7, "adabound": 7, "amsbound": 9, "swats": 7, "swats early": 5, "lookahead adam": 7,
}

// BenchmarkStepLarge is one step of each optimizer on 1e7 float32; MB/s are of what must pass through memory.
func BenchmarkStepLarge(b *testing.B) {
	names := []string{}
	for name := range traffic {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(4e7 * traffic[name]))
			benchmark(b, name, []int{10_000_000})
		})
	}
}

func benchmark(b *testing.B, name string, shapes ...[]int) {
	g := random.New(1)
	var params []*tensor.Param
	var grads []*tensor.Tensor
	for _, s := range shapes {
		params, grads = append(params, tensor.NewParam(tensor.Randn(g, s...))), append(grads, tensor.Randn(g, s...))
	}
	opt := makers[name](params)
	for range 3 { // RAdam's first steps are others
		opt.StepWith(grads)
	}
	if _, ok := opt.(*optim.RAdam); ok {
		for range 5 {
			opt.StepWith(grads)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		opt.StepWith(grads)
	}
}

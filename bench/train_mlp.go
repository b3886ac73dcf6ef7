package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// mlp returns a perceptron with the given widths and ReLU between its layers.
func mlp(g *random.Generator, widths ...int) nn.Sequential {
	var m nn.Sequential
	for i, in := range widths[:len(widths)-1] {
		if i > 0 {
			m = append(m, nn.ReLU{})
		}
		m = append(m, nn.NewLinear(g, in, widths[i+1], nn.LinearConfig{}))
	}
	return m
}

func trainMLP(name string, n int, widths ...int) Case {
	return Case{Name: name, New: func() func() {
		g := generator()
		m := mlp(g, widths...)
		x, y := randn(g, n, widths[0]), tensor.RandInt(g, 0, int64(widths[len(widths)-1]), n)
		return classify(m, x, y, adam(m))
	}}
}

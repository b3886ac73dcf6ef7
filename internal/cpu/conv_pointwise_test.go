//go:build linux || darwin

package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// pointwiseCases are shapes at and around the sizes of tiles and blocks.
var pointwiseCases = []Conv{
	convShape(1, 1, 1, 1, convAxis{size: 1, kernel: 1}),
	convShape(3, 5, 9, 1, convAxis{size: 6, kernel: 1}, convAxis{size: 7, kernel: 1}),
	convShape(2, 4, 6, 1, convAxis{size: 16, kernel: 1}, convAxis{size: 48, kernel: 1}),
	convShape(2, 400, 9, 1, convAxis{size: 4, kernel: 1}, convAxis{size: 8, kernel: 1}),
	convShape(2, 17, 151, 1, convAxis{size: 5, kernel: 1}, convAxis{size: 41, kernel: 1}),
	convShape(1, 8, 300, 1, convAxis{size: 1101, kernel: 1}),
	convShape(2, 7, 160, 1, convAxis{size: 9, kernel: 1, stride: 2}, convAxis{size: 8, kernel: 1, stride: 2}),
	convShape(3, 6, 10, 2, convAxis{size: 11, kernel: 1, stride: 2}, convAxis{size: 35, kernel: 1, stride: 2}),
	convShape(2, 12, 18, 3, convAxis{size: 10, kernel: 1, stride: 3}, convAxis{size: 50, kernel: 1, stride: 5}),
	convShape(2, 3, 5, 1, convAxis{size: 5, kernel: 1, stride: 2}, convAxis{size: 4, kernel: 1}, convAxis{size: 40, kernel: 1, stride: 2}),
	convShape(2, 3, 5, 1, convAxis{size: 5, kernel: 1, stride: 2}, convAxis{size: 21, kernel: 1}),
	convShape(1, 150, 9, 1, convAxis{size: 32, kernel: 1}, convAxis{size: 64, kernel: 1}), // rows collide in the cache
	convShape(2, 700, 9, 1, convAxis{size: 19, kernel: 1}, convAxis{size: 16, kernel: 1}),
}

// Portable Go, whose tiles are whole, has patches instead.
func TestPointwise(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		if inUse() == implGo {
			return
		}
		r := rand.New(rand.NewPCG(1, 2))
		for i, g := range pointwiseCases {
			checkPointwise[float32](t, r, fmt.Sprint(i, " float32: ", g), g, i%2 > 0)
			checkPointwise[float64](t, r, fmt.Sprint(i, " float64: ", g), g, i%2 > 0)
		}
	})
}

func checkPointwise[T Float](t *testing.T, r *rand.Rand, name string, g Conv, atEnd bool) {
	t.Helper()
	way := convWay[T]{pointwiseForward[T], pointwiseInputGrad[T], pointwiseWeightGrad[T]}
	way.check(t, r, name, g, atEnd, convErrors{2e-6, 2e-6, 2e-6})
}

func TestPointwiseIsUsedAndDeterministic(t *testing.T) {
	eachImpl(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, g := range []Conv{
			convShape(3, 60, 70, 1, convAxis{size: 20, kernel: 1}, convAxis{size: 33, kernel: 1}),
			convShape(9, 96, 110, 2, convAxis{size: 31, kernel: 1, stride: 2}, convAxis{size: 30, kernel: 1, stride: 2}),
		} {
			if uses := inUse() != implGo; g.usesPointwise(48) != uses {
				t.Errorf("%v: usesPointwise is %v, want %v", g, !uses, uses)
			}
			x, w, _ := convInputs(r, g)
			checkWorkers(t, fmt.Sprint(g), func() []float32 { return chosenWay.results(g, x, w, nil) })
		}
	})
}

package tensor_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// leastCost tries every order of pairs of terms with letters of these sizes: the multiply-adds of the cheapest.
func leastCost(terms []string, result string, size map[rune]int) float64 {
	if len(terms) == 1 {
		return 0
	}
	least := math.Inf(1)
	for i := range terms {
		for j := i + 1; j < len(terms); j++ {
			var rest []string
			for k, term := range terms {
				if k != i && k != j {
					rest = append(rest, term)
				}
			}
			cost, product, seen := 1.0, "", ""
			for _, c := range terms[i] + terms[j] {
				if strings.ContainsRune(seen, c) {
					continue
				}
				seen += string(c)
				cost *= float64(size[c])
				if strings.ContainsRune(result+strings.Join(rest, ""), c) {
					product += string(c)
				}
			}
			least = min(least, cost+leastCost(append(rest, product), result, size))
		}
	}
	return least
}

func TestEinsumPathIsOptimal(t *testing.T) {
	g := random.New(5)
	for range 60 {
		letters := "abcdef"[:2+g.Intn(5)]
		size, count := map[rune]int{}, map[rune]int{}
		for _, c := range letters {
			size[c] = 1 + g.Intn(7)
		}
		var terms []string
		var shapes []tensor.Shape
		for range 2 + g.Intn(4) {
			term, shape := "", []int{}
			for _, c := range letters {
				if g.Intn(2) == 0 {
					term, shape = term+string(c), append(shape, size[c])
					count[c]++
				}
			}
			terms, shapes = append(terms, term), append(shapes, tensor.ShapeOf(shape...))
		}
		result := ""
		for _, c := range letters {
			if count[c] > 0 && g.Intn(3) == 0 {
				result += string(c)
			}
		}
		summed := make([]string, len(terms)) // letters of one term alone are summed before
		for i, term := range terms {
			for _, c := range term {
				if count[c] > 1 || strings.ContainsRune(result, c) {
					summed[i] += string(c)
				}
			}
		}
		equation := strings.Join(terms, ",") + "->" + result
		pairs, cost := tensor.EinsumPath(equation, shapes...)
		if want := leastCost(summed, result, size); cost != want || len(pairs) != len(terms)-1 {
			t.Errorf("%s of %v: %v costs %v, the best order %v", equation, size, pairs, cost, want)
		}
	}
}

func TestEinsumPath(t *testing.T) {
	for _, c := range []struct {
		equation string
		shapes   [][]int
		pairs    [][2]int
		cost     float64
	}{
		{"ab->ba", [][]int{{2, 3}}, nil, 0},
		{"ab,bc->ac", [][]int{{2, 3}, {3, 4}}, [][2]int{{0, 1}}, 24},
		{"a,a,a,a->a", [][]int{{2}, {2}, {2}, {2}}, [][2]int{{0, 1}, {4, 2}, {5, 3}}, 6}, // all equal: left to right
		// (AB)C against A(BC), Cormen et al., Introduction to Algorithms, 15.2: 10·100·5 + 10·5·50.
		{"ab,bc,cd->ad", [][]int{{10, 100}, {100, 5}, {5, 50}}, [][2]int{{0, 1}, {3, 2}}, 7500},
		// Its six matrices of 30x35, 35x15, 15x5, 5x10, 10x20, 20x25: (A1 (A2 A3)) ((A4 A5) A6), 15125.
		{"ab,bc,cd,de,ef,fg->ag", [][]int{{30, 35}, {35, 15}, {15, 5}, {5, 10}, {10, 20}, {20, 25}},
			[][2]int{{1, 2}, {0, 6}, {3, 4}, {8, 5}, {7, 9}}, 15125},
		{"ab,bc,c->a", [][]int{{10, 10}, {10, 10}, {10}}, [][2]int{{1, 2}, {0, 3}}, 200},
		{"ab,bcz,c->a", [][]int{{10, 10}, {10, 10, 7}, {10}}, [][2]int{{1, 2}, {0, 3}}, 200}, // z is summed first
		{"ab,bc,c->a", [][]int{{10, 1}, {10, 10}, {1}}, [][2]int{{1, 2}, {0, 3}}, 11},        // b and c broadcast: a tensor of letter a and two scalars
		{"iia,ab,b->i", [][]int{{3, 3, 2}, {2, 5}, {5}}, [][2]int{{1, 2}, {0, 3}}, 16},
		{"...a,ab,b...->...", [][]int{{4, 4, 2}, {2, 3}, {3, 4}}, [][2]int{{1, 2}, {0, 3}}, 56},
		{"ab,bc->ac", [][]int{{0, 3}, {3, 4}}, [][2]int{{0, 1}}, 0},
		// Greedy: the products grow by 63−72−56, 9−63−7, 1−3−3 and 1−2−2; disjoint factors come last.
		{"ab,bc,c,d,d,e,e->a", [][]int{{9, 8}, {8, 7}, {7}, {2}, {2}, {3}, {3}},
			[][2]int{{0, 1}, {7, 2}, {5, 6}, {3, 4}, {8, 10}, {11, 9}}, 590},
	} {
		var shapes []tensor.Shape
		for _, s := range c.shapes {
			shapes = append(shapes, tensor.ShapeOf(s...))
		}
		pairs, cost := tensor.EinsumPath(c.equation, shapes...)
		if !reflect.DeepEqual(pairs, c.pairs) || cost != c.cost {
			t.Errorf("%s: %v at %v, want %v at %v", c.equation, pairs, cost, c.pairs, c.cost)
		}
	}
	refuses(t, tensor.ErrValue, "2 terms", func() { tensor.EinsumPath("a,b", tensor.ShapeOf(1)) })
	refuses(t, tensor.ErrShape, "letter a has size 3", func() { tensor.EinsumPath("a,a", tensor.ShapeOf(2), tensor.ShapeOf(3)) })
}

func ExampleEinsumPath() {
	a, b, c := tensor.ShapeOf(1000, 2), tensor.ShapeOf(2, 1000), tensor.ShapeOf(1000, 3)
	pairs, cost := tensor.EinsumPath("ij,jk,kl->il", a, b, c)
	fmt.Println(pairs, cost) // A(BC), not (AB)C with 5,000,000
	// Output:
	// [[1 2] [0 3]] 12000
}

// BenchmarkEinsumChain has a product that is 250 times dearer from left to right.
func BenchmarkEinsumChain(b *testing.B) {
	g := random.New(1)
	x := []*tensor.Tensor{tensor.Randn(g, 1000, 4), tensor.Randn(g, 4, 1000), tensor.Randn(g, 1000, 4), tensor.Randn(g, 4, 1)}
	b.Run("path", func(b *testing.B) {
		for b.Loop() {
			tensor.Einsum("ab,bc,cd,de->ae", x...)
		}
	})
	b.Run("left-to-right", func(b *testing.B) {
		for b.Loop() {
			x[0].MatMul(x[1]).MatMul(x[2]).MatMul(x[3])
		}
	})
	b.Run("by-hand", func(b *testing.B) {
		for b.Loop() {
			x[0].MatMul(x[1].MatMul(x[2].MatMul(x[3])))
		}
	})
}

// BenchmarkEinsumSmall has the cost of everything but arithmetic.
func BenchmarkEinsumSmall(b *testing.B) {
	x, y := tensor.Ones(4, 4), tensor.Ones(4, 4)
	b.ReportAllocs()
	for b.Loop() {
		tensor.Einsum("ij,jk->ik", x, y)
	}
}

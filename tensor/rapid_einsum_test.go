package tensor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// TestRapidEinsum compares 1,000 equations with loops over all letters: repeated letters, an ellipsis of up to two dimensions,
// implicit and explicit results, and sizes of 1 that broadcast. The sums are exact.
func TestRapidEinsum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 10 { // of 100 checks each
			rapidEinsum(t)
		}
	})
}

func rapidEinsum(t *rapid.T) {
	const letters = "abxAZ" // and '1', '0' for the dimensions of the ellipsis
	size := map[rune]int{}
	for _, c := range letters + "10" {
		size[c] = rapid.IntRange(1, 3).Draw(t, "size of "+string(c))
	}
	if rapid.IntRange(0, 49).Draw(t, "empty") == 49 {
		size['a'] = 0
	}
	var terms, plain []string // as written, and with the dimensions of the ellipsis by name
	var in tensors
	var data []nd
	actual, count := map[rune]int{}, map[rune]int{}
	dots := ""
	for range rapid.IntRange(1, 4).Draw(t, "operands") {
		term := rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 0, 4, -1).Draw(t, "term")
		name := term
		if rapid.IntRange(0, 2).Draw(t, "ellipsis") == 2 {
			at, hidden := rapid.IntRange(0, len(term)).Draw(t, "place"), "10"[rapid.IntRange(0, 2).Draw(t, "hidden"):]
			if len(hidden) > len(dots) {
				dots = hidden
			}
			term, name = term[:at]+"..."+term[at:], term[:at]+hidden+term[at:]
		}
		one := rapid.SampledFrom([]string{"", "", "a", "b0", "1x", letters}).Draw(t, "broadcast")
		var shape []int
		for _, c := range name {
			n := size[c]
			if strings.ContainsRune(one, c) {
				n = 1
			}
			shape = append(shape, n)
			if old, ok := actual[c]; !ok || old == 1 {
				actual[c] = n
			}
			count[c]++
		}
		x, a := drawView(t, tensor.Float64, shape)
		terms, plain, in, data = append(terms, term), append(plain, name), append(in, x), append(data, a)
	}
	equation, result := strings.Join(terms, ","), dots
	used := slices.Sorted(func(yield func(rune) bool) {
		for c := range actual {
			if c != '0' && c != '1' && !yield(c) {
				return
			}
		}
	})
	if rapid.Bool().Draw(t, "implicit") {
		for _, c := range used {
			if count[c] == 1 {
				result += string(c)
			}
		}
	} else {
		chosen := ""
		if len(used) > 0 {
			for _, c := range rapid.Permutation(used).Draw(t, "result") {
				if rapid.Bool().Draw(t, "kept") {
					chosen += string(c)
				}
			}
		}
		equation, result = equation+"->"+chosen, chosen
		if rapid.Bool().Draw(t, "ellipsis of the result") {
			at := rapid.IntRange(0, len(chosen)).Draw(t, "place")
			equation = equation[:len(equation)-len(chosen)+at] + "..." + chosen[at:]
			result = chosen[:at] + dots + chosen[at:]
		}
	}
	sameND(t, equation, tensor.Einsum(equation, in...), loopEinsum(plain, result, actual, data), 0)
}

// loopEinsum sums the products over all values of all letters.
func loopEinsum(terms []string, result string, size map[rune]int, in []nd) nd {
	var summed []rune
	for c := range size {
		if !strings.ContainsRune(result, c) {
			summed = append(summed, c)
		}
	}
	shape := make([]int, 0, len(result))
	for _, c := range result {
		shape = append(shape, size[c])
	}
	at := map[rune]int{}
	var sum func(rest []rune) float64
	sum = func(rest []rune) (s float64) {
		if len(rest) > 0 {
			for i := range size[rest[0]] {
				at[rest[0]] = i
				s += sum(rest[1:])
			}
			return s
		}
		s = 1
		for k, term := range terms {
			i := make([]int, 0, len(term))
			for _, c := range term {
				i = append(i, at[c])
			}
			s *= in[k].at(i...)
		}
		return s
	}
	return ndMap(shape, func(i []int) float64 {
		for k, c := range result {
			at[c] = i[k]
		}
		return sum(summed)
	})
}

package tensor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

const rapidEps = 1e-3

// normalised is (x − mean)/√(var + eps), times weight, plus bias, where group tells which elements go together and channel which
// weight is an element's.
func normalised(x nd, group func(i []int) int, weight, bias func(i []int) float64) nd {
	members := map[int][]float64{}
	ndMap(x.shape, func(i []int) float64 {
		members[group(i)] = append(members[group(i)], x.at(i...))
		return 0
	})
	return ndMap(x.shape, func(i []int) float64 {
		v := members[group(i)]
		return (x.at(i...)-sumND(v)/float64(len(v)))/math.Sqrt(varND(0)(v)+rapidEps)*weight(i) + bias(i)
	})
}

func TestRapidNorms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDType(t)
		tol := 10 * tolerance(d) // 1/√(var + eps) is at most 32
		shape := drawShape(t, 2, 4, false)
		x, a := drawView(t, d, shape)

		from := rapid.IntRange(1, len(shape)-1).Draw(t, "first normalised axis")
		w, wa := drawView(t, d, shape[from:])
		b, ba := drawView(t, d, shape[from:])
		sample := func(i []int) (k int) {
			for j, n := range shape[:from] {
				k = k*n + i[j]
			}
			return k
		}
		want := normalised(a, sample, func(i []int) float64 { return wa.at(i...) }, func(i []int) float64 { return ba.at(i...) })
		sameND(t, "layer norm", tensor.LayerNorm(x, w, b, rapidEps), want, tol)

		channels := shape[1]
		w, wa = drawView(t, d, []int{channels})
		b, ba = drawView(t, d, []int{channels})
		weight, bias := func(i []int) float64 { return wa.at(i[1]) }, func(i []int) float64 { return ba.at(i[1]) }
		var divisors []int
		for g := 1; g <= channels; g++ {
			if channels%g == 0 {
				divisors = append(divisors, g)
			}
		}
		groups := rapid.SampledFrom(divisors).Draw(t, "groups")
		want = normalised(a, func(i []int) int { return i[0]*groups + i[1]/(channels/groups) }, weight, bias)
		sameND(t, "group norm", tensor.GroupNorm(x, groups, w, b, rapidEps), want, tol)
		one := func([]int) float64 { return 1 }
		zero := func([]int) float64 { return 0 }
		want = normalised(a, func(i []int) int { return i[0]*groups + i[1]/(channels/groups) }, one, zero)
		sameND(t, "group norm without weights", tensor.GroupNorm(x, groups, nil, nil, rapidEps), want, tol)

		want = normalised(a, func(i []int) int { return i[1] }, weight, bias)
		y, mean, variance := tensor.BatchNorm(x, w, b, rapidEps)
		sameND(t, "batch norm", y, want, tol)
		axes := slices.DeleteFunc([]int{0, 1, 2, 3}[:len(shape)], func(i int) bool { return i == 1 })
		sameND(t, "its mean", mean, foldND(a, axes, false, func(v []float64) float64 { return sumND(v) / float64(len(v)) }), tol)
		sameND(t, "its variance", variance, foldND(a, axes, false, varND(0)), tol)
	})
}

package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// indexOps are the ops by the names of testdata/golden_index.py, for inputs x, integers n and fractions a.
var indexOps = map[string]func(x tensors, n []int, a []float64) tensors{
	"scatter":     func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Scatter(n[0], x[1], x[2])} },
	"scatter_add": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].ScatterAdd(n[0], x[1], x[2])} },
	"scatter_reduce": func(x tensors, n []int, _ []float64) tensors {
		return tensors{x[0].ScatterReduce(n[0], x[1], x[2], tensor.ReduceMode(n[1]), n[2] == 1)}
	},
	"index_add":  func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].IndexAdd(n[0], x[1], x[2])} },
	"index_copy": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].IndexCopy(n[0], x[1], x[2])} },
	"index_fill": func(x tensors, n []int, a []float64) tensors { return tensors{x[0].IndexFill(n[0], x[1], a[0])} },
	"index_reduce": func(x tensors, n []int, _ []float64) tensors {
		return tensors{x[0].IndexReduce(n[0], x[1], x[2], tensor.ReduceMode(n[1]), n[2] == 1)}
	},
	"segment": func(x tensors, n []int, _ []float64) tensors {
		f := []func(x, ids *tensor.Tensor, n int) *tensor.Tensor{(*tensor.Tensor).SegmentSum, (*tensor.Tensor).SegmentMean,
			(*tensor.Tensor).SegmentMax, (*tensor.Tensor).SegmentMin, (*tensor.Tensor).SegmentSoftmax}[n[1]]
		return tensors{f(x[0], x[1], n[0])}
	},
	"index": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Index(goldenIndices(x[1:], n)...)} },
	"index_put": func(x tensors, n []int, _ []float64) tensors {
		return tensors{x[1].IndexPut(goldenIndices(x[2:], n[1:]), x[0], n[0] == 1)}
	},
	"unfold": func(x tensors, n []int, _ []float64) tensors { return tensors{tensor.Unfold(x[0], foldConfig(n))} },
	"fold": func(x tensors, n []int, _ []float64) tensors {
		return tensors{tensor.Fold(x[0], n[0], n[1], foldConfig(n[2:]))}
	},
	"unfold_dim": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].UnfoldDim(n[0], n[1], n[2])} },
	"cdist":      func(x tensors, _ []int, a []float64) tensors { return tensors{tensor.Cdist(x[0], x[1], a[0])} },
	"cross":      func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Cross(x[1], n[0])} },
	"trace":      func(x tensors, _ []int, _ []float64) tensors { return tensors{x[0].Trace()} },
	"dist":       func(x tensors, _ []int, a []float64) tensors { return tensors{x[0].Dist(x[1], a[0])} },
	"logaddexp":  func(x tensors, _ []int, _ []float64) tensors { return tensors{x[0].LogAddExp(x[1])} },
	"logaddexp2": func(x tensors, _ []int, _ []float64) tensors { return tensors{x[0].LogAddExp2(x[1])} },
	"hypot":      func(x tensors, _ []int, _ []float64) tensors { return tensors{x[0].Hypot(x[1])} },
	"nan_to_num": func(x tensors, _ []int, a []float64) tensors {
		if len(a) == 0 {
			return tensors{x[0].NanToNum()}
		}
		return tensors{x[0].NanToNumWith(a[0], a[1], a[2])}
	},
	"diff":    func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Diff(n[0], n[1])} },
	"rot90":   func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Rot90(n[0], n[1], n[2])} },
	"movedim": func(x tensors, n []int, _ []float64) tensors { return tensors{x[0].Movedim(n[0], n[1])} },
}

// goldenIndices are the indices of kinds 0 (a whole axis), 1 (positions) and 2 (a mask).
func goldenIndices(x tensors, kinds []int) (r tensors) {
	for _, k := range kinds {
		switch k {
		case 0:
			r = append(r, nil)
			continue
		case 2:
			r = append(r, x[0].To(tensor.Bool))
		default:
			r = append(r, x[0])
		}
		x = x[1:]
	}
	return r
}

// foldConfig takes kernel, dilation, padding and stride.
func foldConfig(n []int) tensor.FoldConfig {
	two := func(i int) [2]int { return [2]int{n[i], n[i+1]} }
	return tensor.FoldConfig{Kernel: two(0), Dilation: two(2), Padding: two(4), Stride: two(6)}
}

// TestGoldenIndex compares results and gradients with PyTorch's.
func TestGoldenIndex(t *testing.T) {
	var g shapeGolden
	optest.ReadGolden(t, "testdata/golden_index.json", &g)
	seen := map[string]bool{}
	for i, c := range g.Cases {
		seen[c.Op] = true
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) { c.checkOp(t, indexOps[c.Op]) })
	}
	for op := range indexOps {
		if !seen[op] {
			t.Errorf("no golden case for %s", op)
		}
	}
}

package tensor_test

import (
	"math"
	"slices"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// nd is a dense array in row-major order: what the naive references read and write.
type nd struct {
	shape []int
	data  []float64
}

// ndMap fills an array by its indices.
func ndMap(shape []int, f func(i []int) float64) nd {
	a := nd{slices.Clone(shape), []float64{}}
	n := 1
	for _, d := range shape {
		n *= d
	}
	i := make([]int, len(shape))
	for range n {
		a.data = append(a.data, f(i))
		for k := len(i) - 1; k >= 0; k-- {
			if i[k]++; i[k] < shape[k] {
				break
			}
			i[k] = 0
		}
	}
	return a
}

// at returns the element at i, aligned at the last dimension; dimensions of size 1 broadcast.
func (a nd) at(i ...int) float64 {
	k := 0
	for d, n := range a.shape {
		k *= n
		if n > 1 {
			k += i[len(i)-len(a.shape)+d]
		}
	}
	return a.data[k]
}

// drawShape draws minRank to maxRank sizes of at most some thousand elements, without any when empty is true, now and then.
func drawShape(t *rapid.T, minRank, maxRank int, empty bool) []int {
	shape := make([]int, rapid.IntRange(minRank, maxRank).Draw(t, "rank"))
	n := 1
	for i := range shape {
		shape[i] = rapid.SampledFrom([]int{1, 2, 3, 4, 5, 7, 9, 17, 33, 70}).Draw(t, "size")
		if empty && rapid.IntRange(0, 29).Draw(t, "empty") == 29 {
			shape[i] = 0
		}
		if n*shape[i] > 4000 {
			shape[i] = 2
		}
		n *= shape[i]
	}
	return shape
}

// drawPart draws a shape that broadcasts to shape.
func drawPart(t *rapid.T, shape []int) []int {
	part := slices.Clone(shape[rapid.IntRange(0, len(shape)).Draw(t, "dropped"):])
	for i := range part {
		if rapid.IntRange(0, 3).Draw(t, "one") == 3 {
			part[i] = 1
		}
	}
	return part
}

func drawDType(t *rapid.T) tensor.DType {
	return rapid.SampledFrom([]tensor.DType{tensor.Float64, tensor.Float32}).Draw(t, "dtype")
}

// drawView draws multiples of 1/64 in [-2, 2], which have exact sums and products, as a tensor of the shape that may be any view:
// permuted, sliced with an offset and steps, expanded.
func drawView(t *rapid.T, d tensor.DType, shape []int) (*tensor.Tensor, nd) {
	rank := len(shape)
	perm, size := make([]int, rank), slices.Clone(shape) // base dimension k is dimension perm[k] of the view
	start, step, tail := make([]int, rank), make([]int, rank), make([]int, rank)
	for i := range shape {
		perm[i], step[i] = i, 1
	}
	if rapid.IntRange(0, 3).Draw(t, "contiguous") != 0 {
		perm = rapid.Permutation(perm).Draw(t, "order")
		for i, n := range shape {
			switch rapid.IntRange(0, 3).Draw(t, "stride") {
			case 1:
				start[i], step[i] = rapid.IntRange(0, 2).Draw(t, "start"), rapid.IntRange(1, 3).Draw(t, "step")
				tail[i] = rapid.IntRange(0, 2).Draw(t, "tail")
				size[i] = start[i] + max(0, (n-1)*step[i]+1) + tail[i]
				if n == 0 {
					size[i] = start[i] + tail[i]
				}
			case 2:
				if n > 0 {
					size[i], step[i] = 1, 0
				}
			}
		}
	}
	g := random.New(uint64(rapid.Uint32().Draw(t, "seed")))
	dims, inverse, stride := make([]int, rank), make([]int, rank), make([]int, rank)
	for k, i := range perm {
		dims[k], inverse[i] = size[i], k
	}
	base := ndMap(dims, func([]int) float64 { return float64(g.Intn(257)-128) / 64 })
	x := tensor.OfShape(base.data, tensor.ShapeOf(dims...)).To(d).Permute(inverse...)
	n := 1
	for k := rank - 1; k >= 0; k-- {
		stride[perm[k]] = n
		n *= dims[k]
	}
	for i, n := range shape {
		if size[i] != n && step[i] > 0 {
			x = x.Slice(i, start[i], size[i]-tail[i], step[i])
		}
	}
	return x.Expand(shape...), ndMap(shape, func(at []int) float64 {
		k := 0
		for i := range at {
			k += stride[i] * (start[i] + step[i]*at[i])
		}
		return base.data[k]
	})
}

// sameND wants the shape and each element within tol·(1 + |want|); NaN and infinities are the same.
func sameND(t *rapid.T, what string, got *tensor.Tensor, want nd, tol float64) {
	t.Helper()
	if !slices.Equal(got.Shape().Dims(), want.shape) {
		t.Fatalf("%s: shape %v, want %v", what, got.Shape(), want.shape)
	}
	for i, v := range got.Detach().Floats() {
		w := want.data[i]
		if !(v == w || math.Abs(v-w) <= tol*(1+math.Abs(w)) || v != v && w != w) {
			t.Fatalf("%s: element %d of %v is %v, want %v", what, i, want.shape, v, w)
		}
	}
}

// tolerance allows for a few roundings.
func tolerance(d tensor.DType) float64 {
	if d == tensor.Float32 {
		return 4e-6
	}
	return 1e-12
}

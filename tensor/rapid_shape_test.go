package tensor_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"pgregory.net/rapid"
)

// TestRapidShapes applies chains of ops that move elements, to views of any strides, and compares each step with index
// arithmetic.
func TestRapidShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom([]tensor.DType{tensor.Float64, tensor.Float32, tensor.Int64}).Draw(t, "dtype")
		x, a := drawView(t, tensor.Float64, drawShape(t, 1, 4, true))
		if d == tensor.Int64 {
			x, a = x.MulScalar(64), ndMap(a.shape, func(i []int) float64 { return 64 * a.at(i...) })
		}
		x = x.To(d)
		chain := ""
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			name := ""
			x, a, name = moveStep(t, x, a)
			chain += name + " "
			sameND(t, chain, x, a, 0)
			if len(a.data) > 1<<14 {
				break
			}
		}
	})
}

// reindexed is the array of a shape whose element i is a's at from(i).
func reindexed(a nd, shape []int, from func(i []int) []int) nd {
	return ndMap(shape, func(i []int) float64 { return a.at(from(slices.Clone(i))...) })
}

// moveStep draws an op for x, whose elements are a's.
func moveStep(t *rapid.T, x *tensor.Tensor, a nd) (*tensor.Tensor, nd, string) {
	rank := len(a.shape)
	if rank == 0 { // which most ops refuse
		return x.Unsqueeze(0), nd{[]int{1}, a.data}, "unsqueeze"
	}
	axis := rapid.IntRange(0, rank-1).Draw(t, "axis")
	n := a.shape[axis]
	named := axis
	if rapid.Bool().Draw(t, "negative") {
		named -= rank
	}
	sized := func(n int) []int {
		s := slices.Clone(a.shape)
		s[axis] = n
		return s
	}
	cut := func(name string, y *tensor.Tensor, start, m, step int) (*tensor.Tensor, nd, string) {
		return y, reindexed(a, sized(m), func(i []int) []int {
			i[axis] = start + i[axis]*step
			return i
		}), name
	}
	ops := []string{"permute", "transpose", "slice", "narrow", "split", "chunk", "pad", "concat", "flip", "roll", "reshape", "flatten",
		"squeeze", "contiguous"}
	if rank < 5 {
		ops = append(ops, "stack", "unsqueeze", "expand")
	}
	if n > 0 {
		ops = append(ops, "select", "unbind")
	}
	switch op := rapid.SampledFrom(ops).Draw(t, "op"); op {
	case "permute":
		perm := make([]int, rank)
		for i := range perm {
			perm[i] = i
		}
		perm = rapid.Permutation(perm).Draw(t, "order")
		shape := make([]int, rank)
		for k, p := range perm {
			shape[k] = a.shape[p]
		}
		return x.Permute(perm...), reindexed(a, shape, func(i []int) []int {
			from := make([]int, rank)
			for k, p := range perm {
				from[p] = i[k]
			}
			return from
		}), op
	case "transpose":
		other := rapid.IntRange(0, rank-1).Draw(t, "other")
		shape := slices.Clone(a.shape)
		shape[axis], shape[other] = shape[other], shape[axis]
		return x.Transpose(named, other), reindexed(a, shape, func(i []int) []int {
			i[axis], i[other] = i[other], i[axis]
			return i
		}), op
	case "slice":
		start, end := rapid.IntRange(0, n).Draw(t, "start"), rapid.IntRange(0, n).Draw(t, "end")
		step := rapid.IntRange(1, 3).Draw(t, "step")
		m := 0
		for k := start; k < end; k += step {
			m++
		}
		return cut(op, x.Slice(named, start, end, step), start, m, step)
	case "narrow":
		start := rapid.IntRange(0, n).Draw(t, "start")
		m := rapid.IntRange(0, n-start).Draw(t, "length")
		return cut(op, x.Narrow(named, start, m), start, m, 1)
	case "split":
		first := rapid.IntRange(0, n).Draw(t, "first")
		second := rapid.IntRange(0, n-first).Draw(t, "second")
		parts := x.Split(named, first, second, n-first-second)
		return cut(op, parts[1], first, second, 1)
	case "chunk":
		k := rapid.IntRange(1, 4).Draw(t, "chunks")
		size := (n + k - 1) / k
		parts := x.Chunk(named, k)
		j := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
		return cut(op, parts[j], j*size, min(size, n-j*size), 1)
	case "select":
		k := rapid.IntRange(0, n-1).Draw(t, "index")
		y, b, _ := cut(op, x.Select(named, k), k, 1, 1)
		b.shape = slices.Delete(b.shape, axis, axis+1)
		return y, b, op
	case "unbind":
		parts := x.Unbind(named)
		k := rapid.IntRange(0, n-1).Draw(t, "index")
		y, b, _ := cut(op, parts[k], k, 1, 1)
		b.shape = slices.Delete(b.shape, axis, axis+1)
		return y, b, op
	case "flip":
		return cut(op, x.Flip(named), n-1, n, -1)
	case "roll":
		by := rapid.IntRange(-2*n-1, 2*n+1).Draw(t, "by")
		return x.Roll(named, by), reindexed(a, a.shape, func(i []int) []int {
			i[axis] = ((i[axis]-by)%n + n) % n
			return i
		}), op
	case "pad":
		return padStep(t, x, a, axis)
	case "concat":
		m := rapid.IntRange(0, n).Draw(t, "length")
		return tensor.Concat(named, x, x.Flip(axis), x.Narrow(axis, 0, m)), reindexed(a, sized(2*n+m), func(i []int) []int {
			switch k := i[axis]; {
			case k >= 2*n:
				i[axis] = k - 2*n
			case k >= n:
				i[axis] = 2*n - 1 - k
			}
			return i
		}), op
	case "stack":
		at := rapid.IntRange(0, rank).Draw(t, "new axis")
		return tensor.Stack(at, x, x.Flip(axis)), reindexed(a, slices.Insert(slices.Clone(a.shape), at, 2), func(i []int) []int {
			second := i[at] == 1
			i = slices.Delete(i, at, at+1)
			if second {
				i[axis] = n - 1 - i[axis]
			}
			return i
		}), op
	case "unsqueeze":
		at := rapid.IntRange(0, rank).Draw(t, "new axis")
		return x.Unsqueeze(at), nd{slices.Insert(slices.Clone(a.shape), at, 1), a.data}, op
	case "squeeze":
		return x.Squeeze(), nd{slices.DeleteFunc(slices.Clone(a.shape), func(n int) bool { return n == 1 }), a.data}, op
	case "expand":
		m := rapid.IntRange(1, 3).Draw(t, "copies")
		shape := append([]int{m}, a.shape...)
		for i, n := range a.shape {
			if n == 1 && rapid.Bool().Draw(t, "one") {
				shape[i+1] = m
			}
		}
		return x.Expand(shape...), ndMap(shape, func(i []int) float64 { return a.at(i...) }), op
	case "flatten":
		shape := append(slices.Clone(a.shape[:axis]), 1)
		for _, n := range a.shape[axis:] {
			shape[axis] *= n
		}
		return x.Flatten(named), nd{shape, a.data}, op
	case "reshape":
		var shape []int
		left := len(a.data)
		for left > 1 && len(shape) < 4 {
			var divisors []int
			for k := 1; k <= left; k++ {
				if left%k == 0 {
					divisors = append(divisors, k)
				}
			}
			shape = append(shape, rapid.SampledFrom(divisors).Draw(t, "size"))
			left /= shape[len(shape)-1]
		}
		shape = append(shape, left)
		dims := slices.Clone(shape)
		if len(a.data) > 0 && rapid.Bool().Draw(t, "unknown") {
			dims[rapid.IntRange(0, len(dims)-1).Draw(t, "which")] = -1
		}
		return x.Reshape(dims...), nd{shape, a.data}, fmt.Sprint(op, dims)
	default:
		return x.Contiguous(), a, op
	}
}

// padStep pads one axis.
func padStep(t *rapid.T, x *tensor.Tensor, a nd, axis int) (*tensor.Tensor, nd, string) {
	n := a.shape[axis]
	modes, most := []tensor.PadMode{tensor.PadConstant}, 3
	if n > 0 {
		modes = append(modes, tensor.PadReplicate, tensor.PadReflect, tensor.PadCircular)
	}
	mode := rapid.SampledFrom(modes).Draw(t, "mode")
	switch mode {
	case tensor.PadReflect:
		most = min(most, n-1)
	case tensor.PadCircular:
		most = min(most, n)
	}
	lo, hi := rapid.IntRange(-n/2, most).Draw(t, "before"), rapid.IntRange(0, most).Draw(t, "after")
	if mode != tensor.PadConstant {
		lo = max(lo, 0)
	}
	pairs := make([]int, 2*(len(a.shape)-axis))
	pairs[len(pairs)-2], pairs[len(pairs)-1] = lo, hi
	shape := slices.Clone(a.shape)
	shape[axis] += lo + hi
	want := ndMap(shape, func(i []int) float64 {
		i = slices.Clone(i)
		k := i[axis] - lo
		switch {
		case k >= 0 && k < n:
		case mode == tensor.PadConstant:
			return -3
		case mode == tensor.PadReplicate:
			k = min(max(k, 0), n-1)
		case mode == tensor.PadCircular:
			k = (k + n) % n
		case k < 0:
			k = -k
		default:
			k = 2*(n-1) - k
		}
		i[axis] = k
		return a.at(i...)
	})
	return x.Pad(mode, -3, pairs...), want, "pad " + mode.String()
}

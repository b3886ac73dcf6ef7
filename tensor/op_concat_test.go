package tensor_test

import (
	"fmt"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// joined is the reference of Concat: position p along the axis belongs to the first input that the ones before leave room for.
func joined(axis int, shape ...int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		return []optest.Array{optest.Build(shape, func(at []int) float64 {
			from := append([]int{}, at...)
			for _, a := range in {
				if from[axis] < a.Shape[axis] {
					return a.At(from...)
				}
				from[axis] -= a.Shape[axis]
			}
			panic("the inputs do not fill the result")
		})}
	}
}

func TestConcat(t *testing.T) {
	concat := func(name string, axis int, want func([]optest.Array) []optest.Array, shapes ...[]int) optest.Case {
		return optest.Case{Op: "tensor.concatOp", Name: name, In: of(shapes...), Ints: true, Want: want,
			F: func(in tensors) tensors { return tensors{tensor.Concat(axis, in...)} }}
	}
	stack := func(name string, axis int, from func(at []int) (which int, rest []int), shape []int, n int, each ...int) optest.Case {
		in := make([][]int, n)
		for i := range in {
			in[i] = each
		}
		return optest.Case{Op: "tensor.concatOp", Name: name, In: of(in...), Ints: true,
			F: func(in tensors) tensors { return tensors{tensor.Stack(axis, in...)} },
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(shape, func(at []int) float64 {
					which, rest := from(at)
					return in[which].At(rest...)
				})}
			}}
	}
	deep := []int{1, 2, 1, 1, 2, 1, 3, 1}
	optest.Run(t, []optest.Case{
		concat("vectors", 0, joined(0, 5), []int{2}, []int{3}),
		concat("rows", 0, joined(0, 3, 3), []int{2, 3}, []int{1, 3}),
		concat("columns", 1, joined(1, 2, 7), []int{2, 3}, []int{2, 4}),
		concat("negative axis", -1, joined(2, 2, 1, 3), []int{2, 1, 1}, []int{2, 1, 2}),
		concat("the middle", 1, joined(1, 2, 4, 2), []int{2, 1, 2}, []int{2, 3, 2}),
		concat("of one element each", 0, joined(0, 6), []int{1}, []int{1}, []int{1}, []int{1}, []int{1}, []int{1}), // more than a call's inline inputs
		concat("some empty", 1, joined(1, 2, 3), []int{2, 0}, []int{2, 3}, []int{2, 0}),
		concat("all empty", 0, sameOrderEmpty(0, 3), []int{0, 3}, []int{0, 3}),
		concat("no elements", 0, sameOrderEmpty(5, 0), []int{2, 0}, []int{3, 0}),
		concat("eight dimensions", 4, joined(4, 1, 2, 1, 1, 4, 1, 3, 1), deep, deep),
		concat("tiles", 1, joined(1, 3, 1300), []int{3, 701}, []int{3, 599}),
		stack("stack in front", 0, func(at []int) (int, []int) { return at[0], at[1:] }, []int{3, 2, 2}, 3, 2, 2),
		stack("stack behind", -1, func(at []int) (int, []int) { return at[2], at[:2] }, []int{2, 3, 2}, 2, 2, 3),
		stack("stack between", 1, func(at []int) (int, []int) { return at[1], []int{at[0], at[2]} }, []int{2, 3, 2}, 3, 2, 2),
		stack("stack scalars", 0, func(at []int) (int, []int) { return at[0], nil }, []int{4}, 4),
		stack("stack of nothing", 1, nil, []int{0, 2}, 2, 0),
	})

	x := tensor.Of([]float32{1, 2})
	if tensor.Concat(0, x) != x {
		t.Error("Concat of one tensor makes another")
	}
	if y := tensor.Stack(0, x); y.Shape() != tensor.ShapeOf(1, 2) {
		t.Errorf("Stack of one tensor has shape %v", y.Shape())
	}
	wide := tensor.Concat(0, tensor.Of([]uint8{200}), tensor.Of([]int64{-1}), tensor.Of([]float32{0.5}))
	if wide.DType() != tensor.Float32 {
		t.Errorf("uint8, int64 and float32 join as %v", wide.DType())
	}
	wantFloats(t, "their values", wide, 200, -1, 0.5)
	for d := tensor.Float32; d <= tensor.Bool; d++ {
		y := tensor.Concat(0, tensor.With(d).Ones(1), tensor.With(d).Zeros(2))
		if y.DType() != d {
			t.Errorf("%v joins as %v", d, y.DType())
		}
		wantFloats(t, d.String(), y, 1, 0, 0)
	}
}

func TestSplit(t *testing.T) {
	// cut is the reference: consecutive pieces along the axis, without it if drop is set.
	cut := func(axis int, drop bool, sizes ...int) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) (out []optest.Array) {
			start := 0
			for _, n := range sizes {
				shape := append([]int{}, in[0].Shape...)
				shape[axis] = n
				piece := optest.Build(shape, func(at []int) float64 {
					from := append([]int{}, at...)
					from[axis] += start
					return in[0].At(from...)
				})
				if drop {
					piece.Shape = append(append([]int{}, shape[:axis]...), shape[axis+1:]...)
				}
				start, out = start+n, append(out, piece)
			}
			return out
		}
	}
	use := func(name string, shape []int, f func(x *tensor.Tensor) []*tensor.Tensor, want func([]optest.Array) []optest.Array) optest.Case {
		return optest.Case{Op: "tensor.splitOp", Name: name, In: of(shape), Ints: true, F: func(in tensors) tensors { return f(in[0]) }, Want: want}
	}
	type T = *tensor.Tensor
	cases := []optest.Case{
		use("rows", []int{5, 2}, func(x T) []T { return x.Split(0, 2, 3) }, cut(0, false, 2, 3)),
		use("columns", []int{2, 6}, func(x T) []T { return x.Split(-1, 1, 3, 2) }, cut(1, false, 1, 3, 2)),
		use("empty pieces", []int{3, 2}, func(x T) []T { return x.Split(0, 0, 3, 0) }, cut(0, false, 0, 3, 0)),
		use("of nothing", []int{0, 2}, func(x T) []T { return x.Split(0, 0, 0) }, cut(0, false, 0, 0)),
		use("whole", []int{3}, func(x T) []T { return x.Split(0, 3) }, cut(0, false, 3)),
		use("chunk evenly", []int{6, 2}, func(x T) []T { return x.Chunk(0, 3) }, cut(0, false, 2, 2, 2)),
		use("chunk with a smaller last", []int{2, 7}, func(x T) []T { return x.Chunk(1, 4) }, cut(1, false, 2, 2, 2, 1)),
		use("chunk with fewer", []int{5}, func(x T) []T { return x.Chunk(0, 4) }, cut(0, false, 2, 2, 1)),
		use("chunk with more than there are", []int{2}, func(x T) []T { return x.Chunk(0, 5) }, cut(0, false, 1, 1)),
		use("chunk of nothing", []int{0, 2}, func(x T) []T { return x.Chunk(0, 3) }, cut(0, false, 0, 0, 0)),
		use("unbind rows", []int{3, 2}, func(x T) []T { return x.Unbind(0) }, cut(0, true, 1, 1, 1)),
		use("unbind the middle", []int{2, 3, 2}, func(x T) []T { return x.Unbind(-2) }, cut(1, true, 1, 1, 1)),
		use("unbind a vector", []int{4}, func(x T) []T { return x.Unbind(0) }, cut(0, true, 1, 1, 1, 1)),
		use("one of several in use", []int{4, 2}, func(x T) []T { return x.Split(0, 1, 2, 1)[1:2] }, func(in []optest.Array) []optest.Array {
			return cut(0, false, 1, 2, 1)(in)[1:2]
		}),
		use("eight dimensions", []int{1, 1, 2, 1, 3, 1, 1, 2}, func(x T) []T { return x.Split(4, 1, 2) }, cut(4, false, 1, 2)),
	}
	optest.Run(t, cases)

	x := tensor.Arange(0, 6, 1).Reshape(3, 2)
	if n := len(tensor.Zeros(0, 2).Unbind(0)); n != 0 {
		t.Errorf("unbinding nothing gives %d tensors", n)
	}
	// Views: the data is there once.
	before := inUse()
	parts := tensor.Zeros(1<<10, 1<<8).Chunk(1, 4)
	if more := inUse() - before; more > 3<<19 { // 1 MiB and the allocator's rounding
		t.Errorf("a tensor of 1 MiB and its four chunks take %d bytes", more)
	}
	if fmt.Sprint(parts[1].Strides()) != "[256 1]" {
		t.Errorf("a chunk of columns has strides %v", parts[1].Strides())
	}
	wantFloats(t, "unbound column", x.Unbind(1)[1], 1, 3, 5)
}

func TestConcatRefuses(t *testing.T) {
	x := tensor.Ones(2, 3)
	rejects(t, tensor.ErrShape, "concat", "nothing to join", func() { tensor.Concat(0) })
	rejects(t, tensor.ErrShape, "concat", "all sizes but that of axis 0 must be equal", func() { tensor.Concat(0, x, tensor.Ones(2, 2)) })
	rejects(t, tensor.ErrShape, "concat", "must be equal", func() { tensor.Concat(0, x, tensor.Ones(3)) })
	rejects(t, tensor.ErrAxis, "concat", "axis 2 is out of range", func() { tensor.Concat(2, x, x) })
	rejects(t, tensor.ErrAxis, "concat", "axis 2 is out of range", func() { tensor.Concat(2, x) })
	rejects(t, tensor.ErrAxis, "concat", "axis 0 is out of range for 0 dimensions", func() { tensor.Concat(0, tensor.Scalar(1.0), tensor.Scalar(2.0)) })
	rejects(t, tensor.ErrShape, "stack", "nothing to join", func() { tensor.Stack(0) })
	rejects(t, tensor.ErrShape, "stack", "tensor 1 differs from the first", func() { tensor.Stack(0, x, tensor.Ones(3, 2)) })
	rejects(t, tensor.ErrAxis, "stack", "new axis 3 is out of range for 3 dimensions", func() { tensor.Stack(3, x, x) })
	rejects(t, tensor.ErrShape, "split", "the sizes [1 2] add up to 3, axis 0 has 2", func() { x.Split(0, 1, 2) })
	rejects(t, tensor.ErrValue, "split", "size -1 is negative", func() { x.Split(0, -1, 3) })
	rejects(t, tensor.ErrAxis, "split", "axis 2 is out of range", func() { x.Split(2, 1) })
	rejects(t, tensor.ErrValue, "chunk", "must be positive", func() { x.Chunk(0, 0) })
	rejects(t, tensor.ErrAxis, "chunk", "axis -3 is out of range", func() { x.Chunk(-3, 1) })
	rejects(t, tensor.ErrAxis, "unbind", "axis 2 is out of range", func() { x.Unbind(2) })
}

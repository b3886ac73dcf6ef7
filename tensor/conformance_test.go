package tensor_test

import (
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// The cases of the ops that move data and of products: what everything else stands on.

type (
	tin     = optest.Input
	tensors = []*tensor.Tensor
)

// of returns inputs of the shapes.
func of(shapes ...[]int) (in []tin) {
	for _, s := range shapes {
		in = append(in, tin{Shape: s})
	}
	return in
}

// one makes F of a function of the first input.
func one(f func(x *tensor.Tensor) *tensor.Tensor) func(tensors) tensors {
	return func(in tensors) tensors { return tensors{f(in[0])} }
}

// picked is the reference of an op that moves elements: from(at) is the input's index for the result's index.
func picked(shape []int, from func(at []int) []int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		return []optest.Array{optest.Build(shape, func(at []int) float64 { return in[0].At(from(at)...) })}
	}
}

// sameOrder is the reference of an op that keeps the elements in row-major order.
func sameOrder(shape ...int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array { return []optest.Array{{Shape: shape, Data: in[0].Data}} }
}

func TestMatMul(t *testing.T) {
	matmul := func(in tensors) tensors { return tensors{in[0].MatMul(in[1])} }
	// product is Σ_k a[..., i, k] b[..., k, j]; shape is the result's with both matrix dimensions, drop removes some again.
	product := func(batch []int, m, k, n int, result ...int) func([]optest.Array) []optest.Array {
		return func(in []optest.Array) []optest.Array {
			a, b := in[0], in[1]
			if len(a.Shape) == 1 {
				a.Shape = []int{1, k}
			}
			if len(b.Shape) == 1 {
				b.Shape = []int{k, 1}
			}
			out := optest.Build(append(append([]int{}, batch...), m, n), func(at []int) (sum float64) {
				r := len(batch)
				left, right := append([]int{}, at...), append([]int{}, at...)
				for i := range k {
					left[r+1], right[r] = i, i
					sum += a.At(left...) * b.At(right...)
				}
				return sum
			})
			out.Shape = result
			return []optest.Array{out}
		}
	}
	var cases []optest.Case
	add := func(name string, in []tin, want func([]optest.Array) []optest.Array) {
		cases = append(cases, optest.Case{Op: "tensor.matmulOp", Name: name, In: in, F: matmul, Want: want})
	}
	add("small", of([]int{2, 3}, []int{3, 4}), product(nil, 2, 3, 4, 2, 4))
	add("square", of([]int{3, 3}, []int{3, 3}), product(nil, 3, 3, 3, 3, 3))
	add("one element", of([]int{1, 1}, []int{1, 1}), product(nil, 1, 1, 1, 1, 1))
	add("odd", of([]int{17, 33}, []int{33, 9}), product(nil, 17, 33, 9, 17, 9))
	add("tiles", of([]int{70, 130}, []int{130, 65}), product(nil, 70, 130, 65, 70, 65))
	add("no inner", of([]int{2, 0}, []int{0, 3}), product(nil, 2, 0, 3, 2, 3))
	add("no rows", of([]int{0, 2}, []int{2, 3}), product(nil, 0, 2, 3, 0, 3))
	add("no columns", of([]int{2, 2}, []int{2, 0}), product(nil, 2, 2, 0, 2, 0))
	add("dot", of([]int{5}, []int{5}), product(nil, 1, 5, 1))
	add("row", of([]int{3}, []int{3, 4}), product(nil, 1, 3, 4, 4))
	add("column", of([]int{4, 3}, []int{3}), product(nil, 4, 3, 1, 4))
	add("batch", of([]int{2, 3, 4}, []int{2, 4, 2}), product([]int{2}, 3, 4, 2, 2, 3, 2))
	add("batch by matrix", of([]int{2, 3, 4}, []int{4, 2}), product([]int{2}, 3, 4, 2, 2, 3, 2))
	add("matrix by batch", of([]int{3, 4}, []int{2, 4, 2}), product([]int{2}, 3, 4, 2, 2, 3, 2))
	add("broadcast batch", of([]int{2, 1, 2, 3}, []int{3, 3, 2}), product([]int{2, 3}, 2, 3, 2, 2, 3, 2, 2))
	add("row by batch", of([]int{3}, []int{2, 3, 2}), product([]int{2}, 1, 3, 2, 2, 2))
	add("empty batch", of([]int{0, 2, 3}, []int{0, 3, 2}), product([]int{0}, 2, 3, 2, 0, 2, 2))
	cases = append(cases, optest.Case{
		Op: "tensor.matmulOp", Name: "transposed", In: of([]int{3, 2}, []int{4, 3}),
		F: func(in tensors) tensors { return tensors{in[0].T().MatMul(in[1].T())} },
		Want: func(in []optest.Array) []optest.Array {
			return []optest.Array{optest.Build([]int{2, 4}, func(at []int) (sum float64) {
				for k := range 3 {
					sum += in[0].At(k, at[0]) * in[1].At(at[1], k)
				}
				return sum
			})}
		},
	})
	optest.Run(t, cases)

	x := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	wantFail(t, tensor.ErrShape, "matmul", func() { x(2, 3).MatMul(x(2, 3)) })
	wantFail(t, tensor.ErrShape, "matmul", func() { x().MatMul(x(2, 3)) })
	wantFail(t, tensor.ErrShape, "matmul", func() { x(2, 2, 3).MatMul(x(3, 3, 2)) })
	wantFail(t, tensor.ErrDType, "matmul", func() { x(2, 3).MatMul(x(3, 2).To(tensor.Float64)) })
	wantFail(t, tensor.ErrDType, "matmul", func() { x(2, 3).To(tensor.Int64).MatMul(x(3, 2).To(tensor.Int64)) })
	wantFail(t, tensor.ErrShape, "t", func() { x(2).T() })
}

func TestLinear(t *testing.T) {
	affine := func(rows, in, out int, shape ...int) func([]optest.Array) []optest.Array {
		return func(a []optest.Array) []optest.Array {
			x := optest.Array{Shape: []int{rows, in}, Data: a[0].Data}
			y := optest.Build([]int{rows, out}, func(at []int) (sum float64) {
				if len(a) > 2 {
					sum = a[2].At(at[1])
				}
				for k := range in {
					sum += x.At(at[0], k) * a[1].At(at[1], k)
				}
				return sum
			})
			y.Shape = shape
			return []optest.Array{y}
		}
	}
	linear := func(in tensors) tensors { return tensors{tensor.Linear(in[0], in[1], in[2])} }
	optest.Run(t, []optest.Case{
		{Op: "tensor.linearOp", Name: "matrix", In: of([]int{5, 3}, []int{4, 3}, []int{4}), F: linear, Want: affine(5, 3, 4, 5, 4)},
		{Op: "tensor.linearOp", Name: "batch", In: of([]int{2, 3, 5}, []int{2, 5}, []int{2}), F: linear, Want: affine(6, 5, 2, 2, 3, 2)},
		{Op: "tensor.linearOp", Name: "vector", In: of([]int{3}, []int{2, 3}, []int{2}), F: linear, Want: affine(1, 3, 2, 2)},
		{Op: "tensor.linearOp", Name: "one element", In: of([]int{1, 1}, []int{1, 1}, []int{1}), F: linear, Want: affine(1, 1, 1, 1, 1)},
		{Op: "tensor.linearOp", Name: "tiles", In: of([]int{40, 70}, []int{33, 70}, []int{33}), F: linear, Want: affine(40, 70, 33, 40, 33)},
		{Op: "tensor.linearOp", Name: "no samples", In: of([]int{0, 3}, []int{2, 3}, []int{2}), F: linear, Want: affine(0, 3, 2, 0, 2)},
		{Op: "tensor.linearOp", Name: "no features", In: of([]int{2, 0}, []int{3, 0}, []int{3}), F: linear, Want: affine(2, 0, 3, 2, 3)},
		{Op: "tensor.matmulOp", Name: "linear without bias", In: of([]int{2, 2, 3}, []int{4, 3}),
			F: func(in tensors) tensors { return tensors{tensor.Linear(in[0], in[1], nil)} }, Want: affine(4, 3, 4, 2, 2, 4)},
	})
	x := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	wantFail(t, tensor.ErrShape, "linear", func() { tensor.Linear(x(2, 3), x(4, 2), x(4)) })
	wantFail(t, tensor.ErrShape, "linear", func() { tensor.Linear(x(2, 3), x(3), nil) })
	wantFail(t, tensor.ErrShape, "linear", func() { tensor.Linear(x(2, 3), x(4, 3), x(3)) })
	wantFail(t, tensor.ErrDType, "linear", func() { tensor.Linear(x(2, 3), x(4, 3).To(tensor.Float64), x(4)) })
}

func TestSlice(t *testing.T) {
	slice := func(name string, shape []int, f func(x *tensor.Tensor) *tensor.Tensor, result []int, from func(at []int) []int) optest.Case {
		return optest.Case{Op: "tensor.sliceOp", Name: name, In: of(shape), Ints: true, F: one(f), Want: picked(result, from)}
	}
	optest.Run(t, []optest.Case{
		slice("step", []int{7, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(0, 1, 6, 2) }, []int{3, 3},
			func(at []int) []int { return []int{1 + 2*at[0], at[1]} }),
		slice("last axis", []int{2, 5}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(-1, 0, 5, 3) }, []int{2, 2},
			func(at []int) []int { return []int{at[0], 3 * at[1]} }),
		slice("negative", []int{5}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(0, -3, -1, 1) }, []int{2},
			func(at []int) []int { return []int{2 + at[0]} }),
		slice("clipped", []int{3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(0, -9, 9, 1) }, []int{3},
			func(at []int) []int { return at }),
		slice("empty", []int{3, 2}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(0, 2, 1, 1) }, []int{0, 2},
			func(at []int) []int { return at }),
		slice("narrow", []int{4, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Narrow(1, 1, 2) }, []int{4, 2},
			func(at []int) []int { return []int{at[0], 1 + at[1]} }),
		slice("select", []int{2, 3, 2}, func(x *tensor.Tensor) *tensor.Tensor { return x.Select(1, -1) }, []int{2, 2},
			func(at []int) []int { return []int{at[0], 2, at[1]} }),
		slice("slice of a slice", []int{9}, func(x *tensor.Tensor) *tensor.Tensor { return x.Slice(0, 1, 9, 2).Slice(0, 1, 4, 2) }, []int{2},
			func(at []int) []int { return []int{3 + 4*at[0]} }),
	})
	x := tensor.Zeros(2, 3)
	wantFail(t, tensor.ErrValue, "slice", func() { x.Slice(0, 0, 1, 0) })
	wantFail(t, tensor.ErrAxis, "slice", func() { x.Slice(2, 0, 1, 1) })
	wantFail(t, tensor.ErrIndex, "narrow", func() { x.Narrow(1, 2, 2) })
	wantFail(t, tensor.ErrIndex, "narrow", func() { x.Narrow(1, 0, -1) })
	wantFail(t, tensor.ErrIndex, "select", func() { x.Select(1, 3) })
	wantFail(t, tensor.ErrIndex, "select", func() { x.Select(1, -4) })
	wantFail(t, tensor.ErrAxis, "narrow", func() { x.Narrow(-3, 0, 1) })
}

func TestViews(t *testing.T) {
	reshape := func(name string, shape []int, f func(x *tensor.Tensor) *tensor.Tensor, result ...int) optest.Case {
		return optest.Case{Op: "tensor.reshapeOp", Name: name, In: of(shape), Ints: true, F: one(f), Want: sameOrder(result...)}
	}
	optest.Run(t, []optest.Case{
		reshape("merge", []int{2, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Reshape(6) }, 6),
		reshape("inferred", []int{4, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Reshape(2, -1, 3) }, 2, 2, 3),
		reshape("empty", []int{0, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Reshape(3, 0, 2) }, 3, 0, 2),
		reshape("scalar", []int{1, 1}, func(x *tensor.Tensor) *tensor.Tensor { return x.ReshapeTo(tensor.Shape{}) }),
		reshape("flatten", []int{2, 3, 2}, func(x *tensor.Tensor) *tensor.Tensor { return x.Flatten(1) }, 2, 6),
		reshape("flatten a scalar", nil, func(x *tensor.Tensor) *tensor.Tensor { return x.Flatten(0) }, 1),
		reshape("squeeze", []int{1, 3, 1}, func(x *tensor.Tensor) *tensor.Tensor { return x.Squeeze() }, 3),
		reshape("squeeze an axis", []int{1, 3, 1}, func(x *tensor.Tensor) *tensor.Tensor { return x.Squeeze(-1, 1) }, 1, 3),
		reshape("unsqueeze", []int{2, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Unsqueeze(-1) }, 2, 3, 1),
		{
			Op: "tensor.permuteOp", Name: "permute", In: of([]int{2, 3, 4}), Ints: true,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Permute(2, 0, -2) }),
			Want: picked([]int{4, 2, 3}, func(at []int) []int { return []int{at[1], at[2], at[0]} }),
		},
		{
			Op: "tensor.permuteOp", Name: "transpose", In: of([]int{2, 1, 3}), Ints: true,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Transpose(0, -1) }),
			Want: picked([]int{3, 1, 2}, func(at []int) []int { return []int{at[2], at[1], at[0]} }),
		},
		{
			Op: "tensor.permuteOp", Name: "reshaped transpose", In: of([]int{3, 4}),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.T().Reshape(2, 6) }),
			Want: picked([]int{2, 6}, func(at []int) []int { i := at[0]*6 + at[1]; return []int{i % 3, i / 3} }),
		},
		{
			Op: "tensor.expandOp", Name: "expand", In: of([]int{3, 1}), Ints: true,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Expand(2, -1, 4) }),
			Want: picked([]int{2, 3, 4}, func(at []int) []int { return at }),
		},
		{
			Op: "tensor.expandOp", Name: "scalar", In: of(nil),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Expand(2, 2) }),
			Want: picked([]int{2, 2}, func(at []int) []int { return at }),
		},
		{
			Op: "tensor.expandOp", Name: "to nothing", In: of([]int{1, 2}),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.Expand(0, 2) }),
			Want: sameOrderEmpty(0, 2),
		},
		{
			Op: "tensor.cloneOp", Name: "clone", In: of([]int{3, 2}), Ints: true,
			F: one((*tensor.Tensor).Clone), Want: sameOrder(3, 2),
		},
		{
			Op: "tensor.cloneOp", Name: "contiguous transpose", In: of([]int{40, 33}),
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.T().Contiguous() }),
			Want: picked([]int{33, 40}, func(at []int) []int { return []int{at[1], at[0]} }),
		},
		{
			Op: "tensor.cloneOp", Name: "empty", In: of([]int{0, 2}),
			F: one((*tensor.Tensor).Clone), Want: sameOrder(0, 2),
		},
		{
			// LowerVJP gives the inputs of an op fresh names when the gradient is recorded.
			Op: "tensor.aliasOp", Name: "gradient through Lower", In: of([]int{3}, []int{3}),
			F:    func(in tensors) tensors { return tensors{tensor.Apply1(fusedOp{}, in[0].Exp(), in[1])} },
			Want: optest.Binary(func(x, y float64) float64 { return math.Exp(x) * y * y }),
			// The op has a float64 kernel alone.
			Float64Only: true,
		},
	})
	x := tensor.Zeros(2, 3)
	wantFail(t, tensor.ErrShape, "reshape", func() { x.Reshape(4) })
	wantFail(t, tensor.ErrShape, "reshape", func() { x.Reshape(4, -1) })
	wantFail(t, tensor.ErrShape, "", func() { x.Reshape(-1, -1) })
	wantFail(t, tensor.ErrAxis, "flatten", func() { x.Flatten(2) })
	wantFail(t, tensor.ErrAxis, "unsqueeze", func() { x.Unsqueeze(4) })
	wantFail(t, tensor.ErrAxis, "squeeze", func() { x.Squeeze(2) })
	wantFail(t, tensor.ErrAxis, "permute", func() { x.Permute(0) })
	wantFail(t, tensor.ErrAxis, "permute", func() { x.Permute(0, 0) })
	wantFail(t, tensor.ErrAxis, "permute", func() { x.Permute(0, 2) })
	wantFail(t, tensor.ErrAxis, "transpose", func() { x.Transpose(0, 2) })
	wantFail(t, tensor.ErrShape, "expand", func() { x.Expand(3, 3) })
	wantFail(t, tensor.ErrShape, "expand", func() { x.Expand(3) })
}

func sameOrderEmpty(shape ...int) func([]optest.Array) []optest.Array {
	return func([]optest.Array) []optest.Array { return []optest.Array{{Shape: shape}} }
}

func TestSum(t *testing.T) {
	sum := func(name string, shape []int, f func(x *tensor.Tensor) *tensor.Tensor, result []int, reduced ...int) optest.Case {
		return optest.Case{Op: "tensor.sumOp", Name: name, In: of(shape), Ints: true, F: one(f), Want: func(in []optest.Array) []optest.Array {
			out := optest.Build(result, func([]int) float64 { return 0 })
			optest.Each(shape, func(at []int) {
				o := 0
				for i, d := range shape {
					if i >= len(reduced) || reduced[i] == 0 {
						o = o*d + at[i]
					}
				}
				out.Data[o] += in[0].At(at...)
			})
			return []optest.Array{out}
		}}
	}
	optest.Run(t, []optest.Case{
		sum("all", []int{3, 4}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() }, nil, 1, 1),
		sum("rows", []int{3, 4}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(1) }, []int{3}, 0, 1),
		sum("columns", []int{3, 40}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(0) }, []int{40}, 1, 0),
		sum("inner and outer", []int{2, 3, 4}, func(x *tensor.Tensor) *tensor.Tensor { return x.SumKeepdim(0, -1) }, []int{1, 3, 1}, 1, 0, 1),
		sum("long", []int{40_000}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() }, nil, 1),
		sum("long columns", []int{600, 70}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(0) }, []int{70}, 1, 0),
		sum("empty", []int{0, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(0) }, []int{3}, 1, 0),
		sum("of nothing, nothing", []int{0, 3}, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum(1) }, []int{0}, 0, 1),
		sum("scalar", nil, func(x *tensor.Tensor) *tensor.Tensor { return x.Sum() }, nil),
		sum("to a shape", []int{2, 3, 4}, func(x *tensor.Tensor) *tensor.Tensor { return x.SumTo(tensor.ShapeOf(3, 1)) }, []int{3, 1}, 1, 0, 1),
	})
	x := tensor.Zeros(2, 3)
	wantFail(t, tensor.ErrAxis, "sum", func() { x.Sum(2) })
	wantFail(t, tensor.ErrAxis, "sum", func() { x.Sum(0, -2) })
	wantFail(t, tensor.ErrShape, "sum_to", func() { x.SumTo(tensor.ShapeOf(2)) })
}

func TestTo(t *testing.T) {
	to := func(d tensor.DType) func(tensors) tensors {
		return one(func(x *tensor.Tensor) *tensor.Tensor { return x.To(d) })
	}
	// 1/3 is 0.333251953125 to the 11 bits of float16 and 0.333984375 to the 8 bits of bfloat16 (IEEE 754, nearest even).
	third := []tin{{Shape: []int{4}, Values: []float64{float64(float32(1.0 / 3)), -2.5, 0, 1}}}
	rounded := func(v float64) func([]optest.Array) []optest.Array {
		return func([]optest.Array) []optest.Array {
			return []optest.Array{{Shape: []int{4}, Data: []float64{v, -2.5, 0, 1}}}
		}
	}
	optest.Run(t, []optest.Case{
		{Op: "tensor.toOp", Name: "float64", In: of([]int{2, 3}), F: to(tensor.Float64), Ints: true, Want: sameOrder(2, 3)},
		{Op: "tensor.toOp", Name: "int64", In: of([]int{2, 3}), F: to(tensor.Int64), Ints: true, Want: optest.Unary(math.Trunc)},
		{Op: "tensor.toOp", Name: "int32", In: of([]int{5}), F: to(tensor.Int32), Ints: true, Want: optest.Unary(math.Trunc)},
		{Op: "tensor.toOp", Name: "uint8", In: []tin{{Shape: []int{5}, Lo: 0, Hi: 255}}, F: to(tensor.Uint8), Want: optest.Unary(math.Trunc)},
		{Op: "tensor.toOp", Name: "bool", In: []tin{{Shape: []int{3}, Values: []float64{0, -0.5, 2}}}, F: to(tensor.Bool), Ints: true,
			Want: optest.Unary(func(x float64) float64 {
				if x != 0 {
					return 1
				}
				return 0
			})},
		{Op: "tensor.toOp", Name: "from bool", In: []tin{{Shape: []int{5}, Fixed: true, DType: tensor.Bool}}, F: to(tensor.Float32), Order: -1, Want: sameOrder(5)},
		{Op: "tensor.toOp", Name: "float16", In: third, F: to(tensor.Float16), Order: -1, Want: rounded(0.333251953125)},
		{Op: "tensor.toOp", Name: "bfloat16", In: third, F: to(tensor.BFloat16), Order: -1, Want: rounded(0.333984375)},
		{Op: "tensor.toOp", Name: "empty", In: of([]int{0, 2}), F: to(tensor.Int64), Want: sameOrder(0, 2)},
		{
			Op: "tensor.toDeviceOp", Name: "there and back", In: of([]int{2, 3}), Host: true,
			F:    one(func(x *tensor.Tensor) *tensor.Tensor { return x.ToDevice(twin{}).ToDevice(tensor.CPU) }),
			Want: sameOrder(2, 3),
		},
	})
	x := leaf(1, 2)
	if x.To(tensor.Float64) != x || x.ToDevice(tensor.CPU) != x {
		t.Error("a conversion to what it is makes a new tensor")
	}
	x.To(tensor.Float32).Sum().Backward()
	wantValues(t, "gradient through a conversion", x.Grad(), 1, 1)
	if x.Grad().DType() != tensor.Float64 {
		t.Errorf("its dtype is %v", x.Grad().DType())
	}
	m := x.ToDevice(tensor.Meta)
	wantFail(t, tensor.ErrDevice, "to_device", func() { m.ToDevice(tensor.CPU) })
	wantFail(t, tensor.ErrDevice, "floats", func() { m.Floats() })
	wantFail(t, tensor.ErrDevice, "add", func() { x.Add(x.ToDevice(twin{})) })
	wantFail(t, tensor.ErrDevice, "exp", func() { x.ToDevice(twin{}).Exp() }) // no kernel, no Lower
}

// twin is a device that can only copy.
type twin struct{}

func (twin) Kind() string   { return "twin" }
func (twin) String() string { return "twin" }
func (twin) CopyDevice(y, x tensor.View) {
	switch x.DType {
	case tensor.Float64:
		copy(tensor.Slice[float64](y), tensor.Slice[float64](x))
	case tensor.BFloat16:
		copy(tensor.Slice[tensor.BF16](y), tensor.Slice[tensor.BF16](x))
	case tensor.Float16:
		copy(tensor.Slice[tensor.F16](y), tensor.Slice[tensor.F16](x))
	default:
		copy(tensor.Slice[float32](y), tensor.Slice[float32](x))
	}
}

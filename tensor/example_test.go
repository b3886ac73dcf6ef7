package tensor_test

import (
	"errors"
	"fmt"

	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// A least-squares fit of y = a x + b by gradient descent, with nothing but this package.
func Example() {
	x := tensor.Of([]float32{0, 1, 2, 3})
	y := tensor.Of([]float32{1, 3, 5, 7}) // 2x + 1
	a, b := tensor.NewParam(tensor.Zeros()), tensor.NewParam(tensor.Zeros())
	for range 500 {
		loss := x.Mul(a.Tensor).Add(b.Tensor).Sub(y).Square().Mean()
		a.ZeroGrad()
		b.ZeroGrad()
		loss.Backward()
		for _, p := range []*tensor.Param{a, b} {
			g := p.Grad().Item()
			p.Update(func(v tensor.View) { tensor.Slice[float32](v)[0] -= float32(0.1 * g) })
		}
	}
	fmt.Printf("a = %.3f, b = %.3f\n", a.Item(), b.Item())
	// Output: a = 2.000, b = 1.000
}

// A Go slice becomes a tensor; the element type decides the dtype.
func ExampleOf() {
	fmt.Println(tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
	fmt.Println(tensor.Of([]int64{7, 8, 9}))
	// Output:
	// tensor([[1, 2, 3], [4, 5, 6]], float32 (2, 3))
	// tensor([7, 8, 9], int64 (3,))
}

func ExampleArange() {
	fmt.Println(tensor.Arange(0, 10, 3))
	fmt.Println(tensor.Arange(0, 6, 1).Reshape(2, -1))
	// Output:
	// tensor([0, 3, 6, 9], int64 (4,))
	// tensor([[0, 1, 2], [3, 4, 5]], int64 (2, 3))
}

// Tensors are float32 unless a Factory says otherwise.
func ExampleWith() {
	fmt.Println(tensor.Ones(2))
	fmt.Println(tensor.With(tensor.Float64).Linspace(0, 1, 5))
	fmt.Println(tensor.With(tensor.Int64).Eye(2))
	// Output:
	// tensor([1, 1], float32 (2,))
	// tensor([0, 0.25, 0.5, 0.75, 1], float64 (5,))
	// tensor([[1, 0], [0, 1]], int64 (2, 2))
}

// Random tensors need a generator; the same seed gives the same numbers on every machine.
func ExampleRand() {
	a := tensor.Rand(random.New(42), 2, 3)
	b := tensor.Rand(random.New(42), 2, 3)
	fmt.Println(a.Shape(), tensor.Equal(a, b), a.GeScalar(0).All(), a.LtScalar(1).All())
	// Output: (2, 3) true tensor(true, bool ()) tensor(true, bool ())
}

func ExampleData() {
	x := tensor.Of([]float32{1, 2, 3, 4}, 2, 2)
	fmt.Println(tensor.Data[float32](x.T()))
	fmt.Println(x.Sum().Item())
	// Output:
	// [1 3 2 4]
	// 10
}

// Views share memory with their tensor: slicing, transposing and expanding copy nothing.
func ExampleTensor_Slice() {
	x := tensor.Arange(0, 12, 1).Reshape(3, 4)
	fmt.Println(x.Slice(1, 0, 4, 2)) // every second column: x[:, 0:4:2]
	fmt.Println(x.Select(0, -1))     // the last row: x[-1]
	fmt.Println(x.Narrow(0, 1, 2).T())
	// Output:
	// tensor([[0, 2], [4, 6], [8, 10]], int64 (3, 2))
	// tensor([8, 9, 10, 11], int64 (4,))
	// tensor([[4, 8], [5, 9], [6, 10], [7, 11]], int64 (4, 2))
}

// Shapes broadcast as in NumPy: aligned at the last dimension, a size of 1 repeats.
func ExampleTensor_Add() {
	rows := tensor.Of([]float32{10, 20}, 2, 1)
	columns := tensor.Of([]float32{1, 2, 3})
	fmt.Println(rows.Add(columns))
	// Output: tensor([[11, 12, 13], [21, 22, 23]], float32 (2, 3))
}

// Reductions fold the named axes away, all of them when none are named.
func ExampleTensor_Sum() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	fmt.Println(x.Sum())
	fmt.Println(x.Sum(0))
	fmt.Println(x.SumKeepdim(-1))
	// Output:
	// tensor(21, float32 ())
	// tensor([5, 7, 9], float32 (3,))
	// tensor([[6], [15]], float32 (2, 1))
}

// Standardising columns: the kept dimension of size 1 broadcasts back.
func ExampleTensor_MeanKeepdim() {
	x := tensor.Of([]float64{1, 10, 3, 30}, 2, 2)
	fmt.Println(x.Sub(x.MeanKeepdim(0)).Div(x.StdKeepdim(0, 0)))
	// Output: tensor([[-1, -1], [1, 1]], float64 (2, 2))
}

func ExampleTensor_MaxAlong() {
	scores := tensor.Of([]float32{0.1, 0.7, 0.2, 0.5, 0.3, 0.2}, 2, 3)
	best, class := scores.MaxAlong(1)
	fmt.Println(best)
	fmt.Println(class)
	// Output:
	// tensor([0.7, 0.5], float32 (2,))
	// tensor([1, 0], int64 (2,))
}

// Backward adds d loss / d leaf to every leaf that the loss was computed from.
func ExampleTensor_Backward() {
	x := tensor.Of([]float64{1, 2, 3}).RequireGrad()
	loss := x.Square().Sum() // d/dx Σ x² = 2x
	loss.Backward()
	fmt.Println(loss.Item(), x.Grad())
	x.Sum().Backward() // gradients add up until ZeroGrad
	fmt.Println(x.Grad())
	// Output:
	// 14 tensor([2, 4, 6], float64 (3,))
	// tensor([3, 5, 7], float64 (3,))
}

func ExampleTensor_IndexSelect() {
	x := tensor.Of([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	fmt.Println(x.IndexSelect(0, tensor.Of([]int64{2, 0, 2})))
	// Output: tensor([[5, 6], [1, 2], [5, 6]], float32 (3, 2))
}

// The probability of each row's own class.
func ExampleTensor_Gather() {
	p := tensor.Of([]float32{0.1, 0.7, 0.2, 0.5, 0.3, 0.2}, 2, 3)
	class := tensor.Of([]int64{1, 2})
	fmt.Println(p.Gather(1, class.Unsqueeze(1)).Squeeze(1))
	// Output: tensor([0.7, 0.2], float32 (2,))
}

// A histogram: each index adds one to its place.
func ExampleTensor_ScatterAdd() {
	of := tensor.Of([]int64{0, 2, 2, 3, 2})
	fmt.Println(tensor.Zeros(4).ScatterAdd(0, of, tensor.Ones(5)))
	// Output: tensor([1, 0, 3, 1], float32 (4,))
}

func ExampleEmbedding() {
	weight := tensor.Of([]float32{0, 0, 1, 1, 2, 4}, 3, 2) // 3 words in 2 dimensions
	fmt.Println(tensor.Embedding(weight, tensor.Of([]int64{2, 1, 1, 0}, 2, 2), nil))
	// Output: tensor([[[2, 4], [1, 1]], [[1, 1], [0, 0]]], float32 (2, 2, 2))
}

func ExampleConcat() {
	a, b := tensor.Ones(2, 1), tensor.Zeros(2, 2)
	fmt.Println(tensor.Concat(1, a, b))
	// Output: tensor([[1, 0, 0], [1, 0, 0]], float32 (2, 3))
}

func ExampleStack() {
	a, b := tensor.Of([]int64{1, 2, 3}), tensor.Of([]int64{4, 5, 6})
	fmt.Println(tensor.Stack(0, a, b))
	fmt.Println(tensor.Stack(-1, a, b))
	// Output:
	// tensor([[1, 2, 3], [4, 5, 6]], int64 (2, 3))
	// tensor([[1, 4], [2, 5], [3, 6]], int64 (3, 2))
}

func ExampleTensor_Pad() {
	x := tensor.Of([]int64{1, 2, 3})
	fmt.Println(x.Pad(tensor.PadConstant, 0, 2, 1))
	fmt.Println(x.Pad(tensor.PadReflect, 0, 2, 1))
	fmt.Println(x.Pad(tensor.PadReplicate, 0, 2, 1))
	fmt.Println(x.Pad(tensor.PadCircular, 0, 2, 1))
	// Output:
	// tensor([0, 0, 1, 2, 3, 0], int64 (6,))
	// tensor([3, 2, 1, 2, 3, 2], int64 (6,))
	// tensor([1, 1, 1, 2, 3, 3], int64 (6,))
	// tensor([2, 3, 1, 2, 3, 1], int64 (6,))
}

// Half-precision types store; computing needs float32 or float64.
func ExampleTensor_To() {
	x := tensor.Of([]float32{1.0 / 3, -2.75})
	half := x.To(tensor.Float16)
	fmt.Println(half, len(half.Bytes()), "bytes")
	fmt.Println(x.To(tensor.Int64))
	// Output:
	// tensor([0.33325, -2.75], float16 (2,)) 4 bytes
	// tensor([0, -2], int64 (2,))
}

// A wrong program panics with one line that names the op, the shapes and the place; Catch makes an error of it.
func ExampleCatch() {
	err := tensor.Catch(func() {
		tensor.Ones(2, 3).MatMul(tensor.Ones(2, 3))
	})
	var e *tensor.Error
	fmt.Println(errors.As(err, &e), errors.Is(err, tensor.ErrShape))
	fmt.Println(e.Op, e.Shapes)
	// Output:
	// true true
	// matmul [(2, 3) (2, 3)]
}

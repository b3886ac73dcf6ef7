package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

func TestDiagonal(t *testing.T) {
	diagonal := func(name string, shape []int, offset, axis1, axis2 int, result []int, from func(at []int) []int) optest.Case {
		return optest.Case{Op: "tensor.diagonalOp", Name: name, In: of(shape), Ints: true, Want: picked(result, from),
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.Diagonal(offset, axis1, axis2) })}
	}
	embed := func(name string, offset int, shape ...int) optest.Case {
		r := len(shape)
		n := shape[r-1] + max(offset, -offset)
		result := append(append([]int{}, shape[:r-1]...), n, n)
		return optest.Case{Op: "tensor.diagEmbedOp", Name: name, In: of(shape), Ints: true,
			F: one(func(x *tensor.Tensor) *tensor.Tensor { return x.DiagEmbed(offset) }),
			Want: func(in []optest.Array) []optest.Array {
				return []optest.Array{optest.Build(result, func(at []int) float64 {
					i, j := at[r-1], at[r]
					if j-i != offset {
						return 0
					}
					return in[0].At(append(append([]int{}, at[:r-1]...), min(i, j))...)
				})}
			}}
	}
	optest.Run(t, []optest.Case{
		diagonal("main", []int{3, 4}, 0, 0, 1, []int{3}, func(at []int) []int { return []int{at[0], at[0]} }),
		diagonal("above", []int{3, 5}, 2, 0, 1, []int{3}, func(at []int) []int { return []int{at[0], at[0] + 2} }),
		diagonal("below", []int{4, 3}, -2, 0, 1, []int{2}, func(at []int) []int { return []int{at[0] + 2, at[0]} }),
		diagonal("batch", []int{2, 3, 2, 4}, 1, -1, 1, []int{2, 2, 2}, func(at []int) []int { return []int{at[0], at[2] + 1, at[1], at[2]} }),
		diagonal("one element", []int{1, 1}, 0, 1, 0, []int{1}, func(at []int) []int { return []int{0, 0} }),
		diagonal("outside", []int{2, 3}, 5, 0, 1, []int{0}, nil),
		diagonal("empty", []int{0, 3, 3}, 0, 1, 2, []int{0, 3}, nil),
		embed("main", 0, 3), embed("above", 2, 2, 3), embed("below", -1, 2, 3), embed("one element", 0, 1), embed("empty", 1, 2, 0),
	})
	m := tensor.Zeros(2, 3)
	wantFail(t, tensor.ErrAxis, "diagonal", func() { m.Diagonal(0, 0, 2) })
	wantFail(t, tensor.ErrAxis, "diagonal", func() { m.Diagonal(0, 1, -1) })
	wantFail(t, tensor.ErrShape, "diag_embed", func() { tensor.Scalar(1.0).DiagEmbed(0) })
	wantFail(t, tensor.ErrShape, "diag", func() { tensor.Zeros(1, 1, 1).Diag(0) })
}

package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// TestLongSums reduces float32 that a float32 accumulator gets wrong: after 2²⁴ it takes in no 1, so that it ends at 2²⁴.
// Sums of integers up to 2⁵³ are exact in float64, whatever the order.
func TestLongSums(t *testing.T) {
	const big, ones = 1 << 24, 3000
	v := make([]float32, 1+ones)
	v[0] = big
	for i := range v[1:] {
		v[1+i] = 1
	}
	x := tensor.Of(v)
	want := float64(big + ones)
	rows := x.Expand(7, len(v))
	for name, s := range map[string]*tensor.Tensor{
		"vector": x.Sum(), "rows": rows.Sum(1), "contiguous rows": rows.Contiguous().Sum(1),
		"columns": rows.Contiguous().T().Contiguous().Sum(0), "transposed": rows.Contiguous().T().Sum(0),
		"every other": tensor.Stack(1, x, x.Neg()).Select(1, 0).Sum(), "to a shape": rows.SumTo(tensor.ShapeOf(7, 1)),
		"few columns": x.Expand(3, len(v)).T().Contiguous().Sum(0),
	} {
		for _, got := range s.Floats() {
			if got != want {
				t.Errorf("%s: %v, want %v", name, got, want)
				break
			}
		}
	}
	all := x.Expand(70, len(v)).Contiguous().Sum().Item() // shared out among workers
	if exact := float64(float32(70 * want)); all != exact {
		t.Errorf("the sum of all is %v, want %v", all, exact)
	}
	if m := x.Mean().Item(); math.Abs(m-want/(1+ones)) > want/(1+ones)*0x1p-24 {
		t.Errorf("the mean is %v, want %v", m, want/(1+ones))
	}
	if n := x.Norm(1).Item(); n != want {
		t.Errorf("the 1-norm is %v, want %v", n, want)
	}
	// √(big + ones) from squares 2²⁴, 1, 1, ..., rounded at the sum and the root: 3 · 2⁻²⁵ of it.
	root := math.Sqrt(want)
	v[0] = 1 << 12
	if n := tensor.Of(v).Norm(2).Item(); math.Abs(n-root) > root*3*0x1p-25 {
		t.Errorf("the 2-norm is %v, want %v", n, root)
	}
	// ln(e^a + Σ 1) with e^a = 2²⁴; a is a float32, off by |a| 2⁻²⁵, and so are difference, logarithm and sum.
	v[0] = float32(24 * math.Ln2)
	for i := range v[1:] {
		v[1+i] = 0
	}
	exact := math.Log(math.Exp(float64(v[0])) + ones)
	if l := tensor.Of(v).LogSumExp().Item(); math.Abs(l-exact) > exact*4*0x1p-24 {
		t.Errorf("logsumexp is %v, want %v", l, exact)
	}
}

// TestVarianceAwayFromZero: Σ x² / n − mean² would lose all digits of a variance of 2/9 at a mean of 10⁴, whose square float32
// rounds to multiples of 8. The mean is off by at most e, the roundings of sum and quotient, and adds e² to the variance.
func TestVarianceAwayFromZero(t *testing.T) {
	v := make([]float32, 9_999)
	for i := range v {
		v[i] = 10_000 + float32(min(i%3, 1)) // 10000, 10001, 10001, ...
	}
	const e = 2 * 10_001 * 0x1p-24
	for _, x := range []*tensor.Tensor{tensor.Of(v, 3333, 3), tensor.Of(v, 3, 3333).T()} {
		if got := x.Var(0).Item(); math.Abs(got-2.0/9) > e*e+0x1p-24 {
			t.Errorf("the variance is %v, want 2/9", got)
		}
	}
}

func TestIntegerSums(t *testing.T) {
	wrap := tensor.Of([]int64{math.MaxInt64, 1})
	for _, c := range []struct {
		name string
		got  *tensor.Tensor
		want []int64
	}{
		{"uint8", tensor.Of([]uint8{200, 200, 255}).Sum(), []int64{655}},
		{"int32", tensor.Of([]int32{math.MaxInt32, math.MaxInt32}).Sum(), []int64{2 * math.MaxInt32}},
		{"int64", tensor.Of([]int64{1 << 62, 1, -1 << 61, 1}).Sum(), []int64{1<<61 + 2}},
		{"int64 rows", tensor.Of([]int64{1<<53 + 1, 1, -1, 1}, 2, 2).Sum(1), []int64{1<<53 + 2, 0}},
		{"overflow wraps", wrap.Sum(), []int64{math.MinInt64}},
		{"bool", tensor.Of([]bool{true, false, true}).Sum(), []int64{2}},
		{"bool columns", tensor.Of([]bool{true, false, true, true}, 2, 2).Sum(0), []int64{2, 1}},
		{"nothing", tensor.Of([]int32{}).Sum(), []int64{0}},
		{"product of uint8", tensor.Of([]uint8{200, 200, 2}).Prod(), []int64{80_000}},
		{"product of bools", tensor.Of([]bool{true, false}).Prod(), []int64{0}},
		{"product of int64", tensor.Of([]int64{1<<31 + 1, 1<<31 - 1}).Prod(), []int64{1<<62 - 1}},
		{"empty product", tensor.Of([]int32{}).Prod(), []int64{1}},
	} {
		if c.got.DType() != tensor.Int64 {
			t.Errorf("%s: the result is %v, want int64", c.name, c.got.DType())
			continue
		}
		if got := tensor.Data[int64](c.got); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestSumFoldings repeats what every reduction goes through.
func TestSumFoldings(t *testing.T) {
	optest.Run(t, reductionCases(optest.Case{Op: "tensor.sumOp", Name: "sum", Ints: true}, tin{}, (*tensor.Tensor).Sum, (*tensor.Tensor).SumKeepdim, func(x []float64) (sum float64) {
		for _, v := range x {
			sum += v
		}
		return sum
	}))
	wantFloats(t, "NaN and infinities", tensor.Of([]float32{1, float32(nan), 1, float32(inf), float32(inf), float32(-inf)}, 3, 2).Sum(1), nan, inf, nan)
}

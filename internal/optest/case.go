// Package optest is the conformance suite that every op passes: its shape rule against the actual result, its kernels
// against a naive float64 reference on every implementation, its gradients of orders 1 and 2 against finite differences,
// with contiguous, strided and broadcast inputs.
//
// A test calls Run with the cases of an op:
//
//	optest.Run(t, []optest.Case{{
//		Op: "tensor.divOp", Name: "broadcast", In: []optest.Input{{Shape: []int{2, 3}}, {Shape: []int{3}, Away: []float64{0}}},
//		F:    func(in []*tensor.Tensor) []*tensor.Tensor { return []*tensor.Tensor{in[0].Div(in[1])} },
//		Want: optest.Binary(func(a, b float64) float64 { return a / b }),
//	}})
//
// The package's TestMain calls Main, which fails when an op has no case.
package optest

import "github.com/hadal-go/hadal/tensor"

// Array is a dense row-major array of the naive reference; bools are 0 and 1.
type Array struct {
	Shape []int
	Data  []float64
}

// Input describes one input of a case. Values are drawn from a fixed generator unless given: they are all different,
// evenly spread and exact in float32.
type Input struct {
	Shape  []int
	Lo, Hi float64   // range of the values; both zero: -2 to 2, for Fixed integers 0 and 1
	Away   []float64 // values that inputs keep a distance of 0.05 from: kinks and poles
	Values []float64 // fixed values in place of drawn ones; they must be exact in float32
	// Fixed inputs take no gradient: indices, masks, constants. They keep DType, except that Float32, the zero value,
	// follows the run. Drawn integers lie in [Lo, Hi), bools are both.
	Fixed bool
	DType tensor.DType // with Fixed
}

// Case is one use of an op.
type Case struct {
	Op   string // the op's type, such as "tensor.addOp"; the case, or its gradient, must apply it
	Name string // what is special here
	In   []Input
	F    func(in []*tensor.Tensor) []*tensor.Tensor // the use; must be deterministic
	Want func(in []Array) []Array                   // the same, naively in float64; from mathematics, not from F
	// Order is how often the case is differentiated: 0 means 2, -1 none.
	Order       int
	Ints        bool    // also run on int64, int32 and uint8 (values are then rounded, 0 to 10)
	Tol         float64 // factor on the default tolerances, for long sums; 0 means 1; say why beside it
	Float64Only bool    // the result is too ill-conditioned for float32; say why beside it
	Host        bool    // F reads data (unique, nonzero): it cannot run on Meta
	Lowers      bool    // the CPU has no kernel on purpose and runs Lower; say why beside it
}

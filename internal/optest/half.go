package optest

import (
	"math"

	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// pairs names the implementations whose products of bfloat16 add up in another order than those of float32.
var pairs = map[string]bool{"avx512bf16": true, "go-bf16": true}

// applied is one application of any op.
type applied struct {
	op      tensor.Op
	in, out []*tensor.Tensor
}

// halves checks that every op that the case and its gradient apply to bfloat16 and float16 gives exactly what it gives on
// float32 with the same values, rounded once: halves are formats of memory. Of products with pairs it checks that they differ
// by no more than another order of additions can make them.
func (s *suite) halves() {
	if s.c.Float64Only {
		return
	}
	best := cpu.Current()
	for _, impl := range []string{best, "go-bf16"} {
		if impl != best && !s.seen["tensor.matmulOp"] && !s.seen["tensor.linearOp"] {
			return
		}
		if err := cpu.Use(impl); err != nil {
			s.t.Errorf("%v", err)
		}
		s.impl = impl
		s.halvesHere()
	}
	_ = cpu.Use(best)
}

func (s *suite) halvesHere() {
	for _, d := range []tensor.DType{tensor.BFloat16, tensor.Float16} {
		s.applied = []applied{}
		in := s.inputs(s.vals, d, contiguous)
		for _, i := range s.diff {
			in[i] = in[i].RequireGrad()
		}
		for _, o := range s.c.F(in) {
			if s.order > 0 && o.RequiresGrad() && o.DType().IsFloat() {
				tensor.Gradients([]*tensor.Tensor{o}, []*tensor.Tensor{tensor.OnesLike(o)}, s.leavesOf(in), false, true)
			}
		}
		list := s.applied
		s.applied = nil
		for _, a := range list {
			s.halfOp(d, a)
		}
	}
}

func (s *suite) leavesOf(in []*tensor.Tensor) (l []*tensor.Tensor) {
	for _, i := range s.diff {
		l = append(l, in[i])
	}
	return l
}

// halfOp checks one application.
func (s *suite) halfOp(d tensor.DType, a applied) {
	switch typeName(a.op) {
	case "tensor.toOp", "tensor.reshapeOp", "tensor.toDeviceOp", "tensor.madeOp": // they depend on dtype, strides or device, or were made
		return
	}
	halves := false
	wide := make([]*tensor.Tensor, len(a.in))
	for i, t := range a.in {
		if wide[i] = t; t.DType() == d {
			wide[i], halves = widened(t), true
		}
	}
	if !halves {
		return
	}
	var slack []float64
	if name := typeName(a.op); d == tensor.BFloat16 && pairs[s.impl] && (name == "tensor.matmulOp" || name == "tensor.linearOp") {
		slack = reordered(a.op, wide)
	}
	for i, w := range tensor.Apply(a.op, wide...) {
		s.checks++
		exact := w.Floats()
		if w.DType() == tensor.Float32 {
			w = w.To(a.out[i].DType())
		}
		if g := a.out[i]; g.Shape() != w.Shape() || g.DType() != w.DType() {
			s.fail(d, "", "%s: result %d is %v %v, from float32 %v %v", typeName(a.op), i, g.DType(), g.Shape(), w.DType(), w.Shape())
		} else if slack != nil {
			s.within(d, a, g.Floats(), exact, slack)
		} else if k := firstDifference(g.Floats(), w.Floats()); k >= 0 {
			s.fail(d, "", "%s: element %d of result %d is %v, from float32 %v", typeName(a.op), k, i, g.Floats()[k], w.Floats()[k])
		}
	}
}

// widened is the tensor in float32, a transposed one transposed again: the order of a product's additions may follow from strides.
func widened(t *tensor.Tensor) *tensor.Tensor {
	if t.Rank() > 1 && !t.IsContiguous() {
		if u := t.Transpose(-1, -2); u.IsContiguous() {
			return u.To(tensor.Float32).Transpose(-1, -2)
		}
	}
	return t.To(tensor.Float32)
}

// reordered returns for each element of a product by how much two float32 results may differ whose additions are in different
// orders: a sum of n terms is wrong by at most u n S in any order, to first order, with S the sum of magnitudes and u = 2⁻²⁴ (Higham,
// "Accuracy and Stability of Numerical Algorithms", 2002, section 4.2). A pair of zeros, a bias and the rounding of S are added to the k terms.
// Subnormal numbers, which count as zero, are less than the last term.
func reordered(op tensor.Op, in []*tensor.Tensor) []float64 {
	abs := make([]*tensor.Tensor, len(in))
	for i, t := range in {
		abs[i] = t.Detach().Abs()
	}
	n := float64(in[0].Dim(-1) + 4)
	slack := tensor.Apply(op, abs...)[0].Floats()
	for i := range slack {
		slack[i] = 2*n*0x1p-24*slack[i] + n*0x1p-125
	}
	return slack
}

// within checks that each result is the rounding of a number that lies no further than slack from the exact one's.
func (s *suite) within(d tensor.DType, a applied, got, want, slack []float64) {
	round := func(v float64) float64 { return float64(tensor.BF16FromFloat32(float32(v)).Float32()) }
	for k, g := range got {
		w := want[k]
		if lo, hi := round(w-slack[k]), round(w+slack[k]); !(lo <= g && g <= hi) && !(math.IsNaN(g) && math.IsNaN(w)) {
			s.fail(d, "", "%s: element %d is %v, from float32 %v, which another order of additions takes to %v to %v", typeName(a.op), k, g, w, lo, hi)
			return
		}
	}
}

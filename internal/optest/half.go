package optest

import "github.com/hadal-go/hadal/tensor"

// applied is one application of any op.
type applied struct {
	op      tensor.Op
	in, out []*tensor.Tensor
}

// halves checks that every op that the case and its gradient apply to bfloat16 and float16 gives exactly what it gives on
// float32 with the same values, rounded once: halves are formats of memory.
func (s *suite) halves() {
	if s.c.Float64Only {
		return
	}
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
			wide[i], halves = t.To(tensor.Float32), true
		}
	}
	if !halves {
		return
	}
	for i, w := range tensor.Apply(a.op, wide...) {
		s.checks++
		if w.DType() == tensor.Float32 {
			w = w.To(a.out[i].DType())
		}
		if g := a.out[i]; g.Shape() != w.Shape() || g.DType() != w.DType() {
			s.fail(d, "", "%s: result %d is %v %v, from float32 %v %v", typeName(a.op), i, g.DType(), g.Shape(), w.DType(), w.Shape())
		} else if k := firstDifference(g.Floats(), w.Floats()); k >= 0 {
			s.fail(d, "", "%s: element %d of result %d is %v, from float32 %v", typeName(a.op), k, i, g.Floats()[k], w.Floats()[k])
		}
	}
}

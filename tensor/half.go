package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// Float16 and BFloat16 are formats of memory: what kernels compute in, and accumulate in, is float32. An op on them is the
// op on float32, rounded once. Products of BFloat16 by AVX512_BF16 add up in another order (MatMul).

// anyDType marks ops whose kernels take any dtype: they move elements, or convert them.
type anyDType interface{ anyDType() }

func (toOp) anyDType()          {}
func (toDeviceOp) anyDType()    {}
func (cloneOp) anyDType()       {}
func (concatOp) anyDType()      {}
func (unsliceOp) anyDType()     {}
func (gatherOp) anyDType()      {}
func (indexSelectOp) anyDType() {}

// readsHalves marks ops whose CPU kernels read halves, with any strides, and write float32.
type readsHalves interface{ readsHalves() }

func (matmulOp) readsHalves() {}
func (linearOp) readsHalves() {}

func (d DType) half() bool { return d == BFloat16 || d == Float16 }

// format is what kernels call a half.
func (d DType) format() cpu.Half {
	if d == BFloat16 {
		return cpu.BFloat16
	}
	return cpu.Float16
}

// half reports whether the call has to compute in float32 for want of arithmetic in its own dtype.
func (c *Call) half() bool {
	for _, t := range c.In {
		if t.dtype.half() {
			_, moves := c.op.(anyDType)
			return !moves
		}
	}
	return false
}

// runHalf runs the op on float32 copies and rounds the results. It returns false as Run does.
func (c *Call) runHalf() bool {
	k, ok := c.dev.(convertKernel)
	if !ok {
		return false
	}
	in, outs := c.In, c.outs
	defer func() { c.In, c.outs = in, outs }()
	var temporary []*Tensor
	defer func() {
		for _, t := range temporary {
			t.st.free()
		}
	}()
	wide := func(of []*Tensor, copied bool) []*Tensor {
		r := append([]*Tensor(nil), of...)
		for i, t := range of {
			if !t.dtype.half() {
				continue
			}
			r[i] = newTensor(Spec{t.shape, Float32, t.dev}, nil)
			temporary = append(temporary, r[i])
			if copied {
				if t.step != nil {
					t = t.Detach().Contiguous()
				}
				k.Convert(r[i].view("to"), t.view("to"))
			}
		}
		return r
	}
	if _, ok := c.op.(readsHalves); !ok || c.dev != CPU {
		c.In = wide(in, true)
	}
	c.outs = wide(outs, false)
	if !c.op.Run(c.dev, c) {
		return false
	}
	for i, t := range outs {
		if t != c.outs[i] {
			k.Convert(t.view("to"), c.outs[i].view("to"))
		}
	}
	return true
}

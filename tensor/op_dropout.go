package tensor

import (
	"github.com/hadal-go/hadal/internal/parallel"
	"github.com/hadal-go/hadal/random"
)

// Dropout returns x with each element zeroed with probability p and the others scaled by 1/(1-p) (Srivastava et al.,
// 2014). The mask is a function of the key and the element's place: the same key gives the same mask. It panics with
// ErrValue unless 0 <= p <= 1.
func (x *Tensor) Dropout(p float64, key random.Key) *Tensor {
	if !(p >= 0 && p <= 1) {
		Fail("dropout", ErrValue, []Shape{x.shape}, "the probability %v must lie in [0, 1]", p)
	}
	return Apply1(dropoutOp{p, key}, x)
}

// dropoutOp is linear in x and equal to its transpose; the mask is drawn anew from the key instead of being kept.
type dropoutOp struct {
	p   float64
	key random.Key
}

type dropoutKernel interface {
	Dropout(p float64, key random.Key, x, y View)
}

func (dropoutOp) Name() string            { return "dropout" }
func (dropoutOp) Infer(c *Call)           { c.Output(c.In[0].shape, c.SameDType()) }
func (dropoutOp) Reads() Reads            { return ReadsNothing }
func (o dropoutOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(o, b.Dout(0))) }
func (o dropoutOp) Run(d Device, c *Call) bool {
	k, ok := d.(dropoutKernel)
	if ok {
		k.Dropout(o.p, o.key, c.X(0), c.Y(0))
	}
	return ok
}

func (cpuDevice) Dropout(p float64, key random.Key, x, y View) {
	if y.DType == Float64 {
		dropout(p, key, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		dropout(p, key, sliceOf[float32](x), sliceOf[float32](y))
	}
}

// dropout computes y = x/(1-p) where a uniform draw is at least p, else 0.
func dropout[T Float](p float64, key random.Key, x, y []T) {
	const tile = 1024
	scale, p32 := T(1/(1-p)), float32(p)
	parallel.For(len(x), 8*tile, func(lo, hi int) {
		var u [tile]float32
		for ; lo < hi; lo += tile {
			n := min(tile, hi-lo)
			random.Uniform32(u[:n], key, lo)
			d := y[lo : lo+n]
			for i, v := range x[lo : lo+n] {
				if u[i] < p32 {
					d[i] = 0
				} else {
					d[i] = v * scale
				}
			}
		}
	})
}

package tensor

import (
	"sync"

	"github.com/hadal-go/hadal/internal/cpu"
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

const dropTile = 1024

var dropWords = sync.Pool{New: func() any { return new([dropTile]uint32) }}

// dropout computes y = x/(1-p) where a uniform draw is at least p, else 0.
func dropout[T Float](p float64, key random.Key, x, y []T) {
	stream := cpu.Streams(len(y))
	parallel.For(len(x), 8*dropTile, func(lo, hi int) {
		words := dropWords.Get().(*[dropTile]uint32)
		defer dropWords.Put(words)
		for ; lo < hi; lo += dropTile {
			n := min(dropTile, hi-lo)
			random.Uint32(words[:n], key, lo)
			cpu.Drop(y[lo:lo+n], x[lo:lo+n], words[:n], p, 1/(1-p), stream)
		}
		if stream {
			cpu.Fence()
		}
	})
}

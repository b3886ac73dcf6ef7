package tensor

import "fmt"

// PadMode says what padding is filled with.
type PadMode uint8

// The padding modes: a constant, the mirrored inside without the border (reflect), the border (replicate), or the
// opposite side (circular).
const (
	PadConstant PadMode = iota
	PadReflect
	PadReplicate
	PadCircular
)

// String returns PyTorch's name of the mode.
func (m PadMode) String() string {
	if m > PadCircular {
		return fmt.Sprintf("PadMode(%d)", uint8(m))
	}
	return [...]string{"constant", "reflect", "replicate", "circular"}[m]
}

// Pad returns t with elements added: pairs lists (before, after) for the last dimension, then the one before it, and so
// on, as in PyTorch. value fills PadConstant. Negative numbers crop. It panics with ErrShape when a reflection would need
// more elements than there are, or a circle more than one round, and with ErrValue when t is an integer and value is not.
func (t *Tensor) Pad(mode PadMode, value float64, pairs ...int) *Tensor {
	if len(pairs)%2 != 0 || len(pairs)/2 > t.shape.rank {
		Fail("pad", ErrShape, []Shape{t.shape}, "%d numbers are not pairs for at most %d dimensions", len(pairs), t.shape.rank)
	}
	if mode > PadCircular {
		Fail("pad", ErrValue, []Shape{t.shape}, "there is no mode %v", mode)
	}
	if mode == PadConstant && !t.dtype.holds(value) {
		Fail("pad", ErrValue, []Shape{t.shape}, "%v does not fit %v; convert with To(tensor.Float32)", value, t.dtype)
	}
	for i := 0; i < len(pairs); i += 2 {
		axis := t.shape.rank - 1 - i/2
		lo, hi := pairs[i], pairs[i+1]
		if crop := max(0, -lo); crop > 0 || hi < 0 {
			n := t.shape.at(axis) - crop - max(0, -hi)
			if n < 0 {
				Fail("pad", ErrShape, []Shape{t.shape}, "cropping %d and %d takes more than the %d elements of axis %d", crop, max(0, -hi), t.shape.at(axis), axis)
			}
			t = t.Narrow(axis, crop, n)
			lo, hi = max(0, lo), max(0, hi)
		}
		if lo == 0 && hi == 0 {
			continue
		}
		if mode == PadConstant {
			o := padOp{slice: sliceOp{axis, lo, t.shape.at(axis), 1}, shape: t.shape.With(axis, lo+t.shape.at(axis)+hi), value: value}
			t = Apply1(o, t)
			continue
		}
		idx := padIndex(t, mode, axis, lo, hi)
		t = t.IndexSelect(axis, Of(idx).onDeviceOf(t))
	}
	return t
}

// padIndex lists which position each padded one copies.
func padIndex(t *Tensor, mode PadMode, axis, lo, hi int) []int64 {
	n := t.shape.at(axis)
	most := n
	if mode == PadReflect {
		most = n - 1
	}
	if n == 0 || mode != PadReplicate && max(lo, hi) > most {
		Fail("pad", ErrShape, []Shape{t.shape}, "%v padding of %d and %d needs more than the %d elements of axis %d", mode, lo, hi, n, axis)
	}
	idx := make([]int64, lo+n+hi)
	for i := range idx {
		k := i - lo
		switch mode {
		case PadReplicate:
			k = min(max(k, 0), n-1)
		case PadCircular:
			k = (k + n) % n
		case PadReflect:
			if k < 0 {
				k = -k
			}
			if k >= n {
				k = 2*(n-1) - k
			}
		}
		idx[i] = int64(k)
	}
	return idx
}

// Roll returns t with its elements shifted by n positions along an axis; what falls off the end comes back at the start.
func (t *Tensor) Roll(axis, n int) *Tensor {
	axis = t.shape.axis("roll", axis)
	d := t.shape.at(axis)
	if d == 0 {
		return t
	}
	n = (n%d + d) % d
	if n == 0 {
		return t
	}
	return Concat(axis, t.Narrow(axis, d-n, n), t.Narrow(axis, 0, d-n))
}

// padOp writes x into a tensor filled with a constant.
type padOp struct {
	slice sliceOp
	shape Shape
	value float64
}

func (padOp) Strided()        {}
func (padOp) Name() string    { return "pad" }
func (o padOp) Infer(c *Call) { c.Output(o.shape, c.In[0].dtype) }
func (padOp) Reads() Reads    { return ReadsNothing }
func (o padOp) VJP(b *Back) []*Tensor {
	return b.Give(Apply1(o.slice, b.Dout(0)))
}
func (o padOp) Run(d Device, c *Call) bool {
	k, ok := d.(placeKernel)
	if ok {
		y := c.Y(0)
		if o.value == 0 {
			k.Zero(y)
		} else {
			fillView(y, o.value)
		}
		part := y
		part.Shape.set(o.slice.axis, o.slice.n)
		k.Place(part, o.slice.start*y.Strides[o.slice.axis], c.X(0))
	}
	return ok
}

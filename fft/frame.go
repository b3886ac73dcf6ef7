package fft

import (
	"github.com/hadal-go/hadal/internal/cpu"
	"github.com/hadal-go/hadal/tensor"
)

// frameOp views rows (..., n) as overlapping frames (..., ⌊(n-size)/hop⌋+1, size), frame f starting at f·hop. Its transpose is
// overlapAddOp.
type frameOp struct{ size, hop int }

func (frameOp) Name() string { return "frame" }
func (o frameOp) Infer(c *tensor.Call) {
	x := c.In[0]
	var st tensor.Strides
	copy(st[:], x.Strides())
	last := x.Rank() - 1
	st[last], st[last+1] = o.hop*st[last], st[last]
	frames := (x.Dim(-1)-o.size)/o.hop + 1
	c.OutputView(0, x.Shape().With(-1, frames).Insert(last+1, o.size), st, 0)
}
func (frameOp) Run(tensor.Device, *tensor.Call) bool { return true }
func (frameOp) Reads() tensor.Reads                  { return tensor.ReadsNothing }
func (o frameOp) VJP(b *tensor.Back) []*tensor.Tensor {
	return b.Give(tensor.Apply1(overlapAddOp{b.InSpec(0).Shape.Dim(-1), o.hop}, b.Dout(0)))
}

// overlapAddOp maps frames (..., f, size) to rows (..., n): y_t = Σ x_{f,j} over f·hop + j = t.
type overlapAddOp struct{ n, hop int }

func (overlapAddOp) Name() string { return "overlap_add" }
func (o overlapAddOp) Infer(c *tensor.Call) {
	s := c.In[0].Shape()
	c.Output(s.Remove(s.Rank()-1).With(-1, o.n), c.SameDType())
}
func (overlapAddOp) Reads() tensor.Reads { return tensor.ReadsNothing }
func (o overlapAddOp) VJP(b *tensor.Back) []*tensor.Tensor {
	s := b.InSpec(0).Shape
	frames, size := s.Dim(-2), s.Dim(-1)
	// Samples behind the last frame take no part.
	used := b.Dout(0).Narrow(-1, 0, (frames-1)*o.hop+size)
	return b.Give(tensor.Apply1(frameOp{size, o.hop}, used))
}
func (o overlapAddOp) Run(d tensor.Device, c *tensor.Call) bool {
	if d != tensor.CPU {
		return false
	}
	s := c.In[0].Shape()
	frames, size := s.Dim(-2), s.Dim(-1)
	rows := s.Numel() / max(1, frames*size)
	if c.In[0].DType() == tensor.Float64 {
		cpu.OverlapAdd(rows, frames, size, o.hop, o.n, tensor.Slice[float64](c.X(0)), tensor.Slice[float64](c.Y(0)))
	} else {
		cpu.OverlapAdd(rows, frames, size, o.hop, o.n, tensor.Slice[float32](c.X(0)), tensor.Slice[float32](c.Y(0)))
	}
	return true
}

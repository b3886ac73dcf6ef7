package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// FoldConfig are the options of Unfold and Fold. Each pair is (height, width); zero strides and dilations mean 1.
type FoldConfig struct {
	Kernel   [2]int
	Dilation [2]int
	Padding  [2]int // zeros on both sides
	Stride   [2]int
}

// Unfold returns the sliding blocks of x (N, C, H, W) as columns, (N, C·KH·KW, L), known as im2col: y[n, (c·KH + i)·KW + j, l]
// is element (i·dilation, j·dilation) of the l-th block of channel c, and L = OH·OW blocks lie in row-major order, with
//
//	OH = ⌊(H + 2·padding − dilation·(KH−1) − 1)/stride⌋ + 1, OW likewise.
//
// Without a batch, (C, H, W) gives (C·KH·KW, L). It panics with ErrShape when the kernel does not fit and with ErrValue when
// an option is out of range.
func Unfold(x *Tensor, cfg FoldConfig) *Tensor {
	if x.shape.rank == 3 {
		return Unfold(x.Unsqueeze(0), cfg).Squeeze(0)
	}
	if x.shape.rank != 4 {
		Fail("unfold", ErrShape, []Shape{x.shape}, "input must be (N, C, H, W) or (C, H, W)")
	}
	return Apply1(unfoldOp{cfg.geometry("unfold", x.shape, x.shape.at(2), x.shape.at(3))}, x)
}

// Fold returns planes (N, C, h, w) that sum the columns of x (N, C·KH·KW, L), known as col2im: the transpose of Unfold as a
// linear map, with the same options. Elements that no block covers are 0. Without a batch, (C·KH·KW, L) gives (C, h, w). It
// panics with ErrShape when the kernel's size does not divide the rows or L is not the number of blocks, and with ErrValue
// when an option is out of range.
func Fold(x *Tensor, h, w int, cfg FoldConfig) *Tensor {
	if x.shape.rank == 2 {
		return Fold(x.Unsqueeze(0), h, w, cfg).Squeeze(0)
	}
	if x.shape.rank != 3 {
		Fail("fold", ErrShape, []Shape{x.shape}, "input must be (N, C·KH·KW, L) or (C·KH·KW, L)")
	}
	if h < 1 || w < 1 {
		Fail("fold", ErrValue, []Shape{x.shape}, "the size of the planes, %d by %d, must be positive", h, w)
	}
	g := cfg.geometry("fold", x.shape, h, w)
	if k := g.KH * g.KW; x.shape.at(1)%k != 0 {
		Fail("fold", ErrShape, []Shape{x.shape}, "the kernel's %d elements do not divide the %d rows", k, x.shape.at(1))
	}
	if x.shape.at(2) != g.OH*g.OW {
		Fail("fold", ErrShape, []Shape{x.shape}, "planes of %d by %d have %d by %d blocks, not %d", h, w, g.OH, g.OW, x.shape.at(2))
	}
	return Apply1(foldOp{g}, x)
}

func (c FoldConfig) geometry(op string, x Shape, h, w int) cpu.Fold {
	var out [2]int
	for i, n := range [2]int{h, w} {
		if c.Stride[i] == 0 {
			c.Stride[i] = 1
		}
		if c.Dilation[i] == 0 {
			c.Dilation[i] = 1
		}
		if c.Kernel[i] < 1 || c.Stride[i] < 1 || c.Dilation[i] < 1 || c.Padding[i] < 0 {
			Fail(op, ErrValue, []Shape{x}, "kernel %d, stride %d and dilation %d must be positive, padding %d not negative", c.Kernel[i], c.Stride[i], c.Dilation[i], c.Padding[i])
		}
		// Within the largest size nothing overflows.
		if max(c.Kernel[i], c.Stride[i], c.Dilation[i], c.Padding[i]) > maxSize || c.Dilation[i]*(c.Kernel[i]-1)+1 > n+2*c.Padding[i] {
			Fail(op, ErrShape, []Shape{x}, "a kernel of %d with dilation %d does not fit the padded size %d", c.Kernel[i], c.Dilation[i], n+2*c.Padding[i])
		}
		out[i] = (n+2*c.Padding[i]-c.Dilation[i]*(c.Kernel[i]-1)-1)/c.Stride[i] + 1
	}
	if out[0] > maxSize/out[1] || c.Kernel[0] > maxSize/c.Kernel[1] {
		Fail(op, ErrShape, []Shape{x}, "%d by %d blocks of %d by %d elements are more than a dimension can hold", out[0], out[1], c.Kernel[0], c.Kernel[1])
	}
	return cpu.Fold{H: h, W: w, KH: c.Kernel[0], KW: c.Kernel[1], OH: out[0], OW: out[1], StrideH: c.Stride[0], StrideW: c.Stride[1],
		PadH: c.Padding[0], PadW: c.Padding[1], DilH: c.Dilation[0], DilW: c.Dilation[1]}
}

type foldKernel interface {
	Unfold(g cpu.Fold, x, y View)
	Fold(g cpu.Fold, y, x View)
}

type unfoldOp struct{ g cpu.Fold }

func (unfoldOp) Name() string { return "unfold" }
func (unfoldOp) Reads() Reads { return ReadsNothing }
func (o unfoldOp) Infer(c *Call) {
	s := c.In[0].shape
	c.Output(ShapeOf(s.at(0), s.at(1)*o.g.KH*o.g.KW, o.g.OH*o.g.OW), c.SameDType())
}
func (o unfoldOp) Run(d Device, c *Call) bool {
	k, ok := d.(foldKernel)
	if ok {
		k.Unfold(o.g, c.X(0), c.Y(0))
	}
	return ok
}
func (o unfoldOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(foldOp(o), b.Dout(0))) }

type foldOp struct{ g cpu.Fold }

func (foldOp) Name() string { return "fold" }
func (foldOp) Reads() Reads { return ReadsNothing }
func (o foldOp) Infer(c *Call) {
	s := c.In[0].shape
	c.Output(ShapeOf(s.at(0), s.at(1)/(o.g.KH*o.g.KW), o.g.H, o.g.W), c.SameDType())
}
func (o foldOp) Run(d Device, c *Call) bool {
	k, ok := d.(foldKernel)
	if ok {
		k.Fold(o.g, c.X(0), c.Y(0))
	}
	return ok
}
func (o foldOp) VJP(b *Back) []*Tensor { return b.Give(Apply1(unfoldOp(o), b.Dout(0))) }

func (cpuDevice) Unfold(g cpu.Fold, x, y View) {
	planes := x.Shape.at(0) * x.Shape.at(1)
	if y.DType == Float64 {
		cpu.Unfold(planes, g, sliceOf[float64](x), sliceOf[float64](y))
	} else {
		cpu.Unfold(planes, g, sliceOf[float32](x), sliceOf[float32](y))
	}
}

func (cpuDevice) Fold(g cpu.Fold, y, x View) {
	planes := x.Shape.at(0) * x.Shape.at(1)
	if x.DType == Float64 {
		cpu.FoldSum(planes, g, sliceOf[float64](y), sliceOf[float64](x))
	} else {
		cpu.FoldSum(planes, g, sliceOf[float32](y), sliceOf[float32](x))
	}
}

package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// ConvConfig are the options of convolutions. Each pair is (height, width); zero strides and dilations mean 1.
type ConvConfig struct {
	Stride   [2]int
	Padding  [2]int
	Dilation [2]int
	Groups   int // input and output channels are cut into this many groups; 0 means 1
}

// Conv2d returns the cross-correlation that deep learning calls convolution: x (N, C, H, W), w (K, C/groups, R, S), bias
// (K,) or nil, result (N, K, OH, OW) with
//
//	OH = ⌊(H + 2·padding − dilation·(R−1) − 1)/stride⌋ + 1, OW likewise (Dumoulin and Visin, 2016).
//
// It panics with ErrShape when channels or sizes do not fit, with ErrValue when an option is out of range or the groups do
// not divide the channels, and with ErrDType when the inputs' dtypes differ.
func Conv2d(x, w, bias *Tensor, cfg ConvConfig) *Tensor {
	o := convOp{convGeometry{cfg.defaults("conv2d", x, w)}}
	if bias == nil {
		return Apply1(o, x, w)
	}
	return Apply1(o, x, w, bias)
}

// Conv1d is Conv2d for sequences: x (N, C, L), w (K, C/groups, S); of each pair in cfg the second counts.
func Conv1d(x, w, bias *Tensor, cfg ConvConfig) *Tensor {
	if x.shape.rank != 3 || w.shape.rank != 3 {
		Fail("conv1d", ErrShape, []Shape{x.shape, w.shape}, "input must be (N, C, L) and weight (K, C/groups, S)")
	}
	cfg.Padding[0], cfg.Stride[0], cfg.Dilation[0] = 0, 1, 1
	return Conv2d(x.Unsqueeze(2), w.Unsqueeze(2), bias, cfg).Squeeze(2)
}

// ConvTransposeConfig are the options of transposed convolutions.
type ConvTransposeConfig struct {
	ConvConfig
	OutputPadding [2]int // added to one side of the result's size, to choose among the sizes that a strided convolution maps alike
}

// ConvTranspose2d returns the transpose of Conv2d as a linear map, its gradient with respect to the input: x (N, C, H, W),
// w (C, K/groups, R, S), bias (K,) or nil, result (N, K, OH, OW) with
//
//	OH = (H−1)·stride − 2·padding + dilation·(R−1) + outputPadding + 1.
//
// It panics as Conv2d does, with ErrValue also when the output padding is not smaller than the stride or the dilation.
func ConvTranspose2d(x, w, bias *Tensor, cfg ConvTransposeConfig) *Tensor {
	c := cfg.ConvConfig.defaults("conv_transpose2d", x, w)
	if x.Dim(1) != w.Dim(0) {
		Fail("conv_transpose2d", ErrShape, []Shape{x.shape, w.shape}, "the input has %d channels and the weight takes %d", x.Dim(1), w.Dim(0))
	}
	s := ShapeOf(x.Dim(0), w.Dim(1)*c.Groups, 0, 0)
	for i := range 2 {
		if p := cfg.OutputPadding[i]; p < 0 || p >= max(c.Stride[i], c.Dilation[i]) && p > 0 {
			Fail("conv_transpose2d", ErrValue, []Shape{x.shape, w.shape}, "output padding %d must be smaller than the stride or the dilation", p)
		}
		n := (x.Dim(2+i)-1)*c.Stride[i] - 2*c.Padding[i] + c.Dilation[i]*(w.Dim(2+i)-1) + cfg.OutputPadding[i] + 1
		if n < 1 {
			Fail("conv_transpose2d", ErrShape, []Shape{x.shape, w.shape}, "the result would have size %d", n)
		}
		s.set(2+i, n)
	}
	y := Apply1(convInputGradOp{convGeometry{c}, s}, x, w)
	if bias != nil {
		if bias.shape != ShapeOf(s.at(1)) {
			Fail("conv_transpose2d", ErrShape, []Shape{x.shape, w.shape, bias.shape}, "the bias must have shape (%d,)", s.at(1))
		}
		if bias.dtype != y.dtype {
			Fail("conv_transpose2d", ErrDType, []Shape{x.shape, w.shape, bias.shape}, "the input is %v and the bias %v; convert one with To", y.dtype, bias.dtype)
		}
		y = y.Add(bias.Reshape(-1, 1, 1))
	}
	return y
}

// ConvTranspose1d is ConvTranspose2d for sequences; of each pair in cfg the second counts.
func ConvTranspose1d(x, w, bias *Tensor, cfg ConvTransposeConfig) *Tensor {
	if x.shape.rank != 3 || w.shape.rank != 3 {
		Fail("conv_transpose1d", ErrShape, []Shape{x.shape, w.shape}, "input must be (N, C, L) and weight (C, K/groups, S)")
	}
	cfg.Padding[0], cfg.Stride[0], cfg.Dilation[0], cfg.OutputPadding[0] = 0, 1, 1, 0
	return ConvTranspose2d(x.Unsqueeze(2), w.Unsqueeze(2), bias, cfg).Squeeze(2)
}

func (c ConvConfig) defaults(op string, x, w *Tensor) ConvConfig {
	if x.shape.rank != 4 || w.shape.rank != 4 {
		Fail(op, ErrShape, []Shape{x.shape, w.shape}, "input must be (N, C, H, W) and the weight must have 4 dimensions")
	}
	if w.shape.dim[2] == 0 || w.shape.dim[3] == 0 {
		Fail(op, ErrShape, []Shape{x.shape, w.shape}, "the weight has an empty kernel")
	}
	for i := range 2 {
		if c.Stride[i] == 0 {
			c.Stride[i] = 1
		}
		if c.Dilation[i] == 0 {
			c.Dilation[i] = 1
		}
		if c.Stride[i] < 1 || c.Dilation[i] < 1 || c.Padding[i] < 0 {
			Fail(op, ErrValue, []Shape{x.shape, w.shape}, "stride %d and dilation %d must be positive, padding %d not negative", c.Stride[i], c.Dilation[i], c.Padding[i])
		}
	}
	if c.Groups == 0 {
		c.Groups = 1
	}
	if c.Groups < 1 || w.Dim(0)%c.Groups != 0 {
		Fail(op, ErrValue, []Shape{x.shape, w.shape}, "%d groups do not divide %d channels", c.Groups, w.Dim(0))
	}
	return c
}

// convGeometry is shared by a convolution and its two gradients, which are each other's gradients:
//
//	y = conv(x, w), dx = convInputGrad(dy, w), dw = convWeightGrad(x, dy).
type convGeometry struct{ cfg ConvConfig }

// conv returns the kernel's geometry for input x, weight w and output y.
func (o convGeometry) conv(x, w, y Shape) cpu.Conv {
	c := o.cfg
	return cpu.Conv{N: x.at(0), C: x.at(1), H: x.at(2), W: x.at(3), K: w.at(0), R: w.at(2), S: w.at(3), OH: y.at(2), OW: y.at(3),
		StrideH: c.Stride[0], StrideW: c.Stride[1], PadH: c.Padding[0], PadW: c.Padding[1], DilH: c.Dilation[0], DilW: c.Dilation[1], Groups: c.Groups}
}

// forward returns conv(x, w) for an output of shape y, which may be smaller: output padding of at least the stride has made
// room in x for more positions.
func (o convGeometry) forward(x, w *Tensor, y Shape) *Tensor {
	r := Apply1(convOp{o}, x, w)
	for i := 2; i < 4; i++ {
		if r.shape.dim[i] > y.dim[i] {
			r = r.Narrow(i, 0, int(y.dim[i]))
		}
	}
	return r
}

// convFLOPs counts a multiplication and an addition for each term of the sums; y is the convolution's output, w its weight.
func convFLOPs(y, w Shape) int64 {
	return 2 * int64(y.Numel()) * int64(w.at(1)) * int64(w.at(2)) * int64(w.at(3))
}

type convOp struct{ convGeometry }

type convKernel interface {
	Conv(g cpu.Conv, x, w, bias, y View)
	ConvInputGrad(g cpu.Conv, dy, w, dx View)
	ConvWeightGrad(g cpu.Conv, x, dy, dw View)
}

func (convOp) Name() string { return "conv2d" }
func (convOp) Reads() Reads { return ReadsIn(0, 1) }
func (o convOp) Infer(c *Call) {
	d := c.SameDType()
	x, w := c.In[0].shape, c.In[1].shape
	if x.at(1) != w.at(1)*o.cfg.Groups {
		c.Fail(ErrShape, "the input has %d channels and the weight takes %d (%d per group)", x.at(1), w.at(1)*o.cfg.Groups, w.at(1))
	}
	if len(c.In) == 3 && c.In[2].shape != ShapeOf(w.at(0)) {
		c.Fail(ErrShape, "the bias must have shape (%d,)", w.at(0))
	}
	s := ShapeOf(x.at(0), w.at(0), 0, 0)
	for i := range 2 {
		span := o.cfg.Dilation[i]*(w.at(2+i)-1) + 1
		n := x.at(2+i) + 2*o.cfg.Padding[i] - span
		if n < 0 || w.at(2+i) < 1 {
			c.Fail(ErrShape, "the kernel spans %d, more than the padded input's %d", span, x.at(2+i)+2*o.cfg.Padding[i])
		}
		s.set(2+i, n/o.cfg.Stride[i]+1)
	}
	c.Output(s, d)
}

func (o convOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		y := c.Y(0)
		var bias View
		if len(c.In) == 3 {
			bias = c.X(2)
		}
		k.Conv(o.conv(c.In[0].shape, c.In[1].shape, y.Shape), c.X(0), c.X(1), bias, y)
	}
	return ok
}

func (o convOp) VJP(b *Back) (g []*Tensor) {
	g = append(b.Give(nil, nil), nil)[:b.NumIn()]
	dy := b.Dout(0)
	if b.Need(0) {
		g[0] = Apply1(convInputGradOp{o.convGeometry, b.InSpec(0).Shape}, dy, b.In(1))
	}
	if b.Need(1) {
		g[1] = Apply1(convWeightGradOp{o.convGeometry, b.InSpec(1).Shape}, b.In(0), dy)
	}
	if len(g) == 3 && b.Need(2) {
		g[2] = dy.Sum(0, 2, 3)
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (convOp) FLOPs(in, out []Spec) int64 { return convFLOPs(out[0].Shape, in[1].Shape) }

// convInputGradOp maps (dy, w) to dx of the given shape.
type convInputGradOp struct {
	convGeometry
	shape Shape
}

func (convInputGradOp) Name() string { return "conv_transpose2d" }
func (convInputGradOp) Reads() Reads { return ReadsIn(0, 1) }
func (o convInputGradOp) Infer(c *Call) {
	c.Output(o.shape, c.SameDType())
}
func (o convInputGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		k.ConvInputGrad(o.conv(o.shape, c.In[1].shape, c.In[0].shape), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o convInputGradOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) {
		g[0] = o.forward(b.Dout(0), b.In(1), b.InSpec(0).Shape)
	}
	if b.Need(1) {
		g[1] = Apply1(convWeightGradOp{o.convGeometry, b.InSpec(1).Shape}, b.Dout(0), b.In(0))
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (convInputGradOp) FLOPs(in, out []Spec) int64 { return convFLOPs(in[0].Shape, in[1].Shape) }

// convWeightGradOp maps (x, dy) to dw of the given shape.
type convWeightGradOp struct {
	convGeometry
	shape Shape
}

func (convWeightGradOp) Name() string { return "conv2d_weight_grad" }
func (convWeightGradOp) Reads() Reads { return ReadsIn(0, 1) }
func (o convWeightGradOp) Infer(c *Call) {
	c.Output(o.shape, c.SameDType())
}
func (o convWeightGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		k.ConvWeightGrad(o.conv(c.In[0].shape, o.shape, c.In[1].shape), c.X(0), c.X(1), c.Y(0))
	}
	return ok
}
func (o convWeightGradOp) VJP(b *Back) (g []*Tensor) {
	g = b.Give(nil, nil)
	if b.Need(0) {
		g[0] = Apply1(convInputGradOp{o.convGeometry, b.InSpec(0).Shape}, b.In(1), b.Dout(0))
	}
	if b.Need(1) {
		g[1] = o.forward(b.In(0), b.Dout(0), b.InSpec(1).Shape)
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (convWeightGradOp) FLOPs(in, out []Spec) int64 { return convFLOPs(in[1].Shape, out[0].Shape) }

func (cpuDevice) Conv(g cpu.Conv, x, w, bias, y View) {
	if y.DType == Float64 {
		cpu.ConvForward(g, cpu.GemmF64, sliceOf[float64](x), sliceOf[float64](w), optional[float64](bias), sliceOf[float64](y))
	} else {
		cpu.ConvForward(g, cpu.GemmF32, sliceOf[float32](x), sliceOf[float32](w), optional[float32](bias), sliceOf[float32](y))
	}
}

func (cpuDevice) ConvInputGrad(g cpu.Conv, dy, w, dx View) {
	if dx.DType == Float64 {
		cpu.ConvInputGrad(g, cpu.GemmF64, sliceOf[float64](dy), sliceOf[float64](w), sliceOf[float64](dx))
	} else {
		cpu.ConvInputGrad(g, cpu.GemmF32, sliceOf[float32](dy), sliceOf[float32](w), sliceOf[float32](dx))
	}
}

func (cpuDevice) ConvWeightGrad(g cpu.Conv, x, dy, dw View) {
	if dw.DType == Float64 {
		cpu.ConvWeightGrad(g, cpu.GemmF64, sliceOf[float64](x), sliceOf[float64](dy), sliceOf[float64](dw))
	} else {
		cpu.ConvWeightGrad(g, cpu.GemmF32, sliceOf[float32](x), sliceOf[float32](dy), sliceOf[float32](dw))
	}
}

// optional is sliceOf, nil for a view that was not given.
func optional[T any](v View) []T {
	if v.ptr == nil {
		return nil
	}
	return sliceOf[T](v)
}

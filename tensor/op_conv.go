package tensor

import "github.com/hadal-go/hadal/internal/cpu"

// ConvConfig are the options of convolutions of one and two dimensions. Each pair is (height, width); in one dimension the
// second counts. Zero strides and dilations mean 1. At most one of Padding, Same and Causal may be given.
type ConvConfig struct {
	Stride   [2]int
	Padding  [2]int // zeros on both sides
	Dilation [2]int
	Groups   int // input and output channels are cut into this many groups; 0 means 1
	// Same pads so that the result is as large as the input, PyTorch's padding="same": dilation·(kernel−1) zeros in all, the
	// odd one at the end. The strides must be 1.
	Same bool
	// Causal pads dilation·(kernel−1) zeros at the start alone, so that no result depends on a later input (van den Oord et
	// al., 2016, "WaveNet"); in one dimension only.
	Causal bool
	// ReLU returns max(y, 0) in place of y, with the elements and gradients of Conv2d(...).ReLU(), in the pass that writes y.
	ReLU bool
}

// Conv3dConfig are ConvConfig's options in three dimensions; each triple is (depth, height, width).
type Conv3dConfig struct {
	Stride   [3]int
	Padding  [3]int
	Dilation [3]int
	Groups   int
	Same     bool
	ReLU     bool
}

// Conv2d returns the cross-correlation that deep learning calls convolution: x (N, C, H, W), w (K, C/groups, R, S), bias
// (K,) or nil, result (N, K, OH, OW) with
//
//	OH = ⌊(H + 2·padding − dilation·(R−1) − 1)/stride⌋ + 1, OW likewise (Dumoulin and Visin, 2016).
//
// It panics with ErrShape when channels or sizes do not fit, with ErrValue when an option is out of range or the groups do
// not divide the channels, and with ErrDType when the inputs' dtypes differ.
func Conv2d(x, w, bias *Tensor, cfg ConvConfig) *Tensor {
	g := convGeometry{dims: 2, groups: cfg.Groups, pad: widen(0, cfg.Padding), stride: widen(1, cfg.Stride), dil: widen(1, cfg.Dilation)}
	return conv(convOp{g, cfg.ReLU}, cfg.Same, cfg.Causal, x, w, bias)
}

// Conv1d is Conv2d for sequences: x (N, C, L), w (K, C/groups, S), result (N, K, OL).
func Conv1d(x, w, bias *Tensor, cfg ConvConfig) *Tensor {
	g := convGeometry{dims: 1, groups: cfg.Groups, pad: [3]int{2: cfg.Padding[1]}, stride: [3]int{1, 1, cfg.Stride[1]}, dil: [3]int{1, 1, cfg.Dilation[1]}}
	return conv(convOp{g, cfg.ReLU}, cfg.Same, cfg.Causal, x, w, bias)
}

// Conv3d is Conv2d for volumes: x (N, C, D, H, W), w (K, C/groups, T, R, S), result (N, K, OD, OH, OW).
func Conv3d(x, w, bias *Tensor, cfg Conv3dConfig) *Tensor {
	g := convGeometry{dims: 3, groups: cfg.Groups, pad: cfg.Padding, stride: cfg.Stride, dil: cfg.Dilation}
	return conv(convOp{g, cfg.ReLU}, cfg.Same, false, x, w, bias)
}

func widen(first int, hw [2]int) [3]int { return [3]int{first, hw[0], hw[1]} }

func conv(o convOp, same, causal bool, x, w, bias *Tensor) *Tensor {
	o.check(o.Name(), x, w)
	o.after = o.pad
	if same || causal {
		o.autoPad(same, causal, x, w)
	}
	if bias == nil {
		return Apply1(o, x, w)
	}
	return Apply1(o, x, w, bias)
}

// convGeometry is shared by a convolution and its two gradients, which are each other's gradients:
//
//	y = conv(x, w), dx = convInputGrad(dy, w), dw = convWeightGrad(x, dy).
//
// Triples are (depth, height, width), whatever dims is.
type convGeometry struct {
	dims        int
	stride, dil [3]int
	pad, after  [3]int // zeros before and after
	groups      int
}

// convLayouts are the inputs' shapes by the number of dimensions.
var convLayouts = [4]string{1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}

// check fills in defaults and refuses what no input could make right.
func (g *convGeometry) check(op string, x, w *Tensor) {
	shapes := []Shape{x.shape, w.shape}
	if n := g.dims + 2; x.shape.rank != n || w.shape.rank != n {
		Fail(op, ErrShape, shapes, "input must be %s and the weight must have %d dimensions", convLayouts[g.dims], n)
	}
	if g.groups == 0 {
		g.groups = 1
	}
	for i := range 3 {
		if g.stride[i] == 0 {
			g.stride[i] = 1
		}
		if g.dil[i] == 0 {
			g.dil[i] = 1
		}
		if g.stride[i] < 1 || g.dil[i] < 1 || g.pad[i] < 0 {
			Fail(op, ErrValue, shapes, "stride %d and dilation %d must be positive, padding %d not negative", g.stride[i], g.dil[i], g.pad[i])
		}
		if g.size(w.shape, i) == 0 {
			Fail(op, ErrShape, shapes, "the weight has an empty kernel")
		}
	}
	if g.groups < 1 || w.Dim(0)%g.groups != 0 {
		Fail(op, ErrValue, shapes, "%d groups do not divide %d channels", g.groups, w.Dim(0))
	}
}

// autoPad sets the padding that the kernel's size asks for.
func (g *convGeometry) autoPad(same, causal bool, x, w *Tensor) {
	op, shapes := convNames[g.dims], []Shape{x.shape, w.shape}
	switch {
	case same && causal || g.pad != [3]int{}:
		Fail(op, ErrValue, shapes, "padding, same and causal padding exclude each other; give one")
	case causal && g.dims != 1:
		Fail(op, ErrValue, shapes, "causal padding has one dimension; use Pad for others")
	case same && g.stride != [3]int{1, 1, 1}:
		Fail(op, ErrValue, shapes, "same padding needs stride 1")
	}
	for i := range 3 {
		total := g.dil[i] * (g.size(w.shape, i) - 1)
		if causal {
			g.pad[i] = total
		} else {
			g.pad[i] = total / 2
		}
		g.after[i] = total - g.pad[i]
	}
}

// size returns the size of depth, height or width (i = 0, 1, 2) of an input, weight or output, 1 where there is none.
func (g *convGeometry) size(s Shape, i int) int {
	if i < 3-g.dims {
		return 1
	}
	return s.at(g.dims - 1 + i)
}

func (g *convGeometry) sizes(s Shape) [3]int { return [3]int{g.size(s, 0), g.size(s, 1), g.size(s, 2)} }

// shape returns (n, c) with sizes of which the last dims count.
func (g *convGeometry) shape(n, c int, sizes [3]int) Shape {
	d := [5]int{n, c}
	copy(d[2:], sizes[3-g.dims:])
	return ShapeOf(d[:2+g.dims]...)
}

// kernel returns the kernels' geometry for input x, weight w and output y.
func (g *convGeometry) kernel(x, w, y Shape) cpu.Conv {
	return cpu.Conv{N: x.at(0), C: x.at(1), K: w.at(0), Groups: g.groups,
		In: g.sizes(x), Out: g.sizes(y), Kernel: g.sizes(w), Stride: g.stride, Pad: g.pad, Dil: g.dil}
}

// forward returns conv(x, w) for an output of shape y, which may be smaller: output padding of at least the stride has made
// room in x for more positions.
func (g convGeometry) forward(x, w *Tensor, y Shape) *Tensor {
	r := Apply1(convOp{convGeometry: g}, x, w)
	for i := 2; i < r.shape.rank; i++ {
		if r.shape.dim[i] > y.dim[i] {
			r = r.Narrow(i, 0, int(y.dim[i]))
		}
	}
	return r
}

// flops counts a multiplication and an addition for each term of the sums; y is the convolution's output, w its weight.
func (g *convGeometry) flops(y, w Shape) int64 {
	n := 2 * int64(y.Numel()) * int64(w.at(1))
	for _, k := range g.sizes(w) {
		n *= int64(k)
	}
	return n
}

type convOp struct {
	convGeometry
	relu bool
}

type convKernel interface {
	Conv(g cpu.Conv, x, w, bias, y View)
	ConvInputGrad(g cpu.Conv, dy, w, dx View)
	ConvWeightGrad(g cpu.Conv, x, dy, dw View)
}

func (o convOp) Name() string { return convNames[o.dims] }
func (o convOp) Reads() Reads {
	if o.relu {
		return ReadsIn(0, 1) | ReadsOut
	}
	return ReadsIn(0, 1)
}
func (o convOp) Infer(c *Call) {
	d := c.SameDType()
	x, w := c.In[0].shape, c.In[1].shape
	if x.at(1) != w.at(1)*o.groups {
		c.Fail(ErrShape, "the input has %d channels and the weight takes %d (%d per group)", x.at(1), w.at(1)*o.groups, w.at(1))
	}
	if len(c.In) == 3 && c.In[2].shape != ShapeOf(w.at(0)) {
		c.Fail(ErrShape, "the bias must have shape (%d,)", w.at(0))
	}
	var out [3]int
	for i := range 3 {
		padded, span := o.pad[i]+o.size(x, i)+o.after[i], o.dil[i]*(o.size(w, i)-1)+1
		if padded < span {
			c.Fail(ErrShape, "the kernel spans %d, more than the padded input's %d", span, padded)
		}
		out[i] = (padded-span)/o.stride[i] + 1
	}
	c.Output(o.shape(x.at(0), w.at(0), out), d)
}

func (o convOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		y := c.Y(0)
		var bias View
		if len(c.In) == 3 {
			bias = c.X(2)
		}
		g := o.kernel(c.In[0].shape, c.In[1].shape, y.Shape)
		g.ReLU = o.relu
		k.Conv(g, c.X(0), c.X(1), bias, y)
	}
	return ok
}

func (o convOp) VJP(b *Back) (g []*Tensor) {
	g = append(b.Give(nil, nil), nil)[:b.NumIn()]
	dy := b.Dout(0)
	if o.relu {
		dy = b.rectified(dy, b.Out(0))
	}
	if b.Need(0) {
		g[0] = Apply1(convInputGradOp{o.convGeometry, b.InSpec(0).Shape}, dy, b.In(1))
	}
	if b.Need(1) {
		g[1] = Apply1(convWeightGradOp{o.convGeometry, b.InSpec(1).Shape}, b.In(0), dy)
	}
	if len(g) == 3 && b.Need(2) {
		g[2] = dy.Sum([]int{0, 2, 3, 4}[:1+o.dims]...)
	}
	return g
}

// FLOPs counts a multiplication and an addition for each term.
func (o convOp) FLOPs(in, out []Spec) int64 { return o.flops(out[0].Shape, in[1].Shape) }

// convWeightGradOp maps (x, dy) to dw of the given shape.
type convWeightGradOp struct {
	convGeometry
	weight Shape
}

func (o convWeightGradOp) Name() string { return convNames[o.dims] + "_weight_grad" }
func (convWeightGradOp) Reads() Reads   { return ReadsIn(0, 1) }
func (o convWeightGradOp) Infer(c *Call) {
	c.Output(o.weight, c.SameDType())
}
func (o convWeightGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		k.ConvWeightGrad(o.kernel(c.In[0].shape, o.weight, c.In[1].shape), c.X(0), c.X(1), c.Y(0))
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
func (o convWeightGradOp) FLOPs(in, out []Spec) int64 { return o.flops(in[1].Shape, out[0].Shape) }

var convNames = [4]string{1: "conv1d", 2: "conv2d", 3: "conv3d"}

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

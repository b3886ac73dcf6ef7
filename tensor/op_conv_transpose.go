package tensor

// ConvTransposeConfig are the options of transposed convolutions of one and two dimensions. Same and Causal are refused:
// cut the result with Narrow.
type ConvTransposeConfig struct {
	ConvConfig
	OutputPadding [2]int // added to one side of the result's size, to choose among the sizes that a strided convolution maps alike
}

// ConvTranspose3dConfig are ConvTransposeConfig's options in three dimensions.
type ConvTranspose3dConfig struct {
	Conv3dConfig
	OutputPadding [3]int
}

// ConvTranspose2d returns the transpose of Conv2d as a linear map, its gradient with respect to the input: x (N, C, H, W),
// w (C, K/groups, R, S), bias (K,) or nil, result (N, K, OH, OW) with
//
//	OH = (H−1)·stride − 2·padding + dilation·(R−1) + outputPadding + 1.
//
// It panics as Conv2d does, with ErrValue also when the output padding is not smaller than the stride or the dilation.
func ConvTranspose2d(x, w, bias *Tensor, cfg ConvTransposeConfig) *Tensor {
	g := convGeometry{dims: 2, groups: cfg.Groups, pad: widen(0, cfg.Padding), stride: widen(1, cfg.Stride), dil: widen(1, cfg.Dilation)}
	return convTranspose(g, cfg.Same || cfg.Causal, cfg.ReLU, widen(0, cfg.OutputPadding), x, w, bias)
}

// ConvTranspose1d is ConvTranspose2d for sequences: x (N, C, L), w (C, K/groups, S), result (N, K, OL).
func ConvTranspose1d(x, w, bias *Tensor, cfg ConvTransposeConfig) *Tensor {
	g := convGeometry{dims: 1, groups: cfg.Groups, pad: [3]int{2: cfg.Padding[1]}, stride: [3]int{1, 1, cfg.Stride[1]}, dil: [3]int{1, 1, cfg.Dilation[1]}}
	return convTranspose(g, cfg.Same || cfg.Causal, cfg.ReLU, [3]int{2: cfg.OutputPadding[1]}, x, w, bias)
}

// ConvTranspose3d is ConvTranspose2d for volumes: x (N, C, D, H, W), w (C, K/groups, T, R, S), result (N, K, OD, OH, OW).
func ConvTranspose3d(x, w, bias *Tensor, cfg ConvTranspose3dConfig) *Tensor {
	g := convGeometry{dims: 3, groups: cfg.Groups, pad: cfg.Padding, stride: cfg.Stride, dil: cfg.Dilation}
	return convTranspose(g, cfg.Same, cfg.ReLU, cfg.OutputPadding, x, w, bias)
}

func convTranspose(g convGeometry, auto, relu bool, extra [3]int, x, w, bias *Tensor) *Tensor {
	op, shapes := convTransposeNames[g.dims], []Shape{x.shape, w.shape}
	g.check(op, x, w)
	g.after = g.pad
	if auto {
		Fail(op, ErrValue, shapes, "there is no same or causal padding here; cut the result with Narrow")
	}
	if x.Dim(1) != w.Dim(0) {
		Fail(op, ErrShape, shapes, "the input has %d channels and the weight takes %d", x.Dim(1), w.Dim(0))
	}
	var out [3]int
	for i := range 3 {
		if p := extra[i]; p < 0 || p >= max(g.stride[i], g.dil[i]) && p > 0 {
			Fail(op, ErrValue, shapes, "output padding %d must be smaller than the stride or the dilation", p)
		}
		out[i] = (g.size(x.shape, i)-1)*g.stride[i] - 2*g.pad[i] + g.dil[i]*(g.size(w.shape, i)-1) + extra[i] + 1
		if out[i] < 1 {
			Fail(op, ErrShape, shapes, "the result would have size %d", out[i])
		}
	}
	k := w.Dim(1) * g.groups
	y := Apply1(convInputGradOp{g, g.shape(x.Dim(0), k, out)}, x, w)
	if bias != nil {
		shapes = append(shapes, bias.shape)
		if bias.shape != ShapeOf(k) {
			Fail(op, ErrShape, shapes, "the bias must have shape (%d,)", k)
		}
		if bias.dtype != y.dtype {
			Fail(op, ErrDType, shapes, "the input is %v and the bias %v; convert one with To", y.dtype, bias.dtype)
		}
		y = y.Add(bias.Reshape([]int{-1, 1, 1, 1}[:1+g.dims]...))
	}
	if relu {
		y = y.ReLU()
	}
	return y
}

// convInputGradOp maps (dy, w) to dx of the given shape.
type convInputGradOp struct {
	convGeometry
	input Shape
}

var convTransposeNames = [4]string{1: "conv_transpose1d", 2: "conv_transpose2d", 3: "conv_transpose3d"}

func (o convInputGradOp) Name() string { return convTransposeNames[o.dims] }
func (convInputGradOp) Reads() Reads   { return ReadsIn(0, 1) }
func (o convInputGradOp) Infer(c *Call) {
	c.Output(o.input, c.SameDType())
}
func (o convInputGradOp) Run(d Device, c *Call) bool {
	k, ok := d.(convKernel)
	if ok {
		k.ConvInputGrad(o.kernel(o.input, c.In[1].shape, c.In[0].shape), c.X(0), c.X(1), c.Y(0))
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
func (o convInputGradOp) FLOPs(in, out []Spec) int64 { return o.flops(in[0].Shape, in[1].Shape) }

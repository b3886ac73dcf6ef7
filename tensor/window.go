package tensor

import "math"

// Window says how the windows of a convolution or a pooling lie along one dimension, to reckon with them where no tensor is at
// hand. Zero strides and dilations mean 1.
type Window struct {
	Kernel        int
	Stride        int
	Padding       int // before the first element and after the last one
	MorePadding   int // after the last one, besides; negative for less there, as causal padding has
	Dilation      int
	CeilMode      bool // of poolings: also windows that hang over the padded end, if they start in the input or the padding before it
	Transposed    bool // of ConvTranspose: the input's elements spread over windows of the result
	OutputPadding int  // of ConvTranspose
}

// withDefaults returns w with its defaults. It panics with ErrValue on options that are out of range.
func (w Window) withDefaults() Window {
	if w.Stride == 0 {
		w.Stride = 1
	}
	if w.Dilation == 0 {
		w.Dilation = 1
	}
	bad := func(format string, args ...any) { Fail("window", ErrValue, nil, format, args...) }
	switch {
	case w.Kernel < 1 || w.Stride < 1 || w.Dilation < 1 || w.Padding < 0 || w.MorePadding < -w.Padding:
		bad("kernel %d, stride %d and dilation %d must be positive, padding %d and that at the end, %d more, not negative", w.Kernel, w.Stride, w.Dilation, w.Padding, w.MorePadding)
	case max(w.Kernel, w.Stride, w.Dilation, w.Padding, w.MorePadding, w.OutputPadding) > maxSize:
		bad("a size above %d is more than a dimension can hold", maxSize)
	case w.Transposed && (w.CeilMode || w.MorePadding != 0):
		bad("a transposed convolution has no ceil mode, and the same padding at both ends")
	case !w.Transposed && w.OutputPadding != 0:
		bad("output padding is a transposed convolution's")
	case w.OutputPadding < 0 || w.OutputPadding > 0 && w.OutputPadding >= max(w.Stride, w.Dilation):
		bad("output padding %d must be smaller than the stride %d or the dilation %d", w.OutputPadding, w.Stride, w.Dilation)
	}
	return w
}

// Span returns the number of elements from a window's first to its last, the effective kernel of a dilated convolution:
//
//	k' = k + (k−1)·(d−1) = d·(k−1) + 1 (Yu and Koltun, 2016).
func (w Window) Span() int {
	w = w.withDefaults()
	return int(w.span())
}

func (w Window) span() int64 { return int64(w.Dilation)*int64(w.Kernel-1) + 1 }

// Size returns the size of the result for an input of the given size (Dumoulin and Visin, 2016):
//
//	⌊(in + 2·padding − k')/stride⌋ + 1, with k' = Span(),
//
// rounded up in ceil mode as in PoolConfig, and of a transposed convolution
//
//	(in−1)·stride − 2·padding + k' + outputPadding.
//
// It panics with ErrShape when the window does not fit into the padded input or nothing is left of a transposed
// convolution's result, and with ErrValue when an option is out of range.
func (w Window) Size(in int) int {
	w = w.withDefaults()
	if in < 1 || in > maxSize {
		Fail("window", ErrValue, nil, "the input's size %d must be positive and at most %d", in, maxSize)
	}
	n, stride, span := int64(in), int64(w.Stride), w.span()
	var out int64
	if w.Transposed {
		if out = (n-1)*stride - 2*int64(w.Padding) + span + int64(w.OutputPadding); out < 1 {
			Fail("window", ErrShape, nil, "the result would have size %d", out)
		}
	} else {
		padded := n + 2*int64(w.Padding) + int64(w.MorePadding)
		steps := padded - span
		if w.CeilMode {
			steps += stride - 1
		}
		if steps < 0 {
			Fail("window", ErrShape, nil, "the kernel spans %d, more than the padded input's %d", span, padded)
		}
		out = steps/stride + 1
		if w.CeilMode && (out-1)*stride >= n+int64(w.Padding) {
			out--
		}
	}
	if out > math.MaxInt32 {
		Fail("window", ErrShape, nil, "the result's size %d is more than a dimension can hold", out)
	}
	return int(out)
}

// windower is an op whose windows Step.Windows lists.
type windower interface{ windows(in, out []Spec) []Window }

// Windows returns how the windows of a convolution, of a transposed convolution or of a pooling lie along each spatial
// dimension, nil for other ops and for adaptive poolings whose windows differ.
func (s Step) Windows() []Window {
	if o, ok := s.Op.(windower); ok {
		return o.windows(s.In, s.Out)
	}
	return nil
}

func (o convOp) windows(in, _ []Spec) (all []Window) {
	for i := 3 - o.dims; i < 3; i++ {
		w := Window{Kernel: o.size(in[1].Shape, i), Stride: o.stride[i], Dilation: o.dil[i], Padding: o.pad[i], MorePadding: o.after[i] - o.pad[i]}
		all = append(all, w)
	}
	return all
}

func (o convInputGradOp) windows(in, out []Spec) (all []Window) {
	for i := 3 - o.dims; i < 3; i++ {
		w := Window{Kernel: o.size(in[1].Shape, i), Stride: o.stride[i], Dilation: o.dil[i], Padding: o.pad[i], Transposed: true}
		// Not by w.Size, which refuses sizes that only the output padding makes positive.
		w.OutputPadding = o.size(out[0].Shape, i) - ((o.size(in[0].Shape, i)-1)*w.Stride - 2*w.Padding + int(w.span()))
		all = append(all, w)
	}
	return all
}

func (p poolWindow) windows(in, _ []Spec) (all []Window) {
	for i := 5 - in[0].Shape.rank; i < 3; i++ {
		w := Window{Kernel: p.Kernel[i], Stride: p.Stride[i], Padding: p.Pad[i], Dilation: p.Dilated[i]}
		switch {
		case p.Adaptive:
			if p.In[i]%p.Out[i] != 0 {
				return nil
			}
			w = Window{Kernel: p.In[i] / p.Out[i], Stride: p.In[i] / p.Out[i]}
		case w.Stride == 0: // windows that do not slide
			return nil
		default: // ceil mode counts where the last window hangs over the padded end
			w.CeilMode = (p.Out[i]-1)*w.Stride > p.In[i]+2*w.Padding-int(w.span())
		}
		all = append(all, w)
	}
	return all
}

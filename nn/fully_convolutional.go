package nn

import "github.com/hadal-go/hadal/tensor"

// LinearToConv2d returns the convolution that computes what a dense layer computes of flattened planes (Sermanet et al., 2014;
// Long, Shelhamer and Darrell, 2015): l maps x (N, C, H, W), flattened to (N, C·H·W), to (N, K); the convolution, with a kernel of
// height × width and no padding, maps (N, C, H, W) to (N, K, 1, 1) with the same values, and larger planes to a map of them, one for
// each place of the window. A dense layer behind another is one of height and width 1.
//
//	Weight[k, c, i, j] = l.Weight[k, (c·height + i)·width + j]
//
// The new layer owns its weights. It panics with ErrShape unless l's inputs are a whole number of such planes.
func LinearToConv2d(l *Linear, height, width int) *Conv2d {
	out, in := l.Weight.Dim(0), l.Weight.Dim(1)
	if height < 1 || width < 1 || in%(height*width) != 0 {
		tensor.Fail("linear_to_conv2d", tensor.ErrShape, []tensor.Shape{l.Weight.Shape()},
			"the layer's %d inputs are no whole number of planes of %d x %d; give the height and width of what was flattened", in, height, width)
	}
	c := &Conv2d{Weight: tensor.NewParam(l.Weight.Detach().Reshape(out, in/(height*width), height, width))}
	if l.Bias != nil {
		c.Bias = tensor.NewParam(l.Bias.Detach())
	}
	return c
}

// FullyConvolutional returns a network that computes, of pictures (N, channels, height, width), what s computes as (N, K), as
// (N, K, 1, 1), and of larger ones (N, K, OH, OW): s at every place of a window of height × width that moves by the product of the
// strides, at the cost of one pass. A dense layer has a fixed number of inputs, and so s has a size of picture; the result has not.
//
// s is convolutions, pooling and layers by element or channel, a Flatten, and dense layers with activations, Dropout and BatchNorm.
// Dense layers become convolutions (LinearToConv2d), the Flatten is left out, and so is an adaptive pooling that changes nothing at
// this size. A place of the map equals s on that window where s pads with nothing; with padding, s sees zeros beside the window and
// the map its surroundings. The result owns its weights; s stays as it is. It panics with ErrValue on a layer that has no such form.
func FullyConvolutional(s Sequential, channels, height, width int) Sequential {
	const op = "fully_convolutional"
	f := tensor.Factory{Device: tensor.Meta}
	for _, p := range Params(s) {
		f.DType = p.DType()
		break
	}
	x := f.Zeros(1, channels, height, width)
	planes := x.Shape() // of the last tensor that had planes
	flat := false
	var all Sequential
	for i, l := range flatSequence(Clone(s)) {
		if x.Rank() == 4 {
			planes = x.Shape()
		}
		before := x
		x = Eval(l).Forward(x)
		switch l := l.(type) {
		case *Flatten:
			if x.Rank() != 2 {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{before.Shape(), x.Shape()}, "layer %d must flatten all but the batch, to (N, M)", i)
			}
			flat = true
		case *Linear:
			if !flat {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{before.Shape()}, "layer %d is a Linear before any Flatten", i)
			}
			all = append(all, LinearToConv2d(l, planes.Dim(2), planes.Dim(3)))
			planes = tensor.ShapeOf(1, x.Dim(1), 1, 1)
		case *BatchNorm:
			if flat && planes.Dim(2)*planes.Dim(3) > 1 {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{before.Shape()}, "layer %d (%T) has statistics for each place of the flattened planes %v; put it before the Flatten, or behind a Linear", i, l, planes)
			}
			l.ranks = [2]int{} // after dense layers it was one of vectors
			all = append(all, l)
		case *AdaptiveAvgPool2d, *AdaptiveMaxPool2d:
			if x.Shape() != before.Shape() {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{before.Shape(), x.Shape()}, "layer %d (%T) makes one size of any: give pictures of a size at which it changes nothing", i, l)
			}
		default:
			if p, ok := l.(*PReLU); flat && (!byElement(l) || ok && p.Weight.Numel() > 1 && planes.Dim(2)*planes.Dim(3) > 1) {
				tensor.Fail(op, tensor.ErrValue, []tensor.Shape{before.Shape()}, "layer %d (%T) after the Flatten has no form for planes; only Linear, activations, Dropout and BatchNorm have", i, l)
			}
			all = append(all, l)
		}
	}
	if !flat {
		tensor.Fail(op, tensor.ErrValue, nil, "there is no Flatten: the network has no fixed size")
	}
	return all
}

// flatSequence returns the layers of s with those of sequences in it.
func flatSequence(s Sequential) (all Sequential) {
	for _, l := range s {
		if inner, ok := l.(Sequential); ok {
			all = append(all, flatSequence(inner)...)
		} else {
			all = append(all, l)
		}
	}
	return all
}

// byElement reports whether a layer of package nn treats each element, or each channel in dimension 1, alone.
func byElement(l Layer) bool {
	switch l.(type) {
	case ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid, Softplus, Identity, *PReLU, *Dropout:
		return true
	}
	return false
}

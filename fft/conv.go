package fft

import "github.com/hadal-go/hadal/tensor"

// Conv1d returns tensor.Conv1d(x, w, bias, cfg), with the same arguments and errors, by way of Fourier transforms: x
// (N, C, L), w (K, C/groups, S). Its time does not grow with the kernel's length. Against the direct form it pays, on a Zen 3
// core in float32, from kernels of about 40 samples on (BenchmarkConv1d).
func Conv1d(x, w, bias *tensor.Tensor, cfg tensor.ConvConfig) *tensor.Tensor {
	if x.Rank() != 3 || w.Rank() != 3 {
		tensor.Fail("fft.conv1d", tensor.ErrShape, []tensor.Shape{x.Shape(), w.Shape()}, "input must be (N, C, L) and weight (K, C/groups, S)")
	}
	cfg.Padding[0], cfg.Stride[0], cfg.Dilation[0] = 0, 1, 1
	return conv(x.Unsqueeze(2), w.Unsqueeze(2), bias, cfg).Squeeze(2)
}

// Conv2d returns tensor.Conv2d(x, w, bias, cfg) by way of Fourier transforms: x (N, C, H, W), w (K, C/groups, R, S). It pays
// from kernels of about 10 x 10 on (BenchmarkConv2d).
func Conv2d(x, w, bias *tensor.Tensor, cfg tensor.ConvConfig) *tensor.Tensor {
	return conv(x, w, bias, cfg)
}

// conv is the correlation theorem: where x and w, padded with zeros to a common size, have the transforms X and W, the
// cross-correlation's is X·W*. Only positions at which the kernel lies inside the padded input are used, so nothing that
// wraps around is seen.
func conv(x, w, bias *tensor.Tensor, cfg tensor.ConvConfig) *tensor.Tensor {
	// The direct form's shape rule checks everything and gives the result's shape.
	s := tensor.Conv2d(x.Detach().ToDevice(tensor.Meta), w.Detach().ToDevice(tensor.Meta), onMeta(bias), cfg).Shape()
	if s.Numel() == 0 || x.Numel() == 0 {
		return tensor.Conv2d(x, w, bias, cfg)
	}
	groups := max(1, cfg.Groups)
	x = x.Pad(tensor.PadConstant, 0, cfg.Padding[1], cfg.Padding[1], cfg.Padding[0], cfg.Padding[0])
	w = dilate(dilate(w, 2, cfg.Dilation[0]), 3, cfg.Dilation[1])
	size := []int{FastSize(x.Dim(2)), FastSize(x.Dim(3))}
	y := IRFFT2(correlate(RFFT2(x, size, nil, Backward), RFFT2(w, size, nil, Backward), groups), size, nil, Backward)
	for i := range 2 {
		stride := max(1, cfg.Stride[i])
		y = y.Slice(2+i, 0, (s.Dim(2+i)-1)*stride+1, stride)
	}
	if bias != nil {
		y = y.Add(bias.Reshape(-1, 1, 1))
	}
	return y
}

// correlate returns Σ_c x[n, c]·w*[k, c] for each frequency and group: x (N, C, F, G, 2), w (K, C/groups, F, G, 2), result
// (N, K, F, G, 2).
func correlate(x, w *tensor.Tensor, groups int) *tensor.Tensor {
	n, c, k, f, g := x.Dim(0), w.Dim(1), w.Dim(0), x.Dim(2), x.Dim(3)
	x = x.Reshape(n, groups, c, f*g, 2).Transpose(0, 1)
	y := tensor.Apply1(contractOp{conjB: true}, x, w.Reshape(groups, k/groups, c, f*g, 2))
	return y.Transpose(0, 1).Reshape(n, k, f, g, 2)
}

// dilate puts d-1 zeros between the elements along an axis.
func dilate(w *tensor.Tensor, axis, d int) *tensor.Tensor {
	if d <= 1 {
		return w
	}
	n := w.Dim(axis)
	pairs := make([]int, 2*(w.Rank()-axis))
	pairs[len(pairs)-1] = d - 1
	spread := w.Unsqueeze(axis+1).Pad(tensor.PadConstant, 0, pairs...)
	return spread.ReshapeTo(w.Shape().With(axis, n*d)).Narrow(axis, 0, (n-1)*d+1)
}

func onMeta(t *tensor.Tensor) *tensor.Tensor {
	if t == nil {
		return nil
	}
	return t.Detach().ToDevice(tensor.Meta)
}

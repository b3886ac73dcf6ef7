package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// geometry is a convolution's; triples are (depth, height, width).
type geometry struct {
	stride, before, dilation [3]int
	groups                   int
}

// geometryOf fills in defaults; what pairs lack is 0, which means 1 for strides and dilations.
func geometryOf(stride, padding, dilation [3]int, groups int) geometry {
	for i := range 3 {
		stride[i], dilation[i] = max(stride[i], 1), max(dilation[i], 1)
	}
	return geometry{stride, padding, dilation, max(groups, 1)}
}

func geometry2d(c tensor.ConvConfig) geometry {
	up := func(p [2]int) [3]int { return [3]int{0, p[0], p[1]} }
	return geometryOf(up(c.Stride), up(c.Padding), up(c.Dilation), c.Groups)
}

// geometry1d takes the second of each pair.
func geometry1d(c tensor.ConvConfig) geometry {
	c.Stride[0], c.Padding[0], c.Dilation[0] = 0, 0, 0
	return geometry2d(c)
}

func geometry3d(c tensor.Conv3dConfig) geometry {
	return geometryOf(c.Stride, c.Padding, c.Dilation, c.Groups)
}

// reads calls f for each tap with the input position that output position o reads through it.
func (g geometry) reads(kernel, o []int, f func(tap, at []int)) {
	at := make([]int, 3)
	optest.Each(kernel, func(tap []int) {
		for i := range at {
			at[i] = o[i]*g.stride[i] - g.before[i] + tap[i]*g.dilation[i]
		}
		f(tap, at)
	})
}

func insideOf(at, size []int) bool {
	for i, p := range at {
		if p < 0 || p >= size[i] {
			return false
		}
	}
	return true
}

// convolution is a convolution by its definition, for a result of the given size. Shapes without a depth or height have 1.
func convolution(g geometry, out ...int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w := withVolume(in[0]), withVolume(in[1])
		k, cg := w.Shape[0], w.Shape[1]
		y := optest.Build(withVolume(optest.Array{Shape: append([]int{x.Shape[0], k}, out...)}).Shape, func(at []int) (sum float64) {
			group := at[1] / (k / g.groups)
			g.reads(w.Shape[2:], at[2:], func(tap, i []int) {
				for c := 0; c < cg && insideOf(i, x.Shape[2:]); c++ {
					sum += w.At(at[1], c, tap[0], tap[1], tap[2]) * x.At(at[0], group*cg+c, i[0], i[1], i[2])
				}
			})
			if len(in) == 3 {
				sum += in[2].Data[at[1]]
			}
			return sum
		})
		return []optest.Array{likeConvInput(y, in[0])}
	}
}

// transposedConvolution is the same transposed: each input adds its multiple of the kernel to the result, which has k
// channels.
func transposedConvolution(g geometry, k int, out ...int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w := withVolume(in[0]), withVolume(in[1])
		y := optest.Build(withVolume(optest.Array{Shape: append([]int{x.Shape[0], k}, out...)}).Shape, func(at []int) float64 {
			if len(in) == 3 {
				return in[2].Data[at[1]]
			}
			return 0
		})
		optest.Each(x.Shape, func(at []int) {
			group := at[1] / (x.Shape[1] / g.groups)
			g.reads(w.Shape[2:], at[2:], func(tap, i []int) {
				for c := 0; c < w.Shape[1] && insideOf(i, y.Shape[2:]); c++ {
					y.Data[y.Offset(at[0], group*w.Shape[1]+c, i[0], i[1], i[2])] += x.At(at...) * w.At(at[1], c, tap[0], tap[1], tap[2])
				}
			})
		})
		return []optest.Array{likeConvInput(y, in[0])}
	}
}

// withReLU is f, and max(y, 0) of its results if relu.
func withReLU(relu bool, f func([]optest.Array) []optest.Array) func([]optest.Array) []optest.Array {
	if !relu {
		return f
	}
	return func(in []optest.Array) []optest.Array {
		out := f(in)
		for i, v := range out[0].Data {
			out[0].Data[i] = max(v, 0)
		}
		return out
	}
}

// withVolume gives (N, C, L) and (N, C, H, W) the depth and height 1.
func withVolume(a optest.Array) optest.Array {
	for len(a.Shape) < 5 {
		a.Shape = append([]int{a.Shape[0], a.Shape[1], 1}, a.Shape[2:]...)
	}
	return a
}

// likeConvInput takes the depth and height 1 of y away where x has none.
func likeConvInput(y, x optest.Array) optest.Array {
	y.Shape = append([]int{y.Shape[0], y.Shape[1]}, y.Shape[7-len(x.Shape):]...)
	return y
}

// withHeight gives (N, C, L) the height 1.
func withHeight(a optest.Array) optest.Array {
	if len(a.Shape) == 3 {
		a.Shape = []int{a.Shape[0], a.Shape[1], 1, a.Shape[2]}
	}
	return a
}

// likeInput takes the height 1 of y away where x has none.
func likeInput(y, x optest.Array) optest.Array {
	if len(x.Shape) == 3 {
		y.Shape = []int{y.Shape[0], y.Shape[1], y.Shape[3]}
	}
	return y
}

// third returns the third input, nil when there are two.
func third(in tensors) *tensor.Tensor {
	if len(in) == 3 {
		return in[2]
	}
	return nil
}

type convConfig = tensor.ConvConfig

func TestConv(t *testing.T) {
	var cases []optest.Case
	conv2d := func(name string, in []tin, cfg convConfig, oh, ow int) {
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: name, In: in, Want: withReLU(cfg.ReLU, convolution(geometry2d(cfg), oh, ow)),
			F: func(in tensors) tensors { return tensors{tensor.Conv2d(in[0], in[1], third(in), cfg)} }})
	}
	conv2d("plain", of([]int{2, 3, 5, 4}, []int{2, 3, 3, 2}, []int{2}), convConfig{}, 3, 3)
	conv2d("no bias", of([]int{1, 2, 4, 4}, []int{3, 2, 3, 3}), convConfig{}, 2, 2)
	conv2d("one element", of([]int{1, 1, 1, 1}, []int{1, 1, 1, 1}, []int{1}), convConfig{}, 1, 1)
	conv2d("like both", of([]int{1, 1, 3, 3}, []int{1, 1, 3, 3}), convConfig{Padding: [2]int{1, 1}}, 3, 3)
	conv2d("stride", of([]int{1, 2, 7, 6}, []int{2, 2, 3, 2}, []int{2}), convConfig{Stride: [2]int{2, 3}}, 3, 2)
	conv2d("stride past the end", of([]int{1, 1, 5, 8}, []int{2, 1, 2, 2}), convConfig{Stride: [2]int{4, 5}}, 1, 2)
	conv2d("padding", of([]int{1, 2, 3, 4}, []int{2, 2, 3, 3}, []int{2}), convConfig{Padding: [2]int{1, 2}}, 3, 6)
	conv2d("padding wider than the kernel", of([]int{1, 1, 2, 2}, []int{1, 1, 2, 1}, []int{1}), convConfig{Padding: [2]int{3, 2}}, 7, 6)
	conv2d("dilation", of([]int{1, 2, 6, 7}, []int{2, 2, 2, 3}, []int{2}), convConfig{Dilation: [2]int{3, 2}}, 3, 3)
	conv2d("all at once", of([]int{2, 4, 6, 7}, []int{6, 2, 2, 3}, []int{6}), convConfig{Stride: [2]int{2, 3}, Padding: [2]int{1, 2}, Dilation: [2]int{2, 1}, Groups: 2}, 3, 3)
	conv2d("kernel larger than the input", of([]int{1, 2, 2, 3}, []int{2, 2, 5, 4}, []int{2}), convConfig{Padding: [2]int{2, 1}}, 2, 2)
	conv2d("taps in padding alone", of([]int{1, 1, 1, 1}, []int{1, 1, 3, 3}), convConfig{Padding: [2]int{2, 2}, Dilation: [2]int{2, 2}}, 1, 1)
	conv2d("groups", of([]int{2, 4, 3, 3}, []int{6, 2, 2, 2}, []int{6}), convConfig{Groups: 2}, 2, 2)
	conv2d("depthwise", of([]int{2, 3, 4, 4}, []int{3, 1, 3, 3}, []int{3}), convConfig{Groups: 3, Padding: [2]int{1, 1}}, 4, 4)
	conv2d("depthwise with multiplier", of([]int{1, 2, 3, 4}, []int{6, 1, 2, 2}, []int{6}), convConfig{Groups: 2, Stride: [2]int{1, 2}}, 2, 2)
	conv2d("depthwise, all at once", of([]int{2, 3, 7, 8}, []int{6, 1, 3, 2}, []int{6}), convConfig{Groups: 3, Stride: [2]int{2, 3}, Padding: [2]int{3, 2}, Dilation: [2]int{2, 3}}, 5, 3)
	conv2d("depthwise, stride past the kernel", of([]int{1, 2, 9, 11}, []int{2, 1, 2, 1}, []int{2}), convConfig{Groups: 2, Stride: [2]int{3, 4}, Padding: [2]int{1, 0}}, 4, 3)
	conv2d("depthwise 5x5", of([]int{1, 2, 6, 7}, []int{2, 1, 5, 5}), convConfig{Groups: 2, Padding: [2]int{2, 2}}, 6, 7)
	conv2d("depthwise 7x7, stride 2", of([]int{1, 2, 6, 9}, []int{2, 1, 7, 7}), convConfig{Groups: 2, Stride: [2]int{2, 2}, Padding: [2]int{3, 3}}, 3, 5)
	conv2d("depthwise, padding wider than the kernel", of([]int{1, 2, 2, 1}, []int{2, 1, 2, 2}, []int{2}), convConfig{Groups: 2, Padding: [2]int{4, 3}, Dilation: [2]int{1, 2}}, 9, 5)
	conv2d("one channel", of([]int{3, 1, 5, 4}, []int{1, 1, 3, 3}, []int{1}), convConfig{Padding: [2]int{1, 1}}, 5, 4)
	conv2d("depthwise, many outputs a channel", of([]int{1, 2, 3, 4}, []int{18, 1, 2, 2}, []int{18}), convConfig{Groups: 2}, 2, 3)
	conv2d("depthwise pointwise", of([]int{2, 3, 2, 3}, []int{3, 1, 1, 1}, []int{3}), convConfig{Groups: 3}, 2, 3)
	// Depthwise kernels cut planes into blocks of 256 columns and about 2^14 elements.
	conv2d("depthwise, blocks of lines", of([]int{1, 1, 70, 300}, []int{1, 1, 3, 3}, []int{1}), convConfig{Padding: [2]int{1, 1}}, 70, 300)
	conv2d("depthwise, blocks of columns", of([]int{1, 1, 2, 1053}, []int{1, 1, 2, 3}), convConfig{Padding: [2]int{1, 1}, Stride: [2]int{1, 2}}, 3, 527)
	conv2d("depthwise, chunks of images", of([]int{17, 2, 3, 4}, []int{2, 1, 2, 2}), convConfig{Groups: 2}, 2, 3)
	conv2d("pointwise", of([]int{3, 4, 2, 3}, []int{2, 4, 1, 1}, []int{2}), convConfig{}, 2, 3)
	conv2d("pointwise in groups", of([]int{1, 4, 2, 2}, []int{2, 2, 1, 1}, []int{2}), convConfig{Groups: 2}, 2, 2)
	conv2d("pointwise with stride", of([]int{1, 3, 5, 4}, []int{2, 3, 1, 1}), convConfig{Stride: [2]int{2, 2}}, 3, 2)
	conv2d("pointwise with padding", of([]int{1, 2, 2, 2}, []int{2, 2, 1, 1}, []int{2}), convConfig{Padding: [2]int{1, 0}}, 4, 2)
	conv2d("ReLU", of([]int{2, 3, 5, 4}, []int{2, 3, 3, 2}, []int{2}), convConfig{ReLU: true}, 3, 3)
	conv2d("ReLU without bias, strided", of([]int{1, 2, 7, 6}, []int{2, 2, 3, 2}), convConfig{Stride: [2]int{2, 3}, ReLU: true}, 3, 2)
	conv2d("ReLU, depthwise", of([]int{2, 3, 4, 4}, []int{3, 1, 3, 3}, []int{3}), convConfig{Groups: 3, Padding: [2]int{1, 1}, ReLU: true}, 4, 4)
	conv2d("ReLU, pointwise", of([]int{1, 4, 20, 31}, []int{2, 4, 1, 1}, []int{2}), convConfig{ReLU: true}, 20, 31)
	conv2d("ReLU of no samples", of([]int{0, 2, 4, 4}, []int{3, 2, 3, 3}, []int{3}), convConfig{ReLU: true}, 2, 2)
	conv2d("no samples", of([]int{0, 2, 4, 4}, []int{3, 2, 3, 3}, []int{3}), convConfig{}, 2, 2)
	conv2d("no channels", of([]int{2, 0, 3, 3}, []int{2, 0, 2, 2}, []int{2}), convConfig{}, 2, 2)
	// The kernels gather max(64, 65536/(C R S)) positions at a time, 4096 of a pointwise convolution, and add up the
	// weight's gradient over 8 images at a time, more only from 128 on.
	conv2d("chunks of positions", of([]int{1, 119, 7, 11}, []int{2, 119, 3, 3}, []int{2}), convConfig{Padding: [2]int{1, 1}}, 7, 11)
	conv2d("chunks of positions, strided", of([]int{1, 130, 14, 22}, []int{1, 130, 3, 3}), convConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 0}}, 7, 10)
	conv2d("chunks of a pointwise one", of([]int{1, 2, 67, 65}, []int{2, 2, 1, 1}, []int{2}), convConfig{}, 67, 65)
	conv2d("chunks of images", of([]int{17, 2, 4, 5}, []int{3, 2, 3, 3}, []int{3}), convConfig{Padding: [2]int{1, 1}}, 4, 5)
	conv2d("large chunks of images", of([]int{131, 1, 2, 2}, []int{1, 1, 2, 1}, []int{1}), convConfig{}, 1, 2)
	conv2d("tiles", of([]int{1, 5, 5, 13}, []int{33, 5, 3, 3}, []int{33}), convConfig{Padding: [2]int{1, 1}}, 5, 13)

	conv1d := func(name string, in []tin, cfg convConfig, ol int) {
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: "1d " + name, In: in, Want: withReLU(cfg.ReLU, convolution(geometry1d(cfg), ol)),
			F: func(in tensors) tensors { return tensors{tensor.Conv1d(in[0], in[1], third(in), cfg)} }})
	}
	conv1d("plain", of([]int{2, 2, 6}, []int{3, 2, 3}, []int{3}), convConfig{}, 4)
	conv1d("all at once", of([]int{1, 4, 11}, []int{4, 2, 3}, []int{4}), convConfig{Stride: [2]int{7, 2}, Padding: [2]int{9, 3}, Dilation: [2]int{5, 2}, Groups: 2}, 7)
	conv1d("ReLU", of([]int{2, 2, 6}, []int{3, 2, 3}, []int{3}), convConfig{ReLU: true}, 4)
	conv1d("one element", of([]int{1, 1, 1}, []int{1, 1, 1}), convConfig{}, 1)
	conv1d("no samples", of([]int{0, 2, 4}, []int{1, 2, 2}), convConfig{}, 3)
	conv1d("depthwise", of([]int{2, 3, 9}, []int{3, 1, 4}, []int{3}), convConfig{Groups: 3, Stride: [2]int{1, 2}, Padding: [2]int{0, 2}}, 5)
	conv1d("depthwise, blocks of columns", of([]int{1, 1, 600}, []int{1, 1, 3}), convConfig{Padding: [2]int{0, 2}, Dilation: [2]int{1, 2}}, 600)

	type config3d = tensor.Conv3dConfig
	conv3d := func(name string, in []tin, cfg config3d, od, oh, ow int) {
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: "3d " + name, In: in, Want: withReLU(cfg.ReLU, convolution(geometry3d(cfg), od, oh, ow)),
			F: func(in tensors) tensors { return tensors{tensor.Conv3d(in[0], in[1], third(in), cfg)} }})
	}
	conv3d("plain", of([]int{2, 2, 3, 4, 3}, []int{3, 2, 2, 3, 2}, []int{3}), config3d{}, 2, 2, 2)
	conv3d("ReLU", of([]int{2, 2, 3, 4, 3}, []int{3, 2, 2, 3, 2}, []int{3}), config3d{ReLU: true}, 2, 2, 2)
	conv3d("one element", of([]int{1, 1, 1, 1, 1}, []int{1, 1, 1, 1, 1}), config3d{}, 1, 1, 1)
	conv3d("all at once", of([]int{1, 4, 5, 4, 6}, []int{2, 2, 2, 3, 2}, []int{2}),
		config3d{Stride: [3]int{2, 1, 3}, Padding: [3]int{1, 2, 0}, Dilation: [3]int{3, 1, 2}, Groups: 2}, 2, 6, 2)
	conv3d("pointwise", of([]int{2, 3, 2, 2, 3}, []int{2, 3, 1, 1, 1}, []int{2}), config3d{}, 2, 2, 3)
	conv3d("depthwise", of([]int{1, 2, 3, 4, 3}, []int{2, 1, 3, 2, 3}, []int{2}), config3d{Groups: 2, Padding: [3]int{1, 0, 1}}, 3, 3, 3)
	conv3d("depthwise, all at once", of([]int{1, 2, 5, 4, 6}, []int{4, 1, 2, 3, 2}, []int{4}),
		config3d{Stride: [3]int{2, 1, 3}, Padding: [3]int{4, 2, 1}, Dilation: [3]int{3, 1, 2}, Groups: 2}, 5, 6, 2)
	conv3d("taps in padding alone", of([]int{1, 1, 1, 1, 2}, []int{1, 1, 3, 1, 1}, []int{1}), config3d{Padding: [3]int{4, 0, 0}, Dilation: [3]int{2, 1, 1}}, 5, 1, 2)
	conv3d("chunks of positions", of([]int{1, 60, 3, 5, 6}, []int{2, 60, 3, 3, 3}), config3d{Padding: [3]int{1, 1, 1}}, 3, 5, 6)
	conv3d("no samples", of([]int{0, 2, 2, 2, 2}, []int{3, 2, 2, 1, 2}, []int{3}), config3d{}, 1, 2, 1)

	// Same pads total/2 before; the reference only needs to know that and the result's size.
	same := func(name string, in []tin, dilation [3]int, groups int, before ...int) {
		size, n := in[0].Shape[2:], len(in[0].Shape)-2
		g := geometryOf([3]int{}, [3]int{}, dilation, groups)
		copy(g.before[3-n:], before)
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: "same " + name, In: in, Want: convolution(g, size...),
			F: func(in tensors) tensors {
				cfg := convConfig{Same: true, Dilation: [2]int{dilation[1], dilation[2]}, Groups: groups}
				switch n {
				case 1:
					return tensors{tensor.Conv1d(in[0], in[1], third(in), cfg)}
				case 2:
					return tensors{tensor.Conv2d(in[0], in[1], third(in), cfg)}
				}
				return tensors{tensor.Conv3d(in[0], in[1], third(in), config3d{Same: true, Dilation: dilation, Groups: groups})}
			}})
	}
	same("odd", of([]int{1, 2, 4, 5}, []int{2, 2, 3, 5}, []int{2}), [3]int{}, 1, 1, 2)
	same("even", of([]int{1, 2, 4, 5}, []int{2, 2, 2, 4}, []int{2}), [3]int{}, 1, 0, 1)
	same("dilated", of([]int{1, 2, 4, 5}, []int{2, 2, 4, 2}), [3]int{1, 3, 1}, 1, 4, 0)
	same("depthwise", of([]int{2, 3, 4, 5}, []int{3, 1, 4, 2}, []int{3}), [3]int{1, 1, 3}, 3, 1, 1)
	same("1d", of([]int{2, 2, 7}, []int{3, 2, 4}, []int{3}), [3]int{1, 1, 3}, 1, 4)
	same("3d", of([]int{1, 2, 3, 2, 4}, []int{2, 1, 2, 3, 4}, []int{2}), [3]int{1, 1, 2}, 2, 0, 1, 3)
	same("of nothing", of([]int{0, 2, 3, 3}, []int{2, 2, 2, 2}), [3]int{}, 1, 0, 0)

	causal := func(name string, in []tin, cfg convConfig, before, ol int) {
		g := geometry1d(cfg)
		g.before[2] = before
		cfg.Causal = true
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: "causal " + name, In: in, Want: convolution(g, ol),
			F: func(in tensors) tensors { return tensors{tensor.Conv1d(in[0], in[1], third(in), cfg)} }})
	}
	causal("plain", of([]int{2, 2, 6}, []int{3, 2, 3}, []int{3}), convConfig{}, 2, 6)
	causal("dilated", of([]int{1, 2, 5}, []int{2, 2, 3}), convConfig{Dilation: [2]int{1, 4}}, 8, 5)
	causal("strided", of([]int{1, 4, 7}, []int{4, 1, 2}, []int{4}), convConfig{Stride: [2]int{1, 2}, Groups: 4}, 1, 4)
	optest.Run(t, cases)
}

func TestConvTranspose(t *testing.T) {
	type config = tensor.ConvTransposeConfig
	var cases []optest.Case
	// k, oh and ow are the result's channels and size.
	conv2d := func(name string, in []tin, cfg config, k, oh, ow int) {
		cases = append(cases, optest.Case{Op: "tensor.convInputGradOp", Name: name, In: in, Want: withReLU(cfg.ReLU, transposedConvolution(geometry2d(cfg.ConvConfig), k, oh, ow)),
			F: func(in tensors) tensors { return tensors{tensor.ConvTranspose2d(in[0], in[1], third(in), cfg)} }})
	}
	conv2d("plain", of([]int{2, 2, 3, 2}, []int{2, 3, 2, 3}, []int{3}), config{}, 3, 4, 4)
	conv2d("no bias", of([]int{1, 2, 3, 3}, []int{2, 1, 3, 3}), config{}, 1, 5, 5)
	conv2d("one element", of([]int{1, 1, 1, 1}, []int{1, 1, 1, 1}, []int{1}), config{}, 1, 1, 1)
	conv2d("stride", of([]int{1, 2, 3, 2}, []int{2, 2, 3, 2}, []int{2}), config{convConfig{Stride: [2]int{2, 3}}, [2]int{}}, 2, 7, 5)
	conv2d("stride with gaps", of([]int{1, 1, 2, 3}, []int{1, 2, 1, 2}, []int{2}), config{convConfig{Stride: [2]int{3, 4}}, [2]int{}}, 2, 4, 10)
	conv2d("ReLU", of([]int{1, 2, 3, 2}, []int{2, 2, 3, 2}, []int{2}), config{convConfig{Stride: [2]int{2, 3}, ReLU: true}, [2]int{}}, 2, 7, 5)
	conv2d("padding", of([]int{1, 2, 4, 3}, []int{2, 2, 3, 3}, []int{2}), config{convConfig{Padding: [2]int{1, 2}}, [2]int{}}, 2, 4, 1)
	conv2d("dilation", of([]int{1, 2, 2, 3}, []int{2, 2, 2, 3}, []int{2}), config{convConfig{Dilation: [2]int{3, 2}}, [2]int{}}, 2, 5, 7)
	conv2d("output padding", of([]int{1, 2, 2, 3}, []int{2, 2, 3, 3}, []int{2}), config{convConfig{Stride: [2]int{2, 3}, Padding: [2]int{1, 1}}, [2]int{1, 2}}, 2, 4, 9)
	// A convolution of these results would give more than the inputs: output padding below the dilation, not the stride.
	conv2d("output padding of a dilated one", of([]int{2, 2, 2, 3}, []int{2, 1, 2, 2}, []int{1}), config{convConfig{Dilation: [2]int{3, 2}}, [2]int{2, 1}}, 1, 7, 6)
	conv2d("output padding of a pointwise one", of([]int{1, 2, 2, 3}, []int{2, 2, 1, 1}), config{convConfig{Dilation: [2]int{3, 2}}, [2]int{2, 1}}, 2, 4, 4)
	conv2d("output padding of a dilated, strided one", of([]int{1, 1, 2, 2}, []int{1, 2, 2, 2}), config{convConfig{Stride: [2]int{2, 2}, Dilation: [2]int{5, 4}}, [2]int{4, 3}}, 2, 12, 10)
	conv2d("groups", of([]int{2, 4, 2, 2}, []int{4, 3, 2, 2}, []int{6}), config{convConfig{Groups: 2}, [2]int{}}, 6, 3, 3)
	conv2d("depthwise", of([]int{1, 3, 2, 3}, []int{3, 1, 3, 3}, []int{3}), config{convConfig{Groups: 3, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}, [2]int{1, 1}}, 3, 4, 6)
	conv2d("all at once", of([]int{2, 4, 3, 2}, []int{4, 1, 2, 3}, []int{2}), config{convConfig{Stride: [2]int{2, 3}, Padding: [2]int{1, 2}, Dilation: [2]int{2, 1}, Groups: 2}, [2]int{1, 0}}, 2, 6, 2)
	conv2d("pointwise", of([]int{2, 3, 2, 2}, []int{3, 2, 1, 1}, []int{2}), config{}, 2, 2, 2)
	conv2d("no samples", of([]int{0, 2, 2, 2}, []int{2, 3, 2, 2}, []int{3}), config{}, 3, 3, 3)
	conv2d("chunks of positions", of([]int{1, 2, 7, 11}, []int{2, 115, 3, 3}, []int{115}), config{convConfig{Stride: [2]int{2, 1}, Padding: [2]int{1, 1}}, [2]int{1, 0}}, 115, 14, 11)
	conv2d("chunks of a pointwise one", of([]int{1, 2, 65, 67}, []int{2, 1, 1, 1}), config{}, 1, 65, 67)

	conv1d := func(name string, in []tin, cfg config, k, ol int) {
		cases = append(cases, optest.Case{Op: "tensor.convInputGradOp", Name: "1d " + name, In: in, Want: transposedConvolution(geometry1d(cfg.ConvConfig), k, ol),
			F: func(in tensors) tensors { return tensors{tensor.ConvTranspose1d(in[0], in[1], third(in), cfg)} }})
	}
	conv1d("plain", of([]int{2, 2, 3}, []int{2, 3, 2}, []int{3}), config{}, 3, 4)
	conv1d("all at once", of([]int{1, 4, 4}, []int{4, 2, 3}, []int{4}), config{convConfig{Stride: [2]int{7, 3}, Padding: [2]int{9, 2}, Dilation: [2]int{5, 2}, Groups: 2}, [2]int{8, 2}}, 4, 12)
	conv1d("depthwise", of([]int{2, 3, 4}, []int{3, 1, 4}, []int{3}), config{convConfig{Groups: 3, Stride: [2]int{1, 2}, Padding: [2]int{0, 1}}, [2]int{}}, 3, 8)

	type config3d = tensor.ConvTranspose3dConfig
	conv3d := func(name string, in []tin, cfg config3d, k, od, oh, ow int) {
		cases = append(cases, optest.Case{Op: "tensor.convInputGradOp", Name: "3d " + name, In: in, Want: transposedConvolution(geometry3d(cfg.Conv3dConfig), k, od, oh, ow),
			F: func(in tensors) tensors { return tensors{tensor.ConvTranspose3d(in[0], in[1], third(in), cfg)} }})
	}
	conv3d("plain", of([]int{1, 2, 2, 3, 2}, []int{2, 3, 2, 1, 3}, []int{3}), config3d{}, 3, 3, 3, 4)
	all := tensor.Conv3dConfig{Stride: [3]int{2, 1, 3}, Padding: [3]int{1, 0, 2}, Dilation: [3]int{1, 3, 2}, Groups: 2}
	conv3d("all at once", of([]int{1, 4, 2, 3, 2}, []int{4, 1, 3, 2, 2}, []int{2}), config3d{all, [3]int{1, 2, 1}}, 2, 4, 8, 3)
	conv3d("depthwise", of([]int{1, 2, 2, 3, 3}, []int{2, 1, 3, 2, 2}, []int{2}), config3d{all, [3]int{1, 2, 1}}, 2, 4, 8, 6)
	conv3d("depthwise, no overlap", of([]int{2, 2, 2, 2, 2}, []int{2, 1, 1, 2, 1}), config3d{tensor.Conv3dConfig{Stride: [3]int{3, 3, 2}, Groups: 2}, [3]int{2, 0, 1}}, 2, 6, 5, 4)
	conv3d("no samples", of([]int{0, 2, 2, 2, 2}, []int{2, 1, 2, 2, 2}, []int{1}), config3d{}, 1, 3, 3, 3)
	optest.Run(t, cases)
}

// TestConvSizes pins the sizes that the documented formulas promise for ordinary layers.
func TestConvSizes(t *testing.T) {
	size := func(what string, y *tensor.Tensor, want ...int) {
		t.Helper()
		if y.Shape() != tensor.ShapeOf(want...) {
			t.Errorf("%s: %v, want %v", what, y.Shape(), want)
		}
	}
	x := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...).ToDevice(tensor.Meta) }
	stem := tensor.Conv2d(x(1, 3, 224, 224), x(64, 3, 7, 7), nil, convConfig{Stride: [2]int{2, 2}, Padding: [2]int{3, 3}})
	size("ResNet's stem", stem, 1, 64, 112, 112)
	size("AlexNet's first", tensor.Conv2d(x(1, 3, 224, 224), x(96, 3, 11, 11), nil, convConfig{Stride: [2]int{4, 4}, Padding: [2]int{2, 2}}), 1, 96, 55, 55)
	size("DCGAN's second", tensor.ConvTranspose2d(x(1, 512, 4, 4), x(512, 256, 4, 4), nil,
		tensor.ConvTransposeConfig{ConvConfig: convConfig{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}}), 1, 256, 8, 8)
}

func TestConvBadArguments(t *testing.T) {
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	x, w := z(2, 4, 5, 5), z(6, 4, 3, 3)
	conv := func(x, w, b *tensor.Tensor, cfg convConfig) func() {
		return func() { tensor.Conv2d(x, w, b, cfg) }
	}
	refuses(t, tensor.ErrShape, "has 4 channels and the weight takes 3", conv(x, z(6, 3, 3, 3), nil, convConfig{}))
	refuses(t, tensor.ErrShape, "has 4 channels and the weight takes 8", conv(x, w, nil, convConfig{Groups: 2}))
	refuses(t, tensor.ErrShape, "input must be (N, C, H, W)", conv(z(4, 5, 5), w, nil, convConfig{}))
	refuses(t, tensor.ErrShape, "the weight must have 4 dimensions", conv(x, z(6, 4, 3), nil, convConfig{}))
	refuses(t, tensor.ErrShape, "bias must have shape (6,)", conv(x, w, z(4), convConfig{}))
	refuses(t, tensor.ErrShape, "bias must have shape (6,)", conv(x, w, z(1, 6), convConfig{}))
	refuses(t, tensor.ErrShape, "the kernel spans 6, more than the padded input's 5", conv(x, z(6, 4, 6, 3), nil, convConfig{}))
	refuses(t, tensor.ErrShape, "the kernel spans 9, more than the padded input's 7", conv(x, w, nil, convConfig{Padding: [2]int{1, 1}, Dilation: [2]int{1, 4}}))
	refuses(t, tensor.ErrShape, "empty kernel", conv(x, z(6, 4, 0, 3), nil, convConfig{}))
	refuses(t, tensor.ErrValue, "stride -1", conv(x, w, nil, convConfig{Stride: [2]int{1, -1}}))
	refuses(t, tensor.ErrValue, "dilation -2", conv(x, w, nil, convConfig{Dilation: [2]int{-2, 1}}))
	refuses(t, tensor.ErrValue, "padding -1", conv(x, w, nil, convConfig{Padding: [2]int{-1, 0}}))
	refuses(t, tensor.ErrValue, "4 groups do not divide 6 channels", conv(x, w, nil, convConfig{Groups: 4}))
	refuses(t, tensor.ErrValue, "groups", conv(x, w, nil, convConfig{Groups: -1}))
	refuses(t, tensor.ErrDType, "convert one with To", conv(x, w.To(tensor.Float64), nil, convConfig{}))
	refuses(t, tensor.ErrDType, "convert one with To", conv(x, w, z(6).To(tensor.Float64), convConfig{}))
	refuses(t, tensor.ErrDType, "convert with To", conv(x.To(tensor.Int64), w.To(tensor.Int64), nil, convConfig{}))
	wantFail(t, tensor.ErrShape, "conv2d", conv(z(4, 5, 5), w, nil, convConfig{}))
	wantFail(t, tensor.ErrShape, "conv1d", func() { tensor.Conv1d(x, z(6, 4, 3), nil, convConfig{}) })
	wantFail(t, tensor.ErrShape, "conv1d", func() { tensor.Conv1d(z(2, 4, 5), w, nil, convConfig{}) })

	v := z(4, 3, 3, 3)
	type config = tensor.ConvTransposeConfig
	transpose := func(x, w, b *tensor.Tensor, cfg config) func() {
		return func() { tensor.ConvTranspose2d(x, w, b, cfg) }
	}
	refuses(t, tensor.ErrShape, "has 4 channels and the weight takes 5", transpose(x, z(5, 3, 3, 3), nil, config{}))
	refuses(t, tensor.ErrShape, "input must be (N, C, H, W)", transpose(z(4, 5, 5), v, nil, config{}))
	refuses(t, tensor.ErrShape, "bias must have shape (3,)", transpose(x, v, z(4), config{}))
	refuses(t, tensor.ErrShape, "bias must have shape (6,)", transpose(x, v, z(3), config{ConvConfig: convConfig{Groups: 2}}))
	refuses(t, tensor.ErrShape, "size -1", transpose(x, v, nil, config{ConvConfig: convConfig{Padding: [2]int{4, 0}}}))
	refuses(t, tensor.ErrShape, "empty kernel", transpose(x, z(4, 3, 3, 0), nil, config{}))
	refuses(t, tensor.ErrValue, "3 groups do not divide 4 channels", transpose(x, v, nil, config{ConvConfig: convConfig{Groups: 3}}))
	refuses(t, tensor.ErrValue, "output padding 1 must be smaller", transpose(x, v, nil, config{OutputPadding: [2]int{1, 0}}))
	refuses(t, tensor.ErrValue, "output padding 2 must be smaller", transpose(x, v, nil, config{convConfig{Stride: [2]int{2, 2}}, [2]int{0, 2}}))
	refuses(t, tensor.ErrValue, "output padding -1", transpose(x, v, nil, config{OutputPadding: [2]int{-1, 0}}))
	refuses(t, tensor.ErrValue, "padding -1", transpose(x, v, nil, config{ConvConfig: convConfig{Padding: [2]int{-1, 0}}}))
	refuses(t, tensor.ErrDType, "convert one with To", transpose(x, v.To(tensor.Float64), nil, config{}))
	refuses(t, tensor.ErrDType, "convert one with To", transpose(x, v, z(3).To(tensor.Float64), config{}))
	wantFail(t, tensor.ErrShape, "conv_transpose1d", func() { tensor.ConvTranspose1d(x, z(4, 3, 3), nil, config{}) })
	wantFail(t, tensor.ErrShape, "conv_transpose3d", func() { tensor.ConvTranspose3d(x, v, nil, tensor.ConvTranspose3dConfig{}) })
	refuses(t, tensor.ErrValue, "no same or causal padding", transpose(x, v, nil, config{ConvConfig: convConfig{Same: true}}))
	refuses(t, tensor.ErrValue, "no same or causal padding", func() {
		tensor.ConvTranspose1d(z(1, 2, 3), z(2, 2, 2), nil, config{ConvConfig: convConfig{Causal: true}})
	})
	volume := tensor.ConvTranspose3dConfig{OutputPadding: [3]int{1, 0, 0}}
	refuses(t, tensor.ErrValue, "output padding 1 must be smaller", func() { tensor.ConvTranspose3d(z(1, 2, 3, 3, 3), z(2, 2, 2, 2, 2), nil, volume) })
}

// TestConvNames checks that errors name the function that was called, also those that the shape rule finds.
func TestConvNames(t *testing.T) {
	z := func(dims ...int) *tensor.Tensor { return tensor.Zeros(dims...) }
	for name, f := range map[string]func(){
		"conv1d": func() { tensor.Conv1d(z(1, 2, 5), z(3, 1, 3), nil, convConfig{}) },
		"conv2d": func() { tensor.Conv2d(z(1, 2, 5, 5), z(3, 1, 3, 3), nil, convConfig{}) },
		"conv3d": func() { tensor.Conv3d(z(1, 2, 5, 5, 5), z(3, 1, 3, 3, 3), nil, tensor.Conv3dConfig{}) },
	} {
		wantFail(t, tensor.ErrShape, name, f)
	}
	seq, image, cube := z(1, 2, 5), z(1, 2, 5, 5), z(1, 2, 5, 5, 5)
	wantFail(t, tensor.ErrShape, "conv1d", func() { tensor.Conv1d(seq, z(3, 2, 6), nil, convConfig{}) })
	wantFail(t, tensor.ErrShape, "conv1d", func() { tensor.Conv1d(seq, z(3, 2, 3), z(2), convConfig{}) })
	wantFail(t, tensor.ErrDType, "conv1d", func() { tensor.Conv1d(seq, z(3, 2, 3).To(tensor.Float64), nil, convConfig{}) })
	wantFail(t, tensor.ErrValue, "conv1d", func() { tensor.Conv1d(seq, z(3, 2, 3), nil, convConfig{Stride: [2]int{1, -1}}) })
	wantFail(t, tensor.ErrShape, "conv3d", func() { tensor.Conv3d(image, z(3, 2, 3, 3), nil, tensor.Conv3dConfig{}) })
	wantFail(t, tensor.ErrShape, "conv3d", func() { tensor.Conv3d(cube, z(3, 2, 6, 1, 1), nil, tensor.Conv3dConfig{}) })
	wantFail(t, tensor.ErrValue, "conv3d", func() { tensor.Conv3d(cube, z(3, 2, 3, 3, 3), nil, tensor.Conv3dConfig{Groups: 2}) })
	wantFail(t, tensor.ErrValue, "conv3d", func() { tensor.Conv3d(cube, z(3, 2, 3, 3, 3), nil, tensor.Conv3dConfig{Padding: [3]int{-1, 0, 0}}) })
	strided := convConfig{Same: true, Stride: [2]int{1, 2}}
	wantFail(t, tensor.ErrValue, "conv1d", func() { tensor.Conv1d(seq, z(3, 2, 3), nil, strided) })
	refuses(t, tensor.ErrValue, "same padding needs stride 1", func() { tensor.Conv2d(image, z(3, 2, 3, 3), nil, strided) })
	refuses(t, tensor.ErrValue, "exclude each other", func() { tensor.Conv2d(image, z(3, 2, 3, 3), nil, convConfig{Same: true, Padding: [2]int{1, 1}}) })
	refuses(t, tensor.ErrValue, "exclude each other", func() { tensor.Conv1d(seq, z(3, 2, 3), nil, convConfig{Same: true, Causal: true}) })
	refuses(t, tensor.ErrValue, "causal padding has one dimension", func() { tensor.Conv2d(image, z(3, 2, 3, 3), nil, convConfig{Causal: true}) })
}

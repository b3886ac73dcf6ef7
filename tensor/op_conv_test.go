package tensor_test

import (
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// convDefaults sets the strides, dilations and groups that are zero to 1.
func convDefaults(c tensor.ConvConfig) tensor.ConvConfig {
	for i := range 2 {
		c.Stride[i], c.Dilation[i] = max(c.Stride[i], 1), max(c.Dilation[i], 1)
	}
	c.Groups = max(c.Groups, 1)
	return c
}

// convolution is Conv2d by its definition, for a result of (N, K, oh, ow). Shapes without a height have height 1.
func convolution(cfg tensor.ConvConfig, oh, ow int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w, c := withHeight(in[0]), withHeight(in[1]), convDefaults(cfg)
		n, h, wd := x.Shape[0], x.Shape[2], x.Shape[3]
		k, cg, r, s := w.Shape[0], w.Shape[1], w.Shape[2], w.Shape[3]
		y := optest.Build([]int{n, k, oh, ow}, func(at []int) (sum float64) {
			group := at[1] / (k / c.Groups)
			optest.Each([]int{cg, r, s}, func(tap []int) {
				i, j := at[2]*c.Stride[0]-c.Padding[0]+tap[1]*c.Dilation[0], at[3]*c.Stride[1]-c.Padding[1]+tap[2]*c.Dilation[1]
				if 0 <= i && i < h && 0 <= j && j < wd {
					sum += w.At(at[1], tap[0], tap[1], tap[2]) * x.At(at[0], group*cg+tap[0], i, j)
				}
			})
			if len(in) == 3 {
				sum += in[2].Data[at[1]]
			}
			return sum
		})
		return []optest.Array{likeInput(y, in[0])}
	}
}

// transposedConvolution is ConvTranspose2d by its definition: each input adds its multiple of the kernel to the result.
func transposedConvolution(cfg tensor.ConvConfig, k, oh, ow int) func([]optest.Array) []optest.Array {
	return func(in []optest.Array) []optest.Array {
		x, w, c := withHeight(in[0]), withHeight(in[1]), convDefaults(cfg)
		y := optest.Build([]int{x.Shape[0], k, oh, ow}, func(at []int) float64 {
			if len(in) == 3 {
				return in[2].Data[at[1]]
			}
			return 0
		})
		optest.Each(x.Shape, func(at []int) {
			group := at[1] / (x.Shape[1] / c.Groups)
			optest.Each(w.Shape[1:], func(tap []int) {
				i, j := at[2]*c.Stride[0]-c.Padding[0]+tap[1]*c.Dilation[0], at[3]*c.Stride[1]-c.Padding[1]+tap[2]*c.Dilation[1]
				if 0 <= i && i < oh && 0 <= j && j < ow {
					y.Data[y.Offset(at[0], group*w.Shape[1]+tap[0], i, j)] += x.At(at...) * w.At(at[1], tap[0], tap[1], tap[2])
				}
			})
		})
		return []optest.Array{likeInput(y, in[0])}
	}
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
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: name, In: in, Want: convolution(cfg, oh, ow),
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
	conv2d("pointwise", of([]int{3, 4, 2, 3}, []int{2, 4, 1, 1}, []int{2}), convConfig{}, 2, 3)
	conv2d("pointwise in groups", of([]int{1, 4, 2, 2}, []int{2, 2, 1, 1}, []int{2}), convConfig{Groups: 2}, 2, 2)
	conv2d("pointwise with stride", of([]int{1, 3, 5, 4}, []int{2, 3, 1, 1}), convConfig{Stride: [2]int{2, 2}}, 3, 2)
	conv2d("pointwise with padding", of([]int{1, 2, 2, 2}, []int{2, 2, 1, 1}, []int{2}), convConfig{Padding: [2]int{1, 0}}, 4, 2)
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
		wide := cfg
		wide.Stride[0], wide.Padding[0], wide.Dilation[0] = 1, 0, 1
		cases = append(cases, optest.Case{Op: "tensor.convOp", Name: "1d " + name, In: in, Want: convolution(wide, 1, ol),
			F: func(in tensors) tensors { return tensors{tensor.Conv1d(in[0], in[1], third(in), cfg)} }})
	}
	conv1d("plain", of([]int{2, 2, 6}, []int{3, 2, 3}, []int{3}), convConfig{}, 4)
	conv1d("all at once", of([]int{1, 4, 11}, []int{4, 2, 3}, []int{4}), convConfig{Stride: [2]int{7, 2}, Padding: [2]int{9, 3}, Dilation: [2]int{5, 2}, Groups: 2}, 7)
	conv1d("one element", of([]int{1, 1, 1}, []int{1, 1, 1}), convConfig{}, 1)
	conv1d("no samples", of([]int{0, 2, 4}, []int{1, 2, 2}), convConfig{}, 3)
	optest.Run(t, cases)
}

func TestConvTranspose(t *testing.T) {
	type config = tensor.ConvTransposeConfig
	var cases []optest.Case
	// k, oh and ow are the result's channels and size.
	conv2d := func(name string, in []tin, cfg config, k, oh, ow int) {
		cases = append(cases, optest.Case{Op: "tensor.convInputGradOp", Name: name, In: in, Want: transposedConvolution(cfg.ConvConfig, k, oh, ow),
			F: func(in tensors) tensors { return tensors{tensor.ConvTranspose2d(in[0], in[1], third(in), cfg)} }})
	}
	conv2d("plain", of([]int{2, 2, 3, 2}, []int{2, 3, 2, 3}, []int{3}), config{}, 3, 4, 4)
	conv2d("no bias", of([]int{1, 2, 3, 3}, []int{2, 1, 3, 3}), config{}, 1, 5, 5)
	conv2d("one element", of([]int{1, 1, 1, 1}, []int{1, 1, 1, 1}, []int{1}), config{}, 1, 1, 1)
	conv2d("stride", of([]int{1, 2, 3, 2}, []int{2, 2, 3, 2}, []int{2}), config{convConfig{Stride: [2]int{2, 3}}, [2]int{}}, 2, 7, 5)
	conv2d("stride with gaps", of([]int{1, 1, 2, 3}, []int{1, 2, 1, 2}, []int{2}), config{convConfig{Stride: [2]int{3, 4}}, [2]int{}}, 2, 4, 10)
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
		wide := cfg.ConvConfig
		wide.Stride[0], wide.Padding[0], wide.Dilation[0] = 1, 0, 1
		cases = append(cases, optest.Case{Op: "tensor.convInputGradOp", Name: "1d " + name, In: in, Want: transposedConvolution(wide, k, 1, ol),
			F: func(in tensors) tensors { return tensors{tensor.ConvTranspose1d(in[0], in[1], third(in), cfg)} }})
	}
	conv1d("plain", of([]int{2, 2, 3}, []int{2, 3, 2}, []int{3}), config{}, 3, 4)
	conv1d("all at once", of([]int{1, 4, 4}, []int{4, 2, 3}, []int{4}), config{convConfig{Stride: [2]int{7, 3}, Padding: [2]int{9, 2}, Dilation: [2]int{5, 2}, Groups: 2}, [2]int{8, 2}}, 4, 12)
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
}

package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/tensor"
)

// poolGolden is a case of testdata/golden_pool.json; testdata/golden_pool.py says what it holds.
type poolGolden struct {
	Op, Name                                string
	Rank, Divisor                           int
	Kernel, Stride, Padding, Dilation, Size []int
	Ceil                                    bool
	IgnorePadding                           bool `json:"ignore_padding"`
	P                                       float64
	X, Out, Grad                            goldenArray
	Given, Samples, Indices                 *goldenArray
	GradX                                   *goldenArray `json:"grad_x"`
	GradW                                   *goldenArray `json:"grad_w"`
}

func (a goldenArray) pooled(d tensor.DType) *tensor.Tensor {
	return tensor.OfShape(goldenTensor(a.Data).Floats(), tensor.ShapeOf(a.Shape...)).To(d)
}

func pair(v []int) (p [2]int) { copy(p[2-len(v):], v); return p }

func triple(v []int) (p [3]int) { copy(p[3-len(v):], v); return p }

func (c *poolGolden) config() poolConfig {
	return poolConfig{Kernel: pair(c.Kernel), Stride: pair(c.Stride), Padding: pair(c.Padding), Dilation: pair(c.Dilation), CeilMode: c.Ceil, IgnorePadding: c.IgnorePadding, DivisorOverride: c.Divisor}
}

func (c *poolGolden) config3d() tensor.Pool3dConfig {
	return tensor.Pool3dConfig{Kernel: triple(c.Kernel), Stride: triple(c.Stride), Padding: triple(c.Padding), Dilation: triple(c.Dilation), CeilMode: c.Ceil, IgnorePadding: c.IgnorePadding, DivisorOverride: c.Divisor}
}

// goldenPools are the functions by the names of testdata/golden_pool.py and the rank; those of maxima with and without indices.
var goldenPools = map[string]func(x *tensor.Tensor, c *poolGolden) tensors{
	"max1": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.MaxPool1dWithIndices(x, c.config())
		return tensors{y, i, tensor.MaxPool1d(x, c.config())}
	},
	"max2": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.MaxPool2dWithIndices(x, c.config())
		return tensors{y, i, tensor.MaxPool2d(x, c.config())}
	},
	"max3": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.MaxPool3dWithIndices(x, c.config3d())
		return tensors{y, i, tensor.MaxPool3d(x, c.config3d())}
	},
	"adaptive_max1": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.AdaptiveMaxPool1dWithIndices(x, c.Size[0])
		return tensors{y, i, tensor.AdaptiveMaxPool1d(x, c.Size[0])}
	},
	"adaptive_max2": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.AdaptiveMaxPool2dWithIndices(x, c.Size[0], c.Size[1])
		return tensors{y, i, tensor.AdaptiveMaxPool2d(x, c.Size[0], c.Size[1])}
	},
	"adaptive_max3": func(x *tensor.Tensor, c *poolGolden) tensors {
		y, i := tensor.AdaptiveMaxPool3dWithIndices(x, c.Size[0], c.Size[1], c.Size[2])
		return tensors{y, i, tensor.AdaptiveMaxPool3d(x, c.Size[0], c.Size[1], c.Size[2])}
	},
	"fractional_max2": func(x *tensor.Tensor, c *poolGolden) tensors {
		cfg := tensor.FractionalMaxPoolConfig{Kernel: pair(c.Kernel), Size: pair(c.Size)}
		y, i := tensor.FractionalMaxPool2dWithIndices(x, c.Samples.pooled(tensor.Float64), cfg)
		return tensors{y, i, tensor.FractionalMaxPool2d(x, c.Samples.pooled(tensor.Float64), cfg)}
	},
	"avg1": func(x *tensor.Tensor, c *poolGolden) tensors { return tensors{tensor.AvgPool1d(x, c.config())} },
	"avg2": func(x *tensor.Tensor, c *poolGolden) tensors { return tensors{tensor.AvgPool2d(x, c.config())} },
	"avg3": func(x *tensor.Tensor, c *poolGolden) tensors { return tensors{tensor.AvgPool3d(x, c.config3d())} },
	"adaptive_avg1": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.AdaptiveAvgPool1d(x, c.Size[0])}
	},
	"adaptive_avg2": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.AdaptiveAvgPool2d(x, c.Size[0], c.Size[1])}
	},
	"adaptive_avg3": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.AdaptiveAvgPool3d(x, c.Size[0], c.Size[1], c.Size[2])}
	},
	"lp1": func(x *tensor.Tensor, c *poolGolden) tensors { return tensors{tensor.LPPool1d(x, c.P, c.config())} },
	"lp2": func(x *tensor.Tensor, c *poolGolden) tensors { return tensors{tensor.LPPool2d(x, c.P, c.config())} },
	"max_unpool1": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.MaxUnpool1d(x, c.Given.pooled(tensor.Int64), c.Size[0])}
	},
	"max_unpool2": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.MaxUnpool2d(x, c.Given.pooled(tensor.Int64), c.Size[0], c.Size[1])}
	},
	"max_unpool3": func(x *tensor.Tensor, c *poolGolden) tensors {
		return tensors{tensor.MaxUnpool3d(x, c.Given.pooled(tensor.Int64), c.Size[0], c.Size[1], c.Size[2])}
	},
}

// poolWave is testdata/golden_pool.py's wave.
func poolWave(f func(float64) float64, s tensor.Shape, first int) *tensor.Tensor {
	w := make([]float64, s.Numel())
	for i := range w {
		w[i] = math.RoundToEven(64*f(float64(i+first))) / 64
	}
	return tensor.OfShape(w, s)
}

func TestGoldenPool(t *testing.T) {
	var cases []poolGolden
	optest.ReadGolden(t, "testdata/golden_pool.json", &cases)
	seen := map[string]int{}
	for i := range cases {
		c := &cases[i]
		op := fmt.Sprint(c.Op, c.Rank)
		seen[op]++
		t.Run(fmt.Sprint(i, " ", op), func(t *testing.T) {
			x := c.X.pooled(tensor.Float64).RequireGrad()
			outs := goldenPools[op](x, c)
			if c.Indices != nil {
				if outs[1].DType() != tensor.Int64 {
					t.Errorf("indices are %v", outs[1].DType())
				}
				nearScan(t, "indices", outs[1], *c.Indices)
				outs = tensors{outs[0], outs[2]}
			}
			for _, y := range outs {
				nearScan(t, "result", y, c.Out)
				w := poolWave(math.Cos, y.Shape(), 0).RequireGrad()
				g := tensor.Gradients(tensors{y}, tensors{w}, tensors{x}, true, true)[0]
				nearScan(t, "gradient", g, c.Grad)
				if c.GradW == nil {
					continue
				}
				wrt := tensors{w}
				if c.GradX != nil {
					wrt = tensors{w, x}
				}
				g2 := tensor.Gradients(tensors{g}, tensors{poolWave(math.Sin, x.Shape(), 1)}, wrt, false, false)
				nearScan(t, "second derivative by w", g2[0], *c.GradW)
				if c.GradX != nil {
					if g2[1] == nil {
						g2[1] = tensor.ZerosLike(x)
					}
					nearScan(t, "second derivative by x", g2[1], *c.GradX)
				}
			}
		})
	}
	for op := range goldenPools {
		if seen[op] < 3 {
			t.Errorf("%d golden cases for %s", seen[op], op)
		}
	}
}

package convolution

import (
	"context"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F02", Tier: catalog.Unit, Title: "Padding: valid, same, full, explicit; zeros, reflected, replicated, circular", Source: "Dumoulin and Visin 2016",
		Target: "sizes l-k+1, l and l+k-1, for each kernel and length; values at the border as the padded row has them",
		Note:   "an even kernel has no middle: of the k-1 zeros of same padding the odd one is at the end, as in PyTorch",
		Test:   padding,
	})
}

func padding(_ context.Context, c *catalog.Check) error {
	wrong := 0
	meta := tensor.Factory{Device: tensor.Meta}
	for l := 1; l <= 12; l++ {
		for k := 1; k <= min(l, 6); k++ {
			x, w := meta.Zeros(1, 1, l), meta.Zeros(1, 1, k)
			for _, p := range []struct {
				cfg  tensor.ConvConfig
				want int
			}{
				{tensor.ConvConfig{}, l - k + 1},
				{tensor.ConvConfig{Same: true}, l},
				{tensor.ConvConfig{Causal: true}, l},
				{tensor.ConvConfig{Padding: [2]int{0, k - 1}}, l + k - 1},
			} {
				if tensor.Conv1d(x, w, nil, p.cfg).Dim(2) != p.want {
					wrong++
				}
			}
		}
	}
	c.Equal("sizes of valid, same, causal and full padding that are wrong", float64(wrong), 0)

	// A kernel that picks the neighbour before, and that after: the border of 1 2 3 4.
	row := tensor.Of([]float64{1, 2, 3, 4}, 1, 1, 4)
	for _, m := range []struct {
		name          string
		mode          tensor.PadMode
		before, after float64
	}{
		{"zeros", tensor.PadConstant, 0, 0}, {"reflected", tensor.PadReflect, 2, 3}, {"replicated", tensor.PadReplicate, 1, 4}, {"circular", tensor.PadCircular, 4, 1},
	} {
		l := nn.To(nn.NewConv1d(random.New(1), 1, 2, 3, nn.ConvConfig{Padding: 1, PaddingMode: m.mode, NoBias: true}), tensor.Float64)
		l.Weight = tensor.NewParam(tensor.Of([]float64{1, 0, 0, 0, 0, 1}, 2, 1, 3))
		got := l.Forward(row)
		want := tensor.Of([]float64{m.before, 1, 2, 3, 2, 3, 4, m.after}, 1, 2, 4)
		c.Equal("error of the neighbours at the border, "+m.name, worst(got, want), 0)
	}
	ones := func(cfg tensor.ConvConfig, k int) *tensor.Tensor {
		return tensor.Conv2d(tensor.Ones(1, 1, 4, 4).To(tensor.Float64), tensor.Ones(1, 1, k, k).To(tensor.Float64), nil, cfg).Reshape(4, 4)
	}
	counts := tensor.Of([]float64{4, 6, 6, 4, 6, 9, 9, 6, 6, 9, 9, 6, 4, 6, 6, 4}, 4, 4)
	c.Equal("error of ones in a 3 x 3 kernel over ones, which counts the elements inside", worst(ones(tensor.ConvConfig{Same: true}, 3), counts), 0)
	even := tensor.Of([]float64{4, 4, 4, 2, 4, 4, 4, 2, 4, 4, 4, 2, 2, 2, 2, 1}, 4, 4)
	c.Equal("error of the same of 2 x 2, padded at the end", worst(ones(tensor.ConvConfig{Same: true}, 2), even), 0)
	c.Control(func() {
		c.Equal("size that a padding of k/2 on both sides makes of 4 with an even kernel", float64(tensor.Window{Kernel: 2, Padding: 1}.Size(4)), 5)
	})
	return nil
}

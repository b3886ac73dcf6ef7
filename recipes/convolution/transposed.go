package convolution

import (
	"context"

	"github.com/hadal-go/hadal/autograd"
	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F09", Tier: catalog.Unit, Title: "Transposed convolution", Source: "Dumoulin and Visin 2016; Zeiler et al. 2010",
		Target: "equals the gradient of the convolution by its input; has size (l-1)s - 2p + k + op; equals a convolution of the input with s-1 zeros inserted and a border of k-p-1",
		Note:   "\"deconvolution\" is a misnomer: it is the transpose of the convolution as a matrix, not its inverse, as the control shows",
		Test:   transposed,
	})
}

func transposed(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	gradient, zeros, sizes := 0.0, 0.0, 0
	for _, o := range []struct{ l, k, s, p, op int }{
		{5, 3, 1, 0, 0}, {5, 3, 1, 1, 0}, {5, 3, 2, 1, 0}, {5, 3, 2, 1, 1}, {4, 4, 2, 1, 0}, {3, 5, 3, 2, 2}, {3, 5, 3, 0, 1}, {2, 2, 2, 0, 0}, {6, 3, 1, 2, 0},
	} {
		cfg := tensor.ConvConfig{Stride: pair(o.s), Padding: pair(o.p)}
		x, w := randn(g, 2, 3, o.l, o.l), randn(g, 3, 2, o.k, o.k)
		y := tensor.ConvTranspose2d(x, w, nil, tensor.ConvTransposeConfig{ConvConfig: cfg, OutputPadding: pair(o.op)})
		size := (o.l-1)*o.s - 2*o.p + o.k + o.op
		if y.Shape() != tensor.ShapeOf(2, 2, size, size) || size != (tensor.Window{Kernel: o.k, Stride: o.s, Padding: o.p, OutputPadding: o.op, Transposed: true}).Size(o.l) {
			sizes++
		}
		// <conv(a), x> by a, for any a.
		a := randn(g, 2, 2, size, size).RequireGrad()
		da := autograd.Grad([]*tensor.Tensor{tensor.Conv2d(a, w, nil, cfg)}, []*tensor.Tensor{a}, autograd.GradConfig{Douts: []*tensor.Tensor{x}})[0]
		gradient = max(gradient, worst(y, da))
		// Zeros between the elements and around them, and the kernel turned by 180 degrees, inputs and outputs changed.
		spread := insertZeros(insertZeros(x, 2, o.s), 3, o.s)
		border := o.k - o.p - 1
		spread = spread.Pad(tensor.PadConstant, 0, border, border+o.op, border, border+o.op)
		zeros = max(zeros, worst(y, tensor.Conv2d(spread, w.Flip(2, 3).Transpose(0, 1).Contiguous(), nil, tensor.ConvConfig{})))
	}
	c.AtMost("difference to the gradient of the convolution by its input", gradient, 1e-12)
	c.AtMost("difference to the convolution of the input with zeros inserted", zeros, 1e-12)
	c.Equal("sizes that are not (l-1)s - 2p + k + op", float64(sizes), 0)
	// How many terms each place of ones has: with 3 and stride 2 a chequered pattern (Odena, Dumoulin and Olah, 2016).
	terms := func(k, p int) (least, most float64) {
		cfg := tensor.ConvTransposeConfig{ConvConfig: tensor.ConvConfig{Stride: [2]int{2, 2}, Padding: [2]int{p, p}}}
		y := tensor.ConvTranspose2d(tensor.Ones(1, 1, 9, 9), tensor.Ones(1, 1, k, k), nil, cfg)
		y = y.Narrow(2, 4, 8).Narrow(3, 4, 8)
		return y.Min().Item(), y.Max().Item()
	}
	least, most := terms(4, 1)
	c.True("a kernel of 4 with stride 2 reaches every place 4 times", least == 4 && most == 4)
	c.Control(func() {
		least, most = terms(3, 1)
		c.True("one of 3 from once to 4 times: a chequerboard", least == 1 && most == 4)
		x, w := randn(g, 1, 1, 6, 6), randn(g, 1, 1, 3, 3)
		back := tensor.ConvTranspose2d(tensor.Conv2d(x, w, nil, tensor.ConvConfig{}), w, nil, tensor.ConvTransposeConfig{})
		c.AtLeast("error of it as an inverse", worst(back, x), 1)
	})
	return nil
}

// insertZeros puts s-1 zeros between the elements along an axis.
func insertZeros(x *tensor.Tensor, axis, s int) *tensor.Tensor {
	n := x.Dim(axis)
	parts := []*tensor.Tensor{x.Unsqueeze(axis + 1)}
	for range s - 1 {
		parts = append(parts, tensor.ZerosLike(parts[0]))
	}
	dims := x.Shape().Dims()
	dims[axis] = n * s
	return tensor.Concat(axis+1, parts...).Reshape(dims...).Narrow(axis, 0, (n-1)*s+1)
}

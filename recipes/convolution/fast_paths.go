package convolution

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/fft"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F16", Tier: catalog.Unit, Title: "Fast convolution: im2col, Winograd, Fourier", Source: "Chellapilla, Puri and Simard 2006; Lavin and Gray 2016; Mathieu, Henaff and LeCun 2014",
		Target: "equal to the definition to 1e-4 of the largest result in float32; Winograd's F(4, 3) multiplies 36 times for 16 results, where the definition does 144",
		Note:   "Winograd's transforms amplify rounding: its error in float32 is larger than that of the others, and the row shows by how much",
		Test:   fastPaths,
	})
}

func fastPaths(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	largest := map[string]float64{}
	for _, l := range []layout{
		{1, 1, 9, 9, 1, 3, 1, 1, 1}, {2, 3, 18, 22, 4, 3, 1, 1, 1}, {1, 16, 32, 32, 8, 3, 1, 0, 1}, // Winograd's
		{2, 3, 17, 15, 4, 5, 1, 2, 1}, {1, 3, 23, 23, 4, 7, 2, 3, 1}, {2, 4, 20, 20, 3, 3, 1, 2, 2}, {1, 2, 30, 30, 2, 11, 1, 0, 1}, {1, 8, 14, 14, 8, 1, 1, 0, 1},
		{2, 16, 32, 32, 16, 4, 2, 1, 1}, // the kernels' by phases
	} {
		x, w := tensor.Randn(g, l.n, l.c, l.h, l.w), tensor.Randn(g, l.k, l.c, l.r, l.r)
		want := l.direct(x, w)
		scale := want.Abs().Max().Item()
		off := func(name string, y *tensor.Tensor) {
			largest[name] = max(largest[name], worst(y.To(tensor.Float64), want)/scale)
		}
		off("of the kernels", tensor.Conv2d(x, w, nil, l.config()))
		off("of im2col", l.im2col(x, w))
		off("of Fourier transforms", fft.Conv2d(x, w, nil, l.config()))
		if l.r == 3 && l.stride == 1 && l.dilation == 1 {
			off("of Winograd's F(4, 3)", l.winograd(x, w))
			if d := worst(l.winograd(x.To(tensor.Float64), w.To(tensor.Float64)), want) / scale; !(d <= 1e-12) {
				return fmt.Errorf("the convolution of Winograd's transforms is off by %g in float64", d)
			}
		}
	}
	for _, name := range []string{"of the kernels", "of im2col", "of Fourier transforms", "of Winograd's F(4, 3)"} {
		c.AtMost("largest error "+name, largest[name], 1e-4)
	}
	c.AtLeast("the error of Winograd's over im2col's", largest["of Winograd's F(4, 3)"]/largest["of im2col"], 1)
	b, a := tensor.Of(winogradB, 6, 6), tensor.Of(winogradA, 4, 6)
	tile := b.MatMul(randn(g, 6, 6)).MatMul(b.T())
	c.Equal("results of a tile of F(4, 3)", float64(a.MatMul(tile).MatMul(a.T()).Numel()), 16)
	c.Equal("multiplications for them: elements of the transformed tile", float64(tile.Numel()), 36)
	c.Equal("of the definition", float64(nn.ConvCost{In: 1, Out: 1, Windows: []tensor.Window{{Kernel: 3}, {Kernel: 3}}}.MACs(6, 6)), 144)
	c.Control(func() { // without padding, what leaves the transform on one side comes in on the other
		x, w := tensor.Randn(g, 1, 1, 16, 16), tensor.Randn(g, 1, 1, 5, 5)
		size := []int{16, 16}
		spectrum := fft.Mul(fft.RFFT2(x, size, nil, fft.Backward), fft.RFFT2(w.Flip(2, 3), size, nil, fft.Backward))
		wrapped := fft.IRFFT2(spectrum, size, nil, fft.Backward).Narrow(2, 0, 12).Narrow(3, 0, 12)
		c.AtLeast("error of circular convolution in the place of a linear one", worst(wrapped, tensor.Conv2d(x, w, nil, tensor.ConvConfig{})), 0.1)
	})
	return nil
}

// im2col is the convolution as one matrix product with the columns of the windows.
func (l layout) im2col(x, w *tensor.Tensor) *tensor.Tensor {
	cfg := l.config()
	columns := tensor.Unfold(x, tensor.FoldConfig{Kernel: [2]int{l.r, l.r}, Stride: cfg.Stride, Padding: cfg.Padding, Dilation: cfg.Dilation})
	return w.Reshape(l.k, l.c*l.r*l.r).MatMul(columns).Reshape(l.n, l.k, l.out(l.h), l.out(l.w))
}

// The transforms of Lavin and Gray for tiles of 4 results of a kernel of 3, which read 6 inputs.
var (
	winogradB = []float64{ // Bᵀ, (6, 6)
		4, 0, -5, 0, 1, 0,
		0, -4, -4, 1, 1, 0,
		0, 4, -4, -1, 1, 0,
		0, -2, -1, 2, 1, 0,
		0, 2, -1, -2, 1, 0,
		0, 4, 0, -5, 0, 1,
	}
	winogradG = []float64{ // G, (6, 3)
		1. / 4, 0, 0,
		-1. / 6, -1. / 6, -1. / 6,
		-1. / 6, 1. / 6, -1. / 6,
		1. / 24, 1. / 12, 1. / 6,
		1. / 24, -1. / 12, 1. / 6,
		0, 0, 1,
	}
	winogradA = []float64{ // Aᵀ, (4, 6)
		1, 1, 1, 1, 1, 0,
		0, 1, -1, 2, -2, 0,
		0, 1, 1, 4, 4, 0,
		0, 1, -1, 8, -8, 1,
	}
)

// winograd is the convolution as Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A of tiles of 6 x 6 inputs, which overlap by 2.
func (l layout) winograd(x, w *tensor.Tensor) *tensor.Tensor {
	matrix := func(m []float64, h, w int) *tensor.Tensor { return tensor.Of(m, h, w).To(x.DType()) }
	b, g, a := matrix(winogradB, 6, 6), matrix(winogradG, 6, 3), matrix(winogradA, 4, 6)
	oh, ow := l.out(l.h), l.out(l.w)
	th, tw := (oh+3)/4, (ow+3)/4
	x = x.Pad(tensor.PadConstant, 0, l.pad, 4*tw+2-l.w-l.pad, l.pad, 4*th+2-l.h-l.pad)
	tiles := tensor.Unfold(x, tensor.FoldConfig{Kernel: [2]int{6, 6}, Stride: [2]int{4, 4}}) // (N, C·36, tiles)
	tiles = tiles.Reshape(l.n, l.c, 36, th*tw).Transpose(2, 3).Reshape(l.n, l.c, th*tw, 6, 6)
	v := b.MatMul(tiles).MatMul(b.T())
	u := g.MatMul(w).MatMul(g.T())
	m := tensor.Einsum("kcij,nctij->nktij", u, v)
	y := a.MatMul(m).MatMul(a.T()).Reshape(l.n, l.k, th, tw, 4, 4)
	return y.Permute(0, 1, 2, 4, 3, 5).Reshape(l.n, l.k, 4*th, 4*tw).Narrow(2, 0, oh).Narrow(3, 0, ow)
}

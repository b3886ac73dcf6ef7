package convolution

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "F07", Tier: catalog.Unit, Title: "Receptive field", Source: "Araujo, Norris and Sim 2019",
		Target: "min(1 + Σ (k_i - 1) ∏_{j<i} s_j, L) is what the gradient of a unit reaches, in random networks; 212 at VGG-16's pool5, 195 at AlexNet's",
		Note:   "the product is of the strides before the layer; with its own stride in it, a common slip, VGG-16 would have 243",
		Test:   receptiveField,
	})
}

func receptiveField(_ context.Context, c *catalog.Check) error {
	g := random.New(max(c.Seed, 1))
	const networks, size = 60, 80
	wrong := 0
	for n := 0; n < networks; {
		windows, net := randomChain(g, size)
		fields := nn.ReceptiveFields(windows...)
		f := fields[len(fields)-1]
		formula, product, now := 1, 1, size
		for _, w := range windows {
			formula += (w.Kernel - 1) * product
			product *= w.Stride
			now = w.Size(now)
		}
		if first := f.Start + now/2*product; first < 0 || first+formula > size {
			continue // the border cuts the middle unit's field
		}
		n++
		if _, lo, hi := support(net, size); hi-lo+1 != formula || f.Size != formula || f.Jump != float64(product) || lo != f.Start+now/2*product {
			wrong++
		}
	}
	c.Equal("of 60 random networks, those whose middle unit's gradient reaches other than the formula's field", float64(wrong), 0)
	var deep nn.Sequential
	for range 10 {
		deep = append(deep, nn.NewConv2d(g, 1, 1, 3, nn.ConvConfig{Padding: 1}))
	}
	_, lo, hi := support(deep, 9)
	c.Equal("what the middle unit of ten 3 x 3 convolutions on 9 x 9 pixels reaches, min(21, 9)", float64(hi-lo+1), 9)

	window := func(k, s, p int) tensor.Window { return tensor.Window{Kernel: k, Stride: s, Padding: p} }
	var vgg []tensor.Window
	for _, convs := range []int{2, 2, 3, 3, 3} {
		for range convs {
			vgg = append(vgg, window(3, 1, 1))
		}
		vgg = append(vgg, window(2, 2, 0))
	}
	last := func(all []nn.ReceptiveField) float64 { return float64(all[len(all)-1].Size) }
	c.Equal("receptive field of VGG-16's pool5", last(nn.ReceptiveFields(vgg...)), 212)
	s := nn.Summary(models.NewAlexNet(random.New(1), models.Config{Width: 1.0 / 64, Classes: 10}), tensor.ShapeOf(1, 3, 224, 224))
	alex := nn.ReceptiveField{}
	for i, l := range s.Layers {
		if l.Op == "max_pool2d" {
			alex = s.Fields[i][0]
		}
	}
	c.Equal("of AlexNet's pool5, from the model itself", float64(alex.Size), 195)
	c.True("whose units lie 32 pixels apart, the first's field 66 into the padding", alex.Jump == 32 && alex.Start == -66)
	c.Control(func() {
		wrong, product := 1, 1
		for _, w := range vgg {
			product *= w.Stride
			wrong += (w.Kernel - 1) * product
		}
		c.Equal("VGG-16's with each layer's own stride in the product", float64(wrong), 243)
	})
	return c.Picture("field", func(path string) error {
		net := nn.Sequential{}
		for _, convs := range []int{2, 2, 3} {
			in := 1
			if len(net) > 0 {
				in = 8
			}
			for range convs {
				net = append(net, nn.NewConv2d(g, in, 8, 3, nn.ConvConfig{Padding: 1}), nn.ReLU{})
				in = 8
			}
			net = append(net, nn.NewMaxPool2d(2))
		}
		f := nn.Summary(net, tensor.ShapeOf(1, 1, 64, 64)).Fields
		grad, lo, hi := support(net, 64)
		rows := make([][]float64, 64)
		for i := range rows {
			rows[i] = grad.Reshape(64, 64).Abs().Select(0, i).Floats()
		}
		return plot.Heatmap(path, rows, plot.HeatmapConfig{Title: fmt.Sprintf("VGG-16's first three blocks, random weights: what one unit sees, %d x %d pixels (reached: %d)",
			f[len(f)-1][0].Size, f[len(f)-1][1].Size, hi-lo+1), BarLabel: "|gradient|"})
	})
}

// randomChain returns a network of convolutions and poolings with positive weights, so that no
// gradient cancels, and its windows along a side.
func randomChain(g *random.Generator, size int) (windows []tensor.Window, net nn.Sequential) {
	now := size
	for range 1 + g.Intn(5) {
		w := tensor.Window{Kernel: 1 + g.Intn(5), Stride: 1 + g.Intn(2)}
		w.Padding = g.Intn(w.Kernel/2 + 1)
		if w.Span() > now+2*w.Padding {
			break
		}
		now = w.Size(now)
		windows = append(windows, w)
		if g.Intn(3) == 0 {
			net = append(net, &nn.AvgPool2d{Config: tensor.PoolConfig{Kernel: pair(w.Kernel), Stride: pair(w.Stride), Padding: pair(w.Padding)}})
			continue
		}
		l := nn.NewConv2d(g, 1, 1, w.Kernel, nn.ConvConfig{Stride: w.Stride, Padding: w.Padding})
		l.Weight = tensor.NewParam(tensor.Rand(g, 1, 1, w.Kernel, w.Kernel).AddScalar(0.1))
		net = append(net, l)
	}
	if len(windows) == 0 {
		return randomChain(g, size)
	}
	return windows, net
}

// support returns the gradient of the middle unit of net's first channel by a random picture of so many pixels a side, and the first
// and last row that it reaches. In float64 no fast convolution leaves rounding errors where there is nothing.
func support(net nn.Sequential, size int) (grad *tensor.Tensor, lo, hi int) {
	x := tensor.Rand(random.New(3), 1, 1, size, size).To(tensor.Float64).RequireGrad()
	y := nn.To(net, tensor.Float64).Forward(x)
	y.Select(1, 0).Select(1, y.Dim(2)/2).Select(1, y.Dim(3)/2).Sum().Backward()
	lo, hi = size, -1
	for i, v := range x.Grad().Abs().Sum(1, 3).Floats() {
		if v != 0 {
			lo, hi = min(lo, i), i
		}
	}
	return x.Grad(), lo, hi
}

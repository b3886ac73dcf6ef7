package models

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/tensor"
)

// The blocks of Inception-v3, with torchvision's names of layers and, in comments, the figures of Szegedy et al. (2016).

// InceptionA has two 3 x 3 convolutions in the place of GoogLeNet's 5 x 5, beside torchvision's own 5 x 5 (figure 5).
type InceptionA struct {
	Branch1x1 *BasicConv2d
	Five1     *BasicConv2d `name:"branch5x5_1"`
	Five2     *BasicConv2d `name:"branch5x5_2"`
	Double1   *BasicConv2d `name:"branch3x3dbl_1"`
	Double2   *BasicConv2d `name:"branch3x3dbl_2"`
	Double3   *BasicConv2d `name:"branch3x3dbl_3"`
	Pool      *BasicConv2d `name:"branch_pool"`
}

func newInceptionA(b *inceptionBuilder, pool int) *InceptionA {
	l := &InceptionA{Branch1x1: b.unit(b.in, conv(64, 1))}
	b.units([]convSpec{conv(48, 1), conv(64, 5)}, &l.Five1, &l.Five2)
	b.units([]convSpec{conv(64, 1), conv(96, 3), conv(96, 3)}, &l.Double1, &l.Double2, &l.Double3)
	l.Pool = b.unit(b.in, conv(pool, 1))
	return next(b, l)
}

// Forward maps x (N, C, H, W) to (N, K, H, W).
func (l *InceptionA) Forward(x *tensor.Tensor) *tensor.Tensor {
	five := l.Five2.Forward(l.Five1.Forward(x))
	double := l.Double3.Forward(l.Double2.Forward(l.Double1.Forward(x)))
	return tensor.Concat(1, l.Branch1x1.Forward(x), five, double, l.Pool.Forward(mean3x3(x)))
}

// InceptionB halves the size: convolutions and a pooling of stride 2, side by side (figure 10).
type InceptionB struct {
	Branch3x3 *BasicConv2d
	Double1   *BasicConv2d `name:"branch3x3dbl_1"`
	Double2   *BasicConv2d `name:"branch3x3dbl_2"`
	Double3   *BasicConv2d `name:"branch3x3dbl_3"`
}

func newInceptionB(b *inceptionBuilder) *InceptionB {
	l := &InceptionB{Branch3x3: b.unit(b.in, conv(384, 3).halve())}
	b.units([]convSpec{conv(64, 1), conv(96, 3), conv(96, 3).halve()}, &l.Double1, &l.Double2, &l.Double3)
	return next(b, l)
}

// Forward maps x (N, C, H, W) to (N, K, ⌊(H-1)/2⌋, ⌊(W-1)/2⌋).
func (l *InceptionB) Forward(x *tensor.Tensor) *tensor.Tensor {
	double := l.Double3.Forward(l.Double2.Forward(l.Double1.Forward(x)))
	return tensor.Concat(1, l.Branch3x3.Forward(x), double, halvedMax(x))
}

// InceptionC has 1 x 7 and 7 x 1 convolutions in the place of 7 x 7 (figure 6).
type InceptionC struct {
	Branch1x1 *BasicConv2d
	Seven1    *BasicConv2d `name:"branch7x7_1"`
	Seven2    *BasicConv2d `name:"branch7x7_2"`
	Seven3    *BasicConv2d `name:"branch7x7_3"`
	Double1   *BasicConv2d `name:"branch7x7dbl_1"`
	Double2   *BasicConv2d `name:"branch7x7dbl_2"`
	Double3   *BasicConv2d `name:"branch7x7dbl_3"`
	Double4   *BasicConv2d `name:"branch7x7dbl_4"`
	Double5   *BasicConv2d `name:"branch7x7dbl_5"`
	Pool      *BasicConv2d `name:"branch_pool"`
}

func newInceptionC(b *inceptionBuilder, c7 int) *InceptionC {
	l := &InceptionC{Branch1x1: b.unit(b.in, conv(192, 1))}
	b.units([]convSpec{conv(c7, 1), convHW(c7, 1, 7), convHW(192, 7, 1)}, &l.Seven1, &l.Seven2, &l.Seven3)
	b.units([]convSpec{conv(c7, 1), convHW(c7, 7, 1), convHW(c7, 1, 7), convHW(c7, 7, 1), convHW(192, 1, 7)},
		&l.Double1, &l.Double2, &l.Double3, &l.Double4, &l.Double5)
	l.Pool = b.unit(b.in, conv(192, 1))
	return next(b, l)
}

// Forward maps x (N, C, H, W) to (N, K, H, W).
func (l *InceptionC) Forward(x *tensor.Tensor) *tensor.Tensor {
	seven := l.Seven3.Forward(l.Seven2.Forward(l.Seven1.Forward(x)))
	double := nn.NewSequential(l.Double1, l.Double2, l.Double3, l.Double4, l.Double5).Forward(x)
	return tensor.Concat(1, l.Branch1x1.Forward(x), seven, double, l.Pool.Forward(mean3x3(x)))
}

// InceptionD halves the size after InceptionC's.
type InceptionD struct {
	Three1 *BasicConv2d `name:"branch3x3_1"`
	Three2 *BasicConv2d `name:"branch3x3_2"`
	Seven1 *BasicConv2d `name:"branch7x7x3_1"`
	Seven2 *BasicConv2d `name:"branch7x7x3_2"`
	Seven3 *BasicConv2d `name:"branch7x7x3_3"`
	Seven4 *BasicConv2d `name:"branch7x7x3_4"`
}

func newInceptionD(b *inceptionBuilder) *InceptionD {
	l := new(InceptionD)
	b.units([]convSpec{conv(192, 1), conv(320, 3).halve()}, &l.Three1, &l.Three2)
	b.units([]convSpec{conv(192, 1), convHW(192, 1, 7), convHW(192, 7, 1), conv(192, 3).halve()}, &l.Seven1, &l.Seven2, &l.Seven3, &l.Seven4)
	return next(b, l)
}

// Forward maps x (N, C, H, W) to (N, K, ⌊(H-1)/2⌋, ⌊(W-1)/2⌋).
func (l *InceptionD) Forward(x *tensor.Tensor) *tensor.Tensor {
	seven := nn.NewSequential(l.Seven1, l.Seven2, l.Seven3, l.Seven4).Forward(x)
	return tensor.Concat(1, l.Three2.Forward(l.Three1.Forward(x)), seven, halvedMax(x))
}

// InceptionE widens the last maps: 1 x 3 and 3 x 1 convolutions side by side (figure 7).
type InceptionE struct {
	Branch1x1 *BasicConv2d
	Three1    *BasicConv2d `name:"branch3x3_1"`
	Three2a   *BasicConv2d `name:"branch3x3_2a"`
	Three2b   *BasicConv2d `name:"branch3x3_2b"`
	Double1   *BasicConv2d `name:"branch3x3dbl_1"`
	Double2   *BasicConv2d `name:"branch3x3dbl_2"`
	Double3a  *BasicConv2d `name:"branch3x3dbl_3a"`
	Double3b  *BasicConv2d `name:"branch3x3dbl_3b"`
	Pool      *BasicConv2d `name:"branch_pool"`
}

func newInceptionE(b *inceptionBuilder) *InceptionE {
	l := &InceptionE{Branch1x1: b.unit(b.in, conv(320, 1)), Three1: b.unit(b.in, conv(384, 1))}
	b.units([]convSpec{conv(448, 1), conv(384, 3)}, &l.Double1, &l.Double2)
	c := b.cfg.scale(384)
	l.Three2a, l.Three2b = b.unit(c, convHW(384, 1, 3)), b.unit(c, convHW(384, 3, 1))
	l.Double3a, l.Double3b = b.unit(c, convHW(384, 1, 3)), b.unit(c, convHW(384, 3, 1))
	l.Pool = b.unit(b.in, conv(192, 1))
	return next(b, l)
}

// Forward maps x (N, C, H, W) to (N, K, H, W).
func (l *InceptionE) Forward(x *tensor.Tensor) *tensor.Tensor {
	three := l.Three1.Forward(x)
	double := l.Double2.Forward(l.Double1.Forward(x))
	return tensor.Concat(1, l.Branch1x1.Forward(x), l.Three2a.Forward(three), l.Three2b.Forward(three),
		l.Double3a.Forward(double), l.Double3b.Forward(double), l.Pool.Forward(mean3x3(x)))
}

// units sets fields to convolutions one after the other.
func (b *inceptionBuilder) units(specs []convSpec, fields ...**BasicConv2d) {
	for i, l := range b.chain(specs...) {
		*fields[i] = l.(*BasicConv2d)
	}
}

// mean3x3 is the mean over 3 x 3 around each place; the zeros of the padding count.
func mean3x3(x *tensor.Tensor) *tensor.Tensor { return tensor.AvgPool2d(x, around) }

// halvedMax is the maximum over 3 x 3 with stride 2.
func halvedMax(x *tensor.Tensor) *tensor.Tensor { return maxPool(3, 2, 0).Forward(x) }

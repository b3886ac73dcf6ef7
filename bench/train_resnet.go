package bench

import (
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// basicBlock is two 3 by 3 convolutions beside a shortcut (He et al., 2016).
type basicBlock struct {
	Conv1, Conv2 *nn.Conv2d
	BN1, BN2     *nn.BatchNorm
	Shortcut     nn.Sequential
}

func newBasicBlock(g *random.Generator, in, out, stride int) *basicBlock {
	b := &basicBlock{
		Conv1: nn.NewConv2d(g, in, out, 3, nn.ConvConfig{Stride: stride, Padding: 1, NoBias: true}), BN1: nn.NewBatchNorm2d(out, nn.BatchNormConfig{}),
		Conv2: nn.NewConv2d(g, out, out, 3, nn.ConvConfig{Padding: 1, NoBias: true}), BN2: nn.NewBatchNorm2d(out, nn.BatchNormConfig{}),
	}
	if stride != 1 || in != out {
		b.Shortcut = nn.NewSequential(nn.NewConv2d(g, in, out, 1, nn.ConvConfig{Stride: stride, NoBias: true}), nn.NewBatchNorm2d(out, nn.BatchNormConfig{}))
	}
	return b
}

// Forward maps (N, in, H, W) to (N, out, H/stride, W/stride).
func (b *basicBlock) Forward(x *tensor.Tensor) *tensor.Tensor {
	y := b.BN1.Forward(b.Conv1.Forward(x)).ReLU()
	return b.BN2.Forward(b.Conv2.Forward(y)).Add(b.Shortcut.Forward(x)).ReLU()
}

// resnet18 returns the network after its stem, which gives 64 channels.
func resnet18(g *random.Generator, classes int, stem ...nn.Layer) nn.Sequential {
	m, in := nn.NewSequential(stem...), 64
	for _, stage := range []struct{ out, stride int }{{64, 1}, {128, 2}, {256, 2}, {512, 2}} {
		m = append(m, newBasicBlock(g, in, stage.out, stage.stride), newBasicBlock(g, stage.out, stage.out, 1))
		in = stage.out
	}
	return append(m, &nn.AdaptiveAvgPool2d{H: 1, W: 1}, nn.NewFlatten(), nn.NewLinear(g, 512, classes, nn.LinearConfig{}))
}

// cifarResNet18 is for pictures of 32 by 32: no stride and no pooling in the stem.
func cifarResNet18(g *random.Generator) nn.Sequential {
	return resnet18(g, 10,
		nn.NewConv2d(g, 3, 64, 3, nn.ConvConfig{Padding: 1, NoBias: true}), nn.NewBatchNorm2d(64, nn.BatchNormConfig{}), nn.ReLU{})
}

// imageNetResNet18 is for pictures of 224 by 224.
func imageNetResNet18(g *random.Generator) nn.Sequential {
	return resnet18(g, 1000,
		nn.NewConv2d(g, 3, 64, 7, nn.ConvConfig{Stride: 2, Padding: 3, NoBias: true}), nn.NewBatchNorm2d(64, nn.BatchNormConfig{}), nn.ReLU{}, newMaxPool(3, 2, 1))
}

func trainResNet18() Case {
	return Case{Name: "train/resnet18_d_cifar_b32_sgdm", FLOPs: 3 * batch * 2 * 0.5556e9, New: func() func() {
		g := generator()
		m := cifarResNet18(g)
		return classify(m, randn(g, batch, 3, 32, 32), tensor.RandInt(g, 0, 10, batch), sgd(m))
	}}
}

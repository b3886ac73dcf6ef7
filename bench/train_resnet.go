package bench

import (
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// cifarResNet18 is for pictures of 32 by 32: no stride and no pooling in the stem.
func cifarResNet18(g *random.Generator) *models.ResNet {
	return models.NewResNet(g, 18, models.ResNetConfig{Config: models.Config{Classes: 10, Stem: models.SmallStem}})
}

// imageNetResNet18 is for pictures of 224 by 224.
func imageNetResNet18(g *random.Generator) *models.ResNet {
	return models.NewResNet(g, 18, models.ResNetConfig{})
}

func trainResNet18() Case {
	return Case{Name: "train/resnet18_d_cifar_b32_sgdm", FLOPs: 3 * batch * 2 * 0.5556e9, New: func() func() {
		g := generator()
		m := cifarResNet18(g)
		return classify(m, randn(g, batch, 3, 32, 32), tensor.RandInt(g, 0, 10, batch), sgd(m))
	}}
}

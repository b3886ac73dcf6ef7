package bench

import (
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// trainResNet50 is for pictures of 224 by 224, eight at once; with checkpointing each residual block is computed a second time in the
// backward pass in place of being kept.
func trainResNet50(name string, checkpointing bool) Case {
	const n = 8
	return Case{Name: name, FLOPs: 3 * n * 2 * 4.089e9, New: func() func() {
		g := generator()
		m := models.NewResNet(g, 50, models.ResNetConfig{})
		if checkpointing {
			train.Checkpointing(m)
		}
		return classify(m, randn(g, n, 3, 224, 224), tensor.RandInt(g, 0, 1000, n), sgd(m))
	}}
}

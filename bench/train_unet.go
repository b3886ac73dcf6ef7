package bench

import (
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// unet has 32 to 512 channels, padding and batch normalisation.
func unet(g *random.Generator) *models.UNet {
	return models.NewUNet(g, models.UNetConfig{Channels: 3, Width: 0.5, Padded: true, BatchNorm: true, Dropout: new(0.0)})
}

// trainUNet is a step of unet.
func trainUNet() Case {
	return Case{Name: "train/unet_k_32-512_128x128_b4_adam", FLOPs: 3 * 4 * 6.037e9, New: func() func() {
		const n, side = 4, 128
		g := generator()
		m := unet(g)
		return classify(m, tensor.Rand(g, n, 3, side, side), tensor.RandInt(g, 0, 2, n, side, side), adam(m))
	}}
}

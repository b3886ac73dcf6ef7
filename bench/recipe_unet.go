package bench

import (
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// recipeUNet is a step of a whole recipe: the loader mirrors pictures of bytes and their masks at random and normalises the pictures, the
// step adds up loss and the share of pixels that are right.
func recipeUNet() Case {
	return Case{Name: "recipe/unet_32-512_128x128_b4_flip_adam", FLOPs: 3 * 4 * 6.037e9, Note: "with its loader", Open: func() (call, close func()) {
		const n, side = 256, 128
		type masked struct{ picture, mask *tensor.Tensor } // (3, H, W) and (H, W), bytes
		g := generator()
		pictures := make(dataset.Slice[masked], n)
		for i := range pictures {
			pictures[i] = masked{tensor.RandInt(g, 0, 256, 3, side, side).To(tensor.Uint8), tensor.RandInt(g, 0, 2, side, side).To(tensor.Uint8)}
		}
		mirrored := dataset.Map(pictures, func(s masked, g *random.Generator) (masked, error) {
			if g.Float64() < 0.5 {
				s = masked{s.picture.Flip(2), s.mask.Flip(1)}
			}
			return masked{s.picture.To(tensor.Float32).DivScalar(127.5).SubScalar(1), s.mask.To(tensor.Int64)}, nil
		})
		loader := dataset.NewLoader(mirrored, func(samples []masked) (dataset.Batch, error) {
			var x, y []*tensor.Tensor
			for _, s := range samples {
				x, y = append(x, s.picture), append(y, s.mask)
			}
			return dataset.Batch{X: tensor.Stack(0, x...), Y: tensor.Stack(0, y...)}, nil
		}, dataset.LoaderConfig{BatchSize: 4, Shuffle: true, Workers: 1})
		right := func(scores *tensor.Tensor, b dataset.Batch) train.Metrics {
			return train.Metrics{{Name: "pixel_accuracy", Value: scores.ArgMax(1).Eq(b.Y).To(tensor.Float32).Mean().Item()}}
		}
		model := unet(g)
		return recipe(loader, train.Supervised(model, losses.CrossEntropy, adam(model), train.SupervisedConfig{Metrics: right}))
	}}
}

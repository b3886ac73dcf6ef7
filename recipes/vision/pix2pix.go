package vision

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	catalog.Register(catalog.Row{
		ID: "H10", Tier: catalog.Medium, Title: "U-Net generator against encoder-decoder generator", Source: "Isola, Zhu, Zhou and Efros 2017",
		Target: "pix2pix fills Shapes' outlines: the U-Net generator's L1 on test pictures is at most 0.8 of the encoder-decoder's, as the median of 3 seeds; the published networks have 54,413,955 and 2,768,705 parameters",
		Note:   "240 pictures of 64 x 64 pixels of up to 3 shapes, of which the networks see outlines of a pixel in the colour of the shape; generators of 16 to 128 channels that halve the picture 5 times, beside a conditional PatchGAN of two strided layers",
		Test:   pix2pix,
	})
}

// outlines makes n pictures of shapes on black, X, and of their outlines, Y, both (n, 3, 64, 64) from -1 to 1.
func outlines(ctx context.Context, n int, seed uint64) (x, y *tensor.Tensor, err error) {
	set := shapes.New(n, seed, shapes.Config{Most: 3})
	var edges, fills []*tensor.Tensor
	for i := range n {
		s, err := set.At(ctx, i, nil)
		if err != nil {
			return nil, nil, err
		}
		inside := s.Mask.GtScalar(0).To(tensor.Float32).Unsqueeze(0)
		// A pixel is of the outline if one of its neighbours is outside: where the least value around it is 0.
		least := tensor.MaxPool2d(inside.Neg(), tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}}).Neg()
		toUnit := func(t *tensor.Tensor) *tensor.Tensor { return t.MulScalar(2).SubScalar(1) }
		fills = append(fills, toUnit(s.Image.Mul(inside)))
		edges = append(edges, toUnit(s.Image.Mul(inside.Sub(least))))
	}
	return tensor.Stack(0, edges...), tensor.Stack(0, fills...), nil
}

// fitPix2Pix trains a generator and its discriminator in turn: the discriminator by whether it tells true pairs from made ones, the generator
// by whether it is believed, and 100 times the mean absolute error.
func fitPix2Pix(ctx context.Context, gen *models.Pix2Pix, x, y *tensor.Tensor, epochs int, seed uint64) error {
	const batch, lambda = 4, 100
	dis := models.NewPatchGAN(random.New(seed+1), models.PatchGANConfig{Layers: 2, Width: 0.25})
	cfg := optim.AdamConfig{LR: 1e-3, Beta1: new(0.5)}
	optG, optD := optim.NewAdam(nn.Params(gen), cfg), optim.NewAdam(nn.Params(dis), cfg)
	index := make(dataset.Slice[int64], x.Dim(0))
	for i := range index {
		index[i] = int64(i)
	}
	loader := dataset.NewLoader(index, func(i []int64) (*tensor.Tensor, error) { return tensor.Of(i), nil }, dataset.LoaderConfig{BatchSize: batch, Shuffle: true, Seed: seed})
	schedule := optim.NewScheduler(optG, optim.Cosine(epochs*loader.Batches(), 0))
	says := func(pair *tensor.Tensor, real float64) *tensor.Tensor {
		logits := dis.Forward(pair)
		return losses.BCEWithLogits(logits, tensor.Full(real, logits.Shape().Dims()...))
	}
	loop := train.Loop[*tensor.Tensor]{
		Step: func(s *tensor.Scope, i *tensor.Tensor) (train.Metrics, error) {
			given, truth := s.Enter(x.IndexSelect(0, i)), s.Enter(y.IndexSelect(0, i))
			made := gen.Forward(given)
			optD.ZeroGrad()
			judged := says(tensor.Concat(1, given, truth), 1).Add(says(tensor.Concat(1, given, made.Detach()), 0)).MulScalar(0.5)
			judged.Backward()
			optD.Step()
			optG.ZeroGrad()
			l1 := losses.L1(made, truth)
			says(tensor.Concat(1, given, made), 1).Add(l1.MulScalar(lambda)).Backward(tensors(optG.Params())...)
			optG.Step()
			schedule.Step()
			return train.Metrics{{Name: "l1", Value: l1.Detach().Item()}, {Name: "discriminator", Value: judged.Detach().Item()}}, nil
		},
		Batches: loader.Epoch, NumBatches: loader.Batches(), Size: func(i *tensor.Tensor) int { return i.Numel() },
		State:  new(train.State).Module("generator", gen).Module("discriminator", dis).Optimizer("g", optG).Optimizer("d", optD).Scheduler("schedule", schedule),
		Config: train.Config{Epochs: epochs},
	}
	_, err := loop.Train(ctx)
	return err
}

// tensors are the values of parameters.
func tensors(params []*nn.Param) (all []*tensor.Tensor) {
	for _, p := range params {
		all = append(all, p.Tensor)
	}
	return all
}

func pix2pix(ctx context.Context, c *catalog.Check) error {
	x, y, err := outlines(ctx, 240, 1)
	if err != nil {
		return err
	}
	xTest, yTest, err := outlines(ctx, 80, 2)
	if err != nil {
		return err
	}
	made := func(m *models.Pix2Pix, x *tensor.Tensor) *tensor.Tensor { return nn.Eval(m).Forward(x) }
	trained := func(seed uint64, noSkips bool) (*models.Pix2Pix, float64, error) {
		m := models.NewPix2Pix(random.New(seed), models.Pix2PixConfig{Depth: 5, Width: 0.25, NoSkips: noSkips, Dropout: new(0.0)})
		if err := fitPix2Pix(ctx, m, x, y, 8, seed); err != nil {
			return nil, 0, err
		}
		return m, losses.L1(made(m, xTest), yTest).Item(), nil
	}
	var with, without *models.Pix2Pix
	var skips, plain []float64
	ratios, err := c.Seeds(3, func(seed uint64) (float64, error) {
		var a, b float64
		var err error
		if with, a, err = trained(seed, false); err != nil {
			return 0, err
		}
		if without, b, err = trained(seed, true); err != nil {
			return 0, err
		}
		skips, plain = append(skips, a), append(plain, b)
		return a / b, nil
	})
	if err != nil {
		return err
	}
	c.AtMost("L1 of the U-Net generator over the encoder-decoder's", catalog.Median(ratios), 0.8)
	c.AtMost("the same of the worst seed", max(ratios[0], ratios[1], ratios[2]), 1)
	given := losses.L1(xTest, yTest).Item()
	c.AtMost("L1 of the U-Net generator over that of the outlines as they are", catalog.Median(skips)/given, 0.5)
	c.Equal("parameters of the published generator", float64(nn.NumParams(models.NewPix2Pix(random.New(1), models.Pix2PixConfig{}))), 54_413_955)
	c.Equal("parameters of the published discriminator", float64(nn.NumParams(models.NewPatchGAN(random.New(1), models.PatchGANConfig{}))), 2_768_705)
	c.Control(func() { // each outline with another's filling
		c.AtLeast("L1 against other pictures' fillings over that against the right ones", losses.L1(made(with, xTest), yTest.Flip(0)).Item()/catalog.Median(skips), 2)
	})
	return c.Picture("filled", func(path string) error {
		var tiles []plot.Tile
		add := func(t *tensor.Tensor, caption string) {
			tiles = append(tiles, plot.Tile{Image: colours(t.AddScalar(1).MulScalar(0.5)), Caption: caption})
		}
		for i := range 4 {
			one := xTest.Narrow(0, i, 1)
			add(one.Select(0, 0), "given")
			add(yTest.Select(0, i), "truth")
			for _, g := range []struct {
				name string
				m    *models.Pix2Pix
			}{{"U-Net", with}, {"encoder-decoder", without}} {
				said := made(g.m, one).Select(0, 0)
				add(said, fmt.Sprintf("%s, L1 %.3f", g.name, losses.L1(said, yTest.Select(0, i)).Item()))
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "pix2pix fills outlines", Columns: 4})
	})
}

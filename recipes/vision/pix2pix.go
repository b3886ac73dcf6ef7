package vision

import (
	"context"
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/explain"
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
		Target: "pix2pix fills Shapes' outlines: the U-Net generator's L1 on test pictures is at most 0.8 of the encoder-decoder's, as the median of 3 seeds, and less with every seed; the published networks have 54,413,955 and 2,768,705 parameters",
		Note: "outlines of a pixel in the colour of their shape, on grey as the filled picture is: the outlines determine all of it, and no colour is to be guessed (on black, where tanh saturates, the U-Net stayed with a black " +
			"picture, the constant of the least L1). 320 pictures of 64 x 64 pixels in batches of 4, a quarter of the published channels, a discriminator with two strided layers, Adam's rate 5e-4 for the paper's 2e-4, with which less is " +
			"learned in as many steps. Both generators halve the picture five times, to 2 x 2; to 4 x 4 the encoder-decoder comes closer, 0.81 after 1600 steps; to one pixel, as published, it learned nothing of its input in 500",
		Test: pix2pix,
	})
}

// outlined makes of a picture of shapes the pair that pix2pix learns from, both (3, H, W) from -1 to 1 and else 0, grey: X, their
// outlines of a pixel, and Y, the shapes filled. The pixels at their edges, whose colour is mixed with the background's, belong to neither.
func outlined(s shapes.Sample, _ *random.Generator) (masked, error) {
	erode := func(m *tensor.Tensor) *tensor.Tensor { // to the pixels whose neighbours are all inside
		return tensor.MaxPool2d(m.Neg(), tensor.PoolConfig{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Padding: [2]int{1, 1}}).Neg()
	}
	filled := erode(s.Mask.GtScalar(0).To(tensor.Float32).Unsqueeze(0).Unsqueeze(0))
	paint := func(m *tensor.Tensor) *tensor.Tensor {
		return s.Image.MulScalar(2).SubScalar(1).Mul(m.Squeeze(0))
	}
	return masked{paint(filled.Sub(erode(filled))), paint(filled)}, nil
}

// outlines makes n pairs of pictures with a shape each.
func outlines(ctx context.Context, n int, seed uint64) (dataset.Slice[masked], error) {
	return kept(ctx, dataset.Map(shapes.New(n, seed, shapes.Config{Smallest: 0.3, Largest: 0.6}), outlined))
}

// pix2pixTrainer trains a generator G and a discriminator D of its own in turn: D to tell pairs (x, y) from (x, G(x)), its loss halved, and G by
//
//	BCE(D(x, G(x)), 1) + 100 mean |y − G(x)|
//
// with Adam, whose rate falls linearly to zero over the second half of the steps.
type pix2pixTrainer struct {
	epochs, batch int
	lr            float64
	seed          uint64
}

func (t pix2pixTrainer) fit(ctx context.Context, gen *models.Pix2Pix, data dataset.Dataset[masked]) error {
	const lambda = 100
	dis := models.NewPatchGAN(random.New(t.seed+1), models.PatchGANConfig{Layers: 2, Width: 0.25})
	loader := dataset.NewLoader(data, collateMasked, dataset.LoaderConfig{BatchSize: t.batch, Shuffle: true, Seed: t.seed})
	half := t.epochs * loader.Batches() / 2
	decay := optim.Sequential(optim.Part{Steps: half, Schedule: optim.Constant()}, optim.Part{Schedule: optim.Linear(1, 0, half+1)})
	cfg := optim.AdamConfig{LR: t.lr, Beta1: new(0.5)}
	optG, optD := optim.NewAdam(nn.Params(gen), cfg), optim.NewAdam(nn.Params(dis), cfg)
	rateG, rateD := optim.NewScheduler(optG, decay), optim.NewScheduler(optD, decay)
	judge := func(x, y *tensor.Tensor, target float64) *tensor.Tensor {
		logits := dis.Forward(tensor.Concat(1, x, y))
		return losses.BCEWithLogits(logits, tensor.FullLike(logits, target))
	}
	var ofG []*tensor.Tensor
	for _, p := range optG.Params() {
		ofG = append(ofG, p.Tensor)
	}
	loop := train.Loop[masked]{
		Step: func(s *tensor.Scope, b masked) (train.Metrics, error) {
			x, y := s.Enter(b.X), s.Enter(b.Y)
			made := gen.Forward(x)
			optD.ZeroGrad()
			lossD := judge(x, y, 1).Add(judge(x, made.Detach(), 0)).MulScalar(0.5)
			lossD.Backward()
			optD.Step()
			optG.ZeroGrad()
			adversarial, l1 := judge(x, made, 1), losses.L1(made, y)
			adversarial.Add(l1.MulScalar(lambda)).Backward(ofG...)
			optG.Step()
			rateG.Step()
			rateD.Step()
			return train.Metrics{{Name: "l1", Value: l1.Detach().Item()}, {Name: "adversarial", Value: adversarial.Detach().Item()}, {Name: "discriminator", Value: lossD.Detach().Item()}}, nil
		},
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       func(b masked) int { return b.X.Dim(0) },
		State:      new(train.State).Module("generator", gen).Module("discriminator", dis).Optimizer("g", optG).Optimizer("d", optD).Scheduler("rate_g", rateG).Scheduler("rate_d", rateD),
		Config:     train.Config{Epochs: t.epochs},
	}
	_, err := loop.Train(ctx)
	return err
}

func pix2pix(ctx context.Context, c *catalog.Check) error {
	data, err := outlines(ctx, 320, 1)
	if err != nil {
		return err
	}
	held, err := outlines(ctx, 100, 2)
	if err != nil {
		return err
	}
	test, err := collateMasked(held)
	if err != nil {
		return err
	}
	made := func(m *models.Pix2Pix, x *tensor.Tensor) *tensor.Tensor { return nn.Eval(m).Forward(x) }
	generator := func(seed uint64, noSkips bool) *models.Pix2Pix {
		return models.NewPix2Pix(random.New(seed), models.Pix2PixConfig{Depth: 5, Width: 0.25, NoSkips: noSkips, Dropout: new(0.0)})
	}
	// By architecture: the U-Net, the encoder-decoder.
	names := []string{"U-Net", "encoder-decoder"}
	nets, errs := make([]*models.Pix2Pix, 2), make([][]float64, 2)
	ratios, err := c.Seeds(3, func(seed uint64) (float64, error) {
		for k := range names {
			nets[k] = generator(seed, k == 1)
			if err := (pix2pixTrainer{epochs: 16, batch: 4, lr: 5e-4, seed: seed}).fit(ctx, nets[k], data); err != nil {
				return 0, err
			}
			errs[k] = append(errs[k], losses.L1(made(nets[k], test.X), test.Y).Item())
		}
		last := len(errs[0]) - 1
		return errs[0][last] / errs[1][last], nil
	})
	if err != nil {
		return err
	}
	unet, plain := catalog.Median(errs[0]), catalog.Median(errs[1])
	c.AtMost("L1 of the U-Net generator over the encoder-decoder's", catalog.Median(ratios), 0.8)
	c.AtMost("the same of the worst seed", slices.Max(ratios), 0.9)

	all, err := collateMasked(data)
	if err != nil {
		return err
	}
	mean := test.Y.Sub(all.Y.Mean(0)).Abs().Mean().Item()
	constant := min(mean, test.Y.Abs().Mean().Item())
	c.AtMost("L1 of the U-Net generator over that of the outlines as they are", unet/losses.L1(test.X, test.Y).Item(), 0.6)
	c.AtMost("L1 of the encoder-decoder over that of a constant picture, the better of the mean one and grey", plain/constant, 0.9)
	c.Equal("parameters of the published generator", float64(nn.NumParams(models.NewPix2Pix(random.Shapes(), models.Pix2PixConfig{}))), 54_413_955)
	c.Equal("parameters of the published discriminator", float64(nn.NumParams(models.NewPatchGAN(random.Shapes(), models.PatchGANConfig{}))), 2_768_705)
	c.Control(func() {
		for k, name := range names {
			c.AtLeast("L1 of the "+name+" from other pictures' outlines over that of the constant picture", losses.L1(made(nets[k], test.X.Flip(0)), test.Y).Item()/constant, 1)
			c.AtLeast("L1 of the "+name+" untrained over that of the constant picture", losses.L1(made(generator(max(c.Seed, 1), k == 1), test.X), test.Y).Item()/constant, 0.99)
		}
	})
	return c.Picture("filled", func(path string) error {
		var tiles []plot.Tile
		add := func(x *tensor.Tensor, caption string) {
			tiles = append(tiles, plot.Tile{Image: explain.Picture(x.AddScalar(1).MulScalar(0.5), nil, nil), Caption: caption})
		}
		for _, s := range held[:5] {
			add(s.X, "outlines")
			add(s.Y, "target")
			for k, name := range names {
				y := made(nets[k], s.X.Unsqueeze(0)).Squeeze(0)
				add(y, fmt.Sprintf("%s\nL1 %.3f", name, losses.L1(y, s.Y).Item()))
			}
		}
		return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: "pix2pix fills outlines", Columns: 4})
	})
}

package vision

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"image/draw"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/cells"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/maskset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/dataset/stamps"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:  "segment",
		Area:  "vision",
		Title: "U-Net or an FCN, which say of each pixel what it belongs to, on cells, shapes, cut-outs or a folder of pictures and masks",
		Paper: "Ronneberger, Fischer and Brox (2015), U-Net; Long, Shelhamer and Darrell (2015), Fully convolutional networks for semantic segmentation",
		Expect: []recipes.Expectation{
			{Data: "cells", Metric: "test_miou", Least: 0.97},
			{Data: "shapes", Metric: "test_miou", Least: 0.97},
			{Data: "stamps", Metric: "test_miou", Least: 0.85},
		},
		New: func() recipes.Recipe { return new(SegmentRecipe) },
	})
}

// SegmentRecipe are the options of the recipe.
type SegmentRecipe struct {
	Model       string  `help:"Network: ${enum}." enum:"unet,fcn8,fcn16,fcn32" default:"unet"`
	Data        string  `help:"cells or shapes, which are drawn; stamps, Tux Paint's cut-outs on painted grounds (Debian: tuxpaint-stamps-default); or a folder with pictures in images and, under the same names, their masks in masks, whose values or palette's numbers are the classes." default:"cells"`
	Size        int     `help:"Side in pixels that pictures are made with or stretched to; a multiple of 8." default:"64"`
	Pictures    int     `help:"Pictures to train on, where they are made." default:"400"`
	Width       float64 `help:"Factor on the published numbers of channels." default:"0.125"`
	Epochs      int     `help:"Times the data is seen." default:"12"`
	BatchSize   int     `help:"Pictures in a step." default:"8"`
	Flip        bool    `help:"Mirror training pictures left and right at random." default:"true" negatable:""`
	LR          float64 `name:"lr" help:"Learning rate at the start; it falls to zero along a cosine." default:"0.004"`
	WeightDecay float64 `help:"Weight decay of AdamW." default:"0.01"`
	ClipNorm    float64 `help:"Largest 2-norm of the gradient; 0: any." default:"0"`
	Patience    int     `help:"Stop after this many epochs without a higher mean IoU of the validation pictures; 0: never." default:"0"`
	Workers     int     `help:"Goroutines that make batches ahead." default:"1"`
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *SegmentRecipe) Validate() error {
	switch {
	case c.Size < 16 || c.Size > 1024 || c.Size%8 != 0:
		return fmt.Errorf("--size %d: give a multiple of 8 from 16 to 1024", c.Size)
	case c.Pictures < 1 || c.Pictures > maxPictures:
		return fmt.Errorf("--pictures %d: give 1 to %d", c.Pictures, maxPictures)
	case !(c.Width > 0) || c.Width > 4:
		return fmt.Errorf("--width %v: give a factor above 0 and at most 4", c.Width)
	}
	return nil
}

// segmentInfo is what the network sees; it is kept in the run's config.json.
type segmentInfo struct {
	Set      string   `json:"set"` // a name, or the folder
	Classes  []string `json:"classes"`
	Channels int      `json:"channels"`
	Size     int      `json:"size"`
	Held     string   `json:"held,omitempty"` // a hash of the names of the pictures to measure on, or of their cut-outs; "" where they are made
}

// segmentData is what trains, what chooses the best epoch, and what is measured once at the end.
type segmentData struct {
	train, validation, test dataset.Dataset[masked]
	info                    segmentInfo
}

// load makes or reads the data. The same seed gives the same parts.
func (c *SegmentRecipe) load(ctx context.Context, set string, seed uint64, from source.Config) (d segmentData, err error) {
	var make func(n int, seed uint64) dataset.Dataset[masked] // seeds are 3 seed for training, then those of validation and test
	switch set {
	case "cells":
		d.info = segmentInfo{set, cells.Classes, 1, c.Size, ""}
		make = func(n int, seed uint64) dataset.Dataset[masked] {
			return maskedCells(cells.New(n, seed, cells.Config{Size: c.Size}))
		}
	case "shapes":
		d.info = segmentInfo{set, append([]string{"background"}, shapes.Classes...), 3, c.Size, ""}
		make = func(n int, seed uint64) dataset.Dataset[masked] {
			return maskedShapes(shapes.New(n, seed, shapes.Config{Size: c.Size, Smallest: 0.33, Largest: 0.5, Background: shapes.Texture, Rotation: 15, Noise: 0.03}))
		}
	case "stamps":
		dir, err := stamps.Locate(from)
		if err != nil {
			return d, err
		}
		all, err := stamps.Open(ctx, dir, c.Size)
		if err != nil {
			return d, err
		}
		training, held := all.Split(0.8, seed) // each part has cut-outs of its own
		validation, test := held.Split(0.5, seed)
		var names []string
		for _, s := range test.All {
			names = append(names, s.Name)
		}
		d.info = segmentInfo{set, []string{"background", "cut-out"}, 3, c.Size, hashOf(names)}
		make = func(n int, partSeed uint64) dataset.Dataset[masked] {
			part := []*stamps.Stamps{training, validation, test}[partSeed-3*seed]
			return dataset.Map(part.Compose(n, partSeed, stamps.Config{Size: c.Size, Most: 2, Smallest: 0.3, Largest: 0.6, Noise: 0.02}),
				func(s stamps.Sample, _ *random.Generator) (masked, error) {
					return masked{s.Image, s.Mask.GtScalar(0).To(tensor.Int64)}, nil
				})
		}
	default:
		return c.folder(ctx, set, seed)
	}
	for k, part := range []*dataset.Dataset[masked]{&d.train, &d.validation, &d.test} {
		n := c.Pictures
		if k > 0 {
			n = max(20, n/5)
		}
		if *part, err = kept(ctx, make(n, 3*seed+uint64(k))); err != nil {
			return d, err
		}
	}
	return d, nil
}

// folder reads a folder of pictures and masks: a tenth is held back to choose the best epoch, another to measure at the end.
func (c *SegmentRecipe) folder(ctx context.Context, dir string, seed uint64) (d segmentData, err error) {
	s, err := maskset.Open(ctx, dir, c.Size)
	if err != nil {
		return d, fmt.Errorf("--data %s: %w; or take cells, shapes or stamps", dir, err)
	}
	all := dataset.Map(s, func(s maskset.Sample, _ *random.Generator) (masked, error) { return masked{s.Image, s.Mask}, nil })
	held := max(1, s.Len()/10)
	if s.Len() < 3 {
		return d, fmt.Errorf("%s has %d pictures: at least 3 are needed, to train, to choose and to measure", dir, s.Len())
	}
	parts, err := dataset.RandomSplitSizes(all, seed, s.Len()-2*held, held, held)
	if err != nil {
		return d, err
	}
	d.train, d.validation, d.test = parts[0], parts[1], parts[2]
	var names []string
	for _, i := range parts[2].Indices {
		names = append(names, s.Name(i))
	}
	d.info = segmentInfo{dir, s.Classes, 3, c.Size, hashOf(names)}
	return d, nil
}

// flipped mirrors every other picture at random.
func flipped(d dataset.Dataset[masked]) dataset.Dataset[masked] {
	return dataset.Map(d, func(s masked, g *random.Generator) (masked, error) {
		if g.Float64() < 0.5 {
			return masked{s.X.Flip(2), s.Y.Flip(1)}, nil
		}
		return s, nil
	})
}

// build returns the untrained network.
func (c *SegmentRecipe) build(g *random.Generator, in segmentInfo) nn.Layer {
	classes := len(in.Classes)
	if c.Model == "unet" {
		return models.NewUNet(g, models.UNetConfig{Classes: classes, Channels: in.Channels, Width: c.Width, Depth: 3, Padded: true, BatchNorm: true, Dropout: new(0.0)})
	}
	stride := map[string]int{"fcn8": 8, "fcn16": 16, "fcn32": 32}[c.Model]
	return models.NewFCN(g, models.FCNConfig{Stride: stride, Classes: classes, Channels: in.Channels, Width: c.Width, Same: true, BatchNorm: true, Dropout: new(0.0)})
}

// Train runs the recipe.
func (c *SegmentRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	set := c.Data
	if set != "cells" && set != "shapes" && set != "stamps" { // a run may be looked at from another folder
		if abs, err := filepath.Abs(set); err == nil {
			set = abs
		}
	}
	data, err := c.load(ctx, set, env.Seed, env.Source)
	if err != nil {
		return nil, err
	}
	model := c.build(random.New(env.Seed), data.info)
	trained := data.train
	if c.Flip {
		trained = flipped(trained)
	}
	loop := segmenter{epochs: c.Epochs, batch: c.BatchSize, lr: c.LR, decay: c.WeightDecay, clip: c.ClipNorm, seed: env.Seed, workers: c.Workers}.loop(model, trained)
	loop.Evaluate = func(ctx context.Context) (train.Metrics, error) {
		m, _, err := measure(ctx, model, data.validation, len(data.info.Classes))
		return m.With("val_"), err
	}
	loop.Run, loop.Observe = env.Run, env.Observe
	loop.Config = train.Config{Epochs: c.Epochs, Monitor: "val_miou", Patience: c.Patience}
	if err := env.Describe(data.info); err != nil {
		return nil, err
	}
	result, err := loop.Train(ctx)
	if err != nil {
		return nil, err
	}
	m, confusion, err := measure(ctx, model, data.test, len(data.info.Classes))
	if err != nil || env.Run == nil {
		return m.With("test_"), err
	}
	return m.With("test_"), c.report(ctx, env.Run, model, data, m.With("test_"), confusion, result.BestEpoch)
}

// measure returns the mean IoU, the share of pixels that are right, the mean loss and the confusion of classes.
func measure(ctx context.Context, model nn.Layer, data dataset.Dataset[masked], classes int) (train.Metrics, *metrics.Confusion, error) {
	confusion, loss, err := measureMasks(ctx, model, data, classes)
	if err != nil {
		return nil, nil, err
	}
	return train.Metrics{{Name: "miou", Value: confusion.MeanIoU()}, {Name: "pixel_accuracy", Value: confusion.Accuracy()}, {Name: "loss", Value: loss}}, confusion, nil
}

// report leaves the run's pictures and result behind: loss.png, miou.png, confusion.png, masks.png, those of the layers, result.json.
func (c *SegmentRecipe) report(ctx context.Context, run *train.Run, model nn.Layer, data segmentData, m train.Metrics, confusion *metrics.Confusion, best int) error {
	if err := run.PlotHistory(best, "loss", "miou"); err != nil {
		return err
	}
	if err := run.PlotLayers(); err != nil {
		return err
	}
	if err := plot.ConfusionMatrix(run.Path("confusion.png"), confusion.Counts, data.info.Classes, plot.ConfusionMatrixConfig{}); err != nil {
		return err
	}
	var shown []masked
	for i := range min(6, data.test.Len()) {
		s, err := data.test.At(ctx, i, nil)
		if err != nil {
			return err
		}
		shown = append(shown, s)
	}
	say := func(x *tensor.Tensor) *tensor.Tensor { return segment(model, x) }
	tiles, columns := maskTiles(shown, []string{c.Model}, []func(*tensor.Tensor) *tensor.Tensor{say})
	if err := plot.ImageGrid(run.Path("masks.png"), tiles, plot.ImageGridConfig{Title: "Test pictures", Columns: columns}); err != nil {
		return err
	}
	return run.WriteJSON(train.ResultFile, m)
}

// Open loads the network of a run.
func (c *SegmentRecipe) Open(run *train.Run, meta train.Info) (recipes.PictureModel, error) {
	var info segmentInfo
	err := meta.DataInto(&info)
	if err == nil {
		err = c.Validate()
	}
	if err == nil && (len(info.Classes) < 2 || len(info.Classes) > 256 || info.Channels != 1 && info.Channels != 3 || info.Size != c.Size) {
		err = fmt.Errorf("it does not say what pictures and classes the model is for")
	}
	m := &segmentModel{recipe: c, info: info, seed: meta.Seed}
	if err == nil {
		err = tensor.Catch(func() { m.net = c.build(random.New(meta.Seed), info) })
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", run.Path(train.ConfigFile), err)
	}
	if err := run.Load(m.net); err != nil {
		return nil, err
	}
	m.net = nn.Eval(m.net)
	return m, nil
}

// segmentModel draws masks on pictures.
type segmentModel struct {
	recipe *SegmentRecipe
	info   segmentInfo
	net    nn.Layer
	seed   uint64
}

// largestDrawn is the longer side of a picture that is drawn on; larger ones are shrunk.
const largestDrawn = 2048

// Predict stretches a picture to the size that the network was trained on, and draws each class in its colour on the picture, in the
// picture's own size. The picture is made grey, so that its colours are not taken for classes.
func (m *segmentModel) Predict(_ context.Context, img image.Image) (p recipes.PicturePrediction, err error) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if longer := max(w, h); longer > largestDrawn {
		w, h = max(1, w*largestDrawn/longer), max(1, h*largestDrawn/longer)
	}
	own := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(own, own.Rect, imageset.Fit{Height: h, Width: w}.RGBA(img), image.Point{}, draw.Src)
	x := train.ImageInfo{Channels: m.info.Channels, Height: m.info.Size, Width: m.info.Size}.Input(img, false)
	var classes []int64
	err = tensor.Catch(func() {
		scores := m.net.Forward(x)
		if v := scores.Abs().Max().Item(); v-v != 0 {
			return
		}
		scores = tensor.Interpolate(scores, []int{h, w}, tensor.InterpolateConfig{Mode: tensor.InterpolateLinear})
		classes = tensor.Data[int64](scores.ArgMax(1))
	})
	if err != nil {
		return p, err
	}
	if classes == nil {
		return p, fmt.Errorf("the model's scores are not numbers: its training diverged; train it again")
	}
	counts := make([]int, len(m.info.Classes))
	for _, k := range classes {
		counts[k]++
	}
	type share struct {
		Class string  `json:"class"`
		Share float64 `json:"share"`
	}
	shares := make([]share, len(counts))
	for k, n := range counts {
		shares[k] = share{m.info.Classes[k], float64(n) / float64(len(classes))}
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.Share, a.Share) })
	var words []string
	for _, s := range shares {
		if s.Share > 0 {
			words = append(words, fmt.Sprintf("%s %.1f%%", s.Class, 100*s.Share))
		}
	}
	return recipes.PicturePrediction{
		Drawn: plot.DrawMask(own, classes, plot.DrawMaskConfig{Names: m.info.Classes}), Text: strings.Join(words, ", "),
		Result: map[string]any{"shares": shares, "width": img.Bounds().Dx(), "height": img.Bounds().Dy()},
	}, nil
}

// Evaluate measures the network on the pictures that training held out.
func (m *segmentModel) Evaluate(ctx context.Context, from source.Config) (train.Metrics, error) {
	data, err := m.recipe.load(ctx, m.info.Set, m.seed, from)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(data.info.Classes, m.info.Classes) {
		return nil, fmt.Errorf("%s has other classes than when the model was trained", m.info.Set)
	}
	if m.info.Held != "" && m.info.Held != data.info.Held {
		return nil, fmt.Errorf(otherPictures+": put the same ones back", m.info.Set)
	}
	r, _, err := measure(ctx, m.net, data.test, len(m.info.Classes))
	return r.With("test_"), err
}

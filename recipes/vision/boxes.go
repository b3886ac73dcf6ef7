package vision

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// boxed is what a set of shapes has for detectors.
func boxed(s *shapes.Set) dataset.Dataset[detection.Sample] {
	return dataset.Map(s, func(s shapes.Sample, _ *random.Generator) (detection.Sample, error) {
		return detection.Sample{X: s.Image, Target: detection.Target{Boxes: s.Boxes, Classes: s.Classes}}, nil
	})
}

// detectorFit trains a detector on the sum of its losses, with AdamW and a learning rate that falls to zero along a cosine.
type detectorFit struct {
	epochs, batch int
	lr, decay     float64
	seed          uint64
	workers       int
}

// detectorClip is the largest norm of the gradients: the first batches' losses are large.
const detectorClip = 5

// loop returns the training loop, without a run folder.
func (f detectorFit) loop(model detection.Detector, data dataset.Dataset[detection.Sample]) train.Loop[detection.Batch] {
	loader := dataset.NewLoader(data, detection.Collate, dataset.LoaderConfig{BatchSize: f.batch, Shuffle: true, Seed: f.seed, Workers: f.workers})
	opt := optim.NewAdamW(nn.Params(model), optim.AdamWConfig{LR: f.lr, WeightDecay: &f.decay})
	schedule := optim.NewScheduler(opt, optim.Cosine(f.epochs*loader.Batches(), 0))
	return train.Loop[detection.Batch]{
		Step: func(s *tensor.Scope, b detection.Batch) (train.Metrics, error) {
			b = b.Enter(s)
			opt.ZeroGrad()
			parts := model.Losses(b.X, b.Targets)
			loss := detection.Total(parts)
			m := train.Metrics{{Name: "loss", Value: loss.Detach().Item()}}
			for _, l := range parts {
				m = append(m, train.Metric{Name: l.Name, Value: l.Value.Detach().Item()})
			}
			if v := m[0].Value; v-v != 0 {
				return m, nil // the loop stops here; the weights stay as they were
			}
			loss.Backward()
			if norm := optim.ClipGradNorm(opt.Params(), detectorClip, 2); norm-norm != 0 {
				return train.Metrics{{Name: "gradient_norm", Value: norm}}, nil // likewise
			}
			opt.Step()
			schedule.Step()
			return m, nil
		},
		Batches:    loader.Epoch,
		NumBatches: loader.Batches(),
		Size:       detection.Batch.Len,
		State:      new(train.State).Module("model", model).Optimizer("optimizer", opt).Scheduler("schedule", schedule),
		Config:     train.Config{Epochs: f.epochs},
	}
}

// fit trains without a run folder.
func (f detectorFit) fit(ctx context.Context, model detection.Detector, data dataset.Dataset[detection.Sample]) error {
	loop := f.loop(model, data)
	_, err := loop.Train(ctx)
	return err
}

// detected calls visit with each sample of data, in order, and what the detector finds there.
func detected(ctx context.Context, model detection.Detector, data dataset.Dataset[detection.Sample], cfg detection.DetectConfig, visit func(x *tensor.Tensor, t detection.Target, found detection.Detections)) error {
	model = nn.Eval(model)
	for b, err := range dataset.NewLoader(data, detection.Collate, dataset.LoaderConfig{BatchSize: 64, Workers: 1}).Epoch(ctx, 0, 0) {
		if err != nil {
			return err
		}
		for i, found := range model.Detect(b.X, cfg) {
			visit(b.X.Select(0, i), b.Targets[i], found)
		}
	}
	return nil
}

// measureDetector returns the average precisions of a detector.
func measureDetector(ctx context.Context, model detection.Detector, data dataset.Dataset[detection.Sample], cfg metrics.DetectionConfig) (*metrics.DetectionAP, error) {
	ap := metrics.NewDetectionAP(len(shapes.Classes), cfg)
	err := detected(ctx, model, data, detection.DetectConfig{}, func(_ *tensor.Tensor, t detection.Target, found detection.Detections) {
		ap.Add(found.Metrics(), t.Metrics())
	})
	return ap, err
}

// foundBoxes are what was found as boxes to draw, in the colours of their classes.
func foundBoxes(found detection.Detections, classes []string) (boxes []plot.Box) {
	for _, d := range found.Metrics() {
		boxes = append(boxes, plot.Box{X1: d.Box[0], Y1: d.Box[1], X2: d.Box[2], Y2: d.Box[3], Label: fmt.Sprintf("%s %.2f", classes[d.Class], d.Score), Color: plot.Color(d.Class)})
	}
	return boxes
}

// drawn is a picture (3, H, W) of values from 0 to 1 with what was found, and, dashed in white, what is there.
func drawn(x *tensor.Tensor, t detection.Target, found detection.Detections) image.Image {
	boxes := foundBoxes(found, shapes.Classes)
	for _, o := range t.Metrics() {
		boxes = append(boxes, plot.Box{X1: o.Box[0], Y1: o.Box[1], X2: o.Box[2], Y2: o.Box[3], Color: color.White, Dashed: true})
	}
	return plot.DrawBoxes(plot.RGBRange(x.Dim(1), x.Dim(2), tensor.Data[float32](x), 0, 1), boxes, plot.DrawBoxesConfig{})
}

// plotFound draws what a detector finds on the first 12 pictures of data.
func plotFound(ctx context.Context, path, title string, model detection.Detector, data dataset.Dataset[detection.Sample], minScore float64) error {
	var tiles []plot.Tile
	first := dataset.Subset[detection.Sample]{Of: data, Indices: firstNumbers(min(12, data.Len()))}
	err := detected(ctx, model, first, detection.DetectConfig{MinScore: &minScore}, func(x *tensor.Tensor, t detection.Target, found detection.Detections) {
		tiles = append(tiles, plot.Tile{Image: drawn(x, t, found)})
	})
	if err != nil {
		return err
	}
	return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Title: title, Columns: 4})
}

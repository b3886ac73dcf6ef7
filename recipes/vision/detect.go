package vision

import (
	"context"
	"fmt"
	"image"
	"math"
	"strings"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
	"github.com/hadal-go/hadal/vision"
)

func init() {
	recipes.Register(recipes.Entry{
		Name:   "detect",
		Area:   "vision",
		Title:  "SSD or Faster R-CNN, which find objects in one or two stages, on pictures of shapes",
		Paper:  "Liu et al. (2016), SSD: single shot multibox detector; Ren, He, Girshick and Sun (2015), Faster R-CNN",
		Expect: []recipes.Expectation{{Data: "shapes", Metric: "test_map", Least: 0.97}},
		New:    func() recipes.Recipe { return new(DetectRecipe) },
	})
}

// DetectRecipe are the options of the recipe.
type DetectRecipe struct {
	Model       string  `help:"Detector: ${enum}; one stage is SSD, two are Faster R-CNN." enum:"one-stage,two-stage" default:"one-stage"`
	Data        string  `help:"Pictures: ${enum}, made as they are needed." enum:"shapes" default:"shapes"`
	Size        int     `help:"Side of the pictures in pixels." default:"64"`
	Objects     int     `help:"Most objects in a picture, up to 6." default:"4"`
	Pictures    int     `help:"Pictures to train on." default:"4000"`
	Width       int     `help:"Channels of the first layer." default:"16"`
	Epochs      int     `help:"Times the pictures are seen." default:"8"`
	BatchSize   int     `help:"Pictures in a step." default:"16"`
	LR          float64 `name:"lr" help:"Learning rate at the start; it falls to zero along a cosine." default:"0.002"`
	WeightDecay float64 `help:"Weight decay of AdamW." default:"0.001"`
	MinScore    float64 `help:"Lowest score of the boxes that hadal predict draws." default:"0.3"`
	Patience    int     `help:"Stop after this many epochs without a higher mean average precision of the validation pictures; 0: never." default:"0"`
	Workers     int     `help:"Goroutines that make batches ahead." default:"1"`
}

// Validate refuses options that the flags' types allow; the command calls it.
func (c *DetectRecipe) Validate() error {
	switch {
	case c.Size < 32 || c.Size > 512:
		return fmt.Errorf("--size %d: give 32 to 512", c.Size)
	case c.Objects < 1 || c.Objects > 6:
		return fmt.Errorf("--objects %d: give 1 to 6", c.Objects)
	case c.Pictures < 1 || c.Pictures > maxPictures:
		return fmt.Errorf("--pictures %d: give 1 to %d", c.Pictures, maxPictures)
	case c.Width < 1 || c.Width > 256:
		return fmt.Errorf("--width %d: give 1 to 256", c.Width)
	case !(c.MinScore >= 0 && c.MinScore < 1):
		return fmt.Errorf("--min-score %v: give a score from 0 to below 1", c.MinScore)
	}
	return nil
}

// detectInfo is what the detector sees; it is kept in the run's config.json.
type detectInfo struct {
	Set     string   `json:"set"`
	Classes []string `json:"classes"`
	Size    int      `json:"size"`
}

// part returns n pictures to train (0), to choose the best epoch (1) or to measure (2).
func (c *DetectRecipe) part(k uint64, n int, seed uint64) dataset.Dataset[detection.Sample] {
	cfg := manyObjects
	cfg.Size, cfg.Most = c.Size, c.Objects
	return boxed(shapes.New(n, 3*seed+k, cfg))
}

// build returns the untrained detector.
func (c *DetectRecipe) build(g *random.Generator, in detectInfo) detection.Detector {
	if c.Model == "two-stage" {
		cfg := detection.FasterRCNNConfig{Classes: len(in.Classes), Width: c.Width, Ratios: []float64{1}}
		for _, part := range []float64{0.19, 0.28, 0.4} {
			cfg.Sizes = append(cfg.Sizes, math.Round(part*float64(in.Size)))
		}
		return detection.NewFasterRCNN(g, cfg)
	}
	return detection.NewSSD(g, detection.SSDConfig{Classes: len(in.Classes), Width: c.Width})
}

// Train runs the recipe.
func (c *DetectRecipe) Train(ctx context.Context, env *recipes.Env) (train.Metrics, error) {
	info := detectInfo{c.Data, shapes.Classes, c.Size}
	held := max(20, c.Pictures/10)
	model := c.build(random.New(env.Seed), info)
	validation := c.part(1, held, env.Seed)
	loop := detectorFit{epochs: c.Epochs, batch: c.BatchSize, lr: c.LR, decay: c.WeightDecay, seed: env.Seed, workers: c.Workers}.loop(model, c.part(0, c.Pictures, env.Seed))
	loop.Evaluate = func(ctx context.Context) (train.Metrics, error) {
		ap, err := measureDetector(ctx, model, validation, metrics.DetectionConfig{})
		if err != nil {
			return nil, err
		}
		return train.Metrics{{Name: "val_map", Value: ap.MeanAP()}}, nil
	}
	loop.Run, loop.Observe = env.Run, env.Observe
	loop.Config = train.Config{Epochs: c.Epochs, Monitor: "val_map", Patience: c.Patience}
	if err := env.Describe(info); err != nil {
		return nil, err
	}
	trained, err := loop.Train(ctx)
	if err != nil {
		return nil, err
	}
	return c.report(ctx, env.Run, model, c.part(2, held, env.Seed), trained.BestEpoch)
}

// evaluate measures a detector: mean average precision at IoU 0.5, averaged over 0.5 to 0.95 as COCO does, and by class at 0.5.
func (c *DetectRecipe) evaluate(ctx context.Context, model detection.Detector, test dataset.Dataset[detection.Sample]) (train.Metrics, *metrics.DetectionAP, error) {
	ap := metrics.NewDetectionAP(len(shapes.Classes), metrics.DetectionConfig{})
	coco := metrics.NewDetectionAP(len(shapes.Classes), metrics.DetectionConfig{Protocol: metrics.COCO})
	err := detected(ctx, model, test, detection.DetectConfig{}, func(_ *tensor.Tensor, t detection.Target, found detection.Detections) {
		ap.Add(found.Metrics(), t.Metrics())
		coco.Add(found.Metrics(), t.Metrics())
	})
	m := train.Metrics{{Name: "test_map", Value: ap.MeanAP()}, {Name: "test_map_coco", Value: coco.MeanAP()}}
	for k, class := range shapes.Classes {
		m = append(m, train.Metric{Name: "test_ap_" + class, Value: ap.AP(k, 0)})
	}
	return m, ap, err
}

// report measures the detector and leaves the run's pictures and result behind: loss.png, map.png, boxes.png, precision-recall.png, those of
// the layers, and result.json.
func (c *DetectRecipe) report(ctx context.Context, run *train.Run, model detection.Detector, test dataset.Dataset[detection.Sample], best int) (train.Metrics, error) {
	m, ap, err := c.evaluate(ctx, model, test)
	if err != nil || run == nil {
		return m, err
	}
	if err := run.PlotHistory(best, "loss", "map"); err != nil {
		return nil, err
	}
	if err := run.PlotLayers(); err != nil {
		return nil, err
	}
	if err := plotFound(ctx, run.Path("boxes.png"), "Test pictures: what was found, and what is there (white, dashed)", model, test, c.MinScore); err != nil {
		return nil, err
	}
	var series []plot.Series
	for k, class := range shapes.Classes {
		curve := ap.PrecisionRecall(k, 0)
		series = append(series, plot.Series{Name: class, X: curve.X, Y: curve.Y})
	}
	if err := plot.Lines(run.Path("precision-recall.png"), plot.Chart{Title: "Precision and recall at IoU 0.5", XLabel: "recall", YLabel: "precision", Series: series}); err != nil {
		return nil, err
	}
	return m, run.WriteJSON(train.ResultFile, m)
}

// Open loads the detector of a run.
func (c *DetectRecipe) Open(run *train.Run, meta train.Info) (recipes.PictureModel, error) {
	m := &detectModel{recipe: c, seed: meta.Seed}
	err := meta.DataInto(&m.info)
	if err == nil {
		err = c.Validate()
	}
	if n := len(m.info.Classes); err == nil && (n < 1 || n > 1<<10 || m.info.Size != c.Size) {
		err = fmt.Errorf("it does not say what pictures and classes the detector is for")
	}
	if err == nil {
		err = tensor.Catch(func() { m.net = c.build(random.New(meta.Seed), m.info) })
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

// detectModel draws boxes on pictures.
type detectModel struct {
	recipe *DetectRecipe
	info   detectInfo
	net    detection.Detector
	seed   uint64
}

// detectedObject is what --json prints of an object.
type detectedObject struct {
	Class string     `json:"class"`
	Score float64    `json:"score"`
	Box   [4]float64 `json:"box"` // x1, y1, x2, y2 in pixels of the picture given
}

// Predict finds the objects on a picture, which is made square by repeating its edges and scaled to what the detector was trained on, so
// that it keeps its proportions.
func (m *detectModel) Predict(_ context.Context, img image.Image) (p recipes.PicturePrediction, err error) {
	seen := train.ImageInfo{Channels: 3, Height: m.info.Size, Width: m.info.Size}
	square, at := letterbox(img, m.info.Size)
	var found detection.Detections
	if err := tensor.Catch(func() {
		found = m.net.Detect(seen.Input(square, false), detection.DetectConfig{MinScore: &m.recipe.MinScore})[0]
	}); err != nil {
		return p, err
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	sx, sy := float32(w)/float32(at.Dx()), float32(h)/float32(at.Dy())
	x, y := float32(at.Min.X), float32(at.Min.Y)
	found = inside(found, found.Boxes.Sub(tensor.Of([]float32{x, y, x, y})).Mul(tensor.Of([]float32{sx, sy, sx, sy})), h, w)
	objects, words := []detectedObject{}, []string{}
	for _, d := range found.Metrics() {
		class := m.info.Classes[d.Class]
		objects = append(objects, detectedObject{class, d.Score, d.Box})
		words = append(words, fmt.Sprintf("%s %.2f", class, d.Score))
	}
	if len(words) == 0 {
		words = append(words, "nothing found")
	}
	return recipes.PicturePrediction{
		Drawn: plot.DrawBoxes(img, foundBoxes(found, m.info.Classes), plot.DrawBoxesConfig{}), Text: strings.Join(words, ", "), Result: map[string]any{"objects": objects},
	}, nil
}

// inside returns the detections of whose boxes, given in pixels of a picture of h x w, at least half lies in it, cut off at its edges.
func inside(d detection.Detections, boxes *tensor.Tensor, h, w int) detection.Detections {
	cut := vision.ClipBoxes(boxes, h, w)
	whole, kept := vision.BoxArea(boxes).Floats(), []int64{}
	for i, area := range vision.BoxArea(cut).Floats() {
		if area > 0 && area >= whole[i]/2 {
			kept = append(kept, int64(i))
		}
	}
	at := tensor.Of(kept, len(kept))
	return detection.Detections{Boxes: cut.IndexSelect(0, at), Scores: d.Scores.IndexSelect(0, at), Classes: d.Classes.IndexSelect(0, at)}
}

// letterbox returns a picture of side pixels, down and across, with img as large as it fits into the middle, and where. Its edges are repeated
// outwards: the edge to another colour would look like an object's.
func letterbox(img image.Image, side int) (square *image.RGBA, at image.Rectangle) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	longer := max(w, h)
	w, h = max(1, (w*side+longer/2)/longer), max(1, (h*side+longer/2)/longer)
	at = image.Rect(0, 0, w, h).Add(image.Pt((side-w)/2, (side-h)/2))
	scaled := imageset.Fit{Height: h, Width: w}.RGBA(img)
	square = image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			square.SetRGBA(x, y, scaled.RGBAAt(min(max(x-at.Min.X, 0), w-1), min(max(y-at.Min.Y, 0), h-1)))
		}
	}
	return square, at
}

// Evaluate measures the detector on the run's test pictures.
func (m *detectModel) Evaluate(ctx context.Context, _ source.Config) (train.Metrics, error) {
	metrics, _, err := m.recipe.evaluate(ctx, m.net, m.recipe.part(2, max(20, m.recipe.Pictures/10), m.seed))
	return metrics, err
}

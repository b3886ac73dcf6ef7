package train

import (
	"context"
	"fmt"
	"image"
	"sort"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/nn/losses"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

// ImageInfo is what an image classifier sees; it is kept in the run's config.json.
type ImageInfo struct {
	Set      string    `json:"set"` // the data set's name
	Classes  []string  `json:"classes"`
	Channels int       `json:"channels"`
	Height   int       `json:"height"`
	Width    int       `json:"width"`
	Mean     []float64 `json:"mean"` // of the training pictures by channel, in [0, 1]
	Std      []float64 `json:"std"`
	Crop     bool      `json:"crop,omitempty"`  // pictures keep their proportions and lose their edges; else they are stretched
	White    bool      `json:"white,omitempty"` // transparent parts show white; else black
	Held     string    `json:"held,omitempty"`  // of a folder without a test part: a hash of the names of the pictures that were held back as one
}

// Check returns an error unless the sizes are positive, there are one or three channels, and there is one mean and one
// positive deviation for each.
func (in ImageInfo) Check() error {
	if len(in.Classes) == 0 || in.Channels < 1 || in.Height < 1 || in.Width < 1 || len(in.Mean) != in.Channels || len(in.Std) != in.Channels {
		return fmt.Errorf("it does not say what pictures and classes the model is for")
	}
	if in.Channels != 1 && in.Channels != 3 || in.Height > 1<<14 || in.Width > 1<<14 {
		return fmt.Errorf("it says pictures of %dx%dx%d; they may have 1 or 3 channels and sides of up to %d", in.Channels, in.Height, in.Width, 1<<14)
	}
	for c := range in.Channels {
		if !finite(in.Mean[c]) || !finite(in.Std[c]) || in.Std[c] <= 0 {
			return fmt.Errorf("mean %v and deviation %v of channel %d cannot normalise pictures", in.Mean[c], in.Std[c], c)
		}
	}
	return nil
}

// Fit is how pictures become what the model sees.
func (in ImageInfo) Fit() imageset.Fit {
	return imageset.Fit{Height: in.Height, Width: in.Width, Channels: in.Channels, Crop: in.Crop, White: in.White}
}

// BatchAccuracy is the accuracy on a batch, for SupervisedConfig.Metrics. Where targets are probabilities, as of mixed pictures, it is the mean
// probability of what the model says.
func BatchAccuracy(y *tensor.Tensor, b dataset.Batch) Metrics {
	if b.Y.DType().IsFloat() {
		return Metrics{{"accuracy", b.Y.Gather(1, y.ArgMaxKeepdim(1)).Mean().Item()}}
	}
	return Metrics{{"accuracy", metrics.Accuracy(y, b.Y)}}
}

// evaluationBatch is the number of samples that evaluation looks at together.
const evaluationBatch = 256

// EvaluateClassifier returns mean cross-entropy and accuracy of the module in inference mode, with the prefix before
// their names.
func EvaluateClassifier(ctx context.Context, model nn.Layer, d dataset.Dataset[dataset.Sample], prefix string) (Metrics, error) {
	var avg average
	err := classify(ctx, model, d, func(scores *tensor.Tensor, b dataset.Batch, _ int) {
		loss := losses.CrossEntropy(scores, b.Y).Item()
		avg.add(Metrics{{"loss", loss}, {"accuracy", metrics.Accuracy(scores, b.Y)}}, float64(b.Len()))
	})
	return avg.metrics().With(prefix), err
}

// classify calls f with the scores of every batch of d in order; at is the place of its first sample.
func classify(ctx context.Context, model nn.Layer, d dataset.Dataset[dataset.Sample], f func(scores *tensor.Tensor, b dataset.Batch, at int)) error {
	model = nn.Eval(model)
	loader := dataset.NewBatchLoader(d, dataset.LoaderConfig{BatchSize: evaluationBatch})
	at := 0
	for b, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return err
		}
		tensor.WithScope(func(s *tensor.Scope) { f(model.Forward(s.Enter(b.X)), b, at) })
		at += b.Len()
	}
	return nil
}

// TestClassifier measures a model on the test set: accuracy, loss, top-5 accuracy and macro averages, and the confusion
// matrix.
func TestClassifier(ctx context.Context, model nn.Layer, test dataset.Dataset[dataset.Sample], info ImageInfo) (Metrics, *metrics.Confusion, error) {
	m, confusion, _, err := testClassifier(ctx, model, test, info)
	return m, confusion, err
}

func testClassifier(ctx context.Context, model nn.Layer, test dataset.Dataset[dataset.Sample], info ImageInfo) (Metrics, *metrics.Confusion, []mistake, error) {
	confusion := metrics.NewConfusion(len(info.Classes))
	var avg average
	var wrong []mistake
	err := classify(ctx, model, test, func(scores *tensor.Tensor, b dataset.Batch, at int) {
		confusion.Add(scores, b.Y)
		top5 := metrics.TopK(scores, b.Y, min(5, len(info.Classes)))
		avg.add(Metrics{{"loss", losses.CrossEntropy(scores, b.Y).Item()}, {"top5", top5}}, float64(b.Len()))
		p := tensor.Data[float32](scores.To(tensor.Float32).Softmax(1))
		for i, y := range tensor.Data[int64](b.Y) {
			row := p[i*len(info.Classes) : (i+1)*len(info.Classes)]
			if k := largest(row); int64(k) != y {
				wrong = append(wrong, mistake{at + i, int(y), k, row[k]})
			}
		}
	})
	if err != nil {
		return nil, nil, nil, err
	}
	loss := avg.metrics()
	macro := confusion.Macro()
	return Metrics{
		{"test_accuracy", confusion.Accuracy()}, {"test_loss", loss[0].Value}, {"test_top5", loss[1].Value},
		{"test_precision", macro.Precision}, {"test_recall", macro.Recall}, {"test_f1", macro.F1},
	}, confusion, wrong, nil
}

// ReportClassifier is TestClassifier for a run that has just been trained: it leaves the run's pictures and result behind,
// loss.png, accuracy.png, confusion.png, wrong.png (the most confident mistakes), those of Run.PlotLayers and result.json. trained is
// what Train returned; the curves mark its best epoch.
func ReportClassifier(ctx context.Context, run *Run, model nn.Layer, test dataset.Dataset[dataset.Sample], info ImageInfo, trained Result) (Metrics, error) {
	m, confusion, wrong, err := testClassifier(ctx, model, test, info)
	if err != nil || run == nil {
		return m, err
	}
	if err := run.PlotHistory(trained.BestEpoch, "loss", "accuracy"); err != nil {
		return nil, err
	}
	if err := run.PlotLayers(); err != nil {
		return nil, err
	}
	if err := plot.ConfusionMatrix(run.Path("confusion.png"), confusion.Counts, info.Classes, plot.ConfusionMatrixConfig{}); err != nil {
		return nil, err
	}
	if err := plotWrong(ctx, run.Path("wrong.png"), wrong, test, info); err != nil {
		return nil, err
	}
	return m, run.WriteJSON(ResultFile, m)
}

type mistake struct {
	sample, truth, said int
	confidence          float32
}

func largest(row []float32) int {
	k := 0
	for i, v := range row {
		if v > row[k] {
			k = i
		}
	}
	return k
}

// plotWrong draws the most confident mistakes.
func plotWrong(ctx context.Context, path string, wrong []mistake, test dataset.Dataset[dataset.Sample], info ImageInfo) error {
	sort.SliceStable(wrong, func(i, j int) bool { return wrong[i].confidence > wrong[j].confidence })
	wrong = wrong[:min(25, len(wrong))]
	tiles := make([]plot.Tile, len(wrong))
	for i, w := range wrong {
		s, err := test.At(ctx, w.sample, nil)
		if err != nil {
			return err
		}
		tiles[i] = plot.Tile{
			Image:   info.Picture(s.X),
			Caption: fmt.Sprintf("true %s, said %s (%.2f)", info.Classes[w.truth], info.Classes[w.said], w.confidence),
		}
	}
	return plot.ImageGrid(path, tiles, plot.ImageGridConfig{Columns: 5, Title: "Most confident mistakes on the test set"})
}

// Picture turns an input (C, H, W) of one or three channels back into a picture.
func (in ImageInfo) Picture(x *tensor.Tensor) image.Image {
	return plot.Normalized(x.Dim(0), x.Dim(1), x.Dim(2), x.Floats(), in.Mean, in.Std)
}

// Input turns a picture of any size and colour into the model's input (1, C, H, W), normalised. A picture of another size
// is stretched, or scaled and cropped, to height and width as imageset.Fit says. Where the model has one channel, colours
// become grey by the luma of ITU-R BT.601; where it has three, grey is repeated. invert is for dark strokes on a light
// ground, where the model was trained on light ones on dark.
func (in ImageInfo) Input(img image.Image, invert bool) *tensor.Tensor {
	x := make([]float32, in.Channels*in.Height*in.Width)
	for i, p := range in.Fit().Pixels(img) { // (H, W, C)
		if invert {
			p = 255 - p
		}
		c, f := i%in.Channels, float64(p)/255
		if in.Mean != nil {
			f = (f - in.Mean[c]) / in.Std[c]
		}
		x[c*in.Height*in.Width+i/in.Channels] = float32(f)
	}
	return tensor.Of(x, 1, in.Channels, in.Height, in.Width)
}

// Prediction is a class and its probability.
type Prediction struct {
	Class       string  `json:"class"`
	Probability float64 `json:"probability"`
	Index       int     `json:"-"` // of the class
}

// Predict returns the classes of one input (1, C, H, W) by falling probability. It is an error when the model has not one
// finite score for each class.
func (in ImageInfo) Predict(model nn.Layer, x *tensor.Tensor) ([]Prediction, error) {
	y := nn.Eval(model).Forward(x)
	if y.Numel() != len(in.Classes) {
		return nil, fmt.Errorf("the model gives %d scores for %d classes: it is another recipe's", y.Numel(), len(in.Classes))
	}
	r := make([]Prediction, len(in.Classes))
	for i, v := range y.Reshape(1, -1).Softmax(1).Floats() {
		if !finite(v) {
			return nil, fmt.Errorf("the model's score of %s is not a number: its training diverged; train it again", in.Classes[i])
		}
		r[i] = Prediction{in.Classes[i], v, i}
	}
	sort.SliceStable(r, func(i, j int) bool { return r[i].Probability > r[j].Probability })
	return r, nil
}

// PlotHistory draws what metrics.jsonl holds of metrics such as loss, of training and validation, into loss.png and so on, and marks the
// epoch whose weights were kept, 0 for none.
func (r *Run) PlotHistory(best int, names ...string) error {
	h, err := r.History()
	if err != nil {
		return err
	}
	for _, name := range names {
		var series [2][]plot.Point
		mark := -1
		for _, rec := range h {
			for k, prefix := range []string{"train_", "val_"} {
				if v := rec.Metrics[prefix+name]; v != nil {
					series[k] = append(series[k], plot.Point{X: float64(rec.Epoch), Y: *v})
					if rec.Epoch == best {
						mark = best
					}
				}
			}
		}
		if err := plot.LearningCurve(r.Path(name+".png"), name, series[0], series[1], mark); err != nil {
			return err
		}
	}
	return nil
}

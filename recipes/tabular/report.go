package tabular

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/table"
	"github.com/hadal-go/hadal/linear"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/train"
)

// judged are rows, what they are, and what the model says.
type judged struct {
	width  int
	scores []float64 // width for each row
	y      *tensor.Tensor
	unseen table.Unseen
}

// judge lets the model look at rows.
func (p *problem) judge(ctx context.Context, m learner, pipeline *table.Pipeline, rows []int) (*judged, error) {
	x, y, unseen, err := p.tensors(pipeline, rows)
	if err != nil {
		return nil, err
	}
	scores, err := scoresOf(ctx, m, x, width(p.target), func(i int) int { return rows[i] })
	return &judged{width(p.target), scores, y, unseen}, err
}

// add puts other rows behind those that are there.
func (j *judged) add(o *judged) {
	if j.y == nil {
		j.width, j.y = o.width, o.y
	} else {
		j.y = tensor.Concat(0, j.y, o.y)
	}
	j.scores = append(j.scores, o.scores...)
}

func (j *judged) len() int { return len(j.scores) / max(1, j.width) }

// metrics measures: of classes accuracy, the macro average of F1, of two the area under the ROC curve, and where there are probabilities
// their log loss; of numbers R², and the root mean squared and mean absolute errors.
func (j *judged) metrics(target *table.Target, probabilities bool) train.Metrics {
	if target.Classes == nil {
		said := tensor.Of(j.scores, j.len())
		return train.Metrics{{Name: "r2", Value: metrics.R2(said, j.y)}, {Name: "rmse", Value: metrics.RMSE(said, j.y)}, {Name: "mae", Value: metrics.MAE(said, j.y)}}
	}
	scores := tensor.Of(j.scores, j.len(), j.width)
	confusion := j.confusion()
	m := train.Metrics{{Name: "accuracy", Value: confusion.Accuracy()}, {Name: "f1", Value: confusion.Macro().F1}}
	if j.width == 2 {
		m = append(m, train.Metric{Name: "roc_auc", Value: metrics.ROCAUC(scores.Select(1, 1), j.y)})
	}
	if probabilities {
		m = append(m, train.Metric{Name: "log_loss", Value: metrics.LogLoss(scores, j.y)})
	}
	return m
}

func (j *judged) confusion() *metrics.Confusion {
	c := metrics.NewConfusion(j.width)
	c.Add(tensor.Of(j.scores, j.len(), j.width), j.y)
	return c
}

// crossValidate cuts rows into folds, fits pipeline and model to all but one, measures that one, and returns the mean of each figure and
// its standard error, the deviation of the folds' figures over √folds, and what was said of all rows by the model that had not seen them.
func (c *Recipe) crossValidate(ctx context.Context, p *problem, rows []int, env *recipes.Env) (train.Metrics, *judged, error) {
	if c.Folds == 0 {
		return nil, nil, nil
	}
	labels, err := p.labels(rows)
	if err != nil {
		return nil, nil, err
	}
	folds, err := dataset.StratifiedKFold(dataset.Slice[int](rows), labels, c.Folds, env.Seed)
	if err != nil {
		return nil, nil, err
	}
	var all []train.Metrics
	pooled := &judged{}
	for k, f := range folds {
		training, test := chosen(rows, f.Train.Indices), chosen(rows, f.Test.Indices)
		pipeline, err := c.pipeline(p, training) // of these rows alone: no fold's test rows have a say in it
		if err != nil {
			return nil, nil, err
		}
		x, y, _, err := p.tensors(pipeline, training)
		if err != nil {
			return nil, nil, err
		}
		model := c.learner(p.target, pipeline, env.Seed)
		if err := model.fit(ctx, x, y); err != nil && !errors.Is(err, linear.ErrNotConverged) {
			return nil, nil, fmt.Errorf("fold %d: %w", k+1, err)
		}
		j, err := p.judge(ctx, model, pipeline, test)
		if err != nil {
			return nil, nil, err
		}
		pooled.add(j)
		all = append(all, j.metrics(p.target, c.probabilities(p.target)))
		if env.Observe != nil {
			env.Observe(train.Event{Kind: "fold", Epoch: k + 1, Epochs: c.Folds, Metrics: all[k]})
		}
	}
	return summary(all), pooled, nil
}

// summary returns mean and standard error of the folds' figures.
func summary(folds []train.Metrics) (s train.Metrics) {
	n := float64(len(folds))
	for i, m := range folds[0] {
		var mean, squares float64
		for _, f := range folds {
			mean += f[i].Value / n
		}
		for _, f := range folds {
			squares += (f[i].Value - mean) * (f[i].Value - mean)
		}
		s = append(s, train.Metric{Name: "cv_" + m.Name, Value: mean}, train.Metric{Name: "cv_" + m.Name + "_se", Value: math.Sqrt(squares / (n - 1) / n)})
	}
	return s
}

// plots draws what was said of the rows that the model had not seen, and how it learned where it did so step by step.
func (c *Recipe) plots(run *train.Run, target *table.Target, j *judged, model learner) error {
	if m, ok := model.(*mlp); ok {
		curves := []string{"loss"}
		if !m.numbers {
			curves = append(curves, "accuracy")
		}
		if err := run.PlotHistory(m.best, curves...); err != nil {
			return err
		}
		if err := run.PlotLayers(); err != nil {
			return err
		}
	}
	switch {
	case j == nil:
		return nil
	case target.Classes == nil:
		return plotNumbers(run, target, j)
	}
	if err := plot.ConfusionMatrix(run.Path("confusion.png"), j.confusion().Counts, target.Classes, plot.ConfusionMatrixConfig{}); err != nil {
		return err
	}
	if len(target.Classes) != 2 {
		return nil
	}
	var b metrics.BinaryScores
	b.Add(tensor.Of(j.scores, j.len(), 2).Select(1, 1), j.y)
	curve := b.ROCCurve()
	return plot.Lines(run.Path("roc.png"), plot.Chart{
		Title: fmt.Sprintf("ROC curve of %s, area %.4f", target.Classes[1], b.ROCAUC()), XLabel: "false positive rate", YLabel: "true positive rate",
		Series: []plot.Series{{Name: "model", X: curve.X, Y: curve.Y}, {Name: "chance", X: []float64{0, 1}, Y: []float64{0, 1}, Dashed: true}},
	})
}

func plotNumbers(run *train.Run, target *table.Target, j *judged) error {
	truth := j.y.Floats()
	said, residuals := make([]plot.Point, len(truth)), make([]plot.Point, len(truth))
	for i, y := range truth {
		said[i], residuals[i] = plot.Point{X: y, Y: j.scores[i]}, plot.Point{X: j.scores[i], Y: y - j.scores[i]}
	}
	lo, hi := slices.Min(truth), slices.Max(truth)
	err := plot.Scatter(run.Path("predicted.png"), said, nil, plot.ScatterConfig{
		Title: "Predictions of " + target.Name, XLabel: "true", YLabel: "predicted", Line: []plot.Point{{X: lo, Y: lo}, {X: hi, Y: hi}}, LineName: "no error",
	})
	if err != nil {
		return err
	}
	lo, hi = slices.Min(j.scores), slices.Max(j.scores)
	return plot.Scatter(run.Path("residuals.png"), residuals, nil, plot.ScatterConfig{
		Title: "Residuals of " + target.Name, XLabel: "predicted", YLabel: "true - predicted", Line: []plot.Point{{X: lo}, {X: hi}}, LineName: "no error",
	})
}

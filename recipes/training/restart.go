package training

import (
	"context"
	"fmt"
	"slices"

	"github.com/hadal-go/hadal/catalog"
	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/digits"
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
		ID: "E14", Tier: catalog.Small, Title: "Restart workflow: define, evaluate, choose; bad on training data against bad on test data", Source: "H.-Y. Lee, Machine Learning, National Taiwan University",
		Target: "from its curves alone train.Diagnose tells a network that is bad on training data, one that is bad on validation data, and a good one; what it advises for each mends it",
		Note:   "on the embedded digits; 100 of them for the network that over-fits",
		Test:   restart,
	})
}

// trial is a network and how it is trained.
type trial struct {
	hidden, samples, epochs int
	lr, dropout             float64
}

// curves trains the trial and returns what a run's metrics.jsonl would hold.
func (r trial) curves(ctx context.Context) ([]train.Record, error) {
	g := random.New(1)
	set, test := digits.Train(), digits.Test()
	all, err := dataset.NewImages(set.Head(r.samples), nil, nil)
	if err != nil {
		return nil, err
	}
	held, err := dataset.NewImages(test, nil, nil)
	if err != nil {
		return nil, err
	}
	model := nn.NewSequential(nn.NewFlatten(), nn.NewLinear(g, 64, r.hidden, nn.LinearConfig{}), nn.ReLU{}, nn.NewDropout(g, r.dropout),
		nn.NewLinear(g, r.hidden, 10, nn.LinearConfig{}))
	loader := dataset.NewBatchLoader(all, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: 1})
	opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: r.lr})
	step := train.Supervised(model, losses.CrossEntropy, opt, train.SupervisedConfig{Scheduler: optim.NewScheduler(opt, optim.Cosine(r.epochs*loader.Batches(), 0))})
	var records []train.Record
	for epoch := range r.epochs {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err == nil {
				tensor.WithScope(func(s *tensor.Scope) { _, err = step(s, batch.Enter(s)) })
			}
			if err != nil {
				return nil, err
			}
		}
		record := train.Record{Epoch: epoch + 1, Metrics: map[string]*float64{}}
		for prefix, d := range map[string]*dataset.Images{"train_": all, "val_": held} {
			m, err := train.EvaluateClassifier(ctx, model, d, prefix)
			if err != nil {
				return nil, err
			}
			for _, v := range m {
				record.Metrics[v.Name] = &v.Value
			}
		}
		records = append(records, record)
	}
	return records, nil
}

func restart(ctx context.Context, c *catalog.Check) error {
	trials := []struct {
		name, want string
		trial
	}{
		{"4 hidden units", train.UnderFitting, trial{hidden: 4, samples: 1438, epochs: 25, lr: 0.01}},
		{"256 hidden units, 100 samples", train.OverFitting, trial{hidden: 256, samples: 100, epochs: 60, lr: 0.01}},
		{"64 hidden units, all samples", train.WellFitted, trial{hidden: 64, samples: 1438, epochs: 25, lr: 0.003}},
	}
	var charts [][]train.Record
	for _, r := range trials {
		records, err := r.curves(ctx)
		if err != nil {
			return err
		}
		charts = append(charts, records)
		found := train.Diagnose(records)
		c.True(fmt.Sprintf("%s: %v", r.name, found[0]), found[0].Kind == r.want)
	}
	last := func(i int, metric string) float64 { return *charts[i][len(charts[i])-1].Metrics[metric] }
	c.AtMost("training accuracy of what is bad on training data", last(0, "train_accuracy"), 0.9)
	c.AtLeast("training accuracy of what is bad on validation data alone", last(1, "train_accuracy"), 0.99)
	c.AtLeast("and its gap", last(1, "train_accuracy")-last(1, "val_accuracy"), 0.05)

	// Choose again, as advised.
	larger, data := trials[0].trial, trials[1].trial
	larger.hidden, data.samples = 32, 1438
	for i, r := range []trial{larger, data} {
		records, err := r.curves(ctx)
		if err != nil {
			return err
		}
		what := []string{"validation accuracy gained by a larger network, as advised against under-fitting", "by more data, as advised against over-fitting"}[i]
		c.AtLeast(what, *records[len(records)-1].Metrics["val_accuracy"]-last(i, "val_accuracy"), 0.05)
	}
	wrong := trials[0].trial // what is advised against over-fitting, where a network under-fits
	wrong.dropout = 0.5
	records, err := wrong.curves(ctx)
	if err != nil {
		return err
	}
	dropped := *records[len(records)-1].Metrics["val_accuracy"]
	c.Control(func() {
		c.AtMost("by dropout, the advice against over-fitting, where the network under-fits", dropped-last(0, "val_accuracy"), 0)
		swapped := slices.Clone(charts[1]) // the mistake of looking at training data alone
		for i, r := range swapped {
			swapped[i].Metrics = map[string]*float64{"train_loss": r.Metrics["train_loss"], "train_accuracy": r.Metrics["train_accuracy"]}
		}
		c.True("without validation data the network that over-fits looks well fitted", train.Diagnose(swapped)[0].Kind == train.WellFitted)
	})

	return c.Picture("curves", func(path string) error {
		chart := plot.Chart{Title: "Three runs on digits", XLabel: "epoch", YLabel: "loss", LogY: true}
		for i, r := range trials {
			for _, metric := range []string{"train_loss", "val_loss"} {
				s := plot.Series{Name: r.want + ", training", Dashed: metric == "train_loss"}
				if !s.Dashed {
					s.Name = r.want + ", validation"
				}
				for _, record := range charts[i] {
					s.X, s.Y = append(s.X, float64(record.Epoch)), append(s.Y, *record.Metrics[metric])
				}
				chart.Series = append(chart.Series, s)
			}
		}
		return plot.Lines(path, chart)
	})
}

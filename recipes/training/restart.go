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
		Note:   "on the embedded digits; 100 of them for the network that over-fits; accuracies are medians of 3 seeds, for each of which the diagnosis must be right",
		Test:   restart,
	})
}

// trial is a network and how it is trained.
type trial struct {
	hidden, samples, epochs int
	lr, dropout             float64
}

// curves trains the trial and returns what a run's metrics.jsonl would hold.
func (r trial) curves(ctx context.Context, seed uint64) ([]train.Record, error) {
	g := random.New(seed)
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
	loader := dataset.NewBatchLoader(all, dataset.LoaderConfig{BatchSize: 32, Shuffle: true, Seed: seed})
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
		{"3 hidden units", train.UnderFitting, trial{hidden: 3, samples: 1438, epochs: 25, lr: 0.01}},
		{"256 hidden units, 100 samples", train.OverFitting, trial{hidden: 256, samples: 100, epochs: 60, lr: 0.01}},
		{"64 hidden units, all samples", train.WellFitted, trial{hidden: 64, samples: 1438, epochs: 25, lr: 0.003}},
	}
	// Choose again, as advised; and once with what is advised against over-fitting, where a network under-fits.
	larger, data, wrong := trials[0].trial, trials[1].trial, trials[0].trial
	larger.hidden, data.samples, wrong.dropout = 32, 1438, 0.5

	var charts [][]train.Record // of the first seed
	var training, gap, byLarger, byData, byDropout []float64
	fooled := true
	named, err := c.Seeds(3, func(seed uint64) (right float64, err error) {
		var all [][]train.Record
		for _, r := range []trial{trials[0].trial, trials[1].trial, trials[2].trial, larger, data, wrong} {
			records, err := r.curves(ctx, seed)
			if err != nil {
				return 0, err
			}
			all = append(all, records)
		}
		for i, r := range trials {
			if train.Diagnose(all[i])[0].Kind == r.want {
				right++
			}
		}
		last := func(i int, metric string) float64 { return *all[i][len(all[i])-1].Metrics[metric] }
		training = append(training, last(0, "train_accuracy"))
		gap = append(gap, last(1, "train_accuracy")-last(1, "val_accuracy"))
		byLarger = append(byLarger, last(3, "val_accuracy")-last(0, "val_accuracy"))
		byData = append(byData, last(4, "val_accuracy")-last(1, "val_accuracy"))
		byDropout = append(byDropout, last(5, "val_accuracy")-last(0, "val_accuracy"))
		blind := slices.Clone(all[1]) // the mistake of looking at training data alone
		for i, r := range blind {
			blind[i].Metrics = map[string]*float64{"train_loss": r.Metrics["train_loss"], "train_accuracy": r.Metrics["train_accuracy"]}
		}
		fooled = fooled && train.Diagnose(blind)[0].Kind == train.WellFitted
		if charts == nil {
			charts = all[:3]
		}
		return right, nil
	})
	if err != nil {
		return err
	}
	c.Equal("networks of 3 that the diagnosis names as they are, the least of 3 seeds", slices.Min(named), 3)
	for i, r := range trials {
		found := train.Diagnose(charts[i])[0]
		c.True(fmt.Sprintf("%s: %v", r.name, found), found.Kind == r.want)
	}
	c.AtMost("training accuracy of what is bad on training data", catalog.Median(training), 0.9)
	c.AtLeast("training accuracy less validation accuracy of what is bad on validation data alone", catalog.Median(gap), 0.05)
	c.AtLeast("validation accuracy gained by a larger network, as advised against under-fitting", catalog.Median(byLarger), 0.05)
	c.AtLeast("by more data, as advised against over-fitting", catalog.Median(byData), 0.05)
	c.Control(func() {
		c.AtMost("by dropout, the advice against over-fitting, where the network under-fits", catalog.Median(byDropout), 0)
		c.True("without validation data the network that over-fits looks well fitted, for all seeds", fooled)
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

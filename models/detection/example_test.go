package detection_test

import (
	"context"
	"fmt"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/metrics"
	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/optim"
	"github.com/hadal-go/hadal/random"
)

// A detector trains for a moment on pictures of one shape each and looks for it on others. Untrained, its precision is 0.001.
func Example() {
	pictures := func(n int, seed uint64) dataset.Dataset[detection.Sample] {
		return dataset.Map(shapes.New(n, seed, shapes.Config{Size: 48}), func(s shapes.Sample, _ *random.Generator) (detection.Sample, error) {
			return detection.Sample{X: s.Image, Target: detection.Target{Boxes: s.Boxes, Classes: s.Classes}}, nil
		})
	}
	model := detection.NewSSD(random.New(1), detection.SSDConfig{Classes: len(shapes.Classes), Width: 8})
	opt := optim.NewAdam(nn.Params(model), optim.AdamConfig{LR: 5e-3})
	ctx := context.Background()
	loader := dataset.NewLoader(pictures(64, 1), detection.Collate, dataset.LoaderConfig{BatchSize: 16, Shuffle: true, Seed: 1})
	var first, last float64
	for epoch := range 12 {
		for b, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				fmt.Println(err)
				return
			}
			opt.ZeroGrad()
			loss := detection.Total(model.Losses(b.X, b.Targets))
			loss.Backward()
			opt.Step()
			if last = loss.Detach().Item(); first == 0 {
				first = last
			}
		}
	}
	fmt.Println("the loss fell by half:", last < first/2)

	ap := metrics.NewDetectionAP(len(shapes.Classes), metrics.DetectionConfig{})
	for b, err := range dataset.NewLoader(pictures(10, 2), detection.Collate, dataset.LoaderConfig{BatchSize: 10}).Epoch(ctx, 0, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, found := range nn.Eval(model).Detect(b.X, detection.DetectConfig{}) {
			ap.Add(found.Metrics(), b.Targets[i].Metrics())
		}
	}
	fmt.Println("mean average precision above 0.3:", ap.MeanAP() > 0.3)
	// Output:
	// the loss fell by half: true
	// mean average precision above 0.3: true
}

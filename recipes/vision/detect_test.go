package vision

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// A detector that is stopped in the middle of an epoch goes on to the same weights, bit for bit.
func TestDetectResumes(t *testing.T) {
	for _, model := range []string{"one-stage", "two-stage"} {
		run := func(stopAt int) []byte {
			t.Helper()
			folder := t.TempDir()
			for {
				c := &DetectRecipe{Model: model, Data: "shapes", Size: 32, Objects: 2, Pictures: 20, Width: 4, Epochs: 2, BatchSize: 8, LR: 2e-3, MinScore: 0.5, Workers: 1}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, err := c.Train(ctx, &recipes.Env{
					Seed: 5, Run: &train.Run{Dir: folder, NoHistograms: true}, Describe: func(any) error { return os.MkdirAll(folder+"/last", 0o755) },
					Observe: func(e train.Event) {
						if e.Step == stopAt {
							cancel()
						}
					},
				})
				if errors.Is(err, train.ErrInterrupted) {
					stopAt = -1
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(folder + "/" + train.ModelFile)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
		}
		if string(run(-1)) != string(run(4)) {
			t.Errorf("%s: stopped and continued, it has other weights", model)
		}
	}
}

package vision

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// What is stopped after an epoch, or in the middle of one, and continued comes to the same weights and figures, bit for bit.
func TestResume(t *testing.T) {
	pictures, masks := shades(t, 12, "blue", "red", "violet"), folder(t, 20)
	weights := filepath.Join(t.TempDir(), "weights.safetensors")
	copyTest(t, trained(t, narrow(pictures)).run.Path(train.ModelFile), weights)
	cnn := func(change func(*CNNRecipe)) func() recipes.Recipe {
		return func() recipes.Recipe {
			c := narrow(pictures)
			change(c)
			return c
		}
	}
	detect := func(model string) func() recipes.Recipe {
		return func() recipes.Recipe {
			return &DetectRecipe{Model: model, Data: "shapes", Size: 32, Objects: 2, Pictures: 20, Width: 4, Epochs: 2, BatchSize: 8, LR: 2e-3, MinScore: 0.5, Patience: 2, Workers: 1}
		}
	}
	segment := func(model, data string) func() recipes.Recipe {
		return func() recipes.Recipe {
			return &SegmentRecipe{Model: model, Data: data, Size: 16, Width: 1.0 / 32, Pictures: 20, Epochs: 2, BatchSize: 6, Flip: true, LR: 0.01, ClipNorm: 1, Patience: 2, Workers: 2}
		}
	}
	for name, build := range map[string]func() recipes.Recipe{
		"cnn": cnn(func(c *CNNRecipe) {
			c.MixUp, c.CutMix, c.Augment, c.Patience = 0.2, 1, []string{"flip", "crop:1", "jitter", "cutout:3"}, 2
		}),
		"cnn with dropout": cnn(func(c *CNNRecipe) { c.Net, c.Width, c.Optimizer, c.Schedule = "vgg11", 1./32, "adamw", "cosine" }),
		"cnn fine-tuned": cnn(func(c *CNNRecipe) {
			c.Weights, c.Stem, c.Freeze, c.LRGroups, c.Checkpointing = weights, "small", []string{"conv1.*", "bn1.*", "layer1.*"}, map[string]float64{"fc": 5}, true
		}),
		"SSD":           detect("one-stage"),
		"Faster R-CNN":  detect("two-stage"),
		"FCN-8":         segment("fcn8", "cells"),
		"U-Net, folder": segment("unet", masks),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := stopped(t, build, nil)
			for where, stop := range map[string]func(train.Event) bool{
				"after an epoch": func(e train.Event) bool { return e.Kind == "epoch" && e.Epoch == 1 },
				"in an epoch":    func(e train.Event) bool { return e.Kind == "step" && e.Epoch == 2 && e.Batch == 2 },
			} {
				again := stopped(t, build, stop)
				for name, want := range whole {
					if again[name] != want {
						t.Errorf("stopped %s and continued: %s differs", where, name)
					}
				}
			}
		})
	}
}

// stopped trains a recipe that is stopped once, where stop says so, and continued, and returns what that leaves, without times.
func stopped(t *testing.T, build func() recipes.Recipe, stop func(train.Event) bool) map[string]string {
	t.Helper()
	run, err := train.NewRun(filepath.Join(t.TempDir(), "run"), train.Info{Recipe: "test"})
	if err != nil {
		t.Fatal(err)
	}
	attempt := func(stop func(train.Event) bool) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := build().Train(ctx, &recipes.Env{
			Seed: 5, Run: run, Source: source.Config{Offline: true}, Describe: func(any) error { return nil },
			Observe: func(e train.Event) {
				if stop != nil && stop(e) {
					cancel()
				}
			},
		})
		return err
	}
	if stop != nil {
		if err := attempt(stop); !errors.Is(err, train.ErrInterrupted) || run.Finished() {
			t.Fatalf("error %v, want that it was interrupted", err)
		}
	}
	if err := attempt(nil); err != nil {
		t.Fatal(err)
	}
	left := map[string]string{}
	for _, name := range []string{train.ModelFile, train.ResultFile, train.HistogramsFile, "loss.png"} {
		b, err := os.ReadFile(run.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		left[name] = string(b)
	}
	history, err := run.History()
	if err != nil {
		t.Fatal(err)
	}
	for i := range history {
		history[i].Seconds, history[i].Wait = 0, 0
	}
	b, err := json.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	left[train.MetricsFile] = string(b)
	return left
}

package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/nn"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// testPictures is a recipe whose runs draw a red pixel into the corner of pictures.
type testPictures struct{}

func init() {
	recipes.Register(recipes.Entry{Name: "test-pictures", Area: "test", Title: "draws on pictures", New: func() recipes.Recipe { return new(testPictures) }})
}

func (testPictures) Train(_ context.Context, env *recipes.Env) (train.Metrics, error) {
	if err := env.Describe(nil); err != nil {
		return nil, err
	}
	return nil, env.Run.Save(nn.NewLinear(random.New(env.Seed), 1, 1, nn.LinearConfig{}), nil)
}

func (testPictures) Open(run *train.Run, info train.Info) (recipes.PictureModel, error) {
	return redCorner{}, run.Load(nn.NewLinear(random.New(info.Seed), 1, 1, nn.LinearConfig{}))
}

type redCorner struct{}

func (redCorner) Predict(_ context.Context, img image.Image) (recipes.PicturePrediction, error) {
	b := img.Bounds()
	drawn := image.NewRGBA(b)
	drawn.Set(b.Min.X, b.Min.Y, color.RGBA{255, 0, 0, 255})
	return recipes.PicturePrediction{Drawn: drawn, Text: fmt.Sprintf("%d pixels wide", b.Dx()), Result: map[string]any{"width": b.Dx()}}, nil
}

func (redCorner) Evaluate(_ context.Context, from source.Config) (train.Metrics, error) {
	if from.Dir != "" {
		return nil, fmt.Errorf("looked in %s, offline %v", from.Dir, from.Offline)
	}
	return train.Metrics{{Name: "test_iou", Value: 0.5}}, nil
}

// predict writes what such a recipe draws, one file for each picture, and tells its names.
func TestPredictPictures(t *testing.T) {
	dir, base := filepath.Join(t.TempDir(), "run"), t.TempDir()
	must(t, "train", "test-pictures", "--run-dir", dir)
	one := writePNG(t, filepath.Join(base, "a", "one.png"), image.NewGray(image.Rect(0, 0, 8, 8)))
	other := writePNG(t, filepath.Join(base, "b", "One.png"), image.NewGray(image.Rect(0, 0, 9, 9)))
	missing := filepath.Join(base, "missing.png")
	width := func(path string) int {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if r, g, _, _ := img.At(0, 0).RGBA(); r != 0xffff || g != 0 {
			t.Errorf("%s has no red corner", path)
		}
		return img.Bounds().Dx()
	}

	out := filepath.Join(base, "new", "folder")
	lines := jsonLines(t, must(t, "--json", "predict", dir, one, other, "--out", out))
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, name := range []string{"one-predicted.png", "One-predicted-2.png"} {
		l := lines[i]
		if l["drawn"] != filepath.Join(out, name) || l["width"] != float64(8+i) || l["event"] != "prediction" || l["file"] != []string{one, other}[i] {
			t.Errorf("%v", l)
		}
		if w := width(filepath.Join(out, name)); w != 8+i {
			t.Errorf("%s is %d pixels wide", name, w)
		}
	}
	file := filepath.Join(base, "drawn.PNG")
	if got, want := must(t, "predict", dir, one, "--out", file), one+": 8 pixels wide; drawn in "+file+"\n"; got != want || width(file) != 8 {
		t.Errorf("%q, want %q", got, want)
	}
	r := hadal("predict", dir, missing, other, "--out", out)
	if r.status != 1 || !strings.Contains(r.err, "1 of 2 pictures could not be read") || !strings.HasPrefix(r.out, other+": 9 pixels") {
		t.Errorf("a missing picture: %+v", r)
	}
	oneLineError(t, "two pictures into one file", hadal("predict", dir, one, other, "--out", file), 2, "2 pictures do not go into one file")
	text := writeFile(t, filepath.Join(base, "text.txt"), []byte("mine"))
	oneLineError(t, "out is another file", hadal("predict", dir, one, "--out", text), 2, "does not end in .png")
	oneLineError(t, "out below a file", hadal("predict", dir, one, "--out", filepath.Join(text, "x.png")), 1, "cannot be made")

	if got := must(t, "eval", dir); !strings.Contains(got, "test iou 0.5") {
		t.Errorf("eval: %q", got)
	}
	oneLineError(t, "eval --data-dir", hadal("eval", dir, "--offline", "--data-dir", base), 1, "looked in "+base+", offline true")
	for _, flag := range []string{"--top=3", "--invert"} {
		oneLineError(t, flag, hadal("predict", dir, one, flag, "--out", out), 2, strings.TrimSuffix(flag, "=3")+" is for runs that classify; "+dir+" draws on pictures")
	}
	oneLineError(t, "eval --data", hadal("eval", dir, "--data", "digits"), 2, "leave --data out")
	if err := os.Remove(filepath.Join(dir, train.ModelFile)); err != nil {
		t.Fatal(err)
	}
	oneLineError(t, "no model", hadal("predict", dir, one), 1, "has no model.safetensors yet")
}

package vision

import (
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/source"
	"github.com/hadal-go/hadal/recipes"
	"github.com/hadal-go/hadal/train"
)

// folder makes pictures of bright rectangles on a dark ground, and their masks.
func folder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	save := func(path string, img image.Image) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		img, mask := image.NewGray(image.Rect(0, 0, 24, 20)), image.NewGray(image.Rect(0, 0, 24, 20))
		for y := 2 + i%5; y < 12+i%5; y++ {
			for x := 3 + i%7; x < 14+i%7; x++ {
				img.SetGray(x, y, color.Gray{200})
				mask.SetGray(x, y, color.Gray{255})
			}
		}
		name := string(rune('a'+i)) + ".png"
		save(filepath.Join(dir, "images", name), img)
		save(filepath.Join(dir, "masks", name), mask)
	}
	return dir
}

// trainSegment runs the recipe and returns what it reached, its run and its entry in config.json.
func trainSegment(t *testing.T, c *SegmentRecipe) (train.Metrics, *train.Run, train.Info) {
	t.Helper()
	info := train.Info{Recipe: "segment", Seed: 1}
	run, err := train.NewRun(filepath.Join(t.TempDir(), "run"), info)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Train(context.Background(), &recipes.Env{Seed: 1, Run: run, Describe: func(data any) error {
		b, err := json.Marshal(data) // as it comes back from the file
		if err == nil {
			err = json.Unmarshal(b, &info.Data)
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m, run, info
}

// A run on a folder is opened again, measures as it did, and draws on pictures of other sizes.
func TestSegmentFolder(t *testing.T) {
	c := &SegmentRecipe{Model: "unet", Data: folder(t, 20), Size: 16, Width: 1.0 / 16, Epochs: 12, BatchSize: 4, Flip: true, LR: 0.01, Pictures: 1}
	reached, run, info := trainSegment(t, c)
	if v, _ := reached.Get("test_miou"); !(v > 0.9) {
		t.Errorf("mean IoU %v", v)
	}
	for _, name := range []string{"loss.png", "miou.png", "confusion.png", "masks.png", train.ResultFile} {
		if _, err := os.Stat(run.Path(name)); err != nil {
			t.Errorf("%s is missing", name)
		}
	}
	m, err := c.Open(run, info)
	if err != nil {
		t.Fatal(err)
	}
	again, err := m.Evaluate(context.Background(), source.Config{})
	if err != nil || again.String() != reached.String() {
		t.Errorf("measured again: %v, %v, want %v", again, err, reached)
	}
	img := image.NewRGBA(image.Rect(5, 5, 65, 45)) // 60 x 40, the middle bright
	for y := 15; y < 35; y++ {
		for x := 20; x < 50; x++ {
			img.SetRGBA(x, y, color.RGBA{200, 200, 200, 255})
		}
	}
	p, err := m.Predict(context.Background(), img)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(p.Result)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Shares []struct {
			Class string
			Share float64
		}
		Width, Height int
	}
	if err := json.Unmarshal(b, &said); err != nil {
		t.Fatal(err)
	}
	if len(said.Shares) != 2 || said.Shares[0].Class != "background" || said.Width != 60 || said.Height != 40 {
		t.Fatalf("%s", b)
	}
	if got := said.Shares[1].Share; math.Abs(got-600.0/2400) > 0.06 || math.Abs(got+said.Shares[0].Share-1) > 1e-12 {
		t.Errorf("the rectangle is %v of the picture, want about %v", got, 600.0/2400)
	}
	if !strings.HasPrefix(p.Text, "background 7") {
		t.Errorf("%q", p.Text)
	}
	if d := p.Drawn.Bounds(); d.Dx() != 7*60 || d.Dy() <= 7*40 || d.Dy() > 8*40 { // the smallest factor that makes 384 pixels, and a key below
		t.Errorf("drawn are %v", d)
	}
	if large, err := m.Predict(context.Background(), image.NewGray(image.Rect(0, 0, 3000, 10))); err != nil || large.Drawn.Bounds() != image.Rect(0, 0, 2048, 6) || large.Result["width"] != 3000 || large.Result["height"] != 10 {
		t.Errorf("%v %v %v", large.Drawn.Bounds(), large.Result, err)
	}
	// The colours drawn are those of classes: a dark red ground is grey.
	red := image.NewRGBA(image.Rect(0, 0, 24, 20))
	draw.Draw(red, red.Rect, image.NewUniform(color.RGBA{30, 0, 0, 255}), image.Point{}, draw.Src)
	p, err = m.Predict(context.Background(), red)
	if err != nil {
		t.Fatal(err)
	}
	if c := color.RGBAModel.Convert(p.Drawn.At(0, 0)).(color.RGBA); c.R == 0 || c.R != c.G || c.G != c.B {
		t.Errorf("the ground is %v", c)
	}
	// With another picture, others are held back: some of them were trained on.
	for _, part := range []string{"images", "masks"} {
		copyTest(t, filepath.Join(c.Data, part, "a.png"), filepath.Join(c.Data, part, "a2.png"))
	}
	if _, err := m.Evaluate(context.Background(), source.Config{}); err == nil || !strings.Contains(err.Error(), c.Data+" holds other pictures than when the model was trained") {
		t.Errorf("error %v", err)
	}
	info.Data = map[string]any{"set": "x"}
	if _, err := c.Open(run, info); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
}

// The networks learn from what is made, the same from the same seed.
func TestSegmentMade(t *testing.T) {
	for data, model := range map[string]string{"cells": "fcn8", "shapes": "unet"} {
		c := SegmentRecipe{Model: model, Data: data, Size: 32, Width: 1.0 / 32, Epochs: 1, BatchSize: 8, LR: 0.01, Pictures: 16}
		first, _, _ := trainSegment(t, &c)
		second, _, _ := trainSegment(t, &c)
		if first.String() != second.String() || len(first) != 3 {
			t.Errorf("%s: %v and %v", data, first, second)
		}
	}
}

// A config.json that was tampered with builds nothing.
func TestSegmentDamaged(t *testing.T) {
	c := SegmentRecipe{Model: "unet", Data: "shapes", Size: 32, Width: 1.0 / 32, Epochs: 1, BatchSize: 8, LR: 0.01, Pictures: 8}
	_, run, info := trainSegment(t, &c)
	if _, err := c.Open(run, info); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*SegmentRecipe, *segmentInfo){
		"width":         func(c *SegmentRecipe, _ *segmentInfo) { c.Width = 64 },
		"size":          func(_ *SegmentRecipe, in *segmentInfo) { in.Size = 40 },
		"both sizes":    func(c *SegmentRecipe, in *segmentInfo) { c.Size, in.Size = 1<<14, 1<<14 },
		"pictures":      func(c *SegmentRecipe, _ *segmentInfo) { c.Pictures = 1 << 30 },
		"many classes":  func(_ *SegmentRecipe, in *segmentInfo) { in.Classes = make([]string, 257) },
		"one class":     func(_ *SegmentRecipe, in *segmentInfo) { in.Classes = make([]string, 1) },
		"seven colours": func(_ *SegmentRecipe, in *segmentInfo) { in.Channels = 7 },
	} {
		c, in, broken := c, segmentInfo{}, info
		if err := info.DataInto(&in); err != nil {
			t.Fatal(err)
		}
		change(&c, &in)
		broken.Data = in
		if _, err := c.Open(run, broken); err == nil || !strings.Contains(err.Error(), "config.json is damaged") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSegmentRefuses(t *testing.T) {
	for mend, c := range map[string]SegmentRecipe{
		"--size 20": {Size: 20, Pictures: 1, Width: 1}, "--pictures 0": {Size: 64, Width: 1}, "--pictures 1000001": {Size: 64, Width: 1, Pictures: 1_000_001}, "--width 0": {Size: 64, Pictures: 1}, "--width NaN": {Size: 64, Pictures: 1, Width: math.NaN()},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), mend) {
			t.Errorf("error %v, want %s", err, mend)
		}
	}
	for mend, dir := range map[string]string{"at least 3 are needed": folder(t, 2), "pictures in images": t.TempDir()} {
		c := SegmentRecipe{Model: "unet", Data: dir, Size: 16, Width: 1.0 / 32, Epochs: 1, BatchSize: 8, LR: 0.01}
		if _, err := c.Train(context.Background(), &recipes.Env{Seed: 1}); err == nil || !strings.Contains(err.Error(), mend) {
			t.Errorf("error %v, want %s", err, mend)
		}
	}
}

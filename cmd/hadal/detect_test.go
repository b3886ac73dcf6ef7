package main

import (
	"encoding/json"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset/shapes"
	"github.com/hadal-go/hadal/train"
)

// tiny are options of a detector that takes a moment.
func tiny(model string) []string {
	return []string{"train", "detect", "--model", model, "--pictures=24", "--size=32", "--width=4", "--epochs=2", "--batch-size=8", "--min-score=0.01", "--threads=1"}
}

// Both detectors train, leave their pictures, and predict and eval open their runs.
func TestDetect(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"one-stage", "two-stage"} {
		dir := once(t, "detect "+model, tiny(model)...)
		for _, name := range []string{"boxes.png", "precision-recall.png", "loss.png", "map.png", train.ResultFile} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		var result map[string]float64
		if err := json.Unmarshal([]byte(readFile(t, dir, train.ResultFile)), &result); err != nil {
			t.Fatal(err)
		}
		lines := jsonLines(t, must(t, "--json", "eval", dir))
		if m, _ := lines[0]["metrics"].(map[string]any); len(lines) != 1 || m["test_map"] != result["test_map"] || m["test_map_coco"] != result["test_map_coco"] {
			t.Errorf("%s: eval says %v, training %v", model, lines, result)
		}
		samePlaces(t, dir)
	}
	base := filepath.Join(t.TempDir(), "run")
	for _, c := range [][2]string{{"--size=16", "--size 16"}, {"--objects=7", "--objects 7"}, {"--width=0", "--width"}, {"--min-score=1", "--min-score 1"}, {"--model=three-stage", "one-stage"}, {"--pictures=0", "--pictures"}, {"--pictures=1000001", "--pictures 1000001"}} {
		oneLineError(t, c[0], hadal("train", "detect", c[0], "--run-dir", base), 2, c[1])
	}
}

// samePlaces checks that predict finds the same on a grey square of 32 x 32 pixels and on the band in its middle alone, ten times as large,
// in pixels of each. The detector has hardly been trained: it finds something anywhere.
func samePlaces(t *testing.T, dir string) {
	t.Helper()
	base := t.TempDir()
	square, band := image.NewGray(image.Rect(0, 0, 32, 32)), image.NewGray(image.Rect(0, 0, 320, 160))
	for _, img := range []*image.Gray{square, band} {
		for i := range img.Pix {
			img.Pix[i] = 60
		}
	}
	files := []string{writePNG(t, filepath.Join(base, "small.png"), square), writePNG(t, filepath.Join(base, "large.png"), band)}
	lines := jsonLines(t, must(t, "--json", "predict", dir, files[0], files[1], "--out", base))
	var found [2][]struct {
		Class string
		Score float64
		Box   [4]float64
	}
	for i, l := range lines {
		b, err := json.Marshal(l["objects"])
		if err == nil {
			err = json.Unmarshal(b, &found[i])
		}
		if err != nil || len(found[i]) == 0 || !strings.HasSuffix(l["drawn"].(string), "-predicted.png") || len(readFile(t, l["drawn"].(string))) == 0 {
			t.Fatalf("%v: %v", l, err)
		}
	}
	next := 0
	for _, o := range found[0] {
		var want [4]float64
		for k, v := range o.Box {
			if v < 0 || v > 32 {
				t.Errorf("%+v lies outside", o)
			}
			want[k] = 10 * v
			if k%2 == 1 {
				want[k] = 10 * min(max(v-8, 0), 16)
			}
		}
		if want[3]-want[1] < 10*(o.Box[3]-o.Box[1])/2 { // at least half beside the band
			continue
		}
		if next == len(found[1]) {
			t.Fatalf("%d objects on the band alone, fewer than on the square", next)
		}
		p := found[1][next]
		next++
		if o.Class != p.Class || o.Score != p.Score || !slices.Contains(shapes.Classes, o.Class) || !(o.Score > 0.01 && o.Score <= 1) {
			t.Errorf("%+v and %+v", o, p)
		}
		for k := range want {
			if d := p.Box[k] - want[k]; d > 1e-3 || d < -1e-3 {
				t.Errorf("box %v of the square, %v of the band, want %v", o.Box, p.Box, want)
			}
		}
	}
	if next != len(found[1]) {
		t.Errorf("%d objects on the band alone, want %d", len(found[1]), next)
	}
	if out := must(t, "predict", dir, files[0], "--out", base); !strings.HasPrefix(out, fmt.Sprintf("%s: %s %.2f", files[0], found[0][0].Class, found[0][0].Score)) {
		t.Errorf("%q", out)
	}
}

// A config.json that was tampered with is one line.
func TestDetectDamaged(t *testing.T) {
	t.Parallel()
	dir, base := once(t, "detect one-stage", tiny("one-stage")...), t.TempDir()
	picture := writePNG(t, filepath.Join(base, "a.png"), image.NewGray(image.Rect(0, 0, 8, 8)))
	config := readFile(t, dir, train.ConfigFile)
	for _, c := range [][2]string{{`"size": 32`, `"size": 1000000`}, {`"Size": 32`, `"Size": -1`}, {`"Width": 4`, `"Width": 1000000`}, {`"triangle"`, `"triangle","more"`}} {
		if !strings.Contains(config, c[0]) {
			t.Fatalf("%s is not in %s", c[0], config)
		}
		broken := t.TempDir()
		writeFile(t, filepath.Join(broken, train.ConfigFile), []byte(strings.Replace(config, c[0], c[1], 1)))
		writeFile(t, filepath.Join(broken, train.ModelFile), []byte(readFile(t, dir, train.ModelFile)))
		oneLineError(t, c[1], hadal("predict", broken, picture, "--out", base), 1, broken)
	}
}

package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The class asked for is found by its name as it is written, then in any case, then by its number.
func TestExplainClass(t *testing.T) {
	classes := []string{"cat", "Cat", "1", "dog", "dog"}
	for name, want := range map[string]int{"": 4, "cat": 0, "Cat": 1, "CAT": 0, "1": 2, "dog": 3, "4": 4} {
		if k, err := (&explainCmd{Class: name}).class(classes, 4); k != want || err != nil {
			t.Errorf("%q is class %d, %v; want %d", name, k, err, want)
		}
	}
}

// explain draws one picture of a picture, of any image classifier's run, and says what it had to leave out.
func TestExplain(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	picture := writePNG(t, filepath.Join(base, "a.png"), digit(3, 5))
	size := map[string]image.Point{}
	for recipe, leftOut := range map[string][]string{
		"lenet": {"class activation map"},
		"mlp":   {"Grad-CAM", "class activation map", "filters and feature maps"},
	} {
		dir, out := trained(t, recipe), filepath.Join(base, recipe+".png")
		lines := strings.Split(strings.TrimSpace(must(t, "explain", dir, picture, "--out", out)), "\n")
		// The class is the one that predict says.
		said := strings.TrimSpace(must(t, "predict", dir, picture, "--top=1"))
		if lines[0] != said+", explained in "+out || len(lines) != 1+len(leftOut) {
			t.Errorf("%s: %q, predict says %q", recipe, lines, said)
		}
		for i, what := range leftOut {
			if i+1 < len(lines) && !strings.HasPrefix(lines[i+1], "left out: "+what+": ") {
				t.Errorf("%s: %q", recipe, lines[i+1])
			}
		}
		f, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := png.DecodeConfig(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		size[recipe] = image.Pt(cfg.Width, cfg.Height)
	}
	if size["lenet"].Y <= size["mlp"].Y || size["mlp"].X < 4*192 { // lenet has a row more
		t.Errorf("the pictures are of %v pixels", size)
	}
	dir := trained(t, "lenet")
	svg := filepath.Join(base, "a.svg")
	other := "8"
	if strings.Contains(must(t, "predict", dir, picture, "--top=1"), ": 8 ") {
		other = "3"
	}
	l := jsonLines(t, must(t, "--json", "explain", dir, picture, "--class", other, "--layer=conv1", "--out", svg))
	if len(l) != 1 || l[0]["event"] != "explanation" || l[0]["class"] != other || l[0]["out"] != svg || l[0]["file"] != picture || len(l[0]["left_out"].([]any)) != 1 {
		t.Errorf("%v", l)
	}
	if text := readFile(t, svg); !strings.Contains(text, "why "+other) || !strings.Contains(text, "the model") {
		t.Error("the title does not tell the class asked for and the one said")
	}
	oneLineError(t, "class", hadal("explain", dir, picture, "--class", "ten", "--out", svg), 2, "--class ten", "0, 1, 2", "0 to 9")
	oneLineError(t, "layer", hadal("explain", dir, picture, "--layer", "fc1", "--out", svg), 2, "--layer", `"fc1"`, "conv1, conv2")
	oneLineError(t, "format", hadal("explain", dir, picture, "--out", filepath.Join(base, "a.jpg")), 2, ".png or .svg")
	oneLineError(t, "no picture", hadal("explain", dir, filepath.Join(base, "none.png"), "--out", svg), 1, "none.png cannot be opened")
	oneLineError(t, "no folder", hadal("explain", dir, picture, "--out", filepath.Join(base, "none", "a.png")), 1, "none")
	oneLineError(t, "no run", hadal("explain", base, picture, "--out", svg), 1, "is not a run folder")
}

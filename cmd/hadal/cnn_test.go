package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/train"
)

// A folder of pictures is learned, measured and asked about; a bad file is named.
func TestCNN(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	data, run := filepath.Join(base, "data"), filepath.Join(base, "run")
	paint := func(c color.Color) []byte {
		img := image.NewNRGBA(image.Rect(0, 0, 9, 9))
		for i := range 81 {
			img.Set(i%9, i/9, c)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for i := range 12 {
		writeFile(t, filepath.Join(data, "train", "blue", fmt.Sprint(i, ".png")), paint(color.NRGBA{uint8(5 * i), 0, 255, 255}))
		writeFile(t, filepath.Join(data, "train", "red", fmt.Sprint(i, ".png")), paint(color.NRGBA{255, uint8(5 * i), 0, 255}))
	}
	blue := writeFile(t, filepath.Join(data, "test", "blue", "x.png"), paint(color.NRGBA{30, 0, 250, 255}))
	red := writeFile(t, filepath.Join(data, "test", "red", "x.png"), paint(color.NRGBA{250, 40, 0, 255}))

	// A narrow ResNet-20 on 9 x 9 pixels: 3·3·3·4 weights in its first convolution, and 16·2+2 in its last layer.
	out := must(t, "summary", "cnn", "--model=resnet20", "--width=0.25", "--data", data)
	for _, want := range []string{"(1, 3, 9, 9)", "108", "34"} {
		if !strings.Contains(out, want) {
			t.Errorf("the summary lacks %q:\n%s", want, out)
		}
	}
	args := []string{"train", "cnn", "--model=resnet20", "--width=0.25", "--data", data, "--epochs=6", "--batch-size=8", "--augment=flip,crop:1", "--lr-groups=layer3=0.5,fc=2", "--run-dir", run}
	if out := must(t, args...); !strings.Contains(out, "test accuracy 1.0000") || !strings.Contains(out, "% of training was waiting for data") {
		t.Errorf("train:\n%s", out)
	}
	for _, extra := range [][]string{nil, {"--data", data}} {
		if out := must(t, append([]string{"eval", run}, extra...)...); !strings.Contains(out, "test accuracy 1.0000") {
			t.Errorf("eval %v:\n%s", extra, out)
		}
	}
	// A folder with other classes is no wrong word on the command line, and no figures come of it.
	other := filepath.Join(base, "others")
	for _, class := range []string{"blue", "green"} {
		for i := range 5 {
			writeFile(t, filepath.Join(other, class, fmt.Sprint(i, ".png")), paint(color.White))
		}
	}
	oneLineError(t, "other classes", hadal("eval", run, "--data", other), 1, `the model knows the class "red", which `+other+" does not have")
	oneLineError(t, "neither set nor folder", hadal("eval", run, "--data", blue), 2, "there is no data set")
	config := readFile(t, run, train.ConfigFile)
	wide := strings.Replace(config, `"Width": 0.25`, `"Width": 64`, 1)
	if wide == config {
		t.Fatal(config)
	}
	broken := filepath.Join(base, "broken")
	writeFile(t, filepath.Join(broken, train.ConfigFile), []byte(wide))
	oneLineError(t, "a wide network", hadal("predict", broken, blue), 1, "config.json is damaged: --width 64")

	if out := must(t, "predict", run, blue, red); !strings.Contains(out, blue+": blue ") || !strings.Contains(out, red+": red ") {
		t.Errorf("predict:\n%s", out)
	}

	bad := writeFile(t, filepath.Join(data, "train", "red", "cut.png"), paint(color.White)[:40])
	r := hadal("train", "cnn", "--data", data, "--epochs=1", "--run-dir", filepath.Join(base, "other"))
	if r.status != 1 || !strings.Contains(r.err, "cnn: 1 of 27 pictures cannot be read") || !strings.Contains(r.err, bad+" is ") || !strings.Contains(r.err, "--skip-bad") {
		t.Errorf("status %d\n%s\n%s", r.status, r.out, r.err)
	}
	oneLineError(t, "no set", hadal("train", "cnn", "--data=nope", "--run-dir", filepath.Join(base, "third")), 1, `no data set "nope"`, "a folder of pictures for each class")
	oneLineError(t, "no model", hadal("train", "cnn", "--model=nope"), 2, `no model "nope"`)
	oneLineError(t, "no such word", hadal("summary", "cnn", "--augment=flop"), 2, `there is no "flop"`)
}

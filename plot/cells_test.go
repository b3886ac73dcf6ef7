package plot

import (
	"errors"
	"image"
	"image/color"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestGrayAndRGB(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	grey := func(v uint8) color.RGBA { return color.RGBA{v, v, v, 0xFF} }
	purple := color.RGBA{missing.R, missing.G, missing.B, 0xFF}
	for _, c := range []struct {
		name string
		img  image.Image
		want []color.RGBA
	}{
		{"Gray", Gray(1, 3, []float64{-1, 0, 1}), []color.RGBA{grey(0), grey(128), grey(255)}},
		{"Gray of float32", Gray(2, 1, []float32{3, 2}), []color.RGBA{grey(255), grey(0)}},
		{"constant", Gray(1, 2, []float64{7, 7}), []color.RGBA{grey(128), grey(128)}},
		{"not finite", Gray(1, 5, []float64{nan, inf, -inf, 0, 2}), []color.RGBA{purple, grey(255), grey(0), grey(0), grey(255)}},
		{"extreme", Gray(1, 3, []float64{-1e300, 0, math.MaxFloat64}), []color.RGBA{grey(0), grey(255), grey(255)}},
		{"tiny", Gray(1, 2, []float64{0, 5e-324}), []color.RGBA{grey(0), grey(255)}},
		{"GrayRange", GrayRange(1, 4, []float64{-5, 0, 0.2, 9}, 0, 1), []color.RGBA{grey(0), grey(0), grey(51), grey(255)}},
		{"RGB", RGB(1, 2, []float64{0, 10, 5, 0, 10, 2}), []color.RGBA{{0, 128, 255, 255}, {255, 0, 51, 255}}},
		{"RGBRange", RGBRange(1, 2, []float64{0, 1, 1, nan, 0.4, 0}, 0, 1), []color.RGBA{{0, 255, 102, 255}, purple}},
	} {
		b := c.img.Bounds()
		for i, want := range c.want {
			if got := c.img.At(i%b.Dx(), i/b.Dx()); got != want {
				t.Errorf("%s: pixel %d is %v, not %v", c.name, i, got, want)
			}
		}
	}
	for name, c := range map[string]struct {
		kind tensor.Kind
		f    func()
	}{
		"one short":         {tensor.ErrShape, func() { Gray(2, 2, []float64{1, 2, 3}) }},
		"no pixels":         {tensor.ErrShape, func() { Gray(0, 0, []float64{}) }},
		"negative":          {tensor.ErrShape, func() { Gray(-1, -1, []float64{1}) }},
		"overflow":          {tensor.ErrShape, func() { RGB(math.MaxInt/2, 2, []float64{1, 2, 3, 4, 5, 6}) }},
		"one plane":         {tensor.ErrShape, func() { RGB(1, 1, []float32{1}) }},
		"range upside down": {tensor.ErrValue, func() { GrayRange(1, 1, []float64{1}, 2, 1) }},
		"infinite range":    {tensor.ErrValue, func() { RGBRange(1, 1, []float64{1, 2, 3}, -inf, inf) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) || !strings.Contains(err.Error(), "cells_test.go") {
			t.Errorf("%s: %v is not %q of this file", name, err, c.kind)
		}
	}
}

func TestShrinkIsTheMean(t *testing.T) {
	img := image.NewGray(image.Rect(10, 20, 14, 24)) // bounds need not start at 0
	copy(img.Pix, []uint8{0, 100, 8, 8, 100, 200, 8, 8, 50, 50, 255, 255, 50, 50, 255, 255})
	out := shrink(img, 2, 2)
	for i, want := range []uint8{100, 8, 50, 255} {
		if got := out.Pix[4*i]; got != want {
			t.Errorf("pixel %d is %d, not %d", i, got, want)
		}
	}
}

func TestImageGridPixels(t *testing.T) {
	slow(t)
	path := filepath.Join(t.TempDir(), "a.png")
	red, green, blue := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 190, 0, 255}, color.RGBA{0, 0, 180, 255}
	img := image.NewRGBA(image.Rect(0, 0, 2, 1))
	img.Set(0, 0, red)
	img.Set(1, 0, green)
	tiles := []Tile{{Image: img, Border: blue}, {Image: img}, {Image: img}}
	must(t, ImageGrid(path, tiles, ImageGridConfig{Scale: 7, Columns: 2}))
	out := decode(t, path)
	for _, c := range []color.RGBA{red, green} { // every pixel as 7 x 7, three times
		if n, _ := find(out, color.NRGBA(c)); n != 3*49 {
			t.Errorf("%d pixels of %v, not %d", n, c, 3*49)
		}
	}
	if n, in := find(out, color.NRGBA(blue)); in.Dx() != 14+12 || in.Dy() != 7+12 || n != 26*19-14*7 {
		t.Errorf("the border is %d pixels in %v", n, in)
	}
	// By default the longer side gets at least 192 pixels, and an extreme picture still shows.
	tall := image.NewRGBA(image.Rect(0, 0, 1, 5000))
	for y := range 5000 {
		tall.Set(0, y, red)
	}
	must(t, ImageGrid(path, []Tile{{Image: img}, {Image: tall}, {Image: image.NewUniform(blue)}}, ImageGridConfig{}))
	out = decode(t, path)
	if n, _ := find(out, color.NRGBA(green)); n != 96*96 {
		t.Errorf("%d pixels show a pixel, not %d", n, 96*96)
	}
	if n, _ := find(out, color.NRGBA(red)); n != 96*96+768 {
		t.Errorf("%d red pixels, not %d", n, 96*96+768)
	}
	if n, _ := find(out, color.NRGBA(blue)); n != 768*768 {
		t.Errorf("%d blue pixels, not %d", n, 768*768)
	}
}

func TestConfusionMatrix(t *testing.T) {
	dir := t.TempDir()
	counts := [][]int{{9, 1}, {0, 0}}
	path := filepath.Join(dir, "a.png")
	must(t, ConfusionMatrix(path, counts, nil, ConfusionMatrixConfig{}))
	img := decode(t, path)
	// The square roots of 0.9 and of 0.1 on the blues, by hand.
	most, right := find(img, color.NRGBA{8, 62, 127, 255})
	some, wrong := find(img, color.NRGBA{177, 210, 232, 255})
	if most < 88*88*3/4 || some < 88*88*3/4 {
		t.Fatalf("%d and %d pixels of the cells of row 0", most, some)
	}
	if right.Max.X > wrong.Min.X+1 || right.Min.Y > wrong.Min.Y+1 || wrong.Min.Y > right.Min.Y+1 {
		t.Errorf("the diagonal is at %v, the confusion at %v", right, wrong)
	}
	for y := right.Max.Y + 4; y < right.Max.Y+70; y += 8 { // a class without samples
		if x := right.Min.X + 20; !isColor(img, x, y, white) {
			t.Errorf("row 1 is %v at %d, %d", img.At(x, y), x, y)
		}
	}

	path = filepath.Join(dir, "a.svg")
	for percent, want := range map[bool][]string{false: {"9", "1", "0"}, true: {"90.0", "10.0", "–"}} {
		must(t, ConfusionMatrix(path, counts, []string{"cat", "dog"}, ConfusionMatrixConfig{Title: "LeNet", Percent: percent}))
		texts := svgTexts(t, path)
		for _, w := range append(want, "LeNet: accuracy 90.00% (9 of 10)", "recall", "90.0%", "–", "cat", "dog", "true class", "predicted class") {
			if !has(texts, w) {
				t.Errorf("percent %v: the texts %q lack %q", percent, texts, w)
			}
		}
	}
	must(t, ConfusionMatrix(path, [][]int{{0}}, nil, ConfusionMatrixConfig{}))
	if texts := svgTexts(t, path); !has(texts, "Confusion matrix: no samples") {
		t.Errorf("without samples it says %q", texts)
	}
	// Counts whose sums overflow int.
	must(t, ConfusionMatrix(path, [][]int{{math.MaxInt, math.MaxInt}, {0, math.MaxInt}}, nil, ConfusionMatrixConfig{}))
	if texts := svgTexts(t, path); !has(texts, "50.0%") {
		t.Errorf("of huge counts it says %q", texts)
	}
}

func TestHeatmapColours(t *testing.T) {
	nan := math.NaN()
	path := filepath.Join(t.TempDir(), "a.png")
	for _, c := range []struct {
		cfg    HeatmapConfig
		matrix [2][2]float64
		want   [2][2]color.NRGBA
	}{
		{HeatmapConfig{}, [2][2]float64{{0, 1}, {2, nan}},
			[2][2]color.NRGBA{{{0x44, 0x01, 0x54, 255}, {0x21, 0x91, 0x8C, 255}}, {{0xFD, 0xE7, 0x25, 255}, missing}}},
		{HeatmapConfig{Diverging: true}, [2][2]float64{{-4, 0}, {2, 3.999999}},
			[2][2]color.NRGBA{{{0x05, 0x30, 0x61, 255}, {0xF7, 0xF7, 0xF7, 255}}, {{229, 131, 104, 255}, {0x67, 0x00, 0x1F, 255}}}},
		{HeatmapConfig{Min: new(0.0), Max: new(8.0)}, [2][2]float64{{-1e300, math.Inf(-1)}, {4, math.Inf(1)}},
			[2][2]color.NRGBA{{{0x44, 0x01, 0x54, 255}, {0x44, 0x01, 0x54, 255}}, {{0x21, 0x91, 0x8C, 255}, {0xFD, 0xE7, 0x25, 255}}}},
	} {
		m := [][]float64{c.matrix[0][:], c.matrix[1][:]}
		must(t, Heatmap(path, m, c.cfg))
		img := decode(t, path)
		h := &heat{matrix: m, cfg: c.cfg, bar: c.cfg.scale(m)}
		h.layout()
		for r := range 2 {
			for col := range 2 {
				x, y := int((h.left+(float64(col)+0.5)*h.w/2)*pixelsPerPoint), int((margin+(float64(r)+0.5)*h.h/2)*pixelsPerPoint)
				if want := c.want[r][col]; !isColor(img, x, y, want) {
					t.Errorf("%g at (%d, %d) is %v, not %v", m[r][col], r, col, img.At(x, y), want)
				}
			}
		}
	}
}

// Above 960 rows a pixel shows the mean of several.
func TestHeatmapMeans(t *testing.T) {
	h := &heat{matrix: make([][]float64, 2*maxCells)}
	for r := range h.matrix {
		h.matrix[r] = []float64{float64(r), 1}
	}
	h.matrix[7][1] = math.NaN()
	for r := range maxCells {
		if got, want := h.mean(r, 0, maxCells, 2), 2*float64(r)+0.5; got != want {
			t.Fatalf("row %d is %g, not %g", r, got, want)
		}
		if got := h.mean(r, 1, maxCells, 2); (r == 3) != math.IsNaN(got) || r != 3 && got != 1 {
			t.Fatalf("row %d of the constant column is %g", r, got)
		}
	}
}

func TestHeatmapNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.svg")
	for _, c := range []struct {
		row  []float64
		want []string
	}{
		{[]float64{0.123, -1}, []string{"0.12", "−1.00"}},
		{[]float64{12.34, 0}, []string{"12.3", "0.0"}},
		{[]float64{123.4, math.NaN()}, []string{"123", "NaN"}},
		{[]float64{1.234e7, 1e-9}, []string{"1.23e7", "1e−9"}},
	} {
		must(t, Heatmap(path, [][]float64{c.row}, HeatmapConfig{Numbers: true, Columns: []string{"left", "right"}}))
		texts := svgTexts(t, path)
		for _, w := range append(c.want, "left", "right") {
			if !has(texts, w) {
				t.Errorf("%v: the texts %q lack %q", c.row, texts, w)
			}
		}
	}
}

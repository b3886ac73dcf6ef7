package plot

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Much of anything gives a picture or an error, in memory that does not grow with
// more than the input, and a file that a viewer opens. Each case once took seconds
// to minutes, or gigabytes: of memory or of SVG.
func TestMuchIsBounded(t *testing.T) {
	slow(t)
	const n = 30_000
	rng := rand.New(rand.NewPCG(1, 2))
	steps, noise, broken := make([]float64, n), make([]float64, n), make([]float64, n)
	points, classes := make([]Point, n), make([]int, n)
	for i := range n {
		steps[i], noise[i] = float64(i), rng.NormFloat64()
		broken[i] = []float64{0, math.NaN(), math.Inf(1), math.MaxFloat64, 5e-324, 1}[rng.IntN(6)]
		points[i], classes[i] = Point{rng.NormFloat64(), noise[i]}, i%17*100_000_000
	}
	rows := func(h, w int) [][]float64 { return slices.Repeat([][]float64{noise[:w]}, h) }
	names := make([]string, 300_000)
	for i := range names {
		names[i] = fmt.Sprint("name ", i)
	}
	var series []Series
	for i := range 300 {
		series = append(series, Series{Name: names[i], X: steps[:50], Y: noise[50*i:][:50], Dashed: i%2 == 0})
	}
	var marks []Mark
	for i := range 20_000 {
		marks = append(marks, Mark{float64(i), names[i]})
	}
	counts := make([][]int, 300)
	for i := range counts {
		counts[i] = make([]int, len(counts))
		counts[i][i], counts[i][i/2] = i, 1
	}
	tiles := make([]Tile, 10_000)
	for i := range tiles {
		tiles[i] = Tile{Image: image.NewGray(image.Rect(0, 0, 28, 28)), Caption: names[i]}
	}
	samples := []Sample{{"a", noise}, {"b", steps}}
	long := strings.Repeat("x", 1<<22)

	dir := t.TempDir()
	svg, png := filepath.Join(dir, "a.svg"), filepath.Join(dir, "a.png")
	const tooLarge = "draw less"
	for _, c := range []struct {
		name string
		path string
		err  string
		draw func(path string) error
	}{
		{"noise", png, "", func(p string) error {
			return Lines(p, Chart{Series: []Series{{X: steps, Y: noise, Dashed: true, Lo: noise, Hi: steps}}})
		}},
		{"back and forth", png, "", func(p string) error {
			x, y := noise[:20_000], steps[:20_000]
			return Lines(p, Chart{Series: []Series{{X: x, Y: y, Dashed: true, Lo: x, Hi: y}}})
		}},
		{"broken", svg, "", func(p string) error {
			return Lines(p, Chart{LogY: true, Series: []Series{{X: steps, Y: broken, Lo: broken, Hi: broken}}})
		}},
		{"300 series", png, "", func(p string) error { return Lines(p, Chart{Series: series}) }},
		{"marks", png, "", func(p string) error { return Lines(p, Chart{Series: series[:1], Marks: marks}) }},
		{"title", png, "", func(p string) error { return Lines(p, Chart{Title: long, XLabel: long, YLabel: long}) }},
		{"300 classes", svg, "", func(p string) error {
			return ConfusionMatrix(p, counts, names[:300], ConfusionMatrixConfig{Percent: true})
		}},
		{"tiles", png, tooLarge, func(p string) error { return ImageGrid(p, tiles, ImageGridConfig{}) }},
		{"small tiles", svg, tooLarge, func(p string) error { return ImageGrid(p, tiles, ImageGridConfig{Scale: 1}) }},
		{"caption", svg, tooLarge, func(p string) error {
			return ImageGrid(p, []Tile{{Image: tiles[0].Image, Caption: long}}, ImageGridConfig{})
		}},
		{"lines of a caption", svg, tooLarge, func(p string) error {
			return ImageGrid(p, []Tile{{Image: tiles[0].Image, Caption: strings.Repeat("\n", 1<<22) + "x"}}, ImageGridConfig{})
		}},
		{"endless image", svg, "", func(p string) error {
			return ImageGrid(p, []Tile{{Image: image.NewUniform(ink)}}, ImageGridConfig{})
		}},
		{"column", png, "", func(p string) error { return Heatmap(p, rows(1_000_000, 1), HeatmapConfig{Numbers: true}) }},
		{"row", svg, "", func(p string) error { return Heatmap(p, rows(1, n), HeatmapConfig{Numbers: true}) }},
		{"matrix", svg, "", func(p string) error { return Heatmap(p, rows(1200, 1200), HeatmapConfig{Numbers: true}) }},
		{"points", svg, "", func(p string) error { return Scatter(p, points, classes, ScatterConfig{}) }},
		{"bins", svg, "", func(p string) error { return Histogram(p, samples, HistogramConfig{Bins: 10_000}) }},
		{"bars", png, tooLarge, func(p string) error {
			return Bars(p, names, []Group{{Values: make([]float64, len(names))}}, BarsConfig{})
		}},
		{"groups", png, tooLarge, func(p string) error {
			return Bars(p, names[:1], slices.Repeat([]Group{{Values: noise[:1]}}, 300_000), BarsConfig{})
		}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.draw(c.path)
		runtime.ReadMemStats(&after)
		if got := fmt.Sprint(err); c.err == "" && err != nil || !strings.Contains(got, c.err) || len(got) > 300 {
			t.Errorf("%s: error %.300q, not %q", c.name, got, c.err)
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 150 {
			t.Errorf("%s: %d MB were allocated", c.name, mb)
		}
		if info, err := os.Stat(c.path); c.err == "" && (err != nil || info.Size() > 4<<20) {
			t.Errorf("%s: the file is %v", c.name, info)
		}
	}
}

// What is drawn on a layer is where shapes would be.
func TestLayerLikeShapes(t *testing.T) {
	slow(t)
	const n = 400
	s := Series{Lo: make([]float64, n), Hi: make([]float64, n)}
	for i := range n {
		x := float64(i) / n
		s.X, s.Y = append(s.X, x), append(s.Y, math.Sin(9*x))
		s.Lo[i], s.Hi[i] = s.Y[i]-0.2, s.Y[i]+0.1+x
	}
	path := filepath.Join(t.TempDir(), "a.png")
	draw := func(paint func(f *frame)) *image.RGBA {
		c := chart{x: axis{lo: 0, hi: 1}, y: axis{lo: -2, hi: 3}, bare: true}
		must(t, c.draw("test", path, paint))
		return decode(t, path)
	}
	// differ counts the pixels that differ by more than an edge being smooth or not.
	differ := func(a, b *image.RGBA) (n int) {
		for i, v := range a.Pix {
			if apart(v, b.Pix[i]) > 170 {
				n++
			}
		}
		return n
	}
	shapes := draw(func(f *frame) { f.series([]Series{s}) })
	layer := draw(func(f *frame) {
		l := f.newLayer()
		l.scribble(f.runs(s), classColor(0))
		f.drawLayer(l)
	})
	if n, _ := find(shapes, classColor(0)); n < 3000 {
		t.Errorf("a line of %d pixels", n)
	}
	if n := differ(shapes, layer); n > 500 { // a pixel higher or lower would make 2000
		t.Errorf("%d values of pixels of the line differ", n)
	}

	c := classColor(0)
	shapes = draw(func(f *frame) { f.band(s, c) })
	twice := Series{} // each point twice: above maxBand
	for i := range n {
		twice.X, twice.Lo, twice.Hi = append(twice.X, s.X[i], s.X[i]), append(twice.Lo, s.Lo[i], s.Lo[i]), append(twice.Hi, s.Hi[i], s.Hi[i])
	}
	layer = draw(func(f *frame) { f.band(twice, c) })
	far := 0
	for i, v := range shapes.Pix {
		if apart(v, layer.Pix[i]) > 20 {
			far++
		}
	}
	if n, _ := find(layer, mix(white, c, float64(0x38)/0xFF)); n < 50_000 || far > 1000 {
		t.Errorf("the band is %d pixels, and %d values of pixels differ", n, far)
	}
}

// A stroke in pieces is the stroke: dashes go on, corners are round, nothing is missing.
func TestLineInPieces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	var few, many []point
	for i := range 101 {
		p := point{float64(20 + 6*i), 100}
		if many = append(many, p); i == 0 || i == 100 {
			few = append(few, p)
		}
	}
	draw := func(pts []point) *image.RGBA {
		must(t, save("test", path, 640, 200, func(f *figure) { f.line(classColor(0), 2, Series{Dashed: true}.dashes(0), pts...) }))
		return decode(t, path)
	}
	a, b := draw(few), draw(many)
	worst := 0
	for i, v := range a.Pix {
		worst = max(worst, apart(v, b.Pix[i]))
	}
	if n, _ := find(a, classColor(0)); n < 600*4*2*6/10 || worst > 40 {
		t.Errorf("%d pixels; the pieces differ by up to %d", n, worst)
	}
}

// Letters show whole: their ink spans what their outlines span.
func TestTextIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	st := style{40, false, ink}
	for _, c := range []struct {
		text        string
		degrees     float64
		above, down float64 // of the baseline, in sizes: from the font's outlines
	}{{"Hx", 0, 0.688, 0}, {"gpqy", 0, 0.54, 0.207}, {"gpqy", 90, 0.54, 0.207}, {"Hg", 90, 0.688, 0.207}} {
		must(t, save("test", path, 300, 300, func(f *figure) { f.text(c.text, 150, 150, 0.5, 0, c.degrees, st) }))
		img := decode(t, path)
		in := image.Rectangle{}
		for y := range 600 {
			for x := range 600 {
				if img.RGBAAt(x, y).R < 128 {
					in = in.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		above, down, left, right := 300-in.Min.Y, in.Max.Y-300, 300-in.Min.X, in.Max.X-300
		if c.degrees == 90 {
			above, down, left, right = 300-in.Min.X, in.Max.X-300, in.Max.Y-300, 300-in.Min.Y
		}
		if a, d := float64(above)/80, float64(down)/80; math.Abs(a-c.above) > 0.02 || math.Abs(d-c.down) > 0.02 {
			t.Errorf("%q at %g degrees reaches %.3f above and %.3f below the baseline, not %.3f and %.3f", c.text, c.degrees, a, d, c.above, c.down)
		}
		if w := st.width(c.text) * pixelsPerPoint; math.Abs(float64(left+right)-w) > 0.2*80 || max(left, right)-min(left, right) > 8 {
			t.Errorf("%q at %g degrees spans %d to the left and %d to the right of its middle, of %.0f in all", c.text, c.degrees, left, right, w)
		}
	}
}

// The ink of small letters is that of large ones, scaled, wherever they stand.
func TestTextInk(t *testing.T) {
	slow(t)
	path := filepath.Join(t.TempDir(), "a.png")
	inked := func(size, x, y, degrees float64) (ink float64) {
		must(t, save("test", path, 400, 400, func(f *figure) {
			f.text("log-odds (%)", x, y, 0.5, 0, degrees, style{size, false, color.NRGBA{A: 255}})
		}))
		img := decode(t, path)
		for i := 0; i < len(img.Pix); i += 4 {
			ink += float64(255-img.Pix[i]) / 255 / (size * size)
		}
		return ink
	}
	want := inked(60, 200, 200, 0)
	for k := range 4 {
		at := 200 + float64(k)/8
		for _, degrees := range []float64{0, 45, 90} {
			// Pixels of 8 bits round down: 1 % of small letters is lost everywhere.
			if got := inked(12, at, at, degrees) / want; got < 0.985 || got > 1 {
				t.Errorf("at %g, turned by %g degrees, a text has %.3f of its ink", at, degrees, got)
			}
		}
	}
}

package plot

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// decode reads a picture back and checks that it can be.
func decode(t *testing.T, path string) *image.RGBA {
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
	rgba, ok := img.(*image.RGBA) // as Go reads an opaque PNG of colours
	if !ok {
		t.Fatalf("%s is a %T, not opaque", path, img)
	}
	return rgba
}

func isColor(img *image.RGBA, x, y int, c color.NRGBA) bool {
	return img.RGBAAt(x, y) == color.RGBA{c.R, c.G, c.B, 0xFF}
}

// find returns how many pixels have exactly the colour c, and their bounds.
func find(img *image.RGBA, c color.NRGBA) (n int, in image.Rectangle) {
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			if isColor(img, x, y, c) {
				n++
				in = in.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return n, in
}

// svgTexts parses an SVG and returns the texts in it.
func svgTexts(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	d := xml.NewDecoder(bytes.NewReader(data))
	for inText := false; ; {
		tok, err := d.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("%s is not XML: %v", path, err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if inText = tok.Name.Local == "text"; inText {
				texts = append(texts, "")
			}
		case xml.CharData:
			if inText {
				texts[len(texts)-1] += string(tok)
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func has(texts []string, want string) bool {
	for _, s := range texts {
		if s == want {
			return true
		}
	}
	return false
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// slow leaves a test out of -short runs, which are those with the race detector: it
// makes drawing fifteen times slower, and one goroutine has no races.
func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("draws in one goroutine")
	}
}

// everyKind draws one picture of each kind with the same title into dir.
func everyKind(dir, ending, title string) map[string]error {
	at := func(name string) string { return filepath.Join(dir, name+ending) }
	pts := []Point{{1, 2}, {2, 1}, {3, 3}}
	s := Series{Name: title, X: []float64{1, 2, 3}, Y: []float64{2, 1, 3}}
	return map[string]error{
		"lines":     Lines(at("lines"), Chart{Title: title, XLabel: title, YLabel: title, Series: []Series{s}, Marks: []Mark{{2, title}}}),
		"learning":  LearningCurve(at("learning"), title, pts, pts, 2),
		"confusion": ConfusionMatrix(at("confusion"), [][]int{{3, 1}, {0, 2}}, []string{title, "b"}, ConfusionMatrixConfig{Title: title}),
		"grid":      ImageGrid(at("grid"), []Tile{{Image: Gray(1, 2, []float64{0, 1}), Caption: title}}, ImageGridConfig{Title: title}),
		"empty":     ImageGrid(at("empty"), nil, ImageGridConfig{Title: title}),
		"heat":      Heatmap(at("heat"), [][]float64{{1, 2}, {3, 4}}, HeatmapConfig{Title: title, XLabel: title, YLabel: title, BarLabel: title, Rows: []string{title, "b"}, Numbers: true}),
		"scatter":   Scatter(at("scatter"), pts, []int{0, 1, 0}, ScatterConfig{Title: title, XLabel: title, Classes: []string{title, "b"}}),
		"regions":   DecisionRegions(at("regions"), Regions{XMax: 4, YMax: 4, Class: [][]int{{0, 1}}}, pts, nil, ScatterConfig{Title: title}),
		"histogram": Histogram(at("histogram"), []Sample{{title, []float64{1, 2, 2}}}, HistogramConfig{Title: title, XLabel: title}),
		"bars":      Bars(at("bars"), []string{title, "b"}, []Group{{Name: title, Values: []float64{1, -2}}}, BarsConfig{Title: title, XLabel: title}),
	}
}

func TestEveryKindAsPNGAndSVG(t *testing.T) {
	slow(t)
	dir := t.TempDir()
	for name, err := range everyKind(dir, ".png", "A title") {
		must(t, err)
		img := decode(t, filepath.Join(dir, name+".png"))
		if b := img.Bounds(); b.Dx()%2 != 0 || b.Dy()%2 != 0 || b.Dx() < 200 || b.Dy() < 150 {
			t.Errorf("%s: %v pixels are not two a point of a page", name, b.Size())
		}
		if !isColor(img, 0, 0, white) {
			t.Errorf("%s: corner is %v, not white", name, img.RGBAAt(0, 0))
		}
		if n, _ := find(img, ink); n < 20 {
			t.Errorf("%s: %d pixels of the title's colour", name, n)
		}
	}
	for name, err := range everyKind(dir, ".SVG", "A title") {
		must(t, err)
		texts := strings.Join(svgTexts(t, filepath.Join(dir, name+".SVG")), "|")
		if !strings.Contains(texts, "A title") {
			t.Errorf("%s: no title in the SVG's texts %s", name, texts)
		}
	}
}

func TestHostileText(t *testing.T) {
	slow(t)
	for i, title := range []string{
		`<script>&"'</text>--> style="font-family:Liberation Sans;<text `, "\x00\x01\x1b[31m\ufffe\U0001ffff bad \xff\xfe utf-8 日本語 😀 Ελλάδα Привет é",
		strings.Repeat("long ", 300) + strings.Repeat("x", 3000), "%d line\nbreak\r\n\n\n", " ",
	} {
		dir := t.TempDir()
		if i == 1 { // PNG is slow to pack
			for name, err := range everyKind(dir, ".png", title) {
				must(t, err)
				decode(t, filepath.Join(dir, name+".png"))
			}
		}
		for name, err := range everyKind(dir, ".svg", title) {
			must(t, err)
			svgTexts(t, filepath.Join(dir, name+".svg"))
		}
	}
	path := filepath.Join(t.TempDir(), "a.svg")
	title := `<b> & "c" 日本`
	must(t, Lines(path, Chart{Title: title}))
	if texts := svgTexts(t, path); !has(texts, title) {
		t.Errorf("the SVG's texts %q lack %q", texts, title)
	}
}

// An image in an SVG must be what it says: librsvg draws no PNG that is called JPEG.
func TestSVGImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.svg")
	must(t, ImageGrid(path, []Tile{{Image: Gray(1, 2, []float64{0, 1})}}, ImageGridConfig{Scale: 3}))
	data, err := os.ReadFile(path)
	must(t, err)
	_, after, ok := strings.Cut(string(data), "data:image/png;base64,")
	if !ok {
		t.Fatal("no PNG in the SVG")
	}
	code, _, _ := strings.Cut(after, `"`)
	raw, err := base64.StdEncoding.DecodeString(code)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	must(t, err)
	if img.Bounds() != image.Rect(0, 0, 6, 3) {
		t.Errorf("the image is %v, not 6 x 3", img.Bounds())
	}
}

func TestSVGTextIsAnchored(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.svg")
	must(t, ConfusionMatrix(path, [][]int{{1, 2}, {3, 4}}, []string{"cat", "dog"}, ConfusionMatrixConfig{}))
	data, err := os.ReadFile(path)
	must(t, err)
	for _, part := range strings.Split(string(data), "<text ")[1:] {
		anchor := strings.Split(part, `"`)[1]
		want := "start"
		switch text, _, _ := strings.Cut(part[strings.Index(part, ">")+1:], "<"); text {
		case "1", "2", "3", "4", "true class", "predicted class", "share of the true class":
			want = "middle"
		case "cat", "dog":
			if want = "middle"; strings.Contains(part, `x="0"`) && anchor == "end" {
				want = "end" // the name of a row
			}
		}
		if anchor != want {
			t.Errorf("text %q is anchored at its %s, not %s", part, anchor, want)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.png")
	two, three := []float64{1, 2}, []float64{1, 2, 3}
	img := Gray(1, 1, []float64{1})
	nan := math.NaN()
	for _, c := range []struct {
		want string
		err  error
	}{
		{`series 0 ("val") has 3 X and 2 Y`, Lines(file, Chart{Series: []Series{{Name: "val", X: three, Y: two}}})},
		{"only one of Lo and Hi", Lines(file, Chart{Series: []Series{{X: two, Y: two, Lo: two}}})},
		{"2 X, 3 Lo and 2 Hi", Lines(file, Chart{Series: []Series{{X: two, Y: two, Lo: three, Hi: two}}})},
		{`mark "best" is at X = NaN`, Lines(file, Chart{Marks: []Mark{{nan, "best"}}})},
		{"best epoch 9", LearningCurve(file, "loss", []Point{{1, 1}}, nil, 9)},
		{"counts is empty", ConfusionMatrix(file, nil, nil, ConfusionMatrixConfig{})},
		{"1 rows of counts but 2 classes", ConfusionMatrix(file, [][]int{{1}}, []string{"a", "b"}, ConfusionMatrixConfig{})},
		{"row 1 of counts has 1 columns, not 2", ConfusionMatrix(file, [][]int{{1, 2}, {3}}, nil, ConfusionMatrixConfig{})},
		{"counts[0][0] is -1", ConfusionMatrix(file, [][]int{{-1}}, nil, ConfusionMatrixConfig{})},
		{`tile 1 ("x") has no pixels`, ImageGrid(file, []Tile{{Image: img}, {Caption: "x"}}, ImageGridConfig{})},
		{"tile 0", ImageGrid(file, []Tile{{Image: image.NewGray(image.Rect(0, 0, 0, 5))}}, ImageGridConfig{})},
		{"Columns is -1", ImageGrid(file, []Tile{{Image: img}}, ImageGridConfig{Columns: -1})},
		{"draw less", ImageGrid(file, []Tile{{Image: img}}, ImageGridConfig{Scale: math.MaxInt})},
		{"matrix is empty", Heatmap(file, [][]float64{{}}, HeatmapConfig{})},
		{"row 1 has 3 columns, not 2", Heatmap(file, [][]float64{two, three}, HeatmapConfig{})},
		{"3 names for 1 rows", Heatmap(file, [][]float64{two}, HeatmapConfig{Rows: make([]string, 3)})},
		{"1 names for 2 columns", Heatmap(file, [][]float64{two}, HeatmapConfig{Columns: make([]string, 1)})},
		{"the range Min..Max 5..2", Heatmap(file, [][]float64{two}, HeatmapConfig{Min: new(5.0)})},
		{"the range Min..Max", Heatmap(file, [][]float64{two}, HeatmapConfig{Min: new(math.Inf(-1))})},
		{"the range Min..Max", Heatmap(file, [][]float64{two}, HeatmapConfig{Min: new(1.0), Max: new(math.Nextafter(1, 2))})},
		{"1 points but 2 classes", Scatter(file, []Point{{1, 1}}, []int{0, 0}, ScatterConfig{})},
		{"class of point 0 is -1", Scatter(file, []Point{{1, 1}}, []int{-1}, ScatterConfig{})},
		{"class of point 0 is 2, but there are names for 1", Scatter(file, []Point{{1, 1}}, []int{2}, ScatterConfig{Classes: []string{"a"}})},
		{"Regions.Class is empty", DecisionRegions(file, Regions{XMax: 1, YMax: 1}, nil, nil, ScatterConfig{})},
		{"the range XMin..XMax 0..0", DecisionRegions(file, Regions{YMax: 1, Class: [][]int{{0}}}, nil, nil, ScatterConfig{})},
		{"the range YMin..YMax 0..NaN", DecisionRegions(file, Regions{XMax: 1, YMax: nan, Class: [][]int{{0}}}, nil, nil, ScatterConfig{})},
		{"class of cell (0, 1) is -7", DecisionRegions(file, Regions{XMax: 1, YMax: 1, Class: [][]int{{0, -7}}}, nil, nil, ScatterConfig{})},
		{"has 1 rows and P 0", DecisionRegions(file, Regions{XMax: 1, YMax: 1, Class: [][]int{{0}}, P: [][]float64{}}, nil, nil, ScatterConfig{})},
		{"1 columns and of P 2", DecisionRegions(file, Regions{XMax: 1, YMax: 1, Class: [][]int{{0}}, P: [][]float64{two}}, nil, nil, ScatterConfig{})},
		{"row 1 of Regions.Class has 2", DecisionRegions(file, Regions{XMax: 1, YMax: 1, Class: [][]int{{0}, {0, 1}}}, nil, nil, ScatterConfig{})},
		{"Bins is -1", Histogram(file, nil, HistogramConfig{Bins: -1})},
		{`group 0 ("a") has 2 values for 1 names`, Bars(file, []string{"x"}, []Group{{Name: "a", Values: two}}, BarsConfig{})},
		{"3 errors for 2 values", Bars(file, []string{"x", "y"}, []Group{{Values: two, Errors: three}}, BarsConfig{})},
		{"draw less", Bars(file, make([]string, 1000), []Group{{Values: make([]float64, 1000)}}, BarsConfig{})},
		{`"a.jpg"; end the name in .png or .svg`, Lines("a.jpg", Chart{})},
		{`format of ""`, Lines("", Chart{})},
		{"no/a.png", Lines(filepath.Join(dir, "no", "a.png"), Chart{})},
	} {
		if c.err == nil {
			t.Errorf("no error that says %q", c.want)
			continue
		}
		msg := c.err.Error()
		if !strings.Contains(msg, c.want) || !strings.HasPrefix(msg, "plot: ") || strings.Contains(msg, "\n") {
			t.Errorf("error %q does not say %q on one line", msg, c.want)
		}
	}
	if err := Lines(filepath.Join(dir, "no", "a.png"), Chart{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v does not wrap fs.ErrNotExist", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the errors left %v", left)
	}
}

func TestWritesAreWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	must(t, Lines(path, Chart{Title: "first"}))
	first, err := os.ReadFile(path)
	must(t, err)
	if Lines(path, Chart{Marks: []Mark{{X: math.NaN()}}}) == nil {
		t.Fatal("no error")
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, first) {
		t.Error("an error changed the file")
	}
	must(t, Lines(path, Chart{Title: "second"}))
	if now, _ := os.ReadFile(path); bytes.Equal(now, first) {
		t.Error("the second picture did not replace the first")
	}
	if err := os.Mkdir(filepath.Join(dir, "b.png"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Lines(filepath.Join(dir, "b.png"), Chart{}); err == nil || !strings.Contains(err.Error(), "b.png") {
		t.Errorf("writing over a folder gave %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%d files are left, not 2: %v", len(left), left)
	}
}

// Any number of goroutines draw the same bytes.
func TestConcurrentAndDeterministic(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	var wg sync.WaitGroup
	for _, dir := range dirs {
		wg.Go(func() {
			for _, ending := range []string{".png", ".svg"} {
				for name, err := range everyKind(dir, ending, "title") {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		})
	}
	wg.Wait()
	files, err := os.ReadDir(dirs[0])
	must(t, err)
	if len(files) != 20 {
		t.Fatalf("%d files, not 20", len(files))
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(dirs[0], f.Name()))
		must(t, err)
		for _, dir := range dirs[1:] {
			if got, _ := os.ReadFile(filepath.Join(dir, f.Name())); !bytes.Equal(got, want) {
				t.Errorf("%s differs between two goroutines", f.Name())
			}
		}
	}
}

// Any values at all give a picture.
func TestHostileValues(t *testing.T) {
	slow(t)
	odd := []float64{0, math.Copysign(0, -1), 1, -1, 1e-3, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 5e-324, 1e300, -1e300,
		1e-300, 1e16, 1e16 + 2, 123456.001, 123456.002, math.Nextafter(1, 2)}
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []float64 {
		vs := make([]float64, n)
		for i := range vs {
			vs[i] = odd[rng.IntN(len(odd))]
		}
		return vs
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for round := range 8 {
		n := rng.IntN(5)
		x, y, lo, hi := draw(n), draw(n), draw(n), draw(n)
		var points []Point
		var classes []int
		for i := range x {
			points, classes = append(points, Point{x[i], y[i]}), append(classes, rng.IntN(50))
		}
		ending := "a.svg"
		if round%4 == 0 {
			ending = "a.png" // slow to pack
		}
		must(t, Lines(at(ending), Chart{LogY: round%4 < 2, Series: []Series{{X: x, Y: y, Lo: lo, Hi: hi}, {Name: "b", X: y, Y: lo}}}))
		must(t, LearningCurve(at(ending), "loss", points, nil, -1))
		must(t, Heatmap(at(ending), [][]float64{draw(n + 1), draw(n + 1)}, HeatmapConfig{Diverging: round%3 == 0, Numbers: true}))
		must(t, Scatter(at(ending), points, classes, ScatterConfig{}))
		must(t, Histogram(at(ending), []Sample{{"a", x}, {"b", y}}, HistogramConfig{Density: round%3 == 0, LogY: round%4 < 2}))
		must(t, Bars(at(ending), make([]string, n), []Group{{Values: x, Errors: y}, {Values: lo}}, BarsConfig{}))
		r := NewRegions(points)
		r.Class, r.P = [][]int{{1, 2}}, [][]float64{draw(2)}
		must(t, DecisionRegions(at(ending), r, points, classes, ScatterConfig{}))
		must(t, ImageGrid(at(ending), []Tile{{Image: Gray(1, 4, draw(4))}, {Image: RGB(2, 1, draw(6))}}, ImageGridConfig{}))
	}
}

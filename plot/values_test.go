package plot

import (
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// alike reports whether two lists agree but for rounding.
func alike(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= 1e-12*max(1, math.Abs(x)) })
}

func TestHistogramMatchesNumPy(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	must(t, err)
	var cases []struct {
		Name            string
		Bins            int
		Values, Edges   []float64
		Counts, Density []float64
	}
	must(t, json.Unmarshal(data, &cases))
	for _, c := range cases {
		edges := binEdges(slices.Sorted(slices.Values(c.Values)), c.Bins)
		if !alike(edges, c.Edges) {
			t.Errorf("%s, %d bins: edges %v, not %v", c.Name, c.Bins, edges, c.Edges)
			continue
		}
		if got := histogram(c.Values, edges, false); !alike(got, c.Counts) {
			t.Errorf("%s, %d bins: counts %v, not %v", c.Name, c.Bins, got, c.Counts)
		}
		if got := histogram(c.Values, edges, true); !alike(got, c.Density) {
			t.Errorf("%s, %d bins: densities %v, not %v", c.Name, c.Bins, got, c.Density)
		}
	}
}

// rowRuns returns, of each run of rows that hold colour c, the bounds of that colour.
func rowRuns(img *image.RGBA, i int) (runs []image.Rectangle) {
	last := -2
	for y := range img.Rect.Dy() {
		row := img.SubImage(image.Rect(0, y, img.Rect.Dx(), y+1)).(*image.RGBA)
		n, in := find(row, classColor(i))
		if n == 0 {
			continue
		}
		if y > last+1 {
			runs = append(runs, in)
		}
		runs[len(runs)-1] = runs[len(runs)-1].Union(in)
		last = y
	}
	return runs
}

func TestHistogramBars(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	values := []float64{0, 0, 0, 1, 3, math.NaN()} // whole numbers: bins -0.5..0.5 and so on
	must(t, Histogram(path, []Sample{{Values: values}}, HistogramConfig{}))
	img := decode(t, path)
	_, in := find(img, classColor(0))
	var heights []int
	for bin := range 4 {
		x := in.Min.X + (2*bin+1)*in.Dx()/8 // the bin's middle
		n, _ := find(img.SubImage(image.Rect(x, 0, x+1, img.Rect.Dy())).(*image.RGBA), classColor(0))
		heights = append(heights, n)
	}
	for bin, want := range []float64{1, 1. / 3, 0, 1. / 3} {
		if got := float64(heights[bin]) / float64(heights[0]); math.Abs(got-want) > 0.01 {
			t.Errorf("bin %d is %.3f of the highest, not %.3f", bin, got, want)
		}
	}
	path = filepath.Join(dir, "a.svg")
	must(t, Histogram(path, []Sample{{Values: values}}, HistogramConfig{XLabel: "steps"}))
	texts := svgTexts(t, path)
	for _, want := range []string{"steps", "count", "0", "1", "2", "3", "1 of 6 values are NaN or infinite and not shown"} {
		if !has(texts, want) {
			t.Errorf("the texts %q lack %q", texts, want)
		}
	}
	must(t, Histogram(path, nil, HistogramConfig{Density: true}))
	if texts := svgTexts(t, path); !has(texts, "density") || !has(texts, "no finite values to draw") {
		t.Errorf("an empty histogram says %q", texts)
	}
}

func TestBarLengths(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	names := []string{"a", "b", "c"}
	must(t, Bars(path, names, []Group{{Values: []float64{4, 1, -2}}}, BarsConfig{NoNumbers: true}))
	bars := rowRuns(decode(t, path), 0)
	if len(bars) != 3 {
		t.Fatalf("%d bars, not 3: %v", len(bars), bars)
	}
	zero := bars[0].Min.X
	if bars[1].Min.X != zero || math.Abs(float64(bars[2].Max.X-zero)) > 3 { // the zero line covers an edge
		t.Errorf("the bars %v do not start at one zero", bars)
	}
	for i, want := range []float64{1, 0.25, 0.5} {
		if got := float64(bars[i].Dx()) / float64(bars[0].Dx()); math.Abs(got-want) > 0.01 {
			t.Errorf("bar %d is %.3f of the longest, not %.3f", i, got, want)
		}
	}
	path = filepath.Join(dir, "a.svg")
	must(t, Bars(path, names, []Group{{Name: "ours", Values: []float64{99.1, math.NaN(), 0.5}, Errors: []float64{0.2, 0, 0}}}, BarsConfig{XLabel: "accuracy (%)"}))
	texts := svgTexts(t, path)
	for _, want := range []string{"ours", "a", "c", "99.1", "NaN", "0.5", "accuracy (%)", "0", "100"} {
		if !has(texts, want) {
			t.Errorf("the texts %q lack %q", texts, want)
		}
	}
	must(t, Bars(path, nil, nil, BarsConfig{}))
	if !has(svgTexts(t, path), "no bars to draw") {
		t.Error("empty bars do not say so")
	}
}

func TestScatterPlacesPoints(t *testing.T) {
	points := []Point{{0, 0}, {4, 8}, {1, 6}, {math.NaN(), 1}}
	class := []int{0, 0, 1, 1}
	cfg := ScatterConfig{Classes: []string{"cat", "dog", "never"}}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	must(t, Scatter(path, points, class, cfg))
	img := decode(t, path)
	// 66: below the legend.
	xs, ys := dotCenters(img, classColor(0), 66)
	x, y := dotCenters(img, classColor(1), 66)
	if len(xs) != 2 || len(x) != 1 {
		t.Fatalf("%d and %d dots, not 2 and 1", len(xs), len(x))
	}
	if got := (x[0] - xs[0]) / (xs[1] - xs[0]); math.Abs(got-0.25) > 0.005 {
		t.Errorf("the point is at %.4f of the way across, not 0.25", got)
	}
	if got := (y[0] - ys[0]) / (ys[1] - ys[0]); ys[1] > ys[0] || math.Abs(got-0.75) > 0.005 {
		t.Errorf("the point is at %.4f of the way up, not 0.75", got)
	}
	path = filepath.Join(dir, "a.svg")
	must(t, Scatter(path, points, class, cfg))
	texts := svgTexts(t, path)
	if !has(texts, "1 of 4 points are outside, NaN or infinite and not shown") || !has(texts, "dog") || has(texts, "never") {
		t.Errorf("the texts are %q", texts)
	}
}

// A line behind the points widens the axes, and is in the legend where it has a name.
func TestScatterLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.svg")
	points, line := []Point{{0, 0}, {1, 1}}, []Point{{0, 0}, {10, 10}}
	must(t, Scatter(path, points, nil, ScatterConfig{Line: line, LineName: "equal"}))
	if texts := svgTexts(t, path); !has(texts, "equal") || !has(texts, "10") {
		t.Errorf("the texts are %q", texts)
	}
	b, err := os.ReadFile(path)
	if err != nil || strings.Count(string(b), "stroke-dasharray:6") < 2 {
		t.Errorf("%v: there is no dashed line with its legend", err)
	}
	path = filepath.Join(dir, "a.png")
	must(t, Scatter(path, points, nil, ScatterConfig{Line: line}))
	xs, _ := dotCenters(decode(t, path), classColor(0), 0)
	if len(xs) != 2 || xs[1]-xs[0] > 150 {
		t.Errorf("the points are at %v", xs)
	}
	if err := Scatter(path, points, nil, ScatterConfig{Line: []Point{{0, math.NaN()}}}); err == nil || !strings.Contains(err.Error(), "the line has a point at (0, NaN)") {
		t.Error(err)
	}
}

// Many points are stamped: at the same places as the few are drawn.
func TestScatterStamps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	var points []Point
	for i := range 6000 {
		points = append(points, []Point{{0, 0}, {4, 8}, {1, 6}}[i%3])
	}
	must(t, Scatter(path, points, nil, ScatterConfig{}))
	xs, ys := dotCenters(decode(t, path), classColor(0), 0)
	if len(xs) != 3 {
		t.Fatalf("%d dots, not 3", len(xs))
	}
	if got := (xs[1] - xs[0]) / (xs[2] - xs[0]); math.Abs(got-0.25) > 0.005 {
		t.Errorf("the point is at %.4f of the way across, not 0.25", got)
	}
	if got := (ys[1] - ys[0]) / (ys[2] - ys[0]); math.Abs(got-0.75) > 0.005 {
		t.Errorf("the point is at %.4f of the way up, not 0.75", got)
	}
}

func TestRegions(t *testing.T) {
	slow(t)
	r := NewRegions([]Point{{0, 0}, {10, 20}, {math.NaN(), 99}})
	if r.XMin != -1 || r.XMax != 11 || r.YMin != -2 || r.YMax != 22 {
		t.Errorf("the rectangle is %v", r)
	}
	want := []Point{{2, 4}, {8, 4}, {2, 16}, {8, 16}}
	if got := r.Centers(2, 2); !slices.Equal(got, want) {
		t.Errorf("the centres are %v, not %v", got, want)
	}
	r.Class = [][]int{{0, 1}, {2, 3}}
	r.P = [][]float64{{1, 0.5}, {0, math.NaN()}}
	path := filepath.Join(t.TempDir(), "a.png")
	for _, c := range []struct {
		p        [][]float64
		strength [4]float64
	}{{nil, [4]float64{0.35, 0.35, 0.35, 0.35}}, {r.P, [4]float64{0.55, 0.3, 0.05, 0}}} {
		r.P = c.p
		must(t, DecisionRegions(path, r, nil, nil, ScatterConfig{}))
		img := decode(t, path)
		var in [4]image.Rectangle
		for k, s := range c.strength {
			color := mix(white, classColor(k), s)
			if s == 0 {
				color = grid
			}
			n := 0
			if n, in[k] = find(img, color); n < 200*200 {
				t.Fatalf("%d pixels of class %d in strength %g", n, k, s)
			}
		}
		// Row 0 is the lowest, column 0 the leftmost.
		if !(in[0].Max.X <= in[1].Min.X+1 && (c.p != nil || in[2].Max.X <= in[3].Min.X+1) && in[2].Max.Y <= in[0].Min.Y+1 && (c.p != nil || in[3].Max.Y <= in[1].Min.Y+1)) {
			t.Errorf("the cells lie at %v", in)
		}
	}
}

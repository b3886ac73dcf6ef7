package plot

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// dotCenters returns the centres of the separate blobs of about colour c, from left
// to right: of the columns that hold any, runs are blobs. It looks from row from on.
func dotCenters(img *image.RGBA, c color.NRGBA, from int) (xs, ys []float64) {
	last := -10
	var n, sx, sy float64
	flush := func() {
		if n > 0 {
			xs, ys = append(xs, sx/n), append(ys, sy/n)
		}
		n, sx, sy = 0, 0, 0
	}
	for x := range img.Rect.Dx() {
		for y := from; y < img.Rect.Dy(); y++ {
			p := img.RGBAAt(x, y)
			if max(apart(p.R, c.R), apart(p.G, c.G), apart(p.B, c.B)) < 10 {
				if x > last+1 {
					flush()
				}
				last = x
				n, sx, sy = n+1, sx+float64(x), sy+float64(y)
			}
		}
	}
	flush()
	return xs, ys
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// belowLegend is a row of pixels under the title and the legend.
const belowLegend = 110

func TestLinesColoursAndSize(t *testing.T) {
	slow(t)
	path := filepath.Join(t.TempDir(), "a.png")
	c := Chart{Title: "twelve"}
	for i := range 12 {
		v := float64(i)
		c.Series = append(c.Series, Series{Name: strconv.Itoa(i), X: []float64{1, 2}, Y: []float64{v, v}, Dashed: i == 3, Lo: []float64{v - 0.3, v - 0.3}, Hi: []float64{v + 0.3, v + 0.3}})
	}
	must(t, Lines(path, c))
	img := decode(t, path)
	if img.Bounds() != image.Rect(0, 0, 1280, 800) {
		t.Fatalf("the chart is %v", img.Bounds())
	}
	counts := make([]int, 12)
	for i := range counts {
		counts[i], _ = find(img, classColor(i))
		if counts[i] < 1000 {
			t.Errorf("%d pixels of series %d", counts[i], i)
		}
	}
	if counts[3] > counts[4]*4/5 {
		t.Errorf("dashes take %d pixels, a line %d", counts[3], counts[4])
	}
	// The band is 0x38/0xFF of the colour over white.
	band := mix(white, classColor(0), float64(0x38)/0xFF)
	n := 0
	for y := range 800 {
		for x := range 1280 {
			p := img.RGBAAt(x, y)
			if max(apart(p.R, band.R), apart(p.G, band.G), apart(p.B, band.B)) <= 2 {
				n++
			}
		}
	}
	if n < 5000 {
		t.Errorf("%d pixels of the first band's colour", n)
	}
}

// Points alone are dots, at places that the axes' mathematics gives.
func TestLinesPlacesPoints(t *testing.T) {
	slow(t)
	nan := math.NaN()
	for _, c := range []struct {
		name string
		log  bool
		y    [3]float64
		want float64 // place of the second between the first and the third
	}{
		{"linear", false, [3]float64{1, 4, 10}, 3.0 / 9},
		{"log", true, [3]float64{1, 10, 100}, 0.5},
		{"log falling", true, [3]float64{1e-6, 1e-7, 1e-9}, 1.0 / 3},
		{"log within half a decade", true, [3]float64{1, math.Sqrt2, 2}, 0.5},
		{"large", false, [3]float64{-1e299, 0, 1e299}, 0.5},
	} {
		path := filepath.Join(t.TempDir(), "a.png")
		// The broken points between must leave no line; on a log axis so must -1 and 0.
		s := Series{X: []float64{0, 1, 2, 2.5, 4}, Y: []float64{c.y[0], nan, c.y[1], math.Inf(1), c.y[2]}}
		if c.log {
			s.Y[1], s.Y[3] = -1, 0
		}
		must(t, Lines(path, Chart{LogY: c.log, Series: []Series{s}}))
		xs, ys := dotCenters(decode(t, path), classColor(0), 0)
		if len(xs) != 3 {
			t.Errorf("%s: %d dots at %v, not 3", c.name, len(xs), xs)
			continue
		}
		if got := (ys[1] - ys[0]) / (ys[2] - ys[0]); math.Abs(got-c.want) > 0.005 {
			t.Errorf("%s: the second dot is at %.4f of the way up, not %.4f", c.name, got, c.want)
		}
		if got := (xs[1] - xs[0]) / (xs[2] - xs[0]); math.Abs(got-0.5) > 0.005 {
			t.Errorf("%s: the second dot is at %.4f of the way across, not 0.5", c.name, got)
		}
		if rises := c.y[2] > c.y[0]; rises != (ys[2] < ys[0]) {
			t.Errorf("%s: larger values are not higher", c.name)
		}
	}
}

func TestLinesBreakAtNaN(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	s := Series{Dashed: false}
	for x := range 101 {
		y := 1.0
		if x > 40 && x < 60 {
			y = math.NaN()
		}
		s.X, s.Y = append(s.X, float64(x)), append(s.Y, y)
	}
	must(t, Lines(path, Chart{Series: []Series{s}}))
	img := decode(t, path)
	_, in := find(img, classColor(0))
	at := func(x float64) int { return in.Min.X + int(x/100*float64(in.Dx()-1)) }
	for x := 1; x < 100; x++ {
		if x == 40 || x == 60 {
			continue // the ends themselves are smoothed
		}
		drawn := false
		for y := range img.Rect.Dy() {
			drawn = drawn || isColor(img, at(float64(x)), y, classColor(0))
		}
		if want := x < 40 || x > 60; drawn != want {
			t.Errorf("at x = %d the line is drawn: %v", x, drawn)
		}
	}
}

func TestLinesEmpty(t *testing.T) {
	for _, c := range []Chart{
		{},
		{LogY: true},
		{Series: []Series{{Name: "a"}}},
		{LogY: true, Series: []Series{{X: []float64{1, 2}, Y: []float64{0, -5}}}},
		{Series: []Series{{X: []float64{math.NaN()}, Y: []float64{1}}}},
	} {
		path := filepath.Join(t.TempDir(), "a.svg")
		must(t, Lines(path, c))
		if texts := svgTexts(t, path); !has(texts, "no finite points to draw") {
			t.Errorf("an empty chart says %q", texts)
		}
	}
}

func TestLearningCurve(t *testing.T) {
	train := []Point{{1, 0.5}, {2, 0.75}, {3, 0.9}}
	val := []Point{{1, 0.45}, {2, 0.625}, {3, 0.6}}
	dir := t.TempDir()
	path := filepath.Join(dir, "accuracy.svg")
	must(t, LearningCurve(path, "accuracy", train, val, 2))
	texts := svgTexts(t, path)
	for _, want := range []string{"Accuracy by epoch", "training", "validation", "epoch", "accuracy", "best epoch 2: 0.625", "1", "2", "3"} {
		if !has(texts, want) {
			t.Errorf("the texts %q lack %q", texts, want)
		}
	}
	if has(texts, "1.5") {
		t.Errorf("epochs are not whole in %q", texts)
	}
	must(t, LearningCurve(path, "loss", train, nil, 3))
	if texts := svgTexts(t, path); !has(texts, "best epoch 3: 0.9") || has(texts, "validation") {
		t.Errorf("without validation the texts are %q", texts)
	}
	must(t, LearningCurve(path, "", nil, nil, -1))

	png := filepath.Join(dir, "accuracy.png")
	must(t, LearningCurve(png, "accuracy", train, val, 2))
	img := decode(t, png)
	mark, most := 0, 0 // the column with most of the mark's grey
	for x := range 1280 {
		if n, _ := find(img.SubImage(image.Rect(x, 200, x+1, 800)).(*image.RGBA), faint); n > most {
			mark, most = x, n
		}
	}
	_, dots := find(img.SubImage(image.Rect(0, belowLegend, 1280, 800)).(*image.RGBA), classColor(1))
	if mid := float64(dots.Min.X+dots.Max.X-1) / 2; most < 100 || math.Abs(float64(mark)-mid) > 1.5 {
		t.Errorf("the mark of %d pixels is at %v, the middle epoch at %v", most, mark, mid)
	}
}

// The legend of points that are alone shows a point, that of a line the line.
func TestLegendOfPoints(t *testing.T) {
	nan := math.NaN()
	path := filepath.Join(t.TempDir(), "points.png")
	must(t, Lines(path, Chart{Title: "Both", Series: []Series{
		{Name: "points", X: []float64{0, nan, 1}, Y: []float64{0, nan, 1}},
		{Name: "line", X: []float64{0, 1}, Y: []float64{1, 0}, Dashed: true},
	}}))
	legend := decode(t, path).SubImage(image.Rect(0, 0, 1280, belowLegend)).(*image.RGBA)
	_, points := find(legend, classColor(0))
	_, line := find(legend, classColor(1))
	if points.Dx() < 8 || points.Dx() > 20 || line.Dx() < 40 {
		t.Errorf("the sample of points is %d pixels wide, that of the line %d", points.Dx(), line.Dx())
	}
}

// thin must cover in every column what the whole line covers.
func TestThin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pts := make([]point, 50000)
	for i := range pts {
		pts[i] = point{float64(i) / 100, rng.NormFloat64()}
	}
	few := thin(pts)
	if len(few) > 4*1001 {
		t.Errorf("%d points are left for 1000 columns", len(few))
	}
	if few[0] != pts[0] || few[len(few)-1] != pts[len(pts)-1] {
		t.Error("the ends moved")
	}
	extent := func(ps []point) map[int][2]float64 {
		m := map[int][2]float64{}
		for _, p := range ps {
			k := int(p.x * pixelsPerPoint)
			e, ok := m[k]
			if !ok {
				e = [2]float64{p.y, p.y}
			}
			m[k] = [2]float64{min(e[0], p.y), max(e[1], p.y)}
		}
		return m
	}
	want, got := extent(pts), extent(few)
	if len(want) != len(got) {
		t.Fatalf("%d columns of %d", len(got), len(want))
	}
	for k, e := range want {
		if got[k] != e {
			t.Fatalf("column %d spans %v, not %v", k, got[k], e)
		}
	}
	if !slices.IsSortedFunc(few, func(a, b point) int { return int(math.Copysign(1, a.x-b.x)) }) {
		t.Error("points changed their order")
	}
}

func parseTick(t *testing.T, label string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.ReplaceAll(label, "\u2212", "-"), 64)
	if err != nil {
		t.Fatalf("label %q is no number", label)
	}
	return v
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi   float64
		n        int
		integers bool
		want     string
	}{
		{0, 1, 5, false, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0.62, 20.38, 11, true, "2 4 6 8 10 12 14 16 18 20"},
		{0.9, 3.1, 9, true, "1 2 3"},
		{-1, 1, 4, false, "−1.0 −0.5 0.0 0.5 1.0"},
		{0, 10, 4, false, "0.0 2.5 5.0 7.5 10.0"},
		{0, 1e7, 5, false, "0 2e6 4e6 6e6 8e6 1e7"},
		{1e-7, 5e-7, 4, false, "1e−7 2e−7 3e−7 4e−7 5e−7"},
		{99.9991, 100.0009, 4, false, "99.9995 100.0000 100.0005"},
		{0.2, 0.8, 10, true, ""},
	} {
		var got []string
		for _, tk := range linearTicks(c.lo, c.hi, c.n, c.integers) {
			got = append(got, tk.label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("ticks of %g..%g are %q, not %q", c.lo, c.hi, s, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		lo := rng.NormFloat64() * math.Pow(10, float64(rng.IntN(40)-20))
		hi := lo + max(math.Abs(lo), 1e-250)*math.Pow(10, float64(rng.IntN(12)-8))
		n := 3 + rng.IntN(9)
		ts := linearTicks(lo, hi, n, false)
		if len(ts) > n+1 || len(ts) < n/3 {
			t.Fatalf("%g..%g: %d ticks for about %d", lo, hi, len(ts), n)
		}
		for i, tk := range ts {
			if tk.at < lo-1e-6*(hi-lo) || tk.at > hi+1e-6*(hi-lo) {
				t.Fatalf("%g..%g: tick at %g", lo, hi, tk.at)
			}
			if v := parseTick(t, tk.label); math.Abs(v-tk.at) > 1e-3*(hi-lo)/float64(n) {
				t.Fatalf("%g..%g: the tick at %g says %s", lo, hi, tk.at, tk.label)
			}
			if i > 1 && math.Abs((tk.at-ts[i-1].at)/(ts[1].at-ts[0].at)-1) > 1e-5 {
				t.Fatalf("%g..%g: uneven ticks %v", lo, hi, ts)
			}
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0.01, 3, "0.01 0.1 1"},
		{1, 1, "0.96 0.98 1.00 1.02 1.04"},
		{3, 30, "5 10 20"},
		{1e-9, 1e9, "1e−9 1e−6 0.001 1 1000 1e6 1e9"},
		{1e-4, 1e-2, "1e−4 0.001 0.01"},
	} {
		a := logAxis(span{c.lo, c.hi, true})
		var got []string
		for _, tk := range a.ticks {
			if tk.at < a.lo*(1-1e-6) || tk.at > a.hi*(1+1e-6) {
				t.Errorf("%g..%g: a tick at %g", c.lo, c.hi, tk.at)
			}
			if tk.label != "" {
				got = append(got, tk.label)
				if v := parseTick(t, tk.label); math.Abs(v/tk.at-1) > 1e-6 {
					t.Errorf("%g..%g: the tick at %g says %s", c.lo, c.hi, tk.at, tk.label)
				}
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("ticks of %g..%g are %q, not %q", c.lo, c.hi, s, c.want)
		}
	}
}

func TestWrapAndCut(t *testing.T) {
	st := captionStyle
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var words []string
		for range 1 + rng.IntN(8) {
			words = append(words, strings.Repeat([]string{"a", "W", "é", "i.", "日"}[rng.IntN(5)], 1+rng.IntN(20)))
		}
		text := strings.Join(words, " ")
		limit := 20 + 100*rng.Float64()
		lines := st.wrap(text, limit)
		for _, l := range lines {
			if w := st.width(l); w > limit+1 {
				t.Fatalf("line %q of %q is %.1f wide, more than %.1f", l, text, w, limit)
			}
		}
		join := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if join(strings.Join(lines, "")) != join(text) {
			t.Fatalf("%q became %q", text, lines)
		}
		short := st.cut(text, limit)
		if w := st.width(short); w > limit+1 {
			t.Fatalf("cut to %.1f, %q is %.1f wide", limit, short, w)
		}
		if head := strings.TrimSuffix(short, "…"); short != text && (!strings.HasPrefix(text, head) || head == short) {
			t.Fatalf("%q was cut to %q", text, short)
		}
	}
	if got := st.wrap("a\nb c", 1000); !slices.Equal(got, []string{"a", "b c"}) {
		t.Errorf("a newline gave %q", got)
	}
}

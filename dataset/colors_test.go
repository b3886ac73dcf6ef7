package dataset_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/internal/optest"
	"github.com/hadal-go/hadal/random"
	"github.com/hadal-go/hadal/tensor"
)

// colorPicture is the picture of testdata/make_golden_colors.py.
func colorPicture(shape ...int) *tensor.Tensor {
	x := make([]float32, tensor.ShapeOf(shape...).Numel())
	for k := range x {
		x[k] = float32(k*k%17) / 16
	}
	return tensor.Of(x, shape...)
}

// The values of torchvision.
func TestColorsAgainstTorchvision(t *testing.T) {
	var golden struct {
		Adjust []struct {
			Shape  []int
			What   string
			Factor float32
			Want   []float64
		}
		Grey []struct {
			Shape    []int
			Channels int
			Want     []float64
		}
		Blur []struct {
			Shape  []int
			Kernel int
			Sigma  float64
			Want   []float64
		}
	}
	optest.ReadGolden(t, "testdata/golden_colors.json", &golden)
	if len(golden.Adjust) < 30 || len(golden.Grey) < 4 || len(golden.Blur) < 4 {
		t.Fatalf("%d, %d and %d cases", len(golden.Adjust), len(golden.Grey), len(golden.Blur))
	}
	compare := func(name string, got *tensor.Tensor, want []float64) {
		t.Helper()
		v := got.Floats()
		if len(v) != len(want) {
			t.Fatalf("%s: %d values, want %d", name, len(v), len(want))
		}
		for i := range want {
			if !(math.Abs(v[i]-want[i]) <= 1e-6) { // float32 of values up to 1, some of which are magnified by 6
				t.Errorf("%s, value %d: %v, want %v", name, i, v[i], want[i])
			}
		}
	}
	for _, c := range golden.Adjust {
		compare(fmt.Sprint(c.Shape, c.What, c.Factor), dataset.Adjust(colorPicture(c.Shape...), c.What, c.Factor), c.Want)
	}
	for _, c := range golden.Grey {
		compare(fmt.Sprint(c.Shape, "grey", c.Channels), dataset.Grayscale(c.Channels)(colorPicture(c.Shape...), nil), c.Want)
		if c.Channels == 3 {
			compare("at random", dataset.RandomGrayscale(1)(colorPicture(c.Shape...), random.New(1)), c.Want)
		}
	}
	for _, c := range golden.Blur {
		compare(fmt.Sprint(c.Shape, "blur", c.Kernel, c.Sigma), dataset.GaussianBlur(c.Kernel, c.Sigma, c.Sigma)(colorPicture(c.Shape...), random.New(1)), c.Want)
	}
}

// With one range alone ColorJitter is that adjustment with a factor drawn uniformly.
func TestColorJitterRanges(t *testing.T) {
	const n = 2000
	x := tensor.Of([]float32{0.4, 0.2, 0.1}, 3, 1, 1)
	for name, c := range map[string]struct {
		cfg    dataset.JitterConfig
		factor func(y []float32) float64 // of what became of x
		lo, hi float64
	}{
		"brightness":        {dataset.JitterConfig{Brightness: 0.5}, func(y []float32) float64 { return float64(y[1]) / 0.2 }, 0.5, 1.5},
		"much brightness":   {dataset.JitterConfig{Brightness: 1.4}, func(y []float32) float64 { return float64(y[1]) / 0.2 }, 0, 2.4},
		"contrast":          {dataset.JitterConfig{Contrast: 0.5}, func(y []float32) float64 { return float64(y[0]-y[1]) / 0.2 }, 0.5, 1.5},
		"saturation":        {dataset.JitterConfig{Saturation: 0.5}, func(y []float32) float64 { return float64(y[0]-y[1]) / 0.2 }, 0.5, 1.5},
		"hue towards green": {dataset.JitterConfig{Hue: 0.05}, func(y []float32) float64 { return float64(y[1]-y[2])/0.3/6 + 0 }, 1./18 - 0.05, 1./18 + 0.05},
	} {
		f, g := dataset.ColorJitter(c.cfg), random.New(3)
		sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for range n {
			v := c.factor(tensor.Data[float32](f(x, g)))
			sum, low, high = sum+v, min(low, v), max(high, v)
		}
		width := c.hi - c.lo
		within(t, name, sum, n, (c.lo+c.hi)/2, width*width/12)
		if low < c.lo-1e-5 || high > c.hi+1e-5 || low > c.lo+0.01*width || high < c.hi-0.01*width {
			t.Errorf("%s: factors from %v to %v, want %v to %v", name, low, high, c.lo, c.hi)
		}
	}
}

// The four steps come in all 24 orders, each with the factors that were drawn.
func TestColorJitterOrder(t *testing.T) {
	seen := map[string]bool{}
	x := colorPicture(3, 2, 2)
	f := dataset.ColorJitter(dataset.JitterConfig{Brightness: 0.5, Contrast: 0.5, Saturation: 0.5, Hue: 0.5})
	for seed := range uint64(200) {
		g := random.New(seed)
		var factors [4]float32
		for k := range 3 {
			factors[k] = float32(0.5 + g.Float64())
		}
		factors[3] = float32(g.Float64() - 0.5)
		order, want := g.Perm(4), x
		for _, k := range order {
			want = dataset.Adjust(want, []string{"brightness", "contrast", "saturation", "hue"}[k], factors[k])
		}
		if got := f(x, random.New(seed)).Floats(); !slices.Equal(got, want.Floats()) {
			t.Fatalf("seed %d, order %v: %v, want %v", seed, order, got, want.Floats())
		}
		seen[fmt.Sprint(order)] = true
	}
	if len(seen) != 24 {
		t.Errorf("%d orders", len(seen))
	}
	if got := dataset.ColorJitter(dataset.JitterConfig{})(x, random.New(1)).Floats(); !slices.Equal(got, x.Floats()) {
		t.Errorf("no jitter: %v", got)
	}
	// A grey picture has neither saturation nor hue.
	grey := colorPicture(1, 2, 2)
	if got := dataset.ColorJitter(dataset.JitterConfig{Saturation: 0.5, Hue: 0.5})(grey, random.New(1)).Floats(); !slices.Equal(got, grey.Floats()) {
		t.Errorf("grey: %v", got)
	}
}

// The centre of the square is each pixel equally often, and what is zero is the square, cut off at the edges.
func TestCutoutPlaces(t *testing.T) {
	const n, h, w, side = 6000, 4, 5, 3
	x := rising(2, h, w)
	f, g := dataset.Cutout(side), random.New(9)
	counts := map[[2]int]int{}
	for range n {
		y := tensor.Data[float32](f(x, g))
		found := 0
		for ci := range h {
			for cj := range w {
				match := true
				for k, v := range y {
					i, j := k/w%h, k%w
					want := float32(k + 1)
					if i >= ci-1 && i <= ci+1 && j >= cj-1 && j <= cj+1 {
						want = 0
					}
					match = match && v == want
				}
				if match {
					counts[[2]int{ci, cj}]++
					found++
				}
			}
		}
		if found != 1 {
			t.Fatalf("%v has the square of %d centres", y, found)
		}
	}
	for i := range h {
		for j := range w {
			within(t, fmt.Sprint(i, j), float64(counts[[2]int{i, j}]), n, 1./(h*w), 1./(h*w)*(1-1./(h*w)))
		}
	}
	if got := dataset.Cutout(20)(x, g).Sum().Item(); got != 0 {
		t.Errorf("a square larger than the picture leaves %v", got)
	}
}

func TestColorErrors(t *testing.T) {
	nan := math.NaN()
	for want, f := range map[string]func() dataset.Transform{
		"color_jitter: {Brightness:-1":                                                func() dataset.Transform { return dataset.ColorJitter(dataset.JitterConfig{Brightness: -1}) },
		"color_jitter: {Brightness:0 Contrast:NaN":                                    func() dataset.Transform { return dataset.ColorJitter(dataset.JitterConfig{Contrast: nan}) },
		"color_jitter: {Brightness:0 Contrast:0 Saturation:0 Hue:0.6}":                func() dataset.Transform { return dataset.ColorJitter(dataset.JitterConfig{Hue: 0.6}) },
		"grayscale: 2 channels":                                                       func() dataset.Transform { return dataset.Grayscale(2) },
		"random_grayscale: probability 2":                                             func() dataset.Transform { return dataset.RandomGrayscale(2) },
		"cutout: a side of 0 pixels":                                                  func() dataset.Transform { return dataset.Cutout(0) },
		"gaussian_blur: kernel 2":                                                     func() dataset.Transform { return dataset.GaussianBlur(2, 1, 1) },
		"gaussian_blur: kernel 3 must be odd and positive, and the deviations 2 to 1": func() dataset.Transform { return dataset.GaussianBlur(3, 2, 1) },
	} {
		if err := tensor.Catch(func() { f() }); !errors.Is(err, tensor.ErrValue) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	for want, f := range map[string]dataset.Transform{
		"color_jitter (2, 2, 9): the picture has 2 channels":     dataset.ColorJitter(dataset.JitterConfig{}),
		"grayscale (2, 2, 9): the picture has 2 channels":        dataset.Grayscale(1),
		"random_grayscale (2, 2, 9): the picture has 2 channels": dataset.RandomGrayscale(1),
		"gaussian_blur (2, 2, 9): a kernel of 5 needs sides":     dataset.GaussianBlur(5, 1, 1),
	} {
		if err := tensor.Catch(func() { f(rising(2, 2, 9), random.New(1)) }); !errors.Is(err, tensor.ErrShape) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

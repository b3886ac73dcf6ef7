package dataset_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/dataset"
	"github.com/hadal-go/hadal/dataset/imageset"
	"github.com/hadal-go/hadal/tensor"
)

// colours are two pictures of 1 by 2 pixels with three channels, of at most 200.
func colours() *imageset.Images {
	return &imageset.Images{
		N: 2, H: 1, W: 2, C: 3, Max: 200, Classes: []string{"a", "b"}, Labels: []uint8{1, 0},
		Pix: []uint8{0, 100, 200, 50, 150, 20 /* next */, 200, 40, 60, 10, 0, 80},
	}
}

func TestImages(t *testing.T) {
	for name, c := range map[string]struct {
		mean, std []float64
		want      [2][]float64 // (C, H, W)
	}{
		"plain":      {nil, nil, [2][]float64{{0, .25, .5, .75, 1, .1}, {1, .05, .2, 0, .3, .4}}},
		"normalised": {[]float64{.5, .25, 0}, []float64{.5, .25, 2}, [2][]float64{{-1, -.5, 1, 2, .5, .05}, {1, -.9, -.2, -1, .15, .2}}},
	} {
		d, err := dataset.NewImages(colours(), c.mean, c.std)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range all(t, d) {
			got := s.X.Floats()
			if s.X.Shape() != tensor.ShapeOf(3, 1, 2) || s.X.DType() != tensor.Float32 || s.Y != int64(1-i) {
				t.Errorf("%s: picture %d is %v of class %d", name, i, s.X.Spec(), s.Y)
			}
			for k, want := range c.want[i] {
				if got[k] != float64(float32(want)) { // rounded once, from the exact value
					t.Errorf("%s: picture %d, value %d: %v, want %v", name, i, k, got[k], want)
				}
			}
		}
		if got := d.Labels(); !slices.Equal(got, []int64{1, 0}) || d.Len() != 2 {
			t.Errorf("Labels %v, Len %d", got, d.Len())
		}
	}
}

func TestImagesErrors(t *testing.T) {
	set := func(change func(*imageset.Images)) *imageset.Images { s := colours(); change(s); return s }
	one := []float64{1, 1, 1}
	for _, c := range []struct {
		set       *imageset.Images
		mean, std []float64
		want      string
	}{
		{set(func(s *imageset.Images) { s.Labels = s.Labels[:1] }), nil, nil, "2 pictures but 1 labels"},
		{set(func(s *imageset.Images) { s.Max = 0 }), nil, nil, "Max, is 0"},
		{colours(), one[:1], one[:1], "one value for each of 3 channels, not 1 and 1"},
		{colours(), one, nil, "not 3 and 0"},
		{colours(), nil, one, "not 0 and 3"},
		{colours(), one, []float64{1, 0, 1}, "channel 1 cannot be normalised by mean 1 and std 0"},
		{colours(), one, []float64{1, 1, -1}, "std -1"},
		{colours(), one, []float64{math.NaN(), 1, 1}, "std NaN"},
		{colours(), one, []float64{math.Inf(1), 1, 1}, "std +Inf"},
		{colours(), []float64{0, 0, math.Inf(-1)}, one, "mean -Inf"},
		{colours(), []float64{0, math.NaN(), 0}, one, "mean NaN"},
	} {
		if d, err := dataset.NewImages(c.set, c.mean, c.std); err == nil || d != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("NewImages: %v; want %s", err, c.want)
		}
	}
	d, err := dataset.NewImages(colours(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(){
		"At(-1)": func() { d.At(t.Context(), -1, nil) }, "At(2)": func() { d.At(t.Context(), 2, nil) },
		"Gather": func() { d.Gather(t.Context(), []int{0, 2}) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrIndex) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMeanStd(t *testing.T) {
	mean, std := dataset.MeanStd(colours())
	for c, v := range [][]float64{{0, 50, 200, 10}, {100, 150, 40, 0}, {200, 20, 60, 80}} {
		m, s := 0.0, 0.0
		for _, v := range v {
			m += v / 200 / 4
		}
		for _, v := range v {
			s += (v/200 - m) * (v/200 - m) / 4
		}
		if math.Abs(mean[c]-m) > 1e-15 || math.Abs(std[c]-math.Sqrt(s)) > 1e-15 {
			t.Errorf("channel %d: %v, %v; want %v, %v", c, mean[c], std[c], m, math.Sqrt(s))
		}
	}
	if mean, std := dataset.MeanStd(&imageset.Images{H: 1, W: 1, C: 1, Max: 255}); mean[0] != 0 || std[0] != 0 {
		t.Errorf("no pictures: %v, %v", mean, std)
	}
	// Normalised by them, a set has mean 0 and standard deviation 1.
	d, err := dataset.NewImages(colours(), mean, std)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Gather(t.Context(), []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		x := b.X.Narrow(1, c, 1)
		if m, s := x.Mean().Item(), x.Square().Mean().Item(); math.Abs(m) > 1e-6 || math.Abs(s-1) > 1e-6 {
			t.Errorf("channel %d: mean %v, mean square %v", c, m, s)
		}
	}
}

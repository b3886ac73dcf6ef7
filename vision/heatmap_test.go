package vision_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
	"github.com/hadal-go/hadal/vision"
)

func TestGaussianHeatmaps(t *testing.T) {
	nan := float32(math.NaN())
	points := tensor.Of([]float32{10, 6, 3.5, 20, nan, 1, -50, 0}, 2, 2, 2)
	maps := vision.GaussianHeatmaps(points, 6, 8, 4, 1.5)
	if maps.Shape() != tensor.ShapeOf(2, 2, 6, 8) || maps.DType() != tensor.Float32 {
		t.Fatalf("maps are %v", maps)
	}
	p, v := points.Floats(), maps.Floats()
	for k := range 4 {
		for i := range 6 {
			for j := range 8 {
				dx, dy := float64(j)+0.5-p[2*k]/4, float64(i)+0.5-p[2*k+1]/4
				want := math.Exp(-(dx*dx + dy*dy) / (2 * 1.5 * 1.5))
				if k == 2 {
					want = 0
				}
				if got := v[k*48+i*8+j]; !(math.Abs(got-want) < 1e-6) {
					t.Fatalf("map %d, row %d, column %d: %v, want %v", k, i, j, got, want)
				}
			}
		}
	}
}

// A peak that is not at the edge is found to a quarter of a pixel of the map each way.
func TestHeatmapPeaks(t *testing.T) {
	for x := 3.1; x < 29; x += 0.7 {
		y := 16.9 - x/2
		maps := vision.GaussianHeatmaps(tensor.Of([]float64{x, y}, 1, 1, 2), 10, 17, 2, 1)
		points, values := vision.HeatmapPeaks(maps, 2)
		got := points.Floats()
		if !(math.Abs(got[0]-x) <= 0.5+1e-5 && math.Abs(got[1]-y) <= 0.5+1e-5) {
			t.Errorf("(%v, %v) found at (%v, %v)", x, y, got[0], got[1])
		}
		if v := values.Item(); v < 0.75 || v > 1 {
			t.Errorf("value %v", v)
		}
	}
	nan := math.NaN()
	points, values := vision.HeatmapPeaks(tensor.Of([]float64{
		nan, 5, 1, 2, // at the edge: its centre
		nan, nan, nan, nan,
		3, 3, 3, 3,
	}, 1, 3, 2, 2), 4)
	p, v := points.Floats(), values.Floats()
	if p[0] != 6 || p[1] != 2 || v[0] != 5 || p[2] == p[2] || v[1] == v[1] || p[4] != 2 || p[5] != 2 || v[2] != 3 {
		t.Errorf("points %v, values %v", p, v)
	}
	points, _ = vision.HeatmapPeaks(tensor.Of([]float32{0, 1, 0, 2, 9, 4, 0, 1, 0}, 1, 1, 3, 3), 1)
	if p := points.Floats(); p[0] != 1.75 || p[1] != 1.5 {
		t.Errorf("%v, want 1.75 and 1.5", p)
	}
}

func TestHeatmapsRefuse(t *testing.T) {
	points, maps := tensor.Zeros(1, 2, 2), tensor.Zeros(1, 2, 4, 4)
	for name, c := range map[string]struct {
		kind error
		f    func()
	}{
		"points": {tensor.ErrShape, func() { vision.GaussianHeatmaps(maps, 4, 4, 1, 1) }},
		"height": {tensor.ErrValue, func() { vision.GaussianHeatmaps(points, 0, 4, 1, 1) }},
		"stride": {tensor.ErrValue, func() { vision.GaussianHeatmaps(points, 4, 4, 0, 1) }},
		"sigma":  {tensor.ErrValue, func() { vision.GaussianHeatmaps(points, 4, 4, 1, math.NaN()) }},
		"maps":   {tensor.ErrShape, func() { vision.HeatmapPeaks(points, 1) }},
		"pixels": {tensor.ErrShape, func() { vision.HeatmapPeaks(tensor.Zeros(1, 2, 0, 4), 1) }},
		"scale":  {tensor.ErrValue, func() { vision.HeatmapPeaks(maps, -1) }},
	} {
		if err := tensor.Catch(c.f); !errors.Is(err, c.kind) {
			t.Errorf("%s: error %v, want kind %v", name, err, c.kind)
		}
	}
}

// A key point at (9, 5) in a picture four times as large as its heat map.
func ExampleGaussianHeatmaps() {
	maps := vision.GaussianHeatmaps(tensor.Of([]float32{9, 5}, 1, 1, 2), 4, 4, 4, 1)
	points, _ := vision.HeatmapPeaks(maps, 4)
	fmt.Println(maps.Shape(), points.Floats())
	// Output: (1, 1, 4, 4) [9 5]
}

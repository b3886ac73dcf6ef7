package vision

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/models/detection"
	"github.com/hadal-go/hadal/tensor"
)

func TestLetterbox(t *testing.T) {
	red, blue := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 0, 200, 255}
	for _, c := range []struct{ w, h, x, y, dx, dy int }{
		{64, 64, 0, 0, 64, 64},
		{128, 64, 0, 16, 64, 32},
		{64, 32, 0, 16, 64, 32},
		{20, 40, 16, 0, 32, 64},
		{3, 2, 0, 10, 64, 43},
		{1000, 1, 0, 31, 64, 1}, // never nothing
	} {
		img := image.NewRGBA(image.Rect(7, 9, 7+c.w, 9+c.h))
		draw.Draw(img, img.Rect, image.NewUniform(red), image.Point{}, draw.Src)
		if c.w == 64 { // the lower half blue
			draw.Draw(img, img.Rect.Add(image.Pt(0, c.h/2)).Intersect(img.Rect), image.NewUniform(blue), image.Point{}, draw.Src)
		}
		square, at := letterbox(img, 64)
		if want := image.Rect(c.x, c.y, c.x+c.dx, c.y+c.dy); at != want || square.Rect != image.Rect(0, 0, 64, 64) {
			t.Errorf("%d x %d lies at %v of %v, want %v", c.w, c.h, at, square.Rect, want)
		}
		for y := range 64 {
			for x := range 64 {
				want := red
				if c.w == 64 && y >= 32 {
					want = blue
				}
				if got := square.RGBAAt(x, y); got != want {
					t.Fatalf("%d x %d: (%d, %d) is %v, want %v", c.w, c.h, x, y, got, want)
				}
			}
		}
	}
}

func TestInside(t *testing.T) {
	// 6 of 10 columns inside; above; all but a corner; beside; 4 of 10 columns
	boxes := tensor.Of([]float32{-4, 2, 6, 8, 3, -9, 5, -1, 3, 3, 21, 11, 20, 1, 25, 5, -6, 2, 4, 8}, 5, 4)
	d := detection.Detections{Boxes: boxes, Scores: tensor.Of([]float32{0.9, 0.8, 0.7, 0.6, 0.5}), Classes: tensor.Of([]int64{0, 1, 2, 0, 1})}
	got := inside(d, boxes, 10, 20)
	if want := []float64{0, 2, 6, 8, 3, 3, 20, 10}; !slices.Equal(got.Boxes.Floats(), want) || !slices.Equal(tensor.Data[int64](got.Classes), []int64{0, 2}) || got.Scores.Numel() != 2 {
		t.Errorf("%+v, want the boxes %v", got, want)
	}
	if none := inside(d, boxes.AddScalar(100), 10, 20); none.Boxes.Shape() != tensor.ShapeOf(0, 4) || len(none.Metrics()) != 0 {
		t.Errorf("%+v, want none", none)
	}
}

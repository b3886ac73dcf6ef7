package plot

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestDrawBoxes(t *testing.T) {
	img := image.NewGray(image.Rect(3, 5, 13, 25)) // black, and not at the origin
	red := color.NRGBA{255, 0, 0, 255}
	got := DrawBoxes(img, []Box{{X1: 2, Y1: 4, X2: 7, Y2: 12, Color: red}}, DrawBoxesConfig{Scale: 10})
	if got.Rect != image.Rect(0, 0, 100, 200) {
		t.Fatalf("the picture is %v", got.Rect)
	}
	// The outline is 2 pixels wide, around the box's edge.
	for y := range 200 {
		for x := range 100 {
			outer, inner := image.Pt(x, y).In(image.Rect(19, 39, 71, 121)), image.Pt(x, y).In(image.Rect(21, 41, 69, 119))
			want := color.RGBA{0, 0, 0, 255}
			if outer && !inner {
				want.R = 255
			}
			if c := got.RGBAAt(x, y); c != want {
				t.Fatalf("%v at (%d, %d), want %v", c, x, y, want)
			}
		}
	}
}

// A dashed outline is about half of it.
func TestDrawBoxesDashed(t *testing.T) {
	count := func(dashed bool) (n int) {
		img := DrawBoxes(image.NewGray(image.Rect(0, 0, 100, 100)), []Box{{X1: 10, Y1: 20, X2: 90, Y2: 60, Color: color.White, Dashed: dashed}}, DrawBoxesConfig{Scale: 2})
		for i := 0; i < len(img.Pix); i += 4 {
			n += int(img.Pix[i]) / 255
		}
		return n
	}
	whole, dashed := count(false), count(true)
	if want := 2*2*(162+82) - 4*4; whole != want {
		t.Errorf("%d pixels, want %d", whole, want)
	}
	if dashed < whole*45/100 || dashed > whole*60/100 {
		t.Errorf("%d of %d pixels are dashes", dashed, whole)
	}
}

// Wherever a box lies, its label is drawn inside the picture, and what is infinite or NaN does no harm.
func TestDrawBoxesLabels(t *testing.T) {
	inf := math.Inf(1)
	for _, b := range []Box{{X1: 1, Y1: 1, X2: 3, Y2: 3}, {X1: 10, Y1: 10, X2: 16, Y2: 16}, {X1: 4, Y1: 12, X2: 5, Y2: 16}, {X1: -inf, Y1: -inf, X2: inf, Y2: inf}, {X1: -1e300, Y1: 5, X2: 3, Y2: 1e300}} {
		b.Label, b.Color = "square 0.98", color.White
		img := DrawBoxes(image.NewGray(image.Rect(0, 0, 16, 16)), []Box{b}, DrawBoxesConfig{})
		if img.Rect.Dx() != 384 {
			t.Fatalf("the picture is %v", img.Rect)
		}
		white, dark := 0, 0
		for i := 0; i < len(img.Pix); i += 4 {
			if img.Pix[i] == 255 {
				white++
			} else if img.Pix[i] != 0 {
				dark++
			}
		}
		if white < 1000 || dark < 100 {
			t.Errorf("%+v: %d pixels of the ground and %d of the letters", b, white, dark)
		}
	}
	for _, b := range []Box{{X1: math.NaN()}, {X1: 17, Y1: 2, X2: 20, Y2: 5}, {X1: 2, Y1: -9, X2: 5, Y2: -1}, {X1: -inf, Y1: 2, X2: -1, Y2: 5}, {X1: 2, Y1: 17, X2: 5, Y2: inf}} {
		b.Label, b.Color = "a", color.White
		blank := DrawBoxes(image.NewGray(image.Rect(0, 0, 16, 16)), []Box{b}, DrawBoxesConfig{})
		for i := 0; i < len(blank.Pix); i += 4 {
			if blank.Pix[i] != 0 {
				t.Errorf("%+v is drawn", b)
				break
			}
		}
	}
	if DrawBoxes(image.NewGray(image.Rect(0, 0, 500, 10)), nil, DrawBoxesConfig{}).Rect != image.Rect(0, 0, 500, 10) {
		t.Error("a large picture is enlarged")
	}
	for _, bad := range []func(){
		func() { DrawBoxes(image.NewGray(image.Rectangle{}), nil, DrawBoxesConfig{}) },
		func() { DrawBoxes(image.NewGray(image.Rect(0, 0, 1, 1)), nil, DrawBoxesConfig{Scale: -1}) },
	} {
		if err := tensor.Catch(bad); err == nil {
			t.Error("no panic")
		}
	}
}

package plot

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestColors(t *testing.T) {
	at := func(img image.Image, x, y int) color.NRGBA {
		return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
	}
	// The ends of the maps as matplotlib has them, and white for the zero of numbers of either sign.
	img := Colors(1, 3, []float64{-2, 0, 6}, Viridis)
	if at(img, 0, 0) != (color.NRGBA{68, 1, 84, 255}) || at(img, 2, 0) != (color.NRGBA{253, 231, 37, 255}) {
		t.Errorf("viridis from %v to %v", at(img, 0, 0), at(img, 2, 0))
	}
	img = Colors(3, 1, []float32{-1, 0, 3}, RedBlue)
	if at(img, 0, 1) != (color.NRGBA{247, 247, 247, 255}) || at(img, 0, 2) != (color.NRGBA{0x67, 0, 0x1F, 255}) {
		t.Errorf("0 is %v and the largest %v", at(img, 0, 1), at(img, 0, 2))
	}
	img = Colors(1, 3, []float64{0, 0.5, 1}, Jet)
	if at(img, 0, 0) != (color.NRGBA{0, 0, 128, 255}) || at(img, 1, 0) != (color.NRGBA{128, 255, 128, 255}) || at(img, 2, 0) != (color.NRGBA{128, 0, 0, 255}) {
		t.Error("jet's colours")
	}
	if got := at(Colors(1, 2, []float64{math.NaN(), 1}, Jet), 0, 0); got != missing {
		t.Errorf("NaN is %v", got)
	}
	grey := image.NewGray(image.Rect(5, 5, 7, 6))
	grey.SetGray(5, 5, color.Gray{200})
	over := Overlay(grey, []float64{0, 1}, OverlayConfig{Colors: Jet, Opacity: new(0.25)})
	if got := at(over, 0, 0); got != (color.NRGBA{150, 150, 182, 255}) { // 0.75·200 + 0.25·(0, 0, 128)
		t.Errorf("over grey: %v", got)
	}
	if got := at(Overlay(grey, []float64{0, 1}, OverlayConfig{Opacity: new(0.0)}), 0, 0); got != (color.NRGBA{200, 200, 200, 255}) {
		t.Errorf("below an invisible map: %v", got)
	}
	for what, f := range map[string]func(){
		"size":    func() { Colors(2, 2, []float64{1, 2, 3}, Jet) },
		"map":     func() { Colors(1, 1, []float64{1}, 9) },
		"overlay": func() { Overlay(grey, []float64{1}, OverlayConfig{}) },
		"opacity": func() { Overlay(grey, []float64{0, 1}, OverlayConfig{Opacity: new(2.0)}) },
	} {
		if tensor.Catch(f) == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

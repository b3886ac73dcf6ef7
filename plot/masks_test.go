package plot

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/hadal-go/hadal/tensor"
)

func TestDrawMask(t *testing.T) {
	img := image.NewRGBA(image.Rect(3, 5, 6, 7)) // 3 x 2, not at the origin
	for i := range 6 {
		img.SetRGBA(3+i%3, 5+i/3, color.RGBA{100, 100, 100, 255})
	}
	got := DrawMask(img, []int64{0, 1, 2, -1, 11, 1}, DrawMaskConfig{Scale: 4})
	if got.Rect != image.Rect(0, 0, 12, 8) {
		t.Fatalf("the picture is %v", got.Rect)
	}
	// Half of Okabe and Ito's blue (0, 114, 178) and vermillion (213, 94, 0) on grey; class 11 is coloured as class 1.
	blue, red, grey := [3]int{50, 107, 139}, [3]int{156, 97, 50}, [3]int{100, 100, 100}
	for i, want := range [][3]int{grey, blue, red, grey, blue, blue} {
		for y := range 4 {
			for x := range 4 {
				c := got.RGBAAt(i%3*4+x, i/3*4+y)
				for k, v := range []uint8{c.R, c.G, c.B} {
					if d := int(v) - want[k]; d < -1 || d > 1 {
						t.Fatalf("pixel %d is %v, want %v", i, c, want)
					}
				}
			}
		}
	}
	if c := DrawMask(img, []int64{1, 1, 1, 1, 1, 1}, DrawMaskConfig{Scale: 1, Opacity: new(1.0)}).RGBAAt(0, 0); c != (color.RGBA{0, 114, 178, 255}) {
		t.Errorf("an opaque mask is %v", c)
	}
	if c := DrawMask(img, []int64{1, 1, 1, 1, 1, 1}, DrawMaskConfig{Opacity: new(0.0)}); c.RGBAAt(0, 0) != (color.RGBA{100, 100, 100, 255}) || c.Rect.Dx() != 384 {
		t.Errorf("an invisible mask is %v, %v wide", c.RGBAAt(0, 0), c.Rect.Dx())
	}
	// The key has the colours of the classes that there are, below the picture, in as many rows as it takes.
	names := []string{"ground", "cat", "dog", "bird", strings.Repeat("long ", 8), strings.Repeat("name ", 8)}
	plain := DrawMask(img, []int64{0, 1, 1, 3, 3, 0}, DrawMaskConfig{Opacity: new(0.0)})
	keyed := DrawMask(img, []int64{0, 1, 1, 3, 3, 0}, DrawMaskConfig{Opacity: new(0.0), Names: names})
	rows := DrawMask(img, []int64{0, 1, 1, 4, 5, 0}, DrawMaskConfig{Opacity: new(0.0), Names: names})
	if keyed.Rect.Dx() != plain.Rect.Dx() || keyed.Rect.Dy() <= plain.Rect.Dy() || rows.Rect.Dy()-keyed.Rect.Dy() <= keyed.Rect.Dy()-plain.Rect.Dy()-5 {
		t.Errorf("pictures of %v, with a key %v, with one of rows %v", plain.Rect, keyed.Rect, rows.Rect)
	}
	if !bytes.Equal(keyed.Pix[:len(plain.Pix)], plain.Pix) {
		t.Error("the key covers the picture")
	}
	colors := map[color.RGBA]bool{}
	for i := len(plain.Pix); i < len(keyed.Pix); i += 4 {
		colors[color.RGBA{keyed.Pix[i], keyed.Pix[i+1], keyed.Pix[i+2], keyed.Pix[i+3]}] = true
	}
	if !colors[color.RGBA(classColor(0))] || colors[color.RGBA(classColor(1))] || !colors[color.RGBA(classColor(2))] {
		t.Errorf("the key has %d colours, not those of classes 1 and 3 alone", len(colors))
	}
	if none := DrawMask(img, make([]int64, 6), DrawMaskConfig{Names: names}); none.Rect != plain.Rect {
		t.Errorf("a key of nothing: %v", none.Rect)
	}
	for name, f := range map[string]func(){
		"too few classes": func() { DrawMask(img, make([]int64, 5), DrawMaskConfig{}) },
		"no pixels":       func() { DrawMask(image.NewGray(image.Rect(0, 0, 0, 3)), nil, DrawMaskConfig{}) },
		"opacity":         func() { DrawMask(img, make([]int64, 6), DrawMaskConfig{Opacity: new(1.5)}) },
		"class of no name": func() {
			DrawMask(img, []int64{0, 0, 0, 0, 0, 2}, DrawMaskConfig{Names: []string{"ground", "cat"}})
		},
		"scale": func() { DrawMask(img, make([]int64, 6), DrawMaskConfig{Scale: -1}) },
	} {
		if err := tensor.Catch(f); !errors.Is(err, tensor.ErrValue) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

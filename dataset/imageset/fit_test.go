package imageset

import (
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/hadal-go/hadal/internal/optest"
)

func TestFit(t *testing.T) {
	// Red, green over blue, white, twice as wide as high.
	img := corners()
	half := image.NewNRGBA(image.Rect(3, 4, 5, 5)) // not at the origin; one pixel transparent, one half
	half.SetNRGBA(3, 4, color.NRGBA{200, 100, 0, 0})
	half.SetNRGBA(4, 4, color.NRGBA{255, 0, 0, 128})
	wide := image.NewRGBA(image.Rect(0, 0, 4, 2)) // columns red, green, green, blue
	for y := range 2 {
		for x, c := range []color.RGBA{red, green, green, blue} {
			wide.SetRGBA(x, y, c)
		}
	}
	for name, c := range map[string]struct {
		fit  Fit
		img  image.Image
		want []uint8
	}{
		"transparent on white": {Fit{Height: 1, Width: 2, Channels: 3, White: true}, half, []uint8{255, 255, 255, 255, 127, 127}},
		"transparent on black": {Fit{Height: 1, Width: 2, Channels: 3}, half, []uint8{0, 0, 0, 128, 0, 0}},
		"grey by PIL's luma":   {Fit{Height: 1, Width: 2, Channels: 1, White: true}, half, []uint8{255, 165}}, // (255·19595 + 127·45941 + 2¹⁵)/2¹⁶
		"the middle":           {Fit{Height: 2, Width: 2, Channels: 3, Crop: true}, wide, []uint8{0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0}},
		"of one colour":        {Fit{Height: 3, Width: 5, Channels: 1}, image.NewUniform(color.Gray{99}), nil},
	} {
		if u, ok := c.img.(*image.Uniform); ok {
			g := image.NewGray(image.Rect(0, 0, 7, 9))
			for i := range g.Pix {
				g.Pix[i] = u.C.(color.Gray).Y
			}
			c.img, c.want = g, slices.Repeat([]uint8{99}, 15)
		}
		if got := c.fit.Pixels(c.img); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	// The filter would keep 2048 x 1,100,000 values, a number that int32 does not hold.
	high := image.NewGray(image.Rect(0, 0, 1, 1_100_000))
	for i := range high.Pix {
		high.Pix[i] = 99
	}
	if !testing.Short() { // slow with the race detector
		if got := (Fit{Height: 1, Width: 2048, Channels: 1}).Pixels(high); !slices.Equal(got, slices.Repeat([]uint8{99}, 2048)) {
			t.Errorf("a column of one grey: %v", got[:64])
		}
	}
	// Proportions that are kept need no more than the middle: of 32 x 16, columns 8 to 23.
	if r := (Fit{Height: 5, Width: 5}).middle(img.Bounds()); r != image.Rect(8, 0, 24, 16) {
		t.Error(r)
	}
	if r := (Fit{Height: 1, Width: 100}).middle(image.Rect(0, 0, 10, 10)); r != image.Rect(0, 4, 10, 5) {
		t.Error(r)
	}
}

// The values of PIL, whose weights are rounded otherwise.
func TestFitAgainstPIL(t *testing.T) {
	var golden []struct {
		From          [2]int
		Height, Width int
		Crop          bool
		Want          []int
	}
	optest.ReadGolden(t, "testdata/golden_fit.json", &golden)
	if len(golden) < 12 {
		t.Fatalf("%d cases", len(golden))
	}
	for _, c := range golden {
		img := image.NewRGBA(image.Rect(0, 0, c.From[1], c.From[0]))
		for k := range 3 * c.From[0] * c.From[1] {
			img.Pix[k/3*4+k%3], img.Pix[k/3*4+3] = uint8((k*k+31*k)%251), 255
		}
		got := Fit{Height: c.Height, Width: c.Width, Channels: 3, Crop: c.Crop}.Pixels(img)
		if len(got) != len(c.Want) {
			t.Fatalf("%d values, want %d", len(got), len(c.Want))
		}
		for k, v := range got {
			if d := int(v) - c.Want[k]; d < -2 || d > 2 {
				t.Errorf("%v to %d x %d, crop %v, value %d: %d, want %d", c.From, c.Height, c.Width, c.Crop, k, v, c.Want[k])
			}
		}
	}
}

// A set in another size: 16 of 16 becomes 255, and labels stay.
func TestImagesFit(t *testing.T) {
	m := &Images{N: 2, H: 1, W: 2, C: 1, Max: 16, Pix: []uint8{0, 16, 8, 8}, Labels: []uint8{1, 0}, Classes: []string{"a", "b"}}
	same := m.Fit(Fit{Height: 1, Width: 2, Channels: 1})
	if !slices.Equal(same.Pix, []uint8{0, 255, 128, 128}) || same.Max != 255 || same.Check() != nil {
		t.Errorf("%+v", same)
	}
	color := m.Fit(Fit{Height: 2, Width: 2, Channels: 3})
	if !slices.Equal(color.Pix[:6], []uint8{0, 0, 0, 255, 255, 255}) || !slices.Equal(color.Pix[12:], slices.Repeat([]uint8{128}, 12)) || color.Check() != nil {
		t.Errorf("%+v", color)
	}
	if m.Pix[1] != 16 {
		t.Error("the set was changed")
	}
}

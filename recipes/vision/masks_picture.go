package vision

import (
	"fmt"
	"image"
	"image/color"

	"github.com/hadal-go/hadal/explain"
	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

// classColours draws the classes of pixels (H, W) alone, the background black.
func classColours(mask *tensor.Tensor) image.Image {
	black := image.NewGray(image.Rect(0, 0, mask.Dim(1), mask.Dim(0)))
	return plot.DrawMask(black, tensor.Data[int64](mask), plot.DrawMaskConfig{Scale: 1, Opacity: new(1.0)})
}

// mistakes draws a picture darkened, with the pixels whose class is wrong in white, and counts them.
func mistakes(x, said, truth *tensor.Tensor) (img image.Image, wrong int) {
	out := image.NewRGBA(image.Rect(0, 0, x.Dim(2), x.Dim(1)))
	dim := explain.Picture(x.MulScalar(0.4), nil, nil)
	s, t := tensor.Data[int64](said), tensor.Data[int64](truth)
	for i := range t {
		p := image.Pt(i%x.Dim(2), i/x.Dim(2))
		if s[i] != t[i] {
			out.Set(p.X, p.Y, color.White)
			wrong++
		} else {
			out.Set(p.X, p.Y, dim.At(dim.Bounds().Min.X+p.X, dim.Bounds().Min.Y+p.Y))
		}
	}
	return out, wrong
}

// maskTiles shows pictures, their true classes, and what each model says of them with its mistakes, a row for each picture.
func maskTiles(samples []masked, names []string, say []func(x *tensor.Tensor) *tensor.Tensor) (tiles []plot.Tile, columns int) {
	for _, s := range samples {
		tiles = append(tiles, plot.Tile{Image: explain.Picture(s.X, nil, nil), Caption: "picture"}, plot.Tile{Image: classColours(s.Y), Caption: "truth"})
		for k, f := range say {
			said := f(s.X.Unsqueeze(0)).Select(0, 0)
			img, wrong := mistakes(s.X, said, s.Y)
			tiles = append(tiles, plot.Tile{Image: classColours(said), Caption: names[k]}, plot.Tile{Image: img, Caption: fmt.Sprintf("%d pixels wrong", wrong)})
		}
	}
	return tiles, 2 + 2*len(say)
}

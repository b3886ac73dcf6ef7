package explain

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"

	"github.com/hadal-go/hadal/plot"
	"github.com/hadal-go/hadal/tensor"
)

// Picture makes an image of x (C, H, W) of one or three channels; values go from 0 to 1 after the normalisation by mean and std, of which
// there is one for each channel or none, is undone (plot.Normalized). It panics with ErrShape on other shapes.
func Picture(x *tensor.Tensor, mean, std []float64) image.Image {
	checkPicture("explain.Picture", x)
	return plot.Normalized(x.Dim(0), x.Dim(1), x.Dim(2), x.Floats(), mean, std)
}

// Signed makes an image of x (C, H, W) whose values are of either sign, such as a gradient: 0 is middle grey, and the largest |value| black
// or white, in colours of three channels. Of other numbers of channels the sum is shown. It panics with ErrShape on other ranks.
func Signed(x *tensor.Tensor) image.Image {
	checkPicture("explain.Signed", x)
	x = x.Detach().To(tensor.Float64)
	h, w := x.Dim(1), x.Dim(2)
	show := plot.RGBRange[float64]
	if x.Dim(0) != 3 {
		x, show = x.Sum(0), plot.GrayRange[float64]
	}
	top := x.Abs().Max().Item()
	if !(top > 0) || math.IsInf(top, 0) {
		top = 1
	}
	return show(h, w, x.Floats(), -top, top)
}

func checkPicture(op string, x *tensor.Tensor) {
	if x.Rank() != 3 {
		tensor.Fail(op, tensor.ErrShape, []tensor.Shape{x.Shape()}, "the picture must be (C, H, W)")
	}
}

// Filters makes one image of the first so many filters of a convolution's weight (K, C, h, w): in colours where C is 3, else of the first
// channel in grey; each goes from its smallest value, black, to its largest, white.
func Filters(weight *tensor.Tensor, most int) image.Image {
	if weight.Rank() != 4 {
		tensor.Fail("explain.Filters", tensor.ErrShape, []tensor.Shape{weight.Shape()}, "the weight must be (K, C, h, w)")
	}
	weight = weight.Detach()
	h, w := weight.Dim(2), weight.Dim(3)
	var all []image.Image
	for k := range min(most, weight.Dim(0)) {
		if f := weight.Select(0, k); f.Dim(0) == 3 {
			all = append(all, plot.RGB(h, w, f.Floats()))
		} else {
			all = append(all, plot.Gray(h, w, f.Select(0, 0).Floats()))
		}
	}
	return Mosaic(all)
}

// FeatureMaps makes one image of the first so many maps of (K, h, w), in grey, each from its smallest value, black, to its largest, white;
// a map that is the same everywhere is middle grey.
func FeatureMaps(maps *tensor.Tensor, most int) image.Image {
	if maps.Rank() != 3 {
		tensor.Fail("explain.FeatureMaps", tensor.ErrShape, []tensor.Shape{maps.Shape()}, "the maps must be (K, h, w)")
	}
	var all []image.Image
	for k := range min(most, maps.Dim(0)) {
		all = append(all, plot.Gray(maps.Dim(1), maps.Dim(2), maps.Detach().Select(0, k).Floats()))
	}
	return Mosaic(all)
}

// Mosaic sets images of one size side by side in a grid that is about square, with light blue between; small ones are enlarged, each pixel
// to a square. None make one white pixel. It panics with ErrShape on images of several sizes or
// without pixels.
func Mosaic(all []image.Image) image.Image {
	if len(all) == 0 {
		return plot.GrayRange(1, 1, []float64{1}, 0, 1)
	}
	const side, gap = 32, 2
	size := all[0].Bounds().Size()
	if all[0].Bounds().Empty() {
		tensor.Fail("explain.Mosaic", tensor.ErrShape, nil, "the first image has no pixels, it is %v", size)
	}
	scaled := size.Mul(max(1, (side+size.X-1)/size.X))
	step := scaled.Add(image.Pt(gap, gap))
	columns := int(math.Ceil(math.Sqrt(float64(len(all)))))
	rows := (len(all) + columns - 1) / columns
	to := image.NewRGBA(image.Rect(0, 0, columns*step.X-gap, rows*step.Y-gap))
	draw.Draw(to, to.Rect, image.NewUniform(color.RGBA{176, 196, 222, 255}), image.Point{}, draw.Src)
	for i, img := range all {
		if img.Bounds().Size() != size {
			tensor.Fail("explain.Mosaic", tensor.ErrShape, nil, "image %d is %v, the first is %v", i, img.Bounds().Size(), size)
		}
		at := image.Pt(i%columns*step.X, i/columns*step.Y)
		draw.NearestNeighbor.Scale(to, image.Rectangle{at, at.Add(scaled)}, img, img.Bounds(), draw.Src, nil)
	}
	return to
}
